"""Whole turns with exploring on: what is logged is what was shown, and no limit is broken."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from simpatico.agent.build import build
from simpatico.agent.eventlog import SqliteLog
from simpatico.agent.service import Simpatico
from simpatico.domain import Event, Finished, Impression, Reply, TurnOptions
from simpatico.eval import offpolicy_run
from simpatico.retrieval.explore import EXPLORED, N_NEXT
from simpatico.settings import Settings, load_settings

pytestmark = pytest.mark.model

ASK = "a warm and funny film, nothing with kids, and not Paddington 2"
SHARE = 0.2
N = 15


class Said(NamedTuple):
    """One person's session: the replies, and the lists that were logged."""

    replies: list[Reply]
    lists: list[Impression]


Talk = Callable[[str, list[str], TurnOptions], Said]


class Running(NamedTuple):
    """A service that explores, and a way to talk to it in a session named as the person."""

    service: Simpatico
    talk: Talk
    settings: Settings


@pytest.fixture(scope="module")
def running(built_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = shutil.copytree(built_home, tmp_path_factory.mktemp("exploring") / "home")
    settings = load_settings(home=home, llm={"enabled": False}, retrieval={"explore": SHARE})
    with asyncio.Runner() as runner:
        service = runner.run(build(settings, progress=lambda label, done, total: None))

        async def replies(user: str, texts: list[str], options: TurnOptions) -> list[Reply]:
            found = []
            for text in texts:
                turn = service.turn(text, user=user, session=user, options=options)
                updates = [update async for update in turn]
                assert isinstance(updates[-1], Finished)
                found.append(updates[-1].reply)
            return found

        def talk(user: str, texts: list[str], options: TurnOptions) -> Said:
            said = runner.run(replies(user, texts, options))
            with closing(SqliteLog(home / "events.sqlite")) as log:
                return Said(said, log.impressions(user))

        yield Running(service, talk, settings)
        runner.run(service.aclose())


def ids(reply: Reply) -> tuple[str, ...]:
    return tuple(one.item.id for one in reply.recommendations)


def by_chance(reply: Reply) -> list[bool]:
    return [any(part.name == EXPLORED for part in one.parts) for one in reply.recommendations]


def test_what_is_logged_is_what_was_shown(running: Running) -> None:
    explored = 0
    for number in range(N):
        [reply], [logged] = running.talk(f"one {number}", [ASK], TurnOptions())
        assert (logged.list_id, logged.items) == (reply.list_id, ids(reply))
        assert logged.policy.endswith(", 0.2 explored")
        assert logged.propensities[:-1] == (1.0,) * (len(logged.items) - 1)
        could = {choice.item_id for choice in logged.choices}
        assert len(could) == N_NEXT + 1
        assert not set(logged.items[:-1]) & could
        *others, last = by_chance(reply)
        assert not any(others)
        assert logged.propensities[-1] == pytest.approx(SHARE / N_NEXT if last else 1 - SHARE)
        explored += last
        assert not reply.degraded
    assert 0 < explored < N


def test_nothing_ruled_out_could_have_been_shown(running: Running) -> None:
    replies, lists = running.talk("two", [ASK, "not the first one, others please"], TurnOptions())
    assert len(lists) == 2
    out = replies[1].state.constraints.exclude_ids
    assert ids(replies[0])[0] in out
    catalog = running.service.catalog
    for logged in lists:
        assert logged.choices
        for choice in logged.choices:
            item = catalog.get(choice.item_id)
            assert item is not None
            assert item.title != "Paddington 2"
            assert item.tone_of("kids") < 0.6
            assert not {"Family", "Animated"} & set(item.genres)
    assert not {choice.item_id for choice in lists[1].choices} & set(out)


def test_the_log_of_a_running_home_can_be_judged(running: Running) -> None:
    for number in range(N):
        [reply], [logged] = running.talk(f"judge {number}", [ASK], TurnOptions())
        with closing(SqliteLog(running.settings.home / "events.sqlite")) as log:
            log.append(
                Event(
                    id=f"like {number}",
                    at=logged.at,
                    user=logged.user,
                    list_id=logged.list_id,
                    item_id=logged.items[number % 4],
                    kind="like",
                )
            )
            with_chances = sum(
                bool(one.choices) for user in log.users() for one in log.impressions(user)
            )
    made, table = offpolicy_run.run(running.settings, targets=["best", "linear"])
    assert made.record.n == with_chances and f"{with_chances} lists" in table.title
    assert [row[0] for row in table.rows][1::3] == ["best, IPS", "linear, IPS"]
    assert float(table.rows[0][1]) > 0


def test_who_asks_for_the_safe_gets_the_best(running: Running) -> None:
    for number in range(N):
        [reply], [logged] = running.talk(f"safe {number}", [ASK], TurnOptions(adventurous=0))
        assert (logged.propensities, logged.choices) == ((1.0,) * len(logged.items), ())
        assert not any(by_chance(reply))


def test_who_wants_nothing_kept_is_not_experimented_on(running: Running) -> None:
    options = TurnOptions(personal=False)
    found = [running.talk(f"nobody {number}", [ASK], options) for number in range(N)]
    assert [said.lists for said in found] == [[]] * N
    assert len({ids(said.replies[0]) for said in found}) == 1


def test_off_the_chances_are_logged_as_certain(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    mind = running.service._mind
    off = mind.settings.model_copy(update={"explore": 0.0})
    monkeypatch.setattr(mind, "settings", off)
    found = [running.talk(f"off {number}", [ASK], TurnOptions()) for number in range(N)]
    assert len({said.lists[0].items for said in found}) == 1
    for said in found:
        logged = said.lists[0]
        assert (logged.propensities, logged.choices) == ((1.0,) * len(logged.items), ())
        assert "explored" not in logged.policy
