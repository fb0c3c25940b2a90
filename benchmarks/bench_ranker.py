"""How fast the trained ranker of the films is: beside the linear one, 200 candidates, one thread.

    OMP_NUM_THREADS=1 python benchmarks/bench_ranker.py

People are drawn: each has liked some films and looks for the genres and keywords of another one, in
one mood and with one need after another.
As in a turn, the ranker proposes candidates from the whole catalogue before it ranks them, and
gives the four best reasons, for which each film they liked is left out in turn.
"""

import argparse
import gc
import os
import platform
import time
from collections.abc import Callable

import numpy as np

from simpatico.domain import Mood, Profile, UserState
from simpatico.modelstore import ModelStore
from simpatico.retrieval.catalog import Catalog
from simpatico.retrieval.encoders import text_encoder
from simpatico.retrieval.feelings import FEELINGS
from simpatico.retrieval.fusion import FusionModel, shipped_ranker
from simpatico.retrieval.index import Index
from simpatico.retrieval.packs import load_pack
from simpatico.retrieval.rank import LinearRanker
from simpatico.retrieval.store import MemoryStore
from simpatico.settings import load_settings

N_WARM_UP = 20
N_CANDIDATES = 200
N_SHOWN = 4


def timed(work: Callable[..., object], *given: object, **named: object) -> float:
    """Milliseconds of a call."""
    began = time.perf_counter()
    work(*given, **named)
    return (time.perf_counter() - began) * 1000


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description="speed of the trained ranker")
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--liked", type=int, default=5, help="films that each of them liked")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    settings, pack, folder = load_settings(), load_pack("movies"), shipped_ranker("movies")
    assert folder is not None
    store = MemoryStore(pack.vectors.shape[1])
    store.upsert([item.id for item in pack.items], pack.vectors)
    encoder = text_encoder(settings.retrieval, ModelStore(settings.cache))
    index = Index(Catalog("movies", pack.items), encoder, store)
    opened = time.perf_counter()
    scorer = FusionModel(folder).of(pack.items, index)
    opened = time.perf_counter() - opened
    linear, fusion = LinearRanker(index), LinearRanker(index, learned=scorer)
    gc.collect()
    gc.freeze()  # as `simpatico serve` does
    rng = np.random.default_rng(given.seed)
    every = np.ones(len(pack.items), dtype=bool)
    rows = []
    for at in range(N_WARM_UP + given.people):
        drawn = rng.choice(len(pack.items), given.liked + 1, replace=False)
        *liked, wanted = (pack.items[at] for at in drawn)
        mood, need = (names[at % len(names)] for names in FEELINGS)
        state = UserState(
            query=" ".join((*wanted.genres, *wanted.keywords)),
            mood=Mood(label=mood, labels=(mood,), confidence=1.0),
            need=need,
        )
        profile = Profile(liked=tuple(item.id for item in liked))
        candidates = index.candidates(state=state, profile=profile, n=N_CANDIDATES)
        by_hand = timed(linear.rank, candidates, state=state, profile=profile)
        looking = timed(scorer.propose, state, profile, k=100, allowed=every)
        ranking = timed(fusion.rank, candidates, state=state, profile=profile)
        best = fusion.rank(candidates, state=state, profile=profile)[:N_SHOWN]
        explaining = timed(fusion.explain, best, candidates, state=state, profile=profile)
        rows.append((by_hand, looking, ranking, explaining, ranking + explaining))
    times = np.array(rows[N_WARM_UP:])
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python"
        f" {platform.python_version()}, {given.people} people after {N_WARM_UP} of warm-up, seed"
        f" {given.seed}, {given.liked} liked, {N_CANDIDATES} candidates of {len(pack.items):,},"
        f" read in {opened:.2f} s\n"
    )
    print("| what | p50 ms | p95 ms | against the linear |")
    print("|---|---|---|---|")
    names = (
        "linear ranker",
        "looking through all films",
        "fusion ranker",
        f"reasons for the best {N_SHOWN}",
        "ranking and reasons",
    )
    for name, column in zip(names, times.T, strict=True):
        p50, p95 = np.percentile(column, [50, 95])
        print(f"| {name} | {p50:.1f} | {p95:.1f} | {p50 / np.median(times[:, 0]):.2f} |")


if __name__ == "__main__":
    main()
