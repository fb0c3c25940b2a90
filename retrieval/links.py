"""Behavioural evidence between items: what came close to what, and what went together.

Two tables say how much having had one item speaks for another:

- `near`: of the events up to `WINDOW` before or after an item, the share that was the other one;
  each worth `LAG_DECAY` of the one nearer, and `SHRINK` events added that were nothing. (Before
  counts as after: on MovieLens that finds the next film better than the order does.)
- `together`: the share of the other among everything that the same people had; a pair counts 1 /
  sqrt(n) for a person with n items, and is damped by both items' popularity.

A person's evidence for an item is the mean over their newest events, the newest weighing most.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Array = NDArray[np.float32]

TABLES: Final = ("near", "together")
WINDOW: Final = 10
LAG_DECAY: Final = 0.85
SHRINK: Final = 5.0
NEWEST: Final = 20
"""Events of a person that count as evidence."""

DECAYS: Final = (0.8, 0.95)
"""For each table, what an event weighs beside the next newer one."""


class Links(NamedTuple):
    """The tables, (n_items, n_items) each: row, what they had; column, what it speaks for."""

    near: Array
    together: Array

    def evidence(self, newest: NDArray[np.int64]) -> Array:
        """Evidence of each table for every item: (n, NEWEST) -> (n, n_tables, n_items).

        Args:
            newest: each person's events, the newest first, as places; -1 where there is none.
        """
        weights = weights_of(newest)  # (n, n_tables, NEWEST)
        starts = np.arange(0, newest.size + 1, newest.shape[1])
        out = np.empty((len(newest), len(TABLES), self.near.shape[1]), dtype=np.float32)
        for number, table in enumerate(self):
            spread = sparse.csr_matrix(
                (weights[:, number].ravel(), np.maximum(newest, 0).ravel(), starts),
                shape=(len(newest), len(table)),
            )
            out[:, number] = spread @ table
        return out


def weights_of(newest: NDArray[np.int64]) -> Array:
    """What each event weighs in each table: (n, n_newest) -> (n, n_tables, n_newest), sums 1."""
    there = (newest >= 0)[:, None]
    decay = np.array(DECAYS, dtype=np.float32)[:, None] ** np.arange(newest.shape[1])
    weights = np.where(there, decay, 0).astype(np.float32)
    total = weights.sum(axis=2, keepdims=True)
    return np.asarray(weights / np.maximum(total, 1e-9), dtype=np.float32)


def newest_of(what: NDArray[np.int64], n: int = NEWEST) -> NDArray[np.int64]:
    """A person's newest events, the newest first: (n_events,) -> (n,), -1 where there is none."""
    found = np.full(n, -1, dtype=np.int64)
    last = what[::-1][:n]
    found[: len(last)] = last
    return found


def count_links(sequences: Sequence[NDArray[np.int64]], n_items: int) -> Links:
    """Count the tables from people's sequences, oldest event first."""
    near = np.zeros((n_items, n_items), dtype=np.float32)
    together = np.zeros((n_items, n_items), dtype=np.float32)
    for what in sequences:
        for lag in range(1, min(WINDOW, len(what) - 1) + 1):
            np.add.at(near, (what[:-lag], what[lag:]), LAG_DECAY ** (lag - 1))
        had = np.unique(what)
        together[np.ix_(had, had)] += 1 / np.sqrt(max(len(had), 1))
    np.fill_diagonal(together, 0)
    near += near.T.copy()
    near /= near.sum(axis=1, keepdims=True) + SHRINK
    known = np.sqrt(together.sum(axis=1) + SHRINK)
    together /= np.outer(known, known)
    together /= together.sum(axis=1, keepdims=True) + 1e-9
    return Links(near, together)
