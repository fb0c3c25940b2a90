"""The openings go through the command a person would type."""

from pathlib import Path

import pytest

from simpatico.domain import Mood, UserState
from simpatico.eval.openings import LINES, Answer, Opening, run, to_markdown


@pytest.mark.model
def test_each_line_is_asked_by_the_command_and_leaves_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMPATICO_LLM__ENABLED", "false")
    before = sorted(home.rglob("*"))
    plain, nothing, endless = run(home, (("dash", "-- a western"), *LINES[-2:]))
    assert sorted(home.rglob("*")) == before
    assert plain.answer and plain.answer.state.constraints.genres == ("Western",)
    assert 3 <= len(plain.answer.recommendations) <= 5
    assert nothing.answer and nothing.answer.route == "clarify"
    assert endless.answer and endless.answer.recommendations
    assert any("first 8,000 characters" in label for label in endless.answer.degraded)


def test_a_line_that_fails_says_what_the_person_gets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMPATICO_PORT", "many")
    (failed,) = run(tmp_path, (("plain", "a western"),))
    assert failed.answer is None and "SIMPATICO_PORT" in failed.problem
    page = to_markdown([failed])
    assert "| 1 | plain | a western | - | failed | - |" in page
    assert "> simpatico: " in page and "Traceback" not in page


def test_the_page_quotes_every_word_and_runs_none() -> None:
    answer = Answer(
        state=UserState(mood=Mood(label="joy"), intent="seek"),
        route="clarify",
        reply="Which?\n\n- **this**",
        degraded=("Half asleep.",),
    )
    page = to_markdown(
        [
            Opening(what="markup", text="a <b>|\nfilm", answer=answer),
            Opening(what="long", text="x" * 10_000, answer=answer),
        ]
    )
    assert "| 1 | markup | a &lt;b>\\| film | joy, unknown, seek | clarify | - |" in page
    assert "> Which?\n>\n> - **this**\n> *Half asleep.*" in page
    assert "(10,000 characters)" in page and "x" * 121 not in page
