"""How far a mood, or a need, moves what is offered in a dialogue while the words stay the same."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.agent.read.affect import chosen_mood
from simpatico.domain import Candidate, NeedName, Profile, UserState
from simpatico.eval.held_dialogues import N_CANDIDATES, Asked
from simpatico.eval.record import Cases
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.attribution import Grounds
from simpatico.retrieval.fusion import FusionScorer
from simpatico.retrieval.rank import LinearRanker

MOODS_TRIED: Final = ("joy", "sadness", "anger", "nervousness")
NEEDS_TRIED: Final[tuple[NeedName, ...]] = ("cheer_up", "cry_it_out", "thrill", "calm_down")
TOP: Final = 10
N_STATES: Final = 240
"""States that are looked at, evenly spaced among those with words."""

MOOD: Final = "the mood, as served"
NEED: Final = "the need, as served"
NEED_LEARNT: Final = "the need, by what was learnt alone"
NEED_BY_HAND: Final = "the need, by tones set by hand alone"

_TOLD_CHARS: Final = 300


class Told(NamedTuple):
    """A trained ranker that is told of another mood and need than the state has.

    Attributes:
        scorer: the ranker.
        feeling: whose mood and need it is told of.
    """

    scorer: FusionScorer
    feeling: UserState

    def learned(
        self, candidates: Sequence[Candidate], state: UserState, profile: Profile
    ) -> list[Mapping[str, float]]:
        """See `FusionScorer.learned`."""
        return self.scorer.learned(candidates, self._told(state), profile)

    def grounds(self, item_ids: Sequence[str], state: UserState, profile: Profile) -> list[Grounds]:
        """See `FusionScorer.grounds`."""
        return self.scorer.grounds(item_ids, self._told(state), profile)

    def propose(
        self, state: UserState, profile: Profile, *, k: int, allowed: NDArray[np.bool_]
    ) -> list[tuple[str, float]]:
        """See `FusionScorer.propose`."""
        return self.scorer.propose(self._told(state), profile, k=k, allowed=allowed)

    def _told(self, state: UserState) -> UserState:
        told = {"mood": self.feeling.mood, "need": self.feeling.need}
        return state.model_copy(update=told)


def changed(lists: Sequence[Sequence[str]]) -> float:
    """Share of a list that another one has not, mean over all pairs, in [0, 1]."""
    shares = [
        1 - len({*one} & {*other}) / max(len(one), len(other))
        for one, other in combinations(lists, 2)
        if one or other
    ]
    return float(np.mean(shares)) if shares else 0.0


def swapped(
    asked: Asked, ranker: LinearRanker, scorer: FusionScorer, *, progress: ProgressCallback
) -> dict[str, Cases]:
    """What changes of the first `TOP` when the mood does, or the need, by row.

    Args:
        asked: held-out decisions; at most `N_STATES` of those with words are looked at.
        ranker: as served, with `scorer`, which proposes candidates to it.
        scorer: what was trained.
        progress: told of states.
    """
    index, items, decisions = asked.catalogue, asked.films.items, asked.asked.decisions
    worded = [at for at, one in enumerate(decisions) if one.words]
    rows = [worded[int(at)] for at in np.linspace(0, len(worded) - 1, min(N_STATES, len(worded)))]
    linear = LinearRanker(index)
    shares: dict[str, list[float]] = {name: [] for name in (MOOD, NEED, NEED_LEARNT, NEED_BY_HAND)}

    def best(state: UserState, by: LinearRanker, proposer: FusionScorer | Told | None) -> list[str]:
        index.propose_with(proposer)
        candidates = index.candidates(state=state, profile=Profile(), n=N_CANDIDATES)
        ranked = by.rank(candidates, state=state, profile=Profile())
        return [each.item.id for each in ranked[:TOP]]

    for n, at in enumerate(rows):
        progress("Changing moods and needs", n + 1, len(rows))
        state = asked.state(at).model_copy(update={"need": "unknown"})
        moods = [state.model_copy(update={"mood": chosen_mood(name)}) for name in MOODS_TRIED]
        needs = [state.model_copy(update={"need": name}) for name in NEEDS_TRIED]
        told = [Told(scorer, each) for each in needs]
        shares[MOOD].append(changed([best(each, ranker, scorer) for each in moods]))
        shares[NEED].append(changed([best(each, ranker, scorer) for each in needs]))
        shares[NEED_LEARNT].append(
            changed([best(state, LinearRanker(index, learned=each), each) for each in told])
        )
        shares[NEED_BY_HAND].append(changed([best(each, linear, None) for each in needs]))
    index.propose_with(scorer)
    return {
        name: Cases(
            tuple(f"{decisions[at].dialogue}:{at}" for at in rows),
            tuple(str(decisions[at].dialogue) for at in rows),
            {"changed": np.array(each)},
            np.zeros(len(rows), dtype=np.bool_),
            {
                "words": tuple(decisions[at].words[-_TOLD_CHARS:] for at in rows),
                "named before": tuple(
                    ", ".join(items[each].label for each in dict.fromkeys(decisions[at].before))
                    for at in rows
                ),
            },
        )
        for name, each in shares.items()
    }
