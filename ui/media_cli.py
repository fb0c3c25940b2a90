"""Commands about pictures and sounds: how well words find them, and what joins them to words."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from simpatico.errors import DataError
from simpatico.settings import Settings, load_settings
from simpatico.ui.progress import console, progress_bars, set_up_logging
from simpatico.ui.run_cli import RunOut, as_folder, command, finish, kept_in

if TYPE_CHECKING:
    from simpatico.finetune.bridge import OnPairs
    from simpatico.protocols import ProgressCallback

Seed = Annotated[int, typer.Option(help="of the split, folds and draws")]
Keep = Annotated[
    Path | None, typer.Option(help="keep vectors in this folder; without it in the cache")
]
Out = Annotated[Path | None, typer.Option(help="also write the tables here, as Markdown")]


def eval_cross_modal(
    data: Annotated[
        Path | None, typer.Option(help="fashion products: items.csv and images/")
    ] = None,
    posters: Annotated[
        Path | None, typer.Option(help="film posters: items.csv and images/")
    ] = None,
    sounds: Annotated[Path | None, typer.Option(help="Emotify: annotations.csv and audio/")] = None,
    seed: Seed = 0,
    keep: Keep = None,
    out: Out = None,
) -> None:
    """Measure pictures by words and words by pictures, or music by words."""
    if data is None and posters is None and sounds is None:
        raise typer.BadParameter("wanted --data, --posters or --sounds")
    from simpatico.eval.cross_modal import measure_posters, measure_products
    from simpatico.eval.cross_sounds import measure_sounds
    from simpatico.modelstore import ModelStore
    from simpatico.ui.tables import show_all

    settings = load_settings()
    set_up_logging(settings.log_level)
    models = ModelStore(settings.cache)
    vectors = keep or settings.cache / "media-vectors"
    made = []
    with progress_bars() as show:
        for name in (
            "minilm",
            *(["efficientnet-lite0"] if data or posters else []),
            *(["musicnn"] if sounds else []),
        ):
            models.fetch(name, progress=show)
        if data is not None:
            made += measure_products(data, models, keep=vectors, seed=seed, progress=show)
        if posters is not None:
            made += measure_posters(posters, models, keep=vectors, seed=seed, progress=show)
        if sounds is not None:
            made.append(measure_sounds(sounds, models, keep=vectors, seed=seed, progress=show))
    show_all(made, out)


def eval_music_mood(
    data: Annotated[Path, typer.Option(help="Emotify: annotations.csv and audio/")],
    seed: Seed = 0,
    keep: Keep = None,
    out: RunOut = None,
) -> None:
    """Measure whether a feeling brings up the music in which people felt it."""
    from simpatico.eval.music_mood import measure
    from simpatico.modelstore import ModelStore

    as_folder(out)
    settings = load_settings()
    set_up_logging(settings.log_level)
    with progress_bars() as show:
        made = measure(
            data,
            ModelStore(settings.cache),
            command=command(),
            keep=kept_in(out, keep),
            seed=seed,
            progress=show,
        )
    finish(made, out)


def train_bridge(
    out: Annotated[Path, typer.Option("--out", help="the bridge to write, .npz")],
    pairs: Annotated[
        Path | None, typer.Option(help="a folder with pairs.csv (file, text) and the files")
    ] = None,
    catalog: Annotated[
        str | None, typer.Option(help="or a catalogue: its items' own pictures or sounds and texts")
    ] = None,
    kind: Annotated[Literal["image", "audio"], typer.Option(help="pictures or sounds")] = "image",
    labels: Annotated[
        bool, typer.Option("--labels", help="with --pairs: read classes or tags, too")
    ] = False,
    seed: Annotated[int, typer.Option(help="of the folds")] = 0,
    keep: Keep = None,
) -> None:
    """Fit what takes pictures or sounds to the space of texts, so that words find them."""
    if (pairs is None) == (catalog is None) or (labels and pairs is None):
        raise typer.BadParameter("wanted --pairs or --catalog; --labels goes with --pairs")
    from simpatico.finetune.bridge import report

    settings = load_settings()
    set_up_logging(settings.log_level)
    vectors = keep or settings.cache / "media-vectors"
    try:
        with progress_bars() as show:
            if pairs is not None:
                found = _on_pairs(settings, pairs, kind, labels, vectors, seed, show)
            else:
                found = _on_catalog(settings, catalog or "", kind, vectors, seed, show)
    except DataError as error:
        for problem in error.problems[1:]:
            console.print(problem, markup=False, soft_wrap=True)
        raise
    found.trained.bridge.save(out)
    for problem in found.problems:
        console.print(f"left out: {problem}", markup=False, soft_wrap=True)
    typer.echo(report(found.trained, found.n, out))
    typer.echo(f"To use it: simpatico catalog media {catalog or 'NAME'} --{kind}-bridge {out}")


def _on_pairs(
    settings: Settings,
    folder: Path,
    kind: Literal["image", "audio"],
    labels: bool,
    keep: Path,
    seed: int,
    progress: "ProgressCallback",
) -> "OnPairs":
    from simpatico.finetune.bridge import train_on_pairs
    from simpatico.modelstore import ModelStore
    from simpatico.retrieval.encoders import text_encoder
    from simpatico.retrieval.senses import EMBEDDED

    models = ModelStore(settings.cache)
    models.fetch(EMBEDDED[kind], progress=progress)
    texts = text_encoder(settings.retrieval, models)
    return train_on_pairs(
        folder, kind, models, texts, labels=labels, keep=keep, seed=seed, progress=progress
    )


def _on_catalog(
    settings: Settings,
    name: str,
    kind: Literal["image", "audio"],
    keep: Path,
    seed: int,
    progress: "ProgressCallback",
) -> "OnPairs":
    from simpatico.finetune.bridge import train_on_catalog
    from simpatico.modelstore import ModelStore
    from simpatico.retrieval.catalog import Catalogs
    from simpatico.retrieval.encoders import text_encoder
    from simpatico.retrieval.senses import Senses

    models = ModelStore(settings.cache)
    return train_on_catalog(
        Catalogs(settings.home).load(name),
        kind,
        Senses(settings.retrieval, models, text_encoder(settings.retrieval, models)),
        root=settings.home / "media",
        keep=keep,
        seed=seed,
        progress=progress,
    )
