"""HubImageEncoder on tiny models with random weights: their vectors mean nothing."""

import io
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


SMALL = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}
LETTERS = [chr(code) for code in range(ord("a"), ord("z") + 1)]
N_TOKENS = 12


@pytest.fixture(scope="module", params=["clip", "siglip"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model of 16 dimensions that knows the letters."""
    torch = pytest.importorskip("torch")
    path = tmp_path_factory.mktemp(request.param)
    torch.manual_seed(0)
    {"clip": _clip, "siglip": _siglip}[request.param](path)
    return str(path)


def _clip(path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    tokens = [
        *LETTERS,
        *(f"{letter}</w>" for letter in LETTERS),
        "<|startoftext|>",
        "<|endoftext|>",
    ]
    first, last = len(tokens) - 2, len(tokens) - 1
    text = {"vocab_size": len(tokens), "bos_token_id": first, "eos_token_id": last}
    config = transformers.CLIPConfig(
        text_config={**SMALL, **text, "max_position_embeddings": N_TOKENS},
        vision_config={**SMALL, "image_size": 32, "patch_size": 16},
        projection_dim=16,
    )
    transformers.CLIPModel(config).save_pretrained(path)
    transformers.CLIPTokenizer(
        vocab={token: n for n, token in enumerate(tokens)}, merges=[]
    ).save_pretrained(path)
    transformers.CLIPImageProcessorPil(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
    ).save_pretrained(path)


def _siglip(path: Path) -> None:
    transformers, pieces = pytest.importorskip("transformers"), pytest.importorskip("sentencepiece")
    model = io.BytesIO()
    pieces.SentencePieceTrainer.train(
        sentence_iterator=iter([" ".join(LETTERS)] * 3),
        model_writer=model,
        model_type="char",
        vocab_size=len(LETTERS) + 3,
        pad_id=-1,
        bos_id=-1,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    (path / "spiece.model").write_bytes(model.getvalue())
    tokenizer = transformers.SiglipTokenizer(str(path / "spiece.model"), model_max_length=N_TOKENS)
    tokenizer.save_pretrained(path)
    text = {"vocab_size": len(tokenizer), "pad_token_id": 1, "eos_token_id": 1, "bos_token_id": 0}
    config = transformers.SiglipConfig(
        text_config={**SMALL, **text, "max_position_embeddings": N_TOKENS},
        vision_config={**SMALL, "image_size": 32, "patch_size": 16},
    )
    transformers.SiglipModel(config).save_pretrained(path)
    transformers.SiglipImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(path)


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
    model = transformers.AutoModel.from_pretrained(folder).eval()
    processor = transformers.AutoProcessor.from_pretrained(folder)
    texts, pictures = ["a cat", "dogs"], _pictures()[:2]
    short = model.config.model_type == "clip"  # SigLIP reads padding, too
    padding = {"padding": True} if short else {"padding": "max_length", "max_length": N_TOKENS}
    fed = processor(text=texts, images=pictures, return_tensors="pt", **padding)
    with torch.inference_mode():
        made = model(**fed)
    wanted = (made.text_embeds @ made.image_embeds.T).numpy()
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
