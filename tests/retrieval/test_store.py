"""The contract of `Store`, kept by every implementation, and what is special to Chroma's."""

import inspect
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import chromadb.errors
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simpatico.errors import StoreError
from simpatico.protocols import Store
from simpatico.retrieval import store as store_module
from simpatico.retrieval.store import ChromaStore, MemoryStore

DIM = 8


@pytest.fixture(params=["memory", "chroma"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = (
        MemoryStore(DIM) if request.param == "memory" else ChromaStore(tmp_path, "items", DIM)
    )
    yield made
    made.close()


def unit(rng: np.random.Generator, n: int, dim: int = DIM) -> NDArray[np.float32]:
    vectors = rng.normal(size=(n, dim))
    unit_rows: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit_rows.astype(np.float32)


def axis(place: int, dim: int = DIM) -> NDArray[np.float32]:
    return np.asarray(np.eye(dim, dtype=np.float32)[place])


def test_nearest_come_first_with_their_cosine(store: Store) -> None:
    slanted = np.array([0.6, 0.8, 0, 0, 0, 0, 0, 0], dtype=np.float32)
    store.upsert(["x", "y", "slanted"], np.stack([axis(0), axis(1), slanted]))
    assert store.search(axis(0), k=3) == [("x", 1.0), ("slanted", 0.6), ("y", 0.0)]


def test_ties_are_ordered_by_id_also_at_the_cut(store: Store) -> None:
    store.upsert(["d", "b", "c", "a"], np.stack([axis(0)] * 4))
    assert store.search(axis(0), k=2) == [("a", 1.0), ("b", 1.0)]


def test_upsert_of_a_known_id_replaces_its_vector(store: Store) -> None:
    store.upsert(["a"], axis(0)[None])
    store.upsert(["a"], axis(1)[None])
    assert store.ids() == ["a"]
    assert store.search(axis(1), k=5) == [("a", 1.0)]


def test_deleted_items_never_come_back_and_unknown_ids_are_ignored(store: Store) -> None:
    store.upsert(["a", "b"], np.stack([axis(0), axis(1)]))
    store.delete(["a", "never there"])
    store.delete([])
    assert store.ids() == ["b"]
    assert store.search(axis(0), k=5) == [("b", 0.0)]


def test_vectors_come_in_the_order_asked_and_unknown_ids_are_errors(store: Store) -> None:
    store.upsert(["a", "b"], np.stack([axis(0), axis(1)]))
    assert np.array_equal(store.vectors(["b", "a", "b"]), np.stack([axis(1), axis(0), axis(1)]))
    assert store.vectors([]).shape == (0, DIM)
    with pytest.raises(KeyError):
        store.vectors(["c"])


def test_an_empty_store_answers_nothing(store: Store) -> None:
    assert store.ids() == []
    assert store.search(axis(0), k=3) == []
    assert store.search(axis(0), k=3, allowed=np.zeros(0, dtype=bool)) == []
    store.upsert([], np.zeros((0, DIM), dtype=np.float32))


def test_ids_may_be_any_text(store: Store) -> None:
    names = ["😀 é", "a'b\"; DROP TABLE", "نص", " "]
    store.upsert(names, unit(np.random.default_rng(0), 4))
    assert store.ids() == sorted(names)
    assert {item_id for item_id, _ in store.search(axis(0), k=4)} == set(names)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.95, 1.0])
def test_a_filter_gives_exactly_the_best_of_the_allowed(store: Store, share: float) -> None:
    rng = np.random.default_rng(3)
    vectors = unit(rng, 600)
    store.upsert([f"i{place:03}" for place in range(600)], vectors)
    allowed = rng.random(600) < share
    query = unit(rng, 1)[0]
    cosines = np.where(allowed, vectors @ query, -np.inf)
    best = np.argsort(-cosines)[: min(20, int(allowed.sum()))]
    found = store.search(query, k=20, allowed=allowed)
    assert [item_id for item_id, _ in found] == [f"i{place:03}" for place in best]
    assert [score for _, score in found] == pytest.approx(cosines[best].tolist(), abs=1e-5)


def test_a_filter_against_the_query_is_still_answered_in_full(store: Store) -> None:
    near, far = np.stack([axis(0)] * 300), np.stack([axis(1)] * 300)
    store.upsert([f"{place:03}" for place in range(600)], np.concatenate([near, far]))
    allowed = np.arange(600) >= 300
    assert store.search(axis(0), k=3, allowed=allowed) == [("300", 0.0), ("301", 0.0), ("302", 0.0)]


@pytest.mark.parametrize(
    "vectors",
    [
        np.ones((1, DIM)),
        np.full((1, DIM), np.nan),
        np.zeros((1, DIM)),
        np.eye(1, DIM - 1),
        np.eye(2, DIM),
    ],
    ids=["long", "nan", "zero", "narrow", "too many"],
)
def test_vectors_that_cannot_be_stored_are_refused(
    store: Store, vectors: NDArray[np.float32]
) -> None:
    with pytest.raises(ValueError, match="vectors"):
        store.upsert(["a"], vectors)
    assert store.ids() == []


@pytest.mark.parametrize("ids", [["a", "a"], ["a", ""]])
def test_ids_that_cannot_be_stored_are_refused(store: Store, ids: list[str]) -> None:
    with pytest.raises(ValueError, match="ids"):
        store.upsert(ids, np.stack([axis(0), axis(1)]))


def test_queries_that_cannot_be_answered_are_refused(store: Store) -> None:
    store.upsert(["a"], axis(0)[None])
    cases: list[tuple[NDArray[np.float32], int, Any]] = [
        (axis(0), 0, None),
        (axis(0) * 0, 1, None),
        (axis(0)[:3], 1, None),
        (axis(0), 1, np.ones(2, dtype=bool)),
        (axis(0), 1, np.ones(1, dtype=np.int64)),
    ]
    for vector, k, allowed in cases:
        with pytest.raises(ValueError, match="wanted"):
            store.search(vector, k=k, allowed=allowed)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.sets(st.integers(0, 30), min_size=1), st.integers(0, 99)),
        max_size=8,
    )
)
def test_after_any_writes_chroma_agrees_with_the_oracle(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[bool, set[int], int]]
) -> None:
    oracle, folder = MemoryStore(DIM), tmp_path_factory.mktemp("store")
    for is_upsert, numbers, seed in steps:
        ids = [f"i{number}" for number in sorted(numbers)]
        store = ChromaStore(folder, "items", DIM)  # reopened each time: all is on disk
        for each in (store, oracle):
            if is_upsert:
                each.upsert(ids, unit(np.random.default_rng(seed), len(ids)))
            else:
                each.delete(ids)
        store.close()
    store = ChromaStore(folder, "items", DIM)
    assert store.ids() == oracle.ids()
    assert np.array_equal(store.vectors(store.ids()), oracle.vectors(oracle.ids()))
    query = unit(np.random.default_rng(7), 1)[0]
    found, wanted = store.search(query, k=5), oracle.search(query, k=5)
    assert [item_id for item_id, _ in found] == [item_id for item_id, _ in wanted]
    store.close()


def test_recall_of_the_graph_against_exact_search(tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    centres = rng.normal(size=(40, 32))
    raw = centres[rng.integers(40, size=3000)] + rng.normal(size=(3000, 32)) * 0.5
    vectors = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
    store, oracle = ChromaStore(tmp_path, "items", 32), MemoryStore(32)
    ids = [f"i{place:04}" for place in range(3000)]
    for each in (store, oracle):
        each.upsert(ids, vectors)
    shares = []
    for query in vectors[::60]:
        wanted = {item_id for item_id, _ in oracle.search(query, k=50)}
        shares.append(len(wanted & {item_id for item_id, _ in store.search(query, k=50)}) / 50)
    assert np.mean(shares) >= 0.98
    store.close()


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    store = ChromaStore(tmp_path, "items", DIM)
    store.upsert(["a", "b"], np.stack([axis(0), axis(1)]))
    store.close()
    return tmp_path


def test_what_was_written_is_there_after_reopening_with_or_without_the_copy(saved: Path) -> None:
    for damage in ("none", "missing", "garbage", "stale"):
        side = saved / "rows.json"
        if damage == "missing":
            side.unlink()
        elif damage == "garbage":
            side.write_text("{")
        elif damage == "stale":
            side.write_text('{"ids": ["a"], "matrix": "rows-0.npy"}')
            np.save(saved / "rows-0.npy", axis(0)[None])
        store = ChromaStore(saved, "items", DIM, create=False)
        assert store.ids() == ["a", "b"], damage
        assert np.array_equal(store.vectors(["b"]), axis(1)[None]), damage
        store.close()


def test_a_second_process_reads_while_this_one_holds_the_store(saved: Path) -> None:
    store = ChromaStore(saved, "items", DIM)
    store.upsert(["c"], axis(2)[None])
    store.flush()
    code = (
        "import sys, numpy as np; from pathlib import Path\n"
        "from simpatico.retrieval.store import ChromaStore\n"
        f"store = ChromaStore(Path(sys.argv[1]), 'items', {DIM}, create=False)\n"
        f"print(store.ids(), store.search(np.eye({DIM}, dtype=np.float32)[2], k=1))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, str(saved)], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "['a', 'b', 'c'] [('c', 1.0)]"
    store.close()


def test_two_writers_are_refused_and_the_second_may_write_after_the_first(saved: Path) -> None:
    first, second = ChromaStore(saved, "items", DIM), ChromaStore(saved, "items", DIM)
    first.upsert(["c"], axis(2)[None])
    with pytest.raises(StoreError, match="another process is writing"):
        second.delete(["a"])
    first.close()
    second.delete(["a"])
    second.close()


def test_a_missing_store_a_wrong_dimension_and_a_damaged_file_are_store_errors(saved: Path) -> None:
    with pytest.raises(StoreError, match="no vector store"):
        ChromaStore(saved / "elsewhere", "items", DIM, create=False)
    with pytest.raises(StoreError, match="9 dimensions"):
        ChromaStore(saved, "items", 9, create=False)
    (saved / "chroma.sqlite3").write_bytes(b"garbage" * 1000)
    with pytest.raises(StoreError, match="not a database"):
        ChromaStore(saved, "items", DIM, create=False)


def test_a_closed_store_says_so(saved: Path) -> None:
    store = ChromaStore(saved, "items", DIM)
    store.close()
    store.close()
    for use in (
        lambda: store.search(axis(0), k=1),
        lambda: store.upsert(["c"], axis(2)[None]),
        lambda: store.delete(["a"]),
    ):
        with pytest.raises(StoreError, match="closed"):
            use()


def test_a_graph_that_lost_its_file_does_not_make_answers_short(tmp_path: Path) -> None:
    store = ChromaStore(tmp_path, "items", DIM)
    vectors = unit(np.random.default_rng(5), 1500)  # more than stays in Chroma's write buffer
    store.upsert([f"i{place:04}" for place in range(1500)], vectors)
    wanted = store.search(vectors[0], k=50)
    store.close()
    lost = [path.parent for path in tmp_path.glob("*/header.bin")]
    assert lost, "Chroma keeps its graph elsewhere now"
    for path in lost:
        shutil.rmtree(path)
    store = ChromaStore(tmp_path, "items", DIM, create=False)
    assert len(store.nearest_in_graph(vectors[0], k=50)) < 50  # and Chroma says nothing
    assert store.search(vectors[0], k=50) == wanted
    store.close()


def test_a_damaged_graph_is_a_store_error(tmp_path: Path) -> None:
    store = ChromaStore(tmp_path, "items", DIM)
    store.upsert([f"i{place:04}" for place in range(1500)], unit(np.random.default_rng(5), 1500))
    store.close()
    for path in tmp_path.glob("*/*.bin"):
        path.write_bytes(b"x" * 100)
    with pytest.raises(StoreError, match="vector"):
        ChromaStore(tmp_path, "items", DIM, create=False).search(axis(0), k=50)


CHROMA_ERRORS: list[type[Exception]] = [
    kind
    for _, kind in inspect.getmembers(chromadb.errors, inspect.isclass)
    if issubclass(kind, Exception) and not inspect.isabstract(kind)
]


@pytest.mark.parametrize("kind", CHROMA_ERRORS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("operation", ["search", "upsert", "delete"])
def test_every_error_of_chroma_is_a_store_error(
    saved: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Exception], operation: str
) -> None:
    store = ChromaStore(saved, "items", DIM)

    def fail(**_: object) -> None:
        raise kind("told to fail")

    uses: dict[str, tuple[str, Callable[[], object]]] = {
        "search": ("query", lambda: store.search(axis(0), k=1)),
        "upsert": ("upsert", lambda: store.upsert(["c"], axis(2)[None])),
        "delete": ("delete", lambda: store.delete(["a"])),
    }
    method, use = uses[operation]
    monkeypatch.setattr(store._collection, method, fail)
    with pytest.raises(StoreError, match="told to fail") as caught:
        use()
    assert isinstance(caught.value.__cause__, kind)
    assert store.ids() == ["a", "b"]
    store.close()


def test_chroma_is_imported_only_when_a_store_is_opened() -> None:
    assert "chromadb" not in vars(store_module)
