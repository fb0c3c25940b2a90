"""HubImageEncoder on a tiny model with random weights: its vectors mean nothing."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simpatico.errors import ModelError
from simpatico.modelstore import ModelStore
from simpatico.retrieval.encoders import image_encoder
from simpatico.retrieval.encoders.hub import HubImageEncoder

TEXTS = ["a cat", "", "a red house by the sea " * 50, "我很难过", "\ud800 half a character"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A CLIP of 16 dimensions that knows the letters."""
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    path = tmp_path_factory.mktemp("clip")
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    tokens = [
        *letters,
        *(f"{letter}</w>" for letter in letters),
        "<|startoftext|>",
        "<|endoftext|>",
    ]
    first, last = len(tokens) - 2, len(tokens) - 1
    small = {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
    }
    text = {"vocab_size": len(tokens), "bos_token_id": first, "eos_token_id": last}
    config = transformers.CLIPConfig(
        text_config={**small, **text, "max_position_embeddings": 12},
        vision_config={**small, "image_size": 32, "patch_size": 16},
        projection_dim=16,
    )
    torch.manual_seed(0)
    transformers.CLIPModel(config).save_pretrained(path)
    transformers.CLIPTokenizer(
        vocab={token: n for n, token in enumerate(tokens)}, merges=[]
    ).save_pretrained(path)
    transformers.CLIPImageProcessorPil(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
    ).save_pretrained(path)
    return str(path)


def _pictures() -> list[NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    sizes = [(32, 32), (60, 90), (3, 40), (1, 1), (3, 3)]
    return [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]


def _check(rows: NDArray[np.float32], n: int) -> None:
    assert rows.shape == (n, 16) and rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_pictures_and_texts_get_unit_vectors_of_one_length(folder: str) -> None:
    encoder = HubImageEncoder(folder)
    assert encoder.dim == encoder.texts.dim == 16
    assert encoder.name == encoder.texts.name == f"hub:{folder}"
    _check(encoder.encode(_pictures()), 5)
    _check(encoder.texts.encode(TEXTS), 5)
    assert encoder.encode([]).shape == encoder.texts.encode([]).shape == (0, 16)


def test_a_vector_does_not_depend_on_its_batch(folder: str) -> None:
    encoder = HubImageEncoder(folder)
    for picture, row in zip(_pictures(), encoder.encode(_pictures()), strict=True):
        np.testing.assert_array_equal(encoder.encode([picture])[0], row)
    for text, row in zip(TEXTS, encoder.texts.encode(TEXTS), strict=True):
        np.testing.assert_array_equal(encoder.texts.encode([text])[0], row)


def test_cosines_are_those_that_the_model_itself_gives(folder: str) -> None:
    transformers, torch = pytest.importorskip("transformers"), pytest.importorskip("torch")
    model = transformers.CLIPModel.from_pretrained(folder).eval()
    processor = transformers.CLIPProcessor(
        transformers.CLIPImageProcessorPil.from_pretrained(folder),
        transformers.CLIPTokenizer.from_pretrained(folder),
    )
    texts, pictures = ["a cat", "dogs"], _pictures()[:2]
    fed = processor(text=texts, images=pictures, return_tensors="pt", padding=True)
    with torch.inference_mode():
        wanted = model(**fed).logits_per_text.numpy() / model.logit_scale.exp().item()
    encoder = HubImageEncoder(folder)
    found = encoder.texts.encode(texts) @ encoder.encode(pictures).T
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_it_is_chosen_by_name(folder: str, tmp_path: Path) -> None:
    assert image_encoder(folder, ModelStore(tmp_path)).dim == 16


@pytest.mark.parametrize("damage", ["nothing there", "no weights", "a text model"])
def test_what_is_no_such_model_is_a_model_error(tmp_path: Path, damage: str) -> None:
    transformers = pytest.importorskip("transformers")
    if damage == "no weights":
        transformers.CLIPConfig().save_pretrained(tmp_path)
    elif damage == "a text model":
        config = transformers.BertConfig(
            vocab_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=1
        )
        transformers.BertModel(config).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="cannot be loaded"):
        HubImageEncoder(str(tmp_path))


def test_without_its_library_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing: Any = None
    monkeypatch.setitem(sys.modules, "transformers", missing)
    with pytest.raises(ModelError, match=r"pip install 'simpatico\[train\]'"):
        image_encoder("openai/clip-vit-base-patch32", ModelStore(tmp_path))
