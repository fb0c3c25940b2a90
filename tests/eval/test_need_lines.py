import re
from collections import Counter

import pytest
from sklearn.metrics import cohen_kappa_score

from simpatico.agent.safety import is_crisis
from simpatico.domain import NEEDS
from simpatico.eval import mood_lines
from simpatico.eval.need_lines import DEV, LINES, SECOND_LABELS
from simpatico.finetune.own_parts import phrases
from simpatico.finetune.own_turns import own_examples
from simpatico.text import fold

RUN = 5
"""So many words in a row are no chance."""

UNSEEN = [line for line, _ in (*LINES, *DEV)] + [line for line, _ in mood_lines.TEST]


def _runs(text: str) -> set[str]:
    words = fold(text).split()
    return {" ".join(words[i : i + RUN]) for i in range(len(words) - RUN + 1)}


def test_labels_and_balance() -> None:
    assert (len(LINES), len(DEV)) == (300, 100)
    for lines, least in ((LINES, 25), (DEV, 9)):
        counts = Counter(need for _, need in lines)
        assert set(counts) == set(NEEDS)
        assert least <= min(counts.values()) <= max(counts.values()) <= least + 5


def test_two_annotators_agree() -> None:
    first = [need for _, need in LINES]
    second = [SECOND_LABELS.get(line, need) for line, need in LINES]
    assert set(SECOND_LABELS) <= {line for line, _ in LINES}
    assert cohen_kappa_score(first, second) == pytest.approx(0.996, abs=0.001)


def test_no_line_twice_and_none_for_the_crisis_rules() -> None:
    folded = [fold(line) for line, _ in (*LINES, *DEV)]
    assert len(set(folded)) == len(folded)
    assert not [line for line, _ in (*LINES, *DEV) if is_crisis(line)]


def test_no_line_shares_a_run_of_words_with_the_training_phrases() -> None:
    trained = {
        run
        for phrase in phrases()
        for piece in re.split(r"\{\w+\}|\s[@+~!-]\w+", phrase)
        for run in _runs(piece)
    }
    assert len(trained) > 500
    assert {line: _runs(line) & trained for line in UNSEEN if _runs(line) & trained} == {}


@pytest.mark.slow
def test_no_line_is_among_twenty_thousand_training_turns() -> None:
    said = {
        fold(line.split(": ", 1)[1])
        for example in own_examples(20_000, seed=0)
        for line in example.prompt.split("\n")[:-1]
    }
    assert len(said) > 10_000
    assert not [line for line in UNSEEN if fold(line) in said]
    runs = {run for text in said for run in _runs(text)}
    assert not [line for line in UNSEEN if _runs(line) & runs]
