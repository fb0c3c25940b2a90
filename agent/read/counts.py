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
_THING = (
    r"(?:film|movie|title|suggestion|recommendation|rec|option|idea|pick|song|track|piece|album|"
    r"thing to watch|documentary|comedy|drama|thriller|western|musical|romance|mystery|classic|"
    r"cartoon)"
)
_THINGS = (
    r"(?:films|movies|titles|suggestions|recommendations|recs|options|ideas|picks|songs|tracks|"
    r"pieces|albums|things to watch|documentaries|comedies|dramas|thrillers|westerns|musicals|"
    r"romances|mysteries|classics|cartoons)"
)
_KINDS = r"kids|sports|christmas|\w+(?:[su]s|is)"
_WORD = (
    r"(?! (?:a|an|the|and|or|but|i|you|we|he|she|they|it|me|my|your|his|her|is|was|are|were|am|has|"
    r"have|had|do|does|did|can|will|be|of|to|in|on|at|for|with|by|if|as|so|this|that|these|those|"
    r"any|other|some|no|not|please|love|like|want|need|see|suggest|recommend|thanks?|sorry|hours?|"
    r"minutes?|mins?|years?|days?|stars?|parts?|acts?|hander|man|woman|person|night|location|shot|"
    r"take|room|rated|style|type)\b)"
    rf"(?: (?:19|20)?\d0'?s| (?:{_KINDS})\b| (?!\w*s\b)[a-z-]+)"
)
"""A word between a number and what is counted: no word that makes a clause, and no plural."""

_ASKED: Final = tuple(
    re.compile(cue)
    for cue in (
        rf"(?<![\w'/.-]){_NUMBER}"
        rf"(?P<said>(?: other)?{_WORD}{{0,3}} (?:{_THINGS}|(?P<single>{_THING}))\b)"
        r"(?! (?:that |which )?(?:(?:i|we|he|she|they)(?:'ve| have)? (?:also |really )?(?:love|"
        r"like|enjoy|watch|saw|seen|hate|remember|know)|(?:is|are|was|were|titled|called|named)\b))",
        rf"\b(?:only|just|pick|choose|top|give me|show me|i need|i want) (?:me )?{_NUMBER}"
        r"(?= more\b|\W*$| (?:for|please|from|out)\b)",
        rf"(?:^|[.,!;])\s*{_NUMBER} more(?:,? (?:please|pls))?\W*$",
        rf"(?:只要|就要|只|就|选|挑|(?<![后原本从上起])来)(?:推荐)?{_NUMBER}[部首个本](?![多人])",
        rf"(?:^|[^\w]|推荐(?:给?我)?|给我|[来要求选挑再找]|[想要]看|介绍|列出?)(?!一){_NUMBER}部"
        r"(?=\w{0,4}(?:电影|片)(?!子?[都里中哪我是]))",
    )
)
_ONE: Final = re.compile(r"\bjust the (?:very )?best(?: one)?\b|\bthe (?:single|very) best one\b")
_ASKS: Final = re.compile(
    r"(?:^|[.,!?;:\n(]|\b(?P<verb>ok|okay|yes|yeah|please|hi|hello|hey|now|then|so|thanks|"
    r"give|show|send|tell|get|find|bring|suggest|recommend|name|list|pick|choose|want|need|use|"
    r"(?:i'd|would) like|(?:want|like|love) to (?:watch|see)|wanna (?:watch|see)|(?:looking|mood|"
    r"up|asking) for|you (?:have|got)|(?:can|could|may) (?:i|we) (?:have|get)|what|what are|any|"
    r"is there|only|just|(?<!my )(?<!our )(?<!his )(?<!her )top)\b)\s*"
    r"(?:(?:me|us|just|only|about|like|maybe|at least|up to|a|the top|your top)\s+)*$"
)
"""What stands before a number of titles that is asked for; before one that is told of does not."""

_NOT_ASKED: Final = re.compile(
    r"(?:\b(?:the|my|his|her|their|was|is|were|are|been|seen|saw|watched|loved|liked|have|has|had|"
    r"i|we|i'll|we'll|(?:i|we) (?:will|can|can't|cannot|could|would|should|might|may|must))|'s)\s$"
)
_DECADE: Final = re.compile(r"[2-9]0")
_LOOK_BACK = 40


def count_of(text: str) -> int:
    """How many are asked for, 1 to `MOST`; 0 where no number is said, or one is only told of."""
    low = text.casefold().replace("’", "'")
    if _ONE.search(low):
        return 1
    for cue in _ASKED:
        for match in cue.finditer(low):
            if _is_asked(low, match):
                number = _NUMBERS.get(match["n"]) or int(match["n"])
                return min(max(number, 1), MOST)
    return 0


def _is_asked(low: str, match: re.Match[str]) -> bool:
    """Whether a number asks: by what stands before it, and by what it counts."""
    told = match.groupdict()
    start = match.start()
    if "said" not in told:
        return not _NOT_ASKED.search(low, max(0, start - _LOOK_BACK), start)
    number, said, more = told["n"], told["said"], " more " in told["said"]
    before = _ASKS.search(low, max(0, start - _LOOK_BACK), start)
    if before is None:
        return False
    if (number in ("one", "1", "single")) != bool(told["single"]) and not more:
        return False  # "one piece movies", "a world war 2 movie"
    if number in ("single", "couple") or number not in _NUMBERS:
        alone = said.count(" ") == 1 and number != "couple" and not _DECADE.fullmatch(number)
        return alone or bool(before["verb"]) and number != "single"
    return True
