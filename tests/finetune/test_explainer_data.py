import gzip
import json
import random
from pathlib import Path

import pytest

from simpatico.agent.explainer import unaided
from simpatico.errors import DataError
from simpatico.explaining import Brief, BriefItem, prompt_of
from simpatico.finetune.examples import read_examples
from simpatico.finetune.explainer_compose import compose, one_sentence, varied
from simpatico.finetune.explainer_data import (
    N_VARIATIONS,
    Row,
    check_rows,
    distinct,
    main,
    read_rows,
    shipped_rows,
    split,
    to_examples,
    twins,
    write_rows,
)
from simpatico.finetune.train_run import check_examples
from simpatico.text import fold

WORDS = "amber birch cedar delta ember fjord grove heath inlet jetty knoll ledge mesa notch".split()


def row(n: int, *, said: str = "", reply: str = "") -> Row:
    item = BriefItem(label=f"Lamp {n} (1990)", premise=f"A lamp shines on {WORDS[n % 14]}.")
    a, b, c = (WORDS[(n * k + k) % 14] for k in (1, 3, 5))
    reply = reply or f" [1] is about {a} {n}, and {b} comes in {n} times. Shall it be {c} {n}?"
    return Row(brief=Brief(said=said or f"message {n}", items=(item,)), reply=reply)


ROWS = [row(n) for n in range(40)]


def test_rows_come_back_as_they_were_kept(tmp_path: Path) -> None:
    for name in ("rows.jsonl", "rows.jsonl.gz"):
        write_rows(tmp_path / name, ROWS)
        assert read_rows([tmp_path / name]) == ROWS
    before = (tmp_path / "rows.jsonl.gz").read_bytes()
    write_rows(tmp_path / "rows.jsonl.gz", ROWS)
    assert (tmp_path / "rows.jsonl.gz").read_bytes() == before


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "empty"),
        (b'{"brief": 1}', ":1: brief"),
        (b'\n{"brief": {"items": [{"label": "x"}], "mood": "fine"}, "reply": "y"}', ":2: brief.mo"),
        (b'{"brief": {"items": []}, "reply": "y"}', "brief.items"),
        (b"\xff", "cannot be read"),
    ],
)
def test_a_damaged_file_is_named_with_its_line(tmp_path: Path, data: bytes, problem: str) -> None:
    (tmp_path / "x.jsonl").write_bytes(data)
    with pytest.raises(DataError, match=problem):
        read_rows([tmp_path / "x.jsonl"])


def test_a_damaged_archive_is_an_error(tmp_path: Path) -> None:
    whole = gzip.compress(b'{"a": 1}')
    for data in (whole[:-9], whole[:5], b"plain", whole[:12] + b"\0\0\0" + whole[15:]):
        (tmp_path / "x.jsonl.gz").write_bytes(data)
        with pytest.raises(DataError, match="cannot be read"):
            read_rows([tmp_path / "x.jsonl.gz"])
    with pytest.raises(DataError, match="cannot be read"):
        read_rows([tmp_path / "none.jsonl"])


def test_ill_formed_replies_are_listed() -> None:
    check_rows(ROWS)
    bad = row(1, reply="[2] is it. More?"), row(2, reply="[1] it is")
    with pytest.raises(DataError, match="2 of 42") as caught:
        check_rows([*ROWS, *bad])
    assert caught.value.problems[0].startswith("row 41: wanted [1] to [1]")
    assert "wanted an end" in caught.value.problems[1]


def test_near_repeats_are_found_and_left_out() -> None:
    first = ROWS[0]
    near = first.model_copy(update={"reply": first.reply.replace("Shall it", "SHALL  it")})
    other = row(0, reply=" [1] has nothing to do with those. Something else instead?")
    rows = [*ROWS, near, other]
    assert [pair[:2] for pair in twins(rows)] == [(0, 40)]
    assert distinct(rows) == [*ROWS, other]


def test_parts_share_no_message_and_lose_no_row() -> None:
    again = row(50, said="Message 3!")
    rows = [*ROWS, again]
    parts = split(rows, seed=1)
    assert parts == split(rows, seed=1)
    assert parts != split(rows, seed=2)
    assert sorted(one.reply for part in parts for one in part) == sorted(r.reply for r in rows)
    said = [{fold(one.brief.said) for one in part} for part in parts]
    assert not said[0] & said[1] and not said[0] & said[2] and not said[1] & said[2]
    assert [len(each) for each in said] == [32, 4, 4]


def test_examples_are_composed_for_the_brief_and_for_others_of_its_items() -> None:
    first, *others = to_examples(ROWS[0], n=4, seed=0)
    assert first.prompt == prompt_of(ROWS[0].brief)
    assert first.answer[0].text.startswith(" ") and first.answer[0].text.endswith("\n")
    assert len({one.prompt for one in others}) > 1
    assert all("Lamp 0 (1990)" in one.prompt for one in others)
    assert to_examples(ROWS[0], n=4, seed=0) == [first, *others]
    assert to_examples(ROWS[0], n=4, seed=1) != [first, *others]
    check_examples("explainer", [first, *others], where="here")


def test_every_reply_that_is_learnt_passes_the_check() -> None:
    rng = random.Random(0)
    rows = distinct(shipped_rows())
    openings, closings = set(), 0
    for row in rows:
        for brief in (row.brief, varied(row.brief, rng)):
            brief = one_sentence(brief)
            reply = compose(brief, rng, own=row.reply if brief.mood == row.brief.mood else "")
            assert unaided(reply, brief) == [], reply
            openings.add(reply.split(".")[0])
            closings += reply.rsplit(". ", 1)[-1] in row.reply
    assert len(rows) >= 500 and len(openings) > 150 and closings > 100


def test_a_variation_is_about_some_of_the_same_items_in_their_order() -> None:
    items = tuple(BriefItem(label=f"Lamp {n}") for n in range(5))
    brief = Brief(mood="joy", need="think", said="hello", items=items)
    made = [varied(brief, random.Random(seed)) for seed in range(60)]
    assert {len(one.items) for one in made} == {1, 2, 3, 4, 5}
    assert all(list(one.items) == [i for i in items if i in one.items] for one in made)
    assert len({one.mood for one in made}) > 8 and len({one.need for one in made}) > 8
    assert all(one.said == "hello" for one in made)


def test_items_without_a_story_are_named_with_what_there_is() -> None:
    bare, genres, why = (
        BriefItem(label="A"),
        BriefItem(label="B", premise="comedy; by Ann Lee"),
        BriefItem(label="C", reasons=("It is warm",)),
    )
    for item, wanted in ((bare, "[1]."), (genres, "[1] ([1:])"), (why, "because [1|]")):
        brief = Brief(said="hello", items=(item,))
        for seed in range(20):
            reply = compose(brief, random.Random(seed))
            assert unaided(reply, brief) == []
            assert wanted in reply or (item is bare and "[1] comes" in reply)


def test_the_command_writes_parts_that_the_trainer_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_rows(tmp_path / "rows.jsonl", [*ROWS, ROWS[3]])
    main([str(tmp_path / "rows.jsonl"), "--out", str(tmp_path), "--keep", str(tmp_path / "k.gz")])
    told = capsys.readouterr().out
    assert "row 41 repeats row 4" in told and "40 rows: train 32, dev 4, test 4" in told
    assert len(read_examples(tmp_path / "train.jsonl")) == N_VARIATIONS * 32
    assert len(read_examples(tmp_path / "dev.jsonl")) == 4
    assert len(gzip.decompress((tmp_path / "k.gz").read_bytes()).splitlines()) == 40
    (tmp_path / "bad.jsonl").write_text(
        json.dumps({"brief": {"items": [{"label": "x"}]}, "reply": "y"})
    )
    with pytest.raises(SystemExit, match="1 of 1 replies are ill-formed"):
        main([str(tmp_path / "bad.jsonl")])
