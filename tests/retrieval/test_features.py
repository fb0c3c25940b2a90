"""What a learned ranker sees of items, and how near they are: by hand."""

import numpy as np
import pytest

from simpatico.domain import TONES, Item
from simpatico.retrieval.features import YEARS, facets_of, features_of, vocabulary_of
from simpatico.retrieval.signals import NEWEST, SIGNALS, signals_of

HEIST = Item(id="h", title="H", year=2000, genres=("Crime",), creators=("Ann Lee", "Ann Lee"))
PLAIN = Item(id="p", title="P")
WARM = Item(id="w", title="W", genres=("crime", "Romance"), tone=(0.5,) * len(TONES))


def test_a_vocabulary_is_what_enough_items_share() -> None:
    assert facets_of(HEIST) == ("genre:crime", "person:ann lee")
    assert vocabulary_of([HEIST, PLAIN, WARM], least=2) == ("genre:crime",)
    assert vocabulary_of([HEIST, PLAIN, WARM], least=1) == (
        "genre:crime",
        "genre:romance",
        "person:ann lee",
    )


def test_what_an_item_lacks_is_a_row_of_nan_and_never_zeros() -> None:
    vocabulary = vocabulary_of([HEIST, PLAIN, WARM], least=1)
    text = np.array([[1, 0], [np.nan, np.nan], [0, 1]], dtype=np.float32)
    found = features_of([HEIST, PLAIN, WARM], vocabulary, {"text": text})
    widths = {"text": 2, "facets": len(vocabulary), "tone": len(TONES), "year": len(YEARS)}
    assert {name: rows.shape[1] for name, rows in found.items()} == widths
    lacks = {name: np.isnan(rows).all(axis=1).tolist() for name, rows in found.items()}
    assert lacks == {
        "text": [False, True, False],
        "facets": [False, True, False],
        "tone": [True, True, False],
        "year": [False, True, True],
    }
    assert found["facets"][0] == pytest.approx([2**-0.5, 0, 2**-0.5])
    assert YEARS[found["year"][0].argmax()] == pytest.approx(2000, abs=3)


def test_signals_are_cosines_with_the_words_and_the_closest_of_the_newest() -> None:
    text = np.eye(3, dtype=np.float32)
    had = np.eye(3, dtype=np.float32)
    words = np.array([[0, 1, 0], [0, 0, 0]], dtype=np.float32)
    found = signals_of(words, [[0, 2], []], text, had)
    assert found.shape == (2, len(SIGNALS), 3)
    assert found[0].tolist() == [[0, 1, 0], [1, 0, 1]]
    assert not found[1].any()
    long = signals_of(words[:1], [[0, *[2] * NEWEST]], text, had)
    assert long[0, 1].tolist() == [0, 0, 1]
