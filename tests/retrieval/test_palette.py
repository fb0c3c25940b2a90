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


CSS = {
    "navy blue": ((0, 0, 128), (0, 0, 139), (25, 25, 112)),  # navy, darkblue, midnightblue
    "blue": (
        *((0, 0, 255), (65, 105, 225), (70, 130, 180), (135, 206, 235)),  # to skyblue
        *((173, 216, 230), (0, 255, 255), (64, 224, 208), (0, 128, 128), (0, 200, 200)),  # to teal
    ),
    "purple": ((128, 0, 128), (75, 0, 130), (221, 160, 221), (238, 130, 238), (200, 162, 200)),
    "red": ((255, 0, 0), (220, 20, 60), (128, 0, 0)),  # crimson, maroon
    "orange": ((255, 165, 0), (255, 127, 80)),  # coral
    "yellow": ((255, 255, 0), (255, 215, 0)),  # gold
    "green": ((0, 255, 0), (0, 128, 0), (128, 128, 0), (34, 139, 34)),  # olive, forestgreen
    "pink": ((255, 192, 203), (255, 105, 180)),  # hotpink
    "brown": ((139, 69, 19), (160, 82, 45)),  # saddlebrown, sienna
    "beige": ((210, 180, 140), (245, 222, 179)),  # tan, wheat
    "grey": ((192, 192, 192), (128, 128, 128), (105, 105, 105), (112, 128, 144)),  # to slategray
    "white": ((255, 255, 240), (245, 245, 245)),  # ivory, whitesmoke
}


@pytest.mark.parametrize(
    ("rgb", "name"), [(rgb, name) for name, shades in CSS.items() for rgb in shades]
)
def test_colours_that_browsers_name_have_the_usual_name(
    rgb: tuple[int, int, int], name: str
) -> None:
    (row,) = colours_of([plain(*rgb)])
    assert COLOURS[int(row.argmax())] == name


def test_a_white_thing_on_white_counts_where_something_parts_it_from_the_ground() -> None:
    picture = plain(255, 255, 255, height=200, width=200)
    picture[40:160, 40:160] = (200, 200, 200)  # its edge, in shadow
    picture[50:150, 50:150] = (250, 250, 250)
    picture[80:120, 80:120] = (220, 20, 20)  # its print
    (row,) = colours_of([picture])
    shares = {name: row[COLOURS.index(name)] for name in ("white", "grey", "red")}
    assert shares["white"] > 0.5 > shares["grey"] > 0.2 and 0 < shares["red"] < 0.2
    picture[40:160, 40:160] = np.where(picture[40:160, 40:160] == 200, 255, picture[40:160, 40:160])
    assert colours_of([picture])[0][COLOURS.index("red")] > 0.9  # nothing parts it


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
