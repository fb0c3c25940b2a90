"""`simpatico eval ranking`: the fusion ranker's towers beside the baselines, on one split.

The protocol is `next_item`'s. A row that has chance in it is trained once for each seed; its
values are means over the seeds, its interval is over people. The towers of "fusion" are trained
once a seed, and are the rows of one tower, too.
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
from simpatico.eval.next_item import CUTOFF, MIN_EVENTS, Part, Split, card_of, places_of, split_of
from simpatico.eval.record import Cases, Check, Run, record_of, tables_of
from simpatico.eval.tables import to_markdown
from simpatico.finetune.sequences import read_interactions
from simpatico.optional import needs
from simpatico.protocols import ProgressCallback

if TYPE_CHECKING:
    from simpatico.finetune.fusion_model import Tower

Scores = NDArray[np.floating]

RECBOLE: Mapping[str, Theirs] = {"GRU4Rec (RecBole)": Theirs(gru4rec, chance=True)}
THEIRS: Mapping[str, Theirs] = {**RECTOOLS, **RECBOLE}

CUTOFFS = (1, CUTOFF, 50)
N_TOLD = 5
"""Newest items of a person that a case tells, to read."""

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
    """One row: places of the targets for each seed, (n_seeds, n_asked), who it failed on, seconds.

    A place counts from 1 and is infinite where the row failed; seconds are of one seed.
    """

    places: NDArray[np.float64]
    failed: NDArray[np.bool_]
    seconds: float


def run(
    data: Path,
    *,
    part: Part,
    names: Sequence[str] = (),
    n_seeds: int = 1,
    keep: Path | None = None,
    command: str = "",
    seed: int = 0,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Run:
    """Train and judge rows on a file of interactions.

    Args:
        data: as `read_interactions` takes it.
        part: "dev" to choose by, "test" to report.
        names: rows, the one that matters first; none: ours and all counters.
        n_seeds: of the rows that have chance in them.
        keep: a folder for what is finished, which is not trained again; see `Kept`.
        command: for the record.
        seed: of the draws of intervals.
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
    chosen = tuple(names) or (*FUSION, *BASELINES)
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
    ranked: dict[str, list[Found]] = {name: [] for name in chosen}
    for done, (name, of) in enumerate(steps):
        progress("Comparing", done, len(steps))
        ranked[name].append(_one(name, of, split, kept, progress))
    progress("Comparing", len(steps), len(steps))
    found = {name: _together(each) for name, each in ranked.items()}
    cases = {name: cases_of(each, split) for name, each in found.items()}
    card = card_of(split, part)
    skipped = f"people with fewer than {MIN_EVENTS} events"
    record = record_of(
        "ranking",
        f"Next item, {part} part of {data.name}",
        cases,
        command=command,
        seed=seed,
        data=[data],
        protocol={what.replace("_", " "): str(how) for what, how in card},
        skipped={skipped: card.n_users - card.n_asked},
        checks=checks_of(split),
        about={name: _about(name, each) for name, each in found.items()},
    )
    return Run(record, cases)


_RECTOOLS_NOTE = (
    "gives a list, so items that it scores alike are in its own order, not against the target;"
    " its SASRec learns from each person's newest 101 events, ours from all"
)


def cases_of(found: Found, split: Split) -> Cases:
    """A case for each person asked; values are means over seeds."""

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(values.mean(axis=0))

    places = found.places
    gain = np.where(places <= CUTOFF, 1 / np.log2(places + 1), 0.0)
    hits = {f"HR@{k}": mean((places <= k).astype(np.float64)) for k in CUTOFFS}
    people = tuple(split.known.users[row] for row in split.rows)
    items = split.known.items
    had = (split.known.what[row][-N_TOLD:] for row in split.rows)
    return Cases(
        people,
        people,
        {f"NDCG@{CUTOFF}": mean(gain), "MRR": mean(1 / places), **hits},
        found.failed,
        {
            "target": tuple(items[target] for target in split.targets),
            "place": tuple(", ".join(f"{one:.0f}" for one in each) for each in places.T),
            "had before": tuple(", ".join(items[at] for at in each) for each in had),
        },
    )


def checks_of(split: Split) -> tuple[Check, ...]:
    """Looks for targets among the events that people are asked with, and for unknown ones."""
    pairs = list(zip(split.rows, split.targets, strict=True))
    return (
        Check(
            what="people whose target is among the events they are asked with",
            n_found=sum(target in split.known.what[row] for row, target in pairs),
            n=len(pairs),
        ),
        Check(
            what="people asked whose target nobody is known to have had",
            n_found=int((~np.isin(split.targets, np.concatenate(split.known.what))).sum()),
            n=len(pairs),
        ),
    )


def _about(name: str, found: Found) -> dict[str, str]:
    n_seeds = len(found.places)
    told = {"seeds": str(n_seeds), "seconds to learn and score": f"{found.seconds:.0f}"}
    if n_seeds > 1:
        gain = np.where(found.places <= CUTOFF, 1 / np.log2(found.places + 1), 0.0)
        spread = gain.mean(axis=1).std(ddof=1)
        told[f"standard deviation of NDCG@{CUTOFF} over seeds"] = f"{spread:.4f}"
    if name in RECTOOLS:
        told["being RecTools',"] = _RECTOOLS_NOTE
    return told


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


def _one(name: str, seed: int, split: Split, kept: Kept, progress: ProgressCallback) -> Found:
    """A row for one seed. Whom it has no number for, it failed on."""
    found = scores_of(name, seed, split, kept, progress)
    failed = np.asarray(np.isnan(found.scores).any(axis=1))
    places = places_of(np.where(failed[:, None], 0, found.scores), split)
    return Found(np.where(failed, np.inf, places)[None], failed, found.seconds)


def _together(each: Sequence[Found]) -> Found:
    """The seeds of a row as one."""
    return Found(
        np.concatenate([one.places for one in each]),
        np.logical_or.reduce([one.failed for one in each]),
        float(np.mean([one.seconds for one in each])),
    )


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
    for table in tables_of(found.record):
        print(to_markdown(table))


if __name__ == "__main__":
    main()
