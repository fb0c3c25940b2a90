"""Callers who speak HTTP badly, slowly or of long ago, over bare sockets."""

import json
import logging
import socket
from collections.abc import AsyncIterator, Iterator

import pytest
from starlette.requests import Request
from starlette.responses import StreamingResponse

from simpatico.agent.api import served
from simpatico.agent.api.app import create_app
from simpatico.agent.api.loopback import Loopback
from simpatico.agent.api.scripted import ScriptedService
from simpatico.domain import Reply, UserState
from simpatico.settings import Settings

REPLY = Reply(text="Here you are.", route="talk", state=UserState())
WAIT_S = 30.0


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with Loopback(create_app(ScriptedService(REPLY), settings=Settings())) as server:
        yield server.port


def told(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    got = b""
    while piece := connection.recv(65_536):
        got += piece
    return got


def said(port: int, *pieces: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            return b"refused"
        return told(connection)


def chat(version: bytes, **more: object) -> bytes:
    body = json.dumps({"messages": [{"role": "user", "content": "hi"}], **more}).encode()
    return (
        b"POST /v1/chat/completions HTTP/%s\r\nHost: localhost\r\nConnection: close\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
    ) % (version, len(body), body)


def test_a_caller_of_http_1_0_gets_a_stream_without_chunks(port: int) -> None:
    head, _, body = said(port, chat(b"1.0", stream=True)).partition(b"\r\n\r\n")
    assert b" 200 " in head and b"chunked" not in head.lower()
    assert body.startswith(b"data: {") and body.endswith(b"data: [DONE]\n\n")
    assert b"chunked" in said(port, chat(b"1.1", stream=True)).partition(b"\r\n\r\n")[0].lower()


@pytest.mark.parametrize("line", [b"X-Long: " + b"x" * 1000, b"X-Many: y\r\n" * 90])
def test_headers_without_end_are_refused_before_they_are_held(port: int, line: bytes) -> None:
    ending = b"" if line.endswith(b"\n") else b"x" * 1000
    many = 400 * served.HEAD_BYTES // 1000
    pieces = [line, *[ending or line] * many]
    got = said(port, b"GET /health HTTP/1.1\r\nHost: localhost\r\n", *pieces)
    assert got == b"refused" or got.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("begun", [b"", b"GET /health HTT"])
def test_who_does_not_say_what_is_wanted_is_not_waited_for(
    port: int, begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served, "HEAD_S", 0.3)
    whole = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert said(port, begun) == b""
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as connection:
        connection.sendall(whole)
        assert b" 200 " in connection.recv(65_536)
        connection.sendall(whole[:20])  # a second one, which would not be waited for either
        assert told(connection) == b""


def test_a_turn_may_take_longer_than_a_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "HEAD_S", 0.1)
    slow = ScriptedService(REPLY, pause_s=0.2)
    with Loopback(create_app(slow, settings=Settings())) as server:
        assert b'"Here you are."' in said(server.port, chat(b"1.1"))


@pytest.mark.parametrize("path", [b"/v1/chat/completions", b"/health", b"/elsewhere"])
def test_a_method_that_nobody_knows_is_refused_in_our_own_shape(port: int, path: bytes) -> None:
    ask = b"ZYXOMMA %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path
    head, _, body = said(port, ask).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 405 ")
    error = json.loads(body)["error"]
    assert error["code"] == "method_not_allowed" and "ZYXOMMA" not in error["message"]


def test_what_breaks_in_mid_stream_breaks_off_and_its_words_are_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def half() -> AsyncIterator[bytes]:
        yield b"so far"
        raise ValueError("amoxxyz"[::-1])  # lines of the source are logged

    async def broken(request: Request) -> StreamingResponse:
        return StreamingResponse(half())

    app = create_app(ScriptedService(REPLY), settings=Settings())
    app.add_route("/broken", broken)
    with caplog.at_level(logging.INFO), Loopback(app) as server:
        got = said(server.port, b"GET /broken HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b"so far" in got and not got.endswith(b"0\r\n\r\n")
    assert "unforeseen ValueError" in caplog.text and "in half" in caplog.text
    assert "zyxxoma" not in caplog.text
