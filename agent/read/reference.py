"""Which of the shown items a message points at, and what it says of them."""

import re
from collections.abc import Sequence

from simpatico.agent.read.clauses import negated, plain, shorten
from simpatico.domain import Item, Value
from simpatico.retrieval.words import CHAT_WORDS, FUNCTION_WORDS
from simpatico.text import fold, fold_title

_ORDINALS: dict[str, int] = {
    "first": 0,
    "1st": 0,
    "number one": 0,
    "number 1": 0,
    "no. 1": 0,
    "#1": 0,
    "second": 1,
    "2nd": 1,
    "number two": 1,
    "number 2": 1,
    "no. 2": 1,
    "#2": 1,
    "third": 2,
    "3rd": 2,
    "number three": 2,
    "number 3": 2,
    "no. 3": 2,
    "#3": 2,
    "fourth": 3,
    "4th": 3,
    "number four": 3,
    "number 4": 3,
    "no. 4": 3,
    "#4": 3,
    "fifth": 4,
    "5th": 4,
    "number five": 4,
    "number 5": 4,
    "no. 5": 4,
    "#5": 4,
    "last": -1,
    "final": -1,
    "bottom": -1,
}
_NTH = re.compile(
    r"(?:\bthe |\b)(?<![\w#])("
    + "|".join(re.escape(word) for word in _ORDINALS)
    + (
        r")\b(?:(?! (?:time|thing|date|year|half|part|night|week|month|hour|minute|day|film i|"
        r"movie i|century|world war|name|scene|episode|season))(?= one| two| film| movie| option|"
        r" pick| suggestion| choice|\b))(?: (one|two|three|few)\b)?"
    )
)
_ALL = re.compile(
    r"\b(?:none of (?:these|those|them|the above)|(?:all|any|either|both|neither) of (?:these|"
    r"those|them)|them all|(?:these|those|they) all|all (?:three|four|five|of that)?$|(?:seen|"
    r"watched|know) (?:all|both|everything|them|these|those)|not (?:these|those|any)|(?:these|"
    r"those|them)\b(?! (?:days|kind|kinds|sorts?|types?|two|people|who|times?|moments?|nights?|"
    r"things?)))"
)
_ONE = re.compile(
    r"\b(?:(?:this|that|the) (?:one|film|movie|suggestion|pick)|(?:seen|watched|saw|know|love|"
    r"loved|hate|hated|like|liked|take|watch|enjoyed) (?:it|that|this)|it)\b|"
    r"\bthat'?s? (?:sounds?|looks?)\b|^(?:already |i(?:'ve| have)? (?:already )?)?(?:seen|"
    r"watched)\b|\bthat\b(?= (?:sounds|looks|works|was|is))|^not that\b"
)
_OTHER = re.compile(
    r"\b(?:something else|anything else|another(?: one| film| movie)?|others?|more (?:options|"
    r"suggestions)(?! like)|different ones?|next|try again|keep going|what else|"
    r"more please)\b|^more[\s.!]*$"
)
_SURPRISE = re.compile(
    r"\b(?:surprise me|^you (?:choose|pick|decide)|(?<!did )(?<!do )you (?:choose|pick|"
    r"decide)[.! ]*$|dealer'?s choice|up to you|anything(?: is| goes|'s)?(?: fine| good|"
    r" ok(?:ay)?| works)|whatever you (?:like|think|want)|i(?:'m| am) feeling lucky|pick (?:one|"
    r"something|anything)(?: for me)?|random(?:ly)?|i don'?t (?:care|mind),? (?:just )?(?:pick|"
    r"anything))\b"
)

_STANCES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "seen",
        re.compile(r"\b(?:seen|watched|saw|rewatched|know (?:it|that one|them)|already know)\b"),
    ),
    (
        "disliked",
        re.compile(
            r"\b(?:hate[ds]?|dislike[ds]?|awful|terrible|boring|bored me|worst|(?:did|"
            r"do)n'?t (?:really )?(?:like|enjoy)|not a fan|can'?t stand|rubbish|crap|sucks?|sucked|"
            r"meh|disappointing)\b"
        ),
    ),
    (
        "rejected",
        re.compile(
            r"\b(?:no|nope|nah|not|none|neither|skip|pass|isn'?t|aren'?t|don'?t (?:want|fancy|"
            r"feel like)|rather not|remove|drop|lose|without|too \w+|instead|"
            r"doesn'?t (?:sound|look|"
            r"appeal)|don'?t (?:sound|look|appeal))\b"
        ),
    ),
    (
        "accepted",
        re.compile(
            r"\b(?:i'?ll (?:take|watch|try|go (?:with|for)|check|give)|let'?s (?:go (?:with|for)|"
            r"watch|do|try)|sounds? (?:good|great|perfect|lovely|nice|amazing|fun|interesting|"
            r"like (?:fun|a plan|what))|looks? (?:good|great|perfect|fun|interesting)|perfect|deal|"
            r"yes|yeah|yep|sure|sold|works for me|i'?m in|watching|going with|i choose|i pick|"
            r"that'?s the one|great (?:choice|pick|idea)|good (?:choice|pick|idea)|will watch|"
            r"want to watch)\b"
        ),
    ),
    (
        "liked",
        re.compile(
            r"\b(?:love[ds]?|like[ds]?|enjoy(?:ed)?|favou?rite|great|amazing|brilliant|fantastic|"
            r"wonderful|good|adore[ds]?|excellent)\b"
        ),
    ),
    (
        "asked",
        re.compile(
            r"\?|\b(?:what|who|why|how|when|where|which|tell me|is it|explain|more about|describe|"
            r"compare)\b"
        ),
    ),
)
_HAVE_NOT = re.compile(
    r"\b(?:haven'?t|have not|not|never|hadn'?t|didn'?t|yet to)(?: yet| ever| actually)? (?:seen?|"
    r"watch(?:ed)?|heard)\b"
)
_MOCKS = re.compile(r"\byeah,? (?:right|sure)\b|\bas if\b|\bgonna help\b|\bsure,? whatever\b")
_BARE = re.compile(
    r"(?:(?:ok(?:ay)?|hm+|i think|maybe|well)[, ]+)?(?:the )?[\w#. ]{2,24}?(?: please| then|"
    r" one)*[.! ]*"
)
_LEAVES_OUT = re.compile(r"(?:except|but|besides|apart from|other than|minus|without|only|just)\b")
_QUESTION = re.compile(
    r"^(?:and |but |so |ok(?:ay)? |hm+ |wait )?(?:what|who|why|how|when|where|which|is|are|was|"
    r"does|do|did|can|tell me|explain|more about|describe|compare)\b"
)


class Reference(Value):
    """Items among those shown (or named) that a message points at, and what it says of them."""

    item_ids: tuple[str, ...] = ()
    stance: str = "none"


def resolve(text: str, shown: Sequence[Item]) -> Reference:
    """Point from a message to the items shown last, in their order.

    Stances: "seen", "disliked", "rejected" (not now), "passed" (show others), "accepted", "liked",
    "wanted" (more like it), "asked", "surprise" (the choice is ours), or "none" with no item.
    "Something else" passes over everything shown; "not that one" with nothing named rejects the
    first, which stood out most.
    """
    low = plain(shorten(text)).strip()
    if not low:
        return Reference()
    if _SURPRISE.search(low) and not _by_title(text, shown):
        return Reference(stance="surprise")
    if not shown:
        return Reference()
    pointed = _by_title(text, shown) or _by_place(low, len(shown))
    everything = tuple(range(len(shown)))
    stance = _stance(low)
    if not pointed and _ALL.search(low):
        pointed = everything
        if re.search(r"\b(?:none|neither)\b", low):
            stance = "rejected" if stance not in ("seen", "disliked") else stance
    if not pointed and _OTHER.search(low) and stance not in ("seen", "disliked", "asked"):
        return Reference(item_ids=_ids(shown, everything), stance="passed")
    if not pointed and _ONE.search(low) and stance != "none":
        pointed = (0,)
    if pointed and stance == "none" and _BARE.fullmatch(low) and not _LEAVES_OUT.match(low):
        stance = "accepted"
    if pointed and re.search(
        (
            r"\b(?:more|something|similar|anything|another|one|films?|movies?) "
            r"(?:\w+ )?(?:like|to)\b"
        ),
        low,
    ):
        stance = "wanted"
    if not pointed and _short_verdict(low):
        pointed = (0,) if stance == "asked" or len(shown) == 1 else everything
        if stance == "accepted" and len(shown) > 1:
            return Reference()  # "perfect", of which one nobody knows
    if not pointed or stance == "none":
        return Reference()
    return Reference(item_ids=_ids(shown, pointed), stance=stance)


def by_pronoun(text: str, shown: Sequence[Item]) -> bool:
    """Whether a message points by a word like "it" alone, and at no place or title of a list."""
    low = plain(shorten(text)).strip()
    return bool(
        _ONE.search(low)
        and not _ALL.search(low)
        and not _by_title(text, shown)
        and not _by_place(low, len(shown))
    )


def _ids(shown: Sequence[Item], positions: Sequence[int]) -> tuple[str, ...]:
    return tuple(shown[position].id for position in positions)


def _by_title(text: str, shown: Sequence[Item]) -> tuple[int, ...]:
    """Shown items whose title stands in the text; a longer title hides one inside it."""
    said = f" {fold(text)} "
    found = []
    for position in sorted(range(len(shown)), key=lambda i: -len(shown[i].title)):
        title = fold_title(shown[position].title)
        ordinary = FUNCTION_WORDS.issuperset(title.split()) or title in CHAT_WORDS
        if ordinary and not _written_as_title(text, shown[position].title):
            continue  # "seen it" is not about "It"
        if len(title) > 1 and f" {title} " in said:
            found.append(position)
            said = said.replace(f" {title} ", " _ ")
    return tuple(sorted(found))


def _written_as_title(text: str, title: str) -> bool:
    """Whether an ordinary word stands there as a title: with a capital in mid-sentence, quoted."""
    words = re.escape(title)
    return bool(re.search(rf"(?:[\"'“‘]|[a-z,] ){words}(?!\w)", text))


def _by_place(low: str, n_shown: int) -> tuple[int, ...]:
    if not n_shown:
        return ()
    found: list[int] = []
    for match in _NTH.finditer(low):
        place = _ORDINALS[match[1]]
        several = {"two": 2, "three": 3, "few": 3}.get(match[2] or "", 1)
        span = range(place, place + several) if place >= 0 else range(-several, 0)
        found += [i % n_shown for i in span if -n_shown <= i < n_shown]
    if re.search(r"\bthe other (?:one|two|ones)\b", low) and n_shown > 1:
        found += range(1, n_shown)
    return tuple(dict.fromkeys(found))


def _stance(low: str) -> str:
    if _QUESTION.search(low) and not re.search(r"\bwhat else|how about|what about\b", low):
        return "asked"
    have_not = _HAVE_NOT.search(low)
    denied = negated(low)
    for stance, cue in _STANCES:
        match = cue.search(low)
        if not match:
            continue
        if stance == "seen" and have_not:
            continue
        if stance in ("accepted", "liked") and any(a <= match.start() < b for a, b in denied):
            continue
        if stance == "accepted" and _MOCKS.search(low):
            continue
        if stance == "rejected" and (
            have_not
            or re.match(r"(?:no|not) (?:bad|idea|sure|problem)", match.string[match.start() :])
        ):
            continue
        return stance
    return "none"


def _short_verdict(low: str) -> bool:
    """A verdict on the whole list in a word or two: "nope", "no thanks", "perfect", "why?"."""
    return bool(
        re.fullmatch(
            r"(?:(?:no|nope|nah|meh|pass|skip|next|boring|no thanks?(?: you)?|not (?:for me|"
            r"my thing|really|interested|tonight)|perfect|great|sold|deal|yes(?: please)?|yeah|"
            r"sounds (?:good|great|perfect)|why|why not|how come|why these|looks good|i like|"
            r"not feeling it)[\s,.!?]*)+",
            low,
        )
    )
