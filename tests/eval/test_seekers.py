"""Simulated people: who they look for, what they say, and that they never say its title."""

from collections import Counter

import pytest

from simpatico.domain import TONES, Item
from simpatico.eval import seekers
from simpatico.eval.seekers import FEELINGS, MAX_TURNS, Wish, draw, fits, message, suits
from simpatico.eval.title_leaks import leak, too_short
from simpatico.retrieval.packs import load_pack


@pytest.mark.parametrize(
    ("message", "title", "how"),
    [
        ("I mean PULP  fiction!", "Pulp Fiction", "title"),
        ("like Amelie", "Amélie", "title"),
        ("the godfather, you know", "Godfather, The", "title"),
        ("it's pulpfiction", "Pulp Fiction", "run together"),
        ("p-u-l-p f.i.c.t.i.o.n", "Pulp Fiction", "run together"),
        ("the god father", "The Godfather", "run together"),
        ("something with aliens", "Alien", "near title"),
        ("I love Pulp Fictoin", "Pulp Fiction", "near title"),
        ("the star wars one", "Star Wars: Episode IV - A New Hope", "series"),
        ("a film about a father", "The Godfather", ""),
        ("some fiction with pulp in it", "Pulp Fiction", ""),
        ("", "Heat", ""),
    ],
)
def test_a_title_is_found_however_it_is_hidden(message: str, title: str, how: str) -> None:
    assert leak(message, title) == how


def test_titles_of_a_few_letters_say_nothing() -> None:
    assert too_short("It") and too_short("The Big") and not too_short("Heat")


def test_seekers_never_give_their_title_away_and_their_wishes_are_true() -> None:
    items = {item.id: item for item in load_pack("movies").items}
    drawn = draw(list(items.values()), 80, seed=3)
    assert Counter(one.mood for one in drawn.seekers) == dict.fromkeys(FEELINGS, 10)
    for one in drawn.seekers:
        target = items[one.target]
        assert suits(target, FEELINGS[one.mood].need)
        assert one.wishes[0].kind == "genre" and 4 <= len(one.wishes) <= MAX_TURNS
        assert all(fits(target, wish) for wish in one.wishes)
        for turn in range(1, MAX_TURNS + 2):
            assert not leak(message(one, turn), target.title), (target.title, turn)
    assert draw(list(items.values()), 8, seed=3).seekers == drawn.seekers[:8]
    assert draw(list(items.values()), 8, seed=4).seekers != drawn.seekers[:8]


def test_a_wish_fits_what_has_it() -> None:
    tone = tuple(float(name == "funny") for name in TONES)
    item = Item(
        id="x", title="X", year=1994, genres=("Comedy",), creators=("Ann B",), keywords=("heist",),
        tone=tone,
    )  # fmt: skip
    true = {
        "genre": "Comedy",
        "era": "1990",
        "tone": "funny",
        "keyword": "heist",
        "person": "Ann B",
    }
    for kind, value in true.items():
        assert fits(item, Wish.model_validate({"kind": kind, "value": value, "said": ""}))
    false = {"genre": "War", "era": "1980", "tone": "sad", "keyword": "love", "person": "Ann"}
    for kind, value in false.items():
        assert not fits(item, Wish.model_validate({"kind": kind, "value": value, "said": ""}))


def test_who_is_sad_is_not_given_a_sad_film_to_look_for() -> None:
    funny, sad = (tuple(float(name == tone) for name in TONES) for tone in ("funny", "sad"))
    assert suits(Item(id="a", title="A", tone=funny), "cheer_up")
    assert not suits(Item(id="b", title="B", tone=sad), "cheer_up")
    assert suits(Item(id="b", title="B", tone=sad), "unknown")


def test_what_is_left_unsaid_runs_out() -> None:
    one = draw(load_pack("movies").items, 1).seekers[0]
    assert message(one, 1).startswith(one.feeling)
    assert message(one, 99) == seekers.NOTHING_LEFT


def test_a_catalogue_without_tones_has_nobody_to_look_for() -> None:
    with pytest.raises(ValueError, match="wanted known items that suit"):
        draw([Item(id="a", title="Abcd", popularity=1.0)], 1)
