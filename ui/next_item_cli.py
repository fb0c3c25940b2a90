"""`simpatico train next-item` and `eval privacy`: rankers of the next item, from interactions."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from simpatico.errors import SettingsError
from simpatico.settings import load_settings
from simpatico.ui.progress import console, progress_bars, set_up_logging
from simpatico.ui.run_cli import RunOut, as_folder, command, finish, kept_in

if TYPE_CHECKING:
    from simpatico.finetune.ranker_files import NextItemCard


def train_next_item(
    interactions: Annotated[Path, typer.Option(help="a .inter file, or MovieLens' ratings.csv")],
    out: Annotated[Path, typer.Option("--out", help="the ranker's folder")],
    dp_epsilon: Annotated[
        float | None,
        typer.Option(help="train with differential privacy for people, and spend at most so much"),
    ] = None,
    dp_delta: Annotated[
        float, typer.Option(help="with --dp-epsilon: how likely the promise may fail")
    ] = 1e-5,
    towers: Annotated[
        str | None,
        typer.Option(help="what reads events, such as gru,attention,mlp or lstm; averaged"),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="over all events, for each tower")
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(min=0, help="stop after so many epochs without a gain on what is held back"),
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(help="what train tune next-item --out wrote; other options go before it"),
    ] = None,
    device: Annotated[Literal["cpu", "cuda"], typer.Option(help="what computes")] = "cpu",
    seed: Annotated[int, typer.Option(help="of weights, order and noise")] = 0,
) -> None:
    """Train a ranker of the next item on what people did; a run that broke off goes on.

    Under torchrun several processes share the work. With --dp-epsilon nobody can be told from the
    result but within the bound that its card says; that has no checkpoints, and one process.
    """
    if dp_epsilon is not None and (device == "cuda" or towers or epochs or patience or plan):
        raise SettingsError(
            "--dp-epsilon trains one tower in its own way, on the processor: leave --device,"
            " --towers, --epochs, --patience and --plan out"
        )
    from simpatico.optional import needs

    needs("torch", "torch", "the ranker's training")
    set_up_logging(load_settings().log_level)
    card = (
        _in_the_open(interactions, out, device, towers, epochs, patience, plan, seed, command())
        if dp_epsilon is None
        else _in_private(interactions, out, dp_epsilon, dp_delta, seed, command())
    )
    if card is not None:
        typer.echo(f"next item\t{', '.join(card.towers)}\t{out}")


def _in_the_open(
    interactions: Path,
    out: Path,
    device: str,
    towers: str | None,
    epochs: int | None,
    patience: int | None,
    plan_file: Path | None,
    seed: int,
    command: str,
) -> "NextItemCard | None":
    from simpatico.finetune.checkpoints import forget
    from simpatico.finetune.distributed import group_of
    from simpatico.finetune.fusion_train import TOWERS, Plan, catalogue_of, train
    from simpatico.finetune.plan_file import read_plan
    from simpatico.finetune.ranker_files import NextItemCard, save
    from simpatico.finetune.sequences import read_interactions

    usual = replace(read_plan(plan_file) if plan_file else Plan(), seed=seed)
    asked = towers.split(",") if towers else usual.towers
    if strange := sorted({*asked} - {*TOWERS}):
        raise SettingsError(f"wanted towers out of {', '.join(TOWERS)}, got {', '.join(strange)}")
    chosen = tuple(name for name in TOWERS if name in asked)
    plan = replace(
        usual,
        towers=chosen,
        epochs=epochs or usual.epochs,
        patience=usual.patience if patience is None else patience,
    )
    data = read_interactions(interactions)
    kept = out / "checkpoints"
    with group_of(device) as group, progress_bars() as bars:
        trained = train(
            data,
            catalogue_of(len(data.items), {}),
            plan,
            keep=kept,
            group=group,
            progress=bars if group.rank == 0 else lambda what, done, total: None,
        )
        if group.rank:
            return None
    about = f"{interactions.name}: {data.n_events} events of {len(data)} people"
    card = NextItemCard(towers=plan.towers, width=plan.width, data=about, command=command)
    save(trained, card, data.items, out)
    forget(kept)
    return card


def _in_private(
    interactions: Path, out: Path, epsilon: float, delta: float, seed: int, command: str
) -> "NextItemCard":
    from simpatico.finetune.private import PrivatePlan, train_private
    from simpatico.finetune.ranker_files import NextItemCard, Privacy, save
    from simpatico.finetune.sequences import read_interactions

    data = read_interactions(interactions)
    try:
        plan = PrivatePlan(epsilon, delta=delta, seed=seed)
        with progress_bars() as bars:
            trained, spent = train_private(data, plan, progress=bars)
    except ValueError as error:
        raise SettingsError(str(error)) from error
    console.print(f"spent epsilon {spent.epsilon:.2f} at delta {spent.delta:g}", markup=False)
    card = NextItemCard(
        towers=("mlp",),
        width=plan.width,
        data=f"{interactions.name}, of {spent.n_people} people",
        privacy=Privacy(epsilon=spent.epsilon, delta=spent.delta, n_people=spent.n_people),
        command=command,
    )
    save(trained, card, data.items, out)
    return card


def eval_privacy(
    data: Annotated[Path, typer.Option(help="interactions: .inter, or MovieLens' ratings.csv")],
    part: Annotated[
        Literal["dev", "test"], typer.Option(help="to choose settings by, or to report")
    ] = "dev",
    epsilons: Annotated[str, typer.Option(help="parted by ','")] = "1,2,4,8,16",
    seeds: Annotated[int, typer.Option(help="trainings for each", min=1)] = 1,
    keep: Annotated[
        Path | None, typer.Option(help="a folder for what is finished: it is not run again")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="a drawing, .svg or .png")] = None,
    out: RunOut = None,
) -> None:
    """Measure what privacy for people costs the ranker of the next item."""
    from simpatico.eval import private_ranking

    as_folder(out)
    try:
        chosen = [float(each) for each in epsilons.split(",")]
    except ValueError as error:
        raise SettingsError(f"wanted --epsilons as numbers parted by ',': {error}") from error
    if any(not each > 0 for each in chosen):
        raise SettingsError(f"wanted --epsilons above 0, got {epsilons}")
    if plot is not None:
        from simpatico.optional import needs

        needs("matplotlib", "matplotlib", "the plot")
    set_up_logging(load_settings().log_level)
    with progress_bars() as bars:
        curve = private_ranking.run(
            data, part=part, epsilons=chosen, n_seeds=seeds, keep=kept_in(out, keep), progress=bars
        )
    made = private_ranking.run_of(curve, data, command=command())
    finish(made, out, [private_ranking.table(curve)])
    if plot is not None:
        private_ranking.plot(curve, plot)
        console.print(f"drawn in {plot}", markup=False)
