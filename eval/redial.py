"""`simpatico eval redial`: what a recommender offers in dialogues, under three protocols.

    repeats   every film a recommender names is right, those named before too; nothing is masked
    fresh     only films named for the first time; nothing is masked
    masked    the same, and what was named before is taken out of every list

The cases are those of Kostric and Balog (SIGIR 2026; `simpatico.finetune.redial_data` has the
rule): 4,198 messages with 4,975 targets in ReDial's official test part, 3,838 with 4,472 fresh.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import DataError, SimpaticoError
from simpatico.eval.endpoint import ServerGone
from simpatico.eval.leaks import NEAR_DUPLICATE, near_duplicates
from simpatico.eval.record import Cases, Check
from simpatico.eval.redial_metrics import (
    Places,
    beaten,
    hits_at,
    ndcg_at,
    places_of,
    reciprocal_at,
)
from simpatico.eval.redial_systems import System
from simpatico.finetune.redial_data import (
    Film,
    Moment,
    Talk,
    letters,
    moments_of,
    split_label,
    spoken,
)
from simpatico.protocols import ProgressCallback
from simpatico.text import fold

log = logging.getLogger(__name__)

Protocol = Literal["repeats", "fresh", "masked"]
PROTOCOLS: Final[Mapping[Protocol, str]] = {
    "repeats": "all films named count, repeats too; nothing masked",
    "fresh": "films named for the first time; nothing masked",
    "masked": "films named for the first time; films named before masked",
}
CUTOFFS: Final = (1, 10, 50)
BATCH: Final = 128
_N_BLANKED: Final = 32
_TOLD_CHARS: Final = 300
_LIKED, _SEEN = 1.0, 0.5


class Asked(NamedTuple):
    """What systems are asked.

    Attributes:
        films: that can be offered.
        talks: dialogues, with distinct ids. moments: offers of them, at least one target each.
        n_first: messages left out because nothing was said before them.
    """

    films: tuple[Film, ...]
    talks: tuple[Talk, ...]
    moments: tuple[Moment, ...]
    n_first: int


class Answer(NamedTuple):
    """One system's places, for each moment (n_targets,) each, under each protocol.

    `failed` has one flag for each moment: no answer came; the places are infinite.
    """

    places: Mapping[Protocol, list[Places]]
    failed: NDArray[np.bool_]


def asked_of(talks: Sequence[Talk], films: Sequence[Film]) -> Asked:
    """The cases of a test file.

    Raises:
        DataError: no recommender names a film in it.
    """
    seen: Counter[str] = Counter()
    distinct = []
    for talk in talks:
        seen[talk.id] += 1
        again = seen[talk.id]
        distinct.append(talk if again == 1 else talk._replace(id=f"{talk.id}#{again}"))
    moments = tuple(one for one in moments_of(distinct) if one.offered)
    if not moments:
        raise DataError("wanted dialogues in which a recommender names films, found none")
    first = sum(bool(t.messages and t.messages[0].offered and t.messages[0].films) for t in talks)
    return Asked(tuple(films), tuple(distinct), moments, first)


def answers(
    systems: Sequence[System],
    asked: Asked,
    *,
    progress: ProgressCallback = lambda what, done, total: None,
) -> dict[str, Answer]:
    """Ask systems everything. What one raises or leaves undefined is a failure of that case."""
    place = {film.id: at for at, film in enumerate(asked.films)}
    n = len(asked.moments)
    found = {
        each.name: Answer({name: [] for name in PROTOCOLS}, np.zeros(n, dtype=bool))
        for each in systems
    }
    for start in range(0, n, BATCH):
        part = asked.moments[start : start + BATCH]
        for system in systems:
            scores = _scores(system, asked, part)
            for row, one in enumerate(part):
                _judge(found[system.name], start + row, scores[row], asked, one, place)
        progress("Asking", start + len(part), n)
    return found


def _judge(
    found: Answer,
    at: int,
    scores: NDArray[np.floating],
    asked: Asked,
    one: Moment,
    place: Mapping[str, int],
) -> None:
    own = np.array(scores, dtype=np.float64)
    found.failed[at] = bool(np.isnan(own).any())
    if found.failed[at]:
        own[:] = -np.inf
    fresh = [place.get(film, -1) for film in one.fresh]
    found.places["repeats"].append(places_of(own, [place.get(film, -1) for film in one.targets]))
    found.places["fresh"].append(places_of(own, fresh))
    messages = asked.talks[one.talk].messages[: one.at]
    named = {film for each in messages for film in each.films}
    own[[place[film] for film in named if film in place]] = -np.inf
    found.places["masked"].append(places_of(own, fresh))


def cases_of(asked: Asked, found: Answer, protocol: Protocol) -> Cases:
    """One row for each target, with its values.

    R@k: 1 if the target is among the first k. RT@k: the same, of targets that the seeker liked.
    NDCG@k and MRR@k: of a message, at its first target. AUC: of a liked target, the share of all
    disliked targets with a worse place, ties half. SR: of a dialogue, whether a film at the first
    place was a target that the seeker liked or had seen. RDL: the reward for those, 1 liked, 0.5
    seen, over the number of the dialogue's messages asked about. Both at its first target.
    """
    rows: list[tuple[str, str, str, str]] = []
    places: list[float] = []
    failed, opinion = [], []
    lists: dict[int, Places] = {}
    reward: dict[str, float] = {}
    asked_about: Counter[str] = Counter()
    first: dict[str, int] = {}
    for at, one in enumerate(asked.moments):
        targets = one.targets if protocol == "repeats" else one.fresh
        if not targets:
            continue
        talk, own = asked.talks[one.talk], found.places[protocol][at]
        said = _said(talk, one)
        lists[len(rows)] = own
        first.setdefault(talk.id, len(rows))
        asked_about[talk.id] += 1
        for film, place in zip(targets, own, strict=True):
            title = talk.labels.get(film, "")
            rows.append((f"{talk.id}:{one.at}:{film}", talk.id, title, said))
            places.append(place)
            failed.append(found.failed[at])
            liked, disliked = film in talk.liked, film in talk.disliked
            opinion.append(1 if liked else -1 if disliked else 0)
            if place <= 1 and (liked or film in talk.seen):
                gain = _LIKED if liked else _SEEN
                reward[talk.id] = reward.get(talk.id, 0.0) + gain
    where, whose = np.array(places), np.array(opinion)
    nowhere = np.full(len(rows), np.nan)
    values: dict[str, NDArray[np.float64]] = {}
    for k in CUTOFFS:
        values[f"R@{k}"] = hits_at(where, k)
    for k in CUTOFFS:
        values[f"NDCG@{k}"] = _at(nowhere, {row: ndcg_at(own, k) for row, own in lists.items()})
    for k in CUTOFFS:
        values[f"MRR@{k}"] = _at(
            nowhere, {row: reciprocal_at(own, k) for row, own in lists.items()}
        )
    for k in CUTOFFS:
        values[f"RT@{k}"] = np.where(whose > 0, hits_at(where, k), np.nan)
    values["AUC"] = nowhere.copy()
    if (whose < 0).any():
        values["AUC"][whose > 0] = beaten(where[whose > 0], where[whose < 0])
    values["SR"] = _at(nowhere, {row: float(talk in reward) for talk, row in first.items()})
    values["RDL"] = _at(
        nowhere, {row: reward.get(talk, 0.0) / asked_about[talk] for talk, row in first.items()}
    )
    case, unit, titles, texts = zip(*rows, strict=True)
    told = {"target": titles, "said before": texts}
    return Cases(case, unit, values, np.array(failed, dtype=bool), told)


def checks_of(asked: Asked, learnt: Sequence[Talk], system: System) -> tuple[Check, ...]:
    """Looks for leakage: from training to test, if any is known, and from answer to question."""
    named = [one for one in asked.moments if one.fresh]
    found = [
        Check(
            what="messages with a fresh target's title written out before",
            n_found=sum(_spelled(asked.talks[one.talk], one) for one in named),
            n=len(named),
        ),
        Check(
            what=f"messages that {system.name} scores otherwise when they and all after are blank",
            n_found=_peeked(system, asked),
            n=min(_N_BLANKED, len(asked.moments)),
        ),
    ]
    if not learnt:
        return tuple(found)
    known, both = {talk.id for talk in learnt}, (asked.talks, learnt)
    return (
        Check(
            what="dialogues that training has, by id",
            n_found=sum(talk.id.partition("#")[0] in known for talk in asked.talks),
            n=len(asked.talks),
        ),
        Check(
            what=f"dialogues nearly one of training (Jaccard {NEAR_DUPLICATE} of word triples)",
            n_found=sum(near_duplicates(*([letters(talk) for talk in each] for each in both))),
            n=len(asked.talks),
        ),
        *found,
    )


def _spelled(talk: Talk, one: Moment) -> bool:
    """A title of at least two words stands in an earlier message without its number."""
    before = f" {fold(' '.join(each.text for each in talk.messages[: one.at]))} "
    titles = (fold(split_label(talk.labels.get(film, ""))[0]) for film in one.fresh)
    return any(" " in title and f" {title} " in before for title in titles)


def _peeked(system: System, asked: Asked) -> int:
    """Cut dialogues off before the message, without answers: scores must not change."""
    chosen = asked.moments[:: max(1, len(asked.moments) // _N_BLANKED)][:_N_BLANKED]
    whole = _scores(system, asked, chosen)
    nobody: frozenset[str] = frozenset()
    cut, moved = [], []
    for at, one in enumerate(chosen):
        talk = asked.talks[one.talk]
        blank = talk.messages[one.at]._replace(text="", films=())
        cut.append(
            talk._replace(
                messages=(*talk.messages[: one.at], blank),
                liked=nobody, disliked=nobody, seen=nobody,
            )
        )  # fmt: skip
        moved.append(one._replace(talk=at, targets=(), fresh=()))
    blind = _scores(system, asked._replace(talks=tuple(cut)), moved)
    close = np.isclose(whole, blind, rtol=1e-4, atol=1e-4, equal_nan=True)
    return int((~close.all(axis=1)).sum())


def _scores(system: System, asked: Asked, moments: Sequence[Moment]) -> NDArray[np.floating]:
    """Scores of a system; a row of nan where it has none."""
    wanted = (len(moments), len(asked.films))
    try:
        scores = system.scores(asked.talks, moments)
    except ServerGone:
        raise
    except (SimpaticoError, ValueError, ArithmeticError, LookupError, RuntimeError) as error:
        if len(moments) > 1:
            return np.concatenate([_scores(system, asked, [one]) for one in moments])
        log.warning("%s failed on a message: %s", system.name, error)
        return np.full(wanted, np.nan)
    if len(scores) != wanted[0] or scores.shape[1] < wanted[1]:
        raise ValueError(f"wanted scores of shape {wanted} from {system.name}, got {scores.shape}")
    return scores


def facts_of(asked: Asked, protocol: Protocol) -> dict[str, str]:
    """What is asked under a protocol, in words: for its record."""
    lists = [one.targets if protocol == "repeats" else one.fresh for one in asked.moments]
    lists = [each for each in lists if each]
    every = [film for each in lists for film in each]
    known = {film.id for film in asked.films}
    n_unknown = sum(film not in known for film in every)
    return {
        "cases": f"{len(lists):,} messages of recommenders with {len(every):,} targets of"
        f" {len(set(every)):,} films, in {len(asked.talks):,} dialogues",
        "ranked": f"{len(asked.films):,} films of the item file; {n_unknown} targets are not in it"
        " and count as missed",
        "ties": "against the target",
        "recall": "over targets; NDCG and MRR over messages; SR and RDL over dialogues",
    }


def _said(talk: Talk, one: Moment) -> str:
    """The end of what was said before, to read."""
    before = (spoken(each.text, talk.labels) for each in talk.messages[: one.at])
    return " / ".join(before)[-_TOLD_CHARS:]


def _at(nowhere: NDArray[np.float64], values: Mapping[int, float]) -> NDArray[np.float64]:
    found = nowhere.copy()
    found[list(values)] = list(values.values())
    return found
