"""What a learned ranker sees of an item, one array for each modality; a row of nan has none of it.

`text`, `image` and `audio` are the encoders' vectors. The others are made here: `facets` (genres,
keywords and people of a fixed vocabulary), `tone`, and `year` (softly binned).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Item
from simpatico.retrieval.candidates import tone_matrix
from simpatico.text import fold

Array = NDArray[np.float32]

LEAST: Final = 4
"""Items that must share a facet for it to enter a vocabulary."""

YEARS: Final = np.linspace(1940, 2020, 15, dtype=np.float32)
_YEAR_WIDTH: Final = 6.0


def facets_of(item: Item) -> tuple[str, ...]:
    """Genres, keywords and people of an item, as names in a vocabulary; each once."""
    named = (
        *(f"genre:{fold(name)}" for name in item.genres),
        *(f"keyword:{fold(name)}" for name in item.keywords),
        *(f"person:{fold(name)}" for name in item.creators),
    )
    return tuple(dict.fromkeys(named))


def vocabulary_of(items: Iterable[Item], *, least: int = LEAST) -> tuple[str, ...]:
    """Facets that at least so many items have, sorted."""
    counts = Counter(name for item in items for name in facets_of(item))
    return tuple(sorted(name for name, n in counts.items() if n >= least))


def features_of(
    items: Sequence[Item], vocabulary: Sequence[str], vectors: Mapping[str, Array]
) -> dict[str, Array]:
    """Every modality of items, (n_items, its width) each.

    Args:
        items: (n_items,).
        vocabulary: facets, as `vocabulary_of` gives them.
        vectors: of encoders, by modality; a row of nan where an item has none.
    """
    made = {"facets": _facets(items, vocabulary), "tone": tone_matrix(items), "year": _years(items)}
    return {**vectors, **made}


def _facets(items: Sequence[Item], vocabulary: Sequence[str]) -> Array:
    """Rows of L2 norm 1."""
    place = {name: at for at, name in enumerate(vocabulary)}
    found = np.full((len(items), len(vocabulary)), np.nan, dtype=np.float32)
    for row, item in enumerate(items):
        if known := [place[name] for name in facets_of(item) if name in place]:
            found[row] = 0
            found[row, known] = len(known) ** -0.5
    return found


def _years(items: Sequence[Item]) -> Array:
    years = np.array([item.year or np.nan for item in items], dtype=np.float32)
    soft: Array = np.exp(-(((years[:, None] - YEARS) / _YEAR_WIDTH) ** 2))
    return soft
