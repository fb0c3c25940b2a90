"""Answers to what is asked of us: what we know of a person, what is kept, a scolding. Pure."""

import random
from collections.abc import Sequence

from simpatico.agent import explain, phrases
from simpatico.agent.read.about_us import about_us
from simpatico.agent.words import kept, left_out, listing
from simpatico.agent.zh import explain as chinese
from simpatico.agent.zh import names
from simpatico.agent.zh import phrases as zh
from simpatico.domain import Item, UserState
from simpatico.language import Language

MAX_WISHES = 500
"""How many characters a sort of wishes is told in."""

MAX_NAMED = 5
"""How many titles of a sort are named."""


def answer(
    text: str,
    state: UserState,
    *,
    liked: Sequence[Item] = (),
    disliked: Sequence[Item] = (),
    seen: Sequence[Item] = (),
    seed: str = "",
) -> str:
    """Answer a message that is about us; "" where it is not.

    Args:
        text: the message.
        state: what was understood so far.
        liked: what the person likes, as far as we know, the newest last; likewise the others.
        disliked: what they dislike.
        seen: what they have seen.
        seed: chooses the phrasing.
    """
    topic, in_zh = about_us(text), state.language == "zh"
    if topic == "kept":
        return zh.STORED if in_zh else phrases.STORED
    if topic == "scolded":
        return random.Random(seed).choice(zh.SORRY if in_zh else phrases.SORRY)
    if topic != "known":
        return ""
    parts = zh.KNOWN_PARTS if in_zh else phrases.KNOWN_PARTS
    known = _wishes(state)
    for name, items in (("liked", liked), ("disliked", disliked), ("seen", seen)):
        titles = _titles(items, state.language)
        known += [parts[name].format(titles)] if titles else []
    if state.query and not known:
        return zh.KNOWN_WORDS if in_zh else phrases.KNOWN_WORDS
    if in_zh:
        said = zh.KNOWN.format(known="；".join(known)) + zh.KNOWN_END
        return said if known else zh.KNOWN_NOTHING
    said = f"{phrases.KNOWN.format(known='; '.join(known))} {phrases.KNOWN_END}"
    return said if known else phrases.KNOWN_NOTHING


def _wishes(state: UserState) -> list[str]:
    named = state.constraints.tones[:MAX_NAMED]
    if state.language == "zh":
        asked, without = chinese.wishes(state.constraints), chinese.left_out(state.constraints)
        parts, needs = zh.KNOWN_PARTS, zh.KNOWN_NEEDS
        tones = chinese.listing([names.tone(one) for one in named])
    else:
        asked, without = kept(state.constraints), left_out(state.constraints)
        parts, needs = phrases.KNOWN_PARTS, phrases.KNOWN_NEEDS
        tones = listing(["for children" if one == "kids" else one for one in named])
    told = (("kept", asked), ("tones", tones), ("left_out", without))
    need = [parts["need"].format(needs[state.need])] if state.need in needs else []
    return need + [
        parts[name].format(explain.escaped(one, max_chars=MAX_WISHES)) for name, one in told if one
    ]


def _titles(items: Sequence[Item], language: Language) -> str:
    titles = [f"*{explain.label(item)}*" for item in items[-MAX_NAMED:]]
    return chinese.listing(titles) if language == "zh" else listing(titles)
