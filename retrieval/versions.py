"""Versions of a catalogue's trained ranker: which there are, which is served, the one before.

    <home>/rankers/<catalogue>/used         versions in the order in which they came into use
                               <version>/   graphs, tables, card.json, certainty.json
                               shipped/     certainty.json, if there is one

The last line of `used` is served; without that file it is the one that ships. A version is made
aside and appears whole under its name; `used` is replaced in one go. So whoever is killed leaves
what was served before. A calibration counts for the scores that it was fitted to: when the shipped
ranker is another one after an upgrade, or what is set by hand beside it, it is passed over.
"""

import hashlib
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from filelock import FileLock, Timeout

from simpatico.errors import ModelError, StoreError
from simpatico.retrieval.certainty import FILE, Certainty, read_certainty
from simpatico.retrieval.fusion import GRAPHS, SHARE, FusionModel, shipped_ranker
from simpatico.retrieval.rank import LEARNED_BIAS, LinearWeights
from simpatico.retrieval.ranker_tables import FILE as TABLES

log = logging.getLogger(__name__)

SHIPPED: Final = "shipped"
_NAME: Final = re.compile(r"\d{8}T\d{6}Z(-\d+)?")
_MAKING: Final = ".making-"


class Served(NamedTuple):
    """A ranker as it is served.

    Attributes:
        version: its name.
        model: the ranker.
        certainty: of its scores.
        identity: see `identity_of`.
        fault: why it is not the version that was chosen; empty when it is.
    """

    version: str
    model: FusionModel
    certainty: Certainty
    identity: str
    fault: str = ""

    @property
    def name(self) -> str:
        """As its lists are logged: scores of another ranker of the same version are not its own."""
        return f"{self.version} {self.identity[:8]}"


def identity_of(folder: Path) -> str:
    """SHA-256 (hex) of what makes a ranker's scores: graphs, tables, and what is set by hand.

    Raises:
        ModelError: a file cannot be read.
    """
    content = hashlib.sha256(LinearWeights().model_dump_json().encode())
    content.update(f"{LEARNED_BIAS} {SHARE}".encode())
    try:
        for name in (*(f"{graph}.onnx" for graph in GRAPHS), TABLES):
            content.update(hashlib.sha256((folder / name).read_bytes()).digest())
    except OSError as error:
        raise ModelError(f"the ranker in {folder} cannot be read: {error}") from error
    return content.hexdigest()


class Versions:
    """The versions of one catalogue's ranker. Two processes do not disturb each other.

    Args:
        home: the folder of all data.
        catalog: the catalogue's name, one that was loaded.
        shipped: the folder of the ranker that ships; as `shipped_ranker` says if not given.
    """

    def __init__(self, home: Path, catalog: str, *, shipped: Path | None = None) -> None:
        self.catalog = catalog
        self.shipped = shipped or shipped_ranker(catalog)
        self._root = home / "rankers" / catalog

    def names(self) -> list[str]:
        """All there are: what ships first, then the oldest first."""
        found = self._root.iterdir() if self._root.is_dir() else ()
        made = sorted(each.name for each in found if _NAME.fullmatch(each.name) and each.is_dir())
        return [SHIPPED, *made] if self.shipped else made

    def used(self) -> tuple[str, ...]:
        """Versions in the order in which they came into use, without those rolled back.

        Raises:
            ModelError: the file that says so is damaged.
        """
        file = self._root / "used"
        try:
            lines = tuple(file.read_text("ascii").split())
        except FileNotFoundError:
            lines = ()
        except (OSError, UnicodeDecodeError) as error:
            raise ModelError(f"{file} is damaged: {error}; remove it") from error
        if wrong := [line for line in lines if line != SHIPPED and not _NAME.fullmatch(line)]:
            raise ModelError(f"{file} is damaged: {wrong[0][:40]!r} is no version; remove it")
        return lines or (SHIPPED,)

    @property
    def current(self) -> str:
        """The version to serve. Raises as `used`."""
        return self.used()[-1]

    def folder(self, version: str) -> Path:
        """Where a version's graphs, tables and card lie.

        Raises:
            ModelError: there is no such version.
        """
        if version not in (names := self.names()):
            raise ModelError(
                f"no version {version!r} of the ranker of {self.catalog!r}; there are: "
                f"{', '.join(names) or 'none'}"
            )
        return self.shipped if version == SHIPPED and self.shipped else self._root / version

    def certainty(self, version: str) -> Certainty:
        """What makes probabilities of a version's scores; what was fitted to others does not count.

        Raises:
            ModelError: there is no such version, or something is damaged.
        """
        found = read_certainty(self._root / version)
        if found == Certainty() or found.ranker == identity_of(self.folder(version)):
            return found
        log.warning("the calibration of %r is of another ranker and is passed over", version)
        return Certainty()

    def served(self) -> Served | None:
        """Load the version to serve; the shipped one, with the fault named, if it is damaged.

        None for a catalogue that no ranker ships for.

        Raises:
            ModelError: the shipped one is damaged.
        """
        if self.shipped is None:
            return None
        try:
            version = self.current
            folder = self.folder(version)
            return Served(
                version, FusionModel(folder), self.certainty(version), identity_of(folder)
            )
        except ModelError as error:
            log.warning("the shipped ranker takes the place of the chosen one: %s", error)
            model, identity = FusionModel(self.shipped), identity_of(self.shipped)
            return Served(SHIPPED, model, Certainty(), identity, fault=str(error))

    def use(self, version: str) -> None:
        """Serve a version from the next start on.

        Raises:
            ModelError: there is none, or it cannot be loaded.
            StoreError: the choice cannot be kept.
        """
        FusionModel(self.folder(version))
        with self._alone("used"):
            before = self.used()
            if before[-1] != version:
                self._put("used", "\n".join((*before, version)) + "\n")

    def rollback(self, to: str = "") -> str:
        """Serve what was served before; gives its name.

        Args:
            to: what is expected to have been; "": whatever it was.

        Raises:
            ModelError: nothing was served before, something else was, or it cannot be loaded.
            StoreError: the choice cannot be kept.
        """
        with self._alone("used"):
            *before, now = self.used()
            if not before:
                raise ModelError(f"nothing was served before the version {now!r}")
            if to and to != before[-1]:
                raise ModelError(f"served before was {before[-1]!r}, not {to!r}")
            FusionModel(self.folder(before[-1]))
            self._put("used", "\n".join(before) + "\n")
        return before[-1]

    def calibrate(self, version: str, certainty: Certainty) -> None:
        """Keep what makes probabilities of a version's scores.

        Raises:
            ModelError: there is no such version, or it is damaged.
            StoreError: it cannot be kept.
        """
        kept = certainty.model_copy(update={"ranker": identity_of(self.folder(version))})
        self._put(f"{version}/{FILE}", kept.model_dump_json(indent=1) + "\n")

    @contextmanager
    def training(self) -> Iterator[None]:
        """Keep other trainings out, and clear what one that was killed left behind.

        Raises:
            StoreError: another one goes on.
        """
        with self._alone("train", wait_s=0):
            for left in self._root.glob(f"{_MAKING}*"):
                shutil.rmtree(left, ignore_errors=True)
            yield

    @contextmanager
    def making(self) -> Iterator[Path]:
        """An empty folder for a new version, removed at the end if `add` did not take it."""
        self._root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=_MAKING, dir=self._root, ignore_cleanup_errors=True
        ) as folder:
            yield Path(folder) / "new"

    def add(self, folder: Path, at: datetime) -> str:
        """Keep a folder of `making` as a version; gives its name, made from the time in UTC.

        Raises:
            ModelError: it cannot be loaded.
            StoreError: it cannot be kept.
        """
        FusionModel(folder)
        name = stem = at.strftime("%Y%m%dT%H%M%SZ")
        number = 1
        while (self._root / name).exists():
            number += 1
            name = f"{stem}-{number}"
        try:
            folder.rename(self._root / name)
        except OSError as error:
            raise StoreError(f"{self._root / name} cannot be written: {error}") from error
        return name

    @contextmanager
    def _alone(self, what: str, *, wait_s: float = 10) -> Iterator[None]:
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with FileLock(self._root / f"{what}.lock", timeout=wait_s):
                yield
        except Timeout as error:
            raise StoreError(
                f"another process is at work on the rankers in {self._root}"
            ) from error

    def _put(self, name: str, text: str) -> None:
        path = self._root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            new = path.with_suffix(".new")
            with new.open("w", encoding="ascii") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error}") from error
