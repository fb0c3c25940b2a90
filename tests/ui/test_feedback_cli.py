"""`simpatico eval feedback`: where it may write, and what it wants."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from simpatico.errors import DataError, SettingsError
from simpatico.ui.cli import app


def asked(data: Path, home: Path) -> BaseException | None:
    return (
        CliRunner()
        .invoke(app, ["eval", "feedback", "--data", str(data), "--home", str(home)])
        .exception
    )


def test_the_home_that_is_served_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, link = tmp_path / "home", tmp_path / "link"
    home.mkdir()
    link.symlink_to(home)
    monkeypatch.setenv("SIMPATICO_HOME", str(home))
    for name in (home, link, home / ".." / "home"):
        refused = asked(tmp_path, name)
        assert isinstance(refused, SettingsError) and "a folder of its own" in str(refused)
    assert not list(home.iterdir())


def test_ratings_are_stored_and_too_few_are_told(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("onnxscript")
    films = ("1,Toy Story (1995),Comedy", "2,Blade Runner (1982),Drama")
    (tmp_path / "movies.csv").write_text("\n".join(["movieId,title,genres", *films]) + "\n")
    ratings = ("1,1,4.0,964982703", "1,2,0.5,964982704")
    (tmp_path / "ratings.csv").write_text(
        "\n".join(["userId,movieId,rating,timestamp", *ratings]) + "\n"
    )
    refused = asked(tmp_path, tmp_path / "replay")
    assert isinstance(refused, DataError), refused
    assert (tmp_path / "replay" / "events.sqlite").is_file()
