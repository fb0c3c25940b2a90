"""What is only told of: hardly known things and times that stories play in are no limits."""

import pytest

from simpatico.agent.read.understand import Rules
from simpatico.domain import Constraints, UserState, YearSpan
from simpatico.retrieval.titles import TitleIndex

RULES = Rules(TitleIndex([]), this_year=2024)


def state(*texts: str) -> UserState:
    last: UserState | None = None
    for text in texts:
        last = RULES.understand(text, previous=last).state
    assert last is not None
    return last


def after(*texts: str) -> Constraints:
    return state(*texts).constraints.model_copy(update={"kinds": ()})


@pytest.mark.parametrize(
    "text",
    [
        "I haven't seen many 80s movies",
        "i havent seen that many 80s movies tbh",
        "haven't really watched anything from the 70s",
        "I've barely watched anything from the 90s",
        "I don't know many westerns",
        "I've never watched an old horror movie",
        "not very familiar with Korean cinema",
        "I haven't seen much French stuff",
        "i'm new to 90s anime",
    ],
)
def test_what_is_hardly_known_is_no_limit(text: str) -> None:
    assert after(text) == Constraints()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a western I haven't seen", Constraints(genres=("Western",))),
        ("80s movies I have never heard of", Constraints(year_from=1980, year_to=1989)),
        ("I haven't seen many westerns, a comedy please", Constraints(genres=("Comedy",))),
        ("not seen many films, so an 80s one please", Constraints(year_from=1980, year_to=1989)),
    ],
)
def test_what_is_asked_for_beside_it_is_one(text: str, wanted: Constraints) -> None:
    assert after(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("I'm new to anime, any ideas?", Constraints(genres=("Animated",))),
        ("I don't know many French films, please suggest some", Constraints(languages=("French",))),
        (
            "I have not seen many westerns. Could you recommend one?",
            Constraints(genres=("Western",)),
        ),
        ("we rarely watch comedies but tonight we want one", Constraints(genres=("Comedy",))),
        (
            "I hardly ever watch romance but my girlfriend wants one",
            Constraints(genres=("Romance",), tones=("romantic",)),
        ),
        (
            "I haven't seen many older movies because I'm so young, so any old comedy",
            Constraints(year_to=1989),
        ),
        (
            "I've barely watched anything from the 90s, where do i start",
            Constraints(year_from=1990, year_to=1999),
        ),
        ("I never saw a western, i want to try one", Constraints(genres=("Western",))),
        (
            "Any suggestions? I haven't seen many 80s movies",
            Constraints(year_from=1980, year_to=1989),
        ),
        (
            "I haven't seen many westerns, I want a comedy, recommend one",
            Constraints(genres=("Comedy",)),
        ),
        ("I haven't seen many westerns. Is that one good?", Constraints()),
        ("I haven't watched a sad movie, and don't want one", Constraints()),
        ("I haven't seen many horror films and I don't want to see any", Constraints()),
        ("I hardly watch horror, I hate it. suggest something", Constraints()),
    ],
)
def test_what_is_hardly_known_is_the_wish_where_it_is_asked_for(
    text: str, wanted: Constraints
) -> None:
    assert after(text) == wanted


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("I never watch horror", Constraints(not_genres=("Horror",), not_tones=("scary",))),
        ("I never watch anything French", Constraints(not_languages=("French",))),
        (
            "we never watch westerns or musicals, suggest something",
            Constraints(not_genres=("Western", "Musical")),
        ),
        (
            "I rarely watch horror because it scares me, recommend something",
            Constraints(not_genres=("Horror",), not_tones=("scary",)),
        ),
        (
            "I haven't seen many horror movies because I hate gore",
            Constraints(not_tones=("violent",)),
        ),
        (
            "I don't know many thrillers without violence, suggest one",
            Constraints(genres=("Thriller",), not_tones=("violent",)),
        ),
        ("we never read fantasy", Constraints(not_genres=("Fantasy",))),
        (
            "I never watch 80s movies",
            Constraints(not_years=(YearSpan(first=1980, last=1989),)),
        ),
    ],
)
def test_a_habit_is_a_refusal(text: str, refused: Constraints) -> None:
    assert after(text) == refused


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("I haven't heard of that one", "unknown"),
        ("I haven't seen any of them yet", "unknown"),
        ("I haven't heard about it", "unknown"),
        ("I've never heard of Papermoon Alley", "unknown"),
        ("I haven't seen either of those. Thanks for all your help! Bye!", "goodbye"),
        ("Oh I haven't seen those. I will go look these up.. good night", "goodbye"),
    ],
)
def test_what_was_not_seen_is_no_wish_by_itself(text: str, intent: str) -> None:
    found = state(text)
    assert (found.intent, found.query, found.constraints) == (intent, "", Constraints())


def test_what_is_hardly_known_is_searched_for() -> None:
    assert state("I rarely watch westerns").query == "westerns"
    assert state("I haven't seen many westerns").query == "westerns"
    assert "80s" in state("I haven't seen many 80s movies").query


@pytest.mark.parametrize(
    "text",
    [
        "something set in the 60s",
        "a film that takes place in the 1920s",
        "something about the 80s",
        "a film about life in the 1950s",
        "something about new york in the 70s",
        "a story that happens between 1940 and 1945",
        "set in the 60s or 70s",
        "my dad was a teen in the 70s, a movie for him",
        "I was born in 1990, something for me",
        "I grew up in the 90s",
        "90s kid here, surprise me",
        "a film with great 80s music",
        "a film about people who loved in the 80s",
        "a film about kids in the 80s",
        "a movie set in the 60s, I love those films",
        "nothing set in the 60s",
    ],
)
def test_a_time_that_a_story_plays_in_says_not_when_it_was_made(text: str) -> None:
    wants = after(text)
    assert (wants.year_from, wants.year_to, wants.not_years) == (None, None, ())


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("a 90s movie set in the 70s", (1990, 1999)),
        ("movies about dinosaurs made in the 90s", (1990, 1999)),
        ("how about the 80s", (1980, 1989)),
        ("a film from about the 80s", (1980, 1989)),
        ("kids movies from the 90s", (1990, 1999)),
        ("80s kids movies", (1980, 1989)),
        ("anything new to watch from the 80s", (1980, 1989)),
        ("what came out in the 80s", (1980, 1989)),
        ("I'm all about the 80s", (1980, 1989)),
        ("a film from or about the 70s", (1970, 1979)),
        ("films people loved in the 80s", (1980, 1989)),
        ("films young people watched in the 70s", (1970, 1979)),
        ("stuff kids watched in the 90s", (1990, 1999)),
        ("born in 1975, want films from that year", (1975, 1975)),
        ("I was young in the 80s and I miss those films", (1980, 1989)),
        ("I grew up in the 90s, I want films from then", (1990, 1999)),
        ("80s kids comedy", (1980, 1989)),
    ],
)
def test_a_time_that_it_was_made_in_is_kept(text: str, years: tuple[int, int]) -> None:
    wants = after(text)
    assert (wants.year_from, wants.year_to) == years


def test_a_time_that_it_plays_in_is_searched_for() -> None:
    told = state("a drama that takes place in the 1920s")
    assert told.constraints.genres == ("Drama",)
    assert told.query == "drama 1920s"


@pytest.mark.parametrize(
    ("texts", "years"),
    [
        (("an 80s movie", "same but older"), (None, 1979)),
        (("an 80s movie", "something older", "even older please"), (None, 1969)),
        (("films from the 90s", "newer ones please"), (2000, None)),
        (("films after 2000", "a bit newer"), (2011, None)),
        (("an 80s movie", "something older, from the 50s"), (1950, 1959)),
        (("a comedy", "something older"), (None, 1989)),
        (("an 80s movie", "my older brother hates it"), (1980, 1989)),
    ],
)
def test_older_and_newer_are_so_than_what_was_wished_for(
    texts: tuple[str, ...], years: tuple[int | None, int | None]
) -> None:
    wants = after(*texts)
    assert (wants.year_from, wants.year_to) == years


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("something new, not older than 2015", (2015, None)),
        ("80s classics", (1980, 1989)),
        ("a classic from the 90s", (1990, 1999)),
        ("recent films after 2010", (2011, None)),
        ("90s or older", (None, 1999)),
        ("something from this year", (2024, None)),
        ("last year's movies", (2023, 2023)),
        ("post 2010 only", (2011, None)),
        ("from 2010 only", (2010, 2010)),
        ("2000s and up", (2000, None)),
        ("2010+", (2010, None)),
        ("released in 2019 or later", (2019, None)),
        ("from 2005 onwards", (2005, None)),
        ("nothing older than 10 years", (2014, None)),
        ("something from the last 3 years", (2021, None)),
        ("black and white films before 1990", (None, 1965)),
    ],
)
def test_a_year_says_how_new_or_old(text: str, years: tuple[int | None, int | None]) -> None:
    wants = after(text)
    assert (wants.year_from, wants.year_to) == years
