"""How a person seems to feel, from their words: a linear head on sentence vectors and n-grams.

The head was trained on GoEmotions' training sentences (Apache-2.0) and lines of our own by
`simpatico.finetune.mood`; docs/reading.md has the figures. It reads words, never voice or face.
"""

import re
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from simpatico.agent.read.affect import place
from simpatico.domain import MOODS, Mood
from simpatico.errors import ModelError
from simpatico.protocols import Encoder
from simpatico.retrieval.ngrams import FORMAT, N_FEATURES, matrix

Array = NDArray[np.float32]

_ARRAYS = frozenset("format encoder dense bias words scale idf slope shift thresholds".split())
DECAY = 0.6
"""What an earlier turn's feeling is worth one turn later, if nothing new is felt."""

N_TURNS = 4
"""How many of the person's latest turns can still colour the mood."""

MAX_CHARS = 600
"""What the encoder's 256 tokens can hold, give or take; the end of a message is kept."""

_NEUTRAL = MOODS.index("neutral")
_LETTER = re.compile(r"[A-Za-z]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_EMOJI = re.compile(r"[\u2600-\u27bf\U0001f300-\U0001faff]")


class MoodHead:
    """The trained weights.

    Args:
        file: as `simpatico.finetune.mood` writes it; None takes the one that is shipped.

    Raises:
        ModelError: the file is missing or is not of this format.
    """

    def __init__(self, file: Path | None = None) -> None:
        source = file or resources.files("simpatico.agent.read").joinpath("mood.npz")
        try:
            with source.open("rb") as stream, np.load(stream, allow_pickle=False) as saved:
                parts = {name: np.array(saved[name]) for name in saved.files}
        except (OSError, EOFError, ValueError, BadZipFile) as error:
            raise ModelError(f"the mood head cannot be loaded from {source}: {error}") from error
        if not _ARRAYS <= parts.keys() or int(parts["format"]) != FORMAT:
            raise ModelError(f"wanted a mood head of format {FORMAT} in {source}")
        if parts["words"].shape != (N_FEATURES, len(MOODS)):
            raise ModelError(f"wanted {N_FEATURES} x {len(MOODS)} word weights in {source}")
        self.encoder = str(parts["encoder"])
        self.dense = parts["dense"].astype(np.float32)  # (dim, 28)
        self.bias = parts["bias"].astype(np.float32)  # (28,)
        self.words = parts["words"].astype(np.float32) * parts["scale"]  # (N_FEATURES, 28)
        self.idf = parts["idf"].astype(np.float32)  # (N_FEATURES,)
        self.slope = parts["slope"].astype(np.float32)  # (28,), Platt scaling
        self.shift = parts["shift"].astype(np.float32)  # (28,)
        self.thresholds = parts["thresholds"].astype(np.float32)  # (28,)

    def probabilities(self, texts: Sequence[str], vectors: Array) -> Array:
        """How likely each label holds: texts (n,), their vectors (n, dim) -> (n, 28) in [0, 1]."""
        scores = vectors @ self.dense + self.bias + matrix(texts, self.idf) @ self.words
        return np.asarray(1 / (1 + np.exp(-(self.slope * scores + self.shift))), dtype=np.float32)

    def holds(self, probabilities: Array) -> NDArray[np.bool_]:
        """Which labels hold, (n, 28): those over their threshold, else the one nearest to it."""
        return holds(probabilities, self.thresholds)


def holds(probabilities: Array, thresholds: Array) -> NDArray[np.bool_]:
    """Which labels hold, (n, 28): those over their threshold (28,), else the one nearest to it."""
    ratio = probabilities / thresholds
    held = ratio >= 1
    none = ~held.any(axis=1)
    held[none, ratio[none].argmax(axis=1)] = True
    return held


def readable(text: str) -> bool:
    """Whether there is anything in it that the head was trained to read: Latin script, emoji."""
    letters = sum(char.isalpha() for char in text)
    return bool(_EMOJI.search(text)) or (
        bool(_LETTER.search(text)) and 2 * len(_LATIN.findall(text)) >= letters
    )


class MoodReader:
    """Reads a mood from what a person said, the newest last."""

    def __init__(self, encoder: Encoder[str], head: MoodHead | None = None) -> None:
        self._encoder = encoder
        self.head = head or MoodHead()
        if self.head.dense.shape[0] != encoder.dim or self.head.encoder != encoder.name:
            raise ModelError(
                f"the mood head was trained on {self.head.encoder}, not on {encoder.name}"
            )

    def chances(self, texts: Sequence[str]) -> Array:
        """How likely each mood holds in each text by itself: (n,) -> (n, 28)."""
        said = [text.strip()[-MAX_CHARS:] for text in texts]
        return self.head.probabilities(said, self._encoder.encode(said))

    def read(self, said: Sequence[str]) -> Mood:
        """Read one mood off a person's words about themselves, earlier ones fading.

        Args:
            said: for each turn, oldest first, what it says of the person; "" where it was only
                a request, which says nothing of how they feel.
        """
        texts = [text.strip()[-MAX_CHARS:] for text in said[-N_TURNS:]]
        heard = [bool(text) and readable(text) for text in texts]
        kept = [text for text, ok in zip(texts, heard, strict=True) if ok]
        if not kept:
            return Mood()
        rows = iter(self.head.probabilities(kept, self._encoder.encode(kept)))
        felt: Array | None = None
        for ok in heard:
            now = next(rows) if ok else None
            felt = fade(felt, now)
        return to_mood(felt, self.head.thresholds) if felt is not None else Mood()


def to_mood(distribution: Array, thresholds: Array) -> Mood:
    """A mood from how probable each of `MOODS` is, (28,), and from when each holds, (28,)."""
    held = np.flatnonzero(holds(distribution[None], thresholds)[0])
    # A feeling that holds says more than "neutral" beside it, so neutral comes last.
    order = sorted(held, key=lambda i: (i == _NEUTRAL, -float(distribution[i])))
    labels = tuple(MOODS[i] for i in order)
    values = tuple(round(min(1.0, float(p)), 4) for p in distribution)
    valence, arousal = place(values)
    return Mood(
        label=labels[0],
        labels=labels,
        distribution=values,
        valence=valence,
        arousal=arousal,
        confidence=values[MOODS.index(labels[0])],
    )


def fade(before: Array | None, now: Array | None) -> Array | None:
    """Carry a feeling into the next turn: weaker with time, and weaker still under a new one."""
    if before is None:
        return now
    feelings = np.arange(len(MOODS)) != _NEUTRAL
    fresh = float(now[feelings].max()) if now is not None else 0.0
    out = np.zeros(len(MOODS), dtype=np.float32) if now is None else now.copy()
    carried = before * DECAY * (1 - fresh)
    out[feelings] = np.maximum(out[feelings], carried[feelings])
    left = 1.0 if now is None else float(now[_NEUTRAL])
    out[_NEUTRAL] = left * (1 - float(carried[feelings].max()))
    return out
