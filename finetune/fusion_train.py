"""Train the fusion ranker on sequences of events: the next item among all.

Every event but a person's first is a target. Behavioural evidence for a person is counted from
other people (cross-fitting): with their own events in the tables, it would be trusted too much.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from simpatico.errors import DataError
from simpatico.finetune.fusion_model import ID, Events, Fusion, Shape, Tokens, Tower, gap_of
from simpatico.finetune.sequences import Sequences
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.links import Links, count_links, newest_of

LONGEST: Final = 100
"""Events that are read in one piece while learning; and the newest that are read to rank."""

N_FOLDS: Final = 8
_ROWS: Final = 64


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
    seed: int = 0


class Catalogue(NamedTuple):
    """What is known of each item, in the order of `Sequences.items`.

    Attributes:
        features: name of a modality: (n_items, width) float32.
        there: name of a modality: (n_items,) of bool.
        has_id: (n_items,) of bool: may have a vector of its own; cold items do not.
    """

    features: Mapping[str, NDArray[np.float32]]
    there: Mapping[str, NDArray[np.bool_]]
    has_id: NDArray[np.bool_]


@dataclass
class Trained:
    """A ranker with what it needs to score.

    Attributes:
        members: a model for each tower.
        catalogue: what they know of each item.
        links: evidence from everybody that they learnt from.
        log_known: (n_items,) logarithm of each item's share of all events.
        losses: for each member the mean loss of each epoch, in nats.
    """

    members: list[Fusion]
    catalogue: Catalogue
    links: Links
    log_known: NDArray[np.float32]
    losses: list[list[float]] = field(default_factory=list)

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
        tokens, mean = tokens_of(model, self.catalogue)
        known = torch.from_numpy(self.log_known)
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
            )
            person = model.person(mean[events.items], events)
            last = person[torch.arange(len(part)), events.there.sum(1) - 1]
            newest = np.stack([newest_of(data.what[row]) for row in part])
            evidence = torch.from_numpy(self.links.evidence(newest))
            found.append(model(last, tokens, evidence, known).log_softmax(1).numpy())
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


def events_of(data: Sequences, spans: Sequence[Span]) -> Events:
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
    return Events(items, kinds, gaps, there)


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
    progress: ProgressCallback = lambda what, done, total: None,
) -> Trained:
    """Train on everybody's events.

    Args:
        data: what is learnt from.
        catalogue: of the same items.
        plan: how.
        progress: told of batches, of all towers together.

    Raises:
        DataError: nobody has two events.
    """
    n_items = len(data.items)
    spans = [
        Span(row, first, min(first + LONGEST + 1, len(what)))
        for row, what in enumerate(data.what)
        for first in range(0, len(what) - 1, LONGEST)
    ]
    if not spans:
        raise DataError("wanted people with two events or more to learn from, got none")
    rng = np.random.default_rng(plan.seed)
    fold = rng.permutation(len(data)) % N_FOLDS
    others = [
        count_links([what for row, what in enumerate(data.what) if fold[row] != k], n_items)
        for k in range(N_FOLDS)
    ]
    counts = np.bincount(np.concatenate(data.what), minlength=n_items) + 1.0
    log_known = np.log(counts / counts.sum()).astype(np.float32)
    trained = Trained([], catalogue, count_links(data.what, n_items), log_known)
    for number, tower in enumerate(plan.towers):
        torch.manual_seed(plan.seed * len(plan.towers) + number)
        model = Fusion(
            Shape(
                modalities=modalities_of(catalogue),
                n_items=n_items,
                n_kinds=N_KINDS,
                width=plan.width,
                tower=tower,
                dropout=plan.dropout,
                token_dropout=plan.token_dropout,
            )
        )
        if not plan.use_evidence:
            model.evidence.requires_grad_(False).zero_()
        losses = []
        optimizer = optimizer_of(model, plan.weight_decay)
        for epoch in range(plan.epochs):
            batches = _batches(spans, fold, plan.batch_size, rng)
            done = (number * plan.epochs + epoch) * len(batches)
            total, n_targets = 0.0, 0
            for at, batch in enumerate(batches):
                done_share = (epoch + at / len(batches)) / plan.epochs
                set_rate(optimizer, plan.learning_rate, done_share, warm_up=1 / plan.epochs)
                links = others[fold[batch[0].row]]
                loss, n = _loss(model.train(), data, catalogue, batch, links, trained.log_known)
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                total, n_targets = total + loss.item() * n, n_targets + n
                progress(
                    "Training the ranker",
                    done + at + 1,
                    len(plan.towers) * plan.epochs * len(batches),
                )
            losses.append(total / n_targets)
        trained.members.append(model)
        trained.losses.append(losses)
    return trained


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


def set_rate(
    optimizer: torch.optim.Optimizer, highest: float, done: float, *, warm_up: float
) -> None:
    """Set the learning rate: it grows while `done` is below `warm_up`, and falls to 0 at 1."""
    for group in optimizer.param_groups:
        group["lr"] = highest * min(1.0, done / warm_up + 0.1) * (1 - done)


def _loss(
    model: Fusion,
    data: Sequences,
    catalogue: Catalogue,
    batch: Sequence[Span],
    links: Links,
    log_known: NDArray[np.float32],
) -> tuple[Tensor, int]:
    """Mean cross-entropy of the next items of a batch, and how many there are."""
    tokens, mean = tokens_of(model, catalogue)
    events = events_of(data, [Span(row, first, end - 1) for row, first, end in batch])
    person = model.person(mean[events.items], events)[events.there]
    targets = np.concatenate([data.what[row][first + 1 : end] for row, first, end in batch])
    newest = np.stack(
        [
            newest_of(data.what[row][:at])
            for row, first, end in batch
            for at in range(first + 1, end)
        ]
    )
    evidence = torch.from_numpy(links.evidence(newest))
    scores = model(person, tokens, evidence, torch.from_numpy(log_known))
    return nn.functional.cross_entropy(scores, torch.from_numpy(targets)), len(targets)


def tokens_of(model: Fusion, catalogue: Catalogue) -> tuple[Tokens, Tensor]:
    """Tokens of every item of a catalogue, and their means, (n_items, width)."""
    names = [name for name, _ in model.shape.modalities]
    features = {name: torch.from_numpy(catalogue.features[name]) for name in names if name != ID}
    there = np.stack(
        [catalogue.has_id if name == ID else catalogue.there[name] for name in names], 1
    )
    found: tuple[Tokens, Tensor] = model.items(
        features, torch.from_numpy(there), torch.arange(len(there))
    )
    return found


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
