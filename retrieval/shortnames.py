"""The other names a title goes by: without its subtitle, with "2" for "Part II", and the like."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from rapidfuzz import fuzz

from simpatico.retrieval.signs import ARTICLES, words_of
from simpatico.retrieval.words import FUNCTION_WORDS, common_phrases
from simpatico.text import fold

_NUMBERS = dict(
    zip(
        "two three four five six seven eight nine ten eleven twelve".split(),
        range(2, 13),
        strict=True,
    )
)
_DIGITS = {str(number): word for word, number in _NUMBERS.items()}
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}
_PARTS = {"part", "chapter", "episode", "vol", "volume"}


class Entry(NamedTuple):
    """A title as it is looked for. `words` are folded and without English articles."""

    id: str
    title: str
    year: int | None
    words: tuple[str, ...]
    well_known: bool
    famous: bool

    @property
    def article(self) -> str:
        """The English article the title begins with, or nothing."""
        first, _, rest = self.title.partition(" ")
        return fold(first) if rest and fold(first) in ARTICLES else ""


def key_words(title: str) -> tuple[str, ...]:
    """A title's folded words without English articles: what it is looked up by."""
    title = re.sub(r"(?i)(?<=\w), (?:the|a|an)$", "", title)
    return tuple(part for word in words_of(title) for part in word.folded.split()) or (
        title.casefold(),
    )


def short_names(
    entries: Sequence[Entry],
    by_word: Mapping[str, Sequence[int]],
    common: Collection[str],
    people_words: Collection[str],
) -> Iterator[tuple[tuple[str, ...], int]]:
    """(name, number of the entry) of every other name, the most popular entry first."""
    for number, entry in enumerate(entries):
        words = entry.words
        for name in _respelled(words):
            yield name, number
        head, subtitle = _halves(entry.title)
        for name in (head, subtitle):
            if len(name) >= 3 or (len(name) == 2 and not _ordinary(name, common)):
                yield name, number
        if not entry.well_known:
            continue
        for size in range(2, len(words)):
            telling = all(len(word) >= 6 for word in words[:size])
            if words[size - 1] not in FUNCTION_WORDS and (
                telling or not _ordinary(words[:size], common)
            ):
                yield words[:size], number
        if (
            entry.famous
            and len(words) > 1
            and _points(words[0], by_word, entries, common, people_words)
        ):
            yield words[:1], number


def same_title(said: Sequence[str], title: Sequence[str]) -> float:
    """How alike two titles are, 0 to 100; 0 when their numbers differ: sequels are alike."""
    if _numbers(said) != _numbers(title):
        return 0.0
    return fuzz.ratio(" ".join(said), " ".join(title))


def _numbers(words: Sequence[str]) -> set[str]:
    return {word for word in words if word.isdigit() or word in _ROMAN or word == "i"}


def _ordinary(words: Sequence[str], common: Collection[str]) -> bool:
    return all(word in common for word in words) or " ".join(words) in common_phrases()


def _points(
    word: str,
    by_word: Mapping[str, Sequence[int]],
    entries: Sequence[Entry],
    common: Collection[str],
    people_words: Collection[str],
) -> bool:
    """Whether one word is enough: long, rare, nobody's name, and always the first of its title."""
    if len(word) < 6 or word in common or word in people_words or not word.isalpha():
        return False
    if word.removesuffix("s") in common or f"{word}s" in common:
        return False
    return all(entries[number].words[0] == word for number in by_word[word])


def _respelled(words: tuple[str, ...]) -> set[tuple[str, ...]]:
    """The title with its numbers written the other ways, with and without "part"."""
    digits = tuple(
        str(_NUMBERS[word]) if word in _NUMBERS else _ROMAN.get(word, word) if at else word
        for at, word in enumerate(words)
    )
    spelled = tuple(_DIGITS.get(word, word) for word in words)
    partless = tuple(
        word
        for at, word in enumerate(digits)
        if not (at and word in _PARTS and at + 1 < len(digits) and digits[at + 1].isdigit())
    )
    return {form for form in (digits, spelled, partless) if form != words and len(form) > 1}


def _halves(title: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What stands before and after a colon or dash, or a hero and "and the ..."."""
    for pattern in (r":\s+|\s+[-–—]\s+", r"\s+and\s+(?=the\s)"):
        parts = re.split(pattern, title, maxsplit=1, flags=re.I)
        if len(parts) == 2 and parts[0].strip() and parts[1].strip():
            after = key_words(parts[1]) if ":" in pattern else ()
            return key_words(parts[0]), after
    return (), ()
