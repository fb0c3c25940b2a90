"""Whole turns on the real catalogue, index and reader, without a language model."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Coroutine, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from simpatico.agent import phrases
from simpatico.agent.build import build
from simpatico.agent.service import Simpatico
from simpatico.agent.turn import MAX_CHARS
from simpatico.domain import (
    CardsReady,
    Event,
    EventKind,
    Finished,
    Profile,
    Reply,
    StageUpdate,
    TextDelta,
    Turn,
    TurnOptions,
    Update,
)
from simpatico.errors import DataError, NotAllowed, StoreError
from simpatico.settings import Settings, load_settings

pytestmark = pytest.mark.model

OPENING = "rough week, I need something warm and funny, nothing with kids"


class Talk:
    """One person in one conversation with a service."""

    def __init__(self, service: Simpatico) -> None:
        self.service = service
        self.user, self.session = uuid4().hex, uuid4().hex

    async def updates(self, text: str) -> list[Update]:
        turn = self.service.turn(text, user=self.user, session=self.session)
        return [update async for update in turn]

    async def say(self, text: str) -> Reply:
        return finished(await self.updates(text))

    def event(self, kind: EventKind, item_id: str) -> Event:
        return Event(
            id=uuid4().hex,
            at=datetime.now(UTC),
            user=self.user,
            session=self.session,
            item_id=item_id,
            kind=kind,
        )


Work = Callable[[Talk], Coroutine[None, None, None]]
Runs = Callable[[Work], None]


async def alone(settings: Settings, work: Work) -> None:
    """Run on a service of the test's own, for tests that break something or restart."""
    service = await build(settings, progress=lambda label, done, total: None)
    try:
        await work(Talk(service))
    finally:
        await service.aclose()


@pytest.fixture(scope="module")
def run(built_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Run on one service that all of this module share, each as somebody new."""
    home = shutil.copytree(built_home, tmp_path_factory.mktemp("shared") / "home")
    settings = load_settings(home=home, llm={"enabled": False})
    with asyncio.Runner() as runner:
        service = runner.run(build(settings, progress=lambda label, done, total: None))
        yield lambda work: runner.run(work(Talk(service)))
        runner.run(service.aclose())


def finished(updates: Sequence[Update]) -> Reply:
    last = updates[-1]
    assert isinstance(last, Finished)
    return last.reply


def ids(reply: Reply) -> list[str]:
    return [one.item.id for one in reply.recommendations]


def test_an_opening_gets_three_to_five_fitting_films(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        got = await talk.updates(OPENING)
        reply = finished(got)
        assert reply.route == "recommend"
        assert 3 <= len(reply.recommendations) <= 5
        assert not reply.degraded
        for one in reply.recommendations:
            assert not {"Family", "Animated"} & set(one.item.genres)
            assert one.item.tone_of("kids") < 0.6
            assert reply.text.count(f"**{one.item.label}**") == 1
            assert one.reasons
        warm = [
            max(one.item.tone_of("warm"), one.item.tone_of("funny"))
            for one in reply.recommendations
        ]
        assert min(warm) > 0.4
        names = [update.name for update in got if isinstance(update, StageUpdate)]
        assert names == ["read", "retrieve", "rank", "explain"]
        assert any(isinstance(update, CardsReady) for update in got)
        said = "".join(update.text for update in got if isinstance(update, TextDelta))
        assert said == reply.text
        assert {stage.name for stage in reply.trace.stages} >= {"read", "retrieve", "rank"}

    run(work)


def test_follow_ups_carry_over_and_never_repeat_a_rejected_film(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        first = await talk.say(OPENING)
        second = await talk.say("not the first one")
        assert ids(first)[0] not in ids(second)
        third = await talk.say("seen the second one")
        assert not {ids(first)[0], ids(second)[1]} & set(ids(third))
        older = await talk.say("older than 1990 please")
        assert older.recommendations
        assert all((one.item.year or 0) <= 1990 for one in older.recommendations)
        assert older.state.constraints.not_tones == ("kids",)
        why = await talk.say("why the first one?")
        assert why.route == "explain"
        assert older.recommendations[0].item.title in why.text
        surprise = await talk.say("surprise me")
        assert surprise.recommendations
        gone = {ids(first)[0], ids(second)[1]}
        assert not gone & set(ids(surprise))

    run(work)


def test_a_conversation_goes_on_after_a_restart(settings: Settings) -> None:
    shown: list[str] = []
    first: list[Talk] = []

    async def begin(talk: Talk) -> None:
        first.append(talk)
        shown.extend(ids(await talk.say("a western from the 1950s")))

    async def go_on(talk: Talk) -> None:
        talk.user, talk.session = first[0].user, first[0].session
        reply = await talk.say("not the first one")
        assert reply.recommendations
        assert shown[0] not in ids(reply)
        assert all(1950 <= (one.item.year or 0) <= 1959 for one in reply.recommendations)

    asyncio.run(alone(settings, begin))
    asyncio.run(alone(settings, go_on))


def test_feedback_on_a_card_changes_the_next_turn(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        first = await talk.say("a heist film")
        disliked = ids(first)[0]
        event = talk.event("dislike", disliked)
        assert await talk.service.record(event)
        assert not await talk.service.record(event)
        assert disliked not in ids(await talk.say("a heist film"))
        assert disliked in ids(await Talk(talk.service).say("a heist film"))

    run(work)


def test_an_event_on_an_unknown_item_is_refused(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        event = talk.event("like", "nope")
        with pytest.raises(DataError, match="nope"):
            await talk.service.record(event)
        assert (await talk.service.profile(talk.user)) == Profile(user=talk.user)

    run(work)


def test_somebody_elses_session_is_closed(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        await talk.say(OPENING)
        eve = Talk(talk.service)
        eve.session = talk.session
        with pytest.raises(NotAllowed):
            await eve.say("why?")

    run(work)


def test_crisis_words_get_help_and_teach_nothing(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        await talk.say("a western")
        reply = await talk.say("I don't want to live any more, I want to kill myself")
        assert reply.route == "care"
        assert not reply.recommendations
        assert "988" in reply.text
        after = await talk.say("something older than 1960")
        assert after.state.constraints.genres == ("Western",)
        assert (await talk.service.profile(talk.user)).n_events == 0

    run(work)


def test_refused_years_and_languages_are_left_out_and_told(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        reply = await talk.say("a samurai film, nothing from the 50s and nothing in English")
        assert reply.recommendations
        for one in reply.recommendations:
            assert one.item.year is not None and not 1950 <= one.item.year <= 1959
            assert dict(one.item.extra).get("language", "English") != "English"
        assert "anything from the 1950s and anything in English" in reply.text

    run(work)


def test_a_title_left_out_takes_its_remakes_along(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        reply = await talk.say("anything with Bill Murray that isn't Ghostbusters")
        assert len(reply.recommendations) >= 3
        for one in reply.recommendations:
            assert "Bill Murray" in one.item.creators
            assert one.item.title != "Ghostbusters"

    run(work)


def test_moods_are_not_written_to_disk(settings: Settings, home: Path) -> None:
    async def work(talk: Talk) -> None:
        reply = await talk.say("I'm heartbroken and sad. a comedy about a heist please")
        assert reply.state.mood.label in ("sadness", "grief")

    asyncio.run(alone(settings, work))
    for file in home.glob("*.sqlite*"):
        assert b"valence" not in file.read_bytes()
        assert b"sadness" not in file.read_bytes()
        assert file.stat().st_mode & 0o077 == 0, f"{file.name} can be read by others"


def test_a_damaged_conversation_file_is_a_clear_error(settings: Settings, home: Path) -> None:
    (home / "threads.sqlite").write_bytes(b"this is no database, and long enough to be read" * 50)

    async def work(talk: Talk) -> None:
        pytest.fail("it opened")

    with pytest.raises(StoreError, match="threads.sqlite"):
        asyncio.run(alone(settings, work))


def test_a_bare_mood_is_asked_what_it_needs(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        reply = await talk.say("I feel so lonely tonight")
        assert reply.route == "clarify"
        assert reply.text.count("?") >= 1
        assert not reply.recommendations

    run(work)


@pytest.mark.parametrize("text", ["", "   ", "\u200b\u202e", "?!?"])
def test_nothing_said_gets_a_question_back(run: Runs, text: str) -> None:
    async def work(talk: Talk) -> None:
        reply = await talk.say(text)
        assert reply.route in ("clarify", "talk")
        assert reply.text

    run(work)


def test_a_very_long_message_is_cut_and_says_so(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        reply = await talk.say("a cosy mystery for a rainy night " * 400)
        assert reply.recommendations
        assert any(f"{MAX_CHARS:,}" in label for label in reply.degraded)

    run(work)


def test_a_mood_can_be_corrected_and_switched_off(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        first = await talk.say("I'm so angry. something with a heist")
        assert first.recommendations
        joy = [
            update
            async for update in talk.service.revise(
                user=talk.user, session=talk.session, options=TurnOptions(mood="joy")
            )
        ][-1]
        assert isinstance(joy, Finished)
        assert joy.reply.state.mood.label == "joy"
        assert joy.reply.recommendations
        async for update in talk.service.turn(
            "a thriller then", user=talk.user, session=talk.session, options=TurnOptions(mood="off")
        ):
            if isinstance(update, Finished):
                assert update.reply.state.mood.label == "unknown"

    run(work)


def test_a_caller_that_keeps_the_history_gets_follow_ups_too(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        first = await talk.say("a western from the 1950s")
        dialogue = [
            Turn(role="user", text="a western from the 1950s"),
            Turn(role="assistant", text=first.text),
        ]
        got = [
            update
            async for update in talk.service.turn(
                "not the first one", user="api", session="x", dialogue=dialogue
            )
        ]
        reply = finished(got)
        assert ids(first)[0] not in ids(reply)
        assert all(1950 <= (one.item.year or 0) <= 1959 for one in reply.recommendations)
        assert (await talk.service.profile("api")).n_events == 0

    run(work)


def test_a_batch_ranks_whatever_the_intent(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        profile = Profile(user="x", seen=("The_Matrix",))
        ranking = await talk.service.recommend(
            [Turn(role="user", text="hello there")], profile=profile, k=50
        )
        assert len(ranking.recommendations) == 50
        assert "The_Matrix" not in {one.item.id for one in ranking.recommendations}
        scores = [one.p_accept for one in ranking.recommendations]
        assert scores == sorted(scores, reverse=True)
        genres = {genre for one in ranking.recommendations for genre in one.item.genres}
        assert "Drama" in genres
        without = await talk.service.recommend(
            [Turn(role="user", text="hello there")],
            profile=profile,
            options=TurnOptions(not_genres=("Drama",)),
            k=50,
        )
        assert not any("Drama" in one.item.genres for one in without.recommendations)

    run(work)


def test_a_lost_index_degrades_and_says_so(settings: Settings, home: Path) -> None:
    async def work(talk: Talk) -> None:
        await talk.say("a western")
        shutil.rmtree(home / "indexes")
        talk.service._mind.index.close()
        reply = await Talk(talk.service).say("a film about a lonely lighthouse keeper")
        assert reply.recommendations
        assert reply.degraded
        assert "degraded" in (await talk.service.health())["index"]

    asyncio.run(alone(settings, work))


def test_events_that_cannot_be_stored_are_refused_and_old_ones_stay(
    settings: Settings, home: Path
) -> None:
    async def work(talk: Talk) -> None:
        first = await talk.say("a heist film")
        kept = talk.event("like", ids(first)[0])
        assert await talk.service.record(kept)
        locked = sqlite3.connect(home / "events.sqlite")
        locked.execute("BEGIN IMMEDIATE")
        try:
            reply = await talk.say("another heist film, something else")
        finally:
            locked.rollback()
            locked.close()
        assert reply.recommendations
        assert reply.degraded
        assert (await talk.service.profile(talk.user)).liked == (ids(first)[0],)

    asyncio.run(alone(settings, work))


def test_an_abandoned_turn_leaves_the_session_usable(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        turn = talk.service.turn(OPENING, user=talk.user, session=talk.session)
        async for update in turn:
            if isinstance(update, StageUpdate):
                break
        await turn.aclose()
        reply = await talk.say("a western")
        assert reply.recommendations

    run(work)


def test_nobody_is_asked_the_same_twice_and_what_they_need_stands(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        assert (await talk.say("I feel so lonely tonight")).route == "clarify"
        answered = await talk.say("the last one")
        assert answered.state.need == "cry_it_out" and answered.recommendations
        again = await talk.say("not those")
        assert again.state.need == "cry_it_out" and again.recommendations
        assert not {*ids(again)} & {*ids(answered)}
        assert (await talk.say("make me laugh instead")).state.need == "laugh"

    run(work)


def test_who_left_the_choice_to_us_gets_more_of_it(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        first = await talk.say("surprise me")
        more = await talk.say("more")
        assert more.recommendations and not {*ids(more)} & {*ids(first)}

    run(work)


def test_it_is_what_was_asked_about_or_named_and_not_the_first_of_a_list(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        heat = await talk.say("is Heat any good?")
        assert heat.route == "explain" and "ratings" in heat.text
        assert "Michael Mann" in (await talk.say("who directed it?")).text
        listed = await talk.say("films by Hayao Miyazaki")
        seen = await talk.say("not Spirited Away, seen it")
        assert listed.recommendations[0].item.label not in seen.text.split("\n\n")[0]
        assert "Spirited_Away" in seen.state.mentions.seen
        second = seen.recommendations[1].item
        assert second.label in (await talk.say("tell me about the second")).text
        assert second.label in (await talk.say("is it sad?")).text

    run(work)


def test_two_titles_and_an_or_are_compared(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        reply = await talk.say("The Godfather or Goodfellas?")
        assert reply.route == "explain" and not reply.recommendations
        assert "**The Godfather (1972)**" in reply.text and "**Goodfellas (1990)**" in reply.text

    run(work)


def test_a_number_of_films_and_a_yes_are_heard(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        assert len((await talk.say("give me seven films about space")).recommendations) == 7
        assert len((await talk.say("just pick one for me")).recommendations) == 1
        listed = await talk.say("a funny western")
        assert (await talk.say("ok perfect thanks!")).route == "talk"
        assert listed.recommendations
        known = await talk.say("what do you know about me?")
        assert known.route == "talk" and "westerns" in known.text
        scolded = await talk.say("your suggestions suck")
        assert scolded.route == "talk" and not scolded.recommendations

    run(work)


def test_a_title_that_is_not_here_is_admitted_once(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        asked = await talk.say("have you got Blue Harvest Moonrise (2021)?")
        assert "don't have “Blue Harvest Moonrise”" in asked.text
        western = await talk.say("a western like “The Dustiest Trail of All”")
        assert western.recommendations and "“The Dustiest Trail of All”" in western.text
        assert "don't have" not in (await talk.say("others please")).text

    run(work)


def test_a_question_about_a_list_changes_no_wish_and_praise_takes_no_film(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        listed = await talk.say("superhero films")
        darkest = await talk.say("which is the darkest?")
        assert darkest.route == "explain" and not darkest.state.constraints.tones
        assert all(one.item.label in darkest.text for one in listed.recommendations)
        second = await talk.say("the second one scary?")
        assert second.route == "explain" and not second.state.constraints.tones
        assert (await talk.say("perfect")).route == "talk"
        assert (await talk.service.profile(talk.user)).liked == ()

    run(work)


def test_who_asks_for_help_is_not_sent_away_and_a_scolding_is_heard(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        title = (await talk.say("Who's Afraid of Virginia Woolf?")).text
        assert "I don't have “Who's Afraid of Virginia Woolf” here." in title
        assert phrases.NOT_FOR_ME in (await talk.say("will it rain tomorrow?")).text
        for text in ("why am I so sad?", "why does everything hurt?"):
            assert phrases.NOT_FOR_ME not in (await talk.say(text)).text
        funny = await talk.say("something funny")
        scolded = await talk.say("your movies suck")
        assert scolded.route == "talk" and scolded.state.query == funny.state.query

    run(work)
