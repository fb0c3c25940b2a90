"""`simpatico ranker ...`: versions of the trained ranker, which one is served, and back again."""

from typing import Annotated

import typer

from simpatico.errors import ModelError
from simpatico.retrieval.catalog import Catalogs
from simpatico.retrieval.fusion import Card, read_card
from simpatico.retrieval.versions import Versions
from simpatico.settings import load_settings
from simpatico.ui.progress import set_up_logging

ranker = typer.Typer(
    help="Versions of the trained ranker: list, choose, go back.", no_args_is_help=True
)

CatalogName = Annotated[str | None, typer.Option("--catalog", help="which catalogue's")]


@ranker.command("list")
def list_versions(catalog: CatalogName = None) -> None:
    """List versions (name, whether it is served, what it learnt from, figures, calibration)."""
    versions = _versions(catalog)
    used = versions.used()
    for name in versions.names():
        state = "served" if name == used[-1] else "was served" if name in used else ""
        try:
            card = read_card(versions.folder(name))
            sure = versions.certainty(name)
        except ModelError as error:
            typer.echo(f"{name}\t{state}\tcannot be used: {error}")
            continue
        calibrated = f"calibrated on {sure.n_shown} items shown" if sure.n_shown else ""
        typer.echo("\t".join((name, state, card.data, _figures(card), calibrated)))


@ranker.command("use")
def use(
    version: Annotated[str, typer.Argument(help="a version of the list")],
    catalog: CatalogName = None,
) -> None:
    """Serve a version from the next start on."""
    _versions(catalog).use(version)
    typer.echo(f"{version}\tserved from the next start on")


@ranker.command("rollback")
def rollback(catalog: CatalogName = None) -> None:
    """Serve what was served before."""
    version = _versions(catalog).rollback()
    typer.echo(f"{version}\tserved from the next start on")


def _versions(catalog: str | None) -> Versions:
    settings = load_settings(**({"catalog": catalog} if catalog else {}))
    set_up_logging(settings.log_level)
    return Versions(settings.home, Catalogs(settings.home).load(settings.catalog).name)


def _figures(card: Card) -> str:
    return "; ".join(f"{what}: {figure}" for what, figure in card.measured)
