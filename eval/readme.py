"""`simpatico eval readme RUN...`: a table of runs for a page, between two marks that it keeps."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from simpatico.errors import DataError
from simpatico.eval.figures import Figure, System
from simpatico.eval.record import Record, group_of
from simpatico.eval.tables import Table, to_markdown

BEGIN: Final = "<!-- runs: written by `simpatico eval readme` -->"
END: Final = "<!-- /runs -->"
N_FIGURES: Final = 3


def table_of(records: Sequence[Record]) -> Table:
    """A row for each run: its first system's first figures, the best other system, n, when."""
    return Table(
        title="Runs",
        columns=("what", "system", "figures (95 %)", "the best other", "n", "run"),
        rows=tuple(_row(record) for record in records),
        notes=("The best other: by the first figure. Run: date, commit, seed.",),
    )


def fill(page: Path, table: Table) -> None:
    """Put a table between the marks of a page, in place of what is there.

    Raises:
        DataError: the page cannot be read or written, or has not one pair of marks.
    """
    try:
        text = page.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{page} cannot be read: {error}") from error
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise DataError(f"wanted one {BEGIN} and one {END} after it in {page}")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    body = to_markdown(table).partition("\n\n")[2].rstrip()
    try:
        page.write_text(f"{before}{BEGIN}\n\n{body}\n\n{END}{after}", encoding="utf-8")
    except OSError as error:
        raise DataError(f"{page} cannot be written: {error}") from error


def _row(record: Record) -> tuple[str, ...]:
    ours, *others = record.systems
    figures = [one for one in ours.figures if not group_of(one.metric)][:N_FIGURES]
    told = "; ".join(f"{one.metric} {_cell(one)}" for one in figures)
    if ours.n_failed:
        told += f"; failed {ours.n_failed}"
    when = f"{record.at:%Y-%m-%d}, {record.commit}, {record.seed}"
    best = _best(others, figures[0]) if figures else ""
    return (record.title, ours.name, told, best, f"{record.n:,}", when)


def _best(others: Sequence[System], ours: Figure) -> str:
    found = [
        (one.mean if one.higher_is_better else -one.mean, each.name, one)
        for each in others
        for one in each.figures
        if one.metric == ours.metric
    ]
    if not found:
        return ""
    _, name, figure = max(found, key=lambda one: one[0])
    return f"{name}: {_cell(figure)}"


def _cell(figure: Figure) -> str:
    return f"{figure.mean:.3f} ({figure.low:.3f} to {figure.high:.3f})"
