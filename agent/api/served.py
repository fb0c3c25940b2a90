"""How an app is put on a socket: which HTTP is spoken, how large and how slow a head may be."""

import asyncio
from typing import Any, Final

import h11
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_BYTES: Final = 65_536
"""Of a request's first line and headers together, as long as they are not all there."""
HEAD_S = 30.0
"""Seconds until they are to be there; uvicorn itself would wait for ever."""


class Connection(H11Protocol):
    """One whose caller has to say in time what is wanted."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._mind_the_head()

    def data_received(self, data: bytes) -> None:
        """Take a piece; go on waiting while it is no whole head."""
        super().data_received(data)
        self._mind_the_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._wait_no_more()
        super().connection_lost(exc)

    def _mind_the_head(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._wait_no_more()
        elif self._late is None:
            self._late = self.loop.call_later(HEAD_S, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def config_for(app: Any) -> Config:
    """How uvicorn is to serve an app.

    With h11 a head is bounded and a caller of HTTP/1.0 gets no chunks; httptools, which uvicorn
    prefers, would hold headers of any size. What uvicorn logs goes where the rest does.
    """
    return Config(
        app,
        http=Connection,
        h11_max_incomplete_event_size=HEAD_BYTES,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=5,
    )
