"""`simpatico eval ranking`: the fusion ranker's towers beside the baselines, on one split.

The protocol is `next_item`'s. A row that has chance in it is trained once for each seed; its
figures are means over the seeds, its interval over people; RecTools' rows have one seed. The last
column is the paired difference to the best of the simple counters.
"""

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import DataError
from simpatico.eval.baselines_items import BASELINES
from simpatico.eval.baselines_rectools import RECTOOLS, look_for_rectools
from simpatico.eval.next_item import Judged, Part, Split, card_of, interval, judge, paired, split_of
from simpatico.eval.tables import Table, to_markdown
from simpatico.finetune.sequences import read_interactions
from simpatico.optional import needs
from simpatico.protocols import ProgressCallback

if TYPE_CHECKING:
    from simpatico.finetune.fusion_model import Tower

Scores = NDArray[np.floating]

AGAINST = "Markov both ways, window 20"
FUSION: "Mapping[str, tuple[Tower, ...]]" = {
    "fusion": ("gru", "attention", "mlp"),
    "fusion, GRU alone": ("gru",),
    "fusion, LSTM alone": ("lstm",),
    "fusion, self-attention alone": ("attention",),
    "fusion, MLP alone": ("mlp",),
}
"""Rows by the towers that read the events."""


class Found(NamedTuple):
    """One row: how it did for each person, mean over seeds; spread over seeds; seconds a seed."""

    title: str
    judged: Judged
    spread: float
    seconds: float
    n_seeds: int


def run(
    data: Path,
    *,
    part: Part,
    names: Sequence[str] = (),
    n_seeds: int = 1,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Table:
    """Train and judge rows on a file of interactions.

    Args:
        data: as `read_interactions` takes it.
        part: "dev" to choose by, "test" to report.
        names: rows; none: all that run here without RecTools.
        n_seeds: of the rows that have chance in them.
        progress: told of rows and batches.

    Raises:
        DataError: the file or a row's name is not what is wanted.
        SettingsError: a row needs what is not installed; looked for before any is trained.
        ValueError: no seeds.
    """
    others = {**BASELINES, **RECTOOLS}
    every = {**{name: _once(make) for name, make in others.items()}, **_fusion()}
    if n_seeds < 1:
        raise ValueError(f"wanted at least one seed, got {n_seeds}")
    if unknown := [name for name in names if name not in every]:
        raise DataError(f"no row {', '.join(unknown)}; the rows are: {'; '.join(every)}")
    chosen = tuple(names) or tuple(name for name in every if name not in RECTOOLS)
    if any(name in RECTOOLS for name in chosen):
        look_for_rectools()
    if any(name in FUSION for name in chosen):
        needs("torch", "torch", "the fusion ranker's training")
    split = split_of(read_interactions(data), part)
    found = []
    for done, name in enumerate(chosen):
        progress("Comparing", done, len(chosen))
        found.append(_row(name, every[name], split, n_seeds, progress))
    progress("Comparing", len(chosen), len(chosen))
    return table(found, split, part)


Scorer = Callable[[Split, int, ProgressCallback], Scores]


def table(found: Sequence[Found], split: Split, part: Part) -> Table:
    """Rows as text, with the card of the split below."""
    counter = next((one for one in found if one.title == AGAINST), None)
    card = card_of(split, part)
    return Table(
        title=f"Next item, {part} part, n={card.n_asked}",
        columns=("row", "HR@10", "NDCG@10", "95 %", "seeds", "±", "s", "beside the counter"),
        rows=tuple(_cells(one, counter) for one in found),
        notes=(
            f"{card.n_events} events of {card.n_users} people with {card.n_items} items; targets"
            f" {card.targets}; split: {card.split}; masked: {card.masked}; ranked: {card.ranked}.",
            "95 %: people drawn again 2,000 times. ±: standard deviation of NDCG@10 over seeds. s:"
            f" seconds to learn and score, one seed. Beside the counter: NDCG@10 less that of"
            f" {AGAINST!r}, the same people drawn for both.",
            *(_RECTOOLS_NOTES if any(one.title in RECTOOLS for one in found) else ()),
        ),
    )


_RECTOOLS_NOTES = (
    "RecTools gives lists, so items that it scores alike are in its own order, not against the"
    " target; its SASRec learns from each person's newest 101 events, ours from all.",
)


def _cells(one: Found, counter: Found | None) -> tuple[str, ...]:
    ndcg = interval(one.judged.ndcg)
    less = ""
    if counter is not None and one is not counter:
        gap = paired(one.judged.ndcg, counter.judged.ndcg)
        less = f"{gap.mean:+.4f} ({gap.low:+.4f} to {gap.high:+.4f})"
    return (
        one.title,
        f"{one.judged.hit.mean():.4f}",
        f"{ndcg.mean:.4f}",
        f"{ndcg.low:.3f} to {ndcg.high:.3f}",
        str(one.n_seeds),
        f"{one.spread:.4f}" if one.n_seeds > 1 else "",
        f"{one.seconds:.0f}",
        less,
    )


def _row(name: str, score: Scorer, split: Split, n_seeds: int, progress: ProgressCallback) -> Found:
    seeds = range(n_seeds if name in FUSION else 1)
    began = time.perf_counter()
    each = [judge(score(split, seed, progress), split) for seed in seeds]
    seconds = (time.perf_counter() - began) / len(seeds)
    judged = Judged(
        *(np.mean([getattr(one, field) for one in each], axis=0) for field in Judged._fields)
    )
    spread = float(np.std([one.ndcg.mean() for one in each], ddof=1)) if len(each) > 1 else 0.0
    return Found(name, judged, spread, seconds, len(each))


def _once(make: Callable[[Split], Scores]) -> Scorer:
    return lambda split, seed, progress: make(split)


def _fusion() -> Mapping[str, Scorer]:
    def of(towers: "tuple[Tower, ...]") -> Scorer:
        def score(split: Split, seed: int, progress: ProgressCallback) -> Scores:
            from simpatico.finetune.fusion_train import Plan, catalogue_of, train

            n_items = len(split.known.items)
            counts = np.bincount(np.concatenate(split.known.what), minlength=n_items)
            catalogue = catalogue_of(n_items, {}, cold=counts == 0)
            plan = Plan(towers=towers, seed=seed)
            trained = train(split.known, catalogue, plan, progress=progress)
            return trained.scores(split.known, split.rows)

        return score

    return {name: of(towers) for name, towers in FUSION.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """The same without the command line's libraries, for the environment of RecTools."""
    parser = argparse.ArgumentParser(description="Rank the next item, over the whole catalogue.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--part", choices=("dev", "test"), default="dev")
    parser.add_argument("--rows", default="", help="parted by ';'")
    parser.add_argument("--seeds", type=int, default=1)
    chosen = parser.parse_args(arguments)
    names = [name.strip() for name in chosen.rows.split(";") if name.strip()]
    print(to_markdown(run(chosen.data, part=chosen.part, names=names, n_seeds=chosen.seeds)))


if __name__ == "__main__":
    main()
