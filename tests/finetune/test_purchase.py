"""Shop sessions: what is known of an item without its answer, and a network that learns it."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simpatico.errors import DataError
from simpatico.finetune.purchase_data import Browsing, Did, read_browsing, with_session
from simpatico.finetune.purchase_features import (
    GROUPS,
    NAMES,
    SHRINK,
    behaviour,
    features,
    person_folds,
    sales,
)

Line = tuple[str, str, str, str, int, str]
"""session, user, item, event, seconds, part"""


def written(folder: Path, events: Sequence[Line], labels: dict[tuple[str, str], int]) -> Path:
    """A folder with sessions; items a.. are of brand 1 and category 1, others of their own."""
    items = sorted({line[2] for line in events})
    tables: dict[str, list[tuple[Any, ...]]] = {
        "events.csv": [
            ("session_id", "user_id", "item_id", "event", "time", "split"),
            *(
                (s, u, i, e, f"2018-03-01 10:{t // 60:02d}:{t % 60:02d}", p)
                for s, u, i, e, t, p in events
            ),
        ],
        "items.csv": [
            ("item_id", "brand", "cate", "shop", "years"),
            *((i, f"b{i[0]}", f"c{i[0]}", f"s{i}", "201703") for i in items),
        ],
        "candidates.csv": [
            ("session_id", "item_id", "split", "bought"),
            *(
                (s, i, next(line[5] for line in events if line[0] == s), label)
                for (s, i), label in labels.items()
            ),
        ],
    }
    folder.mkdir(exist_ok=True)
    for name, rows in tables.items():
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
    return folder


EVENTS: list[Line] = [
    ("1", "u", "a1", "view", 0, "train"),
    ("1", "u", "a2", "view", 10, "train"),
    ("1", "u", "a1", "view", 40, "train"),
    ("1", "u", "a1", "order", 60, "train"),
    ("1", "u", "b1", "view", 80, "train"),
    ("2", "v", "a1", "view", 100, "train"),
    ("2", "v", "b1", "view", 130, "train"),
    ("3", "u", "a2", "view", 200, "test"),
    ("3", "u", "b1", "view", 230, "test"),
]
LABELS = {("1", "a1"): 1, ("1", "a2"): 0, ("2", "a1"): 0, ("2", "b1"): 0, ("3", "a2"): 0,
          ("3", "b1"): 0}  # fmt: skip


@pytest.fixture
def small(tmp_path: Path) -> Browsing:
    return read_browsing(written(tmp_path / "small", EVENTS, LABELS))


def column(data: Browsing, name: str) -> list[float]:
    return [float(x) for x in behaviour(data)[:, NAMES.index(name)]]


def test_what_is_known_of_a_session_ends_before_its_first_order(small: Browsing) -> None:
    assert list(small.known) == [3, 7, 9]
    assert column(small, "log views of session")[:2] == pytest.approx([np.log(4)] * 2)


def test_numbers_of_a_session_are_those_worked_out_by_hand(small: Browsing) -> None:
    assert column(small, "share of views")[:2] == pytest.approx([2 / 3, 1 / 3])
    assert column(small, "log steps since")[:2] == pytest.approx([0, np.log(2)])
    assert column(small, "log seconds looked")[:2] == pytest.approx([np.log(11), np.log(31)])
    assert np.isnan(column(small, "log seconds looked")[3]), "nobody knows when they stopped"
    assert column(small, "came back")[:2] == [1, 0]
    assert column(small, "share of same cate")[:2] == pytest.approx([1 / 3, 2 / 3])
    assert column(small, "years on market")[0] == pytest.approx(1.0)


def test_a_person_is_known_by_earlier_sessions_only(small: Browsing) -> None:
    assert column(small, "log earlier sessions") == pytest.approx(
        [0, 0, 0, 0, np.log(2), np.log(2)]
    )
    assert column(small, "seen before")[4:] == [1, 1]
    assert column(small, "log earlier orders")[4] == pytest.approx(np.log(2))
    assert column(small, "ordered category before")[4:] == [1, 0]


def test_sales_are_counted_on_other_people_or_on_all_that_is_learnt_from(small: Browsing) -> None:
    found = sales(small, ~small.test, n_folds=2)
    share = found[:, list(GROUPS["how it sells"]).index("share bought item")]
    assert person_folds(small, 2, 0)[0] != person_folds(small, 2, 0)[1]
    assert share[0] == pytest.approx(0.0), "of a1 only the other person's row, not bought"
    assert share[2] == pytest.approx((1 + SHRINK / 2) / (1 + SHRINK))
    assert np.isnan(share[3]), "nobody else viewed it"
    assert share[4] == pytest.approx((0 + SHRINK / 4) / (1 + SHRINK)), "the test row has all four"


def test_nobody_is_in_two_folds(small: Browsing) -> None:
    fold = person_folds(small, 7, 3)
    assert fold[0] == fold[2]


@pytest.mark.parametrize(
    ("events", "labels", "words"),
    [
        (EVENTS, LABELS | {("1", "b1"): 0}, "not viewed before the first order"),
        (EVENTS, LABELS | {("1", "a2"): 1}, "events disagree"),
        ([*EVENTS, ("1", "w", "a1", "view", 90, "train")], LABELS, "two people"),
        ([*EVENTS, ("3", "u", "a1", "view", 300, "train")], LABELS, "two parts"),
        ([*EVENTS, ("3", "u", "a1", "stare", 300, "test")], LABELS, "'stare'"),
    ],
)
def test_sessions_that_do_not_fit_together_are_refused(
    tmp_path: Path, events: list[Line], labels: dict[tuple[str, str], int], words: str
) -> None:
    with pytest.raises(DataError, match="cannot be") as told:
        read_browsing(written(tmp_path / "bad", events, labels))
    assert any(words in problem for problem in told.value.problems)


def test_a_session_of_ones_own_is_a_stranger_s(small: Browsing) -> None:
    did = [Did("a1", "view", 0), Did("lamp", "view", 20, "ca"), Did("sofa", "view", 30, "rooms")]
    more = with_session(small, did, start=float(small.times.max()) + 60)
    numbers = features(more, np.append(~small.test, False))
    assert [more.items[i] for i in more.item[-3:]] == ["a1", "lamp", "sofa"]
    assert numbers[-1][NAMES.index("log earlier sessions")] == 0
    sells = [numbers[-k][NAMES.index("share bought cate")] for k in (3, 2, 1)]
    assert sells[0] == sells[1], "a new item of a known category sells as the category does"
    assert np.isnan(sells[2])
    assert np.array_equal(features(small, ~small.test)[-2:], numbers[-5:-3], equal_nan=True)
    with pytest.raises(DataError, match="at least two items"):
        with_session(small, did[:1], start=0)


def shop(n_sessions: int = 300, seed: int = 0) -> Browsing:
    """Two items a session, one of category 0 or 1; of category 1 and looked at twice is bought."""
    rng = np.random.default_rng(seed)
    n_items = 40
    facets = np.stack([np.arange(n_items) % 5, np.arange(n_items) % 2, np.arange(n_items) % 7], 1)
    what, kinds, times, first, known, session, item, bought = [], [], [], [0], [], [], [], []
    for s in range(n_sessions):
        one, two = rng.choice(n_items, 2, replace=False)
        seen = [one, two, one] if rng.random() < 0.5 else [one, two, two]
        for place, each in enumerate(seen):
            what.append(each)
            kinds.append(0)
            times.append(s * 100.0 + place * 10)
        known.append(len(what))
        for each in (one, two):
            session.append(s)
            item.append(each)
            yes = facets[each, 1] == 1 and seen.count(each) == 2
            bought.append(int(yes))
            if yes:
                what.append(each)
                kinds.append(1)
                times.append(s * 100.0 + 40)
        first.append(len(what))
    return Browsing(
        items=tuple(map(str, range(n_items))),
        facets=facets,
        names=tuple(tuple(map(str, range(n))) for n in (5, 2, 7)),
        months=np.full(n_items, 2017 * 12.0),
        sessions=tuple(map(str, range(n_sessions))),
        users=np.arange(n_sessions),
        test=np.arange(n_sessions) >= n_sessions * 2 // 3,
        first=np.array(first),
        known=np.array(known),
        what=np.array(what),
        kinds=np.array(kinds),
        times=np.array(times),
        session=np.array(session),
        item=np.array(item),
        bought=np.array(bought),
    )


def test_the_network_learns_what_is_bought_and_masks_what_is_missing(one_thread: None) -> None:
    from simpatico.finetune.purchase import Plan, log_loss_of, train, without

    data = shop()
    numbers = features(data, ~data.test)
    rows, test = np.flatnonzero(~data.is_test), np.flatnonzero(data.is_test)
    net = train(data, numbers, rows, Plan(batch_size=16, epochs=25, patience=8, seed=1))
    labels = data.bought[test]
    logits, weights = net.read(data, numbers, test)
    assert ((logits > 0) == labels).mean() > 0.95
    assert all(row.sum() == pytest.approx(1, abs=1e-5) and len(row) == 3 for row in weights)
    base = data.bought[rows].mean()
    constant = log_loss_of(np.full(len(test), np.log(base / (1 - base))), labels)
    assert log_loss_of(logits, labels) < constant / 3
    batch = net.batch(data, without(numbers, "the session"), test)
    hidden = [at for at, name in enumerate(NAMES) if name in GROUPS["the session"]]
    assert not batch.there[:, hidden].any()
    assert not batch.numbers[:, hidden].any()


def test_attention_never_looks_past_the_first_order(one_thread: None) -> None:
    from simpatico.finetune.purchase import Plan, train

    data = shop(120)
    numbers = features(data, ~data.test)
    net = train(data, numbers, np.flatnonzero(~data.is_test), Plan(epochs=2))
    test = np.flatnonzero(data.is_test)
    late = np.concatenate(
        [np.arange(k, f) for k, f in zip(data.known, data.first[1:], strict=True)]
    )
    what = data.what.copy()
    what[late] = 0
    assert np.array_equal(
        net.logits(data, numbers, test), net.logits(replace(data, what=what), numbers, test)
    )


def test_a_model_comes_back_from_its_folder_as_it_was(one_thread: None, tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    from simpatico.errors import ModelError
    from simpatico.finetune.purchase import Plan
    from simpatico.finetune.purchase_stack import learn_parts, load, save, stacked

    data = shop(90)
    parts = learn_parts(data, ~data.test, seeds=(0,), plan=Plan(epochs=3), n_folds=3)
    model = stacked(data, parts)
    assert load(data, tmp_path) is None
    save(model, data, tmp_path)
    again = load(data, tmp_path)
    assert again is not None
    rows = np.flatnonzero(data.is_test)
    numbers = model.numbers(data)
    assert np.allclose(model.read(data, numbers, rows).chances,
                       again.read(data, again.numbers(data), rows).chances)  # fmt: skip
    with pytest.raises(ModelError, match="other data"):
        load(replace(data, bought=1 - data.bought), tmp_path)


def test_cuts_for_tuning_leave_people_and_the_test_part_out(small: Browsing) -> None:
    pytest.importorskip("torch")
    from simpatico.finetune.purchase_tune import folds_of

    data = shop(60)
    for cut in folds_of(data, n_folds=3):
        assert not set(data.user[cut.learn]) & set(data.user[cut.judge])
        assert not data.is_test[np.concatenate([cut.learn, cut.judge])].any()


@pytest.mark.slow
def test_tuning_begins_with_the_plan_as_it_is(one_thread: None) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("optuna")
    from simpatico.finetune.purchase import Plan
    from simpatico.finetune.purchase_tune import tune

    found = tune(shop(60), n_trials=1, n_folds=2, seed=3)
    assert found.plan == Plan(seed=3) and found.loss == found.begun < 1.0
    assert (found.n_trials, found.n_pruned) == (1, 0)


@pytest.mark.slow
def test_the_command_tunes_on_a_folder(one_thread: None, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("optuna")
    from typer.testing import CliRunner

    from simpatico.ui.cli import app

    events: list[Line] = []
    labels: dict[tuple[str, str], int] = {}
    for at in range(40):
        one, two, part = f"a{at % 5}", f"b{at % 3}", "test" if at % 5 == 0 else "train"
        session, user = f"s{at}", f"u{at}"
        events += [(session, user, one, "view", 0, part), (session, user, two, "view", 9, part)]
        labels |= {(session, one): at % 2, (session, two): 0}
        if at % 2:
            events.append((session, user, one, "order", 20, part))
    folder = written(tmp_path, events, labels)
    asked = ["train", "tune", "purchase", "--data", str(folder), "--trials", "1", "--seed", "3"]
    told = CliRunner().invoke(app, asked)
    assert told.exit_code == 0, told.output
    assert "seed=3" in told.output and "0 of 1 trials given up early" in told.output
