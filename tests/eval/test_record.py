import json
from pathlib import Path

import numpy as np
import pytest

from simpatico.errors import DataError
from simpatico.eval import against, ran, record
from simpatico.eval.record import Cases, Check, Run

N = 40


def cases_of(hits: np.ndarray, *, asked: str = "who?") -> Cases:
    n = len(hits)
    liked = np.where(np.arange(n) % 4 == 0, np.nan, hits)
    return Cases(
        tuple(f"c{at:03}" for at in range(n)),
        tuple(f"d{at // 4}" for at in range(n)),
        {"R@10": hits.astype(float), "RT@10": liked},
        np.arange(n) == 3,
        {"asked": tuple(asked for _ in range(n))},
    )


def run_of(folder: Path, hits: dict[str, np.ndarray], **changed: object) -> Run:
    data = folder / "data.jsonl"
    data.write_text("{}\n")
    cases = {name: cases_of(each) for name, each in hits.items()}
    given: dict[str, object] = {
        "command": "simpatico eval redial",
        "seed": 7,
        "data": [data],
        "protocol": {"targets": "fresh"},
        "skipped": {"without a target": 2},
        "checks": [Check(what="target in the input", n_found=0, n=N)],
    }
    made = record.record_of("redial", "ReDial", cases, **{**given, **changed})  # type: ignore[arg-type]
    return Run(made, cases)


def test_a_mean_over_units_is_of_cases_and_wider_where_cases_of_a_unit_agree() -> None:
    values = np.repeat([0.0, 1.0], 20)
    whole = record.grouped(values, ["a"] * 20 + ["b"] * 20)
    apart = record.grouped(values, [str(at) for at in range(N)])
    assert whole.mean == apart.mean == 0.5
    assert (whole.low, whole.high) == (0.0, 1.0)
    assert 0.3 < apart.low < 0.4 < 0.6 < apart.high < 0.7


def test_units_of_unequal_size_weigh_by_their_cases() -> None:
    found = record.grouped(np.array([1.0, 1.0, 1.0, 0.0]), ["a", "a", "a", "b"])
    assert found.mean == 0.75


def test_what_is_not_defined_does_not_count() -> None:
    found = record.grouped(np.array([np.nan, 1.0, 0.0]), ["a", "b", "c"])
    assert found.mean == 0.5
    with pytest.raises(ValueError, match="all are nan"):
        record.grouped(np.array([np.nan]), ["a"])


def test_a_run_comes_back_as_it_was(tmp_path: Path) -> None:
    hits = {"ours": np.arange(N) % 2 == 0, "popularity": np.arange(N) % 5 == 0}
    before = run_of(tmp_path, hits)
    record.write(tmp_path / "run", before)
    after = record.read(tmp_path / "run")
    assert after.record == before.record
    for name, cases in before.cases.items():
        back = after.cases[name]
        assert (back.case, back.unit, back.texts) == (cases.case, cases.unit, cases.texts)
        np.testing.assert_array_equal(back.failed, cases.failed)
        for metric, values in cases.values.items():
            np.testing.assert_array_equal(back.values[metric], values)


def test_a_figure_counts_the_failed_and_tells_its_n(tmp_path: Path) -> None:
    made = run_of(tmp_path, {"ours": np.arange(N) % 2 == 0}).record
    figures = {one.metric: one for one in made.systems[0].figures}
    assert (figures["R@10"].n, figures["R@10"].mean) == (N, 0.5)
    assert figures["RT@10"].n == 30
    assert made.systems[0].n_failed == 1
    assert made.data == (("data.jsonl", ran.sha256(tmp_path / "data.jsonl")),)
    assert made.commit


def test_systems_must_have_been_asked_the_same(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the same cases"):
        run_of(tmp_path, {"ours": np.ones(N), "theirs": np.ones(N - 1)})


def test_a_broken_run_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no whole run"):
        record.read(tmp_path)
    record.write(tmp_path / "run", run_of(tmp_path, {"ours": np.ones(N)}))
    (tmp_path / "run" / record.CASES).write_bytes(b"PAR1")
    with pytest.raises(DataError, match="no whole run"):
        record.read(tmp_path / "run")


def test_a_record_with_unknown_fields_is_refused(tmp_path: Path) -> None:
    record.write(tmp_path / "run", run_of(tmp_path, {"ours": np.ones(N)}))
    told = json.loads((tmp_path / "run" / record.RUN).read_text())
    (tmp_path / "run" / record.RUN).write_text(json.dumps({**told, "version": 2}))
    with pytest.raises(DataError, match="version"):
        record.read(tmp_path / "run")


def test_a_clear_rise_is_better_and_no_change_is_no_difference(tmp_path: Path) -> None:
    odd = np.arange(N) % 2 == 0
    before = run_of(tmp_path, {"ours": np.zeros(N), "popularity": odd})
    after = run_of(tmp_path, {"ours": np.ones(N), "popularity": odd})
    found = {(one.system, one.metric): one for one in against.changes(before, after)}
    assert found["ours", "R@10"].verdict == "better"
    assert found["ours", "R@10"].difference.mean == 1
    assert found["popularity", "R@10"].verdict == "no difference"
    assert found["popularity", "RT@10"].n == 30
    back = {(one.system, one.metric): one for one in against.changes(after, before)}
    assert back["ours", "R@10"].verdict == "worse"


def test_where_lower_is_better_a_rise_is_worse(tmp_path: Path) -> None:
    before = run_of(tmp_path, {"ours": np.zeros(N)}, lower_is_better=["R@10"])
    after = run_of(tmp_path, {"ours": np.ones(N)}, lower_is_better=["R@10"])
    assert against.changes(before, after)[0].verdict == "worse"


def test_runs_that_are_not_alike_are_not_compared(tmp_path: Path) -> None:
    one = run_of(tmp_path, {"ours": np.ones(N)})
    with pytest.raises(DataError, match="protocol: targets"):
        against.changes(one, run_of(tmp_path, {"ours": np.ones(N)}, protocol={"targets": "all"}))
    other = tmp_path / "other"
    other.mkdir()
    (other / "data.jsonl").write_text("other")
    with pytest.raises(DataError, match="different data: data.jsonl"):
        against.changes(one, run_of(tmp_path, {"ours": np.ones(N)}, data=[other / "data.jsonl"]))
    with pytest.raises(DataError, match="no system and case in common"):
        against.changes(one, run_of(tmp_path, {"theirs": np.ones(N)}))


def test_the_cases_that_turned_are_told_worst_first(tmp_path: Path) -> None:
    hits = np.zeros(N)
    hits[1] = 1
    now = np.zeros(N)
    now[6] = 1
    before, after = run_of(tmp_path, {"ours": hits}), run_of(tmp_path, {"ours": now})
    told = against.turned(before, after, "R@10")
    assert [(one.case, one.after - one.before) for one in told] == [("c001", -1.0), ("c006", 1.0)]
    notes = " ".join(against.table_of(before, after).notes)
    assert "case c001: 1.000 to 0.000" in notes
