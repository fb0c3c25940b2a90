"""Conversations that are kept: listed, opened again, renamed, forgotten. On a real service."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tiny import at_work, tiny, tiny_home

from simpatico.agent.history import title_of
from simpatico.agent.service import Simpatico
from simpatico.domain import Finished, Heading, Reply, TurnOptions


async def say(service: Simpatico, text: str, *, user: str = "ann", session: str = "s") -> Reply:
    async for update in service.turn(text, user=user, session=session):
        if isinstance(update, Finished):
            return update.reply
    raise AssertionError("no reply")


@pytest.fixture
def run(tmp_path: Path) -> Callable[[Callable[[Simpatico], Coroutine[Any, Any, None]]], None]:
    """Runs a coroutine on a service of its own; every call is a start of the same home."""
    tiny_home(tmp_path)

    def one_start(work: Callable[[Simpatico], Coroutine[Any, Any, None]]) -> None:
        asyncio.run(at_work(tiny(tmp_path), work))

    return one_start


Run = Callable[[Callable[[Simpatico], Coroutine[Any, Any, None]]], None]


def test_a_conversation_is_as_it_was_after_a_restart(run: Run) -> None:
    kept: list[Reply] = []

    async def before(service: Simpatico) -> None:
        kept.append(await say(service, "something funny please"))
        async for _ in service.revise(user="ann", session="s", options=TurnOptions(mood="joy")):
            pass
        kept.append(await say(service, "I want to kill myself"))
        kept.append(await say(service, "something scary"))

    async def after(service: Simpatico) -> None:
        past = await service.conversations.reopen("ann", "s")
        assert past is not None
        first, revised, care, last = past.exchanges
        assert (first.asked, first.answer) == ("something funny please", kept[0].text)
        assert [one.item.id for one in first.shown] == [
            one.item.id for one in kept[0].recommendations
        ]
        assert not first.whole
        assert revised.asked == "" and revised.answer and revised.list_id != first.list_id
        assert care.care and not care.shown and care.answer == kept[1].text
        # The newest list is drawn as it was, with its estimates and reasons.
        assert last.whole and last.shown == kept[2].recommendations
        assert past.state.constraints == kept[2].state.constraints
        assert past.state.mood.label == "unknown"
        assert await service.conversations.reopen("bob", "s") is None
        [heading] = await service.conversations.headings("ann")
        assert title_of(heading) == "something funny please"
        assert heading.n_turns == 7

    run(before)
    run(after)


def test_a_list_that_was_not_logged_comes_back_without_cards(run: Run) -> None:
    async def work(service: Simpatico) -> None:
        quiet = TurnOptions(personal=False)
        async for _ in service.turn("something funny", user="ann", session="s", options=quiet):
            pass
        await say(service, "something scary")
        past = await service.conversations.reopen("ann", "s")
        assert past is not None
        assert past.exchanges[0].answer and past.exchanges[0].shown == ()
        assert past.exchanges[1].shown

    run(work)


def test_only_the_owner_renames_and_forgets(run: Run) -> None:
    async def work(service: Simpatico) -> None:
        await say(service, "something funny")
        assert not await service.conversations.rename("bob", "s", "mine now")
        assert not await service.conversations.forget("bob", "s")
        assert await service.conversations.rename("ann", "s", "  A\nrainy\u202e evening  ")
        assert [title_of(one) for one in await service.conversations.headings("ann")] == [
            "A rainy evening"
        ]
        assert (await service.export("ann")).conversations[0].title == "A rainy evening"
        assert await service.conversations.rename("ann", "s", "x" * 500)
        assert len((await service.conversations.headings("ann"))[0].title) == 80
        assert await service.conversations.forget("ann", "s")
        assert not await service.conversations.forget("ann", "s")
        assert await service.conversations.headings("ann") == []
        assert await service.conversations.reopen("ann", "s") is None
        # Nothing of it carries over when it is begun anew; what was shown is still known.
        reply = await say(service, "hello")
        assert reply.state.constraints.tones == ()
        assert (await service.profile("ann")).shown

    run(work)


def test_forgetting_waits_for_the_turn_that_runs(run: Run) -> None:
    async def work(service: Simpatico) -> None:
        await say(service, "something funny")
        updates = service.turn("something scary", user="ann", session="s")
        await anext(updates)
        forgetting = asyncio.create_task(service.conversations.forget("ann", "s"))
        await asyncio.sleep(0.05)
        assert not forgetting.done()
        async for _ in updates:
            pass
        assert await forgetting
        assert await service.conversations.headings("ann") == []

    run(work)


@pytest.mark.parametrize(
    ("opening", "title"),
    [
        ("", "A conversation"),
        ("short and plain", "short and plain"),
        ("rough week, I need something warm and funny, nothing with kids",
         "rough week, I need something warm and funny …"),
        ("一" * 60, "一" * 48 + " …"),
        ("two\nlines\tand \u202ebidi", "two lines and bidi"),
    ],
)  # fmt: skip
def test_a_title_is_the_first_words(opening: str, title: str) -> None:
    assert title_of(Heading(session="s", opening=opening, at=datetime.now(UTC), n_turns=1)) == title
