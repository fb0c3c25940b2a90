"""A trained ranker that may fail: then the hand-set one orders, and it is said."""

import logging
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Candidate, Profile, Recommendation, UserState
from simpatico.protocols import Ranker
from simpatico.retrieval.candidates import Scored
from simpatico.retrieval.index import Proposer

log = logging.getLogger(__name__)


class CarefulRanker:
    """Ranks and proposes with a trained ranker as long as it works.

    Args:
        trained: ranks; its name is this one's, too.
        proposer: looks for candidates with the same.
        plain: ranks where the trained one raises.

    Attributes:
        trouble: what went wrong last; empty when the last call went well.
    """

    def __init__(self, trained: Ranker, proposer: Proposer, plain: Ranker) -> None:
        self.name = trained.name
        self.trouble = ""
        self._trained = trained
        self._proposer = proposer
        self._plain = plain

    def rank(
        self, candidates: Sequence[Candidate], *, state: UserState, profile: Profile
    ) -> list[Recommendation]:
        """Score every candidate; best first, ties by item id."""
        try:
            ranked = self._trained.rank(candidates, state=state, profile=profile)
        except Exception as error:  # onnxruntime's errors share no base
            self._note(error)
            return self._plain.rank(candidates, state=state, profile=profile)
        self.trouble = ""
        return ranked

    def explain(
        self,
        chosen: Sequence[Recommendation],
        candidates: Sequence[Candidate],
        *,
        state: UserState,
        profile: Profile,
    ) -> list[Recommendation]:
        """Give reasons; those of the hand-set ranker where the trained one has failed."""
        if not self.trouble:
            try:
                return self._trained.explain(chosen, candidates, state=state, profile=profile)
            except Exception as error:
                self._note(error)
        return self._plain.explain(chosen, candidates, state=state, profile=profile)

    def propose(
        self, state: UserState, profile: Profile, *, k: int, allowed: NDArray[np.bool_]
    ) -> Scored:
        """The k best of the allowed, best first; none when the trained one fails."""
        try:
            return self._proposer.propose(state, profile, k=k, allowed=allowed)
        except Exception as error:
            self._note(error)
            return []

    def _note(self, error: Exception) -> None:
        log.error("the trained ranker failed: %s: %s", type(error).__name__, error)
        self.trouble = f"the trained ranker failed ({type(error).__name__})"
