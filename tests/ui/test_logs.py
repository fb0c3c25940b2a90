"""The log of a real server, after a marked message: lines for programs, and nobody's words."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest
from loopback import serving
from tiny import tiny_home

from simpatico.errors import BadReply, LLMUnavailable, kinds

pytestmark = [pytest.mark.model, pytest.mark.slow]

WORD, USER = "zyxomma", "ann-7c1e5a"
MINE = "trace-me-42"


class _Echo(BaseHTTPRequestHandler):
    """A model's server that answers with nothing of use, and with what it was asked."""

    def do_GET(self) -> None:
        self._send(200, b'{"object": "list", "data": []}')

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if WORD not in asked:
            return self._send(400, b"{}")
        echo = {"error": {"message": f"cannot answer {asked}"}}
        if '"stream"' in asked:
            return self._send(422, json.dumps(echo).encode())
        message = {"role": "assistant", "content": f"{WORD} {asked}"[:200]}
        body = {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        }
        self._send(200, json.dumps(body).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def model() -> Iterator[str]:
    with serving(_Echo) as port:
        yield f"http://127.0.0.1:{port}/v1"


@pytest.fixture(scope="module")
def lines(model: str, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """What a server logs at INFO while it is spoken to and its parts fail."""
    home: Path = tmp_path_factory.mktemp("home")
    tiny_home(home)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    env = {
        **os.environ,
        "SIMPATICO_HOME": str(home),
        "SIMPATICO_CATALOG": "tiny",
        "SIMPATICO_READER": "llm",
        "SIMPATICO_LLM__URL": model,
        "SIMPATICO_LLM__REPHRASE": "always",
        "SIMPATICO_RETRIEVAL__ENCODER": "hash",
        "SIMPATICO_LOG_FORMAT": "json",
    }
    log = home / "log.jsonl"
    with log.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "simpatico.ui.cli", "serve", "--port", str(port)],
            env=env,
            stderr=out,
            stdout=subprocess.DEVNULL,
        )
        try:
            _speak(f"http://127.0.0.1:{port}", home)
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(60)
            finally:
                server.kill()
    held = log.read_text()
    assert WORD not in held.lower() and USER not in held
    assert "marmalade" not in held.lower()
    before, _, served = held.partition("(stop with Ctrl-C)\n")  # what the terminal is told
    begun = [line for line in before.splitlines() if line.startswith("{")]
    return [json.loads(line) for line in [*begun, *served.splitlines()]]


def _speak(url: str, home: Path) -> None:
    with httpx.Client(timeout=60) as client:
        for _ in range(600):
            try:
                if client.get(f"{url}/ready").status_code == 200:
                    break
            except httpx.TransportError:
                threading.Event().wait(0.1)
        chat = f"{url}/v1/chat/completions"
        said = {
            "messages": [{"role": "user", "content": f"I feel sad, something funny {WORD}"}],
            "user": USER,
        }
        answer = client.post(chat, json=said, headers={"x-request-id": MINE})
        assert answer.status_code == 200
        assert answer.json()["simpatico"]["degraded"]  # the model was of no use
        session = {"X-Session-Id": f"of-{USER}"}
        assert client.post(chat, json=said, headers=session).status_code == 200
        assert client.get(f"{url}/v1/users/{USER}/export").status_code == 200
        for name in ("events.sqlite", "sessions.sqlite"):  # whoever writes now must say so
            (home / name).rename(home / f"{name}.away")
        assert client.post(chat, json=said).status_code == 200
        unread = client.post(chat, json=said, headers=session)
        assert unread.status_code == 200 and unread.json()["simpatico"]["degraded"]
        malformed = {
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "tracestate": f"{WORD}=1,{WORD}=2",
            "baggage": f"{WORD}={'x' * 9000}",
        }
        assert client.get(f"{url}/v1/models", headers=malformed).status_code == 200
        assert client.request(WORD.upper(), f"{url}/v1/models").status_code == 405
        at = httpx.URL(url)
        with socket.create_connection((at.host, at.port or 80), timeout=60) as connection:
            connection.sendall(f"{WORD}\r\n\r\n".encode())
            assert b" 400 " in connection.recv(1000)
        event = {"user": USER, "item_id": "bear", "kind": "like", "id": WORD}
        assert client.post(f"{url}/v1/events", json=event).status_code == 503
        assert client.post(chat, content=f'{{"{WORD}"').status_code in (400, 415)


def test_every_line_of_a_request_has_its_id(lines: list[dict[str, str]]) -> None:
    mine = [line for line in lines if line["request_id"] == MINE]
    assert {line["logger"] for line in mine} >= {
        "simpatico.agent.mind",
        "simpatico.agent.api.guard",
    }
    for line in lines:
        assert set(line) >= {"at", "level", "logger", "request_id", "message"}


def test_a_request_is_one_line_without_the_names_in_its_path(lines: list[dict[str, str]]) -> None:
    told = [line["message"] for line in lines if line["logger"].endswith("guard")]
    pattern = r"POST /v1/chat/completions: 200 in \d+ ms"
    assert len([message for message in told if re.fullmatch(pattern, message)]) == 4
    assert any(message.startswith("GET /v1/users/{user:path}/export: 200") for message in told)


def test_the_web_server_writes_the_same_lines(lines: list[dict[str, str]]) -> None:
    assert "Invalid HTTP request received." in [line["message"] for line in lines]


def test_no_library_says_what_nobody_asked_for(lines: list[dict[str, str]]) -> None:
    assert "DEBUG" not in {line["level"] for line in lines}


def test_failures_are_told_by_their_kind(lines: list[dict[str, str]]) -> None:
    told = "\n".join(line["message"] for line in lines if line["level"] in ("WARNING", "ERROR"))
    assert "reading with" in told and "BadReply" in told
    assert "events.sqlite" in told and "sessions.sqlite" in told


def test_the_kinds_of_an_error_are_its_types_and_status() -> None:
    class Refused(Exception):
        status_code = 422

    error = LLMUnavailable("quoted words")
    error.__cause__ = Refused("more words")
    assert kinds(error) == "LLMUnavailable from Refused 422"
    assert kinds(BadReply("words", raw="words")) == "BadReply"
