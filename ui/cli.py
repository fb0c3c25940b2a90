"""The command line. Results go to standard output, all else to standard error.

Exit status: 0 good, 1 a `SimpaticoError` (one line, no traceback), 2 wrong usage.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from simpatico.errors import SimpaticoError
from simpatico.settings import Settings, load_settings
from simpatico.ui import (
    catalog_cli,
    eval_cli,
    key_cli,
    llm_cli,
    model_cli,
    privacy_cli,
    ranker_cli,
    train_cli,
)
from simpatico.ui.progress import console, progress_bars, set_up_logging

app = typer.Typer(
    help="Simpatico, a conversational recommender that listens first.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(catalog_cli.catalog, name="catalog")
app.add_typer(catalog_cli.index, name="index")
app.add_typer(model_cli.model, name="model")
app.add_typer(llm_cli.llm, name="llm")
app.add_typer(key_cli.keys, name="key")
app.add_typer(privacy_cli.privacy, name="privacy")
app.add_typer(train_cli.train, name="train")
app.add_typer(ranker_cli.ranker, name="ranker")
app.add_typer(eval_cli.evaluate, name="eval")

CatalogName = Annotated[str | None, typer.Option("--catalog", help="which catalogue to use")]


def main() -> None:
    """Run the command line; errors of ours become one line."""
    try:
        app()
    except SimpaticoError as error:
        console.print(
            f"simpatico: {error}", style="red", markup=False, highlight=False, soft_wrap=True
        )
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def settings_for(catalog: str | None = None) -> Settings:
    """Read the settings, with `catalog` over the environment's, and set up logging."""
    settings = load_settings(**({"catalog": catalog} if catalog else {}))
    set_up_logging(settings.log_level, settings.log_format)
    return settings


@app.command()
def prepare() -> None:
    """Fetch the weights and build the index, as far as they are missing."""
    from simpatico.agent.build import prepare as prepare_all

    settings = settings_for()
    with progress_bars() as show:
        prepare_all(settings, progress=show)


@app.command()
def ask(
    text: Annotated[str, typer.Argument(help="what you would say")],
    user: Annotated[str, typer.Option(help="whose taste to use and to learn")] = "local",
    session: Annotated[str, typer.Option(help="continue this conversation")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    catalog: CatalogName = None,
) -> None:
    """Say one thing and get the answer."""
    from simpatico.ui.terminal import ask_once, reply_json

    reply = asyncio.run(ask_once(settings_for(catalog), text, user=user, session=session))
    if as_json:
        typer.echo(json.dumps(reply_json(reply), ensure_ascii=False, indent=2))
    else:
        typer.echo(reply.text)
        for label in reply.degraded:
            console.print(f"note: {label}", style="yellow", markup=False, soft_wrap=True)


@app.command()
def chat(
    user: Annotated[str, typer.Option(help="whose taste to use and to learn")] = "local",
    catalog: CatalogName = None,
) -> None:
    """Talk in the terminal; an empty line ends the conversation."""
    from simpatico.ui.terminal import chat_loop

    asyncio.run(chat_loop(settings_for(catalog), user=user))


@app.command()
def read(
    jsonl: Annotated[Path, typer.Option("--jsonl", help="dialogues, one JSON object a line")],
    out: Annotated[Path, typer.Option("--out", help="where the states go, one a line")],
    catalog: CatalogName = None,
) -> None:
    """Read dialogues into states: how each person feels and what they want."""
    from simpatico.ui.batch import read_dialogues
    from simpatico.ui.terminal import running

    async def work() -> int:
        async with running(settings_for(catalog)) as service:
            with progress_bars() as show:
                return await read_dialogues(service, jsonl, out, progress=show)

    _tell_bad(asyncio.run(work()))


@app.command()
def recommend(
    jsonl: Annotated[Path, typer.Option("--jsonl", help="dialogues, one JSON object a line")],
    out: Annotated[Path, typer.Option("--out", help="where the ranked ids go, one list a line")],
    k: Annotated[int, typer.Option(help="items in each list", min=1, max=1000)] = 10,
    catalog: CatalogName = None,
) -> None:
    """Recommend for each dialogue of a file."""
    from simpatico.ui.batch import recommend_dialogues
    from simpatico.ui.terminal import running

    async def work() -> int:
        async with running(settings_for(catalog)) as service:
            with progress_bars() as show:
                return await recommend_dialogues(service, jsonl, out, k=k, progress=show)

    _tell_bad(asyncio.run(work()))


def _tell_bad(bad: int) -> None:
    if bad:
        console.print(f"{bad} lines could not be used; each has an `error` in its place.")


@app.command()
def serve(
    port: Annotated[int | None, typer.Option(help="default 7860, or SIMPATICO_PORT")] = None,
    host: Annotated[str | None, typer.Option(help="default 127.0.0.1")] = None,
    catalog: CatalogName = None,
) -> None:
    """Start the page and the API."""
    from simpatico.ui.server import serve as serve_all

    given = {"port": port, "host": host, "catalog": catalog}
    settings = load_settings(**{name: value for name, value in given.items() if value})
    set_up_logging(settings.log_level, settings.log_format)
    serve_all(settings)


@app.command()
def config() -> None:
    """Print the settings in force; secrets are starred."""
    typer.echo(settings_for().model_dump_json(indent=2))


@app.command()
def doctor() -> None:
    """Check every part and say what is wrong and what to do about it."""
    from simpatico.ui.doctor import examine

    well = True
    for finding in examine(settings_for()):
        typer.echo(f"{'ok  ' if finding.well else 'FAIL'}  {finding.part}: {finding.word}")
        well = well and finding.well
    if not well:
        raise typer.Exit(1)


if __name__ == "__main__":
    main()
