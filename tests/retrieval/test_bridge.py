from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simpatico.errors import DataError, ModelError
from simpatico.finetune.bridge import (
    first_ranks,
    joined,
    parted,
    read_pairs,
    ridge,
    train,
)
from simpatico.modelstore import ModelStore
from simpatico.retrieval.bridge import (
    Bridge,
    PictureLabels,
    SoundLabels,
    labels_bridge,
    labels_to_text,
    source_name,
    unit,
)
from simpatico.retrieval.encoders.hash import HashEncoder
from simpatico.retrieval.encoders.minilm import MiniLM
from simpatico.retrieval.encoders.musicnn import TAGS, Musicnn
from simpatico.retrieval.palette import COLOURS
from simpatico.settings import load_settings

Array = np.ndarray[Any, np.dtype[np.float32]]


def bridge(n_in: int = 4, n_out: int = 3, **changed: Any) -> Bridge:
    rng = np.random.default_rng(0)
    parts: dict[str, Any] = {
        "centre": rng.normal(size=n_in).astype(np.float32),
        "weights": rng.normal(size=(n_in, n_out)).astype(np.float32),
        "middle": rng.normal(size=n_out).astype(np.float32),
    }
    return Bridge("eyes", "words", **{**parts, **changed})


def folder_of(model: str) -> Path:
    try:
        return ModelStore(load_settings().cache).path(model)
    except ModelError as error:
        pytest.skip(f"no weights: {error}")


def test_other_centres_are_means_with_the_own_one_counted_as_rows() -> None:
    one = bridge(centre=np.array([1, 1, 1, 1], np.float32), middle=np.zeros(3, np.float32))
    inputs = np.array([[2, 0, 0, 0], [4, 0, 0, 2], [np.nan, 0, 0, 0]], np.float32)
    texts = np.array([[3, 0, 0]], np.float32)
    other = one.recentred(inputs, texts, own_rows=2)
    at_centre = np.array([[2, 0.5, 0.5, 1]], np.float32)  # (2 + 4 + 1 + 1) / 4, ...
    assert np.isnan(other.to_text(at_centre)).all()
    assert np.isnan(other.of_texts(np.array([[1, 0, 0]], np.float32))).all()
    shown = np.array([[3, 1, 1, 1]], np.float32)
    np.testing.assert_allclose(
        other.to_text(shown), one.to_text(shown - at_centre + 1), rtol=1e-5, atol=1e-6
    )
    np.testing.assert_array_equal(one.recentred(inputs[2:], texts[:0], own_rows=0).to_text(shown),
                                  one.to_text(shown))  # fmt: skip
    with pytest.raises(ValueError, match="wanted vectors"):
        one.recentred(inputs[:, :2], texts, own_rows=0)


def test_labels_are_weighted_by_their_probability() -> None:
    names = np.eye(3, dtype=np.float32)
    shares = np.array([[0.6, 0.8, 0.0], [0.0, 0.0, 0.2], [0.0, 0.0, 0.0]], dtype=np.float32)
    found = labels_to_text(shares, names)
    np.testing.assert_allclose(found[:2], [[0.6, 0.8, 0.0], [0.0, 0.0, 1.0]], atol=1e-6)
    assert np.isnan(found[2]).all()


def test_only_the_likeliest_labels_count() -> None:
    names = np.eye(3, dtype=np.float32)
    shares = np.array([[0.5, 0.1, 0.4]], dtype=np.float32)
    np.testing.assert_allclose(labels_to_text(shares, names, n=1), [[1.0, 0, 0]])
    np.testing.assert_allclose(labels_to_text(shares, names, n=2), unit(np.array([[5, 0, 4.0]])))
    with pytest.raises(ValueError, match="wanted"):
        labels_to_text(shares, names[:2])


def test_a_bridge_centres_maps_and_normalises() -> None:
    one = bridge(
        2,
        2,
        centre=np.array([1, 1], dtype=np.float32),
        weights=np.array([[0, 2], [1, 0]], dtype=np.float32),
        middle=np.array([0, 0.5], dtype=np.float32),
    )
    shown = np.array([[2, 1], [1, 5], [1, 1], [np.nan, 1]], dtype=np.float32)
    np.testing.assert_allclose(one.to_text(shown)[:2], [[0, 1], [1, 0]])
    assert np.isnan(one.to_text(shown)[2:]).all()  # the mean has no direction
    np.testing.assert_allclose(one.of_texts(np.array([[0, 1]], np.float32)), [[0, 1]])
    with pytest.raises(ValueError, match=r"\(n, 2\)"):
        one.to_text(np.zeros((1, 3), np.float32))


def test_a_saved_bridge_is_the_same_bridge(tmp_path: Path) -> None:
    one = bridge()
    one.save(tmp_path / "deeper" / "bridge.npz")
    again = Bridge.load(tmp_path / "deeper" / "bridge.npz", source="eyes", target="words")
    shown = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)
    np.testing.assert_array_equal(one.to_text(shown), again.to_text(shown))
    np.testing.assert_array_equal(one.of_texts(shown[:, :3]), again.of_texts(shown[:, :3]))
    assert [path.name for path in (tmp_path / "deeper").iterdir()] == ["bridge.npz"]


@pytest.mark.parametrize(("source", "target"), [("ears", "words"), ("eyes", "signs")])
def test_a_bridge_between_other_encoders_is_refused(
    tmp_path: Path, source: str, target: str
) -> None:
    bridge().save(tmp_path / "b.npz")
    with pytest.raises(ModelError, match="'eyes' to 'words'"):
        Bridge.load(tmp_path / "b.npz", source=source, target=target)


def test_what_is_no_bridge_is_refused(tmp_path: Path) -> None:
    bridge().save(tmp_path / "good.npz")
    whole = (tmp_path / "good.npz").read_bytes()
    with np.load(tmp_path / "good.npz") as file:
        arrays = dict(file)
    np.savez(tmp_path / "newer.npz", **{**arrays, "version": np.array(2)})
    np.savez(tmp_path / "narrow.npz", **{**arrays, "middle": np.zeros(2, np.float32)})
    np.savez(tmp_path / "nan.npz", **{**arrays, "centre": np.full(4, np.nan, np.float32)})
    np.savez(tmp_path / "lacks.npz", version=np.array(1))
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.npz").write_bytes(b"")
    (tmp_path / "bare.npz").write_bytes(b"\x93NUMPY")
    np.save(tmp_path / "array.npy", np.zeros(3))
    names = "newer.npz narrow.npz nan.npz lacks.npz cut.npz empty.npz bare.npz array.npy none.npz"
    for name in names.split():
        with pytest.raises(ModelError):
            Bridge.load(tmp_path / name, source="eyes", target="words")


def test_the_bridge_without_pairs_takes_off_what_all_share() -> None:
    labels = np.array([[1, 0, 1], [1, 0, -1], [np.nan] * 3], dtype=np.float32)
    texts = np.array([[0, 1, 1], [0, 1, -1]], dtype=np.float32)
    one = labels_bridge(labels, texts, source="labels", target="words")
    np.testing.assert_allclose(one.to_text(labels)[:2], [[0, 0, 1], [0, 0, -1]])
    np.testing.assert_allclose(one.of_texts(texts), [[0, 0, 1], [0, 0, -1]])
    with pytest.raises(ValueError, match="got 0 and 2"):
        labels_bridge(labels[2:], texts, source="labels", target="words")


def test_ridge_agrees_with_the_textbook_both_tall_and_wide() -> None:
    rng = np.random.default_rng(0)
    for n, d in ((30, 5), (6, 20)):
        x = rng.normal(size=(n, d)).astype(np.float32)
        y = rng.normal(size=(n, 2)).astype(np.float32)
        centre, middle, (weights,) = ridge(x, y, [0.3])
        u, v = (x - x.mean(axis=0)).astype(float), y - y.mean(axis=0)
        penalty = 0.3 * (u**2).sum() / min(n, d)
        expected = np.linalg.solve(u.T @ u + penalty * np.eye(d), u.T @ v)
        np.testing.assert_allclose(weights, expected, atol=1e-4)
        np.testing.assert_allclose(centre, x.mean(axis=0), atol=1e-6)
        np.testing.assert_allclose(middle, y.mean(axis=0), atol=1e-6)


def test_rows_that_share_anything_are_of_one_group() -> None:
    groups = joined(["a", "b", "b", "", "c", ""], ["1", "1", "2", "3", "2", ""])
    assert groups[0] == groups[1] == groups[2] == groups[4]
    assert len({int(groups[0]), int(groups[3]), int(groups[5])}) == 3


def test_no_group_stands_on_two_sides() -> None:
    groups = np.random.default_rng(0).integers(40, size=300)
    parts = parted(groups, 5, np.random.default_rng(1))
    for group in range(40):
        assert len(set(parts[groups == group])) <= 1
    assert set(parts) == set(range(5))


def test_ranks_by_hand() -> None:
    scores = np.array([[0.9, 0.5, 0.1], [0.5, 0.5, 0.5], [0.1, 0.2, 0.3]], dtype=np.float32)
    same = np.array([[0, 1, 0], [1, 0, 0], [0, 1, 1]], dtype=bool)
    assert first_ranks(scores, same).tolist() == [2, 3, 1]


def test_a_linear_world_is_learnt_and_another_is_not() -> None:
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(400, 6))
    shown = unit(hidden @ rng.normal(size=(6, 30)))
    said = unit(hidden @ rng.normal(size=(6, 12)) + 3)
    groups = np.arange(400)
    good = train(shown, said, groups, source="eyes", target="words")
    assert (good.to_text <= 1).mean() > 0.9 and (good.from_text <= 1).mean() > 0.9
    assert sum(good.fold_sizes) == 400 and good.penalty <= 0.1
    bad = train(rng.permutation(shown), said, groups, source="eyes", target="words")
    assert (bad.to_text <= 8).mean() < 0.2  # chance is a tenth
    with pytest.raises(DataError, match="at least 20 groups"):
        train(shown[:19], said[:19], groups[:19], source="eyes", target="words")


def test_pairs_are_read_and_bad_ones_named(tmp_path: Path) -> None:
    table = tmp_path / "pairs.csv"
    table.write_text("file,text\na.png,a cat\n", encoding="utf-8")
    assert read_pairs(tmp_path) == (("a.png", "a cat", ""),)
    for wrong in ("file,text\na.png,\n", "file,text\n", "picture,text\na.png,a cat\n"):
        table.write_text(wrong, encoding="utf-8")
        with pytest.raises(DataError, match="wanted a file and a text"):
            read_pairs(tmp_path)
    table.unlink()
    with pytest.raises(DataError, match="cannot be read"):
        read_pairs(tmp_path)


class _Eyes:
    """Says the same of all pictures that have the same brightness."""

    name = "eyes"

    def labels(self, inputs: Sequence[Any], k: int = 5) -> list[list[tuple[str, float]]]:
        return [[("light", 0.75), ("lamp", 0.25)] if x.max() else [("dark", 1.0)] for x in inputs]


class _Words(HashEncoder):
    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def encode(self, inputs: Sequence[str]) -> Array:
        self.asked += inputs
        return super().encode(inputs)


def test_pictures_get_the_vectors_of_their_labels_and_each_label_is_read_once() -> None:
    words = _Words()
    labels = PictureLabels(_Eyes(), words)  # type: ignore[arg-type]  # all that it uses
    light, dark = np.full((2, 2, 3), 9, np.uint8), np.zeros((2, 2, 3), np.uint8)
    found = labels.encode([light, dark, light])
    plain = HashEncoder().encode(["light", "lamp", "dark", "black"])
    of_light = unit(0.75 * plain[:1] + 0.25 * plain[1:2])
    np.testing.assert_allclose(found[0], unit(of_light + plain[3:])[0], atol=1e-6)
    np.testing.assert_allclose(found[1], unit(plain[2:3] + plain[3:])[0], atol=1e-6)
    np.testing.assert_allclose(labels.encode([light])[0], found[2], atol=1e-6)
    assert sorted(words.asked) == sorted([*COLOURS, "dark", "lamp", "light"])
    assert labels.encode([]).shape == (0, words.dim)


@pytest.mark.model
def test_a_tone_is_nearer_to_ambient_than_to_metal() -> None:
    texts = MiniLM(folder_of("minilm"))
    sounds = SoundLabels(Musicnn(folder_of("musicnn")), texts)
    time = np.arange(16_000 * 4) / 16_000
    drone = (0.1 * np.sin(2 * np.pi * 220 * time)).astype(np.float32)
    (about,) = sounds.encode([drone])
    ambient, metal = texts.encode(["ambient", "heavy metal"])
    assert np.linalg.norm(about) == pytest.approx(1, abs=1e-5) and about @ ambient > about @ metal
    assert len(TAGS) == 50 and sounds.name == source_name("musicnn-msd tags, minilm-int8")
