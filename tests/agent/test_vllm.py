"""Real vLLM, started as `simpatico llm serve` does; three engines, one adapter, the same label.

Runs where the variable VLLM_PYTHON names a Python that has vLLM, peft and this package
(docs/serving.md), with the adapters that ship.
"""

import asyncio
import json
import os
import random
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Coroutine, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from simpatico import adapters, explaining
from simpatico.adapters import Adapter
from simpatico.agent import serving
from simpatico.agent.engine import Endpoint, LlamaServer
from simpatico.agent.llm import OpenAILLM
from simpatico.agent.read.adapter_reader import TOP_LOGPROBS
from simpatico.agent.serving import Plan, VllmServer, environment
from simpatico.domain import Completion, Turn
from simpatico.errors import LLMUnavailable, ModelError
from simpatico.eval.mood_lines import DEV as MOOD_LINES
from simpatico.eval.need_lines import DEV as NEED_LINES
from simpatico.explaining import Brief, BriefItem
from simpatico.finetune.own_turns import own_examples
from simpatico.finetune.reader_data import newest
from simpatico.modelstore import ModelStore
from simpatico.reading import INTENT_WORDS, MOOD_WORDS, NEED_WORDS, grammar, prompt_of
from simpatico.settings import load_settings

BASE = "smollm2-135m-instruct"
CODES = [
    [f" {word}" for word in words.values()] for words in (MOOD_WORDS, NEED_WORDS, INTENT_WORDS)
]
"""As they are written: moods, needs, intents."""

AGREE = 0.97
N_TURNS = 200
SAID = (
    "rough week, cheer me up, a comedy but nothing scary",
    "I am so happy today, let us celebrate with a film",
    "no, not that one, I hate war films",
    "something to cry to, please",
    "why did you choose that one?",
    "thanks, that was lovely!",
    "I cannot sleep and my head will not stop",
    "a thriller from the 1990s with a clever detective",
    "my dog died yesterday",
    "anything but a musical, my sister is coming over",
)

pytestmark = [pytest.mark.vllm, pytest.mark.slow, pytest.mark.timeout(900)]

# In transformers and peft, float32, for each prompt: the likeliest next tokens with their
# log-probabilities, and the likeliest code of each table in turn, as under the grammar.
_TRANSFORMERS = """
import json, sys, torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
base, adapter, prompts, n, tables = json.load(sys.stdin)
tokenizer = AutoTokenizer.from_pretrained(base)
model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
if adapter:
    model = PeftModel.from_pretrained(model, adapter)
model.eval()
found = []
with torch.inference_mode():
    for prompt in prompts:
        ids = tokenizer(prompt, return_tensors="pt").input_ids
        chances = torch.log_softmax(model(ids).logits[0, -1].float(), -1)
        values, places = chances.topk(n)
        top = {tokenizer.decode([p]): v for p, v in zip(places.tolist(), values.tolist())}
        codes = []
        for table in tables:
            words = [tokenizer(word).input_ids[0] for word in table]
            codes.append(table[int(chances[words].argmax())])
            ids = torch.cat([ids, torch.tensor([[words[table.index(codes[-1])]]])], dim=1)
            chances = torch.log_softmax(model(ids).logits[0, -1].float(), -1)
        found.append((top, codes))
json.dump(found, sys.stdout)
"""


class World(NamedTuple):
    """What runs."""

    python: str
    base: Path
    adapters: dict[str, Adapter]
    endpoint: Endpoint


@pytest.fixture(scope="module")
def python() -> str:
    if not (given := os.environ.get("VLLM_PYTHON", "")):
        pytest.skip("needs vLLM: set VLLM_PYTHON to a Python that has it (docs/serving.md)")
    return given


@pytest.fixture(scope="module")
def gguf() -> Path:
    try:
        return ModelStore(load_settings().cache).path(BASE) / "model.gguf"
    except ModelError as error:
        pytest.skip(f"no weights: {error}")


@pytest.fixture(scope="module")
def base(python: str, gguf: Path) -> Path:
    work = (
        "import sys; from pathlib import Path; from simpatico.finetune.base import prepare_base;"
        "print(prepare_base(sys.argv[1], Path(sys.argv[2])))"
    )
    return Path(_run([python, "-c", work, BASE, str(load_settings().cache)]).splitlines()[-1])


@pytest.fixture(scope="module")
def world(python: str, base: Path) -> Iterator[World]:
    loaded = map(adapters.load_adapter, adapters.shipped_folders())
    used: dict[str, Adapter] = {one.card.task: one for one in loaded}
    plan = Plan(
        python=python,
        base=base,
        name=BASE,
        adapters=tuple((task, used[task].folder) for task in adapters.TASKS),
        rank=max(one.rank for one in used.values()),
        context=1024,
        dtype="float32",
        port=_free_port(),
    )
    patch = pytest.MonkeyPatch()
    patch.setenv("VLLM_CPU_KVCACHE_SPACE", os.environ.get("VLLM_CPU_KVCACHE_SPACE", "1"))
    began = time.monotonic()
    with patch.context(), VllmServer(plan, "a key") as endpoint:
        print(f"vLLM was ready after {time.monotonic() - began:.0f} s")
        yield World(python, base, used, endpoint)
    patch.undo()
    with pytest.raises(OSError):
        urllib.request.urlopen(f"http://{serving.HOST}:{plan.port}/health", timeout=5)


def test_it_serves_what_it_was_told_to(world: World) -> None:
    names = tuple(adapters.TASKS)
    checked = serving.check_served(world.endpoint, name=BASE, flavour="vllm", adapters=names)
    asyncio.run(checked)


def test_a_raw_prompt_with_adapter_grammar_logprobs_and_stop(world: World) -> None:
    async def ask(llm: OpenAILLM) -> None:
        asked: dict[str, Any] = {"grammar": grammar(1), "top_logprobs": 64, "stop": ["\n"]}
        prompt = prompt_of([Turn(role="user", text="seen Heat already. a comedy, please")])
        for name in ("", "reader"):
            got = await llm.complete(prompt, max_tokens=32, adapter=name, **asked)
            assert "".join(token.text for token in got.tokens).startswith(got.text)
            assert got.text.startswith(" ") and " " + got.text.split()[0] in _written()
            # The alternatives are from after the grammar: none that it forbids is likely.
            assert len(got.tokens[0].top) > 20
            assert any(text in _written() for text, _ in got.tokens[0].top)
        tight = 'root ::= " joy\\n" | " fear\\n"'
        got = await llm.complete(
            "them: hi\nread:", max_tokens=16, grammar=tight, stop=["\n"], adapter="reader"
        )
        assert got.text in (" joy", " fear") and got.finish_reason == "stop"

    _with(world, ask)


def test_a_reply_is_written_under_its_grammar(world: World) -> None:
    item = BriefItem(label="Heat (1995)", premise="A thief is hunted.", reasons=("it is tense",))
    brief = Brief(
        mood="sadness", need="thrill", said="a thriller", kept="thrillers", items=(item,) * 4
    )

    async def ask(llm: OpenAILLM) -> None:
        opening = ("That sounds heavy; [0:].",)
        rules = explaining.grammar(brief, n_opening=1)
        asked: dict[str, Any] = {"grammar": rules, "stop": ["\n"]}
        prompt = explaining.prompt_of(brief, opening)
        pieces = llm.stream(prompt, max_tokens=200, adapter="explainer", **asked)
        rest = "".join([piece async for piece in pieces])
        assert rest.startswith(" ") and explaining.faults(opening[0] + rest, 4) == []

    _with(world, ask)


def test_a_chat_under_a_schema(world: World) -> None:
    schema = {
        "type": "object",
        "properties": {"colour": {"enum": ["red", "blue"]}},
        "required": ["colour"],
        "additionalProperties": False,
    }

    async def ask(llm: OpenAILLM) -> None:
        said = [{"role": "user", "content": "Name a colour as JSON."}]
        got = await llm.complete(said, max_tokens=60, schema=schema, top_logprobs=20)
        assert json.loads(got.text)["colour"] in ("red", "blue")
        assert got.tokens and len(got.tokens[0].top) >= 1

    _with(world, ask)


def test_a_stream_that_is_closed_frees_the_engine(world: World) -> None:
    async def ask(llm: OpenAILLM) -> None:
        before = _metric(world, "generation_tokens_total")
        pieces = llm.stream("1, 2, 3, 4, 5, 6, 7,", max_tokens=900)
        said = [await anext(pieces) for _ in range(3)]
        assert "".join(said)
        await pieces.aclose()
        deadline = time.monotonic() + 10
        while _metric(world, "num_requests_running") and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        assert _metric(world, "num_requests_running") == 0
        assert _metric(world, "generation_tokens_total") - before < 300

    _with(world, ask)


def test_wrong_names_and_keys_are_errors_of_ours(world: World) -> None:
    async def ask(llm: OpenAILLM) -> None:
        with pytest.raises(LLMUnavailable, match="poet"):
            await llm.complete("hi", max_tokens=1, adapter="poet")
        with pytest.raises(ValueError, match="has no adapter 'nobody'"):
            await llm.complete("hi", max_tokens=1, adapter="nobody")
        stranger = OpenAILLM(world.endpoint.url, BASE, "another key", 60, flavour="vllm")
        with pytest.raises(LLMUnavailable, match="401"):
            await stranger.complete("hi", max_tokens=1)
        await stranger.aclose()

    _with(world, ask)


def test_three_engines_compute_the_same_with_an_adapter(world: World, gguf: Path) -> None:
    prompts = [prompt_of([Turn(role="user", text=text)]) for text in SAID]
    exact = [likeliest for likeliest, _ in _in_transformers(world, prompts, "reader")]
    plain = [likeliest for likeliest, _ in _in_transformers(world, prompts, "")]
    mine = _both(world, gguf, prompts, lambda llm, prompt: _next(llm, prompt, "reader"))
    gaps = {engine: np.array(list(map(_gap, mine[engine], exact))) for engine in mine}
    moved = np.array(list(map(_gap, plain, exact)))
    print({engine: round(float(np.median(gap)), 4) for engine, gap in gaps.items()}, moved)
    assert gaps["vllm"].max() < 0.02  # the same numbers in float32
    assert np.median(gaps["llamacpp"]) < np.median(moved) / 2  # rounds activations to 8 bits


def test_three_engines_read_the_same(world: World, gguf: Path) -> None:
    texts = [text for text, _ in (*NEED_LINES, *MOOD_LINES)]
    texts += [newest(one) for one in own_examples(N_TURNS - len(texts), seed=1)]
    _agree(world, gguf, texts)


@pytest.mark.data
def test_three_engines_read_the_same_in_goemotions(world: World, gguf: Path) -> None:
    folder = Path(os.environ.get("DATA_SETS", __file__)) / "goemotions"
    if not (folder / "dev.tsv").is_file():
        pytest.skip("needs GoEmotions: set DATA_SETS to the folder docs/data.md describes")
    lines = (folder / "dev.tsv").read_text("utf-8").splitlines()
    _agree(world, gguf, [one.split("\t")[0] for one in random.Random(0).sample(lines, N_TURNS)])


def _agree(world: World, gguf: Path, texts: Sequence[str]) -> None:
    assert len(texts) == N_TURNS
    prompts = [prompt_of([Turn(role="user", text=text)]) for text in texts]
    codes = {"transformers": [said for _, said in _in_transformers(world, prompts, "reader")]}
    codes |= _both(world, gguf, prompts, _codes)
    shares = {
        f"{what}, {a} and {b}": float(
            np.mean([x[place] == y[place] for x, y in zip(codes[a], codes[b], strict=True)])
        )
        for place, what in enumerate(("mood", "need", "intent"))
        for a, b in combinations(sorted(codes), 2)
    }
    print(f"same label, n={N_TURNS}: {shares}")
    assert min(shares.values()) >= AGREE, shares


async def _codes(llm: OpenAILLM, prompt: str) -> list[str]:
    """Mood, need and intent as the grammar lets them be said, greedily."""
    got: Completion = await llm.complete(
        prompt, max_tokens=3, grammar=grammar(0), top_logprobs=TOP_LOGPROBS, adapter="reader"
    )
    return [f" {word}" for word in got.text.split()]


async def _next(llm: OpenAILLM, prompt: str, adapter: str) -> dict[str, float]:
    got = await llm.complete(prompt, max_tokens=1, top_logprobs=TOP_LOGPROBS, adapter=adapter)
    return dict(got.tokens[0].top)


def _gap(a: dict[str, float], b: dict[str, float]) -> float:
    """The mean distance in nats between two distributions, over the likeliest ten of the second."""
    likeliest = sorted(b, key=lambda text: -b[text])[:10]
    return float(np.mean([abs(a.get(text, -20.0) - b[text]) for text in likeliest]))


def _both(
    world: World, gguf: Path, prompts: Sequence[str], ask: Callable[[OpenAILLM, str], Any]
) -> dict[str, list[Any]]:
    """What vLLM and llama.cpp answer."""

    async def all_of(llm: OpenAILLM, at_once: int) -> list[Any]:
        door = asyncio.Semaphore(at_once)

        async def one(prompt: str) -> Any:
            async with door:
                return await ask(llm, prompt)

        try:
            return await asyncio.gather(*map(one, prompts))
        finally:
            await llm.aclose()

    found = {"vllm": asyncio.run(all_of(_llm(world.endpoint, "vllm"), 16))}
    with tempfile.TemporaryDirectory() as work:
        files = [
            adapters.gguf_of(world.adapters[task], gguf, Path(work)) for task in adapters.TASKS
        ]
        with LlamaServer(gguf, context=1024, adapters=files) as endpoint:
            found["llamacpp"] = asyncio.run(all_of(_llm(endpoint, "llamacpp"), 2))
    return found


def _in_transformers(world: World, prompts: Sequence[str], adapter: str) -> list[Any]:
    """For each prompt the likeliest next tokens, and the codes of the answer."""
    folder = str(world.adapters[adapter].folder) if adapter else ""
    given = json.dumps([str(world.base), folder, list(prompts), 2000, CODES])
    return list(json.loads(_run([world.python, "-c", _TRANSFORMERS], given).splitlines()[-1]))


def _llm(endpoint: Endpoint, flavour: Any, *more: str) -> OpenAILLM:
    return OpenAILLM(
        endpoint.url, BASE, endpoint.key, 300, flavour=flavour, adapters=(*adapters.TASKS, *more)
    )


def _with(world: World, ask: Callable[[OpenAILLM], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        llm = _llm(world.endpoint, "vllm", "poet")
        try:
            await ask(llm)
        finally:
            await llm.aclose()

    asyncio.run(run())


def _written() -> set[str]:
    return set(CODES[0])


def _metric(world: World, name: str) -> float:
    door = world.endpoint.url.removesuffix("/v1") + "/metrics"
    with urllib.request.urlopen(door, timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(f"vllm:{name}{{"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((serving.HOST, 0))
        return int(probe.getsockname()[1])


def _run(argv: Sequence[str], given: str = "") -> str:
    done = subprocess.run(
        argv, input=given, capture_output=True, text=True, env=environment("", os.environ)
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
