"""Counters of dialogues, worked out by hand."""

import numpy as np
import pytest

from simpatico.eval.baselines_items import ease_weights
from simpatico.eval.dialogue_counters import (
    DECAY,
    EASE,
    KNN,
    NEAR,
    POPULARITY,
    RIDGE,
    SHRINK,
    counters,
    told_of,
)
from simpatico.finetune.dialogues import Decision

# Film 4 is named nowhere.
NAMED = [np.array(each) for each in ((0, 1), (0, 1), (0, 2), (3, 2), (3,))]
NOTHING = np.array([], dtype=np.int64)


def test_as_served_a_counter_hears_of_what_the_seeker_named_alone() -> None:
    one = Decision(0, True, (7, 3, 7), (True, False, True), "", (1,))
    assert told_of(one, offered=False).tolist() == [7, 7]
    assert told_of(one, offered=True).tolist() == [7, 3, 7]


def test_item_knn_sums_shrunk_cosines_the_newest_film_counting_most() -> None:
    scores = counters(NAMED, 5)[KNN]([np.array([0, 3, 0]), np.array([3, 0, 3])])
    of_film_0 = 1 / (np.sqrt(3 * 2) + SHRINK)  # once with film 2, which is named twice
    of_film_3 = 1 / (2 + SHRINK)
    assert scores[0, 1] == pytest.approx(2 / (np.sqrt(6) + SHRINK))
    assert scores[0, 2] == pytest.approx(of_film_0 + DECAY * of_film_3)
    assert scores[1, 2] == pytest.approx(DECAY * of_film_0 + of_film_3)


def test_ease_is_where_no_step_makes_it_better() -> None:
    seen = np.zeros((5, 5))
    for row, each in enumerate(NAMED):
        seen[row, each] = 1
    weights = ease_weights(seen.T @ seen, 2.0)
    slope = seen.T @ (seen @ weights - seen) + 2.0 * weights
    np.fill_diagonal(slope, 0)
    assert np.abs(slope).max() < 1e-12 and not weights.diagonal().any()
    told = counters(NAMED, 5)[EASE]([np.array([0, 0])])
    assert told[0, 1] == pytest.approx(ease_weights(seen.T @ seen, RIDGE)[0, 1], abs=1e-7)


def test_who_is_told_of_nothing_counts_what_is_popular() -> None:
    for name, score in counters(NAMED, 5).items():
        scores = score([NOTHING, np.array([4]), np.array([3])])
        for row in scores[:2]:
            assert row[0] > row[1] == row[2] == row[3] > row[4] == 0, name
    near = counters(NAMED, 5)[NEAR]([np.array([3])])
    assert near.argmax() == 2
    alike = counters(NAMED, 5)[POPULARITY]([NOTHING, np.array([3])])
    assert (alike[0] == alike[1]).all()
