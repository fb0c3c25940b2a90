"""Languages that are asked for, by their own name, by a country's, or as "foreign".

A catalogue knows in which language a thing is, not where it was made. So a country stands for its
language, and what is foreign is what is not in the language that the person speaks with us.
"""

import re
from collections.abc import Iterator, Sequence

from simpatico.agent.read.clauses import Span, inside
from simpatico.agent.read.words import LANGUAGES

COUNTRIES: dict[str, tuple[str, ...]] = {
    **{"france": ("French",), "germany": ("German",), "spain": ("Spanish",)},
    **{"italy": ("Italian",), "japan": ("Japanese",), "korea": ("Korean",)},
    **{"south korea": ("Korean",), "china": ("Chinese",), "russia": ("Russian",)},
    **{"sweden": ("Swedish",), "denmark": ("Danish",), "norway": ("Norwegian",)},
    **{"finland": ("Finnish",), "poland": ("Polish",), "greece": ("Greek",)},
    **{"turkey": ("Turkish",), "iran": ("Persian",), "thailand": ("Thai",)},
    **{"hungary": ("Hungarian",), "iceland": ("Icelandic",), "israel": ("Hebrew",)},
    **{"vietnam": ("Vietnamese",), "romania": ("Romanian",)},
    "india": ("Hindi", "Tamil", "Telugu", "Bengali"),
}
"""Countries that stand for their languages; one that shares its language with others does not."""

NAMES: dict[str, tuple[str, ...]] = {
    **{name.lower(): (name,) for name in LANGUAGES},
    **{"bollywood": ("Hindi",), "indian": COUNTRIES["india"], "iranian": ("Persian",)},
}

_SHARED_PLACES: dict[str, tuple[str, ...]] = {
    **{"mexico": ("Spanish",), "argentina": ("Spanish",), "chile": ("Spanish",)},
    **{"brazil": ("Portuguese",), "portugal": ("Portuguese",), "austria": ("German",)},
    **{"hong kong": ("Cantonese",), "taiwan": ("Mandarin",), "holland": ("Dutch",)},
    **{"the netherlands": ("Dutch",), "netherlands": ("Dutch",)},
}
_SHARED_NAMES: dict[str, tuple[str, ...]] = {
    **{"mexican": ("Spanish",), "argentinian": ("Spanish",), "brazilian": ("Portuguese",)},
    **{"austrian": ("German",), "taiwanese": ("Mandarin",)},
    **dict.fromkeys(
        ("nordic", "scandinavian"), ("Swedish", "Danish", "Norwegian", "Finnish", "Icelandic")
    ),
    "asian": ("Japanese", "Korean", "Chinese", "Thai"),
}
"""Where one language of several countries is spoken: asked for it is the nearest that can be kept;
refused it would take the other countries' things away, too."""

_COUNTRY = "|".join(COUNTRIES)
_NAME = "|".join(NAMES)
_MENTION = re.compile(
    rf"(?<![\w'-])(?:(?:non[- ])?(?P<name>{_NAME})(?:[- ](?:language|speaking))?"
    rf"|(?:from|made in|produced in|out of|or|and|nor) (?P<country>{_COUNTRY}))(?![\w'-])"
)

_FROM = COUNTRIES | _SHARED_PLACES
_CALLED = NAMES | _SHARED_NAMES
_PIECE = (
    r"(?:films?|movies?|cinema|flicks?|comed(?:y|ies)|thrillers?|dramas?|horror|ones?|romances?|"
    r"rom-?coms?|series|shows?|songs?|music|noir|musicals?|westerns?|animes?|classics?|stuff|"
    r"documentar(?:y|ies))"
)
_ELSE = (
    rf"(?! (?:(?:(?<!korean )war|history|mafia|mob|food)(?! {_PIECE})|(?<=korean )war|"
    r"revolutions?|civil|resistance|occupation|mytholog\w+|gods?|roulette|americans?|cuisine|"
    r"cooking|culture|army|soldiers?|teachers?|class|accents?|new|to english|subtitles?|subs)\b)"
)
"""Behind a name that is part of another thing: "Korean war films", "my French teacher".

Other wars have names of their own: "a Russian war film" is one in Russian."""
_WORD_ON = (
    r"(?:(?!(?:about|with|like|of|for|to|by|my|in|on|from|is|not|but)\b)[\w-]+,? (?:and |but )?)"
)
_END = (
    r"(?=\s*(?:$|[.,;!?)/]|(?:please|pls|plz|maybe|instead|tonight|today|this time|thanks|thx|or|"
    r"and|but|tho|though|if|with|from|only|for|that|this)\b))"
)


def _any(names: Sequence[str]) -> str:
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))


_OH = (
    r"(?:(?:no|nah|ok|okay|actually|wait|i mean|i meant|sorry|jk|then|hmm|an?|some|maybe|or|"
    r"and|but)"
    r",? ){0,3}"
)
_N, _C = _any(tuple(_CALLED)), _any(tuple(_FROM))
_ASKED = re.compile(
    rf"(?<![\w'-])(?<!non )(?:"
    rf"(?:(?<!dubbed )in|(?<!i )(?<!we )(?<!you )speaks?|spoken in) (?P<a>{_N})\b{_ELSE}"
    rf"|(?P<b>{_N})(?:[- ]language)?{_ELSE} (?:[\w-]+ )?{_PIECE}\b"
    rf"|(?P<c>{_N}) language\b"
    rf"|(?:(?:some|any)thing|make (?:it|that)|prefer(?:ably)?|(?:how|what) about|maybe|only|just|"
    rf"rather|same but|(?:has|needs|have) to be|(?:must|should) be|(?:get|"
    rf"got) any) {_WORD_ON}{{0,2}}"
    rf"(?P<d>{_N}){_ELSE}{_END}"
    rf"|(?P<e>{_N})(?:[- ](?:language|speaking))?{_ELSE} (?:only|pls|plz|please)\b"
    rf"|(?:^|(?<=[.!?,] )){_OH}(?:(?:{_N})(?:,? (?:or|and) |, |"
    rf"/))*(?P<f>{_N})(?:[- ](?:language|speaking))?"
    rf"(?: (?:maybe|instead|tonight|then))?[\s.!?]*$"
    rf"|(?P<g>{_C}) (?:films?|movies?|cinema)\b"
    rf")"
)
_LISTED_BEFORE = re.compile(rf"(?<![\w'-])(?:(?:{_N})(?:,? (?:or|and) |, |/))+$")
_LISTED_AFTER = re.compile(rf"(?:(?:,? (?:or|and) |, |/)(?:{_N})(?![\w'-]))+(?! \w)")
_LEARNT = re.compile(
    rf"\b(?:learn|learning|practi[cs]e|practi[cs]ing|study|studying) (?:some |"
    rf"my )?(?P<h>{_N})\b{_ELSE}"
)
_PLACE = re.compile(
    rf"(?<![\w'-])(?:from|(?:made|produced) in|out of) (?P<first>{_C})(?![\w'-])(?! (?:to|"
    rf"with love)\b)"
    rf"(?P<more>(?:(?:, | or | and |/|, or )(?:from )?(?:{_C})(?![\w'-]))*)"
)
_THING = re.compile(
    rf"(?:(?<!the )(?<!that )(?<!this )\b(?:{_PIECE}|books?|novels?|tracks?|albums?|gems?|hits?|"
    r"(?:some|any)thing(?: [\w-]+){0,2}|maybe|preferably|ideally|only|just|prefer|(?:how|what) "
    r"about)(?: (?:that's|that is|that are|which is|coming))?|^|[.,;!?(])\s*$"
)
_SOMEBODY = re.compile(
    r"\b(?:i'?m|i am|we're|we are|he|she|they|he's|she's|they're|who|whose)\b"
    r"[^.,;!?]*$"
)
"""Before a place that is told of people: "I'm from Germany", "a man who is from France"."""

_IS_ONE = re.compile(
    r"(?:(?<!there )(?<!what )(?<!^)\b(?:is|was)|\b(?:it|that|this|he|she)'s|\bits)"
    r" +(?:(?:an?|the|some|such|really|just|sort of|kind of|very|another) )+(?:\w+ ){0,2}$"
)
"""Before a language that tells of one thing: "it's a good French film"."""

_FOREIGN = re.compile(
    r"(?<![\w'-])(?:foreign(?:[- ]language)?|subtitles?|subtitled|subs|subbed)(?![\w'-])"
)
_FOREIGN_THING = re.compile(
    rf"(?:\bsomething(?: {_WORD_ON}?)? ?|\b(?:a|any|some|good|great|another|more|best|of|give me|"
    rf"show me|for|want|love to see) |^)$"
)
_FOREIGN_FILM = re.compile(rf" (?:[\w-]+ )?{_PIECE}\b")
_FOREIGN_END = re.compile(rf"{_FOREIGN_FILM.pattern}|{_END}")
_ASKS_BACK = re.compile(
    r"\b(?:do|did|are|have|would|if) (?:you|u)\b|\b(?:was|were|is|it's|that's) (?:\w+ )?an?\b|"
    r"\b(?:suggest|seen|saw|watched)\b"
)

_BEFORE = 80
"""How many characters before a place or what is foreign are looked at."""

_BARE = re.compile(rf"(?<![\w'-])(?<!non )(?:{_N})(?![\w'-]){_ELSE}")
_AFTER_TERM = re.compile(rf" {_PIECE}\b|{_END}|(?= (?:about|set|where|that|in|by|like)\b)")
_WATCHES = re.compile(rf"\b(?:{_PIECE}|watch\w*|something|anything|recommend\w*)\b")


def words_for(languages: Sequence[str]) -> Iterator[str]:
    """Words that people say for languages: "korean", "korea"."""
    wanted = set(languages)
    for name, spoken in (*_CALLED.items(), *_FROM.items()):
        if wanted & {*spoken}:
            yield from name.split()


def named(low: str) -> Iterator[tuple[tuple[str, ...], Span]]:
    """Languages in a plain text ("French", "from Korea", "Bollywood") and where they stand."""
    for match in _MENTION.finditer(low):
        name = match["name"]
        yield NAMES[name] if name else COUNTRIES[match["country"]], match.span()


def asked(
    low: str, *, terms: Sequence[Span], unless: Sequence[Span]
) -> Iterator[tuple[tuple[str, ...], Span]]:
    """Languages asked for ("in French", "something Korean", "a film from Japan").

    Args:
        low: a plain text.
        terms: spans of genres and tones, which may stand before a place ("thrillers from Spain").
        unless: what is refused or only told of; nothing in it is asked for.
    """
    for match in _ASKED.finditer(low):
        name = next(group for group in match.groups() if group)
        group = str(match.lastgroup)
        if _IS_ONE.search(_before(low, match.start())):
            continue
        if inside(match.span(group), unless) or inside(match.span(), unless):
            continue
        yield from _listed(low, match.span(group))
        yield (_CALLED.get(name) or _FROM[name]), match.span(group)
    for match in _BARE.finditer(low):
        follows = any(
            match.end() + 1 == start and _AFTER_TERM.match(low, end) for start, end in terms
        )
        if (
            follows
            and not inside(match.span(), unless)
            and not _IS_ONE.search(_before(low, match.start()))
        ):
            yield from _listed(low, match.span())
            yield _CALLED[match[0]], match.span()
    if _WATCHES.search(low):
        for match in _LEARNT.finditer(low):
            if not inside(match.span(), unless):
                yield _CALLED[match["h"]], match.span("h")
    for match in _PLACE.finditer(low):
        before = _before(low, match.start())
        of_term = any(0 <= match.start() - end <= 1 for _, end in terms)
        if inside(match.span(), unless) or not (of_term or _THING.search(before)):
            continue
        if _SOMEBODY.search(before):
            continue
        places = (match["first"], *re.findall(_C, match["more"]))
        yield tuple(one for place in places for one in _FROM[place]), match.span()


def foreign(low: str) -> Iterator[Span]:
    """Where a plain text speaks of foreign things, or of subtitles, which tell the same."""
    for match in _FOREIGN.finditer(low):
        yield match.span()


def foreign_asked(low: str, span: Span) -> bool:
    """Whether what is foreign is asked for there: "something foreign", "a foreign thriller".

    Not where it is told of ("it was a foreign film") or asked about ("do you like ...?").
    """
    ends = _FOREIGN_FILM if low[slice(*span)] == "foreign language" else _FOREIGN_END
    if not low.startswith("foreign", span[0]) or not ends.match(low, span[1]):
        return False
    clause = re.split(r"[.;!?]", _before(low, span[0]))[-1]
    return bool(_FOREIGN_THING.search(clause)) and not _ASKS_BACK.search(clause)


def _listed(low: str, span: Span) -> Iterator[tuple[tuple[str, ...], Span]]:
    """Languages that stand in a list with one: "french or italian"."""
    found = [_LISTED_BEFORE.search(_before(low, span[0])), _LISTED_AFTER.match(low, span[1])]
    for names in found:
        for name in re.findall(_N, names[0]) if names else ():
            yield _CALLED[name], span


def _before(low: str, at: int) -> str:
    return low[max(0, at - _BEFORE) : at]
