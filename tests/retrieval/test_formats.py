"""Files of items: good lines are kept, bad ones are named, and writing is stable."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simpatico.domain import TONES, Item, Media
from simpatico.errors import DataError
from simpatico.retrieval.formats import MAX_PROBLEMS, ReadResult, read_items, write_items
from simpatico.retrieval.rows import tidy

FORMS = ("csv", "jsonl", "parquet", "csv.gz", "jsonl.gz")


def read(folder: Path, name: str, content: str | bytes, **options: object) -> ReadResult:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_items(path, **options)  # type: ignore[arg-type]


def told(result: ReadResult) -> list[tuple[int, str]]:
    return [(problem.line, problem.message) for problem in result.problems]


HEAT = Item(
    id="heat",
    title="Heat",
    year=1995,
    creators=("Al Pacino", "Downey, Jr., Robert", "a|b", 'the "Rock"', "back\\slash", "[x]"),
    genres=("Crime",),
    text="A thief, and a detective.",
    media=(Media(kind="image", uri="https://example.org/heat.jpg"),),
    tone=tuple(0.1 if name == "tense" else 0.0 for name in TONES),
    popularity=0.1 + 0.2,
    extra=(("minutes", "170"), ("minutes", "171")),
)


@pytest.mark.parametrize("form", FORMS)
def test_an_item_comes_back_as_it_was(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"items.{form}"
    bare = Item(id="a", title="A")
    write_items(path, [HEAT, bare])
    assert read_items(path) == ReadResult(items=(bare, HEAT))
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


TEXT = st.text(max_size=12) | st.text(alphabet='|\\,"[]\n\r ;=\x00\u202eab', max_size=12)
NAMES = st.lists(TEXT, max_size=4).map(tuple)
SHARE = st.floats(0, 1)
MEDIA = st.builds(Media, kind=st.just("image"), uri=TEXT, sha256=TEXT)
NASTY = st.builds(
    Item,
    id=TEXT.map(lambda text: f"i{text}"),
    kind=TEXT,
    title=TEXT.map(lambda text: f"t{text}"),
    year=st.none() | st.integers(0, 3000),
    creators=NAMES,
    genres=NAMES,
    keywords=NAMES,
    text=TEXT,
    media=st.lists(MEDIA, max_size=2).map(tuple),
    tone=st.just(()) | SHARE.map(lambda share: tuple(share / n for n in range(1, len(TONES) + 1))),
    popularity=SHARE,
    extra=st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple),
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(items=st.lists(NASTY, max_size=4))
@example(items=[HEAT])
def test_export_import_export_gives_the_same_bytes(
    items: list[Item], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("round")
    distinct = {tidy(item).id: item for item in items}.values()
    for form in FORMS:
        first, second = folder / f"first.{form}", folder / f"second.{form}"
        write_items(first, distinct)
        result = read_items(first)
        assert len(result.items) == len(distinct)
        assert all(problem.line == 0 for problem in result.problems)
        write_items(second, reversed(result.items))
        assert second.read_bytes() == first.read_bytes()


def test_the_longest_item_there_can_be_comes_back_from_csv(tmp_path: Path) -> None:
    names = tuple(f"{n:03}" + "𝔞" * 197 for n in range(100))
    huge = Item(
        id="x",
        title="𝔞" * 500,
        text='"' * 20_000,
        creators=names,
        genres=names,
        keywords=names,
        media=(Media(kind="image", uri='"' * 2_000, sha256='"' * 2_000),) * 50,
        extra=(('"' * 200, "𝔞" * 2_000),) * 50,
    )
    write_items(tmp_path / "x.csv", [huge])
    assert read_items(tmp_path / "x.csv").items == (huge,)


def test_each_bad_line_of_a_csv_is_named_and_the_good_ones_are_kept(tmp_path: Path) -> None:
    result = read(
        tmp_path,
        "films.csv",
        "id,title,year,popularity\n"
        "a,Alien,1979,0.5\n"
        "b,Brazil,soon,\n"
        ",Nobody,1990,\n"
        '\nc,"Cats\nand, ""dogs""",2019.0,\n'
        "d,too,many,cells,here\n"
        'e,a stray " quote,1990,\n'
        "f,Fargo,1996,12\n"
        "a,Alien again,1979,\n"
        "g,\u200b,1990,\n"
        "h,Heat,1995,nan\n"
        f"{'i' * 201},Long,1995,\n"
        "j,Jaws,1975-06-20,1\n",
    )
    assert [(i.id, i.title, i.year) for i in result.items] == [
        ("a", "Alien", 1979),
        ("c", 'Cats and, "dogs"', 2019),
        ("j", "Jaws", 1975),
    ]
    assert told(result) == [
        (3, "year: wanted a whole number from 0 to 3000, got 'soon'"),
        (4, "id: wanted 1 to 200 characters, got nothing"),
        (8, "wanted 4 columns, got 5 in 'd,too,many,cells,here'"),
        (9, "wanted a closing quote, got none in 'e,a stray \" quote,1990,'"),
        (10, "popularity: wanted a number from 0 to 1, got '12'"),
        (11, "id 'a' was already on line 2"),
        (12, "title: wanted a title, got nothing"),
        (13, "popularity: wanted a number from 0 to 1, got 'nan'"),
        (14, f"id: wanted 1 to 200 characters, got '{'i' * 59}"),
    ]


def test_each_bad_line_of_a_jsonl_is_named_and_the_good_ones_are_kept(tmp_path: Path) -> None:
    lines = [
        b'\xef\xbb\xbf{"id": 1, "title": "One", "year": "1999.0"}\r',
        b'{"id": 2, "title": "Two", "popularity": NaN}',
        b'{"id": 3, "title": "Th\xffree"}',
        b'{"id": 4, "title": "Fo\x00ur"}',
        b"[1, 2]",
        b"{",
        b"[" * 100_000,
        b'{"id": 8, "title": "Eight", "genres": [["nested"]]}',
        b'{"title": "no id"}',
        b'{"id": 10, "title": "Ten", "text": "' + b"x" * 10_000_000 + b'"}',
        b'{"id": 11, "title": "Eleven", "popularity": 1e999}',
        b'{"id": 12, "title": "Twelve", "year": true}',
        b'{"id": 13, "title": "Thirteen", "tone": {"spiky": 1}}',
        b'{"id": 14, "title": "Fourteen", "year": 1' + b"0" * 5000 + b"}",
        b'{"id": {"a": 1}, "title": "Fifteen"}',
        b'{"id": 16, "title": "Sixteen", "media": ["x"], "extra": null}',
        b'{"id": 17, "title": "Seventeen", "media": 3}',
        b'{"id": 18, "title": "Eighteen", "extra": [["a"]]}',
        b'{"id": 19, "title": "Nineteen", "genres": null, "extra": {"minutes": 90}}',
    ]
    result = read(tmp_path, "films.jsonl", b"\n".join(lines))
    assert [item.id for item in result.items] == ["1", "19"]
    assert result.items[0].year == 1999
    assert result.items[1].extra == (("minutes", "90"),)
    assert [problem.line for problem in result.problems] == list(range(2, 19))
    messages = dict(told(result))
    assert "NaN is not a number" in messages[2]
    assert messages[3] == "wanted UTF-8, got byte 0xff"
    assert messages[4] == "wanted text, got a NUL byte"
    assert messages[5] == "wanted a JSON object, got [1, 2]"
    assert messages[8] == "genres: wanted text, got ['nested']"
    assert messages[9] == "id: wanted 1 to 200 characters, got nothing"
    assert messages[10] == "wanted at most 4000000 bytes in a line, got more"
    assert messages[12] == "year: wanted a whole number from 0 to 3000, got True"
    assert messages[13].startswith("tone: wanted numbers from 0 to 1 by tone (warm, funny")


def test_bad_bytes_in_a_csv_cost_their_line_only(tmp_path: Path) -> None:
    content = b"id,title\na,\xff\nb,B\nc,\x00\nd,D\n"
    result = read(tmp_path, "x.csv", content)
    assert [item.id for item in result.items] == ["b", "d"]
    assert [problem.line for problem in result.problems] == [2, 4]


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    content = b'\xef\xbb\xbfid,title,genres\r\na,"Two\r\nlines",Drama|War\r\n'
    result = read(tmp_path, "x.csv", content)
    assert result == ReadResult(items=(Item(id="a", title="Two lines", genres=("Drama", "War")),))


def test_a_quote_left_open_does_not_swallow_the_file(tmp_path: Path) -> None:
    rows = "".join(f"{n},Film {n}\n" for n in range(5000))
    result = read(tmp_path, "x.csv", f'id,title\nx,"open\n{rows}')
    assert len(result.items) == 5000
    assert told(result) == [(2, "wanted a closing quote, got none in 'x,\"open'")]


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl", "x.csv.gz", "x.jsonl.gz"])
@pytest.mark.parametrize("content", [b"", b"\n\r\n"])
def test_an_empty_file_has_no_items_and_says_so(name: str, content: bytes, tmp_path: Path) -> None:
    packed = gzip.compress(content) if name.endswith("gz") else content
    result = read(tmp_path, name, packed)
    assert (result.items, told(result)) == ((), [(0, "the file is empty")])


def test_a_file_of_rubbish_has_a_problem_on_each_line(tmp_path: Path) -> None:
    result = read(tmp_path, "x.jsonl", "x\n" * (MAX_PROBLEMS + 5))
    assert len(result.problems) == MAX_PROBLEMS + 1
    assert result.problems[-1].message == "5 more lines have problems"


def test_a_missing_id_column_is_refused_at_once_with_the_columns_found(tmp_path: Path) -> None:
    for name, content in [("x.csv", "key,title\n1,One\n"), ("x.jsonl", '{"key": 1, "title": ""}')]:
        with pytest.raises(DataError, match="wanted a column for id; .* 'key', 'title'"):
            read(tmp_path, name, content)
    pq.write_table(pa.table({"name": ["x"]}), tmp_path / "x.parquet")
    with pytest.raises(DataError, match="wanted a column for id; the columns found are 'name'"):
        read_items(tmp_path / "x.parquet")


def test_files_that_are_not_what_they_say_are_data_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read as parquet"):
        read(tmp_path, "x.parquet", b"not parquet")
    with pytest.raises(DataError, match=r"cannot be read as csv\.gz"):
        read(tmp_path, "x.csv.gz", b"not gzip")
    with pytest.raises(DataError, match="cannot be read as csv"):
        read_items(tmp_path / "missing.csv")
    with pytest.raises(DataError, match="wanted distinct columns, got 'id' twice"):
        read(tmp_path, "x.csv", "id,id,title\n")
    with pytest.raises(ValueError, match="wanted a file ending in csv, jsonl, parquet"):
        read_items(tmp_path / "x.xls")


def test_a_compressed_file_that_breaks_off_keeps_what_came_before(tmp_path: Path) -> None:
    lines = "".join(json.dumps({"id": n, "title": f"Film {n}"}) + "\n" for n in range(20_000))
    packed = gzip.compress(lines.encode())
    result = read(tmp_path, "x.jsonl.gz", packed[: len(packed) // 2])
    assert len(result.items) > 1000
    assert result.problems[-1].line == len(result.items) + 1
    assert result.problems[-1].message.startswith("the compressed file breaks off here")


def test_the_map_wins_over_the_usual_names(tmp_path: Path) -> None:
    result = read(
        tmp_path,
        "x.csv",
        "id,Name,original,cat,mins,price\n7,Heat,Heat it,Crime,170,3\n",
        columns={"title": "original", "genres": "cat", "extra.minutes": "mins"},
        kind="film",
    )
    heat = Item(id="7", title="Heat it", genres=("Crime",), extra=(("minutes", "170"),))
    assert result.items == (heat,)
    assert result.notes == ("columns that no field takes: 'Name', 'price'",)


def test_a_map_that_cannot_work_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="wanted column 'nome'; the columns found are 'id', 'name'"):
        read(tmp_path, "x.csv", "id,name\n1,x\n", columns={"title": "nome"})
    with pytest.raises(ValueError, match="wanted fields of id, kind"):
        read(tmp_path, "x.csv", "id,name\n1,x\n", columns={"prize": "name"})


def test_a_field_mapped_to_nothing_is_left_out(tmp_path: Path) -> None:
    content = "id,title,popularity\n1,One,83.2\n"
    assert read(tmp_path, "x.csv", content).items == ()
    result = read(tmp_path, "x.csv", content, columns={"popularity": ""})
    assert result.items == (Item(id="1", title="One"),)


def test_common_shapes_are_understood_without_a_map(tmp_path: Path) -> None:
    movielens = read(
        tmp_path,
        "movies.csv",
        "movieId,title,genres\n"
        "1,Toy Story (1995),Adventure|Animation\n"
        '2,"American President, The (1995)",(no genres listed)\n',
    )
    assert movielens.items == (
        Item(id="1", title="Toy Story", year=1995, genres=("Adventure", "Animation")),
        Item(id="2", title="The American President", year=1995),
    )
    shop = read(
        tmp_path,
        "shop.jsonl",
        '{"asin": "B1", "name": "Red scarf", "description": ["Soft.", "Warm."], '
        '"categories": "Clothing, Scarves", "brand": "Ours", "runtime": 90}',
        kind="clothes",
    )
    assert shop.items == (
        Item(
            id="B1",
            kind="clothes",
            title="Red scarf",
            text="Soft. Warm.",
            genres=("Clothing", "Scarves"),
            creators=("Ours",),
            extra=(("minutes", "90"),),
        ),
    )
    listed = read(tmp_path, "x.csv", 'id,title,genre\n1,One,"[""Film, noir"", ""War""]"\n')
    assert listed.items[0].genres == ("Film, noir", "War")


def test_a_year_in_the_title_stays_there_when_a_column_has_the_year(tmp_path: Path) -> None:
    result = read(tmp_path, "x.csv", "id,title,year\n1,Room (1408),2007\n")
    assert (result.items[0].title, result.items[0].year) == ("Room (1408)", 2007)


def test_parquet_from_elsewhere_has_missing_numbers_as_nan(tmp_path: Path) -> None:
    frame = {
        "item_id": [1.0, 2.0, 3.0],
        "title": ["A", "B", None],
        "year": [1999.0, float("nan"), 1.0],
    }
    pq.write_table(pa.table(frame), tmp_path / "x.parquet")
    result = read_items(tmp_path / "x.parquet")
    assert result.items == (Item(id="1", title="A", year=1999), Item(id="2", title="B"))
    assert told(result) == [(3, "title: wanted a title, got nothing")]


def test_hostile_text_is_cleaned(tmp_path: Path) -> None:
    line = json.dumps({"id": "1", "title": "A\u202eB\x07\nC", "keywords": ["x\x00", "x", " "]})
    (item,) = read(tmp_path, "x.jsonl", line).items
    assert (item.title, item.keywords) == ("AB C", ("x",))


def test_writing_one_id_twice_is_refused_and_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    write_items(path, [HEAT])
    before = path.read_bytes()
    with pytest.raises(ValueError, match="distinct"):
        write_items(path, [HEAT, HEAT])
    assert path.read_bytes() == before
