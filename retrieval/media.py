"""Pictures from outside, safely: `read_media` gets the bytes of one, `decode_image` its pixels.

Neither trusts what it is given: a name or a header decides nothing, and what is too large, cut
short, of another kind or out of bounds is a `DataError` that says so.
"""

import asyncio
import io
import re
import socket
import threading
import warnings
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from pathlib import Path

import httpx
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from pydantic import Field

from simpatico.domain import Value
from simpatico.errors import DataError

MAX_BYTES = 20_000_000
_MAX_SCANS = 40  # of a JPEG: ten or so are usual, and each costs a pass over all of its pixels
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_ONE_AT_A_TIME = threading.Lock()


class Unreached(DataError):
    """What is at an address did not come this time; later it may."""


class Silent(Unreached):
    """Its host did not answer at all."""


class Gone(DataError):
    """An address that has nothing any more: its host says so, or is not allowed."""


_REFUSED: Mapping[int, type[DataError]] = {
    404: Gone,
    410: Gone,
    408: Unreached,
    425: Unreached,
    429: Unreached,
}


class ImageLimits(Value):
    """What a picture may be: its size as a file, and its width times its height."""

    max_bytes: int = Field(default=MAX_BYTES, gt=0)
    max_pixels: int = Field(default=40_000_000, gt=0)


def decode_image(data: bytes, *, limits: ImageLimits | None = None) -> NDArray[np.uint8]:
    """The pixels of a JPEG, PNG, WebP or GIF file: (height, width, 3), RGB.

    It is turned as its EXIF orientation says; what is transparent becomes white; of an animation
    only the first frame is looked at. Pictures are decoded one at a time: that bounds the memory,
    and keeps Pillow's warnings from anybody else.

    Raises:
        DataError: it is none of these, is damaged or cut short, or is beyond the limits.
    """
    limits = limits or ImageLimits()
    if len(data) > limits.max_bytes:
        raise DataError(f"wanted a picture of at most {limits.max_bytes} bytes, got {len(data)}")
    kind = _kind(data)
    if kind == "JPEG" and (n_scans := data.count(b"\xff\xda")) > _MAX_SCANS:
        raise DataError(f"wanted a JPEG of at most {_MAX_SCANS} scans, got {n_scans}")
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _pixels(data, kind, limits.max_pixels)
        except DataError:
            raise
        except Exception as error:  # damaged files make Pillow raise nearly anything
            raise DataError(f"wanted a whole {kind} picture, got a damaged one: {error}") from error


def _kind(data: bytes) -> str:
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    got = f"bytes that begin with {data[:8]!r}" if data else "nothing"
    raise DataError(f"wanted a JPEG, PNG, WebP or GIF picture, got {got}")


def _pixels(data: bytes, kind: str, max_pixels: int) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data), formats=[kind]) as file:
        width, height = file.size
        if width * height > max_pixels:
            raise DataError(
                f"wanted a picture of at most {max_pixels} pixels, got {width} x {height}"
            )
        image = ImageOps.exif_transpose(file)
    if image.mode.startswith("I;16"):  # Pillow's own conversion cuts off at 255
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        image = white
    return np.array(image.convert("RGB"))


def read_media(
    uri: str,
    *,
    root: Path,
    allowed_hosts: frozenset[str] = frozenset(),
    max_bytes: int = MAX_BYTES,
    timeout_s: float = 10.0,
) -> bytes:
    """The bytes of a file inside `root`, or of an http(s) address on an allowed host.

    Not for an event loop's own thread. No redirect is followed and no proxy is used.

    Args:
        uri: a path, relative to `root` or below it; or an http(s) address. It is taken as it is:
            `%2e` is no dot in a path.
        root: the only folder that is read from; links in it count as where they lead.
        allowed_hosts: `host` for its usual port, or `host:port`. A host on a private network must
            be there by its address too.
        max_bytes: of the answer.
        timeout_s: for the whole of it, beside looking up the host's name.

    Raises:
        DataError: it is elsewhere, is no file, is too large or too slow, or cannot be read:
            `Unreached`, `Silent` or `Gone` where an address is why.
    """
    scheme = _SCHEME.match(uri)
    if scheme is None:
        data = _read_inside(root, uri, max_bytes)
    elif scheme[1].lower() in ("http", "https"):
        url, address = _allowed(uri, allowed_hosts)
        data = asyncio.run(_fetch(url, address, max_bytes, timeout_s))
    else:
        raise DataError(f"wanted a path or an http(s) address, got {uri[:100]!r}")
    if len(data) > max_bytes:
        raise DataError(f"wanted at most {max_bytes} bytes, {uri[:100]!r} has more")
    return data


def is_address(uri: str) -> bool:
    """Whether it is no path but an address of the web, or what looks like one."""
    return _SCHEME.match(uri) is not None


def host_of(uri: str) -> str:
    """`host` of an address, `host:port` where that is not the usual one; "" of what is none."""
    try:
        url = httpx.URL(uri)
    except httpx.InvalidURL:
        return ""
    return url.host if url.port is None else f"{url.host}:{url.port}"


def file_inside(root: Path, name: str) -> Path:
    """The file of a name in a folder, wherever links in it lead as long as that is inside.

    Args:
        root: the folder.
        name: a path, relative to it or below it.

    Raises:
        DataError: it is outside, is no file, or cannot be looked at.
    """
    try:
        path = (root / name).resolve()
        if not path.is_relative_to(root.resolve()):
            raise DataError(f"wanted a file inside the media folder, {name[:100]!r} is outside")
        if not path.is_file():
            raise DataError(f"wanted a file, {name[:100]!r} is none")
    except (OSError, ValueError, RuntimeError) as error:  # such as NUL bytes or circular links
        raise DataError(f"{name[:100]!r} cannot be read: {error}") from error
    return path


def _read_inside(root: Path, name: str, max_bytes: int) -> bytes:
    path = file_inside(root, name)
    try:
        with path.open("rb") as file:
            return file.read(max_bytes + 1)
    except OSError as error:
        raise DataError(f"{name[:100]!r} cannot be read: {error}") from error


def _allowed(uri: str, allowed_hosts: frozenset[str]) -> tuple[httpx.URL, str]:
    """An address on an allowed host, and the one IP address to connect to for it."""
    try:
        url, host = httpx.URL(uri), host_of(uri)
        if host not in allowed_hosts or url.userinfo:
            raise Gone(f"wanted media from an allowed host, got {host[:100]!r}")
        port = url.port or {"http": 80, "https": 443}[url.scheme]
        found = socket.getaddrinfo(url.raw_host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Silent(f"{uri[:100]!r} cannot be looked up: {error}") from error
    except (httpx.InvalidURL, ValueError) as error:
        raise DataError(f"{uri[:100]!r} cannot be looked up: {error}") from error
    ip = ip_address(str(found[0][4][0]).partition("%")[0])
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    public = ip.is_global and not ip.is_multicast
    if not public and not {str(ip), f"{ip}:{port}"} & allowed_hosts:
        raise DataError(f"wanted a host on the internet, {host!r} is {ip} on a private network")
    return url, str(ip)


async def _fetch(url: httpx.URL, address: str, max_bytes: int, timeout_s: float) -> bytes:
    """Get `url` from `address`, so that the name cannot come to mean another machine meanwhile."""
    nothing: type[Unreached] = Silent
    try:
        async with (
            asyncio.timeout(timeout_s),
            httpx.AsyncClient(timeout=timeout_s, trust_env=False) as client,
            client.stream(
                "GET",
                url.copy_with(host=address),
                headers={"Host": url.netloc.decode(), "Accept-Encoding": "identity"},
                extensions={"sni_hostname": url.raw_host.decode()},
            ) as response,
        ):
            nothing = Unreached
            if response.status_code != httpx.codes.OK:
                refused = _REFUSED.get(response.status_code, DataError)
                if response.is_server_error:
                    refused = Unreached
                raise refused(f"wanted {str(url)[:100]!r}, got status {response.status_code}")
            data = bytearray()
            async for block in response.aiter_raw():
                data += block
                if len(data) > max_bytes:
                    break
            return bytes(data)
    except TimeoutError as error:
        raise nothing(f"{str(url)[:100]!r} did not come within {timeout_s:g} s") from error
    except httpx.HTTPError as error:
        raise nothing(f"{str(url)[:100]!r} did not come: {error!r}") from error
