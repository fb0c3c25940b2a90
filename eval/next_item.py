"""Next item, judged over the whole catalogue: what a ranker has to get right, and how sure we are.

The protocol, in full: events of a person in order of time, those of one instant as the file has
them; the last is the target of "test", the one before of "dev" (leave-one-out); whoever has fewer
than three events only helps to learn. A model for "test" learns from everything but the targets.
Every item of the catalogue is ranked; what the person had before is masked, unless it is the
target; of items with the target's score the target comes last.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Value
from simpatico.errors import DataError
from simpatico.finetune.sequences import Sequences, digest

Part = Literal["dev", "test"]
CUTOFF: Final = 10
N_DRAWS: Final = 2000
MIN_EVENTS: Final = 3
_LEFT_OUT: Final[Mapping[Part, int]] = {"dev": 2, "test": 1}


class Split(NamedTuple):
    """What is learnt from, who is asked, and what the right answers are.

    Attributes:
        known: everybody's events without the targets.
        rows: (n_asked,) positions in `known` of the people asked.
        targets: (n_asked,) positions in `known.items`.
    """

    known: Sequences
    rows: NDArray[np.int64]
    targets: NDArray[np.int64]


class Judged(NamedTuple):
    """One value for each person asked, (n,): was the target among the first ten, and its NDCG."""

    hit: NDArray[np.float64]
    ndcg: NDArray[np.float64]


class Interval(Value):
    """A mean with the middle 95 % of what it is when people are drawn again (bootstrap)."""

    mean: float
    low: float
    high: float


class Card(Value):
    """Everything that has to be equal for two figures to be compared."""

    part: Part
    n_users: int
    n_asked: int
    n_items: int
    n_events: int
    targets: str
    split: str = "leave-one-out by time, ties in the order of the file"
    masked: str = "what the person had before"
    ranked: str = "the whole catalogue, ties against the target"


def split_of(data: Sequences, part: Part) -> Split:
    """Leave each person's last event (test) or the one before (dev) out.

    Raises:
        DataError: nobody has enough events.
    """
    n_out = _LEFT_OUT[part]
    long = [row for row, what in enumerate(data.what) if len(what) >= MIN_EVENTS]
    if not long:
        raise DataError(f"wanted people with at least {MIN_EVENTS} events, got none")
    ends = [len(what) for what in data.what]
    for row in long:
        ends[row] -= n_out
    targets = np.array([data.what[row][-n_out] for row in long], dtype=np.int64)
    return Split(data.until(ends), np.array(long, dtype=np.int64), targets)


def card_of(split: Split, part: Part) -> Card:
    """The card of a split."""
    return Card(
        part=part,
        n_users=len(split.known),
        n_asked=len(split.rows),
        n_items=len(split.known.items),
        n_events=split.known.n_events,
        targets=digest(split.targets, split.known.items),
    )


def judge(scores: NDArray[np.floating], split: Split) -> Judged:
    """Judge a score for every item of everybody asked: (n_asked, n_items), higher is better.

    Raises:
        ValueError: another shape, or scores that are nan.
    """
    places = places_of(scores, split)
    hit = places <= CUTOFF
    return Judged(hit.astype(np.float64), np.where(hit, 1 / np.log2(places + 1), 0.0))


def places_of(scores: NDArray[np.floating], split: Split) -> NDArray[np.float64]:
    """Where each target stands, (n_asked,), from 1; see `judge` for scores and errors."""
    wanted = (len(split.rows), len(split.known.items))
    if scores.shape != wanted:
        raise ValueError(f"wanted scores of shape {wanted}, got {scores.shape}")
    if np.isnan(scores).any():
        raise ValueError("wanted a score for every item, got nan")
    places = np.empty(len(split.rows))
    for at, (row, target) in enumerate(zip(split.rows, split.targets, strict=True)):
        before = scores[at] >= scores[at, target]
        before[split.known.what[row]] = False
        before[target] = True
        places[at] = np.count_nonzero(before)
    return places


def interval(values: NDArray[np.float64], seed: int = 0) -> Interval:
    """The mean of one value for each person, (n,), and how far it may be off."""
    drawn = np.random.default_rng(seed).integers(len(values), size=(N_DRAWS, len(values)))
    low, high = np.percentile(values[drawn].mean(axis=1), [2.5, 97.5])
    return Interval(mean=float(values.mean()), low=float(low), high=float(high))


def paired(ours: NDArray[np.float64], theirs: NDArray[np.float64], seed: int = 0) -> Interval:
    """The mean difference of two systems on the same people; both (n,)."""
    return interval(ours - theirs, seed)
