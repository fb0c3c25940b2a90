from typing import Any

import pytest

from simpatico.domain import Constraints, Item, Part
from simpatico.retrieval.reasons import Evidence, reasons_for


def wish(*tones: str) -> tuple[tuple[str, float], ...]:
    return tuple((tone, 1 / len(tones)) for tone in tones)


def texts(item: Item, evidence: Evidence | None = None, **parts: float) -> list[tuple[str, str]]:
    given = tuple(Part(name=name, value=value) for name, value in parts.items())
    found = reasons_for(item, parts=given, evidence=evidence or Evidence())
    return [(reason.kind, reason.text) for reason in found]


def film(**fields: Any) -> Item:
    return Item.model_validate({"id": "a", "title": "A", **fields})


def test_only_wished_tones_that_hold_are_named_the_strongest_two() -> None:
    profile = {"warm": 0.6, "funny": 0.9, "touching": 0.7, "dark": 0.9, "sad": 0.2}
    found = texts(film(tone=profile), Evidence(wished=wish("warm", "funny", "touching", "sad")))
    assert ("mood", "It is funny and touching") in found
    weak = texts(film(tone={"warm": 0.4}), Evidence(wished=wish("warm")))
    assert all(kind != "mood" for kind, _ in weak)
    other = texts(film(tone={"dark": 0.9}), Evidence(wished=wish("warm")))
    assert all(kind != "mood" for kind, _ in other)


def test_tones_estimated_less_surely_are_named_only_when_very_strong() -> None:
    evidence = Evidence(wished=wish("gentle", "warm"))
    assert ("mood", "It is warm") in texts(film(tone={"gentle": 0.8, "warm": 0.6}), evidence)
    assert ("mood", "It is gentle") in texts(film(tone={"gentle": 0.9}), evidence)


def test_made_for_children_is_said_in_words() -> None:
    found = texts(film(tone={"kids": 0.9}), Evidence(wished=wish("kids")))
    assert ("mood", "It is made for children") in found


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (
            {"genres": ("Comedy", "Romance", "Drama"), "year": 1998},
            "It is a comedy and romance film from 1998",
        ),
        ({"genres": ("Action",)}, "It is an action film"),
        ({"year": 1927}, "It is a film from 1927"),
        ({"genres": ("Jazz",), "kind": "song", "year": 1959}, "It is a jazz song from 1959"),
    ],
)
def test_facts_in_words(fields: dict[str, Any], text: str) -> None:
    assert texts(film(**fields)) == [("attribute", text)]


def test_genres_asked_for_are_named_first() -> None:
    evidence = Evidence(constraints=Constraints(genres=("western",)))
    found = texts(film(genres=("Drama", "Comedy", "Western")), evidence)
    assert found == [("attribute", "It is a western and drama film")]


def test_people_asked_for_are_named_by_their_full_name_and_others_are_not() -> None:
    evidence = Evidence(constraints=Constraints(people=("hanks", "tom")))
    found = texts(film(creators=("Tom Hanks", "Meg Ryan", "Major Tomlin")), evidence)
    assert found == [("attribute", "With Tom Hanks")]


def test_keywords_are_named_only_when_the_person_used_their_words() -> None:
    evidence = Evidence(said=frozenset({"heist", "paris"}))
    found = texts(film(keywords=("heist", "bank robbery", "Paris")), evidence)
    assert found == [("attribute", "It touches on heist and Paris")]


def test_a_short_first_sentence_is_quoted_when_meaning_matched() -> None:
    item = film(text="A bear moves to London. Then more happens.")
    assert texts(item, match=0.5) == [("quote", "A bear moves to London.")]
    assert texts(item) == []
    assert texts(film(text="word " * 60), match=0.5) == []


def test_the_weightiest_comes_first_and_weights_are_shares() -> None:
    evidence = Evidence(wished=wish("warm"), close_to="B (2001)", together_with="C")
    item = film(tone={"warm": 0.9}, year=2000)
    values = {"tone": 1.0, "liked": 2.0, "together": 0.5, "known": 0.5, "shown": -3.0}
    parts = tuple(Part(name=name, value=value) for name, value in values.items())
    found = reasons_for(item, parts=parts, evidence=evidence)
    assert [(reason.text, reason.weight) for reason in found] == [
        ("Close to B (2001), which you liked", 0.5),
        ("It is warm", 0.25),
        ("People who liked C also liked it", 0.125),
    ]


def test_plain_facts_are_a_reason_only_when_asked_for_or_alone() -> None:
    comedy = film(genres=("Comedy",), year=1998, tone={"warm": 0.9})
    plain = ("attribute", "It is a comedy film from 1998")
    assert plain not in texts(comedy, Evidence(wished=wish("warm")))
    assert plain in texts(
        comedy, Evidence(wished=wish("warm"), constraints=Constraints(year_to=2000))
    )
    assert texts(comedy) == [plain]


def test_an_item_that_nothing_is_known_of_has_no_reasons() -> None:
    assert texts(film()) == []


def test_hostile_names_are_made_harmless() -> None:
    evidence = Evidence(close_to="Bad\u202e\x00\nTitle" + "x" * 500)
    ((_, text),) = texts(film(), evidence)
    assert text.startswith("Close to Bad Titlexxx")
    assert len(text) < 160
