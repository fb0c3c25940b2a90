"""One row of somebody's file to one `Item`, cleaned, or a plain word on what is wrong with it."""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from pydantic import ValidationError

from simpatico.domain import TONES, Item
from simpatico.errors import DataError
from simpatico.text import clean

FIELDS: tuple[str, ...] = tuple(Item.model_fields)

ALIASES: dict[str, tuple[str, ...]] = {
    "id": ("id", "item_id", "itemid", "movieid", "movie_id", "asin", "product_id", "sku"),
    "kind": ("kind",),
    "title": ("title", "name", "movie_title", "product_name"),
    "year": ("year", "release_year", "release_date"),
    "creators": ("creators", "creator", "cast", "actors", "director", "author", "artist", "brand"),
    "genres": ("genres", "genre", "categories", "category"),
    "keywords": ("keywords", "tags"),
    "text": ("text", "description", "overview", "plot", "summary"),
    "media": ("media",),
    "tone": ("tone",),
    "popularity": ("popularity",),
    "extra": ("extra",),
    "extra.language": ("language", "lang", "original_language"),
    "extra.minutes": ("minutes", "runtime", "duration_minutes"),
}
"""Column names that are understood without a map, in lower case, the preferred first."""

_WANTED = {
    "id": "1 to 200 characters",
    "kind": "a word",
    "title": "a title",
    "year": "a whole number from 0 to 3000",
    "media": "a list of {kind: text|image|audio, uri}",
    "tone": f"numbers from 0 to 1 by tone ({', '.join(TONES)})",
    "popularity": "a number from 0 to 1",
    "extra": "pairs of texts",
}
_CAPS = {"kind": 50, "title": 500, "text": 20_000}
# Together they keep a line of our own far below `readers.MAX_LINE`.
_MAX_NAME, _MAX_NAMES, _MAX_VALUE, _MAX_ENTRIES = 200, 100, 2_000, 50
_YEAR = re.compile(r"(\d{1,4})(?:\.0+|-\d\d(?:-\d\d)?)?")
_TITLE_YEAR = re.compile(r"(.*\S)\s*\((\d{4})\)")
_TITLE_ARTICLE = re.compile(r"(.*\S), (The|A|An)")
_SEPARATED = re.compile(r"\\[\\|,\[]|[|,]")
_NO_NAMES = {"", "(no genres listed)"}


class RowError(ValueError):
    """A row that is no item; the message says which field, what was wanted and what came."""


def resolve(found: Sequence[str], columns: Mapping[str, str]) -> dict[str, str]:
    """Settle which column feeds which field: {our field: their column}.

    Args:
        found: the columns the file has.
        columns: the caller's map; it wins over `ALIASES`. A field mapped to "" is left out, and
            `extra.NAME` puts a column into `extra` under that name.

    Raises:
        ValueError: for a field that an `Item` does not have.
        DataError: for a column that the file does not have, or no column for id or title.
    """
    for field in columns:
        if field not in FIELDS and not re.fullmatch(r"extra\.\S.*", field):
            raise ValueError(f"wanted fields of {', '.join(FIELDS)} or extra.NAME, got {field!r}")
    have = f"the columns found are {', '.join(map(shown, found)) or '(none)'}"
    if missing := [column for column in columns.values() if column and column not in found]:
        raise DataError(f"wanted column {', '.join(map(shown, missing))}; {have}")
    mapping = {field: column for field, column in columns.items() if column}
    lower: dict[str, str] = {}
    for column in found:
        if column not in mapping.values():
            lower.setdefault(column.strip().casefold(), column)
    for field, names in ALIASES.items():
        if field not in columns and not (field.startswith("extra.") and "extra" in lower):
            known = [lower[name] for name in names if name in lower]
            mapping |= {field: known[0]} if known else {}
    if missing := [field for field in ("id", "title") if field not in mapping]:
        raise DataError(f"wanted a column for {' and '.join(missing)}; {have}")
    return mapping


def read_row(row: Mapping[str, object], mapping: Mapping[str, str], *, kind: str | None) -> Item:
    """Make an item of a row. `kind` is for rows that name none.

    Raises:
        RowError: when a field cannot be what it should be.
    """
    fields = {
        field: row.get(column) for field, column in mapping.items() if not field.startswith("extra")
    }
    title = "" if _missing(fields["title"]) else _text("title", fields["title"])
    match = _TITLE_YEAR.fullmatch(title)
    if match and _year(fields.get("year")) in (None, int(match[2])):
        fields |= {"title": _in_order(match[1]), "year": match[2]}
    if kind is not None and _missing(fields.get("kind")):
        fields["kind"] = kind
    extra = _pairs(row.get(mapping["extra"])) if "extra" in mapping else []
    for field, column in mapping.items():
        if field.startswith("extra.") and not _missing(row.get(column)):
            extra.append((field.removeprefix("extra."), _text(field, row[column])))
    return _build(fields | {"extra": extra})


def tidy(item: Item) -> Item:
    """The item as it comes back from a file: texts cleaned and capped, empty names dropped.

    Raises:
        RowError: when nothing is left of its id or title.
    """
    return _build({field: getattr(item, field) for field in FIELDS})


def shown(value: object) -> str:
    """A value in an error message: short, in quotes, harmless."""
    return clean(repr(value)[:200], max_chars=60)


def join_names(names: Iterable[str]) -> str:
    """Several names in one cell, parted by "|"; `_split_names` takes them apart again."""
    joined = "|".join(re.sub(r"[\\|,]", r"\\\g<0>", name) for name in names)
    return f"\\{joined}" if joined.startswith("[") else joined


def _split_names(cell: str) -> list[str]:
    """Take a cell apart at "|", or at "," when there is no "|"; a backslash keeps either."""
    marks = {match[0] for match in _SEPARATED.finditer(cell)}
    separator = "|" if "|" in marks else ","
    names = [""]
    end = 0
    for match in _SEPARATED.finditer(cell):
        names[-1] += cell[end : match.start()]
        end = match.end()
        if match[0] == separator:
            names.append("")
        else:
            names[-1] += match[0][-1]
    names[-1] += cell[end:]
    return names


def _build(fields: Mapping[str, object]) -> Item:
    built: dict[str, object] = {}
    for field, value in fields.items():
        if field in _READ:
            built[field] = _READ[field](value)
        elif not _missing(value):
            built[field] = _text(field, value)
    if not built.get("kind"):
        built.pop("kind", None)
    try:
        return Item.model_validate(built)
    except ValidationError as error:
        field = str(error.errors(include_url=False)[0]["loc"][0])
        came = shown(built[field]) if built.get(field) else "nothing"
        raise RowError(f"{field}: wanted {_WANTED.get(field, 'text')}, got {came}") from error


def _missing(value: object) -> bool:
    """None, an empty cell, or the NaN by which tables say that a number is missing."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _text(field: str, value: object) -> str:
    """Text of a scalar, or of a list of texts for prose. Ids are never cut: they would merge."""
    if field == "text" and isinstance(value, list | tuple):
        value = " ".join(part for part in value if isinstance(part, str))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise RowError(f"{field}: wanted text, got {shown(value)}")
    cap = 1_000 if field == "id" else _CAPS.get(field, _MAX_VALUE)
    return clean(str(value), max_chars=cap)


def _year(value: object) -> int | None:
    if _missing(value):
        return None
    if isinstance(value, float | int) and not isinstance(value, bool) and value == value // 1:
        return int(value)
    if isinstance(value, str) and (match := _YEAR.fullmatch(value.strip())):
        return int(match[1])
    raise RowError(f"year: wanted {_WANTED['year']}, got {shown(value)}")


def _names(field: str) -> Callable[[object], tuple[str, ...]]:
    def read(value: object) -> tuple[str, ...]:
        if isinstance(value, str):
            listed = _json_list(value)
            value = _split_names(value) if listed is None else listed
        elif _missing(value):
            return ()
        if not isinstance(value, list | tuple):
            raise RowError(f"{field}: wanted a list of names, got {shown(value)}")
        names = [
            clean(_text(field, name), max_chars=_MAX_NAME) for name in value if name is not None
        ]
        return tuple(dict.fromkeys(name for name in names if name not in _NO_NAMES))[:_MAX_NAMES]

    return read


def _json_list(cell: str) -> list[object] | None:
    """The list that a cell spells in JSON; None when it spells none."""
    if not cell.lstrip().startswith("["):
        return None
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, list) else None


def _json(field: str, value: object) -> object:
    """A cell that holds JSON, as a CSV's must; other values pass."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise RowError(f"{field}: wanted {_WANTED[field]}, got {shown(value)}") from error


def _media(value: object) -> list[dict[str, str]]:
    value = () if _missing(value) else _json("media", value)
    if not isinstance(value, list | tuple):
        raise RowError(f"media: wanted {_WANTED['media']}, got {shown(value)}")
    media = [part if isinstance(part, Mapping) else getattr(part, "__dict__", {}) for part in value]
    return [
        {str(key): _text("media", part) for key, part in entry.items() if part is not None}
        for entry in media[:_MAX_ENTRIES]
    ]


def _tone(value: object) -> object:
    return () if _missing(value) else _json("tone", value)


def _popularity(value: object) -> float:
    if _missing(value):
        return 0.0
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError
        popularity = float(value)
        if not 0 <= popularity <= 1:
            raise ValueError
    except (ValueError, OverflowError) as error:
        raise RowError(f"popularity: wanted a number from 0 to 1, got {shown(value)}") from error
    return popularity


def _pairs(value: object) -> list[tuple[str, str]]:
    value = () if _missing(value) else _json("extra", value)
    if isinstance(value, Mapping):
        value = list(value.items())
    if not isinstance(value, list | tuple):
        raise RowError(f"extra: wanted {_WANTED['extra']}, got {shown(value)}")
    pairs = []
    for pair in value:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise RowError(f"extra: wanted {_WANTED['extra']}, got {shown(pair)}")
        name, text = (_text("extra", "" if part is None else part) for part in pair)
        pairs += [(name[:_MAX_NAME].rstrip(), text)] if name else []
    return pairs[:_MAX_ENTRIES]


def _in_order(title: str) -> str:
    """Put back the article that files with years in titles move: "Matrix, The"."""
    match = _TITLE_ARTICLE.fullmatch(title)
    return f"{match[2]} {match[1]}" if match else title


_READ: dict[str, Callable[[object], object]] = {
    "year": _year,
    "creators": _names("creators"),
    "genres": _names("genres"),
    "keywords": _names("keywords"),
    "media": _media,
    "tone": _tone,
    "popularity": _popularity,
    "extra": _pairs,
}
