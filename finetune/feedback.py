"""What people's events teach a ranker: which item somebody took next, given what they had.

Each item that a person likes, saves, accepts, buys or gives four or five stars for the first time
is a choice; what they had taken before it is its history. What people say is not in the events
and is not learnt from. The newest share of all choices is held out, by one moment for everybody:
what came before it is learnt from, and is the history of what comes after.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Event, UserState
from simpatico.errors import DataError
from simpatico.protocols import EventLog
from simpatico.retrieval.past import KINDS, Kind, past_of, sum_up

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


class Read(NamedTuple):
    """What a log gives.

    Attributes:
        choices: of all people, each person's in order of time.
        n_people: with at least one choice.
        n_events: in all.
        n_unknown: of items that the catalogue does not have; passed over.
    """

    choices: tuple[Choice, ...]
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
    choices: list[Choice] = []
    n_events = n_unknown = 0
    for person, user in enumerate(log.users()):
        events = log.events(user)
        known = [event for event in events if event.item_id in place]
        n_events += len(events)
        n_unknown += len(events) - len(known)
        choices += _choices(person, known, place)
    n_people = len({one.person for one in choices})
    return Read(tuple(choices), n_people, n_events, n_unknown)


def split(
    read: Read, *, held_share: float = HELD_SHARE, after: datetime | None = None, seed: int = 0
) -> Parts:
    """Hold the newest choices out.

    Args:
        read: the choices.
        held_share: of all choices.
        after: the cut is not before this: what is served now learnt from what came before.
        seed: of which choices of a person are judged.

    Raises:
        DataError: too little on either side, with what was wanted and what there is.
    """
    times = sorted(one.at for one in read.choices)
    if not times:
        raise DataError(_too_little(0, 0, 0, 0, read))
    cut = times[min(round(len(times) * (1 - held_share)), len(times) - 1)]
    cut = max(cut, after) if after else cut
    rng = np.random.default_rng(seed)
    learnt: list[Choice] = []
    held: list[Choice] = []
    for _, choices in _by_person(read.choices):
        learnt += [one for one in choices if one.at < cut][-MOST:]
        late = [one for one in choices if one.at >= cut]
        drawn = rng.permutation(len(late))[:MOST_HELD]
        held += [late[row] for row in sorted(drawn)]
    people = [len({one.person for one in part}) for part in (learnt, held)]
    if len(learnt) < LEAST_LEARNT or len(held) < LEAST_HELD or min(people) < LEAST_PEOPLE:
        raise DataError(_too_little(len(learnt), people[0], len(held), people[1], read))
    return Parts(tuple(learnt), tuple(held), cut)


def persons_of(choices: Iterable[Choice]) -> NDArray[np.int64]:
    """Whose each choice is, (n,)."""
    return np.array([one.person for one in choices], dtype=np.int64)


def _choices(person: int, events: Sequence[Event], place: Mapping[str, int]) -> list[Choice]:
    found = []
    had: set[int] = set()
    taken: set[int] = set()
    for number, event in enumerate(events):
        at = place[event.item_id]
        if is_taken(event):
            history = () if at in taken else _history(events[:number], event.item_id, place)
            if any(kind in ("liked", "saved") for _, kind in history):
                before = tuple(sorted(had - {at}))
                found.append(Choice(person, event.at, history, before, at))
            taken.add(at)
        if event.kind in _HAD:
            had.add(at)
    return found


def _history(
    events: Sequence[Event], without: str, place: Mapping[str, int]
) -> tuple[tuple[int, Kind], ...]:
    """What serving would tell of these events, without one item."""
    past = past_of(UserState(), sum_up("", events, ()), KINDS)
    return tuple((place[item_id], kind) for item_id, kind in past if item_id != without)


def _by_person(choices: Sequence[Choice]) -> list[tuple[int, list[Choice]]]:
    found: dict[int, list[Choice]] = {}
    for one in choices:
        found.setdefault(one.person, []).append(one)
    return list(found.items())


def _too_little(learnt: int, learners: int, held: int, people: int, read: Read) -> str:
    return (
        f"too little to learn from: wanted at least {LEAST_LEARNT} choices of {LEAST_PEOPLE} people"
        f" before the cut and {LEAST_HELD} of {LEAST_PEOPLE} after it; got {learnt} of {learners}"
        f" and {held} of {people}, from {read.n_events} events of which {read.n_unknown} are of"
        " unknown items (an item taken first by somebody who took another before is a choice)"
    )
