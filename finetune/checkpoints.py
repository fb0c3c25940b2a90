"""A training that broke off goes on: all that its next epoch depends on, in one file.

The file is replaced whole, so that a training killed at any moment leaves the last full epoch.
"""

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from simpatico.errors import DataError


def forget(folder: Path) -> None:
    """Remove the folder of a training that is done, with what killed ones left in it half."""
    shutil.rmtree(folder)


class Checkpoint:
    """One file of a training.

    Args:
        path: its folder is made when something is saved.
        of: what it is a training of; another one's file is refused.
    """

    def __init__(self, path: Path, of: str) -> None:
        self.path = path
        self._of = of

    def load(self) -> Mapping[str, Any] | None:
        """What was saved last; None if nothing was.

        Raises:
            DataError: the file is damaged, or of another training.
        """
        if not self.path.exists():
            return None
        try:
            found: dict[str, Any] = torch.load(self.path, map_location="cpu", weights_only=True)
            of = found.pop("of")
        except Exception as error:  # torch's errors of damaged files share no base
            raise DataError(f"the checkpoint {self.path} is damaged: {error}") from error
        if of != self._of:
            raise DataError(
                f"the checkpoint {self.path} is of another training; wanted {self._of}, got {of}"
            )
        return found

    def save(self, state: Mapping[str, Any]) -> None:
        """Put something in the place of what was saved: tensors and plain values.

        Raises:
            DataError: the folder cannot be written.
        """
        half = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            torch.save({"of": self._of, **state}, half)
            half.replace(self.path)
        except (OSError, RuntimeError) as error:
            with suppress(OSError):
                half.unlink()
            raise DataError(f"the checkpoint {self.path} cannot be written: {error}") from error
