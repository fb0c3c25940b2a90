"""Serving an app on a loopback port from a thread, for tests and for tools in one process."""

import socket
import threading
from types import TracebackType
from typing import Any

import uvicorn

from simpatico.agent.api.served import config_for

_START_S = 30.0


class Loopback:
    """A running server; use as a context manager. `url` has no trailing slash."""

    def __init__(self, app: Any) -> None:
        """Bind a free port at once, so that nobody else takes it."""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._server = uvicorn.Server(config_for(app))
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )

    def __enter__(self) -> "Loopback":
        """Start; returns once requests are answered. Raises `RuntimeError` if it never does."""
        self._thread.start()
        waited = threading.Event()
        for _ in range(int(_START_S / 0.01)):
            if self._server.started:
                return self
            if not self._thread.is_alive():
                break
            waited.wait(0.01)
        self.__exit__(None, None, None)
        raise RuntimeError("the server did not start")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, and wait until every connection is closed."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
