"""Packages made here, served from this machine; hostile ones too."""

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import ValidationError

from simpatico.errors import DataError
from simpatico.retrieval.debs import Deb, Member, extract, fetch_deb, inside

SONG = b"la la la " * 50_000
POOL = "pool/main/s/songs/songs_1.0_all.deb"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def ar(members: dict[str, bytes]) -> bytes:
    """An `ar` archive, as the format has it: 60-byte headers, data padded to even lengths."""
    out = b"!<arch>\n"
    for name, data in members.items():
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode() + data
        out += b"\n" * (len(data) % 2)
    return out


def tar(members: list[tarfile.TarInfo], contents: dict[str, bytes], mode: str = "w:xz") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:  # type: ignore[call-overload]
        for info in members:
            archive.addfile(info, io.BytesIO(contents.get(info.name, b"")))
    return packed.getvalue()


def regular(name: str, data: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    return info


def package(data: bytes, member: str = "data.tar.xz") -> bytes:
    return ar({"debian-binary": b"2.0\n", "control.tar.xz": b"odd", member: data})


def songs(mode: str = "w:xz", member: str = "data.tar.xz") -> bytes:
    files = {"./usr/share/songs/other.ogg": b"x" * 3, "./usr/share/songs/a.ogg": SONG}
    return package(tar([regular(n, d) for n, d in files.items()], files, mode), member)


def member(
    path: str = "usr/share/songs/a.ogg", file: str = "songs/a.ogg", data: bytes = SONG
) -> Member:
    return Member(path=path, file=file, size=len(data), sha256=sha256(data))


def write(folder: Path, data: bytes) -> Path:
    path = folder / "songs.deb"
    path.write_bytes(data)
    return path


def deb(data: bytes) -> Deb:
    return Deb(package="songs", version="1.0", pool=POOL, size=len(data), sha256=sha256(data))


class Archive(ThreadingHTTPServer):
    """Serves one file under any address, whole or from where it is asked for.

    `breaks_at` bytes it breaks off once; `ranges` notes what was asked for.
    """

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = content
        self.breaks_at: int | None = None
        self.ranges: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/debian"


class Handler(BaseHTTPRequestHandler):
    server: Archive

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        if not self.path.endswith(POOL):
            self.send_error(404)
            return
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        size = len(self.server.content)
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        self.send_header("Content-Length", str(size - start))
        self.end_headers()
        end, self.server.breaks_at = self.server.breaks_at, None
        self.wfile.write(self.server.content[start:end])

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def archive() -> Iterator[Archive]:
    with Archive(songs()) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def silent(done: int, total: int) -> None:
    """No progress to tell."""


def test_a_package_is_fetched_once_and_progress_told(archive: Archive, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    wanted = deb(archive.content)
    path = fetch_deb(
        wanted, tmp_path, mirrors=[archive.url], report=lambda *done: told.append(done)
    )
    assert path.read_bytes() == archive.content
    assert told[-1] == (wanted.size, wanted.size)
    assert fetch_deb(wanted, tmp_path, mirrors=[archive.url], report=silent) == path
    assert len(archive.ranges) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_a_download_that_broke_off_goes_on_where_it_stopped(
    archive: Archive, tmp_path: Path
) -> None:
    archive.breaks_at = 100
    wanted = deb(archive.content)
    with pytest.raises(DataError, match=r"songs 1\.0 could not be had"):
        fetch_deb(wanted, tmp_path, mirrors=[archive.url], report=silent)
    assert [path.stat().st_size for path in tmp_path.glob("*.part")] == [100]
    path = fetch_deb(wanted, tmp_path, mirrors=[archive.url], report=silent)
    assert path.read_bytes() == archive.content
    assert archive.ranges == [None, "bytes=100-"]


def test_wrong_bytes_of_before_are_fetched_anew(archive: Archive, tmp_path: Path) -> None:
    wanted = deb(archive.content)
    path = fetch_deb(wanted, tmp_path, mirrors=[archive.url], report=silent)
    path.with_suffix(".part").write_bytes(b"?" * 50)
    path.unlink()
    fetch_deb(wanted, tmp_path, mirrors=[archive.url], report=silent)
    assert path.read_bytes() == archive.content
    assert archive.ranges == [None, "bytes=50-", None]


def test_another_hash_is_refused_and_nothing_stays(archive: Archive, tmp_path: Path) -> None:
    wanted = deb(archive.content)
    archive.content = archive.content[:-1] + b"!"
    with pytest.raises(DataError, match="other bytes than expected"):
        fetch_deb(wanted, tmp_path, mirrors=[archive.url], report=silent)
    assert list(tmp_path.iterdir()) == []


def test_more_bytes_than_wanted_are_not_read(archive: Archive, tmp_path: Path) -> None:
    wanted = deb(archive.content)
    archive.content += b"x" * 5_000_000
    told: list[int] = []
    with pytest.raises(DataError, match="other bytes than expected"):
        fetch_deb(
            wanted, tmp_path, mirrors=[archive.url], report=lambda done, total: told.append(done)
        )
    assert max(told) == wanted.size
    assert list(tmp_path.iterdir()) == []


def test_the_next_mirror_is_asked_when_one_fails(archive: Archive, tmp_path: Path) -> None:
    nobody = "http://127.0.0.1:9/debian"
    path = fetch_deb(deb(archive.content), tmp_path, mirrors=[nobody, archive.url], report=silent)
    assert path.read_bytes() == archive.content


@pytest.mark.parametrize(
    ("mode", "name"), [("w:xz", "data.tar.xz"), ("w:gz", "data.tar.gz"), ("w", "data.tar")]
)
def test_only_the_named_file_is_taken_out(mode: str, name: str, tmp_path: Path) -> None:
    target = tmp_path / "out"
    extract(write(tmp_path, songs(mode, name)), [member()], target)
    assert [p for p in target.rglob("*") if p.is_file()] == [target / "songs" / "a.ogg"]
    assert (target / "songs" / "a.ogg").read_bytes() == SONG


def test_a_package_cut_short_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be unpacked"):
        extract(write(tmp_path, songs()[:-60]), [member()], tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*.ogg"))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04 no package", "is no Debian package"),
        (b"!<arch>\nshort", "is damaged"),
        (ar({"debian-binary": b"2.0\n"}), "has no data.tar"),
        (package(b"\x28\xb5\x2f\xfd", "data.tar.zst"), "is packed as data.tar.zst"),
        (package(b"this is not xz at all"), "cannot be unpacked"),
    ],
)
def test_what_is_no_package_is_refused(data: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        extract(write(tmp_path, data), [member()], tmp_path / "out")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"does not have usr/share/songs/b\.ogg"):
        extract(write(tmp_path, songs()), [member(path="usr/share/songs/b.ogg")], tmp_path / "out")


def test_other_bytes_or_another_size_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, songs())
    for data, said in ((b"x" * len(SONG), "other bytes"), (SONG[:-1], "bytes, got")):
        with pytest.raises(DataError, match=said):
            extract(path, [member(data=data)], tmp_path / "out")
    assert not [p for p in (tmp_path / "out").rglob("*") if p.is_file()]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_a_link_in_a_package_is_refused(kind: bytes, tmp_path: Path) -> None:
    info = tarfile.TarInfo("./usr/share/songs/a.ogg")
    info.type = kind
    info.linkname = "/etc/passwd"
    with pytest.raises(DataError, match="to be a regular file"):
        extract(write(tmp_path, package(tar([info], {}))), [member()], tmp_path / "out")
    assert not [p for p in (tmp_path / "out").rglob("*") if p.is_file()]


def test_names_in_a_package_lead_nowhere(tmp_path: Path) -> None:
    hostile = "../../escaped.ogg"
    files = {hostile: b"out", "/absolute.ogg": b"out", "./usr/share/songs/a.ogg": SONG}
    data = package(tar([regular(n, d) for n, d in files.items()], files))
    extract(write(tmp_path, data), [member()], tmp_path / "deep" / "out")
    found = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert found == {"songs.deb", "deep/out/songs/a.ogg"}


def test_a_link_in_the_target_folder_is_not_followed(tmp_path: Path) -> None:
    elsewhere, target = tmp_path / "elsewhere", tmp_path / "out"
    elsewhere.mkdir()
    target.mkdir()
    (target / "songs").symlink_to(elsewhere)
    with pytest.raises(DataError, match="a link leads out of it"):
        extract(write(tmp_path, songs()), [member()], target)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "../x", "a/../x", "a//b", "a\\b", "c:x", "a/."]
)
def test_paths_that_are_not_plain_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match="wanted a p"):
        inside(path)
    with pytest.raises(ValidationError):
        member(file=path)
