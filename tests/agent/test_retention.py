"""What is too old is removed from every file, and nothing else is."""

import asyncio
import logging
import os
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from tiny import at_work, tiny, tiny_home
from typer.testing import CliRunner

from simpatico.agent.people import Kept
from simpatico.agent.retention import Forgotten, every_day
from simpatico.agent.service import Simpatico
from simpatico.domain import Event
from simpatico.errors import StoreError
from simpatico.settings import PrivacySettings
from simpatico.ui.cli import app

pytestmark = pytest.mark.model

KEEP = PrivacySettings(conversations_days=30, lists_days=90, events_days=365)
BEN = "ben-7c1e5a"
Got = TypeVar("Got")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which Ann and Ben talked and liked a film."""
    home: Path = tmp_path_factory.mktemp("lived")
    tiny_home(home)

    async def live(service: Simpatico) -> None:
        for user, word in (("ann", "quetzal"), (BEN, "zyxomma")):
            text = f"something funny with {word}"
            async for _ in service.turn(text, user=user, session=f"{user}-s"):
                pass
            like = Event(id=user, at=datetime.now(UTC), user=user, item_id="bear", kind="like")
            assert await service.record(like)

    run(home, live)
    return home


@pytest.fixture
def home(lived: Path, tmp_path: Path) -> Path:
    """That home, the test's own."""
    return Path(shutil.copytree(lived, tmp_path / "home"))


def run(home: Path, work: Callable[[Simpatico], Awaitable[Got]]) -> Got:
    settings = tiny(home, weights=True)

    return asyncio.run(at_work(settings, work))


def age(home: Path, **days: int) -> None:
    """Make what is kept of Ben so old."""
    columns = {"sessions": "used_us", "impressions": "at_us", "events": "at_us"}
    for table, n in days.items():
        file = home / ("sessions.sqlite" if table == "sessions" else "events.sqlite")
        connection = sqlite3.connect(file)
        at_us = int((datetime.now(UTC) - timedelta(days=n)).timestamp() * 1e6)
        with connection:
            connection.execute(
                f"UPDATE {table} SET {columns[table]} = ? WHERE user = ?", (at_us, BEN)
            )
        connection.close()


def forget(home: Path, keep: PrivacySettings = KEEP) -> tuple[Forgotten, Kept, Kept]:
    async def work(service: Simpatico) -> tuple[Forgotten, Kept, Kept]:
        forgotten = await service.forget_old(keep)
        return forgotten, await service.export("ann"), await service.export(BEN)

    return run(home, work)


def files_with(home: Path, word: str) -> list[str]:
    return sorted(
        path.name
        for path in home.rglob("*")
        if path.is_file() and word.encode() in path.read_bytes()
    )


def test_what_is_too_old_is_gone_from_the_disk_and_what_is_not_stays(home: Path) -> None:
    assert files_with(home, "zyxomma") == ["sessions.sqlite", "threads.sqlite"]
    age(home, sessions=31, impressions=91, events=366)
    forgotten, ann, ben = forget(home)
    assert forgotten == Forgotten(n_conversations=1, n_lists=1, n_events=1)
    assert (ben.conversations, ben.impressions, ben.events) == ((), (), ())
    assert len(ann.conversations) == len(ann.impressions) == len(ann.events) == 1
    assert ann.conversations[0].understood is not None
    assert files_with(home, "zyxomma") == files_with(home, BEN) == []
    assert files_with(home, "quetzal") == ["sessions.sqlite", "threads.sqlite"]


def test_what_is_nearly_too_old_stays(home: Path) -> None:
    age(home, sessions=29, impressions=89, events=364)
    forgotten, _, ben = forget(home)
    assert forgotten == Forgotten()
    assert len(ben.conversations) == len(ben.impressions) == len(ben.events) == 1


def test_each_kind_has_its_own_days_and_0_keeps(home: Path) -> None:
    age(home, sessions=5000, impressions=5000, events=5000)
    forgotten, _, ben = forget(home, PrivacySettings(events_days=1))
    assert forgotten == Forgotten(n_events=1)
    assert len(ben.conversations) == len(ben.impressions) == 1
    assert forget(home, PrivacySettings())[0] == Forgotten()


def test_an_old_conversation_that_is_taken_up_again_is_new(home: Path) -> None:
    age(home, sessions=5000)

    async def work(service: Simpatico) -> tuple[Forgotten, Kept]:
        async for _ in service.turn("older", user=BEN, session=f"{BEN}-s"):
            pass
        return await service.forget_old(KEEP), await service.export(BEN)

    forgotten, ben = run(home, work)
    assert forgotten == Forgotten()
    assert len(ben.conversations[0].turns) == 4


def test_conversations_from_before_times_were_kept_begin_now(home: Path) -> None:
    connection = sqlite3.connect(home / "sessions.sqlite")
    with connection:
        connection.execute("DROP TABLE titles")
        connection.execute("DROP TABLE consents")
        connection.execute("ALTER TABLE turns DROP COLUMN list_id")
        connection.execute("ALTER TABLE sessions DROP COLUMN used_us")
        connection.execute("UPDATE schema SET version = 1 WHERE part = 'sessions'")
    connection.close()
    assert forget(home)[0] == Forgotten()
    age(home, sessions=31)
    assert forget(home)[0] == Forgotten(n_conversations=1)


def test_the_command_tells_how_much_it_removed_and_whose_it_was_not(home: Path) -> None:
    age(home, sessions=31, impressions=91, events=366)
    env = {
        "SIMPATICO_HOME": str(home),
        "SIMPATICO_PRIVACY__CONVERSATIONS_DAYS": "30",
        "SIMPATICO_PRIVACY__EVENTS_DAYS": "365",
    }
    result = CliRunner().invoke(app, ["privacy", "forget-old"], env={**os.environ, **env})
    assert result.exit_code == 0
    assert "1 conversations, 0 lists, 1 events" in result.output
    assert BEN not in result.output
    assert files_with(home, "zyxomma") == []


def test_it_is_done_at_start_and_again_and_a_failure_does_not_end_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    calls: list[int] = []
    enough = asyncio.Event()

    async def work() -> Forgotten:
        calls.append(len(calls))
        if len(calls) == 2:
            raise StoreError("the disk is full")
        if len(calls) == 4:
            enough.set()
        return Forgotten(n_lists=7)

    async def whole() -> None:
        job = asyncio.create_task(every_day(work, every_s=0, again_s=0))
        await enough.wait()
        job.cancel()

    with caplog.at_level(logging.INFO):
        asyncio.run(whole())
    assert "0 conversations, 7 lists, 0 events" in caplog.text
    assert "the disk is full" in caplog.text
