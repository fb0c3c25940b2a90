from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import (
    Candidate,
    Constraints,
    Item,
    Profile,
    Reason,
    Recommendation,
    UserState,
)
from simpatico.retrieval.careful import CarefulRanker
from simpatico.retrieval.rank import PopularityRanker

FOUND = [
    Candidate(item=Item(id=name, title=name, popularity=known), hits=(), score=0)
    for name, known in (("a", 0.1), ("b", 0.9))
]
LEARNT = Reason(kind="behaviour", text="Learnt", weight=1.0)


class Failing:
    """A trained ranker that works or does not."""

    name = "fusion"

    def __init__(self) -> None:
        self.works = True

    def rank(
        self, candidates: Sequence[Candidate], *, state: UserState, profile: Profile
    ) -> list[Recommendation]:
        if not self.works:
            raise RuntimeError("graph")
        return [Recommendation(item=each.item, p_accept=0.5) for each in candidates]

    def explain(
        self,
        chosen: Sequence[Recommendation],
        candidates: Sequence[Candidate],
        *,
        state: UserState,
        profile: Profile,
    ) -> list[Recommendation]:
        if not self.works:
            raise RuntimeError("graph")
        return [one.model_copy(update={"reasons": (LEARNT,)}) for one in chosen]

    def propose(
        self, state: UserState, profile: Profile, *, k: int, allowed: NDArray[np.bool_]
    ) -> list[tuple[str, float]]:
        if not self.works:
            raise RuntimeError("graph")
        return [("a", 0.0)]


def ids(ranked: Sequence[Recommendation]) -> list[str]:
    return [one.item.id for one in ranked]


def test_what_fails_is_ranked_plainly_and_told_until_it_works_again() -> None:
    trained = Failing()
    ranker = CarefulRanker(trained, trained, PopularityRanker())
    every, state = np.ones(2, dtype=bool), UserState(query="x")
    assert ids(ranker.rank(FOUND, state=state, profile=Profile())) == ["a", "b"]
    assert ranker.propose(state, Profile(), k=1, allowed=every) == [("a", 0.0)]
    assert (ranker.name, ranker.trouble) == ("fusion", "")
    trained.works = False
    assert ids(ranker.rank(FOUND, state=state, profile=Profile())) == ["b", "a"]
    assert ranker.propose(state, Profile(), k=1, allowed=every) == []
    assert "RuntimeError" in ranker.trouble
    trained.works = True
    ranker.rank(FOUND, state=state, profile=Profile())
    assert ranker.trouble == ""


def test_what_cannot_be_explained_is_explained_plainly() -> None:
    trained = Failing()
    ranker = CarefulRanker(trained, trained, PopularityRanker())
    state = UserState(constraints=Constraints(tones=("warm",)))
    warm = Candidate(
        item=Item(id="w", title="W", tone={"warm": 0.9}, popularity=0.1), hits=(), score=0
    )

    def texts() -> list[str]:
        ranked = ranker.rank([warm], state=state, profile=Profile())
        trained.works = works
        (one,) = ranker.explain(ranked, [warm], state=state, profile=Profile())
        return [reason.text for reason in one.reasons]

    works = True
    assert texts() == ["Learnt"]
    works = False
    assert texts() == ["It is warm"]
    assert "RuntimeError" in ranker.trouble
