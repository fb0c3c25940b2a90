import hashlib
import io
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from simpatico.domain import Item, Media
from simpatico.errors import DataError, ModelError, StoreError
from simpatico.modelstore import ModelStore
from simpatico.retrieval.encoders import image_encoder
from simpatico.retrieval.encoders.hash import HashEncoder
from simpatico.retrieval.media import decode_image
from simpatico.retrieval.media_vectors import BATCH, MediaVectors, media_vectors
from simpatico.settings import load_settings

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


class MeanColour:
    """Pictures to the direction of their mean colour; counts, and may give up after some."""

    dim = 3

    def __init__(self, *, name: str = "mean-colour", after: int | None = None) -> None:
        self.name = name
        self.n_seen = 0
        self.sizes: list[int] = []
        self._after = after

    def encode(self, inputs: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        if self._after is not None and self.n_seen >= self._after:
            raise ModelError("gave up")
        self.n_seen += len(inputs)
        self.sizes.append(len(inputs))
        rows = np.array([each.mean(axis=(0, 1)) for each in inputs], dtype=np.float32)
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        norms[norms == 0] = np.nan
        return np.asarray(rows / norms, dtype=np.float32)


def picture(colour: tuple[int, int, int], *, side: int = 4) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(file, "PNG")
    return file.getvalue()


def item(name: str, *uris: str, sha256: str = "") -> Item:
    media = tuple(Media(kind="image", uri=uri, sha256=sha256) for uri in uris)
    return Item(id=name, title=name, media=media)


def made(items: Sequence[Item], root: Path, encoder: MeanColour | None = None) -> MediaVectors:
    return media_vectors(
        *(items, "image", encoder or MeanColour(), decode_image),
        root=root,
        keep=root.parent / "kept",
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "media"
    folder.mkdir()
    for name, colour in (("red", RED), ("green", GREEN), ("blue", BLUE)):
        (folder / f"{name}.png").write_bytes(picture(colour))
    (folder / "red-again.png").write_bytes(picture(RED))
    (folder / "broken.png").write_bytes(picture(RED)[:40])
    return folder


def test_each_item_has_the_vector_of_its_picture(root: Path) -> None:
    found = made([item("b", "blue.png"), item("none"), item("r", "red.png")], root)
    np.testing.assert_allclose(found.vectors[[0, 2]], [[0, 0, 1], [1, 0, 0]])
    assert np.isnan(found.vectors[1]).all()
    assert found.problems == () and found.n_made == 2


def test_the_same_bytes_are_encoded_once(root: Path) -> None:
    encoder = MeanColour()
    items = [item("1", "red.png"), item("2", "red-again.png"), item("3", "red.png")]
    found = made(items, root, encoder)
    assert encoder.n_seen == found.n_made == 1
    np.testing.assert_allclose(found.vectors, [[1, 0, 0]] * 3)


def test_a_broken_or_missing_picture_is_told_and_takes_nothing_else_along(root: Path) -> None:
    items = [
        item("1", "broken.png"),
        item("2", "missing.png"),
        item("3", "../kept/secret.png"),
        item("4", "green.png"),
        item("5", "broken.png"),
    ]
    found = made(items, root)
    assert [problem.item_id for problem in found.problems] == ["1", "2", "3", "5"]
    assert "damaged" in found.problems[0].why and found.problems[0].uri == "broken.png"
    assert "outside" in found.problems[2].why
    assert np.isnan(found.vectors[[0, 1, 2, 4]]).all()
    np.testing.assert_allclose(found.vectors[3], [0, 1, 0])


def test_the_next_picture_of_an_item_stands_in_for_a_broken_one(root: Path) -> None:
    found = made([item("1", "broken.png", "blue.png", "red.png")], root)
    np.testing.assert_allclose(found.vectors, [[0, 0, 1]])
    assert len(found.problems) == 1 and found.n_made == 1


def test_a_vector_without_direction_is_a_problem(root: Path) -> None:
    (root / "black.png").write_bytes(picture((0, 0, 0)))
    found = made([item("1", "black.png"), item("2", "red.png")], root)
    assert "makes no vector" in found.problems[0].why
    assert np.isnan(found.vectors[0]).all() and found.vectors[1, 0] == 1


def test_media_of_another_kind_do_not_count(root: Path) -> None:
    sound = Item(id="1", title="1", media=(Media(kind="audio", uri="red.png"),))
    found = made([sound], root)
    assert found.n_made == 0 and not found.problems and np.isnan(found.vectors).all()


def test_a_second_run_makes_nothing(root: Path) -> None:
    items = [item("1", "red.png"), item("2", "green.png")]
    first, again = made(items, root), MeanColour()
    second = made(items, root, again)
    assert again.n_seen == second.n_made == 0
    np.testing.assert_array_equal(first.vectors, second.vectors)


def test_a_run_that_was_cut_short_goes_on_where_it_ended(root: Path) -> None:
    items = []
    for at in range(2 * BATCH + 3):
        (root / f"{at}.png").write_bytes(picture((at + 1, 9, 9)))
        items.append(item(str(at), f"{at}.png"))
    cut = MeanColour(after=BATCH)
    with pytest.raises(ModelError, match="gave up"):
        made(items, root, cut)
    rest = MeanColour()
    found = made(items, root, rest)
    assert cut.n_seen == BATCH and rest.sizes == [BATCH, 3]
    np.testing.assert_array_equal(found.vectors, MeanColour().encode(_decoded(root, items)))


def _decoded(root: Path, items: Sequence[Item]) -> list[NDArray[np.uint8]]:
    return [decode_image((root / each.media[0].uri).read_bytes()) for each in items]


def test_large_pictures_do_not_wait_for_a_full_batch(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simpatico.retrieval.media_vectors.MAX_BATCH_BYTES", 2 * 4 * 4 * 3)
    encoder = MeanColour()
    made([item("1", "red.png"), item("2", "green.png"), item("3", "blue.png")], root, encoder)
    assert encoder.sizes == [2, 1]


def test_vectors_of_another_encoder_are_not_taken(root: Path) -> None:
    made([item("1", "red.png")], root)
    other = MeanColour(name="mean-colour-2")
    assert made([item("1", "red.png")], root, other).n_made == 1


def test_what_is_damaged_on_disk_is_made_again(root: Path) -> None:
    made([item("1", "red.png")], root)
    (kept,) = (root.parent / "kept").rglob("*.npy")
    kept.write_bytes(kept.read_bytes()[:50])
    found = made([item("1", "red.png")], root)
    assert found.n_made == 1 and found.vectors[0, 0] == 1


def test_a_stated_hash_must_be_right_and_spares_reading_again(root: Path) -> None:
    right = hashlib.sha256(picture(RED)).hexdigest()
    wrong = made([item("1", "red.png", sha256="0" * 64)], root)
    assert "sha256" in wrong.problems[0].why and np.isnan(wrong.vectors).all()
    made([item("1", "red.png", sha256=right)], root)
    (root / "red.png").unlink()
    again = made([item("1", "red.png", sha256=right)], root)
    assert again.vectors[0, 0] == 1 and not again.problems


def test_progress_is_told_from_none_to_all(root: Path) -> None:
    told: list[tuple[str, int, int]] = []
    media_vectors(
        *([item("1", "red.png"), item("2")], "image", MeanColour(), decode_image),
        root=root,
        keep=root.parent / "kept",
        progress=lambda *step: told.append(step),
    )
    assert told == [("encoding image", done, 2) for done in (0, 1, 2)]


def test_a_place_that_cannot_be_written_is_a_store_error(root: Path) -> None:
    (root.parent / "kept").write_text("a file, no folder")
    with pytest.raises(StoreError, match="cannot be kept"):
        made([item("1", "red.png")], root)


def test_any_encoder_and_any_decoding_will_do(root: Path) -> None:
    class OfShape(HashEncoder):
        def encode(self, inputs: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:  # type: ignore[override]  # takes arrays
            return super().encode([str(each.shape) for each in inputs])

    def refused(data: bytes) -> NDArray[np.uint8]:
        raise DataError("nothing is good enough")

    items = [item("1", "red.png"), item("2", "green.png")]
    kept = root.parent / "kept"
    found = media_vectors(items, "image", OfShape(), refused, root=root, keep=kept)
    assert [problem.why for problem in found.problems] == ["nothing is good enough"] * 2
    found = media_vectors(items, "image", OfShape(), decode_image, root=root, keep=kept)
    np.testing.assert_array_equal(*found.vectors)


@pytest.mark.model
@pytest.mark.data
def test_real_pictures_have_the_vectors_that_the_encoder_gives_them(tmp_path: Path) -> None:
    folder = Path(os.environ.get("DATA_SETS", __file__)) / "fashion-products"
    if not folder.is_dir():
        pytest.skip("needs pictures: set DATA_SETS to the folder docs/data.md describes")
    try:
        encoder = image_encoder("efficientnet-lite0", ModelStore(load_settings().cache))
    except ModelError as error:
        pytest.skip(f"no weights: {error}")
    items = [item(name, f"images/{name}.jpg") for name in ("1607", "1608", "1607")]
    found = media_vectors(items, "image", encoder, decode_image, root=folder, keep=tmp_path)
    assert found.n_made == 2 and not found.problems
    np.testing.assert_array_equal(found.vectors, encoder.encode(_decoded(folder, items)))
