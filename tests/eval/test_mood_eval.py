"""Scoring moods: figures worked out by hand."""

import numpy as np
import pytest

from simpatico.domain import MOODS, Mood
from simpatico.eval.mood import calibration_error, evaluate, evaluate_lines, sample
from simpatico.eval.mood_lines import DEV, TEST
from simpatico.finetune.mood import Rows
from simpatico.finetune.mood_lines import LINES


def labels(*names: str) -> np.ndarray:
    return np.array([[float(mood in name.split(",")) for mood in MOODS] for name in names])


def mood(*held: str) -> Mood:
    distribution = tuple(float(name in held) for name in MOODS)
    return Mood(label=held[0], labels=held, distribution=distribution, confidence=1.0)


def test_f1_counts_every_label_and_an_unread_sentence_is_wrong() -> None:
    rows = Rows(["a", "b", "c"], labels("joy", "joy,love", "anger").astype(np.float32))
    answers = {"a": mood("joy"), "b": mood("joy"), "c": Mood()}
    report = evaluate(lambda text: answers[text], rows)
    assert (report.n, report.n_unknown) == (3, 1)
    assert report.macro_f1 == pytest.approx(1 / 28)
    assert report.micro_f1 == pytest.approx(2 * 2 / (2 + 4))


def test_perfect_is_one() -> None:
    rows = Rows(list(MOODS), np.eye(28, dtype=np.float32))
    report = evaluate(mood, rows)
    assert (report.macro_f1, report.micro_f1, report.ece) == (1.0, 1.0, 0.0)


def test_calibration_error_is_the_gap_between_said_and_true() -> None:
    stated = np.array([[0.95, 0.95, 0.05, 0.05]])
    truth = np.array([[True, False, False, False]])
    assert calibration_error(stated, truth) == pytest.approx((abs(0.95 - 0.5) + 0.05) / 2)


def test_lines_are_right_when_the_top_label_is_accepted() -> None:
    lines = (("hi", frozenset({"neutral", "unknown"})), ("yay", frozenset({"joy"})))
    report = evaluate_lines(lambda text: Mood(), lines)
    assert report.accuracy == 0.5
    assert report.wrong == (("yay", "unknown"),)


def _bare(text: str) -> str:
    return text.casefold().rstrip("!.? ") or text


def test_lines_that_check_were_not_trained_on() -> None:
    trained = {_bare(line) for _, line in LINES}
    dev, test = ({_bare(text) for text, _ in lines} for lines in (DEV, TEST))
    assert not trained & (dev | test)
    assert not dev & test
    known = {*MOODS, "unknown"}
    assert all(accepted <= known for _, accepted in (*DEV, *TEST))


def test_a_sample_is_drawn_once_per_seed() -> None:
    rows = Rows(list(MOODS), np.eye(28, dtype=np.float32))
    assert sample(rows, n=5, seed=1).texts == sample(rows, n=5, seed=1).texts
    assert sample(rows, n=0, seed=1) is rows
