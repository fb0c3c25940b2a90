"""The languages we speak with people, and which of them a text is in."""

import re
from typing import Final, Literal

Language = Literal["en", "zh"]
"""English, or Chinese in simplified characters."""

LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")

TAGS: Final[dict[Language, str]] = {"en": "en", "zh": "zh-CN"}
"""As HTML and HTTP write them."""

_RANGE = re.compile(
    r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9]{1,8})*\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*"
)


def accepted(header: str) -> Language:
    """The one of ours that an Accept-Language header likes best; English when it names none."""
    likes: dict[Language, float] = {}
    for part in header[:1000].split(","):
        match = _RANGE.fullmatch(part)
        name = match[1].lower() if match else ""
        for language in LANGUAGES:
            if match and name == language:
                likes[language] = max(likes.get(language, 0.0), float(match[2] or 1))
    return max(likes, key=lambda language: likes[language]) if any(likes.values()) else "en"


_TITLE = re.compile(r"《[^》]{0,200}》|[\"“「『][^\"”」』]{0,200}[\"”」』]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f]")
_KANA = re.compile(r"[\u3040-\u30ff\uff66-\uff9f]")
_LATIN_WORD = re.compile(r"[^\W\d_\u2e80-\U0002fa1f]+(?:['’-][^\W\d_\u2e80-\U0002fa1f]+)*")
HAN_PER_WORD = 1.6
"""How many characters a Chinese word has, about: with it words of both can be counted."""


def language_of(text: str) -> Language | None:
    """The language most words of a text are in; None when it has none that we could tell by.

    Titles in quotation marks do not count, unless there is nothing else. With kana it is Japanese,
    which we do not speak: then, as of any language but Chinese, English is taken.
    """
    for said in (_TITLE.sub(" ", text), text):
        n_han, n_words = len(_HAN.findall(said)), len(_LATIN_WORD.findall(said))
        if n_han or n_words:
            chinese = n_han / HAN_PER_WORD > n_words and not _KANA.search(said)
            return "zh" if chinese else "en"
    return None
