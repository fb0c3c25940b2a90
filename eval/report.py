"""A run as one page of HTML that needs nothing else: tables, plots, the cases to read."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from simpatico.errors import DataError, SettingsError
from simpatico.eval import against
from simpatico.eval.plots import Plot, bars
from simpatico.eval.record import Cases, Run, table_of

REPORT: Final = "report.html"
N_WORST: Final = 20


class Worst(NamedTuple):
    """A case to read: its values by metric, and its texts by name."""

    case: str
    failed: bool
    values: tuple[tuple[str, str], ...]
    texts: tuple[tuple[str, str], ...]


def worst(cases: Cases, *, higher_is_better: bool = True, n: int = N_WORST) -> list[Worst]:
    """The n cases with the worst value of the first metric, ties by id; nan is left out."""
    metric = next(iter(cases.values), None)
    if metric is None:
        return []
    values = cases.values[metric]
    bad = values if higher_is_better else -values
    rows = sorted(np.flatnonzero(~np.isnan(values)), key=lambda at: (bad[at], cases.case[at]))
    return [
        Worst(
            cases.case[at],
            bool(cases.failed[at]),
            tuple((name, _number(each[at])) for name, each in cases.values.items()),
            tuple((name, each[at]) for name, each in cases.texts.items() if each[at]),
        )
        for at in rows[:n]
    ]


def to_html(run: Run, *, before: Run | None = None, plots: Sequence[Plot] = ()) -> str:
    """The page. Everything in it is escaped; it runs no script and loads nothing.

    Args:
        run: to report.
        before: an earlier run of the same task, to compare with.
        plots: beside a bar for each metric; where matplotlib is missing there are no bars, and the
            page says so.

    Raises:
        DataError: `before` cannot be compared.
    """
    from jinja2 import Environment, StrictUndefined

    record = run.record
    metrics = dict.fromkeys(one.metric for each in record.systems for one in each.figures)
    try:
        drawn = [*(bars(record.systems, metric) for metric in metrics), *plots]
        lacking = ""
    except SettingsError as error:
        drawn, lacking = list(plots), str(error)
    rising = {one.metric: one.higher_is_better for each in record.systems for one in each.figures}
    readings = [
        (name, worst(cases, higher_is_better=rising.get(next(iter(cases.values), ""), True)))
        for name, cases in run.cases.items()
    ]
    page = Environment(autoescape=True, undefined=StrictUndefined).from_string(
        files("simpatico.eval").joinpath("report.html.j2").read_text("utf-8")
    )
    return page.render(
        record=record,
        table=table_of(record),
        compared=against.table_of(before, run) if before else None,
        plots=drawn,
        lacking=lacking,
        readings=readings,
    )


def write(folder: Path, run: Run, *, before: Run | None = None, plots: Sequence[Plot] = ()) -> Path:
    """Write the page beside the run.

    Raises:
        DataError: the folder cannot be written, or `before` cannot be compared.
    """
    page = to_html(run, before=before, plots=plots)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / REPORT).write_text(page, encoding="utf-8")
    except OSError as error:
        raise DataError(f"a report cannot be written to {folder}: {error}") from error
    return folder / REPORT


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.3f}"
