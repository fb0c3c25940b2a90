"""The pack that ships: what it promises, whatever is in it."""

import re
from pathlib import Path

import numpy as np
import pytest

from simpatico.domain import TONES, Item, Media
from simpatico.errors import DataError
from simpatico.finetune.pack import read_column
from simpatico.finetune.premises import faults
from simpatico.retrieval import packs
from simpatico.retrieval.packs import Pack, dequantise, load_pack, quantise, read_pack
from simpatico.retrieval.reasons import MAX_QUOTE

FOLDER = Path(packs.__file__).parent / "movies"
MEGABYTE = 1_000_000
BEST_KNOWN = 600


@pytest.fixture(scope="module")
def movies() -> Pack:
    return load_pack("movies")


def test_it_has_ten_thousand_distinct_films_up_to_2023(movies: Pack) -> None:
    assert len(movies.items) >= 10_000
    assert len({item.id for item in movies.items}) == len(movies.items)
    assert all(item.year is not None and 1900 < item.year <= 2023 for item in movies.items)
    assert all(item.kind == "film" for item in movies.items)


@pytest.mark.parametrize(
    ("title", "year"),
    [
        ("Lost in Translation", 2003),
        ("Groundhog Day", 1993),
        ("The Princess Bride", 1987),
        ("Paddington", 2015),
        ("Paddington 2", 2017),
        ("Little Miss Sunshine", 2006),
        ("The Shawshank Redemption", 1994),
        ("Spirited Away", 2001),
        ("Amélie", 2001),
        ("Parasite", 2019),
        ("Love Actually", 2003),
        ("Casablanca", 1942),
        ("The Goonies", 1985),
        ("The Grand Budapest Hotel", 2014),
        ("Star Wars: The Last Jedi", 2017),
        ("Borat", 2006),
        ("No Time to Die", 2021),
        ("The Apartment", 1960),
        ("The Third Man", 1950),
        ("Castle in the Sky", 1986),
        ("Dilwale Dulhania Le Jayenge", 1995),
        ("La Dolce Vita", 1960),
    ],
)
def test_a_film_that_everybody_knows_is_there(movies: Pack, title: str, year: int) -> None:
    assert any(item.title == title and item.year == year for item in movies.items)


def test_its_data_is_at_most_fifteen_megabytes() -> None:
    total = sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file())
    assert total <= 15 * MEGABYTE


def test_the_only_prose_is_our_own_premises(movies: Pack) -> None:
    ours = read_column(FOLDER / "premises.tsv", "premise")
    ours |= read_column(FOLDER / "additions.tsv", "premise")
    told = [item for item in movies.items if item.text]
    assert len(told) >= 600
    assert all(item.text == ours[item.id] for item in told)
    assert {item.id: faults(item.text) for item in told if faults(item.text)} == {}
    short = [*(word for item in movies.items for word in item.keywords)]
    assert max(len(word.split()) for word in short) <= 4


def test_the_best_known_films_have_a_premise(movies: Pack) -> None:
    assert [item.label for item in movies.items[:BEST_KNOWN] if not item.text] == []


def test_premises_of_the_best_known_films_of_the_source_rest_on_its_leads(movies: Pack) -> None:
    """tests/finetune/test_pack_build.py holds every premise of basis `lead` against its lead."""
    added = read_column(FOLDER / "additions.tsv", "premise")
    basis = read_column(FOLDER / "premises.tsv", "basis")
    best = [item for item in movies.items if item.id not in added][:BEST_KNOWN]
    assert len(best) == BEST_KNOWN
    assert [item.label for item in best if basis.get(item.id) != "lead"] == []
    assert set(basis.values()) <= {"lead", "known"}


def test_a_film_of_our_own_has_its_premise_there_and_claims_no_lead(movies: Pack) -> None:
    added = read_column(FOLDER / "additions.tsv", "premise")
    texts = {item.id: item.text for item in movies.items}
    assert {slug: texts[slug] for slug in added} == added
    assert added.keys().isdisjoint(read_column(FOLDER / "premises.tsv", "basis"))


def test_a_premise_is_quoted_whole(movies: Pack) -> None:
    """A full stop within ("Dr. No") would end the sentence that a reason quotes."""
    told = [item.text for item in movies.items if item.text]
    assert [text for text in told if len(text) > MAX_QUOTE or re.search(r"[.!?] ", text)] == []


def test_every_film_has_facts_that_can_be_shown(movies: Pack) -> None:
    for item in movies.items:
        assert item.title.strip() == item.title
        assert dict(item.extra)["slug"]
        assert all(media.uri.startswith("https://upload.wikimedia.org/") for media in item.media)
        assert not any("(" in name and "voice" in name for name in item.creators)
        assert not {name.lower() for name in item.creators} & {"voices of", "narrated by", "case"}
        assert not item.title.endswith((", The", ", A", ", An"))
    assert sum(bool(item.genres) for item in movies.items) > 0.97 * len(movies.items)
    assert sum(bool(item.creators) for item in movies.items) > 0.95 * len(movies.items)
    genres = {genre for item in movies.items for genre in item.genres}
    assert genres.isdisjoint({"Sport", "Animated", "Live Action", "Performance"})


def test_every_film_has_a_vector_a_tone_and_a_place_by_popularity(movies: Pack) -> None:
    assert movies.encoder == "minilm-int8"
    assert movies.vectors.shape == (len(movies.items), 384)
    assert movies.vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(movies.vectors, axis=1), 1, atol=1e-5)
    assert all(len(item.tone) == len(TONES) for item in movies.items)
    popularity = [item.popularity for item in movies.items]
    assert popularity == sorted(popularity, reverse=True)
    assert (popularity[0], popularity[-1]) == (1.0, 0.0)


def test_tones_say_what_anybody_would(movies: Pack) -> None:
    by_id = {item.id: item for item in movies.items}
    assert by_id["Toy_Story"].tone_of("kids") >= 0.6
    assert by_id["Toy_Story"].tone_of("scary") < 0.3
    assert by_id["The_Exorcist"].tone_of("scary") >= 0.85
    assert by_id["Groundhog_Day_(film)"].tone_of("funny") >= 0.6


def test_colikes_are_pairs_of_films_of_the_pack(movies: Pack) -> None:
    table = movies.behaviour
    assert table is not None
    assert set(table.ids) <= {item.id for item in movies.items}
    assert (table.a < table.b).all() and (table.n >= 1).all()
    assert len(set(zip(table.a.tolist(), table.b.tolist(), strict=True))) == len(table.n)


def test_an_unknown_pack_is_refused_by_name() -> None:
    with pytest.raises(DataError, match="known: movies"):
        load_pack("books")


def test_a_folder_without_a_pack_is_a_data_error(tmp_path: Path) -> None:
    (tmp_path / "items.parquet").write_bytes(b"no parquet")
    with pytest.raises(DataError, match="cannot be read"):
        read_pack(tmp_path, name="x")


def test_quantised_vectors_keep_their_direction() -> None:
    rows = np.random.default_rng(0).normal(size=(50, 384)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    back = dequantise(*quantise(rows))
    assert (back * rows).sum(axis=1).min() > 0.9999


def test_a_written_table_reads_back_the_same(tmp_path: Path) -> None:
    items = (
        Item(
            id="A_Film",
            title="A Film",
            year=1999,
            creators=("Ann",),
            genres=("Drama",),
            keywords=("heist",),
            text="A premise.",
            media=(Media(kind="image", uri="https://upload.wikimedia.org/a.jpg"),),
            tone=tuple(i / 100 for i in range(len(TONES))),
            popularity=0.5,
            extra=(("slug", "A_Film"),),
        ),
        Item(id="B", title="B"),
    )
    packs.write_items_table(tmp_path / "items.parquet", items)
    assert packs.read_items_table(tmp_path / "items.parquet") == items
