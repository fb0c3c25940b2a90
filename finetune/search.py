"""Search for how something is trained, with optuna, on cuts of what may be learnt from.

The plan begun with is the first trial. Another whose mean loss is worse than the median of those
before it, after as many cuts, is given up. With a file of trials a search that broke off goes on:
what was being tried then does not count.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from simpatico.errors import DataError
from simpatico.optional import needs
from simpatico.protocols import ProgressCallback

Plan = TypeVar("Plan")


class Tuned(NamedTuple, Generic[Plan]):
    """The best plan, its mean loss over the cuts (nats), and that of the plan begun with.

    Of `n_trials` that were finished, `n_pruned` were given up early.
    """

    plan: Plan
    loss: float
    begun: float
    n_trials: int
    n_pruned: int


def search(
    start: Plan,
    chosen: Sequence[str],
    suggest: Callable[[Any], Plan],
    losses: Callable[[Plan], Iterator[float]],
    *,
    of: str,
    n_trials: int,
    seed: int,
    keep: Path | None = None,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Tuned[Plan]:
    """Search, with the values of `start` as the first trial.

    Args:
        start: a dataclass.
        chosen: names of its fields that are searched.
        suggest: a plan from an optuna trial, which gives it the fields of `chosen`.
        losses: of a plan on one cut after another.
        of: what is tuned, on what: trials of another are not gone on from.
        n_trials: in all, finished ones that are kept included.
        seed: of the trials.
        keep: a file of trials.
        progress: told of trials.

    Raises:
        SettingsError: optuna is not installed.
        DataError: the file cannot be written.
    """
    optuna = needs("optuna", "optuna", "tuning")
    optuna.logging.set_verbosity(optuna.logging.WARNING)

    values = {name: getattr(start, name) for name in chosen}
    states = optuna.trial.TrialState
    complete, finished = (states.COMPLETE,), (states.COMPLETE, states.PRUNED)

    def mean_loss(trial: Any) -> float:
        plan = suggest(trial)
        found: list[float] = []
        for step, loss in enumerate(losses(plan)):
            found.append(loss)
            trial.report(float(np.mean(found)), step)
            if trial.should_prune() and trial.params != values:
                raise optuna.TrialPruned
        progress("Tuning", len(study.get_trials(states=finished)) + 1, n_trials)
        return float(np.mean(found))

    study = optuna.create_study(
        study_name=of,
        storage=None if keep is None else _journal(optuna, keep),
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4),
    )
    kept = len(study.trials)  # a seed of its own for what follows: else it would draw these again
    study.sampler = optuna.samplers.TPESampler(seed=seed + kept)
    begun = [one for one in study.get_trials(states=complete) if one.params == values]
    if not begun and not study.get_trials(states=(states.WAITING,)):
        study.enqueue_trial(values)
    left = max(n_trials - len(study.get_trials(states=finished)), not begun)
    if left > 0:
        study.optimize(mean_loss, n_trials=left)
    first = next(one for one in study.get_trials(states=complete) if one.params == values)
    best: Plan = replace(start, **study.best_params)  # type: ignore[type-var]  # it is a dataclass
    n_done = len(study.get_trials(states=finished))
    n_pruned = n_done - len(study.get_trials(states=complete))
    return Tuned(best, study.best_value, first.value, n_done, n_pruned)


def _journal(optuna: Any, file: Path) -> Any:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        backend = optuna.storages.journal.JournalFileBackend(str(file))
        return optuna.storages.JournalStorage(backend)
    except OSError as error:
        raise DataError(f"trials cannot be kept in {file}: {error}") from error
