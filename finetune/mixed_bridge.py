"""What was learnt on pairs beside what the encoder calls things, as one bridge.

    to_text(own, named) = unit((own - c) W / s + k (named - c') / s')

W is a ridge regression from the encoder's vectors; s and s' are the usual lengths of both parts, so
that k says how much names count beside what was learnt. Penalty and k have the best mean reciprocal
rank, both ways, in folds of the pairs. A fold is centred on itself, as a catalogue is: what a
bridge learnt of directions may hold elsewhere, where its means do not.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import DataError
from simpatico.finetune.bridge import LEAST, N_FOLDS, PENALTIES, first_ranks, parted, ridge
from simpatico.retrieval.bridge import Bridge, unit

Array = NDArray[np.float32]
Ranks = NDArray[np.int64]

NAMES: Final = (0.0, 0.5, 0.7, 1.0, 1.4, 2.0)
"""How much names count beside what was learnt, to choose from."""


class Mixed(NamedTuple):
    """A bridge fitted to all pairs, and what was measured while it was chosen.

    Attributes:
        bridge: from the encoder's vectors and the names', side by side; 16 bits a weight.
        penalty: that was chosen.
        names: how much these count.
        to_text: (n,), rank of each pair's text among those of its fold, from a map fitted without.
        from_text: (n,), the other way round.
        fold_sizes: pairs in each fold.
    """

    bridge: Bridge
    penalty: float
    names: float
    to_text: Ranks
    from_text: Ranks
    fold_sizes: tuple[int, ...]


def mix(
    own: Array,
    named: Array,
    texts: Array,
    groups: NDArray[np.int64],
    same: NDArray[np.int64],
    *,
    source: str,
    target: str,
    penalties: Sequence[float] = PENALTIES,
    names: Sequence[float] = NAMES,
    seed: int = 0,
) -> Mixed:
    """Choose a penalty and what names count by cross-validation, then fit to all pairs.

    Args:
        own: (n, d), of the encoder.
        named: (n, t), of what it calls each.
        texts: (n, t), unit rows.
        groups: (n,), numbers from 0; a group is never parted.
        same: (n,), numbers; of one number every text is right for every picture or sound.
        source: name of what made both, side by side.
        target: name of the text encoder.
        penalties: to choose from.
        names: likewise.
        seed: of the folds.

    Raises:
        DataError: too few groups.
    """
    n_groups = len(set(groups.tolist()))
    if n_groups < LEAST:
        raise DataError(f"wanted pairs of at least {LEAST} groups, got {n_groups}")
    folds = parted(groups, N_FOLDS, np.random.default_rng(seed))
    ranks = np.empty((2, len(penalties), len(names), len(groups)), dtype=np.int64)
    squares = np.empty((len(penalties) + 1, len(groups)))
    for fold in range(N_FOLDS):
        rest, out = folds != fold, folds == fold
        right = same[out][:, None] == same[out]
        asked = unit(_centred(texts[out]))
        called = _centred(named[out])
        squares[-1, out] = (called**2).sum(axis=1)
        *_, fitted = ridge(own[rest], texts[rest], penalties)
        for at, weights in enumerate(fitted):
            learnt = _centred(own[out]) @ weights
            squares[at, out] = (learnt**2).sum(axis=1)
            learnt = learnt * _scale((learnt**2).sum(axis=1))
            beside = called * _scale((called**2).sum(axis=1))
            for place, weight in enumerate(names):
                scores = unit(learnt + weight * beside) @ asked.T
                ranks[0, at, place, out] = first_ranks(scores, right)
                ranks[1, at, place, out] = first_ranks(scores.T, right)
    means = (1 / ranks).mean(axis=(0, 3))
    best, share = divmod(int(means.argmax()), len(names))
    centre, middle, (weights,) = ridge(own, texts, [penalties[best]])
    name_weights = np.eye(texts.shape[1]) * names[share] * _scale(squares[-1])
    both = np.concatenate([weights * _scale(squares[best]), name_weights])
    return Mixed(
        Bridge(
            source,
            target,
            centre=np.concatenate([centre, named.mean(axis=0)]),
            weights=both.astype(np.float16).astype(np.float32),
            middle=middle,
        ),
        penalties[best],
        names[share],
        ranks[0, best, share],
        ranks[1, best, share],
        tuple(int((folds == fold).sum()) for fold in range(N_FOLDS)),
    )


def _centred(rows: Array) -> Array:
    return np.asarray(rows - rows.mean(axis=0), dtype=np.float32)


def _scale(squares: NDArray[np.floating]) -> float:
    """What makes the usual length of rows 1, from the squares of theirs; 0 where they have none."""
    length = float(np.sqrt(squares.mean()))
    return 1 / length if length > 1e-6 else 0.0
