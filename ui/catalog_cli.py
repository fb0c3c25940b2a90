"""`simpatico catalog ...` and `simpatico index ...`."""

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from simpatico.errors import DataError, StoreError
from simpatico.settings import DEFAULT_CATALOG, load_settings
from simpatico.ui.progress import console, progress_bars, set_up_logging

if TYPE_CHECKING:
    from simpatico.retrieval.catalog import Changes
    from simpatico.retrieval.formats import Problem
    from simpatico.retrieval.media_index import MediaReport
    from simpatico.retrieval.modal import Medium

_ASK_FROM_MB = 300
_PROBLEMS_SHOWN = 20

catalog = typer.Typer(help="Import, export and list catalogues.", no_args_is_help=True)
index = typer.Typer(help="Build and check the search index.", no_args_is_help=True)

Name = Annotated[str, typer.Option("--catalog", "--name", help="which catalogue")]


@catalog.command("import")
def import_path(
    path: Annotated[
        Path,
        typer.Argument(help="a .csv, .jsonl or .parquet file, or a folder with one and images"),
    ],
    name: Name,
    column: Annotated[
        list[str] | None,
        typer.Option(help="OUR_FIELD=THEIR_COLUMN, as often as needed, e.g. title=name"),
    ] = None,
    kind: Annotated[str | None, typer.Option(help="what the items are, e.g. film")] = None,
) -> None:
    """Add or update items from a file, or from a folder with their pictures and sounds.

    Bad lines are reported one by one, the good ones kept. In a folder, `images/ID.jpg` and
    `audio/ID.ogg` belong to the item ID of `items.csv`; they are copied into home. There, genres,
    keywords and creators may take several columns: `--column keywords=colour --column
    keywords=season`.
    """
    settings = load_settings()
    set_up_logging(settings.log_level, settings.log_format)
    columns: dict[str, list[str]] = {}
    for pair in column or []:
        ours, equals, theirs = pair.partition("=")
        if not (ours and equals and theirs):
            raise typer.BadParameter(f"wanted OUR_FIELD=THEIR_COLUMN, got {pair!r}")
        columns.setdefault(ours, []).append(theirs)
    try:
        if path.is_dir():
            _import_folder(settings.home, path, name, columns, kind)
        else:
            _import_file(settings.home, path, name, columns, kind)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _import_file(
    home: Path, path: Path, name: str, columns: dict[str, list[str]], kind: str | None
) -> None:
    from simpatico.retrieval.catalog import Catalogs
    from simpatico.retrieval.formats import read_items

    if several := [field for field, of in columns.items() if len(of) > 1]:
        raise ValueError(f"in a file one column feeds {several[0]}, got {len(columns[several[0]])}")
    result = read_items(path, columns={field: of[0] for field, of in columns.items()}, kind=kind)
    _show(path.name, result.problems)
    if not result.items:
        raise DataError(f"no line of {path} could be used; {name!r} is as it was")
    _tell(name, Catalogs(home).upsert(name, result.items), len(result.problems))


def _import_folder(
    home: Path, path: Path, name: str, columns: dict[str, list[str]], kind: str | None
) -> None:
    from simpatico.retrieval.catalog import Catalogs
    from simpatico.retrieval.folders import copy_media, read_folder

    result = read_folder(path, name=name, columns=columns, kind=kind)
    _show(path.name, result.problems)
    for note in result.notes:
        console.print(note, markup=False, soft_wrap=True)
    if not result.items:
        raise DataError(f"no line of the table in {path} could be used; {name!r} is as it was")
    with progress_bars() as show:
        copy_media(result, home, progress=show)
    _tell(name, Catalogs(home).upsert(name, result.items), len(result.problems))
    n_pictured = sum(any(media.kind == "image" for media in item.media) for item in result.items)
    n_sounding = sum(any(media.kind == "audio" for media in item.media) for item in result.items)
    typer.echo(f"{n_pictured} with a picture, {n_sounding} with a sound")


def _show(file: str, problems: Iterable["Problem"]) -> None:
    for problem in problems:
        console.print(f"{file}:{problem.line}: {problem.message}", markup=False, soft_wrap=True)


def _tell(name: str, changes: "Changes", n_problems: int) -> None:
    typer.echo(
        f"{name}: {changes.added} added, {changes.changed} changed, "
        f"{changes.unchanged} unchanged, {n_problems} problems"
    )


@catalog.command("add")
def add_pack(
    pack: Annotated[str, typer.Argument(help="music")],
    only: Annotated[
        list[str] | None, typer.Option(help="take music from this package only, as often as needed")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="so many pieces at most, of the smallest packages")
    ] = None,
    mirror: Annotated[
        str | None,
        typer.Option(envvar="DEBIAN_MIRROR", help="address of a Debian archive to ask first"),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask before a large download")] = False,
) -> None:
    """Fetch a pack of items with their media: `music`, free game soundtracks.

    A second run fetches only what is still missing.
    """
    from simpatico.retrieval.packs.music import MIRRORS, NAME, add_music, plan_music

    if pack != NAME:
        hint = "; a folder of your own: simpatico catalog import" if Path(pack).exists() else ""
        raise typer.BadParameter(f"wanted a pack ({NAME}), got {pack!r}{hint}")
    settings = load_settings()
    set_up_logging(settings.log_level, settings.log_format)
    plan = plan_music(settings.home, only=only or (), limit=limit)
    fetch, keep = plan.fetch_bytes / 1e6, plan.keep_bytes / 1e6
    typer.echo(
        f"{NAME}: {len(plan.tracks) + len(plan.moods)} pieces; to fetch: {fetch:,.0f} MB in "
        f"{len(plan.missing)} packages, of which {keep:,.0f} MB stay"
    )
    if fetch > _ASK_FROM_MB and not yes and sys.stdin.isatty():
        typer.confirm("Fetch them?", default=True, abort=True)
    mirrors = (mirror, *MIRRORS) if mirror else MIRRORS
    with progress_bars() as show:
        added = add_music(settings.home, settings.cache, plan=plan, mirrors=mirrors, progress=show)
    for problem in added.problems:
        console.print(problem, markup=False, soft_wrap=True)
    _tell(NAME, added.changes, len(added.problems))
    typer.echo(f"Licences and makers: {settings.home / 'media' / NAME / 'ATTRIBUTIONS.txt'}")
    typer.echo(f"Next: simpatico serve --catalog {NAME}")
    both = f"{DEFAULT_CATALOG},{NAME}"
    typer.echo(f"or with the films: simpatico serve --catalog {both}")
    typer.echo(f"SIMPATICO_CATALOG={both} has both from now on")


@catalog.command("media")
def look_at_media(
    name: Annotated[str, typer.Argument(help="which catalogue")],
    image_bridge: Annotated[
        Path | None, typer.Option(help="for pictures: what `train bridge` wrote; kept from then on")
    ] = None,
    audio_bridge: Annotated[Path | None, typer.Option(help="likewise for sounds")] = None,
    learn: Annotated[
        bool | None,
        typer.Option(
            "--learn/--no-learn",
            help="fit one for pictures to the catalogue, kept where it finds more (unless said, "
            "where it has none), or forget such a one",
        ),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="fetch again what is on other hosts")
    ] = False,
) -> None:
    """Look at the pictures and listen to the sounds of a catalogue, so that they can be found.

    What was fetched and looked at before is not again; a run that was cut short goes on. Building
    the index later keeps this up to date by itself.
    """
    from simpatico.agent.build import look_at_media
    from simpatico.ui.media_cli import learn_pictures

    if learn and image_bridge:
        raise typer.BadParameter("wanted --learn or --image-bridge, got both")
    settings = load_settings(catalog=name)
    set_up_logging(settings.log_level, settings.log_format)
    bridges: dict[Medium, Path | None] = {"image": image_bridge, "audio": audio_bridge}
    given = {medium: path for medium, path in bridges.items() if path}
    forget: dict[Medium, Path | None] = {"image": None}
    with progress_bars() as show:
        report = look_at_media(
            settings,
            bridges=given,
            learnt=forget if learn is False else {},
            again=again,
            progress=show,
        )
    told = [
        *(f"{one.item_id}: {one.why}" for one in report.problems),
        *(f"{one.item_id}: kept as it was: {one.why}" for one in report.stale),
    ]
    for line in told[:_PROBLEMS_SHOWN]:
        console.print(line, markup=False, soft_wrap=True)
    if (n_more := len(told) - _PROBLEMS_SHOWN) > 0:
        console.print(f"{n_more} more problems")
    for count in report.counts:
        what = "pictures" if count.medium == "image" else "sounds"
        typer.echo(
            f"{name}: {count.n_vectors} of {count.n_items} {what} can be searched, "
            f"{count.n_made} newly looked at; to words by "
            f"{count.bridge or 'the encoder itself'}"
            + (", fitted to the catalogue (--learn fits it anew)" if count.learnt else "")
        )
        if count.refused:
            console.print(f"your own bridge for {what} is not used: {count.refused}", markup=False)
    if not report.counts:
        typer.echo(f"{name}: no pictures or sounds on this machine, or no encoder for them")
    if learn is not False and _teachable(report, anew=bool(learn)):
        with TemporaryDirectory() as folder, progress_bars() as show:
            out = Path(folder) / "image.npz"
            better, told_of_it = learn_pictures(settings, name, out, show)
            if better or learn:
                kept: dict[Medium, Path | None] = {"image": out if better else None}
                look_at_media(settings, learnt=kept, progress=show)
        typer.echo(f"{name}: {told_of_it}")


def _teachable(report: "MediaReport", *, anew: bool) -> bool:
    """Whether one may be fitted: words go to pictures by a bridge, and a person gave none."""
    return any(
        count.medium == "image"
        and bool(count.n_vectors and count.bridge and not count.refused)
        and (not count.own or (anew and count.learnt))
        for count in report.counts
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
    """Remove a catalogue and its indexes; the built-in one returns to what was shipped."""
    from simpatico.retrieval.build import roots_with
    from simpatico.retrieval.catalog import Catalogs

    home = load_settings().home
    try:
        Catalogs(home).remove(name)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    for root in roots_with(home, name):
        shutil.rmtree(root, ignore_errors=True)
    typer.echo(f"{name}: removed")


@index.command("build")
def build(name: Name = "movies") -> None:
    """Build the index of a catalogue anew."""
    from simpatico.agent.build import build_index

    settings = load_settings(catalog=name)
    set_up_logging(settings.log_level, settings.log_format)
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
    set_up_logging(settings.log_level, settings.log_format)
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
