"""Debian packages as archives of files: fetched by hash, and only the files named taken out.

Nothing is installed and no script of a package runs. What a package says of itself is not
trusted: its name, size and sha256, and those of every file taken out, are given by the caller.
"""

import hashlib
import logging
import lzma
import os
import re
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal

import httpx
from pydantic import Field, field_validator

from simpatico.domain import Value
from simpatico.errors import DataError
from simpatico.modelsources import Report, Sha256

log = logging.getLogger(__name__)

MIRROR = "https://deb.debian.org/debian"
SNAPSHOT = "https://snapshot.debian.org/archive/debian/20250601T000000Z"
"""The archive as it was on a day when all packages of ours were in it; it keeps old versions."""

MAX_UNPACKED = 4 << 30
"""Bytes that a package may hold unpacked; the largest of ours holds half a gigabyte."""

_BLOCK = 1 << 20
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_AR_MAGIC = b"!<arch>\n"
_AR_HEADER = 60
_OPENERS: dict[str, Literal["r|xz", "r|gz", "r|"]] = {
    "data.tar.xz": "r|xz",
    "data.tar.gz": "r|gz",
    "data.tar": "r|",
}
_BROKEN = (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError)


def inside(path: str) -> str:
    """The path as it is, if it is a plain relative one: no root, no "..", no backslash.

    Raises:
        ValueError: when it is anything else.
    """
    parts = PurePosixPath(path).parts
    if path != "/".join(parts) or re.search(r"[\\:\x00-\x1f]", path) or not parts:
        raise ValueError(f"wanted a plain relative path, got {path[:100]!r}")
    if parts[0] == "/" or ".." in parts:
        raise ValueError(f"wanted a path that stays inside, got {path[:100]!r}")
    return path


class Deb(Value):
    """A package: its place in the archive's pool, and the bytes it must have."""

    package: str = Field(pattern=r"^[a-z0-9][a-z0-9.+-]+$")
    version: str
    pool: str = Field(pattern=r"^pool/[\w./+~-]+\.deb$")
    size: int = Field(gt=0)
    sha256: str = Sha256

    @field_validator("pool")
    @classmethod
    def _pool_inside(cls, value: str) -> str:
        return inside(value)


class Member(Value):
    """A file of a package, where it goes below the target folder, and the bytes it must have."""

    path: str
    file: str
    size: int = Field(ge=0)
    sha256: str = Sha256

    @field_validator("path", "file")
    @classmethod
    def _inside(cls, value: str) -> str:
        return inside(value)


def is_file(path: Path, *, size: int, sha256: str) -> bool:
    """Whether a regular file, no link, is there and has these bytes."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size != size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def fetch_deb(deb: Deb, folder: Path, *, mirrors: Iterable[str], report: Report) -> Path:
    """Make sure that a package is in `folder`, and return its file.

    A download that broke off is taken up again where it stopped, also by a later call. One caller
    at a time: the folder is not locked here.

    Args:
        deb: what to get.
        folder: made when needed.
        mirrors: addresses of Debian archives, the best first; the next is tried when one fails.
        report: told (bytes done, bytes in all).

    Raises:
        DataError: no mirror had the right bytes, or the file cannot be kept.
    """
    path = folder / f"{deb.package}-{deb.sha256[:16]}.deb"
    partial = path.with_suffix(".part")
    problems = []
    try:
        if is_file(path, size=deb.size, sha256=deb.sha256):
            return path
        folder.mkdir(parents=True, exist_ok=True)
        for mirror in mirrors:
            try:
                if _brought(f"{mirror.rstrip('/')}/{deb.pool}", partial, deb, report):
                    partial.replace(path)
                    return path
                problems.append(f"{mirror}: the file has other bytes than expected")
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                problems.append(f"{mirror}: {error or type(error).__name__}")
            log.info("package %s: %s", deb.package, problems[-1])
    except OSError as error:
        raise DataError(f"package {deb.package} cannot be kept in {folder}: {error}") from error
    raise DataError(f"package {deb.package} {deb.version} could not be had: {' | '.join(problems)}")


def _brought(url: str, partial: Path, deb: Deb, report: Report) -> bool:
    """Whether `partial` is the package now; what is not is removed.

    When what was there before turns out to be of no use, the whole is fetched once more.
    """
    while True:
        was_there = partial.exists()
        _download(url, partial, size=deb.size, report=report)
        if is_file(partial, size=deb.size, sha256=deb.sha256):
            return True
        partial.unlink()
        if not was_there:
            return False


def _download(url: str, partial: Path, *, size: int, report: Report) -> None:
    """Bring `partial` up to the whole file, reading no more than `size` + 1 bytes in all."""
    done = partial.stat().st_size if partial.exists() else 0
    if done > size:
        done = 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    if done == size:
        return
    with httpx.stream(
        "GET", url, headers=headers, timeout=_TIMEOUT, follow_redirects=True
    ) as response:
        response.raise_for_status()
        goes_on = response.status_code == httpx.codes.PARTIAL_CONTENT and response.headers.get(
            "Content-Range", ""
        ).startswith(f"bytes {done}-")
        done = done if goes_on else 0
        with partial.open("ab" if goes_on else "wb") as file:
            for block in response.iter_raw():
                file.write(block[: size + 1 - done])
                done += len(block)
                report(min(done, size), size)
                if done > size:
                    return
    if done < size:
        raise httpx.ReadError(f"broke off after {done} of {size} bytes")


def extract(deb: Path, members: Iterable[Member], folder: Path) -> None:
    """Take the named files out of a package and put them below `folder`.

    A file appears in one step, once its size and sha256 are right. Names inside the package choose
    nothing but which of `members` is meant, links are not followed, and reading stops as soon as
    everything has been found.

    Raises:
        DataError: the package is damaged or of an unknown kind, a file is missing, is no regular
            file or has other bytes, or a target is outside `folder` or behind a link.
    """
    wanted = {member.path: member for member in members}
    try:
        with deb.open("rb") as file:
            data, mode = _data(file, deb.name)
            unpacked = 0
            with tarfile.open(fileobj=data, mode=mode) as archive:
                for info in archive:
                    if not wanted:
                        break
                    unpacked += info.size
                    if unpacked > MAX_UNPACKED:
                        raise DataError(f"{deb.name} holds more than {MAX_UNPACKED} bytes")
                    if member := wanted.pop(info.name.removeprefix("./"), None):
                        _take(archive, info, member, folder)
    except _BROKEN as error:
        raise DataError(f"{deb.name} cannot be unpacked into {folder}: {error}") from error
    if wanted:
        raise DataError(f"{deb.name} does not have {', '.join(sorted(wanted)[:5])}")


def each_file(deb: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """The regular files of a package whose path is wanted, with their bytes, in its own order.

    For a package whose own sha256 was checked: nothing else says what the files should hold.

    Raises:
        DataError: the package is damaged, of an unknown kind or too large.
    """
    try:
        with deb.open("rb") as file:
            data, mode = _data(file, deb.name)
            unpacked = 0
            with tarfile.open(fileobj=data, mode=mode) as archive:
                for info in archive:
                    unpacked += info.size
                    if unpacked > MAX_UNPACKED:
                        raise DataError(f"{deb.name} holds more than {MAX_UNPACKED} bytes")
                    path = info.name.removeprefix("./")
                    if info.isreg() and wanted(path):
                        source = archive.extractfile(info)
                        assert source is not None
                        yield path, source.read()
    except _BROKEN as error:
        raise DataError(f"{deb.name} cannot be unpacked: {error}") from error


class _Section:
    """A part of a file, to be read once from its beginning to its end."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size

    def read(self, n: int) -> bytes:
        data = self._file.read(min(n, self._left))
        self._left -= len(data)
        return data


def _data(file: BinaryIO, name: str) -> tuple[BinaryIO, Literal["r|xz", "r|gz", "r|"]]:
    """The files' archive in the `ar` archive that a package is."""
    if file.read(len(_AR_MAGIC)) != _AR_MAGIC:
        raise DataError(f"{name} is no Debian package")
    while header := file.read(_AR_HEADER):
        if len(header) < _AR_HEADER or header[58:] != b"`\n" or not header[48:58].strip().isdigit():
            raise DataError(f"{name} is damaged: wanted an archive header, got {header[:20]!r}")
        member = header[:16].decode("latin-1").strip().rstrip("/")
        size = int(header[48:58])
        if member in _OPENERS:
            return _Section(file, size), _OPENERS[member]  # type: ignore[return-value]
        if member.startswith("data.tar"):
            raise DataError(f"{name} is packed as {member}; known: {', '.join(_OPENERS)}")
        file.seek(size + size % 2, os.SEEK_CUR)
    raise DataError(f"{name} is damaged: it has no data.tar")


def _take(archive: tarfile.TarFile, info: tarfile.TarInfo, member: Member, folder: Path) -> None:
    if not info.isreg():
        raise DataError(f"wanted {member.path} to be a regular file, and it is none")
    if info.size != member.size:
        raise DataError(f"wanted {member.path} of {member.size} bytes, got {info.size}")
    target = folder / member.file
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.parent.resolve() != folder.resolve() / Path(member.file).parent:
        raise DataError(f"wanted to write inside {folder}, but a link leads out of it at {target}")
    source = archive.extractfile(info)
    assert source is not None
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    partial.unlink(missing_ok=True)
    try:
        digest = hashlib.sha256()
        with partial.open("xb") as file:
            while block := source.read(_BLOCK):
                digest.update(block)
                file.write(block)
        if digest.hexdigest() != member.sha256:
            raise DataError(f"{member.path} has other bytes than expected")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
