from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from simpatico.errors import DataError
from simpatico.eval import record
from simpatico.eval.readme import BEGIN, END, fill, table_of
from simpatico.eval.record import Cases, Run
from simpatico.ui.cli import app


def run_of(folder: Path) -> Path:
    data = folder / "data"
    data.write_text("x")
    names = tuple(f"c{at}" for at in range(40))

    def cases(right: int) -> Cases:
        loss = np.where(np.arange(40) < right, 0.1, 2.0)
        values = {"accuracy": (np.arange(40) < right).astype(float), "loss": loss}
        return Cases(names, names, values, np.arange(40) >= 39)

    systems = {"ours": cases(30), "worse | pipe": cases(10), "best other": cases(20)}
    made = record.record_of(
        "need", "Needs", systems, command="x", seed=4, data=[data], protocol={}, skipped={},
        lower_is_better=["loss"],
    )  # fmt: skip
    record.write(folder / "run", Run(made, systems))
    return folder / "run"


def test_a_page_gets_the_table_between_its_marks_and_again(tmp_path: Path) -> None:
    run, page = run_of(tmp_path), tmp_path / "README.md"
    page.write_text(f"# Top\n\n{BEGIN}\nold\n{END}\n\nEnd.\n")
    for _ in range(2):
        done = CliRunner().invoke(app, ["eval", "readme", str(run), "--page", str(page)])
        assert done.exit_code == 0, done.output
    text = page.read_text()
    assert text.startswith(f"# Top\n\n{BEGIN}\n\n| what |") and text.endswith(f"{END}\n\nEnd.\n")
    assert "old" not in text and text.count("| Needs | ours | accuracy 0.750 (") == 1
    assert "| best other: 0.500 (" in text and "; failed 1 |" in text and ", 4 |" in text
    (row,) = table_of([record.read(run).record]).rows
    assert row[4] == "40"


@pytest.mark.parametrize("text", ["no marks", f"{END} {BEGIN}", f"{BEGIN}{BEGIN}{END}"])
def test_a_page_without_one_pair_of_marks_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    page = tmp_path / "README.md"
    page.write_text(text)
    with pytest.raises(DataError, match="wanted one"):
        fill(page, table_of([record.read(run_of(tmp_path)).record]))
    assert page.read_text() == text
