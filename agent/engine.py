"""llama.cpp in a child process: a small model served on a loopback port, for this process alone.

A child because llama.cpp in our own process could stop it: a crash ends both, loading holds the
interpreter lock, and so does its destructor, which under load waited for ever. A child is killed.
"""

import contextlib
import http.client
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from pydantic import ValidationError

from simpatico.agent import engine_child
from simpatico.agent.engine_child import Told, Wanted
from simpatico.errors import LLMUnavailable, ModelError

SLOTS = 2
START_TIMEOUT_S = 60.0
_LOOK_S = 1.0
_HOST = "127.0.0.1"
_TOO_LATE = f"llama.cpp did not become ready within {START_TIMEOUT_S:g} s"

log = logging.getLogger(__name__)


class Endpoint(NamedTuple):
    """Where the server listens (`url` ends in /v1) and the key it wants."""

    url: str
    key: str


class LlamaServer:
    """llama.cpp in a child process; as a context manager it runs for the block.

    The child ends with this process, however that ends; unless this process was forked, for the
    fork holds the pipe by which the child would know.

    Args:
        model_path: a GGUF file.
        context: tokens of prompt and answer together, for each of `SLOTS` requests at a time.
        threads: 0: one less than there are cores, at least 1.
        port: 0: a free one.
        adapters: LoRA adapters of this model as GGUF files. None is at work unless a request
            asks for it, by its place in this order.
    """

    def __init__(
        self,
        model_path: Path,
        context: int = 4096,
        threads: int = 0,
        *,
        port: int = 0,
        adapters: Sequence[Path] = (),
    ) -> None:
        self._model_path = model_path
        self._adapters = tuple(adapters)
        self._context = context
        self._threads = threads or max(1, (os.cpu_count() or 1) - 1)
        self._port = port
        self._child: subprocess.Popen[bytes] | None = None
        self._endpoint: Endpoint | None = None
        self._lock = threading.Lock()

    def start(self) -> Endpoint:
        """Load the model and wait until it answers. Started already: the same endpoint.

        Raises:
            ModelError: a file is missing, no GGUF, damaged, or does not fit in memory; or an
                adapter belongs to another model.
            LLMUnavailable: the port is taken, or the server does not answer.
        """
        with self._lock:
            if self._endpoint is not None and self._child and self._child.poll() is None:
                return self._endpoint
            self._end()
            self._check()
            key = secrets.token_urlsafe(32)
            self._child = child = _spawn()
            try:
                port = self._load(child, key)
                _await_health(port, child)
            except BaseException:
                self._end()
                raise
            self._endpoint = Endpoint(f"http://{_HOST}:{port}/v1", key)
        log.info("serving %s with %d threads", self._model_path.name, self._threads)
        return self._endpoint

    def wait(self, told: threading.Event) -> None:
        """Block while it serves, or until `told` is set.

        Raises:
            LLMUnavailable: it ended by itself.
        """
        child = self._child
        if child is None:
            return
        code = await_end(child, told)
        if code is not None and self._child is child:  # nobody stopped it
            raise LLMUnavailable(f"llama.cpp ended by itself ({_how(code)})")

    def stop(self) -> None:
        """End the server; requests under way break off. Idempotent."""
        with self._lock:
            self._end()

    def __enter__(self) -> Endpoint:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _end(self) -> None:
        child, self._child, self._endpoint = self._child, None, None
        if child is not None:
            with child:  # waits for it and closes its pipes
                child.kill()  # it has nothing to save

    def _check(self) -> None:
        _check_gguf(self._model_path, "model")
        for path in self._adapters:
            _check_gguf(path, "adapter")
        if self._port:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((_HOST, self._port))
                except OSError as error:
                    raise LLMUnavailable(f"port {self._port} is taken: {error}") from error

    def _load(self, child: "subprocess.Popen[bytes]", key: str) -> int:
        """The port it listens on, once the model is in memory."""
        wanted = Wanted(
            model=self._model_path,
            adapters=self._adapters,
            context=self._context,
            slots=SLOTS,
            threads=self._threads,
            host=_HOST,
            port=self._port,
            key=key,
            chatty=log.isEnabledFor(logging.DEBUG),
        )
        assert child.stdin is not None and child.stdout is not None
        began = time.monotonic()
        patience = threading.Timer(START_TIMEOUT_S, child.kill)
        patience.start()
        try:
            with contextlib.suppress(BrokenPipeError):  # ended already: what follows says how
                child.stdin.write(wanted.model_dump_json().encode() + b"\n")
            line = child.stdout.readline()
        finally:
            patience.cancel()
        if not line and time.monotonic() - began >= START_TIMEOUT_S:
            raise LLMUnavailable(_TOO_LATE)
        try:
            told = Told.model_validate_json(line) if line else Told(port=0)
        except ValidationError as error:
            raise LLMUnavailable(f"llama.cpp's process said {line[:200]!r} first") from error
        if told.port:
            return told.port
        if told.why:
            raise ModelError(f"llama.cpp cannot be loaded: {told.why}")
        how = "" if line else f" ({_how(child.wait())})"
        adapters = ", ".join(str(path) for path in self._adapters)
        raise ModelError(
            f"llama.cpp{how} cannot load {self._model_path}"
            + (f" with the adapters {adapters}" if adapters else "")
            + f" and a context of {self._context}: a file is damaged or of an unknown kind,"
            + (" an adapter belongs to another model," if adapters else "")
            + " or memory is short (log level DEBUG says)"
        )


def await_end(child: "subprocess.Popen[Any]", told: threading.Event) -> int | None:
    """A child's exit status once it has ended; None: `told` was set first.

    Looks now and then, because a signal's exception that is raised within a finalizer is lost.
    """
    while not told.is_set():
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.wait(_LOOK_S)
    return None


def _spawn() -> "subprocess.Popen[bytes]":
    """The child, which waits to be told what to serve; our settings are not for it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIMPATICO_")}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", engine_child.__name__],  # -P: not what lies where we stand
        env=kept,
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for us; we end it
    )


def _how(code: int) -> str:
    if code >= 0:
        return f"status {code}"
    known = {each.value: each.name for each in signal.Signals}
    return f"ended by {known.get(-code, f'signal {-code}')}"


def _check_gguf(path: Path, what: str) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise ModelError(f"{what} file {path} cannot be read: {error}") from error
    if magic != b"GGUF":
        raise ModelError(f"{what} file {path} is no GGUF (starts with {magic!r})")


def _await_health(port: int, child: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if (code := child.poll()) is not None:
            raise LLMUnavailable(f"llama.cpp ended before it answered ({_how(code)})")
        connection = http.client.HTTPConnection(_HOST, port, timeout=5)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        except (OSError, http.client.HTTPException) as error:
            log.debug("not healthy yet: %s", error)
        finally:
            connection.close()
        time.sleep(0.05)
    raise LLMUnavailable(_TOO_LATE)
