"""The films worth a closer look at each moment, with what speaks for them.

A rough sum of features, weighed by hand, picks the candidates of the learned ranking.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.finetune.redial_features import Past, Tables, count_tables, features
from simpatico.finetune.redial_world import Array, Asked, World
from simpatico.protocols import ProgressCallback

N_CANDIDATES: Final = 1000
N_FOLDS: Final = 4
_BATCH: Final = 64
_ROUGH: Final[Mapping[str, float]] = {
    "near": 1, "together": 1, "after": 0.5, "named": 0.4, "wish like text": 10, "phrases": 2.5,
    "fans": 0.3, "neighbours by wish": 0.3, "tag": 1, "words in people": 0.1,
}  # fmt: skip


class Shortlist(NamedTuple):
    """Candidates of n moments.

    Attributes:
        places: (n, n_candidates) int16, positions of films; those named before are not in it
            while there are others.
        values: (n, n_candidates, n_features) float16.
        names: (n_features,).
    """

    places: NDArray[np.int16]
    values: NDArray[np.float16]
    names: tuple[str, ...]

    def part(self, rows: NDArray[np.int64]) -> "Shortlist":
        """Some of the moments."""
        return Shortlist(self.places[rows], self.values[rows], self.names)


def shortlist(
    world: World,
    tables: Tables,
    asked: Asked,
    *,
    n_candidates: int = N_CANDIDATES,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Shortlist:
    """Pick candidates, at most as many as there are films.

    Args:
        world: the films.
        tables: counted from other dialogues than the moments'.
        asked: the moments.
        n_candidates: for each.
        progress: told of moments.
    """
    n_films = len(world.films)
    n_candidates = min(n_candidates, n_films)
    places = np.zeros((len(asked), n_candidates), dtype=np.int16)
    values: NDArray[np.float16] | None = None
    names: tuple[str, ...] = ()
    for start in range(0, len(asked), _BATCH):
        rows = np.arange(start, min(start + _BATCH, len(asked)))
        part = asked.part(rows)
        found = features(world, tables, part)
        names = tuple(found)
        if values is None:
            values = np.zeros((*places.shape, len(names)), dtype=np.float16)
        rough = np.zeros((len(rows), n_films), dtype=np.float32)
        for name, weight in _ROUGH.items():
            rough += np.float32(weight) * found[name]
        for row, what in enumerate(part.before):
            rough[row, what] = -np.inf
        best = np.argpartition(-rough, n_candidates - 1, axis=1)[:, :n_candidates]
        places[rows] = best
        for at, each in enumerate(found.values()):
            wide = np.broadcast_to(each, rough.shape)
            values[rows, :, at] = np.take_along_axis(wide, best, axis=1)
        progress("Reading moments", start + len(rows), len(asked))
    if values is None:
        values = np.zeros((*places.shape, 0), dtype=np.float16)
    return Shortlist(places, values, names)


def folds_of(n_talks: int, seed: int) -> NDArray[np.int64]:
    """A fold for each dialogue, (n_talks,), all as large as can be."""
    return np.random.default_rng(seed).permutation(np.arange(n_talks) % N_FOLDS)


def crossed(
    world: World,
    past: Past,
    learn: NDArray[np.bool_],
    fold: NDArray[np.int64],
    k: int,
    *,
    n_candidates: int = N_CANDIDATES,
    progress: ProgressCallback = lambda what, done, total: None,
) -> tuple[NDArray[np.int64], Shortlist]:
    """Offers of a fold, seen with tables of the other folds.

    Args:
        world: the films.
        past: all dialogues.
        learn: (n_talks,) flags of the dialogues learnt from.
        fold: (n_talks,), see `folds_of`.
        k: the fold.
        n_candidates: for each moment.
        progress: told of moments.

    Returns:
        Rows of `past.asked`, and their candidates.
    """
    tables = count_tables(world, past, learn & (fold != k))
    rows = np.flatnonzero((learn & (fold == k))[past.asked.talk])
    found = shortlist(
        world, tables, past.asked.part(rows), n_candidates=n_candidates, progress=progress
    )
    return rows, found


def wanted(found: Shortlist, asked: Asked) -> Array:
    """1 for each of a moment's targets among its candidates, else 0: (n, n_candidates)."""
    share = np.zeros(found.places.shape, dtype=np.float32)
    for row, targets in enumerate(asked.targets):
        share[row] = np.isin(found.places[row], targets)
    return share
