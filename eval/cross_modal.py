"""Pictures by words and words by pictures, on fashion products that no map was fitted on.

    simpatico eval cross-modal --data fashion-products [--seed 0] [--keep FOLDER]

A third of the groups is held out. A group is what shares a title or the very same bytes of a
picture, directly or through others. Every held-out product is asked for both ways among all
held-out ones; each with the same title is right. The maps' penalties are chosen by
cross-validation on the other two thirds. The data has no licence: what is trained on it stays here.

With --sounds and a folder of Emotify: what its nine feelings bring up, as words, through musicnn's
tags alone. Nothing is fitted there.
"""

import csv
from collections.abc import Sequence
from math import lgamma
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import DataError
from simpatico.eval.figures import Cases, pooled_of
from simpatico.eval.music_mood import (
    FEELINGS,
    columns_of,
    hear,
    read_clips,
    top_shares,
)
from simpatico.eval.pooled import How, Pooled
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
from simpatico.protocols import Encoder, ProgressCallback
from simpatico.retrieval.bridge import Bridge, labels_bridge, labels_to_text, source_name
from simpatico.retrieval.encoders.minilm import MiniLM
from simpatico.retrieval.encoders.musicnn import TAGS, Heard, Musicnn

Array = NDArray[np.float32]
Ranks = NDArray[np.int64]

CUTOFFS: Final = (1, 5, 10)
N_PARTS: Final = 3
"""One of these is held out."""
N_DRAWS: Final = 2000
_HOW: Final[tuple[How, ...]] = ("ROC AUC", "P@20")

PLAIN, LABELS, BRIDGE, BOTH = (
    "labels only, as they are",
    "labels only, centred",
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
    """

    titles: tuple[str, ...]
    groups: NDArray[np.int64]
    pictures: Array
    labels: Array
    texts: Array
    ids: tuple[str, ...] = ()


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
    progress: ProgressCallback = lambda label, done, total: None,
) -> tuple[Products, tuple[str, ...]]:
    """Encode the pictures and titles of `items.csv`; vectors of pictures are kept in `keep`.

    Returns the products whose picture can be read, and what was wrong with the others.

    Raises:
        DataError: the table is missing or has no product whose picture can be read.
        ModelError: weights have not been fetched.
    """
    try:
        with (data / "items.csv").open(encoding="utf-8", newline="") as file:
            rows = [(row["id"], row["productDisplayName"]) for row in csv.DictReader(file)]
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{data} does not hold the products' items.csv: {error!r}") from error
    encoder = MiniLM(models.path("minilm"))
    inputs, problems = vectors_of_files(
        [f"images/{name}.jpg" for name, _ in rows],
        "image",
        encoders_of("image", models, encoder, labels=True),
        root=data,
        keep=keep,
        progress=progress,
    )
    good = np.flatnonzero(np.isfinite(inputs).all(axis=1))
    if not len(good):
        raise DataError(f"wanted products with a picture in {data}, got none", problems=problems)
    titles = tuple(rows[at][1] for at in good)
    pictures, labels = np.split(inputs[good], [-encoder.dim], axis=1)
    groups = joined(titles, [row.tobytes().hex() for row in pictures])
    ids = tuple(rows[at][0] for at in good)
    return Products(titles, groups, pictures, labels, encoder.encode(titles), ids), problems


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
    found: Sequence[Found], products: Products, held: NDArray[np.bool_], *, seed: int
) -> list[Table]:
    """One table for each way, with paired differences to centred labels."""
    titles = [title for title, out in zip(products.titles, held, strict=True) if out]
    drawn = draws(products.groups[held], n_draws=N_DRAWS, seed=seed)
    notes = (
        f"Fitted on {int((~held).sum())} products, asked with {len(titles)} of "
        f"{len(set(titles))} titles among all of these; right is each of the same title. In "
        f"brackets: 95 %, groups drawn again {N_DRAWS} times; fits are not repeated.",
        *(one.note for one in found if one.note),
    )
    against = next(one for one in found if one.title == LABELS)
    made = []
    for way, name in (
        ("to_text", "From a picture to its title"),
        ("to_image", "From a title to its picture"),
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


def sounds_table(
    heard: Heard, shares: NDArray[np.float64], texts: Encoder[str], *, seed: int
) -> Table:
    """What feelings bring up, as words, by the tags' text vectors alone.

    Args:
        heard: n clips.
        shares: (n, 9), of listeners who felt each of `FEELINGS`.
        texts: of the words.
        seed: of the draws.
    """
    about = labels_to_text(heard.tags, texts.encode(TAGS))
    words = texts.encode([f"{each.replace('_', ' ')} music" for each in FEELINGS])
    bridge = labels_bridge(about, words, source="tags", target="texts")
    scores = (bridge.of_texts(words) @ bridge.to_text(about).T).astype(float)  # (9, n)
    relevant = top_shares(shares)
    names = tuple(str(at) for at in range(len(shares)))
    cases = Cases(names, names, {}, np.zeros(len(names), bool), {}, columns_of(scores, relevant))

    def cells(*feelings: str) -> list[str]:
        found = (
            pooled_of(Pooled(metric=how, how=how, of=feelings), None, cases, seed) for how in _HOW
        )
        return [
            f"{one[0].mean:.3f} ({one[0].low:.3f} to {one[0].high:.3f})" if one else ""
            for one in found
        ]

    return Table(
        title=f"Feelings as words to music, tags only, Emotify, n={len(shares)} clips",
        columns=("feeling", "AUC", "P@20"),
        rows=(*((each, *cells(each)) for each in FEELINGS), ("mean", *cells(*FEELINGS))),
        notes=(
            f"Relevant: the tenth of the clips in which most felt it. Chance: AUC .5, P@20 "
            f"{relevant.mean():.2f}. Nothing was fitted or chosen; the query is the feeling and "
            f'"music". In brackets: 95 %, clips drawn again {N_DRAWS} times.',
        ),
    )


def measure_products(
    data: Path,
    models: ModelStore,
    *,
    keep: Path,
    seed: int = 0,
    progress: ProgressCallback = lambda label, done, total: None,
) -> list[Table]:
    """The tables of fashion products, asked for both ways.

    Args:
        data: items.csv and images/.
        models: has the weights.
        keep: folder for what was made of pictures.
        seed: of the split, the folds and the draws.
        progress: told as it goes on.

    Raises:
        DataError, ModelError: see `read_products`.
    """
    products, problems = read_products(data, keep, models, progress=progress)
    found, held = run(products, seed=seed, progress=progress)
    made = tables(found, products, held, seed=seed)
    if not problems:
        return made
    left = f"Left out: {len(problems)} files that cannot be used, such as {problems[0]}."
    return [Table(**{**dict(one), "notes": (*one.notes, left)}) for one in made]


def measure_sounds(
    data: Path,
    models: ModelStore,
    *,
    keep: Path,
    seed: int = 0,
    progress: ProgressCallback = lambda label, done, total: None,
) -> Table:
    """The table of Emotify's clips, asked for by feelings as words.

    Args:
        data: annotations.csv and audio/.
        models: has the weights.
        keep: folder for what was heard.
        seed: of the draws.
        progress: told as it goes on.

    Raises:
        DataError: the data set is missing or damaged.
        ModelError: weights have not been fetched.
    """
    clips = read_clips(data)
    files = [data / "audio" / f"{name}.ogg" for name in clips.names]
    heard = hear(files, Musicnn(models.path("musicnn")), keep=keep, progress=progress)
    return sounds_table(heard, clips.shares, MiniLM(models.path("minilm")), seed=seed)
