"""How close items are to what somebody says and to what they had, for a learned ranker."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

SIGNALS: Final = ("match", "alike")
NEWEST: Final = 5
"""Events of a person that an item is compared with."""


def signals_of(words: Array, before: Sequence[Sequence[int]], text: Array, had: Array) -> Array:
    """Cosines of items with each person's words, and with the closest of their newest events.

    Args:
        words: (n, dim) unit rows; a row of zeros is somebody who says nothing.
        before: for each of the n people the rows of `had` that they had, the oldest first.
        text: (n_items, dim) unit rows of the items to score; zeros where an item has no text.
        had: (n_had, dim) unit rows of what people had.

    Returns:
        (n, n_signals, n_items); 0 where there is nothing to compare.
    """
    found = np.zeros((len(words), len(SIGNALS), len(text)), dtype=np.float32)
    found[:, 0] = words @ text.T
    for row, rows in enumerate(before):
        if rows:
            found[row, 1] = (had[list(rows[-NEWEST:])] @ text.T).max(axis=0)
    return found
