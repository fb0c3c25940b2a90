import gzip
import json
from pathlib import Path

import pytest

from simpatico.errors import DataError
from simpatico.explaining import Brief, BriefItem, prompt_of
from simpatico.finetune.examples import read_examples
from simpatico.finetune.explainer_data import (
    Row,
    check_rows,
    distinct,
    main,
    read_rows,
    split,
    to_example,
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


def test_an_example_is_the_prompt_and_the_reply_with_its_line_end() -> None:
    example = to_example(ROWS[0])
    assert example.prompt == prompt_of(ROWS[0].brief)
    assert example.answer[0].text == f" {ROWS[0].reply.strip()}\n"
    check_examples("explainer", [to_example(one) for one in ROWS], where="here")


def test_the_command_writes_parts_that_the_trainer_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_rows(tmp_path / "rows.jsonl", [*ROWS, ROWS[3]])
    main([str(tmp_path / "rows.jsonl"), "--out", str(tmp_path), "--keep", str(tmp_path / "k.gz")])
    told = capsys.readouterr().out
    assert "row 41 repeats row 4" in told and "40 rows: train 32, dev 4, test 4" in told
    assert len(read_examples(tmp_path / "train.jsonl")) == 32
    assert len(gzip.decompress((tmp_path / "k.gz").read_bytes()).splitlines()) == 40
    (tmp_path / "bad.jsonl").write_text(
        json.dumps({"brief": {"items": [{"label": "x"}]}, "reply": "y"})
    )
    with pytest.raises(SystemExit, match="1 of 1 replies are ill-formed"):
        main([str(tmp_path / "bad.jsonl")])
