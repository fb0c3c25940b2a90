import pytest

from simpatico.finetune.facts import (
    Keywords,
    cast_of,
    directors_of,
    distinct,
    genres_of,
    language_of,
    minutes_of,
    slug_of,
    title_of,
)


@pytest.mark.parametrize(
    ("lead", "directors"),
    [
        ("X is a film directed by Ryan Coogler, who co-wrote it.", ("Ryan Coogler",)),
        ("X is a film written and directed by J. J. Abrams.", ("J. J. Abrams",)),
        (
            "A film directed by Joel and Ethan Coen and starring Ann Lee.",
            ("Joel Coen", "Ethan Coen"),
        ),
        ("A film directed by Anthony Russo and Joe Russo.", ("Anthony Russo", "Joe Russo")),
        ("A film directed by Guillermo del Toro.", ("Guillermo del Toro",)),
        ("Directed by Tim Miller and written by Ann Lee, it stars Bo Ray.", ("Tim Miller",)),
        ("A film directed by the Coen brothers.", ()),
        ("A film about a man who is directed by his mother.", ()),
    ],
)
def test_directors_are_read_when_they_stand_there_cleanly(
    lead: str, directors: tuple[str, ...]
) -> None:
    assert directors_of(lead) == directors


def test_genres_are_as_people_type_them() -> None:
    assert genres_of(["Sport", "Sports", "Animated", "Live Action"], "") == ("Sports", "Animation")
    assert genres_of(["Superhero"], "") == ("Superhero", "Action")
    lead = "X is a 1999 American romantic comedy-drama film about a war."
    assert genres_of(["Comedy"], lead) == ("Comedy", "Romance", "Drama")


def test_cast_loses_role_notes_and_fragments() -> None:
    names = ["Ann Lee (voice)", "(voices)", "and", "Bo Day (narrator)", "Robert Downey, Jr.", "Sr."]
    assert cast_of(names) == ("Ann Lee", "Bo Day", "Robert Downey Jr.")


def test_cast_loses_captions_and_subjects() -> None:
    captions = ["Voices of", "voices of", "Narrated by", "the life of", "survivors", "[a]", "[2]"]
    captions += ["1972 Summer Olympics", "Columbine High School massacre", "punk subculture"]
    captions += ["kindertransport", "Archive footage of", "Interviews with", "case", "A", "Jr."]
    assert cast_of(captions) == ()


def test_unusual_names_are_names() -> None:
    names = ["Bong Joon-ho", "Q'orianka Kilcher", "will.i.am", "50 Cent", "Cedric the Entertainer"]
    names += ["von Stroheim", "U2", "Gladys Knight & the Pips"]
    assert cast_of(names) == tuple(names)


def test_a_name_is_freed_of_what_clings_to_it_and_two_in_one_are_parted() -> None:
    assert cast_of(["and Lauren K. Sokolov", "Raj The"]) == ("Lauren K. Sokolov", "Raj")
    assert cast_of(["Cole and Dylan Sprouse"]) == ("Cole Sprouse", "Dylan Sprouse")
    assert cast_of(["Abbott and Costello"]) == ("Abbott and Costello",)


def test_a_person_is_named_once_as_first_written() -> None:
    assert distinct(["J. J. Abrams", "Bo Day", "J.J. Abrams"]) == ("J. J. Abrams", "Bo Day")
    assert cast_of(["Zoë Bell", "Zoe Bell"]) == ("Zoë Bell",)


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("Goonies, The", "The Goonies"),
        ("Falcon and the Snowman, The", "The Falcon and the Snowman"),
        ("American Tale, An", "An American Tale"),
        ("Simple Plan, A", "A Simple Plan"),
        ("Lad, A Dog", "Lad, A Dog"),
        ("I, the Jury", "I, the Jury"),
        ("Sponge (Canadian theatrical release)", "Sponge"),
        ("The Boat That Rocked aka Pirate Radio", "The Boat That Rocked"),
        ("The Cord of Life[1]", "The Cord of Life"),
        ("Gun .mw-output .frac{a:b}33+1⁄3", "Gun .mw-output .frac{a:b}33+1⁄3"),
        ("Gun .mw-parser-output .frac{a:b}33", "Gun 33"),
        ("Some Girl(s)", "Some Girl(s)"),
    ],
)
def test_a_title_is_as_people_write_it(title: str, plain: str) -> None:
    assert title_of(title) == plain


def test_a_keyword_is_found_in_the_story_and_not_in_the_production_notes() -> None:
    words = Keywords.parse(["keyword\tpattern", "heist\theists?", "chicago\t=(in|to) Chicago"])
    assert words.find("A heist goes wrong. It was filmed in Chicago.") == ("heist",)
    assert words.find("Thieves go to Chicago for a heist.") == ("chicago", "heist")


def test_a_name_is_no_keyword() -> None:
    words = Keywords.parse(["keyword\tpattern", "singer\tsingers?", "nazis\t~nazis?"])
    assert words.find("It is by Bryan Singer and about Nazis.") == ("nazis",)
    assert words.find("It is about a singer.") == ("singer",)


@pytest.mark.parametrize(
    ("lead", "language"),
    [
        ("X is a 2004 American Spanish-language drama film.", "Spanish"),
        ("X is a 2004 American drama film.", "English"),
        ("X is a 1925 American silent film.", ""),
        ("X is a 2004 drama film. It stars an American.", ""),
    ],
)
def test_language_is_stated_or_follows_from_the_country(lead: str, language: str) -> None:
    assert language_of(lead) == language


def test_minutes_must_be_a_running_time() -> None:
    assert minutes_of("It has a running time of 142 minutes.") == 142
    assert minutes_of("He has 88 minutes to live.") is None
    assert minutes_of("Its length is 5220 minutes.") is None


def test_a_slug_is_percent_decoded() -> None:
    assert slug_of("The_King%27s_Speech#Plot") == "The_King's_Speech"
