"""A picture or a sound that came with a message, as something to search with.

It is decoded within limits, turned into vectors on this machine, and kept nowhere.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from simpatico.agent.zh.lexicon import TRADITIONAL
from simpatico.domain import Weights
from simpatico.errors import DataError, ModelError
from simpatico.language import language_of
from simpatico.retrieval.index import Index
from simpatico.retrieval.media import decode_image
from simpatico.retrieval.media_index import NOTHING_SHOWN, SHOWN_SOUND
from simpatico.retrieval.modal import Asked, Medium, Query, Shown
from simpatico.retrieval.sound import decode_sound

log = logging.getLogger(__name__)

WORDS: dict[Medium, str] = {
    "image": "Something that looks like this",
    "audio": "Something that sounds like this",
}
"""What stands for the words of a message that has none."""

_POINTS = re.compile(
    r"\b(?:(?:that|which) )?(?:(?:looks?|sounds?|feels?) )?(?:a bit |just |more |most )?"
    r"like (?:this|that|these|those|it)\b"
    r"(?: (?:one|picture|photo|photograph|image|poster|cover|painting|song|track|sound|tune)\b)?",
    re.IGNORECASE,
)

_IT_ZH = (
    r"(?:[这那]一?[个张幅首段种样些款类部支]?|此|它)"
    r"(?:图片|图像?|照片|海报|封面|画面?|歌曲?|曲子|音乐|声音|录音|片子?|电影)?[里上]?"
    r"(?:的?(?:风格|感觉|氛围|画风|色调|味道|调子))?"
)
_LIKE_ZH = (
    r"(?:都?不太?)?(?:差不多|类似|相似|相像|相近|接近|一样|一致|同|像|似的"
    r"|那样|这样|那种|之类|[一那]类)"
)
_SEEMS_ZH = r"(?:(?:看|听)(?:起来|上去)|长得|感觉)?(?:更|再|比较|有点|最|很)?"
_POINTS_ZH = re.compile(
    rf"(?:多?来点)?{_SEEMS_ZH}(?:(?:[跟和与同像如]|类似于?){_IT_ZH}的?{_SEEMS_ZH}{_LIKE_ZH}"
    rf"|(?:像|类似于?){_IT_ZH}(?=的|\W|$))的?"
)
_SOMETHING_ZH = "来点"

_NAMES: dict[Medium, str] = {"image": "picture", "audio": "sound"}


class Looked(NamedTuple):
    """What to search with, and what of it could not be used, in plain words."""

    query: Query = NOTHING_SHOWN
    degraded: tuple[str, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether there is something to search with."""
        return self.query.image is not None or self.query.audio is not None

    @property
    def came(self) -> bool:
        """Whether there was something, though it may be that it could not be used."""
        return self.anything or bool(self.degraded)


def apart_from_it(text: str) -> str:
    """A message without the words that point at the file it came with.

    To what reads it "looks like this" would be about the titles shown before. What is Chinese
    stays so: how it is answered goes by it.
    """
    if language_of(text) == "zh":
        text = _POINTS_ZH.sub(_SOMETHING_ZH, text.translate(TRADITIONAL))
    return " ".join(_POINTS.sub(" ", text).split()) or "something"


class Files(NamedTuple):
    """The bytes of what came with a message."""

    image: bytes | None = None
    audio: bytes | None = None


NO_FILES = Files()


async def looked_at(index: Index, files: Files, weights: Weights | None) -> Looked:
    """What `look` makes of files, beside the event loop; without any there is nothing to wait for.

    Raises:
        DataError: as `look`.
    """
    if files == NO_FILES:
        return Looked()
    return await asyncio.to_thread(look, index, files, weights or Weights())


def look(index: Index, files: Files, weights: Weights) -> Looked:
    """Make something to search with of the bytes of a picture and of a sound.

    Raises:
        DataError: one of them is none, is damaged, or is beyond the limits; or neither they nor
            the words count.
    """
    shown: dict[Medium, Shown] = {}
    degraded: list[str] = []
    given: tuple[tuple[Medium, bytes | None, Callable[[bytes], Any]], ...] = (
        ("image", files.image, decode_image),
        ("audio", files.audio, _decode_sound),
    )
    for medium, data, decode in given:
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
    query = Query(image=shown.get("image"), audio=shown.get("audio"))
    if shown:  # else the words are all there is
        asked: tuple[Asked, ...] = ("text", *shown)
        counts = {one: float(getattr(weights, one)) for one in asked}
        whole = sum(counts.values())
        if not whole:
            raise DataError(f"wanted a weight above 0 of {' or '.join(asked)}, got none")
        # Scores mean the same however large the numbers are: the mean weight is 1.
        query = replace(query, weights={one: n * len(asked) / whole for one, n in counts.items()})
    return Looked(query, tuple(degraded))


def _decode_sound(data: bytes) -> Any:
    return decode_sound(data, limits=SHOWN_SOUND)
