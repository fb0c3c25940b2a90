"""A picture that a person shows: it comes as a data: URL, made small by their browser."""

import base64
import binascii
from typing import Final

MAX_CHARS: Final = 2_000_000
"""Of the URL: what page.js sends has a tenth of it."""

_BEGINS: Final = "data:image/jpeg;base64,"


def picture_of(url: str) -> bytes | None:
    """The file in a data: URL, or None when there is none."""
    if not url.startswith(_BEGINS) or len(url) > MAX_CHARS:
        return None
    try:
        return base64.b64decode(url.removeprefix(_BEGINS), validate=True) or None
    except (binascii.Error, ValueError):
        return None
