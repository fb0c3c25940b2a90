"""What is chosen for a reader is kept and read again as it was."""

import json
from pathlib import Path

import pytest

from simpatico.calibration import Calibration, read_calibration, write_calibration
from simpatico.domain import MOODS
from simpatico.errors import ModelError


def test_what_was_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "calibration.json"
    thresholds = tuple(0.1 + place / 100 for place in range(len(MOODS)))
    write_calibration(file, Calibration(temperature=0.8, thresholds=thresholds))
    assert read_calibration(file) == Calibration(temperature=0.8, thresholds=thresholds)
    assert json.loads(file.read_text())["thresholds"]["anger"] == thresholds[MOODS.index("anger")]
    with pytest.raises(ModelError, match="cannot be written"):
        write_calibration(tmp_path / "none" / "calibration.json", Calibration())


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"temperature": 0, "thresholds": {}}',
        '{"temperature": 1, "thresholds": {}}',
        '{"temperature": 1, "thresholds": {"joy": 0.5}}',
        '{"temperature": 1, "thresholds": {"bliss": 0.5}}',
        None,
    ],
)
def test_one_that_is_none_is_a_model_error(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "calibration.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ModelError, match="calibration"):
        read_calibration(file)
