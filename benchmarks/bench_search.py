"""How fast is a turn without the language model: retrieve, filter, rank, rerank.

    python benchmarks/bench_search.py --sizes 10000,100000

Items are synthetic and clustered: each belongs to a topic and its text is drawn from the topic's
words and common ones (Zipf); a vector is the normed sum of fixed random word vectors, so that
texts with words in common are close. The word vectors' variance falls off over the dimensions as
that of the movies pack under the shipped encoder does (80 % of it lies in 130 of 384 dimensions).
Queries are made the same way from other draws. The query is also put through the shipped encoder,
if its weights are there, for its time.

Per size: an index is built in another process, opened here, and asked with no filter, with one
that 30 % and one that 5 % of the items pass. Recall compares the store's answer with exact search.
"""

import argparse
import multiprocessing
import os
import platform
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import NEEDS, TONES, Constraints, Item, Profile, UserState
from simpatico.errors import ModelError
from simpatico.modelstore import ModelStore
from simpatico.protocols import Encoder
from simpatico.retrieval.catalog import Catalogs
from simpatico.retrieval.encoders import text_encoder
from simpatico.retrieval.index import Index
from simpatico.retrieval.rank import LinearRanker
from simpatico.retrieval.rerank import rerank
from simpatico.settings import load_settings

DIM = 384
N_WORDS = 20_000
N_TOPICS = 1_000
WORDS_PER_TOPIC = 40
N_WARM_UP = 20
N_CANDIDATES = 200
K = 5
RECALL_AT = 50
GENRES = {"common": 0.3, "rare": 0.05}
FILTERS: dict[str, Constraints] = {
    "none": Constraints(),
    "30 %": Constraints(genres=("common",)),
    "5 %": Constraints(genres=("rare",)),
}


class WordVectors:
    """Texts of words "w0".."w19999" as normed sums of fixed random vectors."""

    name = "bench-words"
    dim = DIM

    def __init__(self, *, seed: int, beside: Encoder[str] | None = None) -> None:
        rng = np.random.default_rng(seed)
        place = np.arange(DIM)
        spread = (1 + place) ** -0.15 * np.exp(-place / 300)
        self._table = (rng.normal(size=(N_WORDS, DIM)) * spread).astype(np.float32)
        self._beside = beside

    def encode(self, inputs: Sequence[str]) -> NDArray[np.float32]:
        """Encode a batch; `beside` encodes it too, and its answer is thrown away."""
        if self._beside is not None:
            self._beside.encode(inputs)
        vectors = np.zeros((len(inputs), DIM), dtype=np.float32)
        for row, text in zip(vectors, inputs, strict=True):
            numbers = [int(word[1:]) for word in text.split() if word[1:].isdigit()]
            row += self._table[numbers or [0]].sum(axis=0)
        norms: NDArray[np.float32] = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / norms


class World:
    """Topics, and the texts drawn from them."""

    def __init__(self, *, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self._topics = self.rng.integers(N_WORDS, size=(N_TOPICS, WORDS_PER_TOPIC))

    def text(self, topic: int, *, n_own: int, n_common: int) -> str:
        """Words of a topic, then common ones."""
        own = self.rng.choice(self._topics[topic], size=n_own)
        common = np.minimum(self.rng.zipf(1.3, size=n_common) - 1, N_WORDS - 1)
        return " ".join(f"w{number}" for number in (*own, *common))

    def items(self, n: int) -> list[Item]:
        """Items of random topics."""
        topics = self.rng.integers(N_TOPICS, size=n)
        tones = np.round(self.rng.beta(0.6, 2.0, size=(n, len(TONES))), 2)
        draws = self.rng.random((n, len(GENRES)))
        return [
            Item(
                id=f"item-{number:07}",
                title=self.text(topic, n_own=2, n_common=1),
                year=int(self.rng.integers(1930, 2024)),
                genres=tuple(
                    name
                    for (name, share), draw in zip(GENRES.items(), draws[number], strict=True)
                    if draw < share
                ),
                keywords=tuple(self.text(topic, n_own=3, n_common=0).split()),
                text=self.text(topic, n_own=14, n_common=10),
                tone=tuple(tones[number].tolist()),
                popularity=float(self.rng.random() ** 3),
            )
            for number, topic in enumerate(topics)
        ]

    def people(self, n: int, ids: Sequence[str]) -> list[tuple[UserState, Profile]]:
        """States with a query; three in four have a need too, half have liked something."""
        made = []
        for number in range(n):
            topic = int(self.rng.integers(N_TOPICS))
            need = NEEDS[number % len(NEEDS)] if number % 4 else "unknown"
            state = UserState.model_validate(
                {"query": self.text(topic, n_own=5, n_common=3), "need": need}
            )
            liked = tuple(self.rng.choice(ids, size=3)) if number % 2 else ()
            seen = tuple(self.rng.choice(ids, size=20))
            made.append((state, Profile(liked=liked, seen=seen)))
        return made


def build(home: Path, n_items: int, seed: int) -> None:
    """Make the catalogue and its index."""
    Catalogs(home).upsert("bench", World(seed=seed).items(n_items))
    Index.build(home, "bench", WordVectors(seed=seed)).close()


def build_elsewhere(home: Path, n_items: int, seed: int) -> None:
    """Build in another process, so that its memory does not count here."""
    worker = multiprocessing.get_context("spawn").Process(target=build, args=(home, n_items, seed))
    worker.start()
    worker.join()
    if worker.exitcode:
        raise SystemExit(f"building {n_items} items failed")


def measure(home: Path, n_items: int, *, n_queries: int, seed: int) -> None:
    """Print the lines of one size; stages and CPU (of all threads) are medians in ms."""
    started = time.perf_counter()
    if (home / "indexes" / "bench" / "manifest.json").exists():
        print(f"\n{n_items:,} items: built before", end="")
    else:
        build_elsewhere(home, n_items, seed)
        print(f"\n{n_items:,} items: built in {time.perf_counter() - started:.0f} s", end="")
    started = time.perf_counter()
    index = Index.open(home, "bench", WordVectors(seed=seed, beside=shipped_encoder()))
    print(f", opened in {time.perf_counter() - started:.2f} s", end="")
    ids = index.table.ids
    world = World(seed=seed + 1)
    index.learn([list(world.rng.choice(ids[:2000], size=8)) for _ in range(1000)])
    people = World(seed=seed).people(N_WARM_UP + n_queries, ids)
    turn = turns(index)
    rows = []
    for name, constraints in FILTERS.items():
        times = []
        for state, profile in people:
            asked = UserState(query=state.query, need=state.need, constraints=constraints)
            times.append(turn(asked, profile))
        rows.append((name, np.array(times[N_WARM_UP:])))
    print(f", {resident_mib():.0f} MiB resident\n")
    queries = WordVectors(seed=seed).encode([state.query for state, _ in people])
    recall, exact_ms, store_ms = against_exact(index, queries)
    print("| filter | p50 ms | p95 ms | against none | retrieve | rank | rerank | CPU |")
    print("|---|---|---|---|---|---|---|---|")
    base = np.percentile(rows[0][1][:, :3].sum(axis=1), 50)
    for name, stages in rows:
        p50, p95 = np.percentile(stages[:, :3].sum(axis=1), [50, 95])
        parts = " | ".join(f"{value:.1f}" for value in np.percentile(stages, 50, axis=0))
        print(f"| {name} | {p50:.1f} | {p95:.1f} | {p50 / base:.2f} | {parts} |")
    print(f"\nrecall@{RECALL_AT} {recall:.4f}; store {store_ms:.1f} ms, exact {exact_ms:.1f} ms")
    index.close()


def turns(index: Index) -> Callable[[UserState, Profile], tuple[float, ...]]:
    """One turn as a function: ms of retrieve (with filter), rank, rerank, and CPU ms of all."""
    ranker, settings = LinearRanker(index), load_settings().retrieval

    def turn(state: UserState, profile: Profile) -> tuple[float, ...]:
        busy = time.process_time()
        clock = [time.perf_counter()]
        candidates = index.candidates(state=state, profile=profile, n=N_CANDIDATES)
        clock.append(time.perf_counter())
        ranked = ranker.rank(candidates, state=state, profile=profile)
        clock.append(time.perf_counter())
        vectors = index.vectors([each.item.id for each in ranked])
        shown = rerank(ranked, k=K, vectors=vectors, settings=settings, profile=profile)
        clock.append(time.perf_counter())
        assert len(shown) == K
        busy = time.process_time() - busy
        return tuple((np.append(np.diff(clock), busy) * 1000).tolist())

    return turn


def against_exact(index: Index, queries: NDArray[np.float32]) -> tuple[float, float, float]:
    """Recall of the store, and the medians in ms of exact search and of the store."""
    ids = np.array(index.table.ids)
    matrix = index.vectors(index.table.ids)
    shares, exact, store = [], [], []
    for query in queries:
        clock = [time.perf_counter()]
        scores = matrix @ query
        wanted = set(ids[np.argpartition(-scores, RECALL_AT)[:RECALL_AT]])
        clock.append(time.perf_counter())
        found = {item_id for item_id, _ in index.store.search(query, k=RECALL_AT)}
        clock.append(time.perf_counter())
        shares.append(len(found & wanted) / RECALL_AT)
        exact.append(clock[1] - clock[0])
        store.append(clock[2] - clock[1])
    return float(np.mean(shares)), float(np.median(exact)) * 1e3, float(np.median(store)) * 1e3


def shipped_encoder() -> Encoder[str] | None:
    settings = load_settings()
    try:
        return text_encoder(settings.retrieval, ModelStore(settings.cache))
    except ModelError:
        return None


def resident_mib() -> float:
    """Resident memory, the mapped vectors included; Linux only, else nan."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return float("nan")
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description="speed of search, ranking and reranking")
    parser.add_argument("--sizes", default="10000,100000", help="numbers of items, comma-separated")
    parser.add_argument("--queries", type=int, default=200, help="turns timed per filter")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="build here, or use what was built here before")
    options = parser.parse_args()
    encoder, taken = shipped_encoder(), "no (its weights are not fetched)"
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}, seed {options.seed}, {options.queries} turns per "
        f"filter after {N_WARM_UP} of warm-up, n={N_CANDIDATES} candidates, k={K}, query encoding: "
        f"{encoder.name if encoder else taken}"
    )
    for size in options.sizes.split(","):
        with tempfile.TemporaryDirectory(prefix="bench-search-") as folder:
            home = (options.keep or Path(folder)) / size
            measure(home, int(size), n_queries=options.queries, seed=options.seed)
    print(f"\nload at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
