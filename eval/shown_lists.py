"""Is what is shown taken as often as a calibrated `p_accept` says? Ratings of people, replayed.

Ratings of MovieLens (GroupLens; for research, nothing learnt of them ships) are replayed. Now and
then the films' ranker that ships makes each person's list from what they had rated until then, as
the page does for somebody who says nothing; a film of it was taken if they later gave it four stars
or more. Two numbers are fitted to the older lists as `simpatico train ranker --from-events` fits
them (`simpatico.finetune.acceptance`), and judged on the newest fifth; beside them stand the level
set by hand and the share that was taken in the older lists.

Nobody was shown these lists: who never came across a film did not take it, however much they might
have liked to.

    simpatico eval lists --data ml-latest-small
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from simpatico.domain import Event, UserState
from simpatico.errors import DataError
from simpatico.eval.pooled import CHANCE, TRUE, Pooled
from simpatico.eval.rated_events import events_of
from simpatico.eval.record import Cases, Check, Run, record_of
from simpatico.finetune.acceptance import Shown, platt
from simpatico.finetune.feedback import HELD_SHARE, is_taken
from simpatico.protocols import Encoder, ProgressCallback, Ranker
from simpatico.retrieval.behaviour import Behaviour
from simpatico.retrieval.catalog import Catalog
from simpatico.retrieval.fusion import FusionModel
from simpatico.retrieval.index import Index
from simpatico.retrieval.packs import Pack
from simpatico.retrieval.past import sum_up
from simpatico.retrieval.rank import LinearRanker
from simpatico.retrieval.store import MemoryStore

FITTED: Final = "fitted to older lists (Platt)"
BY_HAND: Final = "level set by hand, as served"
SHARE: Final = "the share that was taken, for all"
TAKEN: Final = "taken"

LONG: Final = 10
"""Films of a list."""

MOST: Final = 5
"""Lists of a person, spread over their ratings."""

_FIRST, _LAST = 10, 5
"""Ratings before a person's first list, and after their last one."""

_CANDIDATES: Final = 200
_LEAST: Final = 20
"""Films taken and not taken, of older and of newest lists, below which nothing is judged."""

Array = NDArray[np.float64]


def run(
    data: Path,
    pack: Pack,
    encoder: Encoder[str],
    ranker: Path,
    *,
    n_people: int | None = None,
    seed: int = 0,
    command: str = "",
    progress: ProgressCallback = lambda what, done, total: None,
) -> Run:
    """Replay ratings, make lists, calibrate on the older ones and judge the newest.

    Args:
        data: a folder of movies.csv and ratings.csv.
        pack: the catalogue.
        encoder: of its text vectors.
        ranker: the folder of the trained one.
        n_people: so many, drawn; None: all.
        seed: of the draw, and of the people drawn again for intervals.
        command: for the record.
        progress: told of people.

    Raises:
        DataError: the ratings cannot be read, or too little of them is taken.
        ModelError: the ranker cannot be read.
        SettingsError: scikit-learn is not installed.
    """
    store = MemoryStore(pack.vectors.shape[1])
    store.upsert([item.id for item in pack.items], pack.vectors)
    likes = pack.behaviour
    index = Index(
        Catalog(pack.name, pack.items),
        encoder,
        store,
        behaviour=Behaviour(likes.ids, likes.a, likes.b, likes.n) if likes else None,
    )
    scorer = FusionModel(ranker).of(pack.items, index)
    index.propose_with(scorer)
    events = events_of(data, pack.items, n_people=n_people, seed=seed)
    shown = shown_to(events, index, LinearRanker(index, learned=scorer), progress=progress)
    return judged(
        shown,
        data=[data / "movies.csv", data / "ratings.csv"],
        catalogue=f"{pack.name}, {len(pack.items):,} films",
        command=command,
        seed=seed,
    )


def shown_to(
    events: Iterable[Event],
    index: Index,
    ranker: Ranker,
    *,
    progress: ProgressCallback = lambda what, done, total: None,
) -> list[Shown]:
    """Lists of `LONG` items made at moments of people's pasts, the oldest first.

    Args:
        events: of all people, each person's in order of time.
        index: where candidates come from.
        ranker: what orders them, without a calibration.
        progress: told of people.
    """
    people: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        people[event.user].append(event)
    found: list[Shown] = []
    for number, (user, theirs) in enumerate(people.items(), start=1):
        progress("Making lists", number, len(people))
        for at in _moments(theirs):
            past = sum_up(user, theirs[:at], ())
            candidates = index.candidates(state=UserState(), profile=past, n=_CANDIDATES)
            ranked = ranker.rank(candidates, state=UserState(), profile=past)[:LONG]
            later = {event.item_id for event in theirs[at:] if is_taken(event)}
            items = tuple(one.item.id for one in ranked)
            scores = tuple(float(logit(one.p_accept)) for one in ranked)
            taken = tuple(item in later for item in items)
            found.append(Shown(theirs[at].at, user, items, scores, taken))
    return sorted(found, key=lambda one: one.at)


def _moments(events: Sequence[Event]) -> list[int]:
    """Places of a person's events before which a list is made: something was taken before each."""
    first = next((at for at, event in enumerate(events) if is_taken(event)), len(events))
    places = range(max(_FIRST, first + 1), len(events) - _LAST + 1, 10)
    spread = np.linspace(0, len(places) - 1, min(MOST, len(places))).astype(int)
    return [places[each] for each in spread]


def judged(
    shown: Sequence[Shown], *, data: Sequence[Path], catalogue: str, command: str, seed: int
) -> Run:
    """A run with a case for each film of the newest lists; people are drawn again.

    Args:
        shown: lists, the oldest first.
        data: files, for the record.
        catalogue: in words, for the record.
        command: for the record.
        seed: of the draws.

    Raises:
        DataError: too little was taken or not, with what was wanted and what there is.
        SettingsError: scikit-learn is not installed.
    """
    n_older = round(len(shown) * (1 - HELD_SHARE))
    older, newest = shown[:n_older], shown[n_older:]
    (scores, taken), (asked, true) = _flat(older), _flat(newest)
    for what, told in (("older", taken), ("newest", true)):
        if min(told.sum(), (~told).sum()) < _LEAST:
            raise DataError(
                f"wanted {_LEAST} films of the {what} lists taken and {_LEAST} not, got"
                f" {told.sum()} taken of {len(told)}"
            )
    slope, bias = platt(scores, taken)
    chances = {
        FITTED: expit(slope * asked + bias),
        BY_HAND: expit(asked),
        SHARE: np.full(len(asked), taken.mean()),
    }
    cases = {name: _cases(newest, true, chance) for name, chance in chances.items()}
    known = {one.user for one in older}
    record = record_of(
        "list-certainty",
        "Is what is shown taken as often as a calibrated p_accept says",
        cases,
        command=command,
        seed=seed,
        data=data,
        protocol={
            "catalogue": catalogue,
            "lists": f"{len(shown):,} of {LONG} films to {len({one.user for one in shown}):,}"
            f" people, at most {MOST} each; nobody was shown them",
            "taken": "given four stars or more later on, however late: of older lists after the"
            " first of the newest, too",
            "fitted": f"slope {slope:.3f}, bias {bias:.3f}, to {len(taken):,} films of the older"
            f" lists, {taken.mean():.4f} of them taken; judged on the newest fifth,"
            f" {true.mean():.4f} taken",
            "ECE": "bins of equal mass",
            "drawn again": "people",
        },
        skipped={},
        checks=[
            Check(
                what="lists judged that are older than one fitted to",
                n_found=sum(one.at < older[-1].at for one in newest),
                n=len(newest),
            ),
            Check(
                what="lists judged of people of whom an older one was fitted to",
                n_found=sum(one.user in known for one in newest),
                n=len(newest),
            ),
        ],
        pooled=[
            Pooled(
                metric=how.split(",")[0],
                how=how,
                of=(TAKEN,),
                higher_is_better=how == "ROC AUC",
            )
            for how in ("ROC AUC", "ECE, equal mass")
        ],
        lower_is_better=["log-loss"],
    )
    return Run(record, cases)


def _flat(shown: Sequence[Shown]) -> tuple[Array, NDArray[np.bool_]]:
    """Scores and what was taken of all items, (n_items,) each."""
    return (
        np.array([score for one in shown for score in one.scores]),
        np.array([each for one in shown for each in one.taken], dtype=np.bool_),
    )


def _cases(shown: Sequence[Shown], taken: NDArray[np.bool_], chance: Array) -> Cases:
    columns: Mapping[str, Array] = {
        f"{TRUE}{TAKEN}": taken.astype(np.float64),
        f"{CHANCE}{TAKEN}": chance,
    }
    return Cases(
        tuple(f"{at}:{item}" for at, one in enumerate(shown) for item in one.items),
        tuple(one.user for one in shown for _ in one.items),
        {"log-loss": -np.log(np.where(taken, chance, 1 - chance))},
        np.zeros(len(taken), dtype=np.bool_),
        {},
        columns,
    )
