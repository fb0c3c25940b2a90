"""Taking back messages: on the real service, and the record of earlier states by hand."""

import asyncio
import shutil
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from simpatico.agent.build import build
from simpatico.agent.service import Simpatico
from simpatico.agent.turn import TurnState
from simpatico.agent.undo import LEVELS, Cut, cut_of, with_before
from simpatico.domain import Finished, Reply, Turn, TurnOptions
from simpatico.errors import DataError
from simpatico.settings import load_settings


class Talk:
    """One person in one conversation with a service."""

    def __init__(self, service: Simpatico) -> None:
        self.service = service
        self.user, self.session = uuid4().hex, uuid4().hex

    async def say(self, text: str, *, like: str = "") -> Reply:
        turn = self.service.turn(text, user=self.user, session=self.session, like=like)
        last = [update async for update in turn][-1]
        assert isinstance(last, Finished)
        return last.reply

    async def back(self, text: str) -> bool:
        return await self.service.conversations.take_back(
            text, user=self.user, session=self.session
        )

    async def said(self) -> list[str]:
        turns = await self.service.conversations.dialogue(self.user, self.session)
        return [turn.text for turn in turns if turn.role == "user"]


Runs = Callable[[Callable[[Talk], Coroutine[None, None, None]]], None]


@pytest.fixture(scope="module")
def run(built_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    home = shutil.copytree(built_home, tmp_path_factory.mktemp("undo") / "home")
    with asyncio.Runner() as runner:
        settings = load_settings(home=home, llm={"enabled": False})
        service = runner.run(build(settings, progress=lambda label, done, total: None))
        yield lambda work: runner.run(work(Talk(service)))
        runner.run(service.aclose())


@pytest.mark.model
def test_wishes_lessons_and_words_of_a_message_are_taken_back(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        before = await talk.say("a western from the 50s")
        after = await talk.say("I loved Heat, and older than 1955 please")
        assert after.state.constraints.year_to != before.state.constraints.year_to
        assert (await talk.service.profile(talk.user)).liked
        assert await talk.back("I loved Heat, and older than 1955 please")
        assert await talk.said() == ["a western from the 50s"]
        assert not (await talk.service.profile(talk.user)).liked
        again = await talk.say("the first one?")
        assert again.state.constraints == before.state.constraints

    run(work)


@pytest.mark.model
def test_only_the_newest_message_of_ones_own_session_is_taken_back(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        await talk.say("a western from the 50s")
        await talk.say("surprise me")
        assert not await talk.back("a western from the 50s")
        other = Talk(talk.service)
        other.session = talk.session
        assert not await other.back("surprise me")
        assert await talk.said() == ["a western from the 50s", "surprise me"]

    run(work)


@pytest.mark.model
def test_a_turn_that_was_stopped_and_one_of_crisis_leave_what_stood_before(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        await talk.say("a western from the 50s")
        turn = talk.service.turn("from the 80s", user=talk.user, session=talk.session)
        await anext(turn)
        await turn.aclose()
        assert await talk.back("from the 80s")
        await talk.say("I want to kill myself")
        assert await talk.back("I want to kill myself")
        assert await talk.said() == ["a western from the 50s"]
        reply = await talk.say("surprise me")
        assert reply.state.constraints.year_to == 1959

    run(work)


@pytest.mark.model
def test_after_so_many_it_says_that_it_no_longer_can(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        for _ in range(LEVELS + 1):
            await talk.say("hello")
        for _ in range(LEVELS):
            assert await talk.back("hello")
        with pytest.raises(DataError, match=f"last {LEVELS} messages"):
            await talk.back("hello")
        assert await talk.said() == ["hello"]

    run(work)


@pytest.mark.model
def test_a_chosen_mood_is_taken_back_like_a_message_without_words(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        await talk.say("something for tonight, I am so sad")
        how = TurnOptions(mood="joy")
        turn = talk.service.revise(user=talk.user, session=talk.session, options=how)
        [_ async for _ in turn]
        turns = await talk.service.conversations.dialogue(talk.user, talk.session)
        assert await talk.back("")
        assert await talk.service.conversations.dialogue(talk.user, talk.session) == turns[:-1]
        assert not await talk.back("")

    run(work)


@pytest.mark.model
def test_more_like_an_item_is_that_item_whatever_its_name_is(run: Runs) -> None:
    async def work(talk: Talk) -> None:
        shown = (await talk.say("a clever thriller")).recommendations[0].item
        reply = await talk.say("More like It", like=shown.id)
        assert reply.state.mentions.liked == (shown.id,)
        assert reply.recommendations and shown.id not in {
            one.item.id for one in reply.recommendations
        }
        assert shown.id in (await talk.service.profile(talk.user)).liked
        assert await talk.back("More like It")
        assert shown.id not in (await talk.service.profile(talk.user)).liked

    run(work)


def test_earlier_states_are_kept_in_order_and_forgotten_by_hand() -> None:
    state: TurnState = {}
    for n in range(LEVELS + 2):
        before = with_before(state, n_said=2 * n, moods=True)
        state = {"state": {"query": str(n)}, "taught": [f"e{n}"], "before": before}
    turns = [
        Turn(role="assistant" if n % 2 else "user", text=str(n // 2)) for n in range(2 * LEVELS + 4)
    ]
    for n in reversed(range(2, LEVELS + 2)):
        found = cut_of(dict(state), turns[: 2 * n + 2], text=str(n))
        assert isinstance(found, Cut) and found.values is not None
        assert (found.n_said, found.taught) == (2 * n, (f"e{n}",))
        assert found.values["state"] == {"query": str(n - 1)}
        state = found.values  # type: ignore[assignment]
    assert cut_of(dict(state), turns[:4], text="1") == "too long ago"
    assert cut_of(dict(state), turns[:4], text="0") == "unknown"
    assert cut_of({}, turns[:2], text="0") == Cut(n_said=0)
    assert cut_of({}, (), text="") == "unknown"
