"""Whisper: the words of speech, on CTranslate2. What is heard of a voice beside them is not read.

The network, its features and its prompt are those of Radford and others, "Robust Speech Recognition
via Large-Scale Weak Supervision" (2022). It was trained on windows of 30 s; here a window is as
long as what was said, and at least 10 s, which on a CPU costs a fifth and no word more
(docs/voice.md).
"""

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Spoken
from simpatico.errors import ModelError, UnknownLanguage
from simpatico.retrieval.melscale import mel_triangles
from simpatico.retrieval.sound import RATE_HZ

Array = NDArray[np.float32]

MODEL: Final = "whisper-base"
"""Its name in the model store."""
HOW: Final = (
    "voice needs two things once: `pip install 'simpatico[voice]'` and "
    f"`simpatico model fetch {MODEL}`"
)
"""What to do where it cannot be had."""

_N_FFT, _HOP, _N_MELS = 400, 160, 80
_SHORTEST_S, _LONGEST_S, _PAD_S = 10.0, 30.0, 0.5
_SEARCHED_S = 6.0  # before the end of a window, for the quietest place to cut
_STEP = RATE_HZ // 50
_QUIET = 0.003  # of the loudest 20 ms, root mean square: nobody speaks so softly
_NO_SPEECH, _UNSURE, _LOOPING = 0.6, -1.0, 2.4  # the thresholds of the paper's own code
_TOKENS, _TOKENS_A_S = 24, 14
_BEAM = 5


class Whisper:
    """Speech to words; safe to call from several threads.

    Args:
        folder: holds `model.bin`, `config.json`, `tokenizer.json`, `vocabulary.txt`, as
            `ModelStore.path("whisper-base")` returns it.
        languages: one of these is taken to be spoken when nobody says which: the likeliest.
        threads: of the processor.

    Raises:
        ModelError: the engine is not installed, or the files are damaged.
    """

    name = MODEL

    def __init__(
        self, folder: Path, *, languages: Sequence[str] = ("en", "zh"), threads: int = 1
    ) -> None:
        try:
            import ctranslate2
        except ImportError as error:
            raise ModelError(HOW) from error
        from tokenizers import Tokenizer

        self._view = ctranslate2.StorageView.from_array
        try:
            self._model = ctranslate2.models.Whisper(
                str(folder), device="cpu", compute_type="int8", intra_threads=threads
            )
            self._tokens = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # tokenizers raises Exception itself
            raise ModelError(f"{MODEL} cannot be opened from {folder}: {error}") from error
        self._likely = tuple(_mark(language) for language in languages)

    def listen(self, wave: Array, *, language: str = "") -> Spoken:
        """The words of a sound: (n_samples,), mono, 16 kHz, in [-1, 1]; none where nobody speaks.

        Args:
            wave: any length; more than 30 s are cut at quiet places.
            language: two letters, such as "zh"; empty: it is told by the sound.

        Raises:
            UnknownLanguage: one that the model does not know.
        """
        if language and self._tokens.token_to_id(_mark(language)) is None:
            raise UnknownLanguage(f"wanted a language by its two letters, got {language[:20]!r}")
        marks = [_mark(language)] if language else []
        texts = []
        for window in _windows(wave):
            if _loudest(window) < _QUIET:
                continue
            encoded = self._model.encode(self._view(log_mel(_padded(window))[None]))
            if not marks:  # what is spoken first is spoken throughout
                chances = dict(self._model.detect_language(encoded)[0])
                marks = [max(self._likely, key=lambda mark: chances.get(mark, 0.0))]
            if text := self._words(encoded, marks[0], seconds=len(window) / RATE_HZ):
                texts.append(text)
        spoken = marks[0].strip("<|>") if marks else language
        return Spoken(
            text=(" " if spoken != "zh" else "").join(texts),
            language=spoken if texts else "",
            seconds=len(wave) / RATE_HZ,
        )

    def _words(self, encoded: Any, mark: str, *, seconds: float) -> str:
        start = ("<|startoftranscript|>", mark, "<|transcribe|>", "<|notimestamps|>")
        (found,) = self._model.generate(
            encoded,
            [[self._tokens.token_to_id(token) for token in start]],
            beam_size=_BEAM,
            max_length=_TOKENS + int(seconds * _TOKENS_A_S),
            return_scores=True,
            return_no_speech_prob=True,
        )
        if found.no_speech_prob > _NO_SPEECH and found.scores[0] < _UNSURE:
            return ""
        text = str(self._tokens.decode(found.sequences_ids[0], skip_special_tokens=True)).strip()
        raw = text.encode()
        if len(raw) / max(1, len(zlib.compress(raw))) > _LOOPING:
            return ""  # the same again and again: it was not understood
        return text


def log_mel(wave: Array) -> Array:
    """What the network reads: (n_samples,) -> (80, n_samples // 160), about [-1, 1]."""
    from scipy.fft import rfft

    padded = np.pad(wave, _N_FFT // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _N_FFT)[::_HOP][: len(wave) // _HOP]
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_N_FFT) / _N_FFT)).astype(np.float32)
    spectrum = rfft(frames * window, axis=1)  # (n_frames, 201)
    power = spectrum.real**2 + spectrum.imag**2
    mels = np.log10(np.maximum(power @ mel_triangles(_N_FFT, _N_MELS, rate_hz=RATE_HZ), 1e-10)).T
    return np.ascontiguousarray((np.maximum(mels, mels.max() - 8) + 4) / 4, dtype=np.float32)


def _windows(wave: Array) -> Iterator[Array]:
    """The sound in pieces that fit into a window, cut where it is quietest."""
    longest = int((_LONGEST_S - _PAD_S) * RATE_HZ)
    searched = int(_SEARCHED_S * RATE_HZ)
    while len(wave) > longest:
        loud = _loudness(wave[longest - searched : longest])
        cut = longest - searched + int(np.argmin(loud)) * _STEP + _STEP // 2
        yield wave[:cut]
        wave = wave[cut:]
    if len(wave):
        yield wave


def _padded(window: Array) -> Array:
    n = max(len(window) + int(_PAD_S * RATE_HZ), int(_SHORTEST_S * RATE_HZ))
    return np.pad(window, (0, n - len(window)))


def _loudness(wave: Array) -> Array:
    """Root mean square of each 20 ms; what is left over at the end does not count."""
    steps = wave[: len(wave) // _STEP * _STEP].reshape(-1, _STEP)
    loudness: Array = np.sqrt((steps**2).mean(axis=1))
    return loudness


def _loudest(wave: Array) -> float:
    return float(_loudness(wave).max(initial=0.0))


def _mark(language: str) -> str:
    return f"<|{language}|>"
