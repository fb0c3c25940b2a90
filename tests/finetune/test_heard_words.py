"""Words judged inside packages."""

import numpy as np

from simpatico.domain import Item
from simpatico.finetune.heard_words import areas, judged


def piece(name: str, *words: str) -> Item:
    return Item(id=name, title=name, keywords=words)


PIECES = (
    piece("a/1", "calm", "space"),
    piece("a/2", "calm", "space", "68 bpm", "C major"),
    piece("a/3", "space"),
    piece("b/1", "calm", "AI-generated", "68 bpm"),
    piece("b/2", "rare"),
    piece("c/1", "space", "calm"),
)


def test_only_words_that_part_a_package_are_judged() -> None:
    found = judged(PIECES)
    assert found.words == ("calm",)  # "space" has no other piece beside it, "rare" is of one
    assert [place.tolist() for place in found.places(0)] == [[0, 1, 2], [3, 4]]


def test_an_area_counts_pairs_of_one_package_and_ties_half() -> None:
    found = judged(PIECES)
    # a: one of two pairs is right; b: a tie; c, which is far above all, has no pair
    scores = np.array([[0.9, 0.1, 0.5, 0.2, 0.2, 9.0]])
    np.testing.assert_allclose(areas(scores, found), [(1 + 0 + 0.5) / 3])
    # scores of another package shift nothing
    moved = scores + np.array([[5, 5, 5, 0, 0, 0]])
    np.testing.assert_allclose(areas(moved, found), areas(scores, found))


def test_pieces_that_are_drawn_again_count_as_often() -> None:
    found = judged(PIECES)
    scores = np.array([[0.9, 0.1, 0.5, 0.2, 0.2, 9.0]])
    drawn = np.array([[1, 1, 1, 1, 1, 1], [2, 0, 1, 0, 1, 1], [0, 0, 1, 0, 1, 1]], dtype=float)
    np.testing.assert_allclose(areas(scores, found, drawn), [[0.5], [1.0], [np.nan]])
