import math
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simpatico.domain import TONES, Item
from simpatico.retrieval.candidates import Source, fuse, ranked, tone_matrix, top

SOURCES: tuple[Source, ...] = ("text", "lexical", "tone", "behaviour", "popular")
LISTS = st.dictionaries(
    st.sampled_from(SOURCES),
    st.lists(
        st.tuples(st.sampled_from("abcdefghij"), st.floats(-9, 9)),
        max_size=10,
        unique_by=lambda pair: pair[0],
    ),
)


def test_fusion_by_hand() -> None:
    found = fuse(
        {"text": [("a", 0.9), ("b", 0.5)], "lexical": [("b", 7.0), ("c", 3.0)]},
        weights={"text": 1.0, "lexical": 0.5},
        k=60,
    )
    assert [each.item_id for each in found] == ["b", "a", "c"]
    assert [each.score for each in found] == pytest.approx([1 / 62 + 0.5 / 61, 1 / 61, 0.5 / 62])
    assert [(hit.source, hit.rank, hit.score) for hit in found[0].hits] == [
        ("lexical", 1, 7.0),
        ("text", 2, 0.5),
    ]


def test_the_n_best_are_the_first_of_all() -> None:
    lists: dict[Source, list[tuple[str, float]]] = {
        "text": [("a", 0.9), ("b", 0.5)],
        "popular": [("c", 1.0), ("b", 0.1)],
    }
    assert fuse(lists, n=2) == fuse(lists)[:2]
    assert fuse(lists, n=9) == fuse(lists)


def test_ties_are_settled_by_id_and_a_repeated_id_counts_once() -> None:
    assert ranked([("b", 1.0), ("a", 1.0), ("b", 0.5)]) == [("a", 1.0), ("b", 1.0)]
    assert ranked([]) == []
    assert fuse({}) == []


@given(LISTS, st.randoms())
def test_fusion_ignores_the_order_of_its_input(
    lists: dict[Source, list[tuple[str, float]]], random: Random
) -> None:
    names = list(lists)
    random.shuffle(names)
    shuffled = {name: random.sample(lists[name], len(lists[name])) for name in names}
    assert fuse(shuffled) == fuse(lists)


@given(LISTS)
def test_ranks_within_a_source_are_a_permutation_and_nothing_is_lost(
    lists: dict[Source, list[tuple[str, float]]],
) -> None:
    found = fuse(lists)
    assert {each.item_id for each in found} == {i for pairs in lists.values() for i, _ in pairs}
    for source, pairs in lists.items():
        hits = [hit for each in found for hit in each.hits if hit.source == source]
        assert sorted(hit.rank for hit in hits) == list(range(1, len(pairs) + 1))
    scores = [each.score for each in found]
    assert scores == sorted(scores, reverse=True)


@given(LISTS, st.floats(0.1, 10), st.floats(-5, 5))
def test_only_the_order_within_a_source_matters(
    lists: dict[Source, list[tuple[str, float]]], factor: float, shift: float
) -> None:
    whole = {name: [(i, round(score)) for i, score in pairs] for name, pairs in lists.items()}
    moved = {
        name: [(i, score * factor + shift) for i, score in pairs] for name, pairs in whole.items()
    }
    before, after = fuse(whole), fuse(moved)
    assert [(each.item_id, each.score) for each in before] == [
        (each.item_id, each.score) for each in after
    ]


@given(LISTS, st.sampled_from("abcdefghij"))
def test_another_source_naming_an_item_never_lowers_it(
    lists: dict[Source, list[tuple[str, float]]], item_id: str
) -> None:
    lists.pop("tone", None)
    before = {each.item_id: each.score for each in fuse(lists)}
    after = {each.item_id: each.score for each in fuse({**lists, "tone": [(item_id, 1.0)]})}
    assert after[item_id] > before.get(item_id, 0.0)


def test_top_takes_the_best_known_of_the_allowed() -> None:
    scores = np.array([0.1, np.nan, 0.9, 0.9, 0.5])
    assert top("abcde", scores, k=2) == [("c", 0.9), ("d", 0.9)]
    assert top("abcde", scores, k=9, allowed=np.array([1, 1, 0, 0, 1], dtype=bool)) == [
        ("e", 0.5),
        ("a", 0.1),
    ]
    assert top("abcde", scores, k=3, allowed=np.zeros(5, dtype=bool)) == []


def test_unknown_tone_is_nan_and_not_zero() -> None:
    known = Item.model_validate({"id": "a", "title": "A", "tone": {"warm": 0.5}})
    matrix = tone_matrix([known, Item(id="b", title="B")])
    assert matrix.shape == (2, len(TONES))
    assert matrix[0, TONES.index("warm")] == 0.5
    assert matrix[0].sum() == 0.5
    assert all(math.isnan(value) for value in matrix[1])
