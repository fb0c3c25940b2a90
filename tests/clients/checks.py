"""What every client of the API must be able to do: one check a function, whatever the client.

Needs nothing but the standard library, for it runs in the clients' own environments too. A check's
first line is its row in docs/clients.md.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

Message = Mapping[str, Any]

MODEL = "simpatico"
WISH: list[dict[str, Any]] = [
    {"role": "user", "content": "I would like a comedy, nothing before 1990"}
]
PICTURE = (  # one grey dot
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCB"
    "d81ytgAAAABJRU5ErkJggg=="
)
VOICE = Path(__file__).parents[1] / "agent" / "rough-week.ogg"
SPEECH_MODEL = "whisper-1"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "films": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"title": {"type": "string"}, "why": {"type": "string"}},
                "required": ["title", "why"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["films"],
    "additionalProperties": False,
}
PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "mood": {"type": "string"}},
    "required": ["title", "mood"],
    "additionalProperties": False,
}
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "book_seats",
        "description": "Book seats for a film.",
        "parameters": PARAMETERS,
        "strict": True,
    },
}
SAMPLING: dict[str, Any] = {
    "temperature": 0.2,
    "top_p": 0.9,
    "presence_penalty": 0.1,
    "frequency_penalty": 0.1,
    "seed": 7,
    "stop": ["###"],
    "user": "ann",
}


class NotOffered(Exception):
    """The client has no such call."""


class Answer(NamedTuple):
    """What a client made of an answer.

    Attributes:
        text: the words.
        finish: why it ended; "" where the client does not tell.
        usage: tokens of the prompt, of the answer, of both; None where the client does not tell.
        ours: the key `simpatico`; None where the client drops it.
        calls: the tools called, by name and arguments.
        pieces: how many pieces it came in.
        id: of the answer.
    """

    text: str
    finish: str = ""
    usage: tuple[int, int, int] | None = None
    ours: Mapping[str, Any] | None = None
    calls: tuple[tuple[str, str], ...] = ()
    pieces: int = 1
    id: str = ""


class Refusal(NamedTuple):
    """What a client made of an error: its status, and the code in its body; "": it drops that."""

    status: int
    code: str


class Client:
    """A client of the API; each is one subclass, which says what its library can do.

    `**fields` are further fields of the request's body, as the protocol names them.
    """

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self.key = key

    @staticmethod
    def version() -> str:
        """The library's."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of connections."""

    def models(self) -> list[str]:
        """The names of the models."""
        raise NotOffered

    def model(self, name: str) -> str:
        """One model's name, as the server says it."""
        raise NotOffered

    def chat(self, messages: Sequence[Message], **fields: Any) -> Answer:
        """A chat completion, whole."""
        raise NotOffered

    def stream(self, messages: Sequence[Message], **fields: Any) -> Answer:
        """A chat completion, streamed."""
        raise NotOffered

    def stream_helper(self, messages: Sequence[Message]) -> Answer:
        """The same through the client's own helper that puts the pieces together."""
        raise NotOffered

    def leave(self, messages: Sequence[Message]) -> None:
        """Begin a stream, and leave after its first piece."""
        raise NotOffered

    def parsed(self, messages: Sequence[Message]) -> Any:
        """An answer as data of the shape `SCHEMA`."""
        raise NotOffered

    def refusal(self, **fields: Any) -> Refusal:
        """A chat completion that is refused."""
        raise NotOffered

    def task(self, prompt: str) -> str:
        """The answer to a prompt of the client's own, made for nobody."""
        raise NotOffered

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Texts as vectors."""
        raise NotOffered

    def hear(self, file: Path) -> str:
        """The words of a sound file."""
        raise NotOffered

    def respond(self, said: Any, **fields: Any) -> Answer:
        """A response, whole."""
        raise NotOffered

    def respond_stream(self, said: Any, **fields: Any) -> Answer:
        """A response, streamed."""
        raise NotOffered

    def respond_parsed(self, said: Any) -> Any:
        """A response as data of the shape `SCHEMA`."""
        raise NotOffered

    def retrieve(self, response_id: str) -> Answer:
        """A response that was kept."""
        raise NotOffered


def models(client: Client) -> None:
    """the list of models"""
    assert client.models() == [MODEL]


def one_model(client: Client) -> None:
    """one model by its name"""
    assert client.model(MODEL) == MODEL


def whole(client: Client) -> None:
    """a chat, whole"""
    answer = client.chat(WISH)
    assert len(answer.text) > 20
    assert answer.finish in ("stop", "")


def own_data(client: Client) -> None:
    """our own data (`simpatico`) reaches the caller"""
    answer = client.chat(WISH, simpatico={"k": 2})
    if answer.ours is None:
        raise NotOffered
    found = answer.ours["recommendations"]
    assert len(found) == 2
    assert all(film["title"] in answer.text for film in found)


def usage(client: Client) -> None:
    """tokens are counted"""
    answer = client.chat(WISH)
    if answer.usage is None:
        raise NotOffered
    said = -(-len(WISH[0]["content"]) // 4)
    answered = -(-len(answer.text) // 4)
    assert answer.usage == (said, answered, said + answered)


def roles(client: Client) -> None:
    """system words, earlier turns, parts of a message"""
    messages: list[Message] = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "How are you?"},
        {"role": "user", "content": [{"type": "text", "text": "sad; a comedy, please"}]},
    ]
    assert client.chat(messages).text


def picture(client: Client) -> None:
    """a picture in a message"""
    parts = [
        {"type": "text", "text": "a film that looks like this"},
        {"type": "image_url", "image_url": {"url": PICTURE}},
    ]
    assert client.chat([{"role": "user", "content": parts}]).text


def sampling(client: Client) -> None:
    """options of sampling do no harm"""
    assert client.chat(WISH, **SAMPLING).text


def budget(client: Client) -> None:
    """`max_tokens` cuts and says so"""
    answer = client.chat(WISH, max_tokens=3)
    assert len(answer.text) == 12
    assert answer.finish in ("length", "")


def streamed(client: Client) -> None:
    """a chat, streamed"""
    answer = client.stream(WISH)
    assert answer.pieces > 3
    assert len(answer.text) > 20
    assert answer.finish in ("stop", "")


def streamed_usage(client: Client) -> None:
    """tokens are counted in a stream"""
    answer = client.stream(WISH, stream_options={"include_usage": True})
    if answer.usage is None:
        raise NotOffered
    assert answer.usage[0] + answer.usage[1] == answer.usage[2] > 10


def helper(client: Client) -> None:
    """the client's own helper for streams"""
    answer = client.stream_helper(WISH)
    assert len(answer.text) > 20 and answer.finish == "stop"


def left(client: Client) -> None:
    """a stream that is left early"""
    client.leave(WISH)
    assert client.chat(WISH).text  # and the next call is answered


def data(client: Client) -> None:
    """answers as data of a schema"""
    found = client.parsed(WISH)
    assert found["films"]
    assert all(film["title"] and film["why"] for film in found["films"])


def tool(client: Client) -> None:
    """a tool that is insisted on is called, and its result answered"""
    choice = {"type": "function", "function": {"name": "book_seats"}}
    answer = client.chat(WISH, tools=[TOOL], tool_choice=choice)
    _was_called(answer)
    (name, arguments), *_ = answer.calls
    function = {"name": name, "arguments": arguments}
    call = {"id": "call_1", "type": "function", "function": function}
    loop: list[Message] = [
        *WISH,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": '{"booked": true}'},
    ]
    assert client.chat(loop, tools=[TOOL]).text


def streamed_tool(client: Client) -> None:
    """a tool call, streamed"""
    choice = {"type": "function", "function": {"name": "book_seats"}}
    _was_called(client.stream(WISH, tools=[TOOL], tool_choice=choice))


def _was_called(answer: Answer) -> None:
    (name, arguments), *more = answer.calls
    assert name == "book_seats" and not more
    assert set(json.loads(arguments)) == {"title", "mood"}
    assert answer.finish in ("tool_calls", "")


def unknown_model(client: Client) -> None:
    """an unknown model is an error of its own"""
    assert _is(client.refusal(model="nobody"), 404, "model_not_found")


def bad_request(client: Client) -> None:
    """a wrong field is an error of its own"""
    assert _is(client.refusal(n=5), 400, "invalid_value")


def wrong_key(client: Client) -> None:
    """a wrong key is an error of its own"""
    stranger = type(client)(client.url, "wrong")
    assert _is(stranger.refusal(), 401, "invalid_api_key")
    stranger.close()


def _is(refused: Refusal, status: int, code: str) -> bool:
    return refused.status == status and refused.code in (code, "")


def tasks(client: Client) -> None:
    """titles, tags and further questions, asked for by the client itself"""
    prompt = (
        "### Task:\nGenerate what is asked for.\n### Output:\nJSON format: {OUTPUT}\n"
        "### Chat History:\n<chat_history>\nUSER: something warm\nASSISTANT: Up\n</chat_history>"
    )
    for output in ('{ "title": "it" }', '{ "tags": ["a"] }', '{ "follow_ups": ["a?"] }'):
        told = json.loads(client.task(prompt.replace("{OUTPUT}", output)))
        assert set(told) == set(json.loads(output)) and all(told.values())


def embeddings(client: Client) -> None:
    """texts as vectors"""
    first, second, again = client.embed(["a warm comedy", "a cold war", "a warm comedy"])
    assert abs(sum(number * number for number in first) - 1) < 1e-3
    assert max(abs(a - b) for a, b in zip(first, again, strict=True)) < 1e-5
    assert max(abs(a - b) for a, b in zip(first, second, strict=True)) > 1e-3


def heard(client: Client) -> None:
    """a voice as words"""
    assert all(word in client.hear(VOICE).lower() for word in ("rough week", "warm and funny"))


def response(client: Client) -> None:
    """a response, whole"""
    answer = client.respond(WISH[0]["content"])
    assert len(answer.text) > 20 and answer.finish == "completed"


def response_streamed(client: Client) -> None:
    """a response, streamed"""
    answer = client.respond_stream(WISH[0]["content"])
    assert answer.pieces > 3
    assert len(answer.text) > 20 and answer.finish == "completed"


def response_data(client: Client) -> None:
    """a response as data of a schema"""
    found = client.respond_parsed(WISH[0]["content"])
    assert found["films"]
    assert all(film["title"] and film["why"] for film in found["films"])


def response_tool(client: Client) -> None:
    """a response that calls a tool, whole and streamed"""
    function = {"type": "function", **TOOL["function"]}
    for respond in (client.respond, client.respond_stream):
        choice = {"type": "function", "name": "book_seats"}
        answer = respond(WISH[0]["content"], tools=[function], tool_choice=choice)
        _was_called(answer._replace(finish=""))


def response_continued(client: Client) -> None:
    """a response that is continued"""
    first = client.respond(WISH[0]["content"], user="ann")
    then = client.respond("something older", previous_response_id=first.id, user="ann")
    assert then.text and then.id != first.id


def response_retrieved(client: Client) -> None:
    """a response that is fetched again"""
    made = client.respond(WISH[0]["content"], user="ann")
    assert client.retrieve(made.id).text == made.text


CHECKS: tuple[Callable[[Client], None], ...] = (
    models,
    one_model,
    whole,
    own_data,
    usage,
    roles,
    picture,
    sampling,
    budget,
    streamed,
    streamed_usage,
    helper,
    left,
    data,
    tool,
    streamed_tool,
    unknown_model,
    bad_request,
    wrong_key,
    tasks,
    embeddings,
    heard,
    response,
    response_streamed,
    response_data,
    response_tool,
    response_continued,
    response_retrieved,
)


def title(check: Callable[[Client], None]) -> str:
    """The check's row."""
    return (check.__doc__ or "").strip()
