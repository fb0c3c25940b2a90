"""llama.cpp in this process: a small model served on a loopback port, for this process alone."""

import atexit
import http.client
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from simpatico.errors import LLMUnavailable, ModelError

SLOTS = 2
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0
# A request cannot be cancelled, nor the server stopped, within a batch of prompt tokens: this many
# take one to two seconds on a busy core, the default of 2048 took 16.
_BATCH_TOKENS = 256
_PING_S = 1  # how soon a caller that went away, or stop(), is noticed in mid-request; 30 by default
# None: what it keeps of prompts that left their slot is given to whichever adapter asks with the
# same words, though another had read them.
_PROMPT_CACHE_MIB = 0
_SILENT, _CHATTY = -1, 3
_HOST = "127.0.0.1"

log = logging.getLogger(__name__)


class Endpoint(NamedTuple):
    """Where the server listens (`url` ends in /v1) and the key it wants."""

    url: str
    key: str


class LlamaServer:
    """An in-process llama.cpp server; as a context manager it runs for the block.

    Loading holds Python's interpreter lock (about a second for SmolLM2), so start it before there
    is a page to freeze; while it answers, it does not hold the lock.

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
        self._server: Any = None  # xllamacpp has no types
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
            if self._endpoint is not None:
                return self._endpoint
            self._check()
            key = secrets.token_urlsafe(32)
            self._server = self._load(key)
            address = urlsplit(self._server.listening_address)
            # A server that is still there when the interpreter ends can hang it.
            atexit.register(self.stop)
            self._endpoint = Endpoint(f"http://{_HOST}:{address.port}/v1", key)
        try:
            _await_health(address.port or 0)
        except LLMUnavailable:
            self.stop()
            raise
        log.info("serving %s with %d threads", self._model_path.name, self._threads)
        return self._endpoint

    def stop(self) -> None:
        """End the server; requests under way break off. Idempotent.

        One that does not end in `STOP_TIMEOUT_S` is left behind, with a warning.
        """
        with self._lock:
            held = [self._server]
            self._server = self._endpoint = None
        atexit.unregister(self.stop)
        # Its destructor stops it and joins its threads; under load it once waited for ever.
        ending = threading.Thread(target=held.clear, name="llama.cpp ends", daemon=True)
        ending.start()
        ending.join(STOP_TIMEOUT_S)
        if ending.is_alive():
            log.warning("llama.cpp did not stop in %.0f s and is left behind", STOP_TIMEOUT_S)

    def __enter__(self) -> Endpoint:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

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

    def _load(self, key: str) -> Any:
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = str(self._model_path)
        params.n_parallel = SLOTS
        params.n_ctx = self._context * SLOTS
        params.n_batch = params.n_ubatch = _BATCH_TOKENS
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = self._threads
        params.lora_adapters = [
            xllamacpp.CommonAdapterLoraInfo(str(path), 0.0) for path in self._adapters
        ]
        params.cache_prompt = True
        params.cache_ram_mib = _PROMPT_CACHE_MIB
        params.sse_ping_interval = _PING_S
        params.hostnames = [_HOST]
        params.port = self._port
        params.api_keys = [key]
        params.ui = False
        params.verbosity = _CHATTY if log.isEnabledFor(logging.DEBUG) else _SILENT
        try:
            return xllamacpp.Server(params)
        except RuntimeError as error:  # it says only "failed to init", whatever the cause
            adapters = ", ".join(str(path) for path in self._adapters)
            raise ModelError(
                f"llama.cpp cannot load {self._model_path}"
                + (f" with the adapters {adapters}" if adapters else "")
                + f" and a context of {self._context}: a file is damaged or of an unknown kind,"
                + (" an adapter belongs to another model," if adapters else "")
                + " or memory is short (log level DEBUG says)"
            ) from error


def _check_gguf(path: Path, what: str) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise ModelError(f"{what} file {path} cannot be read: {error}") from error
    if magic != b"GGUF":
        raise ModelError(f"{what} file {path} is no GGUF (starts with {magic!r})")


def _await_health(port: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
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
    raise LLMUnavailable(f"llama.cpp did not become ready within {START_TIMEOUT_S:g} s")
