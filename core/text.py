"""Hostile text made harmless, and titles made comparable."""

import re
import unicodedata

_BIDI = {*"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}
_ARTICLE = re.compile(r"^(the|a|an|le|la|les|der|die|das|el|los|las|il) (?=\S)")
_TRAILING_ARTICLE = re.compile(r"^(.*\S), (the|a|an|le|la|les|der|die|das|el|los|las|il)$", re.I)


def clean(text: str, *, max_chars: int) -> str:
    """Drop control and direction-changing characters, collapse white space, cap the length."""
    if text.isprintable():  # nothing to drop, as almost always
        return " ".join(text.split())[:max_chars].rstrip()
    kept = "".join(
        " " if char in "\t\r\n" else char
        for char in text
        if char not in _BIDI and (unicodedata.category(char)[0] != "C" or char in "\t\r\n\u200d")
    )
    return " ".join(kept.split())[:max_chars].rstrip()


def clean_lines(text: str, *, max_chars: int) -> str:
    """The same line by line: the line breaks of a text stay."""
    lines = (clean(line, max_chars=max_chars) for line in text.splitlines())
    return "\n".join(lines)[:max_chars].strip()


def fold(text: str) -> str:
    """Reduce a name to its words: case, accents, apostrophes and punctuation go.

    "Sci-Fi" -> "sci fi"; "Zoë Kravitz" -> "zoe kravitz"; "!!!" -> "".
    """
    plain = unicodedata.normalize("NFKD", text).casefold().replace("&", " and ")
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(re.sub(r"[^\w]+", " ", plain.replace("'", "").replace("’", "")).split())


def fold_title(title: str) -> str:
    """Reduce a title to what people agree on: case, accents, punctuation and articles go.

    "The Matrix" -> "matrix"; "Amélie" -> "amelie"; "Godfather, The" -> "godfather". A title made
    only of such things ("The", "!!!") folds to its lower-case self.
    """
    if match := _TRAILING_ARTICLE.match(title):
        title = match[1]
    return _ARTICLE.sub("", fold(title)) or title.casefold().strip()
