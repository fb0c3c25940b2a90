"""GRU and LSTM classifiers for the comparison: small, from scratch, on the words of the data alone.

Words of their own (those seen twice), 100 numbers each, one bidirectional layer, the maximum over
the text, one output a label. Trained by Adam on binary cross-entropy; the epoch that does best on
a twentieth of the training rows is kept.
"""

import copy
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from simpatico.finetune.calibrate import Kind
from simpatico.finetune.mood import Array
from simpatico.optional import needs
from simpatico.protocols import ProgressCallback

MAX_WORDS = 60
N_EMBEDDING = 100
N_HIDDEN = 100
BATCH = 64
RATE = 2e-3
DROPOUT = 0.4
EPOCHS = 6
HELD_BACK = 20
"""One of so many training rows chooses the epoch."""

_PAD, _RARE = 0, 1
_TOKEN = re.compile(r"\w+(?:'\w+)?|[!?]+|[^\w\s]")


class Recurrent:
    """One recurrent classifier.

    Args:
        cell: "gru" or "lstm".
        seed: of weights, dropout, order and the rows held back.
        epochs: at most so many.
        progress: told (cell, batches done, batches in all).

    Raises:
        SettingsError: torch is not installed.
    """

    kind: Kind = "margins"

    def __init__(
        self,
        cell: Literal["gru", "lstm"],
        *,
        seed: int = 0,
        epochs: int = EPOCHS,
        progress: ProgressCallback = lambda label, done, total: None,
    ) -> None:
        self._torch = needs("torch", "torch", f"the row {cell}")
        self._cell = cell
        self._seed = seed
        self._epochs = epochs
        self._progress = progress

    def fit(self, texts: Sequence[str], labels: Array) -> None:
        """Learn the words, then train."""
        torch = self._torch
        counts = Counter(word for text in texts for word in split(text))
        known = sorted(word for word, count in counts.items() if count >= 2)
        self._ids = {word: number for number, word in enumerate(known, start=2)}
        rng = np.random.default_rng(self._seed)
        order = rng.permutation(len(texts))
        n_back = len(texts) // HELD_BACK
        back, rows = order[:n_back], order[n_back:]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._seed)
            self._model = _network(torch, self._cell, len(known) + 2, labels.shape[1])
            optimizer = torch.optim.Adam(self._model.parameters(), lr=RATE)
            lowest, best = float("inf"), None
            coded = [self._code(text) for text in texts]
            n_batches = -(-len(rows) // BATCH)
            for epoch in range(self._epochs):
                self._model.train()
                for at, batch in enumerate(_batches(rows, coded, rng)):
                    logits = self._model(self._padded([coded[i] for i in batch]))
                    loss = _loss(torch, logits, labels[batch])
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                    self._progress(self._cell, epoch * n_batches + at + 1, self._epochs * n_batches)
                if n_back:
                    now = float(
                        _loss(torch, torch.tensor(self._logits([coded[i] for i in back])),
                              labels[back])
                    )  # fmt: skip
                    if now < lowest:
                        lowest, best = now, copy.deepcopy(self._model.state_dict())
            if best is not None:
                self._model.load_state_dict(best)

    def scores(self, texts: Sequence[str]) -> Array:
        """Log-odds of each label."""
        return self._logits([self._code(text) for text in texts])

    def _logits(self, coded: Sequence[list[int]]) -> Array:
        self._model.eval()
        order = sorted(range(len(coded)), key=lambda i: len(coded[i]))
        out: list[Any] = [None] * len(coded)
        with self._torch.inference_mode():
            for start in range(0, len(order), 4 * BATCH):
                part = order[start : start + 4 * BATCH]
                found = self._model(self._padded([coded[i] for i in part])).numpy()
                for i, row in zip(part, found, strict=True):
                    out[i] = row
        return np.asarray(np.stack(out), dtype=np.float32)

    def _code(self, text: str) -> list[int]:
        return [self._ids.get(word, _RARE) for word in split(text)][:MAX_WORDS] or [_RARE]

    def _padded(self, coded: Sequence[list[int]]) -> Any:
        longest = max(map(len, coded))
        return self._torch.tensor([ids + [_PAD] * (longest - len(ids)) for ids in coded])


def split(text: str) -> list[str]:
    """Words and marks of a text, in lower case."""
    return _TOKEN.findall(text.lower())


def _batches(rows: Any, coded: Sequence[list[int]], rng: np.random.Generator) -> list[list[int]]:
    """Rows of like length together, in random order."""
    drawn = rng.permutation(rows)
    window = BATCH * 32
    groups = []
    for start in range(0, len(drawn), window):
        near = sorted((int(i) for i in drawn[start : start + window]), key=lambda i: len(coded[i]))
        groups += [near[j : j + BATCH] for j in range(0, len(near), BATCH)]
    return [groups[i] for i in rng.permutation(len(groups))]


def _loss(torch: Any, logits: Any, labels: Array) -> Any:
    truth = torch.tensor(np.asarray(labels, dtype=np.float32))
    return torch.nn.functional.binary_cross_entropy_with_logits(logits, truth)


def _network(torch: Any, cell: str, n_words: int, n_labels: int) -> Any:
    nn = torch.nn
    kinds: dict[str, Callable[..., Any]] = {"gru": nn.GRU, "lstm": nn.LSTM}

    class Network(nn.Module):  # type: ignore[misc, name-defined]  # torch comes at run time
        """Token ids (b, n), padded with 0, to logits (b, n_labels)."""

        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(n_words, N_EMBEDDING, padding_idx=_PAD)
            self.read = kinds[cell](N_EMBEDDING, N_HIDDEN, batch_first=True, bidirectional=True)
            self.drop = nn.Dropout(DROPOUT)
            self.out = nn.Linear(2 * N_HIDDEN, n_labels)

        def forward(self, ids: Any) -> Any:
            lengths = (ids != _PAD).sum(dim=1)
            packed = nn.utils.rnn.pack_padded_sequence(
                self.drop(self.embed(ids)), lengths, batch_first=True, enforce_sorted=False
            )
            states, _ = nn.utils.rnn.pad_packed_sequence(
                self.read(packed)[0], batch_first=True, padding_value=-1e4
            )
            return self.out(self.drop(states.max(dim=1).values))

    return Network()
