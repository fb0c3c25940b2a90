"""Readers as systems of a run: what is kept, what a server's failures cost, what is refused."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from simpatico.domain import MOODS, NEEDS
from simpatico.errors import DataError, LLMUnavailable, SettingsError
from simpatico.eval import against, compare_rows, need_lines, record
from simpatico.eval.asked_labels import labels_in
from simpatico.ui.cli import app

WORDS = ("good", "bad", "odd")


def goemotions_in(folder: Path) -> Path:
    lines = [f"{WORDS[i % 3]} {i % 7} times\t{i % 3}\trow{i}" for i in range(180)]
    for name in ("train", "dev"):
        (folder / f"{name}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def invoke(*words: str) -> Any:
    return CliRunner().invoke(app, ["eval", *words])


def test_a_run_of_moods_has_figures_cases_checks_and_a_page(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    out = tmp_path / "run"
    done = invoke(
        "mood", "--data", str(goemotions_in(tmp_path)), "--n", "120", "--system", "nb, svm",
        "--seed", "1", "--out", str(out),
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "naive Bayes" in done.stdout and "linear SVM" in done.stdout
    found = record.read(out)
    assert found.record.n == 120 and found.record.seed == 1
    assert {name for name, _ in found.record.data} == {"train.tsv", "dev.tsv"}
    system = found.record.systems[0]
    told = {one.metric: one for one in system.figures}
    assert told["macro-F1"].mean > 0.1  # three of 28 labels occur
    assert told[f"F1: {MOODS[0]}"].mean == 1.0
    assert told["ms, median"].n == 60
    assert [each.n_found for each in found.record.checks] == [120, 120, 0]  # dev is train here
    assert found.cases[system.name].texts["true"][0] in MOODS[:3]
    assert (out / "report.html").is_file()
    assert {each.verdict for each in against.changes(found, found)} == {"no difference"}


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (["--system", "xgb"], "no row xgb"),
        (["--system", "lora"], "needs an adapter"),
        (["--system", "nb"], "cannot be read"),
        (["--system", "nb", "--out", "table.md"], "wanted a folder"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path: Path, extra: list[str], said: str) -> None:
    done = invoke("mood", "--data", str(tmp_path), *extra)
    assert isinstance(done.exception, DataError)
    assert said in str(done.exception)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (b"", "is empty"),
        (b"text\tjoy\tid\n", ":1: wanted text, label ids, row id"),
        (b"a,b,c\n", ":1: wanted text"),
        ("caf\u00e9\t1\tid\n".encode("latin-1"), "wanted UTF-8"),
        (b"one\t1\ta\ntwo\t2\tb\n", "at least 5 turns"),
    ],
)
def test_data_of_another_kind_are_refused(tmp_path: Path, written: bytes, said: str) -> None:
    goemotions_in(tmp_path)
    (tmp_path / "dev.tsv").write_bytes(written)
    done = invoke("mood", "--data", str(tmp_path), "--system", "nb")
    assert isinstance(done.exception, DataError)
    assert said in str(done.exception)


def test_without_scikit_learn_the_command_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sklearn", None)
    done = invoke("mood", "--data", str(goemotions_in(tmp_path)), "--system", "nb")
    assert isinstance(done.exception, SettingsError)
    assert "scikit-learn" in str(done.exception)
    assert compare_rows.TITLES.keys() == set(compare_rows.NAMES)


NEED_OF = {line: need for line, need in need_lines.LINES}


def test_a_server_is_judged_and_its_failures_count(
    serve: Callable[..., Any], tmp_path: Path
) -> None:
    def say(messages: list[dict[str, str]]) -> str | int:
        line = re.sub(r"^Person: ", "", messages[-1]["content"])
        need = next(need for known, need in NEED_OF.items() if known.startswith(line[:40]))
        if need == "laugh":
            return 400
        if need == "think":
            return "I would say: a film"
        return f"Sure. {json.dumps({'label': need.replace('_', ' ').title()})}"

    server = serve(say)
    asked = ["need", "--system", server.url, "--n", "60", "--out", str(tmp_path / "run")]
    done = invoke(*asked)
    assert done.exit_code == 0, done.output
    found = record.read(tmp_path / "run")
    (system,) = found.record.systems
    assert system.name.startswith("fake at 127.0.0.1")
    (cases,) = found.cases.values()
    true = np.array(cases.texts["true"])
    lost = np.isin(true, ["laugh", "think"])
    assert 0 < lost.sum() == system.n_failed
    assert (cases.failed == lost).all() and (cases.values["accuracy"] == ~lost).all()
    told = {one.metric: one for one in system.figures}
    assert (told["accuracy"].n, told["F1: laugh"].mean) == (60, 0)
    assert "ECE" not in told and "log-loss" not in told  # it does not say how sure it is
    assert told["ms, median"].mean > 0
    assert all("last message" in each[0]["content"] for each in server.asked)
    n_asked = len(server.asked)
    assert n_asked == 60
    assert invoke(*asked).exit_code == 0
    assert len(server.asked) == n_asked  # what was answered is kept


def test_a_dead_server_is_told_before_anything_is_done(tmp_path: Path) -> None:
    done = invoke("need", "--system", "http://127.0.0.1:9/v1", "--out", str(tmp_path / "run"))
    assert isinstance(done.exception, LLMUnavailable)
    assert "127.0.0.1:9" in str(done.exception)
    assert not (tmp_path / "run" / record.RUN).exists()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"label": "cheer_up"}', ["cheer_up"]),
        ('```json\n{"labels": ["Cheer up", "LAUGH"]}\n```', ["cheer_up", "laugh"]),
        ('["laugh"]', ["laugh"]),
        ('{"label": "joy"}', []),
        ('{"labels": ["laugh", "joy"]}', []),
        ('{"labels": [1]}', []),
        ("laugh", []),
        ('{"other": 1}', []),
    ],
)
def test_labels_are_read_from_json_alone(text: str, found: list[str]) -> None:
    assert labels_in(text, NEEDS) == found
