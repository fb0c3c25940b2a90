"""`simpatico catalog ...` and `simpatico index ...`."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from simpatico.errors import DataError, StoreError
from simpatico.settings import load_settings
from simpatico.ui.progress import console, progress_bars, set_up_logging

catalog = typer.Typer(help="Import, export and list catalogues.", no_args_is_help=True)
index = typer.Typer(help="Build and check the search index.", no_args_is_help=True)

Name = Annotated[str, typer.Option("--catalog", "--name", help="which catalogue")]


@catalog.command("import")
def import_file(
    path: Annotated[Path, typer.Argument(help="a .csv, .jsonl or .parquet file")],
    name: Name,
    column: Annotated[
        list[str] | None,
        typer.Option(help="OUR_FIELD=THEIR_COLUMN, as often as needed, e.g. title=name"),
    ] = None,
    kind: Annotated[str | None, typer.Option(help="what the items are, e.g. film")] = None,
) -> None:
    """Add or update items from a file; bad lines are reported one by one, the good ones kept."""
    from simpatico.retrieval.catalog import Catalogs
    from simpatico.retrieval.formats import read_items

    settings = load_settings()
    set_up_logging(settings.log_level)
    columns = {}
    for pair in column or []:
        ours, equals, theirs = pair.partition("=")
        if not (ours and equals and theirs):
            raise typer.BadParameter(f"wanted OUR_FIELD=THEIR_COLUMN, got {pair!r}")
        columns[ours] = theirs
    try:
        result = read_items(path, columns=columns, kind=kind)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    for problem in result.problems:
        console.print(
            f"{path.name}:{problem.line}: {problem.message}", markup=False, soft_wrap=True
        )
    if not result.items:
        raise DataError(f"no line of {path} could be used; {name!r} is as it was")
    try:
        changes = Catalogs(settings.home).upsert(name, result.items)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    typer.echo(
        f"{name}: {changes.added} added, {changes.changed} changed, "
        f"{changes.unchanged} unchanged, {len(result.problems)} problems"
    )


@catalog.command("export")
def export_file(
    path: Annotated[Path, typer.Argument(help="a .csv, .jsonl or .parquet file to write")],
    name: Name = "movies",
) -> None:
    """Write a catalogue to a file that imports to the same items."""
    from simpatico.retrieval.catalog import Catalogs
    from simpatico.retrieval.formats import write_items

    items = Catalogs(load_settings().home).load(name).items
    try:
        write_items(path, items)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    except OSError as error:
        raise DataError(f"cannot write to {path}: {error.strerror}") from error
    typer.echo(f"{name}: {len(items)} items written to {path}")


@catalog.command("list")
def list_names() -> None:
    """List the catalogues with their sizes."""
    from simpatico.retrieval.catalog import Catalogs

    catalogs = Catalogs(load_settings().home)
    for name in catalogs.names():
        typer.echo(f"{name}\t{len(catalogs.load(name))}")


@catalog.command("remove")
def remove(name: Annotated[str, typer.Argument(help="which catalogue")]) -> None:
    """Remove a catalogue and its index; the built-in one returns to what was shipped."""
    from simpatico.retrieval.build import root_of
    from simpatico.retrieval.catalog import Catalogs

    home = load_settings().home
    try:
        Catalogs(home).remove(name)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    shutil.rmtree(root_of(home, name), ignore_errors=True)
    typer.echo(f"{name}: removed")


@index.command("build")
def build(name: Name = "movies") -> None:
    """Build the index of a catalogue anew."""
    from simpatico.agent.build import build_index

    settings = load_settings(catalog=name)
    set_up_logging(settings.log_level)
    with progress_bars() as show:
        n_items = build_index(settings, progress=show)
    typer.echo(f"{name}: {n_items} items indexed")


@index.command("audit")
def audit(
    name: Name = "movies",
    repair: Annotated[bool, typer.Option("--repair", help="mend what is found")] = False,
) -> None:
    """Count items that search cannot reach, and mend the index on request."""
    from simpatico.agent.build import open_index

    settings = load_settings(catalog=name)
    set_up_logging(settings.log_level)
    opened = open_index(settings)
    try:
        report = opened.audit(repair=repair)
    finally:
        opened.close()
    typer.echo(
        f"{name}: {report.n_items} items, {report.n_stored} vectors, {report.n_checked} checked; "
        f"{len(report.missing)} missing, {len(report.strange)} strange, "
        f"{len(report.unreachable)} unreachable"
        + (", built anew" if report.rebuilt else "")
        + f"; {len(report.left)} still wrong"
    )
    if not report.ok:
        raise StoreError("the index is damaged; `simpatico index audit --repair` mends it")
