"""`/v1/responses`: a turn in the shapes of OpenAI's Responses, which can be continued by its id.

What is to be continued is kept as a session of the person's, named as the response is: so it
belongs to them, and is exported and erased with the rest of what is kept of them.
"""

import logging
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field, field_validator, model_validator
from starlette.responses import JSONResponse, Response

from simpatico.agent.api.auth import Person, person
from simpatico.agent.api.body import read
from simpatico.agent.api.chat import check_model
from simpatico.agent.api.door import Door, body_of, door_of
from simpatico.agent.api.errors import ApiError
from simpatico.agent.api.exchange import Exchange, Said, tokens_in, written
from simpatico.agent.api.media import MEDIA_BYTES, attached
from simpatico.agent.api.schemas import (
    MAX_CHARS,
    MAX_MESSAGES,
    MODEL,
    Message,
    Sent,
    extra,
    turns_of,
)
from simpatico.domain import Finished, Turn, TurnOptions, Update
from simpatico.errors import StoreError

log = logging.getLogger(__name__)
router = APIRouter(tags=["responses"])

_PREFIX = "resp_"
_TEXT = ("input_text", "output_text", "text")


class ResponseRequest(Sent):
    """`POST /v1/responses`. `input` is a text or a list of items; of these, messages are read."""

    model: str = Field(default=MODEL, max_length=200)
    input: tuple[Message, ...] = Field(min_length=1, max_length=MAX_MESSAGES)
    instructions: str | None = None
    previous_response_id: str | None = Field(default=None, max_length=100)
    store: bool = True
    stream: bool = False
    max_output_tokens: int | None = Field(default=None, ge=1)
    metadata: dict[str, str] = Field(default={}, max_length=16)
    user: str | None = None
    safety_identifier: str | None = None
    text: Any = None
    tools: Any = None
    simpatico: TurnOptions = TurnOptions()

    @field_validator("input", mode="before")
    @classmethod
    def _messages(cls, given: object) -> object:
        if isinstance(given, str):
            return [{"role": "user", "content": given}]
        if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
            raise ValueError("wanted a text or a list of items")
        return [
            {**each, "content": _parts(each.get("content"))}
            for each in given
            if each.get("type", "message") == "message"
        ]

    @model_validator(mode="after")
    def _ends_with_the_person(self) -> "ResponseRequest":
        if self.input[-1].role != "user":
            raise ValueError("input: the last message must be the user's")
        if any(len(message.text) > MAX_CHARS for message in self.input):
            raise ValueError(f"input: at most {MAX_CHARS:,} characters a message")
        return self


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


@router.post("/v1/responses", openapi_extra=body_of(ResponseRequest))
async def create(request: Request) -> Response:
    """Answer the last message, after what `previous_response_id` stands for."""
    door = door_of(request)
    asked = await read(request, ResponseRequest, media_bytes=MEDIA_BYTES)
    check_model(asked.model)
    who = person(request, user=asked.user, safety_identifier=asked.safety_identifier)
    before = await _before(door, who, asked.previous_response_id)
    said = (*before, *turns_of(asked.input))
    hosts = frozenset(door.settings.retrieval.media_hosts)
    files = await attached(asked.input, hosts=hosts)
    options = asked.simpatico
    if who.throwaway:
        options = TurnOptions(**{**options.model_dump(), "personal": False})
    shape = _Shape(asked, said, stored=asked.store and not who.throwaway)
    updates = door.service.turn(
        said[-1].text,
        user=who.user,
        session=shape.id,
        options=options,
        dialogue=said[:-1],
        image=files.image,
        audio=files.audio,
    )
    if shape.stored:
        updates = _kept(updates, door, who, shape)
    exchange = Exchange(shape, door, budget=asked.max_output_tokens, is_task=False)
    return await exchange.answer(updates, request, stream=asked.stream)


@router.get("/v1/responses/{response_id}")
async def retrieve(request: Request, response_id: str, user: str | None = None) -> Response:
    """An answer that was kept: its words, not what was found. `user` names whose it is."""
    door = door_of(request)
    *said, answer = await _before(door, person(request, user=user), response_id)
    asked = ResponseRequest.model_validate({"input": said[-1].text, "user": user})
    shape = _Shape(asked, said, stored=True, response_id=response_id)
    return JSONResponse(shape.whole("completed", answer.text))


async def _before(door: Door, who: Person, response_id: str | None) -> Sequence[Turn]:
    """The dialogue up to a response and with it.

    Raises:
        ApiError: 400 for a caller who names nobody; 404 when this person has no such response.
    """
    if response_id is None:
        return ()
    if who.throwaway:
        raise ApiError(
            400,
            "previous_response_id: a response belongs to a person; name one in `user`",
            code="missing_user",
            param="user",
        )
    turns = await door.service.dialogue(who.user, response_id)
    ended = [turn.role for turn in turns[-2:]] == ["user", "assistant"]
    if not response_id.startswith(_PREFIX) or not ended:
        raise ApiError(
            404,
            f"there is no response {response_id[:100]!r} of this person",
            code="previous_response_not_found",
            param="previous_response_id",
        )
    return turns[-MAX_MESSAGES:]


async def _kept(
    updates: AsyncIterator[Update], door: Door, who: Person, shape: "_Shape"
) -> AsyncGenerator[Update, None]:
    """The same updates; the dialogue is kept before the last one goes out, if it can be."""
    assert isinstance(updates, AsyncGenerator)
    async with aclosing(updates):
        async for update in updates:
            if isinstance(update, Finished):
                answer = Turn(role="assistant", text=update.reply.text)
                try:
                    await door.service.keep(who.user, shape.id, (*shape.said, answer))
                except StoreError as error:
                    log.warning("a response is not stored: %s", error)
                    shape.stored = False
            yield update


class _Shape:
    """An answer in the shapes of Responses.

    Attributes:
        id: of the response.
        said: the dialogue up to the message that is answered.
        stored: it can be continued.
    """

    def __init__(
        self,
        asked: ResponseRequest,
        said: Sequence[Turn],
        *,
        stored: bool,
        response_id: str = "",
    ) -> None:
        self._asked = asked
        self._n_events = 0
        self._text = ""
        self._created = time.time()
        self.said = said
        self.stored = stored
        self.id = response_id or f"{_PREFIX}{uuid.uuid4().hex}"

    def body(self, said: Said) -> dict[str, Any]:
        return {
            **self.whole("incomplete" if said.cut else "completed", said.text, cut=said.cut),
            "simpatico": extra(said.reply, notes=self._notes()).model_dump(mode="json"),
        }

    def opening(self) -> Iterator[bytes]:
        for kind in ("created", "in_progress"):
            yield self._event(f"response.{kind}", response=self.whole("in_progress", None))
        message = self._message("", "in_progress")
        yield self._event(
            "response.output_item.added", output_index=0, item={**message, "content": []}
        )
        yield self._at("response.content_part.added", part=_output_text(""))

    def piece(self, text: str, *, refused: bool = False) -> bytes:
        self._text += text
        return self._at("response.output_text.delta", delta=text, logprobs=[])

    def ending(self, said: Said) -> Iterator[bytes]:
        yield self._at("response.output_text.done", text=said.text, logprobs=[])
        yield self._at("response.content_part.done", part=_output_text(said.text))
        status: Literal["incomplete", "completed"] = "incomplete" if said.cut else "completed"
        yield self._event(
            "response.output_item.done", output_index=0, item=self._message(said.text, status)
        )
        yield self._event(f"response.{status}", response=self.body(said))

    def broken(self, error: ApiError) -> bytes:
        told = error.body["error"]
        failed = {
            **self.whole("failed", self._text),
            "error": {"code": "server_error", "message": told["message"]},
        }
        return self._event("response.failed", response=failed)

    def whole(self, status: str, text: str | None, *, cut: bool = False) -> dict[str, Any]:
        """The response; without a text it is still to come."""
        asked = self._asked
        finished = status in ("completed", "incomplete")
        return {
            "id": self.id,
            "object": "response",
            "created_at": self._created,
            "status": status,
            "background": False,
            "error": None,
            "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
            "instructions": asked.instructions,
            "max_output_tokens": asked.max_output_tokens,
            "metadata": asked.metadata,
            "model": MODEL,
            "output": [] if text is None else [self._message(text, status)],
            "parallel_tool_calls": False,
            "previous_response_id": asked.previous_response_id,
            "reasoning": {"effort": None, "summary": None},
            "safety_identifier": asked.safety_identifier,
            "service_tier": "default",
            "store": self.stored,
            "temperature": None,
            "text": {"format": {"type": "text"}},
            "tool_choice": "none",
            "tools": [],
            "top_p": None,
            "truncation": "disabled",
            "usage": self._usage(text or "") if finished else None,
            "user": asked.user,
        }

    def _message(self, text: str, status: str) -> dict[str, Any]:
        known = status if status in ("in_progress", "completed") else "incomplete"
        return {
            "id": self._message_id,
            "type": "message",
            "status": known,
            "role": "assistant",
            "content": [_output_text(text)],
        }

    @property
    def _message_id(self) -> str:
        return f"msg_{self.id.removeprefix(_PREFIX)}"

    def _usage(self, text: str) -> dict[str, Any]:
        prompt = sum(tokens_in(turn.text) for turn in self.said)
        answer = tokens_in(text)
        return {
            "input_tokens": prompt,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": answer,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": prompt + answer,
        }

    def _notes(self) -> tuple[str, ...]:
        asked = self._asked
        notes = []
        if asked.store and not self.stored:
            notes.append("the response is not stored: nobody was named, or it could not be")
        if asked.instructions or any(m.role in ("system", "developer") for m in asked.input):
            notes.append("instructions do not change how Simpatico works")
        if asked.tools:
            notes.append("tools are never called")
        wanted = asked.text.get("format") if isinstance(asked.text, dict) else None
        if isinstance(wanted, dict) and wanted.get("type") != "text":
            notes.append("the answer is text whatever text.format says; the data is in `simpatico`")
        return tuple(notes)

    def _at(self, kind: str, **more: Any) -> bytes:
        """An event of the one part of the one message."""
        return self._event(kind, item_id=self._message_id, output_index=0, content_index=0, **more)

    def _event(self, kind: str, **more: Any) -> bytes:
        event = {"type": kind, "sequence_number": self._n_events, **more}
        self._n_events += 1
        return f"event: {kind}\ndata: {written(event)}\n\n".encode()


def _output_text(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
