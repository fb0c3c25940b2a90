"""A caller who vanishes: the language model is hung up on, and nothing is left half done."""

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from tiny import started, tiny, tiny_home

from simpatico.agent.api.app import create_app
from simpatico.agent.api.loopback import Loopback
from simpatico.agent.scripted_server import ModelServer, Said
from simpatico.settings import LimitSettings

PATIENCE_S = 20.0
SAID = {"messages": [{"role": "user", "content": "a comedy"}], "user": "ann"}


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def leave(model: ModelServer, port: int, session: str, *, stream: bool) -> None:
    """Ask something, and be gone while the language model answers."""
    model.script = lambda body: Said(pieces=("Here ",), ending="hang")
    body = json.dumps({**SAID, "stream": stream})
    with socket.create_connection(("127.0.0.1", port)) as leaving:
        leaving.sendall(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Type: application/json\r\nX-Session-Id: {session}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        until(lambda: model.n_open == 1)
    until(lambda: model.n_open == 0)
    model.script = lambda body: Said()


def test_who_leaves_takes_the_model_s_work_and_the_place_along(tmp_path: Path) -> None:
    model = ModelServer(lambda body: Said())
    with model.serving() as llm_url:
        llm = {"url": llm_url, "model": "scripted", "rephrase": "always"}
        limits = LimitSettings(at_once=1)
        settings = tiny(tiny_home(tmp_path), reader="encoder", llm=llm, limits=limits)
        app = create_app(lambda: started(settings), settings=settings)
        with Loopback(app) as server, httpx.Client(trust_env=False, timeout=60) as http:

            def answered(session: str) -> bool:
                chat, named = f"{server.url}/v1/chat/completions", {"X-Session-Id": session}
                return http.post(chat, json=SAID, headers=named).status_code == 200

            until(lambda: http.get(f"{server.url}/ready").status_code == 200)
            leave(model, server.port, "streamed", stream=True)
            until(lambda: answered("streamed"))
            leave(model, server.port, "whole", stream=False)
            until(lambda: answered("whole"))
            kept = http.get(f"{server.url}/v1/users/ann/export").json()
            metrics = http.get(f"{server.url}/metrics").text
    assert {talk["session"] for talk in kept["conversations"]} == {"streamed", "whole"}
    for talk in kept["conversations"]:  # no half answer
        assert [turn["role"] for turn in talk["turns"]] == ["user", "user", "assistant"]
    assert "simpatico_turns_running 0.0" in metrics
    assert 'simpatico_turns_failed_total{code="caller_gone",door="api"} 2.0' in metrics
