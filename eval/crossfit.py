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

from simpatico.finetune.calibrate import Kind, probabilities, temperature
from simpatico.finetune.mood import Array, best_thresholds, calibrate

N_FOLDS = 5


class Fitted(NamedTuple):
    """Each row by what was chosen without it, (n, k) each.

    Attributes:
        held: of bool, by a threshold for each label.
        stated: in [0, 1], after one temperature for all labels.
        platt: in [0, 1], after a slope and a shift for each label (Platt, 1999).
    """

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
