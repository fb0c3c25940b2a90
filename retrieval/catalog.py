"""Named catalogues side by side, one Parquet file each, under `home/catalogs`.

Several can be read as one: "movies,music" is what both of them hold.

A file is replaced in one move under a lock, so that a reader sees the old catalogue or the new one
and a killed write loses nothing. Loading validates every item: 12,000 take about 0.4 s, cheap
enough not to trust a file that somebody may have edited.
"""

import hashlib
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from filelock import FileLock, Timeout

from simpatico.domain import Item, Value
from simpatico.errors import DataError, StoreError
from simpatico.retrieval.formats import read_stored, write_tidy
from simpatico.retrieval.rows import RowError, shown, tidy

log = logging.getLogger(__name__)

LOCK_TIMEOUT_S = 60.0
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{1,60}")

_SHOWN_CLASHES = 3

Pack = Callable[[], Iterable[Item]]


class Changes(Value):
    """What an upsert did, in items."""

    added: int
    changed: int
    unchanged: int


@dataclass(frozen=True)
class Catalog:
    """The items of one catalogue, sorted by id, or of several whose names a comma parts."""

    name: str
    items: tuple[Item, ...]

    def __len__(self) -> int:
        return len(self.items)

    def get(self, item_id: str) -> Item | None:
        """The item with this id, or None."""
        return self._by_id.get(item_id)

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the content; the same items give the same, whatever the name."""
        content = hashlib.sha256()
        for item in sorted(self.items, key=lambda item: item.id):
            content.update(item.model_dump_json().encode() + b"\n")
        return content.hexdigest()

    @cached_property
    def _by_id(self) -> dict[str, Item]:
        return {item.id: item for item in self.items}


class Catalogs:
    """All catalogues under one home. A name of `packs` exists without being stored.

    Args:
        home: the folder that holds `catalogs/`; made when first written.
        packs: built-in catalogues by name; the default is the packs that the package ships.
    """

    def __init__(self, home: Path, *, packs: Mapping[str, Pack] | None = None) -> None:
        self._folder = home / "catalogs"
        self._packs = {"movies": _movies} if packs is None else dict(packs)

    def names(self) -> tuple[str, ...]:
        """Stored and built-in catalogues, sorted."""
        stored = {path.stem for path in self._folder.glob("*.parquet")}
        return tuple(sorted({name for name in stored if _NAME.fullmatch(name)} | set(self._packs)))

    def load(self, name: str) -> Catalog:
        """The catalogue as stored, or else the built-in one of that name.

        "movies,music" gives both as one, named so, with the blanks of "movies, music" gone.

        Raises:
            ValueError: for a name that no catalogue can have.
            DataError: for an unknown name, or a file that cannot be read or is damaged; for a name
                given twice, or items of one id in several of the catalogues named.
        """
        names = names_in(name)
        if len(names) > 1:
            return _together([self.load(each) for each in names])
        return Catalog(name=names[0], items=self._items(names[0]))

    def upsert(self, name: str, items: Iterable[Item]) -> Changes:
        """Add items, or replace those with the same id; of one id given twice the later counts.

        A new name makes a new catalogue; a built-in one begins with its pack's items. Texts are
        cleaned as `tidy` does. The same items again change nothing.

        Raises:
            ValueError: for a name that no catalogue can have.
            DataError: for an item that cannot be stored, or a stored catalogue that is damaged.
            StoreError: when the file cannot be written, or somebody else keeps writing to it.
        """
        try:
            given = {item.id: item for item in map(tidy, items)}
        except RowError as error:
            raise DataError(f"an item for catalogue {name!r} cannot be stored: {error}") from error
        with self._locked(name) as path:
            stored = path.exists()
            known = stored or name in self._packs
            # A pack's items were never tidied here; a stored file's were when it was written.
            old = self.load(name).items if known else ()
            before = {item.id: item for item in (old if stored else map(tidy, old))}
            added = sum(item_id not in before for item_id in given)
            unchanged = sum(before.get(item_id) == item for item_id, item in given.items())
            if unchanged < len(given) or not known:
                for left_by_a_killed_write in self._folder.glob(f".{path.name}.*.part"):
                    left_by_a_killed_write.unlink()
                write_tidy(path, (before | given).values())
        return Changes(added=added, changed=len(given) - added - unchanged, unchanged=unchanged)

    def remove(self, name: str) -> None:
        """Forget a stored catalogue; a built-in one is then as it was shipped.

        Raises:
            ValueError: for a name that no catalogue can have.
            DataError: when no catalogue of that name is stored.
            StoreError: when the file cannot be removed.
        """
        with self._locked(name) as path:
            if not path.exists():
                raise DataError(f"wanted a stored catalogue, got {name!r}, which is not stored")
            path.unlink()

    def _items(self, name: str) -> tuple[Item, ...]:
        path = self._path(name)
        if path.exists():
            items = read_stored(path)
        elif name in self._packs:
            items = tuple(self._packs[name]())
        else:
            known = ", ".join(self.names()) or "(none)"
            raise DataError(f"wanted a catalogue, got {name!r}; known: {known}")
        return tuple(sorted(items, key=lambda item: item.id))

    def _path(self, name: str) -> Path:
        """Where a catalogue lies. Names are words, so that none can lead out of the folder."""
        if not _NAME.fullmatch(name):
            raise ValueError(
                "wanted a catalogue name of 2 to 61 of a-z, 0-9, _ and -, "
                f"beginning with a letter or digit, got {shown(name)}"
            )
        return self._folder / f"{name}.parquet"

    @contextmanager
    def _locked(self, name: str) -> Iterator[Path]:
        path = self._path(name)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self._folder / f".{name}.lock", timeout=LOCK_TIMEOUT_S):
                yield path
        except Timeout as error:
            wait = f"{LOCK_TIMEOUT_S:.0f} s"
            raise StoreError(f"catalogue {name!r} is being written, waited {wait}") from error
        except OSError as error:
            raise StoreError(f"catalogue {name!r} cannot be written to {path}: {error}") from error


def names_in(name: str) -> tuple[str, ...]:
    """The catalogues that a name stands for, in its order: one, or several parted by commas."""
    return tuple(part.strip() for part in name.split(","))


def _together(catalogs: Sequence[Catalog]) -> Catalog:
    """Several catalogues as one.

    Raises:
        DataError: a catalogue is there twice, or an id in two of them.
    """
    names = [catalog.name for catalog in catalogs]
    if len(set(names)) < len(names):
        raise DataError(f"wanted each catalogue once, got {', '.join(names)}")
    whose: dict[str, str] = {}
    for catalog in catalogs:
        if clashing := [item.id for item in catalog.items if item.id in whose]:
            others = dict.fromkeys(whose[item_id] for item_id in clashing)
            shown_ids = ", ".join(repr(item_id) for item_id in clashing[:_SHOWN_CLASHES])
            more = len(clashing) - _SHOWN_CLASHES
            raise DataError(
                f"catalogues cannot be used together: {', '.join(others)} and {catalog.name} have "
                f"items of the same id: {shown_ids}{f' and {more} more' if more > 0 else ''}; "
                "import one of them again with other ids"
            )
        whose |= dict.fromkeys((item.id for item in catalog.items), catalog.name)
    items = (item for catalog in catalogs for item in catalog.items)
    return Catalog(name=",".join(names), items=tuple(sorted(items, key=lambda item: item.id)))


def _movies() -> Iterable[Item]:
    from simpatico.retrieval.packs import load_pack

    return load_pack("movies").items
