import pytest

from simpatico.agent.words import article, count, kept, left_out, listing, noun_for, plural
from simpatico.domain import Constraints, Item, YearSpan


@pytest.mark.parametrize(
    ("parts", "joined"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_lists_are_joined_as_people_do(parts: list[str], joined: str) -> None:
    assert listing(parts) == joined


@pytest.mark.parametrize(
    "phrase",
    [
        *("a film", "an album", "an hour", "a university drama", "a European film", "an 80s film"),
        *("an 11th", "a 110-minute film", "a one-off", "an honest film", "an unusual film"),
        *("a used car", "an umbrella", "an upbeat film", "an animated film", "an eerie film"),
        *("a useful thing", "an ugly film", "an udder", "a ubiquitous face"),
    ],
)
def test_articles_go_by_sound(phrase: str) -> None:
    assert article(phrase.split(" ", 1)[1]) == phrase


@pytest.mark.parametrize(
    ("noun", "several"),
    [
        *(("film", "films"), ("story", "stories"), ("dish", "dishes"), ("series", "series")),
        *(("box", "boxes"), ("play", "plays"), ("pick", "picks")),
    ],
)
def test_plurals_are_regular(noun: str, several: str) -> None:
    assert plural(noun) == several


def test_small_numbers_are_words() -> None:
    assert [count(n, "film") for n in (0, 1, 3, 10, 12)] == [
        *("no films", "one film", "three films", "ten films", "12 films")
    ]


def test_items_of_two_kinds_are_picks() -> None:
    film, song = Item(id="1", title="A"), Item(id="2", title="B", kind="song")
    odd = Item(id="3", title="C", kind="<b>")
    assert [noun_for([film]), noun_for([film, song]), noun_for([odd])] == ["film", "pick", "pick"]


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        (Constraints(), ""),
        (Constraints(genres=("Comedy",)), "comedies"),
        (Constraints(genres=("Comedy", "Drama")), "comedies or dramas"),
        (Constraints(year_from=1980, year_to=1989), "titles from the 1980s"),
        (Constraints(year_from=1999, year_to=1999), "titles from 1999"),
        (Constraints(year_from=1990), "titles from 1990 onwards"),
        (Constraints(genres=("Western",), year_to=1989), "westerns from 1989 or earlier"),
        (
            Constraints(kinds=("film",), people=("Bill Murray",), languages=("fr",)),
            "films in French with Bill Murray",
        ),
        (Constraints(max_minutes=90), "titles at most 90 minutes long"),
        (
            Constraints(genres=("Horror",), year_from=1980, max_minutes=100),
            "horror from 1980 onwards, at most 100 minutes long",
        ),
    ],
)
def test_wishes_are_put_back_into_words(wishes: Constraints, words: str) -> None:
    assert kept(wishes) == words


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        (Constraints(), ""),
        (Constraints(not_genres=("Horror", "Family")), "horror and family films"),
        (Constraints(not_tones=("kids",)), "anything made for children"),
        (Constraints(not_tones=("sad", "dark")), "anything too sad or too dark"),
        (
            Constraints(not_genres=("War",), not_tones=("sad",), not_people=("Tom Cruise",)),
            "war stories, anything too sad and Tom Cruise",
        ),
        (
            Constraints(
                not_years=(YearSpan(first=1980, last=1989), YearSpan(first=2010, last=2010)),
                not_languages=("French", "ko"),
            ),
            "anything from the 1980s or from 2010 and anything in French or Korean",
        ),
    ],
)
def test_what_is_left_out_is_put_into_words(wishes: Constraints, words: str) -> None:
    assert left_out(wishes) == words
