"""How well a list finds what was named: pure functions of places, for `simpatico eval redial`.

A place counts from 1; a target that a list does not have is at infinity. Of items of the same
score the target comes last, so that a system that cannot tell items apart gains nothing by it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.float64]


def places_of(scores: NDArray[np.floating], targets: Sequence[int]) -> Places:
    """Places of targets among all items, ties against them; targets do not push each other back.

    Args:
        scores: (n_items,), higher is better; -inf is not in the list.
        targets: (n_targets,) positions; -1 is an item that nobody could list.

    Returns:
        (n_targets,).
    """
    found = np.full(len(targets), np.inf)
    own = np.array([scores[at] if at >= 0 else -np.inf for at in targets], dtype=np.float64)
    for at, score in enumerate(own):
        if score > -np.inf:
            better = np.count_nonzero(scores >= score)
            tied = np.count_nonzero(own[:at] == score)  # two targets do not share a place
            found[at] = better - tied
    return found


def hits_at(places: Places, k: int) -> NDArray[np.float64]:
    """1 where a target is among the first k, else 0; their mean is recall."""
    return (places <= k).astype(np.float64)


def ndcg_at(places: Places, k: int) -> float:
    """NDCG of one list with the gain 1 for each target (Järvelin and Kekäläinen, 2002)."""
    if not len(places):
        raise ValueError("wanted at least one target, got none")
    gain = (1 / np.log2(places[places <= k] + 1)).sum()
    best = (1 / np.log2(np.arange(min(k, len(places))) + 2)).sum()
    return float(gain / best)


def reciprocal_at(places: Places, k: int) -> float:
    """1 / place of the first target, 0 if none is among the first k; the mean of it is MRR."""
    if not len(places):
        raise ValueError("wanted at least one target, got none")
    first = places.min()
    return float(1 / first) if first <= k else 0.0


def beaten(liked: Places, disliked: Places) -> NDArray[np.float64]:
    """For each liked target, the share of the disliked with a worse place; the same place is half.

    The mean is the area under the ROC curve of "liked" (AUC).

    Returns:
        (n_liked,).

    Raises:
        ValueError: nothing was disliked.
    """
    if not len(disliked):
        raise ValueError("wanted at least one disliked target, got none")
    ordered = np.sort(disliked)
    below = np.searchsorted(ordered, liked, "left")
    up_to = np.searchsorted(ordered, liked, "right")
    share: NDArray[np.float64] = (len(ordered) - up_to + (up_to - below) / 2) / len(ordered)
    return share
