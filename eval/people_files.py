"""What data sets say of items and of people beside what people did: genres, titles, age, gender.

Two layouts: RecBole's atomic files beside an `.inter` (`.item`, `.user`: tab-separated,
`name:type` in the header), and MovieLens' `movies.csv` beside `ratings.csv`.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from simpatico.errors import DataError

_NOTHING: Final = ("", "unknown", "(no genres listed)")
_AGES: Final = ((25, "under 25"), (35, "25 to 34"), (50, "35 to 49"), (200, "50 and over"))
_YEAR_AT_END: Final = re.compile(r"\s*\((\d{4})\)\s*$")
_INTERACTIONS: Final = ("*.inter", "ratings.csv")


class Told(NamedTuple):
    """What is known of an item."""

    title: str
    genres: tuple[str, ...]


def interactions_in(data: Path) -> Path:
    """The file of interactions: `data` itself, or the one in the folder.

    Raises:
        DataError: there is none in the folder, or more than one.
    """
    if not data.is_dir():
        return data
    found = sorted(path for name in _INTERACTIONS for path in data.glob(name))
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise DataError(f"wanted one file {' or '.join(_INTERACTIONS)} in {data}, got {names}")
    return found[0]


def beside(interactions: Path, what: str) -> Path | None:
    """The file of items ("item") or people ("user") beside the interactions, if there is one."""
    paths = [interactions.with_suffix(f".{what}")]
    if what == "item":
        paths.append(interactions.with_name("movies.csv"))
    return next((path for path in paths if path.is_file()), None)


def read_items(path: Path) -> dict[str, Told]:
    """Titles and genres by id.

    Raises:
        DataError: it cannot be read, or has no column for ids or genres.
    """
    found = {}
    for row in _rows(path, ("item_id", "movieid"), ("class", "genres")):
        names = row["genres"] if "genres" in row else row["class"]
        parts = names.split("|") if "|" in names or path.suffix == ".csv" else names.split()
        genres = tuple(name for name in map(str.strip, parts) if name.lower() not in _NOTHING)
        title = row.get("movie_title") or row.get("title") or row["id"]
        found[row["id"]] = Told(_YEAR_AT_END.sub("", title), genres)
    return found


def read_people(path: Path) -> dict[str, dict[str, str]]:
    """What is known of people by id: "gender", "age" as a band, "mood"; what the file has of these.

    Raises:
        DataError: it cannot be read, has no column for ids or none of these, or an age is none.
    """
    found = {}
    for row in _rows(path, ("user_id", "userid"), ("age", "gender", "mood")):
        own = {what: row[what] for what in ("gender", "mood") if row.get(what)}
        if row.get("age"):
            own["age"] = _band(row["age"], path)
        found[row["id"]] = own
    return found


def _band(age: str, path: Path) -> str:
    try:
        years = float(age)
    except ValueError as error:
        raise DataError(f"wanted an age in years in {path}, got {age[:40]!r}") from error
    if not 0 < years < 150:
        raise DataError(f"wanted an age from 1 to 149 in {path}, got {age[:40]!r}")
    return next(name for below, name in _AGES if years < below)


def _rows(path: Path, ids: tuple[str, ...], some: tuple[str, ...]) -> Iterator[Mapping[str, str]]:
    """Rows by column name, in lower case without types; the id is "id"."""
    atomic = path.suffix != ".csv"
    layout = {"delimiter": "\t", "quoting": csv.QUOTE_NONE} if atomic else {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = csv.reader(file, **layout)  # type: ignore[arg-type]
            names = [name.partition(":")[0].strip().lower() for name in next(lines, [])]
            key = next((name for name in ids if name in names), None)
            if key is None or not set(some) & set(names):
                raise DataError(
                    f"wanted columns {' or '.join(ids)} and {' or '.join(some)} in {path},"
                    f" got {', '.join(names) or 'nothing'}"
                )
            for number, cells in enumerate(lines, start=2):
                if len(cells) != len(names):
                    raise DataError(
                        f"wanted {len(names)} cells in line {number} of {path}, got {len(cells)}"
                    )
                row = dict(zip(names, cells, strict=True))
                yield {**row, "id": row[key]}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
