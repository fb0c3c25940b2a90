"""The build on a slice written here, and (marked `data`) the shipped pack against its source."""

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest

from simpatico.domain import TONES
from simpatico.errors import DataError
from simpatico.finetune import pack as building
from simpatico.finetune.colikes import read_conversations
from simpatico.finetune.pack import build_pack, read_column, read_films
from simpatico.finetune.premises import copied, unsupported
from simpatico.finetune.tone import parse_tones, read_ratings, train_pack
from simpatico.retrieval import packs
from simpatico.retrieval.encoders.hash import HashEncoder
from simpatico.retrieval.packs import read_items_table, read_pack

SHIPPED = Path(packs.__file__).parent / "movies"
SUBJECTS = ("heist", "wedding", "ghosts", "boxing")
GENRES = ("Comedy", "Horror", "Drama", "Animated")


def _film(n: int) -> dict[str, object]:
    subject, genre = SUBJECTS[n % 4], GENRES[n % 4]
    return {
        "title": f"Film {n}",
        "year": 1990 + n % 20,
        "cast": [f"Actor {n % 5}", "(voices)"],
        "genres": [genre],
        "href": f"Film_{n}",
        "extract": f"Film {n} is a 1999 American {genre.lower()} film directed by Ann Lee. "
        f"It tells of a {subject.rstrip('s')} gone wrong.",
        "thumbnail": f"https://{'upload.wikimedia.org' if n % 2 else 'evil.example'}/{n}.jpg",
    }


def _talk(a: int, b: int) -> dict[str, object]:
    label = {str(n): f"Film {n} ({1990 + n % 20})" for n in (a, b)}
    return {"movieMentions": label, "initiatorQuestions": {k: {"liked": 1} for k in label}}


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    with gzip.open(tmp_path / "movies.jsonl.gz", "wt") as out:
        for n in range(40):
            out.write(json.dumps(_film(n)) + "\n")
        out.write(json.dumps({**_film(99), "extract": "", "href": "No_Lead"}) + "\n")
        out.write(json.dumps({**_film(98), "year": 1901, "href": "Too_Old"}) + "\n")
    talks = [_talk(1, 2), _talk(2, 1), _talk(2, 3), {"movieMentions": [], "initiatorQuestions": []}]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(talk) + "\n" for talk in talks))
    return tmp_path


def _hand_written(folder: Path) -> Path:
    folder.mkdir()
    (folder / "keywords.tsv").write_text("keyword\tpattern\nheist\theists?\nboxing\tbox(er|ing)\n")
    (folder / "premises.tsv").write_text("slug\tpremise\nFilm_1\tA thing happens.\n")
    tones = ["funny3", "scary2", "sad1 touching2", "kids3"]
    rows = "".join(f"Film_{n}\t{tones[n % 4]}\n" for n in range(30))
    (folder / "annotations.tsv").write_text("slug\ttones\n" + rows)
    (folder / "additions.tsv").write_text(
        "slug\ttitle\tyear\tlanguage\tdirectors\tcast\tgenres\tkeywords\ttones\tpremise\n"
        "Far_Film\tFar Film\t2001\tFrench\tZoé Z\tA;B\tDrama\theist\tsad3\tSomeone is far away.\n"
    )
    return folder


def _build(sources: Path, folder: Path) -> None:
    build_pack(sources, sources, folder, encoder=HashEncoder(32), limit=38)
    train_pack(folder, folder / "tone.npz")


def test_a_pack_is_built_from_facts(sources: Path, tmp_path: Path) -> None:
    folder = _hand_written(tmp_path / "pack")
    _build(sources, folder)
    pack = read_pack(folder, name="pack")
    by_id = {item.id: item for item in pack.items}
    assert len(pack.items) == 38
    assert {"No_Lead", "Too_Old"}.isdisjoint(by_id)
    film = by_id["Film_3"]
    assert film.creators == ("Ann Lee", "Actor 3")
    assert film.genres == ("Animation",)
    assert film.media[0].uri == "https://upload.wikimedia.org/3.jpg"
    assert dict(film.extra) == {"slug": "Film_3", "director": "Ann Lee", "language": "English"}
    assert by_id["Film_2"].media == ()  # not from the host we name
    assert by_id["Film_1"].text == "A thing happens."
    assert by_id["Far_Film"].creators == ("Zoé Z", "A", "B")
    assert pack.items[0].id in {"Film_2", "Far_Film"}  # named most
    assert pack.behaviour is not None
    counted = {
        (pack.behaviour.ids[a], pack.behaviour.ids[b]): n
        for a, b, n in zip(pack.behaviour.a, pack.behaviour.b, pack.behaviour.n, strict=True)
    }
    assert counted == {("Film_1", "Film_2"): 2, ("Film_2", "Film_3"): 1}


def test_the_leads_are_not_in_the_pack(sources: Path, tmp_path: Path) -> None:
    folder = _hand_written(tmp_path / "pack")
    _build(sources, folder)
    items = read_pack(folder, name="pack").items
    assert not any("gone wrong" in item.model_dump_json() for item in items)


def test_the_same_sources_give_the_same_bytes(sources: Path, tmp_path: Path) -> None:
    first, second = _hand_written(tmp_path / "one"), _hand_written(tmp_path / "two")
    _build(sources, first)
    _build(sources, second)
    for name in ("items.parquet", "vectors.npz", "behaviour.npz", "tone.npz"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_a_rated_film_lies_in_the_band_of_its_rating(sources: Path, tmp_path: Path) -> None:
    folder = _hand_written(tmp_path / "pack")
    _build(sources, folder)
    by_id = {item.id: item for item in read_pack(folder, name="pack").items}
    for slug, ratings in read_ratings(folder).items():
        if slug in by_id:
            bands = np.searchsorted([0.3, 0.6, 0.85], by_id[slug].tone, side="right")
            assert bands.tolist() == ratings.tolist()


def test_a_well_known_film_is_kept_however_little_its_sources_say(
    sources: Path, tmp_path: Path
) -> None:
    folder = _hand_written(tmp_path / "pack")
    (folder / "wellknown.tsv").write_text("slug\ttitle\nFilm_30\tFilm 30\nGone\tGone\n")
    build_pack(sources, sources, folder, encoder=HashEncoder(32), limit=8)
    by_id = {item.id: item for item in read_items_table(folder / "items.parquet")}
    assert len(by_id) == 8
    named_once = by_id["Film_1"].popularity
    assert 0 < by_id["Film_30"].popularity
    assert by_id["Film_30"].popularity > named_once


def test_the_film_that_an_article_is_about_is_kept(tmp_path: Path) -> None:
    about = {**_film(5), "href": "Shared"}
    with gzip.open(tmp_path / "movies.jsonl.gz", "wt") as out:
        for row in ({**about, "title": "Tank Force!", "year": 1958}, about):
            out.write(json.dumps(row) + "\n")
    assert [film.title for film in read_films(tmp_path / "movies.jsonl.gz")] == ["Film 5"]


def test_a_film_that_our_editors_wrote_down_is_not_taken_from_the_source_too(
    sources: Path, tmp_path: Path
) -> None:
    folder = _hand_written(tmp_path / "pack")
    rows = (folder / "additions.tsv").read_text().replace("Far_Film\t", "Film_7\t")
    (folder / "additions.tsv").write_text(rows)
    build_pack(sources, sources, folder, encoder=HashEncoder(32))
    titles = [i.title for i in read_items_table(folder / "items.parquet") if i.id == "Film_7"]
    assert titles == ["Far Film"]


def test_a_rating_that_is_none_is_refused() -> None:
    assert parse_tones("warm2 kids3")[[0, len(TONES) - 1]].tolist() == [2, 3]
    for wrong in ("warm", "warm4", "cosy2"):
        with pytest.raises(DataError, match="digit 1 to 3"):
            parse_tones(wrong)


def test_a_broken_source_is_a_data_error(tmp_path: Path) -> None:
    (tmp_path / "movies.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(DataError, match="cannot be read"):
        read_films(tmp_path / "movies.jsonl.gz")
    (tmp_path / "train.jsonl").write_text('{"movieMentions": {}}\n')
    with pytest.raises(DataError, match="line 1"):
        list(read_conversations(tmp_path / "train.jsonl"))


@pytest.fixture(scope="module")
def leads() -> dict[str, str]:
    folder = Path(os.environ.get("DATA_SETS", building.__file__)) / "wikipedia-movies"
    if not (folder / "movies.jsonl.gz").exists():
        pytest.skip("needs the films' leads: set DATA_SETS to the folder docs/data.md describes")
    return {film.slug: film.lead for film in read_films(folder / "movies.jsonl.gz")}


@pytest.mark.data
def test_no_premise_copies_five_words_in_a_row_from_its_lead(leads: dict[str, str]) -> None:
    premises = read_column(SHIPPED / "premises.tsv", "premise")
    assert {s: copied(p, leads[s]) for s, p in premises.items() if copied(p, leads[s])} == {}


@pytest.mark.data
def test_names_and_numbers_of_a_premise_stand_in_its_lead(leads: dict[str, str]) -> None:
    basis = read_column(SHIPPED / "premises.tsv", "basis")
    premises = read_column(SHIPPED / "premises.tsv", "premise")
    premises = {slug: text for slug, text in premises.items() if basis[slug] == "lead"}
    assert len(premises) >= 600
    wrong = {s: unsupported(p, leads[s]) for s, p in premises.items()}
    assert {slug: words for slug, words in wrong.items() if words} == {}
