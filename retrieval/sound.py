"""Sound files from outside, made into waveforms with care.

What a file is, its own first bytes say, never its name. It is decoded in blocks, so that no header
can ask for more memory than the sound takes, and brought to mono and 16 kHz block by block.
"""

import io
import math
import struct
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from simpatico.domain import Value
from simpatico.errors import DataError

RATE_HZ = 16_000
WANTED = "WAV (PCM), FLAC, Ogg Vorbis, Ogg Opus or MP3"

_BLOCK = 1 << 16  # samples of each channel
_REACH = 64  # zero crossings of the low-pass on each side
_CUT = 0.95  # of the lower Nyquist frequency, where the low-pass is down by half
_LARGEST = 1000  # denominator of a ratio of rates: odd rates come out off by up to one in 1,000
_PLAIN = ("PCM_16", "PCM_24", "PCM_32", "PCM_U8", "FLOAT", "DOUBLE")


class SoundLimits(Value):
    """What is still decoded."""

    max_bytes: int = Field(32 << 20, gt=0)
    max_seconds: float = Field(900, gt=0)
    max_channels: int = Field(8, gt=0)
    min_rate_hz: int = Field(4_000, gt=0)
    max_rate_hz: int = Field(192_000, gt=0)


def decode_sound(data: bytes, *, limits: SoundLimits | None = None) -> NDArray[np.float32]:
    """Decode a whole file: (n_samples,), mono (the mean of the channels), `RATE_HZ`, in [-1, 1].

    Of an Ogg or MP3 file that ends early, what there is is taken: neither has a trusted mark of its
    length.

    Args:
        data: the file.
        limits: None: the defaults.

    Raises:
        DataError: empty, of another kind, beyond a limit, cut short, damaged, or not finite.
    """
    limits = limits or SoundLimits()
    if len(data) > limits.max_bytes:
        raise DataError(f"wanted a sound file of up to {limits.max_bytes} bytes, got {len(data)}")
    kind = _kind(data)
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            _check(file, kind, limits)
            parts = list(_resampled(_blocks(file, limits), file.samplerate))
    except soundfile.SoundFileError as error:
        why = getattr(error, "error_string", error)  # without the address of our buffer
        raise DataError(f"wanted a sound file, got {kind} that cannot be decoded: {why}") from error
    wave = np.concatenate(parts)
    if not np.isfinite(wave).all():
        raise DataError("wanted finite samples, got some that are not")
    return np.clip(wave, -1, 1)


def _kind(data: bytes) -> str:
    """The format by the first bytes, as libsndfile calls it."""
    head = data[:64]
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        stated = struct.unpack("<I", head[4:8])[0] + 8
        unknown = stated in (8, 0xFFFFFFFF + 8)  # written to a pipe
        if stated > len(data) and not unknown:
            raise DataError(f"wanted a WAV of {stated} bytes, as it says, got {len(data)}")
        return "WAV"
    if head[:4] == b"fLaC":
        return "FLAC"
    if head[:4] == b"OggS" and (b"\x01vorbis" in head or b"OpusHead" in head):
        return "OGG"
    if head[:3] == b"ID3" or (
        len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 6 == 2
    ):
        return "MP3"  # "layer III" in a frame's first two bytes, or a tag before them
    raise DataError(f"wanted {WANTED}, got bytes that begin {head[:12]!r}")


def _check(file: Any, kind: str, limits: SoundLimits) -> None:
    if file.format.removesuffix("EX") != kind:  # a newer header of WAV is called WAVEX
        raise DataError(f"wanted {WANTED}, got {file.format_info} that begins like {kind}")
    if kind == "WAV" and file.subtype not in _PLAIN:
        raise DataError(f"wanted a WAV of plain samples (PCM), got {file.subtype_info}")
    if not 1 <= file.channels <= limits.max_channels:
        raise DataError(f"wanted 1 to {limits.max_channels} channels, got {file.channels}")
    if not limits.min_rate_hz <= file.samplerate <= limits.max_rate_hz:
        raise DataError(
            f"wanted {limits.min_rate_hz} to {limits.max_rate_hz} samples a second, "
            f"got {file.samplerate}"
        )


def _blocks(file: Any, limits: SoundLimits) -> Iterator[NDArray[np.float32]]:
    """The sound in mono, block by block, until it ends."""
    most = int(limits.max_seconds * file.samplerate)
    n = 0
    while len(block := file.read(_BLOCK, dtype="float32", always_2d=True)):
        n += len(block)
        if n > most:
            raise DataError(f"wanted up to {limits.max_seconds:g} s of sound, got more")
        yield block.mean(axis=1)
    if not n:
        raise DataError("wanted a sound, got a file without a sample")


def _resampled(
    blocks: Iterable[NDArray[np.float32]], rate_hz: int
) -> Iterator[NDArray[np.float32]]:
    """Bring a sound to `RATE_HZ`, as if in one piece: n samples give ceil(n * RATE_HZ / rate_hz).

    What is held begins `edge` samples before the next that is due, so that each is computed from
    all that the low-pass reaches.
    """
    from scipy.signal import firwin, resample_poly

    ratio = Fraction(RATE_HZ, rate_hz).limit_denominator(_LARGEST)
    up, down = ratio.numerator, ratio.denominator
    if up == down:
        yield from blocks
        return
    reach = _REACH * max(up, down)
    low_pass = firwin(2 * reach + 1, _CUT / max(up, down), window=("kaiser", 8.6))
    low_pass = low_pass.astype(np.float32)
    steps_before = math.ceil(reach / (up * down))
    edge, due = steps_before * down, steps_before * up
    held = np.zeros(edge, dtype=np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        steps = (len(held) - 2 * edge) // down
        if steps > 0:
            heard = held[: steps * down + 2 * edge]
            yield resample_poly(heard, up, down, window=low_pass)[due : due + steps * up]
            held = held[steps * down :]
    yield resample_poly(held, up, down, window=low_pass)[due:]
