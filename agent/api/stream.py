"""Running a turn for somebody who may leave, wait long, or ask for it piece by piece."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, aclosing
from types import TracebackType
from typing import Any, TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from simpatico.agent.api.errors import as_api_error, respond
from simpatico.domain import Update

Result = TypeVar("Result")

KEEP_ALIVE = b": keep-alive\n\n"


class CallerGone(Exception):
    """The connection was closed from the other side; nobody reads the answer."""


class Pump:
    """Takes a turn's updates in one task, and cancels it when the caller leaves.

    One task from the first update to the last, because time limits and cancel scopes inside the
    turn may not change tasks. Use as an asynchronous context manager; leaving it closes the turn.
    """

    def __init__(self, updates: AsyncIterator[Update], receive: Receive, *, limit_s: float) -> None:
        self._updates = updates
        self._receive = receive
        self._limit_s = limit_s
        self._queue: asyncio.Queue[Update | Exception | None] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Pump":
        """Start the turn."""
        turn = asyncio.create_task(self._run())
        self._tasks = [turn, asyncio.create_task(self._watch(turn))]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the turn if it still runs, and wait until it has let go of everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def next(self, *, idle_s: float | None = None) -> Update | None:
        """The next update; None at the end.

        Raises:
            TimeoutError: nothing came for `idle_s` seconds; ask again.
            CallerGone: nobody listens any more.
            Exception: what the turn raised. Its own time-out arrives as `ApiError`.
        """
        async with asyncio.timeout(idle_s):
            got = await self._queue.get()
        if isinstance(got, Exception):
            raise got
        return got

    async def _run(self) -> None:
        try:
            async with asyncio.timeout(self._limit_s):
                async for update in self._updates:
                    self._queue.put_nowait(update)
        except Exception as error:
            self._queue.put_nowait(as_api_error(error))
        else:
            self._queue.put_nowait(None)
        finally:
            if isinstance(self._updates, AsyncGenerator):
                await self._updates.aclose()

    async def _watch(self, turn: asyncio.Task[None]) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        turn.cancel()
        self._queue.put_nowait(CallerGone())


class EventStream(Response):
    """Server-sent events made from a turn.

    An error before the first event becomes a proper status; a later one becomes an event. After
    `keep_alive_s` of silence a comment tells proxies that the connection lives.

    Attributes:
        broken: it ended in an error.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        updates: AsyncIterator[Update],
        write: Callable[[AsyncGenerator[Update | None, None]], AsyncGenerator[bytes, None]],
        *,
        limit_s: float,
        on_error: Callable[[Exception], bytes],
        keep_alive_s: float,
    ) -> None:
        """Prepare the response; nothing runs before it is called.

        Args:
            updates: the turn.
            write: makes events out of the updates; for a None among them, which stands for
                silence, it gives `KEEP_ALIVE`.
            limit_s: seconds the turn may take.
            on_error: the last events of a stream that broke.
            keep_alive_s: seconds of silence before a comment.
        """
        super().__init__(headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self.broken = False
        self._updates = updates
        self._write = write
        self._limit_s = limit_s
        self._on_error = on_error
        self._keep_alive_s = keep_alive_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the turn and send it."""
        async with AsyncExitStack() as stack:
            pump = await stack.enter_async_context(
                Pump(self._updates, receive, limit_s=self._limit_s)
            )
            events = await stack.enter_async_context(aclosing(self._write(self._steps(pump))))
            try:
                first = await anext(events)
            except CallerGone:
                return
            except Exception as error:
                await respond(error)(scope, receive, send)
                return
            start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            await send(start)
            await _send_body(send, first)
            try:
                async for event in events:
                    await _send_body(send, event)
            except CallerGone:
                return
            except Exception as error:
                self.broken = True
                await _send_body(send, self._on_error(error))
            await _send_body(send, b"", more=False)

    async def _steps(self, pump: Pump) -> AsyncGenerator[Update | None, None]:
        while True:
            try:
                update = await pump.next(idle_s=self._keep_alive_s)
            except TimeoutError:
                yield None
                continue
            if update is None:
                return
            yield update


async def _send_body(send: Send, body: bytes, *, more: bool = True) -> None:
    message: dict[str, Any] = {"type": "http.response.body", "body": body, "more_body": more}
    await send(message)


async def attended(
    work: Coroutine[Any, Any, Result], receive: Receive, *, limit_s: float
) -> Result:
    """Do one piece of work, unless the caller leaves or it takes too long.

    Raises:
        CallerGone: the caller left; the work was cancelled.
        TimeoutError: after `limit_s` seconds.
    """

    async def leave() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    doing, left = asyncio.create_task(work), asyncio.create_task(leave())
    try:
        await asyncio.wait({doing, left}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        raise CallerGone if left.done() else TimeoutError
    finally:
        doing.cancel()
        left.cancel()
        await asyncio.gather(doing, left, return_exceptions=True)
