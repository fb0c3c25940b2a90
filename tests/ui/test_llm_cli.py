"""`simpatico llm serve` as people run it, with a package that plays vLLM."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

SIMPATICO = [sys.executable, "-m", "simpatico.ui.cli"]

# Answers each raw prompt with one token; that is all that the check at the start asks for.
FAKE = """
import http.server, json, os, sys
port = int(sys.argv[sys.argv.index("--port") + 1])
open(os.environ["FAKE_PID"], "w").write(str(os.getpid()))
class Door(http.server.BaseHTTPRequestHandler):
    def _say(self, code, given):
        self.send_response(code); self.send_header("Content-Type", "application/json")
        self.end_headers(); self.wfile.write(json.dumps(given).encode())
    def do_GET(self): self._say(200, {})
    def do_POST(self):
        known = self.headers["Authorization"] == "Bearer " + os.environ["VLLM_API_KEY"]
        choice = {"text": "x", "finish_reason": "length", "index": 0}
        self._say(200 if known else 401, {"choices": [choice]} if known else {})
    def log_message(self, *args): pass
http.server.HTTPServer(("127.0.0.1", port), Door).serve_forever()
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "tiny-base"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    return folder


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """A Python that has the fake."""
    place = tmp_path / "packages" / "vllm" / "entrypoints" / "openai"
    place.mkdir(parents=True)
    (place / "api_server.py").write_text(FAKE)
    for folder in (place, place.parent, place.parent.parent):
        (folder / "__init__.py").write_text("")
    script = tmp_path / "python"
    script.write_text(
        f"#!/bin/sh\nexport PYTHONPATH={tmp_path}/packages FAKE_PID={tmp_path}/pid\n"
        f'exec {sys.executable} "$@"\n'
    )
    script.chmod(0o755)
    return script


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    return os.environ | {"SIMPATICO_HOME": str(tmp_path / "home"), "COLUMNS": "200"} | more


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(tmp_path: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*SIMPATICO, "llm", "serve", *words],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_print_prints_and_runs_nothing(tmp_path: Path, base: Path) -> None:
    done = run(
        tmp_path, "--print", "--base", str(base), "--port", "8123", "--python", "no/such/python",
        "--context", "1024", "--", "--gpu-memory-utilization", "0.5",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert f"no/such/python -m vllm.entrypoints.openai.api_server --model {base}" in line
    assert "--served-model-name tiny-base --host 127.0.0.1 --port 8123" in line
    assert line.endswith("--gpu-memory-utilization 0.5")


def test_what_cannot_be_is_one_line(tmp_path: Path, base: Path, python: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        cases = {
            "cannot be used": ["--base", str(base), "--port", port, "--python", str(python)],
            "vLLM is not installed": ["--base", str(base), "--python", sys.executable],
            "no base model 'nobody'": ["--base", "nobody", "--python", str(python)],
            f"port {port} cannot be used": ["--engine", "llamacpp", "--port", port],
        }
        for wanted, words in cases.items():
            done = run(tmp_path, *words)
            assert done.returncode == 1, (wanted, done.stderr)
            assert wanted in done.stderr and "Traceback" not in done.stderr
    assert run(tmp_path, "--engine", "llamacpp", "--print").returncode == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("own_key", ["", "my own key"])
def test_it_serves_until_told_to_stop(
    tmp_path: Path, base: Path, python: Path, number: signal.Signals, own_key: str
) -> None:
    port = free_port()
    key_file = tmp_path / "home" / f"llm-{port}.key"
    with subprocess.Popen(
        [*SIMPATICO, "llm", "serve", "--base", str(base), "--port", str(port)]
        + ["--python", str(python)],
        env=environment(tmp_path, SIMPATICO_LLM__KEY=own_key),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),  # as a shell's "&" does
    ) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(4)]
        assert f"--model {base}" in said[0] and "--api-key" not in said[0]
        assert said[1].strip() == f"export SIMPATICO_LLM__URL=http://127.0.0.1:{port}/v1"
        if own_key:
            assert not key_file.exists()
        else:
            assert f'"$(cat {key_file})"' in child.stdout.readline()
            assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
            assert len(key_file.read_text().strip()) >= 32
        server = int((tmp_path / "pid").read_text())
        os.kill(server, 0)
        child.send_signal(number)
        try:
            _, errors = child.communicate(timeout=60)
        finally:
            child.kill()
    assert child.returncode == 0, errors
    assert "Stopping." in errors and "Traceback" not in errors
    assert not key_file.exists()
    time.sleep(0.2)
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)
