"""What is known of a person, for them to look at, and what they take back of it. Pure."""

from typing import Any, Final, Literal

from pydantic import AwareDatetime, Field

from simpatico.agent.undo import Amend
from simpatico.domain import Consent, Event, EventKind, Profile, UserState, Value, YearSpan

Verdict = Literal["opinion", "saved", "seen"]
"""What is held of an item: whether it was liked or disliked, wanted, or known already."""

TEACHES: Final[dict[Verdict, tuple[EventKind, ...]]] = {
    "opinion": ("like", "dislike", "rate", "accept", "buy"),
    "saved": ("save",),
    "seen": ("seen", "rate"),
}
"""The kinds of events that each verdict rests on."""

_SAID: Final[dict[Verdict, tuple[str, ...]]] = {
    "opinion": ("liked", "disliked"),
    "saved": (),
    "seen": ("seen",),
}
_LISTS: Final = ("genres", "not_genres", "tones", "not_tones", "people", "not_people", "languages",
                 "not_languages", "kinds")  # fmt: skip
_WHOLE: Final[dict[str, dict[str, Any]]] = {
    "years": {"year_from": None, "year_to": None},
    "max_minutes": {"max_minutes": None},
    "exclude_ids": {"exclude_ids": []},
}


class Remembered(Value):
    """What is remembered of one conversation.

    Attributes:
        name: its title or first words.
        at: when it was last used.
        state: what was understood last; its mood only where moods may be kept.
    """

    session: str
    name: str
    at: AwareDatetime
    state: UserState


class Known(Value):
    """What is known of a person.

    Attributes:
        consent: what they decided.
        profile: worked out from the events.
        events: oldest first.
        n_lists: lists they were shown.
        talks: the latest used first.
    """

    consent: Consent
    profile: Profile
    events: tuple[Event, ...] = ()
    n_lists: int = Field(default=0, ge=0)
    talks: tuple[Remembered, ...] = ()


def verdicts_of(kind: EventKind) -> tuple[Verdict, ...]:
    """What rests on events of a kind."""
    return tuple(verdict for verdict, kinds in TEACHES.items() if kind in kinds)


def not_of(item_id: str, *verdicts: Verdict) -> Amend:
    """Takes from a kept state what was said of an item."""
    said = {field for verdict in verdicts for field in _SAID[verdict]}

    def amend(state: dict[str, Any]) -> dict[str, Any]:
        mentions = dict(state.get("mentions") or {})
        for field in said & mentions.keys():
            mentions[field] = [each for each in mentions[field] if each != item_id]
        constraints = dict(state.get("constraints") or {})
        if said and (left_out := constraints.get("exclude_ids")):
            constraints["exclude_ids"] = [each for each in left_out if each != item_id]
        return {**state, "mentions": mentions, "constraints": constraints}

    return amend


def not_wanting(what: str, value: str = "") -> Amend | None:
    """Takes one wish from a kept state; None: there is no such kind of wish.

    Args:
        what: a list of `Constraints`, "years", "max_minutes", "exclude_ids" or "need".
        value: which one of the list; of `not_years` its `YearSpan.name`.
    """
    if what not in (*_LISTS, *_WHOLE, "not_years", "need"):
        return None

    def amend(state: dict[str, Any]) -> dict[str, Any]:
        if what == "need":
            return {**state, "need": "unknown"}
        wants = dict(state.get("constraints") or {})
        if what in _WHOLE:
            wants |= _WHOLE[what]
        elif what == "not_years":
            spans = [YearSpan.model_validate(each) for each in wants.get(what, ())]
            wants[what] = [span.model_dump() for span in spans if span.name != value]
        else:
            wants[what] = [each for each in wants.get(what, ()) if each != value]
        return {**state, "constraints": wants}

    return amend
