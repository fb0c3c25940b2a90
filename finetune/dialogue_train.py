"""Train the fusion ranker on decisions in dialogues: what was recommended, given what was said.

As in `simpatico.finetune.fusion_train`, evidence is counted from other dialogues. What seekers
name themselves is learnt from, too, but counts less: it is what they think of, not what they take.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from simpatico.domain import UserState
from simpatico.errors import DataError, ModelError
from simpatico.finetune.checkpoints import Checkpoint
from simpatico.finetune.dialogues import Decision
from simpatico.finetune.distributed import ALONE, Group
from simpatico.finetune.epochs import Epochs, learn
from simpatico.finetune.fusion_model import Events, Feeling, Fusion, Shape, Tower
from simpatico.finetune.fusion_train import (
    N_FOLDS,
    N_KINDS,
    Catalogue,
    modalities_of,
    optimizer_of,
    tokens_of,
)
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.feelings import UNFELT, Feelings
from simpatico.retrieval.fusion import HISTORY
from simpatico.retrieval.links import Counts, Links, count, newest_of
from simpatico.retrieval.past import KINDS, PLAIN, START, Kind
from simpatico.retrieval.signals import SIGNALS, signals_of

_ROWS: Final = 64
_SEEDS_APART: Final = 1000
_TICKS: Final = 1000
_UNSERVED: Final = {"fresh"}
"""Weights of a model that nothing here asks: they are not exported."""


@dataclass(frozen=True)
class Plan:
    """How it is trained; see `simpatico.finetune.fusion_train.Plan`. Chosen on a dev part.

    Attributes:
        seeker_weight: what a film that the seeker names counts beside one that is offered.
        felt_dropout: see `Shape`.
        hidden: how often nothing is told of what the seeker liked or disliked while learning.
        felt_doubt: how often a mood is met when it counts half; see `PersonTower.trust`.
    """

    tower: Tower = "gru"
    width: int = 64
    dropout: float = 0.4
    token_dropout: float = 0.1
    felt_dropout: float = 0.3
    felt_doubt: float = 100.0
    hidden: float = 0.5
    batch_size: int = 128
    learning_rate: float = 4e-3
    weight_decay: float = 1e-2
    epochs: int = 4
    seeker_weight: float = 0.5
    seed: int = 0


class Talks(NamedTuple):
    """Decisions, and what was said before each.

    Attributes:
        decisions: n of them.
        words: (n, dim) vectors of the words; zeros where nothing was said.
        states: (n,) what was read in them; empty: nobody read.
    """

    decisions: Sequence[Decision]
    words: NDArray[np.float32]
    states: Sequence[UserState] = ()

    def at(self, rows: Sequence[int] | NDArray[np.int64]) -> "Talks":
        """Some of them."""
        return Talks(
            [self.decisions[row] for row in rows],
            self.words[rows],
            [self.states[row] for row in rows] if self.states else (),
        )

    @property
    def untold(self) -> "Talks":
        """The same, where nobody says what they like or dislike of what was named."""
        decisions = [one._replace(answers=()) for one in self.decisions]
        return self._replace(decisions=decisions)


class Start(NamedTuple):
    """What training goes on from.

    Attributes:
        weights: of a model of the same plan and catalogue, by name.
        counts: of what others named, beside what is learnt from.
    """

    weights: Mapping[str, Tensor]
    counts: Counts


@dataclass
class Conversational:
    """A trained ranker with what it needs to score.

    Attributes:
        model: the weights.
        catalogue: what is known of each item; it has text.
        counts: of what was named in all dialogues learnt from.
        feelings: the moods and needs that it is told of.
        kinds: of events that it is told of.
        losses: the mean loss of each epoch, in nats.
    """

    model: Fusion
    catalogue: Catalogue
    counts: Counts
    feelings: Feelings = UNFELT
    kinds: tuple[Kind, ...] = PLAIN
    losses: list[float] = field(default_factory=list)

    @cached_property
    def links(self) -> Links:
        """Evidence from the counts."""
        return self.counts.links()

    @cached_property
    def log_known(self) -> NDArray[np.float32]:
        """Logarithm of each item's share of all that was named, (n_items,)."""
        return self.counts.log_known()

    @torch.inference_mode()
    def scores(self, talks: Talks) -> NDArray[np.float32]:
        """Log-probability of every item for every decision, (n, n_items); those named are in it."""
        found = [np.zeros((0, len(self.log_known)), dtype=np.float32)]
        self.model.eval()
        for start in range(0, len(talks.decisions), _ROWS):
            part = talks.at(range(start, min(start + _ROWS, len(talks.decisions))))
            scores = _scores(self, part, self.links)
            found.append(scores.log_softmax(1).numpy())
        return np.concatenate(found)


def train_dialogues(
    talks: Talks,
    catalogue: Catalogue,
    plan: Plan,
    *,
    feelings: Feelings = UNFELT,
    start: Start | None = None,
    keep: Path | None = None,
    group: Group = ALONE,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Conversational:
    """Train on every decision with a fresh target.

    Args:
        talks: decisions of whole dialogues.
        catalogue: of the items that they name; `text` must be of the encoder of the words.
        plan: how.
        feelings: the moods and needs of their states to learn of.
        start: go on from there; else from random weights.
        keep: a folder for the state after each epoch; a training that broke off goes on from
            there, to the same weights.
        group: the processes that train together, and the device.
        progress: told of batches.

    Raises:
        DataError: no decision has a fresh target, or `keep` is of another training.
        ModelError: the weights to go on from are of another shape.
        ValueError: the catalogue has no text.
    """
    if "text" not in catalogue.features:
        raise ValueError("wanted a catalogue with text")
    n_items = len(catalogue.has_id)
    learnt = np.array([row for row, one in enumerate(talks.decisions) if one.fresh], dtype=np.int64)
    if not len(learnt):
        raise DataError("wanted decisions with a film not named before, got none")
    rng = np.random.default_rng(plan.seed)
    torch.manual_seed(plan.seed)
    named = named_in(talks.decisions)
    fold = dict(zip(named, rng.permutation(len(named)) % N_FOLDS, strict=True))
    others = [
        _counted([what for each, what in named.items() if fold[each] != k], n_items, start).links()
        for k in range(N_FOLDS)
    ]
    model = Fusion(
        Shape(
            modalities=modalities_of(catalogue),
            n_items=n_items,
            n_kinds=N_KINDS,
            n_state=talks.words.shape[1],
            n_moods=len(feelings.moods),
            n_needs=len(feelings.needs),
            n_signals=len(SIGNALS),
            width=plan.width,
            tower=plan.tower,
            dropout=plan.dropout,
            token_dropout=plan.token_dropout,
            felt_dropout=plan.felt_dropout,
        )
    )
    if start is not None:
        _load(model, start.weights)
    elif any(feelings):
        model.person.trust(_feeling(feelings, talks.at(learnt)), plan.felt_doubt)
    counts = _counted(list(named.values()), n_items, start)
    kinds = tuple(KINDS) if any(one.answers for one in talks.decisions) else PLAIN
    found = Conversational(model, catalogue, counts, feelings, kinds)
    kept = None
    if keep is not None:
        of = f"{plan} on {_digest(found, talks)} in {group.size} processes"
        kept = Checkpoint(keep / f"{plan.tower}.pt", of)
    if group.rank:
        torch.manual_seed(torch.initial_seed() + _SEEDS_APART * group.rank)
    model.to(group.device)
    folds = np.array([fold[talks.decisions[row].dialogue] for row in learnt])
    how = Epochs(
        n=plan.epochs,
        rate=plan.learning_rate,
        patience=0,
        batches=lambda rng: _batches(learnt, folds, plan.batch_size, rng),
        size_of=len,
        judge=None,
    )
    history = learn(
        model,
        group.wrap(_Step(found, talks, plan, {each: others[k] for each, k in fold.items()})),
        optimizer_of(model, plan.weight_decay),
        how,
        rng=rng,
        group=group,
        kept=kept,
        tell=lambda share: progress("Training the ranker", round(share * _TICKS), _TICKS),
    )
    model.cpu()
    found.losses = history.losses
    return found


class _Step(nn.Module):
    """A batch to its loss, as one module: what gradients are averaged of."""

    def __init__(
        self, of: Conversational, talks: Talks, plan: Plan, links: Mapping[int, Links]
    ) -> None:
        super().__init__()
        self.model = of.model
        self.of = of
        self.talks = talks
        self.plan = plan
        self.links = links  # of each dialogue, from others

    def forward(self, rows: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
        part = _hiding(self.talks.at(rows), self.plan.hidden, rng)
        scores = _scores(self.of, part, self.links[part.decisions[0].dialogue])
        return _loss(scores, part.decisions, self.plan.seeker_weight)


def _digest(of: Conversational, talks: Talks) -> str:
    """A short hash of a model that learnt nothing yet and of all that it learns from."""
    found = hashlib.sha256(repr(list(talks.decisions)).encode())
    near, together, known = of.counts
    arrays = [talks.words, *_feeling(of.feelings, talks), of.catalogue.has_id]
    arrays += [near.data, near.indices, together.data, together.indices, known]
    for parts in (of.catalogue.features, of.catalogue.there, of.model.state_dict()):
        arrays += [parts[name] for name in sorted(parts)]
    for values in arrays:
        found.update(np.ascontiguousarray(values).data)
        found.update(b"|")
    return found.hexdigest()[:16]


def _counted(named: Sequence[NDArray[np.int64]], n_items: int, start: Start | None) -> Counts:
    counted = count(named, n_items)
    return counted if start is None else start.counts.plus(counted)


def _load(model: Fusion, weights: Mapping[str, Tensor]) -> None:
    try:
        missing, strange = model.load_state_dict(weights, strict=False)
    except RuntimeError as error:
        raise ModelError(f"the weights to go on from do not fit: {error}") from error
    if strange or set(missing) - _UNSERVED:
        raise ModelError(f"the weights to go on from do not fit: {missing} missing, {strange} left")


def named_in(decisions: Sequence[Decision]) -> dict[int, NDArray[np.int64]]:
    """What each dialogue names, each film once, in order; not what is disliked alone."""
    named: dict[int, dict[int, None]] = {}
    for one in decisions:
        named.setdefault(one.dialogue, {}).update(dict.fromkeys((*one.had, *one.targets)))
    return {each: np.array(list(films), dtype=np.int64) for each, films in named.items()}


def _scores(of: Conversational, talks: Talks, links: Links) -> Tensor:
    """Scores of a batch, (n, n_items); what was named before is out of the question."""
    model, catalogue, decisions = of.model, of.catalogue, talks.decisions
    device = model.known.device
    tokens, mean = tokens_of(model, catalogue)
    events = Events(*(each.to(device) for each in _events(decisions)))
    feeling = Feeling(*(each.to(device) for each in _feeling(of.feelings, talks)))
    words = torch.from_numpy(talks.words).to(device)
    read = model.person(mean[events.items], events, words, feeling)
    person = read[torch.arange(len(decisions)), events.there.sum(1) - 1]
    newest = np.stack([newest_of(np.array(one.had, dtype=np.int64)) for one in decisions])
    text = catalogue.features["text"]
    signals = signals_of(talks.words, [one.had for one in decisions], text, text)
    scores: Tensor = model(
        person,
        tokens,
        torch.from_numpy(links.evidence(newest)).to(device),
        torch.from_numpy(of.log_known).to(device),
        torch.from_numpy(signals).to(device),
    )
    for row, one in enumerate(decisions):
        scores[row, list(one.before)] = -1e9
    return scores


def _hiding(talks: Talks, share: float, rng: np.random.Generator) -> Talks:
    """The same, without what seekers said of films before some of the decisions."""
    if not any(one.answers for one in talks.decisions):
        return talks
    drawn = rng.random(len(talks.decisions)) < share
    decisions = [
        one._replace(answers=()) if hide else one
        for one, hide in zip(talks.decisions, drawn, strict=True)
    ]
    return talks._replace(decisions=decisions)


def _feeling(feelings: Feelings, talks: Talks) -> Feeling:
    """What was read before each decision; nothing, where nobody read."""
    states = talks.states or [UserState()] * len(talks.decisions)
    return Feeling(*map(torch.from_numpy, feelings.all_felt(states)))


def _events(decisions: Sequence[Decision]) -> Events:
    """The newest of what was named before, after a start, as padded tensors."""
    longest = 1 + max(len(one.before[-HISTORY:]) for one in decisions)
    items = torch.zeros((len(decisions), longest), dtype=torch.long)
    kinds = torch.full_like(items, START)
    there = torch.zeros(items.shape, dtype=torch.bool)
    for row, one in enumerate(decisions):
        before, did = one.before[-HISTORY:], one.kinds[-HISTORY:]
        n = len(before)
        items[row, 1 : n + 1] = torch.tensor(before)
        kinds[row, 1 : n + 1] = torch.tensor([KINDS[kind] for kind in did])
        there[row, : n + 1] = True
    return Events(items, kinds, torch.zeros_like(items), there)


def _loss(scores: Tensor, decisions: Sequence[Decision], seeker_weight: float) -> Tensor:
    """Weighted mean cross-entropy over all fresh targets."""
    pairs = [
        (row, target, 1.0 if one.offered else seeker_weight)
        for row, one in enumerate(decisions)
        for target in one.fresh
    ]
    rows, targets, weights = zip(*pairs, strict=True)
    weight = torch.tensor(weights, device=scores.device)
    return -(scores.log_softmax(1)[list(rows), list(targets)] * weight).sum() / weight.sum()


def _batches(
    rows: NDArray[np.int64], folds: NDArray[np.int64], size: int, rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Decisions of one fold together, in random order."""
    found = []
    for k in range(N_FOLDS):
        mine = rng.permutation(rows[folds == k])
        found += [mine[i : i + size] for i in range(0, len(mine), size)]
    return [found[i] for i in rng.permutation(len(found))]
