"""What the commands of `simpatico eval` do with a run: write it, print it."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from simpatico.errors import DataError
from simpatico.ui.progress import console

if TYPE_CHECKING:
    from simpatico.eval.record import Run


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


def finish(run: "Run", out: Path | None) -> None:
    """Print a run's tables; with `out` write the run and its page there."""
    from simpatico.eval import record, report
    from simpatico.eval.tables import to_markdown

    for table in record.tables_of(run.record):
        typer.echo(to_markdown(table))
    if out:
        record.write(out, run)
        page = report.write(out, run)
        console.print(f"written to {out}; the page is {page}", markup=False, soft_wrap=True)
