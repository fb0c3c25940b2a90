"""`POST /v1/chat/completions`: a turn, whole or piece by piece."""

import time
import uuid
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from simpatico.agent.api import tasks
from simpatico.agent.api.auth import Person, person, session
from simpatico.agent.api.body import read
from simpatico.agent.api.bounds import Bounds
from simpatico.agent.api.door import STREAMED, VERSION, Door, body_of, door_of
from simpatico.agent.api.errors import ApiError
from simpatico.agent.api.exchange import Exchange, Said, tokens_in, written
from simpatico.agent.api.media import MEDIA_BYTES, Attached, attached
from simpatico.agent.api.schemas import MODEL, ChatRequest, Extra, extra, notes_on, turns_of
from simpatico.agent.api.structured import CannotFill, Wanted, fill, insists, wanted
from simpatico.domain import Finished, Reply, TextDelta, TurnOptions, Update, UserState

router = APIRouter(tags=["chat"])

_DONE = b"data: [DONE]\n\n"


@router.post("/v1/chat/completions", openapi_extra=body_of(ChatRequest), responses=STREAMED)
async def complete(request: Request) -> Response:
    """Answer the last message of a dialogue, as OpenAI's chat completions do."""
    door = door_of(request)
    chat = await read(request, ChatRequest, media_bytes=MEDIA_BYTES)
    check_model(chat.model)
    task = tasks.task_of(chat.messages)
    data = None if task else data_of(chat.response_format, chat.tools, chat.tool_choice)
    who = person(request, user=chat.user, safety_identifier=chat.safety_identifier)
    if task:
        updates = canned(tasks.answer(task, chat.messages))
    else:
        hosts = frozenset(door.settings.retrieval.media_hosts)
        updates = _turn(request, chat, door, who, await attached(chat.messages, hosts=hosts))
    shape = _Completion(
        chat,
        is_task=task is not None,
        in_session="x-session-id" in request.headers,
        is_data=data is not None,
        tool=data.tool if data else "",
    )
    exchange = Exchange(
        shape,
        door,
        # Data that ends early is none: a client's parser would only break on it.
        bounds=Bounds(budget=chat.budget, stop=() if task or data else chat.stop_at),
        is_task=task is not None,
        write=partial(fill, data.schema) if data else None,
    )

    async def answer() -> Response:
        return await exchange.answer(updates, request, stream=chat.stream)

    return await door.repeats.once(request, chat, who, answer)


def data_of(
    form: Any, tools: Any, choice: Any, *, form_name: str = "response_format"
) -> Wanted | None:
    """The data that is wanted in place of words. Raises `ApiError` 400 when none can be."""
    try:
        return wanted(form, tools, choice)
    except CannotFill as error:
        raise ApiError(
            400,
            f"the schema of the answer cannot be filled: {error}; docs/api.md lists what can be",
            code="unsupported_schema",
            param="tools" if insists(choice) else form_name,
        ) from error


async def canned(text: str) -> AsyncIterator[Update]:
    """A turn for nobody, that says a text."""
    yield TextDelta(text=text)
    yield Finished(reply=Reply(text=text, route="talk", state=UserState()))


def check_model(model: str) -> None:
    """Raises `ApiError` 404 for any model but ours."""
    if model != MODEL:
        raise ApiError(
            404,
            f"model: there is only {MODEL!r} here",
            code="model_not_found",
            param="model",
        )


def _turn(
    request: Request, chat: ChatRequest, door: Door, who: Person, files: Attached
) -> AsyncIterator[Update]:
    named = session(request, who)
    said = turns_of(chat.messages)
    last = max(at for at, turn in enumerate(said) if turn.role == "user")
    earlier, newest = said[:last], said[last]
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
        image=files.image,
        audio=files.audio,
    )


class _Completion:
    """An answer in the shapes of chat completions."""

    def __init__(
        self,
        chat: ChatRequest,
        *,
        is_task: bool,
        in_session: bool,
        is_data: bool,
        tool: str = "",
    ) -> None:
        self._chat = chat
        self._is_task = is_task
        self._in_session = in_session
        self._is_data = is_data
        self._tool = tool
        self._id = f"chatcmpl-{uuid.uuid4().hex}"
        self._created = int(time.time())

    def body(self, said: Said) -> dict[str, Any]:
        message: dict[str, Any] = {
            "role": "assistant",
            "content": None,
            "refusal": None,
            "annotations": [],
            **self._part(said.text, said.refused),
        }
        choice = {
            "index": 0,
            "message": message,
            "logprobs": None,
            "finish_reason": self._reason(said),
        }
        return {
            **self._head("chat.completion"),
            "choices": [choice],
            "usage": self._usage(said),
            "simpatico": self._extra(said),
        }

    def opening(self) -> Iterator[bytes]:
        yield self._chunk({"role": "assistant", "content": ""})

    def piece(self, text: str, *, refused: bool = False) -> bytes:
        part = self._part(text, refused)
        calls = [{"index": at, **call} for at, call in enumerate(part.get("tool_calls", ()))]
        return self._chunk({**part, "tool_calls": calls} if calls else part)

    def ending(self, said: Said) -> Iterator[bytes]:
        yield self._chunk({}, reason=self._reason(said), simpatico=self._extra(said))
        if self._chat.stream_options.include_usage:
            head = self._head("chat.completion.chunk")
            yield _event({**head, "choices": [], "usage": self._usage(said)})
        yield _DONE

    def broken(self, error: ApiError) -> bytes:
        return _event(error.body) + _DONE

    def _part(self, text: str, refused: bool) -> dict[str, Any]:
        """Where an answer's text stands in a message."""
        if self._tool and not refused:
            function = {"name": self._tool, "arguments": text}
            call = {"id": f"call_{self._id[-24:]}", "type": "function", "function": function}
            return {"tool_calls": [call]}
        return {"refusal" if refused and not self._tool else "content": text}

    def _reason(self, said: Said) -> str:
        if said.cut:
            return "length"
        return "tool_calls" if self._tool and not said.refused else "stop"

    def _extra(self, said: Said) -> dict[str, Any]:
        if self._is_task:
            found = Extra()
        else:
            notes = notes_on(self._chat, in_session=self._in_session, is_data=self._is_data)
            found = extra(said.reply, notes=notes)
        return found.model_dump(mode="json")

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": kind,
            "created": self._created,
            "model": MODEL,
            "service_tier": "default",
            "system_fingerprint": f"simpatico-{VERSION}",
        }

    def _chunk(self, delta: dict[str, Any], *, reason: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        chunk = {**self._head("chat.completion.chunk"), "choices": [choice], **more}
        if self._chat.stream_options.include_usage:
            chunk["usage"] = None
        return _event(chunk)

    def _usage(self, said: Said) -> dict[str, Any]:
        prompt = sum(tokens_in(message.text) for message in self._chat.messages)
        answer = tokens_in(said.text)
        return {
            "prompt_tokens": prompt,
            "completion_tokens": answer,
            "total_tokens": prompt + answer,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        }


def _event(value: dict[str, Any]) -> bytes:
    return f"data: {written(value)}\n\n".encode()
