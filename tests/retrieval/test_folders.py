"""Folders of items with their media: made here, and two real ones."""

import hashlib
import os
from pathlib import Path

import pytest

from simpatico.errors import DataError
from simpatico.retrieval.catalog import Catalogs
from simpatico.retrieval.folders import copy_media, read_folder
from simpatico.retrieval.media import decode_image, read_media

TABLE = (
    "sku,displayName,mainCategory,baseColour,season,imdbId\n"
    "1,Red scarf,Clothes,Red,Winter,7\n"
    "2,Straw hat,Clothes,NA,Summer,8\n"
    "3,Tin drum,Toys,Red,NA,9\n"
)


def silent(label: str, done: int, total: int) -> None:
    """No progress to tell."""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    for sub in ("images", "audio"):
        (folder / sub).mkdir(parents=True)
    (folder / "items.csv").write_text(TABLE)
    (folder / "README.csv.txt").write_text("not a table")
    (folder / "images" / "1.jpg").write_bytes(b"red")
    (folder / "images" / "2.PNG").write_bytes(b"straw")
    (folder / "images" / "77.jpg").write_bytes(b"nobody's")
    (folder / "images" / "notes.txt").write_text("no picture")
    (folder / "audio" / "3.ogg").write_bytes(b"rattle")
    return folder


def test_names_of_files_are_ids_and_columns_are_guessed(shop: Path) -> None:
    result = read_folder(shop, name="shop", kind="thing")
    scarf, hat, drum = result.items
    assert (scarf.id, scarf.kind, scarf.title) == ("1", "thing", "Red scarf")
    assert scarf.genres == ("Clothes",)
    assert (scarf.keywords, hat.keywords, drum.keywords) == (
        ("Red", "Winter"),
        ("Summer",),
        ("Red",),
    )
    assert [(m.kind, m.uri) for m in scarf.media] == [("image", "shop/images/1.jpg")]
    assert scarf.media[0].sha256 == hashlib.sha256(b"red").hexdigest()
    assert [(m.kind, m.uri) for m in hat.media] == [("image", "shop/images/2.PNG")]
    assert [(m.kind, m.uri) for m in drum.media] == [("audio", "shop/audio/3.ogg")]
    assert result.problems == ()
    assert "keywords from baseColour, season" in result.notes[0]
    assert result.notes[1:] == (
        "columns that no field takes: 'imdbId'",
        "1 names in images are no item's id, such as 77.jpg",
    )


def test_columns_that_are_given_win(shop: Path) -> None:
    columns = {"keywords": ["season"], "genres": [], "extra.imdb": ["imdbId"]}
    scarf = read_folder(shop, name="shop", columns=columns).items[0]
    assert (scarf.genres, scarf.keywords, scarf.extra) == ((), ("Winter",), (("imdb", "7"),))
    with pytest.raises(ValueError, match="wanted one column for title"):
        read_folder(shop, name="shop", columns={"title": ["displayName", "season"]})
    with pytest.raises(DataError, match="wanted column 'nope'"):
        read_folder(shop, name="shop", columns={"text": ["nope"]})
    with pytest.raises(ValueError, match="wanted fields of"):
        read_folder(shop, name="shop", columns={"colour": ["baseColour"]})


def test_media_are_copied_once_and_can_be_read(shop: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    result = read_folder(shop, name="shop")
    copy_media(result, home, progress=silent)
    Catalogs(home).upsert("shop", result.items)
    for item in Catalogs(home).load("shop").items:
        for media in item.media:
            data = read_media(media.uri, root=home / "media")
            assert hashlib.sha256(data).hexdigest() == media.sha256
    assert sum(path.is_file() for path in (home / "media").rglob("*")) == 3
    copied = home / "media" / "shop" / "images" / "1.jpg"
    before = copied.stat().st_mtime_ns
    copy_media(result, home, progress=silent)
    assert copied.stat().st_mtime_ns == before
    copied.write_bytes(b"spoiled")
    copy_media(result, home, progress=silent)
    assert copied.read_bytes() == b"red"


def test_a_file_that_changes_meanwhile_is_refused(shop: Path, tmp_path: Path) -> None:
    result = read_folder(shop, name="shop")
    (shop / "images" / "1.jpg").write_bytes(b"blue")
    with pytest.raises(DataError, match="has changed"):
        copy_media(result, tmp_path / "home", progress=silent)
    assert not list((tmp_path / "home").rglob("*.jpg"))


def test_links_are_not_followed(shop: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(b"secret")
    (shop / "images" / "3.jpg").symlink_to(secret)
    drum = read_folder(shop, name="shop").items[2]
    assert [media.kind for media in drum.media] == ["audio"]


def test_a_table_names_files_of_its_folder_only(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    folder = tmp_path / "shop"
    (folder / "pics").mkdir(parents=True)
    (folder / "pics" / "a.jpg").write_bytes(b"a")
    (folder / "pics" / "out.jpg").symlink_to(tmp_path / "secret.jpg")
    uris = [
        "pics/a.jpg",
        "../secret.jpg",
        str(tmp_path / "secret.jpg"),
        "pics/out.jpg",
        "pics/b.jpg",
    ]
    uris.append("https://example.org/a.jpg")
    (folder / "items.jsonl").write_text(
        "".join(
            f'{{"id": "{n}", "title": "t", "media": [{{"kind": "image", "uri": "{uri}"}}]}}\n'
            for n, uri in enumerate(uris)
        )
    )
    result = read_folder(folder, name="shop")
    assert [item.id for item in result.items] == ["0", "5"]
    assert result.items[0].media[0].uri == "shop/pics/a.jpg"
    assert result.items[1].media[0].uri == "https://example.org/a.jpg"
    assert [problem.line for problem in result.problems] == [2, 3, 4, 5]
    assert all("wanted a file inside the folder" in p.message for p in result.problems)


@pytest.mark.parametrize("name", ["../x", "a/b", "", "A", "."])
def test_a_name_that_could_lead_out_is_refused(name: str, shop: Path) -> None:
    with pytest.raises(ValueError, match="wanted the name of a catalogue"):
        read_folder(shop, name=name)


def test_a_folder_without_a_clear_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"wanted one table such as items\.csv .*, got none"):
        read_folder(tmp_path, name="shop")
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("id,title\n1,x\n")
    with pytest.raises(DataError, match=r"got a\.csv, b\.csv"):
        read_folder(tmp_path, name="shop")
    (tmp_path / "items.csv").write_text("id,about\n1,x\n")
    with pytest.raises(DataError, match="wanted a column for title"):
        read_folder(tmp_path, name="shop")
    with pytest.raises(DataError, match="cannot be read"):
        read_folder(tmp_path / "nowhere", name="shop")


def test_bad_lines_and_empty_files_are_problems(shop: Path) -> None:
    (shop / "items.csv").write_text("sku,displayName\n1,Red\n1,Red again\n2,\n3,Drum\n")
    (shop / "audio" / "3.ogg").write_bytes(b"")
    result = read_folder(shop, name="shop")
    assert [item.id for item in result.items] == ["1"]
    assert [problem.line for problem in result.problems] == [3, 4, 5]


def test_a_title_that_repeats_its_year_loses_it(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text(
        'movieId,title,year\n1,"Matrix, The (1999)",1999\n2,Metropolis (1927),2001\n3,Heat,1995\n'
    )
    labels = [item.label for item in read_folder(tmp_path, name="films").items]
    assert labels == ["The Matrix (1999)", "Metropolis (1927) (2001)", "Heat (1995)"]


@pytest.mark.data
@pytest.mark.parametrize(
    ("folder", "n", "first"),
    [
        ("fashion-products", 3_000, ("Reebok Men trackpant- male Track Pants", 2010)),
        ("ml-posters", 3_872, ("Toy Story", 1995)),
    ],
)
def test_real_folders_are_read_whole(folder: str, n: int, first: tuple[str, int]) -> None:
    sets = os.environ.get("DATA_SETS")
    if not sets or not (Path(sets) / folder).is_dir():
        pytest.skip(f"needs DATA_SETS with {folder}")
    result = read_folder(Path(sets) / folder, name="real")
    assert (len(result.items), len(result.files), result.problems) == (n, n, ())
    assert (result.items[0].title, result.items[0].year) == first
    assert all([media.kind for media in item.media] == ["image"] for item in result.items)
    assert decode_image(result.files[-1].source.read_bytes()).ndim == 3
    if folder == "fashion-products":
        assert result.items[0].keywords == ("Men", "Track Pants", "Blue", "Fall", "Sports")
