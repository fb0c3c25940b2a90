"""Exposure, popularity and calibration, against values worked out by hand."""

import math

import numpy as np
import pytest
from scipy.stats import entropy

from simpatico.eval import exposure

LISTS = np.array([[0, 1], [0, -1]])


def test_exposure_is_discounted_by_place_and_nothing_is_no_item() -> None:
    found = exposure.exposure(LISTS, 4)
    np.testing.assert_allclose(found, [2.0, 1 / math.log2(3), 0, 0])


@pytest.mark.parametrize(
    ("amounts", "wanted"), [([1, 1, 1], 0.0), ([0, 0, 0, 7], 0.75), ([3, 1], 0.25)]
)
def test_gini_of_equal_of_one_and_of_two(amounts: list[float], wanted: float) -> None:
    assert exposure.gini(np.array(amounts, dtype=float)) == pytest.approx(wanted)


def test_gini_is_half_the_mean_difference_over_the_mean() -> None:
    amounts = np.random.default_rng(0).random(40)
    apart = np.abs(amounts[:, None] - amounts).mean()
    assert exposure.gini(amounts) == pytest.approx(apart / (2 * amounts.mean()))


def test_gini_of_nothing_is_refused() -> None:
    for amounts in (np.zeros(3), np.array([]), np.array([1.0, -1.0])):
        with pytest.raises(ValueError, match="wanted amounts"):
            exposure.gini(amounts)


def test_coverage_counts_items_in_any_list() -> None:
    assert exposure.coverage(LISTS, 4) == 0.5


def test_a_mean_leaves_out_what_is_not_there() -> None:
    found = exposure.mean_of(np.array([[0, 1], [0, -1], [-1, -1]]), np.array([1.0, 3.0]))
    np.testing.assert_array_equal(found, [2.0, 1.0, np.nan])


def test_the_tail_is_all_but_the_most_popular_fifth() -> None:
    assert exposure.tail(np.array([1, 9, 1, 1, 1])).tolist() == [True, False, True, True, True]


def test_genre_shares_are_of_items_with_genres() -> None:
    genres = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 0.0]])
    found = exposure.genre_shares(np.array([0, 1, 2, -1]), genres)
    np.testing.assert_allclose(found, [0.75, 0.25])
    assert not exposure.genre_shares(np.array([2]), genres).any()


def test_miscalibration_is_steck_s_divergence() -> None:
    even, one = np.array([0.5, 0.5]), np.array([1.0, 0.0])
    by_hand = 0.5 * math.log(0.5 / 0.995) + 0.5 * math.log(0.5 / 0.005)
    assert exposure.miscalibration(even, one) == pytest.approx(by_hand)
    history, shown = np.array([0.2, 0.3, 0.5]), np.array([0.6, 0.4, 0.0])
    theirs = entropy(history, 0.99 * shown + 0.01 * history)
    assert exposure.miscalibration(history, shown) == pytest.approx(theirs)
    assert exposure.miscalibration(even, even) == pytest.approx(0)
    assert math.isnan(exposure.miscalibration(even, np.zeros(2)))


def test_variety_is_one_less_the_mean_cosine_of_pairs() -> None:
    vectors = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    lists = np.array([[0, 1, -1], [0, 2, -1], [0, 1, 2], [0, 3, -1], [0, -1, -1]])
    np.testing.assert_allclose(exposure.variety(lists, vectors), [0, 1, 2 / 3, 1, np.nan])
