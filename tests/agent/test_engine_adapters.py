"""LoRA adapters in the embedded engine: real files of random weights on the real small model."""

import asyncio
import random
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simpatico.agent.engine import Endpoint, LlamaServer
from simpatico.agent.llm import OpenAILLM
from simpatico.domain import Completion
from simpatico.errors import BadReply, ModelError
from simpatico.explaining import Brief, BriefItem, faults, grammar, prompt_of
from simpatico.modelstore import ModelStore
from simpatico.opening import opening_of
from simpatico.settings import load_settings

Tensors = dict[str, NDArray[np.float32]]
PROMPT = "them: rough week\nread:"
F32, STRING, FLOAT = 0, 8, 6


def _text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def write_lora(path: Path, tensors: Tensors, kind: str = "llama", sort: str = "adapter") -> Path:
    """A LoRA adapter as a GGUF file, version 3; every tensor is of 32 bytes times something."""
    values = [
        ("general.architecture", STRING, _text(kind)),
        ("general.type", STRING, _text(sort)),
        ("adapter.type", STRING, _text("lora")),
        ("adapter.lora.alpha", FLOAT, struct.pack("<f", 4.0)),
    ]
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(values))
    for name, code, value in values:
        head += _text(name) + struct.pack("<I", code) + value
    data = b""
    for name, tensor in tensors.items():
        shape = b"".join(struct.pack("<Q", size) for size in tensor.shape[::-1])
        head += _text(name) + struct.pack("<I", tensor.ndim) + shape
        head += struct.pack("<IQ", F32, len(data))
        data += tensor.astype(np.float32).tobytes()
    path.write_bytes(head + b"\0" * (-len(head) % 32) + data)
    return path


def random_lora(seed: int, *, layer: int = 29, width: int = 576) -> Tensors:
    """Rank 2 on one layer of SmolLM2-135M, strong enough to be seen in what it says."""
    rng = np.random.default_rng(seed)
    name = f"blk.{layer}.ffn_down.weight"
    return {
        f"{name}.lora_a": rng.normal(size=(2, 1536)).astype(np.float32) * 0.05,
        f"{name}.lora_b": rng.normal(size=(width, 2)).astype(np.float32),
    }


@pytest.fixture(scope="module")
def model() -> Path:
    try:
        return ModelStore(load_settings().cache).path("smollm2-135m-instruct") / "model.gguf"
    except ModelError as error:
        pytest.skip(f"no weights: {error}")


@pytest.fixture(scope="module")
def endpoint(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    folder = tmp_path_factory.mktemp("adapters")
    # In the middle, so that what the layers above remember of a prompt depends on it.
    files = [write_lora(folder / f"{seed}.gguf", random_lora(seed, layer=14)) for seed in (1, 2)]
    with LlamaServer(model, context=512, adapters=files) as endpoint:
        yield endpoint


def _llm(endpoint: Endpoint) -> OpenAILLM:
    adapters = ("reader", "explainer")
    return OpenAILLM(
        endpoint.url, "smollm2", endpoint.key, 60.0, flavour="llamacpp", adapters=adapters
    )


@pytest.mark.model
def test_each_request_has_the_adapter_it_asks_for_and_no_other(endpoint: Endpoint) -> None:
    async def run() -> None:
        llm = _llm(endpoint)

        async def first(adapter: str) -> dict[str, float]:
            got = await llm.complete(PROMPT, max_tokens=1, top_logprobs=64, adapter=adapter)
            assert len(got.tokens[0].top) == 64
            return dict(got.tokens[0].top)

        plain, reader, explainer = [await first(name) for name in ("", "reader", "explainer")]
        assert plain != reader != explainer != plain
        # A prompt that was read with one adapter must not be taken from the cache for another.
        assert await first("reader") == pytest.approx(reader, abs=0.02)
        assert await first("") == pytest.approx(plain, abs=0.02)
        at_once = await asyncio.gather(first("reader"), first("explainer"), first(""))
        for got, alone in zip(at_once, (reader, explainer, plain), strict=True):
            shared = got.keys() & alone.keys()
            assert len(shared) > 50
            assert {t: got[t] for t in shared} == pytest.approx(
                {t: alone[t] for t in shared}, abs=0.02
            )
        await llm.aclose()

    asyncio.run(run())


@pytest.mark.model
def test_what_one_adapter_read_is_never_taken_for_what_another_would(
    model: Path, tmp_path: Path
) -> None:
    said = (  # more than there are slots, so that each one leaves its slot
        "them: so happy today, let us celebrate with a film and friends tonight\nread:",
        "them: rough week, cheer me up please, a comedy\nread:",
        "them: why that one?\nread:",
    )
    file = write_lora(tmp_path / "reader.gguf", random_lora(1, layer=14))

    async def read(endpoint: Endpoint, adapters: Sequence[str]) -> list[dict[str, float]]:
        llm = _llm(endpoint)
        asked: dict[str, Any] = {"max_tokens": 1, "top_logprobs": 20}
        found = [
            dict((await llm.complete(prompt, adapter=name, **asked)).tokens[0].top)
            for name in adapters
            for prompt in said
        ]
        await llm.aclose()
        return found[-len(said) :]

    with LlamaServer(model, context=512, adapters=[file]) as endpoint:
        alone = asyncio.run(read(endpoint, ["reader"]))
    with LlamaServer(model, context=512, adapters=[file]) as endpoint:
        after = asyncio.run(read(endpoint, ["", "reader"]))
    for first, second in zip(alone, after, strict=True):
        shared = first.keys() & second.keys()
        assert len(shared) > 15
        assert {t: second[t] for t in shared} == pytest.approx(
            {t: first[t] for t in shared}, abs=0.02
        )


@pytest.mark.model
def test_a_raw_prompt_is_continued_under_a_grammar_and_stops(endpoint: Endpoint) -> None:
    async def run() -> None:
        llm = _llm(endpoint)
        asked: dict[str, Any] = {"grammar": 'root ::= " joy" | " fear"', "stop": ["\n"]}
        got: Completion = await llm.complete(PROMPT, max_tokens=8, top_logprobs=64, **asked)
        assert got.text in (" joy", " fear")
        assert "".join(token.text for token in got.tokens).startswith(got.text)
        pieces = [piece async for piece in llm.stream(PROMPT, max_tokens=6, adapter="reader")]
        whole = await llm.complete(PROMPT, max_tokens=6, adapter="reader")
        assert "".join(pieces) == whole.text
        await llm.aclose()

    asyncio.run(run())


@pytest.mark.model
@pytest.mark.parametrize("n", [1, 3, 4, 5])
@pytest.mark.parametrize("kept", ["", "comedies; without horror"])
def test_whatever_writes_a_reply_under_its_grammar_keeps_to_the_form(
    endpoint: Endpoint, n: int, kept: str
) -> None:
    told = (
        BriefItem(label="A", premise="A dog barks.", reasons=("it is warm",)),
        BriefItem(label="B", premise="comedy; by Ann Lee", reasons=("it is funny",)),
        BriefItem(label="C"),
    )
    brief = Brief(said="hello", kept=kept, items=tuple(told[i % 3] for i in range(n)))
    opening = opening_of(brief, random.Random(0))

    async def run() -> str:
        llm = _llm(endpoint)
        pieces = llm.stream(
            prompt_of(brief, opening),
            max_tokens=400,
            grammar=grammar(brief, n_opening=len(opening)),
            stop=("\n",),
            adapter="explainer",
            temperature=1.5,
            seed=n,
        )
        said = "".join([piece async for piece in pieces])
        await llm.aclose()
        return said

    reply = " ".join(opening) + asyncio.run(run())
    assert faults(reply, n) == [], reply
    assert ("[0:]" in reply) is bool(kept)


@pytest.mark.parametrize("content", [None, b"", b"PK\3\4" + b"\xff" * 99])
def test_an_adapter_that_is_no_gguf_is_named(tmp_path: Path, content: bytes | None) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    if content is not None:
        (tmp_path / "poet.gguf").write_bytes(content)
    server = LlamaServer(tmp_path / "model.gguf", adapters=[tmp_path / "poet.gguf"])
    with pytest.raises(ModelError, match=r"adapter file .*poet\.gguf"):
        server.start()


WRONG: dict[str, tuple[Tensors, str, str, slice]] = {
    "of another architecture": (random_lora(1), "qwen2", "adapter", slice(None)),
    "of another width": (random_lora(1, width=640), "llama", "adapter", slice(None)),
    "of a deeper model": (random_lora(1, layer=99), "llama", "adapter", slice(None)),
    "no adapter": (random_lora(1), "llama", "model", slice(None)),
    "cut off": (random_lora(1), "llama", "adapter", slice(0, 5000)),
    "cut off in its header": (random_lora(1), "llama", "adapter", slice(0, 100)),
}


@pytest.mark.model
@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_adapter_is_a_model_error_in_plain_words(
    model: Path, tmp_path: Path, case: str
) -> None:
    tensors, kind, sort, part = WRONG[case]
    path = write_lora(tmp_path / "poet.gguf", tensors, kind, sort)
    path.write_bytes(path.read_bytes()[part])
    with pytest.raises(ModelError, match=r"poet\.gguf.*another model") as caught:
        LlamaServer(model, context=512, adapters=[path]).start()
    assert "Failed to init" not in str(caught.value)


@pytest.mark.model
def test_an_adapter_of_nans_answers_with_an_error(model: Path, tmp_path: Path) -> None:
    broken = {name: np.full_like(tensor, np.nan) for name, tensor in random_lora(1).items()}
    path = write_lora(tmp_path / "poet.gguf", broken)

    async def run(endpoint: Endpoint) -> None:
        llm = OpenAILLM(
            endpoint.url, "m", endpoint.key, 60.0, flavour="llamacpp", adapters=["poet"]
        )
        with pytest.raises(BadReply, match="wrong shape"):
            await llm.complete(PROMPT, max_tokens=2, top_logprobs=2, adapter="poet")
        assert (await llm.complete(PROMPT, max_tokens=2)).text
        await llm.aclose()

    with LlamaServer(model, context=512, adapters=[path]) as endpoint:
        asyncio.run(run(endpoint))
