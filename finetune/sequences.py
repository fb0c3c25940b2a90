"""What people did, in order: files of interactions as one sequence for each person.

Two forms are read: RecBole's atomic files (`.inter`: tab-separated, `name:type` in the header) and
MovieLens' `ratings.csv`. Events of one instant keep the order of the file (a stable sort): in
MovieLens-100K the last event of 44 % of the people shares its second with the one before.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
from numpy.typing import NDArray

from simpatico.errors import DataError

_NAMES: Final = {
    "user_id": "user",
    "userid": "user",
    "item_id": "item",
    "itemid": "item",
    "movieid": "item",
    "rating": "value",
    "timestamp": "time",
}


@dataclass(frozen=True)
class Sequences:
    """Everybody's events, oldest first.

    Attributes:
        users: ids, sorted; row u of the others is theirs.
        items: ids of everything that occurs, sorted; sequences hold positions in it.
        what: for each person (n_events,) int64 positions in `items`.
        values: for each person (n_events,) float32, as in the file (stars); nan where it has none.
        times: for each person (n_events,) float64, seconds.
    """

    users: tuple[str, ...]
    items: tuple[str, ...]
    what: tuple[NDArray[np.int64], ...]
    values: tuple[NDArray[np.float32], ...]
    times: tuple[NDArray[np.float64], ...]

    def __len__(self) -> int:
        """How many people."""
        return len(self.users)

    @property
    def n_events(self) -> int:
        """How many events of all people."""
        return sum(map(len, self.what))

    def until(self, ends: Sequence[int]) -> "Sequences":
        """The same without each person's events from a place on; `ends` has one for each."""
        return Sequences(
            self.users,
            self.items,
            tuple(each[:end] for each, end in zip(self.what, ends, strict=True)),
            tuple(each[:end] for each, end in zip(self.values, ends, strict=True)),
            tuple(each[:end] for each, end in zip(self.times, ends, strict=True)),
        )


def read_interactions(path: Path) -> Sequences:
    """Read a file of interactions.

    Raises:
        DataError: it is missing, has no column for people, items or times, or a value in one of
            them is not what it should be.
    """
    table = _read(path)
    found = {meaning: name for name in table.column_names if (meaning := _meaning(name))}
    if missing := [name for name in ("user", "item", "time") if name not in found]:
        raise DataError(
            f"wanted a column for {', '.join(missing)} in {path} (user_id, item_id, rating,"
            f" timestamp, or as MovieLens has them), got {', '.join(table.column_names)}"
        )
    if not len(table):
        raise DataError(f"{path} has no interactions")
    user, item = (
        table[found[name]].combine_chunks().dictionary_encode() for name in ("user", "item")
    )
    users, who = _sorted(user)
    items, what = _sorted(item)
    times = _numbers(table, found["time"], path)
    if not np.isfinite(times).all():
        raise DataError(f"{path} has interactions without a time")
    values = (
        _numbers(table, found["value"], path) if "value" in found else np.full(len(times), np.nan)
    )
    order = np.lexsort((times, who))  # both keys by stable sorts
    starts = np.searchsorted(who[order], np.arange(1, len(users)))
    parts = np.split(order, starts)
    return Sequences(
        users,
        items,
        tuple(what[part] for part in parts),
        tuple(values[part].astype(np.float32) for part in parts),
        tuple(times[part] for part in parts),
    )


def digest(targets: NDArray[np.int64], items: tuple[str, ...]) -> str:
    """A short hash of which item is each person's target: equal splits give equal hashes."""
    text = "\n".join(items[place] for place in targets)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _meaning(name: str) -> str:
    """What a column is, by its header; "" for one that is not looked at."""
    return _NAMES.get(name.partition(":")[0].strip().lower(), "")


def _read(path: Path) -> pa.Table:
    try:
        tab = path.suffix == ".inter"
        layout = pc.ParseOptions(delimiter="\t" if tab else ",")
        with pc.open_csv(path, parse_options=layout) as opened:
            names = opened.schema.names
        # An id is a text: as a number, 007 would be 7 and a long one would lose its end.
        ids = {name: pa.string() for name in names if _meaning(name) in ("user", "item")}
        read_as = pc.ConvertOptions(column_types=ids, null_values=[""], strings_can_be_null=True)
        return pc.read_csv(path, parse_options=layout, convert_options=read_as)
    except FileNotFoundError as error:
        raise DataError(f"there is no file {path}") from error
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} cannot be read as a table: {error}") from error


def _sorted(column: pa.DictionaryArray) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Ids in order (numbers by size), and each row's place among them."""
    if column.null_count:
        raise DataError("wanted an id in every row, got an empty one")
    names = column.dictionary.to_pylist()
    numeric = all(name.isdecimal() for name in names)
    places = sorted(range(len(names)), key=lambda i: (int(names[i]) if numeric else 0, names[i]))
    rank = np.empty(len(names), dtype=np.int64)
    rank[places] = np.arange(len(names))
    rows = rank[column.indices.to_numpy(zero_copy_only=False).astype(np.int64)]
    return tuple(names[i] for i in places), rows


def _numbers(table: pa.Table, name: str, path: Path) -> NDArray[np.float64]:
    try:
        column = table[name].cast(pa.float64()).combine_chunks()
    except pa.ArrowException as error:
        raise DataError(f"wanted numbers in column {name} of {path}: {error}") from error
    numbers: NDArray[np.float64] = column.to_numpy(zero_copy_only=False).astype(np.float64)
    return numbers
