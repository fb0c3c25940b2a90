"""Rankers side by side where a catalogue has kinds of item that its trained ranker never saw."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Candidate, Profile, Recommendation, UserState
from simpatico.protocols import Ranker
from simpatico.retrieval.candidates import Scored
from simpatico.retrieval.catalog import Catalog
from simpatico.retrieval.index import Proposer


class RankerByKind:
    """Ranks each kind by itself: what somebody liked of one kind says nothing of another.

    Scores of different kinds are only as alike as their rankers make them; `rerank` does not
    compare them where several kinds are asked for.

    Args:
        catalog: what is ranked.
        rankers: for the kinds that have one of their own; its name is this one's, too.
        others: for all other kinds.
    """

    def __init__(self, catalog: Catalog, rankers: Mapping[str, Ranker], others: Ranker) -> None:
        self.name = next((ranker.name for ranker in rankers.values()), others.name)
        self._catalog = catalog
        self._rankers = dict(rankers)
        self._others = others

    def rank(
        self, candidates: Sequence[Candidate], *, state: UserState, profile: Profile
    ) -> list[Recommendation]:
        """Score every candidate; best first, ties by item id."""
        groups: dict[str, list[Candidate]] = {}
        for each in candidates:
            groups.setdefault(each.item.kind, []).append(each)
        ranked = [
            one
            for kind, group in groups.items()
            for one in self._of_kind(kind).rank(
                group, state=self._said_of(kind, state), profile=self._known_of(kind, profile)
            )
        ]
        return sorted(ranked, key=lambda one: (-one.p_accept, one.item.id))

    def explain(
        self,
        chosen: Sequence[Recommendation],
        candidates: Sequence[Candidate],
        *,
        state: UserState,
        profile: Profile,
    ) -> list[Recommendation]:
        """Give reasons, each kind's ranker to its own; the order stays."""
        explained = {
            one.item.id: one
            for kind in dict.fromkeys(one.item.kind for one in chosen)
            for one in self._of_kind(kind).explain(
                [one for one in chosen if one.item.kind == kind],
                candidates,
                state=self._said_of(kind, state),
                profile=self._known_of(kind, profile),
            )
        }
        return [explained[one.item.id] for one in chosen]

    def _of_kind(self, kind: str) -> Ranker:
        return self._rankers.get(kind, self._others)

    def _said_of(self, kind: str, state: UserState) -> UserState:
        fields = ("liked", "disliked", "seen", "named")
        update = {field: self._of(kind, getattr(state.mentions, field)) for field in fields}
        return state.model_copy(update={"mentions": state.mentions.model_copy(update=update)})

    def _known_of(self, kind: str, profile: Profile) -> Profile:
        update = {field: self._of(kind, getattr(profile, field)) for field in ("liked", "saved")}
        update["disliked"] = self._of(kind, profile.disliked)
        return profile.model_copy(update=update)

    def _of(self, kind: str, item_ids: Sequence[str]) -> tuple[str, ...]:
        """Those that are of a kind."""
        items = ((item_id, self._catalog.get(item_id)) for item_id in item_ids)
        return tuple(item_id for item_id, item in items if item is not None and item.kind == kind)


class ProposerOfSome:
    """Looks for candidates among some of a catalogue's items, with what knows only these.

    Args:
        proposer: knows the items of `rows`, in that order.
        rows: (n_some,) places in the catalogue.
    """

    def __init__(self, proposer: Proposer, rows: NDArray[np.integer]) -> None:
        self._proposer = proposer
        self._rows = rows

    def propose(
        self, state: UserState, profile: Profile, *, k: int, allowed: NDArray[np.bool_]
    ) -> Scored:
        """The k best of the allowed, (n_items,) of flags, best first."""
        return self._proposer.propose(state, profile, k=k, allowed=allowed[self._rows])
