"""Whether pictures and sounds help the words of somebody who asks a catalogue for two things.

    simpatico eval cross-modal --catalog fashion

Two genres or keywords that some items share are the query ("white skirts"); right is what has both.
The catalogue's own index finds and ranks, with the hits among pictures and sounds and without.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Candidate, Item, Profile, UserState
from simpatico.errors import DataError
from simpatico.eval.next_item import Interval, interval, paired
from simpatico.eval.tables import Table
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.index import Index
from simpatico.retrieval.rank import LinearRanker
from simpatico.retrieval.shown import is_of_media

LEAST: Final = 5
MOST: Final = 50
"""Items that share two words, for these to be asked for."""
N_QUERIES: Final = 200
N_CANDIDATES: Final = 200
K: Final = 5


def queries_of(items: Sequence[Item], *, seed: int = 0) -> list[tuple[str, str]]:
    """At most `N_QUERIES` pairs of genres or keywords, drawn from those that items share."""
    shared = Counter(
        pair for item in items for pair in combinations(sorted({*item.genres, *item.keywords}), 2)
    )
    pairs = sorted(pair for pair, n in shared.items() if LEAST <= n <= MOST)
    drawn = np.random.default_rng(seed).permutation(len(pairs))[:N_QUERIES]
    return [pairs[at] for at in drawn]


def precision_of(
    index: Index, queries: Sequence[tuple[str, str]], *, progress: ProgressCallback
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """P@5 of each query, by words alone and with pictures and sounds: (n,) each."""
    ranker, nobody = LinearRanker(index), Profile()
    found = np.empty((2, len(queries)))
    for at, pair in enumerate(queries):
        state = UserState(query=" ".join(pair).lower())
        candidates = index.candidates(state=state, profile=nobody, n=N_CANDIDATES)
        for row, given in enumerate((_by_words(candidates), candidates)):
            best = ranker.rank(given, state=state, profile=nobody)[:K]
            right = [{*pair} <= {*one.item.genres, *one.item.keywords} for one in best]
            found[row, at] = sum(right) / K
        progress("asking", at + 1, len(queries))
    return found[0], found[1]


def measure_ranked(index: Index, *, seed: int = 0, progress: ProgressCallback) -> Table:
    """The table of a catalogue.

    Raises:
        DataError: its items share too few genres and keywords.
    """
    catalog = index.catalog
    queries = queries_of(catalog.items, seed=seed)
    if len(queries) < 2:
        raise DataError(
            f"wanted genres or keywords that {LEAST} to {MOST} items of {catalog.name!r} share two "
            f"of, got {len(queries)} such pairs"
        )
    alone, both = precision_of(index, queries, progress=progress)
    return Table(
        title=f"Words, with pictures and sounds, {catalog.name}, n={len(queries)}, seed {seed}",
        columns=("catalogue", "items", "P@5, words alone", "with pictures and sounds", "more"),
        rows=(
            (
                *(catalog.name, str(len(catalog))),
                *(_cell(interval(one)) for one in (alone, both)),
                _cell(paired(both, alone), "+"),
            ),
        ),
        notes=(
            f"Queries are two genres or keywords that {LEAST} to {MOST} items share, right is what "
            "has both. In brackets: 95 %, queries drawn again.",
        ),
    )


def _by_words(candidates: Sequence[Candidate]) -> list[Candidate]:
    return [
        each.model_copy(update={"hits": tuple(hit for hit in each.hits if not is_of_media(hit))})
        for each in candidates
    ]


def _cell(found: Interval, sign: str = "") -> str:
    return f"{found.mean:{sign}.3f} ({found.low:{sign}.3f} to {found.high:{sign}.3f})"
