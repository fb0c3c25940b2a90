"""Does a message give a title away? Looked for in every word that a simulated person says."""

import re
from typing import Final, Literal

from rapidfuzz import fuzz

from simpatico.retrieval.rerank import franchise
from simpatico.text import fold, fold_title

Leak = Literal["", "title", "run together", "near title", "series"]

NEAR: Final = 85.0
"""From so much likeness on (rapidfuzz's ratio, 0 to 100), words are nearly a title."""

MIN_LETTERS: Final = 4
"""A title of fewer letters ("It", "Up", "Her") stands in ordinary sentences; see `too_short`."""

_MIN_SERIES: Final = 6


def leak(message: str, title: str) -> Leak:
    """How a message gives a title away; "" if it does not.

    Case, accents, punctuation and a leading article do not hide it, nor do missing or added spaces
    ("pulpfiction", "p u l p fiction"), nor a typo or an ending ("Aliens" for "Alien"). The name of
    its series counts too ("Star Wars" for "Star Wars: Episode IV").
    """
    said, name = fold(message), fold_title(title)
    if f" {name} " in f" {said} ":
        return "title"
    together = re.sub(r"\W", "", name)
    if len(together) >= _MIN_SERIES and together in re.sub(r"\W", "", said):
        return "run together"
    series = franchise(title)
    if series != name and len(series) >= _MIN_SERIES and f" {series} " in f" {said} ":
        return "series"
    words, n = said.split(), len(name.split())
    for length in range(max(1, n - 1), n + 2):
        for at in range(len(words) - length + 1):
            if fuzz.ratio(" ".join(words[at : at + length]), name) >= NEAR:
                return "near title"
    return ""


def too_short(title: str) -> bool:
    """Whether a title has so few letters that its words say nothing by themselves."""
    return sum(sign.isalnum() for sign in fold_title(title)) < MIN_LETTERS
