"""What is chosen for a reader is kept and read again as it was."""

import json
from pathlib import Path

import numpy as np
import pytest

from simpatico.calibration import Calibration, read_calibration, write_calibration
from simpatico.domain import MOODS
from simpatico.errors import ModelError


def test_what_was_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "calibration.json"
    thresholds = tuple(0.1 + place / 100 for place in range(len(MOODS)))
    chosen = Calibration(temperature=0.8, head=0.5, thresholds=thresholds)
    write_calibration(file, chosen)
    assert read_calibration(file) == chosen
    assert json.loads(file.read_text())["thresholds"]["anger"] == thresholds[MOODS.index("anger")]
    with pytest.raises(ModelError, match="cannot be written"):
        write_calibration(tmp_path / "none" / "calibration.json", Calibration())


def test_the_head_stands_beside_the_shares_to_its_power_before_the_temperature() -> None:
    scores = np.log([0.6, 0.3, 0.1])
    chances = np.array([0.04, 0.64, 0.25])
    found = Calibration(head=0.5, temperature=0.5).shares(scores, chances)
    weights = (np.array([0.6, 0.3, 0.1]) * np.sqrt(chances)) ** 2
    assert found == pytest.approx(weights / weights.sum(), abs=1e-6)
    assert Calibration(head=0.5).shares(scores) == pytest.approx([0.6, 0.3, 0.1], abs=1e-6)
    assert Calibration().shares(scores, chances) == pytest.approx([0.6, 0.3, 0.1], abs=1e-6)
    impossible = Calibration(head=0.5).shares(np.array([-np.inf, 0.0]), np.array([1.0, 0.0]))
    assert impossible.tolist() == [0.0, 1.0]


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
