"""Whole dialogues read turn by turn, by the reader that needs no language model, and kept.

For training and judging what is told of moods and needs. What comes out is the same every time, so
it is kept in a file: of each turn of the person the moods and the need, no words.
"""

import gzip
import hashlib
import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from importlib import resources
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from simpatico.agent.read.encoder_reader import EncoderReader
from simpatico.agent.read.words import Vocabulary
from simpatico.domain import MOODS, Item, Mood, NeedName, Turn, Unit, UserState, Value
from simpatico.protocols import Encoder, ProgressCallback
from simpatico.retrieval.titles import TitleIndex

log = logging.getLogger(__name__)

_LATEST: Final = 12
"""Turns of a dialogue that are read with the newest, as `simpatico.agent.mind` does."""

_TEXTS: Final = 4096
"""Newest texts whose vectors are remembered: each is read again with the turns that follow it."""


_OF_ITEMS: Final = {"id", "kind", "title", "year", "creators", "genres", "popularity"}
"""What reading depends on."""


class Noted(Value):
    """What is kept of one turn: how probable each mood that holds is, the strongest first."""

    moods: dict[str, Unit] = {}
    need: NeedName = "unknown"

    @property
    def state(self) -> UserState:
        """A state of mood and need alone; the mood without its place."""
        if not self.moods:
            return UserState(need=self.need)
        labels = tuple(self.moods)
        mood = Mood(
            label=labels[0],
            labels=labels,
            distribution=tuple(self.moods.get(name, 0.0) for name in MOODS),
            confidence=self.moods[labels[0]],
        )
        return UserState(mood=mood, need=self.need)


_NOTED: Final = TypeAdapter(tuple[tuple[Noted, ...], ...])


class _Remembering:
    """An encoder that knows the newest texts."""

    def __init__(self, encoder: Encoder[str]) -> None:
        self.name, self.dim = encoder.name, encoder.dim
        self._one = lru_cache(maxsize=_TEXTS)(lambda text: encoder.encode([text])[0])

    def encode(self, inputs: Sequence[str]) -> NDArray[np.float32]:
        """See `simpatico.protocols.Encoder`."""
        none = np.zeros((0, self.dim), dtype=np.float32)
        return np.stack([self._one(text) for text in inputs]) if inputs else none


def reader_of_whole(
    items: Sequence[Item], encoder: Encoder[str], cache: Path, progress: ProgressCallback
) -> Callable[[Sequence[Sequence[Turn]]], list[list[UserState]]]:
    """`read_whole` of one catalogue, which keeps what it read in the cache."""
    keep = cache / "read-dialogues"
    return partial(read_whole, items=items, encoder=encoder, keep=keep, progress=progress)


def read_whole(
    dialogues: Sequence[Sequence[Turn]],
    items: Sequence[Item],
    encoder: Encoder[str],
    *,
    keep: Path | None = None,
    progress: ProgressCallback = lambda what, done, total: None,
) -> list[list[UserState]]:
    """Read dialogues: for each the state after each of the person's turns, in their order.

    A state says mood and need, and is of that turn and those before it in the same dialogue.

    Args:
        dialogues: turns, the oldest first.
        items: the catalogue, whose titles are told from feelings.
        encoder: the one that the mood head was trained on.
        keep: a folder for what was read; the same dialogues are not read again by the same reader.
        progress: told of dialogues.

    Raises:
        ModelError: the mood head is missing or was trained on another encoder.
    """
    file = keep / f"{_key(dialogues, items, encoder.name)}.json.gz" if keep else None
    noted = _kept(file, dialogues) if file else None
    if noted is None:
        vocabulary = Vocabulary.of(items)
        reader = EncoderReader(_Remembering(encoder), TitleIndex(items), vocabulary=vocabulary)
        found = []
        for at, turns in enumerate(dialogues, start=1):
            found.append(_read(reader, turns))
            progress("Reading how seekers feel", at, len(dialogues))
        noted = tuple(found)
        if file:
            _keep(file, noted)
    return [[one.state for one in each] for each in noted]


def _read(reader: EncoderReader, turns: Sequence[Turn]) -> tuple[Noted, ...]:
    found: list[Noted] = []
    previous: UserState | None = None
    for at, turn in enumerate(turns):
        if turn.role == "user":
            newest = turns[max(0, at + 1 - _LATEST) : at + 1]
            previous = reader.read_now(newest, previous=previous)
            found.append(_noted(previous))
    return tuple(found)


def _noted(state: UserState) -> Noted:
    shares: Mapping[str, float] = dict(zip(MOODS, state.mood.distribution, strict=False))
    return Noted(moods={name: shares[name] for name in state.mood.labels}, need=state.need)


def _keep(file: Path, noted: tuple[tuple[Noted, ...], ...]) -> None:
    """Write it whole or not at all; a cache that cannot be written costs time alone."""
    part = file.with_suffix(f".{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(gzip.compress(_NOTED.dump_json(noted), mtime=0))
        part.replace(file)
    except OSError as error:
        log.warning("what was read is not kept: %s", error)


def _kept(file: Path, dialogues: Sequence[Sequence[Turn]]) -> tuple[tuple[Noted, ...], ...] | None:
    """What is kept of these dialogues; None: nothing, or it is damaged."""
    try:
        noted = _NOTED.validate_json(gzip.decompress(file.read_bytes()))
    except (OSError, EOFError, ValidationError):
        return None
    said = [sum(turn.role == "user" for turn in turns) for turns in dialogues]
    return noted if [len(each) for each in noted] == said else None


def _key(dialogues: Sequence[Sequence[Turn]], items: Sequence[Item], encoder: str) -> str:
    """Of the dialogues and all that reading depends on: catalogue, encoder, weights, rules."""
    found = hashlib.sha256(encoder.encode())
    for item in items:
        found.update(item.model_dump_json(include=_OF_ITEMS).encode())
    rules = resources.files("simpatico.agent.read")
    for part in sorted(rules.iterdir(), key=lambda part: part.name):
        if part.name.endswith((".py", ".npz")):
            found.update(part.read_bytes())
    for turns in dialogues:
        found.update(json.dumps([(turn.role, turn.text) for turn in turns]).encode())
    return found.hexdigest()[:16]
