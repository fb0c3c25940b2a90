"""Linear SVMs over TF-IDF: a row to compare with, and a teacher for the reader."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_union
from sklearn.svm import LinearSVC

from simpatico.finetune.calibrate import Kind
from simpatico.finetune.mood import Array, calibrate
from simpatico.protocols import ProgressCallback

MOOD_C = 0.1
"""Strength for moods, chosen on a tenth of GoEmotions' training rows."""

N_FOLDS = 5


class LinearSVM:
    """A linear SVM for each label over TF-IDF of words, pairs of words and pieces of words."""

    kind: Kind = "margins"

    def __init__(self, c: float = MOOD_C) -> None:
        self._c = c

    def fit(self, texts: Sequence[str], labels: Array) -> None:
        """Fit one SVM a label: texts (n,), labels (n, k) of 0 and 1."""
        self._tfidf = make_union(words(len(texts)), _pieces())
        seen = self._tfidf.fit_transform(texts).tocsr()
        weights, bias = [], []
        for column in labels.T:
            if 0 < column.sum() < len(column):
                one = LinearSVC(C=self._c, random_state=0).fit(seen, column > 0)
                weights.append(one.coef_[0])
                bias.append(float(one.intercept_[0]))
            else:
                weights.append(np.zeros(seen.shape[1]))
                bias.append(1.0 if column.sum() else -1.0)
        self._weights = np.array(np.array(weights).T, order="C")  # (n_words, k), as scipy wants it
        self._bias = np.array(bias)

    def scores(self, texts: Sequence[str]) -> Array:
        """Distances from each label's plane: (n, k)."""
        found = self._tfidf.transform(texts) @ self._weights + self._bias
        return np.asarray(found, dtype=np.float32)


def out_of_fold_shares(
    texts: Sequence[str],
    labels: Array,
    *,
    seed: int,
    progress: ProgressCallback = lambda label, done, total: None,
) -> Array:
    """What SVMs that never saw a text say of it, as shares of labels: (n, k), rows sum to 1.

    Args:
        texts: (n,), of the training part.
        labels: (n, k) of 0 and 1; every label on some rows, but not on all.
        seed: of the folds.
        progress: told ("teaching the teacher", folds done, folds in all).
    """
    n = len(texts)
    fold = np.random.default_rng(seed).permutation(np.arange(n) % N_FOLDS)
    margins = np.zeros(labels.shape, dtype=np.float32)
    for k in range(N_FOLDS):
        progress("teaching the teacher", k, N_FOLDS)
        kept, out = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        svm = LinearSVM()
        svm.fit([texts[int(i)] for i in kept], labels[kept])
        margins[out] = svm.scores([texts[int(i)] for i in out])
    progress("teaching the teacher", N_FOLDS, N_FOLDS)
    even = (margins - margins.mean(axis=0)) / np.maximum(margins.std(axis=0), 1e-6)
    slope, shift = calibrate(even, labels)
    chances = expit(slope * even + shift)
    return np.asarray(chances / chances.sum(axis=1, keepdims=True), dtype=np.float32)


def words(n: int) -> Any:
    """TF-IDF of words and pairs of words, as it is fitted on n texts."""
    return TfidfVectorizer(
        ngram_range=(1, 2),
        min_df=2 if n > 100 else 1,
        sublinear_tf=True,
        token_pattern=r"(?u)\b\w+\b|[!?]+",
    )


def _pieces() -> Any:
    return TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, max_features=100_000
    )
