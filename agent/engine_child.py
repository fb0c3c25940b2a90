"""llama.cpp in the child process of `simpatico.agent.engine`, which says there why.

Its first line of input is a `Wanted`, its first line of output a `Told`. It ends when its input
does, and that ends with the parent, however that happens.
"""

import os
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from simpatico.domain import Value

# A request cannot be cancelled within a batch of prompt tokens: this many take one to two seconds
# on a busy core, the default of 2048 took 16.
_BATCH_TOKENS = 256
_PING_S = 1  # how soon a caller that went away is noticed in mid-request; 30 by default
# None: what it keeps of prompts that left their slot is given to whichever adapter asks with the
# same words, though another had read them.
_PROMPT_CACHE_MIB = 0
_SILENT, _CHATTY = -1, 3


class Wanted(Value):
    """What to serve; see `LlamaServer`. Chatty: llama.cpp tells of its doings on stderr."""

    model: Path
    adapters: tuple[Path, ...]
    context: int
    slots: int
    threads: int
    host: str
    port: int
    key: str
    chatty: bool


class Told(Value):
    """The port it listens on; or 0, it cannot serve, and why, where it is not the files."""

    port: int
    why: str = ""


def main() -> None:
    """Load, say so, serve."""
    try:
        wanted = Wanted.model_validate_json(sys.stdin.buffer.readline())
        answer = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)  # whatever llama.cpp may print is no answer of ours
        parent = threading.Thread(target=_end_with_input, daemon=True)
        parent.start()
        server, why = None, ""
        try:
            server = _load(wanted)
        except ImportError as error:
            why = str(error)
        port = urlsplit(server.listening_address).port if server else 0
        answer.write(Told(port=port or 0, why=why).model_dump_json() + "\n")
        answer.close()
        if server:
            parent.join()
    finally:
        # Without its destructor, which joins its threads and was seen to wait for ever.
        os._exit(0)


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def _load(wanted: Wanted) -> Any:  # xllamacpp has no types
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(wanted.model)
    params.n_parallel = wanted.slots
    params.n_ctx = wanted.context * wanted.slots
    params.n_batch = params.n_ubatch = _BATCH_TOKENS
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = wanted.threads
    params.lora_adapters = [
        xllamacpp.CommonAdapterLoraInfo(str(path), 0.0) for path in wanted.adapters
    ]
    params.cache_prompt = True
    params.cache_ram_mib = _PROMPT_CACHE_MIB
    params.sse_ping_interval = _PING_S
    params.hostnames = [wanted.host]
    params.port = wanted.port
    params.api_keys = [wanted.key]
    params.ui = False
    params.verbosity = _CHATTY if wanted.chatty else _SILENT
    try:
        return xllamacpp.Server(params)
    except RuntimeError:  # it says only "failed to init", whatever the cause
        return None


if __name__ == "__main__":
    main()
