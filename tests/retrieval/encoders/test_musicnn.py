import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simpatico.errors import ModelError
from simpatico.modelstore import ModelStore
from simpatico.protocols import Encoder
from simpatico.retrieval.encoders import audio_encoder
from simpatico.retrieval.encoders.musicnn import (
    N_POOLED,
    RATE_HZ,
    TAGS,
    Musicnn,
    _patches,
    spectrogram,
)
from simpatico.retrieval.encoders.tensorbundle import read_bundle
from simpatico.retrieval.melscale import mel_triangles
from simpatico.retrieval.sound import decode_sound
from simpatico.settings import load_settings

pytestmark = pytest.mark.model

Array = NDArray[np.float32]


def _weights() -> Path:
    try:
        return ModelStore(load_settings().cache).path("musicnn")
    except ModelError as error:
        pytest.skip(f"no weights: {error}")


@pytest.fixture(scope="module")
def musicnn() -> Musicnn:
    return Musicnn(_weights())


@cache
def _clip(name: str) -> Array:
    file = Path(os.environ.get("DATA_SETS", __file__)) / "emotify" / "audio" / f"{name}.ogg"
    if not file.is_file():
        pytest.skip("needs Emotify: set DATA_SETS to the folder docs/data.md describes")
    return decode_sound(file.read_bytes())


def _tone(hertz: float, seconds: float = 3) -> Array:
    at = np.arange(round(RATE_HZ * seconds)) / RATE_HZ
    return (0.5 * np.sin(2 * np.pi * hertz * at)).astype(np.float32)


def _chord(seconds: float = 7) -> Array:
    notes = np.stack([_tone(hertz, seconds) for hertz in (220, 277.2, 329.6)])
    return np.asarray(notes.mean(axis=0), dtype=np.float32)


def test_rows_are_unit_vectors_of_the_stated_length(musicnn: Musicnn) -> None:
    encoder: Encoder[Array] = musicnn
    vectors = encoder.encode([_tone(440), _chord()])
    assert vectors.shape == (2, encoder.dim) == (2, 953) and vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    halves = vectors[:, :N_POOLED], vectors[:, N_POOLED:]
    for half in halves:
        np.testing.assert_allclose(np.linalg.norm(half, axis=1), np.sqrt(0.5), atol=1e-5)


def test_nothing_in_gives_no_rows_out(musicnn: Musicnn) -> None:
    assert musicnn.encode([]).shape == (0, 953)
    assert musicnn.tags([]).shape == (0, 50) == (0, len(set(TAGS)))


def test_a_sound_has_the_same_vector_alone_and_among_others(musicnn: Musicnn) -> None:
    sounds = [_tone(440, 20), _chord(), _tone(90, 1)]
    together = musicnn.encode(sounds)
    for sound, row in zip(sounds, together, strict=True):
        np.testing.assert_array_equal(musicnn.encode([sound])[0], row)


def test_tones_are_heard_as_torch_heard_them(musicnn: Musicnn) -> None:
    # The same weights in torch, run once on the same chord.
    (chord,) = musicnn.tags([_chord()])
    best = np.argsort(-chord)[:4]
    assert [TAGS[at] for at in best] == ["ambient", "electronic", "experimental", "instrumental"]
    np.testing.assert_allclose(chord[best], [0.52797, 0.14739, 0.1318, 0.12696], atol=1e-4)


def test_real_clips_sound_like_what_they_are(musicnn: Musicnn) -> None:
    names = ("classical_1", "classical_2", "rock_1", "rock_2", "electronic_1", "electronic_2")
    heard = musicnn.listen([_clip(name)[: 9 * RATE_HZ] for name in names])
    rock, electronic = (heard.tags[:, TAGS.index(tag)] for tag in ("rock", "electronic"))
    assert rock[2:4].min() > rock[:2].max()
    assert electronic[4:].min() > electronic[:4].max()
    near = heard.vectors @ heard.vectors.T
    assert near[0, 1] > near[0, 2:].max()


def test_a_short_sound_is_repeated_until_it_fills_a_patch() -> None:
    sound = _chord(1)
    (patch,) = _patches(sound)
    frames = spectrogram(sound)
    np.testing.assert_array_equal(patch[0], np.tile(frames, (3, 1))[:187])


def test_a_single_sample_and_silence_still_have_vectors(musicnn: Musicnn) -> None:
    silence = np.zeros(3 * RATE_HZ, dtype=np.float32)
    vectors = musicnn.encode([silence, silence[:1], silence[:40_000]])
    assert np.isfinite(vectors).all()
    np.testing.assert_array_equal(vectors[0], vectors[1])
    np.testing.assert_array_equal(vectors[0], vectors[2])


def test_what_is_left_over_after_the_last_patch_does_not_count(musicnn: Musicnn) -> None:
    sound = _chord(5.9)
    np.testing.assert_array_equal(*musicnn.encode([sound[: 3 * RATE_HZ], sound]))


def test_a_loud_sound_stays_finite() -> None:
    # 10,000 times the power of a full tone is beyond what half precision holds.
    assert 5 < spectrogram(2 * _tone(440)).max() < 8


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(0, dtype=np.float32),
        np.zeros((2, 48_000), dtype=np.float32),
        np.zeros(48_000, dtype=np.int16),
        np.full(48_000, np.nan, dtype=np.float32),
    ],
    ids=["empty", "stereo", "integers", "no numbers"],
)
def test_what_is_no_sound_is_refused(musicnn: Musicnn, sound: Array) -> None:
    with pytest.raises(ValueError, match="finite floats"):
        musicnn.encode([_tone(440), sound])


def test_weights_that_are_missing_or_rubbish_are_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        Musicnn(tmp_path)
    for name in ("model.index", "model.data"):
        (tmp_path / name).write_bytes(b"rubbish")
    with pytest.raises(ModelError, match="damaged"):
        Musicnn(tmp_path)


def test_the_network_agrees_with_torch(musicnn: Musicnn) -> None:
    """The authors' code line by line, channels last as they have it, in another library."""
    torch = pytest.importorskip("torch")
    folder = _weights()
    weights = {
        name: torch.from_numpy(value.copy())
        for name, value in read_bundle(folder / "model.index", folder / "model.data").items()
    }
    sound = _chord() + 0.1 * np.random.default_rng(0).standard_normal(7 * RATE_HZ).astype("f4")

    def norm(x: Any, number: int) -> Any:  # over the last axis
        layer = "batch_normalization" + (f"_{number}" if number else "")
        gamma, beta, mean, variance = (
            weights[f"{layer}/{part}"]
            for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        return (x - mean) / torch.sqrt(variance + 0.001) * gamma + beta

    def conv(x: Any, number: int, before: int, after: int) -> Any:  # (n, time, bins, channels)
        layer = "conv2d" + (f"_{number}" if number else "")
        x = torch.nn.functional.pad(x.permute(0, 3, 1, 2), (0, 0, before, after))
        kernel = weights[f"{layer}/kernel"].permute(3, 2, 0, 1)
        x = torch.nn.functional.conv2d(x, kernel, weights[f"{layer}/bias"])
        return norm(torch.relu(x).permute(0, 2, 3, 1), number + 1)

    window = torch.hann_window(512)
    spectrum = torch.stft(
        *(torch.from_numpy(sound), 512, 256),
        window=window,
        pad_mode="reflect",
        return_complex=True,
    )
    mel = (spectrum.abs() ** 2).T @ torch.from_numpy(mel_triangles(512, 96, rate_hz=RATE_HZ))
    x = torch.log10(10_000 * mel + 1)[: 2 * 187].reshape(2, 187, 96, 1)
    x = norm(x, 0)
    front = [conv(x, number, 3, 3).amax(2) for number in (0, 1)]
    front += [
        conv(x, n, size // 2 - 1, size // 2).amax(2) for n, size in ((2, 128), (3, 64), (4, 32))
    ]
    features = torch.cat(front, 2)[..., None]  # (2, 187, 561, 1)
    first = conv(features, 5, 3, 3).transpose(2, 3)
    second = conv(first, 6, 3, 3).transpose(2, 3) + first
    third = conv(second, 7, 3, 3).transpose(2, 3) + second
    every = torch.cat([features, first, second, third], 2)
    most, mean = every.amax(1), every.mean(1)  # (2, 753, 1)
    flat = norm(torch.cat([most, mean], 2).flatten(1), 9)
    last = norm(torch.relu(flat @ weights["dense/kernel"] + weights["dense/bias"]), 10)
    tags = torch.sigmoid(last @ weights["dense_1/kernel"] + weights["dense_1/bias"])

    heard = musicnn.listen([np.asarray(sound, dtype=np.float32)])
    np.testing.assert_allclose(heard.tags[0], tags.mean(0).numpy(), atol=1e-5)
    penultimate = last.mean(0).numpy()
    half = penultimate / np.linalg.norm(penultimate) * np.sqrt(0.5)
    np.testing.assert_allclose(heard.vectors[0, N_POOLED:], half, atol=1e-5)
    running = "batch_normalization_9/moving_"
    pooled = (mean[..., 0].mean(0) - weights[f"{running}mean"][1::2]) / torch.sqrt(
        weights[f"{running}variance"][1::2] + 0.001
    )
    half = (pooled / pooled.norm()).numpy() * np.sqrt(0.5)
    np.testing.assert_allclose(heard.vectors[0, :N_POOLED], half, atol=1e-5)


def test_the_mel_filters_agree_with_another_library() -> None:
    audio_utils = pytest.importorskip("transformers.audio_utils")
    theirs = audio_utils.mel_filter_bank(
        257, 96, 0, 8000, 16_000, norm="slaney", mel_scale="slaney"
    )
    np.testing.assert_allclose(mel_triangles(512, 96, rate_hz=RATE_HZ), theirs, atol=1e-6)


def test_it_is_made_by_its_name(musicnn: Musicnn) -> None:
    models = ModelStore(load_settings().cache)
    made = audio_encoder("musicnn", models)
    assert (made.name, made.dim) == (musicnn.name, musicnn.dim)
