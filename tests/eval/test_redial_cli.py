"""The two commands say what they want."""

from pathlib import Path

from typer.testing import CliRunner

from simpatico.ui.cli import app


def test_outside_data_are_either_used_or_not(tmp_path: Path) -> None:
    asked = ["train", "redial", "--data", str(tmp_path), "--out", str(tmp_path / "m")]
    found = CliRunner().invoke(app, [*asked, "--no-outside", "--tags", str(tmp_path / "t.csv")])
    assert found.exit_code == 2 and "no-outside" in found.output


def test_evaluation_needs_data_films_a_model_and_a_folder() -> None:
    found = CliRunner().invoke(app, ["eval", "redial"])
    assert found.exit_code == 2 and "--data" in found.output
