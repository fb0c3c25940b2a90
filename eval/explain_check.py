"""A second, simple eye on replies: names and facts that nobody gave, and how varied the words are.

It shares nothing with `simpatico.agent.ground`, whose work it counts: it looks up every capital
letter, number, quotation, title of the catalogue and a few kinds of claims in all that was known.
It is a bag of words: a true name beside the wrong item escapes it. Plain words are looked at apart
(`additions`): what a sentence about an item says that nobody gave may be harmless, or invented.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from simpatico import opening
from simpatico.agent import phrases
from simpatico.domain import Item, Recommendation, UserState
from simpatico.finetune import explainer_phrases
from simpatico.text import fold

MIN_OPENINGS = 3

_TOKEN = re.compile(r"[^\W_](?:[\w'’]*\w)?")
_START = re.compile(r"(?:^|[.!?:…\n]|- )[\s\"“”‘’*_()]*$")
_QUOTED = re.compile(r"\"([^\"]+)\"|“([^”]+)”|«([^»]+)»|\*{1,3}([^*]+)\*{1,3}")
_RUN = re.compile(r"[A-ZÀ-Þ][\w'’]*(?:[ -](?:(?:of|the|and|in|a|to|for) )*[A-ZÀ-Þ0-9][\w'’]*)+")
_CLAIM = re.compile(
    r"\b(awards?|oscars?|prizes?|nominat\w+|acclaim\w*|critics?|box office|bestsell\w+|true story"
    r"|sequel|prequel|remake|netflix|starring|directed|rated|www|https?)\b",
    re.I,
)
_GENRE = re.compile(
    r"\b(comed\w+|horror|western\w*|thriller\w*|documentar\w+|musicals?|drama\w*|romances?"
    r"|animat\w+|cartoons?)\b",
    re.I,
)
_ALWAYS = frozenset(
    "i im ive ill id ok tv monday tuesday wednesday thursday friday saturday sunday christmas "
    "january february march april june july august september october november december".split()
)


class Known(NamedTuple):
    """All that is known in one case: its words, and its text with words folded."""

    words: frozenset[str]
    text: str


def known_of(
    said: str, state: UserState, recommendations: Sequence[Recommendation], others: Iterable[Item]
) -> Known:
    """Everything that was given: the message, the wishes, the items and their reasons."""
    wishes = state.constraints
    texts = [said, *wishes.genres, *wishes.not_genres, *wishes.people, *wishes.not_people]
    texts += [str(year) for year in (wishes.year_from, wishes.year_to, wishes.max_minutes) if year]
    if wishes.year_from is not None and wishes.year_to == wishes.year_from + 9:
        texts.append(f"{wishes.year_from}s")
    for span in wishes.not_years:
        texts += [str(span.first), str(span.last), f"{span.first}s"]
    texts += [
        *wishes.languages,
        *wishes.not_languages,
        *(reason.text for one in recommendations for reason in one.reasons),
    ]
    for item in (*(one.item for one in recommendations), *others):
        texts += [item.label, item.kind, item.text, *item.creators, *item.genres, *item.keywords]
        texts += [part for pair in item.extra for part in pair]
    text = f" {' | '.join(fold(each) for each in texts)} "
    return Known(frozenset(text.split()), text)


def ordinary_words(items: Iterable[Item], texts: Iterable[str] = ()) -> frozenset[str]:
    """Words in lower case somewhere in a catalogue's prose or in texts that we wrote: no names.

    Those that open sentences of three such texts count, too ("Shall").
    """
    ours = list(texts)
    openings = Counter(
        word.casefold()
        for text in ours
        for word in set(re.findall(r"(?:^|[.!?] )([A-Z]\w*)", text))
    )
    prose = (*(item.text for item in items), *ours)
    lower = {word for text in prose for word in re.findall(r"\b[a-z]+\b", text)}
    return frozenset(lower | {word for word, count in openings.items() if count >= MIN_OPENINGS})


def strangers(
    text: str, known: Known, *, ordinary: Collection[str], titles: Collection[str] = ()
) -> list[str]:
    """Names, numbers, quotations, titles and claims in a text that are not known.

    Args:
        text: a reply, its places filled in.
        known: all that was given.
        ordinary: lower-case words that may begin a sentence.
        titles: folded titles of the catalogue, of two words or more.
    """
    found = []
    for match in _TOKEN.finditer(text):
        word = match[0]
        if fold(word) in known.words:
            continue
        parts = fold(re.sub(r"['’](?:s|m|d|re|ve|ll)$", "", word)).split()
        if all(part in known.words or part in _ALWAYS for part in parts):
            continue
        if word[0].isdigit():
            found.append(word)
        elif word[0].isupper():
            begins = bool(_START.search(text[max(0, match.start() - 12) : match.start()]))
            if not (begins and (word.casefold() in ordinary or set(parts) <= set(ordinary))):
                found.append(word)
    found += [quote for quote in _quotations(text) if not _has(known, quote)]
    for match in _RUN.finditer(text):
        words = fold(match[0]).split()
        for size in range(len(words), 1, -1):
            for at in range(len(words) - size + 1):
                title = " ".join(words[at : at + size])
                if title in titles and not _has(known, title):
                    found.append(title)
    found += [match[0] for match in _CLAIM.finditer(text) if not _begun(known, match[0])]
    for sentence in re.split(r"(?<=[.!?])\s+", text):
        if not sentence.endswith("?"):
            genres = _GENRE.findall(sentence)
            found += [genre for genre in genres if not _begun(known, genre)]
    return list(dict.fromkeys(found))


def additions(text: str, known: Known, items: Iterable[Item]) -> list[str]:
    """Words of sentences that name an item, which neither was given nor belongs to our phrases.

    Words of three letters and less are passed over, and those that begin like one that is known.
    """
    titles = [fold(item.title) for item in items]
    found = []
    for sentence in re.split(r"(?<=[.!?])\s+", text):
        if any(f" {title} " in f" {fold(sentence)} " for title in titles):
            words = {fold(word) for word in re.findall(r"[^\W\d_]+", sentence)}
            found += [
                word
                for word in sorted(words - known.words - _house_words())
                if len(word) > 3 and not _begun(known, word)
            ]
    return list(dict.fromkeys(found))


@lru_cache(maxsize=1)
def _house_words() -> frozenset[str]:
    """The words of our phrases, which claim nothing."""
    ours = [value for each in (phrases, opening, explainer_phrases) for value in vars(each).items()]
    return frozenset(fold(" ".join(repr(v) for name, v in ours if name.isupper())).split())


def distinct_2(texts: Iterable[str]) -> float:
    """The share of different ones among all pairs of neighbouring words; 0 without any."""
    pairs = [pair for text in texts for pair in ngrams(text, 2)]
    return len(set(pairs)) / len(pairs) if pairs else 0.0


def repeats(text: str) -> bool:
    """Whether four words in a row come twice in a text."""
    return any(count > 1 for count in Counter(ngrams(text, 4)).values())


def n_words(text: str) -> int:
    """How many words a text has."""
    return len(fold(text).split())


def ngrams(text: str, n: int) -> list[tuple[str, ...]]:
    """All runs of n words of a text, in order."""
    words = fold(text).split()
    return [tuple(words[at : at + n]) for at in range(len(words) - n + 1)]


def _quotations(text: str) -> Iterable[str]:
    for match in _QUOTED.finditer(text):
        yield next(group for group in match.groups() if group)


def _has(known: Known, phrase: str) -> bool:
    return f" {fold(phrase)} " in known.text


def _begun(known: Known, word: str) -> bool:
    """Whether known words begin like this one, or these: "comedies" and "comedy"."""
    starts = [part[:5] for part in fold(word).split()]
    return all(any(each.startswith(start) for each in known.words) for start in starts)
