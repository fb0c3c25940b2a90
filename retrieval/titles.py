"""Finds the titles that people mention in free text.

A wrong link costs more than a missed one: it would read "I need something warm" as a wish for a
film called Warm. So each title is weighed by how ordinary its words are, and the more ordinary,
the clearer the sign (`signs.Signs`) that it needs. Exact words come first, then short names
("lord of the rings"), then typos.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from itertools import pairwise

from pydantic import Field
from rapidfuzz import process
from rapidfuzz.distance import OSA

from simpatico.domain import Item, Unit, Value
from simpatico.retrieval.shortnames import Entry, key_words, same_title, short_names
from simpatico.retrieval.signs import Signs, Word, joined, shouting, signs_at, words_of, year_end
from simpatico.retrieval.words import (
    ALWAYS_CAPITAL,
    CHAT_WORDS,
    FEELING_WORDS,
    FUNCTION_WORDS,
    common_phrases,
    common_words,
)

MAX_WORDS = 1_500
"""Words of a text that are looked at; nobody names a film after that many."""

MAX_TYPOS = 8
"""Unknown words of a text that are tried as typos."""

_LONGEST = 14  # words of the longest title that is looked for
_WELL_KNOWN, _FAMOUS = 0.2, 0.03  # shares of a catalogue, by popularity
_SIMILAR_TITLE = 88.0  # rapidfuzz ratio, 0 to 100
_RARE_WORD = 40  # titles that share a word which still points at them


class Link(Value):
    """A mention of an item: text[start:end], with its article and a year in brackets.

    `score` is 1 for the title's own words, less for a short name or a typo.
    """

    item_id: str
    title: str
    start: int = Field(ge=0)
    end: int
    score: Unit


class _Kind(Enum):
    """How ordinary a title's words are, from never to always said without meaning it."""

    DISTINCT = 0  # "Shrek", "Jurassic Park"
    PLAIN = 1  # "Home Alone"
    PHRASE = 2  # "Get Out"
    WORD = 3  # "Heat"
    NAME = 4  # "Anna", "Friday"
    CHAT = 5  # "Her", "Warm"


class _Found(Value):
    first: int
    last: int  # positions in the words, inclusive
    start: int
    end: int
    entry: int
    score: float
    sure: bool


class TitleIndex:
    """The titles of a catalogue, ready to be found in text."""

    def __init__(self, items: Sequence[Item]) -> None:
        order = sorted(items, key=lambda item: (-item.popularity, -(item.year or 0), item.id))
        known = bool(order) and order[0].popularity > 0
        n = len(order)
        self._entries = [
            Entry(
                item.id,
                item.title,
                item.year,
                key_words(item.title),
                well_known=not known or rank < max(50, _WELL_KNOWN * n),
                famous=known and rank < max(20, _FAMOUS * n),
            )
            for rank, item in enumerate(order)
        ]
        self._names = _people(items)
        self._first_names = _first_names(items)
        self._common = common_words()
        self._by_key: dict[str, list[int]] = defaultdict(list)
        self._by_word: dict[str, list[int]] = defaultdict(list)
        for number, entry in enumerate(self._entries):
            self._by_key["".join(entry.words)].append(number)
            for word in set(entry.words):
                self._by_word[word].append(number)
        people_words = {word for name in self._names.values() for word in name}
        self._short: dict[str, list[int]] = defaultdict(list)
        for name, number in short_names(self._entries, self._by_word, self._common, people_words):
            key = "".join(name)
            if key not in self._by_key and number not in self._short[key]:
                self._short[key].append(number)
        self._starts = {key[:4] for table in (self._by_key, self._short) for key in table}
        self._vocabulary = sorted(word for word in self._by_word if len(word) >= 4)
        self._ordinary = sorted(word for word in self._common if len(word) >= 4)
        self._people_words = people_words

    def link(self, text: str) -> tuple[Link, ...]:
        """The mentions in a text, in its order, none overlapping; the longest match wins.

        Of remakes the one with the year given is meant, else the most popular, else the latest.
        """
        words = words_of(text)[:MAX_WORDS]
        loud = shouting(words, text)
        people = self._people_at(words)
        found = self._select(self._exact(text, words, loud, people), text)
        taken = {at for hit in found for at in range(hit.first, hit.last + 1)}
        taken |= {at for at in range(len(words)) if people[at]}
        found += self._select(self._typos(text, words, loud, taken), text)
        links: list[Link] = []
        for hit in sorted(found, key=lambda hit: hit.start):
            entry = self._entries[hit.entry]
            if not links or hit.start >= links[-1].end:
                links.append(
                    Link(
                        item_id=entry.id,
                        title=entry.title,
                        start=hit.start,
                        end=hit.end,
                        score=hit.score,
                    )
                )
        return tuple(links)

    def _exact(
        self, text: str, words: Sequence[Word], loud: bool, people: Sequence[bool]
    ) -> Iterator[_Found]:
        for first in range(len(words)):
            opening = "".join(word.folded for word in words[first : first + 4])[:4]
            if not any(opening[:size] in self._starts for size in range(1, len(opening) + 1)):
                continue
            key = ""
            for last in range(first, min(first + _LONGEST, len(words))):
                key += words[last].folded
                inside = all(people[first : last + 1])
                for table, score in ((self._by_key, 1.0), (self._short, 0.9)):
                    if key in table and not inside:
                        hit = self._weigh(text, words, first, last, table[key], score, loud)
                        if hit is not None:
                            yield hit

    def _weigh(
        self,
        text: str,
        words: Sequence[Word],
        first: int,
        last: int,
        numbers: Sequence[int],
        score: float,
        loud: bool,
    ) -> _Found | None:
        """Whether these words mean one of these titles, and which."""
        start, end = words[first].article, words[last].end
        article = start < words[first].start
        entries = [self._entries[number] for number in numbers]
        agreeing = [entry for entry in entries if entry.has_article == article]
        kind = self._kind(words[first : last + 1], entries[0], short=score < 1)
        lead = (agreeing or entries)[0]
        signs = signs_at(text, start, end, title=lead.title, loud=loud)
        if article and not agreeing and kind.value >= _Kind.WORD.value:
            # "the heat" is not Heat; an article of the sentence's own is no part of the title.
            if not signs.called:
                return None
        if kind.value >= _Kind.WORD.value and not article and not agreeing:
            return None
        year = signs.year_sure or signs.year_loose
        dated = [entry for entry in entries if year and entry.year and abs(entry.year - year) <= 1]
        dated.sort(key=lambda entry: abs((entry.year or 0) - (year or 0)))
        if signs.year_sure and not dated and any(entry.year for entry in entries):
            return None  # a remake that the catalogue does not have
        chosen = dated[0] if dated else lead
        if signs.sequel and not (dated or signs.quoted):
            return None
        accepted = self._accepts(kind, chosen, signs, dated=bool(dated))
        weak = kind in (_Kind.WORD, _Kind.NAME, _Kind.PHRASE) and signs.ends and chosen.well_known
        if not accepted and not weak:
            return None
        return _Found(
            first=first,
            last=last,
            start=start if chosen.has_article or not article else words[first].start,
            end=year_end(text, end),
            entry=numbers[entries.index(chosen)],
            score=score,
            sure=accepted,
        )

    def _accepts(self, kind: _Kind, entry: Entry, signs: Signs, *, dated: bool) -> bool:
        """Whether the signs are clear enough for a title this ordinary."""
        if signs.quoted or dated:
            return True
        if kind is _Kind.DISTINCT:
            if len(entry.words) == 1 and (signs.in_name or signs.place):
                return signs.seen or signs.called or signs.similar
            return True
        cue = signs.seen or signs.similar or (signs.fond and signs.ends)
        if kind is _Kind.PLAIN:
            return cue or signs.called or signs.capital or (entry.well_known and not signs.state)
        named = signs.called and signs.ends
        if kind is _Kind.PHRASE:
            return (
                signs.capital
                or named
                or (
                    entry.well_known and signs.ends and (signs.seen or signs.similar or signs.whole)
                )
                or (entry.famous and signs.ends and signs.fond)
            )
        if kind is _Kind.WORD:
            return (
                named
                or (signs.capital and not signs.in_name)
                or (
                    signs.ends and entry.well_known and (signs.seen or signs.similar or signs.whole)
                )
                or (signs.ends and entry.famous and signs.fond)
                or (entry.well_known and signs.praised)
            )
        if kind is _Kind.NAME:
            return named or (signs.ends and entry.well_known and (signs.seen or signs.similar))
        return named or (signs.capital and (signs.seen or signs.similar or signs.fond))

    def _kind(self, words: Sequence[Word], entry: Entry, *, short: bool) -> _Kind:
        forms = [word.folded for word in words]
        key = "".join(forms)
        if key in ALWAYS_CAPITAL or (len(forms) == 1 and key in self._first_names):
            return _Kind.NAME
        if len(forms) == 1:
            if key in FUNCTION_WORDS or key in CHAT_WORDS or key in FEELING_WORDS:
                return _Kind.CHAT
            if key in self._common or len(key) <= 3 or key.isdigit():
                # One word for a title of several ("spiderman") is not ordinary by itself.
                return (
                    _Kind.WORD
                    if len(entry.words) == 1 or short or key in self._common
                    else (_Kind.PLAIN)
                )
            return _Kind.DISTINCT
        if all(form in FUNCTION_WORDS or form.isdigit() for form in forms):
            return _Kind.PHRASE
        if " ".join(forms) in common_phrases():
            return _Kind.PHRASE
        if all(form in self._common or form.isdigit() for form in forms):
            long = len(forms) >= 4 or (len(forms) == 3 and entry.well_known)
            return _Kind.DISTINCT if long and not short else _Kind.PLAIN
        return _Kind.DISTINCT

    def _typos(
        self, text: str, words: Sequence[Word], loud: bool, taken: set[int]
    ) -> Iterator[_Found]:
        tried = 0
        for at, word in enumerate(words):
            if at in taken or word.folded in FUNCTION_WORDS or len(word.folded) < 4:
                continue
            known = word.folded in self._by_word
            if word.folded in self._common and not known:
                continue
            corrections = [word.folded] if known else []
            if not known and word.folded.isalpha() and word.folded not in self._people_words:
                tried += 1
                if tried <= MAX_TYPOS:
                    corrections = self._corrections(word.folded)
            for correction in corrections:
                yield from self._around(text, words, at, correction, loud, taken)

    def _corrections(self, word: str) -> list[str]:
        """Title words that this unknown word may be a typo of, the nearest first."""
        far = 1 if len(word) < 8 else 2
        near = process.extract(
            word, self._vocabulary, scorer=OSA.distance, score_cutoff=far, limit=6
        )
        return [correction for correction, _, _ in near]

    def _around(
        self,
        text: str,
        words: Sequence[Word],
        at: int,
        correction: str,
        loud: bool,
        taken: set[int],
    ) -> Iterator[_Found]:
        """Titles with the corrected word that stand, nearly, around it in the text."""
        forms = [word.folded for word in words]
        typo = forms[at] != correction
        forms[at] = correction
        if typo:
            for first in range(max(0, at - _LONGEST + 1), at + 1):
                key = "".join(forms[first:at])
                for last in range(at, min(first + _LONGEST, len(words))):
                    key += forms[last]
                    if taken & set(range(first, last + 1)):
                        continue
                    if first == last and not self._single_typo(words[at].folded, correction):
                        continue
                    for table in (self._by_key, self._short):
                        if key in table:
                            fixed = [word._replace(folded=forms[i]) for i, word in enumerate(words)]
                            hit = self._weigh(text, fixed, first, last, table[key], 0.85, loud)
                            if hit is not None:
                                yield hit
        if correction in self._common or len(self._by_word[correction]) > _RARE_WORD:
            return
        for number in self._by_word[correction]:
            title = self._entries[number].words
            if len(title) < 2 or len("".join(title)) < 9:
                continue
            place = title.index(correction)
            for first in range(max(0, at - place - 1), min(at, at - place + 1) + 1):
                for size in (len(title), len(title) - 1, len(title) + 1):
                    last = first + size - 1
                    if size < 2 or not first <= at <= last < len(words):
                        continue
                    if taken & set(range(first, last + 1)):
                        continue
                    score = same_title(forms[first : last + 1], title)
                    if score >= _SIMILAR_TITLE:
                        fixed = [word._replace(folded=forms[i]) for i, word in enumerate(words)]
                        hit = self._weigh(
                            text, fixed, first, last, [number], min(score / 100, 0.95), loud
                        )
                        if hit is not None:
                            yield hit

    def _single_typo(self, word: str, title: str) -> bool:
        """Whether one word alone may be a typo of a title of one word."""
        if len(title) < 6 or word[0] != title[0] or title in self._common:
            return False
        if word.removesuffix("s") == title.removesuffix("s"):
            return False
        numbers = self._by_key.get(title) or self._short.get(title) or []
        if not any(self._entries[number].well_known for number in numbers):
            return False
        distance = OSA.distance(word, title)
        nearest = process.extractOne(
            word, self._ordinary, scorer=OSA.distance, score_cutoff=distance
        )
        return nearest is None

    def _select(self, hits: Iterable[_Found], text: str) -> list[_Found]:
        """The longest sure hits that do not overlap, and weak ones that continue a list."""
        ranked = sorted(hits, key=lambda hit: (hit.first - hit.last, -hit.score, hit.first))
        chosen: list[_Found] = []
        grew = True
        while grew:
            grew = False
            for hit in ranked:
                clear = all(hit.last < o.first or hit.first > o.last for o in chosen)
                if clear and (hit.sure or any(joined(text, o.end, hit.start) for o in chosen)):
                    chosen.append(hit)
                    grew = True
        return chosen

    def _people_at(self, words: Sequence[Word]) -> list[bool]:
        """Which words belong to a full name of somebody in the catalogue."""
        marked = [False] * len(words)
        forms = [word.folded for word in words]
        for first, pair in enumerate(pairwise(forms)):
            if "".join(pair) in self._names:
                marked[first] = marked[first + 1] = True
            elif first + 2 < len(forms) and "".join(forms[first : first + 3]) in self._names:
                marked[first : first + 3] = [True] * 3
        return marked


def _people(items: Sequence[Item]) -> dict[str, tuple[str, ...]]:
    """Full names, written without spaces, of everybody in the catalogue, with their words."""
    names: dict[str, tuple[str, ...]] = {}
    for name in {name for item in items for name in item.creators}:
        words = key_words(name)
        if len(words) > 1:
            names["".join(words)] = words
    return names


def _first_names(items: Sequence[Item]) -> frozenset[str]:
    """First names that three or more people in the catalogue have."""
    people = {name for item in items for name in item.creators}
    counts = Counter(words[0] for words in map(key_words, people) if len(words) > 1)
    return frozenset(name for name, count in counts.items() if count >= 3)
