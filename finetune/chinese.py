"""Train the heads that read Chinese: mood, need and intent on vectors that languages share.

    python -m simpatico.ui.chinese_train --goemotions FOLDER --out agent/zh/heads.npz

English teaches, too, because the vectors mean the same in both languages: GoEmotions' training
sentences (Apache-2.0, a share of each mood), our own lines for the English mood head, and the
example sentences of `agent.read.prototypes`; and Chinese lines of our own (chinese_lines.tsv). What
checks them, `eval/chinese_lines.tsv`, was written apart and is no part of it.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import INTENTS, MOODS, NEEDS
from simpatico.errors import DataError
from simpatico.finetune.mood_lines import LINES
from simpatico.protocols import Encoder
from simpatico.retrieval.encoders.e5 import centred

LABELS: dict[str, tuple[str, ...]] = {"mood": MOODS, "need": NEEDS, "intent": INTENTS}
CHINESE_WEIGHT = 4.0
"""What a Chinese line counts beside an English one."""

STRENGTH = 10.0
"""C of the logistic regressions: the higher, the less they are held back."""

MOOD_HOLDS = 0.25
"""From which probability on a mood holds."""


class Line(NamedTuple):
    """A training sentence: for which head, its label, and what it weighs."""

    head: str
    label: str
    text: str
    weight: float = 1.0


def own_lines(
    examples_of: Mapping[str, Mapping[str, Sequence[str]]] = MappingProxyType({}),
) -> Iterator[Line]:
    """Our own lines with one label; `examples_of`: more English ones by head and label."""
    for labels, text in LINES:
        if labels in MOODS:
            yield Line("mood", labels, text)
    for head, examples in examples_of.items():
        for label, texts in examples.items():
            yield from (Line(head, label, text) for text in texts)
    file = resources.files("simpatico.finetune").joinpath("chinese_lines.tsv")
    rows = csv.DictReader(file.read_text("utf-8").splitlines(), delimiter="\t")
    for row in rows:
        yield Line(row["head"], row["label"], row["text"], CHINESE_WEIGHT)


def goemotions(folder: Path, *, per_mood: int, rng: np.random.Generator) -> Iterator[Line]:
    """Sentences with one label of train.tsv, at most so many of a mood, drawn by chance.

    Raises:
        DataError: the folder has no such files.
    """
    try:
        names = (folder / "labels.txt").read_text("utf-8").split()
        rows = [line.split("\t") for line in (folder / "train.tsv").read_text("utf-8").splitlines()]
    except OSError as error:
        raise DataError(f"wanted labels.txt and train.tsv in {folder}: {error}") from error
    by_mood: dict[str, list[str]] = {}
    for text, labels, *_ in rows:
        if labels.isdecimal():
            by_mood.setdefault(names[int(labels)], []).append(text)
    for mood, texts in sorted(by_mood.items()):
        for n in rng.permutation(len(texts))[:per_mood]:
            yield Line("mood", mood, texts[int(n)])


def train(
    lines: Sequence[Line], encoder: Encoder[str], *, seed: int
) -> dict[str, NDArray[np.float32]]:
    """The arrays that `simpatico.agent.zh.feeling` reads."""
    from sklearn.linear_model import LogisticRegression

    vectors = encoder.encode([line.text for line in lines])
    centre = vectors.mean(axis=0)
    arrays = {"centre": centre.astype(np.float32)}
    moved = centred(vectors, centre)
    for head, labels in LABELS.items():
        rows = [n for n, line in enumerate(lines) if line.head == head and line.label in labels]
        model = LogisticRegression(C=STRENGTH, max_iter=2000, random_state=seed)
        model.fit(
            moved[rows],
            [labels.index(lines[n].label) for n in rows],
            sample_weight=[lines[n].weight for n in rows],
        )
        weights = np.zeros((vectors.shape[1], len(labels)), dtype=np.float32)
        bias = np.full(len(labels), -20.0, dtype=np.float32)  # a label nobody was taught
        weights[:, model.classes_] = model.coef_.T
        bias[model.classes_] = model.intercept_
        arrays |= {f"{head}_weights": weights, f"{head}_bias": bias}
    return arrays | {"mood_thresholds": np.full(len(MOODS), MOOD_HOLDS, dtype=np.float32)}
