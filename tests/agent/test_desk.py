"""What people see of what is known of them, and what is left when they take it back."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args
from uuid import uuid4

import pytest
from tiny import COMEDIES, started, tiny, tiny_home

from simpatico.agent.known import Known, not_of, not_wanting, verdicts_of
from simpatico.agent.service import Simpatico
from simpatico.domain import (
    Consent,
    Constraints,
    Event,
    EventKind,
    Finished,
    Mood,
    Profile,
    Reply,
    TurnOptions,
    UserState,
    YearSpan,
)
from simpatico.errors import StoreError

pytestmark = pytest.mark.model

SAD = "I'm heartbroken and sad. a comedy please"
KEEP = TurnOptions(keep_mood=True)


Work = Callable[["Ann"], Coroutine[None, None, None]]


class Ann:
    """Somebody new, on a service and the folder of its files."""

    def __init__(self, service: Simpatico, home: Path) -> None:
        self.service, self.home, self.desk = service, home, service.desk
        self.user, self.session = uuid4().hex, uuid4().hex

    async def say(
        self, text: str, options: TurnOptions = TurnOptions(), *, other: str = ""
    ) -> Reply:
        turn = self.service.turn(
            text, user=self.user, session=self.session + other, options=options
        )
        last = [update async for update in turn][-1]
        assert isinstance(last, Finished)
        return last.reply

    async def do(self, item: str, kind: EventKind, stars: float | None = None) -> str:
        event = Event(
            id=uuid4().hex,
            at=datetime.now(UTC),
            user=self.user,
            session=self.session,
            item_id=item,
            kind=kind,
            value=stars,
        )
        assert await self.service.record(event)
        return event.id

    async def known(self) -> Known:
        return await self.desk.known(self.user)

    async def moods(self) -> list[Mood]:
        return [talk.state.mood for talk in (await self.known()).talks]

    async def decide(self, **decided: bool) -> None:
        await self.desk.decide(self.user, **decided)

    def files_with(self, *words: str) -> set[str]:
        held = {path.name: path.read_bytes() for path in self.home.rglob("*") if path.is_file()}
        return {name for name, what in held.items() for word in words if word.encode() in what}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Work], None]]:
    home = tiny_home(tmp_path_factory.mktemp("desk"), COMEDIES)
    with asyncio.Runner() as runner:
        service = runner.run(started(tiny(home, weights=True)))
        yield lambda work: runner.run(work(Ann(service, home)))
        runner.run(service.aclose())


Run = Callable[[Work], None]


def test_a_mood_is_kept_while_its_person_wants_it_and_wiped_from_the_disk_when_not(
    tmp_path: Path,
) -> None:
    async def work(ann: Ann) -> None:
        await ann.decide(keep_moods=False)
        await ann.say(SAD, KEEP)  # neither a turn nor the settings outweigh what she decided
        assert await ann.moods() == [Mood()]
        await ann.decide(keep_moods=True)
        first = (await ann.say(SAD, TurnOptions(keep_mood=False))).state.mood
        await ann.say("I'm heartbroken. a horror film", other="t")
        await ann.say("older", other="t")
        assert first.label in ("sadness", "grief")
        assert len(await ann.moods()) == 2 and (await ann.moods())[1] == first
        assert ann.files_with("valence") & {"threads.sqlite", "threads.sqlite-wal"}
        await ann.decide(keep_moods=False)
        assert await ann.moods() == [Mood(), Mood()]
        assert ann.files_with("valence", "arousal", "distribution") == set()  # while it runs
        back = await ann.service.conversations.take_back(
            "older", user=ann.user, session=ann.session + "t"
        )
        assert back and await ann.moods() == [Mood(), Mood()]

    with asyncio.Runner() as runner:
        settings = tiny(tiny_home(tmp_path, COMEDIES), weights=True, privacy={"keep_moods": True})
        service = runner.run(started(settings))
        runner.run(work(Ann(service, tmp_path)))
        runner.run(service.aclose())


def test_who_turns_personalisation_off_is_not_learned_from_until_on_again(run: Run) -> None:
    async def work(ann: Ann) -> None:
        await ann.do("bear", "dislike")
        await ann.decide(personal=False)
        reply = await ann.say("a comedy")
        assert "bear" in [one.item.id for one in reply.recommendations]
        await ann.say("I loved Duck and Cover")
        kept = await ann.service.export(ann.user)
        assert (len(kept.events), kept.impressions) == (1, ())
        assert kept.consent == Consent(personal=False)
        await ann.decide(personal=True)
        await ann.say("I loved Duck and Cover")
        assert (await ann.service.profile(ann.user)).liked == ("duck",)

    run(work)


def test_a_ranking_without_a_turn_uses_what_may_be_used(run: Run) -> None:
    async def work(ann: Ann) -> None:
        await ann.do("bear", "like")
        options = TurnOptions()
        profile, *rest = await ann.service.usable(ann.user, options)
        assert (profile.liked, rest) == (("bear",), [options, ()])
        await ann.decide(personal=False, read_moods=False)
        profile, allowed, said = await ann.service.usable(ann.user, options)
        assert (profile, said) == (Profile(user=ann.user), ())
        assert (allowed.personal, allowed.mood) == (False, "off")

    run(work)


def test_a_mood_is_not_read_where_that_was_decided_but_one_can_be_told(run: Run) -> None:
    async def work(ann: Ann) -> None:
        assert (await ann.say(SAD)).state.mood.label == "sadness"
        await ann.decide(read_moods=False)
        assert (await ann.say(SAD)).state.mood == Mood()
        told = await ann.say(SAD, TurnOptions(mood="joy"))
        assert told.state.mood.label == "joy"
        await ann.decide(personal=True)
        assert (await ann.say(SAD)).state.mood == Mood()
        await ann.decide(read_moods=True)
        assert (await ann.say(SAD)).state.mood.label == "sadness"

    run(work)


def test_two_decisions_that_wait_for_one_turn_both_hold(run: Run) -> None:
    async def work(ann: Ann) -> None:
        await ann.decide(keep_moods=True)
        turn = ann.service.turn(SAD, user=ann.user, session=ann.session)
        await anext(turn)
        deciding = asyncio.gather(ann.decide(keep_moods=False), ann.decide(personal=False))
        await asyncio.sleep(0.05)
        async for _ in turn:
            pass
        await deciding
        assert (await ann.known()).consent == Consent(personal=False, keep_moods=False)

    run(work)


def test_a_running_turn_ends_before_moods_are_wiped(run: Run) -> None:
    async def work(ann: Ann) -> None:
        await ann.decide(keep_moods=True)
        turn = ann.service.turn(SAD, user=ann.user, session=ann.session)
        await anext(turn)
        wiping = asyncio.create_task(ann.decide(keep_moods=False))
        await asyncio.sleep(0.05)
        assert not wiping.done()
        async for _ in turn:
            pass
        await wiping
        assert await ann.moods() == [Mood()]

    run(work)


def test_decisions_that_cannot_be_read_are_taken_for_no(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(ann: Ann) -> None:
        await ann.do("bear", "dislike")

        def broken(user: str) -> Consent:
            raise StoreError("the disk reported an error")

        monkeypatch.setattr(ann.service._memory, "consent", broken)
        reply = await ann.say("a comedy", KEEP)
        assert "bear" in [one.item.id for one in reply.recommendations]
        assert any("decided" in label for label in reply.degraded)
        monkeypatch.undo()
        assert await ann.moods() == [Mood()]

    run(work)


def test_an_opinion_is_taken_back_with_all_that_taught_it(run: Run) -> None:
    async def work(ann: Ann) -> None:
        await ann.do("bear", "dislike")
        await ann.do("bear", "rate", 5)
        await ann.do("bear", "save")
        await ann.say("I loved The Marmalade Bear")
        await ann.say("a comedy, I loved The Marmalade Bear", other="t")
        before = await ann.known()
        assert before.profile.liked == ("bear",) == before.talks[0].state.mentions.liked
        await ann.desk.unlearn(ann.user, "bear", "opinion")
        known = await ann.known()
        assert {event.kind for event in known.events} == {"save"}
        assert known.profile.liked == known.profile.disliked == known.profile.seen == ()
        assert [talk.state.mentions.liked for talk in known.talks] == [(), ()]
        assert known.talks[0].state.constraints.genres == ("Comedy",)
        assert not [w for w in (await ann.say("older", other="t")).state.mentions.liked]

    run(work)


def test_one_event_goes_alone_and_nobody_else_s(run: Run) -> None:
    async def work(ann: Ann) -> None:
        seen, stars = await ann.do("lake", "seen"), await ann.do("lake", "rate", 1)
        await ann.desk.withdraw("bob", stars)
        assert (await ann.service.profile(ann.user)).disliked == ("lake",)
        await ann.desk.withdraw(ann.user, stars)
        await ann.desk.withdraw(ann.user, "no such event")
        known = await ann.known()
        assert [event.id for event in known.events] == [seen]
        assert known.profile.seen == ("lake",)

    run(work)


def test_what_was_said_in_a_conversation_goes_with_its_event(run: Run) -> None:
    async def work(ann: Ann) -> None:
        await ann.say("I loved The Marmalade Bear")
        [event] = (await ann.known()).events
        await ann.desk.withdraw(ann.user, event.id)
        known = await ann.known()
        assert known.events == () and known.talks[0].state.mentions.liked == ()

    run(work)


def test_a_wish_is_taken_from_what_goes_on_and_from_what_can_be_gone_back_to(run: Run) -> None:
    async def work(ann: Ann) -> None:
        await ann.say("a horror film from the 80s")
        await ann.say("something scary")
        assert await ann.desk.want_no_more(ann.user, ann.session, "genres", "Horror")
        assert await ann.desk.want_no_more(ann.user, ann.session, "years")
        assert not await ann.desk.want_no_more("bob", ann.session, "tones", "scary")
        assert not await ann.desk.want_no_more(ann.user, ann.session, "user", "bob")

        async def wants() -> tuple[object, ...]:
            one = (await ann.known()).talks[0].state.constraints
            return one.genres, one.year_from, one.year_to

        assert await wants() == ((), None, None)
        assert await ann.service.conversations.take_back(
            "something scary", user=ann.user, session=ann.session
        )
        assert await wants() == ((), None, None)

    run(work)


def test_decisions_are_erased_with_their_person(run: Run) -> None:
    async def work(ann: Ann) -> None:
        await ann.decide(personal=False, keep_moods=True)
        await ann.service.erase(ann.user)
        assert await ann.desk.consent(ann.user) == Consent()
        assert ann.files_with(ann.user) == set()

    run(work)


def test_every_kind_of_event_is_sorted_and_parts_that_are_not_there_do_no_harm() -> None:
    kinds: tuple[EventKind, ...] = get_args(EventKind)
    assert {kind: verdicts_of(kind) for kind in kinds if verdicts_of(kind)} == {
        "like": ("opinion",),
        "dislike": ("opinion",),
        "save": ("saved",),
        "rate": ("opinion", "seen"),
        "seen": ("seen",),
        "accept": ("opinion",),
        "buy": ("opinion",),
    }
    assert not_of("x", "opinion")({}) == {"mentions": {}, "constraints": {}}
    amend = not_wanting("need")
    assert amend is not None and amend({"need": "laugh"}) == {"need": "unknown"}
    assert not_wanting("mentions") is None


def test_years_and_languages_that_are_refused_can_be_let_in_again_one_by_one() -> None:
    eighties, last = YearSpan(first=1980, last=1989), YearSpan(first=2010, last=2010)
    wants = Constraints(not_years=(eighties, last), not_languages=("French", "Korean"))
    kept: dict[str, object] = UserState(constraints=wants).model_dump(mode="json")
    for what, value in (("not_years", eighties.name), ("not_languages", "Korean")):
        amend = not_wanting(what, value)
        assert amend is not None
        kept = amend(kept)
    left = UserState.model_validate(kept).constraints
    assert left == Constraints(not_years=(last,), not_languages=("French",))
