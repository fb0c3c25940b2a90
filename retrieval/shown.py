"""What a ranker makes of hits among pictures and sounds, and what may be said of them."""

from collections.abc import Sequence
from typing import Final

from simpatico.domain import Hit
from simpatico.retrieval.modal import THROUGH_BRIDGE

HALF_AT: Final = 10
"""A hit counts half at about this rank: the first 1, the eleventh .5, the hundredth .09."""

SAID_UP_TO: Final = 20
"""A hit of a worse rank is not spoken of."""

_NAMES: Final = {"image": "picture", "audio": "sound"}


def is_of_media(hit: Hit) -> bool:
    """Whether it was found among pictures or sounds, or by one."""
    return bool(hit.shown) or hit.source in _NAMES


def media_amounts(hits: Sequence[Hit], *, told: float = 0.0) -> dict[str, float]:
    """How much hits among media speak for an item, each in [0, 1] times the hit's weight.

    Only ranks count, for cosines of different encoders do not compare. Beside a text that fits
    the words, how a picture or a sound fits them says little: it counts for what is left to say.

    Args:
        hits: of the item.
        told: how well its text fits the words, 0 to 1.

    Returns:
        looks: its picture, for a picture or for words; sounds: its sound likewise; about: for what
        was shown, where nothing of that kind answered, anything else of it. What is found through
        a bridge counts `THROUGH_BRIDGE`, what is found for words that and 1 - `told`.
    """
    found: dict[str, float] = {}
    answered = any(hit.shown == hit.source for hit in hits)
    for hit in hits:
        name = _amount_of(hit)
        if name and not (name == "about" and answered):
            weight = hit.weight * (1.0 if hit.shown == hit.source else THROUGH_BRIDGE)
            if not hit.shown:
                weight *= 1 - told
            amount = weight * HALF_AT / (HALF_AT + hit.rank - 1)
            found[name] = max(found.get(name, 0.0), amount)
    return found


def media_words(hits: Sequence[Hit]) -> tuple[tuple[str, str], ...]:
    """What may be said of hits among media, as (name of the amount, a sentence)."""
    amounts = media_amounts(hits)
    said: dict[str, str] = {}
    for hit in sorted(hits, key=lambda hit: (not hit.shown, hit.rank)):
        name = _amount_of(hit)
        if name in amounts and hit.rank <= SAID_UP_TO:
            said.setdefault(name, _sentence(name, hit))
    return tuple(said.items())


def _amount_of(hit: Hit) -> str:
    if hit.shown and hit.shown != hit.source:
        return "about"
    return {"image": "looks", "audio": "sounds"}.get(hit.source, "")


def _sentence(name: str, hit: Hit) -> str:
    how = " and ".join(hit.heard)
    if name == "about":
        return f"What it is about fits your {_NAMES[hit.shown]}"
    if name == "looks":
        return "Its picture looks like yours" if hit.shown else "Its picture fits your words"
    if hit.shown:
        return "It sounds like yours" + (f": {how}" if how else "")
    return f"It sounds {how}" if how else "Its sound fits your words"
