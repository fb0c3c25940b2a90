"""Figures of ReDial: against scikit-learn on random rankings, and by hand where it has none."""

import numpy as np
import pytest

from simpatico.eval.redial_metrics import beaten, hits_at, ndcg_at, places_of, reciprocal_at


@pytest.mark.parametrize("k", [1, 10, 50])
def test_figures_agree_with_scikit_learn_on_random_rankings(k: int) -> None:
    ndcg_score = pytest.importorskip("sklearn.metrics").ndcg_score
    rng = np.random.default_rng(k)
    for _ in range(50):
        scores = rng.normal(size=80)
        targets = rng.choice(80, size=rng.integers(1, 5), replace=False)
        right = np.isin(np.arange(80), targets).astype(float)
        places = places_of(scores, targets.tolist())
        assert ndcg_at(places, k) == pytest.approx(ndcg_score([right], [scores], k=k))
        first = np.argsort(-scores)[:k]
        assert hits_at(places, k).sum() == right[first].sum()
        hit = np.flatnonzero(right[first])
        assert reciprocal_at(places, k) == pytest.approx(1 / (hit[0] + 1) if len(hit) else 0)


def test_ties_count_against_the_target_and_two_targets_share_no_place() -> None:
    assert places_of(np.zeros(4), [2]).tolist() == [4]
    assert sorted(places_of(np.zeros(4), [2, 0])) == [3, 4]
    assert places_of(np.array([3.0, 1, 2]), [0, 1]).tolist() == [1, 3]


def test_what_is_not_listed_is_nowhere() -> None:
    places = places_of(np.array([1.0, -np.inf]), [1, -1, 0])
    assert places.tolist() == [np.inf, np.inf, 1]
    assert hits_at(places, 50).tolist() == [0, 0, 1]
    assert ndcg_at(places[:2], 10) == 0 and reciprocal_at(places[:2], 10) == 0
    for figure in (ndcg_at, reciprocal_at):
        with pytest.raises(ValueError, match="at least one target"):
            figure(np.array([]), 10)


def test_liked_against_disliked_is_the_area_under_the_curve() -> None:
    auc = pytest.importorskip("sklearn.metrics").roc_auc_score
    rng = np.random.default_rng(0)
    liked, disliked = rng.integers(1, 20, 40).astype(float), rng.integers(1, 30, 25).astype(float)
    both = -np.concatenate([liked, disliked])
    assert beaten(liked, disliked).mean() == pytest.approx(auc([1] * 40 + [0] * 25, both))
    assert beaten(np.array([np.inf]), np.array([np.inf])).tolist() == [0.5]
    with pytest.raises(ValueError, match="disliked"):
        beaten(liked, np.array([]))
