"""Who is there decides what may be shown, told in passing or not; and a change of mind is one."""

from collections.abc import Sequence

import pytest

from simpatico.agent.read.mentions import Named
from simpatico.agent.read.understand import Rules
from simpatico.domain import Constraints, UserState


class NoTitles:
    def link(self, text: str) -> Sequence[Named]:
        return ()


RULES = Rules(NoTitles(), this_year=2026)


def wants(*texts: str) -> Constraints:
    state: UserState | None = None
    for text in texts:
        state = RULES.understand(text, previous=state).state
    assert state is not None
    return state.constraints


@pytest.mark.parametrize(
    "text",
    [
        "stuck inside with two bored kids (6 and 9) and it's raining",
        "need something for my two boys, 5 and 8, saturday morning",
        "my 5 year old is home from school",
        "babysitting my niece, she's 4",
        "two toddlers climbing the walls, help",
        "no wait, the kids are here",
        "I have the grandchildren today",
    ],
)
def test_small_children_who_are_there_are_heard(text: str) -> None:
    assert wants(text).tones == ("kids",)


@pytest.mark.parametrize(
    "text",
    [
        "my kids are asleep, finally",
        "a film without kids in it",
        "my son is 25 and loves westerns",
        "my daughter just turned 16",
        "when I was 10 years old we had no television",
        "nothing for kids",
        "no toddlers please",
    ],
)
def test_children_who_are_not_there_are_not(text: str) -> None:
    assert "kids" not in wants(text).tones


def test_what_others_cannot_stand_is_left_out_and_what_they_like_is_wished_for() -> None:
    assert wants("the little one gets scared easily") == Constraints(not_tones=("scary",))
    assert wants("my 5 year old gets scared of monsters") == Constraints(
        tones=("kids",), not_tones=("scary",)
    )
    assert wants("something gripping", "she can't stand blood").not_tones == ("violent",)
    action = wants("an action film", "she vetoes anything with guns")
    assert (action.genres, action.tones, action.not_tones) == (("Action",), (), ("violent",))
    assert wants("my husband hates musicals") == Constraints(not_genres=("Musical",))
    assert set(wants("I want action, my wife wants romance").genres) == {"Action", "Romance"}
    assert wants("I want to be scared tonight").tones == ("scary",)
    assert wants("my ex loved horror") == Constraints()


def test_instead_lets_go_of_earlier_genres_and_tones() -> None:
    cosy = wants("a scary film", "actually no, something cosy instead")
    assert (cosy.genres, cosy.tones) == ((), ("warm",))
    assert wants("a scary film", "no wait, a musical").genres == ("Musical",)
    assert wants("a horror film from the 90s", "a comedy instead").year_from == 1990
    assert wants("a horror film", "something warm instead of gore").genres == ("Horror",)
    state = RULES.understand("a scary film").state
    again = RULES.understand("actually no, something cosy instead", previous=state).state
    assert "scary" not in again.query
