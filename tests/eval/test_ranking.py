"""The table of rankers: its rows, its protocol card, and what it refuses."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from simpatico.errors import DataError, SettingsError
from simpatico.eval import record
from simpatico.eval.baselines_items import BASELINES
from simpatico.eval.next_item import Split
from simpatico.eval.ranking import AGAINST, FUSION, main, run
from simpatico.ui.cli import app


@pytest.fixture
def walks(tmp_path: Path) -> Path:
    """Forty people who walk around a circle of twelve items."""
    path = tmp_path / "walks.inter"
    rows = [
        f"{person}\t{(person + step) % 12}\t4\t{step}" for person in range(40) for step in range(6)
    ]
    header = "user_id:token\titem_id:token\trating:float\ttimestamp:float"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_rows_are_judged_on_one_split_and_paired_with_the_counter(
    walks: Path,
) -> None:
    told: list[tuple[str, int, int]] = []
    made = run(
        walks,
        part="test",
        names=(AGAINST, "popularity"),
        progress=lambda *seen: told.append(seen),
    )
    counter, popular = made.record.systems
    assert (counter.name, popular.name) == (AGAINST, "popularity")
    assert counter.figures[0].metric == "NDCG@10" and counter.figures[0].mean > 0.8
    assert popular.figures[0].mean < 0.6
    gap = made.record.gaps[0]
    assert (gap.less, gap.metric) == ("popularity", "NDCG@10") and gap.low > 0
    card = dict(made.record.protocol)
    assert (card["n events"], card["n users"], card["n items"]) == ("200", "40", "12")
    assert told[-1] == ("Comparing", 2, 2)
    other = run(walks, part="dev", names=("popularity",)).record
    assert dict(other.protocol)["targets"] != card["targets"] and not other.gaps
    assert [each.n_found for each in made.record.checks] == [0, 0]


def test_whom_a_row_has_no_number_for_it_failed_on(
    walks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def some(split: Split) -> np.ndarray:
        scores = np.zeros((len(split.rows), len(split.known.items)))
        scores[np.arange(len(scores)), split.targets] = 1
        scores[3, 0] = np.nan
        return scores

    monkeypatch.setitem(BASELINES, "popularity", some)
    made = run(walks, part="test", names=("popularity",))
    (system,), (cases,) = made.record.systems, made.cases.values()
    assert system.n_failed == 1 and cases.failed[3]
    assert {one.metric: one.mean for one in system.figures}["HR@1"] == pytest.approx(39 / 40)
    assert cases.texts["place"][3] == "inf"


def test_an_unknown_row_or_file_is_refused(walks: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no row oracle; the rows are: popularity"):
        run(walks, part="test", names=("oracle",))
    if find_spec("recbole") is None:
        with pytest.raises(SettingsError, match="recbole: use an environment"):
            run(walks, part="test", names=("GRU4Rec (RecBole)",))
    with pytest.raises(DataError, match="no file"):
        run(tmp_path / "none.inter", part="test", names=("popularity",))


def test_the_command_and_the_module_print_the_table(
    walks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    rows = f"popularity; {AGAINST}"
    done = CliRunner().invoke(
        app, ["eval", "ranking", "--data", str(walks), "--rows", rows, "--out", str(out)]
    )
    assert done.exit_code == 0, done.output
    assert record.read(out).record.systems[1].name == AGAINST
    assert f"| {AGAINST} |" in done.stdout
    main(["--data", str(walks), "--rows", rows])
    assert capsys.readouterr().out.count("\n| popularity |") == 1
    wrong = CliRunner().invoke(app, ["eval", "ranking", "--data", str(walks), "--rows", "oracle"])
    assert wrong.exit_code == 1


@pytest.mark.slow
def test_a_trained_row_has_a_spread_over_its_seeds(
    walks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    from simpatico.finetune import fusion_train

    class Short(fusion_train.Plan):
        """The same, soon done, and without the tables, which would find these walks alone."""

        def __init__(self, **given: object) -> None:
            super().__init__(width=8, epochs=1, use_evidence=False, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(fusion_train, "Plan", Short)
    with pytest.raises(ValueError, match="at least one seed, got 0"):
        run(walks, part="test", names=("popularity",), n_seeds=0)
    (row,) = run(walks, part="test", names=("fusion, GRU alone",), n_seeds=2).record.systems
    told = dict(row.about)
    assert row.name in FUSION and told["seeds"] == "2"
    assert float(told["standard deviation of NDCG@10 over seeds"]) > 0


@pytest.mark.slow
def test_towers_are_trained_once_for_the_rows_that_have_them_and_kept(
    walks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    from simpatico.finetune import fusion_train

    trained: list[tuple[tuple[str, ...], int]] = []
    plan, train = fusion_train.Plan, fusion_train.train

    def counted(
        data: object, catalogue: object, plan: fusion_train.Plan, **given: object
    ) -> object:
        trained.append((plan.towers, plan.seed))
        return train(data, catalogue, plan, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(fusion_train, "Plan", lambda **given: plan(width=8, epochs=1, **given))
    monkeypatch.setattr(fusion_train, "train", counted)
    keep, names = tmp_path / "keep", tuple(FUSION)
    first = run(walks, part="test", names=names, keep=keep)
    towers = ["attention", "gru", "lstm", "mlp"]
    assert sorted(one for (one,), _ in trained) == towers
    again = run(walks, part="test", names=names, keep=keep)
    assert again.record.systems == first.record.systems and len(trained) == 4
    run(walks, part="test", names=names, n_seeds=2, keep=keep)
    assert sorted(one for (one,), seed in trained if seed == 1) == towers and len(trained) == 8
    run(walks, part="dev", names=("fusion, MLP alone",), keep=keep)
    assert trained[-1] == (("mlp",), 0) and len(trained) == 9
