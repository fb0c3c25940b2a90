"""Empty files, unknown columns, mixed encodings: every task says what was wanted, and where."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simpatico.errors import DataError
from simpatico.ui.cli import app

MIXED = "title\tname\nCafé".encode() + "\nCaf\xe9 again\n".encode("latin-1")
Asked = Callable[[Path, bytes], list[str]]
BAD = {"empty": b"", "other columns": b"what,is\tthis\n1,2\t3\n", "two encodings": MIXED}


def mood(folder: Path, bad: bytes) -> list[str]:
    (folder / "train.tsv").write_bytes(bad)
    (folder / "dev.tsv").write_bytes(bad)
    return ["mood", "--data", str(folder)]


def one_file(task: str, name: str, *more: str) -> Asked:
    """A task of one file, that is in the folder it is given."""

    def asked(folder: Path, bad: bytes) -> list[str]:
        (folder / name).write_bytes(bad)
        return [task, *(word.format(folder=folder) for word in more)]

    return asked


def redial(folder: Path, bad: bytes) -> list[str]:
    (folder / "test.jsonl").write_bytes(bad)
    (folder / "items.json").write_text('{"1": {"name": "Heat (1995)"}}')
    return ["redial", "--data", str(folder / "test.jsonl"), "--items", str(folder / "items.json"),
            "--no-baselines", "--system", "http://127.0.0.1:9/v1#m"]  # fmt: skip


def purchase(folder: Path, bad: bytes) -> list[str]:
    for name in ("events", "items", "candidates"):
        (folder / f"{name}.csv").write_bytes(bad)
    return ["purchase", "--data", str(folder)]


def fairness(folder: Path, bad: bytes) -> list[str]:
    rows = [f"{person}\t{at}\t4\t{at}" for person in range(3) for at in range(4)]
    header = "user_id:token\titem_id:token\trating:float\ttimestamp:float"
    (folder / "a.inter").write_text("\n".join([header, *rows]))
    (folder / "a.item").write_bytes(bad)
    return ["fairness", "--data", str(folder / "a.inter")]


TASKS: dict[str, Asked] = {
    "mood": mood,
    "intent": one_file("intent", "dialogues.json", "--data", "{folder}"),
    "redial": redial,
    "ranking": one_file("ranking", "a.inter", "--data", "{folder}/a.inter", "--system", "EASE"),
    "fairness": fairness,
    "purchase": purchase,
    "multimodal": one_file("multimodal", "items.csv", "--data", "{folder}"),
    "music-mood": one_file("music-mood", "annotations.csv", "--data", "{folder}"),
    "tone": one_file("tone", "t.csv", "--tags", "{folder}/t.csv"),
    "dialogues": one_file("dialogues", "train.jsonl", "--data", "{folder}/train.jsonl"),
}
_LEARNING = ("purchase", "dialogues")


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("task", TASKS)
def test_a_file_that_is_not_what_is_wanted_is_named(task: str, what: str, tmp_path: Path) -> None:
    if task in _LEARNING and find_spec("torch") is None:
        pytest.skip("needs torch, of the extra train")
    asked = TASKS[task](tmp_path, BAD[what])
    done = CliRunner().invoke(app, ["eval", *asked, "--out", str(tmp_path / "out")])
    assert done.exit_code == 1, done.output
    assert isinstance(done.exception, DataError), repr(done.exception)
    assert str(tmp_path) in str(done.exception), str(done.exception)
