"""How long a wished-for item may be, and in which language."""

import re
from collections.abc import Sequence

from simpatico.agent.read.clauses import Span, inside
from simpatico.agent.read.words import LANGUAGES, pattern

SHORT_MINUTES = 95
"""What "something short" may last at most."""

NOT_LONG_MINUTES = 120
"""What "nothing too long" may last at most."""

_ABOVE = re.compile(r"\b(?:over|(?:more|longer) than) (?:like |just |about |only )?$")
_DENIED = re.compile(r"\b(?:no|not|nothing|never|without|avoid)\b|n't\b")
_HOURS = {"a": 1.0, "an": 1.0, "one": 1.0, "two": 2.0, "three": 3.0}


def read_minutes(low: str) -> tuple[int | None, bool]:
    """The longest a wish may last in minutes, and whether an earlier limit is taken back."""
    if re.search(
        (
            r"\bany (?:length|runtime)|\blength (?:doesn't matter|is fine)|\b(?:doesn't matter|"
            r"don't care) how long\b|\blong(?:er)? (?:is|are) (?:fine|ok|okay)\b"
        ),
        low,
    ):
        return None, True
    limit = (
        r"(?:under|less than|shorter than|max(?:imum)?(?: of)?|at most|up to|no (?:more|"
        r"longer) than|not (?:more|longer) than|below|within|only (?:have|got)|have(?: only)?|"
        r"got(?: only)?|i've got|about|around|over|than|for)"
    )
    if match := re.search(
        (rf"\b{limit} (?:like |just |about |only )?(\d{{2,3}}) ?(?:min|mins|minutes?)\b"), low
    ):
        return (None if _least(low[: match.start(1)]) else int(match[1])), False
    if match := re.search(
        (
            rf"\b{limit} (?:like |just |about |only )?(an?|one|two|three|\d(?:\.5)?) ?"
            rf"(?:hours?|hrs?|h)(?: and a half| ?(\d\d)| and (\d\d))?\b"
        ),
        low,
    ):
        if _least(low[: match.start(1)]):
            return None, False
        extra = 30 if "half" in match[0] else int(match[2] or match[3] or 0)
        return int((_HOURS.get(match[1]) or float(match[1])) * 60) + extra, False
    if re.search(
        (
            r"\b(?:not|nothing|isn't|n't)(?: be)? (?:too |that |very |so |a )?long\b|\btoo long\b|"
            r"\bno (?:three|3)[- ]hour\b"
        ),
        low,
    ):
        return NOT_LONG_MINUTES, False
    if re.search(
        (
            r"\b(?:something|anything|a|and|but|make it|nice and|keep it|pretty|fairly) (?:quick|"
            r"short)(?:ish)?\b(?! (?:story|stories|question|break|trip|while|temper))|"
            r"\bshort (?:films?|movies?|ones?|watch)\b|\bshorter\b|^short\b"
        ),
        low,
    ):
        return SHORT_MINUTES, False
    return None, False


def _least(before: str) -> bool:
    """Whether what stands before a length asks for more of it ("over", not "nothing over")."""
    found = _ABOVE.search(before)
    clause = re.split(r"[,.;:!?]", before[: found.start()])[-1] if found else ""
    return found is not None and not _DENIED.search(clause)


def read_languages(low: str, *, denied: Sequence[Span]) -> tuple[str, ...]:
    """Languages asked for by name ("in French", "a Korean thriller")."""
    found = []
    for name in LANGUAGES:
        source = (
            rf"(?:in|speaks?|spoken in) {name.lower()}|{name.lower()}(?:[- ]language)? "
            r"(?:[\w-]+ )?(?:films?|movies?|cinema|comed(?:y|ies)|thrillers?|dramas?|horror|"
            r"language|ones?|romances?|series|songs?|music|noir|musicals?)"
        )
        spans = (match.span() for match in pattern(source).finditer(low))
        if any(not inside(span, denied) for span in spans):
            found.append(name)
    return tuple(found)
