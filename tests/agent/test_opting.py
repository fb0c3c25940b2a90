"""What is stored only for who asks for it (moods), and nothing for who does not want it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tiny import COMEDIES, at_work, tiny, tiny_home

from simpatico.agent.eventlog import SqliteLog
from simpatico.agent.service import Simpatico
from simpatico.domain import MOODS, Event, Finished, Mood, Reply, Turn, TurnOptions
from simpatico.settings import PrivacySettings

pytestmark = pytest.mark.model

ANN = "ann-7c1e5a"
SAD = "I'm heartbroken and sad. a comedy please"
PRIVATE = TurnOptions(personal=False)
KEEP, FORGET = TurnOptions(keep_mood=True), TurnOptions(keep_mood=False)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    tiny_home(tmp_path, COMEDIES)
    return tmp_path


def run(
    home: Path,
    work: Callable[[Simpatico], Awaitable[None]],
    *,
    keep_moods: bool = False,
) -> None:
    settings = tiny(home, weights=True, privacy=PrivacySettings(keep_moods=keep_moods))

    asyncio.run(at_work(settings, work))


async def say(
    service: Simpatico,
    text: str,
    options: TurnOptions = TurnOptions(),
    *,
    dialogue: tuple[Turn, ...] | None = None,
) -> Reply:
    turn = service.turn(text, user=ANN, session="s", options=options, dialogue=dialogue)
    last = [update async for update in turn][-1]
    assert isinstance(last, Finished)
    return last.reply


async def mood_kept(service: Simpatico) -> Mood:
    (talk,) = (await service.export(ANN)).conversations
    assert talk.understood is not None
    return talk.understood.mood


def files_with(home: Path, *words: str) -> set[str]:
    """Names of the files with any of the words. Not vectors: by chance "joy" may be in them."""
    files = [path for path in home.rglob("*") if path.is_file() and path.suffix != ".bin"]
    contents = {path.name: path.read_bytes() for path in files}
    return {name for name, held in contents.items() for word in words if word.encode() in held}


def test_no_file_holds_a_mood_unless_asked_for(home: Path) -> None:
    async def work(service: Simpatico) -> None:
        reply = await say(service, SAD)
        assert reply.state.mood.label in ("sadness", "grief")
        assert reply.recommendations
        assert await mood_kept(service) == Mood()

    run(home, work)
    assert files_with(home, SAD) == {"sessions.sqlite"}  # the words are kept, as they were said
    assert files_with(home, "valence", "arousal", "distribution", *MOODS) == set()


def test_a_mood_is_kept_for_who_wants_it_until_they_do_not(home: Path) -> None:
    async def want(service: Simpatico) -> None:
        reply = await say(service, SAD, KEEP)
        assert await mood_kept(service) == reply.state.mood

    async def want_no_more(service: Simpatico) -> None:
        await say(service, "I'm heartbroken. older", FORGET)
        assert await mood_kept(service) == Mood()

    run(home, want)
    assert files_with(home, "valence") == {"threads.sqlite"}
    run(home, want_no_more)
    assert files_with(home, "valence", "sadness", "grief") == set()


def test_who_does_not_say_has_what_the_settings_say(home: Path) -> None:
    async def work(service: Simpatico) -> None:
        reply = await say(service, SAD)
        assert reply.state.mood.label != "unknown"
        assert await mood_kept(service) == reply.state.mood
        await say(service, SAD, FORGET)
        assert await mood_kept(service) == Mood()
        await say(service, SAD, TurnOptions(mood="off"))
        assert await mood_kept(service) == Mood()

    run(home, work, keep_moods=True)


def shown(reply: Reply) -> list[str]:
    return [one.item.id for one in reply.recommendations]


async def dislike(service: Simpatico, item_id: str) -> None:
    now = datetime.now(UTC)
    event = Event(id=item_id, at=now, user=ANN, item_id=item_id, kind="dislike")
    assert await service.record(event)


def test_without_personalisation_nothing_known_is_read(home: Path) -> None:
    async def work(service: Simpatico) -> None:
        await dislike(service, "bear")
        shown = [
            one.item.id for one in (await say(service, "a comedy", dialogue=())).recommendations
        ]
        assert "bear" not in shown
        reply = await say(service, "a comedy", PRIVATE, dialogue=())
        assert "bear" in [one.item.id for one in reply.recommendations]
        service._events.close()  # who reads or writes it now, says so
        assert (await say(service, "a comedy", PRIVATE, dialogue=())).degraded == ()
        assert (await say(service, "I liked Dark Lake", PRIVATE, dialogue=())).degraded == ()
        assert (await say(service, "a comedy", dialogue=())).degraded != ()

    run(home, work)


def test_without_personalisation_nothing_that_identifies_is_written(home: Path) -> None:
    async def work(service: Simpatico) -> None:
        before = Turn(role="user", text="a comedy with zyxomma")
        assert (await say(service, "older", PRIVATE, dialogue=(before,))).recommendations
        await say(service, "I loved The Marmalade Bear, quetzal", PRIVATE, dialogue=())

    run(home, work)
    assert files_with(home, ANN, "zyxomma", "quetzal") == set()


def test_a_conversation_that_is_kept_without_personalisation_teaches_nothing(home: Path) -> None:
    async def work(service: Simpatico) -> None:
        await say(service, "a comedy", PRIVATE)
        await say(service, "I loved The Marmalade Bear", PRIVATE)
        kept = await service.export(ANN)
        assert len(kept.conversations[0].turns) == 4
        assert (kept.events, kept.impressions) == ((), ())

    run(home, work)
    with closing(SqliteLog(home / "events.sqlite")) as log:
        assert log.users() == []


def test_with_personalisation_the_same_words_teach(home: Path) -> None:
    async def work(service: Simpatico) -> None:
        await say(service, "a comedy")
        await say(service, "I loved The Marmalade Bear")
        kept = await service.export(ANN)
        assert kept.events and kept.impressions

    run(home, work)
