"""A LoRA adapter as peft writes it: read and checked without torch, and without running any code.

A folder holds `adapter_model.safetensors` and `adapter_config.json`. Weights are named
`base_model.model.model.layers.14.self_attn.q_proj.lora_A.weight`: A is (rank, in), B (out, rank),
and a layer's own weight gets B @ A * alpha / rank added.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, ValidationError

from simpatico.errors import ModelError

WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"
MODULES: Mapping[str, str] = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
"""What an adapter may change in a layer, as transformers names it and as llama.cpp does."""

_PICKLES = {".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt"}
_KEY = re.compile(
    r"base_model\.model\.model\.layers\.(\d+)\.(\w+\.\w+)\.lora_(A|B)(?:\.default)?\.weight"
)
_DTYPES = {"F16": np.float16, "F32": np.float32, "F64": np.float64}

Floats = NDArray[np.float32]


class PlaceKey(NamedTuple):
    """Where a pair of weights belongs: the layer's number and the module's name in it."""

    layer: int
    module: str


class Pair(NamedTuple):
    """What is added to one weight: a (rank, in) and b (out, rank), float32."""

    a: Floats
    b: Floats


class LoraConfig(BaseModel):
    """What we need of peft's configuration; what we cannot do must be off."""

    peft_type: str
    base_model_name_or_path: str = ""
    r: int = Field(gt=0)
    lora_alpha: float = Field(gt=0)
    bias: str = "none"
    fan_in_fan_out: bool = False
    use_dora: bool = False
    use_rslora: bool = False
    rank_pattern: dict[str, int] = {}
    alpha_pattern: dict[str, float] = {}
    modules_to_save: list[str] | None = None


class Lora(NamedTuple):
    """An adapter's weights by place, and how strongly they act (alpha / rank)."""

    config: LoraConfig
    pairs: Mapping[PlaceKey, Pair]


def read_lora(folder: Path) -> Lora:
    """Read and check an adapter.

    Raises:
        ModelError: files are missing, pickled or damaged; a variant of LoRA that is not plain;
            a number that is not finite; another rank than configured; or an untrained adapter.
    """
    refuse_pickles(folder)
    config = _config(folder / CONFIG)
    pairs = _pairs(folder / WEIGHTS)
    for place, (a, b) in pairs.items():
        where = f"{folder}, layer {place.layer}, {place.module}"
        if a.ndim != 2 or b.ndim != 2 or (a.shape[0], b.shape[1]) != (config.r, config.r):
            raise ModelError(
                f"{where}: wanted rank {config.r}, as its configuration says, "
                f"got A {a.shape} and B {b.shape}"
            )
        if not (np.isfinite(a).all() and np.isfinite(b).all()):
            raise ModelError(f"{where}: has numbers that are not finite; the training failed")
    if not any(b.any() for _, b in pairs.values()):
        raise ModelError(f"adapter {folder} is untrained: every B is zero, so it changes nothing")
    return Lora(config, pairs)


def refuse_pickles(folder: Path) -> None:
    """Refuse what could run code when it is loaded.

    Raises:
        ModelError: the folder is none, or has a pickled file, whatever else it has.
    """
    if not folder.is_dir():
        raise ModelError(f"adapter {folder} is no folder")
    if found := sorted(path.name for path in folder.iterdir() if path.suffix in _PICKLES):
        raise ModelError(
            f"adapter {folder} has {', '.join(found)}: pickled files can run code when loaded; "
            "only safetensors are taken"
        )


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hex.

    Raises:
        ModelError: it cannot be read.
    """
    try:
        with path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error


def _config(path: Path) -> LoraConfig:
    try:
        config = LoraConfig.model_validate(json.loads(path.read_text("utf-8")))
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ModelError(f"{path}, {where}: {first['msg']}") from error
    except ValueError as error:  # no JSON, or no UTF-8
        raise ModelError(f"{path} is damaged: {error}") from error
    plain = LoraConfig(peft_type="LORA", r=config.r, lora_alpha=config.lora_alpha)
    for name in LoraConfig.model_fields:
        got, wanted = getattr(config, name), getattr(plain, name)
        if name != "base_model_name_or_path" and (got or wanted) and got != wanted:
            raise ModelError(f"{path}: wanted plain LoRA, with {name} {wanted!r}, got {got!r}")
    return config


def _pairs(path: Path) -> dict[PlaceKey, Pair]:
    halves: dict[PlaceKey, dict[str, Floats]] = {}
    for name, values in _tensors(path).items():
        match = _KEY.fullmatch(name)
        if match is None or match[2] not in MODULES:
            raise ModelError(f"{path}: cannot use the weight {name!r}")
        halves.setdefault(PlaceKey(int(match[1]), match[2]), {})[match[3]] = values
    if not halves:
        raise ModelError(f"{path} is empty")
    for place, found in halves.items():
        if len(found) != 2:
            raise ModelError(f"{path}: layer {place.layer}, {place.module} has only half of a pair")
    return {place: Pair(found["A"], found["B"]) for place, found in sorted(halves.items())}


def _tensors(path: Path) -> dict[str, Floats]:
    import safetensors

    deserialize: Any = safetensors.deserialize  # has no types
    try:
        stored = deserialize(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    except safetensors.SafetensorError as error:
        raise ModelError(f"{path} is damaged, or no safetensors file: {error}") from error
    tensors = {}
    for name, entry in stored:
        if entry["dtype"] == "BF16":  # the upper half of a float32
            halves = np.frombuffer(entry["data"], np.uint16).astype(np.uint32)
            values = (halves << 16).view(np.float32)
        elif entry["dtype"] in _DTYPES:
            values = np.frombuffer(entry["data"], _DTYPES[entry["dtype"]]).astype(np.float32)
        else:
            raise ModelError(f"{path}: {name} holds {entry['dtype']}, wanted floating point")
        tensors[name] = values.reshape(entry["shape"])
    return tensors
