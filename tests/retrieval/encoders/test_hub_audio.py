"""HubAudioEncoder on a tiny CLAP with random weights: its vectors mean nothing."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simpatico.errors import ModelError
from simpatico.modelstore import ModelStore
from simpatico.retrieval.encoders import audio_encoder
from simpatico.retrieval.encoders.hub import MAX_WINDOWS, HubAudioEncoder

RATE_HZ = 16_000
TEXTS = ["calm piano", "", "loud drums " * 200, "我很难过", "\ud800 half a character"]


@pytest.fixture(scope="module", params=[False, True], ids=["unfused", "fused"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A CLAP of 16 dimensions that hears windows of 1 s and knows the letters."""
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    path = tmp_path_factory.mktemp("clap")
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *"abcdefghijklmnopqrstuvwxyzĠ"]
    text = {
        "vocab_size": len(tokens),
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "max_position_embeddings": 20,
    }
    audio = {
        "spec_size": 64,
        "num_mel_bins": 16,
        "patch_size": 4,
        "patch_stride": [4, 4],
        "window_size": 4,
        "patch_embeds_hidden_size": 8,
        "hidden_size": 16,
        "depths": [1, 1],
        "num_attention_heads": [1, 2],
        "num_hidden_layers": 2,
        "enable_fusion": request.param,
        "fusion_type": "aff_2d" if request.param else None,
        "aff_block_r": 2,
    }
    torch.manual_seed(0)
    config = transformers.ClapConfig(text_config=text, audio_config=audio, projection_dim=16)
    transformers.ClapModel(config).save_pretrained(path)
    transformers.RobertaTokenizer(
        vocab={token: n for n, token in enumerate(tokens)}, merges=[]
    ).save_pretrained(path)
    transformers.ClapFeatureExtractor(
        feature_size=16, max_length_s=1, truncation="fusion" if request.param else "rand_trunc"
    ).save_pretrained(path)
    return str(path)


def _sounds() -> list[NDArray[np.float32]]:
    rng = np.random.default_rng(0)
    seconds = (0.01, 0.5, 1.0, 2.5)
    return [rng.uniform(-1, 1, int(s * RATE_HZ)).astype(np.float32) for s in seconds]


def _check(rows: NDArray[np.float32], n: int) -> None:
    assert rows.shape == (n, 16) and rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_sounds_and_texts_get_unit_vectors_of_one_length(folder: str) -> None:
    encoder = HubAudioEncoder(folder)
    assert encoder.dim == encoder.texts.dim == 16
    assert encoder.name == encoder.texts.name == f"hub:{folder}"
    _check(encoder.encode(_sounds()), 4)
    _check(encoder.texts.encode(TEXTS), 5)
    assert encoder.encode([]).shape == encoder.texts.encode([]).shape == (0, 16)


def test_a_vector_is_the_same_alone_and_each_time(folder: str) -> None:
    encoder = HubAudioEncoder(folder)
    for sound, row in zip(_sounds(), encoder.encode(_sounds()), strict=True):
        np.testing.assert_array_equal(encoder.encode([sound])[0], row)


def test_a_window_is_heard_as_the_model_itself_hears_it(folder: str) -> None:
    transformers, torch = pytest.importorskip("transformers"), pytest.importorskip("torch")
    model = transformers.ClapModel.from_pretrained(folder).eval()
    extract = transformers.ClapFeatureExtractor.from_pretrained(folder)
    tone = np.sin(np.arange(RATE_HZ) * 2 * np.pi * 440 / RATE_HZ).astype(np.float32)
    at_48k = np.sin(np.arange(3 * RATE_HZ) * 2 * np.pi * 440 / (3 * RATE_HZ))
    fed = extract(at_48k, sampling_rate=48_000, return_tensors="pt")
    with torch.inference_mode():
        wanted = model.get_audio_features(**fed).pooler_output[0].numpy()
    found = HubAudioEncoder(folder).encode([tone])[0]
    assert float(found @ wanted) > 0.99  # the rest is the resampling at both ends


def test_a_long_sound_is_the_mean_of_its_windows(folder: str) -> None:
    encoder = HubAudioEncoder(folder)
    half = _sounds()[2]
    other = half[::-1].copy()
    one, two = encoder.encode([half, other])
    whole = encoder.encode([np.concatenate([half, other])])[0]
    mean = (one + two) / 2
    np.testing.assert_allclose(whole, mean / np.linalg.norm(mean), atol=1e-5)
    long = np.tile(half, 3 * MAX_WINDOWS)  # every window begins where the sound does
    np.testing.assert_allclose(encoder.encode([long])[0] @ one, 1, atol=0.1)


@pytest.mark.parametrize("wave", [np.zeros(0), np.zeros((2, 8)), np.array([np.nan])])
def test_what_is_no_sound_is_refused(folder: str, wave: NDArray[np.float32]) -> None:
    with pytest.raises(ValueError, match="wanted a sound"):
        HubAudioEncoder(folder).encode([wave])


def test_it_is_chosen_by_name(folder: str, tmp_path: Path) -> None:
    assert audio_encoder(folder, ModelStore(tmp_path)).dim == 16


def test_what_is_no_such_model_is_a_model_error(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    with pytest.raises(ModelError, match="cannot be loaded"):
        HubAudioEncoder(str(tmp_path))


def test_without_its_library_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing: Any = None
    monkeypatch.setitem(sys.modules, "transformers", missing)
    with pytest.raises(ModelError, match=r"pip install 'simpatico\[train\]'"):
        audio_encoder("laion/clap-htsat-unfused", ModelStore(tmp_path))
