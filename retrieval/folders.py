"""A folder with a table and its media, as items: `items.csv`, `images/ID.jpg`, `audio/ID.ogg`.

A picture or sound belongs to the item whose id is its name without the suffix. The table is read
as `formats` reads a file, but genres, keywords and creators may take several columns, and a field
that no column names in the usual way is guessed from the last words of their names.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import pyarrow as pa

from simpatico.domain import Item, Media, Value
from simpatico.errors import DataError, StoreError
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.debs import is_file
from simpatico.retrieval.formats import MAX_PROBLEMS, Problem
from simpatico.retrieval.readers import read_csv, read_jsonl, read_parquet
from simpatico.retrieval.rows import ALIASES, RowError, read_row, resolve, shown

MAX_MEDIA_BYTES = 100_000_000

_READERS = {
    ".csv": read_csv,
    ".csv.gz": read_csv,
    ".jsonl": read_jsonl,
    ".jsonl.gz": read_jsonl,
    ".parquet": read_parquet,
}
_FOLDERS: dict[str, Literal["image", "audio"]] = {"images": "image", "audio": "audio"}
_SUFFIXES = {
    "image": (".jpg", ".jpeg", ".png", ".webp", ".gif"),
    "audio": (".ogg", ".oga", ".opus", ".mp3", ".flac", ".wav", ".m4a"),
}

GUESSES: dict[str, frozenset[str]] = {
    "id": frozenset({"id"}),
    "title": frozenset({"title", "name"}),
    "genres": frozenset({"genre", "category", "department"}),
    "keywords": frozenset(
        "keyword tag type gender colour color season usage style material pattern occasion mood "
        "theme".split()
    ),
    "text": frozenset({"text", "description", "summary", "overview"}),
}
"""Last word of a column's name, without a plural s, by the field that it may feed."""

_SEVERAL = frozenset({"creators", "genres", "keywords"})
_NOTHING = frozenset({"", "na", "n/a", "nan", "none", "null"})
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{1,60}")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


class MediaFile(Value):
    """A file that an item names: where it is, and its uri, which is its place below `media`."""

    source: Path
    uri: str
    size: int
    sha256: str


class FolderResult(Value):
    """What a folder held: the good items, the problems, and what a person may want to know.

    Attributes:
        items: in the order of the table; their media are named as after `copy_media`.
        problems: lines of the table that are no item, as `formats.ReadResult` has them.
        notes: which columns feed which field, and what was left aside.
        files: the media of the items.
    """

    items: tuple[Item, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    files: tuple[MediaFile, ...] = ()


def read_folder(
    folder: Path,
    *,
    name: str,
    columns: Mapping[str, Sequence[str]] | None = None,
    kind: str | None = None,
) -> FolderResult:
    """Read the items of a folder with their media. Nothing is copied yet: see `copy_media`.

    Args:
        folder: has one table (`items.csv` or another file that `formats` reads), and perhaps
            `images` and `audio`. Links in these two are not followed.
        name: the catalogue that the items are for, the first part of their media's uris.
        columns: {our field: their columns}; wins over names and guesses. Creators, genres and
            keywords may take several, the others one.
        kind: what items are that do not say their kind.

    Raises:
        ValueError: for a name that no catalogue can have, a field that an `Item` does not have, or
            two columns for one that takes one.
        DataError: when there is no table, or more than one, or it cannot be read, or has no
            column for id or title.
    """
    if not _NAME.fullmatch(name):  # it becomes a folder
        raise ValueError(f"wanted the name of a catalogue, got {shown(name)}")
    table = _table(folder)
    files: dict[str, MediaFile] = {}
    items: dict[str, Item] = {}
    problems: list[Problem] = []
    n_problems = 0
    try:
        found, records = _READERS[_suffix(table)](table)
        taken = _columns(found, columns or {}) if found else {}
        mapping = resolve(found, {field: (*of, "")[0] for field, of in taken.items()})
        by_id = {sub: _by_id(folder / sub, _SUFFIXES[of]) for sub, of in _FOLDERS.items()}
        for line, fields in records:
            try:
                if isinstance(fields, str):
                    raise RowError(fields)
                item = read_row(_merged(fields, taken), mapping, kind=kind)
                if item.id in items:
                    raise RowError(f"id {shown(item.id)} was there before")
                named = [_named(folder, name, media) for media in item.media]
                for sub, paths in by_id.items():
                    named += [_found(path, name, sub) for path in paths.pop(item.id, ())]
            except RowError as error:
                n_problems += 1
                if n_problems <= MAX_PROBLEMS:
                    problems.append(Problem(line=line, message=str(error)))
                continue
            media = tuple(media for media, _ in named)
            items[item.id] = Item.model_validate(dict(item) | {"media": media})
            files |= {file.uri: file for _, file in named if file}
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{folder} cannot be read: {error}") from error
    if n_problems > MAX_PROBLEMS:
        more = f"{n_problems - MAX_PROBLEMS} more lines have problems"
        problems.append(Problem(line=0, message=more))
    return FolderResult(
        items=tuple(items.values()),
        problems=tuple(problems),
        notes=tuple(_notes(found, taken, mapping, by_id)),
        files=tuple(files.values()),
    )


def copy_media(result: FolderResult, home: Path, *, progress: ProgressCallback) -> None:
    """Copy the media of a folder's items below `home/media`, those that are not there yet.

    Raises:
        DataError: a file has other bytes than when the folder was read.
        StoreError: a file cannot be copied.
    """
    for n, file in enumerate(result.files):
        target = home / "media" / file.uri
        try:
            if not is_file(target, size=file.size, sha256=file.sha256):
                target.parent.mkdir(parents=True, exist_ok=True)
                partial = target.with_name(f".{target.name}.{os.getpid()}.part")
                shutil.copyfile(file.source, partial)
                if not is_file(partial, size=file.size, sha256=file.sha256):
                    partial.unlink()
                    raise DataError(f"{file.source} has changed while it was copied")
                partial.replace(target)
        except OSError as error:
            raise StoreError(f"{file.source} cannot be copied to {target}: {error}") from error
        progress("media", n + 1, len(result.files))


def _suffix(path: Path) -> str:
    return next((end for end in _READERS if path.name.casefold().endswith(end)), "")


def _table(folder: Path) -> Path:
    """The table of a folder: `items.*`, or the only file that can be one."""
    try:
        tables = sorted(path for path in folder.iterdir() if _suffix(path) and path.is_file())
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error}") from error
    named = [path for path in tables if path.name.casefold() == f"items{_suffix(path)}"]
    if len(named or tables) != 1:
        have = ", ".join(path.name for path in named or tables) or "none"
        raise DataError(f"wanted one table such as items.csv in {folder}, got {have}")
    return (named or tables)[0]


def _columns(
    found: Sequence[str], chosen: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """What feeds the fields that are chosen, or guessed where no column has a usual name."""
    for field, columns in chosen.items():
        if len(columns) > 1 and field not in _SEVERAL:
            raise ValueError(f"wanted one column for {field}, got {', '.join(columns)}")
    taken = {field: tuple(columns) for field, columns in chosen.items()}
    usual = {name: field for field, names in ALIASES.items() for name in names}
    fields = {usual.get(column.strip().casefold()) for column in found}
    used = {column for columns in taken.values() for column in columns}
    free = [c for c in found if c not in used and c.strip().casefold() not in usual]
    for field, endings in GUESSES.items():
        guessed = tuple(column for column in free if _last_word(column) in endings)
        if guessed and field not in taken and field not in fields:
            taken[field] = guessed if field in _SEVERAL else guessed[:1]
    return taken


def _last_word(column: str) -> str:
    """Reduce a column's name: "baseColour" -> "colour", "item_tags" -> "tag"."""
    words = _WORD.findall(column)
    word = words[-1].casefold() if words else ""
    return word[:-3] + "y" if word.endswith("ies") else word.removesuffix("s")


def _merged(
    row: Mapping[str, object], taken: Mapping[str, tuple[str, ...]]
) -> Mapping[str, object]:
    """The row with all that feeds one field in the first column of it."""
    merged = dict(row)
    for columns in taken.values():
        if len(columns) > 1:
            cells = [row.get(column) for column in columns]
            merged[columns[0]] = [
                cell for cell in cells if cell is not None and str(cell).casefold() not in _NOTHING
            ]
    return merged


def _by_id(folder: Path, suffixes: Sequence[str]) -> dict[str, list[Path]]:
    """Files by their names without the suffix; links and files of other kinds are passed over."""
    by_id: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        usable = path.suffix.casefold() in suffixes and path.name.isprintable()
        if usable and path.is_file() and not path.is_symlink():
            by_id.setdefault(path.stem, []).append(path)
    return by_id


def _found(path: Path, name: str, sub: str) -> tuple[Media, MediaFile]:
    size = path.stat().st_size
    if not 0 < size <= MAX_MEDIA_BYTES:
        raise RowError(f"media: wanted 1 to {MAX_MEDIA_BYTES} bytes, {path.name} has {size}")
    with path.open("rb") as opened:
        sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    file = MediaFile(source=path, uri=f"{name}/{sub}/{path.name}", size=size, sha256=sha256)
    return Media(kind=_FOLDERS[sub], uri=file.uri, sha256=sha256), file


def _named(folder: Path, name: str, media: Media) -> tuple[Media, MediaFile | None]:
    """What the table itself names: an address stays, a path must lead to a file of the folder."""
    if re.match(r"https?://", media.uri):
        return media, None
    path = folder / media.uri
    root = folder.resolve()
    if not (path.resolve().is_relative_to(root) and path.is_file()) or path.is_symlink():
        raise RowError(f"media: wanted a file inside the folder, got {shown(media.uri)}")
    place = path.resolve().relative_to(root)
    copied, file = _found(path, name, "images")
    uri = f"{name}/{place.as_posix()}"
    return (
        Media(kind=media.kind, uri=uri, sha256=copied.sha256),
        MediaFile(source=path, uri=uri, size=file.size, sha256=file.sha256),
    )


def _notes(
    found: Sequence[str],
    taken: Mapping[str, tuple[str, ...]],
    mapping: Mapping[str, str],
    left: Mapping[str, Mapping[str, list[Path]]],
) -> Iterator[str]:
    fed: dict[str, tuple[str, ...]] = {field: (column,) for field, column in mapping.items()}
    fed |= {field: columns for field, columns in taken.items() if columns}
    yield "; ".join(f"{field} from {', '.join(columns)}" for field, columns in fed.items())
    used = {column for columns in fed.values() for column in columns}
    if ignored := [column for column in found if column not in used]:
        yield f"columns that no field takes: {', '.join(map(shown, ignored))}"
    for sub, paths in left.items():
        if paths:
            first = ", ".join(path.name for path in next(iter(paths.values())))
            yield f"{len(paths)} names in {sub} are no item's id, such as {first}"
