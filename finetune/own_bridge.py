"""A bridge of a catalogue's own: fitted to its pictures or sounds and what is told of the items.

    simpatico train bridge --catalog NAME --out bridge.npz
    simpatico catalog media NAME        # fits one for pictures, and keeps it where it finds more

A ridge regression as in `bridge`, from an encoder's vectors and, beside them, what the encoder
calls what it meets. In each fold it is judged beside these names alone, which words go by where a
catalogue has no bridge; both are centred on the other folds.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Item
from simpatico.errors import DataError
from simpatico.finetune.bridge import (
    N_FOLDS,
    Kind,
    Trained,
    first_ranks,
    groups_of,
    parted,
    recall_lines,
    report,
    train,
)
from simpatico.protocols import Encoder, ProgressCallback
from simpatico.retrieval.bridge import labels_bridge, source_name
from simpatico.retrieval.build import item_text
from simpatico.retrieval.catalog import Catalog
from simpatico.retrieval.media_vectors import media_vectors
from simpatico.retrieval.senses import Senses

Array = NDArray[np.float32]
Numbers = NDArray[np.int64]

MOST: Final = 6000
"""Items fitted to, drawn of those with a medium: in a fold all are compared with all."""


LEAST_KEPT: Final = 100
"""Pairs from which on a bridge is worth keeping unasked."""


class Gain(NamedTuple):
    """How far the mean reciprocal rank, both ways, is above that by names: mean and 95 %."""

    mean: float
    low: float
    high: float


class OwnBridge(NamedTuple):
    """What came of a catalogue.

    Attributes:
        trained: the bridge, and the ranks of each pair's own in its fold.
        n: pairs.
        names_to_text: (n,), ranks likewise by names alone; none where the encoder has no names.
        names_from_text: (n,), the other way round.
        gain: over names; None where there are none.
        problems: files that could not be used, with why.
    """

    trained: Trained
    n: int
    names_to_text: Numbers | None
    names_from_text: Numbers | None
    gain: Gain | None
    problems: tuple[str, ...]

    @property
    def better(self) -> bool:
        """Whether it is worth keeping unasked: of enough pairs, it finds more than names do.

        Its penalty was chosen on the same folds, which flatters a little: of pure noise it would
        keep some 6 in 100 where 2.5 are due.
        """
        return self.gain is not None and self.gain.low > 0 and self.n >= LEAST_KEPT


def train_on_catalog(
    catalog: Catalog,
    kind: Kind,
    senses: Senses,
    *,
    root: Path,
    keep: Path,
    known: Mapping[str, Array] = MappingProxyType({}),
    seed: int = 0,
    progress: ProgressCallback = lambda label, done, total: None,
) -> OwnBridge:
    """Train on a catalogue's own items: the picture or sound of each, and what is told of it.

    Args:
        catalog: the items.
        kind: of their media.
        senses: the encoders.
        root: folder that the media's paths start from.
        keep: folder of what was made of media: those that were looked at are not read again.
        known: items' texts as unit vectors of the text encoder, (dim,) each, by id, as far as they
            were made before (see `vectors_before`); only the others are encoded.
        seed: of the folds, and of the `MOST` items that are taken of more.
        progress: told as it goes on.

    Raises:
        DataError: too few items have such media.
        ModelError: an encoder cannot be had.
    """
    items = [
        item.model_copy(update={"media": local})
        for item in catalog.items
        if (local := tuple(m for m in item.media if m.kind == kind and "://" not in m.uri))
    ]
    if len(items) > MOST:
        drawn = np.random.default_rng(seed).permutation(len(items))[:MOST]
        items = [items[at] for at in sorted(drawn)]
    senses.fetch(kind, progress=progress)
    sense = senses.of(kind)
    made = media_vectors(
        items, kind, sense.kept, sense.decode, root=root, keep=keep, progress=progress
    )
    good = np.flatnonzero(np.isfinite(made.vectors).all(axis=1))
    used = [items[at] for at in good]
    said = [item_text(item) for item in used]
    problems = tuple(f"{bad.uri}: {bad.why}" for bad in made.problems)
    if not said:
        raise DataError(f"wanted items with {kind} files, got none", problems=problems)
    own, named = sense.own(made.vectors[good]), sense.named(made.vectors[good])
    texts = _texts(used, said, senses.texts, known)
    groups = groups_of(said, own)
    trained = train(
        own if named is None else np.concatenate([own, named], axis=1),
        texts,
        groups,
        source=sense.name if named is None else source_name(sense.name, sense.named_by),
        target=senses.texts.name,
        seed=seed,
    )
    if named is None:
        return OwnBridge(trained, len(said), None, None, None, problems)
    to_text, from_text = _by_names(named, texts, groups, seed)
    more = 1 / trained.to_text + 1 / trained.from_text - 1 / to_text - 1 / from_text
    return OwnBridge(trained, len(said), to_text, from_text, _gain(more / 2, groups), problems)


def told_of(made: OwnBridge, out: Path) -> str:
    """What was measured, in lines for people."""
    lines = [report(made.trained, made.n, out)]
    if made.gain and made.names_to_text is not None and made.names_from_text is not None:
        lines += [
            "by what the encoder calls them alone, nothing fitted:",
            *recall_lines(made.names_to_text, made.names_from_text),
            f"mean reciprocal rank, both ways: {made.gain.mean:+.3f} "
            f"({made.gain.low:+.3f} to {made.gain.high:+.3f}, 95 %)",
        ]
    return "\n".join(lines)


def _texts(
    items: Sequence[Item], said: Sequence[str], encoder: Encoder[str], known: Mapping[str, Array]
) -> Array:
    """A unit row for what is told of each item, (n, dim): known ones, and the others encoded."""
    texts = np.empty((len(items), encoder.dim), dtype=np.float32)
    lacking = [row for row, item in enumerate(items) if item.id not in known]
    texts[lacking] = encoder.encode([said[row] for row in lacking])
    for row, item in enumerate(items):
        if item.id in known:
            texts[row] = known[item.id]
    return texts


def _by_names(named: Array, texts: Array, groups: Numbers, seed: int) -> tuple[Numbers, Numbers]:
    """Ranks as in `Trained`, in the same folds, from what the encoder calls them."""
    folds = parted(groups, N_FOLDS, np.random.default_rng(seed))
    ranks = np.empty((2, len(groups)), dtype=np.int64)
    for fold in range(N_FOLDS):
        rest, out = folds != fold, folds == fold
        plain = labels_bridge(named[rest], texts[rest], source="names", target="texts")
        scores = plain.to_text(named[out]) @ plain.of_texts(texts[out]).T
        same = groups[out][:, None] == groups[out]
        ranks[0, out] = first_ranks(scores, same)
        ranks[1, out] = first_ranks(scores.T, same)
    return ranks[0], ranks[1]


def _gain(more: NDArray[np.float64], groups: Numbers) -> Gain:
    """The mean of what each pair gains, with the interval of a mean of groups drawn anew."""
    mean = float(more.mean())
    spread = np.bincount(groups, more - mean)
    reach = 1.96 * float(np.sqrt((spread**2).sum())) / len(more)
    return Gain(mean, mean - reach, mean + reach)
