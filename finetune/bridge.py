"""Train a bridge from pictures or music to texts, on pairs of one's own.

    simpatico train bridge --pairs FOLDER --out bridge.npz [--kind audio] [--labels]

FOLDER holds `pairs.csv` with the columns `file` and `text`, and if you like `group`: rows of one
group, of one text or of the same picture or sound never stand on both sides of a fold. The map is a
ridge regression in closed form; its penalty is the one with the best mean reciprocal rank, both
ways, in cross-validation.
"""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Item, Media
from simpatico.errors import DataError
from simpatico.modelstore import ModelStore
from simpatico.protocols import Encoder, ProgressCallback
from simpatico.retrieval.bridge import Bridge, PictureLabels, SoundLabels, source_name
from simpatico.retrieval.encoders.efficientnet import EfficientNetLite
from simpatico.retrieval.encoders.musicnn import Musicnn
from simpatico.retrieval.media import decode_image
from simpatico.retrieval.media_vectors import media_vectors
from simpatico.retrieval.sound import decode_sound

Array = NDArray[np.float32]
Kind = Literal["image", "audio"]

PENALTIES: Final = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Shares of the mean variance of what comes in."""
N_FOLDS: Final = 5
LEAST: Final = 20
"""Groups below which a bridge is not worth fitting."""


class Pair(NamedTuple):
    """A picture or a sound, what is said of it, and what it must not be parted from."""

    file: str
    text: str
    group: str


class OnPairs(NamedTuple):
    """What came of training: on how many pairs, and which files could not be used, with why."""

    trained: "Trained"
    n: int
    problems: tuple[str, ...]


class Trained(NamedTuple):
    """A bridge fitted to all pairs, and what was measured while its penalty was chosen."""

    bridge: Bridge
    penalty: float
    reciprocal_ranks: tuple[float, ...]
    """Mean reciprocal rank of each penalty among the pairs of a fold, both ways."""
    to_text: NDArray[np.int64]
    """(n,): rank, among the texts of its fold, of each picture's or sound's own, from a map that
    was fitted without them."""
    from_text: NDArray[np.int64]
    """(n,): the other way round."""
    fold_sizes: tuple[int, ...]


def read_pairs(folder: Path) -> tuple[Pair, ...]:
    """The pairs of a folder.

    Raises:
        DataError: there is no `pairs.csv`, or it is not as described.
    """
    path = folder / "pairs.csv"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"pairs cannot be read: {error}") from error
    pairs = [
        Pair(row.get("file") or "", row.get("text") or "", row.get("group") or "") for row in rows
    ]
    wrong = [at for at, pair in enumerate(pairs, start=1) if not (pair.file and pair.text.strip())]
    if wrong or not pairs:
        what = f"{path} lacks one in row {wrong[0]}" if wrong else f"{path} has no row"
        raise DataError(f"wanted a file and a text in each row, {what}")
    return tuple(pairs)


def joined(*columns: Sequence[str]) -> NDArray[np.int64]:
    """Groups of rows that share a value in any column, directly or through others: (n,) numbers.

    An empty value is shared with none.
    """
    n = len(columns[0])
    parent = list(range(n))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for column in columns:
        first: dict[str, int] = {}
        for row, value in enumerate(column):
            if value:
                parent[root(row)] = root(first.setdefault(value, row))
    return np.unique([root(row) for row in range(n)], return_inverse=True)[1].astype(np.int64)


def parted(groups: NDArray[np.int64], n_parts: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """A part for each row, (n,) of 0 to n_parts - 1: groups stay together, parts hold as many."""
    n_groups = int(groups.max()) + 1
    part = np.empty(n_groups, dtype=np.int64)
    part[rng.permutation(n_groups)] = np.arange(n_groups) % n_parts
    return part[groups]


def ridge(
    inputs: Array, texts: Array, penalties: Sequence[float]
) -> tuple[Array, Array, list[Array]]:
    """Ridge regression between centred sides.

    Args:
        inputs: (n, d).
        texts: (n, t).
        penalties: each above 0, times the mean of the squared singular values of the inputs.

    Returns:
        centre (d,), middle (t,), and for each penalty the weights (d, t).
    """
    centre, middle = inputs.mean(axis=0, dtype=float), texts.mean(axis=0, dtype=float)
    x, y = inputs - centre, texts - middle
    wide = x.shape[1] > x.shape[0]
    values, vectors = np.linalg.eigh(x @ x.T if wide else x.T @ x)
    scale = values.clip(0).mean()
    right = vectors.T @ (y if wide else x.T @ y)
    weights = []
    for penalty in penalties:
        solved = vectors @ (right / (values.clip(0) + penalty * scale)[:, None])
        weights.append((x.T @ solved if wide else solved).astype(np.float32))
    return centre.astype(np.float32), middle.astype(np.float32), weights


def first_ranks(scores: Array, same: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Where the best right one stands, from 1; of a tie with wrong ones, last: (n_queries,).

    Args:
        scores: (n_queries, n_candidates).
        same: likewise, whether it is right; at least one in each row.
    """
    best = np.where(same, scores, -np.inf).max(axis=1, keepdims=True)
    return np.asarray(1 + ((scores >= best) & ~same).sum(axis=1), dtype=np.int64)


def train(
    inputs: Array,
    texts: Array,
    groups: NDArray[np.int64],
    *,
    source: str,
    target: str,
    penalties: Sequence[float] = PENALTIES,
    seed: int = 0,
) -> Trained:
    """Choose the penalty by cross-validation, then fit to all pairs.

    Args:
        inputs: (n, d), of pictures or sounds.
        texts: (n, t), unit rows.
        groups: (n,), numbers from 0; in a group every text is right for every picture.
        source: name of what made the inputs.
        target: name of the text encoder.
        penalties: to choose from.
        seed: of the folds.

    Raises:
        DataError: too few groups.
    """
    n_groups = len(set(groups.tolist()))
    if n_groups < LEAST:
        raise DataError(f"wanted pairs of at least {LEAST} groups, got {n_groups}")
    folds = parted(groups, N_FOLDS, np.random.default_rng(seed))
    ranks = np.empty((2, len(penalties), len(groups)), dtype=np.int64)
    for fold in range(N_FOLDS):
        rest, out = folds != fold, folds == fold
        same = groups[out][:, None] == groups[out]
        centre, middle, fitted = ridge(inputs[rest], texts[rest], penalties)
        for at, weights in enumerate(fitted):
            bridge = Bridge(source, target, centre=centre, weights=weights, middle=middle)
            scores = bridge.to_text(inputs[out]) @ bridge.of_texts(texts[out]).T
            ranks[0, at, out] = first_ranks(scores, same)
            ranks[1, at, out] = first_ranks(scores.T, same)
    means = (1 / ranks).mean(axis=(0, 2))
    best = int(means.argmax())
    centre, middle, (weights,) = ridge(inputs, texts, [penalties[best]])
    return Trained(
        Bridge(source, target, centre=centre, weights=weights, middle=middle),
        penalties[best],
        tuple(means.tolist()),
        ranks[0, best],
        ranks[1, best],
        tuple(int((folds == fold).sum()) for fold in range(N_FOLDS)),
    )


def vectors_of_files(
    files: Sequence[str],
    kind: Kind,
    encoders: Sequence[Encoder[Any]],
    *,
    root: Path,
    keep: Path,
    progress: ProgressCallback = lambda label, done, total: None,
) -> tuple[Array, tuple[str, ...]]:
    """What encoders make of files, side by side: (n, sum of their dim), and what went wrong.

    A file that cannot be read has a row of nan.
    """
    items = [
        Item(id=str(at), title=file[:500], media=(Media(kind=kind, uri=file),))
        for at, file in enumerate(files)
    ]
    decode: Callable[[bytes], Any] = decode_image if kind == "image" else decode_sound
    made = [
        media_vectors(items, kind, each, decode, root=root, keep=keep, progress=progress)
        for each in encoders
    ]
    problems = dict.fromkeys(f"{bad.uri}: {bad.why}" for one in made for bad in one.problems)
    return np.concatenate([one.vectors for one in made], axis=1), tuple(problems)


def encoders_of(
    kind: Kind, models: ModelStore, texts: Encoder[str], *, labels: bool
) -> tuple[Encoder[Any], ...]:
    """What the embedded default sees or hears with, and with `labels` what it calls it.

    Raises:
        ModelError: weights have not been fetched.
    """
    if kind == "image":
        pictures = EfficientNetLite(models.path("efficientnet-lite0"))
        return (pictures, PictureLabels(pictures, texts)) if labels else (pictures,)
    sounds = Musicnn(models.path("musicnn"))
    return (sounds, SoundLabels(sounds, texts)) if labels else (sounds,)


def train_on_pairs(
    folder: Path,
    kind: Kind,
    models: ModelStore,
    texts: Encoder[str],
    *,
    labels: bool = False,
    keep: Path,
    seed: int = 0,
    progress: ProgressCallback = lambda label, done, total: None,
) -> OnPairs:
    """Train on a folder of pairs.

    Args:
        folder: `pairs.csv` and the files it names.
        kind: of the files.
        models: has the weights of the embedded encoder.
        texts: the text encoder.
        labels: read what the encoder calls them, too.
        keep: folder of what was made of media.
        seed: of the folds.
        progress: told as it goes on.

    Raises:
        DataError: no pairs, too few, or no file can be read.
        ModelError: weights have not been fetched.
    """
    pairs = read_pairs(folder)
    encoders = encoders_of(kind, models, texts, labels=labels)
    inputs, problems = vectors_of_files(
        [pair.file for pair in pairs], kind, encoders, root=folder, keep=keep, progress=progress
    )
    good = np.flatnonzero(np.isfinite(inputs).all(axis=1))
    used = [pairs[at] for at in good]
    if not used:
        raise DataError("wanted files that can be read, got none", problems=problems)
    trained = train(
        inputs[good],
        texts.encode([pair.text for pair in used]),
        groups_of([pair.text for pair in used], inputs[good], [pair.group for pair in used]),
        source=source_name(*(each.name for each in encoders)),
        target=texts.name,
        seed=seed,
    )
    return OnPairs(trained, len(used), problems)


def groups_of(texts: Sequence[str], inputs: Array, named: Sequence[str] = ()) -> NDArray[np.int64]:
    """Groups, (n,) numbers, of rows that share a text, an input or a name."""
    same = [row.tobytes().hex() for row in inputs]
    return joined(texts, same, named) if named else joined(texts, same)


def report(trained: Trained, n: int, out: Path) -> str:
    """What was measured, in lines for people."""
    sizes = trained.fold_sizes
    lines = [
        f"{out}: {trained.bridge.source} -> {trained.bridge.target}, n={n}, "
        f"penalty {trained.penalty:g}",
        f"each pair judged by a map fitted without its fold, among {min(sizes)} to {max(sizes)}:",
        *recall_lines(trained.to_text, trained.from_text),
        "The penalty was chosen on these folds: a little flattering.",
    ]
    return "\n".join(lines)


def recall_lines(to_text: NDArray[np.int64], from_text: NDArray[np.int64]) -> list[str]:
    """Recalls both ways, a line each, from the ranks of each pair's own, (n,) each."""
    return [
        f"  {way}: " + ", ".join(f"R@{k} {(ranks <= k).mean():.3f}" for k in (1, 5, 10))
        for way, ranks in (("to text", to_text), ("from text", from_text))
    ]
