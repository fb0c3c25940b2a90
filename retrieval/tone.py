"""What a film feels like: a tone profile for any item, from its text vector, genres and keywords.

The model is kernel ridge regression on ratings by our editors; docs/tone.md says how good it is.
`simpatico.finetune.tone` trains it and writes tone.npz, which lies beside this module.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import TONES, Item
from simpatico.errors import ModelError

Floats = NDArray[np.float32]

# Weights of the parts of the kernel, chosen by cross-validation on the editors' ratings.
GENRE_WEIGHT = 0.5
GENRE_COUNT_WEIGHT = 0.1
KEYWORD_WEIGHT = 0.2
YEAR_WEIGHT = 0.2
_CHUNK = 2048  # rows of the kernel matrix held at once
CUTS = (0.0, 0.3, 0.6, 0.85, 1.0)
"""Where the ratings 0, 1 (a touch), 2 (clearly), 3 (it is what the film is) lie in a profile."""


@dataclass(frozen=True)
class Features:
    """What the model sees of n items; rows are items.

    Attributes:
        vectors: (n, dim) text vectors, centred and of L2 norm 1 (0 when unknown).
        genres, keywords: (n, vocabulary) 0 or 1.
        years: (n, 2) the year in units of 30 since 1990, and its square.
    """

    vectors: Floats
    genres: Floats
    keywords: Floats
    years: Floats


@dataclass(frozen=True)
class ToneModel:
    """Kernel ridge regression: n_support rated films, one column of weights for each tone.

    Attributes:
        encoder: the text encoder whose vectors it understands.
        genre_names, keyword_names: the vocabularies of the features.
        centre: (dim,) mean of the text vectors.
        support: (n_support, dim) int8, text features of the rated films times 127.
        genres, keywords, years: the other features of the rated films.
        weights: (n_support, n_tones). `base`: (n_tones,) mean ratings.
        knots_raw: (n_tones, n_knots) increasing raw scores, `knots`: (n_tones, n_knots) what they
            mean in [0, 1].
    """

    encoder: str
    genre_names: tuple[str, ...]
    keyword_names: tuple[str, ...]
    centre: Floats
    support: NDArray[np.int8]
    genres: NDArray[np.int8]
    keywords: NDArray[np.int8]
    years: Floats
    weights: Floats
    base: Floats
    knots_raw: Floats
    knots: Floats

    @classmethod
    def load(cls, path: Path | None = None) -> "ToneModel":
        """Read the model that ships with the package, or another.

        Raises:
            ModelError: the file is missing or holds no such model.
        """
        try:
            if path is None:
                with as_file(files("simpatico.retrieval").joinpath("tone.npz")) as shipped:
                    return cls.load(shipped)
            with np.load(path, allow_pickle=False) as data:
                tones = tuple(str(name) for name in data["tones"])
                if tones != TONES:
                    raise ModelError(f"{path} is a model of the tones {tones}, not of {TONES}")
                arrays = {field.name: data[field.name] for field in fields(cls)}
        except (OSError, KeyError, ValueError) as error:
            raise ModelError(f"the tone model {path} cannot be read: {error}") from error
        names = {
            "encoder": str(arrays["encoder"]),
            "genre_names": tuple(str(name) for name in arrays["genre_names"]),
            "keyword_names": tuple(str(name) for name in arrays["keyword_names"]),
        }
        return cls(**{**arrays, **names})

    def save(self, path: Path) -> None:
        """Write the model: the same model gives the same bytes."""
        arrays = {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}
        arrays["tones"] = np.array(TONES)
        np.savez_compressed(path, **arrays)  # type: ignore[arg-type]  # its one flag is no array

    def profile(self, items: Sequence[Item], vectors: Floats) -> Floats:
        """Tone profiles: (n,) items, (n, dim) text vectors -> (n, n_tones) in [0, 1].

        At least 0.6 says "clearly so". A row whose vector is zero (none is known) is all zeros.

        Raises:
            ValueError: as many vectors as items are wanted, of the model's dimension.
        """
        if vectors.shape != (len(items), len(self.centre)):
            raise ValueError(f"wanted {(len(items), len(self.centre))} vectors: {vectors.shape}")
        profiles = self.calibrate(self.raw(self.features(items, vectors)))
        profiles[~vectors.any(axis=1)] = 0
        return profiles

    def toned(self, items: Sequence[Item], vectors: Floats, *, encoder: str) -> tuple[Item, ...]:
        """Items with a tone profile where they had none.

        Vectors of another encoder mean nothing to the model: then, and for an item whose vector
        is zero, the profile stays empty, which is "unknown".
        """
        if encoder != self.encoder or not items:
            return tuple(items)
        return tuple(
            Item(**{**dict(item), "tone": tuple(round(float(value), 2) for value in row)})
            if not item.tone and vector.any()
            else item
            for item, vector, row in zip(items, vectors, self.profile(items, vectors), strict=True)
        )

    def features(self, items: Sequence[Item], vectors: Floats) -> Features:
        """What the model sees of items and their text vectors."""
        return features_of(
            items,
            vectors,
            genre_names=self.genre_names,
            keyword_names=self.keyword_names,
            centre=self.centre,
        )

    def raw(self, features: Features) -> Floats:
        """Estimated ratings (0 to 3, not clipped): (n, n_tones)."""
        rated = Features(
            vectors=self.support.astype(np.float32) / np.float32(127),
            genres=self.genres.astype(np.float32),
            keywords=self.keywords.astype(np.float32),
            years=self.years,
        )
        out = np.empty((len(features.vectors), len(TONES)), dtype=np.float32)
        for start in range(0, len(out), _CHUNK):
            part = slice(start, start + _CHUNK)
            rows = Features(
                features.vectors[part],
                features.genres[part],
                features.keywords[part],
                features.years[part],
            )
            out[part] = kernel(rows, rated) @ self.weights + self.base
        return out

    def calibrate(self, raw: Floats) -> Floats:
        """Estimated ratings to [0, 1], in the same order: (n, n_tones) -> (n, n_tones)."""
        columns = [
            np.interp(raw[:, tone], self.knots_raw[tone], self.knots[tone])
            for tone in range(len(TONES))
        ]
        return np.stack(columns, axis=1).astype(np.float32)


def features_of(
    items: Sequence[Item],
    vectors: Floats,
    *,
    genre_names: Sequence[str],
    keyword_names: Sequence[str],
    centre: Floats,
) -> Features:
    """Features under given vocabularies. Genres and keywords compare without regard to case."""
    centred = np.where(vectors.any(axis=1, keepdims=True), vectors - centre, 0)
    norms = np.linalg.norm(centred, axis=1, keepdims=True)
    years = np.array([((item.year or 1990) - 1990) / 30 for item in items], dtype=np.float32)
    return Features(
        vectors=(centred / np.maximum(norms, 1e-9)).astype(np.float32),
        genres=_multi_hot([item.genres for item in items], genre_names),
        keywords=_multi_hot([item.keywords for item in items], keyword_names),
        years=np.stack([years, years**2], axis=1).astype(np.float32),
    )


def kernel(a: Features, b: Features) -> Floats:
    """How alike films are: (n_a, n_b)."""
    text = np.exp(2 * (a.vectors @ b.vectors.T) - 2)  # exp(-squared distance) of unit vectors
    total: Floats = (
        text
        + GENRE_WEIGHT * (_unit(a.genres) @ _unit(b.genres).T)
        + GENRE_COUNT_WEIGHT * (a.genres @ b.genres.T)
        + KEYWORD_WEIGHT * (_unit(a.keywords) @ _unit(b.keywords).T)
        + YEAR_WEIGHT * (a.years @ b.years.T)
    )
    return total


def _unit(rows: Floats) -> Floats:
    unit: Floats = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1)
    return unit


def _multi_hot(values: Sequence[Sequence[str]], names: Sequence[str]) -> Floats:
    column = {name.casefold(): i for i, name in enumerate(names)}
    out = np.zeros((len(values), len(names)), dtype=np.float32)
    for row, several in enumerate(values):
        for value in several:
            if (at := column.get(value.casefold())) is not None:
                out[row, at] = 1
    return out
