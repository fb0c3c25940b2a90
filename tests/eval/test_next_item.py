"""The protocol by hand, baselines on patterns they must find, metrics by another library."""

import numpy as np
import pytest

from simpatico.errors import DataError
from simpatico.eval.baselines_items import BASELINES, both_ways, ease, item_knn, markov, popularity
from simpatico.eval.next_item import card_of, interval, judge, paired, split_of
from simpatico.finetune.sequences import Sequences


def sequences(*people: list[int], n_items: int = 6) -> Sequences:
    return Sequences(
        tuple(f"u{row}" for row in range(len(people))),
        tuple(f"i{item}" for item in range(n_items)),
        tuple(np.array(items, dtype=np.int64) for items in people),
        tuple(np.full(len(items), np.nan, dtype=np.float32) for items in people),
        tuple(np.arange(len(items), dtype=np.float64) for items in people),
    )


def test_the_last_event_is_the_test_and_the_one_before_the_dev_target() -> None:
    data = sequences([0, 1, 2, 3], [4, 5], [2, 1, 0])
    test = split_of(data, "test")
    assert test.rows.tolist() == [0, 2] and test.targets.tolist() == [3, 0]
    assert [what.tolist() for what in test.known.what] == [[0, 1, 2], [4, 5], [2, 1]]
    dev = split_of(data, "dev")
    assert dev.targets.tolist() == [2, 1]
    assert [what.tolist() for what in dev.known.what] == [[0, 1], [4, 5], [2]]
    card = card_of(test, "test")
    assert (card.n_users, card.n_asked, card.n_items, card.n_events) == (3, 2, 6, 7)
    assert card.targets != card_of(dev, "dev").targets
    with pytest.raises(DataError, match="at least 3 events"):
        split_of(sequences([0, 1]), "test")


def test_what_was_had_is_masked_ties_count_against_and_a_repeated_target_is_ranked() -> None:
    split = split_of(sequences([0, 1, 5], [3, 2, 3]), "test")
    scores = np.array([[9.0, 9, 1, 2, 3, 2], [9.0, 8, 9, 8, 0, 0]])
    judged = judge(scores, split)
    # the first: 4 is better, 3 is a tie, 0 and 1 are masked: third
    assert judged.ndcg[0] == pytest.approx(1 / np.log2(4)) and judged.hit[0] == 1
    # the second had its target before: ranked all the same, after 0 and the tie with 1; 2 is masked
    assert judged.ndcg[1] == pytest.approx(1 / np.log2(4))
    with pytest.raises(ValueError, match="shape"):
        judge(scores[:1], split)
    with pytest.raises(ValueError, match="nan"):
        judge(np.where(scores == 1, np.nan, scores), split)


def test_beyond_the_tenth_place_nothing_counts() -> None:
    split = split_of(sequences([0, 1, 11], n_items=14), "test")
    scores = np.arange(14, dtype=float)[None]
    assert judge(scores, split).hit[0] == 1  # after 13 and 12
    judged = judge(-scores, split)  # nine before it, for 0 and 1 are masked: tenth
    assert judged.hit[0] == 1 and judged.ndcg[0] == pytest.approx(1 / np.log2(11))
    judged = judge(np.where(np.arange(14) == 13, 1.0, -scores), split)
    assert judged.hit[0] == 0 == judged.ndcg[0]


def test_ndcg_agrees_with_scikit_learn_on_random_scores() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    people = [rng.permutation(40)[:5].tolist() for _ in range(30)]
    split = split_of(sequences(*people, n_items=40), "test")
    scores = rng.normal(size=(30, 40))
    judged = judge(scores, split)
    for at, target in enumerate(split.targets):
        free = np.setdiff1d(np.arange(40), split.known.what[at])
        truth = (free == target).astype(float)[None]
        expected = metrics.ndcg_score(truth, scores[at, free][None], k=10)
        assert judged.ndcg[at] == pytest.approx(expected)


def test_an_interval_holds_the_mean_and_a_paired_one_is_narrower() -> None:
    rng = np.random.default_rng(1)
    theirs = rng.normal(size=500)
    ours = theirs + 0.1 + rng.normal(scale=0.1, size=500)
    alone, pair = interval(ours), paired(ours, theirs)
    assert alone.low < alone.mean < alone.high
    assert pair.low > 0.08 and pair.high < 0.12
    assert pair.high - pair.low < (alone.high - alone.low) / 3
    assert interval(ours, seed=1) != alone and interval(ours) == alone


def test_every_baseline_scores_everything_for_everybody() -> None:
    rng = np.random.default_rng(2)
    split = split_of(
        sequences(*(rng.permutation(20)[:8].tolist() for _ in range(40)), n_items=20), "test"
    )
    for name, baseline in BASELINES.items():
        scores = baseline(split)
        assert scores.shape == (40, 20) and np.isfinite(scores).all(), name


def test_each_baseline_finds_the_pattern_it_is_for() -> None:
    chains = [[(row + step) % 8 for step in range(4)] for row in range(32)]
    followed = split_of(sequences(*chains, n_items=8), "test")
    assert judge(markov(followed), followed).ndcg.mean() == 1.0
    turned = [[0, 1, 2], [1, 2, 0], [2, 0, 1], [3, 4, 5], [4, 5, 3], [5, 3, 4]]
    groups = split_of(sequences(*turned), "test")
    assert judge(item_knn(groups), groups).ndcg.mean() == 1.0
    assert judge(ease(groups), groups).ndcg.mean() == 1.0
    assert judge(both_ways(groups), groups).ndcg.mean() == 1.0
    counts = popularity(split_of(sequences([0, 1, 2], [0, 2, 1], [0, 1, 3]), "test"))
    assert counts.tolist() == [[3, 2, 1, 0, 0, 0]] * 3
