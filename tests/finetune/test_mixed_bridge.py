from collections.abc import Sequence

import numpy as np
import pytest

from simpatico.errors import DataError
from simpatico.finetune.bridge import first_ranks
from simpatico.finetune.mixed_bridge import NAMES, mix
from simpatico.retrieval.bridge import unit

N = 200


def pairs(*, told: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Texts of 16 numbers; a picture shows the first half, names tell a noisy whole, or nothing."""
    rng = np.random.default_rng(seed)
    texts = unit(rng.normal(size=(N, 16)))
    shown = np.concatenate([texts[:, :8] @ rng.normal(size=(8, 24)), rng.normal(size=(N, 4))], 1)
    named = unit(told * texts + rng.normal(size=texts.shape) / 3)
    return unit(shown), named, texts


def mixed(told: float, names: Sequence[float] = NAMES) -> tuple[float, float]:
    """How much names count, and the share of held-out pairs whose text comes first."""
    own, named, texts = pairs(told=told)
    rows = np.arange(N)
    made = mix(own, named, texts, rows // 4, rows, source="both", target="words", names=names)
    assert made.bridge.n_in == own.shape[1] + 16 and sum(made.fold_sizes) == N
    both = np.concatenate([own, named], axis=1)
    scores = made.bridge.to_text(both) @ made.bridge.of_texts(texts).T
    assert (first_ranks(scores, np.eye(N, dtype=bool)) <= 1).mean() > 0.5
    return made.names, float((made.to_text <= 1).mean())


def test_names_count_where_they_tell_something_and_not_where_they_tell_nothing() -> None:
    names, first = mixed(told=1.0)
    alone, first_alone = mixed(told=1.0, names=[0.0])
    assert names > 0 and alone == 0 and first > first_alone + 0.05
    assert mixed(told=0.0)[0] <= 0.5


def test_a_group_is_not_parted_and_too_few_are_refused() -> None:
    own, named, texts = pairs(told=0.0)
    rows = np.arange(N)
    texts = texts[rows % 100]  # two of each text, in one group: what was learnt of one is no help
    shuffled = np.random.default_rng(1).permutation(own)
    made = mix(shuffled, named, texts, rows % 100, rows % 100, source="both", target="words")
    assert (made.to_text <= 4).mean() < 0.3  # chance among 20 texts is a fifth
    with pytest.raises(DataError, match="at least 20 groups"):
        mix(own, named, texts, rows % 19, rows, source="both", target="words")
