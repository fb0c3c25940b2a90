"""What `simpatico train ranker` does, and says."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from simpatico.agent.build import open_index
from simpatico.agent.eventlog import SqliteLog
from simpatico.agent.read.whole import reader_of_whole
from simpatico.errors import ModelError
from simpatico.modelstore import ModelStore
from simpatico.optional import needs
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.encoders import text_encoder
from simpatico.retrieval.encoders.minilm import MiniLM
from simpatico.retrieval.index import Index
from simpatico.retrieval.packs import load_pack
from simpatico.retrieval.versions import Versions
from simpatico.settings import Settings, load_settings
from simpatico.ui.progress import progress_bars, set_up_logging
from simpatico.ui.run_cli import command

if TYPE_CHECKING:
    from simpatico.finetune.fusion_model import Tower
    from simpatico.finetune.retrain import Dialogues, Renewal


def train_from_dialogues(
    dialogues: Path, out: Path, *, tower: "Tower", device: str, seed: int
) -> None:
    """Train the films' ranker on dialogues alone; a run that broke off goes on.

    Raises:
        DataError: the dialogues cannot be read, or what broke off in `out` was another training.
        ModelError: weights that it needs are missing.
        SettingsError: the training extra is not installed, or there is no such device here.
    """
    for library in ("torch", "onnxscript"):
        needs(library, library, "the ranker's training")
    from simpatico.finetune.checkpoints import forget
    from simpatico.finetune.dialogue_train import Plan
    from simpatico.finetune.distributed import group_of
    from simpatico.finetune.film_ranker import card_of, read_films, train_films
    from simpatico.finetune.fusion_export import export

    settings = load_settings()
    set_up_logging(settings.log_level)
    pack = load_pack("movies")
    kept = out / "checkpoints"
    with group_of(device) as group, progress_bars() as bars:
        show = bars if group.rank == 0 else lambda what, done, total: None
        encoder = MiniLM(ModelStore(settings.cache).fetch("minilm", progress=show))
        read = reader_of_whole(pack.items, encoder, settings.cache, show)
        films = read_films(dialogues, pack.items, pack.vectors, encoder, read=read, progress=show)
        plan = Plan(tower=tower, seed=seed)
        trained = train_films(films, films.talks, plan, keep=kept, group=group, progress=show)
        if group.rank:
            return
    card = card_of(trained, films, encoder=pack.encoder, command=command())
    export(trained, card, [item.id for item in films.items], out)
    forget(kept)
    typer.echo(f"{card.name}\t{card.version}\t{out}")


def train_from_events(dialogues: Path | None, *, held: float, device: str, seed: int) -> bool:
    """Retrain on everybody's events; whether the new version is served from the next start on.

    Raises:
        DataError: too few events, or the dialogues cannot be read.
        ModelError: no ranker ships for the catalogue, or for this encoder.
        SettingsError: the training extra is not installed, or there is no such device here.
        StoreError: the index or the log cannot be read, or the version not be written.
    """
    needs("torch", "torch", "the ranker's training")
    from simpatico.finetune.distributed import alone_on
    from simpatico.finetune.retrain import PLAN, Stock, renew

    group = alone_on(device)
    settings = load_settings()
    set_up_logging(settings.log_level)
    versions = Versions(settings.home, settings.catalog)
    with progress_bars() as bars, closing(open_index(settings)) as index:
        _check(versions, settings)
        beside = _dialogues(dialogues, index, settings, bars) if dialogues else None
        with closing(SqliteLog(settings.home / "events.sqlite")) as log:
            done = renew(
                versions,
                Stock(index.catalog.items, index),
                log,
                at=datetime.now(UTC),
                dialogues=beside,
                plan=replace(PLAN, seed=seed),
                held_share=held,
                group=group,
                command=command(),
                progress=bars,
            )
    tell(done)
    return done.promoted


def tell(done: "Renewal") -> None:
    """Print what came of a retraining."""
    read, parts = done.read, done.parts
    typer.echo(
        f"{done.version}\t{'promoted' if done.promoted else 'kept, not promoted'}\t"
        f"{done.verdict.words}, against {done.served}\t{done.certainty}"
    )
    typer.echo(
        f"learnt from {len(parts.learnt)} choices before {parts.cut:%Y-%m-%d %H:%M} UTC;"
        f" {read.n_events} events of {read.n_people} people, {read.n_unknown} of unknown items",
        err=True,
    )


def _check(versions: Versions, settings: Settings) -> None:
    served = versions.served()
    encoder = text_encoder(settings.retrieval, ModelStore(settings.cache)).name
    if served is None or served.model.card.encoder != encoder:
        has = f"one for {served.model.card.encoder}" if served else "none"
        raise ModelError(
            f"wanted a ranker that ships for {settings.catalog!r} and {encoder}, got {has}"
        )


def _dialogues(file: Path, index: Index, settings: Settings, bars: ProgressCallback) -> "Dialogues":
    from simpatico.finetune.film_ranker import read_films
    from simpatico.finetune.retrain import Dialogues

    items = index.catalog.items
    encoder = text_encoder(settings.retrieval, ModelStore(settings.cache))
    text = index.vectors([item.id for item in items])
    reading = MiniLM(ModelStore(settings.cache).fetch("minilm", progress=bars))
    read = reader_of_whole(items, reading, settings.cache, bars)
    films = read_films(file, items, text, encoder, read=read, progress=bars)
    return Dialogues(films.talks, len(films.dialogues))
