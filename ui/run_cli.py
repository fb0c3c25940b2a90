"""What the commands of `simpatico eval` do with a run: write it, print it."""

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simpatico.errors import DataError, SettingsError
from simpatico.ui.progress import console

if TYPE_CHECKING:
    from simpatico.eval.record import Run
    from simpatico.eval.tables import Table


RunOut = Annotated[
    Path | None, typer.Option(help="a folder for the run: record, cases, table, page")
]
TableOut = Annotated[Path | None, typer.Option(help="also write the table here, as Markdown")]
Seed = Annotated[int, typer.Option(help="of draws, folds and weights")]
Keep = Annotated[
    Path | None,
    typer.Option(help="a folder for scores and vectors; what it has is not computed again"),
]
KeyEnv = Annotated[
    str,
    typer.Option(
        help="the environment variable that has the key of the servers; without it none is sent"
    ),
]

BASE = "smollm2-135m-instruct"
"""The model that adapters are trained on, of the store."""


def key_in(variable: str, *servers: str) -> str:
    """The key of servers, from the environment variable that `--key-env` names; "" without one.

    Raises:
        SettingsError: there is no such variable, or no server to send it to.
    """
    if not variable:
        return ""
    if not any(servers):
        raise SettingsError("--key-env goes with the address of a server")
    if key := os.environ.get(variable, ""):
        return key
    raise SettingsError(f"--key-env: there is no environment variable {variable}")


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
    from simpatico.eval.tables import to_markdown, write_page

    for table in (*record.tables_of(run.record), *more):
        typer.echo(to_markdown(table))
    if out:
        shown = report.keep(out, run)
        if more:
            write_page(out / "more.md", more)
        console.print(f"written to {out}; the page is {shown}", markup=False, soft_wrap=True)
