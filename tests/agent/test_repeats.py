"""The same request again, with an Idempotency-Key: the same answer, and no second turn."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message

from simpatico.agent.api import repeats
from simpatico.agent.api.app import create_app
from simpatico.agent.api.auth import Caller, Person
from simpatico.agent.api.loopback import Loopback
from simpatico.agent.api.repeats import Repeats
from simpatico.agent.api.schemas import ChatRequest
from simpatico.agent.api.scripted import ScriptedService
from simpatico.domain import Item, Recommendation, Reply, UserState
from simpatico.errors import StoreError
from simpatico.settings import Settings

REPLY = Reply(
    text="Try Up tonight.",
    route="recommend",
    state=UserState(),
    recommendations=(Recommendation(item=Item(id="up", title="Up"), p_accept=0.5),),
)
CHAT: dict[str, Any] = {"messages": [{"role": "user", "content": "fun"}], "user": "ann"}


@pytest.fixture
def service() -> ScriptedService:
    return ScriptedService(REPLY)


@pytest.fixture
def url(service: ScriptedService) -> Iterator[str]:
    with Loopback(create_app(service, settings=Settings())) as server:
        yield server.url


def post(url: str, body: dict[str, Any], key: str = "k", path: str = "chat/completions") -> Any:
    with httpx.Client(verify=False, trust_env=False) as client:
        headers = {"Idempotency-Key": key} if key else {}
        return client.post(f"{url}/v1/{path}", json=body, headers=headers)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("path", "body"), [("chat/completions", CHAT), ("responses", {"input": "fun", "user": "ann"})]
)
def test_a_request_that_is_sent_again_is_answered_again_without_a_turn(
    url: str, service: ScriptedService, path: str, body: dict[str, Any], stream: bool
) -> None:
    first, second = (post(url, {**body, "stream": stream}, path=path) for _ in range(2))
    assert len(service.asked) == 1
    assert second.content == first.content
    assert second.headers["content-type"] == first.headers["content-type"]
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert second.headers["x-request-id"] != first.headers["x-request-id"]


def test_without_the_key_or_with_another_it_is_another_turn(
    url: str, service: ScriptedService
) -> None:
    answers = [post(url, CHAT, key=key).json()["id"] for key in ("", "", "a", "b")]
    assert len(set(answers)) == len(service.asked) == 4


def test_a_key_is_for_one_request(url: str, service: ScriptedService) -> None:
    assert post(url, CHAT).status_code == 200
    for other in ({**CHAT, "user": "ben"}, {**CHAT, "stream": True}):
        refused = post(url, other)
        assert refused.status_code == 422
        assert refused.json()["error"]["code"] == "idempotency_key_reused"
    assert post(url, CHAT, key="x" * 256).status_code == 400
    assert len(service.asked) == 1


@pytest.mark.parametrize("after", [0, 4])
@pytest.mark.parametrize("stream", [False, True])
def test_what_failed_is_tried_again(after: int, stream: bool) -> None:
    service = ScriptedService(REPLY, error=StoreError("full"), error_after=after)
    with Loopback(create_app(service, settings=Settings())) as server:
        for _ in range(2):
            answer = post(server.url, {**CHAT, "stream": stream})
            assert "idempotency-replayed" not in answer.headers
    assert len(service.asked) == 2


def test_the_same_request_beside_the_first_is_told_to_wait() -> None:
    service = ScriptedService(REPLY, pause_s=0.2)
    with (
        Loopback(create_app(service, settings=Settings())) as server,
        ThreadPoolExecutor(2) as pool,
    ):
        both = list(pool.map(lambda _: post(server.url, CHAT), range(2)))
        again = post(server.url, CHAT)
    waits, well = sorted(both, key=lambda answer: -answer.status_code)
    assert (waits.status_code, well.status_code) == (409, 200)
    assert waits.json()["error"]["code"] == "idempotency_in_progress"
    assert waits.headers["retry-after"]
    assert again.content == well.content
    assert len(service.asked) == 1


def test_what_was_answered_is_forgotten_with_the_person(url: str, service: ScriptedService) -> None:
    post(url, CHAT)
    with httpx.Client(verify=False, trust_env=False) as client:
        client.delete(f"{url}/v1/users/ann").raise_for_status()
    post(url, CHAT)
    assert len(service.asked) == 2


def test_answers_are_kept_for_a_while_and_not_without_end() -> None:
    now = 0.0
    kept = Repeats(clock=lambda: now)
    made = []

    def ask(key: str) -> list[Message]:
        """Send one request through; gives what came."""
        scope: dict[str, Any] = {
            "type": "http",
            "path": "/v1/x",
            "headers": [(b"idempotency-key", key.encode())],
            "state": {"caller": Caller()},
        }
        sent: list[Message] = []

        async def make() -> Response:
            made.append(key)
            return PlainTextResponse("x" * (repeats.MAX_BYTES // 3))

        async def send(message: Message) -> None:
            sent.append(message)

        async def run() -> None:
            who = Person(user="ann", throwaway=False)
            request = Request(scope)
            asked = ChatRequest.model_validate(CHAT)
            response = await kept.once(request, asked, who, make)
            await response(scope, request.receive, send)

        asyncio.run(run())
        return sent

    first = ask("a")
    assert ask("a")[1:] == first[1:] and made == ["a"]
    now = repeats.KEPT_S - 1
    ask("a")
    now = repeats.KEPT_S + 1
    ask("a")
    assert made == ["a", "a"]  # the first was dropped in time
    for key in "bcd":
        ask(key)
    ask("d")
    ask("a")
    assert made == ["a", "a", "b", "c", "d", "a"]  # four are too many: the oldest went
