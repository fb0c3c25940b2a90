import pytest
from hypothesis import given
from hypothesis import strategies as st

from simpatico.text import clean, clean_lines, fold_title


@pytest.mark.parametrize(
    ("title", "folded"),
    [
        ("The Matrix", "matrix"),
        ("Amélie", "amelie"),
        ("Godfather, The", "godfather"),
        ("Mad Max: Fury Road", "mad max fury road"),
        ("Fast & Furious", "fast and furious"),
        ("Schindler's List", "schindlers list"),
        ("The", "the"),
        ("!!!", "!!!"),
    ],
)
def test_titles_fold_to_what_people_agree_on(title: str, folded: str) -> None:
    assert fold_title(title) == folded


def test_control_and_direction_characters_go() -> None:
    assert clean("a\u202eb\x00c\u200e  d\n\te", max_chars=100) == "abc d e"


def test_lines_are_cleaned_one_by_one() -> None:
    text = "a\u202e  b\r\n\n - c\td \x00\n"
    assert clean_lines(text, max_chars=100) == "a b\n\n- c d"
    assert clean_lines(text, max_chars=4) == "a b"


@given(st.text())
def test_clean_is_idempotent_and_within_its_cap(text: str) -> None:
    once = clean(text, max_chars=20)
    assert len(once) <= 20
    assert clean(once, max_chars=20) == once
