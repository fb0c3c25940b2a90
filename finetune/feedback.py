"""What people's events teach a ranker: which item somebody took next, given what they had.

Each item that a person likes, saves, accepts, buys or gives four or five stars for the first time
is a choice; what they had taken before it is its history. What people say is not in the events
and is not learnt from. The newest share of all choices is held out, by one moment for everybody:
what came before it is learnt from, and is the history of what comes after.

Reading keeps a person's events once. Histories, each as long as what came before, are told only
for the few choices of a person that are used: else someone with many events would fill the memory.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Event, EventKind, UserState
from simpatico.errors import DataError
from simpatico.protocols import EventLog
from simpatico.retrieval.past import KINDS, Kind, Tally, past_of

MOST: Final = 50
"""The newest choices of a person that are learnt from: nobody outweighs the others."""

MOST_HELD: Final = 10
"""Choices of a person, drawn by seed, that a new ranker is judged by."""

HELD_SHARE: Final = 0.2
LEAST_LEARNT, LEAST_HELD, LEAST_PEOPLE = 100, 50, 10
"""Choices to learn from and held out, and people on either side, below which nothing is trained."""

TAKEN: Final = frozenset({"like", "save", "accept", "buy"})
_HAD: Final = TAKEN | {"dislike", "seen", "rate"}


class Choice(NamedTuple):
    """An item that somebody took, and what was known of them before.

    Attributes:
        person: a number, for this reading of the log only.
        at: when.
        history: places of what they had taken, disliked or seen before and what they did with
            each, as serving tells it (`simpatico.retrieval.past`); at least one was taken and not
            disliked since, and the target is not among them.
        had: places of all they had taken, disliked, seen or rated before, sorted.
        target: its place.
    """

    person: int
    at: datetime
    history: tuple[tuple[int, Kind], ...]
    had: tuple[int, ...]
    target: int


class Deed(NamedTuple):
    """What is kept of an event: its item, what was done, and the stars of a `rate`."""

    item_id: str
    kind: EventKind
    value: float | None


class Take(NamedTuple):
    """A choice of which the history is not told yet.

    Attributes:
        person, at, target: as in `Choice`.
        n_before: how many of the person's deeds came before it.
    """

    person: int
    at: datetime
    target: int
    n_before: int


class Read(NamedTuple):
    """What a log gives: it grows with the number of events.

    Attributes:
        takes: choices of all people, each person's in order of time.
        deeds: with known items, oldest first, of each person with a choice.
        place: of each item of the catalogue, by its id.
        n_people: with at least one choice.
        n_events: in all.
        n_unknown: of items that the catalogue does not have; passed over.
    """

    takes: tuple[Take, ...]
    deeds: Mapping[int, tuple[Deed, ...]]
    place: Mapping[str, int]
    n_people: int
    n_events: int
    n_unknown: int


class Parts(NamedTuple):
    """Choices to learn from and those held out.

    Attributes:
        learnt: before the cut, at most `MOST` of a person.
        held: from the cut on, at most `MOST_HELD` of a person.
        cut: the moment.
    """

    learnt: tuple[Choice, ...]
    held: tuple[Choice, ...]
    cut: datetime


def is_taken(event: Event) -> bool:
    """Whether an event says that its person took the item."""
    return event.kind in TAKEN or (event.kind == "rate" and (event.value or 0) >= 4)


def read_log(log: EventLog, place: Mapping[str, int]) -> Read:
    """Read everybody's choices.

    Args:
        log: of events.
        place: of each item of the catalogue, by its id.

    Raises:
        StoreError: the log cannot be read.
    """
    takes: list[Take] = []
    deeds: dict[int, tuple[Deed, ...]] = {}
    n_events = n_unknown = 0
    for person, user in enumerate(log.users()):
        events = log.events(user)
        known = [event for event in events if event.item_id in place]
        n_events += len(events)
        n_unknown += len(events) - len(known)
        if theirs := _takes(person, known, place):
            takes += theirs
            deeds[person] = tuple(Deed(one.item_id, one.kind, one.value) for one in known)
    return Read(tuple(takes), deeds, place, len(deeds), n_events, n_unknown)


def split(
    read: Read, *, held_share: float = HELD_SHARE, after: datetime | None = None, seed: int = 0
) -> Parts:
    """Hold the newest choices out.

    Args:
        read: of a log.
        held_share: of all choices.
        after: the cut is not before this: what is served now learnt from what came before.
        seed: of which choices of a person are judged.

    Raises:
        DataError: too little on either side, with what was wanted and what there is.
    """
    times = sorted(one.at for one in read.takes)
    if not times:
        raise DataError(_too_little(0, 0, 0, 0, read))
    cut = times[min(round(len(times) * (1 - held_share)), len(times) - 1)]
    cut = max(cut, after) if after else cut
    rng = np.random.default_rng(seed)
    learnt: list[Take] = []
    held: list[Take] = []
    for takes in _by_person(read.takes).values():
        learnt += [one for one in takes if one.at < cut][-MOST:]
        late = [one for one in takes if one.at >= cut]
        drawn = rng.permutation(len(late))[:MOST_HELD]
        held += [late[row] for row in sorted(drawn)]
    people = [len({one.person for one in part}) for part in (learnt, held)]
    if len(learnt) < LEAST_LEARNT or len(held) < LEAST_HELD or min(people) < LEAST_PEOPLE:
        raise DataError(_too_little(len(learnt), people[0], len(held), people[1], read))
    return Parts(told(read, learnt), told(read, held), cut)


def told(read: Read, takes: Sequence[Take]) -> tuple[Choice, ...]:
    """Choices with their histories, each as serving would tell it at its moment.

    Args:
        read: where they are from.
        takes: some of them, each person's in order of time, people one after the other.
    """
    return tuple(
        one
        for person, theirs in _by_person(takes).items()
        for one in _told(theirs, read.deeds[person], read.place)
    )


def persons_of(choices: Iterable[Choice]) -> NDArray[np.int64]:
    """Whose each choice is, (n,)."""
    return np.array([one.person for one in choices], dtype=np.int64)


def _takes(person: int, events: Sequence[Event], place: Mapping[str, int]) -> list[Take]:
    found = []
    tally = Tally()
    taken: set[str] = set()
    kept: set[str] = set()
    for number, event in enumerate(events):
        item_id = event.item_id
        if is_taken(event):
            if kept and item_id not in taken:
                found.append(Take(person, event.at, place[item_id], number))
            taken.add(item_id)
        tally.add(item_id, event.kind, event.value)
        if tally.keeps(item_id):
            kept.add(item_id)
        else:
            kept.discard(item_id)
    return found


def _told(takes: Sequence[Take], deeds: Sequence[Deed], place: Mapping[str, int]) -> list[Choice]:
    """One person's, in one pass over what they did."""
    found = []
    tally = Tally()
    had: set[int] = set()
    pairs: dict[tuple[int, Kind], tuple[int, Kind]] = {}  # histories share what they are made of
    done = 0
    for one in takes:
        for deed in deeds[done : one.n_before]:
            tally.add(*deed)
            if deed.kind in _HAD:
                had.add(place[deed.item_id])
        done = one.n_before
        past = past_of(UserState(), tally.profile(), KINDS)
        history = ((place[item_id], kind) for item_id, kind in past)
        shared = tuple(pairs.setdefault(each, each) for each in history if each[0] != one.target)
        before = tuple(sorted(had - {one.target}))
        found.append(Choice(one.person, one.at, shared, before, one.target))
    return found


def _by_person(takes: Sequence[Take]) -> dict[int, list[Take]]:
    found: dict[int, list[Take]] = {}
    for one in takes:
        found.setdefault(one.person, []).append(one)
    return found


def _too_little(learnt: int, learners: int, held: int, people: int, read: Read) -> str:
    return (
        f"too little to learn from: wanted at least {LEAST_LEARNT} choices of {LEAST_PEOPLE} people"
        f" before the cut and {LEAST_HELD} of {LEAST_PEOPLE} after it; got {learnt} of {learners}"
        f" and {held} of {people}, from {read.n_events} events of which {read.n_unknown} are of"
        " unknown items (an item taken first by somebody who took another before is a choice)"
    )
