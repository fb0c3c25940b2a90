from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from simpatico.domain import (
    MOODS,
    TONES,
    Event,
    Item,
    Mentions,
    Mood,
    TurnOptions,
    UserState,
    Weights,
    YearSpan,
)


def test_a_mood_is_written_by_name_and_comes_back_the_same() -> None:
    distribution = tuple(0.5 if name == "joy" else 0.0 for name in MOODS)
    mood = Mood(label="joy", labels=("joy",), distribution=distribution, confidence=0.5)
    written = mood.model_dump(mode="json")
    assert written["distribution"]["joy"] == 0.5
    assert set(written["distribution"]) == set(MOODS)
    assert Mood.model_validate(written) == mood
    assert hash(Mood.model_validate(written)) == hash(mood)


def test_unknown_is_empty_and_not_zero() -> None:
    assert Mood().model_dump(mode="json")["distribution"] == {}
    assert Item(id="a", title="A").tone == ()
    assert Item(id="a", title="A").tone_of("warm") == 0.0


def test_a_tone_profile_takes_names_and_refuses_strange_ones() -> None:
    item = Item(id="a", title="A", tone={"warm": 0.75})
    assert item.tone_of("warm") == 0.75
    assert len(item.tone) == len(TONES)
    with pytest.raises(ValidationError, match="unknown names"):
        Item(id="a", title="A", tone={"spicy": 1.0})
    with pytest.raises(ValidationError, match="18 numbers"):
        Item(id="a", title="A", tone=(0.5, 0.5))


def test_values_are_frozen_and_closed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        UserState().query = "x"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra"):
        UserState.model_validate({"quest": "x"})


def test_mentions_name_each_item_once_liked_first() -> None:
    assert Mentions(liked=("b",), seen=("a", "b"), named=("c",)).ids == ("b", "a", "c")


def test_a_state_that_was_stored_before_years_could_be_refused_still_loads() -> None:
    state = UserState.model_validate({"constraints": {"not_genres": ["War"], "year_to": 1990}})
    assert (state.constraints.not_years, state.constraints.not_languages) == ((), ())
    refused = {"not_years": [{"first": 1980, "last": 1989}], "not_languages": ["French"]}
    state = UserState.model_validate({"constraints": refused})
    assert state.model_dump(mode="json")["constraints"].items() >= refused.items()
    assert UserState.model_validate_json(state.model_dump_json()) == state


def test_years_stand_in_their_order() -> None:
    with pytest.raises(ValidationError, match="first year before the last, got 1989-1980"):
        YearSpan(first=1989, last=1980)
    nineties = YearSpan(first=1990, last=1999)
    assert nineties.meets(YearSpan(first=1999, last=2005))
    assert not nineties.meets(YearSpan(first=1980, last=1989))


def test_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        Event(id="e", at=datetime(2026, 1, 1), user="u", item_id="i", kind="like")
    assert Event(id="e", at=datetime.now(UTC), user="u", item_id="i", kind="like").version == 1


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_utc_cannot_tell_is_refused(at: str) -> None:
    with pytest.raises(ValidationError, match="years 1 to 9999"):
        Event.model_validate({"id": "e", "at": at, "user": "u", "item_id": "i", "kind": "like"})


@pytest.mark.parametrize("mood", ["auto", "off", "joy"])
def test_a_mood_may_be_chosen(mood: str) -> None:
    assert TurnOptions(mood=mood).mood == mood


def test_a_mood_that_does_not_exist_may_not() -> None:
    with pytest.raises(ValidationError, match="hangry"):
        TurnOptions(mood="hangry")


def test_weights_that_are_not_given_are_one() -> None:
    options = TurnOptions.model_validate({"weights": {"image": 2, "audio": None}})
    assert options.weights == Weights(text=1, image=2, audio=1)
    assert (
        TurnOptions.model_validate({"weights": None}) == TurnOptions() == TurnOptions(weights=None)
    )


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ({"picture": 1}, "wanted weights of text, image, audio; got one of 'picture'"),
        ({"image": -0.1}, "greater than or equal to 0"),
        ({"text": 10.5}, "less than or equal to 10"),
        ({"text": float("nan")}, "finite number"),
        (2, "dictionary"),
    ],
)
def test_other_weights_are_refused(weights: object, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        TurnOptions.model_validate({"weights": weights})
