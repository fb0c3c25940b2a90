"""`simpatico eval system`: what is timed, by our service and by any server that streams."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import numpy as np
import pytest
from loopback import serving
from typer.testing import CliRunner

from simpatico.domain import Stage, Turn
from simpatico.errors import LLMUnavailable
from simpatico.eval import record, system
from simpatico.eval.openings import LINES
from simpatico.eval.system import PARTS, Load, Said, cases_of, conversations, times_of
from simpatico.eval.talkers import Which
from simpatico.eval.timing import Timed, clocked
from simpatico.settings import Settings, load_settings
from simpatico.ui.cli import app


def test_conversations_are_the_openings_with_what_follows() -> None:
    found = conversations(2)
    assert len(found) == 2 * (len(LINES) - 1)
    cases = [said.case for each in found for said in each]
    assert len(set(cases)) == len(cases) == 2 * (3 * (len(LINES) - 2) + 1)
    crisis = next(each for each in found if "crisis" in each[0].unit)
    assert len(crisis) == 1
    assert all("" != said.text for each in found for said in each)


def test_a_turn_that_failed_is_late_and_has_no_times() -> None:
    asked = [Said(str(at), "one", "hello") for at in range(3)]
    found = [
        Timed(ms=(("reading", 10.0), ("first word", 900.0), ("whole", 2000.0)), text="a", tokens=5),
        Timed(ms=(("first word", 1001.0), ("whole", 1100.0)), text="b", tokens=7, degraded=("x",)),
        Timed(failed="dead"),
    ]
    cases = cases_of(asked, found)
    assert cases.values["first word within 1 s"].tolist() == [1, 0, 0]
    assert cases.values["degraded"].tolist() == [0, 1, 1]
    np.testing.assert_array_equal(cases.values["seconds"], [2.0, 1.1, np.nan])
    np.testing.assert_array_equal(cases.columns["reading"], [10.0, np.nan, np.nan])
    assert cases.failed.tolist() == [False, False, True]
    assert cases.texts["trouble"] == ("", "x", "dead")


@pytest.mark.slow
@pytest.mark.model
def test_our_service_is_timed_by_stage(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "LINES", LINES[:2])
    out = tmp_path / "out"
    tables = system.run(Which(name="simpatico", settings=settings), out=out, command="x")
    found = record.read(out)
    cases = found.cases["simpatico"]
    assert len(cases.case) == 6 and not cases.failed.any()
    whole, first = cases.columns["whole"], cases.columns["first word"]
    assert (first > 0).all() and (first <= whole).all()
    searched = ~np.isnan(cases.columns["ranking"])
    assert searched[0] and not searched[2]  # "Why the first one?" is answered without a search
    parts = sum(cases.columns[part][searched] for part in ("reading", "search", "ranking"))
    np.testing.assert_allclose(parts + cases.columns["explaining"][searched], whole[searched])
    figures = {one.metric: one for one in found.record.systems[0].figures}
    assert figures["median ms: whole"].n == 6
    assert figures["median ms: ranking"].n == searched.sum()
    assert figures["p95 ms: whole"].mean == pytest.approx(whole.max())
    assert dict(found.record.systems[0].about)["machine"].startswith(
        f"{os.cpu_count()} cores, load"
    )
    assert [row[0] for row in tables[1].rows] == list(PARTS)


@contextmanager
def streaming(lines: Sequence[str], status: int = 200) -> Iterator[str]:
    """A server that streams lines to every POST."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802  # the library's name
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write("".join(f"{line}\n\n" for line in lines).encode())

    with serving(Handler) as port:
        yield f"http://127.0.0.1:{port}/v1"


def event(**chunk: object) -> str:
    return f"data: {json.dumps(chunk)}"


def word(text: str) -> str:
    return event(choices=[{"delta": {"content": text}}])


def test_any_server_s_stream_is_timed(tmp_path: Path) -> None:
    stages = [Stage(name="read", ms=0.1), Stage(name="retrieve", ms=0.2), Stage(name="rank", ms=0)]
    extra = {"trace": [each.model_dump() for each in stages], "degraded": ["slow"]}
    lines = [
        ": alive",
        event(choices=[{"delta": {"role": "assistant", "content": ""}}]),
        word("Try "),
        word("this."),
        event(choices=[{"delta": {}}], simpatico=extra),
        event(choices=[], usage={"completion_tokens": 3}),
        "data: [DONE]",
    ]
    with (
        streaming(lines) as url,
        clocked(Which(name="x", settings=load_settings(home=tmp_path), url=url)) as server,
    ):
        found = server.turn("s", [Turn(role="user", text="a comedy")])
    assert (found.text, found.tokens, found.counted) == ("Try this.", 3, True)
    times = dict(found.ms)
    assert times["reading"] == 0.1 and times["search"] == 0.2
    assert 0 < times["first word"] <= times["whole"]
    assert times["explaining"] == pytest.approx(times["whole"] - 0.3)
    assert found.degraded == ("slow",)


@pytest.mark.parametrize(
    ("lines", "status", "told"),
    [
        ([], 200, "streamed no words"),
        (["data: {oh"], 200, "no JSON"),
        ([event(error="oh")], 200, "broke off"),
        (["oh"], 503, "answered 503: oh"),
    ],
)
def test_a_server_that_does_not_stream_an_answer_is_told(
    lines: list[str], status: int, told: str, tmp_path: Path
) -> None:
    which = Which(name="x", settings=load_settings(home=tmp_path), url="")
    with streaming(lines, status) as url:
        asked = which.model_copy(update={"url": url})
        with pytest.raises(LLMUnavailable, match=told), clocked(asked):
            pass
    with pytest.raises(LLMUnavailable, match="does not answer"), clocked(asked):
        pass


def test_the_command_times_a_server_and_says_what_else_the_machine_did(tmp_path: Path) -> None:
    with streaming([word("Hm."), "data: [DONE]"]) as url:
        given = ["eval", "system", "--out", str(tmp_path / "out"), "--system", url, "--model", "m"]
        done = CliRunner().invoke(app, given, env={"SIMPATICO_HOME": str(tmp_path)})
    assert done.exit_code == 0, done.output
    assert "Milliseconds of a turn, n=55" in done.stdout and "cores, load" in done.stdout
    found = record.read(tmp_path / "out").record
    assert [one.name for one in found.systems] == [f"m at {url}"]
    assert dict(found.protocol)["tokens"] == "estimated, 4 characters each"


def test_the_table_leaves_out_parts_that_no_turn_had(tmp_path: Path) -> None:
    assert not times_of(
        record.record_of("system", "x", {}, command="", seed=0, data=[], protocol={}, skipped={}),
        cases_of([], []),
        Load(n_cores=1, before=0, after=0),
    ).rows
