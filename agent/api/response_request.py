"""What `POST /v1/responses` is sent, with its items as the messages of a chat."""

from typing import Any

from pydantic import Field, field_validator, model_validator

from simpatico.agent.api.schemas import MAX_CHARS, MAX_MESSAGES, MODEL, Message, Sent, budget_of
from simpatico.agent.api.structured import insists
from simpatico.domain import TurnOptions

_TEXT = ("input_text", "output_text", "text")
_RESULT = "function_call_output"
MAX_PAIRS = 16


class ResponseRequest(Sent):
    """`POST /v1/responses`. `input` is a text or a list of items; of these, messages are read.

    Without a message it may be the result of a call, for a response that is continued.
    """

    model: str = Field(default=MODEL, max_length=200)
    input: tuple[Message, ...] = Field(max_length=MAX_MESSAGES)
    instructions: str | None = None
    previous_response_id: str | None = Field(default=None, max_length=100)
    store: bool = True
    stream: bool = False
    max_output_tokens: int | None = Field(default=None, ge=1)
    metadata: dict[str, str] = Field(default={}, max_length=MAX_PAIRS)
    user: str | None = None
    safety_identifier: str | None = None
    text: Any = None
    tools: Any = None
    tool_choice: Any = None
    conversation: Any = None
    background: Any = None
    simpatico: TurnOptions = TurnOptions()

    @field_validator("input", mode="before")
    @classmethod
    def _messages(cls, given: object) -> object:
        if isinstance(given, str):
            return [{"role": "user", "content": given}]
        if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
            raise ValueError("wanted a text or a list of items")
        kinds = [each.get("type") or "message" for each in given]
        if not any(kind in ("message", _RESULT) for kind in kinds):
            raise ValueError("wanted a message of the user's, or the result of a call")
        return [
            {**each, "content": _parts(each.get("content"))}
            for each, kind in zip(given, kinds, strict=True)
            if kind == "message"
        ]

    @model_validator(mode="after")
    def _ends_with_the_person(self) -> "ResponseRequest":
        if not self.input and self.previous_response_id is None:
            raise ValueError("input: the result of a call continues a previous_response_id")
        if self.input and self.input[-1].role != "user":
            raise ValueError("input: the last message must be the user's")
        if any(len(message.text) > MAX_CHARS for message in self.input):
            raise ValueError(f"input: at most {MAX_CHARS:,} characters a message")
        return self

    @property
    def budget(self) -> int | None:
        """How many tokens the answer may have; None when the caller set no limit."""
        return budget_of(self.max_output_tokens, self.input)

    @property
    def format(self) -> Any:
        """The form that the answer is to have; None when it is not told."""
        return self.text.get("format") if isinstance(self.text, dict) else None

    @property
    def notes(self) -> tuple[str, ...]:
        """What was sent and is not used."""
        notes = []
        if self.instructions or any(m.role in ("system", "developer") for m in self.input):
            notes.append("instructions do not change how Simpatico works")
        if self.conversation:
            notes.append("no conversation is known here; previous_response_id continues a response")
        if self.background:
            notes.append("nothing runs in the background; the answer is here")
        if self.tools and not insists(self.tool_choice):
            notes.append("a tool is called only when tool_choice insists on one")
        return tuple(notes)


def _parts(content: object) -> object:
    """Parts of a message as chat completions have them."""
    if not isinstance(content, list):
        return content
    return [_part(each) if isinstance(each, dict) else each for each in content]


def _part(part: dict[str, Any]) -> dict[str, Any]:
    if part.get("type") in _TEXT:
        return {"type": "text", "text": part.get("text")}
    if part.get("type") == "input_image":
        return {"type": "image_url", "image_url": {"url": part.get("image_url")}}
    return part
