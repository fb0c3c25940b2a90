"""`simpatico eval fairness`: whom and what a ranker serves, beside how often it is right.

On the next item of `next_item`'s protocol: how exposure is shared among items, how popular what is
shown is beside what each person had, how well genres match the person's, and whether some groups
of people are served worse than others. One ranker's lists are reranked for variety, to see what
that costs.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Item, Value
from simpatico.errors import DataError, SettingsError
from simpatico.eval import groups, plots, report, tradeoff
from simpatico.eval.baselines_items import BASELINES
from simpatico.eval.exposure import (
    HEAD,
    Lists,
    coverage,
    exposure,
    genre_shares,
    gini,
    mean_of,
    miscalibration,
    tail,
    variety,
)
from simpatico.eval.kept import Kept
from simpatico.eval.next_item import (
    CUTOFF,
    N_DRAWS,
    Interval,
    Part,
    Split,
    card_of,
    judge,
    split_of,
)
from simpatico.eval.people_files import (
    Told,
    beside,
    interactions_in,
    read_items,
    read_people,
)
from simpatico.eval.ranking import FUSION, THEIRS, has, scores_of
from simpatico.eval.record import Cases, Check, Figure, Record, Run, record_of, tables_of
from simpatico.eval.tables import Table, write_page
from simpatico.finetune.sequences import read_interactions
from simpatico.optional import needs
from simpatico.protocols import ProgressCallback
from simpatico.settings import RetrievalSettings

OURS: Final = "fusion"
DETAILS, PAGE = "fairness.json", "fairness.md"
JUDGED: Final = (f"NDCG@{CUTOFF}", f"HR@{CUTOFF}")
_FALLS: Final = (
    "average popularity",
    "popularity lift",
    "miscalibration",
    "exposure Gini",
)
_ACTIVE: Final = ("least active third", "middle third", "most active third")
_N_TOLD: Final = 5


class Details(Value):
    """What a run has beyond a value for each case: gaps between groups, and the curve."""

    version: Literal[1] = 1
    gaps: tuple[groups.Spread, ...]
    curve_of: str
    curve: tuple[tradeoff.Point, ...]


class World(NamedTuple):
    """What is asked, and what is known of items and people.

    Attributes:
        split: who is asked, and the right answers.
        shelf: items as they are reranked.
        genres: (n_items, n_genres), rows summing to 1, or all 0 where nothing is known.
        counts: (n_items,) events of each item that are known.
        people: by what they are grouped by (n_asked,).
    """

    split: Split
    shelf: tradeoff.Shelf
    genres: NDArray[np.float64]
    counts: NDArray[np.int64]
    people: Mapping[str, tuple[str, ...]]


def rows_here(kept: Kept) -> tuple[str, ...]:
    """What can be asked here.

    The counters, our ranker if it was kept or torch is there, and everything else that an earlier
    run of `eval ranking` kept.
    """
    torch = find_spec("torch") is not None
    return (
        *(name for name in FUSION if has(name, 0, kept) or (torch and name == OURS)),
        *BASELINES,
        *(name for name in THEIRS if has(name, 0, kept)),
    )


def run(
    data: Path,
    *,
    part: Part,
    out: Path,
    command: str,
    items: Path | None = None,
    users: Path | None = None,
    names: Sequence[str] = (),
    rerank_of: str = "",
    keep: Path | None = None,
    seed: int = 0,
    progress: ProgressCallback = lambda what, done, total: None,
) -> tuple[Table, ...]:
    """Ask all systems, and write a run with its details, a page and, with matplotlib, a report.

    Args:
        data: a file of interactions, or a folder with one.
        part: "dev" to choose by, "test" to report.
        out: gets the run of `simpatico.eval.record`, `fairness.json` and `fairness.md`.
        command: for the record.
        items: genres of items; None: the file beside the interactions.
        users: age, gender and mood of people; None: the file beside the interactions, if any.
        names: systems; none: see `rows_here`.
        rerank_of: whose lists are reranked; "": the first system's.
        keep: a folder of kept scores, as `eval ranking` has it.
        seed: of draws and shuffles; what is trained has seed 0.
        progress: told of systems and points.

    Raises:
        DataError: files are not what is wanted, or a system is unknown.
        SettingsError: a system needs what is not installed.
    """
    path = interactions_in(data)
    items = items or beside(path, "item")
    users = users or beside(path, "user")
    if items is None:
        raise DataError(f"wanted genres of items beside {path} (.item or movies.csv), or --items")
    split = split_of(read_interactions(path), part)
    told = read_items(items)
    world = world_of(split, told, read_people(users) if users else {})
    kept = Kept(keep, card_of(split, part).model_dump_json())
    every = (*FUSION, *BASELINES, *THEIRS)
    chosen = tuple(names) or rows_here(kept)
    reranked = rerank_of or chosen[0]
    if unknown := [name for name in (*chosen, reranked) if name not in every]:
        raise DataError(f"no system {', '.join(unknown)}; the systems are: {'; '.join(every)}")
    if reranked not in chosen:
        raise DataError(f"{reranked} is to be reranked, but is not among the systems asked")
    _look_for_what_they_need(chosen, kept)
    scores = {}
    for number, name in enumerate(chosen):
        progress("Asking", number, len(chosen))
        scores[name] = scores_of(name, 0, split, kept, progress).scores
    progress("Asking", len(chosen), len(chosen))
    lists = {name: tradeoff.top(each, masked(split), CUTOFF) for name, each in scores.items()}
    cases = {name: cases_of(world, scores[name], lists[name]) for name in chosen}
    card = card_of(split, part)
    record = record_of(
        "fairness",
        f"Whom and what next items serve, {part} part",
        cases,
        command=command,
        seed=seed,
        data=[each for each in (path, items, users) if each is not None],
        protocol={
            **{k: v for k, v in card.model_dump(mode="json").items() if isinstance(v, str)},
            "lists": f"the {CUTOFF} best, ties in the order of ids",
            "long tail": f"all but the {HEAD:.0%} most popular items, which have"
            f" {world.counts[~tail(world.counts)].sum() / world.counts.sum():.0%} of the events",
            "popularity": "share of people who had the item; lift: the list's mean over that of"
            " the person's history, less 1",
            "miscalibration": "Steck's C_KL of genres, history to list, nats",
            "exposure": "1 / log2(place + 1); the Gini coefficient over the whole catalogue",
        },
        skipped={
            "people with too few events": len(split.known) - len(split.rows),
        },
        checks=[
            Check(
                what="people asked whose target is also in what is known of them",
                n_found=sum(
                    int(target in split.known.what[row])
                    for row, target in zip(split.rows, split.targets, strict=True)
                ),
                n=len(split.rows),
            )
        ],
        lower_is_better=_FALLS,
    )
    record = with_shares(record, lists, len(split.known.items), seed)
    found = Details(
        gaps=groups.gaps(cases, JUDGED[:1], tuple(world.people), seed=seed),
        curve_of=reranked,
        curve=tradeoff.curve(
            scores[reranked],
            masked(split),
            split.targets,
            world.shelf,
            k=CUTOFF,
            seed=seed,
            progress=progress,
        ),
    )
    return _written(out, Run(record, cases), found)


def world_of(
    split: Split, told: Mapping[str, Told], people: Mapping[str, Mapping[str, str]]
) -> World:
    """What is known of a split's items and people; an item that the file lacks has no genre.

    Raises:
        DataError: no item has a genre.
    """
    ids = split.known.items
    counts = np.bincount(np.concatenate(split.known.what), minlength=len(ids)).astype(np.int64)
    nothing = Told("", ())
    names = sorted({name for each in ids for name in told.get(each, nothing).genres})
    if not names:
        raise DataError("no item of the interactions has a genre in the file of items")
    has_genre = np.zeros((len(ids), len(names)))
    for at, each in enumerate(ids):
        for name in told.get(each, nothing).genres:
            has_genre[at, names.index(name)] = 1.0
    n = has_genre.sum(axis=1, keepdims=True)
    shares = counts / max(1, len(split.known))
    items = [
        Item(
            id=each,
            title=told.get(each, nothing).title or each,
            popularity=float(counts[at] / max(1, counts.max())),
        )
        for at, each in enumerate(ids)
    ]
    vectors = has_genre / np.sqrt(np.maximum(n, 1))
    return World(
        split,
        tradeoff.Shelf(items, vectors, shares),
        has_genre / np.maximum(n, 1),
        counts,
        _groups(split, people),
    )


def masked(split: Split) -> list[NDArray[np.int64]]:
    """For each person asked what is not offered: what they had, but not the target."""
    return [
        np.setdiff1d(split.known.what[row], target)
        for row, target in zip(split.rows, split.targets, strict=True)
    ]


def cases_of(world: World, scores: NDArray[np.floating], lists: Lists) -> Cases:
    """One row for each person: how right the scores are, and what the list is like."""
    split = world.split
    judged = judge(scores, split)
    history = [split.known.what[row] for row in split.rows]
    had = np.array([world.shelf.shares[own].mean() for own in history])
    shown = mean_of(lists, world.shelf.shares)
    far = [
        miscalibration(genre_shares(own, world.genres), genre_shares(each, world.genres))
        for own, each in zip(history, lists, strict=True)
    ]
    people = tuple(split.known.users[row] for row in split.rows)
    return Cases(
        people,
        people,
        {
            JUDGED[0]: judged.ndcg,
            JUDGED[1]: judged.hit,
            "average popularity": shown,
            "popularity lift": shown / had - 1,
            "long tail": mean_of(lists, tail(world.counts).astype(np.float64)),
            "miscalibration": np.array(far),
            "variety": variety(lists, world.shelf.vectors),
        },
        np.zeros(len(people), dtype=bool),
        {**world.people, "shown": tuple(_titles(each, world.shelf) for each in lists)},
    )


def with_shares(record: Record, lists: Mapping[str, Lists], n_items: int, seed: int) -> Record:
    """The record with the figures that are of all lists together: Gini of exposure, coverage."""
    systems = []
    for each in record.systems:
        own = lists[each.name]
        shared = (
            _of_all("exposure Gini", own, lambda part: gini(exposure(part, n_items)), seed),
            _of_all("coverage", own, lambda part: coverage(part, n_items), seed),
        )
        systems.append(each.model_copy(update={"figures": (*each.figures, *shared)}))
    return record.model_copy(update={"systems": tuple(systems)})


def _of_all(metric: str, lists: Lists, figure: Callable[[Lists], float], seed: int) -> Figure:
    """A figure of all lists, with the middle 95 % of draws of people, moved to lie around it.

    Who is drawn twice shows nothing new, so that draws cover less than the people do: their spread
    says how sure the figure is, their middle does not.
    """
    rng = np.random.default_rng(seed)
    n = len(lists)
    drawn = np.array([figure(lists[rng.integers(n, size=n)]) for _ in range(N_DRAWS)])
    of = figure(lists)
    low, high = np.percentile(drawn - drawn.mean() + of, [2.5, 97.5])
    return Figure(
        metric=metric,
        n=n,
        higher_is_better=metric not in _FALLS,
        **Interval(mean=of, low=max(0, min(low, of)), high=min(1, max(high, of))).model_dump(),
    )


def _written(out: Path, run: Run, found: Details) -> tuple[Table, ...]:
    whole, *gaps = tables_of(run.record)
    note = (
        "Exposure Gini and coverage are of all lists together; their intervals have the spread of"
        " draws of people, around the figure."
    )
    n = run.record.n
    tables = (
        whole.model_copy(update={"notes": (*whole.notes, note)}),
        *gaps,
        groups.table_of(found.gaps, f"Groups of people, n={n}"),
        tradeoff.table_of(found.curve, found.curve_of, n=n, k=CUTOFF),
    )
    report.keep(out, run, plots=_plots(found))
    write_page(out / PAGE, tables)
    try:
        (out / DETAILS).write_text(found.model_dump_json(indent=2), encoding="utf-8")
    except OSError as error:
        raise DataError(f"{out} cannot be written: {error}") from error
    return tables


def _plots(found: Details) -> list[plots.Plot]:
    """The curve as a picture; none where matplotlib is missing, which the report says."""
    served = RetrievalSettings()
    try:
        return [
            plots.tradeoff(
                f"What variety costs {found.curve_of}"
                f" (served: diversity {served.diversity:g}, novelty {served.novelty:g})",
                ("variety of genres", JUDGED[0]),
                {
                    "diversity": [
                        (f"{one.diversity:g}", one.variety.mean, one.ndcg)
                        for one in found.curve
                        if not one.novelty
                    ],
                    "novelty": [
                        (f"{one.novelty:g}", one.variety.mean, one.ndcg)
                        for one in found.curve
                        if not one.diversity
                    ],
                },
            )
        ]
    except SettingsError:
        return []


def _look_for_what_they_need(names: Sequence[str], kept: Kept) -> None:
    for name in names:
        if name in FUSION and not has(name, 0, kept):
            needs("torch", "torch", "the fusion ranker's training")
        if name in THEIRS and not has(name, 0, kept):
            raise DataError(
                f"{name} is run in an environment of its own: keep its scores there with"
                " `eval ranking --keep`, then give that folder here"
            )


def _groups(split: Split, people: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[str, ...]]:
    """Who is in which group; activity is by the number of known events, in thirds of people."""
    asked = [split.known.users[row] for row in split.rows]
    n_events = np.array([len(split.known.what[row]) for row in split.rows])
    third = np.searchsorted(np.quantile(n_events, [1 / 3, 2 / 3]), n_events, side="left")
    found = {"activity": tuple(_ACTIVE[at] for at in third)}
    for what in ("age", "gender", "mood"):
        own = tuple(people.get(each, {}).get(what, groups.UNKNOWN) for each in asked)
        if any(own):
            found[what] = own
    return found


def _titles(own: NDArray[np.int64], shelf: tradeoff.Shelf) -> str:
    return "; ".join(shelf.items[at].title for at in own[own >= 0][:_N_TOLD])
