"""The bridges that ship: their files agree with their cards, and only what fits is opened."""

import hashlib
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simpatico.errors import ModelError
from simpatico.retrieval.bridge import Bridge
from simpatico.retrieval.shipped import (
    BridgeCard,
    shipped_bridge,
    shipped_card,
    shipped_mark,
)


def ship(folder: Path, **changed: Any) -> Bridge:
    """A bridge from "eyes" to "words", and its card with what is `changed`."""
    one = Bridge("eyes", "words", centre=np.zeros(2, np.float32),
                 weights=np.eye(2, dtype=np.float32), middle=np.zeros(2, np.float32))  # fmt: skip
    one.save(folder / "image.npz")
    told: dict[str, Any] = {
        "source": "eyes",
        "target": "words",
        "sha256": hashlib.sha256((folder / "image.npz").read_bytes()).hexdigest(),
        "n": 3,
        "penalty": 1,
        "names": 1,
        "seed": 0,
        "command": "none",
        "made": date(2026, 1, 1),
        "data": (),
        "figures": {},
    }
    card = BridgeCard(**{**told, **changed})
    (folder / "image.json").write_text(card.model_dump_json())
    return one


def test_only_a_bridge_between_these_encoders_is_opened(tmp_path: Path) -> None:
    assert shipped_bridge("image", ["eyes"], "words", tmp_path) is None
    assert shipped_mark(tmp_path) == ""
    one = ship(tmp_path)
    found = shipped_bridge("image", ["eyes and more", "eyes"], "words", tmp_path)
    assert found is not None
    shown = np.array([[0.6, 0.8]], np.float32)
    np.testing.assert_array_equal(found.to_text(shown), one.to_text(shown))
    assert shipped_bridge("image", ["ears"], "words", tmp_path) is None
    assert shipped_bridge("image", ["eyes"], "other words", tmp_path) is None
    assert shipped_bridge("audio", ["eyes"], "words", tmp_path) is None


def test_what_is_damaged_is_told(tmp_path: Path) -> None:
    ship(tmp_path)
    before = shipped_mark(tmp_path)
    ship(tmp_path, sha256="0" * 64)
    assert shipped_mark(tmp_path) not in ("", before)
    with pytest.raises(ModelError, match="sha256"):
        shipped_bridge("image", ["eyes"], "words", tmp_path)
    (tmp_path / "image.npz").unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        shipped_bridge("image", ["eyes"], "words", tmp_path)
    (tmp_path / "image.json").write_text('{"version": 2}')
    with pytest.raises(ModelError, match="card"):
        shipped_card("image", tmp_path)
