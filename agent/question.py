"""What a question about an item asks for, in either language: "how long is it?", "is it sad?"."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from simpatico.agent.read.words import TONES, pattern
from simpatico.agent.zh.gloss import gloss
from simpatico.domain import Item
from simpatico.language import language_of
from simpatico.retrieval.reasons import HINT_HOLDS, HINTS, TONE_HOLDS

A_LITTLE: Final = 0.5
"""The share of the strength a tone is claimed from at which an item has a little of it."""


class Asked(NamedTuple):
    """What is asked of an item: a fact's name, or "tone" with its name."""

    what: str
    tone: str = ""


_FACTS: Final = tuple(
    (what, re.compile(cue))
    for what, cue in (
        (
            "prizes",
            r"\b(?:oscars?|awards?|prizes?|nominat\w+|palme|golden globes?)\b|奖|奧斯卡|奥斯卡",
        ),
        (
            "true",
            r"\b(?:true story|based on|real (?:story|events?|life|people|person)|"
            r"(?:really|actually) happen\w*)\b|真实|真事|改编|真人真事",
        ),
        (
            "where",
            r"\bwhere (?:can|could|do|to)\b.*\b(?:watch|see|stream|find|rent|get|buy)\b|"
            r"\b(?:stream\w*|netflix|prime|hulu|disney\+|rent(?:ed)?|available)\b|"
            r"(?:在)?哪(?:里|儿)(?:能|可以)?看|怎么看",
        ),
        (
            "ending",
            r"\b(?:ending|how does (?:it|that|_+) end|spoil\w*|dies|does (?:any|every|some)\w* die)"
            r"\b|结局",
        ),
        (
            "length",
            r"\b(?:how long|run ?time|running time|how many (?:minutes|hours)|length|shorter|"
            r"shortest|longer|longest)\b|"
            r"\b(?:is|are|was) (?:it|that|this|they|the \w+(?: one)?) (?:very |too |really )?"
            r"(?:long|short)\b|(?:很|太)长|多长|片长|多久|几个小时|最短|最长|更短|更长",
        ),
        (
            "director",
            r"\bwho(?:'s| is| was)?(?: the)? (?:direct\w*|made|makes)\b|\bdirector\b|导演",
        ),
        (
            "cast",
            r"\bwho(?:'s|'re| is| are| was)? ?(?:the )?(?:in (?:it|that|this|the|_)|star\w*|"
            r"play\w*|act\w*)|\b(?:cast|actors?|actress\w*|starring)\b|谁演|主演|演员",
        ),
        (
            "language",
            r"\b(?:what language|which language|subtitles?|subtitled|dubbed|in english)\b|"
            r"什么语言|字幕|配音",
        ),
        (
            "newest",
            r"\b(?:newest|newer|latest|most recent)\b|最新|更新",
        ),
        ("oldest", r"\b(?:oldest|older)\b|最老|更老"),
        (
            "year",
            r"\b(?:when (?:was|did|is)|what year|which year|how old"
            r"(?! (?:is|are|was|were|am) (?:i|you|he|she|we|the (?!film|movie|series|show|book|song"
            r"|album|one)\w+)\b))\b|哪年|哪一年|什么时候",
        ),
    )
)
_RATING: Final = re.compile(
    r"\b(?:any good|worth (?:it|watching|seeing|my)|rat(?:ing|ed)|imdb|rotten|scores?|"
    r"reviews?|(?:is|are|was) (?:it|that|this|that one|_+) (?:really |actually |that )?"
    r"good|best)\b|好看吗|评分|值得看"
)
_TONES: Final = tuple((name, pattern(source)) for name, source in TONES.items())


def asked(text: str) -> Asked:
    """What a question asks; `what` is "" where it wants to know what the item is, or is unclear."""
    low = text.casefold().replace("’", "'")
    for what, cue in _FACTS:
        if cue.search(low):
            return Asked(what)
    said = gloss(text).casefold() if language_of(text) == "zh" else low
    for name, tone in _TONES:
        if tone.search(said):
            return Asked("tone", name)  # "is it good for kids?" is about these, not about ratings
    return Asked("rating" if _RATING.search(low) else "")


def strength(item: Item, tone: str) -> str:
    """How much of a tone an item has: "much", "little", "none"; "" where its tones are unknown."""
    if not item.tone:
        return ""
    holds = HINT_HOLDS if tone in HINTS else TONE_HOLDS
    has = item.tone_of(tone)
    return "much" if has >= holds else "little" if has >= A_LITTLE * holds else "none"


def foremost(items: Sequence[Item], text: str) -> Item | None:
    """Which of several is first in what a question asks of them; None where that is not known."""
    if len(items) < 2:
        return None
    question = asked(text)
    if question.what == "tone" and all(item.tone for item in items):
        most = max(items, key=lambda item: item.tone_of(question.tone))
        return most if strength(most, question.tone) == "much" else None
    years = {item.year for item in items if item.year is not None}
    if (
        question.what in ("newest", "oldest")
        and len(years) > 1
        and None not in {item.year for item in items}
    ):
        best = max if question.what == "newest" else min
        return best(items, key=lambda item: item.year or 0)
    return None


def told(item: Item, field: str) -> str:
    """What the catalogue tells of an item beside its usual fields, as it tells it; or ""."""
    return dict(item.extra).get(field, "").replace(" | ", ", ").strip()
