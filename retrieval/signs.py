"""What in a sentence says that some words of it are a title: pure functions on the text."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from simpatico.text import fold

ARTICLES = ("the", "a", "an")

_WORD = re.compile(r"[\w'’\u0300-\u036f]+|&")
_OPEN, _CLOSE = "\"“„«‘'", "\"”“»’'"
_YEAR_AFTER = re.compile(
    r"[\"”»*_’']?(?:\s*[(\[]\s*(?P<sure>(?:18|19|20)\d\d)\s*[)\]]"
    r"|,?\s+(?:(?:the|from|of|in)\s+)*(?P<loose>(?:18|19|20)\d\d)(?!\w|s\b))"
)
_YEAR_BEFORE = re.compile(
    r"(?<!\w)((?:18|19|20)\d\d)(?:'s|’s)?\s+(?:(?:film|movie|version|remake|one|of)\s+)*$", re.I
)
_SEEN = re.compile(
    r"(?<!\w)(?:loved|liked|enjoyed|adored|hated|disliked|(?:re-?)?watch(?:ed|ing)?|saw|seen|"
    r"finished|finish)\s+(?:(?:also|really|both|only|just|either|neither)\s+)*$",
    re.I,
)
_CALLED = re.compile(
    r"(?<!\w)(?:called|named|titled|entitled|(?:the|that|this|a) (?:movie|film|flick)"
    r"|(?:loved|liked|watched|saw|seen|the) (?:movie|film))\s+$",
    re.I,
)
_SIMILAR = re.compile(
    r"(?<!\w)(?:(?:something|anything|movies?|films?|ones?|more|stuff|much|things?) like|"
    r"similar to|such as|fans? of|vibes? of|feel of|reminds? me of|better than|as good as)\s+"
    r"(?:(?:the )?(?:movie|film)\s+)?$",
    re.I,
)
_FOND = re.compile(r"(?<!\w)(?:love|like|adore|hate|prefer|loving)\s+$", re.I)
_CLAUSE_END = re.compile(
    r"\s*(?:$|[.,;:!?)\]\n—–]|[\"”»*_’']|-\s|(?:and|or|but|because|cause|cuz|with my|with the|"
    r"last|yesterday|again|when|tonight|recently|already|before|though|is|was|were|on|so much|"
    r"a lot|in the|years|ages|made|lol)\b)",
    re.I,
)
_STOP = re.compile(r"\s*(?:$|[.,;:!?)\]\n]|[\"”’'])")
_PRAISED = re.compile(
    r"\s+(?:is|was|'s|’s)\s+(?:my favou?rite|one of|amazing|brilliant|awesome|fantastic|"
    r"a masterpiece|overrated|such a|a great|a good|the best)\b",
    re.I,
)
_STATE_BEFORE = re.compile(
    r"(?<!\w)(?:am|is|are|was|were|be|been|being|i['’]?m|feel|feels|feeling|felt|so|very|too|sit|"
    r"sitting|stay|staying|stuck|left|to|will|can|could|should|would|not|don['’]?t)\s+$",
    re.I,
)
_PLACE_BEFORE = re.compile(
    r"(?<!\w)(?:set in|takes? place in|filmed in|lives? in|living in|trip to|from|starring|"
    r"directed by|with|by|featuring)\s+$",
    re.I,
)
_JOINED = re.compile(r"[\s,;/&\"“”'’*_]*(?:(?:and|or|then|also|plus)\s+)*[\s\"“”'’*_]*", re.I)
_COUNTED = re.compile(
    r"\s+(?:\d+|[ivx]+)\s*(?:times?|years?|hours?|days?|weeks?|months?|nights?|stars?|/|out of|%)",
    re.I,
)
_SEQUEL = re.compile(r"\s+(?:part\s+)?(?:\d{1,2}|ii|iii|iv|vi|vii|viii|ix)(?![\w:/%])", re.I)


class Word(NamedTuple):
    """A word of a text: folded, and where it stands. An article before it is `article`."""

    folded: str
    start: int
    end: int
    article: int  # where the article before it begins; its own start when there is none


def words_of(text: str) -> list[Word]:
    """The words of a text in order, English articles joined to the word they stand before."""
    words: list[Word] = []
    article = -1
    matches = list(_WORD.finditer(text))
    for position, match in enumerate(matches):
        folded = fold(match[0])
        alone = text[match.end() : match.end() + 1].isspace() and position + 1 < len(matches)
        if folded in ARTICLES and alone:
            article = match.start() if article < 0 else article
        elif folded:
            words.append(
                Word(folded, match.start(), match.end(), match.start() if article < 0 else article)
            )
            article = -1
    return words


class Signs(NamedTuple):
    """The signs around one span of a text."""

    quoted: bool
    capital: bool  # written with the title's capitals where a sentence would have none
    called: bool  # "a film called", "the movie"
    seen: bool  # "watched", "I loved"
    similar: bool  # "something like"
    fond: bool  # "I like"
    ends: bool  # the clause ends behind it
    stops: bool  # and a mark, or the end of the text, says so
    praised: bool  # "is my favourite"
    state: bool  # "I am", "to": the words are the sentence's own
    place: bool  # "set in", "with"
    whole: bool  # nothing else was said
    sequel: bool  # a number follows that is not in the title
    in_name: bool  # a capitalised word follows at once, as in a person's name
    year_sure: int | None  # in brackets, or before it
    year_loose: int | None  # "from 1994"


def shouting(words: Sequence[Word], text: str) -> bool:
    """Whether capitals mean nothing in this text, because most words have one."""
    letters = [word for word in words if word.folded != "i" and text[word.start].isalpha()]
    high = sum(text[word.start].isupper() for word in letters)
    return len(letters) >= 4 and high >= 0.7 * len(letters)


def signs_at(text: str, start: int, end: int, *, title: str, loud: bool) -> Signs:
    """Read the signs around text[start:end], which might be `title`. `start` counts the article.

    `loud` is what `shouting` says of the text.
    """
    before, after = text[max(0, start - 80) : start], text[end : end + 80]
    before = before.replace("\n", ". ") if before.strip() else before
    stripped = before.rstrip(_OPEN)
    opened = len(stripped) < len(before) and (not stripped or not stripped[-1].isalnum())
    year = _YEAR_AFTER.match(after)
    earlier = _YEAR_BEFORE.search(re.sub(r"(?i)(?<!\w)the\s+$", "", stripped))
    sure = int(year["sure"]) if year and year["sure"] else int(earlier[1]) if earlier else None
    return Signs(
        quoted=opened and after[:1] in _CLOSE and after[:1] != "",
        capital=not loud and _capital(text, start, end, title),
        called=bool(_CALLED.search(stripped)),
        seen=bool(_SEEN.search(stripped)),
        similar=bool(_SIMILAR.search(stripped)),
        fond=bool(_FOND.search(stripped)),
        ends=bool(_CLAUSE_END.match(after)),
        stops=bool(_STOP.match(after)),
        praised=bool(_PRAISED.match(after)),
        state=bool(_STATE_BEFORE.search(stripped)),
        place=bool(_PLACE_BEFORE.search(stripped)),
        whole=not text[:start].strip(" .,!?\"'“”‘’*_\n\t")
        and not text[end:].strip(" .,!?\"'“”‘’*_\n\t"),
        sequel=bool(_SEQUEL.match(after)) and not _COUNTED.match(after),
        in_name=not loud and bool(re.match(r"\s[A-Z][a-z]", after)),
        year_sure=sure,
        year_loose=int(year["loose"]) if year and year["loose"] else None,
    )


def joined(text: str, end: int, start: int) -> bool:
    """Whether only a comma or an "and" stands between two spans, as in a list of titles."""
    return end <= start and start - end < 20 and _JOINED.fullmatch(text[end:start]) is not None


def year_end(text: str, end: int) -> int:
    """Where a span ends when a year in brackets behind it belongs to it."""
    year = _YEAR_AFTER.match(text[end : end + 80])
    return end + year.end() if year and year["sure"] else end


def _capital(text: str, start: int, end: int, title: str) -> bool:
    """Whether the span has a capital wherever the title has, once at least in mid-sentence."""
    mine, theirs = _WORD.findall(text[start:end]), _WORD.findall(title)
    if len(mine) == len(theirs) - 1 and theirs[0].casefold() in ARTICLES:
        theirs = theirs[1:]
    if len(mine) != len(theirs):
        return False
    opening = (
        not text[:start].rstrip(" \"“‘'*_(") or text[:start].rstrip(" \"“‘'*_(")[-1] in ".!?:;\n"
    )
    sure = 0
    for position, (word, original) in enumerate(zip(mine, theirs, strict=True)):
        if original[0].isupper():
            if not word[0].isupper() or (len(original) > 1 and word.isupper() > original.isupper()):
                return False
            sure += not (opening and position == 0)
    return sure > 0
