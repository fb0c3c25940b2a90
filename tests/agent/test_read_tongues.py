"""Languages asked for by country, by a bare name, or as "foreign", and taken back."""

import subprocess
import sys

import pytest

from simpatico.agent.read.tongues import COUNTRIES
from simpatico.agent.read.understand import Rules
from simpatico.agent.words import kept
from simpatico.domain import Constraints, Item, UserState
from simpatico.retrieval.table import ItemTable
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
    ("text", "language"),
    [
        ("German war movie", "German"),
        ("a Russian war film", "Russian"),
        ("Polish war drama", "Polish"),
        ("french war comedies", "French"),
        ("Korean history drama", "Korean"),
        ("Italian food films", "Italian"),
        ("an Italian mafia film", "Italian"),
    ],
)
def test_a_language_stands_before_what_a_film_is_about(text: str, language: str) -> None:
    assert after(text).languages == (language,)


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("a film from Korea", ["Korean"]),
        ("movies from japan pls", ["Japanese"]),
        ("something from France, for tonight", ["French"]),
        ("anything good from sweden?", ["Swedish"]),
        ("show me something from Denmark", ["Danish"]),
        ("a movie made in Spain", ["Spanish"]),
        ("from italy or france please", ["Italian", "French"]),
        ("a korea movie", ["Korean"]),
        ("something Korean", ["Korean"]),
        ("korean please", ["Korean"]),
        ("make it french", ["French"]),
        ("how about Danish?", ["Danish"]),
        ("english only", ["English"]),
        ("a Bollywood film", ["Hindi"]),
        ("an Indian film", list(COUNTRIES["india"])),
        ("something french or italian", ["French", "Italian"]),
        ("english or korean only", ["English", "Korean"]),
        ("asian movies", ["Japanese", "Korean", "Chinese", "Thai"]),
        ("a film in German with English subtitles", ["German"]),
        ("im learning spanish, recommend movies", ["Spanish"]),
        ("a Scandinavian film", ["Swedish", "Danish", "Norwegian", "Finnish", "Icelandic"]),
        ("a film from Mexico", ["Spanish"]),
        ("a film from Taiwan", ["Mandarin"]),
    ],
)
def test_a_language_is_asked_for(text: str, languages: list[str]) -> None:
    assert after(text) == Constraints(languages=tuple(languages))


@pytest.mark.parametrize(
    "text",
    [
        "I'm from Germany, recommend me something",
        "my girlfriend is from France",
        "a film about a boy from Korea",
        "I just got back from Italy",
        "a film set in Paris, France",
        "it's a really good French film",
        "I speak French",
        "my English teacher hates this film",
        "a film about the French Revolution",
        "the Korean war",
        "Korean war films",
        "something about German history",
        "an Italian mafia story",
        "From Russia with love",
        "I don't speak any foreign language",
        "I am learning Spanish",
        "a cartoon dubbed in English",
        "Polish gun culture is strange",
        "do you like foreign films?",
        "it was a foreign film",
        "foreign policy is hard",
        "it's not foreign",
        "The movie is on YT but no subtitles.",
        "Heat is a Korean comedy",
    ],
)
def test_a_language_that_is_told_of_is_not_asked_for(text: str) -> None:
    wants = after(text)
    assert (wants.languages, wants.not_languages) == ((), ())


@pytest.mark.parametrize(
    "text",
    [
        "no foreign films",
        "nothing foreign please",
        "no subtitles please",
        "nothing with subtitles",
        "I hate subtitles",
        "cant be bothered reading subtitles tonight",
        "too tired to read subtitles",
        "anything but foreign-language stuff",
        "i'm not really into foreign movies",
        "don't want to read subs",
        "a movie w/o subtitles",
        "pls no subs im cooking",
    ],
)
def test_what_is_foreign_is_refused(text: str) -> None:
    assert after(text) == Constraints(languages=("English",))
    chinese = RULES.understand(text, mother="Chinese").state.constraints
    assert chinese.languages == ("Chinese",)


@pytest.mark.parametrize(
    "text",
    [
        *("something foreign", "a foreign film", "any good foreign movies"),
        *("non-English films", "a film, non english please", "any language but English"),
        "a movie thats not in english",
    ],
)
def test_what_is_foreign_is_asked_for(text: str) -> None:
    assert after(text) == Constraints(not_languages=("English",))


@pytest.mark.parametrize(
    ("texts", "left"),
    [
        (("no foreign films", "foreign films are fine after all"), Constraints()),
        (("no subtitles", "actually subtitles are fine"), Constraints()),
        (("nothing foreign", "I don't mind subtitles"), Constraints()),
        (("nothing foreign", "any language is fine"), Constraints()),
        (("no French films", "the language doesn't matter"), Constraints()),
        (("no subtitles", "a film from Korea"), Constraints(languages=("Korean",))),
        (("something foreign", "no foreign films"), Constraints(languages=("English",))),
        (("a French film", "subtitles are fine"), Constraints(languages=("French",))),
        (("something Korean", "no wait, japanese"), Constraints(languages=("Japanese",))),
        (("something Korean", "actually make it english"), Constraints(languages=("English",))),
        (("a film from Korea", "not Korean tho"), Constraints(not_languages=("Korean",))),
        (("a film from Korea", "nothing from Korea"), Constraints(not_languages=("Korean",))),
    ],
)
def test_a_language_is_taken_back(texts: tuple[str, ...], left: Constraints) -> None:
    assert after(*texts) == left


def test_a_language_that_is_no_longer_wanted_is_no_longer_searched_for() -> None:
    assert state("a film from Korea about trains", "japanese please").query == "japanese trains"
    assert "korea" not in state("a film from Korea about trains", "nothing from Korea").query


def test_refused_foreign_films_do_not_come_and_that_is_told() -> None:
    spoken = {"heat": "English", "amelie": "French", "both": "French|English", "none": ""}
    items = [
        Item(id=name, kind="film", title=name, extra=(("language", language),))
        for name, language in spoken.items()
    ]
    wants = after("no foreign films please")
    mask = ItemTable(items).mask(wants)
    assert [item.id for item, may in zip(items, mask, strict=True) if may] == ["heat", "both"]
    assert kept(wants) == "titles in English"


READ = """
import sys
from simpatico.agent.read.understand import Rules
from simpatico.retrieval.titles import TitleIndex
for text in sys.argv[1:]:
    Rules(TitleIndex([])).understand(text)
"""


def test_no_row_of_countries_years_or_lengths_holds_the_reader_up() -> None:
    texts = [
        "from france or " * 250,
        "something " * 400,
        "i haven't seen many " * 150,
        "about a b c d in the 80s " * 130,
        "no subtitles with " * 200,
        "an hour and a half " * 170,
        "not 1999, 2000 or " * 180,
    ]
    subprocess.run([sys.executable, "-c", READ, *texts], check=True, timeout=60)
