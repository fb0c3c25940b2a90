"""Training the mood head, on data whose answer is known."""

from pathlib import Path

import numpy as np
import pytest

from simpatico.agent.read.mood import MoodHead
from simpatico.domain import MOODS
from simpatico.errors import DataError
from simpatico.finetune.mood import (
    Rows,
    best_thresholds,
    calibrate,
    load_goemotions,
    macro_f1,
    own_rows,
    train,
)
from simpatico.finetune.mood_lines import LINES
from simpatico.retrieval.encoders.hash import HashEncoder
from simpatico.retrieval.ngrams import N_FEATURES, N_HASHES, grams, matrix


def toy_rows(n: int, rng: np.random.Generator) -> Rows:
    """Sentences whose mood is the word they hold: joy for "yay", anger for "grr"."""
    texts, labels = [], np.zeros((n, len(MOODS)), dtype=np.float32)
    for row in range(n):
        mood, word = (("joy", "yay"), ("anger", "grr"), ("neutral", "hm"))[row % 3]
        filler = " ".join(rng.choice(["tea", "sky", "car", "dog", "map"], 4))
        texts.append(f"{word} {filler}")
        labels[row, MOODS.index(mood)] = 1
    return Rows(texts, labels)


@pytest.mark.slow
def test_a_trained_head_saves_loads_and_knows_what_it_was_taught(tmp_path: Path) -> None:
    rows = toy_rows(120, np.random.default_rng(0))
    encoder = HashEncoder(16)
    arrays = train(rows, rows, encoder, seed=0, penalties=(1.0,), max_steps=6)
    file = tmp_path / "mood.npz"
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # numpy's stub wants Any
    head = MoodHead(file)
    new = ["grr dog dog sky tea", "yay map car car dog", "hm sky sky tea map"]
    found = head.probabilities(new, encoder.encode(new))
    assert [MOODS[i] for i in found.argmax(axis=1)] == ["anger", "joy", "neutral"]
    assert found.min() >= 0 and found.max() <= 1
    assert head.holds(found).sum(axis=1).min() >= 1
    assert head.encoder == encoder.name


def test_thresholds_are_the_best_on_their_rows() -> None:
    # Predicting the three highest gives precision 2/3 and recall 1, F1 .8; no other cut does.
    scores = np.array([[0.9], [0.8], [0.7], [0.2]], dtype=np.float32)
    truth = np.array([[1.0], [0.0], [1.0], [0.0]], dtype=np.float32)
    cut = best_thresholds(scores, truth)
    assert 0.2 < cut[0] < 0.7
    assert macro_f1(scores >= cut, truth) == pytest.approx(0.8)


def test_calibrated_probabilities_have_the_base_rate_when_scores_say_nothing() -> None:
    truth = (np.arange(400) % 4 == 0).astype(np.float32)[:, None]
    slope, shift = calibrate(np.zeros((400, 1), dtype=np.float32), truth)
    stated = 1 / (1 + np.exp(-shift[0]))
    assert slope.shape == (1,)
    assert stated == pytest.approx(0.25, abs=0.01)


def test_grams_are_hashed_into_their_halves_and_weighed_to_unit_length() -> None:
    counts = grams("oh no [NAME], no!")
    assert min(counts) >= 0 and max(counts) < N_FEATURES
    assert counts == grams("Oh NO , no!")
    rows = matrix(["oh no", ""], np.ones(N_FEATURES)).toarray()
    assert np.linalg.norm(rows[0, :N_HASHES]) == pytest.approx(1)
    assert np.linalg.norm(rows[0, N_HASHES:]) == pytest.approx(1)
    assert not rows[1].any()


def test_a_bad_line_is_named_by_number(tmp_path: Path) -> None:
    file = tmp_path / "train.tsv"
    file.write_text("fine\t1,2\tid\nbroken\tx\tid\n", "utf-8")
    with pytest.raises(DataError, match=":2:"):
        load_goemotions(file)


def test_our_own_lines_use_known_labels_and_no_line_twice() -> None:
    assert {label for labels, _ in LINES for label in labels.split(",")} <= set(MOODS)
    texts = [line for _, line in LINES]
    assert len(set(texts)) == len(texts)
    assert own_rows().labels.sum(axis=1).min() >= 1
