"""Replies that name items and repeat what is known of them by places, for the explainer to learn.

The people who wrote our rows tell each story in words of their own. A small model that learns to do
so tells another story; what it can learn is which words go around the facts.
"""

import random
import re

from simpatico.explaining import MAX_SENTENCES, OPENING_WORD, Brief, BriefItem
from simpatico.finetune import explainer_phrases as phrases

OWN_OPENING, OWN_CLOSING = 0.3, 0.4
"""How often the row's own opening and closing are taken, where it has them."""

_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_SENTENCE_IN_PREMISE = re.compile(r"(?<=[.!?]) (?=[A-Z])")
_DULL = re.compile(r"It is an? .*from \d{4}$")


def compose(brief: Brief, rng: random.Random, *, own: str = "") -> str:
    """A reply to a brief, its items and their facts as places.

    Args:
        brief: what it answers.
        rng: chooses the words.
        own: a reply that somebody wrote to this brief; its opening and closing may be taken.
    """
    sentences = _SENTENCE.split(own.strip()) if own else [""]
    n = len(brief.items)
    opening = _opening(brief, rng)
    if own and "[" not in sentences[0] and rng.random() < OWN_OPENING:
        opening = [sentences[0]]
    closings = phrases.CLOSINGS if n == 1 else phrases.CLOSINGS + phrases.CLOSINGS_SEVERAL
    closing = rng.choice(closings)
    if own and "[" not in sentences[-1] and rng.random() < OWN_CLOSING:
        closing = sentences[-1]
    room = MAX_SENTENCES - len(opening) - 1
    return " ".join((*opening, *_items(brief.items, room, rng), closing))


def varied(brief: Brief, rng: random.Random) -> Brief:
    """Another brief about some of the same items, for somebody who feels and needs otherwise."""
    n = rng.randint(1, len(brief.items))
    kept = sorted(rng.sample(range(len(brief.items)), n))
    moods = ("unknown", *(rng.choice(_moods_of(group)) for group in phrases.FEELINGS))
    return brief.model_copy(
        update={
            "mood": rng.choice((brief.mood, rng.choice(moods))),
            "need": rng.choice((brief.need, rng.choice(tuple(phrases.OFFERS)))),
            "items": tuple(brief.items[i] for i in kept),
        }
    )


def one_sentence(brief: Brief) -> Brief:
    """The brief as it is in use: of each premise its first sentence."""
    items = [
        item.model_copy(update={"premise": _SENTENCE_IN_PREMISE.split(item.premise)[0]})
        for item in brief.items
    ]
    return brief.model_copy(update={"items": tuple(items)})


def _opening(brief: Brief, rng: random.Random) -> list[str]:
    group = phrases.GROUPS.get(brief.mood, "")
    feeling = rng.choice(phrases.FEELINGS[group]) if group else ""
    offer = rng.choice(phrases.OFFERS[brief.need])
    wishes = _wishes(brief, rng)
    way = rng.random()
    if feeling and wishes and way < 0.4 and len(brief.items) < 3:
        return [f"{feeling}.", f"{wishes}."]
    if feeling:
        return (
            [f"{feeling}."]
            if way < 0.6 and brief.need == "unknown"
            else [f"{feeling}, so {offer}."]
        )
    if wishes and (way < 0.7 or brief.need == "unknown"):
        return [f"{wishes}."]
    return [f"{offer[0].upper()}{offer[1:]}."]


def _wishes(brief: Brief, rng: random.Random) -> str:
    parts = [part for part in brief.kept.split("; ") if part]
    kept = "; ".join(part for part in parts if not part.startswith("without "))
    without = ", ".join(part[8:] for part in parts if part.startswith("without "))
    if kept and without:
        return rng.choice(phrases.KEPT_OUT).format(kept=kept, without=without)
    if kept:
        return rng.choice(phrases.KEPT).format(kept=kept)
    return rng.choice(phrases.LEFT_OUT).format(without=without) if without else ""


def _items(items: tuple[BriefItem, ...], room: int, rng: random.Random) -> list[str]:
    """One sentence for an item while there is room, else for two."""
    n = len(items)
    clauses = [_clause(item, place, n, rng) for place, item in enumerate(items, start=1)]
    pairs = max(0, n - room)
    sentences, at = [], 0
    while at < n:
        size = 2 if pairs and at + 1 < n else 1
        pairs -= size == 2
        first, *more = clauses[at : at + size]
        sentences.append("; ".join((first, *map(_lowered, more))) + ".")
        at += size
    return sentences


def _clause(item: BriefItem, place: int, n: int, rng: random.Random) -> str:
    telling = any(not _DULL.match(reason) for reason in item.reasons)
    says_why = rng.random() < 0.5 if item.premise else bool(item.reasons)
    why = ""
    if says_why and (telling or not item.premise):
        why = phrases.BECAUSE.format(why=f"[{place}|]")
    label = f"[{place}]"
    if item.premise[:1].islower():  # genres and people, no sentence
        return f"{_head(place, n, rng)} ([{place}:]){why}".format(n=label)
    if not item.premise:
        return f"{_head(place, n, rng)}{why}".format(n=label)
    if OPENING_WORD.match(item.premise) and not why and rng.random() < 0.35:
        return phrases.IN.format(n=label, about=f"[{place}:]")
    if not why and rng.random() < 0.35:
        return f"{label}: [{place}:]"
    return f"{_head(place, n, rng)}{why}: [{place}:]".format(n=label)


def _head(place: int, n: int, rng: random.Random) -> str:
    if n == 1:
        return rng.choice(phrases.ONLY)
    heads = phrases.FIRST if place == 1 else phrases.LAST if place == n else phrases.NEXT
    return rng.choice(heads)


def _lowered(clause: str) -> str:
    """A clause after a semicolon."""
    return clause if clause.startswith(("[", "I'd", "I ")) else clause[0].lower() + clause[1:]


def _moods_of(group: str) -> list[str]:
    return [mood for mood, its_group in phrases.GROUPS.items() if its_group == group]
