import io
import struct
import tracemalloc
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from simpatico.errors import DataError
from simpatico.retrieval.sound import RATE_HZ, SoundLimits, decode_sound


def _tone(hertz: float = 440, *, rate: int = RATE_HZ, seconds: float = 2) -> NDArray[np.float32]:
    at = np.arange(round(rate * seconds)) / rate
    return (0.5 * np.sin(2 * np.pi * hertz * at)).astype(np.float32)


def _file(wave: NDArray[Any], rate: int = RATE_HZ, kind: str = "WAV", coded: str = "") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, wave, rate, format=kind, subtype=coded or None)
    return file.getvalue()


def _pitch(wave: NDArray[np.float32]) -> float:
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 1 << 20))
    return float(spectrum.argmax() * RATE_HZ / (1 << 20))


@pytest.mark.parametrize(
    ("kind", "coded"),
    [
        *(("WAV", "PCM_16"), ("WAV", "FLOAT"), ("WAVEX", "PCM_24"), ("FLAC", "PCM_16")),
        *(("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")),
    ],
)
def test_each_kind_keeps_its_tone(kind: str, coded: str) -> None:
    wave = decode_sound(_file(_tone(rate=48_000), 48_000, kind, coded))
    assert wave.dtype == np.float32 and wave.ndim == 1
    assert len(wave) == pytest.approx(2 * RATE_HZ, abs=2)
    assert _pitch(wave) == pytest.approx(440, abs=0.1)


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_another_rate_gives_the_same_tone(rate: int) -> None:
    wave = decode_sound(_file(_tone(rate=rate, seconds=5.3), rate, "WAV", "FLOAT"))
    expected = _tone(seconds=5.3)
    assert len(wave) == len(expected)
    inside = slice(500, -500)
    np.testing.assert_allclose(wave[inside], expected[inside], atol=2e-4)


def test_an_odd_rate_is_off_by_next_to_nothing() -> None:
    wave = decode_sound(_file(_tone(rate=44_056, seconds=5), 44_056))
    assert _pitch(wave) == pytest.approx(440, abs=0.1)


def test_what_16_khz_cannot_hold_is_taken_out_and_what_it_can_stays() -> None:
    too_high, high = (
        decode_sound(_file(_tone(hertz, rate=44_100), 44_100, "FLAC")) for hertz in (9_000, 7_000)
    )
    assert np.abs(too_high[500:-500]).max() < 1e-3
    assert np.abs(high[500:-500]).max() == pytest.approx(0.5, abs=0.01)


def test_stereo_becomes_the_mean_of_its_channels() -> None:
    left, right = _tone(440), _tone(1000)
    wave = decode_sound(_file(np.stack([left, right], axis=1), kind="WAV", coded="FLOAT"))
    np.testing.assert_allclose(wave, (left + right) / 2, atol=1e-6)


def test_a_wave_beyond_full_scale_is_clipped() -> None:
    assert decode_sound(_file(_tone() * 4, coded="FLOAT")).max() == 1


@pytest.mark.parametrize("kind", ["WAV", "FLAC"])
def test_a_file_cut_short_is_refused_where_it_tells_its_length(kind: str) -> None:
    whole = _file(_tone(), kind=kind)
    with pytest.raises(DataError, match="wanted a"):
        decode_sound(whole[: len(whole) // 2])


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"RIFF", b"<html>", b"FORM\0\0\0\0AIFF", b"riff.\x91\xcf\x11", b"\xff"),
        b"OggS" + bytes(60),
    ],
)
def test_what_is_no_sound_is_refused_with_its_first_bytes(data: bytes) -> None:
    with pytest.raises(DataError, match="Ogg Vorbis.*got bytes that begin"):
        decode_sound(data)


@pytest.mark.parametrize(
    "data",
    [
        *(b"fLaC", b"ID3" + bytes(50), b"\xff\xfb", b"RIFF\0\0\0\0WAVE"),
        b"OggS" + bytes(24) + b"\x01vorbis" + bytes(40),
    ],
)
def test_what_only_begins_like_a_sound_is_refused(data: bytes) -> None:
    with pytest.raises(DataError, match="cannot be decoded") as raised:
        decode_sound(data)
    assert "object at" not in str(raised.value)


def test_a_wav_of_coded_samples_is_refused() -> None:
    with pytest.raises(DataError, match=r"PCM.*GSM"):
        decode_sound(_file(_tone(rate=8_000), 8_000, "WAV", "GSM610"))


def test_limits_say_what_was_wanted_and_what_came() -> None:
    data = _file(np.stack([_tone()] * 2, axis=1))
    for limits, wanted in (
        (SoundLimits(max_bytes=1000), r"up to 1000 bytes, got 128044"),
        (SoundLimits(max_seconds=1.9), r"up to 1\.9 s"),
        (SoundLimits(max_channels=1), r"1 to 1 channels, got 2"),
        (SoundLimits(max_rate_hz=8_000), r"4000 to 8000 samples a second, got 16000"),
        (SoundLimits(min_rate_hz=22_050), r"22050 to .*, got 16000"),
    ):
        with pytest.raises(DataError, match=wanted):
            decode_sound(data, limits=limits)
    assert len(decode_sound(data, limits=SoundLimits(max_seconds=2))) == 2 * RATE_HZ


@pytest.mark.parametrize(
    ("channels", "rate"), [(0, 16_000), (1024, 16_000), (65_535, 16_000), (1, 0), (1, 2**31 - 1)]
)
def test_a_wav_with_a_lying_header_is_refused(channels: int, rate: int) -> None:
    data = bytearray(_file(_tone()))
    data[22:28] = struct.pack("<HI", channels, rate)
    with pytest.raises(DataError):
        decode_sound(bytes(data))


def test_a_flac_that_promises_what_does_not_come_is_refused_and_takes_no_memory() -> None:
    data = bytearray(_file(_tone(), kind="FLAC"))
    data[21] |= 0x0F  # 2**36 - 1 samples, by the header
    data[22:26] = b"\xff" * 4
    tracemalloc.start()
    try:
        with pytest.raises(DataError):
            decode_sound(bytes(data))
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_a_small_file_that_holds_hours_stops_at_the_limit() -> None:
    data = _file(np.zeros(16_000 * 3600, dtype=np.int16), kind="FLAC")
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="up to 60 s"):
            decode_sound(data, limits=SoundLimits(max_seconds=60))
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_a_wav_from_a_pipe_does_not_know_its_length() -> None:
    data = bytearray(_file(_tone()))
    data[4:8] = data[40:44] = b"\xff" * 4
    assert len(decode_sound(bytes(data))) == 2 * RATE_HZ


def test_samples_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(DataError, match="finite"):
        decode_sound(_file(np.array([0.0, np.nan, 1.0]), coded="FLOAT"))


def test_a_file_without_samples_is_refused() -> None:
    with pytest.raises(DataError, match="without a sample"):
        decode_sound(_file(np.zeros(0)))


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_wrong_bytes_raise_nothing_but_a_data_error(kind: str) -> None:
    rng = np.random.default_rng(0)
    whole = _file(_tone(rate=44_100, seconds=0.5), 44_100, kind)
    n_refused = 0
    for _ in range(40):
        data = bytearray(whole)
        for at in rng.integers(4, 400, size=5):
            data[at] = rng.integers(256)
        try:
            wave = decode_sound(bytes(data))
        except DataError:
            n_refused += 1
        else:
            assert np.abs(wave).max() <= 1
    assert kind == "MP3" or n_refused
