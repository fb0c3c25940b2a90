"""Choose how the fusion ranker is trained: cross-validation by time, on the training part only.

`simpatico train tune next-item` needs optuna. Cut k learns from each person's events before their
k-th from the last and is judged on that one; the last, which measures, is never looked at, and
neither is what came after a cut. A trial stops early inside a cut (`patience`) and between cuts.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import DataError
from simpatico.finetune.fusion_train import Plan, catalogue_of, train
from simpatico.finetune.search import Tuned, search
from simpatico.finetune.sequences import Sequences
from simpatico.protocols import ProgressCallback

N_FOLDS = 3
MIN_EVENTS = 3


class Fold(NamedTuple):
    """One cut: what is learnt from, who is judged, and what they had next."""

    learn: Sequences
    rows: NDArray[np.int64]
    targets: NDArray[np.int64]


def folds_of(data: Sequences, *, n_folds: int = N_FOLDS) -> Iterator[Fold]:
    """Cut by time: the event before the last, the one before that, and so on.

    Raises:
        DataError: nobody has events enough for a cut.
    """
    for k in range(2, n_folds + 2):
        rows = [row for row, what in enumerate(data.what) if len(what) >= MIN_EVENTS + k - 1]
        if not rows:
            raise DataError(f"wanted people with {MIN_EVENTS + k - 1} events or more, got none")
        targets = np.array([data.what[row][-k] for row in rows], dtype=np.int64)
        asked = set(rows)
        ends = [len(what) - (k if row in asked else 1) for row, what in enumerate(data.what)]
        yield Fold(data.until([max(end, 0) for end in ends]), np.array(rows), targets)


def tune(
    data: Sequences,
    start: Plan,
    *,
    n_trials: int = 20,
    n_folds: int = N_FOLDS,
    keep: Path | None = None,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Tuned[Plan]:
    """Search, with the values of `start` as the first trial.

    Args:
        data: of which the last event of each person is not looked at.
        start: gives the towers, the epochs, the patience and the seed.
        n_trials: in all, those kept included.
        n_folds: cuts.
        keep: a file of trials.
        progress: told of trials.

    Raises:
        SettingsError: optuna is not installed.
        DataError: too little to learn from.
    """
    cuts = tuple(folds_of(data, n_folds=n_folds))
    catalogue = catalogue_of(len(data.items), {})

    def losses(plan: Plan) -> Iterator[float]:
        for cut in cuts:
            scores = train(cut.learn, catalogue, plan).scores(cut.learn, cut.rows)
            yield -float(scores[np.arange(len(cut.rows)), cut.targets].mean())

    return search(
        start,
        _CHOSEN,
        lambda trial: _plan_of(trial, start),
        losses,
        of=f"{start} on {n_folds} cuts of {data.n_events} events",
        n_trials=n_trials,
        seed=start.seed,
        keep=keep,
        progress=progress,
    )


_CHOSEN = ("width", "dropout", "learning_rate", "weight_decay", "batch_size")


def _plan_of(trial: Any, start: Plan) -> Plan:
    return replace(
        start,
        width=trial.suggest_categorical("width", sorted({16, 32, 64, 96, start.width})),
        dropout=trial.suggest_float("dropout", 0.0, 0.6),
        learning_rate=trial.suggest_float("learning_rate", 5e-4, 4e-2, log=True),
        weight_decay=trial.suggest_float("weight_decay", 1e-4, 1.0, log=True),
        batch_size=trial.suggest_categorical("batch_size", sorted({8, 16, 32, start.batch_size})),
    )
