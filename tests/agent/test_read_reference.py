"""Pointing at shown items."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simpatico.agent.read.reference import Reference, resolve
from simpatico.domain import Item

SHOWN = tuple(
    Item(id=item_id, title=title, year=year)
    for item_id, title, year in (
        ("p", "Paddington 2", 2017),
        ("s", "The Sting", 1973),
        ("h", "Heat", 1995),
        ("m", "The Man from Laramie", 1955),
    )
)
ALL = ("p", "s", "h", "m")

LINES: list[tuple[str, tuple[str, ...], str]] = [
    ("not that one", ("p",), "rejected"),
    ("not the first one", ("p",), "rejected"),
    ("the second one", ("s",), "accepted"),
    ("the 3rd one looks fun", ("h",), "accepted"),
    ("number 2 please", ("s",), "accepted"),
    ("the last one sounds good", ("m",), "accepted"),
    ("I'll take Heat", ("h",), "accepted"),
    ("that one sounds good", ("p",), "accepted"),
    ("seen it", ("p",), "seen"),
    ("already watched", ("p",), "seen"),
    ("I've seen the sting", ("s",), "seen"),
    ("I have seen the first two", ("p", "s"), "seen"),
    ("seen them all", ALL, "seen"),
    ("none of these", ALL, "rejected"),
    ("something else", ALL, "passed"),
    ("no", ALL, "rejected"),
    ("no thanks", ALL, "rejected"),
    ("I hated Heat", ("h",), "disliked"),
    ("I loved Paddington 2", ("p",), "liked"),
    ("loved it", ("p",), "liked"),
    ("more like the second one", ("s",), "wanted"),
    ("why?", ("p",), "asked"),
    ("why the second one?", ("s",), "asked"),
    ("tell me about the sting", ("s",), "asked"),
    ("is the last one long?", ("m",), "asked"),
    ("surprise me", (), "surprise"),
    ("you choose", (), "surprise"),
    ("I haven't seen that one", (), "none"),
    ("older than 1990", (), "none"),
    ("something less sad", (), "none"),
    ("rough week", (), "none"),
    ("the first time I saw a western", (), "none"),
    ("", (), "none"),
]


@pytest.mark.parametrize(("text", "ids", "stance"), LINES, ids=[line[0] for line in LINES])
def test_a_line_points_at_these(text: str, ids: tuple[str, ...], stance: str) -> None:
    assert resolve(text, SHOWN) == Reference(item_ids=ids, stance=stance)


def test_a_longer_title_hides_a_shorter_one_within_it() -> None:
    shown = (Item(id="1", title="Alien"), Item(id="2", title="Alien Nation"))
    assert resolve("seen alien nation", shown).item_ids == ("2",)


def test_a_title_that_is_an_ordinary_word_must_be_written_as_one() -> None:
    shown = (Item(id="1", title="Thor"), Item(id="2", title="It"))
    assert resolve("seen it", shown).item_ids == ("1",)
    assert resolve("I have seen It", shown).item_ids == ("2",)
    assert resolve('"It" was boring', shown).item_ids == ("2",)


def test_there_is_no_fifth_of_four_and_nothing_to_point_at_in_nothing() -> None:
    assert resolve("the fifth one", SHOWN) == Reference()
    assert resolve("not that one", ()) == Reference()
    assert resolve("seen it", ()) == Reference()


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_whatever_is_said_only_shown_items_are_pointed_at(text: str) -> None:
    assert set(resolve(text, SHOWN).item_ids) <= set(ALL)


@pytest.mark.parametrize("text", ["more like that", "more like these please"])
def test_asking_for_more_of_the_kind_turns_nothing_down(text: str) -> None:
    assert resolve(text, SHOWN).stance != "rejected"
