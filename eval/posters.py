"""Films with a poster and words: what a folder of them says of a catalogue's items, as vectors.

The folder holds `items.csv` (movieId, title, genres, text, and the ids that a film has in a file of
interactions, parted by "|") and `images/<movieId>.jpg`. Two ids of one film are one film here.
"""

import csv
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import DataError
from simpatico.protocols import Encoder, ProgressCallback
from simpatico.retrieval.media import decode_image

Array = NDArray[np.float32]
IDS = "ml100k_ids"


class Films(NamedTuple):
    """What is known of each item, (n_items,) each, in the order of the items.

    Attributes:
        films: which film it is, -1 for one that the folder does not have.
        words: title without its year, genres, and what is written of it; "" for none.
        told: whether something is written of it beyond its title and genres.
        posters: files; None for none.
    """

    films: NDArray[np.int64]
    words: tuple[str, ...]
    told: NDArray[np.bool_]
    posters: tuple[Path | None, ...]


def read_films(folder: Path, items: Sequence[str]) -> Films:
    """What a folder says of items.

    Raises:
        DataError: its table is missing, or has not the columns, or knows none of the items.
    """
    rows = read_table(folder)
    known = {each: row for row in rows for each in row[IDS].split("|") if each}
    found = [known.get(item) for item in items]
    if not any(found):
        raise DataError(f"wanted films of the {len(items)} items in {folder}, got none of them")
    number = {row["movieId"]: at for at, row in enumerate(rows)}
    posters = [folder / "images" / f"{row['movieId']}.jpg" if row else None for row in found]
    return Films(
        np.array([number[row["movieId"]] if row else -1 for row in found]),
        tuple(words_of(row) if row else "" for row in found),
        np.array([bool(row and row["text"].strip()) for row in found]),
        tuple(poster if poster and poster.is_file() else None for poster in posters),
    )


def read_table(folder: Path) -> list[dict[str, str]]:
    """The rows of `items.csv`.

    Raises:
        DataError: it is missing or has not the columns.
    """
    path = folder / "items.csv"
    try:
        with path.open(encoding="utf-8", newline="") as opened:
            rows = list(csv.DictReader(opened))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    wanted = {"movieId", "title", "genres", "text", IDS}
    if not rows or (missing := wanted - set(rows[0])):
        raise DataError(f"wanted {', '.join(sorted(missing if rows else wanted))} in {path}")
    return rows


def words_of(row: Mapping[str, str]) -> str:
    """A film's title without its year, its genres, and what is written of it."""
    name = row["title"].rsplit(" (", 1)[0]
    return f"{name}. {row['genres'].replace('|', ', ')}. {row['text'].strip()}".strip()


def word_vectors(
    films: Films, encoder: Encoder[str], *, keep: Path | None = None
) -> Array:  # (n_items, dim)
    """The words of each item; a row of nan where there are none.

    Args:
        films: (n_items,).
        encoder: of texts.
        keep: folder to keep the vectors in.
    """
    there = [at for at, words in enumerate(films.words) if words]
    kept = _kept(keep, "text", encoder.name, films.words)
    if kept is not None and kept.is_file():
        return _load(kept)
    out = np.full((len(films.words), encoder.dim), np.nan, dtype=np.float32)
    out[there] = encoder.encode([films.words[at] for at in there])
    return _save(kept, out)


def poster_vectors(
    films: Films,
    encoder: Encoder[NDArray[np.uint8]],
    *,
    keep: Path | None = None,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Array:  # (n_items, dim)
    """The poster of each item; a row of nan where there is none.

    Args:
        films: (n_items,).
        encoder: of pictures.
        keep: folder to keep the vectors in.
        progress: told of posters.

    Raises:
        DataError: a poster is no picture.
    """
    names = [f"{poster.name} {poster.stat().st_size}" if poster else "" for poster in films.posters]
    kept = _kept(keep, "image", encoder.name, names)
    if kept is not None and kept.is_file():
        return _load(kept)
    out = np.full((len(names), encoder.dim), np.nan, dtype=np.float32)
    for at, poster in enumerate(films.posters):
        if poster is not None:
            out[at] = encoder.encode([decode_image(poster.read_bytes())])[0]
        progress("Looking at posters", at + 1, len(names))
    return _save(kept, out)


def _kept(folder: Path | None, name: str, encoder: str, of: Sequence[str]) -> Path | None:
    if folder is None:
        return None
    digest = hashlib.sha256("\n".join([encoder, *of]).encode()).hexdigest()[:16]
    return folder / f"{name}-{digest}.npy"


def _load(path: Path) -> Array:
    loaded: Array = np.load(path, allow_pickle=False)
    return loaded


def _save(path: Path | None, vectors: Array) -> Array:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, vectors, allow_pickle=False)
    return vectors
