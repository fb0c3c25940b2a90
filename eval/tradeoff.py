"""What variety and novelty cost: a ranker's lists, chosen anew by the `rerank` that serves."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Item, Profile, Recommendation, Value
from simpatico.eval.exposure import Lists, coverage, exposure, gini, mean_of, variety
from simpatico.eval.next_item import N_DRAWS, Interval, interval, paired
from simpatico.eval.tables import Table
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.rerank import POOL, rerank
from simpatico.settings import RetrievalSettings

SWEEP: Final = (
    *((each, 0.0) for each in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7)),
    *((0.0, each) for each in (0.25, 0.5, 0.75, 1.0)),
)
"""(diversity, novelty) of the points; the first is the plain order."""


class Shelf(NamedTuple):
    """What the lists are of.

    Attributes:
        items: (n_items,), their popularity in [0, 1].
        vectors: (n_items, dim) unit rows by genres; all 0 where nothing is known.
        shares: (n_items,) share of people who had each.
    """

    items: Sequence[Item]
    vectors: NDArray[np.float64]
    shares: NDArray[np.float64]


class Point(Value):
    """One setting: quality and what is gained for it.

    Attributes:
        less_plain: NDCG less that of the plain order, the same people drawn for both.
        variety: mean of 1 - cosine of genres over pairs of a list.
        popularity: mean share of people who had what is shown.
    """

    diversity: float
    novelty: float
    ndcg: Interval
    less_plain: Interval
    variety: Interval
    popularity: Interval
    coverage: float
    gini: float


def top(scores: NDArray[np.floating], masked: Sequence[NDArray[np.int64]], k: int) -> Lists:
    """The k best of each row of (n, n_items), ties by place; -1 where scores are -inf or masked."""
    found = np.full((len(scores), k), -1, dtype=np.int64)
    for row, (own, never) in enumerate(zip(scores, masked, strict=True)):
        score = np.array(own, dtype=np.float64)
        score[never] = -np.inf
        best = np.argsort(-score, kind="stable")[:k]
        best = best[np.isfinite(score[best])]
        found[row, : len(best)] = best
    return found


def ndcg(lists: Lists, targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """1 / log2(place + 1) of the one target, 0 where it is not in the list, (n,)."""
    hit = lists == targets[:, None]
    gain = 1 / np.log2(np.arange(lists.shape[1]) + 2)
    return np.asarray((hit * gain).sum(axis=1))


def curve(
    scores: NDArray[np.floating],
    masked: Sequence[NDArray[np.int64]],
    targets: NDArray[np.int64],
    shelf: Shelf,
    *,
    k: int,
    seed: int = 0,
    progress: ProgressCallback = lambda what, done, total: None,
) -> tuple[Point, ...]:
    """The points of `SWEEP`.

    Each person's scores are brought to [0, 1] by their range over the catalogue, for that is what
    reranking expects of P(accept).

    Args:
        scores: (n, n_items).
        masked: for each person, items that are not offered.
        targets: (n,).
        shelf: of the items.
        k: how long the lists are.
        seed: of draws.
        progress: told of points.
    """
    pools = top(scores, masked, max(POOL, 2 * k))
    ranked = [_ranked(own, pool, shelf) for own, pool in zip(scores, pools, strict=True)]
    vectors = np.where(shelf.vectors.any(axis=1, keepdims=True), shelf.vectors, np.nan)
    near = vectors.astype(np.float32)
    place = {item.id: at for at, item in enumerate(shelf.items)}
    points: list[Point] = []
    plain = np.zeros(len(scores))
    for number, (diversity, novelty) in enumerate(SWEEP):
        progress("Reranking", number, len(SWEEP))
        settings = RetrievalSettings(diversity=diversity, novelty=novelty)
        lists = np.full((len(scores), k), -1, dtype=np.int64)
        for row, (offered, pool) in enumerate(zip(ranked, pools, strict=True)):
            chosen = rerank(
                offered, k=k, vectors=near[pool[pool >= 0]], settings=settings, profile=Profile()
            )
            lists[row, : len(chosen)] = [place[one.item.id] for one in chosen]
        value = ndcg(lists, targets)
        plain = plain if number else value
        points.append(
            Point(
                diversity=diversity,
                novelty=novelty,
                ndcg=interval(value, seed),
                less_plain=paired(value, plain, seed),
                variety=interval(_there(variety(lists, shelf.vectors)), seed),
                popularity=interval(_there(mean_of(lists, shelf.shares)), seed),
                coverage=coverage(lists, len(shelf.items)),
                gini=gini(exposure(lists, len(shelf.items))),
            )
        )
    progress("Reranking", len(SWEEP), len(SWEEP))
    return tuple(points)


def table_of(points: Sequence[Point], system: str, *, n: int, k: int) -> Table:
    """The curve as a table."""
    rows = tuple(
        (
            f"{one.diversity:g}",
            f"{one.novelty:g}",
            _cell(one.ndcg),
            f"{one.less_plain.mean:+.4f} ({one.less_plain.low:+.4f} to {one.less_plain.high:+.4f})",
            _cell(one.variety),
            _cell(one.popularity),
            f"{one.coverage:.3f}",
            f"{one.gini:.3f}",
        )
        for one in points
    )
    return Table(
        title=f"Variety and novelty against NDCG, lists of {system}, n={n}",
        columns=(
            *("diversity", "novelty", f"NDCG@{k}", "less the plain order"),
            *("variety", "popularity", "coverage", "exposure Gini"),
        ),
        rows=rows,
        notes=(
            f"Chosen among the {max(POOL, 2 * k)} best by the reranking that serves, with genres as"
            " vectors and one film of a series; the first row is the plain order. Variety: mean of"
            " 1 - cosine of genres over pairs. Popularity: share of people who had it. In brackets:"
            f" 95 %, people drawn again {N_DRAWS:,} times.",
        ),
    )


def _ranked(
    scores: NDArray[np.floating], pool: NDArray[np.int64], shelf: Shelf
) -> list[Recommendation]:
    own = scores.astype(np.float64)
    finite = own[np.isfinite(own)]
    low, width = float(finite.min()), float(np.ptp(finite))
    return [
        Recommendation(
            item=shelf.items[at],
            p_accept=(float(own[at]) - low) / width if width else 0.0,
        )
        for at in pool[pool >= 0]
    ]


def _there(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[~np.isnan(values)]


def _cell(of: Interval) -> str:
    return f"{of.mean:.4f} ({of.low:.3f} to {of.high:.3f})"
