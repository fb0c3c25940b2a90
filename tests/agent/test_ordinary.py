"""Which words need no evidence, and which may be a name in lower case."""

import pytest

from simpatico.agent.ordinary import OrdinaryWords

WORDS = OrdinaryWords("kind make unpaid work mate sit happy café well Brought up".split())


@pytest.mark.parametrize(
    "word",
    ["kind", "kinder", "making", "workmate", "sitting", "happily", "happier", "cafés"]
    + ["well-brought-up", "mate's", "it", "kindness", "overwork"],
)
def test_what_english_makes_of_a_word_is_ordinary(word: str) -> None:
    assert word in WORDS


@pytest.mark.parametrize(
    "word", ["hyperglunk", "blorptown", "再见", "привет", "kjoss", "up-kjoss", "zwölf"]
)
def test_what_nobody_says_is_not(word: str) -> None:
    assert word not in WORDS


def test_only_words_are() -> None:
    assert 7 not in WORDS
