"""A picture or a sound that came with a message, as something to search with.

It is decoded within limits, turned into vectors on this machine, and kept nowhere.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, NamedTuple

from simpatico.errors import ModelError
from simpatico.retrieval.index import Index
from simpatico.retrieval.media import decode_image
from simpatico.retrieval.media_index import NOTHING_SHOWN, SHOWN_SOUND
from simpatico.retrieval.modal import Medium, Query, Shown
from simpatico.retrieval.sound import decode_sound

log = logging.getLogger(__name__)

WORDS: dict[Medium, str] = {
    "image": "Something that looks like this",
    "audio": "Something that sounds like this",
}
"""What stands for the words of a message that has none."""

_NAMES: dict[Medium, str] = {"image": "picture", "audio": "sound"}


class Looked(NamedTuple):
    """What to search with, and what of it could not be used, in plain words."""

    query: Query = NOTHING_SHOWN
    degraded: tuple[str, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether there is something to search with."""
        return self.query.image is not None or self.query.audio is not None


class Files(NamedTuple):
    """The bytes of what came with a message."""

    image: bytes | None = None
    audio: bytes | None = None


NO_FILES = Files()


async def looked_at(index: Index, files: Files) -> Looked:
    """What `look` makes of files, beside the event loop; without any there is nothing to wait for.

    Raises:
        DataError: as `look`.
    """
    if files == NO_FILES:
        return Looked()
    return await asyncio.to_thread(look, index, image=files.image, audio=files.audio)


def look(index: Index, *, image: bytes | None = None, audio: bytes | None = None) -> Looked:
    """Make something to search with of the bytes of a picture and of a sound.

    Raises:
        DataError: one of them is none, is damaged, or is beyond the limits.
    """
    shown: dict[Medium, Shown] = {}
    degraded: list[str] = []
    files: tuple[tuple[Medium, bytes | None, Callable[[bytes], Any]], ...] = (
        ("image", image, decode_image),
        ("audio", audio, _decode_sound),
    )
    for medium, data, decode in files:
        if data is None:
            continue
        decoded, name = decode(data), _NAMES[medium]
        if not index.has_media(medium):
            degraded.append(
                f"Nothing here can be found by a {name} yet, so I went by your words alone."
            )
            continue
        try:
            shown[medium] = index.show(medium, decoded)
        except ModelError as error:
            log.warning("a %s was not used: %s", name, error)
            degraded.append(f"I could not look at your {name}, so I went by your words alone.")
    return Looked(Query(image=shown.get("image"), audio=shown.get("audio")), tuple(degraded))


def _decode_sound(data: bytes) -> Any:
    return decode_sound(data, limits=SHOWN_SOUND)
