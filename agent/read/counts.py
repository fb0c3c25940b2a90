"""How many titles a message asks for: "just one", "give me ten films", "就要一部"."""

import re
from typing import Final

MOST: Final = 10
"""More are not shown at once."""

_NUMBERS: Final = {
    word: number
    for number, words in enumerate(
        (
            "one 1 一 single",
            "two 2 两 二 couple",
            "three 3 三",
            "four 4 四",
            "five 5 五",
            "six 6 六",
            "seven 7 七",
            "eight 8 八",
            "nine 9 九",
            "ten 10 十",
        ),
        start=1,
    )
    for word in words.split()
}
_NUMBER = rf"(?P<n>{'|'.join(sorted(_NUMBERS, key=len, reverse=True))}|\d\d)"
_THINGS = (
    r"(?:films?|movies?|titles?|suggestions?|recommendations?|recs?|options?|ideas?|picks?|songs?|"
    r"tracks?|pieces|albums?|things to watch|documentaries|comedies|dramas|thrillers|westerns|"
    r"musicals|romances|mysteries|classics|cartoons)"
)
_ASKED: Final = tuple(
    re.compile(cue)
    for cue in (
        rf"(?<![\w'-]){_NUMBER}(?! of\b|[- ](?:hours?|minutes?|mins?|stars?|years?|days?)\b)"
        rf"(?: [a-z-]+){{0,3}} {_THINGS}\b",
        rf"\b(?:only|just|pick|choose|top|give me|show me|i need|i want) (?:me )?{_NUMBER}"
        r"(?= more\b|\W*$| (?:for|please|from|out)\b)",
        rf"(?:只要|就要|只|就|选|挑|来)(?:推荐)?{_NUMBER}[部首个本](?!多)",
        rf"(?!一){_NUMBER}部(?=\w{{0,4}}(?:电影|片))",
    )
)
_ONE: Final = re.compile(r"\bjust the (?:very )?best(?: one)?\b|\bthe (?:single|very) best one\b")
_NOT_ASKED: Final = re.compile(
    r"\b(?:of|like|than|between|watched|seen|saw|loved|liked|hated) (?:the |these |those )?$"
)


def count_of(text: str) -> int:
    """How many are asked for, 1 to `MOST`; 0 where no number is said."""
    low = text.casefold()
    if _ONE.search(low):
        return 1
    for cue in _ASKED:
        match = cue.search(low)
        if match and not _NOT_ASKED.search(low[: match.start("n")]):
            number = _NUMBERS.get(match["n"]) or int(match["n"])
            return min(max(number, 1), MOST)
    return 0
