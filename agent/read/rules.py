"""Constraints from words: genres, tones, people, kinds, length, language, with negation."""

import re
from collections.abc import Iterator, Sequence

from simpatico.agent.read.clauses import Span, blank, inside, negated, plain
from simpatico.agent.read.wishes import Clause, clauses
from simpatico.agent.read.words import (
    GENRES,
    KIND_WORDS,
    KINDS,
    LANGUAGES,
    TONES,
    Vocabulary,
    pattern,
)
from simpatico.agent.read.years import read_years
from simpatico.domain import Constraints, Value
from simpatico.text import fold

SHORT_MINUTES = 95
"""What "something short" may last at most."""

NOT_LONG_MINUTES = 120
"""What "nothing too long" may last at most."""


class Heard(Value):
    """What one message says about the item wished for, apart from earlier messages.

    Attributes:
        constraints: what it asks for and excludes.
        any_year, any_length: it takes back an earlier wish.
        lifted: genres, tones and people no longer wished for, nor excluded.
        adds: its wishes join earlier ones of the same field; otherwise they take their place.
        restart: it drops every earlier wish.
        denied: spans that it says no to.
        terms: spans of the genre and tone words that are wishes.
        years: spans of the words that say when.
        taken_back: spans of the words that take something back.
        parts: its clauses.
    """

    constraints: Constraints = Constraints()
    any_year: bool = False
    any_length: bool = False
    lifted: tuple[str, ...] = ()
    adds: bool = False
    restart: bool = False
    denied: tuple[Span, ...] = ()
    terms: tuple[Span, ...] = ()
    years: tuple[Span, ...] = ()
    taken_back: tuple[Span, ...] = ()
    parts: tuple[Clause, ...] = ()


_TAKE_BACK = re.compile(
    r"\b(?:forget (?:about )?|never ?mind (?:about )?|drop |scratch |lose |no need for |doesn't (?:have|need) to be |needn't be |don't (?:have|need) to be )(?:the |a |an |any |that it be |it being )?([\w' -]{3,40})"
    r"|\b([\w'-]+(?: [\w'-]+)?) (?:is|are|would be|'s) (?:actually |totally |also )?(?:fine|ok|okay|alright|all right|good|allowed)(?: (?:after all|too|now|again|with me|by me|then|actually))*"
    r"|\bi (?:don't|do not) mind (?:some |a bit of |a little |the )?([\w' -]{3,30})"
)  # fmt: skip
_RESTART = re.compile(
    r"\b(?:start(?:ing)? (?:over|again|from scratch|fresh)|forget (?:everything|all (?:of )?(?:that|it)|what i said|it all)|scrap (?:that|everything|all)|clean slate"
    r"|something (?:completely|totally|entirely) different|something else entirely|ignore (?:everything|what) i(?:'ve)? said|new search|reset)\b"
)  # fmt: skip
_ADDS = re.compile(r"\b(?:also|as well|or maybe|add|plus|too|and maybe|in addition|on top of that|or even)\b|^(?:and|or) ")
_TOO_MUCH = re.compile(r"\btoo (?:much )?$")
_NOT_ENOUGH = re.compile(r"\b(?:not|n't|isn't|wasn't) (?:\w+ )?$")
_LESS = re.compile(r"\b(?:less|not (?:as|so)|fewer|without the)$")


def hear(text: str, *, vocabulary: Vocabulary, this_year: int, titles: Sequence[Span] = ()) -> Heard:
    """Read one message. `titles` are spans of linked titles, whose words are no wishes."""
    original = blank(text, titles)
    low = plain(original)
    table = _genre_table(vocabulary)
    terms = sorted(
        {match.span() for source in (*table.values(), *TONES.values()) for match in pattern(source).finditer(low)}
    )
    denied = negated(low, terms=terms)
    years = read_years(low, this_year=this_year, negated=lambda span: inside(span, denied))
    parts = clauses(low, terms=(*terms, *years.spans), denied=denied)
    wished = [(part.start, part.end) for part in parts if part.wish]
    lifted = tuple(_lifted(low, table))
    found: dict[str, list[str]] = {}

    def put(field: str, name: str) -> None:
        if name not in found.setdefault(field, []) and name not in lifted:
            found[field].append(name)

    for genre, span in _matches(low, table):
        if not inside(span, wished):
            continue
        put("not_genres" if _refused(low, span, denied) else "genres", genre)
    for tone, span in _matches(low, TONES):
        if not inside(span, wished):
            continue
        refused = _refused(low, span, denied) and not _wanted_more(low, span)
        put("not_tones" if refused else "tones", tone)
    if "kids" in found.get("not_tones", ()):
        for genre in ("Family", "Animated"):
            put("not_genres", genre)
    minutes, any_length = _minutes(low, lambda span: inside(span, denied))
    people, not_people = _people(original, low, denied, vocabulary)
    kinds = _kinds(low, denied, vocabulary)
    return Heard(
        constraints=Constraints(
            genres=_without(found.get("genres", []), found.get("not_genres", [])),
            not_genres=tuple(found.get("not_genres", ())),
            tones=_without(found.get("tones", []), found.get("not_tones", [])),
            not_tones=tuple(found.get("not_tones", ())),
            year_from=years.start,
            year_to=years.end,
            people=people,
            not_people=not_people,
            languages=_languages(low, denied),
            max_minutes=minutes,
            kinds=kinds,
        ),
        any_year=years.any_year,
        any_length=any_length,
        lifted=lifted,
        adds=bool(_ADDS.search(low)),
        restart=bool(_RESTART.search(low)),
        denied=denied,
        terms=tuple(span for span in terms if inside(span, wished)),
        years=years.spans,
        taken_back=tuple(match.span() for match in _TAKE_BACK.finditer(low) if _lifts(match, table)),
        parts=parts,
    )


def merge(previous: Constraints, heard: Heard) -> Constraints:
    """Bring earlier constraints up to date: what is said now wins over what was said before."""
    now = heard.constraints
    before = Constraints(exclude_ids=previous.exclude_ids) if heard.restart else previous
    lifted = set(heard.lifted)
    years = (before.year_from, before.year_to)
    if heard.any_year:
        years = (None, None)
    elif now.year_from is not None or now.year_to is not None:
        years = _narrow(years, (now.year_from, now.year_to))

    def wished(field: str, *, joins: bool) -> tuple[str, ...]:
        new, old = getattr(now, field), getattr(before, field)
        refused = {*getattr(now, "not_" + field, ())} | lifted
        kept = old if joins or heard.adds or not new else ()
        return tuple(name for name in dict.fromkeys(new + kept) if name not in refused)

    def refused(field: str) -> tuple[str, ...]:
        wanted = {*getattr(now, field)} | lifted
        both = getattr(before, "not_" + field) + getattr(now, "not_" + field)
        return tuple(name for name in dict.fromkeys(both) if name not in wanted)

    not_genres = refused("genres")
    if "kids" in now.tones or "kids" in lifted:
        not_genres = tuple(name for name in not_genres if name not in ("Family", "Animated"))
    return Constraints(
        genres=wished("genres", joins=False),
        not_genres=not_genres,
        tones=wished("tones", joins=True),
        not_tones=refused("tones"),
        year_from=years[0],
        year_to=years[1],
        people=wished("people", joins=False),
        not_people=refused("people"),
        languages=wished("languages", joins=False),
        max_minutes=None if heard.any_length else now.max_minutes or before.max_minutes,
        kinds=wished("kinds", joins=False),
        exclude_ids=before.exclude_ids,
    )


def _narrow(old: tuple[int | None, int | None], new: tuple[int | None, int | None]) -> tuple[int | None, int | None]:
    """One new bound joins the old other one when both can hold; else the new range stands alone."""
    if None not in new:
        return new
    start, end = (
        new[0] if new[0] is not None else old[0],
        new[1] if new[1] is not None else old[1],
    )
    return (start, end) if start is None or end is None or start <= end else new


def _matches(low: str, table: dict[str, str]) -> Iterator[tuple[str, Span]]:
    for name, source in table.items():
        for match in pattern(source).finditer(low):
            yield name, match.span()


def _genre_table(vocabulary: Vocabulary) -> dict[str, str]:
    """Our table, and a catalogue's other genres by their own names ("Shoegaze")."""
    known = {*map(fold, GENRES), *_ALIKE}
    own = {
        genre: rf"{re.escape(genre.lower())}s?"
        for genre in vocabulary.genres
        if len(genre) > 2 and fold(genre) not in known
    }
    return GENRES | own


_ALIKE = {"sci fi", "animation", "children", "film noir", "biographical", "history", "sport", "short", "independent", "legal", "political", "performance", "live action", "dance", "music", "other", "suspense"}  # fmt: skip
"""Folded genre names that are ours under another name, or too ordinary as words to be a wish."""


def _refused(low: str, span: Span, denied: Sequence[Span]) -> bool:
    return inside(span, denied) or bool(_TOO_MUCH.search(low[: span[0]][-12:]))


def _wanted_more(low: str, span: Span) -> bool:
    """"Not scary enough" asks for more of it."""
    return low[span[1] : span[1] + 7] == " enough"


def _without(names: Sequence[str], refused: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in refused)


def _lifts(match: re.Match[str], table: dict[str, str]) -> list[str]:
    said = next(group for group in match.groups() if group)
    names = [name for name, _ in (*_matches(said, table), *_matches(said, TONES))]
    return names + ["kids"] * bool(re.search(r"\b(?:kids|children)\b", said))


def _lifted(low: str, table: dict[str, str]) -> Iterator[str]:
    for match in _TAKE_BACK.finditer(low):
        yield from _lifts(match, table)
    if re.search(r"\b(?:any|whatever|which ?ever) genres?\b|\bgenre doesn't matter\b", low):
        yield from table


_HOURS = {"an": 1.0, "one": 1.0, "1": 1.0, "two": 2.0, "2": 2.0, "three": 3.0, "3": 3.0, "1.5": 1.5, "2.5": 2.5, "a": 1.0}  # fmt: skip


def _minutes(low: str, denied: object) -> tuple[int | None, bool]:
    """The longest a wish may last in minutes, and whether an earlier limit is taken back."""
    if re.search(r"\bany (?:length|runtime)|\blength (?:doesn't matter|is fine)|\b(?:doesn't matter|don't care) how long\b|\blong(?:er)? (?:is|are) (?:fine|ok|okay)\b", low):  # fmt: skip
        return None, True
    limit = r"(?:under|less than|shorter than|max(?:imum)?(?: of)?|at most|up to|no (?:more|longer) than|not (?:more|longer) than|below|within|only (?:have|got)|have(?: only)?|got(?: only)?|i've got|about|around|over|than|for)"  # fmt: skip
    if match := re.search(rf"\b{limit} (?:like |just |about |only )?(\d{{2,3}}) ?(?:min|mins|minutes?)\b", low):
        return int(match[1]), False
    if match := re.search(rf"\b{limit} (?:like |just |about |only )?(an?|one|two|three|\d(?:\.5)?) ?(?:hours?|hrs?|h)(?: and a half| ?(\d\d)| and (\d\d))?\b", low):  # fmt: skip
        if "over " in match[0]:
            return None, False
        extra = 30 if "half" in match[0] else int(match[2] or match[3] or 0)
        return int(_HOURS.get(match[1], 2.0) * 60) + extra, False
    if re.search(r"\b(?:not|nothing|isn't|n't)(?: be)? (?:too |that |very |so |a )?long\b|\btoo long\b|\bno (?:three|3)[- ]hour\b", low):  # fmt: skip
        return NOT_LONG_MINUTES, False
    if re.search(r"\b(?:something|anything|a|and|but|make it|nice and|keep it|pretty|fairly) (?:quick|short)(?:ish)?\b(?! (?:story|stories|question|break|trip|while|temper))|\bshort (?:films?|movies?|ones?|watch)\b|\bshorter\b|^short\b", low):  # fmt: skip
        return SHORT_MINUTES, False
    return None, False


def _languages(low: str, denied: Sequence[Span]) -> tuple[str, ...]:
    found = []
    for name in LANGUAGES:
        source = (
            rf"(?:in|speaks?|spoken in) {name.lower()}|{name.lower()}(?:[- ]language)? "
            r"(?:[\w-]+ )?(?:films?|movies?|cinema|comed(?:y|ies)|thrillers?|dramas?|horror|language|ones?|romances?|series|songs?|music|noir|musicals?)"
        )
        match = pattern(source).search(low)
        if match and not inside(match.span(), denied):
            found.append(name)
    return tuple(found)


def _kinds(low: str, denied: Sequence[Span], vocabulary: Vocabulary) -> tuple[str, ...]:
    found = [
        kind
        for kind, source in KIND_WORDS.items()
        if any(
            not inside(match.span(), denied)
            and not re.search(r"\b(?:based on|inspired by|about|read|from) (?:a |an |the |some )?$", low[: match.start()])
            for match in pattern(source).finditer(low)
        )
    ]
    if not vocabulary.kinds:
        return tuple(found)
    known = {fold(kind): kind for kind in vocabulary.kinds}
    return tuple(known[fold(name)] for kind in found for name in KINDS[kind] if fold(name) in known)


_NAME = r"(?:[A-Z][\w'’.-]+|de|van|von|del|la|le|di)"
_CUE = re.compile(
    r"\b(?P<cue>[Ww]ith|[Bb]y|[Ss]tarring|[Ff]eaturing|[Dd]irected by|[Aa]nything but|[Nn]o|[Nn]ot|[Ww]ithout|[Ff]an of|[Ll]ove|[Ll]ike|[Hh]ate|[Oo]f|[Ii]s|[Mm]ore)\s+"
    rf"(?P<names>[A-Z][\w'’.-]+(?:\s+{_NAME})*(?:\s*(?:,|and|or)\s+[A-Z][\w'’.-]+\s+{_NAME}(?:\s+{_NAME})*)*)"
)  # fmt: skip
_NOT_NAMES = {"i", "the", "a", "netflix", "christmas", "english", "french", "german", "italian", "spanish", "japanese", "korean",
              "chinese", "hindi", "disney", "marvel", "hollywood", "halloween", "friday", "saturday", "sunday", "monday", "tv", "oscar",
              "oscars", "new", "york", "paris", "london", "america", "america's", "us", "usa", "uk", "pixar", "wwii", "ii"}  # fmt: skip


def _people(original: str, low: str, denied: Sequence[Span], vocabulary: Vocabulary) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names after "with", "by", "starring" ..., as the catalogue spells them where it knows them."""
    known = _known_people(vocabulary.people)
    wanted: list[str] = []
    refused: list[str] = []

    def put(name: str, span: Span) -> None:
        bucket = refused if inside(span, denied) else wanted
        if name not in bucket:
            bucket.append(name)

    for match in re.finditer(r"[^\W\d_][\w'’.-]*(?:\s+[^\W\d_][\w'’.-]*){1,3}", low) if known else ():
        words = list(re.finditer(r"[\w'’.-]+", match[0]))
        for i in range(len(words)):
            for j in (i + 4, i + 3, i + 2):
                if j <= len(words):
                    piece = match[0][words[i].start() : words[j - 1].end()]
                    if name := known.get(fold(re.sub(r"['’]s$", "", piece))):
                        put(name, (match.start() + words[i].start(), match.start() + words[j - 1].end()))
    for match in _CUE.finditer(original):
        for piece in re.split(r"\s*(?:,|\band\b|\bor\b)\s*", match["names"]):
            name = re.sub(r"['’]s$", "", piece).strip(" .")
            words_ = fold(name).split()
            if not words_ or set(words_) & _NOT_NAMES:
                continue
            span = (match.start("names") + match["names"].find(piece), match.end("names"))
            cue = match["cue"].lower()
            if spelled := known.get(fold(name)):
                put(spelled, span)
            elif not vocabulary.people and (
                len(words_) >= 2 and cue in ("with", "by", "starring", "featuring", "directed by", "anything but", "no", "without")
                or cue in ("by", "starring", "featuring", "directed by")
            ):
                put(name, span)
    return tuple(wanted), tuple(refused)


_people_cache: dict[int, tuple[tuple[str, ...], dict[str, str]]] = {}


def _known_people(people: tuple[str, ...]) -> dict[str, str]:
    """Folded full names of two words or more; surnames only where one person is foremost."""
    cached = _people_cache.get(id(people))
    if cached and cached[0] is people:
        return cached[1]
    known = {}
    for name in people:
        folded = fold(name)
        if " " in folded:
            known.setdefault(folded, name)
    _people_cache.clear()
    _people_cache[id(people)] = (people, known)
    return known
