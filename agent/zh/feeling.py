"""Mood, need and intent of Chinese words: linear heads on vectors that both languages share.

The heads were trained by `simpatico.finetune.chinese` on English and Chinese sentences;
docs/reading.md has the figures. What reads is words, never voice or face.
"""

from collections.abc import Callable, Sequence
from importlib import resources
from threading import Lock
from typing import NamedTuple, cast
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from simpatico.agent.read.mood import fade, to_mood
from simpatico.domain import INTENTS, NEEDS, IntentName, Mood, NeedName
from simpatico.errors import ModelError
from simpatico.protocols import Encoder
from simpatico.retrieval.encoders.e5 import centred

Array = NDArray[np.float32]

ENCODER = "multilingual-e5-small"
"""The model, by its name in the store, that the heads were trained on."""

SURE_FROM = 0.5
"""A need or an intent less probable than this is unknown."""

MAX_CHARS = 300
"""Of what a turn says of the person; the end is kept."""


class Felt(NamedTuple):
    """The heads' word on one text: what is likeliest, and how likely, in [0, 1]."""

    need: NeedName
    need_sure: float
    intent: IntentName
    intent_sure: float


class Feelings:
    """The heads, and the encoder they stand on, which is made when it is first asked.

    Args:
        encoder: makes the multilingual encoder; may raise `ModelError`.

    Raises:
        ModelError: the heads are missing or are none.
    """

    def __init__(self, encoder: Callable[[], Encoder[str]]) -> None:
        source = resources.files("simpatico.agent.zh").joinpath("heads.npz")
        try:
            with source.open("rb") as stream, np.load(stream, allow_pickle=False) as saved:
                parts = {name: np.array(saved[name], dtype=np.float32) for name in saved.files}
            self._centre = parts["centre"]  # (384,)
            self._heads = {
                name: (parts[f"{name}_weights"], parts[f"{name}_bias"])
                for name in ("mood", "need", "intent")
            }
            self._thresholds = parts["mood_thresholds"]  # (28,)
        except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
            raise ModelError(f"the Chinese heads cannot be loaded: {error}") from error
        self._make, self._lock = encoder, Lock()
        self._encoder: Encoder[str] | None = None

    def mood(self, said: Sequence[str]) -> Mood:
        """Read one mood off what a person said of themselves, oldest first, "" for nothing.

        Raises:
            ModelError: the encoder cannot be had.
        """
        felt: Array | None = None
        for text in said:
            now = None
            if text:
                now = _chances(self._score("mood", self._vectors([text[-MAX_CHARS:]]))[0])
            felt = fade(felt, now)
        return to_mood(felt, self._thresholds) if felt is not None else Mood()

    def wish(self, text: str) -> Felt:
        """What a message wants to be done, and what it wants of us.

        Raises:
            ModelError: the encoder cannot be had.
        """
        vector = self._vectors([text[-MAX_CHARS:]])
        need, need_sure = _best(self._score("need", vector)[0], NEEDS)
        intent, intent_sure = _best(self._score("intent", vector)[0], INTENTS)
        return Felt(cast(NeedName, need), need_sure, cast(IntentName, intent), intent_sure)

    def _vectors(self, texts: Sequence[str]) -> Array:
        with self._lock:
            if self._encoder is None:
                self._encoder = self._make()
        return centred(self._encoder.encode(texts), self._centre)

    def _score(self, head: str, vectors: Array) -> Array:
        weights, bias = self._heads[head]
        return np.asarray(vectors @ weights + bias, dtype=np.float32)


def _chances(scores: Array) -> Array:
    chances = np.exp(scores - scores.max())
    return np.asarray(chances / chances.sum(), dtype=np.float32)


def _best(scores: Array, labels: Sequence[str]) -> tuple[str, float]:
    chances = _chances(scores)
    best = int(chances.argmax())
    sure = float(chances[best])
    return (labels[best], sure) if sure >= SURE_FROM else ("unknown", 0.0)
