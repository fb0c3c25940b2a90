"""`simpatico eval privacy`: what privacy for people costs the ranker of the next item.

The protocol is `next_item`'s. A row for each epsilon, means over seeds; beside them the same
training without noise, and popularity. Noise is drawn anew for each seed.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.eval.baselines_items import popularity
from simpatico.eval.kept import Kept
from simpatico.eval.next_item import (
    MIN_EVENTS,
    Interval,
    Part,
    Split,
    card_of,
    interval,
    judge,
    places_of,
    split_of,
)
from simpatico.eval.ranking import Found, cases_of, checks_of
from simpatico.eval.record import Run, record_of
from simpatico.eval.tables import Table
from simpatico.finetune.sequences import read_interactions
from simpatico.optional import needs
from simpatico.protocols import ProgressCallback

EPSILONS: Final = (1.0, 2.0, 4.0, 8.0, 16.0)
DELTA: Final = 1e-5


class Point(NamedTuple):
    """One epsilon (infinite: no noise): what a plan for it spends, and how the ranker did.

    `places` are those of the targets, (n_seeds, n_asked), from 1.
    """

    epsilon: float
    spent: float
    noise: float
    hit: float
    ndcg: Interval
    spread: float
    n_seeds: int
    places: NDArray[np.float64]


class Curve(NamedTuple):
    """All points, by epsilon; popularity's NDCG@10 and places, (n_asked,); and the split."""

    points: tuple[Point, ...]
    popularity: Interval
    popular: NDArray[np.float64]
    split: Split
    part: Part


def run(
    data: Path,
    *,
    part: Part,
    epsilons: Sequence[float] = EPSILONS,
    delta: float = DELTA,
    n_seeds: int = 1,
    keep: Path | None = None,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Curve:
    """Train and judge, for each epsilon and without noise.

    Args:
        data: as `read_interactions` takes it.
        part: "dev" to choose by, "test" to report.
        epsilons: above 0.
        delta: of all.
        n_seeds: of each.
        keep: a folder for what is finished; see `Kept`.
        progress: told of trainings, and of steps.

    Raises:
        DataError: the file is not what is wanted.
        SettingsError: torch or Opacus is not installed.
        ValueError: an epsilon that no noise reaches.
    """
    needs("torch", "torch", "private training")
    needs("opacus", "opacus", "private training")
    from simpatico.finetune.private import PrivatePlan, account, train_private

    split = split_of(read_interactions(data), part)
    kept = Kept(keep, card_of(split, part).model_dump_json())
    n_people = sum(len(what) > 1 for what in split.known.what)
    points = []
    chosen = (*sorted(set(epsilons) - {math.inf}), math.inf)
    for number, epsilon in enumerate(chosen):
        plan = PrivatePlan(epsilon, delta=delta)
        spent = account(plan, n_people)
        each, places = [], []
        for seed in range(n_seeds):
            progress("Comparing", number * n_seeds + seed, len(chosen) * n_seeds)

            def scores(epsilon: float = epsilon, seed: int = seed) -> NDArray[np.float32]:
                plan = PrivatePlan(epsilon, delta=delta, seed=seed)
                trained, _ = train_private(split.known, plan, progress=progress)
                return trained.scores(split.known, split.rows)

            found = kept.get(repr(plan), seed, scores).scores
            each.append(judge(found, split))
            places.append(places_of(found, split))
        over = [one.ndcg.mean() for one in each]
        points.append(
            Point(
                epsilon,
                spent.epsilon,
                spent.noise,
                float(np.mean([one.hit for one in each])),
                interval(np.mean([one.ndcg for one in each], axis=0)),
                float(np.std(over, ddof=1)) if n_seeds > 1 else 0.0,
                n_seeds,
                np.stack(places),
            )
        )
    progress("Comparing", len(chosen) * n_seeds, len(chosen) * n_seeds)
    plain = popularity(split)
    shown = interval(judge(plain, split).ndcg)
    return Curve(tuple(points), shown, places_of(plain, split), split, part)


def run_of(curve: Curve, data: Path, *, command: str, seed: int = 0, delta: float = DELTA) -> Run:
    """A run with a case for each person asked; the first system is the one without noise.

    Args:
        curve: what was found.
        data: the file that was read.
        command: for the record.
        seed: of the draws.
        delta: of all.
    """
    split = curve.split
    nobody = np.zeros(len(split.rows), dtype=np.bool_)
    points = sorted(curve.points, key=lambda one: -one.epsilon)
    found = {_named(one): Found(one.places, nobody, 0.0) for one in points}
    found["popularity, without a promise"] = Found(curve.popular[None], nobody, 0.0)
    cases = {name: cases_of(each, split) for name, each in found.items()}
    card = card_of(split, curve.part)
    record = record_of(
        "privacy",
        f"Next item with privacy for people, {curve.part} part of {data.name}",
        cases,
        command=command,
        seed=seed,
        data=[data],
        protocol={
            **{what.replace("_", " "): str(how) for what, how in card},
            "promise": f"epsilon as named, delta {delta:g}, for all events of one person; without"
            " noise gradients are clipped, too",
        },
        skipped={f"people with fewer than {MIN_EVENTS} events": card.n_users - card.n_asked},
        checks=checks_of(split),
        about={_named(one): _about(one) for one in points},
    )
    return Run(record, cases)


def _named(one: Point) -> str:
    return "without noise" if math.isinf(one.epsilon) else f"epsilon {one.epsilon:g}"


def _about(one: Point) -> dict[str, str]:
    told = {"seeds": str(one.n_seeds), "noise of a step": f"{one.noise:.2f}"}
    if math.isfinite(one.spent):
        told["epsilon spent"] = f"{one.spent:.2f}"
    if one.n_seeds > 1:
        told["standard deviation of NDCG@10 over seeds"] = f"{one.spread:.4f}"
    return told


def table(curve: Curve, delta: float = DELTA) -> Table:
    """The curve as text, with the card of the split below."""
    card = card_of(curve.split, curve.part)
    plain = curve.popularity
    return Table(
        title=f"Next item with privacy for people, {curve.part} part, n={card.n_asked}",
        columns=("epsilon", "spent", "noise", "HR@10", "NDCG@10", "95 %", "seeds", "±"),
        rows=tuple(_cells(one) for one in curve.points),
        notes=(
            f"{card.n_events} events of {card.n_users} people with {card.n_items} items; targets"
            f" {card.targets}; delta {delta:g}; the last row is clipped, but has no noise.",
            f"Popularity, without a promise: {plain.mean:.4f} ({plain.low:.3f} to"
            f" {plain.high:.3f}). Noise: in a step, in units of the most that one person adds."
            " 95 %: people drawn again 2,000 times. ±: standard deviation of NDCG@10 over seeds.",
        ),
    )


def _cells(one: Point) -> tuple[str, ...]:
    return (
        "none" if math.isinf(one.epsilon) else f"{one.epsilon:g}",
        "" if math.isinf(one.spent) else f"{one.spent:.2f}",
        f"{one.noise:.2f}",
        f"{one.hit:.4f}",
        f"{one.ndcg.mean:.4f}",
        f"{one.ndcg.low:.3f} to {one.ndcg.high:.3f}",
        str(one.n_seeds),
        f"{one.spread:.4f}" if one.n_seeds > 1 else "",
    )


def plot(curve: Curve, file: Path) -> None:
    """Draw NDCG@10 against epsilon, with the 95 % of people; the file's name says the format.

    Raises:
        SettingsError: matplotlib is not installed.
    """
    figure = needs("matplotlib.figure", "matplotlib", "the plot").Figure(
        figsize=(6, 3.6), layout="constrained"
    )
    axes = figure.subplots()
    private = [one for one in curve.points if math.isfinite(one.epsilon)]
    open_ = [one.ndcg for one in curve.points if math.isinf(one.epsilon)]
    means = [one.ndcg.mean for one in private]
    errors = [
        [one.ndcg.mean - one.ndcg.low for one in private],
        [one.ndcg.high - one.ndcg.mean for one in private],
    ]
    spent = [one.spent for one in private]
    axes.errorbar(spent, means, errors, marker="o", capsize=3, label="private")
    for what, style, label in (
        (open_[0], "--", "the same without noise"),
        (curve.popularity, ":", "popularity, without a promise"),
    ):
        axes.axhline(what.mean, linestyle=style, color="black", label=label)
    axes.set_xscale("log", base=2)
    axes.set_xticks(spent, [f"{each:.3g}" for each in spent])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel("epsilon spent, one person's events")
    axes.set_ylabel("NDCG@10")
    axes.legend()
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)
