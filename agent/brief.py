"""From what was understood and chosen to the brief that a reply is written from, and back."""

import re
from collections.abc import Sequence

from simpatico.agent.evidence import Evidence, sentences
from simpatico.agent.explain import because, bold, clean_prose, felt, people_of, premise
from simpatico.agent.words import kept, left_out
from simpatico.domain import Item, Reason, Recommendation, UserState
from simpatico.explaining import (
    MAX_ITEMS,
    MAX_REASON_CHARS,
    MAX_REASONS,
    Brief,
    BriefItem,
    Filling,
)
from simpatico.text import clean

_WITHOUT = "without "
_WITH_YEAR = re.compile(r"(.+) \((\d{4})\)")


def brief_of(state: UserState, recommendations: Sequence[Recommendation], *, said: str) -> Brief:
    """The evidence of a reply; at most `MAX_ITEMS` recommendations, best first.

    Raises:
        ValueError: without recommendations.
    """
    if not recommendations:
        raise ValueError("wanted at least one recommendation, got none")
    wishes = [kept(state.constraints)]
    if without := left_out(state.constraints):
        wishes.append(_WITHOUT + without)
    return Brief(
        mood=felt(state.mood),
        need=state.need,
        said=said,
        kept="; ".join(wish for wish in wishes if wish),
        items=tuple(_item(one) for one in recommendations[:MAX_ITEMS]),
    )


def recommendations_of(brief: Brief) -> tuple[Recommendation, ...]:
    """The items of a brief with their reasons, as far as the brief knows them; ids "1", "2"..."""
    return tuple(
        Recommendation(item=_known(number, item), p_accept=0.5, reasons=_reasons(item))
        for number, item in enumerate(brief.items, start=1)
    )


def fillings_of(brief: Brief, items: Sequence[Item]) -> tuple[Filling, ...]:
    """What the places of a reply to a brief become; `items` are the brief's, in its order."""
    return (
        Filling("", _wishes(brief.kept)),
        *(
            Filling(bold(item), told.premise, because(told.reasons[:MAX_REASONS]))
            for item, told in zip(items, brief.items, strict=False)
        ),
    )


def evidence_of(brief: Brief) -> Evidence:
    """What may be said by one who knows nothing but a brief; names the person said among it.

    In use they are held back (see `Evidence.said`): there it matters that no title is made of them.
    """
    said = (brief.said,)
    return Evidence.of(recommendations_of(brief), said=said, wishes=(*said, brief.kept))


def _known(number: int, item: BriefItem) -> Item:
    title, year = item.label, None
    if match := _WITH_YEAR.fullmatch(item.label):
        title, year = match[1], int(match[2])
    return Item(id=str(number), kind=item.kind, title=title, year=year, text=item.premise)


def _reasons(item: BriefItem) -> tuple[Reason, ...]:
    return tuple(
        Reason(kind="attribute", text=text, weight=1 / rank)
        for rank, text in enumerate(item.reasons, start=1)
    )


def _item(recommendation: Recommendation) -> BriefItem:
    item = recommendation.item
    about = _first_sentence(premise(item)) or _facts(item)
    reasons = [
        clean_prose(reason.text, max_chars=MAX_REASON_CHARS).rstrip(" .;,")
        for reason in sorted(recommendation.reasons, key=_by_weight)
        if reason.kind != "quote"
    ]
    return BriefItem(
        label=clean(item.label, max_chars=300) or "untitled",
        kind=item.kind,
        premise=about,
        reasons=tuple(_telling(reasons) if about else reasons),
    )


def _wishes(kept_line: str) -> str:
    """A brief's line of kept wishes as a clause: "I kept to comedies and left out horror"."""
    parts = [part for part in kept_line.split("; ") if part]
    asked = "; ".join(part for part in parts if not part.startswith(_WITHOUT))
    without = "; ".join(part.removeprefix(_WITHOUT) for part in parts if part.startswith(_WITHOUT))
    if not asked:
        return f"I left out {without}, as you asked" if without else ""
    return f"I kept to {asked}" + (f" and left out {without}" if without else "")


def _telling(reasons: Sequence[str]) -> list[str]:
    """Reasons without what any catalogue entry says: "It is a drama from 1990"."""
    return [one for one in reasons if not one.startswith(("It is a ", "It is an "))]


def _first_sentence(text: str) -> str:
    """The first sentence of a premise, as one is enough in a reply that names several items."""
    return sentences(text)[0].strip() if text else ""


def _facts(item: Item) -> str:
    """What little is known of an item without prose: genres and who made it."""
    genres = ", ".join(item.genres[:3]).casefold()
    people = people_of(item, shown=item.kind in ("film", "series", "show")).strip()
    return clean_prose("; ".join(fact for fact in (genres, people) if fact), max_chars=160)


def _by_weight(reason: Reason) -> float:
    return -reason.weight
