"""Colours by name, on pictures of known ones."""

import numpy as np
import pytest
from numpy.typing import NDArray

from simpatico.retrieval.palette import COLOURS, colours_of


def plain(*rgb: int, height: int = 40, width: int = 60) -> NDArray[np.uint8]:
    return np.full((height, width, 3), rgb, dtype=np.uint8)


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((250, 10, 10), "red"),
        ((20, 20, 30), "black"),
        ((255, 255, 255), "white"),
        ((110, 110, 115), "grey"),
        ((30, 140, 40), "green"),
        ((15, 20, 80), "navy blue"),
        ((250, 150, 190), "pink"),
        ((100, 60, 30), "brown"),
        ((230, 210, 175), "beige"),
    ],
)
def test_a_plain_picture_is_of_its_colour(rgb: tuple[int, int, int], name: str) -> None:
    (row,) = colours_of([plain(*rgb)])
    assert COLOURS[int(row.argmax())] == name and row.sum() == pytest.approx(1)


def test_a_white_background_does_not_count_and_a_dark_one_does() -> None:
    found = {}
    for name, ground in (("shop", (252, 252, 250)), ("night", (5, 5, 5))):
        picture = plain(*ground, height=200, width=100)
        picture[50:150, 25:75] = (220, 20, 20)
        found[name] = colours_of([picture])[0]
    red, black = COLOURS.index("red"), COLOURS.index("black")
    assert found["shop"][red] == pytest.approx(1)
    assert found["night"][red] == pytest.approx(0.25, abs=0.03)
    assert found["night"][black] == pytest.approx(0.75, abs=0.03)


def test_the_size_of_a_picture_does_not_matter() -> None:
    assert colours_of([]).shape == (0, len(COLOURS))
    small, wide = colours_of([plain(40, 80, 200, height=1, width=1), plain(40, 80, 200, width=999)])
    np.testing.assert_array_equal(small, wide)
