"""Replies that name items and repeat what is known of them by places, for the explainer to learn.

The people who wrote our rows tell each story in words of their own. A small model that learns to do
so tells another story; what it can learn is which words go around the facts.
"""

import random
import re

from simpatico.domain import MOODS
from simpatico.explaining import MAX_SENTENCES, OPENING_WORD, Brief, BriefItem, grouped
from simpatico.finetune import explainer_phrases as phrases
from simpatico.opening import FEELINGS, GROUPS, OFFERS, opening_of

OWN_CLOSING = 0.4
"""How often the row's own closing is taken, where it names no item."""

OTHERWISE, UNKNOWN, UNASKED = 0.7, 0.35, 0.4
"""How often a variation has another feeling or need than its row, how often such a one says
nothing, and how often there are no wishes."""

_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_SENTENCE_IN_PREMISE = re.compile(r"(?<=[.!?]) (?=[A-Z])")
_DULL = re.compile(r"It is an? .*from \d{4}$")


def compose(brief: Brief, rng: random.Random, *, own: str = "") -> str:
    """A reply to a brief, its items and their facts as places.

    Args:
        brief: what it answers.
        rng: chooses the words.
        own: a reply that somebody wrote to this brief; its closing may be taken.
    """
    n = len(brief.items)
    opening = opening_of(brief, rng)
    closings = phrases.CLOSINGS if n == 1 else phrases.CLOSINGS + phrases.CLOSINGS_SEVERAL
    closing = rng.choice(closings)
    written = _SENTENCE.split(own.strip())[-1]
    if written and "[" not in written and rng.random() < OWN_CLOSING:
        closing = written
    room = MAX_SENTENCES - len(opening) - 1
    return " ".join((*opening, *_items(brief.items, room, rng), closing))


def varied(brief: Brief, rng: random.Random) -> Brief:
    """Another brief about some of the same items, for somebody who feels and needs otherwise."""
    n = rng.randint(1, len(brief.items))
    kept = sorted(rng.sample(range(len(brief.items)), n))
    return brief.model_copy(
        update={
            "mood": _another_mood(rng) if rng.random() < OTHERWISE else brief.mood,
            "need": _another_need(rng) if rng.random() < OTHERWISE else brief.need,
            "kept": "" if rng.random() < UNASKED else brief.kept,
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


def _items(items: tuple[BriefItem, ...], room: int, rng: random.Random) -> list[str]:
    """One sentence for an item while there is room, else for two."""
    sentences = []
    for group in grouped(len(items), room):
        first, *more = (_clause(items[place - 1], place, len(items), rng) for place in group)
        sentences.append("; ".join((first, *map(_lowered, more))) + ".")
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


def _another_mood(rng: random.Random) -> str:
    """One that is not mirrored, or one of a group, each group as often as another."""
    if rng.random() < UNKNOWN:
        return rng.choice(("unknown", *(mood for mood in MOODS if mood not in GROUPS)))
    group = rng.choice(tuple(FEELINGS))
    return rng.choice([mood for mood, its_group in GROUPS.items() if its_group == group])


def _another_need(rng: random.Random) -> str:
    return "unknown" if rng.random() < UNKNOWN else rng.choice(tuple(OFFERS))
