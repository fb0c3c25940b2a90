"""What a trained ranker is told of how a person feels and what they need, as numbers.

A ranker keeps the names that it was trained with (`simpatico.retrieval.fusion.Card`), and is told
by name. So a list of moods that grows or is put in another order never shifts what it learnt: what
it does not know says nothing to it, and what is read no longer is always zero.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import MOODS, NEEDS, Mood, UserState

_NONE: Final = {"neutral", "unknown"}
"""Names that say nothing."""


class Felt(NamedTuple):
    """One person's mood and need, a number in [0, 1] for each name of a ranker; 0: not so."""

    moods: tuple[float, ...] = ()
    needs: tuple[float, ...] = ()


class Feelings(NamedTuple):
    """The names of moods and needs that a ranker knows; none: it is told of neither."""

    moods: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    def felt(self, state: UserState) -> Felt:
        """What a state says in these names: all zeros where nothing was read.

        A mood that holds counts what its probability is, and the reader's confidence where there
        is none; a need counts 1, for a reader says no more of it.
        """
        holding = _holding(state.mood)
        return Felt(
            tuple(holding.get(name, 0.0) for name in self.moods),
            tuple(float(name == state.need) for name in self.needs),
        )

    def all_felt(
        self, states: Sequence[UserState]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The same for n states: (n, n_moods) and (n, n_needs)."""
        found = [self.felt(state) for state in states]
        moods = np.array([one.moods for one in found], dtype=np.float32)
        needs = np.array([one.needs for one in found], dtype=np.float32)
        n = len(states)
        return moods.reshape(n, len(self.moods)), needs.reshape(n, len(self.needs))

    @property
    def gone(self) -> tuple[str, ...]:
        """Names that no reader gives any more."""
        ours = (*FEELINGS.moods, *FEELINGS.needs)
        return tuple(name for name in (*self.moods, *self.needs) if name not in ours)

    @property
    def lacking(self) -> tuple[str, ...]:
        """Names that a reader gives and these have not; none where they are none at all."""
        if not (self.moods or self.needs):
            return ()
        ours = (*self.moods, *self.needs)
        return tuple(name for name in (*FEELINGS.moods, *FEELINGS.needs) if name not in ours)


FEELINGS: Final = Feelings(
    tuple(name for name in MOODS if name not in _NONE),
    tuple(name for name in NEEDS if name not in _NONE),
)
"""The names that a reader gives now."""

UNFELT: Final = Feelings()


def _holding(mood: Mood) -> dict[str, float]:
    """How far each mood that holds does, by name."""
    shares = dict(zip(MOODS, mood.distribution, strict=False))
    return {name: shares.get(name, mood.confidence) for name in mood.labels or (mood.label,)}
