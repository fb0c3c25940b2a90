"""Choose how the purchase network is trained: cross-validation by people, on the training part.

`python -m simpatico.finetune.purchase_tune --data DIR` needs optuna. Rows kept for measuring are
never looked at; how items sell is counted anew without each fold.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.finetune.purchase import Plan, log_loss_of, train
from simpatico.finetune.purchase_data import Browsing, read_browsing
from simpatico.finetune.purchase_features import Numbers, behaviour, person_folds, sales
from simpatico.optional import needs
from simpatico.protocols import ProgressCallback

N_FOLDS = 4


class Fold(NamedTuple):
    """One cut: every row's numbers with what may be counted, rows to learn from and to judge."""

    numbers: Numbers
    learn: NDArray[np.int64]
    judge: NDArray[np.int64]


class Tuned(NamedTuple):
    """The best plan, its mean loss over the folds (nats), and that of the plan begun with."""

    plan: Plan
    loss: float
    begun: float
    n_pruned: int


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
    progress: ProgressCallback = lambda what, done, total: None,
) -> Tuned:
    """Search with the plan's own values as the first trial; worse than the median is given up.

    Raises:
        SettingsError: optuna is not installed.
        DataError: too little to learn from.
    """
    optuna = needs("optuna", "optuna", "tuning")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    cuts = tuple(folds_of(data, n_folds=n_folds, seed=seed))

    def loss(trial: Any) -> float:
        losses: list[float] = []
        for step, cut in enumerate(cuts):
            trained = train(data, cut.numbers, cut.learn, _plan_of(trial, seed))
            judged = trained.logits(data, cut.numbers, cut.judge)
            losses.append(log_loss_of(judged, data.bought[cut.judge]))
            trial.report(float(np.mean(losses)), step)
            if trial.should_prune():
                raise optuna.TrialPruned
        progress("Tuning", trial.number + 1, n_trials)
        return float(np.mean(losses))

    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4),
    )
    plan = Plan()
    study.enqueue_trial({name: getattr(plan, name) for name in _CHOSEN})
    study.optimize(loss, n_trials=n_trials)
    pruned = sum(each.state == optuna.trial.TrialState.PRUNED for each in study.trials)
    best = replace(plan, **study.best_params)
    return Tuned(best, study.best_value, study.trials[0].value, pruned)


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


def main(arguments: list[str] | None = None) -> None:
    """Print the best plan."""
    parser = argparse.ArgumentParser(description="Tune the purchase network.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    found = tune(read_browsing(chosen.data), n_trials=chosen.trials, seed=chosen.seed)
    print(f"{found.plan}\nloss {found.loss:.4f} nats; the plan begun with {found.begun:.4f};"
          f" {found.n_pruned} of {chosen.trials} trials given up early")  # fmt: skip


if __name__ == "__main__":
    main()
