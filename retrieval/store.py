"""Vector stores: Chroma on disk, and an exact one in memory.

What is known of Chroma 1.5.9 in local mode, and how it is met here:

- `add` of an existing id is silently ignored: only `upsert` is used, in batches it accepts.
- A metadata `where` costs ten times an unfiltered search: a filter over-fetches from the graph,
  or, when that would not do, scores the allowed rows exactly from a copy kept beside Chroma.
- The graph can lose items after many deletes: it is built generously, `audit` counts the lost.
- A graph that lost its file answers with too few hits and no error: the exact copy answers then.
- One process may write; others may read what was written before they opened.
"""

import json
import logging
import math
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from simpatico.errors import StoreError
from simpatico.retrieval.exact import Rows, checked, checked_query

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.api.models.Collection import Collection

log = logging.getLogger(__name__)

MAX_FETCH: Final = 200
"""A filter that needs more than this from the graph is cheaper to meet by exact scoring."""

_HNSW: "Final[CreateHNSWConfiguration]" = {
    "space": "cosine",
    "ef_construction": 400,
    "max_neighbors": 48,
    "ef_search": 600,
}
_PAGE: Final = 5000
_TIES: Final = 8
"""Hits asked for beyond k, so that a tie at the end is settled by id."""


class MemoryStore:
    """An exact store in memory: the oracle in tests, and enough for a small catalogue."""

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self._rows = _no_rows(dim)

    def upsert(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Insert or replace."""
        self._rows = self._rows.merged(ids, checked(ids, vectors, dim=self.dim))

    def delete(self, ids: Sequence[str]) -> None:
        """Remove; unknown ids are ignored."""
        self._rows = self._rows.without(ids)

    def ids(self) -> list[str]:
        """All ids, sorted."""
        return list(self._rows.ids)

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of known ids in the order asked."""
        return self._rows.vectors(ids)

    def search(
        self, vector: NDArray[np.float32], *, k: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[tuple[str, float]]:
        """The k nearest by cosine, best first, ties by id."""
        rows = self._rows
        query = checked_query(vector, k=k, allowed=allowed, dim=self.dim, n=len(rows))
        return rows.search(query, k=k, allowed=allowed)

    def close(self) -> None:
        """Nothing to release."""


class ChromaStore:
    """A Chroma collection on disk, with an exact copy of its vectors mapped from a side file.

    The copy is derived: it is removed before anything is written, saved again by `flush` or
    `close`, and read back from Chroma when it is missing or does not have Chroma's ids.
    """

    def __init__(self, folder: Path, name: str, dim: int, *, create: bool = True) -> None:
        """Open or create.

        Args:
            folder: where Chroma keeps its files; belongs to Chroma and this class alone.
            name: the collection, 3 to 512 of `[a-zA-Z0-9._-]`.
            dim: dimensions of the vectors.
            create: if false, a store that is not there is an error.

        Raises:
            StoreError: missing (without `create`), unreadable, or of another dimension.
        """
        self.dim = dim
        self._folder = folder
        self._lock = FileLock(folder / "writer.lock")
        if not create and not (folder / "chroma.sqlite3").is_file():
            raise StoreError(f"no vector store in {folder}")
        with _translated("opening the vector store", folder):
            self._client: Client | None = _client(folder)
            try:
                self._collection = _collection(self._client, name, dim, create=create)
                self._rows, self._unsaved = self._load()
            except BaseException:
                self.close()
                raise

    def upsert(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Insert or replace. A failure part-way leaves some of them written."""
        vectors = checked(ids, vectors, dim=self.dim)
        if not ids:
            return
        self._begin_write()
        with self._writing("writing vectors") as (client, collection):
            step = min(_PAGE, client.get_max_batch_size())
            for start in range(0, len(ids), step):
                part = slice(start, start + step)
                collection.upsert(ids=list(ids[part]), embeddings=vectors[part])
        self._rows = self._rows.merged(ids, vectors)

    def delete(self, ids: Sequence[str]) -> None:
        """Remove; unknown ids are ignored."""
        known = [item_id for item_id in dict.fromkeys(ids) if item_id in self._rows]
        if not known:
            return
        self._begin_write()
        with self._writing("deleting vectors") as (client, collection):
            step = min(_PAGE, client.get_max_batch_size())
            for start in range(0, len(known), step):
                collection.delete(ids=known[start : start + step])
        self._rows = self._rows.without(known)

    def ids(self) -> list[str]:
        """All ids, sorted."""
        return list(self._rows.ids)

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of known ids in the order asked."""
        return self._rows.vectors(ids)

    def search(
        self, vector: NDArray[np.float32], *, k: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[tuple[str, float]]:
        """The k nearest by cosine, best first, ties by id; approximate where Chroma's graph is.

        A filter that leaves most items in is met by asking the graph for more than k; any other,
        and a graph that answers with too few, by exact scoring.
        """
        rows = self._rows
        query = checked_query(vector, k=k, allowed=allowed, dim=self.dim, n=len(rows))
        n_allowed = len(rows) if allowed is None else int(np.count_nonzero(allowed))
        if not n_allowed:
            return []
        wanted = min(k, n_allowed)
        n_excluded = len(rows) - n_allowed
        fetch = wanted + _TIES
        if n_excluded:
            fetch += min(n_excluded, math.ceil(wanted * 1.5 * n_excluded / n_allowed))
        if fetch <= max(MAX_FETCH, wanted + _TIES):
            hits = self._ask(query, k=min(fetch, len(rows)))
            if allowed is not None:
                hits = [
                    hit for hit in hits if (row := rows.row(hit[0])) is not None and allowed[row]
                ]
            if len(hits) >= wanted:
                return hits[:wanted]
            if not n_excluded:
                log.warning("the graph in %s gave %d of %d hits", self._folder, len(hits), wanted)
        return rows.search(query, k=k, allowed=allowed)

    def nearest_in_graph(self, vector: NDArray[np.float32], *, k: int) -> list[tuple[str, float]]:
        """What Chroma's graph alone answers, fewer than k included: for auditing it."""
        return self._ask(np.asarray(vector, dtype=np.float32), k=k)

    def flush(self) -> None:
        """Save the exact copy, so that the next opening is quick. Idempotent.

        Raises:
            StoreError: it cannot be written.
        """
        if not self._unsaved:
            return
        with _translated("saving the exact copy", self._folder):
            matrix_file = self._folder / f"rows-{uuid.uuid4().hex}.npy"
            np.save(matrix_file, self._rows.matrix)
            draft = self._side_file.with_suffix(".draft")
            draft.write_text(json.dumps({"matrix": matrix_file.name, "ids": self._rows.ids}))
            draft.replace(self._side_file)
        self._unsaved = False

    def close(self) -> None:
        """Save the exact copy if this process wrote, and release files and lock. Idempotent."""
        if self._client is None:
            return
        try:
            if self._lock.is_locked:
                self.flush()
        finally:
            client, self._client = self._client, None
            self._lock.release()
            client.close()

    @property
    def _side_file(self) -> Path:
        return self._folder / "rows.json"

    def _ask(self, query: NDArray[np.float32], *, k: int) -> list[tuple[str, float]]:
        rows = self._rows
        with self._reading("searching vectors") as collection:
            answer = collection.query(query_embeddings=query[None], n_results=k, include=[])
        # an id that only Chroma knows was written by another process since this one opened
        return rows.scored([item_id for item_id in answer["ids"][0] if item_id in rows], query)

    def _begin_write(self) -> None:
        """Take the writer's place and drop the exact copy on disk, which is about to be wrong."""
        if not self._lock.is_locked:
            try:
                self._lock.acquire(timeout=0)
            except Timeout as error:
                raise StoreError(
                    f"another process is writing the vector store in {self._folder}"
                ) from error
        with _translated("writing vectors", self._folder):
            self._side_file.unlink(missing_ok=True)
            for old in self._folder.glob("rows-*.npy"):
                old.unlink()
        self._unsaved = True

    @contextmanager
    def _reading(self, action: str) -> "Iterator[Collection]":
        if self._client is None:
            raise StoreError(f"{action}: the vector store in {self._folder} is closed")
        with _translated(action, self._folder):
            yield self._collection

    @contextmanager
    def _writing(self, action: str) -> "Iterator[tuple[Client, Collection]]":
        try:
            with self._reading(action) as collection:
                assert self._client is not None  # `_reading` has checked it
                yield self._client, collection
        except StoreError:
            if self._client is not None:  # part of it may be written: ask Chroma what it has
                with _translated(action, self._folder):
                    self._rows, self._unsaved = self._load()
            raise

    def _load(self) -> tuple[Rows, bool]:
        """The exact copy, and whether it had to be read from Chroma and is not saved."""
        ids = sorted(self._collection.get(include=[])["ids"])
        try:
            side = json.loads(self._side_file.read_text())
            matrix = np.load(self._folder / Path(side["matrix"]).name, mmap_mode="r").view(
                np.ndarray
            )
            if side["ids"] == ids and matrix.shape == (len(ids), self.dim):
                return Rows(ids, matrix), False
        except (OSError, ValueError, KeyError, TypeError):
            pass  # missing or damaged: it is only a copy
        matrix = np.empty((len(ids), self.dim), dtype=np.float32)
        for start in range(0, len(ids), _PAGE):
            page = ids[start : start + _PAGE]
            found = self._collection.get(ids=page, include=["embeddings"])
            vectors = dict(zip(found["ids"], _embeddings(found), strict=True))
            matrix[start : start + len(page)] = [vectors[item_id] for item_id in page]
        return Rows(ids, matrix), True


def _no_rows(dim: int) -> Rows:
    return Rows([], np.empty((0, dim), dtype=np.float32))


def _client(folder: Path) -> "Client":
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    client = chromadb.PersistentClient(folder, settings=settings)
    return cast("Client", client)  # it is declared as less than it is: `close` is missing


def _collection(client: "Client", name: str, dim: int, *, create: bool) -> "Collection":
    if create:
        collection = client.get_or_create_collection(
            name,
            embedding_function=None,
            configuration={"hnsw": _HNSW},
            metadata={"dim": dim},
        )
    else:
        collection = client.get_collection(name, embedding_function=None)
    if (found := (collection.metadata or {}).get("dim")) != dim:
        raise StoreError(
            f"wanted a vector store of {dim} dimensions, collection {name!r} has {found}"
        )
    return collection


def _embeddings(found: Any) -> Any:
    return () if found["embeddings"] is None else found["embeddings"]


@contextmanager
def _translated(action: str, folder: Path) -> Iterator[None]:
    """Turn what Chroma and the disk throw into StoreError; arguments were checked before."""
    from chromadb.errors import ChromaError

    try:
        yield
    except StoreError:
        raise
    except (
        ChromaError,
        OSError,
        RuntimeError,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
    ) as error:
        raise StoreError(f"{action} in {folder}: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # how Chroma's Rust core reports a panic
            raise
        raise StoreError(f"{action} in {folder}: {error}") from error
