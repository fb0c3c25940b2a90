"""Base models as transformers, peft and vLLM load them.

The model store has GGUF files, which those libraries cannot train or serve with adapters. Such a
file is taken apart once: weights in bfloat16 as safetensors, configuration, tokenizer. What was
quantised stays so in value: an adapter is trained on the very numbers it is used with.
"""

import json
import logging
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from simpatico.errors import ModelError
from simpatico.lorafile import sha256_of
from simpatico.modelstore import LOCK_TIMEOUT_S, ModelStore
from simpatico.protocols import ProgressCallback

NOTE = "made.json"
GROWTH = 4.5
"""Bytes of bfloat16 weights, tokenizer included, for each byte of a GGUF file, at most: 4 bits."""

_FORMAT = 1  # another number makes the folders again
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")

log = logging.getLogger(__name__)


def base_name(name_or_path: str) -> str:
    """How a base is called in cards: the store's or the hub's name, or the last part of a path."""
    return Path(name_or_path).name if Path(name_or_path).is_dir() else name_or_path


def prepare_base(
    name_or_path: str,
    cache: Path,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Path:
    """Make sure that a base model is a folder with weights, configuration and tokenizer.

    Args:
        name_or_path: a model of the store, a folder, or a hub name (OWNER/NAME).
        cache: the cache folder; a model of the store is kept at cache/bases/NAME.
        progress: told of downloads and of taking the file apart.

    Raises:
        ModelError: no such model, it is no language model, it cannot be had, or the disk is full.
    """
    store = ModelStore(cache)
    if name_or_path in store.names():
        return _from_store(store, name_or_path, cache / "bases" / name_or_path, progress)
    folder = Path(name_or_path).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ModelError(f"base model {folder} has no config.json: it is no model's folder")
        return folder
    if not _HUB_NAME.fullmatch(name_or_path):
        raise ModelError(
            f"no base model {name_or_path!r}: it is no folder, no hub name (OWNER/NAME), and not "
            f"one of {', '.join(store.names())}"
        )
    return _from_hub(name_or_path)


def _from_hub(name: str) -> Path:
    from huggingface_hub import is_offline_mode, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    offline = is_offline_mode()
    try:
        found = snapshot_download(
            name,
            local_files_only=offline,
            allow_patterns=["*.json", "*.safetensors", "*.jinja", "tokenizer.model"],
        )
    except LocalEntryNotFoundError as error:
        why = "the hub is switched off (HF_HUB_OFFLINE)" if offline else "the hub cannot be reached"
        raise ModelError(
            f"base model {name} is neither a folder nor in the hub's cache, and {why}"
        ) from error
    except (OSError, HfHubHTTPError) as error:
        raise ModelError(f"base model {name} cannot be had from the hub: {error}") from error
    return Path(str(found))


def _from_store(store: ModelStore, name: str, out: Path, progress: ProgressCallback) -> Path:
    import filelock

    files = [file for file in store.spec(name).files if file.name.endswith(".gguf")]
    if len(files) != 1:
        raise ModelError(f"model {name} cannot be trained: it is no language model in one file")
    gguf = store.fetch(name, progress=progress) / files[0].name
    if _is_made(out, files[0].sha256):
        return out
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(out.parent / f".{name}.lock", timeout=LOCK_TIMEOUT_S):
            if _is_made(out, files[0].sha256):
                return out
            _check_room(out.parent, int(GROWTH * files[0].size), name)
            for stale in out.parent.glob(f".{name}-*"):
                shutil.rmtree(stale, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=out.parent) as work:
                made = Path(work) / name
                progress(f"taking {name} apart", 0, 1)
                _take_apart(gguf, made)
                _note(made, files[0].sha256)
                if out.exists():
                    shutil.rmtree(out)
                made.rename(out)
                progress(f"taking {name} apart", 1, 1)
    except filelock.Timeout as error:
        raise ModelError(f"base model {name} is being made elsewhere, for very long") from error
    except OSError as error:
        raise ModelError(f"base model {name} cannot be kept in {out}: {error}") from error
    return out


def _take_apart(gguf: Path, out: Path) -> None:
    try:
        import torch
        from safetensors import SafetensorError
        from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GgufConfig
        from transformers.utils import logging as hub_logging
    except ImportError as error:
        raise ModelError(f"{error.name} is missing: pip install 'simpatico[train]'") from error
    bars = hub_logging.is_progress_bar_enabled()
    hub_logging.disable_progress_bar()
    place: dict[str, Any] = {"gguf_file": gguf.name, "local_files_only": True}
    try:
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, **place)
        model = AutoModelForCausalLM.from_pretrained(
            gguf.parent,
            config=AutoConfig.from_pretrained(gguf.parent, **place),
            quantization_config=GgufConfig(dequantize=True),
            dtype=torch.bfloat16,
            **place,
        )
        model.save_pretrained(out)
        tokenizer.save_pretrained(out)
    except (ValueError, KeyError, SafetensorError) as error:  # a full disk is a SafetensorError
        raise ModelError(f"{gguf} cannot be turned into {out}: {error}") from error
    finally:
        if bars:
            hub_logging.enable_progress_bar()


def _check_room(folder: Path, wanted: int, name: str) -> None:
    free = shutil.disk_usage(folder).free
    if free < wanted:
        raise ModelError(
            f"no room for base model {name}: it takes {wanted / 1e6:.0f} MB, "
            f"{folder} has {free / 1e6:.0f} MB free"
        )


def _note(folder: Path, source: str) -> None:
    files = {path.name: sha256_of(path) for path in sorted(folder.iterdir())}
    for name in files:
        (folder / name).chmod(0o644)  # safetensors writes for its owner only
    note = {"format": _FORMAT, "gguf": source, "files": files}
    (folder / NOTE).write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")


def _is_made(folder: Path, source: str) -> bool:
    try:
        note = json.loads((folder / NOTE).read_text("utf-8"))
        if (note["format"], note["gguf"]) != (_FORMAT, source):
            return False
        wrong = [name for name, sha in note["files"].items() if sha256_of(folder / name) != sha]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ModelError):
        return False
    if wrong:
        log.warning("%s is damaged (%s): made again", folder, ", ".join(wrong))
    return not wrong
