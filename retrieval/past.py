"""What a trained ranker is told of what a person did: items, and what they did with each.

A kind of event has a number that never changes; a ranker keeps the names of those that it was
trained with (`simpatico.retrieval.fusion.Card`). What it does not know is told as something that it
does, or not at all, as it was before there were more kinds.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final, Literal, TypeVar

from simpatico.domain import Event, EventKind, Profile, UserState

Kind = Literal["saved", "named", "offered", "liked", "disliked", "seen"]
"""Wanted; named without a verdict; offered to them; liked; disliked; had, without a verdict."""

KINDS: Final[dict[Kind, int]] = {
    "saved": 0,
    "named": 1,
    "offered": 2,
    "liked": 3,
    "disliked": 4,
    "seen": 5,
}
"""The number of each; a ranker's table has one row for each, and one for `START`."""

START: Final = 6
"""The number of no event yet."""

PLAIN: Final[tuple[Kind, ...]] = ("named", "offered")
"""What a ranker knows that was told of no likes or dislikes."""

_NO_VERDICT: Final = ("named", "seen")

N_SHOWN: Final = 200
"""How many of the latest shown items a profile holds."""

What = TypeVar("What")


def heard(events: Sequence[tuple[What, Kind]], known: Collection[str]) -> list[tuple[What, Kind]]:
    """The events as a ranker that knows some kinds is told of them.

    Without a word for it, what was liked, saved or seen was named, and what was disliked is left
    out.
    """
    found: list[tuple[What, Kind]] = []
    for what, kind in events:
        if kind in known:
            found.append((what, kind))
        elif kind != "disliked" and kind != "offered":
            found.append((what, "named"))
    return found


def past_of(state: UserState, profile: Profile, known: Collection[str]) -> list[tuple[str, Kind]]:
    """What somebody did, the oldest first, for a ranker that knows some kinds: ids and kinds.

    What the profile has comes before what this conversation names; an item that is there twice
    stands where it came last. A later verdict counts; to be named or seen again takes none away.
    """
    said = state.mentions
    parts: tuple[tuple[Kind, tuple[str, ...]], ...] = (
        ("seen", profile.seen if "seen" in known else ()),
        ("disliked", profile.disliked if "disliked" in known else ()),
        ("saved", profile.saved),
        ("liked", profile.liked),
        ("named", said.named),
        ("seen", said.seen),
        ("liked", said.liked),
        ("disliked", said.disliked),
    )
    found: dict[str, Kind] = {}
    for kind, ids in parts:
        for item_id in ids:
            before = found.pop(item_id, kind)  # the newest goes last
            found[item_id] = before if kind in _NO_VERDICT and before != "named" else kind
    return heard(list(found.items()), known)


class Tally:
    """One person's events, summed up as they come, the oldest first: what each says is in `sum_up`.

    An event costs the same however many came before it.
    """

    def __init__(self) -> None:
        self._stance: dict[str, str] = {}
        self._seen: dict[str, None] = {}
        self._saved: dict[str, None] = {}
        self._n = 0

    def add(self, item_id: str, kind: EventKind, value: float | None) -> None:
        """The next event: its item, what was done, and the stars of a `rate`."""
        self._n += 1
        if verdict := _verdict(kind, value):
            _put(self._stance, item_id, verdict)
        if kind in ("seen", "rate"):
            _put(self._seen, item_id, None)
        if kind == "save":
            _put(self._saved, item_id, None)
        elif verdict == "disliked":
            self._saved.pop(item_id, None)

    def keeps(self, item_id: str) -> bool:
        """Whether an item is liked or saved by now."""
        return self._stance.get(item_id) == "liked" or item_id in self._saved

    def profile(self, user: str = "", shown: Iterable[str] = ()) -> Profile:
        """What the events say by now; see `sum_up`."""
        latest = list(dict.fromkeys(reversed([*shown])))[:N_SHOWN]
        stance = self._stance.items()
        return Profile(
            user=user,
            liked=tuple(item for item, verdict in stance if verdict == "liked"),
            disliked=tuple(item for item, verdict in stance if verdict == "disliked"),
            seen=tuple(self._seen),
            saved=tuple(self._saved),
            shown=tuple(reversed(latest)),
            n_events=self._n,
        )


def sum_up(user: str, events: Iterable[Event], shown: Iterable[str]) -> Profile:
    """Sum up one person's events.

    Liked: like, accept, buy, and four or five stars. Disliked: dislike, and one or two stars.
    Three stars are neither. The latest of these on an item decides, so that changing one's mind
    works. Seen: seen, and any stars. Saved: save, until the item is disliked. A saved item is
    wanted, not yet liked.

    Args:
        user: whose events these are.
        events: theirs, oldest first.
        shown: ids that were shown to them, oldest first; the latest `N_SHOWN` distinct are kept.
    """
    tally = Tally()
    for event in events:
        tally.add(event.item_id, event.kind, event.value)
    return tally.profile(user, shown)


def _verdict(kind: EventKind, value: float | None) -> str:
    if kind in ("like", "accept", "buy"):
        return "liked"
    if kind == "dislike":
        return "disliked"
    if kind == "rate" and value is not None:
        return "liked" if value >= 4 else "disliked" if value <= 2 else "neither"
    return ""


def _put(ordered: dict[str, What], key: str, value: What) -> None:
    ordered.pop(key, None)  # the newest goes last
    ordered[key] = value
