"""How likely, and from when on: a temperature and thresholds for scores of labels.

`simpatico train calibrate` chooses them for a reader adapter on labelled sentences that it was not
trained on.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, softmax

from simpatico import calibration
from simpatico.adapters import load_adapter
from simpatico.calibration import MOOD_HEAD, Calibration, beside, write_calibration
from simpatico.domain import Turn
from simpatico.errors import DataError
from simpatico.finetune.base import prepare_base
from simpatico.finetune.causal import CausalModel
from simpatico.finetune.mood import Array, best_thresholds, load_goemotions
from simpatico.protocols import ProgressCallback
from simpatico.reading import MOOD_WORDS, prompt_of

MIN_ROWS = 100
LEAST = 1e-6
"""No threshold is lower: at 0 everything would hold."""

Kind = Literal["margins", "shares"]
"""What scores are: log-odds of each label by itself, or logits of shares that sum to 1."""


def calibrate_reader(
    folder: Path,
    data: Path,
    *,
    cache: Path,
    head: Callable[[Sequence[str]], Array] | None = None,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Calibration:
    """Choose a reader adapter's temperature and thresholds and write them beside it.

    Args:
        folder: the adapter's.
        data: text, label ids and row id, separated by tabs, as GoEmotions has them.
        cache: where base models are kept.
        head: the chances of each mood in texts, (n,) -> (n, 28), that the reader will have beside
            the adapter; None: it will have none.
        progress: told of sentences read.

    Raises:
        DataError: the data cannot be read, or are too few.
        ModelError: the adapter is none, or is no reader, or its base cannot be had.
        SettingsError: torch, transformers or peft is not installed.
    """
    card = load_adapter(folder).card
    if card.task != "reader":
        raise DataError(f"wanted a reader to calibrate, got the {card.task} {card.name}")
    try:
        rows = load_goemotions(data)
    except OSError as error:
        raise DataError(f"{data} cannot be read: {error}") from error
    if len(rows.texts) < MIN_ROWS:
        raise DataError(f"{data}: wanted at least {MIN_ROWS} sentences, got {len(rows.texts)}")
    model = CausalModel(prepare_base(card.base, cache, progress), folder, progress=progress)
    prompts = [model.tokens(prompt_of([Turn(role="user", text=text)])) for text in rows.texts]
    scores = model.next_words(prompts, model.word_ids(tuple(MOOD_WORDS.values())))
    found = chosen(scores, rows.labels, chances=head(rows.texts) if head else None)
    write_calibration(folder / calibration.FILE, found)
    return found


def chosen(scores: Array, labels: Array, *, chances: Array | None = None) -> Calibration:
    """Choose temperature and thresholds on labelled rows.

    Args:
        scores: (n, 28) logits of the adapter's shares.
        labels: (n, 28) of 0 and 1.
        chances: (n, 28) of the mood head beside it, or None.
    """
    weight = MOOD_HEAD if chances is not None else 0.0
    together = beside(scores, chances, weight).astype(np.float32)
    heat = temperature(together, labels, "shares")
    thresholds = best_thresholds(probabilities(together, heat, "shares").astype(np.float32), labels)
    return Calibration(
        temperature=heat,
        head=weight,
        thresholds=tuple(max(float(each), LEAST) for each in thresholds),
    )


def temperature(scores: Array, labels: Array, kind: Kind) -> float:
    """The temperature, in [0.01, 100], under which the labels are likeliest (Guo et al., 2017).

    For shares the truth of a row with several labels is an equal share for each.
    """
    share = labels / np.maximum(labels.sum(axis=1, keepdims=True), 1)

    def loss(log_t: float) -> float:
        z = scores / np.exp(log_t)
        if kind == "shares":
            return float(-(share * log_softmax(z, axis=1)).sum(axis=1).mean())
        return float((np.logaddexp(0, z) - labels * z).mean())

    found = minimize_scalar(loss, bounds=(np.log(0.01), np.log(100)), method="bounded")
    return float(np.exp(found.x))


def probabilities(
    scores: NDArray[np.floating], temperature: float, kind: Kind
) -> NDArray[np.float64]:
    """Probabilities of scores (n, k) at a temperature: (n, k) in [0, 1]."""
    z = np.asarray(scores, dtype=np.float64) / temperature
    return np.asarray(softmax(z, axis=1) if kind == "shares" else expit(z))
