"""Is every item findable? Chroma's graph can lose live items without an error."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from simpatico.domain import Value
from simpatico.errors import StoreError
from simpatico.protocols import Store
from simpatico.retrieval.store import ChromaStore

REACH: Final = 100
"""An item is reachable when a search with its own vector has it among this many."""

_SAME: Final = 1 - 1e-5


class AuditReport(Value):
    """What an audit found, and what became of it.

    Attributes:
        n_items: items of the catalogue.
        n_stored: vectors in the store.
        n_checked: items whose reachability was tried.
        missing: in the catalogue, not in the store.
        strange: in the store, not in the catalogue.
        unreachable: in both, but not found by their own vector.
        left: of all these, what is still wrong after the repair; without repair all of them.
        rebuilt: the repair wrote the whole store anew.
    """

    n_items: int
    n_stored: int
    n_checked: int
    missing: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()
    unreachable: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    rebuilt: bool = False

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong (any more)."""
        return not self.left


@dataclass(frozen=True)
class Faults:
    """Ids by what is wrong with them, each sorted, and how many were tried."""

    missing: tuple[str, ...]
    strange: tuple[str, ...]
    unreachable: tuple[str, ...]
    n_checked: int

    @property
    def all(self) -> tuple[str, ...]:
        """Every id that something is wrong with."""
        return self.missing + self.strange + self.unreachable


def faults(store: Store, wanted: Sequence[str], *, sample: int | None, seed: int = 0) -> Faults:
    """Compare a store with the ids it should have, and try to find items by their own vectors.

    Args:
        store: a store.
        wanted: ids that should be in it.
        sample: how many items to try, drawn without replacement; None tries all.
        seed: of the draw.
    """
    stored, should = set(store.ids()), set(wanted)
    both = sorted(stored & should)
    if sample is not None and sample < len(both):
        drawn = np.random.default_rng(seed).choice(len(both), size=sample, replace=False)
        both = [both[place] for place in sorted(drawn)]
    return Faults(
        missing=tuple(sorted(should - stored)),
        strange=tuple(sorted(stored - should)),
        unreachable=unreachable(store, both),
        n_checked=len(both),
    )


def unreachable(store: Store, ids: Sequence[str]) -> tuple[str, ...]:
    """Those of the stored `ids` that their own vector does not find.

    An item crowded out by others with the same vector counts as found. When the graph cannot be
    asked at all, nothing is reachable.
    """
    lost = []
    for item_id, vector in zip(ids, store.vectors(ids), strict=True):
        try:
            if isinstance(store, ChromaStore):  # `search` would mend a short answer
                hits = store.nearest_in_graph(vector, k=REACH)
            else:
                hits = store.search(vector, k=REACH)
        except StoreError:
            return tuple(ids)
        crowded = len(hits) == REACH and hits[-1][1] >= _SAME
        if not crowded and all(found != item_id for found, _ in hits):
            lost.append(item_id)
    return tuple(lost)
