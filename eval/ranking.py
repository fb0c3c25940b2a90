"""`simpatico eval ranking`: the fusion ranker's towers beside the baselines, on one split.

The protocol is `next_item`'s. A row that has chance in it is trained once for each seed; its
figures are means over the seeds, its interval over people. The towers of "fusion" are trained once
a seed, and are the rows of one tower, too. The last column is the paired difference to the best of
the simple counters.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import DataError
from simpatico.eval.baselines_items import BASELINES
from simpatico.eval.baselines_recbole import gru4rec, look_for_recbole
from simpatico.eval.baselines_rectools import RECTOOLS, Theirs, look_for_rectools
from simpatico.eval.kept import Kept, Scored
from simpatico.eval.next_item import Judged, Part, Split, card_of, interval, judge, paired, split_of
from simpatico.eval.tables import Table, to_markdown
from simpatico.finetune.sequences import read_interactions
from simpatico.optional import needs
from simpatico.protocols import ProgressCallback

if TYPE_CHECKING:
    from simpatico.finetune.fusion_model import Tower

Scores = NDArray[np.floating]

RECBOLE: Mapping[str, Theirs] = {"GRU4Rec (RecBole)": Theirs(gru4rec, chance=True)}
THEIRS: Mapping[str, Theirs] = {**RECTOOLS, **RECBOLE}

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
    keep: Path | None = None,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Table:
    """Train and judge rows on a file of interactions.

    Args:
        data: as `read_interactions` takes it.
        part: "dev" to choose by, "test" to report.
        names: rows; none: all that run here, without RecTools or RecBole.
        n_seeds: of the rows that have chance in them.
        keep: a folder for what is finished, which is not trained again; see `Kept`.
        progress: told of rows and batches.

    Raises:
        DataError: the file or a row's name is not what is wanted.
        SettingsError: a row needs what is not installed; looked for before any is trained.
        ValueError: no seeds.
    """
    every = {**dict.fromkeys(BASELINES), **dict.fromkeys(THEIRS), **dict.fromkeys(FUSION)}
    if n_seeds < 1:
        raise ValueError(f"wanted at least one seed, got {n_seeds}")
    if unknown := [name for name in names if name not in every]:
        raise DataError(f"no row {', '.join(unknown)}; the rows are: {'; '.join(every)}")
    chosen = tuple(names) or tuple(name for name in every if name not in THEIRS)
    split = split_of(read_interactions(data), part)
    kept = Kept(keep, card_of(split, part).model_dump_json())
    missing = {
        name
        for name in chosen
        for seed in range(_seeds_of(name, n_seeds))
        for one in _parts(name)
        if not kept.has(one, seed)
    }
    if any(name in RECTOOLS for name in missing):
        look_for_rectools()
    if any(name in RECBOLE for name in missing):
        look_for_recbole()
    if any(name in FUSION for name in missing):
        needs("torch", "torch", "the fusion ranker's training")
    steps = [(name, seed) for seed in range(n_seeds) for name in chosen
             if seed < _seeds_of(name, n_seeds)]  # fmt: skip
    judged: dict[str, list[tuple[Judged, float]]] = {name: [] for name in chosen}
    for done, (name, seed) in enumerate(steps):
        progress("Comparing", done, len(steps))
        judged[name].append(_one(name, seed, split, kept, progress))
    progress("Comparing", len(steps), len(steps))
    return table([_row(name, each) for name, each in judged.items()], split, part)


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


def _seeds_of(name: str, n_seeds: int) -> int:
    return n_seeds if name in FUSION or (name in THEIRS and THEIRS[name].chance) else 1


def _parts(name: str) -> tuple[str, ...]:
    """What a row's scores are the mean of."""
    return FUSION.get(name, (name,))


def has(name: str, seed: int, kept: Kept) -> bool:
    """Whether all that a row's scores are made of was kept."""
    return all(kept.has(one, seed) for one in _parts(name))


def scores_of(name: str, seed: int, split: Split, kept: Kept, progress: ProgressCallback) -> Scored:
    """A row's scores for one seed, kept or made now.

    Raises:
        DataError: what was kept is damaged, or nothing can be kept.
    """
    parts = [
        kept.get(one, seed, lambda one=one: _score(one, split, seed, progress))  # type: ignore[misc]
        for one in _parts(name)
    ]
    mean = np.mean([each.scores for each in parts], axis=0)
    return Scored(mean, sum(each.seconds for each in parts))


def _one(
    name: str, seed: int, split: Split, kept: Kept, progress: ProgressCallback
) -> tuple[Judged, float]:
    """A row for one seed: how it did, and seconds."""
    found = scores_of(name, seed, split, kept, progress)
    return judge(found.scores, split), found.seconds


def _row(name: str, each: Sequence[tuple[Judged, float]]) -> Found:
    judged = Judged(
        *(np.mean([getattr(one, field) for one, _ in each], axis=0) for field in Judged._fields)
    )
    over = [one.ndcg.mean() for one, _ in each]
    spread = float(np.std(over, ddof=1)) if len(each) > 1 else 0.0
    return Found(name, judged, spread, float(np.mean([seconds for _, seconds in each])), len(each))


def _score(name: str, split: Split, seed: int, progress: ProgressCallback) -> Scores:
    if name in BASELINES:
        return BASELINES[name](split)
    if name in THEIRS:
        return THEIRS[name].score(split, seed)
    return _tower(name, split, seed, progress)  # type: ignore[arg-type]  # a tower, then


def _tower(tower: "Tower", split: Split, seed: int, progress: ProgressCallback) -> Scores:
    from simpatico.finetune.fusion_train import Plan, catalogue_of, train

    n_items = len(split.known.items)
    counts = np.bincount(np.concatenate(split.known.what), minlength=n_items)
    catalogue = catalogue_of(n_items, {}, cold=counts == 0)
    trained = train(split.known, catalogue, Plan(towers=(tower,), seed=seed), progress=progress)
    return trained.scores(split.known, split.rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """The same without the command line's libraries, for the environment of RecTools."""
    parser = argparse.ArgumentParser(description="Rank the next item, over the whole catalogue.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--part", choices=("dev", "test"), default="dev")
    parser.add_argument("--rows", default="", help="parted by ';'")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for what is finished")
    chosen = parser.parse_args(arguments)
    names = [name.strip() for name in chosen.rows.split(";") if name.strip()]
    found = run(chosen.data, part=chosen.part, names=names, n_seeds=chosen.seeds, keep=chosen.keep)
    print(to_markdown(found))


if __name__ == "__main__":
    main()
