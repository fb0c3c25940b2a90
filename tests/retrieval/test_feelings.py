"""Moods and needs as a trained ranker is told of them: by name."""

import numpy as np
import pytest

from simpatico.domain import MOODS, NEEDS, Mood, UserState
from simpatico.retrieval.feelings import FEELINGS, UNFELT, Feelings, Felt

SOME = Feelings(("sadness", "joy", "love"), ("laugh", "thrill"))


def mood(**shares: float) -> Mood:
    """A mood with these labels, all of which hold."""
    labels = tuple(sorted(shares, key=lambda name: -shares[name]))
    distribution = tuple(shares.get(name, 0.02) for name in MOODS)
    return Mood(
        label=labels[0], labels=labels, distribution=distribution, confidence=shares[labels[0]]
    )


def test_what_holds_counts_what_its_probability_is() -> None:
    state = UserState(mood=mood(love=0.9, joy=0.4), need="thrill")
    assert SOME.felt(state) == Felt((0.0, 0.4, 0.9), (0.0, 1.0))


def test_a_mood_without_probabilities_counts_what_its_reader_is_sure_of() -> None:
    assert SOME.felt(UserState(mood=Mood(label="joy", confidence=0.7))).moods == (0.0, 0.7, 0.0)


@pytest.mark.parametrize("silent", [Mood(), mood(neutral=0.9), mood(anger=0.9)])
def test_what_is_unread_neutral_or_unknown_to_the_ranker_is_all_zeros(silent: Mood) -> None:
    assert not any(SOME.felt(UserState(mood=silent)).moods)
    assert not any(SOME.felt(UserState(mood=silent)).needs)


def test_names_that_say_nothing_are_not_among_them() -> None:
    assert {*MOODS} - {*FEELINGS.moods} == {"neutral"}
    assert {*NEEDS} - {*FEELINGS.needs} == {"unknown"}


def test_a_ranker_without_names_is_told_of_nothing() -> None:
    state = UserState(mood=mood(joy=1.0), need="laugh")
    assert UNFELT.felt(state) == Felt()
    moods, needs = UNFELT.all_felt([state, state])
    assert moods.shape == needs.shape == (2, 0)


def test_many_states_are_rows() -> None:
    moods, needs = SOME.all_felt([UserState(), UserState(mood=mood(joy=0.5), need="laugh")])
    assert moods.tolist() == [[0, 0, 0], [0, 0.5, 0]] and needs.tolist() == [[0, 0], [1, 0]]
    assert moods.dtype == needs.dtype == np.float32
    assert SOME.all_felt([])[0].shape == (0, 3)


def test_another_list_is_told_of() -> None:
    assert not FEELINGS.gone and not FEELINGS.lacking and not UNFELT.lacking
    other = Feelings((*FEELINGS.moods[1:], "boredom"), FEELINGS.needs)
    assert other.gone == ("boredom",) and other.lacking == FEELINGS.moods[:1]
