"""What makes moods of a reader adapter's chances; shipped with it as calibration.json."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError, field_validator
from scipy.special import softmax

from simpatico.domain import MOODS, MoodDistribution, Value
from simpatico.errors import ModelError

FILE = "calibration.json"

MOOD_HEAD = 0.5
"""What the mood head's chances weigh beside an adapter's shares: the best of .5, .65, .8 and 1 on
GoEmotions' dev part, where all of them are better than the adapter alone (docs/compare.md)."""

_LEAST = 1e-9


class Calibration(Value):
    """What turns the shares of moods into moods: chosen on labelled sentences.

    Attributes:
        temperature: shares are raised to 1/temperature and made to sum to 1 again.
        thresholds: for each of `MOODS`, the share from which on it holds, in (0, 1].
        head: before that, shares are multiplied by the mood head's chances to this power; 0:
            the head is not asked.
    """

    temperature: float = Field(default=1.0, gt=0)
    head: float = Field(default=0.0, ge=0)
    thresholds: MoodDistribution = (0.25,) * len(MOODS)

    @field_validator("thresholds")
    @classmethod
    def _of_every_mood(cls, value: MoodDistribution) -> MoodDistribution:
        if not value or min(value) <= 0:
            raise ValueError("wanted a threshold in (0, 1] for each mood")
        return value

    def shares(
        self, scores: NDArray[np.floating], chances: NDArray[np.floating] | None = None
    ) -> NDArray[np.float32]:
        """Shares of the moods: (..., n_moods) -> (..., n_moods), sums 1.

        Args:
            scores: logits of an adapter's shares; -inf is impossible.
            chances: the mood head's, in [0, 1], for `head`; None: without it.
        """
        return np.asarray(
            softmax(beside(scores, chances, self.head) / self.temperature, axis=-1),
            dtype=np.float32,
        )


def beside(
    scores: NDArray[np.floating], chances: NDArray[np.floating] | None, weight: float
) -> NDArray[np.float64]:
    """Logits of shares with another's chances beside them, to a power (a product of experts)."""
    together = np.asarray(scores, dtype=np.float64)
    if chances is None or not weight:
        return together
    return np.asarray(together + weight * np.log(np.maximum(chances, _LEAST)))


def read_calibration(file: Path) -> Calibration:
    """Read calibration.json.

    Raises:
        ModelError: it is missing, or is not what a calibration is.
    """
    try:
        return Calibration.model_validate(json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise ModelError(f"the calibration {file} cannot be used: {error}") from error


def write_calibration(file: Path, calibration: Calibration) -> None:
    """Write calibration.json: thresholds by mood.

    Raises:
        ModelError: it cannot be written.
    """
    values = {
        "temperature": calibration.temperature,
        "head": calibration.head,
        "thresholds": dict(zip(MOODS, calibration.thresholds, strict=True)),
    }
    try:
        file.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ModelError(f"{file} cannot be written: {error}") from error
