"""Grammar: lists, articles, plurals, and wishes put back into words. Pure functions."""

import re
from collections.abc import Sequence

from simpatico.domain import Constraints, Item
from simpatico.text import clean

_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_SAME_PLURAL = {"series", "anime", "music", "news", "species"}
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
    """The regular plural: film, films; story, stories; dish, dishes; series, series."""
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
    """What to call these items together: their kind if they share one, else "pick"."""
    kinds = {item.kind.casefold() for item in items}
    kind = kinds.pop() if len(kinds) == 1 else ""
    return kind if re.fullmatch(r"[a-z][a-z ]{1,20}", kind) else "pick"


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
    head = listing(nouns or kinds, last="or")
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
    return [_LANGUAGES.get(code.casefold(), clean(code, max_chars=20)) for code in codes[:3]]
