"""Train a catalogue's ranker again on everybody's events, and let a gate decide whether it serves.

Training goes on from the ranker that ships, never from an earlier retraining: so what somebody had
erased is in no later version. The counts of its tables stand beside those of the events, a person
there weighing what a dialogue weighs. What is served is what the gate judged: nothing held out is
learnt from afterwards.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from simpatico.domain import Candidate, Item, UserState
from simpatico.errors import DataError, ModelError
from simpatico.finetune import acceptance
from simpatico.finetune.acceptance import Moved, Shown
from simpatico.finetune.dialogue_train import (
    Conversational,
    Plan,
    Start,
    Talks,
    train_dialogues,
)
from simpatico.finetune.dialogues import Decision
from simpatico.finetune.distributed import ALONE, Group
from simpatico.finetune.feedback import HELD_SHARE, Choice, Parts, Read, read_log, split
from simpatico.finetune.fusion_export import read_weights, rewrite
from simpatico.finetune.fusion_train import Catalogue, catalogue_of
from simpatico.finetune.gate import Verdict, judge
from simpatico.protocols import EventLog, ProgressCallback
from simpatico.retrieval.features import features_of
from simpatico.retrieval.fusion import (
    HISTORY,
    Card,
    FusionModel,
    FusionScorer,
    Vectors,
    read_card,
    write_card,
)
from simpatico.retrieval.links import Counts, count
from simpatico.retrieval.past import heard, sum_up
from simpatico.retrieval.ranker_tables import Tables, read_tables
from simpatico.retrieval.versions import Versions

PLAN: Final = replace(Plan(), epochs=2, learning_rate=2e-3, batch_size=256, hidden=0.0)
"""How training goes on: the only way that was tried (docs/feedback.md). Events are told as they are
when served: nothing of them is hidden."""

_FIRST: Final = 0.05
"""Standard deviation of the vectors of items that had none, as in `ItemTower`."""


class Stock(NamedTuple):
    """What is ranked.

    Attributes:
        items: all of it.
        vectors: of their texts, as the ranker's card says.
    """

    items: Sequence[Item]
    vectors: Vectors


class Dialogues(NamedTuple):
    """Dialogues to learn from beside the events: decisions, linked to the stock, and how many."""

    talks: Talks
    n: int


class Renewal(NamedTuple):
    """What came of it.

    Attributes:
        version: of the new ranker.
        promoted: whether it is served from the next start on.
        served: the version that it was judged against.
        verdict: the gate's.
        read, parts: what it learnt from and was judged by.
        certainty: what came of calibrating the version that is served now, for people.
    """

    version: str
    promoted: bool
    served: str
    verdict: Verdict
    read: Read
    parts: Parts
    certainty: str


def renew(
    versions: Versions,
    stock: Stock,
    log: EventLog,
    *,
    at: datetime,
    dialogues: Dialogues | None = None,
    plan: Plan = PLAN,
    held_share: float = HELD_SHARE,
    group: Group = ALONE,
    command: str = "",
    progress: ProgressCallback = lambda what, done, total: None,
) -> Renewal:
    """Retrain, judge, keep as a version, and put it to use if it wins.

    Args:
        versions: of the stock's ranker.
        stock: what is ranked.
        log: everybody's events.
        at: now; names the version.
        dialogues: to learn from as well; the shipped counts, which are of dialogues, then do not
            count.
        plan: how, see `retrain`; its seed is also that of the gate.
        held_share: of the newest choices, for the gate.
        group: the device that trains.
        command: for the card.
        progress: told of batches and rankings.

    Raises:
        DataError: there are too few events.
        ModelError: no ranker ships for the catalogue, or it is damaged.
        StoreError: the log cannot be read, the version not be written, or another training goes on.
    """
    folder = versions.shipped
    if folder is None:
        raise ModelError(f"no ranker ships for catalogue {versions.catalog!r} to go on from")
    place = {item.id: row for row, item in enumerate(stock.items)}
    with versions.training():
        served = versions.served()
        assert served is not None
        read = read_log(log, place)
        parts = split(read, held_share=held_share, after=served.model.card.until, seed=plan.seed)
        card = served.model.card
        trained = retrain(
            stock, folder, parts.learnt, plan, dialogues=dialogues, group=group, progress=progress
        )
        now = served.model.of(stock.items, stock.vectors)
        with versions.making() as making:
            card = _card(folder, parts, dialogues, command)
            rewrite(trained, card, [item.id for item in stock.items], folder, making)
            new = FusionModel(making).of(stock.items, stock.vectors)
            verdict = judge(new, now, stock.items, parts.held, seed=plan.seed, progress=progress)
            words = f"{verdict.words}, against {served.version}"
            write_card(making, card.model_copy(update={"measured": (("gate", words),)}))
            version = versions.add(making, at)
        if verdict.wins:
            versions.use(version)
        shown = acceptance.read_shown(log, f"fusion {served.name}")
        lists = [
            one
            for one in shown
            if all(item in place for item in one.items)
            and (one.at >= parts.cut or not verdict.wins)  # else it was learnt from
        ]
        certainty = _calibrate(
            versions,
            version if verdict.wins else served.version,
            lists,
            moved_by(new, now, stock, log) if verdict.wins else None,
        )
    return Renewal(version, verdict.wins, served.version, verdict, read, parts, certainty)


def retrain(
    stock: Stock,
    folder: Path,
    choices: Sequence[Choice],
    plan: Plan = PLAN,
    *,
    dialogues: Dialogues | None = None,
    group: Group = ALONE,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Conversational:
    """Go on from a ranker with people's choices.

    Args:
        stock: what is ranked; the vectors are of the ranker's encoder.
        folder: of the ranker to go on from.
        choices: to learn from.
        plan: how; the tower is that of the ranker to go on from.
        dialogues: see `renew`.
        group: the device that trains.
        progress: told of batches.

    Raises:
        ModelError: the ranker cannot be read, or is of another shape than the plan's.
    """
    card = read_card(folder)
    try:
        tables = read_tables(folder)
    except Exception as error:  # numpy's and scipy's errors share no base
        raise ModelError(f"the ranker in {folder} cannot be read: {error}") from error
    n_items = len(stock.items)
    row = {item_id: at for at, item_id in enumerate(tables.ids)}
    old = np.array([row.get(item.id, -1) for item in stock.items], dtype=np.int64)
    talks = _talks(choices, card, stock.vectors.vectors([stock.items[0].id]).shape[1])
    counts = _moved(tables, old)
    if dialogues:
        told, unread = dialogues.talks, [UserState()] * len(talks.decisions)
        talks = Talks(
            [*told.decisions, *_after(talks.decisions, dialogues.n)],
            np.concatenate([told.words, talks.words]),
            [*told.states, *unread] if told.states else (),
        )
        counts = count([], n_items)
    if "liked" not in card.kinds:
        talks = talks.untold
    weights = read_weights(folder)
    weights["items.id.weight"] = _ids(weights["items.id.weight"], old, plan.seed)
    return train_dialogues(
        talks,
        _catalogue(stock, card, tables, old, choices),
        replace(plan, tower=card.tower),
        feelings=card.feelings,
        start=Start(weights, counts),
        group=group,
        progress=progress,
    )


def moved_by(new: FusionScorer, old: FusionScorer, stock: Stock, log: EventLog) -> Moved:
    """What a new ranker adds to the scores of lists that an old one chose.

    What was said then is not known; so the difference is that for somebody with this history who
    says nothing.
    """
    items = {item.id: item for item in stock.items}

    def added(shown: Shown) -> list[float]:
        earlier = [event for event in log.events(shown.user) if event.at < shown.at]
        profile = sum_up(shown.user, earlier, ())
        candidates = [Candidate(item=items[each], hits=(), score=0) for each in shown.items]
        ours, theirs = (ranker.learned(candidates, UserState(), profile) for ranker in (new, old))
        return [
            sum(one.values()) - sum(other.values()) for one, other in zip(ours, theirs, strict=True)
        ]

    return added


def _calibrate(
    versions: Versions, version: str, shown: Sequence[Shown], moved: Moved | None
) -> str:
    """Fit and keep what makes probabilities of a version's scores; says what came of it."""
    try:
        fit = acceptance.fit(shown, moved=moved, now=versions.certainty(version))
    except DataError as error:
        return f"not calibrated: {error}"
    if fit.certainty is None:
        return f"calibration kept as it is: {fit.words}"
    versions.calibrate(version, fit.certainty)
    return f"calibrated: {fit.words}"


def _talks(choices: Sequence[Choice], card: Card, dim: int) -> Talks:
    decisions = [_decision(one, card) for one in choices]
    return Talks(decisions, np.zeros((len(decisions), dim), dtype=np.float32))


def _decision(choice: Choice, card: Card) -> Decision:
    past = heard(choice.history, card.kinds)[-HISTORY:]
    return Decision(
        dialogue=choice.person,
        offered=True,
        before=tuple(place for place, _ in past),
        by_seeker=(True,) * len(past),
        words="",
        targets=(choice.target,),
        answers=tuple(kind for _, kind in past),
    )


def _after(decisions: Sequence[Decision], n: int) -> list[Decision]:
    """The same, numbered after n dialogues."""
    return [one._replace(dialogue=one.dialogue + n) for one in decisions]


def _moved(tables: Tables, old: NDArray[np.int64]) -> Counts:
    """Counts of other rows, (n_items,) of places in the tables; -1: nothing is counted."""
    known = np.flatnonzero(old >= 0)
    pick = sparse.csr_array(
        (np.ones(len(known)), (known, old[known])), shape=(len(old), len(tables.ids))
    )
    near, together = (sparse.csr_array(pick @ each @ pick.T) for each in tables.counts[:2])
    return Counts(near, together, pick @ tables.counts.known)


def _ids(weights: Tensor, old: NDArray[np.int64], seed: int) -> Tensor:
    """Vectors of other rows; those of items that had none are drawn."""
    drawn = torch.randn((len(old), weights.shape[1]), generator=torch.Generator().manual_seed(seed))
    known = torch.from_numpy(old >= 0)[:, None]
    return torch.where(known, weights[np.maximum(old, 0)], _FIRST * drawn)


def _catalogue(
    stock: Stock,
    card: Card,
    tables: Tables,
    old: NDArray[np.int64],
    choices: Sequence[Choice],
) -> Catalogue:
    """What is known of each item; one that was taken, or had a vector of its own, has one."""
    text = stock.vectors.vectors([item.id for item in stock.items])
    features = features_of(stock.items, card.vocabulary, {"text": text})
    own = (old >= 0) & tables.has_id[np.maximum(old, 0)]
    own[[one.target for one in choices]] = True
    return catalogue_of(len(stock.items), features, cold=~own)


def _card(folder: Path, parts: Parts, dialogues: Dialogues | None, command: str) -> Card:
    shipped = read_card(folder)
    n_people = len({one.person for one in parts.learnt})
    beside = f", beside {dialogues.n} dialogues" if dialogues else ""
    return shipped.model_copy(
        update={
            "data": (
                f"{shipped.data}; then {len(parts.learnt)} choices of {n_people} people here before"
                f" {parts.cut:%Y-%m-%d %H:%M} UTC{beside}"
            ),
            "licence": "private: learnt from people of this installation",
            "command": command,
            "until": parts.cut,
        }
    )
