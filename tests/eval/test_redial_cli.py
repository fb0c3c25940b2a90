"""The two commands say what they want."""

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from simpatico.errors import DataError, LLMUnavailable, SettingsError
from simpatico.eval import record
from simpatico.eval.asked_titles import titles_in
from simpatico.ui.cli import app

TITLES = {"1": "Heat (1995)", "2": "The Big Fish (2003)", "3": "Alien (1979)", "4": "Up (2009)"}


def test_outside_data_are_either_used_or_not(tmp_path: Path) -> None:
    asked = ["train", "redial", "--data", str(tmp_path), "--out", str(tmp_path / "m")]
    found = CliRunner().invoke(app, [*asked, "--no-outside", "--tags", str(tmp_path / "t.csv")])
    assert found.exit_code == 2 and "no-outside" in found.output


def test_evaluation_needs_data_films_a_model_and_a_folder() -> None:
    found = CliRunner().invoke(app, ["eval", "redial"])
    assert found.exit_code == 2 and "--data" in found.output


def data_in(folder: Path) -> list[str]:
    """Two dialogues: Heat is named, then Big Fish is offered; Alien is offered."""
    items = {
        number: {"name": label, "genre": [], "director": [], "star": [], "writer": [], "plot": ""}
        for number, label in TITLES.items()
    }
    (folder / "items.json").write_text(json.dumps(items))
    talks = []
    for name, said in (
        ("a", [(1, "I liked @1"), (2, "Then see @2"), (1, "Seen it"), (2, "Or @3 maybe")]),
        ("b", [(1, "Something scary, please"), (2, "@3 is scary")]),
    ):
        talks.append(
            {
                "conversationId": name, "initiatorWorkerId": 1, "respondentWorkerId": 2,
                "movieMentions": TITLES, "initiatorQuestions": {}, "respondentQuestions": {},
                "messages": [
                    {"text": text, "senderWorkerId": who, "messageId": at, "timeOffset": at}
                    for at, (who, text) in enumerate(said)
                ],
            }
        )  # fmt: skip
    (folder / "test.jsonl").write_text("\n".join(map(json.dumps, talks)))
    return ["eval", "redial", "--data", str(folder / "test.jsonl"), "--items",
            str(folder / "items.json"), "--no-baselines", "--out", str(folder / "out")]  # fmt: skip


def test_a_server_is_asked_for_titles_and_what_it_invents_keeps_its_place(
    serve: Callable[..., Any], tmp_path: Path
) -> None:
    def say(messages: list[dict[str, str]]) -> str | int:
        said = messages[-1]["content"]
        if "scary" in said:
            return "I know nothing of films."
        if "Seen it" in said:
            return 'Here: ["Invented Film (2001)", "Heat (1995)", "ALIEN (1980)"]'
        return json.dumps({"titles": [{"title": "Big Fish", "year": 2003}]})

    server = serve(say)
    asked = [*data_in(tmp_path), "--system", server.url]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    kept = record.read(tmp_path / "out" / "fresh")
    (cases,) = kept.cases.values()
    places = dict(
        zip(cases.case, zip(cases.values["MRR@10"], cases.failed, strict=True), strict=True)
    )
    assert places["a:1:2"] == (1, False)
    assert places["a:3:3"] == (pytest.approx(1 / 3), False)  # after what is no film, and Heat
    assert places["b:1:3"] == (0, True)
    assert kept.record.systems[0].n_failed == 1
    (cases,) = record.read(tmp_path / "out" / "masked").cases.values()
    place = cases.case.index("a:3:3")
    assert cases.values["MRR@10"][place] == 1 / 2  # Heat was named before, and is masked
    assert [each.n_found for each in kept.record.checks] == [0, 0]
    assert len(server.asked) == 3  # the look for leaks asks nothing new
    assert all("@" not in each[1]["content"] for each in server.asked)


def test_a_key_goes_to_servers_only_by_the_name_of_its_variable(
    serve: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(lambda messages: '["Alien (1979)"]')
    monkeypatch.setenv("OPENAI_API_KEY", "k-0")
    monkeypatch.setenv("THEIR_KEY", "k-1")
    asked = [*data_in(tmp_path), "--system", server.url]
    assert CliRunner().invoke(app, asked).exit_code == 0
    assert not server.keys & {"Bearer k-0", "Bearer k-1"}
    named = CliRunner().invoke(
        app, [*asked, "--out", str(tmp_path / "b"), "--key-env", "THEIR_KEY"]
    )
    assert named.exit_code == 0 and "Bearer k-1" in server.keys
    for words, told in (
        (["--system", server.url, "--key-env", "NO_KEY"], "no environment variable NO_KEY"),
        (["--model", "m", "--key-env", "THEIR_KEY"], "goes with the address of a server"),
    ):
        wrong = CliRunner().invoke(app, [*data_in(tmp_path), *words]).exception
        assert isinstance(wrong, SettingsError) and told in str(wrong)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    "engine",
    ["processes", pytest.param("ray", marks=pytest.mark.skipif(
        find_spec("ray") is None, reason="needs the extra scale"))],
)  # fmt: skip
def test_figures_are_the_same_by_every_engine_and_what_is_finished_is_not_asked_again(
    engine: str, serve: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simpatico.eval.redial_run.BATCH", 1)
    server = serve(lambda messages: '["Alien (1979)", "Big Fish (2003)"]')
    asked = [*data_in(tmp_path)[:-1], str(tmp_path / "a"), "--system", server.url]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    other = [*asked, "--out", str(tmp_path / "b"), "--engine", engine, "--workers", "2"]
    spread = CliRunner().invoke(app, other)
    assert spread.exit_code == 0, spread.output
    for protocol in ("repeats", "fresh", "masked"):
        one, two = (record.read(tmp_path / name / protocol).record for name in "ab")
        assert one.systems == two.systems and one.checks == two.checks
    n_asked = len(server.asked)
    (tmp_path / "b" / "kept" / "answers.jsonl").unlink()
    assert CliRunner().invoke(app, other).exit_code == 0
    assert len(server.asked) == n_asked  # the parts themselves are kept


def test_a_server_that_is_gone_fails_the_run(serve: Callable[..., Any], tmp_path: Path) -> None:
    asked = [*data_in(tmp_path), "--system", "http://127.0.0.1:9/v1"]
    assert isinstance(CliRunner().invoke(app, asked).exception, LLMUnavailable)
    told = CliRunner().invoke(app, data_in(tmp_path)).exception
    assert isinstance(told, DataError) and "--model, --system" in str(told)
    wrong = CliRunner().invoke(app, [*data_in(tmp_path), "--system", "popularity"]).exception
    assert isinstance(wrong, DataError) and "address of a server" in str(wrong)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('["Heat (1995)", "Up"]', ["Heat (1995)", "Up"]),
        ('{"films": [{"name": "Heat", "year": 1995}, {"title": "Up"}]}', ["Heat (1995)", "Up"]),
        ("Try **Heat (1995)**, or **Up (2009)**.", ["Heat (1995)", "Up (2009)"]),
        ("1. Heat (1995)\n2) Up\n- Alien", ["Heat (1995)", "Up", "Alien"]),
        ("No idea.", []),
        ('{"films": 3}', []),
    ],
)
def test_titles_are_read_from_json_bold_words_or_lists(text: str, found: list[str]) -> None:
    assert titles_in(text) == found
