"""Who and what lists put forward: exposure, coverage, popularity, the long tail, calibration.

Pure functions on arrays. `lists` are (n, k) positions of items, best first, one row a person;
a place that has nothing is -1, and counts for nothing.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Lists = NDArray[np.int64]
Numbers = NDArray[np.float64]

HEAD: Final = 0.2
"""Share of the catalogue that is its head, the most popular; the rest is the long tail."""

SMOOTHING: Final = 0.01
"""How much of the history is mixed into a list's genres, so that none of them has no chance."""


def exposure(lists: Lists, n_items: int) -> Numbers:
    """How much each item is seen, (n_items,): 1 / log2(place + 1) for every list it is in.

    The discount is NDCG's, as in Singh and Joachims (KDD 2018).
    """
    weight = np.broadcast_to(1 / np.log2(np.arange(lists.shape[1]) + 2), lists.shape)
    there = lists >= 0
    return np.bincount(lists[there], weight[there], minlength=n_items).astype(np.float64)


def gini(amounts: Numbers) -> float:
    """How unevenly a sum is shared, in [0, 1): 0 all alike, 1 - 1/n one has it all.

    Raises:
        ValueError: an amount below 0, or nothing to share.
    """
    if not amounts.size or (amounts < 0).any() or not amounts.any():
        raise ValueError("wanted amounts of at least 0, some above it")
    n = len(amounts)
    rank = np.arange(1, n + 1)
    return float(np.sum((2 * rank - n - 1) * np.sort(amounts)) / (n * amounts.sum()))


def coverage(lists: Lists, n_items: int) -> float:
    """Share of the catalogue that is in at least one list."""
    return len(np.unique(lists[lists >= 0])) / n_items


def mean_of(lists: Lists, worth: Numbers) -> Numbers:
    """The mean of what each list's items are worth, (n,); nan for an empty list."""
    there = lists >= 0
    n = there.sum(axis=1)
    total = np.where(there, worth[lists], 0.0).sum(axis=1)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)


def tail(counts: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Which items are the long tail, (n_items,): all but the `HEAD` most popular; ties by place."""
    order = np.argsort(-counts, kind="stable")
    found = np.ones(len(counts), dtype=bool)
    found[order[: round(HEAD * len(counts))]] = False
    return found


def genre_shares(items: NDArray[np.int64], genres: Numbers) -> Numbers:
    """What share of some items each genre has, (n_genres,); all 0 when none has a genre.

    Args:
        items: (n,) positions; below 0 there is none.
        genres: (n_items, n_genres), each row summing to 1, or all 0 where nothing is known.
    """
    total: Numbers = genres[items[items >= 0]].sum(axis=0)
    n = float(total.sum())
    return total / n if n else total


def miscalibration(history: Numbers, shown: Numbers) -> float:
    """Steck's C_KL (RecSys 2018): divergence of a list's genres from the history's, in nats.

    0 when the list has each genre as often as the history; nan when either is not known.

    Args:
        history: (n_genres,) shares, summing to 1, or all 0.
        shown: the same of the list; `SMOOTHING` of the history is mixed in.
    """
    if not history.any() or not shown.any():
        return float("nan")
    mixed = (1 - SMOOTHING) * shown + SMOOTHING * history
    there = history > 0
    return float(np.sum(history[there] * np.log(history[there] / mixed[there])))


def variety(lists: Lists, vectors: NDArray[np.floating]) -> Numbers:
    """How far a list's items are from each other, (n,): the mean of 1 - cosine over its pairs.

    Args:
        lists: (n, k).
        vectors: (n_items, dim) of unit rows, or all 0, which is like nothing. nan for a list of
            less than two items.
    """
    found = np.full(len(lists), np.nan)
    for row, each in enumerate(lists):
        own = vectors[each[each >= 0]]
        n = len(own)
        if n > 1:
            cosines = own @ own.T
            found[row] = 1 - (cosines.sum() - np.trace(cosines)) / (n * (n - 1))
    return found
