"""The bridges that ship: from pictures and sounds to texts, learnt on media under free licences.

    bridges/image.npz  image.json     a bridge and its card, by kind of media; audio likewise

They know directions, not a catalogue: what they take off both sides is its own mean.
"""

import hashlib
import logging
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from simpatico.domain import Value
from simpatico.errors import ModelError
from simpatico.retrieval.bridge import Bridge

log = logging.getLogger(__name__)

Array = NDArray[np.float32]

SHIPPED: Final = Path(__file__).parent / "bridges"

OWN_ROWS: Final = 20
"""As many rows of a catalogue as the centre of what was trained on counts. Hand-set: the mean of a
few pictures is mostly what they show."""


class CardData(Value):
    """A part of what a bridge was trained on: whose it is, under which licence, pairs of it."""

    name: str
    version: str
    licence: str
    credit: str
    n: int = Field(ge=1)


class BridgeCard(Value):
    """What a shipped bridge is, and how it can be made again.

    `names` is how much the encoder's names for a picture or a sound count beside what was learnt,
    0 or more; `figures` are what it was chosen by, in [0, 1]: recalls in folds of its pairs, or
    areas among other music.
    """

    version: Literal[1] = 1
    source: str
    target: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    n: int = Field(ge=1)
    penalty: float = Field(gt=0)
    names: float = Field(ge=0)
    seed: int
    command: str
    made: date
    data: tuple[CardData, ...]
    figures: dict[str, float]


def shipped_card(medium: str, folder: Path = SHIPPED) -> BridgeCard | None:
    """The card of the bridge for a kind of media ("image", "audio"); None where none ships.

    Raises:
        ModelError: it is damaged.
    """
    path = folder / f"{medium}.json"
    try:
        return BridgeCard.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise ModelError(f"the card {path} cannot be read: {error}") from error


def shipped_bridge(
    medium: str, sources: Collection[str], target: str, folder: Path = SHIPPED
) -> Bridge | None:
    """The bridge that ships for a kind of media, if it is one between these encoders.

    Args:
        medium: "image" or "audio".
        sources: names that it may come from.
        target: name of the text encoder.
        folder: of the bridges.

    Raises:
        ModelError: it is damaged.
    """
    card = shipped_card(medium, folder)
    if card is None or card.source not in sources or card.target != target:
        return None
    path = folder / f"{medium}.npz"
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(f"the bridge {path} cannot be read: {error}") from error
    if found != card.sha256:
        raise ModelError(f"wanted {path} with the sha256 {card.sha256}, got {found}")
    return Bridge.load(path, source=card.source, target=target)


def shipped_mark(folder: Path = SHIPPED) -> str:
    """What changes when any of the shipped bridges does; "" when there is none."""
    cards = sorted(folder.glob("*.json"))
    try:
        marks = [f"{card.name} {hashlib.sha256(card.read_bytes()).hexdigest()}" for card in cards]
    except OSError as error:
        log.warning("the bridges in %s cannot be read: %s", folder, error)
        return ""
    return hashlib.sha256("\n".join(marks).encode()).hexdigest()[:16] if marks else ""
