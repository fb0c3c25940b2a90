"""Years and languages that are refused, in lines of which most were written before the rules."""

import subprocess
import sys

import pytest

from simpatico.agent.read.understand import Rules
from simpatico.domain import Constraints, UserState, YearSpan
from simpatico.retrieval.titles import TitleIndex

RULES = Rules(TitleIndex([]), this_year=2024)


def span(first: int, last: int | None = None) -> YearSpan:
    """A decade by its first year, or the years from one to another."""
    return YearSpan(first=first, last=first + 9 if last is None else last)


def after(*texts: str) -> Constraints:
    """What is wished for after these messages; the kind is of no matter here."""
    state: UserState | None = None
    for text in texts:
        state = RULES.understand(text, previous=state).state
    assert state is not None
    return state.constraints.model_copy(update={"kinds": ()})


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("nothing from the 80s", [span(1980)]),
        ("no 80s movies", [span(1980)]),
        ("not another 90s one", [span(1990)]),
        ("nothing made in 2010", [span(2010, 2010)]),
        ("no 2015 movies", [span(2015, 2015)]),
        ("a film, but not 1985", [span(1985, 1985)]),
        ("any film, just not 1999 or 2000", [span(1999, 1999), span(2000, 2000)]),
        ("any decade except the 60s", [span(1960)]),
        ("anything but 80s movies", [span(1980)]),
        ("I'm sick of 80s movies", [span(1980)]),
        ("I don't like movies from the 70s", [span(1970)]),
        ("please no 50s or 60s films", [span(1950), span(1960)]),
        ("avoid the eighties", [span(1980)]),
        ("leave out the 90s", [span(1990)]),
        ("80s movies are not for me", [span(1980)]),
        ("that was too 80s", [span(1980)]),
        ("can we skip the 2010s", [span(2010)]),
        ("nothing between 1980 and 1995", [span(1980, 1995)]),
        ("no late 90s comedies", [span(1995, 1999)]),
        ("no westerns from the 60s", [span(1960)]),
    ],
)
def test_years_are_refused_and_nothing_else(text: str, years: list[YearSpan]) -> None:
    assert after(text) == Constraints(not_years=tuple(years))


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("no French films", ["French"]),
        ("not in Korean", ["Korean"]),
        ("nothing Bollywood please", ["Hindi"]),
        ("I don't want anything in Hindi", ["Hindi"]),
        ("no French or Italian films", ["French", "Italian"]),
        ("I can't stand French movies", ["French"]),
        ("I'm not in the mood for a French film", ["French"]),
        ("no more Korean dramas", ["Korean"]),
        ("no Japanese horror", ["Japanese"]),
        ("a film that's not French", ["French"]),
        ("anything other than French", ["French"]),
        ("no subtitles in Hindi please", ["Hindi"]),
        ("nothing from Italy or Spain", ["Italian", "Spanish"]),
        ("no Indian movies", ["Hindi", "Tamil", "Telugu", "Bengali"]),
    ],
)
def test_languages_are_refused_and_nothing_else(text: str, languages: list[str]) -> None:
    assert after(text) == Constraints(not_languages=tuple(languages))


@pytest.mark.parametrize(
    "text",
    [
        "I don't speak French",
        "English is not my first language",
        "I wasn't even born in the 80s",
        "they don't make them like in the 80s anymore",
        "there are no 80s movies here",
        "why are there no French films?",
        "that's not French",
        "it's not a French film",
        "I'm not French",
        "no French toast for me",
        "not a film about French people",
        "nothing set in the 80s",
        "I didn't like that 80s movie",
        "I didn't like the French one",
        "I never get tired of 80s movies",
        "something not too violent from the 80s",
        "less sad French films",
        "no horror except 80s horror",
        "no movies except French ones",
        "nothing but French films",
        "not just 80s movies",
        "I don't mind French films",
    ],
)
def test_a_no_to_something_else_refuses_neither(text: str) -> None:
    constraints = after(text)
    assert (constraints.not_years, constraints.not_languages) == ((), ())


def test_other_wishes_beside_a_refusal_stay() -> None:
    assert after("a comedy, but not from the 90s") == Constraints(
        genres=("Comedy",), not_years=(span(1990),)
    )
    assert after("no 80s comedies or westerns") == Constraints(
        not_genres=("Western",), not_years=(span(1980),)
    )
    assert after("not from the 80s, from the 90s") == Constraints(
        year_from=1990, year_to=1999, not_years=(span(1980),)
    )
    assert after("from the 80s but not from 1985") == Constraints(
        year_from=1980, year_to=1989, not_years=(span(1985, 1985),)
    )
    assert after("a Japanese film, not in English") == Constraints(
        languages=("Japanese",), not_languages=("English",)
    )


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("no 80s movies", "actually, the 80s are fine after all"), Constraints()),
        (("something, not 1985", "1985 is fine after all"), Constraints()),
        (("no 80s or 90s", "the 90s are ok"), Constraints(not_years=(span(1980),))),
        (("no 80s movies", "from the 80s then"), Constraints(year_from=1980, year_to=1989)),
        (
            ("no 80s movies", "newer than 1985"),
            Constraints(year_from=1986, not_years=(span(1980),)),
        ),
        (("no 80s movies", "any year is fine"), Constraints()),
        (("no 80s movies", "and no 90s ones"), Constraints(not_years=(span(1980), span(1990)))),
        (("from the 80s", "no, not the 80s"), Constraints(not_years=(span(1980),))),
        (
            ("between 1980 and 1999", "but not the 80s"),
            Constraints(year_from=1980, year_to=1999, not_years=(span(1980),)),
        ),
        (("no French films", "French is fine after all"), Constraints()),
        (("no French or Korean films", "Korean is ok"), Constraints(not_languages=("French",))),
        (("a French film", "forget the French film"), Constraints()),
        (("from the 80s", "forget the 80s"), Constraints()),
        (("from the 80s", "the 80s are good"), Constraints(year_from=1980, year_to=1989)),
        (("no French films", "a French film then"), Constraints(languages=("French",))),
        (("a French film", "no French films please"), Constraints(not_languages=("French",))),
        (
            ("no French films", "and nothing Italian"),
            Constraints(not_languages=("French", "Italian")),
        ),
        (("no French films, no 80s", "let's start over"), Constraints()),
    ],
)
def test_a_later_turn_adds_to_what_is_refused_or_lets_it_in(
    texts: tuple[str, ...], expected: Constraints
) -> None:
    assert after(*texts) == expected


def test_what_is_refused_is_no_longer_searched_for() -> None:
    state = RULES.understand("a French film about the sea").state
    assert "french" in state.query
    state = RULES.understand("no French films please", previous=state).state
    assert "french" not in state.query and "sea" in state.query


READ = """
import sys
from simpatico.agent.read.understand import Rules
from simpatico.retrieval.titles import TitleIndex
for text in sys.argv[1:]:
    Rules(TitleIndex([])).understand(text)
"""


def test_no_row_of_refusals_holds_the_reader_up() -> None:
    texts = [
        "no " + "80s or " * 1300,
        "no no no French or " * 480,
        "not another scary 90s " * 400,
        "anything but from 1990 to 1995 " * 290,
        "no" + " horror" * 1200 + " from France",
        "the 80s are fine " * 500,
    ]
    # In a process of its own: a search of regular expressions cannot be interrupted.
    subprocess.run([sys.executable, "-c", READ, *texts], check=True, timeout=60)
