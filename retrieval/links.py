"""Behavioural evidence between items: what came close to what, and what went together.

Two tables say how much having had one item speaks for another:

- `near`: of the events up to `WINDOW` before or after an item, the share that was the other one;
  each worth `LAG_DECAY` of the one nearer, and `SHRINK` events added that were nothing. (Before
  counts as after: on MovieLens that finds the next film better than the order does.)
- `together`: the share of the other among everything that the same people had; a pair counts 1 /
  sqrt(n) for a person with n items, and is damped by both items' popularity.

A person's evidence for an item is the mean over their newest events, the newest weighing most.

Both tables are made of sums over people (`Counts`): those of two groups add up.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

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


Table: TypeAlias = Array | sparse.csr_array
"""(n_items, n_items): row, what they had; column, what it speaks for."""

_DENSE_FROM: Final = 0.1  # of a table filled: from here on a dense one is smaller and faster


class Links(NamedTuple):
    """The tables, sparse unless they are well filled."""

    near: Table
    together: Table

    def evidence(self, newest: NDArray[np.int64]) -> Array:
        """Evidence of each table for every item: (n, NEWEST) -> (n, n_tables, n_items).

        Args:
            newest: each person's events, the newest first, as places; -1 where there is none.
        """
        weights = weights_of(newest)  # (n, n_tables, NEWEST)
        starts = np.arange(0, newest.size + 1, newest.shape[1])
        out = np.empty((len(newest), len(TABLES), self.near.shape[1]), dtype=np.float32)
        for number, table in enumerate(self):
            spread = sparse.csr_array(
                (weights[:, number].ravel(), np.maximum(newest, 0).ravel(), starts),
                shape=(len(newest), table.shape[0]),
            )
            found = spread @ table
            out[:, number] = found.toarray() if sparse.issparse(found) else found
        return out

    def evidence_for(self, newest: NDArray[np.int64], places: NDArray[np.int64]) -> Array:
        """The same for some items only, (n, n_tables, n_places): faster where they are few.

        Args:
            newest: as above.
            places: (n_places,) of the items.
        """
        rows, at = np.unique(np.maximum(newest, 0), return_inverse=True)
        weights = weights_of(newest)
        person = np.arange(len(newest))[:, None]
        out = np.empty((len(newest), len(TABLES), len(places)), dtype=np.float32)
        for number, table in enumerate(self):
            spread = np.zeros((len(newest), len(rows)), dtype=np.float32)
            np.add.at(spread, (person, at.reshape(newest.shape)), weights[:, number])
            out[:, number] = spread @ _rows_of(table, rows)[:, places]
        return out


class Counts(NamedTuple):
    """Sums over people that `Links` are made of.

    Attributes:
        near: (n_items, n_items), symmetric: events near each other, by `LAG_DECAY`.
        together: (n_items, n_items), symmetric: people who had both, by 1 / sqrt(n).
        known: (n_items,) events with each.
    """

    near: sparse.csr_array
    together: sparse.csr_array
    known: NDArray[np.float64]

    def plus(self, other: "Counts") -> "Counts":
        """Those of both groups; the items are the same."""
        return Counts(*(ours + theirs for ours, theirs in zip(self, other, strict=True)))

    def links(self) -> Links:
        """What they say of items."""
        near = _scaled_rows(self.near, 1 / (self.near.sum(axis=1) + SHRINK))
        known = 1 / np.sqrt(self.together.sum(axis=1) + SHRINK)
        together = _scaled_rows(_scaled_rows(self.together, known).T.tocsr(), known)  # symmetric
        together = _scaled_rows(together, 1 / (together.sum(axis=1) + 1e-9))
        return Links(_compact(near), _compact(together))

    def log_known(self) -> Array:
        """Logarithm of each item's share of all events, (n_items,); half an event is added."""
        counts = self.known + 0.5
        return np.asarray(np.log(counts / counts.sum()), dtype=np.float32)


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
    return count(sequences, n_items).links()


def count(sequences: Sequence[NDArray[np.int64]], n_items: int) -> Counts:
    """Sum up people's sequences, oldest event first."""
    every = np.concatenate([np.zeros(0, dtype=np.int64), *sequences])
    known = np.bincount(every, minlength=n_items).astype(np.float64)
    return Counts(_near(sequences, n_items), _together(sequences, n_items), known)


def _near(sequences: Sequence[NDArray[np.int64]], n_items: int) -> sparse.csr_array:
    near = _empty(n_items)
    for lag in range(1, WINDOW + 1):
        long = [what for what in sequences if len(what) > lag]
        if long:
            left = np.concatenate([what[:-lag] for what in long])
            right = np.concatenate([what[lag:] for what in long])
            worth = np.full(len(left), LAG_DECAY ** (lag - 1))
            near += sparse.coo_array((worth, (left, right)), shape=near.shape).tocsr()
    return near + near.T


def _together(sequences: Sequence[NDArray[np.int64]], n_items: int) -> sparse.csr_array:
    had = [np.unique(what) for what in sequences]
    starts = np.concatenate([[0], np.cumsum([len(each) for each in had])]).astype(np.int64)
    items = np.concatenate([np.zeros(0, dtype=np.int64), *had])
    has = sparse.csr_array((np.ones(len(items)), items, starts), shape=(len(had), n_items))
    worth = np.array([1 / np.sqrt(max(len(each), 1)) for each in had])
    together = (has.T @ _scaled_rows(has, worth)).tocoo()
    apart = together.row != together.col
    return sparse.coo_array(
        (together.data[apart], (together.row[apart], together.col[apart])), shape=together.shape
    ).tocsr()


def _rows_of(table: Table, rows: NDArray[np.int64]) -> Array:
    """Some rows, dense: scipy's own way costs as much as looking up everything."""
    if not isinstance(table, sparse.csr_array):
        return np.asarray(table[rows], dtype=np.float32)
    found = np.zeros((len(rows), table.shape[1]), dtype=np.float32)
    for at, row in enumerate(rows):
        there = slice(table.indptr[row], table.indptr[row + 1])
        found[at, table.indices[there]] = table.data[there]
    return found


def _empty(n_items: int) -> sparse.csr_array:
    return sparse.csr_array((n_items, n_items), dtype=np.float64)


def _scaled_rows(table: sparse.csr_array, worth: NDArray[np.float64]) -> sparse.csr_array:
    return sparse.csr_array(sparse.diags_array(worth) @ table)


def _compact(table: sparse.csr_array) -> Table:
    small = table.astype(np.float32)
    return small.toarray() if small.nnz > _DENSE_FROM * np.prod(small.shape) else small
