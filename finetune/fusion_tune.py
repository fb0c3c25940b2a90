"""Choose how the fusion ranker is trained: cross-validation by time, on the training part only.

`python -m simpatico.finetune.fusion_tune --data FILE` needs optuna. Cut k learns from each person's
events before their k-th from the last and is judged on that one; the last, which measures, is
never looked at, and neither is what came after a cut. A trial stops early inside a cut (`patience`)
and between cuts (worse than the median). With `--keep FILE` a search that broke off goes on.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import DataError
from simpatico.finetune.fusion_model import Tower
from simpatico.finetune.fusion_train import Plan, catalogue_of, train
from simpatico.finetune.sequences import Sequences, read_interactions
from simpatico.optional import needs
from simpatico.protocols import ProgressCallback

N_FOLDS = 3
MIN_EVENTS = 3


class Fold(NamedTuple):
    """One cut: what is learnt from, who is judged, and what they had next."""

    learn: Sequences
    rows: NDArray[np.int64]
    targets: NDArray[np.int64]


class Tuned(NamedTuple):
    """The best plan, its mean loss over the cuts (nats), and that of the plan begun with."""

    plan: Plan
    loss: float
    begun: float
    n_trials: int
    n_pruned: int


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
) -> Tuned:
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
    optuna = needs("optuna", "optuna", "tuning")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    cuts = tuple(folds_of(data, n_folds=n_folds))
    catalogue = catalogue_of(len(data.items), {})

    def loss(trial: Any) -> float:
        losses: list[float] = []
        plan = _plan_of(trial, start)
        for step, cut in enumerate(cuts):
            scores = train(cut.learn, catalogue, plan).scores(cut.learn, cut.rows)
            losses.append(-float(scores[np.arange(len(cut.rows)), cut.targets].mean()))
            trial.report(float(np.mean(losses)), step)
            if trial.should_prune():
                raise optuna.TrialPruned
        progress("Tuning", trial.number + 1, n_trials)
        return float(np.mean(losses))

    study = optuna.create_study(
        study_name=f"{start} {n_folds}",
        storage=None if keep is None else _journal(optuna, keep),
        load_if_exists=True,
        sampler=optuna.samplers.TPESampler(seed=start.seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4),
    )
    if not study.trials:
        study.enqueue_trial({name: getattr(start, name) for name in _CHOSEN})
    finished = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
    left = n_trials - len(study.get_trials(states=finished))
    if left > 0:
        study.optimize(loss, n_trials=left)
    pruned = study.get_trials(states=(optuna.trial.TrialState.PRUNED,))
    begun = next(one for one in study.trials if one.value is not None)
    best = replace(start, **study.best_params)
    return Tuned(best, study.best_value, begun.value, len(study.trials), len(pruned))


def _journal(optuna: Any, file: Path) -> Any:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        backend = optuna.storages.journal.JournalFileBackend(str(file))
        return optuna.storages.JournalStorage(backend)
    except OSError as error:
        raise DataError(f"trials cannot be kept in {file}: {error}") from error


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


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the best plan."""
    parser = argparse.ArgumentParser(description="Tune the fusion ranker.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tower", choices=get_args(Tower), default="gru")
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--folds", type=int, default=N_FOLDS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="a file of trials")
    chosen = parser.parse_args(arguments)
    start = Plan(towers=(chosen.tower,), patience=2, seed=chosen.seed)
    found = tune(
        read_interactions(chosen.data), start,
        n_trials=chosen.trials, n_folds=chosen.folds, keep=chosen.keep,
    )  # fmt: skip
    print(f"{found.plan}\nloss {found.loss:.4f} nats; the plan begun with {found.begun:.4f};"
          f" {found.n_pruned} of {found.n_trials} trials given up early")  # fmt: skip


if __name__ == "__main__":
    main()
