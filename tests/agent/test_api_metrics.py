"""Turns counted for another door than the API's."""

import asyncio

import pytest

from simpatico.agent.api.metrics import Metrics
from simpatico.agent.api.scripted import ScriptedService
from simpatico.domain import Finished, Reply, TurnOptions, UserState
from simpatico.errors import StoreError

REPLY = Reply(text="Well then.", route="talk", state=UserState())


async def follow(metrics: Metrics, service: ScriptedService, *, n: int = 100) -> int:
    """Take up to n updates of a turn at the page, then leave; gives how many came."""
    updates = metrics.counted(
        "page", service.turn("x", user="u", session="s", options=TurnOptions(), dialogue=None)
    )
    taken = 0
    async for _ in updates:
        taken += 1
        if taken == n:
            break
    await updates.aclose()
    return taken


def series(metrics: Metrics) -> list[str]:
    return [line for line in metrics.text().decode().splitlines() if 'door="page"' in line]


def test_an_answered_turn_is_counted_once() -> None:
    metrics = Metrics()
    n = asyncio.run(follow(metrics, ScriptedService(REPLY)))
    asyncio.run(follow(metrics, ScriptedService(REPLY), n=n))  # left right after the reply
    found = series(metrics)
    assert 'simpatico_turns_total{door="page",route="talk"} 2.0' in found
    assert 'simpatico_turn_seconds_count{door="page"} 2.0' in found
    assert 'simpatico_time_to_first_word_seconds_count{door="page"} 2.0' in found
    assert not [line for line in found if "failed" in line]


def test_a_turn_left_before_its_end_is_stopped_and_lets_go_of_the_service() -> None:
    metrics, service = Metrics(), ScriptedService(REPLY)
    asyncio.run(follow(metrics, service, n=1))
    assert 'simpatico_turns_failed_total{code="stopped",door="page"} 1.0' in series(metrics)
    assert service.stopped.is_set()
    assert "simpatico_turns_running 0.0" in metrics.text().decode()


def test_a_turn_that_breaks_is_counted_by_its_code_and_still_raises() -> None:
    metrics = Metrics()
    with pytest.raises(StoreError):
        asyncio.run(follow(metrics, ScriptedService(REPLY, error=StoreError("full"))))
    assert 'simpatico_turns_failed_total{code="unavailable",door="page"} 1.0' in series(metrics)


def test_updates_come_through_unchanged() -> None:
    async def work() -> list[object]:
        turn = ScriptedService(REPLY).turn(
            "x", user="u", session="s", options=TurnOptions(), dialogue=None
        )
        return [update async for update in Metrics().counted("page", turn)]

    assert asyncio.run(work())[-1] == Finished(reply=REPLY)
