"""`POST /v1/chat/completions`: a turn, whole or piece by piece."""

import json
import logging
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from simpatico.agent.api import tasks
from simpatico.agent.api.auth import person, session
from simpatico.agent.api.body import read
from simpatico.agent.api.door import VERSION, Door, body_of, door_of
from simpatico.agent.api.errors import ApiError, as_api_error
from simpatico.agent.api.schemas import MODEL, ChatRequest, Extra, extra, notes_on, turns_of
from simpatico.agent.api.stream import KEEP_ALIVE, CallerGone, EventStream, Pump
from simpatico.domain import Finished, Reply, TextDelta, TurnOptions, Update, UserState

log = logging.getLogger(__name__)
router = APIRouter(tags=["chat"])

CHARS_PER_TOKEN = 4
"""Usage is counted as characters / 4, rounded up: replies need not come from a tokenizer."""


@router.post("/v1/chat/completions", openapi_extra=body_of(ChatRequest))
async def complete(request: Request) -> Response:
    """Answer the last message of a dialogue, as OpenAI's chat completions do."""
    door = door_of(request)
    chat = await read(request, ChatRequest)
    check_model(chat.model)
    task = tasks.task_of(chat.messages)
    if task:
        updates = _canned(tasks.answer(task, chat.messages))
    else:
        updates = _turn(request, chat, door)
    exchange = _Exchange(
        chat,
        door,
        is_task=task is not None,
        in_session="x-session-id" in request.headers,
    )
    if chat.stream:
        return EventStream(
            updates,
            exchange.stream,
            limit_s=door.limit_s,
            keep_alive_s=door.keep_alive_s,
            on_error=exchange.broken,
        )
    return await exchange.whole(updates, request)


def check_model(model: str) -> None:
    """Raises `ApiError` 404 for any model but ours."""
    if model != MODEL:
        raise ApiError(
            404,
            f"model: there is only {MODEL!r} here",
            code="model_not_found",
            param="model",
        )


def _turn(request: Request, chat: ChatRequest, door: Door) -> AsyncIterator[Update]:
    who = person(request, user=chat.user, safety_identifier=chat.safety_identifier)
    named = session(request, who)
    *earlier, newest = turns_of(chat.messages)
    options = chat.simpatico
    if who.throwaway:  # nothing is known of them, and nothing should be kept
        options = TurnOptions(**{**options.model_dump(), "personal": False})
    return door.service.turn(
        newest.text,
        user=who.user,
        session=named or f"api:{uuid.uuid4().hex}",
        options=options,
        # With a dialogue the service keeps nothing and asks nobody's leave; only without one
        # does it check whose session this is.
        dialogue=None if named else earlier,
    )


async def _canned(text: str) -> AsyncIterator[Update]:
    yield TextDelta(text=text)
    yield Finished(reply=Reply(text=text, route="talk", state=UserState()))


class _Exchange:
    """One request and its answer: counts it, keeps its budget, writes it in OpenAI's shapes."""

    def __init__(self, chat: ChatRequest, door: Door, *, is_task: bool, in_session: bool) -> None:
        self._chat = chat
        self._door = door
        self._is_task = is_task
        self._in_session = in_session
        self._began = time.perf_counter()
        self._id = f"chatcmpl-{uuid.uuid4().hex}"
        self._created = int(time.time())
        self._left = None if chat.budget is None else chat.budget * CHARS_PER_TOKEN
        self._n_said = 0
        self._answer = ""
        self._cut = False
        self._first_word_s: float | None = None
        self._reply: Reply | None = None

    async def whole(self, updates: AsyncIterator[Update], request: Request) -> Response:
        """The answer as one body."""
        with self._door.metrics.running.track_inprogress():
            try:
                async with Pump(updates, request.receive, limit_s=self._door.limit_s) as pump:
                    while update := await pump.next():
                        self._take(update)
                found = self._finish()
            except CallerGone:
                self._door.metrics.failed("api", "caller_gone")
                return Response(status_code=499)  # nobody reads it
            except Exception as error:
                raise self._counted(error) from error
        message: dict[str, Any] = {
            "role": "assistant",
            "content": self._answer,
            "refusal": None,
            "annotations": [],
        }
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self._reason}
        return JSONResponse(
            {
                **self._head("chat.completion"),
                "choices": [choice],
                "usage": self._usage(),
                "simpatico": found.model_dump(mode="json"),
            }
        )

    async def stream(
        self, updates: AsyncGenerator[Update | None, None]
    ) -> AsyncGenerator[bytes, None]:
        """The answer as events: role, pieces, the finish with our data, usage if asked, [DONE]."""
        opened = False
        with self._door.metrics.running.track_inprogress():
            try:
                async with aclosing(updates):
                    async for update in updates:
                        if update is None:
                            yield KEEP_ALIVE
                            continue
                        if not opened:
                            opened = True
                            yield self._chunk({"role": "assistant", "content": ""})
                        if piece := self._take(update):
                            yield self._chunk({"content": piece})
                found = self._finish()
            except CallerGone:
                self._door.metrics.failed("api", "caller_gone")
                raise
            except Exception as error:
                raise self._counted(error) from error
        yield self._chunk({}, reason=self._reason, simpatico=found.model_dump(mode="json"))
        if self._chat.stream_options.include_usage:
            head = self._head("chat.completion.chunk")
            yield _event({**head, "choices": [], "usage": self._usage()})
        yield b"data: [DONE]\n\n"

    def broken(self, error: Exception) -> bytes:
        """The last events of a stream that began well."""
        return _event(as_api_error(error).body) + b"data: [DONE]\n\n"

    def _take(self, update: Update) -> str:
        """Note an update; gives the piece of text that is to be sent for it."""
        if isinstance(update, TextDelta):
            piece = update.text
        elif isinstance(update, Finished):
            self._reply = update.reply
            piece = update.reply.text[self._n_said :]
        else:
            return ""
        self._n_said += len(piece)
        if piece and self._first_word_s is None:
            self._first_word_s = time.perf_counter() - self._began
        if self._left is not None:
            self._cut = self._cut or len(piece) > self._left
            piece = piece[: self._left]
            self._left -= len(piece)
        self._answer += piece
        return piece

    def _finish(self) -> Extra:
        if self._reply is None:
            raise ApiError(500, "the turn ended without an answer")
        if self._is_task:
            return Extra()
        self._door.metrics.turn(
            "api",
            self._reply,
            seconds=time.perf_counter() - self._began,
            first_word_s=self._first_word_s,
        )
        return extra(self._reply, notes=notes_on(self._chat, in_session=self._in_session))

    def _counted(self, error: Exception) -> ApiError:
        wrong = as_api_error(error)
        self._door.metrics.failed("api", wrong.code or str(wrong.status))
        return wrong

    @property
    def _reason(self) -> str:
        return "length" if self._cut else "stop"

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": kind,
            "created": self._created,
            "model": MODEL,
            "service_tier": "default",
            "system_fingerprint": f"simpatico-{VERSION}",
        }

    def _chunk(self, delta: dict[str, str], *, reason: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        chunk = {**self._head("chat.completion.chunk"), "choices": [choice], **more}
        if self._chat.stream_options.include_usage:
            chunk["usage"] = None
        return _event(chunk)

    def _usage(self) -> dict[str, Any]:
        prompt = sum(_tokens(message.text) for message in self._chat.messages)
        answer = _tokens(self._answer)
        return {
            "prompt_tokens": prompt,
            "completion_tokens": answer,
            "total_tokens": prompt + answer,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        }


def _tokens(text: str) -> int:
    return -(-len(text) // CHARS_PER_TOKEN)


def _event(value: dict[str, Any]) -> bytes:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return f"data: {text}\n\n".encode()
