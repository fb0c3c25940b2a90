"""Why an item: evidence in words that may be shown, from the parts of its score."""

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from simpatico.domain import Constraints, Item, Part, Reason
from simpatico.kinds import described, piece_of
from simpatico.orders import is_order
from simpatico.retrieval.attribution import Grounds, Had, Stance
from simpatico.retrieval.lexical import words
from simpatico.text import clean, fold

TONE_HOLDS: Final = 0.6
"""An item is said to be warm from this strength on."""

HINTS: Final = frozenset({"uplifting", "quirky", "dreamy", "nostalgic", "gentle"})
HINT_HOLDS: Final = 0.85
"""Tones that are estimated less surely (docs/tone.md) are claimed only from this strength on."""

MAX_QUOTE: Final = 140
"""A longer first sentence is not quoted, for a clipped one may say something else."""

CLOSE: Final = 0.45
"""An item is said to be close to another one from this cosine of their texts on."""

MAX_HAD: Final = 2
"""Items of a person's history that one item is said to rest on."""

_PHRASES: Final = {"kids": "made for children"}

Kind = Literal["quote", "mood", "liked_item", "attribute", "behaviour", "media"]

_SPEAKS: Final[dict[str, tuple[Kind, str]]] = {
    "text": ("attribute", "What it is about suits what you told me"),
    "facets": ("attribute", "Its genres, themes and people suit what you told me"),
    "tone": ("attribute", "Its tone suits what you told me"),
    "year": ("attribute", "The time it is from suits what you told me"),
    "image": ("media", "Its picture suits what you told me"),
    "audio": ("media", "Its sound suits what you told me"),
    "id": ("behaviour", "It comes up in conversations like this one"),
}
"""For each modality of a learned ranker a kind, and what it says where it speaks for an item."""


@dataclass(frozen=True)
class Evidence:
    """What reasons may draw on beside the item.

    Attributes:
        wished: tones the person wishes for, each with the weight of the wish.
        constraints: what the person asked for.
        said: folded words of what they look for.
        media: what may be said of its picture and its sound, with the part that says how much.
        close_to: label of the liked or saved item that this one is close to, or "".
        close_stance: what the person did with that one.
        together_with: label of the liked item that others liked beside this one, or "".
        grounds: what a learned score rests on; it stands in for the two labels.
    """

    wished: tuple[tuple[str, float], ...] = ()
    constraints: Constraints = Constraints()
    said: frozenset[str] = frozenset()
    media: tuple[tuple[str, str], ...] = ()
    close_to: str = ""
    close_stance: Stance = "liked"
    together_with: str = ""
    grounds: Grounds = Grounds()


def reasons_for(item: Item, *, parts: Sequence[Part], evidence: Evidence) -> tuple[Reason, ...]:
    """The reasons that hold, weightiest first, ties in a fixed order.

    A weight is the share of the positive parts that the reason stands for, in [0, 1]. Nothing is
    said that the item's own fields or the evidence do not bear out.
    """
    value = {part.name: max(part.value, 0.0) for part in parts}
    total = sum(value.values()) or 1.0
    constraints = evidence.constraints
    found: list[Reason] = []

    def add(kind: Kind, text: str, *part_names: str) -> None:
        if text:
            weight = sum(value.get(name, 0.0) for name in part_names) / total
            found.append(Reason(kind=kind, text=text, weight=round(weight, 4)))

    def rest_on(kind: Kind, text: str, worth: float) -> None:
        weight = min(worth / total, 1.0)
        found.append(Reason(kind=kind, text=text, weight=round(weight, 4)))

    feels = _feels(item, evidence.wished)
    add("mood", feels, "tone")
    for part, text in evidence.media:
        add("media", text, part)
    for had in evidence.grounds.history[:MAX_HAD]:
        rest_on(*_rests_on(had), had.worth)
    for kind, text, worth in _spoken(evidence, feels=bool(feels))[:1]:
        rest_on(kind, text, worth)
    if evidence.close_to:
        text = f"Close to {_shown(evidence.close_to)}, which you {evidence.close_stance}"
        add("liked_item", text, "liked")
    if evidence.together_with:
        text = f"People who liked {_shown(evidence.together_with)} also liked it"
        add("behaviour", text, "together")
    if constraints.people:
        add("attribute", _people(item, constraints.people), "wishes")
    if evidence.said and item.keywords:
        add("attribute", _subjects(item, evidence.said), "words")
    by_facts = bool(constraints.genres) or constraints.year_from or constraints.year_to
    if by_facts:
        add("attribute", _facts(item, constraints.genres), "wishes")
    if value.get("match"):
        add("quote", _first_sentence(item.text), "match")
    if not found:  # plain facts are no reason of their own, but better than none
        add("attribute", _facts(item, ()), "known")
    return tuple(sorted(found, key=lambda reason: -reason.weight))


def _feels(item: Item, wished: Sequence[tuple[str, float]]) -> str:
    """The two wished tones that it has most of: "It is warm and funny"."""
    strengths = ((tone, weight, item.tone_of(tone)) for tone, weight in wished)
    holding = [
        (-weight * has, tone)
        for tone, weight, has in strengths
        if has >= (HINT_HOLDS if tone in HINTS else TONE_HOLDS)
    ]
    chosen = [_PHRASES.get(tone, tone) for _, tone in sorted(holding)[:2]]
    return f"It is {' and '.join(chosen)}" if chosen else ""


def _rests_on(had: Had) -> tuple[Kind, str]:
    """How an item hangs together with one of the history: only what is so is said."""
    if had.itself:
        return "liked_item", f"You {had.stance} it"
    other = f"{_shown(had.label)}, which you {had.stance}"
    if had.cosine >= CLOSE and (had.likeness >= had.evidence or not had.linked):
        return "liked_item", f"Close to {other}"
    if had.linked:
        return "behaviour", f"It was named together with {other}"
    return "liked_item", f"{other}, speaks for it"


def _spoken(evidence: Evidence, *, feels: bool) -> list[tuple[Kind, str, float]]:
    """What modalities say, the weightiest first.

    Of media only where search has said nothing, of tone only where no wished one is named.
    """
    found = []
    for spoke in evidence.grounds.modalities:
        kind, words = _SPEAKS[spoke.modality]
        if (kind == "media" and evidence.media) or (spoke.modality == "tone" and feels):
            continue
        found.append((kind, words, spoke.worth))
    return found


def _people(item: Item, asked: Sequence[str]) -> str:
    endings = tuple(f" {person}" for person in map(fold, asked) if person)
    names = [_shown(name) for name in item.creators if f" {folded(name)}".endswith(endings)]
    directed = dict(item.extra).get("director", "").split(" | ")
    role = "By" if names and all(name in directed for name in names[:2]) else "With"
    return f"{role} {' and '.join(names[:2])}" if names else ""


def _subjects(item: Item, said: Set[str]) -> str:
    """Keywords all of whose words the person used: "It touches on heist and Paris"."""
    touched = [
        _shown(keyword)
        for keyword in item.keywords
        if _may_touch(keyword, said) and (own := _words(keyword)) and own <= said
    ]
    return f"It touches on {' and '.join(touched[:2])}" if touched else ""


@lru_cache(maxsize=64)
def _any_of(said: frozenset[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(said))))


def _may_touch(keyword: str, said: Set[str]) -> bool:
    """False for a keyword that surely has none of these words: folding takes longer than this."""
    plain = keyword.lower()
    return (
        not plain.replace(" ", "a").isalpha()
        or not plain.isascii()
        or _any_of(frozenset(said)).search(plain) is not None
    )


def _facts(item: Item, asked: Sequence[str]) -> str:
    """Genres, kind and year, those asked for first: "It is a comedy and romance film from 1998"."""
    if not item.genres and item.year is None:
        return ""
    genres = item.genres
    if asked:
        wanted = {fold(name) for name in asked}
        genres = tuple(sorted(genres, key=lambda name: folded(name) not in wanted))
    first = [_shown(name).lower() for name in genres[:2]]
    kind = _shown(item.kind)
    what = described(kind, first if piece_of(kind) != kind else [" and ".join(first)]).strip()
    article = "an" if what[:1].lower() in "aeiou" else "a"
    return f"It is {article} {what}" + (f" from {item.year}" if item.year is not None else "")


def _first_sentence(text: str) -> str:
    line = clean(text, max_chars=MAX_QUOTE + 2)
    for end in (". ", "! ", "? "):
        line = line.split(end)[0] + end[0] if end in line else line
    return line if len(line) <= MAX_QUOTE and not is_order(line) else ""


@lru_cache(maxsize=20_000)
def folded(text: str) -> str:
    """`fold`, remembered: for words of items, which come with every list, never of people."""
    return fold(text)


@lru_cache(maxsize=20_000)
def _words(text: str) -> frozenset[str]:
    return frozenset(words(text))


@lru_cache(maxsize=20_000)
def _shown(text: str) -> str:
    return clean(text, max_chars=120)
