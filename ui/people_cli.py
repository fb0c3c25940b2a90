"""`simpatico eval fairness`: whom and what a ranker serves."""

import shlex
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from simpatico.settings import load_settings
from simpatico.ui.progress import console, progress_bars, set_up_logging


def eval_fairness(
    data: Annotated[
        Path, typer.Option(help="interactions, .inter or ratings.csv, or a folder with one")
    ],
    out: Annotated[Path, typer.Option(help="a folder for figures, cases, tables and a report")],
    items: Annotated[
        Path | None, typer.Option(help="genres: .item or movies.csv; without it: beside the data")
    ] = None,
    users: Annotated[
        Path | None,
        typer.Option(help="age, gender, mood of people: .user; without it: beside the data"),
    ] = None,
    part: Annotated[
        Literal["dev", "test"], typer.Option(help="to choose settings by, or to report")
    ] = "test",
    rows: Annotated[
        str,
        typer.Option(
            help="systems, parted by ';'; without it: the counters, our ranker where torch is, and"
            " what --keep has"
        ),
    ] = "",
    rerank: Annotated[
        str, typer.Option(help="whose lists are varied; without it: the first system's")
    ] = "",
    keep: Annotated[
        Path | None, typer.Option(help="a folder of kept rankings, as eval ranking --keep has it")
    ] = None,
    seed: Annotated[int, typer.Option(help="of draws and shuffles")] = 0,
) -> None:
    """Measure exposure, popularity, calibration, gaps between groups, and what variety costs."""
    from simpatico.eval.fairness import run
    from simpatico.eval.tables import to_markdown

    set_up_logging(load_settings().log_level)
    with progress_bars() as bars:
        tables = run(
            data,
            part=part,
            out=out,
            command=shlex.join(["simpatico", *sys.argv[1:]]),
            items=items,
            users=users,
            names=tuple(name.strip() for name in rows.split(";") if name.strip()),
            rerank_of=rerank,
            keep=keep,
            seed=seed,
            progress=bars,
        )
    for table in tables:
        typer.echo(to_markdown(table))
    console.print(f"written to {out}", markup=False)
