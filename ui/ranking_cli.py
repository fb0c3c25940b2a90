"""`simpatico eval ranking`, `modalities`, `dialogues`, `deletion`: are items ordered well?"""

import importlib
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from simpatico.optional import needs
from simpatico.settings import load_settings
from simpatico.ui.progress import progress_bars, set_up_logging
from simpatico.ui.run_cli import Keep, RunOut, Seed, TableOut, as_folder, command, finish, kept_in


def eval_ranking(
    data: Annotated[Path, typer.Option(help="interactions: .inter, or MovieLens' ratings.csv")],
    systems: Annotated[
        list[str],
        typer.Option(
            "--system",
            "--rows",
            default_factory=list,
            help="rows, parted by ';', the one that matters first; without it: ours and counters",
        ),
    ],
    part: Annotated[
        Literal["dev", "test"], typer.Option(help="to choose settings by, or to report")
    ] = "dev",
    seeds: Annotated[int, typer.Option(help="runs of what has chance in it", min=1)] = 1,
    keep: Annotated[
        Path | None, typer.Option(help="a folder for what is finished: it is not run again")
    ] = None,
    out: RunOut = None,
) -> None:
    """Judge the next item over the whole catalogue: the fusion ranker and the baselines."""
    from simpatico.eval.ranking import run

    as_folder(out)
    set_up_logging(load_settings().log_level)
    names = tuple(name.strip() for name in ";".join(systems).split(";") if name.strip())
    with progress_bars() as show:
        found = run(
            data,
            part=part,
            names=names,
            n_seeds=seeds,
            keep=kept_in(out, keep),
            command=command(),
            progress=show,
        )
    finish(found, out)


def eval_modalities(
    data: Annotated[Path, typer.Option(help="interactions: .inter, or MovieLens' ratings.csv")],
    films: Annotated[Path, typer.Option(help="a folder with items.csv and images/ of the films")],
    part: Annotated[
        Literal["dev", "test"], typer.Option(help="to choose settings by, or to report")
    ] = "dev",
    rows: Annotated[
        str, typer.Option(help="some of the rows, parted by ';'; without it: all")
    ] = "",
    seeds: Annotated[int, typer.Option(help="draws of cold films, and weights", min=1, max=5)] = 1,
    epochs: Annotated[int, typer.Option(help="over what is learnt from", min=1)] = 3,
    keep: Keep = None,
    out: TableOut = None,
) -> None:
    """Judge the fusion ranker with and without text and posters, on all and on cold items."""
    from simpatico.eval.modalities import run
    from simpatico.eval.modality_rows import Recipe, rows_of
    from simpatico.ui.tables import show_all

    set_up_logging(load_settings().log_level)
    with progress_bars() as show:
        found = run(
            data,
            films,
            part=part,
            rows=rows_of(rows),
            recipe=Recipe(epochs=epochs),
            seeds=range(seeds),
            keep=keep,
            progress=show,
        )
    show_all(found.tables, out)


def eval_dialogues(
    data: Annotated[Path, typer.Option(help="ReDial's training dialogues, train.jsonl")],
    seed: Seed = 0,
    out: RunOut = None,
) -> None:
    """Judge what is offered next in dialogues: the fusion ranker, the linear one and counters.

    Four runs: offers as served, and over the whole catalogue; whether they are liked as often as
    `p_accept` says; and how much of them changes with a mood or a need.
    """
    as_folder(out)
    needs("sklearn", "scikit-learn", "calibration")
    for name, each in _with_films("dialogue_ranking", data, seed=seed).items():
        finish(each, out / name if out else None)


def eval_deletion(
    data: Annotated[Path, typer.Option(help="ReDial's training dialogues, train.jsonl")],
    seed: Seed = 0,
    keep: Annotated[
        Path | None, typer.Option(help="a folder for the trained ranker; used if it is there")
    ] = None,
    out: RunOut = None,
) -> None:
    """Take away what the films' reasons name, and see how far the films fall: two runs."""
    as_folder(out)
    runs = _with_films("deletion", data, seed=seed, keep=kept_in(out, keep))
    for name, each in runs.items():
        finish(each, out / name if out else None)


def _with_films(task: str, data: Path, **options: Any) -> Any:
    """Run a task that trains the films' ranker on a part of dialogues."""
    from simpatico.agent.read.whole import reader_of_whole
    from simpatico.modelstore import ModelStore
    from simpatico.retrieval.encoders.minilm import MiniLM
    from simpatico.retrieval.packs import load_pack

    for library in ("torch", "onnxscript"):
        needs(library, library, "the ranker's training")
    run = importlib.import_module(f"simpatico.eval.{task}").run
    settings = load_settings()
    set_up_logging(settings.log_level)
    with progress_bars() as show:
        pack = load_pack("movies")
        encoder = MiniLM(ModelStore(settings.cache).fetch("minilm", progress=show))
        read = reader_of_whole(pack.items, encoder, settings.cache, show)
        return run(data, pack, encoder, read=read, command=command(), progress=show, **options)
