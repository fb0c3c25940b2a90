"""Train the mood head: `python -m simpatico.finetune.mood --data GOEMOTIONS --out agent/read`.

One linear layer over a sentence vector and hashed n-grams, a squared hinge per label, fitted by
L-BFGS. Its strength of regularisation, its calibration and its thresholds are all chosen on
training rows that the scored fit had not seen (K folds), so the dev split stays for measuring.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, vstack

from simpatico.domain import MOODS
from simpatico.errors import DataError
from simpatico.finetune.mood_lines import LINES
from simpatico.protocols import Encoder
from simpatico.retrieval.ngrams import FORMAT, document_frequency, matrix

Array = NDArray[np.float32]

N_FOLDS = 3
VECTOR_SCALE = 5.0
"""A unit vector's entries are small beside n-gram weights; this evens them out."""

DENSE_PENALTY = 3.0
WORD_PENALTIES = (16.0, 32.0)
OWN_WEIGHT = 8.0
"""What one line of our own counts beside one of GoEmotions' 43,410."""

MAX_STEPS = 100


class Rows(NamedTuple):
    """Sentences and which of `MOODS` hold of each: (n,), (n, 28) of 0 and 1; `ids`, if known."""

    texts: list[str]
    labels: Array
    ids: tuple[str, ...] = ()


class Data(NamedTuple):
    """What a fit sees: vectors (n, dim), n-grams (n, N_FEATURES), labels (n, 28), weights (n,)."""

    vectors: Array
    words: csr_matrix
    labels: Array
    weights: Array


class Weights(NamedTuple):
    """A fitted layer: dense (dim, 28), bias (28,), words (N_FEATURES, 28)."""

    dense: Array
    bias: Array
    words: Array


def load_goemotions(file: Path) -> Rows:
    """Read a split: text, label ids parted by ",", row id; parted by tabs.

    Raises:
        DataError: a line that is not so, with its number; or it is not UTF-8.
    """
    texts, rows, names = [], [], []
    try:
        lines = file.read_text("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"wanted UTF-8 in {file}: {error}") from error
    for number, line in enumerate(lines, start=1):
        parts = line.split("\t")
        try:
            ids = [int(part) for part in parts[1].split(",")]
            row = np.zeros(len(MOODS), dtype=np.float32)
            row[ids] = 1
            names.append(parts[2])
        except (IndexError, ValueError) as error:
            raise DataError(f"{file}:{number}: wanted text, label ids, row id: {error}") from error
        texts.append(parts[0])
        rows.append(row)
    return Rows(texts, np.array(rows), tuple(names))


def own_rows() -> Rows:
    """Our own training lines."""
    labels = np.array(
        [[float(mood in names.split(",")) for mood in MOODS] for names, _ in LINES],
        dtype=np.float32,
    )
    return Rows([line for _, line in LINES], labels)


def fit(data: Data, *, word_penalty: float, max_steps: int = MAX_STEPS) -> Weights:
    """Fit all labels at once: squared hinge, L2 penalty, L-BFGS from the labels' base rates."""
    n, dim = data.vectors.shape
    n_labels = data.labels.shape[1]
    dense = np.hstack([data.vectors * VECTOR_SCALE, np.ones((n, 1), np.float32)])  # (n, dim + 1)
    words, words_t = data.words, data.words.T.tocsr()
    sign = 2 * data.labels - 1
    weight = data.weights[:, None]
    penalty = np.concatenate(
        [np.full(dim, DENSE_PENALTY), [0.0], np.full(words.shape[1], word_penalty)]
    ).astype(np.float32)[:, None]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        w = flat.reshape(-1, n_labels).astype(np.float32)
        slack = np.maximum(0, 1 - sign * (dense @ w[: dim + 1] + words @ w[dim + 1 :]))
        pull = -2 * weight * slack * sign
        slope = np.vstack([dense.T @ pull, words_t @ pull]) + penalty * w
        value = float((weight * slack**2).sum() + 0.5 * (penalty * w * w).sum())
        return value / n, (slope / n).ravel().astype(np.float64)

    start = np.zeros((dim + 1 + words.shape[1], n_labels))
    start[dim] = -0.9
    found = minimize(
        loss,
        start.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": max_steps, "maxcor": 8},
    )
    w = found.x.reshape(-1, n_labels).astype(np.float32)
    return Weights(w[:dim] * VECTOR_SCALE, w[dim], w[dim + 1 :])


def scores(weights: Weights, vectors: Array, words: csr_matrix) -> Array:
    """Uncalibrated margins: (n, 28)."""
    return np.asarray(vectors @ weights.dense + weights.bias + words @ weights.words)


def calibrate(margins: Array, labels: Array) -> tuple[Array, Array]:
    """Platt scaling per label: slopes (28,) and shifts (28,) of the log-odds.

    Platt, 1999, with its smoothed targets, which keep rare labels off 0 and 1.
    """
    slopes, shifts = [], []
    for column, truth in zip(margins.T, labels.T, strict=True):
        n_yes = float(truth.sum())
        n_no = len(truth) - n_yes
        target = np.where(truth > 0, (n_yes + 1) / (n_yes + 2), 1 / (n_no + 2))

        def loss(
            pair: NDArray[np.float64], x: Array = column, y: NDArray[np.float64] = target
        ) -> tuple[float, NDArray[np.float64]]:
            z = pair[0] * x + pair[1]
            error = 1 / (1 + np.exp(-z)) - y
            value = float(np.mean(np.logaddexp(0, z) - y * z))
            return value, np.array([np.mean(error * x), np.mean(error)])

        found = minimize(loss, np.array([3.0, 0.0]), jac=True, method="L-BFGS-B")
        slopes.append(found.x[0])
        shifts.append(found.x[1])
    return np.array(slopes, dtype=np.float32), np.array(shifts, dtype=np.float32)


def best_thresholds(probabilities: Array, labels: Array) -> Array:
    """For each label the threshold of the highest F1 on these rows: (28,)."""
    out = []
    for column, truth in zip(probabilities.T, labels.T, strict=True):
        order = np.argsort(-column, kind="stable")
        hits = np.cumsum(truth[order])
        f1 = 2 * hits / (np.arange(1, len(order) + 1) + truth.sum())
        best = int(f1.argmax())
        after = column[order[min(best + 1, len(order) - 1)]]
        out.append((column[order[best]] + after) / 2)
    return np.array(out, dtype=np.float32)


def macro_f1(predicted: NDArray[np.bool_], labels: Array) -> float:
    """Mean F1 over labels, 0 for a label neither predicted nor true."""
    hits = (predicted * labels).sum(axis=0)
    total = predicted.sum(axis=0) + labels.sum(axis=0)
    return float(np.mean(2 * hits / np.maximum(total, 1)))


def out_of_fold(
    rows: Data,
    own: Data,
    *,
    word_penalty: float,
    rng: np.random.Generator,
    max_steps: int,
) -> Array:
    """Margins of every row by a fit that had not seen it: (n, 28)."""
    fold = rng.permutation(np.arange(len(rows.labels)) % N_FOLDS)
    out = np.zeros_like(rows.labels)
    for k in range(N_FOLDS):
        kept = fold != k
        part = Data(rows.vectors[kept], rows.words[kept], rows.labels[kept], rows.weights[kept])
        weights = fit(joined(part, own), word_penalty=word_penalty, max_steps=max_steps)
        out[~kept] = scores(weights, rows.vectors[~kept], rows.words[~kept])
    return out


def joined(one: Data, other: Data) -> Data:
    """Both sets' rows."""
    return Data(
        np.vstack([one.vectors, other.vectors]),
        vstack([one.words, other.words]).tocsr(),
        np.vstack([one.labels, other.labels]),
        np.concatenate([one.weights, other.weights]),
    )


def prepare(rows: Rows, vectors: Array, idf: Array, *, weight: float) -> Data:
    """Rows as a fit wants them."""
    weights = np.full(len(rows.texts), weight, dtype=np.float32)
    return Data(vectors, matrix(rows.texts, idf), rows.labels, weights)


def train(
    rows: Rows,
    own: Rows,
    encoder: Encoder[str],
    *,
    seed: int,
    vectors: Array | None = None,
    penalties: Sequence[float] = WORD_PENALTIES,
    max_steps: int = MAX_STEPS,
) -> dict[str, NDArray[np.generic]]:
    """Train on `rows` and `own`; give back the arrays that `MoodHead` reads.

    Args:
        rows: GoEmotions' training split.
        own: our own lines; they weigh more and take no part in calibration.
        encoder: makes the sentence vectors.
        seed: of the folds.
        vectors: of `rows`, where they are known already.
        penalties: regularisation to choose from, by macro-F1 over held-out training rows.
        max_steps: L-BFGS steps of each fit.
    """
    seen = document_frequency(rows.texts)
    idf = np.where(seen >= 2, np.log((1 + len(rows.texts)) / (1 + seen)) + 1, 0).astype(np.float32)
    known = encoder.encode(rows.texts) if vectors is None else vectors
    data = prepare(rows, known, idf, weight=1.0)
    extra = prepare(own, encoder.encode(own.texts), idf, weight=OWN_WEIGHT)
    best: tuple[float, float, Array] | None = None
    for penalty in penalties:
        margins = out_of_fold(
            data, extra, word_penalty=penalty, rng=np.random.default_rng(seed), max_steps=max_steps
        )
        cut = best_thresholds(margins, rows.labels)
        f1 = macro_f1(margins >= cut, rows.labels)
        print(f"word penalty {penalty:g}: macro-F1 {f1:.4f} on held-out training rows", flush=True)
        if best is None or f1 > best[0]:
            best = (f1, penalty, margins)
    if best is None:
        raise ValueError("wanted at least one penalty")
    _, penalty, margins = best
    slope, shift = calibrate(margins, rows.labels)
    probabilities = 1 / (1 + np.exp(-(slope * margins + shift)))
    weights = fit(joined(data, extra), word_penalty=penalty, max_steps=max_steps)
    scale = np.maximum(np.abs(weights.words).max(axis=0), 1e-9) / 127  # (28,)
    return {
        "format": np.array(FORMAT),
        "encoder": np.array(encoder.name),
        "dense": weights.dense.astype(np.float16),
        "bias": weights.bias,
        "words": np.round(weights.words / scale).astype(np.int8),
        "scale": scale.astype(np.float32),
        "idf": idf.astype(np.float16),
        "slope": slope,
        "shift": shift,
        "thresholds": best_thresholds(np.asarray(probabilities, np.float32), rows.labels),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description="Train the mood head on GoEmotions.")
    parser.add_argument("--data", type=Path, required=True, help="folder with train.tsv")
    parser.add_argument("--out", type=Path, required=True, help="folder for mood.npz")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--vectors", type=Path, help="keep the training vectors in this .npy")
    chosen = parser.parse_args(arguments)

    import platformdirs

    from simpatico.modelstore import ModelStore
    from simpatico.retrieval.encoders.minilm import MiniLM

    store = ModelStore(Path(platformdirs.user_cache_dir("simpatico")))
    encoder = MiniLM(store.path("minilm"))
    rows = load_goemotions(chosen.data / "train.tsv")
    vectors = None
    if chosen.vectors:
        if not chosen.vectors.exists():
            np.save(chosen.vectors, encoder.encode(rows.texts))
        vectors = np.load(chosen.vectors, allow_pickle=False)
    arrays = train(rows, own_rows(), encoder, seed=chosen.seed, vectors=vectors)
    target = chosen.out / "mood.npz"
    np.savez_compressed(target, **arrays)  # type: ignore[arg-type]  # numpy's stub wants Any
    print(f"wrote {target}, {target.stat().st_size:,} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
