"""What makes moods of a reader adapter's chances; shipped with it as calibration.json."""

import json
from pathlib import Path

from pydantic import Field, ValidationError, field_validator

from simpatico.domain import MOODS, MoodDistribution, Value
from simpatico.errors import ModelError

FILE = "calibration.json"


class Calibration(Value):
    """What turns the shares of moods into moods: chosen on labelled sentences.

    Attributes:
        temperature: shares are raised to 1/temperature and made to sum to 1 again.
        thresholds: for each of `MOODS`, the share from which on it holds, in (0, 1].
    """

    temperature: float = Field(default=1.0, gt=0)
    thresholds: MoodDistribution = (0.25,) * len(MOODS)

    @field_validator("thresholds")
    @classmethod
    def _of_every_mood(cls, value: MoodDistribution) -> MoodDistribution:
        if not value or min(value) <= 0:
            raise ValueError("wanted a threshold in (0, 1] for each mood")
        return value


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
        "thresholds": dict(zip(MOODS, calibration.thresholds, strict=True)),
    }
    try:
        file.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ModelError(f"{file} cannot be written: {error}") from error
