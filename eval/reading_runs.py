"""`simpatico eval mood|intent|need`: readers as systems of a run.

Of moods several may hold of a sentence: thresholds, and one temperature that makes chances of
scores, are chosen on four folds and used on the fifth. Of intents and needs the highest score is
the answer, and the temperature is cross-fitted in the same way. A server's answers are taken as
they come, without chances; a turn that it failed on has no label, which is wrong.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.eval.compare import Part, Row, Scored, newest, score, together
from simpatico.eval.crossfit import N_FOLDS, cross_fit
from simpatico.eval.leaks import checks_of
from simpatico.eval.pooled import CHANCE, SAID, TRUE, Pooled
from simpatico.eval.record import Cases, Run, record_of
from simpatico.finetune.calibrate import probabilities, temperature
from simpatico.finetune.mood import Array
from simpatico.protocols import ProgressCallback

RIGHT: Final = "accuracy"
OVERLAP: Final = "F1 of a turn"
LOSS: Final = "log-loss"
_LEAST: Final = 1e-6

Numbers = NDArray[np.float64]


class Asked(NamedTuple):
    """What readers are asked.

    Attributes:
        task: "mood", "intent" or "need".
        title: of the run.
        labels: (k,).
        several: several labels may hold of a turn.
        train: what may be learnt from.
        test: what is asked, with ids.
        files: that were read.
        protocol: what else must be equal for a comparison.
    """

    task: str
    title: str
    labels: tuple[str, ...]
    several: bool
    train: Part
    test: Part
    files: tuple[Path, ...]
    protocol: Mapping[str, str]


def run(
    asked: Asked,
    rows: Sequence[Row],
    *,
    command: str,
    seed: int,
    keep: Path | None = None,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Run:
    """Ask rows, and judge them.

    Args:
        asked: the cases.
        rows: systems, the one that matters first.
        command: for the record.
        seed: of folds, draws, and of which turns are timed.
        keep: a folder for scores and vectors; what it has is not made again.
        progress: told of rows.

    Raises:
        DataError: no turns to ask about.
        SettingsError: a row needs what is not installed.
        ModelError: a row's weights are missing.
        LLMUnavailable: a server is gone.
    """
    made: dict[str, Scored] = {}
    cases: dict[str, Cases] = {}
    for row, scored in score(
        rows, asked.train, asked.test, seed=seed, keep=keep, progress=progress
    ):
        made[row.name] = scored
        cases[row.title] = _cases(asked, scored, seed, answers=row.answers)
    if asked.task == "mood" and {"lora", "encoder"} <= made.keys():
        both = together(made["lora"], made["encoder"])
        cases = {TOGETHER: _cases(asked, both, seed, answers=False), **cases}
    record = record_of(
        asked.task,
        asked.title,
        cases,
        command=command,
        seed=seed,
        data=asked.files,
        protocol={
            **asked.protocol,
            "chosen": f"thresholds and temperature on {N_FOLDS - 1} folds, used on the other one"
            if asked.several
            else f"the highest score; temperature on {N_FOLDS - 1} folds, used on the other one",
        },
        skipped={},
        checks=checks_of(
            "turns",
            ids=asked.test.ids,
            learnt_ids=asked.train.ids,
            texts=[newest(each) for each in asked.test.dialogues],
            learnt_texts=[newest(each) for each in asked.train.dialogues],
            answers=[_names(each, asked.labels) for each in asked.test.labels],
        ),
        pooled=pooled_of(asked.labels),
        lower_is_better=[LOSS],
    )
    return Run(record, cases)


TOGETHER: Final = "LoRA reader with the encoder's mood head"


def pooled_of(labels: tuple[str, ...]) -> tuple[Pooled, ...]:
    """What readers are measured by besides means over turns."""
    return (
        Pooled(metric="macro-F1", how="macro-F1", of=labels),
        Pooled(metric="micro-F1", how="micro-F1", of=labels),
        Pooled(metric="ECE", how="ECE", of=labels, higher_is_better=False),
        Pooled(metric="ms, median", how="median", of=("ms",), higher_is_better=False),
        Pooled(metric="ms, p95", how="p95", of=("ms",), higher_is_better=False),
        *(Pooled(metric=f"F1: {label}", how="macro-F1", of=(label,)) for label in labels),
    )


def _cases(asked: Asked, scored: Scored, seed: int, *, answers: bool) -> Cases:
    truth = asked.test.labels > 0
    failed = np.asarray(np.isnan(scored.scores).any(axis=1))
    if answers:
        held, chance = scored.scores > 0, np.full(truth.shape, np.nan)
    elif asked.several:
        fitted = cross_fit(scored.scores, asked.test.labels, seed=seed, kind=scored.kind)
        held, chance = fitted.held, fitted.stated
    else:
        held = np.eye(truth.shape[1], dtype=bool)[scored.scores.argmax(axis=1)]
        chance = _chances(scored.scores, asked.test.labels, seed)
    columns = {"ms": scored.ms}
    for at, label in enumerate(asked.labels):
        columns |= {
            f"{TRUE}{label}": truth[:, at].astype(np.float64),
            f"{SAID}{label}": held[:, at].astype(np.float64),
            f"{CHANCE}{label}": chance[:, at],
        }
    overlap = 2 * (held & truth).sum(axis=1) / np.maximum(held.sum(axis=1) + truth.sum(axis=1), 1)
    return Cases(
        tuple(asked.test.ids),
        tuple(each.rpartition(":")[0] or each for each in asked.test.ids),
        {OVERLAP if asked.several else RIGHT: overlap, LOSS: _loss(chance, truth, asked.several)},
        failed,
        {
            "said": tuple(newest(each) for each in asked.test.dialogues),
            "true": tuple(", ".join(_names(each, asked.labels)) for each in truth),
            "read": tuple(", ".join(_names(each, asked.labels)) for each in held),
        },
        columns,
    )


def _chances(scores: Array, labels: Array, seed: int) -> Numbers:
    """Shares that sum to 1, by a temperature chosen on the other folds: (n, k)."""
    fold = np.random.default_rng(seed).permutation(np.arange(len(scores)) % N_FOLDS)
    found = np.zeros(scores.shape)
    for k in range(N_FOLDS):
        out, kept = fold == k, fold != k
        heat = temperature(scores[kept], labels[kept], "shares")
        found[out] = probabilities(scores[out], heat, "shares")
    return found


def _loss(chance: Numbers, truth: NDArray[np.bool_], several: bool) -> Numbers:
    """In nats a turn: of the label that holds; of several, the mean over all labels."""
    held = np.clip(chance, _LEAST, 1 - _LEAST)
    if several:
        return np.asarray(-np.where(truth, np.log(held), np.log1p(-held)).mean(axis=1))
    return np.asarray(-np.log(np.where(truth, held, 1)).sum(axis=1))


def _names(held: NDArray[np.generic], labels: Sequence[str]) -> list[str]:
    return [label for label, yes in zip(labels, held, strict=True) if yes]
