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
