"""Replies written by the embedded engine (llama.cpp), as in use: greedy, nothing checked yet."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from simpatico.adapters import gguf_of, load_adapter
from simpatico.agent.engine import LlamaServer
from simpatico.agent.explainer import ADAPTER, written
from simpatico.agent.llm import OpenAILLM
from simpatico.eval.explain_cases import Case
from simpatico.modelstore import ModelStore
from simpatico.protocols import ProgressCallback

T = TypeVar("T")
R = TypeVar("R")

TIMEOUT_S = 120.0
MAX_REPHRASED = 300


class Timed(NamedTuple):
    """What was written, with the seconds to its first piece and to its end."""

    text: str
    first_s: float
    whole_s: float


def explained(
    cases: Sequence[Case],
    adapter: Path,
    *,
    base: str,
    cache: Path,
    progress: ProgressCallback = lambda label, done, total: None,
) -> list[Timed]:
    """Have the explainer adapter go on from the opening of each case's reply.

    Raises:
        ModelError: weights or adapter are missing or do not fit.
        LLMUnavailable, BadReply: the engine failed.
    """
    file = gguf_of(load_adapter(adapter), _weights(base, cache), cache)

    async def write(llm: OpenAILLM, case: Case) -> Timed:
        brief, _ = case.material()
        start = time.perf_counter()
        first, text = 0.0, ""
        async for piece in written(llm, brief, case.opening()):
            first = first or time.perf_counter() - start
            text += piece
        return Timed(text.strip(), first, time.perf_counter() - start)

    return _each("Explainer", cases, write, [file], base=base, cache=cache, progress=progress)


def rephrased(
    chats: Sequence[Sequence[dict[str, str]]],
    *,
    base: str,
    cache: Path,
    progress: ProgressCallback = lambda label, done, total: None,
) -> list[str]:
    """Have the base model answer chats.

    Raises:
        ModelError: its weights are missing.
        LLMUnavailable, BadReply: the engine failed.
    """

    async def write(llm: OpenAILLM, chat: Sequence[dict[str, str]]) -> str:
        return (await llm.complete(list(chat), max_tokens=MAX_REPHRASED)).text.strip()

    return _each("Base model", chats, write, [], base=base, cache=cache, progress=progress)


def _weights(base: str, cache: Path) -> Path:
    return next(ModelStore(cache).path(base).glob("*.gguf"))


def _each(
    label: str,
    asked: Sequence[T],
    write: Callable[[OpenAILLM, T], Awaitable[R]],
    files: Sequence[Path],
    *,
    base: str,
    cache: Path,
    progress: ProgressCallback,
) -> list[R]:
    async def run(url: str, key: str) -> list[R]:
        names = (ADAPTER,) if files else ()
        llm = OpenAILLM(url, base, key, TIMEOUT_S, flavour="llamacpp", adapters=names)
        try:
            done: list[R] = []
            for one in asked:
                done.append(await write(llm, one))
                progress(label, len(done), len(asked))
            return done
        finally:
            await llm.aclose()

    with LlamaServer(_weights(base, cache), adapters=files) as (url, key):
        return asyncio.run(run(url, key))
