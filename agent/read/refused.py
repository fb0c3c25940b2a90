"""Years and languages that are refused: "nothing from the 80s", "a thriller, not Korean".

Their words say no to much else, too ("I wasn't born in the 80s", "I don't speak French"). So a no
counts only where nothing but small words stands between it and the name.
"""

import re
from collections.abc import Collection, Sequence

from simpatico.agent.read.clauses import NEGATOR, Span, blank
from simpatico.agent.read.tongues import COUNTRIES, NAMES

_GLUE = frozenset(
    """
    a again album albums all an and another any anything bad be being big book books cheesy
    choose cinema corny dubbed early eighties ever everything fan feel feels fifties film filmed
    films flick flicks for forties from give good hear hearing huge in include including
    interested into is it it's its keen kind kinds language late listen listening made me mid
    mood more movie movies music nineties no nor not noughties novel novels of old on one ones
    or pick play please produced really recommend released s see seeing series seventies shot
    show shows silly sixties so some something song songs sort speaking spoken stuff subtitled
    subtitles such suggest that that's the these thing things thirties this those to today
    tonight too track tracks twenties type us very want watch watching which year
    """.split()
) | {word for name in (*NAMES, *COUNTRIES) for word in name.split()}
"""What may stand between a no and what it refuses, beside other years and wish words."""

_GLUE_OF_SUBTITLES = _GLUE | set(
    "deal foreign has have having need needing needs putting read reading require requires those "
    "through up use using with".split()
)
"""What may stand between a no and what is foreign or subtitles."""

_TOO_TIRED = re.compile(
    r"\btoo (?:tired|lazy|sleepy|drunk|exhausted) (?:to|for) (?:(?:be )?read(?:ing)? |deal with |"
    r"follow )?(?:any |the )?$"
)
_LACKS = re.compile(
    r"\b(?:is|are|was|were|has|had|comes?)\b[^.;!?]{0,60}\b(?:but|and|with) (?:with )?no $"
)
"""Before subtitles that one thing does not have: "it's online but no subtitles" is no wish."""

_NUMBER = re.compile(r"'?(?:\d\d)?\d\ds?")
_WORD = re.compile(r"[\w'-]+")
_REACH = 100
"""How many characters a no may stand before what it refuses."""

_THING = re.compile(
    r"\s*(?:$|[.,;:!?)/]|'?(?:\d\d)?\d0s\b|(?:films?|movies?|flicks?|cinema|stuff|ones?|things?|"
    r"series|shows?|songs?|music|tracks?|albums?|books?|novels?|anime|classics?|era|language|"
    r"subtitles|subtitled|or|and|nor|but|though|please|pls|this time|today|tonight|either|"
    r"any ?more|at all|for me|for now|again|thanks|thank you|because|since|if|as|"
    r"tho|lol|plz|thx|tbh|maybe|instead|im|i'm|i|we|so|cuz|cos|(?:is|are)(?!(?: not|n't) my))\b)"
)
"""What may stand behind it."""

_FROM = re.compile(
    r"(?: (?:films?|movies?|flicks?|stuff|ones?|songs?|music))?"
    r"(?: (?:from|of|in|(?:that's|made|spoken) (?:from|in)))?(?: the)? "
)
_TELLING = re.compile(r"(?:not?|none|nothing|(?:is|are|ai|do|does)n'?t(?: have)?)")
_TOLD = re.compile(
    r"(?:\bthere(?:'s| is| are| was| were)?|\b(?:you|they|we|i|he|she|it)(?:'ve|'d)?(?: (?:have|"
    r"has|had|got|saw|see|seen|found|find|know|knew|speak|speaks|spoke))?|(?:^|[.,;!?]) *"
    r"(?:but |and )?(?:that|this|it|he|she|they|those|these)(?:'s|'re| is| are| was| were)?)\s*$"
)
"""Before a no that tells how things are: "there are no 80s movies here", "it's not French"."""

_PAST = re.compile(
    r"(?:didn't|didnt|did not|hated|disliked|wasn't|was|were|felt|looked|sounded)\b(?!.*too$)"
)
"""A no to one thing that somebody saw, not to all of its kind."""

_DEGREE = re.compile(r"\b(?:less|fewer|too|so|very|overly|as|that|enough)\s*$")
"""Before a wish word: "nothing too violent from the 90s" says no to the violence."""

_NO_YET = re.compile(r"(?:\b(?:no|not|nothing|none|never)\b|n't\b)[^.,;!?]*$")
"""Before an exception that is wanted: "no horror except 80s horror"."""

_MYSELF = re.compile(r"\bi(?:'m| am| was)\s*$")


def is_refused(
    low: str,
    span: Span,
    *,
    denied: Sequence[Span],
    terms: Sequence[Span] = (),
    glue: Collection[str] = _GLUE,
) -> bool:
    """Whether a no is said to just what stands in a span.

    Args:
        low: a plain text.
        span: a decade, a year or a language.
        denied: what `clauses.negated` found.
        terms: spans of genres and tones, which may stand before it and behind it.
        glue: what may stand between the no and it.
    """
    if low.startswith("non", span[0]) and not any(a <= span[0] < b for a, b in denied):
        return True  # "non-English"
    if not (_THING.match(low, span[1]) or any(start == span[1] + 1 for start, _ in terms)):
        return False
    reach = max(0, span[0] - _REACH)
    near = [(a - reach, b - reach) for a, b in terms if reach <= a and b <= span[0]]
    said = blank(low[reach : span[0]], near, " ")
    for start, end in denied:
        if not reach <= start <= span[0] < end:
            continue
        no = NEGATOR.match(low, start)
        inner = min(no.end(), span[0]) if no else start
        if any(inner <= at + reach and _DEGREE.search(low[start : at + reach]) for at, _ in near):
            continue
        between = _WORD.findall(said[inner - reach :])
        if all(word in glue or _NUMBER.fullmatch(word) for word in between):
            if not (no and _tells(low[max(0, start - _REACH) : start], no[0], between)):
                return True
    return False


def told_apart(low: str, span: Span, refused: Sequence[Span]) -> bool:
    """Whether refused years or languages only say which of a kind are refused.

    "No Japanese horror", "no comedies from the 80s": other horror and comedies may come.

    Args:
        low: a plain text.
        span: a genre or a tone.
        refused: the spans of refused years and languages.
    """
    return any(
        (end <= span[0] and not low[end : span[0]].strip())
        or (span[1] <= start and _FROM.fullmatch(low[span[1] : start]))
        for start, end in refused
    )


def _tells(before: str, no: str, between: Sequence[str]) -> bool:
    if _PAST.match(no) or (no.startswith("exc") and _NO_YET.search(before)):
        return True
    if not _TELLING.fullmatch(no):
        return False
    return bool(_TOLD.search(before) or (not between and _MYSELF.search(before)))


def is_refused_foreign(
    low: str, span: Span, *, denied: Sequence[Span], terms: Sequence[Span] = ()
) -> bool:
    """Whether what is foreign, or subtitles, are refused in a span; see `is_refused`.

    "Nothing with subtitles", "can't be bothered reading subs", "too tired for subtitles".
    """
    before = low[max(0, span[0] - _REACH) : span[0]]
    if _TOO_TIRED.search(before):
        return True
    if _LACKS.search(before):
        return False
    return is_refused(low, span, denied=denied, terms=terms, glue=_GLUE_OF_SUBTITLES)
