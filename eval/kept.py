"""What a long comparison has found so far, on disk: a run that broke off goes on.

One file for each part of a row and seed, named by the split, the part and the seed. After a change
to a model's code, take another folder.
"""

import hashlib
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import DataError


class Scored(NamedTuple):
    """Scores of every item for everybody asked, (n_asked, n_items); seconds to learn and score."""

    scores: NDArray[np.floating]
    seconds: float


class Kept:
    """A folder of finished parts.

    Args:
        folder: made when something is kept; None: nothing is.
        of: what all parts share, such as the split; another text, other files.
    """

    def __init__(self, folder: Path | None, of: str) -> None:
        self._folder = folder
        self._of = of

    def path(self, name: str, seed: int) -> Path | None:
        """Where a part is, or would be, kept; None without a folder."""
        if self._folder is None:
            return None
        key = hashlib.sha256("\n".join([self._of, name]).encode()).hexdigest()[:12]
        plain = "".join(sign if sign.isalnum() else "-" for sign in name.lower())
        return self._folder / f"{plain}-{key}-seed{seed}.npz"

    def has(self, name: str, seed: int) -> bool:
        """Whether a part is there."""
        path = self.path(name, seed)
        return path is not None and path.is_file()

    def get(self, name: str, seed: int, make: Callable[[], NDArray[np.floating]]) -> Scored:
        """A part from disk, or made now and kept.

        Raises:
            DataError: its file is damaged, or the folder cannot be written.
        """
        path = self.path(name, seed)
        if path is not None and path.is_file():
            try:
                with np.load(path, allow_pickle=False) as found:
                    return Scored(found["scores"], float(found["seconds"]))
            except (OSError, ValueError, KeyError) as error:
                raise DataError(f"{path} is damaged: {error}; remove it to run it again") from error
        began = time.perf_counter()
        scores = make()
        found = Scored(scores, time.perf_counter() - began)
        if path is not None:
            _write(path, found)
        return found


def _write(path: Path, found: Scored) -> None:
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with half.open("wb") as file:
            np.savez_compressed(file, scores=found.scores, seconds=found.seconds)
        half.replace(path)
    except OSError as error:
        with suppress(OSError):
            half.unlink()
        raise DataError(f"{path} cannot be written: {error}") from error
