"""What only tells of something: what somebody hardly knows, when a story plays, when one was young.

"I haven't seen many 80s movies", "set in the 60s", "I was a kid in the 90s": years, genres and
languages are named there, and nothing is asked of the things that may come.
"""

import re
from collections.abc import Iterator, Sequence

from simpatico.agent.read.clauses import Span
from simpatico.agent.read.words import GENRES

_EVEN = r"(?: (?:really|actually|even|ever|yet|honestly))* "
_ONCE = r"(?:seen|saw|watched|heard|tried|explored)"
_LITTLE = re.compile(
    r"(?:(?:\b(?:have|has|had)(?:n'?t| not| never)|\b(?:i've|we've|ive|i have|we have) never|^not)"
    rf"{_EVEN}(?:{_ONCE}|listened to|read|gotten into|got into)|\b(?:i|we) never{_EVEN}{_ONCE}|"
    rf"\b(?:barely|hardly|scarcely|rarely|seldom){_EVEN}(?:watch|see|read|listen to|listened to|"
    rf"{_ONCE}))\b"
    r"(?!(?: of| about)? (?:it|that(?! many| much)|this|them|these|those|him|her|the|either|"
    r"neither|both|any of|all of|one|yet)\b)"
    r"|\b(?:do not|don'?t) (?:really |actually )?know (?:too |that |very )?(?:many|much|a lot|"
    r"any)\b"
    r"|\b(?:not|never) (?:really |too |very |that )*(?:familiar with|up on)\b"
    r"|\b(?:i'?m|i am|we'?re|we are) (?:\w+ )?new to\b|\bnew to (?:me|us)\b"
)
"""That they know little of what comes; a habit ("I never watch horror") is a refusal."""
_ENDS = re.compile(
    r"[.,;!?\n:()]|\b(?:but|so|and|where|what|which|can|could|would|recommend|suggest|show|give|"
    r"any (?:good|ideas?|suggestions?|recommendations?)|please|pls|i want|i'd like|"
    r"looking for|because|cuz|though|although|except|i (?:hate|prefer|can't|cannot|don't))\b"
)
_MISSED = re.compile(
    r"\b(?:in|for) (?:\w+ ){0,2}(?:ages|years|months|weeks|while|time|forever)\b|"
    r"\b(?:lately|recently|since|as good as|like)\b"
)
"""Behind it: they would like to see one again ("haven't seen a good western in ages")."""
_ENDING = (
    r"(?=\W*$|[.,;:!?]| (?:please|pls|plz|thanks|tonight|today|now|for|to|with|that|because|and|"
    r"but|or|from|i|we|you)\b)"
)
_ASKED_FOR = re.compile(
    r"(?<!n't )(?<!dont )(?<!not )(?<!never )\b(?:recommend|suggest|picks?|find|"
    r"show|give|wants?|needs?|like|love|try|watch|see|choose|get|have)"
    r"(?: (?:me|us|him|her|them|out))?(?: (?:just|only|maybe))? (?:(?:a |some )?(?:good |great |"
    rf"decent )?ones?|some|any){_ENDING}"
    r"|\b(?:recommend|suggest|want)(?: (?:me|us))? (?:something|anything)(?=\W*$|[.!?]| (?:please|"
    r"pls|plz)\b)"
    r"|\bany (?:good )?(?:ones?|ideas?|suggestions?|recommendations?|recs?|tips?|advice)\b"
    r"(?! (?:for|on|about))|\bany(?= old(?:er)? )|\b(?:where|how|what) (?:do|should|can|could|"
    r"would|to) ?(?:i |we )?(?:start|begin)\b|\bwant(?:s|ed)? to (?:try|start|explore|get into)\b|"
    r"\b(?:suggestions|recommendations|ideas) (?:please|pls|plz|welcome)\b"
)
"""That just what they know little of is asked for: "recommend one", "where do I start"."""
_UNLIKED = re.compile(
    r"\b(?:hates?|scares?|dislikes?|can'?t stand|not (?:a fan|my|for|into)|rather not|never|"
    r"(?:do|does) ?n[o']?t (?:really )?(?:like|want|enjoy|need|feel))\b"
)
"""Between the two: they do not want it."""

_PART = r"(?:(?:early|mid|late)[- ](?:the )?|turn of the )?"
_IN = rf"(?:in|during|around|between|back in)(?: the)? {_PART}$"
_MADE = r"(?:films?|movies?|shows?|songs?|music|made|released|out|filmed|shot|produced|popular)"
_SOME = rf"(?:(?!{_MADE}\b)[\w'-]+ )"
_PLAYS = re.compile(
    r"\b(?:set|setting|tak(?:es?|ing) place|took place|happen(?:s|ed|ing)?|situated|located|based|"
    rf"plays|story|life|lives|lived|living) {_SOME}?{_IN}"
    rf"|(?<!how )(?<!what )(?<!anything )(?<!crazy )\babout {_SOME}{{1,5}}{_IN}"
    r"|(?<!how )(?<!what )(?<!crazy )(?<!mad )(?<!nuts )(?<!all )(?<!from )(?<!from or )(?<!just )"
    rf"\babout (?:life in )?the {_PART}$"
)
"""Before years in which a story plays."""
_LIVED = re.compile(
    r"\b(?:childhood|school|college|(?:grow|growing|grew) up|raised|"
    r"born|kids?|child(?:ren)?|teens?|teenagers?|boys?|girls?|people|young|women|men)"
    rf" {_SOME}?{_IN}"
    r"|\b(?:i|he|she|we|they|dad|mom|mum|mother|father|parents|gran\w+|brother|sister|wife|husband)"
    rf" (?:was|were|am) {_SOME}{{0,4}}{_IN}"
)
"""Before years in which somebody lived."""
_WATCHED = re.compile(
    r"\b(?:films?|movies?|shows?|songs?|music|albums?|books?|stuff|anything|something|things?|ones)"
    r"(?: (?!about\b|where\b|set\b|on\b|of\b)[\w'-]+){1,4}"
    rf" (?:watch|watched|loved?|liked?|saw|enjoyed|heard|read|listened to) {_IN}"
)
"""Before years in which things were watched: "films people loved in the 80s"."""
_OF_THEN = re.compile(
    rf"\b(?:those|these) {_MADE}\b|\b(?:from|of|out) (?:back )?(?:then|(?:that|the same) (?:year|"
    r"time|decade|era|period)|those (?:years|days|times))\b|\bthat (?:year|decade|era)\b"
)
"""Behind years in which somebody lived: they are those wished for ("I want films from then")."""
_ONLY_PART = re.compile(
    r"(?:'?s)? (?:(?:kids?|bab(?:y|ies)|child|childhood)"
    rf"(?! (?:films?|movies?|shows?|stuff|classics?|{'|'.join(GENRES.values())})\b)|settings?|"
    r"fashion|clothes|outfits)\b"
)
_WITH = re.compile(r"\bwith (?:(?:an?|some|lots of|great|good|the|all that|a lot of) )*$")
_HEARD = re.compile(r" (?:music|songs?|hits|soundtracks?|styles?|vibes?|cars|hair)\b")
_YEARS = re.compile(
    r"(?<![\w'])'?(?:(?:18|19|20)\d\d(?:'?s)?|\d0'?s|(?:twen|thir|for|fif|six|seven|eigh|"
    r"nine)ties)\b"
)
_TO = re.compile(r" ?(?:and|or|to|until|till|through|-) ?(?:the )?")
_REACH = 80


def listed_years(low: str) -> Iterator[Span]:
    """Years and decades in a plain text that follow others in a list ("1999, 2000 or 2001")."""
    last = -1
    for match in _YEARS.finditer(low):
        if last >= 0 and re.fullmatch(r",? (?:or |and |nor )?", low[last : match.start()]):
            yield match.span()
        last = match.end()


def hardly_known(low: str, *, terms: Sequence[Span]) -> Iterator[tuple[Span, bool]]:
    """Stretches of a plain text in which somebody says of what they have seen little.

    Args:
        low: the text.
        terms: spans of genres and tones.

    Yields:
        Each stretch, and whether what it speaks of is asked for all the same: "I'm new to anime,
        any ideas?", with no other genre or tone and no dislike between the two.
    """
    asks: list[Span] | None = None
    for match in _LITTLE.finditer(low):
        stop = _ENDS.search(low, match.end())
        end = stop.start() if stop else len(low)
        if _MISSED.search(low, match.end(), end):
            continue
        if asks is None:
            asks = [one.span() for one in _ASKED_FOR.finditer(low)]
        before = max((stop for _, stop in asks if stop <= match.start()), default=None)
        after = min((start for start, _ in asks if start >= end), default=None)
        gaps = [(before, match.start())] if before is not None else []
        gaps += [(end, after)] if after is not None else []
        yield (
            (match.start(), end),
            any(
                not any(a <= start < b for start, _ in terms) and not _UNLIKED.search(low, a, b)
                for a, b in gaps
            ),
        )


def lead_of(low: str, span: Span) -> Span:
    """The words of it that only say that little is known."""
    match = _LITTLE.match(low, span[0])
    return match.span() if match else span


def plays_then(low: str) -> Iterator[Span]:
    """Years in a plain text in which a story plays or somebody lived, rather than it was made."""
    last = -1
    for match in _YEARS.finditer(low):
        start, end = match.span()
        before = low[max(0, start - _REACH) : start]
        listed = last >= 0 and _TO.fullmatch(low[last:start])
        part = _ONLY_PART.match(low, end) or (_WITH.search(before) and _HEARD.match(low, end))
        lived = _LIVED.search(before) and not _WATCHED.search(before)
        if lived and _OF_THEN.search(low, end):
            continue
        if listed or part or lived or _PLAYS.search(before):
            last = end
            yield start, end
