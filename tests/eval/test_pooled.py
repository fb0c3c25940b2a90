"""Figures of all cases together: as scikit-learn has them, and as cases drawn again would give."""

from pathlib import Path

import numpy as np
import pytest

from simpatico.errors import DataError
from simpatico.eval import against, plots, record, report
from simpatico.eval.figures import pooled_of
from simpatico.eval.pooled import Pooled, drawn_again, statistic
from simpatico.eval.record import Cases, Run

LABELS = ("joy", "anger", "fear", "never")


def columns(seed: int = 0, n: int = 300) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    found: dict[str, np.ndarray] = {"ms": rng.gamma(2, 3, n), "facts": rng.integers(1, 9, n) * 1.0}
    for label in LABELS:
        chance = np.round(rng.random(n) ** 2, 1)  # many ties
        held = rng.random(n) < (0 if label == "never" else chance)
        found[f"chance: {label}"] = chance
        found[f"true: {label}"] = held.astype(float)
        found[f"said: {label}"] = (chance > 0.4).astype(float)
    return found


POOLED = (
    Pooled(metric="macro-F1", how="macro-F1", of=LABELS),
    Pooled(metric="micro-F1", how="micro-F1", of=LABELS),
    Pooled(metric="ECE", how="ECE", of=LABELS, higher_is_better=False),
    Pooled(metric="mass", how="ECE, equal mass", of=("joy",), higher_is_better=False),
    Pooled(metric="ROC", how="ROC AUC", of=("joy",)),
    Pooled(metric="PR", how="PR AUC", of=("joy",)),
    Pooled(metric="mean ROC", how="ROC AUC", of=LABELS[:3]),
    Pooled(metric="P@20", how="P@20", of=LABELS[:2]),
    Pooled(metric="per fact", how="ratio", of=("ms", "facts")),
    Pooled(metric="median", how="median", of=("ms",), higher_is_better=False),
    Pooled(metric="p95", how="p95", of=("ms",), higher_is_better=False),
    *(Pooled(metric=f"F1: {label}", how="macro-F1", of=(label,)) for label in LABELS[:2]),
)


def whole(metric: str, told: dict[str, np.ndarray]) -> float:
    one = next(each for each in POOLED if each.metric == metric)
    return float(statistic(one, told)(np.ones((1, 300)))[0])


@pytest.mark.parametrize("seed", range(5))
def test_f1_and_areas_are_those_of_scikit_learn(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    told = columns(seed)
    true, said = (
        np.stack([told[f"{kind}: {label}"] for label in LABELS], axis=1)
        for kind in ("true", "said")
    )
    f1 = metrics.f1_score(true[:, :3], said[:, :3], average=None)
    assert whole("macro-F1", told) == pytest.approx(f1.mean())  # "never" holds of nothing
    assert whole("F1: anger", told) == pytest.approx(f1[1])
    assert whole("micro-F1", told) == pytest.approx(metrics.f1_score(true, said, average="micro"))
    pair = told["true: joy"], told["chance: joy"]
    assert whole("ROC", told) == pytest.approx(metrics.roc_auc_score(*pair))
    areas = [
        metrics.roc_auc_score(told[f"true: {label}"], told[f"chance: {label}"])
        for label in LABELS[:3]
    ]
    assert whole("mean ROC", told) == pytest.approx(np.mean(areas))
    assert whole("PR", told) == pytest.approx(metrics.average_precision_score(*pair))


def test_of_the_twenty_likeliest_those_tied_at_the_end_share_the_places_left() -> None:
    one = Pooled(metric="P@20", how="P@20", of=("a",))
    chance = np.r_[np.full(10, 0.9), np.full(40, 0.5), np.full(10, 0.1)]
    true = np.r_[np.ones(4), np.zeros(6), np.ones(8), np.zeros(32), np.ones(10)]
    told = {"chance: a": chance, "true: a": true}
    assert statistic(one, told)(np.ones((1, 60)))[0] == pytest.approx((4 + 10 * 8 / 40) / 20)


@pytest.mark.parametrize("seed", range(3))
def test_calibration_error_is_that_of_scikit_learns_curve(seed: int) -> None:
    curve = pytest.importorskip("sklearn.calibration").calibration_curve
    told = columns(seed)
    chance, true = (
        np.concatenate([told[f"{kind}: {label}"] for label in LABELS])
        for kind in ("chance", "true")
    )
    chance = np.where(chance > 0, chance - 1e-3, 1e-3)  # its bins are closed above, ours below
    for label, own in zip(LABELS, np.split(chance, len(LABELS)), strict=True):
        told[f"chance: {label}"] = own
    actual, stated = curve(true, chance, n_bins=10)
    counts = np.histogram(chance, np.linspace(0, 1, 11))[0]
    weights = counts[counts > 0] / len(chance)
    assert whole("ECE", told) == pytest.approx(float((weights * np.abs(actual - stated)).sum()))


@pytest.mark.parametrize("one", POOLED, ids=lambda one: one.metric)
def test_a_weight_of_two_is_the_same_case_twice(one: Pooled) -> None:
    told = columns(1)
    rng = np.random.default_rng(4)
    weights = rng.integers(0, 3, 300).astype(float)
    if one.how == "ECE, equal mass":  # copies of a case fall on both sides of a bin's border
        weights[:] = 2
    twice = {name: np.repeat(each, weights.astype(int)) for name, each in told.items()}
    n = len(twice["ms"])
    found = statistic(one, told)(np.stack([weights, np.ones(300)]))
    assert found[0] == pytest.approx(statistic(one, twice)(np.ones((1, n)))[0], rel=1e-9)


def test_units_are_drawn_whole() -> None:
    drawn = drawn_again(["b", "a", "b", "c"], 500, seed=1)
    assert (drawn[:, 0] == drawn[:, 2]).all()
    assert (drawn[:, [0, 1, 3]].sum(axis=1) == 3).all()
    assert drawn.mean(axis=0) == pytest.approx(1, abs=0.15)


def cases_of(told: dict[str, np.ndarray]) -> Cases:
    n = len(told["ms"])
    names = tuple(f"c{at:03}" for at in range(n))
    hit = np.where(told["true: joy"] == told["said: joy"], 1.0, 0.0)
    return Cases(names, names, {"right": hit}, np.zeros(n, bool), {}, told)


def run_of(tmp_path: Path, cases: dict[str, Cases]) -> Run:
    data = tmp_path / "data"
    data.write_text("x")
    made = record.record_of(
        *("mood", "Moods", cases),
        command="simpatico eval mood", seed=0, data=[data], protocol={}, skipped={}, pooled=POOLED,
    )  # fmt: skip
    return Run(made, cases)


def test_intervals_hold_the_figure_and_what_is_not_defined_does_not_count() -> None:
    told = columns()
    found, n = pooled_of(POOLED[0], None, cases_of(told)) or pytest.fail("wanted a figure")
    assert n == 300 and found.low < found.mean < found.high
    told["chance: joy"][:290] = np.nan
    _, fewer = pooled_of(POOLED[2], None, cases_of(told)) or pytest.fail("wanted a figure")
    assert fewer == 10
    told["chance: joy"][:] = np.nan
    assert pooled_of(POOLED[2], None, cases_of(told)) is None
    assert pooled_of(Pooled(metric="x", how="median", of=("other",)), None, cases_of(told)) is None


def test_runs_keep_what_pooled_figures_are_made_of_and_are_compared_by_it(tmp_path: Path) -> None:
    told = columns()
    worse = {**told, **{f"said: {label}": 1 - told[f"true: {label}"] for label in LABELS}}
    before, after = (run_of(tmp_path, {"ours": cases_of(each)}) for each in (worse, told))
    record.write(tmp_path / "before", before)
    assert record.read(tmp_path / "before").record == before.record
    found = {one.metric: one for one in against.changes(record.read(tmp_path / "before"), after)}
    assert found["macro-F1"].verdict == "better" and found["macro-F1"].before == 0
    assert found["F1: joy"].verdict == "better"
    assert found["median"].verdict == "no difference"
    back = {one.metric: one.verdict for one in against.changes(after, before)}
    assert back["macro-F1"] == "worse"


def test_systems_with_other_cases_are_not_compared(tmp_path: Path) -> None:
    told = columns()
    one = run_of(tmp_path, {"ours": cases_of(told)})
    other = run_of(tmp_path, {"theirs": cases_of(told)})
    with pytest.raises(DataError, match="in common"):
        against.changes(one, other)


def test_a_page_has_curves_confusion_and_a_table_for_each_group(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    run = run_of(tmp_path, {"ours": cases_of(columns()), "$theirs": cases_of(columns(1))})
    titles = [plot.title for plot in report.plots_of(run)]
    assert {"macro-F1", "F1", "Are chances true? (ECE)", "What ours takes for what"} <= set(titles)
    assert "F1: joy" not in titles
    page = report.to_html(run)
    assert "<h2>F1</h2>" in page and "<td>joy</td>" in page
    told = plots.grouped_bars(run.record.systems, "F1").alt
    assert "ours: joy 0." in told and "$theirs: joy 0." in told
