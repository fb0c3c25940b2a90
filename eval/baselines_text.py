"""Readers to compare with that need no network of ours: word counts, MiniLM and prototypes.

Each scores all labels of each text, `scores(texts) -> (n, k)`; where one label is wanted, the
highest score names it. How they were set (smoothing, strength of regularisation, pairs of words and
pieces of words) was chosen on a tenth of GoEmotions' training rows and on IARD's dev part.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simpatico.agent.read.mood import MAX_CHARS, MoodHead
from simpatico.finetune.calibrate import Kind
from simpatico.finetune.mood import Array
from simpatico.optional import needs
from simpatico.protocols import Encoder

NB_SMOOTHING = 0.03


class Scorer(Protocol):
    """A reader of texts that gives every label a score."""

    kind: Kind

    def fit(self, texts: Sequence[str], labels: Array) -> None:
        """Learn from texts (n,) and their labels (n, k) of 0 and 1; once."""
        ...

    def scores(self, texts: Sequence[str]) -> Array:
        """Score every label of every text: (n, k), finite, higher is likelier."""
        ...


class NaiveBayes:
    """Multinomial naive Bayes over TF-IDF of words and pairs of words, one against the rest."""

    kind: Kind = "margins"

    def __init__(self, smoothing: float = NB_SMOOTHING) -> None:
        needs("sklearn", "scikit-learn", "the row nb")
        self._smoothing = smoothing

    def fit(self, texts: Sequence[str], labels: Array) -> None:
        """Count words with and without each label."""
        from simpatico.finetune.linear import words

        self._tfidf = words(len(texts))
        seen = self._tfidf.fit_transform(texts)  # (n, n_words)
        n = len(texts)
        with_label = np.asarray((seen.T @ labels).T)  # (k, n_words)
        without = np.asarray(seen.sum(axis=0)) - with_label
        with_label, without = (
            _log_shares(counts, self._smoothing) for counts in (with_label, without)
        )
        self._weights = np.array((with_label - without).T, order="C")  # (n_words, k)
        n_yes = labels.sum(axis=0)
        self._prior = np.log((n_yes + 1) / (n - n_yes + 1))

    def scores(self, texts: Sequence[str]) -> Array:
        """Log-odds of each label."""
        found = self._tfidf.transform(texts) @ self._weights + self._prior
        return np.asarray(found, dtype=np.float32)


def linear_svm(c: float) -> Scorer:
    """A linear SVM for each label over TF-IDF of words, pairs of words and pieces of words."""
    needs("sklearn", "scikit-learn", "the row svm")
    from simpatico.finetune.linear import LinearSVM

    return LinearSVM(c)


class MiniLMRegression:
    """Logistic regression for each label over MiniLM's sentence vectors."""

    kind: Kind = "margins"

    def __init__(self, encoder: Encoder[str], c: float = 30.0) -> None:
        self._linear = needs("sklearn.linear_model", "scikit-learn", "the row minilm")
        self._encoder = encoder
        self._c = c

    def fit(self, texts: Sequence[str], labels: Array) -> None:
        """Fit one regression a label."""
        vectors = self._encoder.encode(texts)
        weights, bias = [], []
        for column in labels.T:
            if 0 < column.sum() < len(column):
                one = self._linear.LogisticRegression(C=self._c, max_iter=300)
                one.fit(vectors, column > 0)
                weights.append(one.coef_[0])
                bias.append(float(one.intercept_[0]))
            else:
                weights.append(np.zeros(vectors.shape[1]))
                bias.append(_constant(column))
        self._weights, self._bias = np.array(weights, np.float32), np.array(bias, np.float32)

    def scores(self, texts: Sequence[str]) -> Array:
        """Log-odds of each label."""
        return np.asarray(self._encoder.encode(texts) @ self._weights.T + self._bias)


class Nearest:
    """How near a text is to sentences written for each label; learns nothing.

    Args:
        encoder: of sentences.
        sentences: for each label, in the order of the columns; none: the label is never near.
    """

    kind: Kind = "shares"

    def __init__(self, encoder: Encoder[str], sentences: Mapping[str, Sequence[str]]) -> None:
        self._encoder = encoder
        self._vectors = [encoder.encode(lines) for lines in sentences.values()]

    def fit(self, texts: Sequence[str], labels: Array) -> None:
        """Nothing: the sentences are all it knows."""

    def scores(self, texts: Sequence[str]) -> Array:
        """The mean cosine of the two nearest sentences of each label."""
        vectors = self._encoder.encode(texts)
        near = [
            np.sort(vectors @ known.T, axis=1)[:, -2:].mean(axis=1)
            if len(known)
            else np.full(len(texts), -1.0)
            for known in self._vectors
        ]
        return np.asarray(np.stack(near, axis=1), dtype=np.float32)


class EncoderMood:
    """The foundation's mood head, on the whole text; learns nothing more."""

    kind: Kind = "margins"

    def __init__(self, encoder: Encoder[str], head: MoodHead | None = None) -> None:
        self._encoder = encoder
        self._head = head or MoodHead()

    def fit(self, texts: Sequence[str], labels: Array) -> None:
        """Nothing: the head is shipped."""

    def scores(self, texts: Sequence[str]) -> Array:
        """Log-odds of each mood."""
        ends = [text[-MAX_CHARS:] for text in texts]
        said = [text.strip() for text in ends]
        chance = self._head.probabilities(said, self._encoder.encode(ends))
        chance = np.clip(chance.astype(np.float64), 1e-9, 1 - 1e-9)
        return np.asarray(np.log(chance / (1 - chance)), dtype=np.float32)


class KeptVectors:
    """An encoder that remembers what it has encoded, in a file when it is told of a folder.

    Args:
        encoder: the one asked for what is new.
        folder: vectors of long lists are kept here, one file a list; None: in memory only.
        progress: told ("Encoding", done, total).
    """

    def __init__(
        self, encoder: Encoder[str], folder: Path | None = None, progress: Any = None
    ) -> None:
        self.name, self.dim = encoder.name, encoder.dim
        self._encoder = encoder
        self._folder = folder
        self._progress = progress or (lambda label, done, total: None)
        self._known: dict[str, NDArray[np.float32]] = {}

    def encode(self, inputs: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of texts: (n,) -> (n, dim). Short lists are encoded anew, for their time."""
        if len(inputs) < _WORTH_KEEPING:
            return self._encoder.encode(inputs)
        name = f"{self.name}-{_digest(inputs)}.npy"
        if name not in self._known:
            file = self._folder / name if self._folder else None
            if file and file.is_file():
                self._known[name] = np.load(file, allow_pickle=False)
            else:
                self._known[name] = self._anew(inputs)
                if file:
                    np.save(file, self._known[name])
        return self._known[name]

    def _anew(self, inputs: Sequence[str]) -> NDArray[np.float32]:
        parts = []
        for start in range(0, len(inputs), _CHUNK):
            parts.append(self._encoder.encode(inputs[start : start + _CHUNK]))
            self._progress("Encoding", min(start + _CHUNK, len(inputs)), len(inputs))
        return np.vstack(parts)


_WORTH_KEEPING = 64
_CHUNK = 512


def _digest(inputs: Sequence[str]) -> str:
    import hashlib

    return hashlib.sha256("\n".join(inputs).encode("utf-8", "replace")).hexdigest()[:16]


def _log_shares(counts: NDArray[np.float64], smoothing: float) -> NDArray[np.float64]:
    smooth = counts + smoothing
    return np.asarray(np.log(smooth) - np.log(smooth.sum(axis=1, keepdims=True)))


def _constant(column: Array) -> float:
    return 1.0 if column.sum() else -1.0
