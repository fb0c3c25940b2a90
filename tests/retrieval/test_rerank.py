from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simpatico.domain import Item, Profile, Recommendation
from simpatico.retrieval.rerank import MAX_LEANING, POOL, damped, franchise, leaning, mmr, rerank
from simpatico.settings import RetrievalSettings

PLAIN = RetrievalSettings(diversity=0, novelty=0)


def recommendation(item_id: str, p_accept: float, **fields: Any) -> Recommendation:
    item = Item.model_validate({"id": item_id, "title": f"Film {item_id}", **fields})
    return Recommendation(item=item, p_accept=p_accept)


def chosen(given_: list[Recommendation], k: int, **options: Any) -> list[str]:
    options.setdefault("vectors", np.eye(len(given_), 8, dtype=np.float32))
    options.setdefault("settings", PLAIN)
    options.setdefault("profile", Profile())
    return [each.item.id for each in rerank(given_, k=k, **options)]


def test_mmr_by_hand() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    scores = np.array([1.0, 0.8, 0.0])
    assert mmr(scores, vectors, k=3, diversity=0.0) == [0, 1, 2]
    # second choice: .6*.8 - .4*1 = .08 against .6*0 - .4*0 = 0; then with .5: -.1 against 0
    assert mmr(scores, vectors, k=2, diversity=0.4) == [0, 1]
    assert mmr(scores, vectors, k=2, diversity=0.5) == [0, 2]


def test_mmr_of_nothing_of_ties_and_of_items_without_vectors() -> None:
    assert mmr(np.array([]), np.zeros((0, 2), dtype=np.float32), k=3, diversity=0.5) == []
    vectors = np.full((3, 2), np.nan, dtype=np.float32)
    assert mmr(np.array([0.5, 0.5, 0.5]), vectors, k=9, diversity=0.5) == [0, 1, 2]


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=12),
    st.integers(1, 15),
    st.floats(0, 1),
    st.integers(0, 9),
)
def test_mmr_chooses_distinct_places_and_the_best_first(
    scores: list[float], k: int, diversity: float, seed: int
) -> None:
    raw = np.random.default_rng(seed).normal(size=(len(scores), 4))
    vectors = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
    found = mmr(np.array(scores), vectors, k=k, diversity=diversity)
    assert len(found) == len(set(found)) == min(k, len(scores))
    assert scores[found[0]] == max(scores)


def test_leaning_by_hand() -> None:
    scores, popularity = np.array([0.8, 0.8, 0.8]), np.array([0.01, 0.9, 0.02])
    low, middle = 0.8 * (1 - MAX_LEANING), 0.8 * (1 - MAX_LEANING / 2)
    assert leaning(scores, popularity, popular=0.5).tolist() == [0.8, 0.8, 0.8]
    assert leaning(scores, popularity, popular=1).tolist() == pytest.approx([low, 0.8, middle])
    assert leaning(scores, popularity, popular=0).tolist() == pytest.approx([0.8, low, middle])
    alike = leaning(scores, np.zeros(3), popular=0)
    assert len(set(alike.tolist())) == 1


def test_the_little_known_come_from_beyond_the_usual_pool_and_best_first() -> None:
    known = [recommendation(f"k{n:02}", 0.9 - n / 1000, popularity=0.5) for n in range(POOL)]
    hidden = [recommendation(f"h{n}", 0.7 + n / 1000, popularity=0.0) for n in range(4)]
    everything = known + hidden
    assert chosen(everything, 4, popular=0.5) == ["k00", "k01", "k02", "k03"]
    assert chosen(everything, 4, popular=0) == ["h3", "h2", "h1", "h0"]


def test_damping_by_hand() -> None:
    scores, popularity = np.array([0.8, 0.8, 0.8]), np.array([0.0, 0.5, 1.0])
    assert damped(scores, popularity, novelty=0).tolist() == [0.8, 0.8, 0.8]
    assert damped(scores, popularity, novelty=1).tolist() == pytest.approx([0.8, 0.7, 0.4])


def test_by_score_alone_the_best_come_in_order() -> None:
    given_ = [recommendation("b", 0.5), recommendation("a", 0.9), recommendation("c", 0.7)]
    assert chosen(given_, 2) == ["a", "c"]
    assert chosen(given_, 9) == ["a", "c", "b"]
    assert chosen(given_, 0) == []
    assert chosen([], 3) == []


def test_seen_disliked_and_banned_items_never_appear() -> None:
    given_ = [recommendation(name, 0.5) for name in "abcd"]
    profile = Profile(seen=("a",), disliked=("b",))
    assert chosen(given_, 4, profile=profile, banned=("c",)) == ["d"]


def test_near_copies_give_way_to_variety_and_the_best_stays_first() -> None:
    given_ = [recommendation("a", 0.9), recommendation("copy", 0.88), recommendation("other", 0.7)]
    given_.append(recommendation("last", 0.2))
    vectors = np.array([[1, 0], [1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)
    varied = RetrievalSettings(diversity=0.5, novelty=0)
    assert chosen(given_, 2, vectors=vectors, settings=varied) == ["a", "other"]
    assert chosen(given_, 2, vectors=vectors) == ["a", "copy"]


def test_the_unknown_is_favoured_but_for_the_first_place() -> None:
    given_ = [
        recommendation("hit", 0.9, popularity=1.0),
        recommendation("blockbuster", 0.8, popularity=1.0),
        recommendation("gem", 0.7),
    ]
    new = RetrievalSettings(diversity=0, novelty=1)
    assert chosen(given_, 2, settings=new) == ["hit", "gem"]
    assert chosen(given_, 2) == ["hit", "blockbuster"]


@pytest.mark.parametrize(
    ("title", "series"),
    [
        ("Paddington 2", "paddington"),
        ("The Godfather Part II", "godfather"),
        ("The Godfather", "godfather"),
        ("Kill Bill: Volume 1", "kill bill"),
        ("Star Wars: Episode IV - A New Hope", "star wars"),
        ("Harry Potter and the Goblet of Fire", "harry potter"),
        ("Beauty and the Beast", "beauty and the beast"),
        ("2012", "2012"),
        ("Se7en", "se7en"),
        ("!!!", "!!!"),
    ],
)
def test_titles_of_a_series_have_one_name(title: str, series: str) -> None:
    assert franchise(title) == series


def test_one_of_a_series_unless_there_is_nothing_else() -> None:
    given_ = [
        recommendation("p2", 0.9, title="Paddington 2"),
        recommendation("p1", 0.8, title="Paddington"),
        recommendation("x", 0.3, title="Xanadu"),
    ]
    varied = RetrievalSettings(diversity=0.01, novelty=0)
    assert chosen(given_, 2, settings=varied) == ["p2", "x"]
    assert chosen(given_, 3, settings=varied) == ["p2", "p1", "x"]
    assert chosen(given_, 2, settings=PLAIN) == ["p2", "p1"]


def test_variety_is_not_bought_with_the_worst_candidates() -> None:
    given_ = [recommendation(f"{n:03}", 0.9 - n / 1000) for n in range(POOL)]
    given_.append(recommendation("worst", 0.1))
    vectors = np.array([[1, 0]] * POOL + [[0, 1]], dtype=np.float32)
    varied = RetrievalSettings(diversity=1, novelty=0)
    assert "worst" not in chosen(given_, 5, vectors=vectors, settings=varied)
    assert len(chosen(given_, POOL + 1, vectors=vectors)) == POOL + 1


def test_vectors_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="wanted 1 vectors"):
        chosen([recommendation("a", 0.5)], 1, vectors=np.eye(2, dtype=np.float32))
