"""The foundation's reader as a row: dialogues read turn by turn, as in a conversation."""

import json
from collections.abc import Sequence

import numpy as np

from simpatico.agent.read.encoder_reader import EncoderReader
from simpatico.agent.read.words import Vocabulary
from simpatico.domain import Item, Turn, UserState
from simpatico.finetune.calibrate import Kind
from simpatico.finetune.mood import Array
from simpatico.protocols import Encoder
from simpatico.retrieval.packs import load_pack
from simpatico.retrieval.titles import TitleIndex

N_SHOWN = 8


class RulesReader:
    """Rules first, then prototypes, with the state of the turn before and the films just named.

    Args:
        encoder: the one its mood head was trained on.
        field: "intent" or "need".
        labels: the columns.
        items: the catalogue whose titles it knows; None: the built-in one.
    """

    kind: Kind = "shares"

    def __init__(
        self,
        encoder: Encoder[str],
        field: str,
        labels: Sequence[str],
        items: Sequence[Item] | None = None,
    ) -> None:
        known = load_pack("movies").items if items is None else items
        self._items = {item.id: item for item in known}
        self._titles = TitleIndex(list(known))
        self._reader = EncoderReader(encoder, self._titles, vocabulary=Vocabulary.of(known))
        self._field = field
        self._labels = tuple(labels)
        self._states: dict[tuple[Turn, ...], UserState] = {}

    def fit(self, texts: Sequence[str], labels: Array) -> None:
        """Nothing: its rules are all it knows."""

    def scores(self, texts: Sequence[str]) -> Array:
        """1 for what it answers, 0 elsewhere. Texts are dialogues as `written` gives them."""
        out = np.zeros((len(texts), len(self._labels)), dtype=np.float32)
        for row, text in enumerate(texts):
            turns = unwritten(text)
            self._states.pop(turns, None)  # what came before is known, this turn is read
            state = self._state(turns)
            out[row, self._labels.index(getattr(state, self._field))] = 1
        return out

    def _state(self, turns: tuple[Turn, ...]) -> UserState:
        if turns not in self._states:
            before = turns[:-1]
            while before and before[-1].role != "user":
                before = before[:-1]
            self._states[turns] = self._reader.read_now(
                turns,
                previous=self._state(before) if before else None,
                shown=self._shown(turns[len(before) : -1]),
            )
        return self._states[turns]

    def _shown(self, turns: Sequence[Turn]) -> list[Item]:
        ids = [link.item_id for turn in turns for link in self._titles.link(turn.text)]
        return [self._items[one] for one in dict.fromkeys(ids)][:N_SHOWN]


def written(dialogue: Sequence[Turn]) -> str:
    """A dialogue as one text."""
    return json.dumps([[turn.role, turn.text] for turn in dialogue], ensure_ascii=False)


def unwritten(text: str) -> tuple[Turn, ...]:
    """The dialogue of such a text."""
    return tuple(Turn(role=role, text=said) for role, said in json.loads(text))
