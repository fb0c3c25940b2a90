"""What benchmarks of `simpatico serve` share: it in a home of its own, messages, streamed turns."""

import asyncio
import contextlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import httpx

from simpatico.settings import Settings

READY_TIMEOUT_S = 600
KEPT = ("indexes", "catalogs", "adapters", "rankers")
"""Folders of a home that are copied; the databases are not among them."""

MOODS = ("rough week", "happy today", "can't sleep", "bored", "just got engaged", "tired of it all")
WISHES = (
    "something warm and funny",
    "a tense thriller",
    "a film about friends",
    "a western from the 60s",
    "nothing sad",
    "an animated one for my niece",
    "a heist film",
    "science fiction that makes me think",
)


class Running(NamedTuple):
    """A server that runs: its address and its process id."""

    url: str
    pid: int


class Turned(NamedTuple):
    """One turn: seconds to the first event, the first word and the end; 0 where there was none.

    The stream opens with the first stage. `problem` is what went wrong, or ""; `degraded` is
    whether it was labelled so.
    """

    opened: float
    first: float
    whole: float
    problem: str
    degraded: bool


def message(rng: random.Random) -> str:
    """What somebody might say."""
    return f"{rng.choice(MOODS)}, {rng.choice(WISHES)}"


@contextlib.contextmanager
def own_home(settings: Settings) -> Iterator[Path]:
    """A copy of a home without its people, for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        for part in KEPT:
            if (settings.home / part).is_dir():
                shutil.copytree(settings.home / part, Path(home) / part)
        yield Path(home)


@contextlib.asynccontextmanager
async def served(settings: Settings, given: Mapping[str, str]) -> AsyncIterator[Running]:
    """`simpatico serve` in a home of its own, from when it is ready to the end of the block.

    Args:
        settings: say where the home is that it starts with a copy of, and the cache.
        given: environment of the server; no other settings reach it.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with own_home(settings) as home:
        environment = {
            **{name: value for name, value in os.environ.items() if "SIMPATICO_" not in name},
            "SIMPATICO_HOME": str(home),
            "SIMPATICO_CACHE": str(settings.cache),
            "SIMPATICO_LOG_LEVEL": "ERROR",
            **given,
        }
        command = [sys.executable, "-m", "simpatico.ui.cli", "serve", "--port", str(port)]
        child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            await _ready(url, child)
            yield Running(url, child.pid)
        finally:
            child.terminate()
            child.wait(30)


async def _ready(url: str, child: "subprocess.Popen[bytes]") -> None:
    async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
        deadline = time.monotonic() + READY_TIMEOUT_S
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if (await http.get(f"{url}/ready")).status_code == 200:
                    return
            if child.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("simpatico serve did not become ready")
            await asyncio.sleep(0.5)


async def turn(http: httpx.AsyncClient, url: str, text: str, who: str) -> Turned:
    """One streamed turn, as a client sees it."""
    body = {
        "model": "simpatico",
        "stream": True,
        "user": who,
        "messages": [{"role": "user", "content": text}],
    }
    began = time.perf_counter()
    opened, first, problem, degraded, done = 0.0, 0.0, "", False, False
    try:
        async with http.stream("POST", f"{url}/v1/chat/completions", json=body) as answer:
            if answer.status_code != 200:
                await answer.aread()
                return Turned(0, 0, 0, f"status {answer.status_code}", False)
            async for line in answer.aiter_lines():
                if not line.startswith("data: "):
                    continue
                opened = opened or time.perf_counter() - began
                if line == "data: [DONE]":
                    done = True
                    continue
                event = json.loads(line[6:])
                if "error" in event:
                    problem = f"error: {event['error'].get('code')}"
                    continue
                choice = event["choices"][0] if event.get("choices") else {}
                if choice.get("delta", {}).get("content") and not first:
                    first = time.perf_counter() - began
                if extra := event.get("simpatico"):
                    degraded = bool(extra.get("degraded"))
    except httpx.HTTPError as error:
        problem = type(error).__name__
    if not problem and not done:
        problem = "no end"
    return Turned(opened, first, time.perf_counter() - began, problem, degraded)


def open_files(pid: int) -> int:
    """How many files a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
