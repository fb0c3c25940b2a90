"""all-MiniLM-L6-v2 as an int8 ONNX file: English sentences to 384 numbers, on any CPU."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import ModelError

MAX_TOKENS = 256
MAX_CHARS = 20_000  # far beyond MAX_TOKENS of any prose; keeps the tokenizer off megabytes
_WORKERS = 2
_WORTH_A_POOL = 8


class MiniLM:
    """Mean-pooled, normalised sentence vectors; safe to call from several threads.

    Texts are run one at a time, so that a vector is the same to the bit alone and among others, in
    this and in any export that takes a scale from its whole batch. Long inputs use two threads.

    Args:
        folder: holds `model.onnx` and `tokenizer.json`, as `ModelStore.path("minilm")` returns it.

    Raises:
        ModelError: a file is missing or is no such model.
    """

    name = "minilm-int8"
    dim = 384

    def __init__(self, folder: Path) -> None:
        import onnxruntime  # type: ignore[import-untyped]  # it ships no types
        from tokenizers import Tokenizer

        for file in ("model.onnx", "tokenizer.json"):
            if not (folder / file).is_file():
                raise ModelError(f"MiniLM needs {file}, which is not in {folder}")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # two gained nothing on one text (docs/models.md)
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._session = onnxruntime.InferenceSession(
                str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # both libraries raise errors that share no other base
            raise ModelError(f"MiniLM cannot be loaded from {folder}: {error}") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)

    def encode(self, inputs: Sequence[str]) -> NDArray[np.float32]:
        """Encode a batch: (n,) -> (n, 384), float32, each row of L2 norm 1.

        Only the first `MAX_TOKENS` tokens of a text count.
        """
        if not inputs:
            return np.zeros((0, self.dim), dtype=np.float32)
        if len(inputs) < _WORTH_A_POOL:
            return np.stack([self._encode_one(text) for text in inputs])
        with ThreadPoolExecutor(min(_WORKERS, os.cpu_count() or 1)) as pool:
            return np.stack(list(pool.map(self._encode_one, inputs)))

    def _encode_one(self, text: str) -> NDArray[np.float32]:
        readable = text[:MAX_CHARS].encode("utf-8", "replace").decode()  # lone surrogates go
        ids = np.array([self._tokenizer.encode(readable).ids], dtype=np.int64)  # (1, n_tokens)
        feed = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        (hidden,) = self._session.run(None, feed)  # (1, n_tokens, 384)
        pooled = hidden[0].mean(axis=0)  # (384,)
        unit: NDArray[np.float32] = (pooled / np.linalg.norm(pooled)).astype(np.float32)
        return unit


def vocabulary(folder: Path) -> frozenset[str]:
    """The whole words that its tokenizer knows, in lower case: some 20,000, mostly English.

    Raises:
        ModelError: the tokenizer is missing or is none.
    """
    from tokenizers import Tokenizer

    try:
        known = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()
    except Exception as error:  # the library raises a bare Exception
        raise ModelError(f"MiniLM's words cannot be read from {folder}: {error}") from error
    return frozenset(word for word in known if word.isalpha())
