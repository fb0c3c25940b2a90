"""A LoRA adapter as llama.cpp loads it, written without torch.

It lives in core because two rooms that may not know of each other need it: the agent, which makes
the file when llama.cpp is to serve a shipped adapter, and training, which exports what it made.

llama.cpp turns q and k in neighbouring pairs, transformers in halves, so the converter of a model
of the "llama" kind reorders the rows of q and k within each head; B's rows must go the same way.
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, ValidationError

from simpatico.domain import Value
from simpatico.errors import ModelError
from simpatico.lorafile import MODULES, Floats, Lora

_KINDS = {"llama": "llama", "mistral": "llama", "qwen2": "qwen2", "qwen3": "qwen3"}
_REORDERED = {"llama"}
_MAX_HALF = float(np.finfo(np.float16).max)


class BaseShape(Value):
    """What must be known of a base model to write an adapter for it.

    `kind` is the architecture as llama.cpp names it; `n_kv_heads` counts the heads of k and v.
    """

    kind: str
    n_layers: int = Field(gt=0)
    n_heads: int = Field(gt=0)
    n_kv_heads: int = Field(gt=0)
    head_size: int = Field(gt=0)


def shape_of(base: Path) -> BaseShape:
    """The shape of a base model: a folder with config.json, that file itself, or a GGUF file.

    Raises:
        ModelError: it cannot be read, or is of a kind whose adapters we cannot write.
    """
    try:
        if base.suffix == ".gguf":
            return _shape_of_gguf(base)
        config = json.loads((base / "config.json" if base.is_dir() else base).read_text("utf-8"))
        if config["model_type"] not in _KINDS:
            raise ModelError(
                f"base model {base} is of the kind {config['model_type']!r}; adapters can be "
                f"written for {', '.join(_KINDS)}"
            )
        n_heads = config["num_attention_heads"]
        return BaseShape(
            kind=_KINDS[config["model_type"]],
            n_layers=config["num_hidden_layers"],
            n_heads=n_heads,
            n_kv_heads=config.get("num_key_value_heads") or n_heads,
            head_size=config.get("head_dim") or config["hidden_size"] // n_heads,
        )
    except OSError as error:
        raise ModelError(f"base model {base} cannot be read: {error.strerror}") from error
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        raise ModelError(f"base model {base} is described in no way we know: {error!r}") from error


def reorder(b: Floats, n_heads: int) -> Floats:
    """Rows of B from halves, as transformers has them, to llama.cpp's pairs: (out, rank) both."""
    heads = b.reshape(n_heads, 2, b.shape[0] // n_heads // 2, b.shape[1])
    return heads.swapaxes(1, 2).reshape(b.shape)


def write_gguf(lora: Lora, shape: BaseShape, out: Path) -> Path:
    """Write an adapter in float16, whole or not at all.

    Raises:
        ModelError: the weights do not fit the base or float16, or the file cannot be written.
    """
    import gguf

    tensors = [pair for place in lora.pairs for pair in _tensors(lora, shape, place)]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".gguf-", dir=out.parent) as work:
            made = Path(work) / out.name
            writer = gguf.GGUFWriter(made, shape.kind)
            writer.add_type(gguf.GGUFType.ADAPTER)
            writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
            writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, lora.config.lora_alpha)
            for name, values in tensors:
                writer.add_tensor(name, values)
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_tensors_to_file()
            writer.close()
            os.replace(made, out)
    except OSError as error:
        raise ModelError(f"{out} cannot be written: {error.strerror}") from error
    return out


def _tensors(lora: Lora, shape: BaseShape, place: Any) -> list[tuple[str, Any]]:
    a, b = lora.pairs[place]
    if place.layer >= shape.n_layers:
        raise ModelError(
            f"the adapter changes layer {place.layer}, but its base has {shape.n_layers}: "
            "it is for another base"
        )
    heads = {"q_proj": shape.n_heads, "k_proj": shape.n_kv_heads}.get(place.module.split(".")[1])
    if heads is not None:
        if b.shape[0] != heads * shape.head_size:
            raise ModelError(
                f"layer {place.layer}, {place.module}: wanted {heads} heads of {shape.head_size}, "
                f"as the base has, got {b.shape[0]} rows: the adapter is for another base"
            )
        if shape.kind in _REORDERED:
            b = reorder(b, heads)
    if max(np.abs(a).max(), np.abs(b).max()) > _MAX_HALF:
        raise ModelError(f"layer {place.layer}, {place.module}: too large for float16")
    name = f"blk.{place.layer}.{MODULES[place.module]}.weight"
    return [
        (f"{name}.lora_{half}", np.ascontiguousarray(values, dtype=np.float16))
        for half, values in (("a", a), ("b", b))
    ]


def _shape_of_gguf(path: Path) -> BaseShape:
    import gguf

    fields = gguf.GGUFReader(path).fields

    def value(name: str, other: Any = None) -> Any:
        return fields[name].contents() if name in fields else other

    kind = value("general.architecture")
    if kind not in _KINDS.values():
        raise ModelError(f"base model {path} is of the kind {kind!r}: no adapters for it")
    n_heads = value(f"{kind}.attention.head_count")
    return BaseShape(
        kind=kind,
        n_layers=value(f"{kind}.block_count"),
        n_heads=n_heads,
        n_kv_heads=value(f"{kind}.attention.head_count_kv", n_heads),
        head_size=value(
            f"{kind}.attention.key_length", value(f"{kind}.embedding_length") // n_heads
        ),
    )
