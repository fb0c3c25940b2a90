"""Text as hashed word and character n-grams: what the sentence encoder smooths away.

Sarcasm, swearing, "lol" and "!!!" carry mood, and a sentence vector keeps little of them.
"""

import math
import re
import zlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix

FORMAT = 1
"""Of files with weights over these n-grams; a change of the hashing is a new one."""

N_HASHES = 1 << 15
"""Buckets for words and, again as many, for characters."""

N_FEATURES = 2 * N_HASHES

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+|[!?]+|[^\s\w]")
_NOISE = re.compile(r"\[(?:name|religion)\]", re.IGNORECASE)


def _bucket(gram: str) -> int:
    return zlib.crc32(gram.encode("utf-8", "surrogatepass")) % N_HASHES


def grams(text: str) -> Counter[int]:
    """Count a text's n-grams by bucket: words 1 to 2 long, then characters 3 to 5 in words.

    Placeholders such as "[NAME]" are dropped: they are of GoEmotions, nobody types them.
    """
    words = _WORD.findall(_NOISE.sub(" ", text).casefold().replace("’", "'"))
    counts: Counter[int] = Counter()
    counts.update(_bucket("w" + word) for word in words)
    counts.update(_bucket(f"b{a} {b}") for a, b in zip(words, words[1:], strict=False))
    for word in words:
        padded = f" {word} "
        counts.update(
            N_HASHES + _bucket("c" + padded[i : i + n])
            for n in (3, 4, 5)
            for i in range(len(padded) - n + 1)
        )
    return counts


def weigh(counts: Counter[int], idf: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn counts into (buckets, values): log counts times `idf`, each half of L2 norm 1."""
    at = np.fromiter(counts.keys(), dtype=np.int64, count=len(counts))
    values = np.array([1.0 + math.log(n) for n in counts.values()]) * idf[at]
    for half in (at < N_HASHES, at >= N_HASHES):
        values[half] /= max(float(np.linalg.norm(values[half])), 1e-9)
    return at, values


def document_frequency(texts: Sequence[str]) -> np.ndarray:
    """In how many texts each bucket occurs: (N_FEATURES,), int64."""
    seen = np.zeros(N_FEATURES, dtype=np.int64)
    for text in texts:
        seen[list(grams(text))] += 1
    return seen


def matrix(texts: Sequence[str], idf: np.ndarray) -> csr_matrix:
    """All texts' weighted n-grams: (n, N_FEATURES), float32."""
    columns, values, starts = [], [], [0]
    for text in texts:
        at, weights = weigh(grams(text), idf)
        columns.append(at)
        values.append(weights)
        starts.append(starts[-1] + len(at))
    shape = (len(texts), N_FEATURES)
    if not starts[-1]:
        return csr_matrix(shape, dtype=np.float32)
    data = np.concatenate(values).astype(np.float32)
    return csr_matrix((data, np.concatenate(columns), starts), shape=shape)
