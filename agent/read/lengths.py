"""How long a wished-for thing may be at most."""

import re

SHORT_MINUTES = 95
"""What "something short" may last at most."""

NOT_LONG_MINUTES = 120
"""What "nothing too long" may last at most."""

_NUMBERS = {
    **{"a": 1.0, "an": 1.0, "one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0},
    **{"a couple of": 2.0, "a couple": 2.0, "couple of": 2.0, "couple": 2.0},
    **{"six": 6.0, "seven": 7.0, "eight": 8.0, "nine": 9.0, "ten": 10.0, "fifteen": 15.0},
    **{"twenty": 20.0, "thirty": 30.0, "forty": 40.0, "forty five": 45.0, "forty-five": 45.0},
    **{"fifty": 50.0, "sixty": 60.0, "ninety": 90.0},
}
_MORE = "|".join(sorted({*_NUMBERS} - {"a", "an", "one"}, key=len, reverse=True))
_WORDS = "|".join(sorted(_NUMBERS, key=len, reverse=True))
_MINS = r"(?:minutes?|mins?)\b"
_LENGTH = re.compile(
    rf"(?<![\w.:$-])(?:"
    rf"(?P<half>(?:a )?half(?: of)? an hour|(?:a |one )?half[- ]hour)\b"
    rf"|(?P<quarter>three quarters of an hour|(?:a )?quarter of an hour)\b"
    rf"|(?P<hours>{_WORDS}|\d(?:\.\d\d?)?)(?P<and> (?:and|n|&) (?:a )?half| 1/2)?"
    rf"(?:[ -]?(?:hours?|hrs?)|(?<=\d) ?h)(?:"
    rf"(?P<extra>,? (?:(?:and|n|&) )?a half)|(?P<and_quarter> and a quarter)"
    rf"|,? ?(?:and )?(?P<more>\d\d|{_WORDS})(?:[ -]?(?:{_MINS}|m\b)|(?<=\d)(?![\w:])))?(?!\w)"
    rf"|(?P<minutes>\d{{1,3}}|{_MORE})[ -]?{_MINS}"
    rf")"
)
"""A length: "90 minutes", "1h30", "two and a half hours", "an hour and a half", "half an hour"."""

_LIMIT = re.compile(
    r"\b(?:under|less th[ae]n|shorter th[ae]n|max(?:imum)?(?: of)?|at most|up to|"
    r"(?:no|not) (?:more|longer) th[ae]n|below|within|"
    r"(?:only )?(?:have|has|had|got|gotten)(?: only)?|"
    r"(?:keep|make) it(?: to| at)?|about|around|roughly|approx(?:imately)?|kill|fill|spare|"
    r"over|th[ae]n|for|sub|i've got|(?<!'s )(?<!is )(?<!was )(?<!it )only)[ -]"
    r"(?:(?:like|just|about|only|maybe|around|roughly|the|exactly|another) )*$|[<≤] ?=? ?$|"
    r"\bbetween (?:an|\w+) (?:and|to) $|(?<![\d.])\d{1,3} ?(?:-|to) ?$"
)
_SURE_LIMIT = re.compile(
    r"\b(?:under|(?:less|shorter|more|longer) th[ae]n|max(?:imum)?(?: of)?|at most|up to|below|"
    r"within|(?:i|we)(?:'ve| have)?(?: only| just)? (?:have|got)(?: only| just)?|only (?:have|got)|"
    r"got only|(?<!'s )(?<!is )(?<!was )(?<!it )only|just got) "
    r"(?:(?:like|just|about|only|maybe) )*$|[<≤] ?=? ?$|^(?:just )?got $"
)
"""What makes so few minutes a limit: people say "for 5 minutes" of much else."""
_AT_MOST = re.compile(
    r"(?: long)?,? (?:tops|max(?:imum)?|at (?:the )?(?:very )?(?:most|max)|or (?:less|under|"
    r"shorter|so|below)|to (?:kill|spare|spend|fill|watch)|limit|free|before (?:bed|work|i|we|my)|"
    r"left|"
    r"(?:is|are) (?:(?:all|what|the most) (?:i|we)|(?:also |totally |actually )?(?:fine|"
    r"ok(?:ay)?)))\b"
)
_PIECE = re.compile(
    r"(?:[- ]?long)? (?:films?|movies?|flicks?|shows?|episodes?|watch)\b|[- ]?long[\s.!]*$"
)
"""Behind a length that something has: "a 90 minute movie", "an hour long"."""
_ALONE = re.compile(r"[\s.!]*(?:please|pls|plz|maybe|or so|ish)?[\s.!]*$")
_HAPPENED = re.compile(
    r"\b(?:been|slept|sleep|waited|waiting|wait|worked|working|work|cried|crying|drove|driving|"
    r"drive|"
    r"sat|sitting|stood|ran|running|run|walked?|walking|studied|studying|stuck|away|late|took|"
    r"takes|take|spent|spend|talked|lasted|watched|saw|every|after|last|next|past|in|ago|was|were)"
    r"\b[^.,;!?]*$"
)
"""Before what somebody did for so long."""
_OF_ELSE = re.compile(
    r"(?: of (?!film|movie|music|fun|comedy|horror|tv|time)|[- ](?:ago|later|away|late|early|"
    r"drive|walk|"
    r"from|sleep|nap|straight|per|every|a day|a week|old|into|on hold|commute|"
    r"shifts?|wait|breaks?|flights?|lunch|remaining|by)\b)"
)
"""Behind a length of something else."""
_FEW_MINUTES = 15

_LEAST = re.compile(r"\b(?:at least|over|(?:more|longer) th[ae]n) (?:like |just |about |only )?$")
_DENIED = re.compile(r"\b(?:no|not|nothing|never|without|avoid)\b|n't\b")
_OPEN = re.compile(
    r"\bany (?:length|runtime|duration)|\b(?:length|runtime|time) (?:doesn'?t matter|is fine|is "
    r"(?:no|not an) (?:issue|problem|object))|\b(?:doesn'?t matter|don'?t care) how long\b|"
    r"\blong(?:er)? (?:is|are) (?:fine|ok|okay)\b|\bno (?:time|length) limits?\b|\bno limit on "
    r"(?:the )?(?:time|length)\b|\b(?:have|got) all (?:the time|night|evening|day)\b"
)
_NOT_LONG = re.compile(
    r"\b(?:not|nothing|isn't|n't)(?: be)? (?:too |that |very |so |a )?long\b|\btoo long\b|"
    r"\bno (?:three|3)[- ]hour\b"
)
_SHORT = re.compile(
    r"\b(?:something|anything|a|and|but|make it|nice and|keep it|pretty|fairly) (?:quick|"
    r"short)(?:ish)?\b(?! (?:story|stories|question|break|trip|while|temper))|"
    r"\bshort (?:films?|movies?|ones?|watch)\b|\bshorter\b|^short\b"
)
_WHICH = re.compile(
    r"\bwhich\b(?: [\w']+){0,5} shorter\b(?! (?:films?|movies?|ones?|shows?|series))"
)
"""A question about things that are there: it sets no limit."""
_BEFORE = 60


def read_minutes(low: str) -> tuple[int | None, bool]:
    """The longest a wish may last in minutes, and whether an earlier limit is taken back."""
    if _OPEN.search(low):
        return None, True
    for match in _LENGTH.finditer(low):
        before = low[max(0, match.start() - _BEFORE) : match.start()]
        minutes = _minutes(match)
        few = minutes < _FEW_MINUTES
        said = _AT_MOST.match(low, match.end())
        told = _PIECE.match(low, match.end()) and not _DENIED.search(before)
        alone = not before.strip() and _ALONE.match(low, match.end())
        if not (said or alone or (told and not few)) and not (
            _SURE_LIMIT if few else _LIMIT
        ).search(before):
            continue
        if _OF_ELSE.match(low, match.end()) or _HAPPENED.search(before):
            continue
        return (None if _least(before) else minutes), False
    if _NOT_LONG.search(low):
        return NOT_LONG_MINUTES, False
    short = _SHORT.search(low) and not _WHICH.search(low)
    return (SHORT_MINUTES if short else None), False


def _minutes(match: re.Match[str]) -> int:
    if match["half"]:
        return 30
    if match["quarter"]:
        return 45 if match["quarter"].startswith("three") else 15
    if match["minutes"]:
        return int(_number(match["minutes"]))
    halves = 30 * bool(match["and"] or match["extra"]) + 15 * bool(match["and_quarter"])
    more = _number(match["more"]) if match["more"] else 0
    return int(60 * _number(match["hours"]) + halves + more)


def _number(said: str) -> float:
    return _NUMBERS[said] if said in _NUMBERS else float(said)


def _least(before: str) -> bool:
    """Whether what stands before a length asks for more of it ("over", not "nothing over")."""
    found = _LEAST.search(before)
    clause = re.split(r"[,.;:!?]", before[: found.start()])[-1] if found else ""
    return found is not None and not _DENIED.search(clause)
