"""Where an answer ends before its own end: at a stop sequence, or when its budget is used up."""

from collections.abc import Sequence
from typing import Final

CHARS_PER_TOKEN: Final = 4
"""Usage is counted as characters / 4, rounded up: replies need not come from a tokenizer."""


class Bounds:
    """Lets an answer through piece by piece, up to where it is to end.

    How it comes in pieces changes nothing: together they are the same text.

    Args:
        budget: tokens that it may have; None: any number.
        stop: it ends before the one of these that is whole first, of two at once before the
            longer. None is empty.

    Attributes:
        cut: the budget was too small for it.
    """

    def __init__(self, *, budget: int | None, stop: Sequence[str] = ()) -> None:
        self._left = None if budget is None else budget * CHARS_PER_TOKEN
        self._stop = tuple(stop)
        self._stopped = False
        self._held = ""
        self.cut = False

    def take(self, piece: str, *, last: bool = False) -> str:
        """What may be sent now that this piece is there, too.

        The end of what is known so far is held back while it may be the beginning of a stop
        sequence; with `last` nothing follows that it could be one with.
        """
        piece = self._before_stop(piece, last=last)
        if self._left is not None:
            self.cut = self.cut or len(piece) > self._left
            piece = piece[: self._left]
            self._left -= len(piece)
        return piece

    def _before_stop(self, piece: str, *, last: bool) -> str:
        if self._stopped:
            return ""
        known = self._held + piece
        if found := [(at + len(s), at) for s in self._stop if (at := known.find(s)) >= 0]:
            self._stopped = True
            _, at = min(found)
            return known[:at]
        n = 0 if last else max((_begun(known, each) for each in self._stop), default=0)
        self._held = known[len(known) - n :]
        return known[: len(known) - n]


def _begun(text: str, sequence: str) -> int:
    """How many characters at the end of a text are the beginning of a sequence, but not all."""
    longest = min(len(text), len(sequence) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(sequence[:n])), 0)
