"""Choose how the purchase network is trained: cross-validation by people, on the training part.

`simpatico train tune purchase` needs optuna. Rows kept for measuring are never looked at; how items
sell is counted anew without each fold.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.finetune.purchase import Plan, log_loss_of, train
from simpatico.finetune.purchase_data import Browsing
from simpatico.finetune.purchase_features import Numbers, behaviour, person_folds, sales
from simpatico.finetune.search import Tuned, search
from simpatico.protocols import ProgressCallback

N_FOLDS = 4


class Fold(NamedTuple):
    """One cut: every row's numbers with what may be counted, rows to learn from and to judge."""

    numbers: Numbers
    learn: NDArray[np.int64]
    judge: NDArray[np.int64]


def folds_of(data: Browsing, *, n_folds: int = N_FOLDS, seed: int = 0) -> Iterator[Fold]:
    """Cut the training part by people; nobody is on both sides of a cut."""
    own = behaviour(data)
    fold = person_folds(data, n_folds, seed)
    for k in range(n_folds):
        learn = ~data.test & (fold != k)
        numbers = np.concatenate([own, sales(data, learn)], axis=1)
        judged = ~data.test & (fold == k)
        yield Fold(
            numbers,
            np.flatnonzero(learn[data.session]),
            np.flatnonzero(judged[data.session]),
        )


def tune(
    data: Browsing,
    *,
    n_trials: int = 20,
    n_folds: int = N_FOLDS,
    seed: int = 0,
    keep: Path | None = None,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Tuned[Plan]:
    """Search, with the plan's own values as the first trial.

    Args:
        data: of which the test part is not looked at.
        n_trials: in all, those kept included.
        n_folds: cuts.
        seed: of cuts, trials and weights.
        keep: a file of trials.
        progress: told of trials.

    Raises:
        SettingsError: optuna is not installed.
        DataError: too little to learn from.
    """
    cuts = tuple(folds_of(data, n_folds=n_folds, seed=seed))

    def losses(plan: Plan) -> Iterator[float]:
        for cut in cuts:
            trained = train(data, cut.numbers, cut.learn, plan)
            judged = trained.logits(data, cut.numbers, cut.judge)
            yield log_loss_of(judged, data.bought[cut.judge])

    return search(
        Plan(seed=seed),
        _CHOSEN,
        lambda trial: _plan_of(trial, seed),
        losses,
        of=f"purchases on {n_folds} cuts of {len(data.bought)} rows, seed {seed}",
        n_trials=n_trials,
        seed=seed,
        keep=keep,
        progress=progress,
    )


_CHOSEN = ("width", "dropout", "hide", "learning_rate", "weight_decay", "batch_size")


def _plan_of(trial: Any, seed: int) -> Plan:
    return Plan(
        width=trial.suggest_categorical("width", [16, 24, 32, 48]),
        dropout=trial.suggest_float("dropout", 0.1, 0.6),
        hide=trial.suggest_float("hide", 0.0, 0.3),
        learning_rate=trial.suggest_float("learning_rate", 3e-4, 8e-3, log=True),
        weight_decay=trial.suggest_float("weight_decay", 1e-3, 1.0, log=True),
        batch_size=trial.suggest_categorical("batch_size", [32, 64, 128]),
        seed=seed,
    )
