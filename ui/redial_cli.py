"""`simpatico train redial`, `simpatico eval redial`: what to offer next in dialogues."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import SecretStr

from simpatico.errors import DataError
from simpatico.settings import load_settings
from simpatico.ui.progress import console, progress_bars, set_up_logging
from simpatico.ui.run_cli import KeyEnv, command, key_in, told

_OUTSIDE = (
    "ratings of MovieLens, links.csv and ratings.csv; without it: ml-latest-small in or beside"
)


def train_redial(
    data: Annotated[Path, typer.Option(help="a folder with ReDial's train.jsonl and items.json")],
    out: Annotated[Path, typer.Option(help="the model's folder")],
    movielens: Annotated[
        Path | None, typer.Option(help=f"{_OUTSIDE} the data's folder, if it is there")
    ] = None,
    older: Annotated[
        Path | None,
        typer.Option(help="MovieLens 100k, ml-100k.item and .inter; without it: ml-100k, likewise"),
    ] = None,
    tags: Annotated[
        Path | None,
        typer.Option(help="movies_w_keywords.csv; without it: movie-tags, likewise"),
    ] = None,
    outside: Annotated[
        bool, typer.Option("--outside/--no-outside", help="use neither ratings nor tags")
    ] = True,
    seeds: Annotated[int, typer.Option(help="nets, from seed 0 on", min=1)] = 3,
) -> None:
    """Train a recommender on ReDial's dialogues; a run that broke off goes on."""
    from simpatico.finetune.redial_train import beside, train
    from simpatico.modelstore import ModelStore
    from simpatico.optional import needs
    from simpatico.retrieval.encoders.minilm import MiniLM

    if not outside and (movielens or older or tags):
        raise typer.BadParameter("--no-outside goes with none of --movielens, --older and --tags")
    needs("torch", "torch", "training for ReDial").set_num_threads(1)
    settings = load_settings()
    set_up_logging(settings.log_level)
    if outside:
        movielens = movielens or beside(data, "ml-latest-small")
        older = older or beside(data, "ml-100k")
        folder = beside(data, "movie-tags")
        tags = tags or (folder / "movies_w_keywords.csv" if folder else None)
    for what, path in (("MovieLens", movielens), ("MovieLens 100k", older), ("tags", tags)):
        console.print(f"{what}: {path or 'not used'}", markup=False, soft_wrap=True)
    with progress_bars() as bars:
        encoder = MiniLM(ModelStore(settings.cache).fetch("minilm", progress=bars))
        card = train(
            data,
            out,
            encoder,
            movielens=movielens,
            older=older,
            tags=tags,
            seeds=range(seeds),
            command=command(),
            progress=bars,
        )
    console.print(card.licence, markup=False)
    typer.echo(f"{card.name}\t{card.version}\t{out}")


def eval_redial(
    data: Annotated[Path, typer.Option(help="dialogues to ask about, as ReDial's test_data.jsonl")],
    items: Annotated[Path, typer.Option(help="films that can be offered, items.json")],
    out: Annotated[Path, typer.Option(help="a folder for figures, cases and tables")],
    systems: Annotated[
        list[str],
        typer.Option(
            "--system",
            default_factory=list,
            help="address of a server to ask for titles, http://host:port/v1#model; may be given"
            " again",
        ),
    ],
    model: Annotated[
        Path | None, typer.Option(help="a folder that `simpatico train redial` wrote")
    ] = None,
    baselines: Annotated[
        bool,
        typer.Option(
            "--baselines/--no-baselines",
            help="simple rules beside it; those that count dialogues need --model",
        ),
    ] = True,
    key_env: KeyEnv = "",
    n: Annotated[
        int, typer.Option(help="how many dialogues, the first of the file; 0: all", min=0)
    ] = 0,
    engine: Annotated[
        Literal["serial", "processes", "ray"], typer.Option(help="what works on messages")
    ] = "serial",
    workers: Annotated[int, typer.Option(help="parts of the messages at a time", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="of the draws of intervals")] = 0,
) -> None:
    """Measure what is offered next in dialogues, under three protocols.

    A run that broke off goes on: what is finished is kept in the folder.
    """
    from simpatico.eval.endpoint import is_url
    from simpatico.eval.redial_run import Rig, run
    from simpatico.modelstore import ModelStore
    from simpatico.optional import needs

    if unknown := [name for name in systems if not is_url(name)]:
        raise DataError(f"wanted the address of a server, http://..., got {', '.join(unknown)}")
    if model is None and not systems:
        raise DataError("wanted --model, --system or both: a system to measure")
    key = key_in(key_env, *systems)
    if model is not None:
        needs("torch", "torch", "a recommender for ReDial")
    settings = load_settings()
    set_up_logging(settings.log_level)
    rig = Rig(
        data=data,
        items=items,
        cache=settings.cache,
        model=model,
        urls=tuple(systems),
        key=SecretStr(key),
        keep=out / "kept",
        baselines=baselines,
        n=n,
    )
    asked = rig.asked()
    with progress_bars() as bars:
        if model is not None or baselines:
            ModelStore(settings.cache).fetch("minilm", progress=bars)
        tables = run(
            asked,
            rig,
            told=rig.told(),
            data=(data, items),
            command=command(),
            seed=seed,
            out=out,
            engine=engine,
            workers=workers,
            progress=bars,
        )
    told(tables, out)
