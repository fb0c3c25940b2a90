"""What the commands of `simpatico eval` do with a run: write it, print it."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from simpatico.errors import DataError
from simpatico.ui.progress import console

if TYPE_CHECKING:
    from simpatico.eval.record import Run
    from simpatico.eval.tables import Table


def command() -> str:
    """The command that runs now, for a record."""
    return shlex.join(["simpatico", *sys.argv[1:]])


def names_in(systems: list[str]) -> tuple[str, ...]:
    """Systems, each option with one or several parted by ","; an address is not parted."""
    found: list[str] = []
    for each in systems:
        parts = [each] if "://" in each else each.split(",")
        found += [part.strip() for part in parts if part.strip()]
    return tuple(found)


def kept_in(out: Path | None, keep: Path | None) -> Path | None:
    """Where what is finished is kept: as told, or in the run's folder."""
    return keep or (out / "kept" if out else None)


def as_folder(out: Path | None) -> None:
    """Look before a long run that a run can be written.

    Raises:
        DataError: it is a file.
    """
    if out is not None and (out.suffix == ".md" or out.is_file()):
        raise DataError(f"wanted a folder for the run, got the file {out}")


def told(tables: "Sequence[Table]", out: Path) -> None:
    """Print the tables of what was written to `out`, and where it is."""
    from simpatico.eval.tables import to_markdown

    for table in tables:
        typer.echo(to_markdown(table))
    console.print(f"written to {out}", markup=False)


def finish(run: "Run", out: Path | None, more: "Sequence[Table]" = ()) -> None:
    """Print a run's tables and more; with `out` write the run, its page and `more.md` there."""
    from simpatico.eval import record, report
    from simpatico.eval.tables import to_markdown

    for table in (*record.tables_of(run.record), *more):
        typer.echo(to_markdown(table))
    if out:
        record.write(out, run)
        if more:
            page = "\n".join(to_markdown(table) for table in more)
            (out / "more.md").write_text(page, encoding="utf-8")
        shown = report.write(out, run)
        console.print(f"written to {out}; the page is {shown}", markup=False, soft_wrap=True)
