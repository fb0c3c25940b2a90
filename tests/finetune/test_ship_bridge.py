"""From a folder of pairs to a bridge with its card, with an encoder that sees the mean colour."""

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from seeing import MeanColour

from simpatico.errors import DataError
from simpatico.eval.cross_free import MIXED, run_free
from simpatico.eval.cross_modal import LABELS
from simpatico.finetune.ship_bridge import read_free, told_of, train_free, write_shipped
from simpatico.retrieval.shipped import CardData, shipped_bridge, shipped_card

Array = NDArray[np.float32]
NAMES = ("red", "green", "blue")


class Eyes(MeanColour):
    """See the mean colour, and call things what they are not."""

    def named(self, rows: Array) -> Array:
        return self.texts.encode([f"thing {int(row.sum() * 1e6) % 7}" for row in rows])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """90 pictures in 30 groups, each called by its colour, and one that is no picture."""
    rng = np.random.default_rng(0)
    rows = [("no.png", "nothing", "")]
    (tmp_path / "no.png").write_bytes(b"no picture")
    for at in range(90):
        pixels = rng.integers(0, 90, (8, 8, 3), dtype=np.uint8)
        pixels[..., at % 3] += np.uint8(150)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        (tmp_path / f"{at}.png").write_bytes(file.getvalue())
        rows.append((f"{at}.png", f"{NAMES[at % 3]} {at}", f"g{at // 3}"))
    with (tmp_path / "pairs.csv").open("w", encoding="utf-8", newline="") as table:
        csv.writer(table).writerows([("file", "text", "group"), *rows])
    return tmp_path


def test_what_is_trained_opens_as_what_ships(folder: Path, tmp_path: Path) -> None:
    senses: Any = Eyes()
    free = read_free(folder, "image", senses, keep=tmp_path / "keep")
    assert len(free.pairs) == 90 and len(set(free.groups.tolist())) == 30
    assert free.problems[0].startswith("no.png: wanted a JPEG")
    made = train_free(free)
    out = tmp_path / "out" / "image.npz"
    data = (CardData(name="made here", version="1", licence="none", credit="nobody", n=90),)
    write_shipped(out, free, made, data=data, seed=0, command="none")
    card = shipped_card("image", out.parent)
    assert card is not None and card.n == 90 and card.data == data
    assert 0 <= card.figures["to text, R@1"] <= card.figures["to text, R@10"] <= 1
    bridge = shipped_bridge("image", [free.source], free.target, out.parent)
    assert bridge is not None
    shown = np.concatenate([np.eye(3, dtype=np.float32), senses.named(np.eye(3))], axis=1)
    asked = bridge.of_texts(senses.texts.encode(NAMES))
    assert (bridge.to_text(shown) @ asked.T).argmax(axis=1).tolist() == [0, 1, 2]
    assert "n=90" in told_of(made, 90, out) and "R@10" in told_of(made, 90, out)


def test_held_out_groups_are_asked_for_with_what_the_others_taught(
    folder: Path, tmp_path: Path
) -> None:
    senses: Any = Eyes()
    free = read_free(folder, "image", senses, keep=tmp_path / "keep")
    found, held = run_free(free, seed=0)
    assert held.sum() == 30 and not set(free.groups[held]) & set(free.groups[~held])
    ranks = {one.title: one.to_image for one in found}
    assert (ranks[MIXED] <= 10).mean() > 0.8  # ten of the thirty have its colour
    assert (ranks[LABELS] <= 10).mean() < 0.5


def test_a_folder_without_a_picture_is_told(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("file,text\nno.png,nothing\n")
    senses: Any = Eyes()
    with pytest.raises(DataError, match="files that can be read"):
        read_free(tmp_path, "image", senses, keep=tmp_path / "keep")
