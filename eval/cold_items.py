"""Cold items: a split of events in which some items come into the catalogue after training.

The protocol. Some films with a poster and a text are cold: all their events are taken out, and they
are no items of the catalogue that is learnt from; they join it when it is asked. Of what remains,
each person's last event (the one before, to choose by) is the target of "all", as in `next_item`.
The target of "cold" is their last event with a cold item, if it is among their newest `TAIL`
events; what is learnt of them, and what is known of them when asked, lies before it. What is cold
to choose by is never what is cold to report, and that draw's part of the latter is not there at
all when choosing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import DataError
from simpatico.eval.next_item import CUTOFF, MIN_EVENTS, Judged, Part, Split
from simpatico.eval.posters import Films
from simpatico.finetune.sequences import Sequences

Flags = NDArray[np.bool_]

N_COLD_DRAWS: Final = 5
"""Of each part: no film is cold in two draws, nor in both parts."""

TAIL: Final = 20
SPLIT_SEED: Final = 0
"""Of which films are cold in which draw: the same for every model."""


@dataclass(frozen=True)
class Trial:
    """One part's data.

    Attributes:
        learnt: what is learnt from, over the items that are not cold.
        cold: (n_items,) of bool, over the items of the splits.
        all: the last event of what remains; histories hold no cold items.
        cold_split: the last event with a cold item; `known` holds what the person had before it.
        cold_known: the same people's events before it without cold items: what a model is told.
    """

    learnt: Sequences
    cold: Flags
    all: Split
    cold_split: Split
    cold_known: Sequences


def draw_cold(films: Films, part: Part, draw: int) -> tuple[Flags, Flags]:
    """Which items are cold, and which are not there at all, (n_items,) each.

    Drawn by film, so that a film's other id is cold too: of the films with a poster and a text, a
    tenth in each draw.

    Args:
        films: (n_items,).
        part: the draws of "dev" are other films than those of "test".
        draw: in [0, `N_COLD_DRAWS`).

    Raises:
        DataError: too few films have a poster and a text.
    """
    whole = np.array([poster is not None for poster in films.posters]) & films.told
    could = np.unique(films.films[whole])
    n_draws = 2 * N_COLD_DRAWS
    if len(could) < n_draws:
        raise DataError(
            f"wanted {n_draws} films with a poster and a text to be cold, got {len(could)}"
        )
    tenths = np.array_split(np.random.default_rng(SPLIT_SEED).permutation(could), n_draws)
    chosen_by = np.isin(films.films, tenths[1 + draw])
    reported = np.isin(films.films, tenths[(1 + N_COLD_DRAWS + draw) % n_draws])
    none = np.zeros(len(reported), dtype=np.bool_)
    return (reported, none) if part == "test" else (chosen_by, reported)


def pick(data: Sequences, events: Sequence[NDArray[np.int64]]) -> Sequences:
    """The same people and items, with these of each person's events (places in their sequence)."""
    return replace(
        data,
        **{
            name: tuple(each[at] for each, at in zip(getattr(data, name), events, strict=True))
            for name in ("what", "values", "times")
        },
    )


def of_items(data: Sequences, kept: Flags) -> Sequences:
    """Only these items, and what people did with them; items are numbered anew."""
    number = np.cumsum(kept) - 1
    found = pick(data, [np.flatnonzero(kept[what]) for what in data.what])
    return replace(
        found,
        items=tuple(item for item, keep in zip(data.items, kept, strict=True) if keep),
        what=tuple(number[what] for what in found.what),
    )


def trial_of(data: Sequences, cold: Flags, part: Part, *, newest: int) -> Trial:
    """Split everybody's events.

    Args:
        data: events with all items, the cold ones too.
        cold: (n_items,).
        part: "dev" leaves the last event of what remains out of everything.
        newest: events of a person that are learnt from.

    Raises:
        DataError: nobody has a target of each kind.
    """
    learnt, warm_known, cold_known, cold_seen = [], [], [], []
    warm_rows, warm_targets, cold_rows, cold_targets = [], [], [], []
    for row, all_of_it in enumerate(data.what):
        warm = np.flatnonzero(~cold[all_of_it])
        asked = len(warm) >= MIN_EVENTS
        what = all_of_it[: warm[-1]] if asked and part == "dev" else all_of_it
        before = warm = warm[warm < len(what)]
        if asked:
            before = warm[:-1]
            warm_rows.append(row)
            warm_targets.append(what[warm[-1]])
        late = np.flatnonzero(cold[what])
        late = late[late >= len(what) - TAIL]
        end = len(what)
        if len(late) and np.count_nonzero(warm < late[-1]) >= MIN_EVENTS - 1:
            end = int(late[-1])
            cold_rows.append(row)
            cold_targets.append(what[end])
        warm_known.append(before)
        cold_known.append(warm[warm < end])
        cold_seen.append(np.arange(end))
        learnt.append(before[before < end][-newest:])
    if not warm_rows or not cold_rows:
        raise DataError(
            f"wanted people with {MIN_EVENTS} events, and some with a cold item among their last,"
            f" got {len(warm_rows)} and {len(cold_rows)}"
        )
    return Trial(
        of_items(pick(data, learnt), ~cold),
        cold,
        Split(pick(data, warm_known), np.array(warm_rows), np.array(warm_targets)),
        Split(pick(data, cold_seen), np.array(cold_rows), np.array(cold_targets)),
        pick(data, cold_known),
    )


def chance(n: NDArray[np.int64]) -> Judged:
    """What a random order gives among so many items, (n_people,), in expectation."""
    first = np.minimum(n, CUTOFF)
    gains = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(2, CUTOFF + 2)))])
    return Judged(first / n, gains[first] / n)


def n_choices(trial: Trial) -> NDArray[np.int64]:
    """Cold items that each person asked could get: those not had before, and the target."""
    found = []
    for row, target in zip(trial.cold_split.rows, trial.cold_split.targets, strict=True):
        left = trial.cold.copy()
        left[trial.cold_split.known.what[row]] = False
        left[target] = True
        found.append(np.count_nonzero(left))
    return np.array(found, dtype=np.int64)
