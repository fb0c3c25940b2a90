"""HubEncoder on a tiny sentence-transformers model with random weights."""

from pathlib import Path

import numpy as np
import pytest

from simpatico.errors import ModelError
from simpatico.modelstore import ModelStore
from simpatico.retrieval.encoders import text_encoder
from simpatico.retrieval.encoders.hub import HubEncoder
from simpatico.settings import RetrievalSettings

TEXTS = ("a cat", "", "a red house by the sea " * 50, "我很难过", "half \ud800 a letter", "a cat")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A BERT of 16 dimensions that knows the letters, with the mean of its last states."""
    library = pytest.importorskip("sentence_transformers")
    transformers, torch = pytest.importorskip("transformers"), pytest.importorskip("torch")
    path = tmp_path_factory.mktemp("bert")
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters, *(f"##{letter}" for letter in letters)]
    transformers.BertTokenizerFast(
        vocab={token: n for n, token in enumerate(tokens)}
    ).save_pretrained(path)
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(tokens),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=32,
    )
    transformers.BertModel(config).save_pretrained(path)
    modules = pytest.importorskip("sentence_transformers.sentence_transformer.modules")
    whole = tmp_path_factory.mktemp("sentences")
    made = [modules.Transformer(str(path)), modules.Pooling(16, pooling_mode="mean")]
    library.SentenceTransformer(modules=made, device="cpu").save_pretrained(str(whole))
    return str(whole)


def test_texts_get_unit_vectors_in_their_order(folder: str) -> None:
    encoder = HubEncoder(folder)
    rows = encoder.encode(TEXTS)
    assert (encoder.name, encoder.dim) == (f"st:{folder}", 16)
    assert rows.shape == (len(TEXTS), 16) and rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    for text, row in zip(TEXTS, rows, strict=True):  # padded to the longest beside others
        np.testing.assert_allclose(encoder.encode([text])[0], row, atol=1e-5)
    assert encoder.encode([]).shape == (0, 16)


def test_a_vector_is_the_mean_of_what_the_model_makes_of_each_token(folder: str) -> None:
    transformers, torch = pytest.importorskip("transformers"), pytest.importorskip("torch")
    model = transformers.BertModel.from_pretrained(folder).eval()
    fed = transformers.AutoTokenizer.from_pretrained(folder)("a red house", return_tensors="pt")
    with torch.inference_mode():
        mean = model(**fed).last_hidden_state[0].mean(0).numpy()
    (found,) = HubEncoder(folder).encode(["a red house"])
    np.testing.assert_allclose(found, mean / np.linalg.norm(mean), atol=1e-5)


def test_it_is_chosen_by_name(folder: str, tmp_path: Path) -> None:
    assert text_encoder(RetrievalSettings(encoder=folder), ModelStore(tmp_path)).dim == 16


def test_what_is_no_such_model_is_a_model_error(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    with pytest.raises(ModelError, match="cannot be loaded"):
        HubEncoder(str(tmp_path))
