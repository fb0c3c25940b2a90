"""How well words find music that people made, where nothing was fitted to it: the music pack.

A game's pieces share its style, and half of its words. So a word is judged inside a package alone:
how often a piece that has it among its keywords stands before one of the same package that has not.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Item

Scores = NDArray[np.floating]

LEAST: Final = 3
"""Pieces that a word must be judged on."""


class Judged(NamedTuple):
    """Words to look for among pieces.

    Attributes:
        words: (w,).
        holds: (w, n), whether a word is true of a piece.
        packages: (n,), where pieces come from.
    """

    words: tuple[str, ...]
    holds: NDArray[np.bool_]
    packages: tuple[str, ...]

    def places(self, word: int) -> list[NDArray[np.int64]]:
        """Places of the pieces of each package that has some with the word and some without."""
        names = np.array(self.packages)
        found = [np.flatnonzero(names == name) for name in sorted(set(self.packages))]
        return [at for at in found if 0 < self.holds[word, at].sum() < len(at)]


def judged(items: Sequence[Item]) -> Judged:
    """The keywords that can be judged on pieces of the music pack, (n,).

    Keys, beats a minute and how a piece was made are left out: they are no words to look for.
    """
    said = [
        {
            word
            for word in item.keywords
            if word != "AI-generated" and not word.endswith((" bpm", " major", " minor"))
        }
        for item in items
    ]
    packages = tuple(item.id.split("/")[0] for item in items)
    words = sorted({word for row in said for word in row})
    holds = np.array([[word in row for row in said] for word in words]).reshape(-1, len(items))
    every = Judged(tuple(words), holds, packages)
    kept = [
        at
        for at in range(len(words))
        if sum(int(holds[at, place].sum()) for place in every.places(at)) >= LEAST
    ]
    return Judged(tuple(words[at] for at in kept), holds[kept], packages)


def areas(scores: Scores, among: Judged, drawn: Scores | None = None) -> NDArray[np.float64]:
    """The area under the curve of each word, inside packages: in [0, 1], .5 by chance.

    Args:
        scores: (w, n), of each word and piece; equal ones count half.
        among: the words.
        drawn: (n_draws, n), how often each piece counts; None for once each.

    Returns:
        (w,), or (n_draws, w): nan where no pair was drawn.
    """
    counts = np.ones((1, scores.shape[1])) if drawn is None else drawn
    found = np.empty((len(counts), len(among.words)))
    for word, row in enumerate(scores):
        right = np.zeros(len(counts))
        pairs = np.zeros(len(counts))
        for place in among.places(word):
            has = among.holds[word, place]
            good, bad = place[has], place[~has]
            gap = row[good][:, None] - row[bad]
            before = (gap > 0) + 0.5 * (gap == 0)
            right += ((counts[:, good] @ before) * counts[:, bad]).sum(axis=1)
            pairs += counts[:, good].sum(axis=1) * counts[:, bad].sum(axis=1)
        found[:, word] = np.divide(right, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
    return found[0] if drawn is None else found
