import pytest

from simpatico.agent.read.wishes import wants_anything
from simpatico.agent.route import choose_route
from simpatico.domain import Constraints, IntentName, Mentions, Mood, Route, UserState

WANTS_A_WESTERN = UserState(intent="seek", constraints=Constraints(genres=("Western",)))


@pytest.mark.parametrize(
    ("state", "points", "surprise", "route"),
    [
        (WANTS_A_WESTERN, False, False, "recommend"),
        (UserState(intent="seek", query="heist in space"), False, False, "recommend"),
        (UserState(intent="seek", need="laugh"), False, False, "recommend"),
        (UserState(intent="seek", mentions=Mentions(liked=("a",))), True, False, "recommend"),
        (UserState(intent="unknown"), False, False, "clarify"),
        (UserState(intent="unknown"), False, True, "recommend"),
        (UserState(intent="smalltalk", query="hello"), False, False, "talk"),
        (UserState(intent="goodbye"), True, False, "talk"),
        (UserState(intent="ask_why"), True, False, "explain"),
        (UserState(intent="ask_why"), False, False, "clarify"),
        (UserState(intent="compare", query="either"), True, False, "explain"),
        (UserState(intent="reject"), True, False, "acknowledge"),
        (UserState(intent="seen"), True, False, "acknowledge"),
        (UserState(intent="reject", query="heist"), False, False, "recommend"),
        (UserState(intent="crisis", query="something warm"), True, True, "care"),
    ],
)
def test_each_state_has_one_route(
    state: UserState, points: bool, surprise: bool, route: Route
) -> None:
    assert choose_route(state, points_at_items=points, surprise=surprise) == route


def test_a_bare_mood_is_not_a_wish() -> None:
    assert not wants_anything(UserState(mood=Mood(label="sadness", labels=("sadness",))))


def test_what_was_rejected_is_not_a_wish() -> None:
    rejected = Constraints(exclude_ids=("a", "b"))
    assert not wants_anything(UserState(constraints=rejected))
    assert wants_anything(UserState(constraints=Constraints(not_genres=("Horror",))))


@pytest.mark.parametrize("intent", ["accept", "feedback"])
def test_feedback_without_an_item_asks_back(intent: IntentName) -> None:
    assert choose_route(UserState(intent=intent), points_at_items=False) == "clarify"
