"""`simpatico eval fuzz`, `simpatico eval injection`: what hostile words do to it."""

from pathlib import Path
from typing import Annotated

import typer

from simpatico.settings import load_settings
from simpatico.ui.progress import progress_bars, set_up_logging
from simpatico.ui.run_cli import command, told

Out = Annotated[Path, typer.Option(help="a folder for figures, cases and a table")]
Seed = Annotated[int, typer.Option(help="of what is drawn")]


def eval_fuzz(
    out: Out,
    n: Annotated[int, typer.Option(help="turns with each writer", min=1)] = 10_000,
    writers: Annotated[
        str,
        typer.Option(
            help="who words replies; some of templates,rephraser,adapters: the last two are"
            " scripted models that name titles from outside"
        ),
    ] = "templates",
    seed: Seed = 0,
    processes: Annotated[int, typer.Option(help="at once", min=1)] = 1,
) -> None:
    """Hold random and hostile dialogues: is a title shown that the catalogue does not have?"""
    from simpatico.eval import fuzz

    settings = load_settings()
    set_up_logging("ERROR")  # damaged replies are what is asked for
    with progress_bars() as bars:
        table = fuzz.run(
            settings,
            n=n,
            writers=fuzz.writers_of(writers),
            seed=seed,
            processes=processes,
            command=command(),
            out=out,
            progress=bars,
        )
    told([table], out)


def eval_injection(
    out: Out,
    n_model: Annotated[
        int, typer.Option(help="attacks that the embedded language model meets too", min=0)
    ] = 0,
    seed: Seed = 0,
) -> None:
    """Plant 200 attacks in titles, texts, keywords and messages: what do they get, and lift?"""
    from simpatico.eval import injection

    settings = load_settings()
    set_up_logging("ERROR")
    with progress_bars() as bars:
        tables = injection.run(
            settings,
            n_model=n_model,
            seed=seed,
            command=command(),
            out=out,
            progress=bars,
        )
    told(tables, out)
