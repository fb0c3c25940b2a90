import base64
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from simpatico.eval import plots, ran, record, report
from simpatico.eval.record import Cases, Run

HOSTILE = '<script>alert("x")</script><img src=http://example.org/x>'


def run_of(tmp_path: Path, values: np.ndarray, text: str = "hello") -> Run:
    n = len(values)
    cases = {
        "ours": Cases(
            tuple(f"c{at:02}" for at in range(n)),
            tuple(f"d{at}" for at in range(n)),
            {"R@10": values},
            np.zeros(n, dtype=bool),
            {"asked": (text,) * n},
        )
    }
    data = tmp_path / "data"
    data.write_text("x")
    made = record.record_of(
        "redial",
        "ReDial",
        cases,
        command="simpatico eval redial",
        seed=0,
        data=[data],
        protocol={"targets": "fresh"},
        skipped={},
    )
    return Run(made, cases)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_the_worst_come_first_and_the_undefined_not_at_all() -> None:
    cases = Cases(
        ("a", "b", "c"), ("1", "2", "3"), {"R": np.array([1.0, np.nan, 0.0])}, np.zeros(3, bool)
    )
    assert [one.case for one in report.worst(cases)] == ["c", "a"]
    assert [one.case for one in report.worst(cases, falls=["R"])] == ["a", "c"]


def test_of_the_equally_bad_the_second_value_tells_which_is_worse() -> None:
    values = {"hit": np.zeros(3), "log-loss": np.array([1.0, 3.0, 2.0])}
    cases = Cases(("a", "b", "c"), ("1", "2", "3"), values, np.zeros(3, bool))
    assert [one.case for one in report.worst(cases, falls=["log-loss"])] == ["b", "c", "a"]


def test_a_page_runs_and_loads_nothing_whatever_cases_say(tmp_path: Path) -> None:
    run = run_of(tmp_path, np.array([1.0, 0.0]), HOSTILE)
    page = report.to_html(run)
    tags = Tags()
    tags.feed(page)
    names = {name for name, _ in tags.seen}
    assert "script" not in names
    sources = [given["src"] or "" for name, given in tags.seen if name == "img"]
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert "&lt;script&gt;" in page
    assert "default-src" in page


def test_a_page_has_figures_cases_and_what_ran(tmp_path: Path) -> None:
    run = run_of(tmp_path, np.array([1.0, 0.0, 0.0, 1.0]))
    page = report.write(tmp_path / "out", run, before=run).read_text()
    assert "0.5000" in page and "no difference" in page
    assert ran.sha256(tmp_path / "data") in page
    assert page.index("<h3>c01") < page.index("<h3>c00")


def test_bars_are_a_picture_that_says_its_figures(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    run = run_of(tmp_path, np.array([1.0, 0.0]))
    plot = plots.bars(run.record.systems, "R@10")
    svg = base64.b64decode(plot.uri.partition(",")[2]).decode()
    assert svg.lstrip().startswith("<?xml") and "ours" in svg
    assert "ours 0.5000" in plot.alt


def test_reliability_tells_how_often_it_happened() -> None:
    pytest.importorskip("matplotlib")
    called = np.array([0.05, 0.05, 0.95, 0.95])
    happened = np.array([0.0, 0.0, 1.0, 0.0])
    plot = plots.reliability("mood", {"ours": (called, happened)})
    assert "0.05 called, 0.00 happened" in plot.alt
    assert "0.95 called, 0.50 happened" in plot.alt
