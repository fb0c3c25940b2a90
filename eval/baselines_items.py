"""Next-item baselines: what a learned ranker has to beat before it is worth its weight.

Each scores every item for everybody asked, `scores(split) -> (n_asked, n_items)`. Settings were
chosen on the dev part of MovieLens-100K.
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from simpatico.eval.next_item import Split
from simpatico.finetune.sequences import Sequences

Array = NDArray[np.float64]
Baseline = Callable[[Split], Array]

WINDOW: Final = 10
"""Events that a Markov counter looks back."""

WIDE, FADING = 20, 0.85
"""Window of the counter that looks both ways, and what an event counts beside the next nearer."""

DECAY: Final = 0.7
"""What an event counts for, beside the one after it, in ItemKNN with recency."""

RIDGE: Final = 100.0
FACTORS: Final = 32


def matrix(known: Sequences) -> sparse.csr_matrix:
    """Who had what: (n_users, n_items) of 0 and 1."""
    rows = np.repeat(np.arange(len(known)), [len(each) for each in known.what])
    columns = np.concatenate(known.what)
    found = sparse.csr_matrix(
        (np.ones(len(rows)), (rows, columns)), shape=(len(known), len(known.items))
    )
    found.data[:] = 1.0
    return found


def popularity(split: Split) -> Array:
    """How many events each item has, the same for everybody."""
    counts = np.bincount(np.concatenate(split.known.what), minlength=len(split.known.items))
    return np.tile(counts.astype(np.float64), (len(split.rows), 1))


def item_knn(split: Split) -> Array:
    """Sum of cosines to what the person had, each event worth `DECAY` of the one after it."""
    seen = matrix(split.known)
    together = (seen.T @ seen).toarray()
    n = together.diagonal().copy()
    np.fill_diagonal(together, 0)
    cosine = together / np.sqrt(np.maximum(np.outer(n, n), 1))
    return _by_recency(split, cosine, lambda lag: DECAY**lag)


def markov(split: Split) -> Array:
    """How often an item came after another, 1 / distance each; summed over the newest events."""
    counts = _following(split, WINDOW, lambda lag: 1 / lag)
    return _by_recency(split, counts, lambda lag: 1 / (lag + 1) if lag < WINDOW else 0.0)


def both_ways(split: Split) -> Array:
    """How often two items came near each other, damped by popularity; the simplest that is good."""
    counts = _following(split, WIDE, lambda lag: FADING ** (lag - 1))
    counts += counts.T.copy()
    counts /= np.sqrt(np.maximum(counts.sum(axis=0), 1))
    return _by_recency(split, counts, lambda lag: 1 / (lag + 1) if lag < WIDE else 0.0)


def ease(split: Split) -> Array:
    """EASE (Steck, WWW 2019): a linear autoencoder without self-loops, in closed form."""
    seen = matrix(split.known)
    return np.asarray(seen[split.rows] @ ease_weights((seen.T @ seen).toarray(), RIDGE))


def ease_weights(together: Array, ridge: float) -> Array:
    """EASE (Steck, WWW 2019) in closed form: a linear autoencoder without self-loops.

    Args:
        together: (n, n) people who had both, on the diagonal who had it.
        ridge: added to the diagonal.
    """
    gram = together.copy()
    gram[np.diag_indices_from(gram)] += ridge
    inverse = np.linalg.inv(gram)
    weights: Array = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return weights


def _following(split: Split, window: int, weight: Callable[[int], float]) -> Array:
    """How often the column's item came up to `window` events after the row's, by distance."""
    n = len(split.known.items)
    counts = np.zeros((n, n))
    for what in split.known.what:
        for lag in range(1, window + 1):
            np.add.at(counts, (what[:-lag], what[lag:]), weight(lag))
    return counts


def _by_recency(split: Split, links: Array, weight: Callable[[int], float]) -> Array:
    scores = np.zeros((len(split.rows), links.shape[1]))
    for at, row in enumerate(split.rows):
        newest = split.known.what[row][::-1]
        weights = np.array([weight(lag) for lag in range(len(newest))])
        scores[at] = weights @ links[newest]
    return scores


BASELINES: Final[Mapping[str, Baseline]] = {
    "popularity": popularity,
    "ItemKNN with recency": item_knn,
    "EASE": ease,
    "Markov, window 10": markov,
    "Markov both ways, window 20": both_ways,
}
