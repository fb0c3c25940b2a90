import csv
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import typer
from numpy.typing import NDArray
from PIL import Image
from typer.testing import CliRunner

from simpatico.errors import DataError, ModelError, StoreError
from simpatico.finetune.own_bridge import LEAST_KEPT
from simpatico.modelstore import ModelStore
from simpatico.retrieval.bridge import Bridge
from simpatico.retrieval.encoders.efficientnet import EfficientNetLite
from simpatico.retrieval.encoders.minilm import MiniLM
from simpatico.settings import load_settings
from simpatico.ui.catalog_cli import catalog as catalogs
from simpatico.ui.eval_cli import evaluate as eval_commands
from simpatico.ui.train_cli import train as train_commands

Array = NDArray[np.uint8]


def folder_of(name: str) -> Path:
    try:
        return ModelStore(load_settings().cache).path(name)
    except ModelError as error:
        pytest.skip(f"no weights: {error}")


@pytest.mark.model
def test_the_command_trains_a_bridge_that_opens(
    tmp_path: Path,
) -> None:
    runner = CliRunner()
    texts, eyes = MiniLM(folder_of("minilm")), EfficientNetLite(folder_of("efficientnet-lite0"))
    rng = np.random.default_rng(0)
    rows = []
    for at in range(24):
        colour = ("red", "green", "blue")[at % 3]
        pixels = rng.integers(0, 60, (32, 32, 3), dtype=np.uint8)
        pixels[..., at % 3] += np.uint8(180)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        (tmp_path / f"{at}.png").write_bytes(file.getvalue())
        rows.append((f"{at}.png", f"a {colour} picture, number {at}"))
    rows.append(("missing.png", "nothing to see"))
    with (tmp_path / "pairs.csv").open("w", encoding="utf-8", newline="") as table:
        csv.writer(table).writerows([("file", "text"), *rows])
    out = tmp_path / "out" / "bridge.npz"
    arguments = ["--pairs", str(tmp_path), "--out", str(out), "--keep", str(tmp_path / "kept")]
    told = runner.invoke(train_commands, ["bridge", *arguments])
    assert told.exit_code == 0, told.output
    assert "n=24" in told.output and "R@10" in told.output
    assert "left out: missing.png" in told.output
    made = Bridge.load(out, source=eyes.name, target=texts.name)
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 200
    said = made.of_texts(texts.encode(["a red picture", "a green picture", "a blue picture"]))
    assert int((said @ made.to_text(eyes.encode([red]))[0]).argmax()) == 0
    wrong = ["bridge", "--pairs", str(tmp_path / "none"), *arguments[2:]]
    assert isinstance(runner.invoke(train_commands, wrong).exception, DataError)


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    cache = tmp_path / "cache"
    cache.mkdir()
    for name in ("minilm", "efficientnet-lite0"):
        (cache / name).symlink_to(folder_of(name))
    monkeypatch.setenv("SIMPATICO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SIMPATICO_CACHE", str(cache))
    monkeypatch.setenv("SIMPATICO_LLM__ENABLED", "false")
    return tmp_path / "home"


def done(group: typer.Typer, *words: str) -> str:
    result = CliRunner().invoke(group, list(words))
    assert result.exit_code == 0, result.output
    return result.output


def shop(folder: Path, pictures: Mapping[str, Array], titles: Mapping[str, str]) -> None:
    """A folder as `catalog import` takes it; the second word of a title is its genre."""
    (folder / "images").mkdir(parents=True)
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(folder / "images" / f"{name}.png")
    rows = (f"{name},{title},{title.split()[1]},room" for name, title in titles.items())
    lines = ["id,title,genres,keywords", *rows]
    (folder / "items.csv").write_text("\n".join(lines))


@pytest.mark.model
def test_a_folder_is_imported_looked_at_and_joined_to_words_by_its_own_bridge(
    own_home: Path, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    folder = tmp_path / "shop"
    names = [f"n{at}" for at in range(24)]
    noise = {name: rng.integers(0, 256, (32, 32, 3), dtype=np.uint8) for name in names}
    shop(folder, noise, {name: f"A thing called number {name[1:]}" for name in names})
    (folder / "images" / "n3.png").write_bytes(b"no picture")
    done(catalogs, "import", str(folder), "--name", "shop", "--kind", "thing")
    first = done(catalogs, "media", "shop")
    assert "23 of 24 pictures can be searched, 23 newly looked at" in first
    assert "efficientnet-lite0 labels" in first and "n3: wanted a JPEG" in first
    assert "a bridge fitted to the catalogue is not better and not kept. Of 23 pairs" in first
    assert not list(own_home.rglob("bridges/*.npz"))
    out = tmp_path / "own.npz"
    told = done(train_commands, "bridge", "--catalog", "shop", "--out", str(out))
    assert "n=23" in told and "by what the encoder calls them alone" in told
    assert f"catalog media shop --image-bridge {out}" in told
    again = done(catalogs, "media", "shop", "--image-bridge", str(out))
    assert "0 newly looked at; to words by efficientnet-lite0 + " in again
    assert "Of 23 pairs" not in again  # the bridge that was given is not fitted over
    (kept,) = own_home.rglob("bridges/image.npz")
    kept.write_bytes(b"of another time")
    refused = done(catalogs, "media", "shop")
    assert "bridge for pictures is not used" in refused and "Of 23 pairs" not in refused
    assert kept.read_bytes() == b"of another time"  # it may fit again, with its own encoder
    two = ["media", "shop", "--learn", "--image-bridge", str(out)]
    assert CliRunner().invoke(catalogs, two).exit_code == 2
    both = ["bridge", "--catalog", "shop", "--pairs", str(folder), "--out", str(out)]
    assert CliRunner().invoke(train_commands, both).exit_code == 2
    sounds = ["bridge", "--free", str(folder), "--kind", "audio", "--out", str(out)]
    needs = CliRunner().invoke(train_commands, sounds).exception
    assert isinstance(needs, DataError) and "catalog add music" in str(needs)
    assert (
        CliRunner().invoke(train_commands, [*sounds[:3], "--font", "x", *sounds[5:]]).exit_code == 2
    )


@pytest.mark.model
def test_a_catalogue_teaches_what_its_pictures_are_called_where_names_do_not_know(
    own_home: Path, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    across = np.add.outer(np.arange(64), np.zeros(64, int))
    kinds = {"blorp": across // 8 % 2, "zindle": (across // 8 + across.T // 8) % 2, "quag": across}
    pictures, titles = {}, {}
    for at in range(LEAST_KEPT + 2):
        word = list(kinds)[at % 3]
        colour = rng.integers(60, 256, 3)
        light = kinds[word] / kinds[word].max()
        pictures[f"n{at}"] = (light[..., None] * colour).astype(np.uint8)
        titles[f"n{at}"] = f"A {word} of room {at}"
    shop(tmp_path / "shop", pictures, titles)
    done(catalogs, "import", str(tmp_path / "shop"), "--name", "shop", "--kind", "thing")
    plain = done(catalogs, "media", "shop", "--no-learn")
    assert "a bridge fitted" not in plain
    told = done(catalogs, "media", "shop")
    assert f"is used from now on. Of {LEAST_KEPT + 2} pairs" in told
    (learnt,) = own_home.rglob("bridges/*.npz")
    again = done(catalogs, "media", "shop")
    assert "fitted to the catalogue (--learn fits it anew)" in again and "pairs" not in again
    assert "is used from now on" in done(catalogs, "media", "shop", "--learn")
    forgotten = done(catalogs, "media", "shop", "--no-learn")
    assert "to words by efficientnet-lite0 labels" in forgotten and not learnt.exists()
    assert "is used from now on" in done(catalogs, "media", "shop")
    helped = done(eval_commands, "cross-modal", "--catalog", "shop")
    assert "shop, n=3, seed 0" in helped and "P@5, words alone" in helped
    nobody = CliRunner().invoke(eval_commands, ["cross-modal", "--catalog", "nothing"])
    assert isinstance(nobody.exception, (DataError, StoreError))
