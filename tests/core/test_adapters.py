"""Adapters on disk: what is refused and with which words, what is written for llama.cpp."""

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from simpatico import adapters
from simpatico.adapters import Adapter, Card, load_adapter, write_card
from simpatico.calibration import FILE, Calibration, read_calibration, write_calibration
from simpatico.domain import Completion, Token
from simpatico.errors import ModelError
from simpatico.lorafile import read_lora, sha256_of
from simpatico.loragguf import reorder, shape_of, write_gguf

RANK, HEADS, KV_HEADS, HEAD, WIDTH, INNER = 4, 4, 2, 8, 32, 48
SIZES = {  # (in, out)
    "self_attn.q_proj": (WIDTH, HEADS * HEAD),
    "self_attn.k_proj": (WIDTH, KV_HEADS * HEAD),
    "self_attn.v_proj": (WIDTH, KV_HEADS * HEAD),
    "self_attn.o_proj": (HEADS * HEAD, WIDTH),
    "mlp.gate_proj": (WIDTH, INNER),
    "mlp.up_proj": (WIDTH, INNER),
    "mlp.down_proj": (INNER, WIDTH),
}
BASE = {
    "model_type": "llama",
    "num_hidden_layers": 3,
    "num_attention_heads": HEADS,
    "num_key_value_heads": KV_HEADS,
    "hidden_size": WIDTH,
}


def key(layer: int, module: str, half: str) -> str:
    return f"base_model.model.model.layers.{layer}.{module}.lora_{half}.weight"


def weights() -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(0)
    made = {}
    for layer in (1, 2):  # the upper layers only
        for module, (n_in, n_out) in SIZES.items():
            made[key(layer, module, "A")] = rng.normal(size=(RANK, n_in)).astype(np.float16)
            made[key(layer, module, "B")] = rng.normal(size=(n_out, RANK)).astype(np.float16)
    return made


def make(folder: Path, made: dict[str, NDArray[Any]] | None = None, **card: Any) -> Path:
    folder.mkdir(parents=True)
    save_file(weights() if made is None else made, folder / "adapter_model.safetensors")
    config = {
        "peft_type": "LORA",
        "base_model_name_or_path": "tiny",
        "r": RANK,
        "lora_alpha": 8,
        "bias": "none",
        "use_dora": False,
        "target_modules": ["q_proj"],
    }
    (folder / "adapter_config.json").write_text(json.dumps(config))
    told = {
        "name": "mine",
        "version": "1",
        "task": "reader",
        "base": "tiny",
        "rank": RANK,
        "sha256": sha256_of(folder / "adapter_model.safetensors"),
        "data": ("goemotions",),
        "licence": "Apache-2.0",
        "seed": 0,
        "steps": 7,
        "command": 'simpatico train reader --data "my data.jsonl"',
        "figures": {"macro F1, dev": 0.5, "set": "dev"},
    }
    write_card(folder, Card.model_validate(told | card))
    write_calibration(folder / "calibration.json", Calibration())
    return folder


def configure(folder: Path, **values: Any) -> None:
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.fixture
def no_shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapters, "shipped_folders", lambda: ())


def test_a_sound_adapter_loads_with_its_card(tmp_path: Path) -> None:
    adapter = load_adapter(make(tmp_path / "a"))
    assert (adapter.name, adapter.version, adapter.base, adapter.rank) == ("mine", "1", "tiny", 4)
    assert adapter.card.command == 'simpatico train reader --data "my data.jsonl"'
    assert dict(adapter.card.figures) == {"macro F1, dev": 0.5, "set": "dev"}


def test_weights_in_bfloat16_are_read(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file as save_torch

    folder = make(tmp_path / "a")
    path = folder / "adapter_model.safetensors"
    halves = {name: torch.from_numpy(value).bfloat16() for name, value in load_file(path).items()}
    save_torch(halves, path)
    first = read_lora(folder).pairs[1, "mlp.up_proj"].a  # type: ignore[index]
    assert (first == halves[key(1, "mlp.up_proj", "A")].float().numpy()).all()


def untrained() -> dict[str, NDArray[Any]]:
    return {
        name: np.zeros_like(value) if "lora_B" in name else value
        for name, value in weights().items()
    }


def with_nan() -> dict[str, NDArray[Any]]:
    made = weights()
    made[key(2, "mlp.up_proj", "B")][3, 1] = np.nan
    return made


def without_half() -> dict[str, NDArray[Any]]:
    made = weights()
    del made[key(2, "mlp.up_proj", "B")]
    return made


def of_another_rank() -> dict[str, NDArray[Any]]:
    made = weights()
    made[key(1, "mlp.up_proj", "A")] = np.ones((RANK + 1, WIDTH), np.float16)
    made[key(1, "mlp.up_proj", "B")] = np.ones((INNER, RANK + 1), np.float16)
    return made


def of_integers() -> dict[str, NDArray[Any]]:
    return {name: value.astype(np.int8) for name, value in weights().items()}


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (untrained, "untrained: every B is zero"),
        (with_nan, "layer 2, mlp.up_proj: has numbers that are not finite"),
        (without_half, "layer 2, mlp.up_proj has only half of a pair"),
        (of_another_rank, r"layer 1, mlp.up_proj: wanted rank 4"),
        (of_integers, "holds I8, wanted floating point"),
        (lambda: {"lm_head.weight": np.ones((2, 2), np.float16)}, "cannot use the weight 'lm_head"),
        (lambda: {}, "is empty"),
    ],
)
def test_bad_weights_are_named(
    tmp_path: Path, made: Callable[[], dict[str, NDArray[Any]]], words: str
) -> None:
    with pytest.raises(ModelError, match=words):
        load_adapter(make(tmp_path / "a", made()))


@pytest.mark.parametrize("name", ["adapter_model.bin", "optimizer.pt", "x.pkl"])
def test_pickles_are_refused_even_beside_good_weights(tmp_path: Path, name: str) -> None:
    folder = make(tmp_path / "a")
    (folder / name).write_bytes(b"\x80\x04.")
    with pytest.raises(ModelError, match=f"has {name}: pickled"):
        load_adapter(folder)


def test_changed_or_cut_weights_have_another_checksum(tmp_path: Path) -> None:
    folder = make(tmp_path / "a")
    path = folder / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(ModelError, match="its card says"):
        load_adapter(folder)
    with pytest.raises(ModelError, match="damaged, or no safetensors file"):
        read_lora(folder)


def test_card_and_configuration_must_agree(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="card says rank 8, it has 4"):
        load_adapter(make(tmp_path / "rank", rank=8))
    with pytest.raises(ModelError, match="card says base 'big', its configuration says 'tiny'"):
        load_adapter(make(tmp_path / "base", base="big"))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"use_dora": True}, "wanted plain LoRA, with use_dora False"),
        ({"use_rslora": True}, "use_rslora"),
        ({"bias": "all"}, "bias 'none'"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"rank_pattern": {"q_proj": 8}}, "rank_pattern"),
        ({"peft_type": "IA3"}, "peft_type 'LORA', got 'IA3'"),
        ({"r": 0}, "greater than 0"),
    ],
)
def test_what_is_not_plain_lora_is_refused(
    tmp_path: Path, value: dict[str, Any], words: str
) -> None:
    folder = make(tmp_path / "a")
    configure(folder, **value)
    with pytest.raises(ModelError, match=words):
        load_adapter(folder)


def test_what_is_missing_or_damaged_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no folder"):
        load_adapter(tmp_path / "none")
    folder = make(tmp_path / "a")
    (folder / "adapter_config.json").write_text("{")
    with pytest.raises(ModelError, match=r"adapter_config.json is damaged"):
        load_adapter(folder)
    (folder / "card.toml").write_text("name = ")
    with pytest.raises(ModelError, match=r"card.toml is damaged"):
        load_adapter(folder)
    (folder / "card.toml").write_text('name = "x"')
    with pytest.raises(ModelError, match=r"card.toml, version: Field required"):
        load_adapter(folder)
    (folder / "card.toml").unlink()
    with pytest.raises(ModelError, match="has no card.toml"):
        load_adapter(folder)


def test_what_ships_is_sound() -> None:
    loaded = [load_adapter(folder) for folder in adapters.shipped_folders()]
    names = [folder.name for folder in adapters.shipped_folders()]
    assert names == [one.name for one in loaded] == sorted(adapters.TASKS)
    for one in loaded:
        assert one.card.task == one.name and one.card.licence and one.card.data
        assert not re.search(r"(?<!\w)[/~]", one.card.command), "names a place on one machine"
    read_calibration(loaded[names.index("reader")].folder / FILE)


@pytest.mark.usefixtures("no_shipped")
def test_added_adapters_are_chosen_by_name_and_version(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert adapters.chosen("reader", "tiny", home) is None
    for version in ("1.9", "1.10"):
        source = make(tmp_path / version, version=version)
        (source / "notes.txt").write_text("left behind")
        placed = adapters.add(source, home).folder
        assert placed == home / "adapters" / "mine" / version
        assert not (placed / "notes.txt").exists()
    assert adapters.chosen("reader", "tiny", home) is None, "added is not yet in use"
    assert adapters.use("mine", home).version == "1.10"
    chosen = adapters.chosen("reader", "tiny", home)
    assert chosen is not None and chosen.version == "1.10"
    adapters.use("mine@1.9", home)
    chosen = adapters.chosen("reader", "tiny", home)
    assert chosen is not None and chosen.version == "1.9"
    assert adapters.chosen("reader", "another", home) is None
    assert adapters.chosen("explainer", "tiny", home) is None


@pytest.mark.usefixtures("no_shipped")
def test_names_that_are_taken_or_unknown(tmp_path: Path) -> None:
    home = tmp_path / "home"
    source = make(tmp_path / "a")
    adapters.add(source, home)
    with pytest.raises(ModelError, match="mine@1 already"):
        adapters.add(source, home)
    with pytest.raises(ModelError, match="'yours'; there: mine@1"):
        adapters.use("yours", home)


@pytest.mark.usefixtures("no_shipped")
def test_a_damaged_adapter_does_not_get_in(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="untrained"):
        adapters.add(make(tmp_path / "a", untrained()), tmp_path / "home")
    uncalibrated = make(tmp_path / "b")
    (uncalibrated / "calibration.json").unlink()
    with pytest.raises(ModelError, match=r"/b has no calibration.json: .*train calibrate"):
        adapters.add(uncalibrated, tmp_path / "home")
    assert adapters.added(tmp_path / "home") == ()


def base_folder(tmp_path: Path, **values: Any) -> Path:
    folder = tmp_path / "base"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(BASE | values))
    return folder


def restored(rows: NDArray[Any], n_heads: int) -> NDArray[Any]:
    """Undo llama.cpp's order of rows: pairs back to halves."""
    pairs = rows.reshape(n_heads, rows.shape[0] // n_heads // 2, 2, rows.shape[1])
    return pairs.swapaxes(1, 2).reshape(rows.shape)


def test_the_exported_file_holds_the_same_numbers(tmp_path: Path) -> None:
    lora = read_lora(make(tmp_path / "a"))
    reader = gguf.GGUFReader(write_gguf(lora, shape_of(base_folder(tmp_path)), tmp_path / "x.gguf"))
    told = {name: field.contents() for name, field in reader.fields.items()}
    assert told["general.type"] == "adapter"
    assert told["general.architecture"] == "llama"
    assert told["adapter.type"] == "lora"
    assert told["adapter.lora.alpha"] == 8
    found = {tensor.name: tensor.data for tensor in reader.tensors}
    assert len(found) == len(weights()) == 28
    modules = {"q_proj": "attn_q", "k_proj": "attn_k", "v_proj": "attn_v", "o_proj": "attn_output"}
    modules |= {name: f"ffn_{name[:-5]}" for name in ("gate_proj", "up_proj", "down_proj")}
    for name, wanted in weights().items():
        layer, _, module, half = name.split(".")[4:8]
        got = found[f"blk.{layer}.{modules[module]}.weight.{half.lower()}"]
        assert got.dtype == np.float16
        heads = {"q_proj": HEADS, "k_proj": KV_HEADS}.get(module)
        if half == "lora_B" and heads:
            assert (got != wanted).any()
            got = restored(got, heads)
        assert (got == wanted).all()


def test_rows_go_in_pairs_within_each_head() -> None:
    rows = np.arange(8, dtype=np.float32)[:, None]
    assert reorder(rows, 2)[:, 0].tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


def test_an_adapter_for_another_base_is_not_exported(tmp_path: Path) -> None:
    lora = read_lora(make(tmp_path / "a"))
    for values, words in (
        ({"num_hidden_layers": 2}, "changes layer 2, but its base has 2"),
        ({"num_attention_heads": 2, "head_dim": 8}, "wanted 2 heads of 8"),
        ({"model_type": "mamba"}, "is of the kind 'mamba'"),
        ({"hidden_size": "wide", "num_key_value_heads": []}, "in no way we know"),
    ):
        with pytest.raises(ModelError, match=words):
            write_gguf(lora, shape_of(base_folder(tmp_path, **values)), tmp_path / "x.gguf")
    assert not (tmp_path / "x.gguf").exists()
    with pytest.raises(ModelError, match="cannot be read"):
        shape_of(tmp_path / "none")


def test_other_kinds_keep_their_order(tmp_path: Path) -> None:
    lora = read_lora(make(tmp_path / "a"))
    shape = shape_of(base_folder(tmp_path, model_type="qwen2"))
    reader = gguf.GGUFReader(write_gguf(lora, shape, tmp_path / "x.gguf"))
    found = {tensor.name: tensor.data for tensor in reader.tensors}
    wanted = weights()[key(1, "self_attn.q_proj", "B")]
    assert (found["blk.1.attn_q.weight.lora_b"] == wanted).all()


def test_an_export_is_made_once_and_again_when_damaged(tmp_path: Path) -> None:
    adapter = load_adapter(make(tmp_path / "a"))
    base = base_folder(tmp_path)
    made = adapters.gguf_of(adapter, base, tmp_path / "cache")
    stamp, whole = made.stat().st_mtime_ns, made.read_bytes()
    assert adapters.gguf_of(adapter, base, tmp_path / "cache") == made
    assert made.stat().st_mtime_ns == stamp
    made.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert adapters.gguf_of(adapter, base, tmp_path / "cache").read_bytes() == whole


def test_an_export_into_a_file_s_place_is_a_model_error(tmp_path: Path) -> None:
    adapter = load_adapter(make(tmp_path / "a"))
    (tmp_path / "cache").write_text("a file, no folder")
    with pytest.raises(ModelError, match="cannot be written"):
        adapters.gguf_of(adapter, base_folder(tmp_path), tmp_path / "cache")


class TwoFaced:
    """Answers by the adapter asked for."""

    name = "two-faced"

    def __init__(self, **tops: dict[str, float]) -> None:
        self.tops = tops

    async def complete(self, messages: Any, *, adapter: str = "", **how: Any) -> Completion:
        assert how == {"max_tokens": 1, "top_logprobs": 20} and isinstance(messages, str)
        top = self.tops[adapter or "base"]
        best = max(top, key=lambda token: top[token])
        return Completion(
            text=best, tokens=(Token(text=best, logprob=top[best], top=(*top.items(),)),)
        )


@pytest.mark.parametrize(
    ("adapted", "changed"),
    [
        ({" joy": -1.0, " fear": -2.0}, False),
        ({" joy": -1.01, " fear": -1.99}, False),  # another batch gives slightly other numbers
        ({" joy": -1.0, " fear": -1.5}, True),
        ({" sadness": -0.1}, True),
    ],
)
def test_an_adapter_that_does_nothing_is_seen(adapted: dict[str, float], changed: bool) -> None:
    llm: Any = TwoFaced(base={" joy": -1.0, " fear": -2.0}, reader=adapted)
    assert asyncio.run(adapters.changes_output(llm, "reader")) is changed


def test_an_adapter_is_a_value(tmp_path: Path) -> None:
    adapter: Adapter = load_adapter(make(tmp_path / "a"))
    assert hash(adapter) == hash(load_adapter(tmp_path / "a"))
