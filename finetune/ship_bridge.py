"""Train the bridge that ships on pairs under free licences, and write its card.

simpatico train bridge --free --out retrieval/bridges/image.npz
"""

import hashlib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Item, Media
from simpatico.errors import DataError, ModelError
from simpatico.finetune.bridge import Kind, Pair, joined, read_pairs, recall_lines
from simpatico.finetune.mixed_bridge import Mixed, mix
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.bridge import source_name
from simpatico.retrieval.media_vectors import media_vectors
from simpatico.retrieval.senses import Senses
from simpatico.retrieval.shipped import BridgeCard, CardData

Array = NDArray[np.float32]
Numbers = NDArray[np.int64]


class FreePairs(NamedTuple):
    """Pairs of pictures or sounds and words, as vectors.

    Attributes:
        pairs: (n,), those whose file can be read.
        own: (n, d), of the encoder.
        named: (n, t), of what it calls them.
        texts: (n, t), of the words.
        groups: (n,), numbers; what shares a group, words or a file is not parted.
        same: (n,), numbers; what shares words or a file is right for each other.
        source: name of what made own and named, side by side.
        target: name of the text encoder.
        problems: what cannot be read, and why.
    """

    pairs: tuple[Pair, ...]
    own: Array
    named: Array
    texts: Array
    groups: Numbers
    same: Numbers
    source: str
    target: str
    problems: tuple[str, ...]


def read_free(
    folder: Path,
    kind: Kind,
    senses: Senses,
    *,
    keep: Path,
    progress: ProgressCallback = lambda label, done, total: None,
) -> FreePairs:
    """Read a folder of pairs with what the encoders make of them.

    Args:
        folder: `pairs.csv` and the files it names.
        kind: of the files.
        senses: the encoders; that of the kind must name what it meets.
        keep: folder of what was made of media.
        progress: told as it goes on.

    Raises:
        DataError: no pairs, or no file can be read.
        ModelError: an encoder cannot be had, or names nothing.
    """
    pairs = read_pairs(folder)
    items = [
        Item(id=str(at), title=pair.text[:500], media=(Media(kind=kind, uri=pair.file),))
        for at, pair in enumerate(pairs)
    ]
    senses.fetch(kind, progress=progress)
    sense, texts = senses.of(kind), senses.texts
    made = media_vectors(
        items, kind, sense.kept, sense.decode, root=folder, keep=keep, progress=progress
    )
    problems = tuple(f"{bad.uri}: {bad.why}" for bad in made.problems)
    good = np.flatnonzero(np.isfinite(made.vectors).all(axis=1))
    used = tuple(pairs[at] for at in good)
    if not used:
        raise DataError("wanted files that can be read, got none", problems=problems)
    own, named = sense.own(made.vectors[good]), sense.named(made.vectors[good])
    if named is None:
        raise ModelError(f"wanted an encoder that names what it meets, got {sense.name}")
    words = [pair.text.lower() for pair in used]
    files = [row.tobytes().hex() for row in own]
    return FreePairs(
        used,
        own,
        named,
        texts.encode([pair.text for pair in used]),
        joined(words, files, [pair.group for pair in used]),
        joined(words, files),
        source_name(sense.name, sense.named_by),
        texts.name,
        problems,
    )


def train_free(free: FreePairs, *, seed: int = 0) -> Mixed:
    """Fit to all pairs.

    Raises:
        DataError: too few groups.
    """
    return mix(
        free.own,
        free.named,
        free.texts,
        free.groups,
        free.same,
        source=free.source,
        target=free.target,
        seed=seed,
    )


def write_shipped(
    out: Path, free: FreePairs, made: Mixed, *, data: Sequence[CardData], seed: int, command: str
) -> BridgeCard:
    """Write a bridge and beside it its card, called the same but for .json.

    Raises:
        ModelError: they cannot be written.
    """
    made.bridge.save(out)
    figures: dict[str, Any] = {
        f"{way}, R@{k}": round(float((ranks <= k).mean()), 4)
        for way, ranks in (("to text", made.to_text), ("from text", made.from_text))
        for k in (1, 5, 10)
    }
    try:
        card = BridgeCard(
            source=free.source,
            target=free.target,
            sha256=hashlib.sha256(out.read_bytes()).hexdigest(),
            n=len(free.pairs),
            penalty=made.penalty,
            names=made.names,
            seed=seed,
            command=command,
            made=date.today(),
            data=tuple(data),
            figures=figures,
        )
        out.with_suffix(".json").write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise ModelError(f"the card of {out} cannot be written: {error}") from error
    return card


def told_of(made: Mixed, n: int, out: Path) -> str:
    """What was measured, in lines for people."""
    lines = [
        f"{out}: {made.bridge.source} -> {made.bridge.target}, n={n}, penalty {made.penalty:g}, "
        f"names count {made.names:g}",
        f"each pair judged by a map fitted without its fold, among {min(made.fold_sizes)} to "
        f"{max(made.fold_sizes)}:",
        *recall_lines(made.to_text, made.from_text),
        "Penalty and names were chosen on these folds: a little flattering.",
    ]
    return "\n".join(lines)
