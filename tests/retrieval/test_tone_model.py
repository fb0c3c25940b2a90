from pathlib import Path

import numpy as np
import pytest

from simpatico.domain import TONES, Item
from simpatico.errors import ModelError
from simpatico.retrieval.packs import load_pack
from simpatico.retrieval.tone import Features, ToneModel, kernel


@pytest.fixture(scope="module")
def model() -> ToneModel:
    return ToneModel.load()


def _features(vectors: list[list[float]], genres: list[list[float]]) -> Features:
    n = len(vectors)
    return Features(
        np.array(vectors, dtype=np.float32),
        np.array(genres, dtype=np.float32),
        np.zeros((n, 1), dtype=np.float32),
        np.zeros((n, 2), dtype=np.float32),
    )


def test_the_kernel_is_what_the_formula_says() -> None:
    a = _features([[1, 0]], [[1, 1]])
    b = _features([[0, 1], [1, 0]], [[1, 0], [1, 1]])
    text = [np.exp(-2.0), 1.0]
    genre = [0.5 / np.sqrt(2) + 0.1 * 1, 0.5 + 0.1 * 2]
    np.testing.assert_allclose(kernel(a, b)[0], np.add(text, genre), rtol=1e-6)


def test_an_imported_film_gets_a_tone_and_one_that_has_a_tone_keeps_it(model: ToneModel) -> None:
    pack = load_pack("movies")
    at = next(i for i, item in enumerate(pack.items) if item.id == "The_Conjuring")
    bare = Item(id="x", title="x", genres=("horror",))
    own = Item(id="y", title="y", tone=(0.5,) * len(TONES))
    toned = model.toned([bare, own], pack.vectors[[at, at]], encoder=pack.encoder)
    assert toned[0].tone_of("scary") >= 0.6 > toned[0].tone_of("kids")
    assert toned[1] == own


def test_without_a_vector_or_with_another_encoder_the_tone_is_unknown(model: ToneModel) -> None:
    bare = Item(id="x", title="x", genres=("Horror",))
    none = np.zeros((1, 384), dtype=np.float32)
    some = load_pack("movies").vectors[:1]
    assert model.toned([bare], none, encoder=model.encoder)[0].tone == ()
    assert model.toned([bare], some, encoder="hash-64")[0].tone == ()
    assert model.profile([bare], none).tolist() == [[0.0] * len(TONES)]


def test_a_profile_does_not_depend_on_its_neighbours(model: ToneModel) -> None:
    pack = load_pack("movies")
    rows = slice(100, 110)
    alone = model.profile(pack.items[105:106], pack.vectors[105:106])
    together = model.profile(pack.items[rows], pack.vectors[rows])
    # Sums in float32 depend on the number of rows; profiles are kept in hundredths.
    np.testing.assert_allclose(together[5:6], alone, atol=1e-4)
    assert together.min() >= 0 and together.max() <= 1


def test_vectors_of_the_wrong_shape_are_refused(model: ToneModel) -> None:
    with pytest.raises(ValueError, match="wanted"):
        model.profile([Item(id="x", title="x")], np.zeros((1, 64), dtype=np.float32))


def test_a_missing_model_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        ToneModel.load(tmp_path / "none.npz")
