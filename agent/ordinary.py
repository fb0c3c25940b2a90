"""Which words a language model may use that no evidence has: those that people use anyway.

A made-up title in lower case ("try hyperglunk") has no capitals to be known by; its words are in no
vocabulary. Words of other writing than Latin are not ordinary here: nothing in them can be checked.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

_BEFORE = ("", "un", "re", "non", "over", "out", "mis", "under")
_AFTER = (
    *("s", "es", "d", "ed", "ing", "er", "ers", "r", "est", "st", "ly", "y", "ness", "less"),
    *("ful", "able", "ings", "like", "ish", "ier", "iest", "ies", "ied", "ily"),
)
_SHORT = 3
"""Fewer letters make no word that could be a name's only odd one."""

_LATIN = re.compile(r"[a-z]+")


class OrdinaryWords:
    """A vocabulary with what English makes of its words: "kinder", "unmade", "workmate"."""

    def __init__(self, words: Iterable[str]) -> None:
        """Take words in any case; one that is not plain Latin letters is passed over."""
        self._words = frozenset(word for word in map(_plain, words) if _LATIN.fullmatch(word))
        self._knows = cache(self._is_known)

    def __contains__(self, word: object) -> bool:
        """Whether a word, with or without an apostrophe or hyphens, is ordinary."""
        return isinstance(word, str) and all(
            self._knows(part) for part in re.split(r"['’].*|-", _plain(word)) if part
        )

    def _is_known(self, word: str) -> bool:
        if not _LATIN.fullmatch(word):
            return False
        if len(word) < _SHORT or word in self._words:
            return True
        stems = [word.removeprefix(first) for first in _BEFORE if word.startswith(first)]
        return any(self._bent(stem) for stem in stems) or any(
            word[:at] in self._words and word[at:] in self._words
            for at in range(_SHORT, len(word) - _SHORT + 1)
        )

    def _bent(self, word: str) -> bool:
        if word in self._words:
            return True
        for last in _AFTER:
            stem = word.removesuffix(last)
            if stem == word or len(stem) < _SHORT:
                continue
            twice = len(stem) > _SHORT and stem[-1] == stem[-2]  # "sitting"
            ways = (stem, stem + "e", stem + "y", stem[:-1] if twice else stem)
            if any(way in self._words for way in ways):
                return True
        return False


def _plain(word: str) -> str:
    """In lower case, accents off."""
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in apart if not unicodedata.combining(char))
