"""`simpatico eval multimodal`: words and pictures that find each other, and what they add."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from simpatico.errors import DataError
from simpatico.settings import load_settings
from simpatico.ui.progress import progress_bars, set_up_logging
from simpatico.ui.run_cli import as_folder, command, finish, kept_in


def eval_multimodal(
    out: Annotated[Path, typer.Option(help="a folder for the runs, `retrieval` and `ablation`")],
    data: Annotated[
        Path | None, typer.Option(help="products: items.csv and images/, for retrieval")
    ] = None,
    interactions: Annotated[
        Path | None, typer.Option(help=".inter or ratings.csv, with --films, for the ablation")
    ] = None,
    films: Annotated[
        Path | None, typer.Option(help="a folder with items.csv and images/ of the films")
    ] = None,
    part: Annotated[
        Literal["dev", "test"], typer.Option(help="of the ablation: to choose by, or to report")
    ] = "dev",
    rows: Annotated[
        str, typer.Option("--system", "--rows", help="rows of the ablation, parted by ';'")
    ] = "",
    seeds: Annotated[int, typer.Option(help="draws of cold films, and weights", min=1, max=5)] = 1,
    epochs: Annotated[int, typer.Option(help="of the ablation's rankers", min=1)] = 3,
    seed: Annotated[int, typer.Option(help="of the split of products, folds and draws")] = 0,
    keep: Annotated[
        Path | None, typer.Option(help="keep vectors and what is finished in this folder")
    ] = None,
) -> None:
    """Measure retrieval across modalities, and rankers with and without them, cold items too."""
    if (interactions is None) != (films is None) or (data is None and films is None):
        raise DataError("wanted --data, or --interactions with --films, or all three")
    as_folder(out)
    set_up_logging(load_settings().log_level)
    kept = kept_in(out, keep) or out
    if data is not None:
        _retrieval(data, out / "retrieval", kept, seed)
    if interactions is not None and films is not None:
        _ablation(interactions, films, out / "ablation", kept, part, rows, seeds, epochs)


def _retrieval(data: Path, out: Path, keep: Path, seed: int) -> None:
    from simpatico.eval import cross_modal
    from simpatico.eval.multimodal import retrieval_run
    from simpatico.modelstore import ModelStore

    models = ModelStore(load_settings().cache)
    with progress_bars() as show:
        for name in ("minilm", "efficientnet-lite0"):
            models.fetch(name, progress=show)
        products, problems = cross_modal.read_products(data, keep, models, progress=show)
        found, held = cross_modal.run(products, seed=seed, progress=show)
        made = retrieval_run(
            found, products, held, data=data, problems=problems, command=command(), seed=seed
        )
    finish(made, out)


def _ablation(
    data: Path,
    films: Path,
    out: Path,
    keep: Path,
    part: Literal["dev", "test"],
    rows: str,
    seeds: int,
    epochs: int,
) -> None:
    from simpatico.eval.modalities import run
    from simpatico.eval.modality_rows import Recipe, rows_of
    from simpatico.eval.multimodal import ablation_run

    recipe = Recipe(epochs=epochs)
    with progress_bars() as show:
        found = run(
            data,
            films,
            part=part,
            rows=rows_of(rows),
            recipe=recipe,
            seeds=range(seeds),
            keep=keep,
            progress=show,
        )
    made = ablation_run(
        found.found,
        found.people,
        data=[data, films / "items.csv"],
        protocol={
            "part": part,
            "learnt": str(recipe),
            **{f"draw {at}": told for at, told in enumerate(found.draws)},
        },
        command=command(),
    )
    finish(made, out, found.tables)
