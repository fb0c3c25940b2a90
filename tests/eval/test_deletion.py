"""What falls when reasons are taken away: by hand, and the whole way on a small catalogue."""

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from simpatico.domain import Item  # noqa: E402
from simpatico.errors import DataError  # noqa: E402
from simpatico.eval import against, record  # noqa: E402
from simpatico.eval.deletion import HIDDEN, NAMED, TOLD, Falls, Ranked, run  # noqa: E402
from simpatico.eval.report import to_html  # noqa: E402
from simpatico.finetune.dialogue_train import Plan  # noqa: E402
from simpatico.retrieval.encoders.hash import HashEncoder  # noqa: E402
from simpatico.retrieval.packs import Pack  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

N = 24
PLAN = Plan(width=8, epochs=2, batch_size=8)


@pytest.fixture(scope="module")
def pack() -> Pack:
    items = tuple(
        Item(id=f"f{at}", title=f"Film{at}", year=1990, genres=("odd" if at % 2 else "even",))
        for at in range(N)
    )
    vectors = HashEncoder().encode([item.title for item in items])
    return Pack(name="movies", items=items, vectors=vectors, encoder="hash", behaviour=None)


def dialogues(path: Path, *, n_named: int) -> Path:
    """Sixty dialogues: a seeker names films of the circle, one after another; the next is offered.

    Films that are not next to each other are never named together.
    """
    lines = []
    for at in range(60):
        named = [(at + step) % N for step in range(n_named + 1)]
        told = " and ".join(f"@{one}" for one in named[:-1])
        lines.append(
            {
                "conversationId": str(at),
                "initiatorWorkerId": 1,
                "respondentWorkerId": 2,
                "initiatorQuestions": {},
                "movieMentions": {str(one): f"Film{one} (1990)" for one in named},
                "messages": [
                    {"senderWorkerId": 1, "text": f"I loved {told}"},
                    {"senderWorkerId": 2, "text": f"Try @{named[-1]}"},
                ],
            }
        )
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_falls_are_in_logits_and_in_places() -> None:
    before = Ranked(["a", "b", "c"], np.array([3.0, 2.0, 1.0]))
    after = Ranked(["b", "c", "a"], np.array([2.5, 1.0, 0.5]))
    assert before.falls(after, ["a", "b"]).tolist() == [[2.5, -0.5], [2, -1]]


def test_what_is_taken_away_beside_the_chosen_is_another_thing() -> None:
    drawn = [
        Falls(
            *(0, "0:f1", "f1", ("a", "b", "c"), np.zeros(3), np.zeros(3)),
            {"row": np.array([0.0, 9, 1])},
            drawn,
        ).other("row")
        for drawn in (0.0, 0.49, 0.51, 0.99)
    ]
    assert drawn == [0, 0, 2, 2]


def test_what_the_reason_names_matters_more_than_another_film(pack: Pack, tmp_path: Path) -> None:
    file = dialogues(tmp_path / "train.jsonl", n_named=3)
    runs = run(file, pack, HashEncoder(), plan=PLAN, keep=tmp_path / "kept")
    figures = {
        each.name: {one.metric: one for one in each.figures}
        for made in runs.values()
        for each in made.record.systems
    }
    ours = figures[NAMED]
    assert ours["falls most"].mean == 1  # nothing else that is taken away costs more
    for metric in ("logits", "beside another, logits"):
        assert 0 < ours[metric].low <= ours[metric].mean
    # The closed form finds what the graph computes.
    assert figures[HIDDEN]["falls most"].mean == 1
    assert figures[HIDDEN]["order, Kendall's tau-b"].mean == pytest.approx(1)
    assert figures[HIDDEN]["logits"].n == runs["modalities"].record.n
    assert TOLD not in figures  # nothing here is worth a word of a modality
    cases = runs["history"].cases[NAMED]
    place = next(at for at, each in enumerate(cases.texts["taken away"]) if each)
    assert cases.texts["taken away"][place].startswith("Film")
    assert {each.n_found for each in runs["history"].record.checks[:1]} == {0}
    record.write(tmp_path / "run", runs["modalities"])
    kept_run = record.read(tmp_path / "run")
    assert {each.verdict for each in against.changes(kept_run, runs["modalities"])} == {
        "no difference"
    }
    assert "Film" in to_html(kept_run)
    (folder,) = (tmp_path / "kept").iterdir()
    kept = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    again = run(file, pack, HashEncoder(), plan=PLAN, keep=tmp_path / "kept")
    for name, each in runs.items():
        assert again[name].record.systems == each.record.systems
    assert kept == {file: file.stat().st_mtime_ns for file in folder.iterdir()}


def test_dialogues_with_nothing_to_choose_from_are_refused(pack: Pack, tmp_path: Path) -> None:
    file = dialogues(tmp_path / "train.jsonl", n_named=1)
    with pytest.raises(DataError, match="two films"):
        run(file, pack, HashEncoder(), plan=PLAN)
