"""Everything that the data at hand allow: what is left out says why, what has run is kept."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from simpatico.errors import DataError
from simpatico.eval import record
from simpatico.ui.cli import app
from simpatico.ui.eval_all import SUMMARY, steps_in
from simpatico.ui.eval_cli import evaluate


def ranked(folder: Path) -> Path:
    """A folder with interactions alone."""
    rows = [f"{person}\t{(person + at) % 9}\t4\t{at}" for person in range(12) for at in range(5)]
    (folder / "ml-100k").mkdir()
    header = "user_id:token\titem_id:token\trating:float\ttimestamp:float"
    file = folder / "ml-100k" / "ml-100k.inter"
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return folder


def test_what_lacks_its_data_is_left_out_and_says_so(tmp_path: Path) -> None:
    lacks = {each.name: each.without for each in steps_in(ranked(tmp_path))}
    assert lacks["need"] == lacks["ranking"] == ""
    assert "train.tsv" in lacks["mood"] and "dialogues.json" in lacks["intent"]
    assert "test.jsonl" in lacks["redial"] and "events.csv" in lacks["purchase"]
    assert "train.jsonl" in lacks["deletion"] and "train.jsonl" in lacks["dialogues"]
    assert "movies_w_keywords.csv" in lacks["tone"] and "emotify" in lacks["music-mood"]
    assert lacks["offpolicy"] == ""


def test_every_step_is_a_command_with_these_options(tmp_path: Path) -> None:
    commands: dict[str, Any] = vars(typer.main.get_command(evaluate))["commands"]
    for step in steps_in(tmp_path, n=7, model=tmp_path):
        name, *words = step.words
        known = {each for one in commands[name].params for each in (*one.opts, *one.secondary_opts)}
        assert {word for word in words if word.startswith("--")} | {"--out"} <= known, step.name


@pytest.mark.slow
def test_tasks_run_by_themselves_and_not_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simpatico.ui.eval_all.find_spec", lambda name: None)
    out = tmp_path / "runs"
    asked = ["eval", "all", "--data", str(ranked(tmp_path)), "--out", str(out)]
    asked += ["--only", "mood,ranking,purchase", "--workers", "2"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    states = {each["name"]: each["state"] for each in json.loads((out / SUMMARY).read_text())}
    assert states == {"mood": "left out", "ranking": "run", "purchase": "left out"}
    assert record.read(out / "ranking").record.n == 12
    assert "mood\tleft out\twithout" in done.stdout
    made = (out / "ranking" / record.RUN).stat().st_mtime_ns
    again = CliRunner().invoke(app, asked)
    assert "ranking\tkept" in again.stdout
    assert (out / "ranking" / record.RUN).stat().st_mtime_ns == made


@pytest.mark.slow
def test_a_task_that_fails_is_told_with_its_reason(tmp_path: Path) -> None:
    folder = ranked(tmp_path)
    (folder / "ml-100k" / "ml-100k.inter").write_text("what\tis\tthis\n1\t2\t3\n")
    asked = ["eval", "all", "--data", str(folder), "--out", str(tmp_path / "runs")]
    done = CliRunner().invoke(app, [*asked, "--only", "ranking"])
    assert done.exit_code == 1
    assert "ranking\tfailed\t" in done.stdout and "wanted" in done.stdout


def test_an_unknown_task_or_folder_is_refused(tmp_path: Path) -> None:
    asked = ["eval", "all", "--out", str(tmp_path / "runs"), "--data"]
    none = CliRunner().invoke(app, [*asked, str(tmp_path / "none")]).exception
    assert isinstance(none, DataError) and "wanted a folder" in str(none)
    wrong = CliRunner().invoke(app, [*asked, str(tmp_path), "--only", "moods"]).exception
    assert isinstance(wrong, DataError) and "the tasks are mood, intent" in str(wrong)
