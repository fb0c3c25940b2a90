"""Does `simpatico serve` hold many streams at once, and does it grow?

    python benchmarks/bench_load.py                               # 200 streams, ten minutes
    python benchmarks/bench_load.py --llm embedded --streams 4    # a soak with the real one

Each stream asks the API for one turn after another, each a person and a message of its own. The
language model is a scripted server in a process of its own that rephrases at a fixed speed, so
that what a turn takes beyond that is ours: reading, finding, ranking, checking, passing on. Its
own lateness counts against us. Its speed is slow on purpose: 200 streams of 40.5 s an answer make
five turns a second, and what one costs us of a processor is told with the rest.

Settings are the defaults but for `limits.at_once`, which lets no more than 64 turns run; calls
beyond it are answered 429, which `--at-once 64` shows: they wait as told and are counted apart.
Everything runs on loopback and ends after `--seconds` and the turns then under way.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import platform
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import numpy as np
from served import Turned, message, open_files, served, turn

from simpatico.agent.scripted_server import ModelServer, Said
from simpatico.settings import load_settings

EVERY_S = 2.0
SETTLING = 1 / 3
"""Share of the samples that is left out of slopes: caches fill, threads start."""

_TITLE = re.compile(r'"title": "((?:[^"\\]|\\.)*)"')


class Sample(NamedTuple):
    """One look at the server: seconds since the start, MiB, open files, threads, seconds of cpu."""

    at: float
    rss: float
    files: int
    threads: int
    cpu: float


def paced(options: argparse.Namespace) -> Said:
    """How fast the scripted model is."""
    return Said(("",) * options.pieces, options.first_s, options.gap_s)


def rephrased(body: dict[str, Any], pace: Said) -> Said:
    """Every title of the prompt in a list, in as many pieces as the pace has."""
    said = str(body["messages"][-1]["content"])
    titles = [json.loads(f'"{title}"') for title in _TITLE.findall(said)]
    lines = [f"- **{title}**: worth a look tonight." for title in titles]
    text = "\n".join(("Here are some that may do.", "", *lines, "", "Shall I look on?"))
    n = len(pace.pieces)
    cuts = [len(text) * at // n for at in range(n + 1)]
    pieces = [text[a:b] for a, b in zip(cuts, cuts[1:], strict=False)]
    return pace._replace(pieces=pieces)


def serve_model(pipe: Connection, pace: Said) -> None:
    """In a process of its own: serve until told to end; then tell how much was asked."""
    server = ModelServer(lambda body: rephrased(body, pace))
    with server.serving() as url:
        pipe.send(url)
        pipe.recv()
    pipe.send((server.n_asked, server.most_open))


@contextlib.contextmanager
def scripted_model(pace: Said) -> Iterator[tuple[str, Connection]]:
    """The scripted model; gives its address and the pipe that ends it."""
    here, there = multiprocessing.get_context("spawn").Pipe()
    child = multiprocessing.get_context("spawn").Process(target=serve_model, args=(there, pace))
    child.start()
    try:
        yield here.recv(), here
    finally:
        child.terminate()
        child.join(10)


async def stream(
    http: httpx.AsyncClient, url: str, number: int, until: float, options: argparse.Namespace
) -> list[Turned]:
    """One turn after the other until the time is over; a refusal is waited for."""
    rng = random.Random(f"{options.seed}:{number}")
    pace = paced(options).whole_s if options.llm == "scripted" else 5.0
    await asyncio.sleep(rng.random() * min(pace, options.seconds))  # people do not come at once
    found = []
    while time.monotonic() < until:
        found.append(await turn(http, url, message(rng), f"person-{number}"))
        if found[-1].problem == "status 429":
            await asyncio.sleep(1)
    return found


def look(pid: int, began: float) -> Sample:
    """Look at a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    rss = int(next(re.finditer(r"VmRSS:\s+(\d+)", status))[1]) / 1024
    threads = int(next(re.finditer(r"Threads:\s+(\d+)", status))[1])
    user, system = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()[11:13]
    cpu = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return Sample(time.monotonic() - began, rss, open_files(pid), threads, cpu)


async def watch(pid: int, samples: list[Sample]) -> None:
    """Look at a process now and then, for good."""
    began = time.monotonic()
    while True:
        samples.append(look(pid, began))
        await asyncio.sleep(EVERY_S)


def report(
    turns: list[Turned], samples: list[Sample], options: argparse.Namespace, model_s: float
) -> None:
    """Print what was found."""
    refused = sum(one.problem == "status 429" for one in turns)
    wrong = Counter(one.problem for one in turns if one.problem and one.problem != "status 429")
    good = [one for one in turns if not one.problem]
    print(
        f"\n{len(turns) - refused} turns, {sum(wrong.values())} errors {dict(wrong) or ''},"
        f" {sum(one.degraded for one in good)} labelled as degraded, {refused} refused (429)"
    )
    if good:
        whole = np.array([one.whole for one in good]) - model_s
        first = np.array([one.first for one in good if one.first])
        what = "our overhead (turn less the model)" if model_s else "whole turn"
        for name, values in ((what, whole), ("first word", first)):
            p50, p95, p99 = np.percentile(values, [50, 95, 99]) * 1000
            print(f"{name}: p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms, n={len(values)}")
    busy = [one for one in samples if one.at <= options.seconds]
    late = busy[int(len(busy) * SETTLING) :]
    if len(late) > 2:
        at = np.array([one.at for one in late]) / 60
        for name, unit in (("rss", "MiB"), ("files", "open files"), ("threads", "threads")):
            values = np.array([getattr(one, name) for one in late], dtype=float)
            slope = np.polyfit(at, values, 1)[0]
            print(
                f"{name}: {values[0]:.0f} to {values[-1]:.0f} {unit} (most {values.max():.0f}),"
                f" slope {slope:+.2f} a minute over {at[-1] - at[0]:.1f} min"
            )
    before, after = samples[0], samples[-1]
    print("before the first stream and after the last:", _looks(before), "and", _looks(after))
    a_turn = (after.cpu - before.cpu) / max(1, len(turns) - refused)
    print(f"processor: {a_turn * 1000:.0f} ms a turn")


def _looks(one: Sample) -> str:
    return f"{one.rss:.0f} MiB, {one.files} open files, {one.threads} threads"


async def measure(options: argparse.Namespace) -> None:
    pace = paced(options)
    scripted = options.llm == "scripted"
    with contextlib.ExitStack() as stack:
        more = {"SIMPATICO_LIMITS__AT_ONCE": str(options.at_once)}
        if scripted:
            address, pipe = stack.enter_context(scripted_model(pace))
            more |= {"SIMPATICO_LLM__URL": address}
        async with served(load_settings(), more) as (url, pid):
            limits = httpx.Limits(max_connections=options.streams + 8)
            async with httpx.AsyncClient(timeout=180, trust_env=False, limits=limits) as http:
                await turn(http, url, "something warm", "nobody")
                samples: list[Sample] = []
                watching = asyncio.create_task(watch(pid, samples))
                until = time.monotonic() + options.seconds
                streams = (stream(http, url, n, until, options) for n in range(options.streams))
                found = await asyncio.gather(*streams)
                await asyncio.sleep(2 * EVERY_S)
            await asyncio.sleep(2 * EVERY_S)
            watching.cancel()
        report(
            [one for each in found for one in each],
            samples,
            options,
            pace.whole_s if scripted else 0.0,
        )
        if scripted:
            pipe.send("end")
            n_asked, most = pipe.recv()
            print(f"the scripted model was asked {n_asked} times, at most {most} at once")


def main() -> None:
    parser = argparse.ArgumentParser(description="many streams at once, for a while")
    parser.add_argument("--streams", type=int, default=200, choices=range(1, 1001), metavar="N")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--llm", choices=["scripted", "embedded"], default="scripted")
    parser.add_argument("--at-once", type=int, default=256, help="limits.at_once; as set: 64")
    parser.add_argument("--first-s", type=float, default=1.0, help="until the model's first piece")
    parser.add_argument("--pieces", type=int, default=80, help="of one answer of the model")
    parser.add_argument("--gap-s", type=float, default=0.5, help="between them")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.llm == "scripted" and paced(options).whole_s >= load_settings().turn_timeout_s:
        parser.error("the model would take longer than a turn may")
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python"
        f" {platform.python_version()}, seed {options.seed}, {options.streams} streams for"
        f" {options.seconds:.0f} s, at_once {options.at_once}, model: {options.llm}"
        + (f", {paced(options).whole_s:.1f} s an answer" if options.llm == "scripted" else ""),
        flush=True,
    )
    asyncio.run(measure(options))
    print(f"load at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
