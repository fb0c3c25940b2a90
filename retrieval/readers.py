"""Records of CSV, JSONL and Parquet files, one after the other, whatever the file holds.

Each reader gives the columns found (none for a file without records) and a lazy run of records.
A line that is not what it should be becomes a record that says so, and reading goes on.
"""

import csv
import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pyarrow.parquet as pq

from simpatico.errors import DataError
from simpatico.retrieval.rows import shown

MAX_LINE = 4_000_000
"""Bytes of the longest line that is read; a longer one is a problem."""

MAX_RECORD_LINES = 1_000
"""Physical lines of the longest CSV record; a quote that stays open longer is a problem."""

_PEEK = 50  # records of a JSONL file whose keys settle its columns


class Record(NamedTuple):
    """One record by column, or a text that says what is wrong with it.

    `line` is where it begins, from 1; a Parquet file's lines are its rows.
    """

    line: int
    fields: Mapping[str, object] | str


Found = tuple[tuple[str, ...], Iterator[Record]]


def _lines(path: Path) -> Iterator[tuple[int, str | None, str]]:
    """(number, text without its end, problem) of each line; the text is None with a problem."""
    opened: Any = gzip.open(path) if path.name.casefold().endswith(".gz") else path.open("rb")
    with opened as file:
        number = 0
        while True:
            number += 1
            try:
                line = file.readline(MAX_LINE + 1)
                too_long = len(line) > MAX_LINE and not line.endswith(b"\n")
                while too_long and (rest := file.readline(MAX_LINE)):
                    if rest.endswith(b"\n"):
                        break
            except (EOFError, zlib.error) as error:
                yield number, None, f"the compressed file breaks off here: {error}"
                return
            if not line:
                return
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if too_long:
                yield number, None, f"wanted at most {MAX_LINE} bytes in a line, got more"
                continue
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError as error:
                yield number, None, f"wanted UTF-8, got byte {line[error.start]:#04x}"
                continue
            if "\0" in text:
                yield number, None, "wanted text, got a NUL byte"
                continue
            yield number, text.rstrip("\r\n"), ""


def read_jsonl(path: Path) -> Found:
    """Read JSON lines."""
    records = _jsonl_records(path)
    first = list(islice(records, _PEEK))
    names = {
        name: None for record in first if isinstance(record.fields, dict) for name in record.fields
    }
    return tuple(names), chain(first, records)


def _jsonl_records(path: Path) -> Iterator[Record]:
    for number, text, problem in _lines(path):
        if text is None:
            yield Record(number, problem)
        elif text.strip():
            try:
                value = json.loads(text, parse_constant=_refuse)
            except (ValueError, RecursionError) as error:
                yield Record(number, f"wanted a JSON object: {error} in {shown(text)}")
                continue
            good = isinstance(value, dict)
            yield Record(number, value if good else f"wanted a JSON object, got {shown(value)}")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")


def read_csv(path: Path) -> Found:
    """Read comma-separated values with a header.

    Raises:
        DataError: when two columns have one name.
    """
    csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE))
    rows = _csv_rows(path)
    bad: list[Record] = []
    for line, cells in rows:
        if isinstance(cells, str):
            bad.append(Record(line, cells))
            continue
        header = [cell.strip() for cell in cells]
        if twice := {name for name in header if name and header.count(name) > 1}:
            raise DataError(
                f"wanted distinct columns, got {', '.join(map(shown, sorted(twice)))} twice"
            )
        return tuple(name for name in header if name), chain(bad, _csv_records(rows, header))
    return (), iter(bad)


def _csv_records(
    rows: Iterator[tuple[int, list[str] | str]], header: list[str]
) -> Iterator[Record]:
    for line, cells in rows:
        if isinstance(cells, str):
            yield Record(line, cells)
        else:
            yield Record(line, dict(zip(header, cells, strict=True)))


def _csv_rows(path: Path) -> Iterator[tuple[int, list[str] | str]]:
    """(line on which it begins, cells or problem) of each record.

    A record is complete when its quotes are even. One that never is, or has the wrong number of
    cells after swallowing lines, is one problem, and reading goes on with the line after its first:
    a stray quote must not cost the good lines that follow.
    """
    lines = _lines(path)
    waiting: list[tuple[int, str | None, str]] = []
    width = 0
    while True:
        taken = [waiting.pop() if waiting else next(lines, None)]
        if taken[0] is None:
            return
        number, text, problem = taken[0]
        if text is None:
            yield number, problem
            continue
        if not text.strip():
            continue
        size = 0
        quotes = text.count('"')
        while quotes % 2 and len(taken) < MAX_RECORD_LINES and size < MAX_LINE:
            following = waiting.pop() if waiting else next(lines, None)
            if following is None:
                break
            taken.append(following)
            if following[1] is None:
                break
            size += len(following[1])
            quotes += following[1].count('"')
        cells = _cells([line[1] for line in taken if line is not None], even=quotes % 2 == 0)
        if isinstance(cells, list) and width and len(cells) != width:
            cells = f"wanted {width} columns, got {len(cells)} in {shown(text)}"
        if isinstance(cells, str):
            waiting += [line for line in reversed(taken[1:]) if line is not None]
        else:
            width = width or len(cells)
        yield number, cells


def _cells(lines: list[str | None], *, even: bool) -> list[str] | str:
    """The cells of one record, or its problem."""
    texts = [line for line in lines if line is not None]
    if not even or len(texts) < len(lines):
        return f"wanted a closing quote, got none in {shown(texts[0])}"
    try:
        return next(csv.reader(["\n".join(texts)], strict=True))
    except (csv.Error, StopIteration) as error:
        return f"wanted comma-separated values: {error} in {shown(texts[0])}"


def read_parquet(path: Path) -> Found:
    """Read a Parquet file."""
    file = pq.ParquetFile(path)
    return tuple(file.schema_arrow.names), _parquet_records(file)


def _parquet_records(file: Any) -> Iterator[Record]:
    line = 0
    for batch in file.iter_batches(batch_size=4096):
        try:
            rows = batch.to_pylist()
        except UnicodeDecodeError:
            rows = [_parquet_row(batch, position) for position in range(batch.num_rows)]
        for row in rows:
            line += 1
            yield Record(line, row)


def _parquet_row(batch: Any, position: int) -> dict[str, object] | str:
    try:
        row: dict[str, object] = batch.slice(position, 1).to_pylist()[0]
    except UnicodeDecodeError as error:
        return f"wanted UTF-8, got {error.reason}"
    return row
