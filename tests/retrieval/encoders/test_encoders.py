import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simpatico.errors import ModelError
from simpatico.modelstore import ModelStore
from simpatico.protocols import Encoder
from simpatico.retrieval.encoders import text_encoder
from simpatico.retrieval.encoders.hash import HashEncoder
from simpatico.retrieval.encoders.minilm import MiniLM
from simpatico.settings import RetrievalSettings, load_settings

TEXTS = (
    "I feel great today",
    "a sad film",
    "good day, I am happy",
    "rough week, I need something warm and funny, nothing with kids",
    "",
    "a film",
    "\ud800 half a character",
    "我很难过",
    "word " * 5000,
)


def _minilm() -> MiniLM:
    store = ModelStore(load_settings().cache)
    try:
        return MiniLM(store.path("minilm"))
    except ModelError as error:
        pytest.skip(f"no weights: {error}")


@pytest.fixture(params=["hash", pytest.param("minilm", marks=pytest.mark.model)])
def encoder(request: pytest.FixtureRequest) -> Encoder[str]:
    return HashEncoder() if request.param == "hash" else _minilm()


def test_rows_are_unit_vectors_of_the_stated_length(encoder: Encoder[str]) -> None:
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.dim) and vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_nothing_in_gives_no_rows_out(encoder: Encoder[str]) -> None:
    assert encoder.encode([]).shape == (0, encoder.dim)


def test_a_text_has_the_same_vector_alone_and_among_others(encoder: Encoder[str]) -> None:
    together = encoder.encode(TEXTS)
    for text, row in zip(TEXTS, together, strict=True):
        np.testing.assert_array_equal(encoder.encode([text])[0], row)


@pytest.mark.model
def test_minilm_agrees_with_the_unquantised_model() -> None:
    # sentence-transformers 5 on all-MiniLM-L6-v2 in float32, run once on the same texts.
    vectors = _minilm().encode(TEXTS)
    assert vectors[0] @ vectors[2] == pytest.approx(0.52863, abs=0.02)
    assert vectors[0] @ vectors[1] == pytest.approx(0.19684, abs=0.02)


@pytest.mark.model
def test_minilm_reads_only_its_first_256_tokens() -> None:
    # [CLS] and [SEP] leave 254; "word" is one token.
    encoder = _minilm()
    long, longer, short = encoder.encode(["word " * 254, "word " * 254 + "sad", "word " * 253])
    np.testing.assert_array_equal(long, longer)
    assert not np.array_equal(long, short)


def test_minilm_without_its_files_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model\.onnx"):
        MiniLM(tmp_path)


def test_minilm_from_rubbish_is_a_model_error(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"rubbish")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match="cannot be loaded"):
        MiniLM(tmp_path)


def test_the_hash_encoder_gives_the_same_vector_in_another_process() -> None:
    code = (
        "from simpatico.retrieval.encoders.hash import HashEncoder;"
        "print(HashEncoder().encode(['a warm and funny film']).tobytes().hex())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/"
    )
    here = HashEncoder().encode(["a warm and funny film"]).tobytes().hex()
    assert run.stdout.strip() == here


def test_texts_with_words_in_common_hash_near_each_other() -> None:
    one, two, other = HashEncoder(256).encode(["a warm film", "warm film!", "quarterly tax form"])
    assert one @ two > 0.5 > one @ other


@given(st.lists(st.text(), max_size=5))
def test_any_text_hashes_to_a_unit_vector(texts: list[str]) -> None:
    norms = np.linalg.norm(HashEncoder().encode(texts), axis=1)
    np.testing.assert_allclose(norms, 1, atol=1e-6)


def test_the_settings_name_the_encoder(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    assert text_encoder(RetrievalSettings(encoder="hash"), store).name == "hash-64"
    with pytest.raises(ModelError, match="simpatico model fetch minilm"):
        text_encoder(RetrievalSettings(encoder="minilm"), store)


def test_a_hub_encoder_without_its_library_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(ModelError, match=r"pip install 'simpatico\[train\]'"):
        text_encoder(RetrievalSettings(encoder="BAAI/bge-small-en-v1.5"), ModelStore(tmp_path))
