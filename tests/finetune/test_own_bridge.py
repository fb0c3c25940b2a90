"""A catalogue's own bridge, with an encoder that sees the mean colour."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from seeing import MeanColour

from simpatico.domain import Item, Media
from simpatico.finetune import own_bridge
from simpatico.finetune.own_bridge import LEAST_KEPT, Gain, OwnBridge, told_of, train_on_catalog
from simpatico.retrieval.bridge import unit
from simpatico.retrieval.build import build, root_of, vectors_before
from simpatico.retrieval.catalog import Catalog
from simpatico.retrieval.encoders.hash import HashEncoder

Array = NDArray[np.float32]
COLOURS = ("red", "green", "blue")
N = 120


class Eyes(MeanColour):
    """See the mean colour, and call every thing by the next one's name."""

    def named(self, rows: Array) -> Array | None:
        called = self.texts.encode([COLOURS[(at + 1) % 3] for at in rows.argmax(axis=1)])
        apart = np.random.default_rng(0).normal(size=(3, 32)).astype(np.float32)
        return unit(called + 0.1 * rows @ apart)  # no two alike, as real names are not


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for at in range(N):
        pixels = rng.integers(0, 60, (8, 8, 3), dtype=np.uint8)
        pixels[..., at % 3] += np.uint8(180)
        Image.fromarray(pixels).save(folder / f"{at}.png")
    return folder


class Told(HashEncoder):
    """An encoder of texts that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__(32)
        self.asked: list[str] = []

    def encode(self, inputs: Sequence[str]) -> Array:
        self.asked += inputs
        return super().encode(inputs)


def things(words: Sequence[str]) -> Catalog:
    items = [
        Item(id=str(at), title=f"{word} {at}", media=(Media(kind="image", uri=f"{at}.png"),))
        for at, word in enumerate(words)
    ]
    return Catalog("things", tuple(items))


def trained(pictures: Path, words: Sequence[str]) -> OwnBridge:
    return fitted(pictures, things(words), Eyes())


def fitted(pictures: Path, catalog: Catalog, senses: Any, **more: Any) -> OwnBridge:
    return train_on_catalog(catalog, "image", senses, root=pictures, keep=pictures / "kept", **more)


def test_it_is_kept_where_it_finds_what_names_call_wrongly(pictures: Path) -> None:
    made = trained(pictures, [COLOURS[at % 3] for at in range(N)])
    assert made.better and made.n == N
    assert made.gain is not None and made.gain.low > 0.05
    assert "by what the encoder calls them alone" in told_of(made, pictures / "bridge.npz")


def test_of_words_that_say_nothing_of_a_picture_hardly_ever_one_is_kept(pictures: Path) -> None:
    kept = []
    for seed in range(5):
        words = np.random.default_rng(seed).integers(0, 3, N)
        kept.append(trained(pictures, [COLOURS[at] for at in words]).better)
    assert sum(kept) <= 1


def test_of_many_items_some_are_drawn(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_bridge, "MOST", 90)
    made = trained(pictures, [COLOURS[at % 3] for at in range(N)])
    assert made.n == 90
    assert made.gain is not None and made.gain.low > 0
    assert not made.better  # so few are not worth keeping it unasked


def test_it_must_surely_find_more(pictures: Path) -> None:
    made = trained(pictures, [COLOURS[at % 3] for at in range(N)])
    assert made._replace(n=LEAST_KEPT).better
    assert not made._replace(n=LEAST_KEPT - 1).better
    assert not made._replace(gain=Gain(0.1, -0.01, 0.21)).better
    assert not made._replace(gain=None).better


def test_texts_that_the_index_has_are_not_encoded_again(pictures: Path, tmp_path: Path) -> None:
    catalog, texts, eyes = things([COLOURS[at % 3] for at in range(N)]), Told(), Eyes()
    eyes.texts = texts
    build(tmp_path, catalog, texts)
    changed = catalog.items[7].model_copy(update={"title": "red again"})
    later = Catalog("things", (*catalog.items[:7], changed, *catalog.items[8:]))
    plain = fitted(pictures, later, eyes)

    known = vectors_before(root_of(tmp_path, "things"), later.items, texts)
    assert {*known} == {item.id for item in later.items} - {"7"}
    texts.asked.clear()
    made = fitted(pictures, later, eyes, known=known)
    assert [one for one in texts.asked if one not in COLOURS] == ["red again"]
    np.testing.assert_array_equal(made.trained.to_text, plain.trained.to_text)
    np.testing.assert_array_equal(made.trained.from_text, plain.trained.from_text)
    assert vectors_before(root_of(tmp_path, "things"), later.items, HashEncoder(16)) == {}
