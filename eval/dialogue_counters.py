"""Counters of the films that dialogues name: what a trained ranker of dialogues has to beat.

They are told of the same films as the ranker beside them, and hear no words. Settings were chosen
by R@10 on the split of seed 0, of which the docs tell.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from simpatico.eval.baselines_items import ease_weights
from simpatico.finetune.dialogues import Decision
from simpatico.retrieval.links import count_links, newest_of

Array = NDArray[np.float64]
Places = NDArray[np.int64]

Counter = Callable[[Sequence[Places]], Array]
"""Scores of every item, (n, n_items), for (n,) lists of films told of, the oldest first."""

POPULARITY: Final = "popularity"
NEAR: Final = "named near it in other dialogues"
KNN: Final = "ItemKNN with recency"
EASE: Final = "EASE"

RIDGE: Final = 300.0
SHRINK: Final = 300.0
"""What is added to the denominator of ItemKNN's cosines: pairs seen seldom count little."""

DECAY: Final = 0.85
"""What a film counts in ItemKNN beside the one named after it."""

_TIES: Final = 1e-9


class Named(NamedTuple):
    """Films of the dialogues learnt from, as a matrix.

    Attributes:
        items: (n_named,) places of the films that they name, ascending.
        together: (n_named, n_named) dialogues that name both; on the diagonal, that name it.
    """

    items: Places
    together: Array


def told_of(decision: Decision, *, offered: bool) -> Places:
    """Places of the films that the seeker named before, the oldest first; `offered`, of all."""
    return np.array(
        [
            place
            for place, by_seeker in zip(decision.before, decision.by_seeker, strict=True)
            if by_seeker or offered
        ],
        dtype=np.int64,
    )


def counters(named: Sequence[Places], n_items: int) -> dict[str, Counter]:
    """Count dialogues.

    Args:
        named: what each dialogue learnt from names, in order, each film once.
        n_items: of the catalogue; what nothing else tells apart is in order of popularity.
    """
    known = np.bincount(np.concatenate(named), minlength=n_items).astype(np.float64)
    links, seen = count_links(named, n_items), _seen(named, n_items)
    cosines, weights = _cosines(seen.together), ease_weights(seen.together, RIDGE)

    def near(told: Sequence[Places]) -> Array:
        newest = np.stack([newest_of(each) for each in told])
        return links.evidence(newest)[:, 0].astype(np.float64)

    found: dict[str, Counter] = {
        POPULARITY: lambda told: np.zeros((len(told), n_items)),
        NEAR: near,
        KNN: lambda told: _summed(told, seen.items, cosines, n_items, decay=DECAY),
        EASE: lambda told: _summed(told, seen.items, weights, n_items, decay=1.0),
    }

    def with_ties(score: Counter) -> Counter:
        return lambda told: score(told) + _TIES * known

    return {name: with_ties(score) for name, score in found.items()}


def _seen(named: Sequence[Places], n_items: int) -> Named:
    lengths = [len(each) for each in named]
    columns = np.concatenate(named)
    seen = sparse.csr_array(
        (np.ones(len(columns)), columns, np.concatenate([[0], np.cumsum(lengths)])),
        shape=(len(named), n_items),
    )
    items = np.unique(columns)
    few = seen[:, items]
    return Named(items, (few.T @ few).toarray())


def _cosines(together: Array) -> Array:
    n = together.diagonal()
    cosines: Array = together / (np.sqrt(np.outer(n, n)) + SHRINK)
    np.fill_diagonal(cosines, 0)
    return cosines


def _summed(
    told: Sequence[Places], items: Places, table: Array, n_items: int, *, decay: float
) -> Array:
    """Sums of the rows of what was told, each film once, `decay` for each that is newer."""
    place = np.full(n_items, -1)
    place[items] = np.arange(len(items))
    scores = np.zeros((len(told), n_items))
    for row, each in enumerate(told):
        newest = list(dict.fromkeys(each[::-1].tolist()))
        worth = decay ** np.arange(len(newest))
        rows = place[newest]
        scores[row, items] = worth[rows >= 0] @ table[rows[rows >= 0]]
    return scores
