"""How soon is a labelled answer there, once it is known that a part does not work?

    python benchmarks/bench_faults.py
    python benchmarks/bench_faults.py --turns 50 --only "language model"

The service runs in this process, on a home of its own, with a scripted language model that
rephrases. Each part is broken, one after the other, as the tests do it
(tests/agent/test_fault_matrix.py). A fault is known when the part has failed for good: its retry is
over, its time is up. From the first such moment of a turn the clock runs to the whole reply, which
has to admit it.
"""

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import platform
import random
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from served import message, own_home

from simpatico.agent.build import build
from simpatico.agent.llm import OpenAILLM
from simpatico.agent.scripted_server import ModelServer, Said
from simpatico.domain import Finished
from simpatico.settings import LLMSettings, load_settings

LLM_TIMEOUT_S = 0.5
MOST_TRIES = 3
"""How many turns are taken at most for each that counts: a disk is not full at once."""

ANSWERS = {
    "overloaded": Said(status=429),
    "an error": Said(status=500),
    "garbage": Said(pieces=(), ending="garbage"),
    "garbage after a word": Said(pieces=("Here ",), ending="garbage"),
    "cut": Said(pieces=("Here are ", "some. "), ending="cut"),
    "hangs after a word": Said(pieces=("Here ",), ending="hang"),
    "hangs": Said(pieces=(), ending="hang"),
}


class Known:
    """When a turn's first fault was known."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> None:
        """Note the moment, if it is the first."""
        self.at = self.at or time.perf_counter()

    @contextlib.contextmanager
    def failing(self) -> Iterator[None]:
        """Note when the block fails."""
        try:
            yield
        except Exception:
            self.now()
            raise


class Bench(NamedTuple):
    """What can be broken, and what notes when that is known."""

    service: Any  # a `Simpatico`, whose parts are reached into
    server: ModelServer
    home: Path
    known: Known


Fault = Callable[[Bench], AbstractContextManager[None]]


@contextlib.contextmanager
def replaced(thing: Any, name: str, value: Any) -> Iterator[None]:
    """Another attribute of a thing, for as long as the block runs."""
    before = getattr(thing, name)
    setattr(thing, name, value)
    try:
        yield
    finally:
        setattr(thing, name, before)


@contextlib.contextmanager
def watched(known: Known, thing: Any, *names: str) -> Iterator[None]:
    """Note when one of these methods fails, be they coroutines or not."""

    def plain(method: Any) -> Any:
        def call(*args: Any, **more: Any) -> Any:
            with known.failing():
                return method(*args, **more)

        return call

    def waiting(method: Any) -> Any:
        async def call(*args: Any, **more: Any) -> Any:
            with known.failing():
                return await method(*args, **more)

        return call

    with contextlib.ExitStack() as stack:
        for name in names:
            method = getattr(thing, name)
            noting = waiting if asyncio.iscoroutinefunction(method) else plain
            stack.enter_context(replaced(thing, name, noting(method)))
        yield


def broken(known: Known) -> Callable[..., Any]:
    """A part that fails at once."""

    def call(*args: Any, **more: Any) -> Any:
        known.now()
        raise RuntimeError("bad allocation")

    return call


@contextlib.contextmanager
def model_watched(known: Known) -> Iterator[None]:
    """Note when the language model has failed for good."""
    stream = OpenAILLM.stream

    async def noting(*args: Any, **more: Any) -> AsyncIterator[str]:
        with known.failing():
            async for piece in stream(*args, **more):
                yield piece

    with replaced(OpenAILLM, "stream", noting):
        yield


def answering(said: Said) -> Fault:
    """A language model that answers like this."""

    @contextlib.contextmanager
    def fault(bench: Bench) -> Iterator[None]:
        with replaced(bench.server, "script", lambda body: said), model_watched(bench.known):
            yield

    return fault


@contextlib.contextmanager
def encoder_broken(bench: Bench) -> Iterator[None]:
    """The text encoder: feelings cannot be read, nor can it be searched by words."""
    with replaced(bench.service._mind.index._encoder, "encode", broken(bench.known)):
        yield


@contextlib.contextmanager
def store_lies(bench: Bench) -> Iterator[None]:
    """The vector store names what is not there."""

    def lie(*args: Any, **more: Any) -> Any:
        bench.known.now()
        return [("no such film", 0.9)]

    with replaced(bench.service._mind.index.store, "search", lie):
        yield


@contextlib.contextmanager
def ranker_broken(bench: Bench) -> Iterator[None]:
    """The trained ranker."""
    with replaced(bench.service._mind.ranker._trained, "rank", broken(bench.known)):
        yield


@contextlib.contextmanager
def sessions_locked(bench: Bench) -> Iterator[None]:
    """Another process writes to the conversations and does not come to an end."""
    other = sqlite3.connect(bench.home / "sessions.sqlite", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with watched(bench.known, bench.service._memory, "claim", "turns", "append"):
            yield
    finally:
        other.close()


@contextlib.contextmanager
def threads_unreadable(bench: Bench) -> Iterator[None]:
    """The file with what carries over between turns."""
    other = sqlite3.connect(bench.home / "threads.sqlite", isolation_level=None)
    try:
        other.execute("ALTER TABLE checkpoints RENAME TO gone")
        with watched(bench.known, bench.service._threads.saver, "aget_tuple", "aput"):
            yield
        other.execute("ALTER TABLE gone RENAME TO checkpoints")
    finally:
        other.close()


@contextlib.contextmanager
def events_full(bench: Bench) -> Iterator[None]:
    """The disk, for what is shown and learned."""
    database: Any = bench.service._events._db
    most = database.read("PRAGMA max_page_count")[0][0]
    database.read(f"PRAGMA max_page_count={database.read('PRAGMA page_count')[0][0]}")
    with watched(bench.known, bench.service._events, "append", "impress"):
        yield
    database.read(f"PRAGMA max_page_count={most}")


FAULTS: dict[str, Fault] = {
    **{f"language model: {what}": answering(said) for what, said in ANSWERS.items()},
    "encoder breaks": encoder_broken,
    "store lies": store_lies,
    "ranker breaks": ranker_broken,
    "conversations locked": sessions_locked,
    "threads unreadable": threads_unreadable,
    "events: disk full": events_full,
}
GONE = "language model: gone"


async def told(bench: Bench, text: str, session: str) -> tuple[float, bool]:
    """Milliseconds from the first known fault to the reply, nan without one; was it labelled?"""
    bench.known.at = 0.0
    async for update in bench.service.turn(text, user="ann", session=session):
        if isinstance(update, Finished):
            after = (time.perf_counter() - bench.known.at) * 1000 if bench.known.at else np.nan
            return after, bool(update.reply.degraded)
    raise SystemExit("a turn without a reply")


async def row(bench: Bench, what: str, fault: Fault, options: argparse.Namespace) -> None:
    """Break it, take turns until so many met the fault, print; the first of them not counted."""
    rng = random.Random(f"{options.seed} {what}")
    found: list[float] = []
    n_labelled = 0
    with fault(bench):
        for number in range(MOST_TRIES * options.turns):
            ms, labelled = await told(bench, message(rng), f"{what} {number}")
            if not np.isnan(ms):
                found.append(ms)
                n_labelled += labelled
            if len(found) > options.turns:
                break
    counted = found[1:]
    if not counted:
        raise SystemExit(f"{what}: no turn met the fault")
    p50, p95 = np.percentile(counted, [50, 95])
    print(
        f"| {what} | {len(counted)} | {n_labelled} of {len(found)} | {p50:.0f} | {p95:.0f} |"
        f" {max(counted):.0f} |",
        flush=True,
    )


async def measure(options: argparse.Namespace) -> None:
    server = ModelServer(lambda body: Said())
    chosen = {what: fault for what, fault in FAULTS.items() if options.only in what}
    print("\n| fault | n | labelled | median ms | p95 | longest |")
    print("|---|---|---|---|---|---|")
    settings = load_settings()
    with own_home(settings) as home, contextlib.ExitStack() as stack:
        url = stack.enter_context(server.serving())
        llm = {"url": url, "rephrase": "always", "timeout_s": LLM_TIMEOUT_S}
        given = settings.model_copy(update={"home": home, "llm": LLMSettings(**llm)})
        service = await build(given, progress=lambda label, done, total: None)
        gc.collect()
        gc.freeze()  # as `simpatico serve` does
        bench = Bench(service, server, home, Known())
        try:
            await told(bench, "something warm", "warm-up")
            for what, fault in chosen.items():
                await row(bench, what, fault, options)
            await asyncio.to_thread(stack.close)
            if options.only in GONE:
                await row(bench, GONE, answering(Said()), options)
        finally:
            await service.aclose()


def main() -> None:
    parser = argparse.ArgumentParser(description="time from a known fault to a labelled answer")
    parser.add_argument("--turns", type=int, default=20, help="that meet each fault and count")
    parser.add_argument("--only", default="", help="faults with these words in their name")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    logging.disable(logging.ERROR)  # they tell of each fault
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python"
        f" {platform.python_version()}, seed {options.seed}"
    )
    asyncio.run(measure(options))
    print(f"\nload at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
