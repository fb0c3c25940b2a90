"""What people liked together: item-to-item counts, and neighbours by them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import StoreError

EVIDENCE: Final = 2
"""A pair is named as evidence ("people who liked ...") from this many people on."""

MAX_BASKET: Final = 50
"""Likes of one person that count, the newest: nobody can flood the table alone."""

SHRINK: Final = 2.0
"""Pairs seen n times keep n / (n + SHRINK) of their association: one person is not a pattern."""


class Behaviour:
    """Co-like counts between items; immutable.

    The association of two items is the cosine of their columns, n_ab / sqrt(n_a n_b) with n_a the
    sum of an item's pair counts, shrunk by `SHRINK`: in [0, 1), 0 for a pair never seen.
    """

    def __init__(
        self,
        ids: Sequence[str],
        a: NDArray[np.int32],
        b: NDArray[np.int32],
        n: NDArray[np.int32],
    ) -> None:
        """Take a table of pairs.

        Args:
            ids: items that occur, distinct.
            a: (n_pairs,) position of one item in `ids`.
            b: (n_pairs,) position of the other; each pair stands once, in either order.
            n: (n_pairs,) how many people liked both, at least 1.
        """
        if not a.shape == b.shape == n.shape or a.ndim != 1:
            raise ValueError(f"wanted three columns of one length, got {a.shape, b.shape, n.shape}")
        if a.size and (min(a.min(), b.min()) < 0 or max(a.max(), b.max()) >= len(ids)):
            raise ValueError(f"wanted positions below {len(ids)}")
        self.ids = tuple(ids)
        self._position = {item_id: place for place, item_id in enumerate(self.ids)}
        self._pairs = (a, b, n)
        left, right = np.concatenate([a, b]), np.concatenate([b, a])
        counts = np.concatenate([n, n]).astype(np.float64)
        totals = np.bincount(left, weights=counts, minlength=len(ids))
        strength = counts / np.sqrt(totals[left] * totals[right]) * counts / (counts + SHRINK)
        order = np.lexsort((right, left))
        self._others = right[order]
        self._strength = strength[order]
        self._counts = counts[order].astype(np.int64)
        self._starts = np.concatenate([[0], np.cumsum(np.bincount(left, minlength=len(ids)))])

    @classmethod
    def empty(cls) -> "Behaviour":
        """Nothing known."""
        none = np.zeros(0, dtype=np.int32)
        return cls((), none, none, none)

    def __len__(self) -> int:
        """How many pairs are known."""
        return int(self._pairs[0].size)

    def plus(self, baskets: Iterable[Sequence[str]]) -> "Behaviour":
        """This table with more people in it.

        Args:
            baskets: for each person the ids of what they liked, oldest first; repeats count once.
        """
        counts: Counter[tuple[str, str]] = Counter()
        for basket in baskets:
            newest = list(dict.fromkeys(reversed(basket)))[:MAX_BASKET]
            counts.update(combinations(sorted(newest), 2))
        for place_a, place_b, n in zip(*self._pairs, strict=True):
            first, second = sorted((self.ids[place_a], self.ids[place_b]))
            counts[first, second] += int(n)
        ids = sorted({item_id for pair in counts for item_id in pair})
        position = {item_id: place for place, item_id in enumerate(ids)}
        pairs = sorted(counts.items())
        return Behaviour(
            ids,
            np.array([position[first] for (first, _), _ in pairs], dtype=np.int32),
            np.array([position[second] for (_, second), _ in pairs], dtype=np.int32),
            np.array([n for _, n in pairs], dtype=np.int32),
        )

    def neighbours(self, liked_ids: Sequence[str], k: int) -> list[tuple[str, float]]:
        """The k items most associated with those liked, best first, ties by id.

        The score is the sum of associations; the liked themselves are left out.
        """
        totals: dict[int, float] = {}
        liked = {self._position[each] for each in liked_ids if each in self._position}
        for place in sorted(liked):
            for other, strength, _ in self._beside(place):
                if other not in liked:
                    totals[other] = totals.get(other, 0.0) + strength
        scored = [(self.ids[place], total) for place, total in totals.items()]
        return sorted(scored, key=lambda pair: (-pair[1], pair[0]))[:k]

    def strongest(
        self, item_ids: Sequence[str], liked_ids: Sequence[str]
    ) -> list[tuple[str, float] | None]:
        """For each item, the liked one it is most associated with, or None if with none.

        Only pairs that `EVIDENCE` people liked count here.
        """
        best: dict[str, tuple[str, float]] = {}
        for liked in dict.fromkeys(liked_ids):
            for place, strength, n in self._beside(self._position.get(liked)):
                other = self.ids[place]
                if n >= EVIDENCE and (other not in best or strength > best[other][1]):
                    best[other] = (liked, strength)
        return [best.get(item_id) for item_id in item_ids]

    def _beside(self, place: int | None) -> list[tuple[int, float, int]]:
        """An item's partners: position, association, people. None for an unknown item."""
        if place is None:
            return []
        row = slice(self._starts[place], self._starts[place + 1])
        columns = (self._others[row], self._strength[row], self._counts[row])
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def save(self, path: Path) -> None:
        """Write as npz (`ids`, `a`, `b`, `n`). Raises StoreError."""
        a, b, n = self._pairs
        try:
            np.savez_compressed(path, ids=np.array(self.ids, dtype=np.str_), a=a, b=b, n=n)
        except OSError as error:
            raise StoreError(f"co-likes cannot be written to {path}: {error}") from error

    @classmethod
    def load(cls, path: Path) -> "Behaviour":
        """Read what `save` wrote. Raises StoreError when it is missing or damaged."""
        try:
            with np.load(path, allow_pickle=False) as data:
                return cls([str(i) for i in data["ids"]], data["a"], data["b"], data["n"])
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise StoreError(f"co-likes in {path} cannot be read: {error}") from error
