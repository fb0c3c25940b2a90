"""Each part killed, slow, lying or full, while it runs: a labelled answer, nothing lost."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simpatico.agent.build import build
from simpatico.agent.scripted_server import ModelServer, Said, Script
from simpatico.agent.service import Simpatico
from simpatico.domain import Finished, Reply, TextDelta
from simpatico.errors import NotAllowed
from simpatico.settings import Settings, load_settings

ASK = "a warm comedy about friends"
AGAIN = "a tense thriller instead"


async def say(service: Simpatico, text: str, *, user: str = "ann", session: str = "s") -> Reply:
    """One turn, whose text is what was streamed."""
    said = ""
    async for update in service.turn(text, user=user, session=session):
        if isinstance(update, TextDelta):
            said += update.text
        elif isinstance(update, Finished):
            assert update.reply.text == said
            return update.reply
    raise AssertionError("a turn without a reply")


def running(settings: Settings, work: Callable[[Simpatico], Awaitable[None]]) -> None:
    async def whole() -> None:
        service = await build(settings, progress=lambda label, done, total: None)
        try:
            await work(service)
        finally:
            await service.aclose()

    asyncio.run(whole())


def whole(reply: Reply, label: str) -> None:
    """A whole answer that admits one thing."""
    assert reply.recommendations
    for one in reply.recommendations:
        assert one.item.title in reply.text
    assert any(label in each for each in reply.degraded), reply.degraded


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Somebody else writes to a database and does not come to an end."""
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
    finally:
        other.close()


def always(said: Said) -> Script:
    """The same answer whatever is asked."""
    return lambda body: said


def broken(*args: Any, **more: Any) -> Any:
    """Not an error that anybody expects."""
    raise RuntimeError("onnxruntime: bad allocation")


FAULTS = {
    "overloaded": Said(status=429),
    "broken": Said(status=500),
    "garbage": Said(pieces=(), ending="garbage"),
    "garbage after a word": Said(pieces=("Here ",), ending="garbage"),
    "cut": Said(pieces=("Here are ", "some. "), ending="cut"),
    "hangs after a word": Said(pieces=("Here ",), ending="hang"),
    "hangs": Said(pieces=(), ending="hang"),
}


def test_a_language_model_that_fails_in_any_way_leaves_a_whole_labelled_answer(
    home: Path,
) -> None:
    server = ModelServer(lambda body: Said())

    async def work(service: Simpatico) -> None:
        for what, fault in FAULTS.items():
            server.script = always(fault)
            reply = await say(service, ASK, session=what)
            whole(reply, "language model did not answer")
            assert len(await service.conversations.dialogue("ann", what)) == 2
        server.script = lambda body: Said(pieces=("Nice day, ", "isn't it? ", "Buy Ostrivane."))
        lied = await say(service, ASK, session="lies")
        assert "Ostrivane" not in lied.text and lied.recommendations
        assert not lied.degraded  # what it said was held back: the answer is as good as ever

    with server.serving() as url:
        llm = {"url": url, "rephrase": "always", "timeout_s": 0.5}
        running(load_settings(home=home, llm=llm), work)


def test_an_encoder_that_breaks_leaves_wishes_and_known_titles(settings: Settings) -> None:
    async def work(service: Simpatico) -> None:
        assert not (await say(service, ASK)).degraded
        encoder = service._mind.index._encoder
        encoder.encode = broken  # type: ignore[method-assign]
        reply = await say(service, "a thriller from the 90s")
        whole(reply, "Feelings could not be read")
        assert all(one.item.year in range(1990, 2000) for one in reply.recommendations)
        assert any("Search is not working" in each for each in reply.degraded)
        assert len(await service.conversations.dialogue("ann", "s")) == 4

    running(settings, work)


def test_a_store_that_gives_what_it_must_not_is_not_believed(settings: Settings) -> None:
    async def work(service: Simpatico) -> None:
        store = service._mind.index.store
        for lie in (
            lambda vector, **more: [("no such film", 0.9)],
            lambda vector, **more: [("x", float("nan"))],
            lambda vector, **more: np.zeros(3),
        ):
            store.search = lie  # type: ignore[method-assign,assignment]
            whole(await say(service, ASK, session=f"s{id(lie)}"), "Search is not working")

    running(settings, work)


def test_conversations_that_are_locked_are_answered_without_their_past(
    settings: Settings, home: Path
) -> None:
    async def work(service: Simpatico) -> None:
        await say(service, ASK)
        with locked(home / "sessions.sqlite"):
            for text in (AGAIN, ASK):
                whole(await say(service, text), "could not be stored")
        kept = await service.conversations.dialogue("ann", "s")
        assert [turn.text for turn in kept if turn.role == "user"] == [ASK]
        assert not (await say(service, AGAIN)).degraded  # and it goes on
        with pytest.raises(NotAllowed):
            await say(service, ASK, user="eve")

    running(settings, work)


def test_a_thread_that_cannot_be_read_or_stored_is_made_up_for_by_what_was_said(
    settings: Settings, home: Path
) -> None:
    async def work(service: Simpatico) -> None:
        first = await say(service, "a western from the 60s")
        other = sqlite3.connect(home / "threads.sqlite", isolation_level=None)
        other.execute("ALTER TABLE checkpoints RENAME TO gone")
        reply = await say(service, "others please")
        whole(reply, "understood of this conversation before")
        again = {one.item.id for one in reply.recommendations}
        assert not again & {one.item.id for one in first.recommendations}
        assert all(one.item.year in range(1960, 1970) for one in reply.recommendations)
        other.execute("ALTER TABLE gone RENAME TO checkpoints")
        other.close()
        assert not (await say(service, ASK)).degraded

    running(settings, work)


def test_events_on_a_full_disk_cost_a_label_and_no_answer(settings: Settings) -> None:
    async def work(service: Simpatico) -> None:
        await say(service, ASK)
        events: Any = service._events
        pages = events._db.read("PRAGMA page_count")[0][0]
        events._db.read(f"PRAGMA max_page_count={pages}")
        replies = [await say(service, f"{ASK} {n}", session=f"t{n}") for n in range(30)]
        full = [reply for reply in replies if reply.degraded]
        assert full
        whole(full[-1], "could not be stored")
        assert len(await asyncio.to_thread(events.impressions, "ann")) == 31 - len(full)

    running(settings, work)


def test_a_ranker_that_breaks_gives_way(settings: Settings) -> None:
    async def work(service: Simpatico) -> None:
        ranker: Any = service._mind.ranker
        ranker._trained.rank = broken
        whole(await say(service, ASK), "trained ranker does not work")
        assert (await service.health())["ranker"].startswith("degraded")

    running(settings, work)
