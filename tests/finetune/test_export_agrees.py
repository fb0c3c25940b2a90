"""transformers and llama.cpp must say the same with an adapter that was exported."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from safetensors.numpy import save_file

from simpatico import loragguf
from simpatico.agent.engine import LlamaServer
from simpatico.errors import ModelError
from simpatico.finetune.base import prepare_base
from simpatico.finetune.export import export_gguf
from simpatico.modelstore import ModelStore
from simpatico.settings import load_settings

pytestmark = [pytest.mark.model, pytest.mark.slow]

BASE = "smollm2-135m-instruct"
PROMPT = "them: rough week, something warm and funny, nothing with kids\nread:"
RANK, FIRST, WIDTH = 16, 14, 576
SIZES = {
    "self_attn.q_proj": (WIDTH, 576),
    "self_attn.k_proj": (WIDTH, 192),
    "self_attn.v_proj": (WIDTH, 192),
    "self_attn.o_proj": (576, WIDTH),
    "mlp.gate_proj": (WIDTH, 1536),
    "mlp.up_proj": (WIDTH, 1536),
    "mlp.down_proj": (1536, WIDTH),
}


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random one on the upper half; q and k are moved most, since their order is in question."""
    rng = np.random.default_rng(0)
    made = {}
    for layer in range(FIRST, 30):
        for module, (n_in, n_out) in SIZES.items():
            name = f"base_model.model.model.layers.{layer}.{module}.lora"
            size = 0.3 if module[-6:] in ("q_proj", "k_proj") else 0.01
            made[f"{name}_A.weight"] = rng.normal(0, n_in**-0.5, (RANK, n_in)).astype(np.float16)
            made[f"{name}_B.weight"] = rng.normal(0, size, (n_out, RANK)).astype(np.float16)
    folder = tmp_path_factory.mktemp("adapter")
    save_file(made, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(
        json.dumps(
            {
                "peft_type": "LORA",
                "task_type": "CAUSAL_LM",
                "base_model_name_or_path": BASE,
                "r": RANK,
                "lora_alpha": 32,
                "target_modules": [module.split(".")[1] for module in SIZES],
                "layers_to_transform": list(range(FIRST, 30)),
                "inference_mode": True,
            }
        )
    )
    return folder


def of_transformers(base: Path, adapter: Path) -> tuple[Any, Any]:
    """Next-token log-probabilities (n_tokens,) without and with the adapter."""
    torch = pytest.importorskip("torch")
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    ids = AutoTokenizer.from_pretrained(base)(PROMPT, return_tensors="pt")["input_ids"]
    found = []
    with torch.inference_mode():
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
        found.append(torch.log_softmax(model(ids).logits[0, -1], -1).numpy())
        model = PeftModel.from_pretrained(model, adapter)
        found.append(torch.log_softmax(model(ids).logits[0, -1], -1).numpy())
    return found[0], found[1]


def of_llama(model: Path, adapter: Path, *, scale: float) -> Mapping[int, float]:
    """The 40 likeliest next tokens and their log-probabilities."""
    with LlamaServer(model, 256, 1, adapters=[adapter]) as (url, key):
        reply = httpx.post(
            url.removesuffix("/v1") + "/completion",
            json={
                "prompt": PROMPT,
                "n_predict": 1,
                "n_probs": 40,
                "temperature": 0,
                "lora": [{"id": 0, "scale": scale}],
            },
            headers={"Authorization": f"Bearer {key}"},
            timeout=120,
        ).json()
    top = reply["completion_probabilities"][0]["top_logprobs"]
    return {each["id"]: each["logprob"] for each in top}


def distance(theirs: Mapping[int, float], ours: Any) -> float:
    """Mean absolute difference in nats over llama.cpp's likeliest tokens."""
    return float(np.mean([abs(logprob - ours[token]) for token, logprob in theirs.items()]))


def test_both_engines_agree_and_only_with_reordered_rows(
    adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    cache = load_settings().cache
    try:
        model = ModelStore(cache).path(BASE) / "model.gguf"
    except ModelError as error:
        pytest.skip(f"needs the weights: {error}")
    base = prepare_base(BASE, cache)
    plain, adapted = of_transformers(base, adapter)
    right = export_gguf(adapter, base, tmp_path / "right.gguf")
    assert loragguf.shape_of(base) == loragguf.shape_of(model)
    monkeypatch.setattr(loragguf, "_REORDERED", set())
    wrong = export_gguf(adapter, base, tmp_path / "wrong.gguf")

    noise = distance(of_llama(model, right, scale=0.0), plain)
    good = distance(of_llama(model, right, scale=1.0), adapted)
    bad = distance(of_llama(model, wrong, scale=1.0), adapted)
    moved = distance(of_llama(model, right, scale=1.0), plain)
    print(f"nats: quantised {noise:.3f}, adapted {good:.3f}, wrong {bad:.3f}, moved {moved:.3f}")
    assert good < 3 * noise + 0.05
    assert bad > 5 * good
    assert moved > 5 * good
