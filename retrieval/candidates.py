"""From many sources one list: pure functions on scores."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import TONES, Hit, Item
from simpatico.retrieval.exact import best_of

Source = Literal[
    "text", "image", "audio", "lexical", "tone", "liked", "behaviour", "learned", "popular"
]
Scored = Sequence[tuple[str, float]]

RRF_K: Final = 60
"""Rank offset of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)."""

SOURCE_WEIGHTS: Final[Mapping[Source, float]] = {
    "text": 1.0,
    "image": 1.0,
    "audio": 1.0,
    "lexical": 0.7,
    "tone": 0.8,
    "liked": 0.6,
    "behaviour": 0.8,
    "learned": 1.0,
    "popular": 0.15,
}
"""Hand-set. `popular` fills up what the others leave: it must not push them out."""

OF_WORDS: Final[tuple[Source, ...]] = ("text", "lexical")
"""What the person's words find among texts."""


@dataclass(frozen=True)
class Fused:
    """One item with its hits; `score` is the weighted sum of 1 / (k + rank) over them."""

    item_id: str
    score: float
    hits: tuple[Hit, ...]


def ranked(scored: Scored) -> list[tuple[str, float]]:
    """Best first, ties by id; of an id given twice the better score counts."""
    best: dict[str, float] = {}
    for item_id, score in scored:
        if item_id not in best or score > best[item_id]:
            best[item_id] = score
    return sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))


def fuse(
    lists: Mapping[Source, Scored],
    *,
    weights: Mapping[Source, float] = SOURCE_WEIGHTS,
    k: int = RRF_K,
    n: int | None = None,
) -> list[Fused]:
    """Weighted reciprocal rank fusion: the n best (or all), best first, ties by id.

    Only the order within a source matters, never its scale. The order in which sources and pairs
    are given does not matter. A source of weight 0 or without weight adds its hits and no score.
    """
    found: dict[str, list[tuple[Source, int, float]]] = {}
    for source in sorted(lists):
        for rank, (item_id, score) in enumerate(ranked(lists[source]), start=1):
            found.setdefault(item_id, []).append((source, rank, score))
    totals = {
        item_id: math.fsum(weights.get(source, 0.0) / (k + rank) for source, rank, _ in hits)
        for item_id, hits in found.items()
    }
    best = sorted(totals, key=lambda item_id: (-totals[item_id], item_id))[:n]
    return [
        Fused(
            item_id,
            totals[item_id],
            tuple(Hit(source=name, rank=rank, score=score) for name, rank, score in found[item_id]),
        )
        for item_id in best
    ]


def top(
    ids: Sequence[str],
    scores: NDArray[np.floating],
    *,
    k: int,
    allowed: NDArray[np.bool_] | None = None,
) -> list[tuple[str, float]]:
    """The k best of the allowed, best first, ties by place; nan is never among them.

    Args:
        ids: (n,).
        scores: (n,).
        k: how many at most.
        allowed: (n,) flags, or None for all.
    """
    known = ~np.isnan(scores)
    places = np.flatnonzero(known if allowed is None else known & allowed)
    best = places[best_of(scores[places], k)]
    return [(ids[place], float(scores[place])) for place in best]


_UNKNOWN = (np.nan,) * len(TONES)


def tone_matrix(items: Sequence[Item]) -> NDArray[np.float32]:
    """Tone profiles as rows, (n, n_tones); an unknown profile is a row of nan."""
    rows = [item.tone or _UNKNOWN for item in items]
    return np.array(rows, dtype=np.float32).reshape(len(items), len(TONES))
