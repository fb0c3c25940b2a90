"""Our metrics beside others' on random rankings; ties go against the target."""

import numpy as np
import pytest

from simpatico.eval.next_item import Split, judge, places_of
from simpatico.eval.purchase_figures import figures
from simpatico.eval.redial_metrics import beaten, hits_at, ndcg_at, reciprocal_at
from simpatico.eval.redial_metrics import places_of as redial_places
from simpatico.finetune.sequences import Sequences

ir_measures = pytest.importorskip("ir_measures")
N_QUERIES, N_ITEMS = 60, 80
CUTOFFS = (1, 10, 50)


def pessimistic(scores: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """Distinct scores in the order in which ties go against the targets, found by another way."""
    is_target = np.isin(np.arange(len(scores)), targets)
    order = sorted(range(len(scores)), key=lambda at: (-scores[at], is_target[at], at))
    return {f"d{at}": float(len(scores) - place) for place, at in enumerate(order)}


def theirs(scores: list[np.ndarray], targets: list[np.ndarray]) -> dict[tuple[str, str], float]:
    run = {
        f"q{q}": pessimistic(own, mine)
        for q, (own, mine) in enumerate(zip(scores, targets, strict=True))
    }
    qrels = {f"q{q}": {f"d{at}": 1 for at in mine} for q, mine in enumerate(targets)}
    wanted = [
        measure @ k
        for measure in (ir_measures.R, ir_measures.nDCG, ir_measures.RR)
        for k in CUTOFFS
    ]
    return {
        (each.query_id, str(each.measure)): each.value
        for each in ir_measures.iter_calc(wanted, qrels, run)
    }


def rankings(seed: int, most: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    rng = np.random.default_rng(seed)
    scores = [rng.integers(0, 12, N_ITEMS).astype(float) for _ in range(N_QUERIES)]  # many ties
    targets = [
        rng.choice(N_ITEMS, rng.integers(1, most + 1), replace=False) for _ in range(N_QUERIES)
    ]
    return scores, targets


@pytest.mark.parametrize("seed", range(3))
def test_recall_ndcg_and_mrr_of_lists_are_those_of_ir_measures(seed: int) -> None:
    scores, targets = rankings(seed, most=4)
    told = theirs(scores, targets)
    for q, (own, mine) in enumerate(zip(scores, targets, strict=True)):
        places = redial_places(own, mine.tolist())
        for k in CUTOFFS:
            assert told[f"q{q}", f"R@{k}"] == pytest.approx(hits_at(places, k).mean())
            assert told[f"q{q}", f"nDCG@{k}"] == pytest.approx(ndcg_at(places, k))
            assert told[f"q{q}", f"RR@{k}"] == pytest.approx(reciprocal_at(places, k))


@pytest.mark.parametrize("seed", range(3))
def test_recall_ndcg_and_mrr_of_lists_are_those_of_rectools(seed: int) -> None:
    """It takes lists without ties, so ties are broken against the targets before."""
    reason = "needs an environment of its own: requirements-baselines.txt"
    metrics = pytest.importorskip("rectools.metrics", reason=reason)
    pandas = pytest.importorskip("pandas")
    scores, targets = rankings(seed, most=4)
    listed, liked = [], []
    for q, (own, mine) in enumerate(zip(scores, targets, strict=True)):
        order = sorted(pessimistic(own, mine).items(), key=lambda pair: -pair[1])
        listed += [(q, name, place) for place, (name, _) in enumerate(order, start=1)]
        liked += [(q, f"d{at}") for at in mine]
    columns = ["user_id", "item_id", "rank"]
    given = (
        pandas.DataFrame(listed, columns=columns),
        pandas.DataFrame(liked, columns=columns[:2]),
    )
    for k in CUTOFFS:
        each = {
            name: metric.calc_per_user(*given)
            for name, metric in (
                ("recall", metrics.Recall(k=k)),
                ("ndcg", metrics.NDCG(k=k, divide_by_achievable=True)),
                ("mrr", metrics.MRR(k=k)),
            )
        }
        for q, (own, mine) in enumerate(zip(scores, targets, strict=True)):
            places = redial_places(own, mine.tolist())
            assert each["recall"][q] == pytest.approx(hits_at(places, k).mean())
            assert each["ndcg"][q] == pytest.approx(ndcg_at(places, k))
            assert each["mrr"][q] == pytest.approx(reciprocal_at(places, k))


@pytest.mark.parametrize("seed", range(3))
def test_the_next_item_is_judged_as_ir_measures_does_without_what_was_had(seed: int) -> None:
    scores, targets = rankings(seed, most=1)
    rng = np.random.default_rng(seed + 100)
    had = [np.setdiff1d(rng.choice(N_ITEMS, 9, replace=False), mine) for mine in targets]
    asked = np.stack(scores)
    for row, what in enumerate(had):
        scores[row] = scores[row].copy()
        scores[row][what] = -1  # below all
    told = theirs(scores, targets)
    known = Sequences(
        tuple(map(str, range(N_QUERIES))), tuple(map(str, range(N_ITEMS))), tuple(had),
        tuple(np.ones(len(each), np.float32) for each in had),
        tuple(np.arange(len(each), dtype=float) for each in had),
    )  # fmt: skip
    split = Split(known, np.arange(N_QUERIES), np.concatenate(targets))
    judged, places = judge(asked, split), places_of(asked, split)
    for q in range(N_QUERIES):
        assert told[f"q{q}", "R@10"] == judged.hit[q]
        assert told[f"q{q}", "nDCG@10"] == pytest.approx(judged.ndcg[q])
        assert told[f"q{q}", "RR@50"] == pytest.approx(1 / places[q] if places[q] <= 50 else 0)


@pytest.mark.parametrize("seed", range(3))
def test_areas_and_losses_are_those_of_scikit_learn(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(seed)
    chance = np.round(rng.random(400), 2)
    happened = (rng.random(400) < chance).astype(np.int64)
    weight = rng.integers(0, 4, 400).astype(float)
    found = figures(chance, happened, weight)
    given = (happened, np.clip(chance, 1e-12, 1 - 1e-12))
    assert found.roc_auc == pytest.approx(metrics.roc_auc_score(*given, sample_weight=weight))
    assert found.pr_auc == pytest.approx(
        metrics.average_precision_score(*given, sample_weight=weight)
    )
    assert found.log_loss == pytest.approx(metrics.log_loss(*given, sample_weight=weight))
    liked, disliked = rng.integers(1, 30, 50).astype(float), rng.integers(1, 30, 70).astype(float)
    labels = np.repeat([1, 0], [50, 70])
    area = metrics.roc_auc_score(labels, -np.concatenate([liked, disliked]))
    assert beaten(liked, disliked).mean() == pytest.approx(area)
