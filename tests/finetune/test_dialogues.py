"""Dialogues as decisions: turns, who named what, and what is refused."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from simpatico.errors import DataError
from simpatico.finetune.dialogues import decisions_of, read_dialogues

LINE: dict[str, Any] = {
    "conversationId": "7",
    "initiatorWorkerId": 1,
    "respondentWorkerId": 2,
    "initiatorQuestions": {"11": {"liked": 1}, "12": {"liked": 0}, "13": {"liked": 2}},
    "movieMentions": {"11": "One (2001)", "12": "Two  (2002)", "13": None},
    "messages": [
        {"senderWorkerId": 2, "text": "Hi"},
        {"senderWorkerId": 1, "text": "I loved @11"},
        {"senderWorkerId": 1, "text": "Got  more?"},
        {"senderWorkerId": 2, "text": "@12, as good as @11, or @13 and @12"},
        {"senderWorkerId": 1, "text": "No."},
        {"senderWorkerId": 2, "text": "Then @13"},
    ],
}


def written(folder: Path, *rows: Any) -> Path:
    path = folder / "train.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_messages_of_one_speaker_are_a_turn_and_numbers_leave_the_words(tmp_path: Path) -> None:
    (dialogue,) = read_dialogues(written(tmp_path, LINE))
    assert [(turn.role, turn.text, turn.films) for turn in dialogue.turns] == [
        ("recommender", "Hi", ()),
        ("seeker", "I loved Got more?", ("11",)),
        ("recommender", ", as good as , or and", ("12", "11", "13", "12")),
        ("seeker", "No.", ()),
        ("recommender", "Then", ("13",)),
    ]
    assert dialogue.liked == ("11",) and dialogue.disliked == ("12",)


def test_a_decision_knows_what_came_before_and_nothing_of_what_comes(tmp_path: Path) -> None:
    dialogues = read_dialogues(written(tmp_path, LINE))
    place = {"11": 0, "12": 1, "13": 2}
    first, second, third = decisions_of(dialogues, lambda film, label: place[film])
    assert (first.offered, first.before, first.words, first.targets) == (False, (), "", (0,))
    assert (second.offered, second.before, second.by_seeker) == (True, (0,), (True,))
    assert second.words == "I loved Got more?"
    assert second.targets == (1, 0, 2) and second.fresh == (1, 2)
    assert third.before == (0, 1, 0, 2) and third.by_seeker == (True, False, False, False)
    assert third.targets == (2,) and third.fresh == ()
    assert third.words == "I loved Got more? No."


def test_of_films_named_before_the_answers_are_told_and_of_no_others(tmp_path: Path) -> None:
    answers = {
        "11": {"liked": 1, "seen": 0, "suggested": 0},
        "12": {"liked": 0, "seen": 1, "suggested": 1},
        "13": {"liked": 2, "seen": 1, "suggested": 1},
    }
    dialogues = read_dialogues(written(tmp_path, LINE | {"initiatorQuestions": answers}))
    place = {"11": 0, "12": 1, "13": 2}
    first, second, third = decisions_of(dialogues, lambda film, label: place[film])
    assert first.answers == first.kinds == ()
    assert second.kinds == ("saved",) and second.had == (0,)
    assert third.kinds == ("saved", "disliked", "saved", "seen")
    assert third.before == (0, 1, 0, 2) and third.had == (0, 0, 2)
    untold = third._replace(answers=())
    assert untold.kinds == ("named", "offered", "offered", "offered")
    assert untold.had == untold.before
    (liked, *_) = read_dialogues(written(tmp_path, LINE))
    assert liked.answers == {"11": "liked", "12": "disliked"}


def test_films_that_the_catalogue_lacks_are_left_out(tmp_path: Path) -> None:
    dialogues = read_dialogues(written(tmp_path, LINE))
    found = decisions_of(dialogues, lambda film, label: 5 if label == "Two (2002)" else None)
    assert found == []
    found = decisions_of(dialogues, lambda film, label: 5 if label == "Two  (2002)" else None)
    assert [one.targets for one in found] == [(5,)]


def test_a_dialogue_without_answers_has_lists_there(tmp_path: Path) -> None:
    bare = LINE | {"initiatorQuestions": [], "movieMentions": []}
    (dialogue,) = read_dialogues(written(tmp_path, bare))
    assert not dialogue.liked and not dialogue.labels and len(dialogue.turns) == 5


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"messages": []}', json.dumps(LINE | {"messages": 3})]
)
def test_a_line_that_is_no_dialogue_is_named(tmp_path: Path, line: str) -> None:
    path = written(tmp_path, LINE)
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(DataError, match="line 2: no dialogue"):
        read_dialogues(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_dialogues(tmp_path / "none.jsonl")


@pytest.mark.data
def test_redial_has_as_many_decisions_as_counted_by_hand() -> None:
    folder = os.environ.get("DATA_SETS")
    if not folder:
        pytest.skip("needs ReDial: set DATA_SETS to the folder docs/data.md describes")
    dialogues = read_dialogues(Path(folder) / "redial" / "train.jsonl")
    items = json.loads((Path(folder) / "redial" / "items.json").read_text())
    place = {film: at for at, film in enumerate(items)}
    offered = [
        one for one in decisions_of(dialogues, lambda film, _: place.get(film)) if one.offered
    ]
    assert (len(dialogues), len(offered)) == (2727, 8046)
    fresh = [one.fresh for one in offered if one.fresh]
    assert (len(fresh), sum(map(len, fresh))) == (7553, 9756)
