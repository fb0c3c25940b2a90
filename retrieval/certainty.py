"""What makes probabilities of a ranker's scores, where people have shown how often they accept."""

import math
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, ValidationError

from simpatico.domain import Value
from simpatico.errors import ModelError

FILE: Final = "certainty.json"


class Certainty(Value):
    """`p_accept` is the logistic of `slope * score + bias` (Platt, 1999).

    Attributes:
        slope: above 0, so that the order of items stays.
        bias: in logits.
        n_shown: items shown that it was fitted to; 0: to nothing, the score is taken as it is.
        n_taken: how many of them were taken.
        measured: (what, figure) for people.
        ranker: identity of the ranker whose scores it was fitted to, see `identity_of`.
    """

    version: Literal[1] = 1
    slope: float = Field(default=1.0, gt=0)
    bias: float = 0.0
    n_shown: int = 0
    n_taken: int = 0
    measured: tuple[tuple[str, str], ...] = ()
    ranker: str = ""

    def p_accept(self, score: float) -> float:
        """The probability that an item of this score is taken."""
        return 1 / (1 + math.exp(-(self.slope * score + self.bias)))


def read_certainty(folder: Path) -> Certainty:
    """Read a ranker's certainty.json; scores as they are where there is none.

    Raises:
        ModelError: it is damaged.
    """
    try:
        return Certainty.model_validate_json((folder / FILE).read_bytes())
    except FileNotFoundError:
        return Certainty()
    except (OSError, ValidationError) as error:
        raise ModelError(f"{folder / FILE} is damaged: {error}") from error
