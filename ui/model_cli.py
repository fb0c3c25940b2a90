"""`simpatico model ...`: weights and adapters, where they come from and which are in use."""

from pathlib import Path
from typing import Annotated

import typer

from simpatico import adapters
from simpatico.errors import ModelError
from simpatico.modelstore import ModelStore
from simpatico.settings import Settings, load_settings
from simpatico.ui.progress import progress_bars, set_up_logging

model = typer.Typer(help="Models and adapters: fetch, list, add, choose.", no_args_is_help=True)


@model.command("list")
def list_models() -> None:
    """List models (name, version, licence, place) and adapters (…, task and base, figures)."""
    settings = load_settings()
    set_up_logging(settings.log_level)
    store = ModelStore(settings.cache)
    for name in store.names():
        spec = store.spec(name)
        try:
            place = str(store.path(name))
        except ModelError:
            place = "not fetched"
        typer.echo(f"{name}\t{spec.version}\t{spec.licence}\t{place}")
    used = _in_use(settings)
    for folder in (*adapters.shipped_folders(), *adapters.added(settings.home)):
        try:
            adapter = adapters.load_adapter(folder)
        except ModelError as error:
            typer.echo(f"{folder.name}\t?\t?\tcannot be used: {error}")
            continue
        typer.echo(_line(adapter, in_use=folder in used))


@model.command("fetch")
def fetch(names: Annotated[list[str], typer.Argument(help="which models")]) -> None:
    """Fetch weights into the cache and verify them."""
    settings = load_settings()
    set_up_logging(settings.log_level)
    store = ModelStore(settings.cache)
    with progress_bars() as show:
        for name in names:
            typer.echo(f"{name}\t{store.fetch(name, progress=show)}")


@model.command("add")
def add(folder: Annotated[Path, typer.Argument(help="an adapter with its card.toml")]) -> None:
    """Check an adapter and copy it into home; `use` then chooses it."""
    adapter = adapters.add(folder, load_settings().home)
    typer.echo(f"{adapter.name}\t{adapter.version}\t{adapter.folder}")


@model.command("use")
def use(wanted: Annotated[str, typer.Argument(metavar="NAME[@VERSION]")]) -> None:
    """Choose an adapter for its task; it counts from the next start."""
    settings = load_settings()
    adapter = adapters.use(wanted, settings.home)
    typer.echo(f"{adapter.card.task}\t{adapter.name}@{adapter.version}")
    if adapter.base != settings.llm.model:
        typer.echo(
            f"note: it is for the base {adapter.base}; set SIMPATICO_LLM__MODEL to that, it is "
            f"{settings.llm.model} now",
            err=True,
        )


def _in_use(settings: Settings) -> set[Path]:
    used = set()
    for task in adapters.TASKS:
        try:
            adapter = adapters.chosen(task, settings.llm.model, settings.home)
        except ModelError as error:
            typer.echo(f"no {task} adapter is in use: {error}", err=True)
            continue
        if adapter is not None:
            used.add(adapter.folder)
    return used


def _line(adapter: adapters.Adapter, *, in_use: bool) -> str:
    card = adapter.card
    words = f"{card.task} on {card.base}, rank {card.rank}{', in use' if in_use else ''}"
    figures = ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in card.figures
    )
    return f"{card.name}\t{card.version}\t{card.licence}\t{words}\t{figures}"
