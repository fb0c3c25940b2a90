"""What the explainer adapter learns from: briefs with the replies that people wrote to them.

A row is a JSON line {"brief": {...}, "reply": "..."}; in the reply items stand as places, "[1]".
Ours ship as `explainer_examples.jsonl.gz`. As examples for `simpatico train explainer`:

    python -m simpatico.finetune.explainer_data --out FOLDER [FILE ...]
"""

import argparse
import gzip
import json
import random
import re
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import Field, ValidationError

from simpatico.domain import Value
from simpatico.errors import DataError
from simpatico.explaining import Brief, faults, prompt_of
from simpatico.finetune.examples import Example, Piece, write_examples
from simpatico.finetune.explainer_compose import compose, one_sentence, varied
from simpatico.text import fold

SHIPPED = "explainer_examples.jsonl.gz"
SOURCE = "explainer-own"
ALIKE = 0.6
"""Replies that share more than this of their three-word runs (Jaccard) are one reply, twice."""

SHARES = (0.8, 0.1, 0.1)
N_VARIATIONS = 8
MAX_PROBLEMS = 50


class Row(Value):
    """A brief and the reply wanted, its items as places."""

    brief: Brief
    reply: str = Field(min_length=1)


class Split(NamedTuple):
    """Rows to learn from, to choose by, and to measure on; no message is in two of them."""

    train: list[Row]
    dev: list[Row]
    test: list[Row]


class Twins(NamedTuple):
    """Two rows by number that are nearly the same, and how nearly: 0 to 1."""

    first: int
    second: int
    alike: float


def shipped_rows() -> list[Row]:
    """Our own rows.

    Raises:
        DataError: they are not there, or damaged.
    """
    return read_rows([Path(str(resources.files("simpatico.finetune"))) / SHIPPED])


def read_rows(files: Iterable[Path]) -> list[Row]:
    """Rows of .jsonl or .jsonl.gz files, in their order.

    Raises:
        DataError: a file is missing, damaged or empty, or has a line that is no row.
    """
    return [row for file in files for row in _rows(file)]


def write_rows(file: Path, rows: Iterable[Row]) -> None:
    """Keep rows; the same rows give the same bytes."""
    text = "".join(
        json.dumps(row.model_dump(mode="json", exclude_defaults=True), ensure_ascii=False) + "\n"
        for row in rows
    )
    data = text.encode()
    file.write_bytes(gzip.compress(data, mtime=0) if file.suffix == ".gz" else data)


def check_rows(rows: Sequence[Row]) -> None:
    """Hold each reply against its form.

    Raises:
        DataError: some are ill-formed; `.problems` lists the first `MAX_PROBLEMS`.
    """
    problems = [
        f"row {number}: {'; '.join(found)}"
        for number, row in enumerate(rows, start=1)
        if (found := faults(row.reply, len(row.brief.items)))
    ]
    if problems:
        raise DataError(
            f"{len(problems)} of {len(rows)} replies are ill-formed; {problems[0]}",
            problems=tuple(problems[:MAX_PROBLEMS]),
        )


def twins(rows: Sequence[Row], *, alike: float = ALIKE) -> list[Twins]:
    """Pairs of rows whose replies are nearly the same, each later one once; rows from 0."""
    runs = [_runs(row.reply) for row in rows]
    found = []
    for second, mine in enumerate(runs):
        for first in range(second):
            other = runs[first]
            shared = len(mine & other)
            share = shared / max(1, len(mine) + len(other) - shared)
            if share > alike:
                found.append(Twins(first, second, share))
                break
    return found


def distinct(rows: Sequence[Row]) -> list[Row]:
    """The rows without those that nearly repeat an earlier one."""
    again = {pair.second for pair in twins(rows)}
    return [row for number, row in enumerate(rows) if number not in again]


def split(rows: Sequence[Row], *, seed: int = 0, shares: Sequence[float] = SHARES) -> Split:
    """Split by message, so that one that was answered twice is in one part only.

    `shares` are of train, dev and test, and sum to 1.
    """
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(fold(row.brief.said) or row.reply, []).append(row)
    keys = sorted(groups)
    order = np.random.default_rng(seed).permutation(len(keys))
    ends = [round(len(keys) * share) for share in np.cumsum(shares)]
    starts = [0, *ends[:-1]]
    parts = [
        [row for at in sorted(order[start:end]) for row in groups[keys[at]]]
        for start, end in zip(starts, ends, strict=True)
    ]
    return Split(*parts)


def to_examples(row: Row, *, n: int, seed: int) -> list[Example]:
    """A row as the trainer takes it: n replies composed for its brief and for variations of it.

    The line end is learnt, too: it ends a reply in use.
    """
    rng = random.Random(f"{seed} {row.model_dump_json()}")
    out = []
    for number in range(n):
        brief = one_sentence(row.brief if number == 0 else varied(row.brief, rng))
        reply = compose(brief, rng, own=row.reply if number == 0 else "")
        out.append(
            Example(prompt=prompt_of(brief), answer=(Piece(text=f" {reply}\n"),), source=SOURCE)
        )
    return out


def _runs(reply: str, n: int = 3) -> frozenset[tuple[str, ...]]:
    words = fold(re.sub(r"\[\d+\]", " it ", reply)).split()
    return frozenset(tuple(words[at : at + n]) for at in range(max(1, len(words) - n + 1)))


def _rows(file: Path) -> Iterator[Row]:
    try:
        data = file.read_bytes()
        text = (gzip.decompress(data) if file.suffix == ".gz" else data).decode()
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise DataError(f"{file} cannot be read: {error}") from error
    if not text.strip():
        raise DataError(f"{file} is empty: wanted a brief and its reply a line")
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield Row.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise DataError(f"{file}:{number}: {where}: {first['msg']}") from error


def main(argv: Sequence[str] | None = None) -> None:
    """Write train.jsonl, dev.jsonl and test.jsonl, and say what was left out."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="rows; without any: those that ship")
    parser.add_argument("--out", type=Path, help="folder for the examples")
    parser.add_argument("--keep", type=Path, help="also write the distinct rows to this file")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--variations", type=int, default=N_VARIATIONS, help="of a row to learn")
    given = parser.parse_args(argv)
    try:
        rows = read_rows(given.files) if given.files else shipped_rows()
        check_rows(rows)
    except DataError as error:
        sys.exit("\n".join((str(error), *error.problems[1:])))
    for pair in twins(rows):
        first, second, alike = pair
        print(f"left out: row {second + 1} repeats row {first + 1} ({alike:.2f})")
    rows = distinct(rows)
    parts = split(rows, seed=given.seed)
    if given.keep:
        write_rows(given.keep, rows)
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
        for name, part in parts._asdict().items():
            n = given.variations if name == "train" else 1
            made = [each for row in part for each in to_examples(row, n=n, seed=given.seed)]
            write_examples(given.out / f"{name}.jsonl", made)
    sizes = ", ".join(f"{name} {len(part)}" for name, part in parts._asdict().items())
    print(f"{len(rows)} rows: {sizes}")


if __name__ == "__main__":
    main()
