"""An encoder without a model: words hashed into a vector. Knows spelling, not meaning."""

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"\w+")


class HashEncoder:
    """Signed counts of hashed words and word pairs, as a unit vector.

    The same on every machine and in every process (`hash()` is not), so that tests and a machine
    without any weights get repeatable vectors. Texts with words in common are near each other.

    Args:
        dim: length of the vectors, at least 8.
    """

    def __init__(self, dim: int = 64) -> None:
        if dim < 8:
            raise ValueError(f"wanted dim >= 8, got {dim}")
        self.name = f"hash-{dim}"
        self.dim = dim

    def encode(self, inputs: Sequence[str]) -> NDArray[np.float32]:
        """Encode a batch: (n,) -> (n, dim), float32, each row of L2 norm 1."""
        vectors = np.zeros((len(inputs), self.dim), dtype=np.float32)
        for row, text in zip(vectors, inputs, strict=True):
            words = _WORD.findall(text.casefold())
            for gram in [*words, *(f"{a} {b}" for a, b in zip(words, words[1:], strict=False))]:
                self._add(row, gram)
            norm = float(np.linalg.norm(row))
            if norm == 0.0:  # no words, or they cancelled out: still a unit vector
                self._add(row, "")
                norm = float(np.linalg.norm(row))
            row /= norm
        return vectors

    def _add(self, row: NDArray[np.float32], gram: str) -> None:
        digest = hashlib.blake2b(gram.encode("utf-8", "replace"), digest_size=8).digest()
        number = int.from_bytes(digest, "big")
        row[(number >> 1) % self.dim] += 1.0 if number & 1 else -1.0
