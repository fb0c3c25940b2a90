"""A search that is killed goes on, and tries the plan that it begins with."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

optuna = pytest.importorskip("optuna")

from simpatico.finetune.search import Tuned, search  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")

KILLED = """
import os, signal, sys
from pathlib import Path
from test_search import Plan, tried

tried(Path(sys.argv[1]), lambda plan: os.kill(os.getpid(), signal.SIGKILL))
"""


@dataclass(frozen=True)
class Plan:
    rate: float = 0.25


def tried(file: Path, loss: Any, *, n_trials: int = 3) -> Tuned[Plan]:
    def losses(plan: Plan) -> Iterator[float]:
        yield loss(plan)

    return search(
        Plan(),
        ("rate",),
        lambda trial: Plan(trial.suggest_float("rate", 0, 1)),
        losses,
        of="a rate",
        n_trials=n_trials,
        seed=0,
        keep=file,
    )


def test_a_search_that_was_killed_in_its_first_trial_still_tries_what_it_begins_with(
    tmp_path: Path,
) -> None:
    file, here = tmp_path / "trials.log", Path(__file__).parent
    code = [sys.executable, "-W", "ignore", "-c", KILLED, str(file)]
    assert subprocess.run(code, cwd=here, check=False).returncode == -9
    rates: list[float] = []

    def loss(plan: Plan) -> float:
        rates.append(plan.rate)
        return plan.rate

    found = tried(file, loss)
    assert rates[0] == found.begun == 0.25 and len(set(rates)) == found.n_trials == 3
    assert found.plan.rate == found.loss == min(rates)
    more = tried(file, loss, n_trials=5)
    assert len(set(rates)) == len(rates) == more.n_trials == 5


def test_what_it_begins_with_is_tried_even_where_enough_others_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "trials.log"
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(file)))
    study = optuna.create_study(study_name="a rate", storage=storage)
    study.optimize(lambda trial: trial.suggest_float("rate", 0, 1) * 0, n_trials=6)
    found = tried(file, lambda plan: plan.rate, n_trials=6)
    assert found.begun == 0.25 and found.loss == 0 and found.n_trials == 7
