import http.server
import io
import os
import struct
import threading
import time
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from simpatico.errors import DataError
from simpatico.retrieval.media import (
    Gone,
    ImageLimits,
    Silent,
    Unreached,
    decode_image,
    read_media,
)

KINDS = ("JPEG", "PNG", "WEBP", "GIF")


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _scene() -> Image.Image:
    """A picture whose quarters are red, green, blue and grey."""
    quarters = np.zeros((60, 90, 3), dtype=np.uint8)
    quarters[:30, :45, 0] = quarters[:30, 45:, 1] = quarters[30:, :45, 2] = 200
    quarters[30:, 45:] = 100
    return Image.fromarray(quarters)


@pytest.mark.parametrize("kind", KINDS)
def test_the_four_kinds_are_decoded(kind: str) -> None:
    pixels = decode_image(_saved(_scene(), kind))
    assert pixels.shape == (60, 90, 3) and pixels.dtype == np.uint8
    seen = pixels[[15, 15, 45, 45], [20, 70, 20, 70]].astype(int)
    wanted = [[200, 0, 0], [0, 200, 0], [0, 0, 200], [100, 100, 100]]
    np.testing.assert_allclose(seen, wanted, atol=4)


@pytest.mark.parametrize("kind", ["TIFF", "BMP", "EPS", "ICO", "PPM", "PDF", "TGA", "JPEG2000"])
def test_other_kinds_that_pillow_knows_are_refused(kind: str) -> None:
    with pytest.raises(DataError, match="wanted a JPEG, PNG, WebP or GIF picture"):
        decode_image(_saved(_scene(), kind))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"push graphic-context",
        b"\x00" * 100,
    ],
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(DataError, match="wanted a JPEG, PNG, WebP or GIF picture, got"):
        decode_image(data)


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_behind_anothers_first_bytes_is_refused(kind: str) -> None:
    other = _saved(_scene(), "TIFF")
    with pytest.raises(DataError, match="damaged"):
        decode_image(_saved(_scene(), kind)[:12] + other)


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_cut_short_anywhere_is_refused(kind: str) -> None:
    rng = np.random.default_rng(0)
    whole = _saved(Image.fromarray(rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)), kind)
    for share in (0.02, 0.1, 0.3, 0.5, 0.7, 0.9):
        with pytest.raises(DataError, match="wanted"):
            decode_image(whole[: int(len(whole) * share)])


@pytest.mark.parametrize("kind", KINDS)
@given(
    changes=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), min_size=1, max_size=6)
)
@settings(max_examples=60, deadline=None)
def test_a_damaged_picture_is_decoded_or_refused_and_nothing_else(
    kind: str, changes: list[tuple[int, int]]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = bytearray(_saved(_scene(), kind, exif=exif))
    for at, value in changes:
        data[at % len(data)] = value
    try:
        pixels = decode_image(bytes(data), limits=ImageLimits(max_pixels=100_000))
    except DataError:
        return
    assert pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.size <= 300_000


def _png_of(width: int, height: int) -> bytes:
    """A PNG that says it is this large, in a few bytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 100_000, 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def _gif_of(width: int, height: int) -> bytes:
    data = bytearray(_saved(Image.new("P", (1, 1)), "GIF"))
    data[6:10] = struct.pack("<HH", width, height)
    return bytes(data)


def _webp_of(side: int) -> bytes:
    frames = [Image.new("RGB", (2, 2), (50 * n, 0, 0)) for n in range(3)]
    data = bytearray(_saved(frames[0], "WEBP", save_all=True, append_images=frames[1:]))
    at = data.index(b"VP8X") + 12
    data[at : at + 6] = (side - 1).to_bytes(3, "little") * 2
    return bytes(data)


@pytest.mark.parametrize(
    "bomb", [_png_of(100_000, 100_000), _png_of(8000, 8000), _gif_of(65535, 65535), _webp_of(16383)]
)
def test_a_bomb_is_refused_before_it_goes_off(bomb: bytes) -> None:
    assert len(bomb) < 1000
    with pytest.raises(DataError, match="wanted"):
        decode_image(bomb)


def test_a_jpeg_that_takes_for_ever_is_refused() -> None:
    data = _saved(Image.new("L", (2000, 2000), 128), "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]  # each more of these costs another pass
    assert decode_image(data).shape == (2000, 2000, 3)
    with pytest.raises(DataError, match="at most 40 scans, got"):
        decode_image(data[:-2] + scan * 1000 + data[-2:])


def test_the_limits_are_what_the_caller_says() -> None:
    data = _saved(_scene(), "PNG")
    assert decode_image(data, limits=ImageLimits(max_pixels=5400)).shape == (60, 90, 3)
    with pytest.raises(DataError, match="at most 5399 pixels, got 90 x 60"):
        decode_image(data, limits=ImageLimits(max_pixels=5399))
    assert decode_image(data, limits=ImageLimits(max_bytes=len(data))).shape == (60, 90, 3)
    with pytest.raises(DataError, match=f"at most {len(data) - 1} bytes, got {len(data)}"):
        decode_image(data, limits=ImageLimits(max_bytes=len(data) - 1))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_only_the_first_frame_of_an_animation_is_looked_at(kind: str) -> None:
    colours = [(0, 0, 200), *((n % 256, 200, 0) for n in range(1000))]
    frames = [Image.new("RGB", (64, 64), colour) for colour in colours]
    data = _saved(frames[0], kind, save_all=True, append_images=frames[1:])
    began = time.perf_counter()
    pixels = decode_image(data)
    assert time.perf_counter() - began < 0.5
    np.testing.assert_allclose(
        pixels.astype(int), np.broadcast_to((0, 0, 200), (64, 64, 3)), atol=4
    )


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_becomes_white(kind: str, mode: str) -> None:
    image = Image.new(mode, (3, 1))
    for x, alpha in enumerate((0, 128, 255)):
        image.putpixel((x, 0), (0,) * (len(mode) - 1) + (alpha,))
    pixels = decode_image(_saved(image, kind, lossless=True))
    np.testing.assert_array_equal(pixels[0, :, 0], [255, 127, 0])


@pytest.mark.parametrize("kind", ["GIF", "PNG"])
def test_a_transparent_colour_of_a_palette_becomes_white(kind: str) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    pixels = decode_image(_saved(image, kind, transparency=0))
    np.testing.assert_array_equal(pixels[0], [[255, 255, 255], [40, 50, 60]])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_camera_was_held(kind: str, orientation: int) -> None:
    upright = np.asarray(_scene())
    # How each orientation stores an upright picture (Exif 2.3, tag 0x0112).
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = _saved(Image.fromarray(np.ascontiguousarray(stored)), kind, exif=exif)
    seen = decode_image(data).astype(int)
    assert seen.shape == upright.shape
    assert np.abs(seen - upright).mean() < 4


def test_colours_of_print_and_deep_greys_are_seen_as_they_are() -> None:
    printed = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    red = decode_image(_saved(printed, "JPEG", quality=95))[4, 4].astype(int)
    np.testing.assert_allclose(red, [255, 0, 0], atol=6)
    deep = Image.fromarray(np.array([[0, 0x8000, 0xFFFF]], dtype=np.uint16))
    np.testing.assert_array_equal(decode_image(_saved(deep, "PNG"))[0, :, 0], [0, 128, 255])
    black_and_white = decode_image(_saved(Image.new("1", (2, 2), 1), "PNG"))
    np.testing.assert_array_equal(black_and_white, np.full((2, 2, 3), 255))


def test_pillows_warnings_stay_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 3000)  # so that this one is "a bomb" to Pillow
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert decode_image(_saved(_scene(), "PNG")).shape == (60, 90, 3)
    assert seen == []


def test_several_threads_decode_at_once() -> None:
    results: list[tuple[int, ...]] = []
    datas = [_saved(_scene().resize((n, n)), "PNG") for n in range(1, 21)]
    threads = [
        threading.Thread(target=lambda data=data: results.append(decode_image(data).shape))
        for data in datas
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [(n, n, 3) for n in range(1, 21)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "media"
    (folder / "posters").mkdir(parents=True)
    (folder / "posters" / "1 %41.jpg").write_bytes(b"one")
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "media-too").mkdir()
    (tmp_path / "media-too" / "x").write_bytes(b"secret")
    return folder


def test_a_file_inside_the_folder_is_read(root: Path) -> None:
    assert read_media("posters/1 %41.jpg", root=root) == b"one"
    assert read_media("posters/../posters/./1 %41.jpg", root=root) == b"one"
    assert read_media(str(root / "posters" / "1 %41.jpg"), root=root) == b"one"
    link = root.parent / "link-to-media"
    link.symlink_to(root)
    assert read_media("posters/1 %41.jpg", root=link) == b"one"
    (root / "inner").symlink_to(root / "posters" / "1 %41.jpg")
    assert read_media("inner", root=root) == b"one"


@pytest.mark.parametrize(
    "uri",
    [
        "../secret",
        "posters/../../secret",
        "../media-too/x",
        "/etc/passwd",
        "//etc/passwd",
        "nothing/../../secret",
    ],
)
def test_a_path_that_leaves_the_folder_is_refused(root: Path, uri: str) -> None:
    with pytest.raises(DataError, match="outside"):
        read_media(uri, root=root)
    with pytest.raises(DataError, match="outside"):
        read_media(str(root.parent / "secret"), root=root)


def test_a_link_that_leaves_the_folder_is_refused(root: Path) -> None:
    (root / "file").symlink_to(root.parent / "secret")
    (root / "folder").symlink_to(root.parent)
    (root / "chain").symlink_to(root / "file")
    for uri in ("file", "folder/secret", "chain", "folder/media-too/x"):
        with pytest.raises(DataError, match="outside"):
            read_media(uri, root=root)
    (root / "round").symlink_to(root / "round")
    with pytest.raises(DataError):
        read_media("round", root=root)


@pytest.mark.parametrize(
    "uri", ["", ".", "posters", "nothing", "posters/1 A.jpg", "a" * 5000, "\0"]
)
def test_what_is_no_file_is_refused(root: Path, uri: str) -> None:
    with pytest.raises(DataError, match="wanted a file|cannot be read"):
        read_media(uri, root=root)


def test_a_pipe_is_refused_and_not_waited_for(root: Path) -> None:
    os.mkfifo(root / "pipe")
    with pytest.raises(DataError, match="wanted a file"):
        read_media("pipe", root=root)


@pytest.mark.parametrize(
    "uri",
    [
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "file:posters/1 %41.jpg",
        "ftp://example.com/x",
        "data:image/png;base64,AAAA",
        "C:\\secret",
        "javascript:alert(1)",
    ],
)
def test_other_schemes_are_refused(root: Path, uri: str) -> None:
    with pytest.raises(DataError, match="wanted a path or an http"):
        read_media(uri, root=root)


def test_a_file_beyond_the_limit_is_refused(root: Path) -> None:
    assert read_media("posters/1 %41.jpg", root=root, max_bytes=3) == b"one"
    with pytest.raises(DataError, match="at most 2 bytes"):
        read_media("posters/1 %41.jpg", root=root, max_bytes=2)


class _Server(http.server.ThreadingHTTPServer):
    asked: list[tuple[str, str]]


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.asked.append((self.headers["Host"], self.path))
        self.send_response({"/moved": 302, "/missing": 404}.get(self.path, 200))
        if self.path == "/moved":
            self.send_header("Location", "/picture")
        self.end_headers()
        try:
            if self.path == "/slow":
                for _ in range(100):
                    self.wfile.write(b".")
                    time.sleep(0.05)
            elif self.path == "/endless":
                while True:
                    self.wfile.write(b"." * 10_000)
            else:
                self.wfile.write(b"picture")
        except OSError:
            pass

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        pass


@pytest.fixture
def server() -> Iterator[_Server]:
    server = _Server(("127.0.0.1", 0), _Handler)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def _port(server: _Server) -> int:
    return int(server.server_address[1])


def test_no_host_is_asked_unless_it_is_allowed(root: Path, server: _Server) -> None:
    port = _port(server)
    for allowed in (set(), {"127.0.0.1"}, {f"127.0.0.1:{port + 1}"}, {f"example.com:{port}"}):
        with pytest.raises(DataError, match="wanted media from an allowed host"):
            uri = f"http://127.0.0.1:{port}/picture"
            read_media(uri, root=root, allowed_hosts=frozenset(allowed))
    assert server.asked == []


@pytest.mark.parametrize(
    "uri",
    [
        "http://{host}@example.com/picture",
        "http://user@{host}/picture",
        "http://example.com#@{host}/picture",
        "http://example.com\\@{host}/picture",
        "http:picture",
        "http://",
        "http://[::1",
        "http://example.com:99999/",
        "http://exa mple.com/",
        "https://127.1/",
        "http://0x7f000001/",
    ],
)
def test_tricks_with_addresses_do_not_help(root: Path, server: _Server, uri: str) -> None:
    host = f"127.0.0.1:{_port(server)}"
    with pytest.raises(DataError):
        read_media(uri.format(host=host), root=root, allowed_hosts=frozenset({host}))
    assert server.asked == []


def test_an_allowed_host_is_asked_by_its_name(root: Path, server: _Server) -> None:
    port = _port(server)
    for host in ("127.0.0.1", "localhost"):
        allowed = frozenset({f"{host}:{port}", f"127.0.0.1:{port}", "::1"})
        uri = f"HTTP://{host.upper()}:{port}/picture?x=1"
        assert read_media(uri, root=root, allowed_hosts=allowed) == b"picture"
        assert server.asked.pop() == (f"{host}:{port}", "/picture?x=1")


def test_a_name_that_leads_to_a_private_network_is_refused(root: Path, server: _Server) -> None:
    port = _port(server)
    with pytest.raises(DataError, match="private network"):
        allowed = frozenset({f"localhost:{port}"})
        read_media(f"http://localhost:{port}/picture", root=root, allowed_hosts=allowed)
    assert server.asked == []


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1", "::1"]
    + ["::ffff:10.0.0.1", "fd00::1", "fe80::1%lo"],
)
def test_every_kind_of_private_address_is_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", (address, 80))])
    with pytest.raises(DataError, match="private network"):
        allowed = frozenset({"media.example.com"})
        read_media("http://media.example.com/x", root=root, allowed_hosts=allowed)


@pytest.mark.parametrize(
    ("path", "problem", "kind"),
    [
        ("/moved", "status 302", DataError),
        ("/missing", "status 404", Gone),
        ("/endless", "at most 50000 bytes", DataError),
        ("/slow", r"did not come within 0\.5 s", Unreached),
    ],
)
def test_an_answer_that_is_not_the_picture_is_refused(
    root: Path, server: _Server, path: str, problem: str, kind: type[DataError]
) -> None:
    host = f"127.0.0.1:{_port(server)}"
    began = time.monotonic()
    with pytest.raises(DataError, match=problem) as refused:
        read_media(
            f"http://{host}{path}",
            root=root,
            allowed_hosts=frozenset({host}),
            max_bytes=50_000,
            timeout_s=0.5,
        )
    assert time.monotonic() - began < 3
    assert server.asked == [(host, path)] and refused.type is kind


def test_a_host_where_nobody_listens_is_silent(root: Path) -> None:
    with pytest.raises(Silent, match="did not come"):
        read_media("http://127.0.0.1:9/x", root=root, allowed_hosts=frozenset({"127.0.0.1:9"}))
