"""What is finished is not made again, and a damaged file is said."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from simpatico.errors import DataError
from simpatico.eval.kept import Kept


def never() -> NDArray[np.floating]:
    raise AssertionError("made again")


def test_a_part_is_made_once_for_each_split_name_and_seed(tmp_path: Path) -> None:
    made = np.arange(6, dtype=np.float64).reshape(2, 3)
    kept = Kept(tmp_path / "new", "split one")
    assert not kept.has("MLP, wide", 0)
    first = kept.get("MLP, wide", 0, lambda: made)
    again = Kept(tmp_path / "new", "split one").get("MLP, wide", 0, never)
    assert np.array_equal(again.scores, made) and again.scores.dtype == made.dtype
    assert again.seconds == first.seconds
    assert kept.has("MLP, wide", 0)
    for other, name, seed in ((kept, "MLP, wide", 1), (kept, "MLP  wide", 0)):
        assert not other.has(name, seed)
    assert not Kept(tmp_path / "new", "split two").has("MLP, wide", 0)
    assert len(list((tmp_path / "new").iterdir())) == 1


def test_without_a_folder_nothing_is_kept_and_half_a_file_is_refused(tmp_path: Path) -> None:
    nowhere = Kept(None, "split")
    assert nowhere.path("row", 0) is None and not nowhere.has("row", 0)
    assert nowhere.get("row", 0, lambda: np.zeros((1, 1))).scores.shape == (1, 1)
    kept = Kept(tmp_path, "split")
    kept.get("row", 0, lambda: np.zeros((1, 1)))
    path = kept.path("row", 0)
    assert path is not None
    path.write_bytes(b"half")
    with pytest.raises(DataError, match="is damaged"):
        kept.get("row", 0, never)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="cannot be written"):
        Kept(tmp_path / "file" / "in", "split").get("row", 0, lambda: np.zeros((1, 1)))
