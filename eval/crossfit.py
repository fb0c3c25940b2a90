"""Scores of several labels judged fairly: what is tuned on some rows is scored on others.

A threshold for each label that is chosen on the rows it scores flatters rare labels most. Here the
rows are cut into folds, once per seed; each fold is scored with thresholds, a temperature and a
calibration that were chosen on the other folds, and the predictions of all folds are counted
together.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_softmax

from simpatico.domain import Value
from simpatico.eval.mood import calibration_error
from simpatico.finetune.calibrate import Kind, probabilities, temperature
from simpatico.finetune.mood import Array, best_thresholds, calibrate, macro_f1

N_FOLDS = 5
N_DRAWS = 200


class CrossFit(Value):
    """Scores of one reader, cross-fitted.

    Attributes:
        n: rows. seed: of the folds.
        macro_f1, micro_f1: in [0, 1], with a threshold for each label.
        macro_error: standard error of `macro_f1` over rows drawn again (bootstrap, 200 draws).
        ece: expected calibration error after one temperature for all labels.
        ece_platt: the same after a slope and a shift for each label (Platt, 1999).
        f1: of each label, in the order of the columns.
    """

    n: int
    seed: int
    macro_f1: float
    micro_f1: float
    macro_error: float
    ece: float
    ece_platt: float
    f1: tuple[float, ...]


class Fitted(NamedTuple):
    """Each row by what was chosen without it: (n, k) of bool, [0, 1] and [0, 1]."""

    held: NDArray[np.bool_]
    stated: NDArray[np.float64]
    platt: NDArray[np.float64]


def cross_fit(
    scores: Array, labels: Array, *, seed: int, kind: Kind = "margins", n_folds: int = N_FOLDS
) -> Fitted:
    """Predict every row with what was chosen on the other folds.

    Args:
        scores: (n, k), higher is likelier.
        labels: (n, k) of 0 and 1.
        seed: of the folds.
        kind: what the scores are; of shares only the differences within a row count.
        n_folds: at least 2, at most n.

    Raises:
        ValueError: shapes that differ, scores that are not finite, or too few rows.
    """
    if scores.shape != labels.shape or scores.ndim != 2:
        raise ValueError(f"wanted scores and labels alike, got {scores.shape}, {labels.shape}")
    if not np.isfinite(scores).all():
        raise ValueError("wanted finite scores")
    n = len(scores)
    if not 2 <= n_folds <= n:
        raise ValueError(f"wanted 2 to {n} folds for {n} rows, got {n_folds}")
    if kind == "shares":
        scores = log_softmax(scores, axis=1)
    fold = np.random.default_rng(seed).permutation(np.arange(n) % n_folds)
    held = np.zeros(scores.shape, dtype=bool)
    stated = np.zeros(scores.shape)
    platt = np.zeros(scores.shape)
    for k in range(n_folds):
        out, kept = fold == k, fold != k
        held[out] = scores[out] >= best_thresholds(scores[kept], labels[kept])
        stated[out] = probabilities(
            scores[out], temperature(scores[kept], labels[kept], kind), kind
        )
        centre = scores[kept].mean(axis=0)
        spread = np.maximum(scores[kept].std(axis=0), 1e-6)
        slope, shift = calibrate((scores[kept] - centre) / spread, labels[kept])
        platt[out] = expit(slope * ((scores[out] - centre) / spread) + shift)
    return Fitted(held, stated, platt)


def cross_fit_f1(
    scores: Array, labels: Array, seed: int, *, kind: Kind = "margins", n_folds: int = N_FOLDS
) -> CrossFit:
    """Judge scores; see `cross_fit` for the arguments and the errors."""
    fitted = cross_fit(scores, labels, seed=seed, kind=kind, n_folds=n_folds)
    truth = labels > 0
    hits = (fitted.held & truth).sum(axis=0)
    total = fitted.held.sum(axis=0) + truth.sum(axis=0)
    rng = np.random.default_rng([seed, 1])
    drawn = [rng.integers(len(truth), size=len(truth)) for _ in range(N_DRAWS)]
    return CrossFit(
        n=len(scores),
        seed=seed,
        macro_f1=macro_f1(fitted.held, labels),
        micro_f1=float(2 * hits.sum() / max(total.sum(), 1)),
        macro_error=float(np.std([macro_f1(fitted.held[i], labels[i]) for i in drawn])),
        ece=calibration_error(fitted.stated, truth),
        ece_platt=calibration_error(fitted.platt, truth),
        f1=tuple(float(x) for x in 2 * hits / np.maximum(total, 1)),
    )
