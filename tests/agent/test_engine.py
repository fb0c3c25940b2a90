"""The embedded engine: refusals without weights, and the real small model with them."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from simpatico.agent import engine, engine_child
from simpatico.agent.engine import Endpoint, LlamaServer
from simpatico.agent.llm import OpenAILLM
from simpatico.errors import LLMUnavailable, ModelError
from simpatico.modelstore import ModelStore
from simpatico.settings import load_settings

ASK = [{"role": "user", "content": "I lost my dog and feel terrible. What mood is that?"}]
MOODS = ["joy", "sadness", "anger"]
SCHEMA = {
    "type": "object",
    "properties": {"mood": {"enum": MOODS}, "sure": {"type": "boolean"}},
    "required": ["mood", "sure"],
    "additionalProperties": False,
}


def test_a_missing_file_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        LlamaServer(tmp_path / "none.gguf").start()


def test_a_file_of_another_kind_is_a_model_error(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(b"PK\3\4")
    with pytest.raises(ModelError, match="no GGUF"):
        LlamaServer(tmp_path / "x.gguf").start()


def test_a_damaged_gguf_is_a_model_error(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(b"GGUF" + b"\xff" * 2000)
    with pytest.raises(ModelError, match="cannot load"):
        LlamaServer(tmp_path / "x.gguf").start()


def test_a_taken_port_is_said_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(b"GGUF")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LLMUnavailable, match=f"port {port} is taken"):
            LlamaServer(tmp_path / "x.gguf", port=port).start()


def test_stopping_what_never_ran_is_fine(tmp_path: Path) -> None:
    LlamaServer(tmp_path / "x.gguf").stop()


def _gone(pid: int) -> bool:
    """Whether a process has ended, whoever's child it is."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def _pid(server: LlamaServer) -> int:
    assert server._child is not None
    return server._child.pid


@pytest.fixture(scope="module")
def model() -> Path:
    try:
        return ModelStore(load_settings().cache).path("smollm2-135m-instruct") / "model.gguf"
    except ModelError as error:
        pytest.skip(f"no weights: {error}")


@pytest.fixture(scope="module")
def endpoint(model: Path) -> Iterator[Endpoint]:
    with LlamaServer(model, context=1024) as endpoint:
        yield endpoint


def _llm(endpoint: Endpoint, key: str | None = None) -> OpenAILLM:
    return OpenAILLM(endpoint.url, "smollm2", key or endpoint.key, 60.0, flavour="llamacpp")


async def _busy(endpoint: Endpoint) -> int:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(
            endpoint.url.removesuffix("/v1") + "/slots",
            headers={"Authorization": f"Bearer {endpoint.key}"},
        )
    return sum(slot["is_processing"] for slot in answer.json())


async def _idle(endpoint: Endpoint, *, within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if await _busy(endpoint) == 0:
            return True
        await asyncio.sleep(0.05)
    return False


@pytest.mark.model
def test_it_chats_streams_and_counts(endpoint: Endpoint) -> None:
    async def run() -> None:
        llm = _llm(endpoint)
        assert await llm.ready()
        answer = await llm.complete(ASK, max_tokens=12)
        assert answer.text and answer.completion_tokens == 12 and answer.prompt_tokens > 10
        pieces = [piece async for piece in llm.stream(ASK, max_tokens=12)]
        assert len(pieces) > 3 and "".join(pieces) == answer.text  # greedy: the same words
        await llm.aclose()

    asyncio.run(run())


@pytest.mark.model
def test_a_schema_constrains_the_answer(endpoint: Endpoint) -> None:
    async def run() -> None:
        llm = _llm(endpoint)
        answer = await llm.complete(ASK, max_tokens=60, schema=SCHEMA)
        read = json.loads(answer.text)
        assert read.keys() == {"mood", "sure"} and read["mood"] in MOODS
        await llm.aclose()

    asyncio.run(run())


@pytest.mark.model
def test_a_grammar_gives_one_label_with_its_log_probabilities(endpoint: Endpoint) -> None:
    async def run() -> None:
        llm = _llm(endpoint)
        grammar = "root ::= " + " | ".join(f'"{mood}"' for mood in MOODS)
        answer = await llm.complete(ASK, max_tokens=8, grammar=grammar, top_logprobs=5)
        assert answer.text in MOODS
        assert "".join(token.text for token in answer.tokens).startswith(answer.text)
        for token in answer.tokens:
            assert token.logprob <= 0 and len(token.top) == 5
            assert [logprob for _, logprob in token.top] == sorted(
                (logprob for _, logprob in token.top), reverse=True
            )
        await llm.aclose()

    asyncio.run(run())


@pytest.mark.model
def test_a_caller_that_goes_away_frees_its_slot(endpoint: Endpoint) -> None:
    async def run() -> None:
        llm = _llm(endpoint)
        endless = "root ::= [a-z ]{900,950}"
        task = asyncio.create_task(llm.complete(ASK, max_tokens=900, grammar=endless))
        while not await _busy(endpoint) and not task.done():
            await asyncio.sleep(0.01)
        assert not task.done()
        task.cancel()
        assert await _idle(endpoint, within_s=3)
        pieces = llm.stream(ASK, max_tokens=900)
        await anext(pieces)
        await pieces.aclose()
        assert await _idle(endpoint, within_s=3)
        await llm.aclose()

    asyncio.run(run())


@pytest.mark.model
def test_a_wrong_key_is_refused(endpoint: Endpoint) -> None:
    async def run() -> None:
        llm = _llm(endpoint, key="wrong")
        with pytest.raises(LLMUnavailable, match="Invalid API Key"):
            await llm.complete(ASK, max_tokens=2)
        await llm.aclose()

    asyncio.run(run())


@pytest.mark.model
def test_a_child_that_ends_by_itself_is_told_of(model: Path) -> None:
    with LlamaServer(model, context=256) as endpoint:
        server = LlamaServer(model, context=256)
        before = server.start()
        os.kill(_pid(server), signal.SIGKILL)
        with pytest.raises(LLMUnavailable, match="by itself .ended by SIGKILL."):
            server.wait(threading.Event())
        again = server.start()
        assert again not in (before, endpoint)
        server.stop()
        server.wait(threading.Event())  # nothing to wait for

        async def run() -> None:
            llm = _llm(endpoint)
            assert await llm.ready()  # the other one is unharmed
            await llm.aclose()

        asyncio.run(run())


@pytest.mark.model
def test_a_child_ends_with_its_parent_however_that_ends(model: Path) -> None:
    work = f"""
import sys, time
from pathlib import Path
from simpatico.agent.engine import LlamaServer
server = LlamaServer(Path({str(model)!r}), context=256)
server.start()
print(server._child.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", work], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    assert _gone(child)


@pytest.mark.model
def test_a_child_that_never_answers_is_given_up_and_leaves_nothing(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "START_TIMEOUT_S", 0.01)
    server = LlamaServer(model, context=256)
    with pytest.raises(LLMUnavailable, match="did not become ready"):
        server.start()
    assert server._child is None


FAKE = """
import os, sys, threading, time
from types import SimpleNamespace

class CommonParams(SimpleNamespace):
    def __init__(self):
        super().__init__(model=SimpleNamespace(), cpuparams=SimpleNamespace(),
                         cpuparams_batch=SimpleNamespace())

class Server:
    listening_address = "http://127.0.0.1:9"
    def __init__(self, params):
        {load}
"""


@pytest.fixture
def pretend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Puts a llama.cpp that does as told in the child's way; gives a model file for it."""

    def put(load: str) -> Path:
        (tmp_path / "xllamacpp.py").write_text(FAKE.format(load=load))
        (tmp_path / "x.gguf").write_bytes(b"GGUF")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        return tmp_path / "x.gguf"

    return put


def test_a_child_ends_though_its_parent_dies_while_it_loads(
    pretend: Callable[[str], Path], tmp_path: Path
) -> None:
    file = pretend(f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)")
    work = f"""
from pathlib import Path
from simpatico.agent.engine import LlamaServer
LlamaServer(Path({str(file)!r})).start()
"""
    with subprocess.Popen([sys.executable, "-c", work]) as parent:
        deadline = time.monotonic() + 30
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        parent.kill()
    assert _gone(int((tmp_path / "pid").read_text()))


def test_a_child_that_ends_before_it_answers_says_how(pretend: Callable[[str], Path]) -> None:
    file = pretend("threading.Timer(0.3, os.abort).start()")
    began = time.monotonic()
    with pytest.raises(LLMUnavailable, match="ended before it answered .ended by SIGABRT."):
        LlamaServer(file).start()
    assert time.monotonic() - began < engine.START_TIMEOUT_S / 2


def test_a_library_that_is_not_there_is_no_damaged_model(pretend: Callable[[str], Path]) -> None:
    file = pretend("raise ImportError('libgomp.so.1 is missing')")
    with pytest.raises(ModelError, match="cannot be loaded: libgomp.so.1 is missing"):
        LlamaServer(file).start()


def test_nothing_that_lies_where_we_stand_is_run(
    pretend: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = pretend("raise RuntimeError")
    strange = tmp_path / "strange"
    strange.mkdir()
    (strange / "threading.py").write_text("import os; os.abort()")
    (strange / "json.py").write_text("import os; os.abort()")
    monkeypatch.chdir(strange)
    with pytest.raises(ModelError, match="llama.cpp cannot load"):
        LlamaServer(file).start()


def test_a_child_that_crashes_while_loading_says_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.gguf").write_bytes(b"GGUF")
    (tmp_path / "crash.py").write_text("import os; os.abort()")
    monkeypatch.setattr(engine_child, "__name__", "crash")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ModelError, match="ended by SIGABRT. cannot load .*x.gguf"):
        LlamaServer(tmp_path / "x.gguf").start()


@pytest.mark.model
def test_a_server_stopped_in_mid_answer_is_unavailable_not_a_hang(model: Path) -> None:
    async def run() -> None:
        server = LlamaServer(model, context=1024)
        endpoint = server.start()
        assert server.start() == endpoint
        llm = _llm(endpoint)
        began = time.monotonic()
        stopping: asyncio.Future[None] | None = None
        with pytest.raises(LLMUnavailable):
            async for _ in llm.stream(ASK, max_tokens=900):
                stopping = stopping or asyncio.ensure_future(asyncio.to_thread(server.stop))
        assert time.monotonic() - began < 15
        assert stopping is not None
        await stopping
        server.stop()
        with pytest.raises(LLMUnavailable):
            await llm.complete(ASK, max_tokens=2)
        assert not await llm.ready()
        await llm.aclose()

    asyncio.run(run())
