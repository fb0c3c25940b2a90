"""Who is there, too: children in the room, somebody who is easily scared, what others like.

Such things are told, not asked for ("I'm stuck inside with two bored kids"), and still decide what
may be shown.
"""

import re
from collections.abc import Sequence
from typing import Final

from simpatico.agent.read.clauses import Span, inside

A_CHILD: Final = 12
"""Who is younger is shown what is made for children."""

_CHILD = (
    r"(?:kids?|children|child|boys?|girls?|sons?|daughters?|twins|grandkids?|grandchildren|"
    r"grandsons?|granddaughters?|nieces?|nephews?|little ones?|toddlers?|babies)"
)
_AGED: Final = re.compile(
    rf"\b{_CHILD}\b\W{{1,3}}(?:who(?:'s| is| are) |aged? |(?:she|he|they)(?:'s|'re| is| are) |"
    rf"is |are )?(?P<age>\d{{1,2}})\b(?! ?(?:min|hour|%|star|film|movie))"
    rf"|(?<!was )(?<!i'm )(?<!am )\b(?P<years>\d{{1,2}})[- ]?(?:years?|yrs?)[- ]?olds?\b"
)
_HERE: Final = re.compile(
    r"\b(?:with|entertain\w*|babysit\w*|minding|looking after|for|have|got)"
    r"(?: (?!no\b|without\b|friends?\b)\w+){0,2} (?:kids|children|toddlers?|grandkids|"
    r"grandchildren|little ones?)\b(?!(?:'s)? (?:asleep|in bed|gone|away|out\b|at school|grown))"
)
_AROUND: Final = re.compile(
    r"\btoddlers?\b|\b(?:kids|children|grandkids|grandchildren|little ones)(?: are|'re)? (?:here|"
    r"home|over|around|up|awake|watching|climbing|joining|bored|restless)\b"
)
_OFF: Final = re.compile(
    r"\b(?:no(?! wait|,| actually)|not|nothing|without|never|hate|sick of|tired of|free of|"
    r"away from)\b[^.!?;]{0,25}$"
)
_SCARED: Final = re.compile(
    r"(?<!to )\b(?:gets?|is|am|are|i'm|she's|he's|they're)(?: \w+){0,2}? (?:scared|frightened|"
    r"spooked)\b(?: easily\b| (?:of|by)\b(?= (?:monsters?|ghosts?|the dark|scary|horror|"
    r"everything|witch\w*|animals)))"
    r"|\beasily (?:scared|frightened|spooked)\b|\bscares? easily\b"
)

TASTE: Final = re.compile(
    r"\b(?:he|she|they|wife|husband|girlfriend|boyfriend|partner|mum|mom|mother|dad|father|"
    r"parents|sons?|daughters?|kids?|children|sisters?|brothers?|friends?|grand\w+|flatmates?|"
    r"roommates?|nieces?|nephews?|everyone|everybody|one of us|other half|date)"
    r"(?: both| all| really| just| also| absolutely)* (?:likes?|loves?|wants?|prefers?|enjoys?|"
    r"hates?|dislikes?|vetoes|fanc(?:y|ies)|adores?|refuses?|won'?t watch|cannot stand|"
    r"can'?t (?:stand|take|handle|bear)|(?:doesn'?t|don'?t)(?: really)? (?:like|want|enjoy|do|"
    r"care for)|(?:is|are)(?: really| not)? (?:into|scared of|afraid of|squeamish about|a fan of|"
    r"in the mood for))\b"
)
"""What somebody who is there likes or does not; said of them, it is a wish all the same."""


def tones(low: str, *, denied: Sequence[Span]) -> tuple[str, ...]:
    """The tones that company asks for: "kids" where small children are there.

    Args:
        low: a plain text.
        denied: what `clauses.negated` found.
    """
    for match in _AGED.finditer(low):
        if int(match["age"] or match["years"]) < A_CHILD and not inside(match.span(), denied):
            return ("kids",)
    for match in (*_HERE.finditer(low), *_AROUND.finditer(low)):
        if not inside(match.span(), denied) and not _OFF.search(low[: match.start()]):
            return ("kids",)
    return ()


def not_tones(low: str) -> tuple[str, ...]:
    """The tones that company rules out: "scary" where somebody is easily scared."""
    return ("scary",) if _SCARED.search(low) else ()
