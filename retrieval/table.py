"""Items as columns, so that constraints become masks over 100,000 items in a few milliseconds.

A constraint on something an item does not say fails: a film of unknown year is not "older than
1990". There are two exceptions. What is unknown is not refused, because the `not_` fields ask for
the absence of something: an unknown year or tone, and an unknown language but for the one that most
items of the kind are in. Neither does an unknown length exclude among items of a kind of which few
say theirs (`ItemTable.unmeasured`), because "nothing too long" would else choose among those few.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import TONES, Constraints, Item
from simpatico.kinds import kind_name
from simpatico.text import fold

Mask = NDArray[np.bool_]

STRONG_TONE = 0.6
"""A tone at or above this is "strongly so" and can be excluded."""

GENRE_GROUPS: tuple[frozenset[str], ...] = tuple(
    frozenset(names.split(", "))
    for names in (
        "science fiction, sci fi, scifi, sf",
        "animation, animated, cartoon",
        "romance, romantic",
        "comedy, comedic",
        "sport, sports",
        "history, historical, period",
        "biography, biographical, biopic",
        "noir, film noir",
        "documentary, doc",
        "music, musical",
        "thriller, suspense",
        "family, children, childrens, kids, kid",
        "superhero, comic book",
        "teen, teenage",
        "spy, espionage",
        "western, cowboy",
        "martial arts, kung fu",
        "detective, mystery, whodunit",
    )
)
"""Folded genre names that mean the same to the person who asks."""

GENRE_MIXES: dict[str, tuple[str, ...]] = {
    "rom com": ("romance", "comedy"),
    "romcom": ("romance", "comedy"),
    "romantic comedy": ("romance", "comedy"),
    "dramedy": ("drama", "comedy"),
    "comedy drama": ("drama", "comedy"),
    "horror comedy": ("horror", "comedy"),
    "action comedy": ("action", "comedy"),
    "crime drama": ("crime", "drama"),
    "war drama": ("war", "drama"),
}
"""Folded names of mixtures; an item is one when it has every genre of the mixture."""

LANGUAGES: dict[str, str] = dict(
    pair.split("=")
    for pair in (
        "ar=arabic cs=czech da=danish de=german el=greek en=english es=spanish fa=persian "
        "fi=finnish fr=french he=hebrew hi=hindi hu=hungarian id=indonesian it=italian "
        "ja=japanese ko=korean nl=dutch no=norwegian pl=polish pt=portuguese ro=romanian "
        "ru=russian sv=swedish ta=tamil te=telugu th=thai tr=turkish uk=ukrainian "
        "vi=vietnamese zh=chinese farsi=persian mandarin=chinese cantonese=chinese"
    ).split()
)
"""Codes (ISO 639-1) and second names of languages, to the name they are compared by."""

MAX_MINUTES = 1_000_000
"""Longer than anything; an item that claims more has unknown minutes."""

LENGTHS_TOLD = 0.5
"""The share of a kind's items that must say their length for a limit on it to be kept."""

_GROUP_OF = {name: group for group in GENRE_GROUPS for name in group}
_NAME_ENDINGS = {"jr", "sr", "ii", "iii", "iv"}


_ABOUT_CHILDREN = re.compile(
    r"\b(?:kids?|child(?:ren)?|toddlers?|bab(?:y|ies)|sons?|daughters?|orphans?|"
    r"school(?:boy|girl)s?|(?:little|young) (?:boy|girl)s?|boy of (?:\w+)|\w+-year-old)\b",
    re.I,
)


class Postings:
    """Name -> positions of the items that carry it; compact at 100,000s of names."""

    def __init__(self, pairs: Iterable[tuple[str, int]]) -> None:
        self._codes: dict[str, int] = {}
        codes, positions = [], []
        for name, position in pairs:
            codes.append(self._codes.setdefault(name, len(self._codes)))
            positions.append(position)
        order = np.argsort(np.array(codes, dtype=np.int64), kind="stable")
        self._positions = np.array(positions, dtype=np.int32)[order]
        counts = np.bincount(np.array(codes, dtype=np.int64), minlength=len(self._codes))
        self._starts = np.concatenate(([0], np.cumsum(counts)))

    def __contains__(self, name: str) -> bool:
        return name in self._codes

    def __getitem__(self, name: str) -> NDArray[np.int32]:
        """Positions of the items with this name; empty for a name that no item has."""
        code = self._codes.get(name)
        if code is None:
            return self._positions[:0]
        return self._positions[self._starts[code] : self._starts[code + 1]]


class ItemTable:
    """The columns of a catalogue, in the order of its items.

    Attributes:
        ids: item ids, one per row.
        genres: the catalogue's genre names as written in it, the most frequent first.
        kinds: its kinds in the same way.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self.ids: tuple[str, ...] = tuple(item.id for item in items)
        self._position = {item_id: row for row, item_id in enumerate(self.ids)}
        if len(self._position) != len(self.ids):
            raise ValueError("wanted items with distinct ids")
        self.genres = _by_count(name for item in items for name in item.genres)
        self.kinds = _by_count(item.kind for item in items)
        self._years = np.array([-1 if i.year is None else i.year for i in items], dtype=np.int32)
        extra = [_lower(item) for item in items]
        self._minutes = np.array([_minutes(row.get("minutes", "")) for row in extra], dtype=float)
        spoken = [
            {language_name(part) for part in _split(fields.get("language", ""))} for fields in extra
        ]
        self._languages = Postings((name, row) for row, some in enumerate(spoken) for name in some)
        self._presumed = Postings(_presumed([kind_name(item.kind) for item in items], spoken))
        self._n_languages = np.array([len(some) for some in spoken], dtype=np.int32)
        self._kinds = Postings((kind_name(item.kind), row) for row, item in enumerate(items))
        self._unmeasured = tuple(
            kind
            for kind in self.kinds
            if np.isfinite(self._minutes[self._kinds[kind_name(kind)]]).mean() < LENGTHS_TOLD
        )
        self._genre_rows = Postings(_pairs((i.genres for i in items), lambda name: (fold(name),)))
        self._people = Postings(_pairs((i.creators for i in items), _name_forms))
        self._strong = np.zeros((len(TONES), len(items)), dtype=bool)  # (n_tones, n_items)
        for row, item in enumerate(items):
            if item.tone:
                self._strong[:, row] = [value >= STRONG_TONE for value in item.tone]
            # "Nothing with kids" may mean made for them or about them: so both go.
            if _ABOUT_CHILDREN.search(f"{item.text} {' '.join(item.keywords)}"):
                self._strong[TONES.index("kids"), row] = True

    def __len__(self) -> int:
        return len(self.ids)

    def position(self, item_id: str) -> int:
        """The row of an item.

        Raises:
            KeyError: for an id that is not in the table.
        """
        return self._position[item_id]

    def has_kind(self, kind: str) -> bool:
        """Whether an item is of a kind, under any of its names."""
        return kind_name(kind) in self._kinds

    def unmeasured(self, ids: Iterable[str]) -> tuple[str, ...]:
        """The kinds of those of these items that a limit on length lets pass unknown.

        They do not say how long they are, and neither do most of their kind: less than
        `LENGTHS_TOLD` of it says so.

        Raises:
            KeyError: for an id that is not in the table.
        """
        rows = np.array([self.position(one) for one in ids], dtype=np.int32)
        unknown = rows[np.isnan(self._minutes[rows])]
        return tuple(
            kind
            for kind in self._unmeasured
            if np.isin(self._kinds[kind_name(kind)], unknown).any()
        )

    def mask(self, constraints: Constraints) -> Mask:
        """Which items meet every constraint: (n_items,) bool, a fresh array.

        A person matches by whole name or by the end of it ("De Niro", "Nolan"); a genre also by
        `GENRE_GROUPS` and `GENRE_MIXES`. Languages and minutes come from the item's `extra`
        ("language", several parted by "|" or ","; "minutes"). A name of no item matches nothing;
        a tone outside `TONES` and an unknown id exclude nothing. Refused languages exclude what
        is in no other; what does not say is taken to be in the one that more than half of all
        items of its kind are in, if there is such a one.
        """
        mask = np.ones(len(self), dtype=bool)
        if constraints.genres:
            mask &= self._any(self._genre(name) for name in constraints.genres)
        if constraints.people:
            mask &= self._any(self._people[_person(name)] for name in constraints.people)
        if constraints.languages:
            mask &= self._any(
                self._languages[language_name(name)] for name in constraints.languages
            )
        if constraints.kinds:
            mask &= self._any(self._kinds[kind_name(name)] for name in constraints.kinds)
        if constraints.year_from is not None or constraints.year_to is not None:
            mask &= self._years >= max(constraints.year_from or 0, 0)
        if constraints.year_to is not None:
            mask &= self._years <= constraints.year_to
        if constraints.max_minutes is not None:
            # NaN, unknown, compares false; the cap keeps absurd numbers out of float conversion.
            fits = self._minutes <= min(constraints.max_minutes, MAX_MINUTES)
            for kind in self._unmeasured:
                of_kind = self._kinds[kind_name(kind)]
                fits[of_kind] |= np.isnan(self._minutes[of_kind])
            mask &= fits
        for name in constraints.not_genres:
            mask[self._genre(name)] = False
        for span in constraints.not_years:
            mask &= (self._years < span.first) | (self._years > span.last)
        for name in constraints.not_people:
            mask[self._people[_person(name)]] = False
        if constraints.not_languages:
            mask &= ~self._only_in({language_name(name) for name in constraints.not_languages})
        for name in constraints.not_tones:
            if name in TONES:
                mask &= ~self._strong[TONES.index(name)]
        rows = [self._position[i] for i in constraints.exclude_ids if i in self._position]
        mask[rows] = False
        return mask

    def _any(self, found: Iterable[NDArray[np.int32]]) -> Mask:
        mask = np.zeros(len(self), dtype=bool)
        for rows in found:
            mask[rows] = True
        return mask

    def _only_in(self, languages: Collection[str]) -> Mask:
        """What is in these languages and in no other, known or taken to be."""
        left = self._n_languages.copy()  # (n_items,)
        for name in languages:
            left[self._languages[name]] -= 1
        only: Mask = (left == 0) & (self._n_languages > 0)
        for name in languages:
            only[self._presumed[name]] = True
        return only

    def _genre(self, asked: str) -> NDArray[np.int32]:
        """Rows that are of the genre asked for, under any of its names."""
        name = self._known_genre(fold(asked))
        same = _GROUP_OF.get(name, frozenset({name}))
        rows = [self._genre_rows[other] for other in sorted(same)]
        if name in GENRE_MIXES:
            parts = [self._any([self._genre(part)]) for part in GENRE_MIXES[name]]
            rows.append(np.flatnonzero(np.logical_and.reduce(parts)).astype(np.int32))
        return np.concatenate(rows)

    def _known_genre(self, name: str) -> str:
        """The name itself, or without "movies" and its plural, whichever is known."""
        for ending in (" movies", " movie", " films", " film"):
            name = name.removesuffix(ending)
        singular = f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")
        for form in (name, singular):
            if form in self._genre_rows or form in _GROUP_OF or form in GENRE_MIXES:
                return form
        return name


def _pairs(
    rows: Iterable[tuple[str, ...]], forms: Callable[[str], Iterable[str]]
) -> Iterator[tuple[str, int]]:
    """(form, row) for every form of every name, each once per row; forms are worked out once."""
    known: dict[str, tuple[str, ...]] = {}
    for row, names in enumerate(rows):
        for name in names:
            if name not in known:
                known[name] = tuple(forms(name))
        for form in {form for name in names for form in known[name] if form}:
            yield form, row


def _presumed(kinds: Sequence[str], spoken: Sequence[Collection[str]]) -> list[tuple[str, int]]:
    """(language, row) of what says none, where more than half of all of its kind are in one."""
    sizes = Counter(kinds)
    counts = Counter(
        (kind, name) for kind, some in zip(kinds, spoken, strict=True) for name in some
    )
    usual: dict[str, str] = {}
    for (kind, name), n in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        if 2 * n > sizes[kind]:
            usual.setdefault(kind, name)
    return [
        (usual[kind], row)
        for row, (kind, some) in enumerate(zip(kinds, spoken, strict=True))
        if not some and kind in usual
    ]


def _by_count(names: Iterable[str]) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return tuple(sorted(counts, key=lambda name: (-counts[name], name)))


def _person(name: str) -> str:
    """Folded, with initials written together: "J. J. Abrams" -> "jj abrams"."""
    words: list[str] = []
    joined = False
    for word in fold(name).split():
        if len(word) == 1 and joined:
            words[-1] += word
        else:
            words.append(word)
        joined = len(word) == 1
    return " ".join(words)


def _name_forms(name: str) -> set[str]:
    """The whole name and its ends, so that "de niro" and "niro" find Robert De Niro."""
    words = _person(name).split()
    forms = {" ".join(words[start:]) for start in range(len(words))} - _NAME_ENDINGS
    if len(words) > 2 and words[-1] in _NAME_ENDINGS:
        forms |= {" ".join(words[start:-1]) for start in range(len(words) - 1)}
    return forms


def language_name(name: str) -> str:
    """What a language is compared by: "fr" and "French" are one."""
    folded = fold(name)
    return LANGUAGES.get(folded, folded)


def _lower(item: Item) -> dict[str, str]:
    return {key.casefold(): value for key, value in item.extra}


def _split(text: str) -> list[str]:
    return [part for part in text.replace("|", ",").split(",") if part.strip()]


def _minutes(text: str) -> float:
    """Minutes of length, NaN when unknown or not a positive number."""
    try:
        minutes = float(text)
    except ValueError:
        return np.nan
    return minutes if 0 < minutes <= MAX_MINUTES else np.nan
