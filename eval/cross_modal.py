"""Pictures by words and words by pictures, on fashion products that no map was fitted on.

    simpatico eval cross-modal --data fashion-products [--seed 0] [--keep FOLDER]

A third of the groups is held out. A group is what shares a title or the very same bytes of a
picture, directly or through others. Every held-out product is asked for both ways among all
held-out ones; each with the same title is right. The maps' penalties are chosen by
cross-validation on the other two thirds. The data has no licence: what is trained on it stays here.

The same with --posters for film posters and what is written of the films, and with --bridge for a
bridge that was fitted to other pairs, centred on the two thirds as one that ships is on a
catalogue. Pairs under free licences are in `cross_free`, what feelings bring up in music in
`cross_sounds`.
"""

import csv
from collections.abc import Sequence
from math import lgamma
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import DataError
from simpatico.eval.posters import read_table, words_of
from simpatico.eval.tables import Table
from simpatico.finetune.bridge import (
    encoders_of,
    first_ranks,
    joined,
    parted,
    train,
    vectors_of_files,
)
from simpatico.modelstore import ModelStore
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.bridge import Bridge, labels_bridge, source_name
from simpatico.retrieval.encoders.minilm import MiniLM
from simpatico.retrieval.shipped import OWN_ROWS

Array = NDArray[np.float32]
Ranks = NDArray[np.int64]

CUTOFFS: Final = (1, 5, 10)
N_PARTS: Final = 3
"""One of these is held out."""
N_DRAWS: Final = 2000

PLAIN, LABELS, GIVEN, BRIDGE, BOTH = (
    "labels only, as they are",
    "labels only, centred",
    "bridge given",
    "bridge",
    "bridge + labels",
)


class Products(NamedTuple):
    """Pictures and titles of n products.

    Attributes:
        titles: (n,).
        groups: (n,), numbers from 0.
        pictures: (n, 1280).
        labels: (n, dim of texts), of what the network calls the picture.
        texts: (n, dim of texts), of the titles.
        ids: (n,), if known.
        given: a bridge from pictures and labels side by side that was fitted to other pairs.
    """

    titles: tuple[str, ...]
    groups: NDArray[np.int64]
    pictures: Array
    labels: Array
    texts: Array
    ids: tuple[str, ...] = ()
    given: Bridge | None = None


class Found(NamedTuple):
    """One system: where each held-out product's right one stood, both ways, (n,) each."""

    title: str
    to_text: Ranks
    to_image: Ranks
    note: str = ""


def read_products(
    data: Path,
    keep: Path,
    models: ModelStore,
    *,
    bridge: Path | None = None,
    progress: ProgressCallback = lambda label, done, total: None,
) -> tuple[Products, tuple[str, ...]]:
    """Encode the pictures and titles of `items.csv`; vectors of pictures are kept in `keep`.

    Returns the products whose picture can be read, and what was wrong with the others.

    Raises:
        DataError: the table is missing or has no product whose picture can be read.
        ModelError: weights have not been fetched, or `bridge` is one between others.
    """
    try:
        with (data / "items.csv").open(encoding="utf-8", newline="") as file:
            rows = [(row["id"], row["productDisplayName"]) for row in csv.DictReader(file)]
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{data} does not hold the products' items.csv: {error!r}") from error
    return _read(data, rows, models, keep=keep, bridge=bridge, progress=progress)


def read_posters(
    data: Path,
    keep: Path,
    models: ModelStore,
    *,
    bridge: Path | None = None,
    progress: ProgressCallback = lambda label, done, total: None,
) -> tuple[Products, tuple[str, ...]]:
    """Likewise film posters, each with the film's title, genres and what is written of it.

    A film of which nothing is written is left out.

    Raises:
        DataError: the table is missing or has no film whose poster can be read.
        ModelError: weights have not been fetched.
    """
    rows = [(row["movieId"], words_of(row)) for row in read_table(data) if row["text"].strip()]
    return _read(data, rows, models, keep=keep, bridge=bridge, progress=progress)


def _read(
    data: Path,
    rows: Sequence[tuple[str, str]],
    models: ModelStore,
    *,
    keep: Path,
    bridge: Path | None,
    progress: ProgressCallback,
) -> tuple[Products, tuple[str, ...]]:
    """(id, words) with the picture images/<id>.jpg."""
    encoder = MiniLM(models.path("minilm"))
    encoders = encoders_of("image", models, encoder, labels=True)
    source = source_name(*(each.name for each in encoders))
    given = None if bridge is None else Bridge.load(bridge, source=source, target=encoder.name)
    inputs, problems = vectors_of_files(
        [f"images/{name}.jpg" for name, _ in rows],
        "image",
        encoders,
        root=data,
        keep=keep,
        progress=progress,
    )
    good = np.flatnonzero(np.isfinite(inputs).all(axis=1))
    if not len(good):
        raise DataError(f"wanted items with a picture in {data}, got none", problems=problems)
    titles = tuple(rows[int(at)][1] for at in good)
    pictures, labels = np.split(inputs[good], [-encoder.dim], axis=1)
    groups = joined(titles, [row.tobytes().hex() for row in pictures])
    ids = tuple(rows[int(at)][0] for at in good)
    texts = encoder.encode(titles)
    return Products(titles, groups, pictures, labels, texts, ids, given), problems


def run(
    products: Products,
    *,
    seed: int,
    progress: ProgressCallback = lambda label, done, total: None,
) -> tuple[list[Found], NDArray[np.bool_]]:
    """Fit on two thirds and ask for the rest; also which rows, (n,), were held out."""
    held = parted(products.groups, N_PARTS, np.random.default_rng(seed)) == 0
    fit = ~held
    names = np.array(products.titles)
    same = names[held][:, None] == names[held]
    labels, texts = products.labels, products.texts
    source, target = "labels", "texts"

    def asked(title: str, shown: Array, words: Array, note: str = "") -> Found:
        scores = shown @ words.T
        return Found(title, first_ranks(scores, same), first_ranks(scores.T, same), note)

    def through(title: str, bridge: Bridge, inputs: Array, note: str = "") -> Found:
        return asked(title, bridge.to_text(inputs[held]), bridge.of_texts(texts[held]), note)

    found = [
        asked(PLAIN, labels[held], texts[held]),
        through(
            LABELS, labels_bridge(labels[fit], texts[fit], source=source, target=target), labels
        ),
    ]
    beside = np.concatenate([products.pictures, labels], axis=1)
    if products.given is not None:
        given = products.given.recentred(beside[fit], texts[fit], own_rows=OWN_ROWS)
        found.append(through(GIVEN, given, beside))
    for title, inputs in ((BRIDGE, products.pictures), (BOTH, beside)):
        progress(f"fitting {title}", 0, 1)
        fitted = train(
            inputs[fit],
            texts[fit],
            products.groups[fit],
            source=source_name(title),
            target=target,
            seed=seed,
        )
        note = f"{title}: penalty {fitted.penalty:g}"
        found.append(through(title, fitted.bridge, inputs, note))
        progress(f"fitting {title}", 1, 1)
    return found, held


def chance(titles: Sequence[str], k: int) -> float:
    """Expected share of products with one of their title among k drawn from all of them."""
    n = len(titles)
    if k >= n:
        return 1.0
    _, place, counts = np.unique(titles, return_inverse=True, return_counts=True)

    def missed(m: int) -> float:
        """Of n, m right ones: the chance that none is among k."""
        if n - m < k:
            return 0.0
        return float(
            np.exp(lgamma(n - m + 1) + lgamma(n - k + 1) - lgamma(n - m - k + 1) - lgamma(n + 1))
        )

    each = np.array([1 - missed(int(m)) for m in counts])
    return float(each[place].mean())


def draws(groups: NDArray[np.int64], *, n_draws: int, seed: int) -> Array:
    """How often each row counts in draws of whole groups with replacement: (n_draws, n)."""
    rng = np.random.default_rng(seed)
    _, place = np.unique(groups, return_inverse=True)
    n_groups = int(place.max()) + 1
    counts = rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=n_draws)
    return np.asarray(counts[:, place], dtype=np.float32)


def cell(values: NDArray[np.float64], drawn: Array, sign: str = "") -> str:
    """A mean with its 95 % interval. Values (n,), draws (n_draws, n)."""
    means = (drawn @ values) / drawn.sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return f"{values.mean():{sign}.3f} ({low:{sign}.3f} to {high:{sign}.3f})"


def tables(
    found: Sequence[Found],
    products: Products,
    held: NDArray[np.bool_],
    *,
    seed: int,
    shown: str = "picture",
    told: str = "title",
) -> list[Table]:
    """One table for each way, with paired differences to centred labels."""
    titles = [title for title, out in zip(products.titles, held, strict=True) if out]
    drawn = draws(products.groups[held], n_draws=N_DRAWS, seed=seed)
    notes = (
        f"Fitted on {int((~held).sum())}, asked with {len(titles)} of "
        f"{len(set(titles))} {told}s among all of these; right is each of the same {told}. In "
        f"brackets: 95 %, groups drawn again {N_DRAWS} times; fits are not repeated.",
        *(one.note for one in found if one.note),
    )
    against = next(one for one in found if one.title == LABELS)
    made = []
    for way, name in (
        ("to_text", f"From a {shown} to its {told}"),
        ("to_image", f"From a {told} to its {shown}"),
    ):
        base: Ranks = getattr(against, way)
        rows = [("chance", *(f"{chance(titles, k):.3f}" for k in CUTOFFS), "")]
        for one in found:
            ranks: Ranks = getattr(one, way)
            gap = (ranks <= 10).astype(float) - (base <= 10)
            rows.append(
                (
                    one.title,
                    *(cell((ranks <= k).astype(float), drawn) for k in CUTOFFS),
                    "" if one is against else cell(gap, drawn, "+"),
                )
            )
        made.append(
            Table(
                title=f"{name}, n={len(titles)}, seed {seed}",
                columns=("system", *(f"R@{k}" for k in CUTOFFS), f"R@10 less {LABELS}"),
                rows=tuple(rows),
                notes=notes,
            )
        )
    return made


def measure_products(
    data: Path,
    models: ModelStore,
    *,
    keep: Path,
    seed: int = 0,
    bridge: Path | None = None,
    progress: ProgressCallback = lambda label, done, total: None,
) -> list[Table]:
    """The tables of fashion products, asked for both ways.

    Args:
        data: items.csv and images/.
        models: has the weights.
        keep: folder for what was made of pictures.
        seed: of the split, the folds and the draws.
        bridge: from pictures and labels side by side, to be judged, too.
        progress: told as it goes on.

    Raises:
        DataError, ModelError: see `read_products`.
    """
    read = read_products(data, keep, models, bridge=bridge, progress=progress)
    return _measured(read, seed=seed, progress=progress)


def measure_posters(
    data: Path,
    models: ModelStore,
    *,
    keep: Path,
    seed: int = 0,
    bridge: Path | None = None,
    progress: ProgressCallback = lambda label, done, total: None,
) -> list[Table]:
    """The same of film posters and what is written of the films; see `measure_products`."""
    read = read_posters(data, keep, models, bridge=bridge, progress=progress)
    return _measured(read, seed=seed, shown="poster", told="text", progress=progress)


def _measured(
    read: tuple[Products, tuple[str, ...]],
    *,
    seed: int,
    shown: str = "picture",
    told: str = "title",
    progress: ProgressCallback,
) -> list[Table]:
    products, problems = read
    found, held = run(products, seed=seed, progress=progress)
    made = tables(found, products, held, seed=seed, shown=shown, told=told)
    if not problems:
        return made
    left = f"Left out: {len(problems)} files that cannot be used, such as {problems[0]}."
    return [Table(**{**dict(one), "notes": (*one.notes, left)}) for one in made]
