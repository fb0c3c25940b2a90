"""Tuning looks at nothing that measures, and goes on where it broke off."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("torch")
pytest.importorskip("optuna")

from simpatico.errors import DataError  # noqa: E402
from simpatico.finetune import fusion_tune  # noqa: E402
from simpatico.finetune.fusion_train import Plan  # noqa: E402
from simpatico.finetune.fusion_tune import folds_of, tune  # noqa: E402
from simpatico.finetune.plan_file import read_plan, write_plan  # noqa: E402
from simpatico.finetune.ranker_files import load  # noqa: E402
from simpatico.finetune.sequences import Sequences  # noqa: E402
from simpatico.ui.cli import app  # noqa: E402

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
]
SMALL = Plan(("mlp",), width=4, epochs=1, batch_size=8, patience=1)


def walks(lengths: list[int]) -> Sequences:
    rng = np.random.default_rng(0)
    people = [(rng.integers(9) + np.arange(n)) % 9 for n in lengths]
    return Sequences(
        tuple(f"u{row}" for row in range(len(people))),
        tuple(f"i{item}" for item in range(9)),
        tuple(people),
        tuple(np.full(len(what), 4, dtype=np.float32) for what in people),
        tuple(np.arange(len(what), dtype=np.float64) * 60 for what in people),
    )


def test_a_cut_learns_from_what_came_before_it_and_nobody_sees_the_last_event() -> None:
    data = walks([8, 4, 3, 1])
    one, two = folds_of(data, n_folds=2)
    assert one.rows.tolist() == [0, 1] and two.rows.tolist() == [0]
    assert one.targets.tolist() == [data.what[0][-2], data.what[1][-2]]
    assert two.targets.tolist() == [data.what[0][-3]]
    assert [len(what) for what in one.learn.what] == [6, 2, 2, 0]
    assert [len(what) for what in two.learn.what] == [5, 3, 2, 0]
    with pytest.raises(DataError, match="5 events or more"):
        list(folds_of(walks([4, 4]), n_folds=2))


@pytest.mark.slow
def test_a_search_starts_with_the_plan_given_and_goes_on_from_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, file = walks([7] * 16), tmp_path / "trials.log"
    one = tune(data, SMALL, n_trials=1, n_folds=2, keep=file)
    assert one.plan == SMALL and one.loss == one.begun and one.n_trials == 1
    three = tune(data, SMALL, n_trials=3, n_folds=2, keep=file)
    assert three.n_trials == 3 and three.begun == one.begun and three.loss <= one.loss
    assert three.plan.towers == ("mlp",) and three.plan.patience == 1

    def never(*given: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(fusion_tune, "train", never)
    assert tune(data, SMALL, n_trials=3, n_folds=2, keep=file) == three


@pytest.mark.slow
def test_the_command_tells_the_best_plan(tmp_path: Path) -> None:
    header = "user_id:token\titem_id:token\trating:float\ttimestamp:float"
    data = walks([5] * 12)
    rows = [f"{row}\t{item}\t4\t{at}" for row, what in enumerate(data.what)
            for at, item in enumerate(what)]  # fmt: skip
    (tmp_path / "walks.inter").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    asked = ["train", "tune", "next-item", "--interactions", str(tmp_path / "walks.inter")]
    options = ["--tower", "mlp", "--trials", "1", "--folds", "1", "--keep", str(tmp_path / "kept")]
    plan, ranker = tmp_path / "plan.json", tmp_path / "ranker"
    options += ["--out", str(plan)]
    told = CliRunner().invoke(app, [*asked, *options])
    assert told.exit_code == 0, told.output
    assert "towers=('mlp',)" in told.output and "0 of 1 trials given up early" in told.output
    assert (tmp_path / "kept").is_file()
    found = read_plan(plan)
    assert found == Plan(("mlp",), patience=2)
    write_plan(replace(found, width=8, epochs=1), plan)
    asked = ["train", "next-item", *asked[3:], "--plan", str(plan), "--out", str(ranker)]
    told = CliRunner().invoke(app, asked)
    assert told.exit_code == 0, told.output
    card = load(ranker)[1]
    assert card.towers == ("mlp",) and card.width == 8
    plan.write_text(plan.read_text().replace('"dropout": 0.4', '"dropout": 4'))
    with pytest.raises(DataError, match="dropout"):
        read_plan(plan)
