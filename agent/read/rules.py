"""Constraints from words: genres, tones, people, kinds, length, language, with negation."""

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from simpatico.agent.read import company
from simpatico.agent.read.clauses import NEGATOR, Span, blank, inside, negated, plain
from simpatico.agent.read.kinds import read_kinds
from simpatico.agent.read.lengths import read_minutes
from simpatico.agent.read.people import Names
from simpatico.agent.read.refused import is_refused, told_apart
from simpatico.agent.read.spoken import let_in, read_spoken
from simpatico.agent.read.told import (
    hardly_known,
    lead_of,
    listed_years,
    plays_then,
)
from simpatico.agent.read.tongues import foreign, named
from simpatico.agent.read.wishes import Clause, clauses
from simpatico.agent.read.words import (
    GENRES,
    TONES,
    Vocabulary,
    pattern,
)
from simpatico.agent.read.years import decades, read_years, years_named
from simpatico.domain import Constraints, Value, YearSpan, years_of
from simpatico.text import fold


class Heard(Value):
    """What one message says about the item wished for, apart from earlier messages.

    Attributes:
        constraints: what it asks for and excludes.
        any_year, any_length: it takes back an earlier wish.
        than_before: "older" or "newer" than the years wished for before; "" for neither.
        lifted: genres, tones, people and languages no longer wished for, nor excluded.
        lifted_years: years no longer excluded, nor wished for if it wishes for no others.
        let_in: languages no longer excluded.
        adds: its wishes join earlier ones of the same field; otherwise they take their place.
        restart: it drops every earlier wish.
        instead: its genres and tones take the place of all earlier ones.
        denied: spans that it says no to.
        terms: spans of the genre and tone words that are wishes.
        kinds: spans of the words that say of which kind.
        years: spans of the words that say when.
        foreign: spans of the words that ask for what is foreign, or refuse it, "non-English" too.
        leads: spans of the words that only say that little is known of what comes.
        told: genres and tones that are only told of.
        told_years: whether years may be.
        taken_back: spans of the words that take something back.
        parts: its clauses.
    """

    constraints: Constraints = Constraints()
    any_year: bool = False
    any_length: bool = False
    than_before: Literal["", "older", "newer"] = ""
    lifted: tuple[str, ...] = ()
    lifted_years: tuple[YearSpan, ...] = ()
    let_in: tuple[str, ...] = ()
    adds: bool = False
    restart: bool = False
    instead: bool = False
    denied: tuple[Span, ...] = ()
    terms: tuple[Span, ...] = ()
    kinds: tuple[Span, ...] = ()
    years: tuple[Span, ...] = ()
    foreign: tuple[Span, ...] = ()
    leads: tuple[Span, ...] = ()
    told: tuple[str, ...] = ()
    told_years: bool = False
    taken_back: tuple[Span, ...] = ()
    parts: tuple[Clause, ...] = ()


_TAKE_BACK = re.compile(
    r"\b(?:forget (?:about )?|never ?mind (?:about )?|drop |scratch |lose |no need for |"
    r"doesn't (?:have|need) to be |needn't be |don't (?:have|need) to be )(?:the |a |an |any |"
    r"that it be |it being )?([\w' -]{3,40})"
    r"|\b([\w'-]+(?: [\w'-]+)?) (?:is|are|would be|'s) (?:actually |totally |also )?(?:fine|ok|"
    r"okay|alright|all right|good|allowed)(?: (?:after all|too|now|again|with me|by me|then|"
    r"actually))*"
    r"|\bi (?:don't|do not) mind (?:some |a bit of |a little |the )?([\w' -]{3,30})"
)
_RESTART = re.compile(
    r"\b(?:start(?:ing)? (?:over|again|from scratch|fresh)|forget (?:everything|"
    r"all (?:of )?(?:that|it)|what i said|it all)|scrap (?:that|everything|all)|clean slate"
    r"|something (?:completely|totally|entirely) different|something else entirely|"
    r"ignore (?:everything|what) i(?:'ve)? said|new search|reset|"
    r"actually,? any(?:thing|one)(?:'s| is)? (?:fine|ok(?:ay)?|goes|will do))\b"
)
_INSTEAD = re.compile(
    r"\binstead\b(?! of)|\b(?:actually|wait|hm+|sorry)?,? ?no,? (?:wait|actually)\b|"
    r"\bactually,? (?:no|nah)\b|\bon second thoughts?\b|\bchanged? my mind\b|\bscratch that\b"
)
_ADDS = re.compile(
    r"\b(?:also|as well|or maybe|add|plus|too|and maybe|in addition|on top of that|or even)\b|"
    r"^(?:and|or) "
)
_TOO_MUCH = re.compile(r"\btoo (?:much )?$")


def hear(
    text: str,
    *,
    vocabulary: Vocabulary,
    names: Names,
    this_year: int,
    titles: Sequence[Span] = (),
    mother: str = "English",
) -> Heard:
    """Read one message.

    Args:
        text: the message.
        vocabulary: the catalogue's names.
        names: its people.
        this_year: what "recent" is counted from.
        titles: spans of linked titles, whose words are no wishes.
        mother: the language that the person speaks with us: what is not in it is foreign.
    """
    original = blank(text, titles)
    low = plain(original)
    table = _genre_table(vocabulary)
    terms = sorted(
        {
            match.span()
            for source in (*table.values(), *TONES.values())
            for match in pattern(source).finditer(low)
        }
    )
    little = tuple(hardly_known(low, terms=terms))
    unknown = tuple(one for one, wanted in little if not wanted)
    tried = tuple(one for one, wanted in little if wanted)
    leads = tuple(lead_of(low, one) for one, _ in little)
    denied = tuple(
        one
        for one in negated(low, terms=(*terms, *listed_years(low)))
        if not (inside(one, leads) and NEGATOR.match(low, one[0]))
    )
    dropped = [match.span(1) for match in _TAKE_BACK.finditer(low) if match[1]]
    plays = tuple(plays_then(low))
    aside = (*unknown, *plays)
    years = read_years(
        blank(low, aside),
        this_year=this_year,
        negated=lambda span: inside(span, (*denied, *dropped)),
        refused=lambda span: is_refused(low, span, denied=denied, terms=terms),
    )
    spoken = read_spoken(
        low,
        denied=denied,
        terms=terms,
        told=unknown,
        let_back=[match.span() for match in _TAKE_BACK.finditer(low)],
    )
    kinds = read_kinds(low, denied=denied, vocabulary=vocabulary)
    parts = clauses(
        low,
        terms=(
            *terms,
            *plays,
            *(span for _, span in decades(low) if inside(span, unknown)),
            *years.spans,
            *spoken.spans,
            *kinds.things,
        ),
        denied=denied,
    )
    wished = [*((part.start, part.end) for part in parts if part.wish), *tried]
    not_years = [(one, span) for one, span in years.refused if inside(span, wished)]
    refused_spans = [span for _, span in (*not_years, *spoken.refused)]
    parting = [span for span in refused_spans if inside(span, wished)]
    lifted = (*_lifted(low, table), *let_in(low, _taken_back(low), mother=mother))
    found: dict[str, list[str]] = {}

    def put(field: str, name: str) -> None:
        if name not in found.setdefault(field, []) and name not in lifted:
            found[field].append(name)

    film_genres: list[Span] = []
    for genre, span in _matches(low, table):
        refused = _refused(low, span, denied)
        if not inside(span, wished) or (inside(span, unknown) and not refused):
            continue
        if refused and told_apart(low, span, parting):
            continue
        if refused and genre == "Horror" and low[slice(*span)].startswith("slasher"):
            continue  # a genre of its own: who wants no slashers may want to be scared
        put("not_genres" if refused else "genres", genre)
        film_genres += [span] if genre in GENRES and not refused else []
    for tone, span in _matches(low, TONES):
        refused = _refused(low, span, denied) and not _wanted_more(low, span)
        if not inside(span, wished) or (inside(span, unknown) and not refused):
            continue
        if refused and told_apart(low, span, parting):
            continue
        put("not_tones" if refused else "tones", tone)
    for tone in company.tones(low, denied=denied):
        put("tones", tone)
    for tone in company.not_tones(low):
        found["tones"] = [one for one in found.get("tones", ()) if one != tone]
        put("not_tones", tone)
    if "kids" in found.get("not_tones", ()):
        for genre in ("Family", "Animated"):
            put("not_genres", genre)
    kinds = kinds.beside(film_genres, vocabulary)
    minutes, any_length = read_minutes(low)
    people, not_people = names.read(original, denied=denied)
    return Heard(
        constraints=Constraints(
            genres=_without(found.get("genres", []), found.get("not_genres", [])),
            not_genres=tuple(found.get("not_genres", ())),
            tones=_without(found.get("tones", []), found.get("not_tones", [])),
            not_tones=tuple(found.get("not_tones", ())),
            year_from=years.start,
            year_to=years.end,
            not_years=tuple(dict.fromkeys(one for one, _ in not_years)),
            people=people,
            not_people=not_people,
            languages=_without(spoken.languages(mother=mother), lifted),
            not_languages=_without(spoken.not_languages(wished, mother=mother), lifted),
            max_minutes=minutes,
            kinds=kinds.names,
        ),
        any_year=years.any_year,
        any_length=any_length,
        than_before=years.than_before,
        lifted=lifted,
        lifted_years=tuple(one for said in _taken_back(low) for one in years_named(said)),
        let_in=tuple(
            name for said in _taken_back(low) for names, _ in named(said) for name in names
        ),
        adds=bool(_ADDS.search(low)),
        restart=bool(_RESTART.search(low)),
        instead=bool(_INSTEAD.search(low) and (found.get("genres") or found.get("tones"))),
        denied=denied,
        terms=tuple(span for span in terms if inside(span, wished)),
        kinds=kinds.spans,
        years=years.spans,
        foreign=(
            *spoken.at_home,
            *spoken.away,
            *(span for _, span in spoken.refused if low.startswith("non", span[0])),
        ),
        leads=leads,
        told=tuple(
            name
            for name, span in (*_matches(low, table), *_matches(low, TONES))
            if inside(span, unknown)
        ),
        told_years=bool(aside),
        taken_back=tuple(
            match.span()
            for match in _TAKE_BACK.finditer(low)
            if _lifts(match, table) or any(foreign(match[0]))
        ),
        parts=parts,
    )


def merge(previous: Constraints, heard: Heard) -> Constraints:
    """Bring earlier constraints up to date: what is said now wins over what was said before."""
    now = heard.constraints
    before = Constraints(exclude_ids=previous.exclude_ids) if heard.restart else previous
    if heard.instead:
        before = before.model_copy(update={"genres": (), "tones": ()})
    lifted = {*heard.lifted, *({*heard.let_in} & {*before.not_languages})}
    years, not_years = _years(before, heard)

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
        not_years=not_years,
        people=wished("people", joins=False),
        not_people=refused("people"),
        languages=wished("languages", joins=False),
        not_languages=refused("languages"),
        max_minutes=None if heard.any_length else now.max_minutes or before.max_minutes,
        kinds=wished("kinds", joins=False),
        exclude_ids=before.exclude_ids,
    )


def _years(
    before: Constraints, heard: Heard
) -> tuple[tuple[int | None, int | None], tuple[YearSpan, ...]]:
    """The range that is wished for, and the years that are refused."""
    now = heard.constraints
    if heard.any_year:
        return (None, None), now.not_years
    new, old = years_of(now), years_of(before)
    let_in = [span for span in heard.lifted_years if any(map(span.meets, before.not_years))]
    wanted = let_in or ([new] if new else [])
    refused = [
        *(span for span in before.not_years if not any(map(span.meets, wanted))),
        *now.not_years,
    ]
    years = (before.year_from, before.year_to)
    if heard.than_before and years != (None, None):
        return _shifted(years, older=heard.than_before == "older"), tuple(dict.fromkeys(refused))
    gone = now.not_years if new else (*now.not_years, *heard.lifted_years)
    if old and any(one.first <= old.first and old.last <= one.last for one in gone):
        years = (None, None)
    if not let_in and (now.year_from is not None or now.year_to is not None):
        years = _narrow(years, (now.year_from, now.year_to))
    return years, tuple(dict.fromkeys(refused))


def _shifted(years: tuple[int | None, int | None], *, older: bool) -> tuple[int | None, int | None]:
    """Years before those wished for, or after them; an open end moves by ten years."""
    first, last = years
    if older:
        return None, (first - 1 if first is not None else (last or 0) - 10)
    return (last + 1 if last is not None else (first or 0) + 10), None


def _narrow(
    old: tuple[int | None, int | None], new: tuple[int | None, int | None]
) -> tuple[int | None, int | None]:
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


_ALIKE = frozenset(
    "sci fi,animation,children,film noir,biographical,history,sport,short,independent,legal,"
    "political,performance,live action,dance,music,other,suspense".split(",")
)
"""Folded genre names that are ours under another name, or too ordinary as words to be a wish."""


def _refused(low: str, span: Span, denied: Sequence[Span]) -> bool:
    return inside(span, denied) or bool(_TOO_MUCH.search(low[: span[0]][-12:]))


def _wanted_more(low: str, span: Span) -> bool:
    """Whether more of it is asked for ("not scary enough")."""
    return low[span[1] : span[1] + 7] == " enough"


def _without(names: Sequence[str], refused: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in refused)


def _lifts(match: re.Match[str], table: dict[str, str]) -> list[str]:
    said = next(group for group in match.groups() if group)
    names = [name for name, _ in (*_matches(said, table), *_matches(said, TONES))]
    if match[1]:
        names += [name for languages, _ in named(said) for name in languages]
    return names + ["kids"] * bool(re.search(r"\b(?:kids|children)\b", said))


def _taken_back(low: str) -> list[str]:
    return [next(filter(None, match.groups())) for match in _TAKE_BACK.finditer(low)]


def _lifted(low: str, table: dict[str, str]) -> Iterator[str]:
    for match in _TAKE_BACK.finditer(low):
        yield from _lifts(match, table)
    if re.search(r"\b(?:any|whatever|which ?ever) genres?\b|\bgenre doesn't matter\b", low):
        yield from table
