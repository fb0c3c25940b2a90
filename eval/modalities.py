"""What modalities are worth: the fusion ranker with and without them, on all and on cold items.

The split is that of `cold_items`, a seed a draw of cold films and of weights. Cold targets are
ranked among the cold items that the person had not had, and beside it over the whole catalogue.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.eval.cold_items import (
    N_COLD_DRAWS,
    Trial,
    chance,
    draw_cold,
    n_choices,
    of_items,
    trial_of,
)
from simpatico.eval.kept import Kept
from simpatico.eval.modality_rows import PAIRS, ROWS, Recipe, Row, learn
from simpatico.eval.next_item import CUTOFF, N_DRAWS, Interval, Part, judge, places_of
from simpatico.eval.posters import Films, poster_vectors, read_films, word_vectors
from simpatico.eval.tables import Table
from simpatico.finetune.sequences import digest, read_interactions
from simpatico.modelstore import ModelStore
from simpatico.optional import needs
from simpatico.protocols import ProgressCallback
from simpatico.settings import load_settings

if TYPE_CHECKING:
    from simpatico.finetune.fusion_train import Trained

Array = NDArray[np.float32]
Values = NDArray[np.float64]


class Outcome(NamedTuple):
    """How a row did, one value for each person; nan for who is not asked.

    The last axis is people; those of several draws are stacked before it.

    Attributes:
        all_hit, all_ndcg: the last event of what remains without cold items.
        cold_hit, cold_ndcg: a cold target among cold items.
        chance_hit, chance_ndcg: what a random order gives there.
        place: of a cold target in the whole catalogue, from 1.
    """

    all_hit: Values
    all_ndcg: Values
    cold_hit: Values
    cold_ndcg: Values
    chance_hit: Values
    chance_ndcg: Values
    place: Values


def judge_row(trained: "Trained", trial: Trial) -> Outcome:
    """All tests of one ranker."""
    scores = trained.scores(trial.all.known, trial.all.rows)
    found = trained.scores(trial.cold_known, trial.cold_split.rows)
    among = judge(np.where(trial.cold, found, -np.inf), trial.cold_split)
    everywhere = places_of(found, trial.cold_split)
    rows = trial.cold_split.rows
    cold = (*among, *chance(n_choices(trial)), everywhere)
    n_people = len(trial.all.known)
    return Outcome(
        *(_spread(each, trial.all.rows, n_people) for each in judge(scores, trial.all)),
        *(_spread(each, rows, n_people) for each in cold),
    )


def _spread(values: Values, rows: NDArray[np.int64], n_people: int) -> Values:
    out = np.full(n_people, np.nan)
    out[rows] = values
    return out


def interval_of(values: Values, seed: int = 0) -> Interval:
    """The mean over people and draws of cold items, and how far it may be off.

    People and draws are both drawn again, each by itself (Owen, "The pigeonhole bootstrap", 2007).

    Args:
        values: (n_draws, n_people), nan where a person was not asked.
        seed: of what is drawn.
    """
    rng = np.random.default_rng(seed)
    n_draws, n_people = values.shape
    people = rng.multinomial(n_people, np.full(n_people, 1 / n_people), size=N_DRAWS)
    draws = rng.multinomial(n_draws, np.full(n_draws, 1 / n_draws), size=N_DRAWS)
    asked = ~np.isnan(values)
    total = ((draws @ np.where(asked, values, 0)) * people).sum(1)
    low, high = np.percentile(total / ((draws @ asked) * people).sum(1), [2.5, 97.5])
    return Interval(mean=float(np.nanmean(values)), low=float(low), high=float(high))


Found = Mapping[Row, Outcome]
"""Rows with their values, (n_draws, n_people) each."""


def tables(found: Found, title: str, notes: Sequence[str] = ()) -> list[Table]:
    """How rows did in each test, and how far apart pairs of them are.

    Args:
        found: rows, all of the same draws.
        title: of both tables.
        notes: under the first.
    """
    return [
        Table(
            title=title,
            columns=(
                *("row", "all: HR@10", "all: NDCG@10", "cold: HR@10", "cold: NDCG@10"),
                "cold, less a random order",
                *("in the catalogue: HR@10", "HR@100", "median place"),
            ),
            rows=(
                *((row.title, *_cells(outcome)) for row, outcome in found.items()),
                _random_order(next(iter(found.values()))),
            ),
            notes=(
                *notes,
                f"In brackets: 95 %, people and draws drawn again {N_DRAWS:,} times. Ties against"
                " the target: who cannot tell cold items apart has 0 among them.",
            ),
        ),
        Table(
            title=f"{title}: differences of NDCG@10, people and draws paired",
            columns=("rows", "all", "cold", "cold in the catalogue: HR@100"),
            rows=tuple(
                (f"{ours.title}, less {theirs.title}", *_gaps(found[ours], found[theirs]))
                for ours, theirs in PAIRS
                if ours in found and theirs in found
            ),
        ),
    ]


def _cells(outcome: Outcome) -> tuple[str, ...]:
    gap = outcome.cold_ndcg - outcome.chance_ndcg
    measured = (outcome.all_hit, outcome.all_ndcg, outcome.cold_hit, outcome.cold_ndcg)
    return (
        *(_cell(interval_of(each)) for each in measured),
        _cell(interval_of(gap), "+"),
        *(_cell(interval_of(_within(outcome.place, n))) for n in (CUTOFF, 100)),
        f"{np.nanmedian(outcome.place):.0f}",
    )


def _gaps(ours: Outcome, theirs: Outcome) -> tuple[str, ...]:
    gaps = (
        ours.all_ndcg - theirs.all_ndcg,
        ours.cold_ndcg - theirs.cold_ndcg,
        _within(ours.place, 100) - _within(theirs.place, 100),
    )
    return tuple(_cell(interval_of(gap), "+") for gap in gaps)


def _within(place: Values, n: int) -> Values:
    return np.where(np.isnan(place), np.nan, place <= n)


def _random_order(outcome: Outcome) -> tuple[str, ...]:
    odds = (f"{np.nanmean(each):.4f}" for each in (outcome.chance_hit, outcome.chance_ndcg))
    return ("random order", "", "", *odds, "", "", "", "")


def _cell(value: Interval, sign: str = "") -> str:
    return f"{value.mean:{sign}.4f} ({value.low:{sign}.3f} to {value.high:{sign}.3f})"


class Measured(NamedTuple):
    """Rows with their values, the people asked, what each draw was, and all of it as tables."""

    found: Found
    people: tuple[str, ...]
    draws: tuple[str, ...]
    tables: list[Table]


def run(
    data: Path,
    films: Path,
    *,
    part: Part,
    rows: Sequence[Row] = ROWS,
    recipe: Recipe | None = None,
    seeds: Sequence[int] = (0,),
    keep: Path | None = None,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Measured:
    """Train and judge rows on a file of interactions and a folder of films.

    Args:
        data: as `read_interactions` takes it.
        films: as `read_films` takes it.
        part: "dev" to choose by, "test" to report.
        rows: which.
        recipe: the same for all rows.
        seeds: each a draw of cold films and of weights; in [0, `N_COLD_DRAWS`).
        keep: folder for vectors and what is finished, which is not made again.
        progress: told of posters and batches.

    Raises:
        DataError: a file is not what is wanted.
        ModelError: an encoder's weights were not fetched.
        SettingsError: torch is not installed.
        ValueError: no seeds, or no such draw.
    """
    if not seeds or not set(seeds) <= set(range(N_COLD_DRAWS)):
        raise ValueError(f"wanted seeds in 0 to {N_COLD_DRAWS - 1}, got {list(seeds)}")
    recipe = recipe or Recipe()
    needs("torch", "torch", "the fusion ranker's training").set_num_threads(1)
    events = read_interactions(data)
    known = read_films(films, events.items)
    vectors = encode(known, keep=keep, progress=progress)
    found: dict[Row, list[Values]] = {row: [] for row in rows}
    notes = []
    for seed in seeds:
        cold, gone = draw_cold(known, part, seed)
        trial = trial_of(of_items(events, ~gone), cold[~gone], part, newest=recipe.newest)
        there = {name: values[~gone] for name, values in vectors.items()}
        notes.append(f"Seed {seed}: {said_of(trial)}")
        kept = Kept(keep, f"modalities {part} {recipe} {notes[-1]}")
        for row in rows:
            make = _maker(trial, row, there, recipe, seed, progress)
            scores = kept.get(row.title, seed, make).scores
            found[row].append(np.asarray(scores, dtype=np.float64))
            progress("Comparing", sum(map(len, found.values())), len(rows) * len(seeds))
    stacked = {row: Outcome(*np.stack(each, axis=1)) for row, each in found.items()}
    title = f"What modalities are worth, {part} part, {recipe}"
    return Measured(stacked, events.users, tuple(notes), tables(stacked, title, notes))


def _maker(
    trial: Trial,
    row: Row,
    vectors: Mapping[str, Array],
    recipe: Recipe,
    seed: int,
    progress: ProgressCallback,
) -> Callable[[], Values]:
    def make() -> Values:
        trained = learn(trial, row, vectors, recipe, seed=seed, progress=progress)
        return np.stack(judge_row(trained, trial))

    return make


def said_of(trial: Trial) -> str:
    """What has to be equal for two runs to be compared, for people."""
    items = trial.all.known.items
    return (
        f"{trial.learnt.n_events} events learnt from, with {len(trial.learnt.items)} items; all:"
        f" n={len(trial.all.rows)}, targets {digest(trial.all.targets, items)};"
        f" {np.count_nonzero(trial.cold)} cold items, {n_choices(trial).mean():.1f} to choose from"
        f" on average, n={len(trial.cold_split.rows)}, targets"
        f" {digest(trial.cold_split.targets, items)}."
    )


def encode(
    films: Films,
    *,
    keep: Path | None,
    progress: ProgressCallback = lambda what, done, total: None,
) -> dict[str, Array]:
    """Vectors of words by MiniLM and of posters by EfficientNet-Lite0, (n_items, width) each."""
    from simpatico.retrieval.encoders.efficientnet import EfficientNetLite
    from simpatico.retrieval.encoders.minilm import MiniLM

    store = ModelStore(load_settings().cache)
    looks = EfficientNetLite(store.path(EfficientNetLite.name))
    return {
        "text": word_vectors(films, MiniLM(store.path("minilm")), keep=keep),
        "image": poster_vectors(films, looks, keep=keep, progress=progress),
    }
