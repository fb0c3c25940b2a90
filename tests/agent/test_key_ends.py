"""A key that ends while an answer is under way: the answer is finished, and nothing after it."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from simpatico.agent.api.app import create_app
from simpatico.agent.api.keys import FILE, Keys
from simpatico.agent.api.loopback import Loopback
from simpatico.agent.api.scripted import ScriptedService
from simpatico.domain import Finished, Reply, Update, UserState
from simpatico.settings import LimitSettings, Settings

REPLY = Reply(text="One film for a long night.", route="talk", state=UserState())
WAIT_S = 30.0


class Waiting(ScriptedService):
    """Says its words, and ends no turn before it may."""

    def __init__(self) -> None:
        super().__init__(REPLY)
        self.may_end = threading.Event()

    async def turn(self, text: str, **more: Any) -> AsyncGenerator[Update, None]:
        async for update in super().turn(text, **more):
            if isinstance(update, Finished):
                assert await asyncio.to_thread(self.may_end.wait, WAIT_S)
            yield update


@pytest.fixture
def service() -> Waiting:
    return Waiting()


@pytest.fixture
def url(tmp_path: Path, service: Waiting) -> Iterator[str]:
    settings = Settings(home=tmp_path, limits=LimitSettings(at_once=1))
    with Loopback(create_app(service, settings=settings)) as server:
        yield server.url


@contextmanager
def asked(url: str, key: str, *, stream: bool = False, name: str = "") -> Iterator[httpx.Response]:
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": name}
    body = {"messages": [{"role": "user", "content": "hi"}], "stream": stream, "user": "ann"}
    with (
        httpx.Client(verify=False, trust_env=False, timeout=WAIT_S) as client,
        client.stream("POST", f"{url}/v1/chat/completions", json=body, headers=headers) as answer,
    ):
        yield answer


def status(url: str, key: str, *, name: str = "") -> int:
    with asked(url, key, name=name) as answer:
        return answer.status_code


def revoked(keys: Keys, key_id: str) -> None:
    keys.revoke(key_id)


def rotated(keys: Keys, key_id: str) -> None:
    keys.rotate(key_id, grace=timedelta(0))


@pytest.mark.parametrize("end", [revoked, rotated])
def test_a_stream_under_way_is_finished_and_no_further_call_is_answered(
    tmp_path: Path, service: Waiting, url: str, end: Callable[[Keys, str], None]
) -> None:
    keys = Keys(tmp_path / FILE)
    _, other = keys.add("other", scopes=["chat"])
    key, secret = keys.add("shop", scopes=["chat"])
    with asked(url, secret, stream=True, name="once") as answer:
        lines = answer.iter_lines()
        first = next(lines)
        end(keys, key.id)
        assert status(url, secret) == 401
        assert status(url, other) == 429, "the stream has its place still"
        service.may_end.set()
        rest = [first, *lines]
    assert answer.status_code == 200
    assert [line for line in rest if line][-1] == "data: [DONE]"
    assert '"finish_reason":"stop"' in "".join(rest)
    assert status(url, secret) == 401
    assert status(url, secret, name="once") == 401, "nor is what was answered told again"
    assert status(url, other) == 200, "the place is free again"


def test_who_tries_again_with_the_key_that_took_its_place_gets_the_same_answer(
    tmp_path: Path, service: Waiting, url: str
) -> None:
    keys = Keys(tmp_path / FILE)
    key, old = keys.add("shop", scopes=["chat"])
    service.may_end.set()
    with asked(url, old, name="once") as answer:
        first = answer.read()
    _, new = keys.rotate(key.id, grace=timedelta(0))
    with asked(url, new, name="once") as again:
        assert again.read() == first
    assert len(service.asked) == 1
