"""Lists replayed to people who rated: what was taken is what they liked later, and judged apart."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

pytest.importorskip("sklearn")

from simpatico.domain import Event, Item, UserState  # noqa: E402
from simpatico.errors import DataError  # noqa: E402
from simpatico.eval.shown_lists import (  # noqa: E402
    BY_HAND,
    FITTED,
    LONG,
    MOST,
    SHARE,
    judged,
    shown_to,
)
from simpatico.finetune.acceptance import Shown  # noqa: E402
from simpatico.retrieval.catalog import Catalog  # noqa: E402
from simpatico.retrieval.encoders.hash import HashEncoder  # noqa: E402
from simpatico.retrieval.index import Index  # noqa: E402
from simpatico.retrieval.past import sum_up  # noqa: E402
from simpatico.retrieval.rank import LinearRanker  # noqa: E402
from simpatico.retrieval.store import MemoryStore  # noqa: E402

N = 120
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
ITEMS = tuple(Item(id=f"f{at}", title=f"Film {at}", genres=("Drama",)) for at in range(N))


@pytest.fixture(scope="module")
def index() -> Index:
    encoder = HashEncoder()
    vectors = encoder.encode([item.title for item in ITEMS])
    store = MemoryStore(vectors.shape[1])
    store.upsert([item.id for item in ITEMS], vectors)
    return Index(Catalog("movies", ITEMS), encoder, store)


def rated(user: str, stars: list[float], *, first: int = 0) -> list[Event]:
    return [
        Event(
            id=f"{user}-{at}",
            at=NOON + timedelta(hours=at),
            user=user,
            item_id=f"f{(first + at) % N}",
            kind="rate",
            value=value,
        )
        for at, value in enumerate(stars)
    ]


def test_a_list_is_of_the_past_and_what_was_taken_is_of_the_future(index: Index) -> None:
    events = rated("ann", [5.0, 2.0] * 40) + rated("bob", [2.0] * 80) + rated("eve", [5.0] * 12)
    ranker = LinearRanker(index)
    lists = shown_to(events, index, ranker)
    assert len(lists) == MOST and {one.user for one in lists} == {"ann"}
    assert lists == sorted(lists, key=lambda one: one.at) and lists[0].at == NOON + timedelta(
        hours=10
    )
    for one in lists:
        n_before = round((one.at - NOON) / timedelta(hours=1))
        before, after = events[:n_before], events[n_before:80]
        assert not {event.item_id for event in before} & set(one.items)
        liked = {event.item_id for event in after if (event.value or 0) >= 4}
        assert one.taken == tuple(item in liked for item in one.items)
        past = sum_up("ann", before, ())
        candidates = index.candidates(state=UserState(), profile=past, n=200)
        ranked = ranker.rank(candidates, state=UserState(), profile=past)[:LONG]
        assert [item.item.id for item in ranked] == list(one.items)
        assert expit(one.scores) == pytest.approx([item.p_accept for item in ranked])
    assert any(any(one.taken) for one in lists)


def drawn(n: int, *, seed: int = 0) -> list[Shown]:
    """Lists whose films are taken as often as logistic(2 score - 1)."""
    rng = np.random.default_rng(seed)
    found = []
    for at in range(n):
        scores = rng.normal(size=LONG)
        taken = rng.random(LONG) < expit(2 * scores - 1)
        items = tuple(f"f{item}" for item in rng.permutation(N)[:LONG])
        when = NOON + timedelta(hours=at)
        found.append(Shown(when, f"u{at}", items, tuple(scores), tuple(map(bool, taken))))
    return found


def test_chances_fitted_to_older_lists_are_those_of_the_newest(tmp_path: Path) -> None:
    file = tmp_path / "ratings.csv"
    file.write_text("x", encoding="utf-8")
    lists = drawn(400)
    lists[-1] = lists[-2]  # a person may be asked twice in a second
    run = judged(lists, data=[file], catalogue="c", command="x", seed=0)
    found = {
        (system.name, one.metric): one for system in run.record.systems for one in system.figures
    }
    assert run.record.n == 80 * LONG
    assert found[FITTED, "ECE"].mean < 0.05 < found[BY_HAND, "ECE"].mean
    assert found[FITTED, "log-loss"].mean < found[BY_HAND, "log-loss"].mean
    assert found[FITTED, "log-loss"].mean < found[SHARE, "log-loss"].mean - 0.1
    assert found[FITTED, "ROC AUC"].mean == pytest.approx(found[BY_HAND, "ROC AUC"].mean)
    assert found[FITTED, "ROC AUC"].mean > 0.8
    assert [check.n_found for check in run.record.checks] == [0, 0]
    other = [one._replace(taken=tuple(not each for each in one.taken)) for one in lists[320:]]
    turned = judged(lists[:320] + other, data=[file], catalogue="c", command="x", seed=0)
    for name in (FITTED, SHARE):  # what is judged is never fitted to
        assert (turned.cases[name].columns["chance: taken"]).tolist() == (
            run.cases[name].columns["chance: taken"].tolist()
        )


def test_too_little_that_was_taken_is_told(tmp_path: Path) -> None:
    lists = [one._replace(taken=(False,) * LONG) for one in drawn(50)]
    with pytest.raises(DataError, match=r"20 films of the older lists taken.*got 0 taken of 400"):
        judged(lists, data=[], catalogue="c", command="x", seed=0)
