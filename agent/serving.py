"""vLLM as a child process: its exact command, its start, and what it says in plain words.

vLLM lives in an environment of its own (docs/serving.md), so nothing of it is imported here. It
listens on loopback only: its key guards `/v1`, not its metrics and tokenizer doors.
"""

import collections
import contextlib
import http.client
import logging
import os
import re
import shlex
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType

from pydantic import Field

from simpatico.adapters import TASKS, Adapter, Task, changes_output, chosen
from simpatico.agent.engine import Endpoint, await_end
from simpatico.agent.llm import MAX_RAW_TOP_LOGPROBS, Flavour, OpenAILLM
from simpatico.domain import Value
from simpatico.errors import LLMUnavailable, ModelError
from simpatico.protocols import ProgressCallback

HOST = "127.0.0.1"
START_TIMEOUT_S = 900.0
"""A large model is compiled for its GPU at the first start, which takes many minutes."""

STOP_TIMEOUT_S = 20.0
RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""What vLLM takes for --max-lora-rank."""

_POLL_S = 0.25
_KEPT_LINES = 400
_PROBE_TIMEOUT_S = 120.0  # the first answer on a busy processor
_KEY = "VLLM_API_KEY"
_CAUSES: tuple[tuple[str, str], ...] = (
    (
        r"out of memory|OutOfMemory|Cannot allocate memory|bad_alloc|std::bad_alloc|MemoryError",
        "memory is short: take a smaller --context, or of the GPU's memory another share"
        " (-- --gpu-memory-utilization 0.5)",
    ),
    (
        r"[Ff]ree memory on device|memory for the cache blocks|KV cache is needed"
        r"|Not enough (?:available )?memory|not enough memory|KV cache space",
        "there is no memory for its cache: take a smaller --context, or change its share"
        " (GPU: -- --gpu-memory-utilization 0.5; processor: the variable VLLM_CPU_KVCACHE_SPACE,"
        " in GiB)",
    ),
    (r"[Aa]ddress already in use", "its port is taken: choose another with --port"),
    (r"No module named '?vllm'?", "vLLM is not installed there"),
    (r"max_lora_rank|LoRA rank", "an adapter's rank is greater than vLLM was told"),
    (
        r"max_model_len|maximum model length|max_position_embeddings",
        "the model cannot have so long a context: take a smaller --context",
    ),
    (
        r"unrecognized arguments|invalid choice|the following arguments are required",
        "this version of vLLM does not know an option; 0.32.0 does",
    ),
)

log = logging.getLogger(__name__)


class Plan(Value):
    """What vLLM is to serve, and how.

    Attributes:
        python: the Python of the environment that has vLLM.
        base: folder of the base model, as `simpatico.finetune.base` makes it.
        name: what the base is called in requests; settings call it so, too.
        adapters: (name, folder) of each LoRA adapter.
        rank: the greatest rank among them.
        context: tokens of prompt and answer together.
        dtype: of weights in memory; "auto" takes the model's own. float32 is exact on processors.
        more: arguments for vLLM that we know nothing of.
    """

    python: str
    base: Path
    name: str
    adapters: tuple[tuple[Task, Path], ...] = ()
    rank: int = 0
    context: int = Field(default=4096, ge=16)
    dtype: str = "auto"
    port: int = Field(default=8000, ge=1, le=65535)
    more: tuple[str, ...] = ()


def adapters_for(model: str, home: Path) -> dict[Task, Adapter]:
    """The adapters in use on a base, shipped or added, by task; each checked.

    Raises:
        ModelError: one that would be used is damaged.
    """
    found = {task: chosen(task, model, home) for task in TASKS}
    return {task: adapter for task, adapter in found.items() if adapter is not None}


def command(plan: Plan) -> list[str]:
    """The command that serves a plan; the key is not in it, `ps` shows commands to everybody.

    Raises:
        ModelError: vLLM takes no rank as great.
    """
    words = [plan.python, "-m", "vllm.entrypoints.openai.api_server"]
    words += ["--model", str(plan.base), "--served-model-name", plan.name]
    words += ["--host", HOST, "--port", str(plan.port)]
    words += ["--dtype", plan.dtype, "--max-model-len", str(plan.context)]
    words += ["--max-logprobs", str(MAX_RAW_TOP_LOGPROBS["vllm"]), "--enable-prefix-caching"]
    if plan.adapters:
        rank = next((rank for rank in RANKS if rank >= plan.rank), None)
        if rank is None:
            raise ModelError(f"vLLM takes adapters up to rank {RANKS[-1]}, got {plan.rank}")
        words += ["--enable-lora", "--max-lora-rank", str(rank)]
        words += ["--max-loras", str(len(plan.adapters))]  # 1 by default: they would take turns
        words += ["--lora-modules", *(f"{name}={folder}" for name, folder in plan.adapters)]
    return [*words, *plan.more]


def shown(plan: Plan) -> str:
    """The command as one types it in a shell, with the key from a variable."""
    return f'{_KEY}="$SIMPATICO_LLM__KEY" HF_HUB_OFFLINE=1 {shlex.join(command(plan))}'


def environment(key: str, outer: Mapping[str, str]) -> dict[str, str]:
    """What vLLM finds in its environment: our settings are not for it, and it tells nobody."""
    kept = {name: value for name, value in outer.items() if not name.startswith("SIMPATICO_")}
    # Another environment's Python must not find this one's packages.
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"):
        kept.pop(name, None)
    return kept | {
        _KEY: key,
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "PYTHONUNBUFFERED": "1",
    }


def settings_lines(
    endpoint: Endpoint, *, name: str, flavour: Flavour, adapters: Sequence[str], key: str = ""
) -> list[str]:
    """The settings that make Simpatico use a server, as lines for a shell.

    Args:
        endpoint: where it listens.
        name: what the base is called there.
        flavour: what it is.
        adapters: names of its adapters, in the order in which they were loaded.
        key: how a shell gets the key; empty: it has it.
    """
    listed = ",".join(f'"{each}"' for each in adapters)
    lines = [
        f"export SIMPATICO_LLM__URL={endpoint.url}",
        f"export SIMPATICO_LLM__FLAVOUR={flavour}",
        f"export SIMPATICO_LLM__MODEL={shlex.quote(name)}",
    ]
    lines += [f"export SIMPATICO_LLM__ADAPTERS='[{listed}]'"] if adapters else []
    return [*lines, *([f"export SIMPATICO_LLM__KEY={key}"] if key else [])]


class VllmServer:
    """vLLM in a child process; as a context manager it runs for the block.

    Args:
        plan: what to serve.
        key: what callers must send.
        argv: the command, if it is not `command(plan)`: for tests.
    """

    def __init__(self, plan: Plan, key: str, *, argv: Sequence[str] = ()) -> None:
        self._plan = plan
        self._key = key
        self._argv = list(argv) or command(plan)
        self._checked = bool(argv)
        self._child: subprocess.Popen[str] | None = None
        self._lines: collections.deque[str] = collections.deque(maxlen=_KEPT_LINES)
        self._drain: threading.Thread | None = None
        self._ready = False

    def start(
        self,
        progress: ProgressCallback = lambda what, done, total: None,
        *,
        timeout_s: float = START_TIMEOUT_S,
    ) -> Endpoint:
        """Start it and wait until it answers and has the adapters.

        `progress` is told of seconds waited.

        Raises:
            ModelError: vLLM is not there, or ended because of the model, an adapter or memory.
            LLMUnavailable: the port is taken, or it does not answer in time.
        """
        if not self._checked:
            check_vllm(self._plan.python)
        check_port(self._plan.port)
        try:
            self._child = subprocess.Popen(
                self._argv,
                env=environment(self._key, os.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,  # Ctrl-C is for us; we end it, with all its workers
            )
        except OSError as error:
            raise ModelError(f"{self._argv[0]} cannot be run: {error.strerror}") from error
        self._drain = threading.Thread(target=self._listen, args=(self._child,), daemon=True)
        self._drain.start()
        try:
            self._await(progress, timeout_s)
        except BaseException:
            self.stop()
            raise
        self._ready = True
        return Endpoint(f"http://{HOST}:{self._plan.port}/v1", self._key)

    def wait(self, told: threading.Event) -> None:
        """Block while it serves, or until `told` is set.

        Raises:
            LLMUnavailable: it ended by itself.
        """
        child = self._child
        if child is None:
            return
        code = await_end(child, told)
        if code is not None and self._child is not None:  # nobody stopped it
            raise LLMUnavailable(self._epitaph(code))

    def stop(self) -> None:
        """End it and every process it started. Idempotent."""
        child, self._child = self._child, None
        if child is None:
            return
        try:
            if child.poll() is None:
                child.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(STOP_TIMEOUT_S)
        finally:  # also when a second Ctrl-C cuts the waiting short
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            if self._drain is not None:
                self._drain.join(5)

    def __enter__(self) -> Endpoint:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _listen(self, child: "subprocess.Popen[str]") -> None:
        assert child.stdout is not None
        with child.stdout:
            for line in child.stdout:
                said = line.rstrip()
                self._lines.append(said)
                loud = self._ready and " ERROR " in said
                log.log(logging.ERROR if loud else logging.DEBUG, "vllm: %s", said)

    def _await(self, progress: ProgressCallback, timeout_s: float) -> None:
        child = self._child
        assert child is not None
        began = time.monotonic()
        while (waited := time.monotonic() - began) < timeout_s:
            progress("starting vLLM (seconds)", int(waited), int(timeout_s))
            if child.poll() is not None:
                if self._drain is not None:
                    self._drain.join(5)
                raise self._failure(child.returncode)
            if _answers(self._plan.port):
                progress("starting vLLM (seconds)", int(waited) + 1, int(waited) + 1)
                return
            time.sleep(_POLL_S)
        raise LLMUnavailable(
            f"vLLM did not become ready within {timeout_s:g} s; its last words: {self._last()}"
        )

    def _failure(self, code: int) -> ModelError | LLMUnavailable:
        words = self._epitaph(code)
        return LLMUnavailable(words) if "port is taken" in words else ModelError(words)

    def _epitaph(self, code: int) -> str:
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
        why = cause_of(code, self._lines)
        return f"vLLM {how}: {why}" if why else f"vLLM {how}; its last words: {self._last()}"

    def _last(self) -> str:
        """The line that most likely says what is wrong: the last that names an error."""
        told = [line for line in self._lines if line.strip()]
        named = [line for line in told if re.search(r"\w(?:Error|Exception)\b|error:", line)]
        return (named or told or ["none"])[-1][-400:].strip()


def cause_of(code: int, lines: Sequence[str] | collections.deque[str]) -> str:
    """Why vLLM ended, in plain words, from its exit status and what it printed; empty: unknown."""
    text = "\n".join(lines)
    for pattern, words in _CAUSES:
        if re.search(pattern, text):
            return words
    if code == -signal.SIGKILL:
        return "memory was short, most likely: the system kills a process without a word then"
    return ""


def check_vllm(python: str) -> None:
    """Whether an environment has vLLM; its version is not looked at.

    Raises:
        ModelError: it has none, or there is no such Python.
    """
    # A mere folder of that name, where we happen to stand, has a spec, too, but no origin.
    look = (
        "import importlib.util, sys; spec = importlib.util.find_spec('vllm');"
        "sys.exit(spec is None or spec.origin is None)"
    )
    try:
        gone = subprocess.run(
            [python, "-c", look],
            env=environment("", os.environ),
            capture_output=True,
            timeout=60,
            check=False,
        ).returncode
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ModelError(f"{python} cannot be run as a Python: {error}") from error
    if gone:
        raise ModelError(
            f"vLLM is not installed for {python}: it wants an environment of its own"
            " (docs/serving.md says how); name that one's Python with --python"
        )


def check_port(port: int) -> None:
    """Whether a loopback port can be listened on.

    Raises:
        LLMUnavailable: it is taken, or may not be had.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise LLMUnavailable(
                f"port {port} cannot be used ({error.strerror}): choose another with --port"
            ) from error


async def check_served(
    endpoint: Endpoint, *, name: str, flavour: Flavour, adapters: Sequence[Task]
) -> None:
    """Ask a server that answers whether it serves what it was told to.

    Raises:
        ModelError: an adapter does nothing.
        LLMUnavailable, BadReply: it does not answer a request, or refuses it.
    """
    llm = OpenAILLM(
        endpoint.url, name, endpoint.key, _PROBE_TIMEOUT_S, flavour=flavour, adapters=adapters
    )
    try:
        for task in adapters:
            if not await changes_output(llm, task):
                raise ModelError(f"the {task} adapter changes nothing of what {name} says")
        if not adapters:
            await llm.complete("Hello", max_tokens=1)
    finally:
        await llm.aclose()


@contextlib.contextmanager
def heeding_signals() -> Iterator[threading.Event]:
    """Within the block SIGTERM and SIGINT are a `KeyboardInterrupt`, so that blocks end.

    SIGINT too, because a shell hands it to its background jobs as ignored. The event is set as
    well: where Python swallows the exception (in a finalizer), who waits still hears of it.
    """
    told = threading.Event()

    def interrupt(number: int, frame: FrameType | None) -> None:
        told.set()
        raise KeyboardInterrupt

    heeded = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, interrupt) for number in heeded]
    try:
        yield told
    finally:
        for number, handler in zip(heeded, before, strict=True):
            signal.signal(number, handler)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
