"""Requests that were answered before: who tries again gets the same answer, and no second turn.

Kept in this process for some minutes, and no longer than the person they are about.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from simpatico.agent.api.auth import Caller, Person
from simpatico.agent.api.errors import ApiError
from simpatico.agent.api.stream import EventStream

KEPT_S: Final = 600.0
MAX_BYTES: Final = 16_000_000
"""Of all answers together; the oldest go first."""
MAX_KEY_CHARS: Final = 255


class _Answer(NamedTuple):
    """What was sent for which request, about whom, and when."""

    asked: bytes
    user: str
    at: float
    messages: tuple[Message, ...]

    @property
    def size(self) -> int:
        return sum(len(message.get("body", b"")) for message in self.messages)


class Repeats:
    """The answers of the last minutes, by who holds the caller's key and the `Idempotency-Key`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[bytes, _Answer] = OrderedDict()
        self._running: set[bytes] = set()

    async def once(
        self,
        request: Request,
        asked: BaseModel,
        who: Person,
        make: Callable[[], Awaitable[Response]],
    ) -> Response:
        """What `make` gives; with an `Idempotency-Key` that was seen, what it gave then.

        Only an answer that was sent whole and well is given again.

        Raises:
            ApiError: 400 for a key that is too long; 422 when it was used for something else.
        """
        key = request.headers.get("idempotency-key", "")
        if not key:
            return await make()
        if len(key) > MAX_KEY_CHARS:
            raise _wrong(400, f"at most {MAX_KEY_CHARS} characters", code="invalid_value")
        calling: Caller = request.state.caller
        name = _digest(calling.tenant, calling.holder, request.url.path, key)
        named = "" if who.throwaway else who.user
        what = _digest(repr(asked), named, request.headers.get("x-session-id", ""))
        self._drop_old()
        if found := self._kept.get(name):
            if found.asked != what:
                raise _wrong(422, "it was used for another request", code="idempotency_key_reused")
            return _Again(found.messages)

        def keep(messages: list[Message]) -> None:
            self._kept[name] = _Answer(what, named, self._clock(), tuple(messages))
            while sum(kept.size for kept in self._kept.values()) > MAX_BYTES:
                self._kept.popitem(last=False)

        return _Once(make, keep, self._running, name)

    def forget(self, user: str) -> None:
        """Drop what is about a person."""
        for name in [name for name, kept in self._kept.items() if kept.user == user]:
            del self._kept[name]

    def _drop_old(self) -> None:
        end = self._clock() - KEPT_S
        while self._kept and next(iter(self._kept.values())).at < end:
            self._kept.popitem(last=False)


class _Once(Response):
    """A response that is made when it is sent, and then kept."""

    def __init__(
        self,
        make: Callable[[], Awaitable[Response]],
        keep: Callable[[list[Message]], None],
        running: set[bytes],
        name: bytes,
    ) -> None:
        super().__init__()
        self._make = make
        self._keep = keep
        self._running = running
        self._name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make it, send it, keep it. Raises `ApiError` 409 while another does.

        It is kept before its end is told, so that who asks again at once is answered.
        """
        if self._name in self._running:
            raise _wrong(409, "its first request is still answered", code="idempotency_in_progress")
        self._running.add(self._name)
        ended = False
        try:
            response = await self._make()
            sent: list[Message] = []

            async def noted(message: Message) -> None:
                nonlocal ended
                sent.append({**message})
                if message["type"] == "http.response.body" and not message.get("more_body"):
                    ended = True
                    self._running.discard(self._name)
                    broken = isinstance(response, EventStream) and response.broken
                    if sent[0]["status"] == 200 and not broken:
                        self._keep(sent)
                await send(message)

            await response(scope, receive, noted)
        finally:
            if not ended:  # else another may run under this name by now
                self._running.discard(self._name)


class _Again(Response):
    """An answer that was given before."""

    def __init__(self, messages: tuple[Message, ...]) -> None:
        super().__init__()
        self._messages = messages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it once more, and say that it is not the first time."""
        start, *rest = self._messages
        again = (b"idempotency-replayed", b"true")
        await send({**start, "headers": [*start["headers"], again]})
        for message in rest:
            await send(message)


def _wrong(status: int, why: str, *, code: str) -> ApiError:
    headers = {"Retry-After": "1"} if status == 409 else None
    return ApiError(
        status, f"Idempotency-Key: {why}", code=code, param="Idempotency-Key", headers=headers
    )


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
