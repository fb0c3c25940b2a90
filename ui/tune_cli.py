"""`simpatico train tune ...`: choose how something is trained, on what may be learnt from only."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from simpatico.ui.progress import progress_bars, set_up_logging

if TYPE_CHECKING:
    from simpatico.finetune.search import Tuned

tune = typer.Typer(help="Choose settings of a training by cross-validation.", no_args_is_help=True)

Trials = Annotated[int, typer.Option(min=1, help="in all, those kept included")]
Seed = Annotated[int, typer.Option(help="of trials and weights")]
Keep = Annotated[Path | None, typer.Option(help="a file of trials, from which it goes on")]


@tune.command("next-item")
def tune_next_item(
    interactions: Annotated[Path, typer.Option(help="a .inter file, or MovieLens' ratings.csv")],
    tower: Annotated[
        Literal["gru", "lstm", "attention", "mlp"], typer.Option(help="what reads events")
    ] = "gru",
    trials: Trials = 20,
    folds: Annotated[int, typer.Option(min=1, help="cuts in time")] = 3,
    seed: Seed = 0,
    keep: Keep = None,
    out: Annotated[
        Path | None, typer.Option(help="write the best plan here, for train next-item --plan")
    ] = None,
) -> None:
    """Tune the ranker of the next item; the last event of each person is never looked at."""
    from simpatico.optional import needs

    needs("torch", "torch", "the ranker's training")
    from simpatico.finetune.fusion_train import Plan
    from simpatico.finetune.fusion_tune import tune as search
    from simpatico.finetune.plan_file import write_plan
    from simpatico.finetune.sequences import read_interactions

    set_up_logging("WARNING")
    start = Plan(towers=(tower,), patience=2, seed=seed)
    data = read_interactions(interactions)
    with progress_bars() as bars:
        found = search(data, start, n_trials=trials, n_folds=folds, keep=keep, progress=bars)
    if out:
        write_plan(found.plan, out)
    _tell(found)


@tune.command("purchase")
def tune_purchase(
    data: Annotated[Path, typer.Option(help="a folder as jdata-micro, see docs/purchase.md")],
    trials: Trials = 20,
    seed: Seed = 0,
    keep: Keep = None,
) -> None:
    """Tune the network of purchases; sessions that measure are never looked at."""
    from simpatico.optional import needs

    needs("torch", "torch", "the network's training")
    from simpatico.finetune.purchase_data import read_browsing
    from simpatico.finetune.purchase_tune import tune as search

    set_up_logging("WARNING")
    with progress_bars() as bars:
        found = search(read_browsing(data), n_trials=trials, seed=seed, keep=keep, progress=bars)
    _tell(found)


def _tell(found: "Tuned[Any]") -> None:
    typer.echo(
        f"{found.plan}\nloss {found.loss:.4f} nats; the plan begun with {found.begun:.4f};"
        f" {found.n_pruned} of {found.n_trials} trials given up early"
    )
