"""How well each case stands for what holds of it: what a ROC area is the mean of, case by case."""

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
ABOVE = "its own above the others"


def above_others(scores: Numbers, true: NDArray[np.bool_]) -> Numbers:
    """Of each case, the mean over labels that hold of it of the share of others that score less.

    Args:
        scores: (n_labels, n), higher is more so; ties count half.
        true: (n_labels, n), which labels hold of which cases.

    Returns:
        (n,), in [0, 1]; nan where no label holds, or where one holds of every case.
    """
    total, n = np.zeros(scores.shape[1]), np.zeros(scores.shape[1])
    for own, holds in zip(scores, true, strict=True):
        others = np.sort(own[~holds])
        if len(others):
            below, up_to = (np.searchsorted(others, own[holds], side) for side in ("left", "right"))
            total[holds] += (below + up_to) / 2 / len(others)
            n[holds] += 1
    return np.asarray(np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0))
