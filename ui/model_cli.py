"""`simpatico model ...`: weights, where they come from and whether they are here."""

from typing import Annotated

import typer

from simpatico.errors import ModelError
from simpatico.modelstore import ModelStore
from simpatico.settings import load_settings
from simpatico.ui.progress import progress_bars, set_up_logging

model = typer.Typer(help="Fetch and list model weights.", no_args_is_help=True)


@model.command("list")
def list_models() -> None:
    """List the models Simpatico knows, with version, licence and whether they are fetched."""
    store = ModelStore(load_settings().cache)
    for name in store.names():
        spec = store.spec(name)
        try:
            place = str(store.path(name))
        except ModelError:
            place = "not fetched"
        typer.echo(f"{name}\t{spec.version}\t{spec.licence}\t{place}")


@model.command("fetch")
def fetch(names: Annotated[list[str], typer.Argument(help="which models")]) -> None:
    """Fetch weights into the cache and verify them."""
    settings = load_settings()
    set_up_logging(settings.log_level)
    store = ModelStore(settings.cache)
    with progress_bars() as show:
        for name in names:
            typer.echo(f"{name}\t{store.fetch(name, progress=show)}")
