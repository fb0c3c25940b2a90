"""`simpatico ranker list|use|rollback`, and what `train ranker` wants."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from simpatico.errors import DataError, ModelError
from simpatico.retrieval.certainty import Certainty
from simpatico.retrieval.fusion import read_card, shipped_ranker, write_card
from simpatico.retrieval.versions import Versions
from simpatico.ui.cli import app
from simpatico.ui.doctor import examine_ranker

NAME = "20261122T184703Z"


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMPATICO_HOME", str(tmp_path))


def run(*words: str, exit_code: int = 0) -> Result:
    done = CliRunner().invoke(app, list(words))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == exit_code, done.output
    return done


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    """One version beside the shipped one, with a figure and a calibration."""
    found = Versions(tmp_path, "movies")
    folder = shipped_ranker("movies")
    assert folder is not None
    with found.making() as making:
        shutil.copytree(folder, making)
        card = read_card(making).model_copy(
            update={"data": "620 choices", "measured": (("gate", "+0.0100"),)}
        )
        write_card(making, card)
        found.add(making, datetime(2026, 11, 22, 18, 47, 3, tzinfo=UTC))
    found.calibrate(NAME, Certainty(slope=2.0, n_shown=900))
    return found


def listed() -> list[list[str]]:
    return [line.split("\t") for line in run("ranker", "list").stdout.splitlines()]


def test_versions_are_listed_used_and_rolled_back(versions: Versions) -> None:
    shipped, made = listed()
    assert shipped[:2] == ["shipped", "served"] and "ReDial" in shipped[2]
    calibrated = "calibrated on 900 items shown"
    assert made == [NAME, "", "620 choices", "gate: +0.0100", calibrated]
    assert run("ranker", "use", NAME).stdout == f"{NAME}\tserved from the next start on\n"
    assert [row[1] for row in listed()] == ["was served", "served"]
    assert run("ranker", "rollback").stdout.startswith("shipped\t")
    assert [row[1] for row in listed()] == ["served", ""]
    with pytest.raises(ModelError, match="nothing was served before"):
        run("ranker", "rollback")


def test_a_damaged_version_is_listed_as_such_and_found_by_the_doctor(
    versions: Versions, tmp_path: Path
) -> None:
    assert (finding := examine_ranker(versions)) and finding.well and "shipped" in finding.word
    versions.use(NAME)
    assert (finding := examine_ranker(versions)) and finding.well and NAME in finding.word
    (tmp_path / "rankers" / "movies" / NAME / "card.json").write_text("{")
    assert "cannot be used" in listed()[1][2]
    assert (finding := examine_ranker(versions)) and not finding.well
    assert "simpatico ranker rollback" in finding.word


def test_a_catalogue_that_nobody_has_is_refused() -> None:
    with pytest.raises(DataError, match="nowhere"):
        run("ranker", "list", "--catalog", "nowhere")


def test_training_wants_events_or_dialogues_with_a_place(tmp_path: Path) -> None:
    for words in ((), ("--dialogues", "x"), ("--from-events", "--out", "y"),
                  ("--from-events", "--held", "1.5")):  # fmt: skip
        run("train", "ranker", *words, exit_code=2)
