"""The language model as a reader to compare with: prompted as it is, and with the LoRA adapter.

Scores are log-probabilities of the labels' words as the next token, so one pass reads a turn, as
it does behind llama.cpp and vLLM.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from simpatico.errors import DataError
from simpatico.finetune.calibrate import Kind
from simpatico.finetune.causal import CausalModel
from simpatico.finetune.mood import Array
from simpatico.text import clean

MAX_TOKENS = 400
MAX_SHOT_CHARS = 90
MAX_CHARS = 600


class Prompted:
    """The base model with a few examples before the text; `fit` draws one of each label.

    Args:
        model: the base.
        words: how each label is written, in the order of the columns.
        task: what the labels are, as the prompt says it: "Feeling".
        seed: of the examples and their order.
    """

    kind: Kind = "shares"

    def __init__(
        self, model: CausalModel, words: Mapping[str, str], *, task: str, seed: int = 0
    ) -> None:
        self._model = model
        self._words = tuple(words.values())
        self._ids = model.word_ids(self._words)
        self._task = task
        self._seed = seed
        self.start = ""

    def fit(self, texts: Sequence[str], labels: Array) -> None:
        """Draw one short example of each label, of those that carry it alone where there are."""
        rng = np.random.default_rng(self._seed)
        single = labels.sum(axis=1) == 1
        short = np.array([10 <= len(text) <= MAX_SHOT_CHARS for text in texts])
        shots = []
        for column, word in enumerate(self._words):
            has = labels[:, column] > 0
            for wanted in (has & single & short, has & short, has):
                if wanted.any():
                    text = texts[int(rng.choice(np.flatnonzero(wanted)))]
                    shots.append(f"{self._asked(text[:MAX_SHOT_CHARS])} {word}\n\n")
                    break
        listed = ", ".join(self._words)
        drawn = "".join(shots[i] for i in rng.permutation(len(shots)))
        self.start = f"The {self._task.lower()} of a message in one word: {listed}.\n\n{drawn}"

    def scores(self, texts: Sequence[str]) -> Array:
        """Logits of the labels' words.

        Raises:
            DataError: `fit` was not called.
        """
        if not self.start:
            raise DataError("wanted examples for the prompt: fit comes first")
        start = self._model.tokens(self.start)
        prompts = [self._model.tokens(self.asked(text)) for text in texts]
        return self._model.next_words(prompts, self._ids, start=start, label="Base model")

    def asked(self, text: str) -> str:
        """The prompt's own part for a text, which follows `start`."""
        return self._asked(clean(text, max_chars=MAX_CHARS))

    def _asked(self, text: str) -> str:
        return f"Message: {' '.join(text.split())}\n{self._task}:"


class Adapted:
    """The reader adapter, asked as in use: texts are prompts (`simpatico.reading.prompt_of`).

    Args:
        model: the base with the adapter.
        tables: the words of the codes up to the one that is scored, in their order; those before
            it are decoded first.
    """

    kind: Kind = "shares"

    def __init__(self, model: CausalModel, tables: Sequence[Mapping[str, str]]) -> None:
        self._model = model
        self._ids = [model.word_ids(tuple(table.values())) for table in tables]

    def fit(self, texts: Sequence[str], labels: Array) -> None:
        """Nothing: it was trained by `simpatico train reader`."""

    def scores(self, texts: Sequence[str]) -> Array:
        """Logits of the last table's words."""
        prompts = [self._model.tokens(text)[-MAX_TOKENS:] for text in texts]
        for at, ids in enumerate(self._ids, start=1):
            found = self._model.next_words(
                prompts, ids, label=f"Adapter, code {at} of {len(self._ids)}"
            )
            best = found.argmax(axis=1)
            prompts = [[*prompt, ids[i]] for prompt, i in zip(prompts, best, strict=True)]
        return found
