"""One request for a turn and its answer, whatever protocol it is written in.

Counts it, keeps to its bounds, tells how it went; a `Shape` writes it down.
"""

import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing
from typing import Any, NamedTuple, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simpatico.agent.api.bounds import CHARS_PER_TOKEN, Bounds
from simpatico.agent.api.door import Door
from simpatico.agent.api.errors import ApiError, as_api_error
from simpatico.agent.api.stream import KEEP_ALIVE, CallerGone, EventStream, Pump
from simpatico.agent.api.structured import CannotFill, NothingFound
from simpatico.domain import Finished, Reply, TextDelta, Update


class Said(NamedTuple):
    """An answer as the caller gets it: perhaps cut short, and then not all of the reply's text.

    `refused` when it was to be data, and there is none; then the text says why.
    """

    text: str
    cut: bool
    reply: Reply
    refused: bool = False


class Shape(Protocol):
    """How a protocol writes an answer."""

    def body(self, said: Said) -> dict[str, Any]:
        """The whole of it."""
        ...

    def opening(self) -> Iterable[bytes]:
        """The events before the first piece."""
        ...

    def piece(self, text: str, *, refused: bool = False) -> bytes:
        """The event of a piece of text."""
        ...

    def ending(self, said: Said) -> Iterable[bytes]:
        """The events after the last piece."""
        ...

    def broken(self, error: ApiError) -> bytes:
        """The last events of a stream that began well."""
        ...


class Exchange:
    """A turn that is answered.

    Args:
        shape: writes it.
        door: counts it and says how long it may take.
        bounds: where the answer ends.
        is_task: a client's own housekeeping, which is not counted as a turn.
        write: makes data of the reply, to be sent in place of its words; raises `NothingFound`.
    """

    def __init__(
        self,
        shape: Shape,
        door: Door,
        *,
        bounds: Bounds,
        is_task: bool,
        write: Callable[[Reply], str] | None = None,
    ) -> None:
        self._shape = shape
        self._door = door
        self._is_task = is_task
        self._write = write
        self._refused = False
        self._began = time.perf_counter()
        self._bounds = bounds
        self._n_said = 0
        self._answer = ""
        self._first_word_s: float | None = None
        self._reply: Reply | None = None

    async def answer(
        self, updates: AsyncIterator[Update], request: Request, *, stream: bool
    ) -> Response:
        """The response: events, or one body."""
        if stream:
            return EventStream(
                updates,
                self._events,
                limit_s=self._door.limit_s,
                keep_alive_s=self._door.keep_alive_s,
                on_error=lambda error: self._shape.broken(as_api_error(error)),
            )
        with self._door.running():
            try:
                async with Pump(updates, request.receive, limit_s=self._door.limit_s) as pump:
                    while update := await pump.next():
                        self._take(update)
                said = self._finish()
            except CallerGone:
                self._door.metrics.failed("api", "caller_gone")
                return Response(status_code=499)  # nobody reads it
            except Exception as error:
                raise self._counted(error) from error
        return JSONResponse(self._shape.body(said))

    async def _events(
        self, updates: AsyncGenerator[Update | None, None]
    ) -> AsyncGenerator[bytes, None]:
        opened = False
        with self._door.running():
            try:
                async with aclosing(updates):
                    async for update in updates:
                        if update is None:
                            yield KEEP_ALIVE
                            continue
                        if not opened:
                            opened = True
                            for event in self._shape.opening():
                                yield event
                        if piece := self._take(update):
                            yield self._shape.piece(piece, refused=self._refused)
                said = self._finish()
            except CallerGone:
                self._door.metrics.failed("api", "caller_gone")
                raise
            except Exception as error:
                raise self._counted(error) from error
        for event in self._shape.ending(said):
            yield event

    def _take(self, update: Update) -> str:
        """Note an update; gives the piece of text that is to be sent for it."""
        if isinstance(update, TextDelta):
            piece = "" if self._write else update.text
        elif isinstance(update, Finished):
            self._reply = update.reply
            piece = self._as_data(update.reply) or update.reply.text[self._n_said :]
        else:
            return ""
        self._n_said += len(piece)
        if piece and self._first_word_s is None:
            self._first_word_s = time.perf_counter() - self._began
        piece = self._bounds.take(piece, last=isinstance(update, Finished))
        self._answer += piece
        return piece

    def _as_data(self, reply: Reply) -> str:
        try:
            return self._write(reply) if self._write else ""
        except (NothingFound, CannotFill):
            self._refused = True
            return ""

    def _finish(self) -> Said:
        if self._reply is None:
            raise ApiError(500, "the turn ended without an answer")
        if not self._is_task:
            self._door.metrics.turn(
                "api",
                self._reply,
                seconds=time.perf_counter() - self._began,
                first_word_s=self._first_word_s,
            )
        return Said(self._answer, self._bounds.cut, self._reply, self._refused)

    def _counted(self, error: Exception) -> ApiError:
        wrong = as_api_error(error)
        self._door.metrics.failed("api", wrong.code or str(wrong.status))
        return wrong


def tokens_in(text: str) -> int:
    """Tokens as they are counted for usage."""
    return -(-len(text) // CHARS_PER_TOKEN)


def written(value: dict[str, Any]) -> str:
    """JSON for an event, on one line."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
