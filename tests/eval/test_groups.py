"""Gaps between groups of people: means by hand, chance by shuffling."""

import numpy as np
import pytest

from simpatico.eval.groups import gap, gaps, table_of
from simpatico.eval.record import Cases

N = 60


def test_a_gap_has_each_group_s_mean_and_what_it_is_less_the_others() -> None:
    values = np.array([1.0, 0.0, 0.5, np.nan, 9.0])
    found = gap("ours", "hit", "age", values, list("abcde"), ["old", "old", "young", "young", ""])
    assert found is not None
    old, young = found.groups
    assert (old.name, old.n, old.mean.mean, old.less_others.mean) == ("old", 2, 0.5, 0.0)
    assert (young.name, young.n, young.mean.mean) == ("young", 1, 0.5)
    assert found.spread == 0.0 and found.p == 1.0


def test_a_unit_counts_with_all_its_cases() -> None:
    values = np.array([1.0, 1.0, 1.0, 0.0, 0.5])
    found = gap("ours", "hit", "g", values, ["a", "a", "a", "b", "c"], ["x"] * 4 + ["y"])
    assert found is not None
    assert (found.groups[0].mean.mean, found.groups[0].n_units) == (0.75, 2)
    assert found.spread == 0.25


def test_a_true_gap_is_told_from_chance() -> None:
    rng = np.random.default_rng(1)
    side = ["left", "right"] * (N // 2)
    units = [str(at) for at in range(N)]
    same = rng.random(N)
    told = gap("ours", "hit", "side", same + np.array([0.0, 0.6] * (N // 2)), units, side)
    none = gap("ours", "hit", "side", same, units, side)
    assert told is not None and none is not None
    assert told.p < 0.01 and told.groups[1].less_others.low > 0
    assert none.p > 0.05 and none.groups[1].less_others.low < 0 < none.groups[1].less_others.high
    assert told.by_chance < told.spread


def test_one_group_has_no_gap_and_a_unit_in_two_is_refused() -> None:
    assert gap("ours", "hit", "g", np.ones(2), ["a", "b"], ["x", ""]) is None
    with pytest.raises(ValueError, match="one group by g"):
        gap("ours", "hit", "g", np.ones(2), ["a", "a"], ["x", "y"])


def test_gaps_are_of_every_system_and_metric_that_names_groups() -> None:
    cases = Cases(
        ("1", "2"), ("1", "2"), {"hit": np.array([1.0, 0.0])}, np.zeros(2, bool),
        {"mood": ("sad", "glad")},
    )  # fmt: skip
    found = gaps({"ours": cases, "theirs": cases}, ["hit", "none"], ["mood", "age"])
    assert [(one.system, one.metric, one.by) for one in found] == [
        ("ours", "hit", "mood"),
        ("theirs", "hit", "mood"),
    ]
    rows = table_of(found, "Groups").rows
    assert [row[2] for row in rows] == ["mood: glad", "mood: sad"] * 2
    assert rows[0][4].startswith("0.0000") and rows[0][-1].startswith("1.0000")
