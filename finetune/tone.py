"""Train the tone model on our editors' ratings, and give every film of the pack its profile.

    python -m simpatico.finetune.tone --pack retrieval/packs/movies --out retrieval/tone.npz

Run it after `simpatico.finetune.pack`. The same input gives the same bytes.
"""

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import TONES, Item
from simpatico.errors import DataError
from simpatico.finetune.pack import read_column
from simpatico.retrieval.packs import Pack, read_pack, write_items_table
from simpatico.retrieval.tone import CUTS, Features, Floats, ToneModel, features_of, kernel

RIDGE = 2.0
FOLDS = 8
SEED = 0
_RATING = re.compile(r"([a-z]+)([123])")
Ratings = Mapping[str, NDArray[np.int8]]
"""Editors' ratings by item id: (n_tones,) each 0 to 3."""


@dataclass(frozen=True)
class Trained:
    """A model, and what it says of each rated film when trained without it.

    Attributes:
        model: trained on all rated films.
        ids: the rated films of the pack.
        held_out: (n_rated, n_tones) raw estimates, cross-fitted.
    """

    model: ToneModel
    ids: tuple[str, ...]
    held_out: Floats


def parse_tones(text: str) -> NDArray[np.int8]:
    """Read ratings such as "warm2 funny3": (n_tones,) 0 to 3.

    Raises:
        DataError: for a word that is no tone with a digit 1 to 3.
    """
    ratings = np.zeros(len(TONES), dtype=np.int8)
    for word in text.split():
        match = _RATING.fullmatch(word)
        if match is None or match[1] not in TONES:
            raise DataError(f"wanted a tone and a digit 1 to 3, got {word!r}")
        ratings[TONES.index(match[1])] = int(match[2])
    return ratings


def read_ratings(folder: Path) -> Ratings:
    """The editors' ratings in a pack's folder (annotations.tsv, additions.tsv).

    Raises:
        DataError: for a rating that is none.
    """
    rows = read_column(folder / "annotations.tsv", "tones")
    rows |= read_column(folder / "additions.tsv", "tones")
    return {slug: parse_tones(tones) for slug, tones in rows.items()}


def train(pack: Pack, ratings: Ratings) -> Trained:
    """Fit the model to the rated films of a pack."""
    at = [i for i, item in enumerate(pack.items) if item.id in ratings]
    items = [pack.items[i] for i in at]
    rated = np.stack([ratings[item.id] for item in items]).astype(np.float64)  # (n, n_tones)
    genre_names = tuple(sorted({genre for item in pack.items for genre in item.genres}))
    keyword_names = tuple(sorted({word for item in pack.items for word in item.keywords}))
    centre = pack.vectors.mean(axis=0)
    exact = features_of(
        items,
        pack.vectors[at],
        genre_names=genre_names,
        keyword_names=keyword_names,
        centre=centre,
    )
    support = np.round(exact.vectors * 127).astype(np.int8)
    features = Features(
        support.astype(np.float32) / np.float32(127), exact.genres, exact.keywords, exact.years
    )
    gram = kernel(features, features).astype(np.float64)

    fold = np.random.default_rng(SEED).permutation(len(items)) % FOLDS
    held_out = np.empty_like(rated)
    for number in range(FOLDS):
        own, others = fold == number, fold != number
        weights, base = _solve(gram[np.ix_(others, others)], rated[others])
        held_out[own] = gram[np.ix_(own, others)] @ weights + base
    weights, base = _solve(gram, rated)
    knots_raw, knots = calibration(held_out, rated)
    model = ToneModel(
        encoder=pack.encoder,
        genre_names=genre_names,
        keyword_names=keyword_names,
        centre=centre.astype(np.float32),
        support=support,
        genres=exact.genres.astype(np.int8),
        keywords=exact.keywords.astype(np.int8),
        years=exact.years,
        weights=weights.astype(np.float32),
        base=base.astype(np.float32),
        knots_raw=knots_raw,
        knots=knots,
    )
    return Trained(model, tuple(item.id for item in items), held_out.astype(np.float32))


def calibration(
    estimates: NDArray[np.float64], rated: NDArray[np.float64], *, n_knots: int = 41
) -> tuple[Floats, Floats]:
    """Map estimates to [0, 1] so that each band of `CUTS` holds as many films as its rating.

    Args:
        estimates: (n, n_tones) cross-fitted.
        rated: (n, n_tones) 0 to 3.
        n_knots: points of the map.

    Returns:
        Increasing estimates and what they mean, (n_tones, n_knots) each; in between, a straight
        line.
    """
    shares = np.linspace(0, 1, n_knots)
    raw = np.quantile(estimates, shares, axis=0).T  # (n_tones, n_knots)
    raw = np.maximum.accumulate(raw + 1e-6 * np.arange(n_knots), axis=1)
    raw[:, 0] -= 1.0  # estimates beyond those seen still differ
    raw[:, -1] += 1.0
    meaning = np.empty_like(raw)
    for tone in range(raw.shape[0]):
        below = [np.mean(rated[:, tone] < rating) for rating in (1, 2, 3)]
        at = np.maximum.accumulate(np.array([0.0, *below, 1.0]) + 1e-9 * np.arange(5))
        meaning[tone] = np.interp(shares, at, CUTS)
    return raw.astype(np.float32), meaning.astype(np.float32)


def blend(profile: Floats, ratings: NDArray[np.int8]) -> Floats:
    """An editor's rating names the band, the model the place in it: (n_tones,) -> (n_tones,)."""
    cuts = np.array(CUTS, dtype=np.float32)
    low, high = cuts[ratings], cuts[ratings + 1]
    blended: Floats = low + (high - low) * profile * np.float32(0.99)
    return blended


def profiles_of(pack: Pack, trained: Trained, ratings: Ratings) -> Floats:
    """The final profile of each film of a pack: (n_items, n_tones) in [0, 1]."""
    profiles = trained.model.profile(pack.items, pack.vectors)
    held_out = trained.model.calibrate(trained.held_out)
    position = {item.id: i for i, item in enumerate(pack.items)}
    for id_, row in zip(trained.ids, held_out, strict=True):
        profiles[position[id_]] = blend(row, ratings[id_])
    return profiles


def with_profiles(items: Sequence[Item], profiles: Floats) -> tuple[Item, ...]:
    """Items with these profiles, in hundredths."""
    return tuple(
        Item(**{**dict(item), "tone": tuple(round(float(value), 2) for value in row)})
        for item, row in zip(items, profiles, strict=True)
    )


def train_pack(folder: Path, out: Path) -> Trained:
    """Train on the pack in a folder, write the model, and the profiles into the pack."""
    pack = read_pack(folder, name=folder.name)
    ratings = read_ratings(folder)
    trained = train(pack, ratings)
    trained.model.save(out)
    profiles = profiles_of(pack, trained, ratings)
    write_items_table(folder / "items.parquet", with_profiles(pack.items, profiles))
    return trained


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Train the tone model.")
    parser.add_argument("--pack", type=Path, required=True, help="the pack's folder")
    parser.add_argument("--out", type=Path, required=True, help="where the model goes (.npz)")
    options = parser.parse_args(arguments)
    trained = train_pack(options.pack, options.out)
    print(f"trained on {len(trained.ids)} films")


def _solve(
    gram: NDArray[np.float64], rated: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    base = rated.mean(axis=0)
    weights = np.linalg.solve(gram + RIDGE * np.eye(len(gram)), rated - base)
    return weights, base


if __name__ == "__main__":
    main()
