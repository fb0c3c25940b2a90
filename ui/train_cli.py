"""`simpatico train ...`: teach an adapter."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import typer

from simpatico.adapters import Adapter, Task
from simpatico.errors import DataError
from simpatico.protocols import ProgressCallback
from simpatico.settings import load_settings
from simpatico.ui import run_cli
from simpatico.ui.media_cli import train_bridge
from simpatico.ui.next_item_cli import train_next_item
from simpatico.ui.progress import console, progress_bars, set_up_logging
from simpatico.ui.redial_cli import train_redial
from simpatico.ui.tune_cli import tune

TELL_EVERY = 50
NOT_PROMOTED = 3
"""Exit status of a training whose result is kept but not put to use."""

train = typer.Typer(
    help="Train the reader, the explainer, the ranker or a bridge.", no_args_is_help=True
)

RecipePath = Annotated[Path, typer.Option("--recipe", help="a TOML recipe")]
Data = Annotated[Path, typer.Option("--data", help="examples (.jsonl) or a folder of data sets")]
Out = Annotated[Path, typer.Option("--out", help="the adapter's folder")]
Start = Annotated[Path | None, typer.Option("--start", help="an adapter to begin from")]
Name = Annotated[str, typer.Option("--name", help="of the adapter; the task's if not given")]
Version = Annotated[str, typer.Option("--version", help="of the adapter")]
Licence = Annotated[str, typer.Option("--licence", help="of the adapter, for its card")]


def _command(task: Task) -> Callable[..., None]:
    def command(
        recipe: RecipePath,
        data: Data,
        out: Out,
        start: Start = None,
        name: Name = "",
        version: Version = "1",
        licence: Licence = "not stated",
    ) -> None:
        from simpatico.finetune.train_run import run

        settings = load_settings()
        set_up_logging(settings.log_level)
        try:
            adapter = _with_bars(
                lambda show: run(
                    task,
                    recipe,
                    data,
                    out,
                    cache=settings.cache,
                    start=start,
                    name=name,
                    version=version,
                    licence=licence,
                    command=run_cli.command(),
                    progress=show,
                )
            )
        except KeyboardInterrupt:
            kept = (out / "checkpoint").is_dir()
            console.print(
                f"Stopped. What was learnt is kept in {out}: the same command goes on from there."
                if kept
                else "Stopped before anything was learnt: the same command begins again.",
                markup=False,
                soft_wrap=True,
            )
            raise typer.Exit(130) from None
        except DataError as error:
            for problem in error.problems[1:]:
                console.print(problem, markup=False, soft_wrap=True)
            raise
        typer.echo(f"{adapter.name}\t{adapter.version}\t{adapter.folder}")

    return command


train.command("reader", help="Train an adapter that reads what people say.")(_command("reader"))
train.command("explainer", help="Train an adapter that says why.")(_command("explainer"))
train.command("redial")(train_redial)
train.command("bridge")(train_bridge)
train.command("next-item")(train_next_item)
train.add_typer(tune, name="tune")


@train.command("calibrate")
def calibrate(
    adapter: Annotated[Path, typer.Option("--adapter", help="a trained reader's folder")],
    data: Annotated[Path, typer.Option("--data", help="labelled sentences, as GoEmotions' dev")],
) -> None:
    """Choose when a mood that the reader hears holds, on sentences it did not learn from."""
    from simpatico.agent.read.mood import MoodReader
    from simpatico.finetune.calibrate import calibrate_reader
    from simpatico.modelstore import ModelStore
    from simpatico.retrieval.encoders.minilm import MiniLM

    settings = load_settings()
    set_up_logging(settings.log_level)
    with progress_bars() as bars:
        beside = MoodReader(MiniLM(ModelStore(settings.cache).fetch("minilm", progress=bars)))
        found = calibrate_reader(
            adapter, data, cache=settings.cache, head=beside.chances, progress=bars
        )
    typer.echo(f"temperature {found.temperature:.3f}; thresholds written to {adapter}")


@train.command("ranker")
def ranker(
    dialogues: Annotated[
        Path | None, typer.Option(help="ReDial's training dialogues, train.jsonl")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="the ranker's folder")] = None,
    from_events: Annotated[
        bool, typer.Option("--from-events", help="go on from the shipped one with people's events")
    ] = False,
    held: Annotated[
        float, typer.Option(help="with --from-events: share of the newest choices to judge by")
    ] = 0.2,
    tower: Annotated[
        Literal["gru", "lstm", "attention", "mlp"] | None,
        typer.Option(help="what reads what was named, with --out; gru if not given"),
    ] = None,
    device: Annotated[Literal["cpu", "cuda"], typer.Option(help="what computes")] = "cpu",
    seed: Annotated[int, typer.Option(help="of weights, order and folds")] = 0,
) -> None:
    """Train the ranker of the films on dialogues, or go on with what people here did.

    Into --out from --dialogues alone: a run that broke off goes on, and under torchrun several
    processes share the work. With --from-events (and dialogues, if given) into home as a new
    version, put to use only if it wins on the newest choices: status 0 then, 3 if it does not.
    """
    from simpatico.ui.ranker_train import train_from_dialogues, train_from_events

    if from_events and out is None:
        if not 0 < held < 1:
            raise typer.BadParameter("wanted a share between 0 and 1", param_hint="--held")
        if tower is not None:
            raise typer.BadParameter(
                "goes with --out; --from-events goes on with the tower of the shipped ranker",
                param_hint="--tower",
            )
        if not train_from_events(dialogues, held=held, device=device, seed=seed):
            raise typer.Exit(NOT_PROMOTED)
        return
    if from_events or dialogues is None or out is None:
        raise typer.BadParameter("wanted --from-events, or --dialogues with --out")
    train_from_dialogues(dialogues, out, tower=tower or "gru", device=device, seed=seed)


def _with_bars(work: Callable[[ProgressCallback], Adapter]) -> Adapter:
    """Run with a bar for each stage; the loss, part of a label, gets lines of its own."""
    with progress_bars() as bars:

        def show(label: str, done: int, total: int) -> None:
            stage, _, word = label.partition(", ")
            bars(stage, done, total)
            if word and (done % TELL_EVERY == 0 or done == total):
                console.print(f"{stage}: step {done} of {total}, {word}")

        return work(show)
