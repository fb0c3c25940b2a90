"""`simpatico model list|add|use` on adapters of random numbers."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from typer.testing import CliRunner, Result

from simpatico import adapters
from simpatico.adapters import Card, write_card
from simpatico.calibration import FILE, Calibration, write_calibration
from simpatico.errors import ModelError
from simpatico.lorafile import sha256_of
from simpatico.settings import load_settings
from simpatico.ui.cli import app


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMPATICO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SIMPATICO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(adapters, "shipped_folders", lambda: ())


def make(folder: Path, version: str, base: str = "smollm2-135m-instruct") -> Path:
    folder.mkdir()
    name = "base_model.model.model.layers.29.mlp.up_proj.lora"
    made = {f"{name}_A.weight": np.ones((2, 4)), f"{name}_B.weight": np.ones((3, 2))}
    save_file(made, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(
        json.dumps({"peft_type": "LORA", "base_model_name_or_path": base, "r": 2, "lora_alpha": 4})
    )
    card = Card(
        name="mine",
        version=version,
        task="reader",
        base=base,
        rank=2,
        sha256=sha256_of(folder / "adapter_model.safetensors"),
        data=("own",),
        licence="CC0-1.0",
        seed=0,
        steps=1,
        command="",
        figures=(("macro F1", 0.512),),
    )
    write_card(folder, card)
    write_calibration(folder / FILE, Calibration())
    return folder


def run(*words: str) -> Result:
    done = CliRunner().invoke(app, ["model", *words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def adapter_lines() -> list[list[str]]:
    lines = [line.split("\t") for line in run("list").stdout.splitlines()]
    assert [line[3] for line in lines if line[0] == "minilm"] == ["not fetched"]
    return [line for line in lines if line[0] == "mine" or "?" in line]


def test_an_adapter_is_added_listed_and_used(tmp_path: Path) -> None:
    assert adapter_lines() == []
    for version in ("1", "2"):
        run("add", str(make(tmp_path / version, version)))
    assert run("use", "mine@1").stdout == "reader\tmine@1\n"
    words = "reader on smollm2-135m-instruct, rank 2"
    assert adapter_lines() == [
        ["mine", "1", "CC0-1.0", f"{words}, in use", "macro F1 0.512"],
        ["mine", "2", "CC0-1.0", words, "macro F1 0.512"],
    ]
    assert run("use", "mine").stdout == "reader\tmine@2\n"


def test_an_adapter_for_another_base_is_chosen_with_a_word_about_it(tmp_path: Path) -> None:
    run("add", str(make(tmp_path / "a", "1", base="owner/large")))
    done = run("use", "mine")
    assert "it is for the base owner/large" in done.stderr
    assert "in use" not in adapter_lines()[0][3]


def test_a_damaged_adapter_is_listed_as_that(tmp_path: Path) -> None:
    run("add", str(make(tmp_path / "a", "1")))
    run("use", "mine")
    placed = load_settings().home / "adapters" / "mine" / "1"
    (placed / "adapter_model.safetensors").write_bytes(b"torn")
    (line,) = adapter_lines()
    assert line[3].startswith("cannot be used: ") and "damaged or another file" in line[3]


def test_what_cannot_be_added_or_used(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no folder"):
        run("add", str(tmp_path / "none"))
    with pytest.raises(ModelError, match="no adapter is called 'mine'; there: none"):
        run("use", "mine")
