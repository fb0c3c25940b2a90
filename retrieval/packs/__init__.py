"""Built-in packs: catalogues that come with the package, as facts and figures.

A pack is a folder of data files; `simpatico.finetune.pack` writes them. `load_pack` reads them.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic import TypeAdapter

from simpatico.domain import Item
from simpatico.errors import DataError

PACKS: tuple[str, ...] = ("movies",)
_ITEMS = TypeAdapter(tuple[Item, ...])

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("title", pa.string()),
        ("year", pa.int16()),
        ("creators", pa.list_(pa.string())),
        ("genres", pa.list_(pa.string())),
        ("keywords", pa.list_(pa.string())),
        ("text", pa.string()),
        ("poster", pa.string()),
        ("tone", pa.list_(pa.uint8())),
        ("popularity", pa.float32()),
        ("extra", pa.list_(pa.list_(pa.string()))),
    ]
)
"""Columns of items.parquet. `tone` is in hundredths in the order of TONES, empty when unknown."""


@dataclass(frozen=True)
class CoLikes:
    """How often two items were liked in the same conversation.

    Attributes:
        ids: item ids that occur at all.
        a, b: (n_pairs,) int32 positions in `ids`, a < b, each pair once.
        n: (n_pairs,) int32, conversations that liked both, at least 1.
    """

    ids: tuple[str, ...]
    a: NDArray[np.int32]
    b: NDArray[np.int32]
    n: NDArray[np.int32]


@dataclass(frozen=True)
class Pack:
    """A built-in catalogue.

    Attributes:
        name: which pack.
        items: in order of popularity, the best known first.
        vectors: (n_items, dim) float32 unit rows, one per item, in the order of `items`.
        encoder: name of the encoder that made the vectors.
        behaviour: co-likes, or None when the pack has none.
    """

    name: str
    items: tuple[Item, ...]
    vectors: NDArray[np.float32]
    encoder: str
    behaviour: CoLikes | None


@cache
def load_pack(name: str) -> Pack:
    """Load a built-in pack; the second call returns the same value.

    Raises:
        DataError: for a name that is no pack, or files that do not fit together.
    """
    if name not in PACKS:
        raise DataError(f"wanted a built-in pack, got {name!r}; known: {', '.join(PACKS)}")
    with as_file(files(f"{__name__}.{name}")) as folder:
        return read_pack(folder, name=name)


def read_pack(folder: Path, *, name: str) -> Pack:
    """Read the pack in a folder.

    Raises:
        DataError: when a file is missing or unreadable, or the files do not fit together.
    """
    try:
        items = read_items_table(folder / "items.parquet")
        with np.load(folder / "vectors.npz", allow_pickle=False) as data:
            vectors = dequantise(data["vectors"], data["scales"])
            encoder = str(data["encoder"])
        behaviour = None
        if (folder / "behaviour.npz").exists():
            with np.load(folder / "behaviour.npz", allow_pickle=False) as data:
                ids = tuple(str(item_id) for item_id in data["ids"])
                behaviour = CoLikes(ids=ids, a=data["a"], b=data["b"], n=data["n"])
    except (OSError, KeyError, ValueError, pa.ArrowException) as error:
        raise DataError(f"the pack in {folder} cannot be read: {error}") from error
    if len(items) != len(vectors):
        raise DataError(f"the pack in {folder} has {len(items)} items, {len(vectors)} vectors")
    return Pack(name=name, items=items, vectors=vectors, encoder=encoder, behaviour=behaviour)


def read_items_table(path: Path) -> tuple[Item, ...]:
    """Read items.parquet. Raises what pyarrow and pydantic raise."""
    columns = pq.read_table(path, schema=SCHEMA).to_pydict()
    rows = [
        {
            "id": id_,
            "title": title,
            "year": year,
            "creators": creators,
            "genres": genres,
            "keywords": keywords,
            "text": text,
            "media": [{"kind": "image", "uri": poster}] if poster else [],
            "tone": [hundredths / 100 for hundredths in tone],
            "popularity": round(popularity, 4),
            "extra": extra,
        }
        for id_, title, year, creators, genres, keywords, text, poster, tone, popularity, extra in (
            zip(*(columns[column] for column in SCHEMA.names), strict=True)
        )
    ]
    return _ITEMS.validate_python(rows)


def write_items_table(path: Path, items: tuple[Item, ...]) -> None:
    """Write items.parquet: the same items give the same bytes."""
    columns = {
        "id": [item.id for item in items],
        "title": [item.title for item in items],
        "year": [item.year for item in items],
        "creators": [list(item.creators) for item in items],
        "genres": [list(item.genres) for item in items],
        "keywords": [list(item.keywords) for item in items],
        "text": [item.text for item in items],
        "poster": [item.media[0].uri if item.media else "" for item in items],
        "tone": [[round(value * 100) for value in item.tone] for item in items],
        "popularity": [item.popularity for item in items],
        "extra": [[list(pair) for pair in item.extra] for item in items],
    }
    table = pa.table(columns, schema=SCHEMA)
    pq.write_table(table, path, compression="zstd", compression_level=9, store_schema=False)


def quantise(vectors: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Unit rows (n, dim) to int8 and one scale per row: row ~ int8 * scale."""
    scales = np.abs(vectors).max(axis=1, initial=1e-12) / 127
    quantised = np.round(vectors / scales[:, None]).astype(np.int8)
    return quantised, scales.astype(np.float32)


def dequantise(quantised: NDArray[np.int8], scales: NDArray[np.float32]) -> NDArray[np.float32]:
    """The inverse of `quantise`, rows brought back to L2 norm 1: (n, dim) float32."""
    vectors = quantised.astype(np.float32) * scales[:, None]
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[np.float32] = vectors / np.maximum(norms, 1e-12)
    return unit
