"""Train the fusion ranker on sequences of events: the next item among all.

Every event but a person's first is a target. Behavioural evidence for a person is counted from
other people (cross-fitting): with their own events in the tables, it would be trusted too much.
"""

import copy
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from simpatico.errors import DataError
from simpatico.finetune.checkpoints import Checkpoint
from simpatico.finetune.distributed import ALONE, Group
from simpatico.finetune.epochs import Epochs, History, learn
from simpatico.finetune.fusion_model import ID, Events, Fusion, Shape, Tokens, Tower, gap_of
from simpatico.finetune.sequences import Sequences
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.links import Links, count_links, newest_of

LONGEST: Final = 100
"""Events that are read in one piece while learning; and the newest that are read to rank."""

N_FOLDS: Final = 8
TOWERS: Final[tuple[Tower, ...]] = get_args(Tower)
RARE: Final = 0.05
"""Share of numbers beside 0 below which a modality is read as a sparse tensor."""

_ROWS: Final = 64
_SEEDS_APART: Final = 1000
_TICKS: Final = 1000


@dataclass(frozen=True)
class Plan:
    """How a ranker is trained. Chosen on the dev part of MovieLens-100K.

    Attributes:
        towers: what reads the events; each is a model of its own, and their probabilities are
            averaged as logarithms (on that dev part a GRU and an MLP had NDCG@10 .135 each, and
            .142 together).
        width: of everything inside a model.
        dropout, token_dropout: see `Shape`.
        batch_size: pieces of at most `LONGEST` events.
        learning_rate: at its highest; it grows for an epoch and then falls to 0.
        weight_decay: of AdamW, on matrices only.
        epochs: over all events, for each tower.
        use_evidence: whether the tables of `simpatico.retrieval.links` speak as well.
        patience: epochs without a better loss on people's last events, held back for that, after
            which a tower stops learning and goes back to its best epoch; 0: all epochs are learnt,
            and nothing is held back.
        fresh_share: of the items, drawn for each batch, that are learnt of as if nobody had had
            them: without id, evidence and how well they are known (cf. DropoutNet, Volkovs et al.,
            2017). In [0, 1). Ids alone have nothing to tell of them, and learn of none as fresh.
        seed: of weights, order, dropout and folds.
    """

    towers: tuple[Tower, ...] = ("gru", "attention", "mlp")
    width: int = 64
    dropout: float = 0.4
    token_dropout: float = 0.0
    batch_size: int = 16
    learning_rate: float = 4e-3
    weight_decay: float = 1e-2
    epochs: int = 10
    use_evidence: bool = True
    patience: int = 0
    fresh_share: float = 0.2
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Catalogue:
    """What is known of each item, in the order of `Sequences.items`.

    Attributes:
        features: name of a modality: (n_items, width) float32.
        there: name of a modality: (n_items,) of bool.
        has_id: (n_items,) of bool: may have a vector of its own; cold items do not.
    """

    features: Mapping[str, NDArray[np.float32]]
    there: Mapping[str, NDArray[np.bool_]]
    has_id: NDArray[np.bool_]

    @cached_property
    def tensors(self) -> Mapping[str, Tensor]:
        """The features for `ItemTower`, those that are nearly all zeros as sparse tensors."""
        with torch.inference_mode(False):  # whoever asks first, training goes on with them
            return {name: _tensor(values) for name, values in self.features.items()}


@dataclass
class Trained:
    """A ranker with what it needs to score.

    Attributes:
        members: a model for each tower.
        catalogue: what they know of each item.
        links: evidence from everybody that they learnt from.
        log_known: (n_items,) logarithm of each item's share of all events; nan for a fresh one,
            see `Fusion.forward`.
        losses: for each member the mean loss of each epoch, in nats.
        judged: the same on what was held back; empty where nothing was.
    """

    members: list[Fusion]
    catalogue: Catalogue
    links: Links
    log_known: NDArray[np.float32]
    losses: list[list[float]] = field(default_factory=list)
    judged: list[list[float]] = field(default_factory=list)

    def scores(
        self, data: Sequences, rows: Sequence[int] | NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Score every item for the next event of people: (n_rows, n_items), log-probabilities.

        Raises:
            ValueError: somebody has no events.
        """
        if empty := [data.users[row] for row in rows if not len(data.what[row])]:
            raise ValueError(f"wanted people with events, {empty[0]!r} has none")
        out = np.zeros((len(rows), len(data.items)), dtype=np.float32)
        for model in self.members:
            out += self._scores_of(model.eval(), data, [int(row) for row in rows])
        return np.asarray(out / len(self.members), dtype=np.float32)

    @torch.inference_mode()
    def _scores_of(
        self, model: Fusion, data: Sequences, rows: Sequence[int]
    ) -> NDArray[np.float32]:
        device = model.known.device
        tokens, mean = tokens_of(model, self.catalogue)
        known = torch.from_numpy(self.log_known).to(device)
        found = [np.zeros((0, len(data.items)), dtype=np.float32)]
        for start in range(0, len(rows), _ROWS):
            part = rows[start : start + _ROWS]
            ends = [len(data.what[row]) for row in part]
            events = events_of(
                data,
                [
                    Span(row, max(0, end - LONGEST), end)
                    for row, end in zip(part, ends, strict=True)
                ],
                device,
            )
            person = model.person(mean[events.items], events)
            last = person[torch.arange(len(part)), events.there.sum(1) - 1]
            newest = np.stack([newest_of(data.what[row]) for row in part])
            evidence = torch.from_numpy(self.links.evidence(newest)).to(device)
            found.append(model(last, tokens, evidence, known).log_softmax(1).cpu().numpy())
        return np.concatenate(found)


class Span(NamedTuple):
    """A piece of somebody's events: row, first, and the end."""

    row: int
    first: int
    end: int


def catalogue_of(
    n_items: int,
    features: Mapping[str, NDArray[np.float32]],
    *,
    cold: NDArray[np.bool_] | None = None,
    ids: bool = True,
) -> Catalogue:
    """Put features together: rows of nan are items without that modality.

    Args:
        n_items: in all.
        features: for each modality (n_items, width).
        cold: items without a vector of their own, (n_items,).
        ids: whether the others have one.

    Raises:
        ValueError: features of another length.
    """
    wrong = [name for name, values in features.items() if len(values) != n_items]
    if wrong:
        raise ValueError(f"wanted {n_items} rows of {', '.join(wrong)}")
    there: dict[str, NDArray[np.bool_]] = {
        name: np.asarray(~np.isnan(values).any(axis=1)) for name, values in features.items()
    }
    has_id = np.full(n_items, ids) if cold is None else ~cold & ids
    return Catalogue(
        {name: np.nan_to_num(values) for name, values in features.items()}, there, has_id
    )


def events_of(data: Sequences, spans: Sequence[Span], device: torch.device | str = "cpu") -> Events:
    """People's events as padded tensors."""
    longest = max(span.end - span.first for span in spans)
    items = torch.zeros((len(spans), longest), dtype=torch.long)
    kinds, gaps = torch.zeros_like(items), torch.zeros_like(items)
    there = torch.zeros(items.shape, dtype=torch.bool)
    for at, (row, first, end) in enumerate(spans):
        n = end - first
        items[at, :n] = torch.from_numpy(data.what[row][first:end])
        kinds[at, :n] = torch.from_numpy(kinds_of(data.values[row][first:end]))
        times = data.times[row]
        before = times[np.maximum(np.arange(first, end) - 1, 0)]
        gaps[at, :n] = gap_of(torch.from_numpy(times[first:end] - before))
        there[at, :n] = True
    return Events(*(each.to(device) for each in (items, kinds, gaps, there)))


N_KINDS: Final = 7


def kinds_of(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """Stars as kinds of event: 0 unknown, else 1 to 5 rounded half up."""
    return np.where(
        np.isnan(values), 0, np.clip(np.floor(np.nan_to_num(values) + 0.5), 0, 5)
    ).astype(np.int64)


def train(
    data: Sequences,
    catalogue: Catalogue,
    plan: Plan,
    *,
    keep: Path | None = None,
    group: Group = ALONE,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Trained:
    """Train on everybody's events.

    Args:
        data: what is learnt from.
        catalogue: of the same items.
        plan: how.
        keep: a folder for each tower's state after each epoch; a training that broke off goes on
            from there, to the same weights.
        group: the processes that train together, and the device.
        progress: told of batches, of all towers together.

    Raises:
        DataError: nobody has two events, or `keep` is of another training.
    """
    lesson = _lesson(data, catalogue, plan)
    trained = Trained([], lesson.catalogue, lesson.links, lesson.log_known)
    if plan.patience:
        trained.catalogue, trained.links, trained.log_known = _known_of(data, catalogue, plan)
    for number, tower in enumerate(plan.towers):

        def tell(share: float, number: int = number) -> None:
            done = round((number + share) * _TICKS)
            progress("Training the ranker", done, len(plan.towers) * _TICKS)

        of = f"{tower} by {plan} on {_digest(data)} in {group.size} processes"
        kept = None if keep is None else Checkpoint(keep / f"{tower}.pt", of)
        model, history = _fit(lesson, tower, kept, group, tell)
        trained.members.append(model)
        trained.losses.append(history.losses)
        trained.judged.append(history.judged)
    return trained


class _Lesson(NamedTuple):
    """What all towers learn from; `held` are (rows, items) of what is held back, or None."""

    data: Sequences
    catalogue: Catalogue
    plan: Plan
    spans: list[Span]
    fold: NDArray[np.int64]
    others: list[Links]
    links: Links
    log_known: NDArray[np.float32]
    held: tuple[NDArray[np.int64], NDArray[np.int64]] | None
    rng: np.random.Generator


def _lesson(data: Sequences, catalogue: Catalogue, plan: Plan) -> _Lesson:
    held = None
    if plan.patience:
        rows = np.array([row for row, what in enumerate(data.what) if len(what) > 2], dtype=int)
        held = (rows, np.array([data.what[row][-1] for row in rows], dtype=np.int64))
        ends = [len(what) - (len(what) > 2) for what in data.what]
        data = data.until(ends)
    spans = [
        Span(row, first, min(first + LONGEST + 1, len(what)))
        for row, what in enumerate(data.what)
        for first in range(0, len(what) - 1, LONGEST)
    ]
    if not spans or (held is not None and not len(held[0])):
        raise DataError(
            f"wanted people with {'three' if plan.patience else 'two'} events or more to learn"
            " from, got none"
        )
    rng = np.random.default_rng(plan.seed)
    fold = rng.permutation(len(data)) % N_FOLDS
    others = [
        count_links([what for row, what in enumerate(data.what) if fold[row] != k], len(data.items))
        for k in range(N_FOLDS)
    ]
    catalogue, links, log_known = _known_of(data, catalogue, plan)
    return _Lesson(data, catalogue, plan, spans, fold, others, links, log_known, held, rng)


def _known_of(
    data: Sequences, catalogue: Catalogue, plan: Plan
) -> tuple[Catalogue, Links, NDArray[np.float32]]:
    """What events say of items: which have an id, the tables, and how well each is known."""
    n_events = np.bincount(np.concatenate(data.what), minlength=len(data.items))
    log_known = np.log((n_events + 1) / (n_events + 1).sum()).astype(np.float32)
    if plan.fresh_share and catalogue.features:
        catalogue, log_known = as_fresh(catalogue, log_known, n_events == 0)
    return catalogue, count_links(data.what, len(data.items)), log_known


def _fit(
    lesson: _Lesson,
    tower: Tower,
    kept: Checkpoint | None,
    group: Group,
    tell: Callable[[float], None],
) -> tuple[Fusion, History]:
    """Train one tower, which is the same alone and beside others."""
    plan = lesson.plan
    torch.manual_seed(plan.seed + _SEEDS_APART * TOWERS.index(tower))
    model = new_model(lesson.catalogue, plan, tower).to(group.device)
    if group.rank:
        torch.manual_seed(torch.initial_seed() + _SEEDS_APART * len(TOWERS) * group.rank)
    held = lesson.held
    how = Epochs(
        n=plan.epochs,
        rate=plan.learning_rate,
        patience=plan.patience,
        batches=lambda rng: _batches(lesson.spans, lesson.fold, plan.batch_size, rng),
        size_of=lambda batch: sum(end - first - 1 for _, first, end in batch),
        judge=None if held is None else lambda: _held_back_loss(model, lesson, *held),
    )
    history = learn(
        model,
        group.wrap(_Step(model, lesson)),
        optimizer_of(model, plan.weight_decay),
        how,
        rng=copy.deepcopy(lesson.rng),
        group=group,
        kept=kept,
        tell=tell,
    )
    return model.cpu(), history


class _Step(nn.Module):
    """A batch to its loss, as one module: what gradients are averaged of."""

    def __init__(self, model: Fusion, lesson: _Lesson) -> None:
        super().__init__()
        self.model = model
        self.lesson = lesson

    def forward(self, batch: Sequence[Span], rng: np.random.Generator) -> Tensor:
        lesson = self.lesson
        seen, known = lesson.catalogue, lesson.log_known
        if lesson.plan.fresh_share and seen.features:
            fresh = rng.random(len(known)) < lesson.plan.fresh_share
            seen, known = as_fresh(seen, known, fresh)
        links = lesson.others[lesson.fold[batch[0].row]]
        return loss_of(self.model, lesson.data, seen, batch, links, known)


def new_model(catalogue: Catalogue, plan: Plan, tower: Tower) -> Fusion:
    """A model of one tower that has learnt nothing."""
    model = Fusion(
        Shape(
            modalities=modalities_of(catalogue),
            n_items=len(catalogue.has_id),
            n_kinds=N_KINDS,
            width=plan.width,
            tower=tower,
            dropout=plan.dropout,
            token_dropout=plan.token_dropout,
        )
    )
    if not plan.use_evidence:
        model.evidence.requires_grad_(False).zero_()
    return model


def _held_back_loss(
    model: Fusion, lesson: _Lesson, rows: NDArray[np.int64], items: NDArray[np.int64]
) -> float:
    """Mean loss on what is held back, in nats."""
    judge = Trained([model], lesson.catalogue, lesson.links, lesson.log_known)
    return -float(judge.scores(lesson.data, rows)[np.arange(len(rows)), items].mean())


def _digest(data: Sequences) -> str:
    """A short hash of all events: other data, another hash."""
    found = hashlib.sha256("\n".join(data.items).encode())
    for parts in (data.what, data.values, data.times):
        for part in parts:
            found.update(np.asarray(part).tobytes() + b"|")
    return found.hexdigest()[:16]


def as_fresh(
    catalogue: Catalogue, log_known: NDArray[np.float32], fresh: NDArray[np.bool_]
) -> tuple[Catalogue, NDArray[np.float32]]:
    """A catalogue, and how well its items are known, as if nobody had had the fresh ones."""
    known = np.where(fresh, np.float32(np.nan), log_known)
    return replace(catalogue, has_id=catalogue.has_id & ~fresh), known


def modalities_of(catalogue: Catalogue) -> tuple[tuple[str, int], ...]:
    """Name and width of each modality of a catalogue; `id` last, if any item has one."""
    names = tuple((name, values.shape[1]) for name, values in catalogue.features.items())
    return (*names, (ID, 0)) if catalogue.has_id.any() else names


def optimizer_of(model: Fusion, weight_decay: float) -> torch.optim.Optimizer:
    """AdamW; only matrices decay."""
    learnt = [weight for weight in model.parameters() if weight.requires_grad]
    groups = [
        {"params": [w for w in learnt if w.ndim > 1], "weight_decay": weight_decay},
        {"params": [w for w in learnt if w.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups)


def loss_of(
    model: Fusion,
    data: Sequences,
    catalogue: Catalogue,
    batch: Sequence[Span],
    links: Links,
    log_known: NDArray[np.float32],
) -> Tensor:
    """Mean cross-entropy of the next items of a batch, in nats."""
    device = model.known.device
    tokens, mean = tokens_of(model, catalogue)
    spans = [Span(row, first, end - 1) for row, first, end in batch]
    events = events_of(data, spans, device)
    person = model.person(mean[events.items], events)[events.there]
    targets = np.concatenate([data.what[row][first + 1 : end] for row, first, end in batch])
    newest = np.stack(
        [
            newest_of(data.what[row][:at])
            for row, first, end in batch
            for at in range(first + 1, end)
        ]
    )
    evidence = torch.from_numpy(links.evidence(newest)).to(device)
    scores = model(person, tokens, evidence, torch.from_numpy(log_known).to(device))
    return nn.functional.cross_entropy(scores, torch.from_numpy(targets).to(device))


def tokens_of(model: Fusion, catalogue: Catalogue) -> tuple[Tokens, Tensor]:
    """Tokens of every item of a catalogue, and their means, (n_items, width)."""
    names = [name for name, _ in model.shape.modalities]
    device = model.known.device
    features = {name: catalogue.tensors[name].to(device) for name in names if name != ID}
    there = np.stack(
        [catalogue.has_id if name == ID else catalogue.there[name] for name in names], 1
    )
    found: tuple[Tokens, Tensor] = model.items(
        features,
        torch.from_numpy(there).to(device),
        torch.arange(len(there), device=device),
    )
    return found


def _tensor(values: NDArray[np.float32]) -> Tensor:
    rare = np.count_nonzero(values) < RARE * values.size
    dense = torch.from_numpy(values)
    return dense.to_sparse_coo().coalesce() if rare else dense


def _batches(
    spans: Sequence[Span], fold: NDArray[np.int64], size: int, rng: np.random.Generator
) -> list[list[Span]]:
    """Pieces of people of one fold together, in random order."""
    found: list[list[Span]] = []
    order = rng.permutation(len(spans))
    for k in range(N_FOLDS):
        mine = [spans[i] for i in order if fold[spans[i].row] == k]
        found += [mine[i : i + size] for i in range(0, len(mine), size)]
    return [found[i] for i in rng.permutation(len(found))]
