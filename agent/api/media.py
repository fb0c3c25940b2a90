"""Pictures and sounds in a chat message, as OpenAI's clients send them.

`image_url` with a `data:` URL, `input_audio` with base64. An address is fetched only from hosts
that the settings allow. What the file is, its own bytes say; the type that is stated counts for
nothing.
"""

import asyncio
import base64
import binascii
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from simpatico.agent.api.errors import ApiError
from simpatico.agent.api.schemas import Message
from simpatico.errors import DataError
from simpatico.retrieval.media import MAX_BYTES, read_media

MEDIA_BYTES: Final = 2 * (MAX_BYTES * 4 // 3 + 1000)
"""Of a picture and a sound in base64."""

_DATA: Final = re.compile(r"data:[\w.+/-]*(?:;[\w=.+-]+)*?;base64,", re.ASCII)


class Attached(NamedTuple):
    """The files that came with a message, at most one of each."""

    image: bytes | None = None
    audio: bytes | None = None


async def attached(
    messages: Sequence[Message], *, hosts: frozenset[str], field: str = ""
) -> Attached:
    """The first picture and the first sound of the newest message.

    Args:
        messages: oldest first.
        hosts: that pictures may be fetched from.
        field: what errors name; the message's own place unless told.

    Raises:
        ApiError: 400: it is no file in base64, is too large, or is at an address that is not
            allowed or does not answer.
    """
    if not messages:
        return Attached()
    place = field or f"messages.{len(messages) - 1}.content"
    image = audio = None
    for part in messages[-1].attachments:
        where = f"{place}.{part.get('type')}"
        if part.get("type") == "input_audio":
            if audio is None:
                audio = _decoded(_inner(part, "input_audio", "data"), where)
        elif image is None:
            image = await _picture(_inner(part, "image_url", "url"), where, hosts)
    return Attached(image, audio)


async def _picture(url: str, where: str, hosts: frozenset[str]) -> bytes:
    if found := _DATA.match(url):
        return _decoded(url[found.end() :], where)
    if not re.match(r"https?://", url, re.IGNORECASE):
        raise ApiError(
            400,
            f"{where}: wanted a data: URL with base64, such as data:image/jpeg;base64,...",
            code="invalid_value",
            param=where,
        )
    if not hosts:
        raise ApiError(
            400,
            f"{where}: pictures are not fetched from addresses; send a data: URL with base64",
            code="remote_media_refused",
            param=where,
        )
    try:
        return await asyncio.to_thread(
            read_media, url, root=Path("/nonexistent"), allowed_hosts=hosts
        )
    except DataError as error:
        raise ApiError(
            400, f"{where}: {error}", code="remote_media_refused", param=where
        ) from error


def _decoded(text: str, where: str) -> bytes:
    if len(text) > MAX_BYTES * 4 // 3 + 4:
        raise ApiError(
            400, f"{where}: at most {MAX_BYTES:,} bytes", code="invalid_value", param=where
        )
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ApiError(400, f"{where}: wanted base64", code="invalid_value", param=where) from error
    if not data:
        raise ApiError(
            400, f"{where}: wanted a file, got nothing", code="invalid_value", param=where
        )
    return data


def _inner(part: dict[str, Any], name: str, key: str) -> str:
    """`{name: {key: text}}` as chat completions have it, or `{name: text}`."""
    held = part.get(name)
    found = held.get(key) if isinstance(held, dict) else held
    return found if isinstance(found, str) else ""
