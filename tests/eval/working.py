"""Work for the engines' tests, at the top of a module: other processes import it."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simpatico.domain import Value
from simpatico.errors import DataError
from simpatico.eval.engines import Case, Work


class Number(Case):
    """A number to square."""

    number: int


class Square(Value):
    """Its square, and the process that worked on it."""

    square: int
    process: int


class Squares(Value):
    """Squares numbers; dies of `deadly` once, refuses `refused`, notes opening and closing."""

    notes: str
    deadly: int = -1
    refused: int = -1

    @contextmanager
    def __call__(self) -> Iterator[Work[Number, Square]]:
        """See `engines.Open`."""
        notes = Path(self.notes)
        if not notes.is_dir():
            raise DataError(f"there is no folder {notes}")
        (notes / f"opened-{os.getpid()}").touch()
        yield self._square
        (notes / f"closed-{os.getpid()}").touch()

    def _square(self, case: Number) -> Square:
        died = Path(self.notes) / "died"
        if case.number == self.deadly and not died.exists():
            died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if case.number == self.refused:
            raise DataError(f"{case.number} is refused")
        return Square(square=case.number**2, process=os.getpid())
