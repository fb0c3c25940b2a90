from simpatico.finetune.notability import Linker, notability, split_label, star_power

FILMS = [
    ("it17", "It", 2017),
    ("it90", "It", 1990),
    ("anchor", "Anchorman: The Legend of Ron Burgundy", 2004),
    ("shining", "The Shining", 1980),
]


def test_a_label_links_by_title_and_year_one_off_at_most() -> None:
    linker = Linker(FILMS)
    assert linker.link("The Shining  (1981)") == "shining"
    assert linker.link("The Shining (1983)") is None
    assert linker.link("Anchorman (2004)") == "anchor"
    assert linker.link("It") is None


def test_a_label_without_a_year_counts_for_the_film_named_most() -> None:
    counts = Linker(FILMS).count(["It (2017)", "It", "It", "Anchorman", "Nothing", ""])
    assert counts == {"it17": 3, "anchor": 1}


def test_a_label_is_percent_decoded() -> None:
    assert split_label("Why Him%3F (2016)") == ("why him", 2016)


def test_being_named_makes_a_film_better_known() -> None:
    def score(mentions: int) -> float:
        return notability(
            lead="x" * 300, year=1999, cast=["A"], poster=True, mentions=mentions, stars=0.0
        )

    assert score(0) < score(1) < score(10)


def test_stars_are_those_of_films_that_people_name() -> None:
    power = star_power([(["Ann", "Bo"], 3), (["Ann"], 4)])
    assert power["Ann"] > power["Bo"] > 0
