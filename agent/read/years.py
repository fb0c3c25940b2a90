"""Years as people say them: decades, bounds, "recent", "black and white"."""

import re
from collections.abc import Callable, Iterator
from typing import Literal

from simpatico.agent.read.clauses import Span
from simpatico.domain import Value, YearSpan

RECENT_YEARS = 10
"""How many years back "recent" and "new" reach."""

_BEFORE = 60
"""How many characters before a year are looked at."""


class Years(Value):
    """A range of years, both ends included; None is open.

    Attributes:
        any_year: an earlier wish is taken back.
        than_before: "older" or "newer" than what was wished for before; "" for neither.
        refused: years that are not wanted, each with where they stand.
        spans: where all of these stand.
    """

    start: int | None = None
    end: int | None = None
    any_year: bool = False
    than_before: Literal["", "older", "newer"] = ""
    refused: tuple[tuple[YearSpan, Span], ...] = ()
    spans: tuple[Span, ...] = ()


_NAMED = {
    "twenties": 1920,
    "thirties": 1930,
    "forties": 1940,
    "fifties": 1950,
    "sixties": 1960,
    "seventies": 1970,
    "eighties": 1980,
    "nineties": 1990,
    "noughties": 2000,
    "two thousands": 2000,
    "twenty tens": 2010,
}
_Y = r"((?:18|19|20)\d\d)"
_DECADE = (
    r"(?:(early|mid|late)[- ](?:the )?)?(?:'?((?:18|19|20)?\d0)'?s|(" + "|".join(_NAMED) + r"))\b"
)

_ANY = re.compile(
    r"\b(?:any (?:year|decade|era|age|time period)(?! (?:but|except|other|besides|apart))|"
    r"(?:the )?(?:year|decade|era|age) (?:does(?:n't|"
    r" not) matter|is(?:n't| not) important)"
    r"|(?:don't|do not) care (?:about the|what|which|how old) ?(?:year|decade|era|it is)?|"
    r"doesn't matter (?:when|how old|what year)|forget (?:about )?the (?:years?|decades?|era|"
    r"dates?)|"
    r"(?:old or new|new or old))\b"
)
_OPEN_ENDED = (
    rf"(?<!\w)(?:{_Y}\b(?! ?s\b)|{_DECADE})(?: ?\+(?!\w)| onwards?\b|,? (?:or|"
    rf"and) (?:(?P<older>older|"
    r"earlier|before|below|prior)|newer|later|after|up|upwards|above|onwards?|beyond|"
    r"more recent)\b)"
)
_TENS = {"two": "2", "three": "3", "five": "5", "ten": "10", "fifteen": "15", "twenty": "20"}
_YEARS_BACK = (
    rf"\b(?:(?:from|of|made in|released in|made|within) the (?:last|past)|(?:no|not|nothing|"
    rf"isn't|n't) "
    rf"older than) (?P<n>\d\d?|{'|'.join(_TENS)}) years\b"
)

_THAN_BEFORE = re.compile(
    r"(?:^|\b(?:same(?: thing| kind| sort)?,? but|(?:some|any)thing|ones?|make it|but|give me|"
    r"show me|"
    r"go|any) |\b(?:a (?:bit|little)|even|much|slightly|way) )(?:(?:a (?:bit|little)|even|much|"
    r"slightly) )?(?P<word>older|newer|more recent)(?: (?:films?|movies?|ones?|stuff))?"
    r"(?= (?:please|pls|plz|than (?:that|those|these|this))\b|\W*$)"
)
"""Follow-ups like "same but older"."""
_NOT_ONLY = re.compile(
    r"(?:\bnot|\bno|\bnor|\bnothing|\bexcept(?: for)?|\banything but|\bbut|\b(?:any|"
    r"some)thing (?:other than|"
    r"besides|apart from)|\bexcluding|\bminus|\bavoid|\bskip|\bleave out)(?: (?:in|the year|"
    r"(?:anything )?from))? (?:(?:18|19|20)\d\d(?:,? (?:or|and|nor) |, ?|/))*$"
)
"""Before a year that is refused by its number alone; of what is hated, it may be a title."""


def _decade(match: re.Match[str], first: int = 1) -> tuple[int, int] | None:
    part, digits, name = match[first], match[first + 1], match[first + 2]
    if name:
        start = _NAMED[name]
    elif len(digits) == 2:
        start = (2000 if digits in ("00", "10", "20") else 1900) + int(digits)
    else:
        start = int(digits)
    low, high = {"early": (0, 4), "mid": (3, 7), "late": (5, 9)}.get(part or "", (0, 9))
    return start + low, start + high


def decades(text: str) -> Iterator[tuple[YearSpan, Span]]:
    """Decades and parts of them in a plain text ("the late 90s")."""
    for match in re.finditer(rf"(?<!\w){_DECADE}(?! (?:on|onwards)\b)", text):
        if years := _decade(match):
            yield YearSpan(first=years[0], last=years[1]), match.span()


def years_named(text: str) -> Iterator[YearSpan]:
    """Decades and single years in a plain text."""
    for span, _ in decades(text):
        yield span
    for match in re.finditer(rf"(?<![\w'-]){_Y}(?![\w'-])", text):
        yield YearSpan(first=int(match[1]), last=int(match[1]))


def read_years(
    text: str,
    *,
    this_year: int,
    negated: Callable[[Span], bool],
    refused: Callable[[Span], bool] = lambda span: False,
) -> Years:
    """Read a plain text's years into one range.

    Several decades give the range over them; several bounds are all kept. A negated bound turns
    around ("nothing older than 1980"), a negated decade or year says nothing, unless it is
    `refused`.
    """
    if match := _ANY.search(text):
        return Years(any_year=True, spans=(match.span(),))
    start: int | None = None
    end: int | None = None
    spans: list[Span] = []
    away: list[tuple[YearSpan, Span]] = []

    def at_least(year: int) -> None:
        nonlocal start
        start = year if start is None else max(start, year)

    def at_most(year: int) -> None:
        nonlocal end
        end = year if end is None else min(end, year)

    def free(match: re.Match[str]) -> bool:
        return unread(match.span())

    def unread(span: Span) -> bool:
        taken = any(span[0] < stop and begin < span[1] for begin, stop in spans)
        if not taken:
            spans.append(span)
        return not taken

    for match in re.finditer(
        (rf"\b(?:between|from) {_Y} (?:and|to|until|till|through|-) ?{_Y}\b|\b{_Y} ?- ?{_Y}\b"),
        text,
    ):
        if free(match):
            years = sorted(int(year) for year in match.groups() if year)
            if refused(match.span()):
                away.append((YearSpan(first=years[0], last=years[1]), match.span()))
                continue
            at_least(years[0])
            at_most(years[1])
    bound = (
        r"\b(older than|no later than|not later than|earlier than|up to|until|till|pre|before|"
        r"no older than|not older than|newer than|no earlier than|not earlier than|later than|"
        r"more recent than|since|after|post|no newer than|not newer than|from)"
        rf"[- ](?:the (?:year )?)?(?:{_Y}\b(?! ?s\b)|{_DECADE})( (?:onwards?|on|or (?:later|newer|"
        rf"after)|and (?:later|newer|after|up))\b)?"
    )
    for match in re.finditer(bound, text):
        word = match[1]
        decade = _decade(match, 3) if not match[2] else None
        low, high = (int(match[2]), int(match[2])) if match[2] else decade or (0, 0)
        if word == "from" and not match[6]:
            continue
        if not free(match):
            continue
        before = word in ("older than", "earlier than", "before", "pre")
        until = word in (
            "no later than",
            "not later than",
            "up to",
            "until",
            "till",
            "no newer than",
            "not newer than",
        )
        after = word in ("newer than", "later than", "after", "post", "more recent than")
        denied = negated(match.span()) and not word.startswith(("no ", "not "))
        if before:
            at_least(low) if denied else at_most(low - 1)
        elif until:
            at_least(high + 1) if denied else at_most(high)
        elif after:
            at_most(high) if denied else at_least(high + 1)
        else:
            at_most(low - 1) if denied else at_least(low)
    for match in re.finditer(_OPEN_ENDED, text):
        both = _decade(match, 2) if not match[1] else (int(match[1]), int(match[1]))
        if both and not negated(match.span()) and free(match):
            at_most(both[1]) if match["older"] else at_least(both[0])
    for match in re.finditer(_YEARS_BACK, text):
        if free(match):
            at_least(this_year - int(_TENS.get(match["n"], match["n"])))
    hull: list[int] = []
    for years_, span in decades(text):
        if refused(span) and unread(span):
            away.append((years_, span))
        elif not negated(span) and unread(span):
            hull += (years_.first, years_.last)
    for match in re.finditer(
        rf"\b(?:from|in|of|made in|released in|year|circa|around) {_Y}\b(?! ?s\b)|"
        rf"\b{_Y}(?= (?:film|movie)s?\b)",
        text,
    ):
        year = int(match[1] or match[2])
        if refused(match.span()) and free(match):
            away.append((YearSpan(first=year, last=year), match.span()))
        elif not negated(match.span()) and free(match):
            hull += (year, year)
    for match in re.finditer(rf"(?<![\w'-]){_Y}(?![\w'-])", text):
        if _NOT_ONLY.search(text[max(0, match.start() - _BEFORE) : match.start()]):
            if refused(match.span()) and free(match):
                year = int(match[1])
                away.append((YearSpan(first=year, last=year), match.span()))
    if hull:
        at_least(min(hull))
        at_most(max(hull))
    told = start is not None or end is not None
    than_before: Literal["", "older", "newer"] = ""
    if not told and (follow_up := _THAN_BEFORE.search(text)):
        than_before = "older" if follow_up["word"] == "older" else "newer"
    for source, low_, high_ in _loose(this_year):
        for match in re.finditer(rf"\b(?:{source})\b", text):
            if not free(match) or (told and not _DATED.match(match[0])):
                continue  # "something new, not older than 2015": the year says how new
            if not negated(match.span()):
                if low_:
                    at_least(low_)
                if high_:
                    at_most(high_)
            elif low_ and not high_:
                at_most(low_ - 1)
            elif high_ and not low_ and "classic" not in match[0]:
                at_least(high_ + 1)
    if start is not None and end is not None and start > end:
        start, end = end, start
    return Years(
        start=start, end=end, than_before=than_before, refused=tuple(away), spans=tuple(spans)
    )


_MANY = (
    r"(?:(?:best|new|top|good|biggest) )?(?:films|movies|ones|releases|stuff|albums|songs|books)\b"
)
_OUT = (
    r"(?:(?:films|movies|something|sth|smth|anything|ones|releases|stuff|albums|songs|books)"
    r"(?: (?:that|which))?(?: (?:came|were|are|come))? (?:from|made|released|out) (?:in )?|^from )"
)
"""Before "this year", where things are asked for; of one thing it is mostly told."""

_DATED = re.compile(r"black|b&w|golden|old hollywood|silent|this|last|past|2\dst|20th")
"""Of the loose words those that name a time; what is old or new is so beside a year, too."""


def _loose(this_year: int) -> tuple[tuple[str, int, int], ...]:
    recent = this_year - RECENT_YEARS
    return (
        (r"black[- ](?:and|&|n)[- ]white|b&w", 0, 1965),
        (r"golden age(?: of hollywood)?|old hollywood", 1930, 1959),
        (r"silent era", 0, 1929),
        (rf"{_OUT}this year|this year's {_MANY}|this year (?=(?:film|movie)s?\b)", this_year, 0),
        (rf"{_OUT}last year|last year's {_MANY}", this_year - 1, this_year - 1),
        (r"this century|21st century", 2000, 0),
        (r"last century|20th century", 0, 1999),
        (r"(?:last|past) (?:ten|10) years|last decade|past decade", this_year - 10, 0),
        (r"(?:last|past) (?:five|5) years", this_year - 5, 0),
        (r"(?:last|past) (?:twenty|20) years", this_year - 20, 0),
        (
            (
                r"more recent|(?:something|anything|a bit|ones?) newer|newer(?= (?:films?|movies?|"
                r"ones?|stuff))|more modern"
            ),
            2005,
            0,
        ),
        (
            (
                r"recent(?:ly made)?|modern|contemporary|brand new|(?:something|anything) new|"
                r"new(?= (?:films?|movies?|releases?|ones?))|too new"
            ),
            recent,
            0,
        ),
        (
            (
                r"(?:something|anything|a bit|ones?) older|"
                r"older(?= (?:films?|movies?|ones?|stuff))|"
                r"(?:something|anything|too|nothing|very|so) old|"
                r"old(?= (?:films?|movies?|ones?|stuff|"
                r"classics?|school))|vintage"
            ),
            0,
            1989,
        ),
        (
            (
                r"(?:a|the|some|any|old|hollywood|true|great) classics?|"
                r"classic(?= (?:films?|movies?|"
                r"hollywood|comed\w+|westerns?|horror|thrillers?|romance|noirs?|musicals?|drama|"
                r"sci-fi|ones?))|classics"
            ),
            0,
            1979,
        ),
    )
