"""The readers in one table: mood, intent and need, on the same rows, with the time of a turn.

`simpatico eval mood|intents|needs --compare`. Each row is fitted on the training part, where it
learns at all, and scored on the same held-out part. Moods, of which several may hold, are judged
with cross-fitted thresholds (`crossfit`); of intents and needs the highest score is the answer.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from simpatico.calibration import MOOD_HEAD, beside
from simpatico.domain import Turn, Value
from simpatico.errors import DataError
from simpatico.eval.baselines_text import Scorer
from simpatico.eval.crossfit import CrossFit, cross_fit_f1
from simpatico.eval.tables import Table
from simpatico.finetune.calibrate import Kind
from simpatico.finetune.mood import Array
from simpatico.protocols import ProgressCallback

Dialogue = tuple[Turn, ...]
"""What is read is the last turn."""

N_TIMED, N_WARM = 60, 5
N_FORMAT = 1
"""Of kept scores; raise it when a row is made otherwise."""


def newest(dialogue: Dialogue) -> str:
    """The last turn's text."""
    return dialogue[-1].text


class Part(NamedTuple):
    """Dialogues (n,) and which labels hold of each one's last turn: (n, k) of 0 and 1."""

    dialogues: Sequence[Dialogue]
    labels: Array


class Row(NamedTuple):
    """One row of the table.

    Attributes:
        name: as `--rows` has it.
        title: what it is, for people.
        make: builds it; may be slow, or raise that something is missing.
        view: what it is told of a dialogue.
        tag: what else its scores depend on, such as the adapter's checksum.
        clock: times a turn where it is to be timed in another engine than it is scored in.
    """

    name: str
    title: str
    make: Callable[[], Scorer]
    view: Callable[[Dialogue], str] = newest
    tag: str = ""
    clock: Callable[[Scorer, Sequence[str]], float] | None = None


class Choice(Value):
    """One label a turn: n and seed, share right, its standard error, macro-F1 over true labels."""

    n: int
    seed: int
    accuracy: float
    error: float
    macro_f1: float
    f1: tuple[float, ...]


class Outcome(Value):
    """A row's figures. `ms`: median milliseconds of one turn alone; `fit_s`: seconds to learn."""

    name: str
    title: str
    ms: float
    fit_s: float
    mood: CrossFit | None = None
    choice: Choice | None = None


def compare(
    rows: Sequence[Row],
    train: Part,
    test: Part,
    *,
    several: bool,
    seed: int,
    keep: Path | None = None,
    progress: ProgressCallback = lambda label, done, total: None,
) -> Iterator[Outcome]:
    """Fit and judge each row, in order.

    Args:
        rows: what to compare.
        train: what they may learn from.
        test: what they are judged on.
        several: several labels may hold of a turn; otherwise exactly one does.
        seed: of the folds, and of which turns are timed.
        keep: a folder for scores and vectors; a row found there is not computed again.
        progress: told ("Comparing", rows done, rows in all).

    Raises:
        DataError: no rows to judge on.
        SettingsError: a row needs what is not installed.
        ModelError: a row's weights are missing.
    """
    if not len(test.dialogues):
        raise DataError("wanted turns to judge on, got none")
    progress("Comparing", 0, len(rows))
    scored: dict[str, _Found] = {}
    for done, row in enumerate(rows, start=1):
        scored[row.name] = found = _kept(row, train, test, seed=seed, keep=keep)
        yield Outcome(
            name=row.name,
            title=row.title,
            ms=found.ms,
            fit_s=found.fit_s,
            mood=cross_fit_f1(found.scores, test.labels, seed, kind=found.kind)
            if several
            else None,
            choice=None if several else judge_choice(found.scores, test.labels, seed=seed),
        )
        progress("Comparing", done, len(rows))
    if several and {"lora", "encoder"} <= scored.keys():
        lora, encoder = scored["lora"], scored["encoder"]
        together = beside(lora.scores, expit(encoder.scores), MOOD_HEAD).astype(np.float32)
        yield Outcome(
            name="both",
            title="LoRA reader with the encoder's mood head",
            ms=lora.ms + encoder.ms,
            fit_s=0.0,
            mood=cross_fit_f1(together, test.labels, seed, kind=lora.kind),
        )


def judge_choice(scores: Array, labels: Array, *, seed: int) -> Choice:
    """Judge the highest score of each row: scores (n, k), labels (n, k) with one 1 a row."""
    said, truth = scores.argmax(axis=1), labels.argmax(axis=1)
    right = said == truth
    f1 = []
    for label in range(labels.shape[1]):
        hits = int((right & (truth == label)).sum())
        f1.append(2 * hits / max(1, int((said == label).sum() + (truth == label).sum())))
    present = np.unique(truth)
    return Choice(
        n=len(truth),
        seed=seed,
        accuracy=float(right.mean()),
        error=float(np.sqrt(right.mean() * (1 - right.mean()) / len(right))),
        macro_f1=float(np.mean([f1[label] for label in present])),
        f1=tuple(f1),
    )


def mood_table(outcomes: Sequence[Outcome], n: int, seed: int) -> Table:
    """Outcomes over moods, as text."""
    return Table(
        title=f"Moods: GoEmotions dev, n={n}, seed {seed}",
        columns=("row", "macro-F1", "±", "micro-F1", "ECE", "ECE Platt", "ms"),
        rows=tuple(
            (
                one.title,
                f"{one.mood.macro_f1:.3f}",
                f"{one.mood.macro_error:.3f}",
                f"{one.mood.micro_f1:.3f}",
                f"{one.mood.ece:.3f}",
                f"{one.mood.ece_platt:.3f}",
                f"{one.ms:.1f}",
            )
            for one in outcomes
            if one.mood
        ),
        notes=(
            "Thresholds, temperature and calibration are chosen on four folds and judged on the "
            "fifth, for each of the five; ± is one standard error over rows drawn again. ECE is "
            "after one temperature for all labels, ECE Platt after a slope and a shift for each.",
            "ms: median of one turn alone, mood only. Language models are timed in llama.cpp where "
            "their base is in the model store, everything else in this process.",
        ),
    )


def choice_table(what: str, outcomes: Sequence[Outcome], n: int, seed: int) -> Table:
    """Outcomes over intents or needs, as text."""
    return Table(
        title=f"{what}, n={n}, seed {seed}",
        columns=("row", "accuracy", "±", "macro-F1", "ms"),
        rows=tuple(
            (
                one.title,
                f"{one.choice.accuracy:.3f}",
                f"{one.choice.error:.3f}",
                f"{one.choice.macro_f1:.3f}",
                f"{one.ms:.1f}",
            )
            for one in outcomes
            if one.choice
        ),
        notes=(
            "macro-F1 over the labels that occur; ± is one standard error of the accuracy.",
            "ms: median of one turn alone, up to this label. Language models are timed in "
            "llama.cpp where their base is in the model store, everything else in this process.",
        ),
    )


def one_hot(names: Sequence[str], labels: Mapping[str, object] | Sequence[str]) -> Array:
    """Names (n,) as rows of 0 and 1: (n, k).

    Raises:
        DataError: a name that is no label.
    """
    known = list(labels)
    if wrong := sorted(set(names) - set(known)):
        raise DataError(f"wanted one of {', '.join(known)}; got {', '.join(wrong)}")
    return np.eye(len(known), dtype=np.float32)[[known.index(name) for name in names]]


class _Found(NamedTuple):
    scores: Array
    kind: Kind
    ms: float
    fit_s: float


def _kept(row: Row, train: Part, test: Part, *, seed: int, keep: Path | None) -> _Found:
    """A row's scores, from the folder where they are there for the same row, texts and labels."""
    if keep is None:
        return _score(row, train, test, seed=seed)
    digest = hashlib.sha256(f"{row.name}\n{row.tag}\n{seed}\n{N_FORMAT}".encode())
    for part in (train, test):
        digest.update("\n".join(map(row.view, part.dialogues)).encode("utf-8", "replace"))
        digest.update(part.labels.tobytes())
    file = keep / f"{row.name}-{digest.hexdigest()[:16]}.npz"
    if file.is_file():
        with np.load(file, allow_pickle=False) as saved:
            kind: Kind = "shares" if saved["kind"] == "shares" else "margins"
            return _Found(saved["scores"], kind, float(saved["ms"]), float(saved["fit_s"]))
    found = _score(row, train, test, seed=seed)
    keep.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(file, **found._asdict())
    return found


def _score(row: Row, train: Part, test: Part, *, seed: int) -> _Found:
    scorer = row.make()
    start = time.perf_counter()
    scorer.fit([row.view(one) for one in train.dialogues], train.labels)
    fit_s = time.perf_counter() - start
    texts = [row.view(one) for one in test.dialogues]
    scores = scorer.scores(texts)
    drawn = np.random.default_rng(seed).permutation(len(texts))[: N_TIMED + N_WARM]
    alone = [texts[i] for i in drawn]
    if row.clock:
        ms = row.clock(scorer, alone)
    else:
        ms = clock(lambda text: scorer.scores([text]), alone)
    return _Found(scores, scorer.kind, ms, fit_s)


def clock(read: Callable[[str], object], texts: Sequence[str]) -> float:
    """Median milliseconds of reading one text, the first few not counted."""
    times = []
    for text in texts:
        start = time.perf_counter()
        read(text)
        times.append((time.perf_counter() - start) * 1000)
    return float(np.median(times[N_WARM:] or times))
