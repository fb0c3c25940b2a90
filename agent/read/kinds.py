"""Which kinds of item a wish is for: "a film and some music", "something to read", "no films".

Films are what most people ask about, so that every mention counts that is not refused. Any other
kind is asked for only where it stands as the thing wanted: "a film with great music" asks for none.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from simpatico.agent.read.clauses import Span, inside
from simpatico.agent.read.words import Vocabulary, pattern
from simpatico.kinds import KINDS, kind_name
from simpatico.text import fold

_FILMS = r"(?:films?|movies?|flicks?)(?! (?:music|scores?|soundtracks?|songs?|themes?)\b)"
_TO = r"(?:something|anything|things?|stuff)(?: [\w-]+){0,3}? to"
_WHAT = r"what(?: (?:should|can|could|shall|do|would|you|i|we|recommend|suggest)){0,4}(?: to)?"
_DONE: dict[str, tuple[str, str]] = {
    "film": (rf"{_TO} (?:watch|see)", rf"{_WHAT} watch"),
    "music": (rf"{_TO} (?:listen|hear)(?: to)?", rf"{_WHAT} listen to"),
    "book": (rf"{_TO} read", rf"{_WHAT} read"),
    "game": (rf"{_TO} play", rf"{_WHAT} play"),
}
"""What is done with a kind. The second asks for it only where there are several kinds."""

_IS = r"(?: ?'s| is| are| was| were| makes?| made| helps?)\b"
_THINGS: dict[str, str] = {
    "music": (
        r"(?:music|songs?|albums?|playlists?|soundtracks?|tunes|tracks|"
        r"(?:a|another) (?:track|tune))"
        rf"(?!{_IS}| (?:videos?|films?|movies?|documentar\w+|biopics?|dramas?|box|teachers?|school|"
        r"industry|business|festivals?|scenes?|lovers?|fans?|record|numbers?|in it)\b)"
    ),
    "book": (
        rf"(?<!comic )(?:books?|novels?)(?!{_IS}| (?:clubs?|stores?|shops?|adaptations?|series|"
        r"reports?|lovers?|idea|worms?)\b)|page-?turners?"
    ),
    "series": rf"(?:a|some|any|good|another|great|tv) (?:series|(?:tv )?shows?)(?!{_IS}| of\b)",
    "game": (
        r"(?:a|some|any|good|another|video|computer) (?:video |board )?games?"
        rf"(?!{_IS}| (?:night|show|of|over|plan|day|changer)\b)"
    ),
    "podcast": rf"podcasts?(?!{_IS})",
}
_ASKED = re.compile(
    r"(?:^|[.,;:!?&+(/\n-]|\b(?:want|need|recommend|suggest|find|give|show|send|get|pick|play|"
    r"fancy|"
    r"me|us|for|prefer|rather|have|got|there|just|only|maybe|perhaps|also|then|plus|instead|and|or|"
    r"but|please|what|which|(?:piece|bit|kind|sort) of|(?:'d|would|feel(?:ing)?)(?: \w+)? like|"
    r"(?:'d|would)(?: \w+)? love)\b)\s*"
    r"(?P<before>(?:(?!(?:and|or|plus|but|i|im|we|you|he|she|they|it|with|about|from|by|in|on|"
    r"to|of|that|who|the|"
    r"my|your|our|his|her|this|these|those|is|are|was|listen\w*|play(?:ed|ing)|hear\w*|loved?|"
    r"likes?|liked|hate[ds]?|enjoy\w*|s[aiu]ng|singing|danc\w+|mak(?:e|ing)|made|writ\w+|wrote|"
    r"reading|read|finish\w+|watch\w*|saw|seen|based)\b)[\w'-]+ ){0,4})$"
)
_JOINS = re.compile(r"\b(?:and|or|plus)\s*$|[,&/]\s*$")
_INSIDE = re.compile(r"\b(?:with|about|has|having|featuring|full of|where|whose|by|from|like)\b")
_OWN = re.compile(r"\b(?:a|an|some|any|another)\b")
_REFUSED = re.compile(
    r"\b(?:no|not|without|instead of|rather than|enough|don't want|do not want|forget)"
    r"(?: more| the| a| any)* (?P<kind>films?|movies?|music|books?|series|shows?|games?)\b"
    r"(?! (?:with|about|from|in|by|set|that|where|for|like|older|newer|longer|shorter|over|under|"
    r"before|after|starring|made|of|night|lovers?)\b)"
)
_CLAUSE_END = re.compile(r"[.;!?\n]|\bbut\b")


class Kinds(NamedTuple):
    """Kinds asked for, in the order in which they are.

    Attributes:
        names: as the catalogue spells them; one that it has not as `KINDS` names it.
        spans: the words that ask for them.
        things: those of `spans` that ask for other things than films, with the words that
            describe them.
    """

    names: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    things: tuple[Span, ...] = ()

    def beside(self, genres: Sequence[Span], vocabulary: Vocabulary) -> "Kinds":
        """The same with films, if genres of films are wished for beside the things.

        "A comedy and some music" asks for both, "a comedy podcast" for one.
        """
        films = [kind for kind in vocabulary.kinds if kind_name(kind) in KINDS["film"]]
        apart = [span for span in genres if not inside(span, self.things)]
        if not (self.things and films and apart) or {*films} & {*self.names}:
            return self
        first = apart[0] < self.things[0]
        return self._replace(names=(*films, *self.names) if first else (*self.names, *films))


def read_kinds(low: str, *, denied: Sequence[Span], vocabulary: Vocabulary) -> Kinds:
    """Kinds of item asked for; none where all of them are what the catalogue has anyway."""
    known = {fold(kind): kind for kind in vocabulary.kinds}
    found = sorted(
        (span, kind, start) for kind, span, start in _asked(low, known) if not inside(span, denied)
    )
    if not found:
        return Kinds(names=_others(low, vocabulary))
    names: list[str] = []
    for _, kind, _ in found:
        names += [known[name] for name in KINDS[kind] if name in known] or [kind]
    if len(known) == 1 and all(fold(name) in known for name in names):
        return Kinds()  # "a film" says nothing where there are only films
    return Kinds(
        names=tuple(dict.fromkeys(names)),
        spans=tuple(span for span, _, _ in found),
        things=tuple((start, end) for (_, end), kind, start in found if kind != "film"),
    )


def standing(kinds: Sequence[str], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Kinds asked for earlier that still mean something: not those that the catalogue lacks."""
    if len(vocabulary.kinds) == 1:
        return ()
    known = {fold(kind) for kind in vocabulary.kinds}
    return tuple(kind for kind in kinds if not known or fold(kind) in known)


def _asked(low: str, known: dict[str, str]) -> Iterator[tuple[str, Span, int]]:
    """Every kind asked for, with where, and where what describes it begins; refusals, too."""
    things = [
        (kind, match.span(), start)
        for kind, source in _THINGS.items()
        for match in _all(source, low)
        if (start := _wanted_from(low, match.start())) is not None
    ]
    for kind, (something, what) in _DONE.items():
        source = f"{something}|{what}" if len(known) > 1 else something
        name = "series" if kind == "film" and _only_series(known) else kind
        things += [(name, match.span(), match.start()) for match in _all(source, low)]
    yield from things
    others = any(kind != "film" for kind, _, _ in things)
    for match in _all(_FILMS, low):
        before = low[: match.start()]
        if re.search(r"\b(?:based on|inspired by|about|read|from) (?:a |an |the |some )?$", before):
            continue
        if others and re.search(r"\b(?:of|in|from) (?:a |an |the |that )?(?:\w+ )?$", before):
            continue  # "music from a film": the music is wanted
        yield "film", match.span(), match.start()


def _only_series(known: dict[str, str]) -> bool:
    """Whether what can be watched here are series."""
    names = {kind for kind, called in KINDS.items() if any(name in known for name in called)}
    return "series" in names and "film" not in names


def _wanted_from(low: str, start: int) -> int | None:
    """Where the words begin that describe a thing named at `start`; None: it is not wanted.

    It is not where it is a part of something else.
    """
    cut = max((end.end() for end in _CLAUSE_END.finditer(low, 0, start)), default=0)
    before = low[cut:start]
    asked = _ASKED.search(before)
    if asked is None:
        return None
    lead = before[: asked.start("before")]
    own = _OWN.search(asked["before"]) or _OWN.match(low, start)
    if not own and _JOINS.search(lead) and _INSIDE.search(lead):
        return None
    return cut + asked.start("before")


def _others(low: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """All kinds but those refused as such, if one was: "no films"."""
    refused = {_KIND_OF[match["kind"]] for match in _REFUSED.finditer(low)}
    names = {name for kind in refused for name in KINDS[kind]}
    left = tuple(kind for kind in vocabulary.kinds if kind_name(kind) not in names)
    return left if left and len(left) < len(vocabulary.kinds) else ()


def _all(source: str, low: str) -> Iterator[re.Match[str]]:
    return pattern(source).finditer(low)


_KIND_OF = {
    **{name: kind for kind, names in KINDS.items() for name in names},
    **{f"{name}s": kind for kind, names in KINDS.items() for name in names},
}
