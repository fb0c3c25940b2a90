"""Evidence between items, by hand and in properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simpatico.retrieval.links import (
    DECAYS,
    LAG_DECAY,
    NEWEST,
    SHRINK,
    TABLES,
    Array,
    Links,
    Table,
    count_links,
    newest_of,
    weights_of,
)


def dense(table: Table) -> Array:
    return table if isinstance(table, np.ndarray) else table.toarray()


def test_a_sparse_table_gives_the_evidence_of_a_dense_one() -> None:
    rng = np.random.default_rng(0)
    people = [rng.integers(0, 400, size=8) for _ in range(30)]
    links = count_links(people, 400)
    assert not isinstance(links.near, np.ndarray) and not isinstance(links.together, np.ndarray)
    newest = np.stack([newest_of(what) for what in people])
    full = Links(dense(links.near), dense(links.together))
    assert np.allclose(links.evidence(newest), full.evidence(newest), atol=1e-7)


def test_near_counts_both_ways_and_less_with_distance() -> None:
    near = dense(count_links([np.array([0, 1, 2])], 4).near)
    total = 1 + LAG_DECAY
    assert near[0, 1] == pytest.approx(1 / (total + SHRINK))
    assert near[2, 0] == near[0, 2] == pytest.approx(LAG_DECAY / (total + SHRINK))
    assert near[1, 0] == near[1, 2] == pytest.approx(1 / (2 + SHRINK))
    assert not near[3].any() and not near[:, 3].any()


def test_together_knows_no_order_and_no_item_with_itself() -> None:
    people = [np.array([0, 1, 2]), np.array([2, 0]), np.array([3])]
    together = dense(count_links(people, 5).together)
    assert not together.diagonal().any()
    assert together[0, 2] > together[0, 1] > 0 == together[0, 3]
    assert together[:3].sum(axis=1) == pytest.approx(1, abs=1e-5)
    three, two = 1 / np.sqrt(3), 1 / np.sqrt(2)
    sums = np.array([2 * three + two, 2 * three, 2 * three + two])
    damped = np.array([0, three, three + two]) / np.sqrt((sums[0] + SHRINK) * (sums + SHRINK))
    assert together[0, :3] == pytest.approx(damped / damped.sum(), abs=1e-5)
    again = dense(count_links([person[::-1] for person in people], 5).together)
    assert np.allclose(together, again)


def test_evidence_is_the_mean_over_the_newest_events_the_newest_weighing_most() -> None:
    links = count_links([np.array([0, 1]), np.array([2, 3])], 4)
    near = dense(links.near)
    newest = np.stack([newest_of(np.array([0, 2])), newest_of(np.array([2, 0]))])
    found = links.evidence(newest)
    assert found.shape == (2, len(TABLES), 4)
    assert found[0, 0, 3] > found[0, 0, 1] and found[1, 0, 1] > found[1, 0, 3]
    share = 1 / (1 + DECAYS[0])
    assert found[0, 0] == pytest.approx(share * near[2] + (1 - share) * near[0])


@given(st.lists(st.integers(0, 9), max_size=40))
def test_whoever_did_nothing_has_no_evidence_and_weights_sum_to_one(what: list[int]) -> None:
    newest = newest_of(np.array(what, dtype=np.int64))[None]
    assert newest.shape == (1, NEWEST)
    assert newest[0, : min(len(what), NEWEST)].tolist() == what[::-1][:NEWEST]
    total = weights_of(newest).sum(axis=2)
    assert total == pytest.approx(np.full((1, len(TABLES)), 1.0 if what else 0.0), abs=1e-5)
    evidence = count_links([np.array([0, 1, 2])], 10).evidence(newest)
    assert np.isfinite(evidence).all() and (evidence >= 0).all()
    assert what or not evidence.any()
