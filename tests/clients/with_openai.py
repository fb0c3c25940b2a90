"""OpenAI's own library, of whichever version is installed: plain and asynchronous."""

import asyncio
import inspect
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import openai
from checks import MODEL, SPEECH_MODEL, Answer, Client, Message, Refusal
from pydantic import BaseModel

_HI = [{"role": "user", "content": "hi"}]


class Film(BaseModel):
    """One of `checks.SCHEMA`."""

    title: str
    why: str


class Films(BaseModel):
    """`checks.SCHEMA` as a model, for `parse`."""

    films: list[Film]


def request(messages: Sequence[Message], fields: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a call; what the library has no name for goes into `extra_body`."""
    ours = {"extra_body": {"simpatico": fields.pop("simpatico")}} if "simpatico" in fields else {}
    return {"model": MODEL, "messages": list(messages), **fields, **ours}


def answer(made: Any) -> Answer:
    """A chat completion as the checks see it."""
    choice = made.choices[0]
    counts = made.usage
    return Answer(
        text=choice.message.content or "",
        finish=choice.finish_reason,
        usage=(counts.prompt_tokens, counts.completion_tokens, counts.total_tokens),
        ours=(made.model_extra or {}).get("simpatico"),
        calls=tuple(
            (call.function.name, call.function.arguments)
            for call in choice.message.tool_calls or ()
        ),
        id=made.id,
    )


def together(chunks: Sequence[Any]) -> Answer:
    """A stream's chunks as one answer."""
    choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
    texts = [choice.delta.content for choice in choices if choice.delta.content]
    called = [call for choice in choices for call in choice.delta.tool_calls or ()]
    name = "".join(call.function.name or "" for call in called)
    arguments = "".join(call.function.arguments or "" for call in called)
    counts = getattr(chunks[-1], "usage", None)
    return Answer(
        text="".join(texts),
        finish=next((choice.finish_reason for choice in choices[::-1]), ""),
        usage=counts and (counts.prompt_tokens, counts.completion_tokens, counts.total_tokens),
        calls=((name, arguments),) if called else (),
        pieces=len(texts),
    )


def response_of(made: Any, pieces: int = 1) -> Answer:
    """A response as the checks see it."""
    return Answer(
        text=made.output_text,
        finish=made.status,
        ours=(made.model_extra or {}).get("simpatico"),
        calls=tuple(
            (item.name, item.arguments) for item in made.output if item.type == "function_call"
        ),
        pieces=pieces,
        id=made.id,
    )


def refusal_of(error: openai.APIStatusError) -> Refusal:
    """The library has one class of errors for each status."""
    classes = {
        400: openai.BadRequestError,
        401: openai.AuthenticationError,
        404: openai.NotFoundError,
    }
    assert type(error) is classes[error.status_code]
    return Refusal(error.status_code, str(error.code))


class OpenAI(Client):
    """`openai.OpenAI`."""

    def __init__(self, url: str, key: str) -> None:
        super().__init__(url, key)
        self._api = self._open(base_url=f"{url}/v1", api_key=key, max_retries=0)

    def _open(self, **told: Any) -> Any:
        return openai.OpenAI(**told)

    @staticmethod
    def version() -> str:
        return openai.__version__

    def close(self) -> None:
        self._api.close()

    def models(self) -> list[str]:
        return [model.id for model in self._api.models.list()]

    def model(self, name: str) -> str:
        return str(self._api.models.retrieve(name).id)

    def chat(self, messages: Sequence[Message], **fields: Any) -> Answer:
        return answer(self._api.chat.completions.create(**request(messages, fields)))

    def stream(self, messages: Sequence[Message], **fields: Any) -> Answer:
        with self._api.chat.completions.create(**request(messages, fields), stream=True) as stream:
            return together(list(stream))

    def stream_helper(self, messages: Sequence[Message]) -> Answer:
        with self._api.chat.completions.stream(
            **request(messages, {}), stream_options={"include_usage": True}
        ) as stream:
            stream.until_done()
            return answer(stream.get_final_completion())

    def leave(self, messages: Sequence[Message]) -> None:
        with self._api.chat.completions.create(**request(messages, {}), stream=True) as stream:
            next(iter(stream))

    def parsed(self, messages: Sequence[Message]) -> Any:
        made = self._api.chat.completions.parse(**request(messages, {}), response_format=Films)
        found = made.choices[0].message.parsed
        assert isinstance(found, Films)
        return found.model_dump()

    def refusal(self, **fields: Any) -> Refusal:
        try:
            self._api.chat.completions.create(**{"model": MODEL, "messages": _HI, **fields})
        except openai.APIStatusError as error:
            return refusal_of(error)
        raise AssertionError("it was not refused")

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        made = self._api.embeddings.create(model=MODEL, input=list(texts))
        return [each.embedding for each in made.data]

    def hear(self, file: Path) -> str:
        return str(self._api.audio.transcriptions.create(model=SPEECH_MODEL, file=file).text)

    def respond(self, said: Any, **fields: Any) -> Answer:
        return response_of(self._api.responses.create(model=MODEL, input=said, **fields))

    def respond_stream(self, said: Any, **fields: Any) -> Answer:
        with self._api.responses.stream(model=MODEL, input=said, **fields) as stream:
            kinds = [event.type for event in stream]
            return response_of(stream.get_final_response(), _deltas(kinds))

    def respond_parsed(self, said: Any) -> Any:
        made = self._api.responses.parse(model=MODEL, input=said, text_format=Films)
        assert isinstance(made.output_parsed, Films)
        return made.output_parsed.model_dump()

    def retrieve(self, response_id: str) -> Answer:
        return response_of(self._api.responses.retrieve(response_id, extra_query={"user": "ann"}))


class AsyncOpenAI(OpenAI):
    """`openai.AsyncOpenAI`, one call after the other."""

    def _open(self, **told: Any) -> Any:
        return _Waited(openai.AsyncOpenAI(**told), asyncio.new_event_loop())


class _Waited:
    """Makes what is asynchronous look plain: each call is run to its end in one loop."""

    def __init__(self, held: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._held = held
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        return self._plain(getattr(self._held, name))

    def __call__(self, *args: Any, **more: Any) -> Any:
        return self._plain(self._held(*args, **more))

    def __enter__(self) -> Any:
        return self._plain(self._held.__aenter__())

    def __exit__(self, *told: Any) -> None:
        self._plain(self._held.__aexit__(*told))

    def __iter__(self) -> Iterator[Any]:
        steps = aiter(self._held)
        while True:
            try:
                yield self._loop.run_until_complete(anext(steps))
            except StopAsyncIteration:
                return

    def _plain(self, value: Any) -> Any:
        if inspect.isawaitable(value) and not hasattr(value, "__aiter__"):

            async def wait() -> Any:
                return await value

            value = self._loop.run_until_complete(wait())
        wrapped = callable(value) or hasattr(value, "__aiter__") or hasattr(value, "__aenter__")
        of_library = type(value).__module__.startswith("openai.resources")
        return _Waited(value, self._loop) if wrapped or of_library else value


def _deltas(kinds: Sequence[str]) -> int:
    return sum(kind.endswith(".delta") for kind in kinds)
