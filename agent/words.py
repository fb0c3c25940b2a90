"""Grammar: lists, articles, plurals, and wishes put back into words. Pure functions."""

import re
from collections.abc import Sequence

from simpatico.domain import Constraints, Item
from simpatico.kinds import piece_of
from simpatico.text import clean

_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_SAME_PLURAL = {"series", "anime", "music", "news", "species"}
_KINDS_TOLD_APART = 3
GENRES = {
    "comedy": "comedies",
    "drama": "dramas",
    "romance": "romances",
    "horror": "horror",
    "slasher": "slasher films",
    "thriller": "thrillers",
    "mystery": "mysteries",
    "crime": "crime stories",
    "noir": "film noir",
    "action": "action",
    "adventure": "adventures",
    "science fiction": "science fiction",
    "fantasy": "fantasy",
    "western": "westerns",
    "war": "war stories",
    "musical": "musicals",
    "animated": "animation",
    "animation": "animation",
    "family": "family films",
    "children": "children's films",
    "documentary": "documentaries",
    "biography": "biographies",
    "historical": "period pieces",
    "sports": "sports stories",
    "superhero": "superhero films",
    "spy": "spy stories",
    "teen": "teen films",
    "martial arts": "martial arts",
    "disaster": "disaster films",
    "silent": "silent films",
    "satire": "satires",
    "erotic": "erotic films",
    "supernatural": "supernatural stories",
    "short": "short films",
    "live action": "live action",
    "sport": "sports stories",
}
_TONES = {
    "kids": "made for children",
    "funny": "too jokey",
    "uplifting": "too cheery",
    "touching": "too weepy",
}
_LANGUAGES = {
    "en": "English",
    "fr": "French",
    "de": "German",
    "es": "Spanish",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "zh": "Chinese",
    "hi": "Hindi",
    "pt": "Portuguese",
    "ru": "Russian",
    "sv": "Swedish",
    "da": "Danish",
}


def listing(parts: Sequence[str], *, last: str = "and") -> str:
    """Join as people do: "a", "a and b", "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def article(phrase: str) -> str:
    """Put "a" or "an" before a phrase, by its sound: "an hour", "a one-off", "an 80s comedy"."""
    word = phrase.casefold()
    if re.match(r"(8|11(?!\d)|18(?!\d)|hour|honest|heir|honou?r)", word):
        return f"an {phrase}"
    if re.match(r"(uni|use|eu|one\b|one-|once|u[bst][aeiu])", word) and not word.startswith("unin"):
        return f"a {phrase}"
    return f"{'an' if word[:1] in 'aeiouàáâäéèêëíîïóôöúûü' and word else 'a'} {phrase}"


def plural(noun: str) -> str:
    """The regular plural: film, films; story, stories; series, series; pieces of music."""
    head, of, rest = noun.partition(" of ")
    if of:
        return plural(head) + of + rest
    if noun in _SAME_PLURAL:
        return noun
    if re.search(r"[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    return noun + ("es" if re.search(r"(s|x|z|ch|sh)$", noun) else "s")


def count(n: int, noun: str) -> str:
    """A number up to ten in words, with its noun: "one film", "three films", "12 films"."""
    number = _COUNTS[n] if n < len(_COUNTS) else str(n)
    return f"{number} {noun if n == 1 else plural(noun)}"


def noun_for(items: Sequence[Item]) -> str:
    """What to call each of these items: their kind if they share one, else "pick"."""
    kinds = {item.kind.casefold() for item in items}
    kind = kinds.pop() if len(kinds) == 1 else ""
    return piece_of(kind) if re.fullmatch(r"[a-z][a-z ]{1,20}", kind) else "pick"


def counted(items: Sequence[Item]) -> str:
    """Items counted kind by kind: "four films", "a film and two pieces of music", "one pick"."""
    groups = _by_kind(items)
    if len(groups) == 1:
        return count(*groups[0])
    return listing([article(noun) if n == 1 else count(n, noun) for n, noun in groups])


def pointed_at(items: Sequence[Item]) -> str:
    """The same, pointing at them: "this one", "these four films", "this film and these two ..."."""
    groups = _by_kind(items)
    if len(groups) == 1:
        n, noun = groups[0]
        return "this one" if n == 1 else f"these {count(n, noun)}"
    return listing([f"this {noun}" if n == 1 else f"these {count(n, noun)}" for n, noun in groups])


def _by_kind(items: Sequence[Item]) -> list[tuple[int, str]]:
    """How many there are of each kind with its noun, in their order; all as picks if too mixed."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(item.kind.casefold(), []).append(item)
    nouns = [noun_for(group) for group in groups.values()]
    if len(nouns) > _KINDS_TOLD_APART or len(nouns) > 1 and "pick" in nouns:
        return [(len(items), "pick")]
    return [(len(group), noun) for group, noun in zip(groups.values(), nouns, strict=True)]


def kept(constraints: Constraints) -> str:
    """The wishes that had to hold, as a noun phrase ("comedies from the 1980s"), or ""."""
    nouns = [genre_noun(genre) for genre in constraints.genres[:3]]
    kinds = [plural(clean(kind, max_chars=20).casefold()) for kind in constraints.kinds[:2]]
    people, languages = _names(constraints.people), _languages(constraints.languages)
    details = [
        f"in {listing(languages, last='or')}" if languages else "",
        _years(constraints.year_from, constraints.year_to),
        f"with {listing(people, last='or')}" if people else "",
    ]
    head = listing(nouns, last="or") or listing(kinds)
    rest = " ".join(detail for detail in details if detail)
    length = constraints.max_minutes
    if not head and not rest and not length:
        return ""
    text = f"{head or 'titles'} {rest}".strip()
    return f"{text}{',' if rest else ''} at most {length} minutes long" if length else text


def left_out(constraints: Constraints) -> str:
    """What must not be there, as a noun phrase ("horror and anything too sad"), or ""."""
    parts = [genre_noun(genre) for genre in constraints.not_genres[:4]]
    tones = [_TONES.get(tone, f"too {tone}") for tone in constraints.not_tones[:4]]
    if tones:
        parts.append(f"anything {listing(tones, last='or')}")
    if years := [_years(span.first, span.last) for span in constraints.not_years[:3]]:
        parts.append(f"anything {listing(years, last='or')}")
    if languages := _languages(constraints.not_languages):
        parts.append(f"anything in {listing(languages, last='or')}")
    parts += _names(constraints.not_people)
    return listing(list(dict.fromkeys(parts)))


def genre_noun(genre: str) -> str:
    """A genre as what one watches: "Comedy" gives "comedies"."""
    name = clean(genre, max_chars=40).casefold()
    return GENRES.get(name, name)


def _years(first: int | None, last: int | None) -> str:
    if first is not None and last is not None:
        if first == last:
            return f"from {first}"
        if first % 10 == 0 and last == first + 9:
            return f"from the {first}s"
        return f"from {first} to {last}"
    if first is not None:
        return f"from {first} onwards"
    return f"from {last} or earlier" if last is not None else ""


def _names(people: Sequence[str]) -> list[str]:
    return [clean(name, max_chars=60) for name in people[:3]]


def _languages(codes: Sequence[str]) -> list[str]:
    return [_LANGUAGES.get(code.casefold(), clean(code, max_chars=20)) for code in codes[:4]]
