"""How fast does a server of the language model answer, and what does Simpatico's API add to it?

    python benchmarks/serving.py --engine llamacpp
    python benchmarks/serving.py --url http://127.0.0.1:8000/v1 --flavour vllm --adapters reader

A turn is a prompt of the reader's kind, no two alike, and `--tokens` generated tokens: the end of
text is ignored, so that each is as long as the others. Turns are sent some at a time, as many as
`--at-once` says, to the base and to each adapter. A prefix is cold when nobody asked with it
before, and warm when the turn before did; only the last line differs. At the end `simpatico serve`
runs on the same server, and what a whole turn takes there is set against the bare reading of it.

The key of a server at a URL is taken from SIMPATICO_LLM__KEY.
"""

import argparse
import asyncio
import contextlib
import os
import platform
import random
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import httpx
import numpy as np
import openai
from served import served

from simpatico.adapters import gguf_of
from simpatico.agent.engine import Endpoint, LlamaServer
from simpatico.agent.llm import OpenAILLM
from simpatico.agent.serving import adapters_for
from simpatico.domain import Turn
from simpatico.modelstore import ModelStore
from simpatico.reading import MAX_ANSWER_TOKENS, grammar, prompt_of
from simpatico.settings import Settings, load_settings

WORDS = (
    "rough week happy sad tired lonely bored film comedy drama thriller warm funny gentle dark"
    " tonight friend sister kids old new slow short long war love music rain dog city night home"
    " please something anything nothing maybe never again more less like hate want need think feel"
).split()
N_WARM_UP = 2
PREFIX_WORDS = 300


class Server(NamedTuple):
    """What is measured."""

    endpoint: Endpoint
    model: str
    flavour: str
    adapters: tuple[str, ...]


class Timed(NamedTuple):
    """One turn: seconds to the first token and to the last, and how many there were."""

    first: float
    whole: float
    tokens: int


class Texts:
    """Things that nobody said before; another seed, other things."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def said(self, n_words: int = 14) -> str:
        """One message; it begins with a number of its own, so no prefix of it is in a cache."""
        words = self._random.choices(WORDS, k=n_words)
        return " ".join((str(self._random.randrange(10**6)), *words))

    def prompt(self) -> str:
        """A prompt of the reader's kind."""
        return prompt_of([Turn(role="user", text=self.said())])


async def ask(client: openai.AsyncOpenAI, server: Server, prompt: str, n: int, name: str) -> Timed:
    """Continue a prompt by exactly n tokens, as the bare engine does it."""
    more: dict[str, Any] = {"ignore_eos": True}
    if server.flavour == "llamacpp" and server.adapters:
        more["lora"] = [
            {"id": place, "scale": float(each == name)}
            for place, each in enumerate(server.adapters)
        ]
    model = name if name and server.flavour != "llamacpp" else server.model
    began = time.perf_counter()
    first, tokens = float("nan"), 0
    chunks = await client.completions.create(
        model=model,
        prompt=prompt,
        max_tokens=n,
        temperature=0,
        stream=True,
        stream_options={"include_usage": True},
        extra_body=more,
    )
    async for chunk in chunks:
        if chunk.choices and np.isnan(first):
            first = time.perf_counter() - began
        if chunk.usage is not None:
            tokens = chunk.usage.completion_tokens
    return Timed(first, time.perf_counter() - began, tokens)


async def at_once(
    client: openai.AsyncOpenAI, server: Server, prompts: Sequence[str], n: int, name: str, many: int
) -> tuple[list[Timed], float]:
    """Send all prompts, so many at a time; also gives the seconds of all together."""
    door = asyncio.Semaphore(many)

    async def one(prompt: str) -> Timed:
        async with door:
            return await ask(client, server, prompt, n, name)

    began = time.perf_counter()
    found = await asyncio.gather(*map(one, prompts))
    return list(found), time.perf_counter() - began


async def throughput(
    client: openai.AsyncOpenAI, server: Server, options: argparse.Namespace
) -> None:
    """Print a row for base and adapters at each concurrency."""
    print(
        "\n| model | at once | n | first token ms, p50 | p95 | tokens/s | turns/s | against base |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for many in options.at_once:
        base = float("nan")
        for name in ("", *server.adapters):
            texts = Texts(f"{options.seed} {many} {name}")
            for _ in range(N_WARM_UP):
                await ask(client, server, texts.prompt(), 4, name)
            n_turns = max(options.turns, many)
            prompts = [texts.prompt() for _ in range(n_turns)]
            rows, seconds = await at_once(client, server, prompts, options.tokens, name, many)
            p50, p95 = np.percentile([row.first * 1000 for row in rows], [50, 95])
            turns = n_turns / seconds
            base = base if name else turns
            print(
                f"| {name or 'base'} | {many} | {n_turns} | {p50:.0f} | {p95:.0f} |"
                f" {sum(row.tokens for row in rows) / seconds:.1f} | {turns:.2f} |"
                f" {turns / base:.2f} |",
                flush=True,
            )


async def prefixes(client: openai.AsyncOpenAI, server: Server, options: argparse.Namespace) -> None:
    """Print the time to a first token behind a cold and a warm prefix."""
    texts = Texts(f"{options.seed} prefixes")
    name = server.adapters[0] if server.adapters else ""
    cold: list[float] = []
    warm: list[float] = []
    for _ in range(options.pairs):
        prefix = f"them: {texts.said(PREFIX_WORDS)}\n"
        for found in (cold, warm):
            timed = await ask(client, server, prefix + texts.prompt(), 1, name)
            found.append(timed.first * 1000)
    a, b = np.median(cold), np.median(warm)
    print(
        f"\nfirst token behind {PREFIX_WORDS} shared words, {name or 'base'}, n={options.pairs}:"
        f" cold {a:.0f} ms, warm {b:.0f} ms (medians), ratio {b / a:.2f}"
    )


async def overhead(server: Server, settings: Settings, options: argparse.Namespace) -> None:
    """Print what a turn through Simpatico's API takes beside the bare reading of the same text."""
    if "reader" not in server.adapters:
        print("\nAPI against bare engine: left out, the server has no reader adapter")
        return
    texts = Texts(f"{options.seed} turns")
    llm = OpenAILLM(
        server.endpoint.url,
        server.model,
        server.endpoint.key,
        300,
        flavour=server.flavour,  # type: ignore[arg-type]
        adapters=server.adapters,
    )
    bare, through = [], []
    async with (
        served(settings, environment(server)) as (url, _),
        httpx.AsyncClient(timeout=300, trust_env=False) as http,
    ):
        for number in range(N_WARM_UP + options.pairs):
            first, second = texts.said(), texts.said()  # not one text: the second would be warm
            began = time.perf_counter()
            await llm.complete(
                prompt_of([Turn(role="user", text=first)]),
                max_tokens=MAX_ANSWER_TOKENS,
                grammar=grammar(0),
                top_logprobs=64,
                stop=["\n"],
                adapter="reader",
            )
            middle = time.perf_counter()
            body = {"model": "simpatico", "messages": [{"role": "user", "content": second}]}
            (await http.post(f"{url}/v1/chat/completions", json=body)).raise_for_status()
            if number >= N_WARM_UP:
                bare.append((middle - began) * 1000)
                through.append((time.perf_counter() - middle) * 1000)
    await llm.aclose()
    a, b = np.median(bare), np.median(through)
    print(
        f"\nAPI against bare engine, n={options.pairs}, one at a time: reading {a:.0f} ms, whole"
        f" turn through the API {b:.0f} ms (medians), ratio {b / a:.2f}"
    )


def environment(server: Server) -> dict[str, str]:
    """Settings of a `simpatico serve` on the measured server."""
    return {
        "SIMPATICO_READER": "llm",
        "SIMPATICO_LLM__URL": server.endpoint.url,
        "SIMPATICO_LLM__KEY": server.endpoint.key,
        "SIMPATICO_LLM__MODEL": server.model,
        "SIMPATICO_LLM__FLAVOUR": server.flavour,
        "SIMPATICO_LLM__ADAPTERS": '["reader"]',
        "SIMPATICO_LLM__REPHRASE": "never",
        "SIMPATICO_LLM__TIMEOUT_S": "300",
        "SIMPATICO_TURN_TIMEOUT_S": "300",
    }


@contextlib.contextmanager
def opened(options: argparse.Namespace, settings: Settings) -> Iterator[Server]:
    """The server to measure: one that runs, or llama.cpp beside this process."""
    names = tuple(name for name in options.adapters.split(",") if name)
    if options.url:
        key = settings.llm.key.get_secret_value()
        model = options.model or settings.llm.model
        yield Server(Endpoint(options.url, key), model, options.flavour, names)
        return
    model = options.model or settings.llm.model
    weights = next(ModelStore(settings.cache).fetch(model).glob("*.gguf"))
    found = {
        task: adapter
        for task, adapter in adapters_for(model, settings.home).items()
        if not names or task in names
    }
    files = [gguf_of(adapter, weights, settings.cache) for adapter in found.values()]
    with LlamaServer(weights, threads=settings.llm.threads, adapters=files) as endpoint:
        yield Server(endpoint, model, "llamacpp", tuple(found))


async def measure(server: Server, settings: Settings, options: argparse.Namespace) -> None:
    client = openai.AsyncOpenAI(
        base_url=server.endpoint.url,
        api_key=server.endpoint.key or "none",
        timeout=600,
        max_retries=0,
        default_headers={"Connection": "close"} if server.flavour == "llamacpp" else None,
        http_client=openai.DefaultAsyncHttpxClient(trust_env=False),
    )
    async with client:
        await throughput(client, server, options)
        await prefixes(client, server, options)
    if not options.no_api:
        await overhead(server, settings, options)


def main() -> None:
    parser = argparse.ArgumentParser(description="speed of a server of the language model")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--engine", choices=["llamacpp"], help="run it beside this process")
    which.add_argument("--url", default="", help="a server that runs, ending in /v1")
    parser.add_argument("--flavour", choices=["vllm", "llamacpp", "openai"], default="vllm")
    parser.add_argument("--model", default="", help="of the server; default: as set")
    parser.add_argument("--adapters", default="", help="comma-separated; in process: all in use")
    parser.add_argument(
        "--at-once", default="1,8,64", help="turns under way at a time, comma-separated"
    )
    parser.add_argument("--turns", type=int, default=64, help="turns of a row, at least")
    parser.add_argument("--pairs", type=int, default=20, help="of cold and warm, of bare and API")
    parser.add_argument("--tokens", type=int, default=24, help="generated in a turn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-api", action="store_true", help="leave Simpatico's own API out")
    options = parser.parse_args()
    options.at_once = [int(word) for word in options.at_once.split(",")]
    settings = load_settings()
    with opened(options, settings) as server:
        print(
            f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python"
            f" {platform.python_version()}, seed {options.seed}, {server.flavour}, {server.model},"
            f" adapters: {', '.join(server.adapters) or 'none'}, {options.tokens} tokens a turn"
        )
        asyncio.run(measure(server, settings, options))
    print(f"\nload at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
