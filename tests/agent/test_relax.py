from simpatico.agent.relax import relaxations
from simpatico.domain import Constraints


def test_nothing_to_relax_yields_nothing() -> None:
    assert list(relaxations(Constraints(not_genres=("Horror",), exclude_ids=("a",)))) == []


def test_each_wish_is_let_go_alone_before_they_go_together() -> None:
    asked = Constraints(genres=("Western",), people=("Bill Murray",), year_to=1970)
    weaker = [constraints for constraints, _ in relaxations(asked)]
    assert weaker == [
        Constraints(genres=("Western",), people=("Bill Murray",)),
        Constraints(genres=("Western",), year_to=1970),
        Constraints(people=("Bill Murray",), year_to=1970),
        Constraints(genres=("Western",)),
        Constraints(),
    ]


def test_what_they_do_not_want_stays_out() -> None:
    asked = Constraints(
        genres=("Comedy",), not_genres=("Horror",), not_tones=("kids",), exclude_ids=("a",)
    )
    for weaker, _ in relaxations(asked):
        assert weaker.not_genres == ("Horror",)
        assert weaker.not_tones == ("kids",)
        assert weaker.exclude_ids == ("a",)


def test_the_note_names_what_was_let_go() -> None:
    asked = Constraints(genres=("Western",), people=("X Y",), languages=("French",))
    notes = [note for _, note in relaxations(asked)]
    assert notes == [
        "Nothing fits everything at once, so I let go of the language.",
        "Nothing fits everything at once, so I let go of the people you named.",
        "Nothing fits everything at once, so I let go of the genre.",
        "Nothing fits everything at once, so I let go of the language and the people you named.",
        "Nothing fits everything at once, so I let go of the language, the people you named "
        "and the genre.",
    ]
