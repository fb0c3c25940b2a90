"""The command for vLLM, and the life of its process: with real child processes that play vLLM."""

import asyncio
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from simpatico.agent import serving
from simpatico.agent.engine import Endpoint
from simpatico.agent.serving import Plan, VllmServer, cause_of, check_vllm, command, environment
from simpatico.errors import LLMUnavailable, ModelError
from simpatico.settings import load_settings

# Listens like vLLM, has a worker of its own, and writes both process ids to a file.
FAKE = """
import http.server, json, os, signal, subprocess, sys, time
port, ids, mood = int(sys.argv[1]), sys.argv[2], sys.argv[3]
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open(ids, "w").write(json.dumps([os.getpid(), worker.pid]))
if mood == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if mood == "mute":
    time.sleep(600)
print("has a key:", os.environ["VLLM_API_KEY"] == "secret", flush=True)
class Door(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *args): pass
served = http.server.HTTPServer(("127.0.0.1", port), Door)
if mood == "brief":
    import threading
    threading.Timer(1, lambda: os._exit(3)).start()
served.serve_forever()
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((serving.HOST, 0))
        return int(probe.getsockname()[1])


def plan(port: int = 8000, **more: object) -> Plan:
    return Plan.model_validate(
        {"python": "py", "base": Path("/b"), "name": "smol", "port": port} | more
    )


def server(folder: Path, mood: str = "", *, port: int = 0) -> VllmServer:
    port = port or free_port()
    argv = [sys.executable, "-c", FAKE, str(port), str(folder / "ids"), mood]
    return VllmServer(plan(port), "secret", argv=argv)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def ids(folder: Path) -> list[int]:
    found = [int(word) for word in (folder / "ids").read_text().strip("[]").split(",")]
    assert len(found) == 2
    return found


def gone(pids: Sequence[int]) -> bool:
    deadline = time.monotonic() + 10
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(alive, pids))


def test_the_command_names_base_adapters_and_limits_but_no_key() -> None:
    given = plan(
        8123,
        adapters=(("reader", Path("/a r")), ("explainer", Path("/e"))),
        rank=12,
        context=2048,
        dtype="float32",
        more=("--gpu-memory-utilization", "0.5"),
    )
    words = " ".join(command(given))
    assert words == (
        "py -m vllm.entrypoints.openai.api_server --model /b --served-model-name smol"
        " --host 127.0.0.1 --port 8123 --dtype float32 --max-model-len 2048 --max-logprobs 64"
        " --enable-prefix-caching --enable-lora --max-lora-rank 16 --max-loras 2"
        " --lora-modules reader=/a r explainer=/e --gpu-memory-utilization 0.5"
    )
    assert "'reader=/a r'" in serving.shown(given)
    assert serving.shown(given).startswith('VLLM_API_KEY="$SIMPATICO_LLM__KEY" ')


def test_without_adapters_lora_is_off() -> None:
    assert not [word for word in command(plan()) if "lora" in word]


@pytest.mark.parametrize(("rank", "wanted"), [(1, "1"), (16, "16"), (17, "32"), (512, "512")])
def test_the_rank_is_one_that_vllm_takes(rank: int, wanted: str) -> None:
    words = command(plan(adapters=(("reader", Path("/r")),), rank=rank))
    assert words[words.index("--max-lora-rank") + 1] == wanted
    with pytest.raises(ModelError, match="up to rank 512, got 513"):
        command(plan(adapters=(("reader", Path("/r")),), rank=513))


def test_our_environment_stays_ours() -> None:
    outer = {"PATH": "/bin", "SIMPATICO_LLM__KEY": "mine", "PYTHONPATH": "/x", "VIRTUAL_ENV": "/y"}
    given = environment("secret", outer)
    assert given["PATH"] == "/bin" and given["VLLM_API_KEY"] == "secret"
    assert given["HF_HUB_OFFLINE"] == given["DO_NOT_TRACK"] == "1"
    assert not given.keys() & (outer.keys() - {"PATH"})


def test_the_lines_it_prints_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = Endpoint("http://127.0.0.1:8000/v1", "secret")
    lines = serving.settings_lines(
        endpoint, name="smol", flavour="vllm", adapters=("reader", "explainer"), key='"$(cat f)"'
    )
    assert lines[-1] == 'export SIMPATICO_LLM__KEY="$(cat f)"'
    assert not any("secret" in line for line in lines)
    for line in lines:
        name, _, value = line.removeprefix("export ").partition("=")
        monkeypatch.setenv(name, value.strip("'"))
    llm = load_settings().llm
    assert (llm.url, llm.model, llm.flavour) == (endpoint.url, "smol", "vllm")
    assert llm.adapters == ("reader", "explainer")


CAUSES = {
    "memory is short": (1, "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB"),
    "no memory for its cache": (
        1,
        "ValueError: To serve at least one request, 9.0 GiB KV cache is needed, which is larger",
    ),
    "port is taken": (1, "OSError: [Errno 98] Address already in use"),
    "vLLM is not installed": (1, "ModuleNotFoundError: No module named 'vllm'"),
    "so long a context": (1, "ValueError: User-specified max_model_len (99999) is greater than"),
    "does not know an option": (2, "api_server.py: error: unrecognized arguments: --max-x"),
    "system kills a process": (-9, "loading weights"),
}


@pytest.mark.parametrize("wanted", CAUSES)
def test_why_it_ended_in_plain_words(wanted: str) -> None:
    code, line = CAUSES[wanted]
    assert wanted in cause_of(code, ["INFO hello", line, "bye"])


def test_an_unknown_end_has_no_cause() -> None:
    assert cause_of(1, ["INFO hello"]) == ""


def test_it_starts_answers_and_ends_with_all_its_workers(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    one = server(tmp_path)
    endpoint = one.start(lambda *words: told.append(words))
    assert endpoint.key == "secret" and endpoint.url.endswith("/v1")
    assert told[0][0].startswith("starting vLLM")
    with pytest.raises(LLMUnavailable, match="port .* cannot be used"):
        server(tmp_path, port=int(endpoint.url.split(":")[2].split("/")[0])).start()
    pids = ids(tmp_path)
    assert all(map(alive, pids))
    one.stop()
    assert gone(pids)
    one.stop()


def test_one_that_does_not_listen_to_reason_is_ended_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "STOP_TIMEOUT_S", 0.5)
    with server(tmp_path, "stubborn"):
        pids = ids(tmp_path)
    assert gone(pids)


def test_one_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(LLMUnavailable, match="did not become ready within 2 s"):
        server(tmp_path, "mute").start(timeout_s=2)
    assert gone(ids(tmp_path))


def test_an_interrupt_while_it_starts_leaves_nothing(tmp_path: Path) -> None:
    def interrupt(label: str, done: int, total: int) -> None:
        if (tmp_path / "ids").exists() and (tmp_path / "ids").read_text():
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), serving.heeding_signals():
        server(tmp_path, "mute").start(interrupt)
    assert gone(ids(tmp_path))
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_that_python_swallows_ends_the_waiting_all_the_same(tmp_path: Path) -> None:
    class Last:
        def __del__(self) -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            for _ in range(1000):  # its handler runs in here, where nothing can be raised
                time.sleep(0)

    one = server(tmp_path)
    with serving.heeding_signals() as told, one:
        last = Last()
        del last
        assert told.is_set()
        one.wait(told)
    assert gone(ids(tmp_path))


def test_one_that_ends_by_itself_says_so(tmp_path: Path) -> None:
    one = server(tmp_path, "brief")
    one.start()
    with pytest.raises(LLMUnavailable, match="vLLM ended with 3; its last words: has a key: True"):
        one.wait(threading.Event())
    pids = ids(tmp_path)
    one.stop()
    assert gone(pids)


@pytest.mark.parametrize(
    ("work", "kind", "wanted"),
    [
        ("raise MemoryError", ModelError, "memory is short"),
        ("raise OSError(98, 'Address already in use')", LLMUnavailable, "its port is taken"),
        ("raise ValueError('no such shape')", ModelError, "ValueError: no such shape"),
        ("import os; os.kill(os.getpid(), 9)", ModelError, "SIGKILL: memory was short"),
    ],
)
def test_one_that_fails_to_start_says_why(work: str, kind: type[Exception], wanted: str) -> None:
    one = VllmServer(plan(free_port()), "secret", argv=[sys.executable, "-c", work])
    with pytest.raises(kind, match=wanted) as caught:
        one.start()
    assert "Traceback" not in str(caught.value)


def test_a_python_without_vllm_or_none_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "vllm").mkdir()  # a mere folder of that name is not vLLM
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match="vLLM is not installed for .*--python"):
        check_vllm(sys.executable)
    with pytest.raises(ModelError, match="cannot be run as a Python"):
        check_vllm(str(tmp_path / "nothing"))
    with pytest.raises(ModelError, match="cannot be run"):
        VllmServer(plan(free_port()), "k", argv=[str(tmp_path / "nothing")]).start()


def test_a_server_that_answers_nothing_useful_is_found_out(tmp_path: Path) -> None:
    with server(tmp_path) as endpoint, pytest.raises(LLMUnavailable):
        asyncio.run(
            serving.check_served(endpoint, name="smol", flavour="vllm", adapters=("reader",))
        )
