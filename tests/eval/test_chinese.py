"""The lines that check how Chinese is read, and the figures made of them."""

import pytest

from simpatico.domain import INTENTS, NEEDS, TONES
from simpatico.errors import DataError
from simpatico.eval.chinese import lines, macro_f1
from simpatico.finetune.chinese import LABELS, own_lines


def test_macro_f1_is_the_mean_over_the_meant_labels() -> None:
    assert macro_f1([("a", "a"), ("b", "b")]) == 1
    assert macro_f1([("a", "b"), ("b", "a")]) == 0
    # a: one of two right, none wrongly: F1 2/3; b: right, but also taken for the other a: 2/3
    assert macro_f1([("a", "a"), ("a", "b"), ("b", "b")]) == pytest.approx(2 / 3)


def test_the_lines_hold_labels_that_exist_and_no_line_teaches_and_checks() -> None:
    checking = [*lines("dev"), *lines("test")]
    assert {line.need for line in checking} <= set(NEEDS)
    assert {line.intent for line in checking} <= set(INTENTS)
    assert any(line.avoids & set(TONES) for line in checking)
    teaching = list(own_lines())
    assert all(line.label in LABELS[line.head] for line in teaching)
    assert not {line.text for line in teaching} & {line.text for line in checking}
    assert not {line.text for line in lines("dev")} & {line.text for line in lines("test")}
    with pytest.raises(DataError):
        lines("train")
