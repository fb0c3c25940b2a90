import csv
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simpatico.errors import ModelError
from simpatico.modelstore import ModelStore
from simpatico.retrieval.encoders import image_encoder
from simpatico.retrieval.encoders.efficientnet import EfficientNetLite, build_graph, prepare
from simpatico.retrieval.encoders.torchfile import read_tensors
from simpatico.retrieval.media import decode_image
from simpatico.settings import load_settings

Picture = NDArray[np.uint8]


def _folder() -> Path:
    try:
        return ModelStore(load_settings().cache).path("efficientnet-lite0")
    except ModelError as error:
        pytest.skip(f"no weights: {error}")


def _products() -> Path:
    folder = Path(os.environ.get("DATA_SETS", __file__)) / "fashion-products"
    if not folder.is_dir():
        pytest.skip("needs pictures: set DATA_SETS to the folder docs/data.md describes")
    return folder


def _photo(folder: Path, name: str) -> Picture:
    return decode_image((folder / "images" / f"{name}.jpg").read_bytes())


@pytest.fixture(scope="module")
def encoder() -> EfficientNetLite:
    return EfficientNetLite(_folder())


@pytest.fixture(scope="module")
def tensors() -> dict[str, NDArray[Any]]:
    return read_tensors(_folder() / "weights.pth")


def _drawn() -> list[Picture]:
    rng = np.random.default_rng(0)
    sizes = [(224, 224), (300, 200), (1, 1), (1, 900), (7, 3), (500, 501)]
    noise = [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]
    flat = [np.full((40, 60, 3), value, dtype=np.uint8) for value in (0, 127, 255)]
    return [*noise, *flat]


@pytest.mark.model
def test_rows_are_unit_vectors_of_the_stated_length(encoder: EfficientNetLite) -> None:
    rows = encoder.encode(_drawn())
    assert rows.shape == (9, 1280) and rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert encoder.encode([]).shape == (0, 1280)
    assert encoder.labels([]) == []


@pytest.mark.model
def test_a_picture_has_the_same_vector_alone_and_among_others(encoder: EfficientNetLite) -> None:
    pictures = _drawn()
    for picture, row in zip(pictures, encoder.encode(pictures), strict=True):
        np.testing.assert_array_equal(encoder.encode([picture])[0], row)


@pytest.mark.model
def test_probabilities_are_best_first_and_sum_to_one_over_all_names(
    encoder: EfficientNetLite,
) -> None:
    (all_of_them,) = encoder.labels(_drawn()[:1], k=1000)
    names, shares = zip(*all_of_them, strict=True)
    assert len(set(names)) == len(names) == 998  # sunglasses and missiles are two classes each
    assert sum(shares) == pytest.approx(1, abs=1e-5) and list(shares) == sorted(shares)[::-1]
    assert encoder.labels(_drawn()[:1], k=3) == [all_of_them[:3]]


@pytest.mark.model
@pytest.mark.data
@pytest.mark.parametrize(
    ("article", "classes"),
    [
        ("Sunglasses", {"sunglasses"}),
        ("Watches", {"analog clock", "digital watch", "stopwatch"}),
        ("Sports Shoes", {"sneaker"}),
    ],
)
def test_photos_of_products_are_known(
    encoder: EfficientNetLite, article: str, classes: set[str]
) -> None:
    folder = _products()
    with (folder / "items.csv").open(newline="") as file:
        names = [row["id"] for row in csv.DictReader(file) if row["articleType"] == article]
    there = [name for name in names if (folder / "images" / f"{name}.jpg").is_file()][:20]
    found = encoder.labels([_photo(folder, name) for name in there])
    known = [bool(classes & {name for name, _ in labels}) for labels in found]
    assert len(known) == 20 and sum(known) >= 18


def _reference(torch: Any, tensors: dict[str, NDArray[Any]], x: NDArray[np.float32]) -> Any:
    """The pooled features by PyTorch's own operations, batch norms unfolded: (1280,)."""
    functional = torch.nn.functional
    weights = {name: torch.from_numpy(tensor) for name, tensor in tensors.items()}

    def layer(x: Any, name: str, norm: str, *, stride: int = 1, clip: bool = True) -> Any:
        weight = weights[f"{name}.weight"]
        missing = (-(-x.shape[-1] // stride) - 1) * stride + weight.shape[-1] - x.shape[-1]
        before, after = missing // 2, missing - missing // 2
        x = functional.pad(x, (before, after, before, after))
        x = functional.conv2d(x, weight, stride=stride, groups=x.shape[1] // weight.shape[1])
        parts = [f"{norm}.{part}" for part in ("running_mean", "running_var", "weight", "bias")]
        x = functional.batch_norm(x, *(weights[part] for part in parts), eps=1e-3)
        return functional.relu6(x) if clip else x

    steps = {1: 2, 3: 2, 5: 2, 11: 2}  # the blocks that halve the side
    with torch.inference_mode():
        x = layer(torch.from_numpy(np.ascontiguousarray(x)), "_conv_stem", "_bn0", stride=2)
        for n in range(16):
            at, whole = f"_blocks.{n}.", x
            if f"{at}_expand_conv.weight" in weights:
                x = layer(x, f"{at}_expand_conv", f"{at}_bn0")
            x = layer(x, f"{at}_depthwise_conv", f"{at}_bn1", stride=steps.get(n, 1))
            x = layer(x, f"{at}_project_conv", f"{at}_bn2", clip=False)
            x = x + whole if x.shape == whole.shape else x
        return layer(x, "_conv_head", "_bn1").mean((2, 3))[0].numpy()


@pytest.mark.model
@pytest.mark.data
def test_vectors_are_those_of_pytorch(
    encoder: EfficientNetLite, tensors: dict[str, NDArray[Any]]
) -> None:
    torch = pytest.importorskip("torch")
    folder = _products()
    names = sorted(path.stem for path in (folder / "images").glob("*.jpg"))[:8]
    for picture in [*(_photo(folder, name) for name in names), *_drawn()]:
        wanted = _reference(torch, tensors, prepare(picture))
        cosine = encoder.encode([picture])[0] @ (wanted / np.linalg.norm(wanted))
        assert cosine > 0.9999


def test_the_network_sees_the_middle_square_on_its_own_scale() -> None:
    picture = np.full((1000, 2000, 3), 255, dtype=np.uint8)
    picture[70:930, 570:1430] = (127, 63, 0)  # what is seen is 875 a side: a rim of white is left
    seen = prepare(picture)
    assert seen.shape == (1, 3, 224, 224) and seen.dtype == np.float32
    np.testing.assert_array_equal(seen[0, :, 112, 112], [0, -0.5, -127 / 128])
    np.testing.assert_array_equal(seen[0, :, 0, 0], [1, 1, 1])
    np.testing.assert_array_equal(seen[0, :, 8, 8], [0, -0.5, -127 / 128])


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_what_is_no_rgb_picture_is_a_wrong_argument(wrong: Any) -> None:
    with pytest.raises(ValueError, match="wanted"):
        prepare(wrong)


@pytest.mark.model
@pytest.mark.parametrize("file", ["weights.pth", "classes.json"])
@pytest.mark.parametrize("damage", ["missing", "rubbish", "short"])
def test_a_damaged_file_is_a_model_error(tmp_path: Path, file: str, damage: str) -> None:
    folder = Path(shutil.copytree(_folder(), tmp_path / "model"))
    path = folder / file
    if damage == "missing":
        path.unlink()
    elif damage == "rubbish":
        path.write_bytes(b'["rubbish"]')
    else:
        path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError, match=file):
        EfficientNetLite(folder)


@pytest.mark.model
@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("_blocks.3._project_conv.weight", (40, 140, 1, 1)),  # onnxruntime would not mind
        ("_conv_stem.weight", (32, 3, 5, 5)),
        ("_blocks.9._bn1.bias", (479,)),
    ],
)
def test_weights_of_another_network_are_refused(
    tensors: dict[str, NDArray[Any]], name: str, shape: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="wanted|broadcast"):
        build_graph({**tensors, name: np.zeros(shape, np.float32)})
    with pytest.raises(KeyError, match=name):
        build_graph({key: tensor for key, tensor in tensors.items() if key != name})


def test_weights_that_were_not_fetched_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="simpatico model fetch efficientnet-lite0"):
        image_encoder("efficientnet-lite0", ModelStore(tmp_path))


@pytest.mark.model
def test_the_encoder_is_chosen_by_name() -> None:
    _folder()
    chosen = image_encoder("efficientnet-lite0", ModelStore(load_settings().cache))
    assert (chosen.name, chosen.dim) == ("efficientnet-lite0", 1280)
