"""A server that is asked for labels of a person's last turn, as JSON: a row beside the readers."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simpatico.eval.endpoint import Answer, Chat, Endpoint, json_in
from simpatico.eval.replay import unwritten
from simpatico.finetune.calibrate import Kind
from simpatico.finetune.mood import Array
from simpatico.protocols import ProgressCallback
from simpatico.text import clean, fold

MAX_TOKENS: Final = 300
MAX_CHARS: Final = 2000
_KEYS: Final = ("labels", "label")


class AskedLabels:
    """A server as a row; it learns nothing, and its scores are answers: 1, 0, or nan for none.

    Args:
        endpoint: the server.
        what: is asked for, such as "mood".
        labels: that it may answer with.
        several: several may hold of a turn.
        progress: told of turns.
    """

    kind: Kind = "shares"

    def __init__(
        self,
        endpoint: Endpoint,
        what: str,
        labels: Sequence[str],
        *,
        several: bool,
        progress: ProgressCallback = lambda label, done, total: None,
    ) -> None:
        self._endpoint = endpoint
        self._what = what
        self._labels = tuple(labels)
        self._several = several
        self._progress = progress
        self._ms: dict[str, float] = {}

    def fit(self, texts: Sequence[str], labels: Array) -> None:
        """Nothing: it is what it is."""

    def scores(self, texts: Sequence[str]) -> Array:
        """1 for what it answers. Texts are dialogues as `simpatico.eval.replay.written` has them.

        Raises:
            ServerGone: it stopped answering.
        """
        chats = [self._chat(text) for text in texts]
        answers = self._endpoint.ask(chats, max_tokens=MAX_TOKENS, progress=self._progress)
        self._ms |= {text: answer.ms for text, answer in zip(texts, answers, strict=True)}
        return np.array([self._row(answer) for answer in answers], dtype=np.float32)

    def ms(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Milliseconds that texts asked for took, (n,), a few asked at once."""
        return np.array([self._ms[text] for text in texts])

    def _chat(self, text: str) -> Chat:
        wanted = '{"label": "..."}: one of'
        if self._several:
            wanted = '{"labels": ["...", ...]}: one or more of'
        told = (
            f"Tell the {self._what} of the person's last message, not of those before it. Answer"
            f" with JSON alone, {wanted} {', '.join(self._labels)}."
        )
        said = "\n".join(
            f"{'Person' if turn.role == 'user' else 'Recommender'}:"
            f" {clean(turn.text, max_chars=MAX_CHARS)}"
            for turn in unwritten(text)
        )
        return [
            {"role": "system", "content": told},
            {"role": "user", "content": said[-MAX_CHARS:]},
        ]

    def _row(self, answer: Answer) -> list[float]:
        named = labels_in(answer.text or "", self._labels)
        if not named or (len(named) > 1 and not self._several):
            return [float("nan")] * len(self._labels)
        return [float(label in named) for label in self._labels]


def labels_in(text: str, labels: Sequence[str]) -> list[str]:
    """Labels that the first JSON in an answer names; none if it names what is no label."""
    known = {fold(label.replace("_", " ")): label for label in labels}
    for value in json_in(text):
        if isinstance(value, dict):
            value = next((value[key] for key in _KEYS if key in value), None)
        given = value if isinstance(value, list) else [value]
        named = [
            known.get(fold(each.replace("_", " "))) if isinstance(each, str) else None
            for each in given
        ]
        return [] if None in named else [each for each in named if each is not None]
    return []
