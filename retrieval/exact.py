"""Unit vectors held in memory (or mapped from disk) and searched exactly."""

from collections.abc import Sequence
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

DECIMALS: Final = 6
"""Scores are rounded to this many places, so that float32 noise cannot decide a tie."""

_GATHER_SHARE: Final = 0.2
"""Below this share of the rows, copying them out is cheaper than scoring all (100,000 x 384)."""


class Rows:
    """Vectors in the order of their sorted ids; immutable.

    Attributes:
        ids: sorted, distinct.
        matrix: (n, dim) float32, unit rows; may be a read-only memory map.
    """

    def __init__(self, ids: Sequence[str], matrix: NDArray[np.float32]) -> None:
        self.ids = list(ids)
        self.matrix = matrix

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def _position(self) -> dict[str, int]:
        return {item_id: row for row, item_id in enumerate(self.ids)}

    def merged(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> "Rows":
        """These rows with some inserted or replaced; `ids` are distinct, `vectors` (m, dim)."""
        new = set(ids)
        kept = [row for row, item_id in enumerate(self.ids) if item_id not in new]
        names = [self.ids[row] for row in kept] + list(ids)
        order = sorted(range(len(names)), key=names.__getitem__)
        matrix = np.concatenate([self.matrix[kept], vectors])[order]  # (n, dim)
        return Rows([names[place] for place in order], matrix)

    def without(self, ids: Sequence[str]) -> "Rows":
        """These rows but for those of `ids`; unknown ids are ignored."""
        gone = set(ids)
        kept = [row for row, item_id in enumerate(self.ids) if item_id not in gone]
        return Rows([self.ids[row] for row in kept], self.matrix[kept])

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of known ids in the order asked, (m, dim). Raises KeyError for an unknown id."""
        rows = [self._position[item_id] for item_id in ids]
        return np.asarray(self.matrix[rows], dtype=np.float32)

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._position

    def row(self, item_id: str) -> int:
        """Where a known id stands. Raises KeyError for an unknown one."""
        return self._position[item_id]

    def search(
        self, vector: NDArray[np.float32], *, k: int, allowed: NDArray[np.bool_] | None
    ) -> list[tuple[str, float]]:
        """The k nearest by cosine, best first, ties by id; `allowed` has one flag for each row."""
        if allowed is None:
            rows = None
            scores = self.matrix @ vector  # (n,)
        else:
            rows = np.flatnonzero(allowed)
            if rows.size < _GATHER_SHARE * len(self):
                scores = np.take(self.matrix, rows, axis=0) @ vector  # (n_allowed,)
            else:
                scores = (self.matrix @ vector)[rows]
        best = best_of(scores, k)
        places = best if rows is None else rows[best]
        return [(self.ids[place], _shown(scores[i])) for place, i in zip(places, best, strict=True)]

    def scored(self, ids: Sequence[str], vector: NDArray[np.float32]) -> list[tuple[str, float]]:
        """Known ids with their exact cosine, best first, ties by id."""
        scores = self.vectors(ids) @ vector  # (m,)
        pairs = zip(ids, map(_shown, scores), strict=True)
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


def _shown(score: np.floating) -> float:
    return min(max(round(float(score), DECIMALS), -1.0), 1.0)


def best_of(scores: NDArray[np.floating], k: int) -> NDArray[np.intp]:
    """Places of the k highest of `scores` (n,), highest first, ties by place, after rounding."""
    if k < scores.size:
        kth = np.partition(scores, scores.size - k)[scores.size - k]
        # a whole rounding step of slack keeps everything that may tie with the k-th
        pool = np.flatnonzero(scores >= kth - 10.0**-DECIMALS)
    else:
        pool = np.arange(scores.size)
    order = np.lexsort((pool, -np.round(scores[pool], DECIMALS)))
    return pool[order[:k]]


def checked(ids: Sequence[str], vectors: NDArray[np.float32], *, dim: int) -> NDArray[np.float32]:
    """Vectors fit to be stored under `ids`, as float32 (n, dim).

    Raises:
        ValueError: ids empty or repeated, shapes that do not fit, rows that are not finite or
            whose norm is not 1 (within 0.001).
    """
    vectors = np.asarray(vectors, dtype=np.float32)
    if vectors.shape != (len(ids), dim):
        raise ValueError(f"wanted vectors of shape {(len(ids), dim)}, got {vectors.shape}")
    if len(set(ids)) != len(ids) or not all(ids):
        raise ValueError("ids must be distinct and not empty")
    norms = np.linalg.norm(vectors, axis=1)
    if not np.all(np.abs(norms - 1) < 1e-3):  # also catches nan
        raise ValueError("vectors must be finite and of norm 1")
    return vectors


def checked_query(
    vector: NDArray[np.float32],
    *,
    k: int,
    allowed: NDArray[np.bool_] | None,
    dim: int,
    n: int,
) -> NDArray[np.float32]:
    """The query as a unit vector (dim,).

    Raises:
        ValueError: k below 1, a wrong shape, a vector without direction, flags that are not one
            for each stored id.
    """
    if k < 1:
        raise ValueError(f"wanted k of at least 1, got {k}")
    vector = np.asarray(vector, dtype=np.float32)
    norm = float(np.linalg.norm(vector))
    if vector.shape != (dim,) or not np.isfinite(norm) or norm == 0:
        raise ValueError(f"wanted a finite vector of shape ({dim},), got {vector.shape}")
    if allowed is not None and (allowed.shape != (n,) or allowed.dtype != np.bool_):
        raise ValueError(f"wanted {n} flags, one for each id, got {allowed.shape} {allowed.dtype}")
    return vector / np.float32(norm)
