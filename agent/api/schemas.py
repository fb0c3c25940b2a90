"""What callers may send, and the parts of ours in what they get back.

Unknown fields are ignored and null means "not given", as OpenAI's clients expect.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from simpatico.agent.api.structured import insists
from simpatico.agent.profile import PastEvent
from simpatico.agent.safety import is_crisis
from simpatico.domain import (
    MAX_LEFT_OUT,
    Item,
    Reason,
    Recommendation,
    Reply,
    Stage,
    Turn,
    TurnOptions,
    UserState,
    Value,
    Weights,
    YearSpan,
)
from simpatico.retrieval.explore import EXPLORED

MODEL = "simpatico"
MAX_MESSAGES = 200
MAX_CHARS = 20_000
MAX_HISTORY = 10_000
MAX_K = 100
MAX_STOPS = 4
"""Stop sequences, as OpenAI has it."""
MAX_STOP_CHARS = 500
_RESULTS = ("tool", "function")
_ATTACHED = frozenset({"image_url", "input_image", "input_audio"})


class Sent(BaseModel):
    """Something a caller sends."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, value: object) -> object:
        if isinstance(value, Mapping):
            return {key: held for key, held in value.items() if held is not None}
        return value


class Message(Sent):
    """One message of a chat. `content` is a string or a list of typed parts."""

    role: Literal["developer", "system", "user", "assistant", "tool", "function"]
    content: Any = None

    @property
    def text(self) -> str:
        """The words: the content, or its text parts joined by line breaks."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part["text"] for part in self._parts if _is_text(part))

    @property
    def attachments(self) -> tuple[dict[str, Any], ...]:
        """The parts that are pictures or sounds."""
        return tuple(part for part in self._parts if part.get("type") in _ATTACHED)

    @property
    def ignored(self) -> tuple[str, ...]:
        """The types of parts that are not words."""
        return tuple(str(part.get("type", "?"))[:40] for part in self._parts if not _is_text(part))

    @property
    def _parts(self) -> list[dict[str, Any]]:
        return self.content if isinstance(self.content, list) else []

    @field_validator("content")
    @classmethod
    def _known_shape(cls, content: object) -> object:
        if isinstance(content, list):
            parts = [{"type": "text", "text": p} if isinstance(p, str) else p for p in content]
            if all(isinstance(part, dict) and isinstance(part.get("type", ""), str)
                   for part in parts):  # fmt: skip
                return parts
        elif content is None or isinstance(content, str):
            return content
        raise ValueError("wanted a string or a list of parts")


class StreamOptions(Sent):
    """How to stream."""

    include_usage: bool = False


_STOP: dict[str, Any] = {"type": "string", "maxLength": MAX_STOP_CHARS}
_STOPS = {"anyOf": [_STOP, {"type": "array", "maxItems": MAX_STOPS, "items": _STOP}]}


class ChatRequest(Sent):
    """`POST /v1/chat/completions`. Sampling options are accepted and have no effect."""

    model: str = Field(default=MODEL, max_length=200)
    messages: tuple[Message, ...] = Field(min_length=1, max_length=MAX_MESSAGES)
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    n: int = 1
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    stop: Annotated[tuple[str, ...], WithJsonSchema(_STOPS)] = ()
    logprobs: Any = None
    user: str | None = None
    safety_identifier: str | None = None
    response_format: Any = None
    tools: Any = None
    tool_choice: Any = None
    functions: Any = None
    simpatico: TurnOptions = TurnOptions()

    @field_validator("n")
    @classmethod
    def _only_one(cls, n: int) -> int:
        if n != 1:
            raise ValueError("only one choice is given for each request; wanted 1")
        return n

    @field_validator("stop", mode="before")
    @classmethod
    def _few_stops(cls, given: object) -> object:
        stops = [given] if isinstance(given, str) else given
        if not isinstance(stops, list) or not all(isinstance(each, str) for each in stops):
            raise ValueError("wanted a text or a list of texts")
        if len(stops) > MAX_STOPS or any(len(each) > MAX_STOP_CHARS for each in stops):
            raise ValueError(f"at most {MAX_STOPS} texts of at most {MAX_STOP_CHARS} characters")
        return tuple(each for each in stops if each)

    @model_validator(mode="after")
    def _ends_with_the_person(self) -> "ChatRequest":
        last = self.messages[-1]
        if last.role in _RESULTS:  # of calls: the person's message is still to be answered
            last = next((each for each in reversed(self.messages) if each.role == "user"), last)
        if last.role != "user":
            raise ValueError("messages: the last message must be the user's")
        if last.content is None:
            raise ValueError("messages: the last message has no content")
        for index, message in enumerate(self.messages):
            if message.role in ("user", "assistant") and len(message.text) > MAX_CHARS:
                raise ValueError(f"messages.{index}.content: at most {MAX_CHARS:,} characters")
        return self

    @property
    def budget(self) -> int | None:
        """How many tokens the answer may have; None when the caller set no limit."""
        return budget_of(self.max_completion_tokens or self.max_tokens, self.messages)

    @property
    def stop_at(self) -> tuple[str, ...]:
        """The sequences before which the answer's words end: help is never cut short."""
        return () if _asks_for_help(self.messages) else self.stop


class RecommendRequest(Sent):
    """`POST /v1/recommendations`. One of `text`, `turns` and `messages` says what is wanted."""

    text: str | None = Field(default=None, max_length=MAX_CHARS)
    turns: tuple[Turn, ...] = Field(default=(), max_length=MAX_MESSAGES)
    messages: tuple[Message, ...] = Field(default=(), max_length=MAX_MESSAGES)
    user: str | None = None
    k: int = Field(default=10, ge=1, le=MAX_K)
    history: tuple[PastEvent, ...] = Field(default=(), max_length=MAX_HISTORY)
    mood: str = "auto"
    personal: bool = True
    adventurous: float | None = None
    popular: float | None = None
    not_genres: tuple[str, ...] = Field(default=(), max_length=MAX_LEFT_OUT)
    not_years: tuple[YearSpan, ...] = Field(default=(), max_length=MAX_LEFT_OUT)
    not_languages: tuple[str, ...] = Field(default=(), max_length=MAX_LEFT_OUT)
    weights: Weights | None = None

    @model_validator(mode="after")
    def _one_dialogue(self) -> "RecommendRequest":
        if sum((self.text is not None, bool(self.turns), bool(self.messages))) != 1:
            raise ValueError("wanted exactly one of text, turns, messages")
        if not self.dialogue or self.dialogue[-1].role != "user":
            raise ValueError("the last turn must be the user's")
        if any(len(turn.text) > MAX_CHARS for turn in self.dialogue):
            raise ValueError(f"at most {MAX_CHARS:,} characters a turn")
        return self

    @property
    def dialogue(self) -> tuple[Turn, ...]:
        """The turns, oldest first."""
        if self.text is not None:
            return (Turn(role="user", text=self.text),)
        return self.turns or turns_of(self.messages)

    @property
    def options(self) -> TurnOptions:
        """The rest of the wishes. Raises pydantic's ValidationError."""
        return TurnOptions(
            mood=self.mood,
            personal=self.personal,
            adventurous=self.adventurous,
            popular=self.popular,
            not_genres=self.not_genres,
            not_years=self.not_years,
            not_languages=self.not_languages,
            weights=self.weights,
        )


class Card(Value):
    """A recommendation as callers see it.

    `explored`: it has its place by chance, so that something is learned.
    """

    id: str
    title: str
    year: int | None
    kind: str
    genres: tuple[str, ...]
    creators: tuple[str, ...]
    p_accept: float
    reasons: tuple[Reason, ...]
    explored: bool = False


class Extra(Value):
    """The key `simpatico` of a chat completion, beyond what the protocol knows.

    Attributes:
        state: what was understood of the person.
        recommendations: best first; empty when the route does not recommend.
        let_go: names of wishes in `state.constraints` that not all of them meet.
        list_id: to be sent back with events, so that they are tied to this list.
        route: what was done with the message; "task" for a client's own housekeeping.
        trace: the stages with their milliseconds.
        degraded: each part that ran on its fallback, in plain words.
        notes: what was sent and not used, in plain words.
    """

    state: UserState = UserState()
    recommendations: tuple[Card, ...] = ()
    let_go: tuple[str, ...] = ()
    list_id: str = ""
    route: str = "task"
    trace: tuple[Stage, ...] = ()
    degraded: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def card(recommendation: Recommendation) -> Card:
    """The recommendation without its inner workings."""
    item: Item = recommendation.item
    return Card(
        id=item.id,
        title=item.title,
        year=item.year,
        kind=item.kind,
        genres=item.genres,
        creators=item.creators,
        p_accept=recommendation.p_accept,
        reasons=recommendation.reasons,
        explored=any(part.name == EXPLORED for part in recommendation.parts),
    )


def extra(reply: Reply, *, notes: tuple[str, ...] = ()) -> Extra:
    """What a reply says beside its text."""
    return Extra(
        state=reply.state,
        recommendations=tuple(card(found) for found in reply.recommendations),
        let_go=reply.let_go,
        list_id=reply.list_id,
        route=reply.route,
        trace=reply.trace.stages,
        degraded=reply.degraded,
        notes=notes,
    )


def budget_of(tokens: int | None, messages: tuple[Message, ...]) -> int | None:
    """How many tokens an answer may have, of those asked for: help is never cut short."""
    return None if _asks_for_help(messages) else tokens


def turns_of(messages: tuple[Message, ...]) -> tuple[Turn, ...]:
    """The dialogue in a list of messages: what the user and the assistant said in words."""
    return tuple(
        Turn(role="user" if message.role == "user" else "assistant", text=message.text)
        for message in messages
        if message.role == "user" or (message.role == "assistant" and message.text)
    )


def notes_on(request: ChatRequest, *, in_session: bool, is_data: bool) -> tuple[str, ...]:
    """What was sent and is not used, so that nobody believes it was.

    `is_data`: the answer is data in place of words.
    """
    notes = []
    if in_session and len(turns_of(request.messages)) > 1:
        notes.append("the session has its own memory; only the last message was read")
    *earlier, newest = request.messages
    used = [part.get("type") == "input_audio" for part in newest.attachments]
    if any(message.attachments for message in earlier) or len(set(used)) < len(used):
        notes.append("one picture and one sound of the last message count; the others do not")
    ignored = {kind for message in request.messages for kind in message.ignored} - _ATTACHED
    if ignored:
        notes.append(
            f"only words, pictures and sounds are read; ignored: {', '.join(sorted(ignored))[:200]}"
        )
    if any(message.role in ("system", "developer") for message in request.messages):
        notes.append("system and developer messages do not change how Simpatico works")
    if request.functions or (request.tools and not insists(request.tool_choice)):
        notes.append("a tool is called only when tool_choice insists on one")
    if request.logprobs:
        notes.append("an answer is composed, not sampled, so there are no log-probabilities of it")
    if is_data and request.stop:
        notes.append("data does not end at a stop sequence; only words do")
    return tuple(notes)


def _asks_for_help(messages: tuple[Message, ...]) -> bool:
    newest = next((each.text for each in reversed(messages) if each.role == "user"), "")
    return is_crisis(newest)


def _is_text(part: dict[str, Any]) -> bool:
    return part.get("type", "text") in ("text", "input_text", "output_text") and isinstance(
        part.get("text"), str
    )
