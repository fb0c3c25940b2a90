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
    FILM_WORDS,
    FUNCTION_WORDS,
    common_phrases,
    common_words,
)
from simpatico.text import fold

MAX_WORDS = 1_500
"""Words of a text that are looked at; nobody names a film after that many."""

MAX_TYPOS = 8
"""Unknown words of a text that are tried as typos."""

_LONGEST = 14  # words of the longest title that is looked for
_WELL_KNOWN, _FAMOUS = 0.2, 0.06  # shares of a catalogue, by popularity
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
    """How ordinary a title's words are: the higher, the clearer a sign it needs."""

    DISTINCT = 0  # "Jurassic Park"
    SINGLE = 1  # "Shrek": one word that is not ordinary
    SHORT = 2  # one such word for a longer title: "shawshank"
    PLAIN = 3  # "Home Alone": ordinary words
    PHRASE = 4  # "Get Out": ordinary words that people often say together
    WORD = 5  # "Heat"
    NAME = 6  # "Anna", "Friday"
    CHAT = 7  # "Her", "Warm"


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
                famous=known and rank < max(40, _FAMOUS * n),
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
        said = fold(text[start : words[first].start])  # the article, if any
        entries = [self._entries[number] for number in numbers]
        agreeing = [entry for entry in entries if entry.article == said]
        lead = (agreeing or entries)[0]
        forms = [word.folded for word in words[first : last + 1]]
        if len(forms) > len(lead.words) and set(forms) & FUNCTION_WORDS - set(lead.words):
            return None  # "in finite" is not Infinite
        kind = self._kind(forms, lead, score)
        signs = signs_at(text, start, end, title=lead.title, loud=loud)
        if kind.value >= _Kind.PHRASE.value and not agreeing and not signs.quoted:
            return None  # "the heat" is not Heat, and "village" not The Village
        year = signs.year_sure or signs.year_loose
        dated = [entry for entry in entries if year and entry.year and abs(entry.year - year) <= 1]
        dated.sort(key=lambda entry: abs((entry.year or 0) - (year or 0)))
        if signs.year_sure and not dated and any(entry.year for entry in entries):
            return None  # a remake that the catalogue does not have
        chosen = dated[0] if dated else lead
        if signs.sequel and not (dated or signs.quoted):
            return None
        accepted = self._accepts(kind, chosen, signs, said, dated=bool(dated))
        weak = kind is not _Kind.CHAT and signs.ends and chosen.well_known
        if not accepted and not weak:
            return None
        return _Found(
            first=first,
            last=last,
            start=start if chosen.article else words[first].start,
            end=year_end(text, end),
            entry=numbers[entries.index(chosen)],
            score=score,
            sure=accepted,
        )

    def _accepts(self, kind: _Kind, entry: Entry, signs: Signs, said: str, *, dated: bool) -> bool:
        """Whether the signs are clear enough for a title this ordinary; `said` is the article."""
        if signs.quoted or dated:
            return True
        named = signs.called and signs.ends
        cue = signs.seen or signs.similar or signs.called or (signs.fond and signs.ends)
        known = entry.well_known and signs.ends and (signs.seen or signs.similar or signs.whole)
        fond = entry.famous and signs.ends and signs.fond
        praised = entry.well_known and signs.praised
        match kind:
            case _Kind.DISTINCT:
                return True
            case _Kind.SINGLE if signs.in_name or signs.place:
                return cue and not signs.in_name
            case _Kind.SINGLE if said == "a" != entry.article:
                return False
            case _Kind.SINGLE:
                capital = signs.capital and entry.well_known
                return cue or capital or signs.whole or praised or entry.famous
            case _Kind.SHORT:
                return cue or signs.whole or praised
            case _Kind.PLAIN:
                own = entry.famous and not signs.state
                return cue or signs.capital or signs.whole or praised or own
            case _Kind.PHRASE:
                return signs.capital or named or known or fond
            case _Kind.WORD:
                own = signs.capital and not signs.in_name
                return own or named or known or fond or praised
            case _Kind.NAME:
                return named or (known and not signs.whole)
            case _Kind.CHAT:
                heard = signs.seen or signs.similar or signs.fond
                return (signs.called and signs.stops) or (signs.capital and heard)

    def _kind(self, forms: Sequence[str], entry: Entry, score: float) -> _Kind:
        key = "".join(forms)
        if key in ALWAYS_CAPITAL or (len(forms) == 1 and key in self._first_names):
            return _Kind.NAME
        ordinary = all(form in self._common or form.isdigit() for form in forms)
        if len(forms) == 1:
            if len(key) == 1 or key in FUNCTION_WORDS | CHAT_WORDS | FEELING_WORDS:
                return _Kind.CHAT
            if ordinary or len(key) <= 3:
                return _Kind.WORD
            return _Kind.SHORT if len(entry.words) > 1 and score < 1 else _Kind.SINGLE
        if (
            all(form in FUNCTION_WORDS or form.isdigit() for form in forms)
            or " ".join(forms) in common_phrases()
            or (ordinary and forms[-1] in FILM_WORDS)
        ):
            return _Kind.PHRASE
        if ordinary:
            long = len(forms) >= 4 or (len(forms) == 3 and entry.well_known)
            return _Kind.DISTINCT if long and score == 1 else _Kind.PLAIN
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
        return [correction for correction, distance, _ in near if distance == near[0][1]]

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
                    said = [word.folded for word in words[first : last + 1]]
                    score = same_title(said, title)
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
        numbers = self._by_key.get(title, [])
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
