"""Figures of chances against scikit-learn, leaks found where one is put in, missing numbers."""

import importlib.util
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simpatico.eval.purchase_figures import draws, ece_by_chance, figures, paired
from simpatico.eval.purchase_leaks import audit, leaks
from simpatico.finetune.purchase_data import Browsing, read_browsing
from simpatico.finetune.purchase_features import NAMES, Numbers, features

HAS_TORCH = importlib.util.find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="torch is not installed")


def shop(n: int = 60) -> Browsing:
    """Sessions of three items; the last viewed is bought in every third, and looked at after."""
    rng = np.random.default_rng(0)
    what, kinds, times, first, known = [], [], [], [0], []
    session, item, bought = [], [], []
    for s in range(n):
        seen = rng.choice(30, 3, replace=False)
        order = s % 3 == 0
        steps = [*((i, 0) for i in seen), *([(seen[-1], 1), (seen[0], 0)] if order else [])]
        for place, (each, kind) in enumerate(steps):
            what.append(each)
            kinds.append(kind)
            times.append(s * 1000.0 + place * 30)
        first.append(len(what))
        known.append(first[-2] + 3)
        session += [s] * 3
        item += list(seen)
        bought += [0, 0, int(order)]
    return Browsing(
        items=tuple(map(str, range(30))),
        facets=np.stack([np.arange(30) % k for k in (5, 3, 4)], axis=1),
        names=tuple(tuple(map(str, range(k))) for k in (5, 3, 4)),
        months=np.full(30, 24000.0),
        sessions=tuple(map(str, range(n))),
        users=np.arange(n) // 2,
        test=np.arange(n) >= n - 20,
        first=np.array(first),
        known=np.array(known),
        what=np.array(what),
        kinds=np.array(kinds),
        times=np.array(times),
        session=np.array(session),
        item=np.array(item),
        bought=np.array(bought),
    )


def some_chances(n: int = 400) -> tuple[Numbers, np.ndarray]:
    rng = np.random.default_rng(3)
    chances = np.round(rng.beta(1, 9, n), 2)  # with ties
    return chances, (rng.random(n) < chances).astype(np.int64)


def test_figures_agree_with_scikit_learn_with_ties_and_weights() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    chances, labels = some_chances()
    weights = np.random.default_rng(1).integers(0, 4, len(labels)).astype(float)
    for weight in (None, weights):
        ours = figures(chances, labels, weight)
        kwargs = {"sample_weight": weight}
        held = np.clip(chances, 1e-12, 1)
        assert ours.roc_auc == pytest.approx(metrics.roc_auc_score(labels, chances, **kwargs))
        assert ours.pr_auc == pytest.approx(
            metrics.average_precision_score(labels, chances, **kwargs)
        )
        assert ours.log_loss == pytest.approx(metrics.log_loss(labels, held, **kwargs))


def test_drawing_a_row_twice_is_giving_it_twice() -> None:
    chances, labels = some_chances(60)
    weights = np.asarray(np.arange(60) % 3 + 1, dtype=np.float64)
    twice = np.repeat(np.arange(60), weights.astype(int))
    given = figures(chances[twice], labels[twice])
    drawn = figures(chances, labels, weights)
    assert (drawn.roc_auc, drawn.pr_auc, drawn.log_loss, drawn.ece_width) == pytest.approx(
        (given.roc_auc, given.pr_auc, given.log_loss, given.ece_width)
    )


def test_calibration_error_by_hand() -> None:
    labels = np.array([1, 0, 0, 0, 1, 1, 0, 0])
    constant = figures(np.full(8, 0.375), labels)
    assert (constant.ece, constant.ece_width) == pytest.approx((0, 0))
    off = figures(np.array([0.1] * 4 + [0.9] * 4), labels)
    assert off.ece_width == pytest.approx(0.5 * 0.15 + 0.5 * 0.4)
    assert off.ece == pytest.approx(0.5 * 0.15 + 0.5 * 0.4)


def test_right_chances_have_the_error_that_chance_gives_them() -> None:
    rng = np.random.default_rng(0)
    chances = rng.beta(1, 19, 4000)
    labels = (rng.random(4000) < chances).astype(np.int64)
    by_luck = ece_by_chance(chances, seed=0)
    assert 0.003 < by_luck < 0.02
    assert figures(chances, labels).ece == pytest.approx(by_luck, abs=0.006)


def test_sessions_are_drawn_whole_and_a_system_is_no_better_than_itself() -> None:
    chances, labels = some_chances()
    sessions = np.arange(400) // 5
    drawn = draws(sessions, seed=0, n_draws=50)
    assert (drawn.reshape(50, 80, 5) == drawn.reshape(50, 80, 5)[:, :, :1]).all()
    assert (drawn.sum(axis=1) == 400).all()
    assert all(one.low == one.high == 0 for one in paired(chances, chances, labels, drawn))


def test_our_numbers_do_not_leak() -> None:
    assert leaks(shop()) == ()


def test_a_leak_of_the_own_label_is_found() -> None:
    def leaky(data: Browsing, learn: np.ndarray) -> Numbers:
        found = features(data, learn)
        counts = np.bincount(data.item, weights=data.bought, minlength=len(data.items))
        found[:, NAMES.index("share bought item")] = counts[data.item]
        return found

    told = leaks(shop(), make=leaky)
    assert len(told) == 3
    assert all("share bought item" in each for each in told)


def test_a_leak_of_what_came_after_the_order_is_found() -> None:
    def leaky(data: Browsing, learn: np.ndarray) -> Numbers:
        found = features(data, learn)
        found[:, NAMES.index("log views of session")] = np.diff(data.first)[data.session]
        return found

    told = leaks(shop(), make=leaky)
    assert any("own session's answer: log views of session" in each for each in told)


def test_the_columns_that_came_ready_made_hold_nothing_from_after_the_order() -> None:
    folder = Path(os.environ.get("DATA_SETS", "")) / "jdata-micro"
    if not os.environ.get("DATA_SETS") or not folder.is_dir():
        pytest.skip("no data: DATA_SETS names no folder with jdata-micro")
    data = read_browsing(folder)
    assert (len(data.item), int(data.bought.sum()), data.fingerprint) == (
        24399, 1223, "4f5dc2be33deb4d0",
    )  # fmt: skip
    assert set(audit(data, folder).values()) == {1.0}


@needs_torch
def test_ways_to_fill_do_what_they_say() -> None:
    pytest.importorskip("sklearn")
    from simpatico.eval.purchase_missing import FILLS

    learn = np.array([[1.0, 2], [1, 2], [4, 8], [6, 12], [np.nan, 6]])
    gap = np.array([[np.nan, 10.0], [5, np.nan]])
    assert FILLS["mean"](learn, gap)[0, 0] == 3
    assert FILLS["median"](learn, gap)[0, 0] == 2.5
    assert FILLS["mode"](learn, gap)[0, 0] == 1
    assert (FILLS["mean"](learn, gap)[0, 1], FILLS["mode"](learn, gap)[1, 0]) == (10, 5)
    many = np.random.default_rng(0).normal(size=(400, 1)) @ np.array([[1.0, 2.0]])
    many[::7, 0] = np.nan
    assert FILLS["model-imputed"](many, gap)[0, 0] == pytest.approx(5, abs=0.3)


@needs_torch
def test_numbers_are_hidden_as_often_as_is_said() -> None:
    from simpatico.eval.purchase_missing import DRIVER, HIDDEN, hide

    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(20_000, len(NAMES)))
    long = numbers[:, NAMES.index(DRIVER)] > np.median(numbers[:, NAMES.index(DRIVER)])
    for at_random in (True, False):
        gaps = np.isnan(hide(numbers, at_random=at_random, rng=rng))
        shown = [at for at, name in enumerate(NAMES) if name not in HIDDEN]
        assert not gaps[:, shown].any()
        share = gaps[:, NAMES.index(HIDDEN[0])]
        assert share.mean() == pytest.approx(0.3, abs=0.02)
        ratio = share[long].mean() / share[~long].mean()
        assert ratio == pytest.approx(1 if at_random else 5, rel=0.1)


@needs_torch
def test_dropped_rows_get_the_share_bought() -> None:
    pytest.importorskip("sklearn")
    from simpatico.eval.purchase_missing import DROP, complete, told

    data = shop()
    numbers = complete(features(data, ~data.test), 0.1)
    learn, judge = np.flatnonzero(~data.is_test), np.flatnonzero(data.is_test)
    numbers[judge[:5], 0] = np.nan
    chances = told(data, numbers, learn, judge, way=DROP, model="logistic regression", seed=0)
    assert chances[:5] == pytest.approx(data.bought[learn].mean())
    assert len(np.unique(chances[5:])) > 5


@needs_torch
def test_the_shipped_example_is_the_one_that_runs_by_itself() -> None:
    from simpatico.eval.purchase_example import BROWSED, read_session

    file = Path(__file__).parents[2] / "docs" / "examples" / "browsed.csv"
    assert read_session(file) == BROWSED
    viewed = {each.item: each.category for each in BROWSED if each.kind == "view"}
    assert sorted(viewed.values()) == ["clothes"] * 5 + ["electronics"] * 5


@needs_torch
def test_everything_runs_on_a_folder_and_the_example_says_why(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    import torch

    from simpatico.eval.purchase import best_baseline, rows_of, tables
    from simpatico.eval.purchase_example import BROWSED, judged
    from simpatico.eval.purchase_run import run_of
    from simpatico.eval.record import read, write
    from simpatico.finetune.purchase import Plan
    from simpatico.finetune.purchase_data import with_session
    from simpatico.finetune.purchase_stack import learn_parts, stacked

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    data = shop()
    parts = learn_parts(data, ~data.test, seeds=(0, 1), plan=Plan(epochs=2))
    rows = rows_of(data, parts)
    assert all(((row.told > 0) & (row.told < 1)).all() for row in rows)
    assert rows[best_baseline(data, rows)].seeds is None
    for name in ("events.csv", "items.csv", "candidates.csv"):
        (tmp_path / name).write_text(name)
    made = run_of(data, rows, tmp_path, moved=(), columns={"a": 1.0}, command="x", seed=0)
    system = made.record.systems[0]
    told = {one.metric: one.mean for one in system.figures}
    test = data.bought[data.is_test]
    assert told["ROC AUC"] == pytest.approx(figures(rows[-1].told, test).roc_auc)
    assert told["log-loss"] == pytest.approx(figures(rows[-1].told, test).log_loss)
    assert told["ECE"] == pytest.approx(figures(rows[-1].told, test).ece)
    assert made.record.checks[0].n_found == 0 and "of one of 2 seeds" in system.about[0][0]
    write(tmp_path / "run", made)
    assert read(tmp_path / "run").record == made.record
    strangers = tables(replace(data, users=np.arange(60)), rows, seed=0)
    assert [len(table.rows) for table in strangers] == [len(rows)] * 3
    table = judged(stacked(data, parts), with_session(data, BROWSED, start=1e6))
    torch.set_num_threads(threads)
    assert len(table.rows) == 10
    assert {row[0] for row in table.rows} == {each.item for each in BROWSED}
    chances = [float(row[2].rstrip("%")) for row in table.rows]
    assert chances == sorted(chances, reverse=True)
    assert all("+" in row[3] or "-" in row[3] for row in table.rows)
