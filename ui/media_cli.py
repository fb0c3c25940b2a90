"""Commands about pictures and sounds: how well words find them, and what joins them to words."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from simpatico.errors import DataError
from simpatico.settings import Settings, load_settings
from simpatico.ui.progress import console, progress_bars, set_up_logging
from simpatico.ui.run_cli import RunOut, as_folder, command, finish, kept_in

if TYPE_CHECKING:
    from simpatico.finetune.bridge import OnPairs
    from simpatico.finetune.own_bridge import OwnBridge
    from simpatico.finetune.sound_bridge import Music
    from simpatico.modelstore import ModelStore
    from simpatico.protocols import ProgressCallback
    from simpatico.retrieval.senses import Senses

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
    free: Annotated[
        Path | None, typer.Option(help="pictures under free licences: pairs.csv and the files")
    ] = None,
    bridge: Annotated[
        Path | None, typer.Option(help="one of `train bridge --free`, judged on --data, --posters")
    ] = None,
    music: Annotated[
        bool, typer.Option("--music", help="the music pack of this home, by its keywords")
    ] = False,
    catalog: Annotated[
        str | None, typer.Option(help="a catalogue of this home, asked for what its items share")
    ] = None,
    seed: Seed = 0,
    keep: Keep = None,
    out: Out = None,
) -> None:
    """Measure pictures by words and words by pictures, or music by words."""
    if not music and not any((data, posters, sounds, free, catalog)):
        raise typer.BadParameter("wanted --data, --posters, --sounds, --free, --music or --catalog")
    if bridge is not None and data is None and posters is None:
        raise typer.BadParameter("--bridge goes with --data or --posters")
    from simpatico.agent.build import open_index
    from simpatico.eval.cross_free import measure_free
    from simpatico.eval.cross_modal import measure_posters, measure_products
    from simpatico.eval.cross_music import measure_music
    from simpatico.eval.cross_ranked import measure_ranked
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
            *(["efficientnet-lite0"] if data or posters or free else []),
            *(["musicnn"] if sounds or music else []),
        ):
            models.fetch(name, progress=show)
        if data is not None:
            made += measure_products(
                data, models, keep=vectors, seed=seed, bridge=bridge, progress=show
            )
        if posters is not None:
            made += measure_posters(
                posters, models, keep=vectors, seed=seed, bridge=bridge, progress=show
            )
        if sounds is not None:
            made.append(measure_sounds(sounds, models, keep=vectors, seed=seed, progress=show))
        if free is not None:
            senses = _senses(settings, models)
            made += measure_free(free, senses, keep=vectors, seed=seed, progress=show)
        if music:
            senses = _senses(settings, models)
            made.append(measure_music(_music(settings, senses, vectors, show), senses, seed=seed))
        if catalog is not None:
            with closing(open_index(load_settings(catalog=catalog))) as index:
                made.append(measure_ranked(index, seed=seed, progress=show))
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
    free: Annotated[
        Path | None,
        typer.Option(help="or free pictures, or pieces composed by rule: a folder for them"),
    ] = None,
    kind: Annotated[Literal["image", "audio"], typer.Option(help="pictures or sounds")] = "image",
    font: Annotated[
        Path | None, typer.Option(help="General MIDI sound font of --free --kind audio")
    ] = None,
    labels: Annotated[
        bool, typer.Option("--labels", help="with --pairs: read classes or tags, too")
    ] = False,
    seed: Annotated[int, typer.Option(help="of the folds")] = 0,
    keep: Keep = None,
) -> None:
    """Fit what takes pictures or sounds to the space of texts, so that words find them."""
    given = [each for each in (pairs, catalog, free) if each is not None]
    if len(given) != 1 or (labels and pairs is None):
        raise typer.BadParameter("wanted --pairs, --catalog or --free; --labels goes with --pairs")
    if font is not None and not (free and kind == "audio"):
        raise typer.BadParameter("--font goes with --free and --kind audio")
    from simpatico.finetune.bridge import report
    from simpatico.finetune.own_bridge import told_of

    settings = load_settings()
    set_up_logging(settings.log_level)
    vectors = keep or settings.cache / "media-vectors"
    try:
        with progress_bars() as show:
            if free is not None:
                if kind == "image":
                    problems, told = _on_free(settings, free, out, vectors, seed, show)
                else:
                    told = _on_free_sounds(settings, free, font, out, vectors, seed, show)
                    problems = ()
            elif pairs is not None:
                found = _on_pairs(settings, pairs, kind, labels, vectors, seed, show)
                found.trained.bridge.save(out)
                problems, told = found.problems, report(found.trained, found.n, out)
            else:
                made = _on_catalog(settings, catalog or "", kind, vectors, seed, show)
                made.trained.bridge.save(out)
                problems, told = made.problems, told_of(made, out)
    except DataError as error:
        for problem in error.problems[1:]:
            console.print(problem, markup=False, soft_wrap=True)
        raise
    for problem in problems:
        console.print(f"left out: {problem}", markup=False, soft_wrap=True)
    typer.echo(told)
    typer.echo(f"To use it: simpatico catalog media {catalog or 'NAME'} --{kind}-bridge {out}")


def learn_pictures(
    settings: Settings, name: str, out: Path, progress: "ProgressCallback"
) -> tuple[bool, str]:
    """Fit a bridge for pictures to a catalogue, and write it where it finds more than names do.

    Returns:
        Whether it does, and what was measured or why nothing was, in a line for people.

    Raises:
        ModelError: an encoder cannot be had, or it cannot be written.
    """
    keep = settings.cache / "media-vectors"
    try:
        made = _on_catalog(settings, name, "image", keep, 0, progress)
    except DataError as error:
        return False, f"no bridge is fitted to the catalogue: {error}"
    if made.gain is None:
        return False, "no bridge is fitted to the catalogue: its encoder has words of its own"
    if made.better:
        made.trained.bridge.save(out)
    ways = made.trained.to_text, made.trained.from_text, made.names_to_text, made.names_from_text
    found = [float((ranks <= 10).mean()) for ranks in ways if ranks is not None]
    what = "is used from now on" if made.better else "is not better and not kept"
    return made.better, (
        f"a bridge fitted to the catalogue {what}. Of {made.n} pairs, each among those of a "
        f"fifth, R@10 to text and from text: fitted to the others {found[0]:.3f}, {found[1]:.3f}; "
        f"by names {found[2]:.3f}, {found[3]:.3f}"
    )


def _senses(settings: Settings, models: "ModelStore") -> "Senses":
    from simpatico.retrieval.encoders import text_encoder
    from simpatico.retrieval.senses import Senses

    return Senses(settings.retrieval, models, text_encoder(settings.retrieval, models))


def _on_free(
    settings: Settings,
    folder: Path,
    out: Path,
    keep: Path,
    seed: int,
    progress: "ProgressCallback",
) -> tuple[tuple[str, ...], str]:
    from simpatico.finetune.free_pictures import card_data, write_pairs
    from simpatico.finetune.ship_bridge import read_free, told_of, train_free, write_shipped
    from simpatico.modelstore import ModelStore

    write_pairs(folder, settings.cache / "packages", progress=progress)
    senses = _senses(settings, ModelStore(settings.cache))
    free = read_free(folder, "image", senses, keep=keep, progress=progress)
    made = train_free(free, seed=seed)
    write_shipped(
        out,
        free,
        made,
        data=card_data(free.pairs),
        seed=seed,
        command=f"simpatico train bridge --free FOLDER --out {out.name} --seed {seed}",
    )
    return free.problems, told_of(made, len(free.pairs), out)


def _on_free_sounds(
    settings: Settings,
    folder: Path,
    font: Path | None,
    out: Path,
    keep: Path,
    seed: int,
    progress: "ProgressCallback",
) -> str:
    from simpatico.finetune.free_sounds import FONT, write_pieces
    from simpatico.finetune.sound_bridge import told_of, train_free, write_shipped
    from simpatico.modelstore import ModelStore

    senses = _senses(settings, ModelStore(settings.cache))
    music = _music(settings, senses, keep, progress)
    pieces = write_pieces(folder, font=font or FONT, seed=seed, progress=progress)
    made = train_free(pieces, folder, music, senses, keep=keep, progress=progress)
    write_shipped(
        out,
        made,
        len(pieces),
        seed=seed,
        command=f"simpatico train bridge --free FOLDER --kind audio --out {out.name} --seed {seed}",
    )
    return told_of(made, len(pieces), music, out)


def _music(
    settings: Settings, senses: "Senses", keep: Path, progress: "ProgressCallback"
) -> "Music":
    """The music pack of this home. Raises `DataError` where it is not."""
    from simpatico.finetune.sound_bridge import read_music
    from simpatico.retrieval.catalog import Catalogs

    try:
        catalog = Catalogs(settings.home).load("music")
    except DataError as error:
        raise DataError(f"{error}; `simpatico catalog add music` brings the music pack") from error
    return read_music(catalog, senses, media=settings.home / "media", keep=keep, progress=progress)


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
) -> "OwnBridge":
    from simpatico.finetune.own_bridge import train_on_catalog
    from simpatico.modelstore import ModelStore
    from simpatico.retrieval.build import root_of, vectors_before
    from simpatico.retrieval.catalog import Catalogs

    catalog = Catalogs(settings.home).load(name)
    senses = _senses(settings, ModelStore(settings.cache))
    return train_on_catalog(
        catalog,
        kind,
        senses,
        root=settings.home / "media",
        keep=keep,
        known=vectors_before(root_of(settings.home, catalog.name), catalog.items, senses.texts),
        seed=seed,
        progress=progress,
    )
