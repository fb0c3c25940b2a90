"""Items from and to CSV, JSONL and Parquet files; the suffix says which, `.gz` may follow.

Reading keeps the good lines and names what is wrong with each bad one. Writing is stable: items
sorted by id, fields in the order of `Item`, no times, so that a file read and written again has
the same bytes.
"""

import csv
import gzip
import io
import json
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from simpatico.domain import Item, Value
from simpatico.errors import DataError
from simpatico.retrieval.readers import Found, read_csv, read_jsonl, read_parquet
from simpatico.retrieval.rows import FIELDS, RowError, join_names, read_row, resolve, shown, tidy

MAX_PROBLEMS = 1_000
"""Problems that are listed one by one; the rest are counted."""

_NAME_FIELDS = ("creators", "genres", "keywords")
_JSON_FIELDS = ("media", "tone", "extra")

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("kind", pa.string()),
        ("title", pa.string()),
        ("year", pa.int32()),
        *((name, pa.list_(pa.string())) for name in _NAME_FIELDS),
        ("text", pa.string()),
        (
            "media",
            pa.list_(
                pa.struct([(name, pa.string()) for name in ("kind", "uri", "sha256")]),
            ),
        ),
        ("tone", pa.list_(pa.float64())),
        ("popularity", pa.float64()),
        ("extra", pa.map_(pa.string(), pa.string())),
    ]
)
"""Columns of a Parquet file of items."""


class Problem(Value):
    """What is wrong with one line. Lines count from 1; 0 means the file as a whole.

    In Parquet a line is a row, in CSV the line of the file on which the record begins.
    """

    line: int
    message: str


class ReadResult(Value):
    """What a file held: the good items in file order, the problems, and what was left aside."""

    items: tuple[Item, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def read_items(
    path: Path, *, columns: Mapping[str, str] | None = None, kind: str | None = None
) -> ReadResult:
    """Read the items of a file.

    Args:
        path: ends in .csv, .jsonl, .parquet, .csv.gz or .jsonl.gz.
        columns: {our field: their column}, see `rows.resolve`; wins over the usual names, which
            are understood without it (`rows.ALIASES`).
        kind: what items are that do not say their kind.

    Raises:
        ValueError: for a suffix we cannot read, or a field that an `Item` does not have.
        DataError: when the file cannot be opened, is not of the kind its suffix says, or has no
            column for id or title.
    """
    form = _form(path)
    problems: list[Problem] = []
    items: dict[str, Item] = {}
    n_problems = 0

    def note(line: int, message: str) -> None:
        nonlocal n_problems
        n_problems += 1
        if n_problems <= MAX_PROBLEMS:
            problems.append(Problem(line=line, message=message))

    try:
        found, records = _READERS[form](path)
        # Without columns there is nothing to resolve, and every record is a problem.
        mapping = resolve(found, columns or {}) if found else {}
        lines: dict[str, int] = {}
        for line, fields in records:
            if isinstance(fields, str):
                note(line, fields)
                continue
            try:
                item = read_row(fields, mapping, kind=kind)
            except RowError as error:
                note(line, str(error))
                continue
            if item.id in items:
                note(line, f"id {shown(item.id)} was already on line {lines[item.id]}")
                continue
            items[item.id] = item
            lines[item.id] = line
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} cannot be read as {form}: {error}") from error
    if not items and not n_problems:
        note(0, "the file has columns but no items" if found else "the file is empty")
    if n_problems > MAX_PROBLEMS:
        more = n_problems - MAX_PROBLEMS
        problems.append(Problem(line=0, message=f"{more} more lines have problems"))
    used = set(mapping.values())
    ignored = [shown(column) for column in found if column not in used]
    notes = (f"columns that no field takes: {', '.join(ignored)}",) if ignored else ()
    return ReadResult(items=tuple(items.values()), problems=tuple(problems), notes=notes)


def write_items(path: Path, items: Iterable[Item]) -> None:
    """Write items, in one move: the file is the old one or the whole new one.

    Texts are cleaned as reading would clean them.

    Raises:
        ValueError: for a suffix we cannot write, or two items with one id.
        RowError: for an item whose id or title is nothing but control characters.
        OSError: when the file cannot be written.
    """
    write_tidy(path, map(tidy, items))


def write_tidy(path: Path, items: Iterable[Item]) -> None:
    """`write_items` for items that `tidy` has seen."""
    form = _form(path)
    tidied = sorted(items, key=lambda item: item.id)
    if len({item.id for item in tidied}) != len(tidied):
        raise ValueError("wanted items with distinct ids")
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with partial.open("wb") as file:
            _WRITERS[form](file, tidied)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()


def read_stored(path: Path) -> tuple[Item, ...]:
    """Read a Parquet file that `write_tidy` wrote: validated, but not cleaned once more.

    At 12,000 items this takes a quarter of the time of `read_items`.

    Raises:
        DataError: when the file cannot be read or holds something else.
    """
    try:
        columns = pq.read_table(path, schema=SCHEMA, partitioning=None).to_pydict()
        rows = zip(*(columns[field] for field in FIELDS), strict=True)
        return tuple(Item.model_validate(dict(zip(FIELDS, row, strict=True))) for row in rows)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DataError(f"{path} is damaged or not a file of items: {error}") from error


def _form(path: Path) -> str:
    name = path.name.casefold()
    for form in _READERS:
        if name.endswith(f".{form}"):
            return form
    raise ValueError(f"wanted a file ending in {', '.join(_READERS)}, got {shown(path.name)}")


# Each writer gets tidy items, sorted by id.


def _write_jsonl(file: BinaryIO, items: list[Item]) -> None:
    for item in items:
        file.write(item.model_dump_json().encode() + b"\n")


def _write_csv(file: BinaryIO, items: list[Item]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(FIELDS)
    for item in items:
        row = item.model_dump(mode="json")
        for field in _NAME_FIELDS:
            row[field] = join_names(row[field])
        for field in _JSON_FIELDS:
            row[field] = json.dumps(row[field], ensure_ascii=False) if row[field] else ""
        writer.writerow(row[field] for field in FIELDS)
    text.detach()


def _write_parquet(file: BinaryIO, items: list[Item]) -> None:
    columns: dict[str, list[object]] = {
        field: [getattr(item, field) for item in items] for field in FIELDS
    }
    columns["media"] = [[media.model_dump() for media in item.media] for item in items]
    pq.write_table(pa.table(columns, schema=SCHEMA), file, compression="zstd")


def _gzipped(
    write: Callable[[BinaryIO, list[Item]], None],
) -> Callable[[BinaryIO, list[Item]], None]:
    def written(file: BinaryIO, items: list[Item]) -> None:
        # No name and no time in the header: the same items give the same bytes.
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
            write(packed, items)  # type: ignore[arg-type]

    return written


_READERS: dict[str, Callable[[Path], Found]] = {
    "csv": read_csv,
    "jsonl": read_jsonl,
    "parquet": read_parquet,
    "csv.gz": read_csv,
    "jsonl.gz": read_jsonl,
}
_WRITERS: dict[str, Callable[[BinaryIO, list[Item]], None]] = {
    "csv": _write_csv,
    "jsonl": _write_jsonl,
    "parquet": _write_parquet,
    "csv.gz": _gzipped(_write_csv),
    "jsonl.gz": _gzipped(_write_jsonl),
}
