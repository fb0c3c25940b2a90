"""`simpatico train ranker`: killed, it goes on, with the tower that was asked for."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from simpatico.errors import DataError, ModelError, SettingsError  # noqa: E402
from simpatico.finetune import dialogue_train, film_ranker  # noqa: E402
from simpatico.modelstore import ModelStore  # noqa: E402
from simpatico.retrieval.fusion import FusionModel, read_card  # noqa: E402
from simpatico.retrieval.packs import Pack, load_pack  # noqa: E402
from simpatico.settings import load_settings  # noqa: E402
from simpatico.ui import ranker_train  # noqa: E402
from simpatico.ui.cli import app  # noqa: E402

pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.slow]

N_FILMS = 60


def run(*words: str) -> Result:
    done = CliRunner().invoke(app, ["train", "ranker", *words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Pack:
    """The best known of the films, in the place of all."""
    try:
        ModelStore(load_settings().cache).path("minilm")
    except ModelError as error:
        pytest.skip(f"needs the encoder's weights: {error}")
    pack = load_pack("movies")
    cut = replace(pack, items=pack.items[:N_FILMS], vectors=pack.vectors[:N_FILMS])
    monkeypatch.setattr(ranker_train, "load_pack", {"movies": cut}.__getitem__)
    return cut


def written(path: Path, films: Pack) -> Path:
    """Dialogues in which one film is loved and the next one offered."""
    rows = []
    for at in range(40):
        one, two = (films.items[(at + step) % N_FILMS].label for step in (0, 1))
        rows.append(
            {
                "conversationId": str(at),
                "initiatorWorkerId": 1,
                "respondentWorkerId": 2,
                "initiatorQuestions": {"1": {"liked": 1}},
                "movieMentions": {"1": one, "2": two},
                "messages": [
                    {"senderWorkerId": 1, "text": "I loved @1"},
                    {"senderWorkerId": 2, "text": "Then watch @2"},
                ],
            }
        )  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_killed_it_goes_on_and_leaves_a_ranker_alone(
    few: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialogues = written(tmp_path / "train.jsonl", few)
    out = tmp_path / "ranker"
    asked = ("--dialogues", str(dialogues), "--out", str(out), "--tower", "mlp")
    train = dialogue_train.train_dialogues
    begun: list[float] = []

    def heard(*given: Any, until: float = 1, **options: Any) -> Any:
        def tell(what: str, done: int, total: int) -> None:
            begun.append(done / total)
            if done > until * total:
                raise KeyboardInterrupt

        return train(*given, **options | {"progress": tell})

    with monkeypatch.context() as patch:
        patch.setattr(film_ranker, "train_dialogues", partial(heard, until=0.6))
        assert run(*asked).exit_code == 130
    assert [file.name for file in (out / "checkpoints").iterdir()] == ["mlp.pt"]
    (out / "checkpoints" / ".mlp.pt.1").write_bytes(b"half a file")
    with pytest.raises(DataError, match="of another training"):
        run(*asked, "--seed", "1")
    begun.clear()
    monkeypatch.setattr(film_ranker, "train_dialogues", heard)
    assert run(*asked).stdout == f"films\t1\t{out}\n"
    assert begun[0] > 0.5 and begun[-1] == 1
    assert sorted(file.name for file in out.iterdir()) == [
        "card.json", "items.onnx", "person.onnx", "tables.npz", "terms.onnx",
    ]  # fmt: skip
    assert read_card(out).tower == "mlp" and FusionModel(out).place(few.items[0].id) >= 0


def test_what_cannot_be_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    done = run("--from-events", "--tower", "lstm")
    told = " ".join(done.stderr.replace("│", " ").split())
    assert done.exit_code == 2 and "the tower of the shipped ranker" in told
    assert run("--from-events", "--device", "tpu").exit_code == 2
    if not torch.cuda.is_available():
        places = ("--dialogues", str(tmp_path / "none"), "--out", str(tmp_path / "out"))
        for words in (places, ("--from-events",)):
            with pytest.raises(SettingsError, match="torch sees none"):
                run(*words, "--device", "cuda")
