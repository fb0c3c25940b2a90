"""Is every item findable? Chroma's graph can lose live items without an error."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from simpatico.domain import Item, Value
from simpatico.errors import StoreError
from simpatico.protocols import Encoder, Store
from simpatico.retrieval.behaviour import Behaviour
from simpatico.retrieval.build import (
    COLLECTION,
    item_text,
    item_vectors,
    packs_for,
    silent,
    write_generation,
)
from simpatico.retrieval.catalog import Catalog
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


def mend(
    found: Faults,
    store: Store,
    *,
    catalog: Catalog,
    encoder: Encoder[str],
    behaviour: Behaviour,
    root: Path | None,
    sampled: bool,
) -> Store:
    """Repair a store; what comes back is to be used from now on, the same one or a new one.

    Args:
        found: what is wrong.
        store: where it is wrong; closed when a new one takes its place.
        catalog: the items that should be in it.
        encoder: makes vectors for missing items.
        behaviour: goes into the new index with the store.
        root: where the index lies, if on disk; only there a store can be built anew.
        sampled: not every item was tried. One that was not may be lost as well, so that the store
            is built anew rather than mended item by item.

    Raises:
        StoreError: it cannot be written.
    """
    missing = [item for item in map(catalog.get, found.missing) if item is not None]
    if missing:
        store.upsert([item.id for item in missing], _vectors(missing, catalog, encoder, root))
    store.delete(found.strange)
    lost: Sequence[str] = found.unreachable
    if not sampled:
        store.upsert(lost, store.vectors(lost))
        lost = unreachable(store, (*found.missing, *lost))
    if not lost or root is None:
        return store
    vectors = store.vectors([item.id for item in catalog.items])
    try:
        with FileLock(root / "build.lock", timeout=0):
            manifest = write_generation(
                root, catalog, vectors, behaviour=behaviour, encoder=encoder.name, tell=silent
            )
    except Timeout as error:
        raise StoreError(f"another process is building the index in {root}") from error
    except OSError as error:
        raise StoreError(f"the index in {root} cannot be written: {error}") from error
    store.close()
    folder = root / manifest.generation / "store"
    return ChromaStore(folder, COLLECTION, manifest.dim, create=False)


def _vectors(
    items: Sequence[Item], catalog: Catalog, encoder: Encoder[str], root: Path | None
) -> NDArray[np.float32]:
    if root is None:
        return encoder.encode([item_text(item) for item in items])
    return item_vectors(root, items, encoder, packs=packs_for(catalog.name), tell=silent)
