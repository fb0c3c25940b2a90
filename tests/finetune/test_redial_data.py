"""ReDial's files: which messages are cases, and what is said of files that are none."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simpatico.errors import DataError
from simpatico.finetune.redial_data import (
    Moment,
    digest,
    letters,
    moments_of,
    read_films,
    read_talks,
    split_label,
    spoken,
)
from simpatico.finetune.redial_outside import read_outside

SEEKER, RECOMMENDER = 7, 9


def dialogue(*messages: tuple[int, str], **other: Any) -> dict[str, Any]:
    row = {
        "conversationId": "1",
        "initiatorWorkerId": SEEKER,
        "respondentWorkerId": RECOMMENDER,
        "initiatorQuestions": {"111": {"suggested": 1, "seen": 1, "liked": 1},
                               "222": {"suggested": 1, "seen": 0, "liked": 0}},
        "movieMentions": {"111": "Heat (1995)", "222": "Up  (2009)", "333": None},
        "messages": [{"senderWorkerId": who, "text": text} for who, text in messages],
    }  # fmt: skip
    return {**row, **other}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def written(*rows: Any) -> Path:
        path = tmp_path / "talks.jsonl"
        path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
        return path

    return written


def test_each_message_of_a_run_is_a_case_and_a_first_message_is_none(
    write: Callable[..., Path],
) -> None:
    talks = read_talks(
        write(
            dialogue(
                (RECOMMENDER, "Hello, seen @111?"),
                (SEEKER, "Yes. And @222 @222"),
                (RECOMMENDER, "@333 or @111"),
                (RECOMMENDER, "And @222."),
                (RECOMMENDER, "Not @999, which is no mention."),
            )
        )
    )
    assert moments_of(talks) == [
        Moment(0, 1, False, ("222",), ("222",)),
        Moment(0, 2, True, ("333", "111"), ("333",)),
        Moment(0, 3, True, ("222",), ()),
    ]
    assert talks[0].liked == {"111"} and talks[0].disliked == {"222"} and talks[0].seen == {"111"}


def test_a_dialogue_of_which_nobody_answered_has_lists_for_objects(
    write: Callable[..., Path],
) -> None:
    talks = read_talks(write(dialogue((SEEKER, "@111"), initiatorQuestions=[], movieMentions=[])))
    assert not talks[0].liked and not talks[0].messages[0].films and moments_of(talks) == []


def test_a_line_ends_at_a_line_feed_and_nowhere_else(tmp_path: Path) -> None:
    """U+2028 and U+0085 stand in messages; a byte order mark may stand before all."""
    path = tmp_path / "talks.jsonl"
    rows = [dialogue((SEEKER, "one\u2028two\x85three")), dialogue((SEEKER, "four"))]
    lines = "\r\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text(lines, encoding="utf-8-sig", newline="")
    first, second = read_talks(path)
    assert first.messages[0].text == "one\u2028two\x85three" and second.id == "1"


def test_words_are_told_without_numbers_or_with_titles(write: Callable[..., Path]) -> None:
    (talk,) = read_talks(write(dialogue((SEEKER, "I like @111, and @333!"))))
    assert spoken(talk.messages[0].text) == "I like , and !"
    assert spoken(talk.messages[0].text, talk.labels) == "I like Heat , and !"
    assert letters(talk) == "i like and"
    assert split_label("Up  (2009)") == ("Up", 2009) and split_label("Up") == ("Up", 0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "found none"),
        (b"\n \n", "found none"),
        (b"{", "line 1: wanted JSON"),
        (b"[1]", "wanted a dialogue, got a list"),
        (b'{"text": "hi"}', "wanted conversationId, initiatorWorkerId"),
        (b'{"conversationId": "caf\xe9"}', "byte 23 is 0xe9"),
        (json.dumps(dialogue((SEEKER, "x"), messages=[{"text": "x"}])).encode(), "no dialogue"),
    ],
)
def test_files_that_are_no_dialogues_are_told_apart(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "talks.jsonl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=said):
        read_talks(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "JSON object"), ("[]", "got a list"), ("{}", "got an object"),
     ('{"1": {"title": "x"}}', "film 1: wanted an object with a name")],
)  # fmt: skip
def test_files_that_are_no_films_are_told_apart(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "items.json"
    path.write_text(content)
    with pytest.raises(DataError, match=said):
        read_films(path)
    with pytest.raises(DataError, match="cannot be read"):
        digest(tmp_path / "nowhere")


def test_films_are_linked_to_movielens_by_number_and_to_tags_by_title(tmp_path: Path) -> None:
    items = {
        "5": {"name": "The Mask (1994)", "imdb_id": "tt0110475", "genre": ["comedy"]},
        "6": {"name": "Up (2009)", "plot": None, "star": ["Ed Asner"]},
    }
    (tmp_path / "items.json").write_text(json.dumps(items))
    (tmp_path / "links.csv").write_text("movieId,imdbId,tmdbId\n367,0110475,854\n")
    ratings = "userId,movieId,rating,timestamp\n1,367,5.0,1\n2,367,2.0,1\n1,99,5.0,1\n"
    (tmp_path / "ratings.csv").write_text(ratings)
    tags = tmp_path / "tags.csv"
    tags.write_text("movieId,title,genres,keywords\n367,x (1),,funny|green\n8,Up (2009),,sad\n")
    films = read_films(tmp_path / "items.json")
    assert films[0].year == 1994 and films[1].stars == ("Ed Asner",) and films[1].plot == ""
    found = read_outside(films, movielens=tmp_path, tags=tags)
    assert found.tags == (("funny", "green"), ("sad",))
    assert found.n_rated.tolist() == [2, 0]
    assert found.stars[0] == pytest.approx((7 + 3.4 * 5) / 7)
    assert found.likes.shape == (0, 2)  # nobody likes two films
    assert read_outside(films).tags == ((), ())
    tags.write_text("id,name\n")
    with pytest.raises(DataError, match="wanted the column movieId"):
        read_outside(films, tags=tags)
