"""A run as one page of HTML that needs nothing else: tables, plots, the cases to read."""

from collections.abc import Collection, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import DataError, SettingsError
from simpatico.eval import against
from simpatico.eval.plots import Plot, bars, confusion, grouped_bars, reliability
from simpatico.eval.pooled import CHANCE, SAID, TRUE, Pooled, defined
from simpatico.eval.record import Cases, Run, group_of, metrics_of, tables_of
from simpatico.eval.record import write as write_run

REPORT: Final = "report.html"
N_WORST: Final = 20


class Worst(NamedTuple):
    """A case to read: its values by metric, and its texts by name."""

    case: str
    failed: bool
    values: tuple[tuple[str, str], ...]
    texts: tuple[tuple[str, str], ...]


def worst(cases: Cases, *, falls: Collection[str] = (), n: int = N_WORST) -> list[Worst]:
    """The n cases with the worst value of the first metric, then of the second, then by id.

    Args:
        cases: of a system; a case whose first value is nan is left out.
        falls: metrics of which a lower value is better.
        n: how many.
    """
    if not cases.values:
        return []
    bad = [
        np.nan_to_num(-values if metric in falls else values, nan=np.inf)
        for metric, values in list(cases.values.items())[:2]
    ]
    first = next(iter(cases.values.values()))
    rows = sorted(
        np.flatnonzero(~np.isnan(first)),
        key=lambda at: (*(each[at] for each in bad), cases.case[at]),
    )
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
    try:
        drawn, lacking = [*plots_of(run), *plots], ""
    except SettingsError as error:
        drawn, lacking = list(plots), str(error)
    falls = {
        one.metric for each in record.systems for one in each.figures if not one.higher_is_better
    }
    readings = [(name, worst(cases, falls=falls)) for name, cases in run.cases.items()]
    page = Environment(autoescape=True, undefined=StrictUndefined).from_string(
        files("simpatico.eval").joinpath("report.html.j2").read_text("utf-8")
    )
    return page.render(
        record=record,
        tables=tables_of(record),
        compared=against.table_of(before, run) if before else None,
        plots=drawn,
        lacking=lacking,
        readings=readings,
    )


def plots_of(run: Run) -> list[Plot]:
    """A bar for each metric, bars for each group; curves and confusion where cases have them.

    Raises:
        SettingsError: matplotlib is not installed.
    """
    record = run.record
    metrics = metrics_of(record)
    drawn = [bars(record.systems, metric) for metric in metrics if not group_of(metric)]
    groups = dict.fromkeys(group for metric in metrics if (group := group_of(metric)))
    drawn += [grouped_bars(record.systems, group) for group in groups]
    for one in record.pooled:
        if one.how in ("ECE", "ECE, equal mass"):
            stated = {name: _of_labels(one, cases, CHANCE) for name, cases in run.cases.items()}
            lines = {name: pair for name, pair in stated.items() if pair}
            if lines:
                drawn.append(reliability(f"Are chances true? ({one.metric})", lines))
        elif one.how == "macro-F1" and len(one.of) > 1:
            name, cases = next(iter(run.cases.items()))
            if pair := _of_labels(one, cases, SAID):
                drawn.append(confusion(f"What {name} takes for what", one.of, pair[1], pair[0]))
    return drawn


def _of_labels(
    one: Pooled, cases: Cases, kind: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Columns of a kind and what is true, (n_defined, n_labels) each; None where there are none."""
    there = defined(one, cases.columns)
    if there is None or not there.any():
        return None
    told, true = (
        np.stack([cases.columns[f"{which}{label}"][there] for label in one.of], axis=1)
        for which in (kind, TRUE)
    )
    return told, true


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


def keep(folder: Path, run: Run, *, plots: Sequence[Plot] = ()) -> Path:
    """Write a run, and its page beside it.

    Raises:
        DataError: the folder cannot be written.
    """
    write_run(folder, run)
    return write(folder, run, plots=plots)


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.3f}"
