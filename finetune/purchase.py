"""The purchase model: will this item of this session be bought?

A recurrent network reads a session's events before the first order; the item in question asks the
events (attention), and a small network adds what is known of it as numbers
(`simpatico.finetune.purchase_features`). A number that is missing is masked: it adds nothing and
says that it is missing, and some are hidden while learning so that the network can do without.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from simpatico.errors import DataError
from simpatico.finetune.fusion_model import Events, PersonTower, Shape, gap_of
from simpatico.finetune.purchase_data import FACETS, KINDS, UNKNOWN, Browsing
from simpatico.finetune.purchase_features import GROUPS, NAMES, Numbers, columns_of, person_folds
from simpatico.protocols import ProgressCallback

LONGEST: Final = 60
"""Newest events of a session that are read."""

_BUCKETS: Final = (256, 128, 256)
"""Vectors for brands, categories and shops; those that were not learnt from share the first."""

_SAME: Final = len(FACETS) + 1
_STEP: Final = 128


@dataclass(frozen=True)
class Plan:
    """How the network is trained; chosen by `simpatico.finetune.purchase_tune`.

    Attributes:
        width: of everything inside.
        facet_width: of a brand's, category's or shop's vector.
        dropout: in [0, 1).
        hide: probability that a group of an item's numbers, or a facet, is hidden while learning.
        learning_rate: at its highest; it grows for an epoch and falls to 0.
        weight_decay: of AdamW, on matrices only.
        batch_size: sessions.
        epochs: at most.
        patience: epochs without a smaller loss on people held out before learning stops.
        held_out: share of the people that learning stops by.
        seed: of weights, order, dropout and who is held out.
    """

    width: int = 32
    facet_width: int = 8
    dropout: float = 0.15
    hide: float = 0.12
    learning_rate: float = 2e-3
    weight_decay: float = 0.3
    batch_size: int = 64
    epochs: int = 12
    patience: int = 3
    held_out: float = 0.1
    seed: int = 0


class Batch(NamedTuple):
    """Sessions of a batch and their rows.

    Attributes:
        events: (n_sessions, length), padded at the end; `items` are places in the catalogue.
        facets: (n_sessions, length, 3) in buckets; 0: not known.
        whose: (n_rows,) which of the sessions.
        item: (n_rows, 3) facets in buckets.
        same: (n_rows, length, 4) whether the event is of this item, brand, category, shop.
        numbers: (n_rows, n_numbers) standardised, 0 where missing.
        there: (n_rows, n_numbers) of 1 and 0.
    """

    events: Events
    facets: Tensor
    whose: Tensor
    item: Tensor
    same: Tensor
    numbers: Tensor
    there: Tensor


class Network(nn.Module):
    """Events, attention and numbers, as one logit for each row."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        width = plan.width
        self.plan = plan
        self.facets = nn.ModuleList(nn.Embedding(n, plan.facet_width) for n in _BUCKETS)
        for table in self.facets:
            nn.init.normal_(table.weight, std=0.1)
        self.item = nn.Linear(plan.facet_width * len(FACETS), width)
        shape = Shape(modalities=(), n_items=0, n_kinds=len(KINDS), width=width,
                      dropout=plan.dropout)  # fmt: skip
        self.person = PersonTower(shape)
        self.numbers = nn.Linear(2 * len(NAMES), 2 * width)
        self.ask = nn.Linear(3 * width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.same = nn.Linear(_SAME, 1, bias=False)
        self.value = nn.Linear(width + _SAME, width)
        self.drop = nn.Dropout(plan.dropout)
        self.out = nn.Sequential(nn.Linear(4 * width, width), nn.GELU(), nn.Dropout(plan.dropout),
                                 nn.Linear(width, 1))  # fmt: skip
        self.straight = nn.Linear(2 * len(NAMES), 1)

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Logits (n_rows,) and what each event was weighed, (n_rows, length), sums 1."""
        numbers, there = batch.numbers, batch.there
        own, seen = batch.item, batch.facets
        if self.training and self.plan.hide:
            there = there * _kept_groups(len(there), self.plan.hide)
            numbers = numbers * there
            own = own * (torch.rand(own.shape) >= self.plan.hide)
            seen = seen * (torch.rand(seen.shape) >= self.plan.hide)
        known = torch.cat([numbers, there], dim=1)
        item = self._item(own)
        events = self.person(self._item(seen), batch.events)[batch.whose]  # (n_rows, length, width)
        said = self.drop(nn.functional.gelu(self.numbers(known)))
        asked = self.ask(torch.cat([item, said], dim=1))
        heard = (self.key(events) * asked[:, None]).sum(2) * self.plan.width**-0.5
        heard = heard + self.same(batch.same)[..., 0]
        weights = heard.masked_fill(~batch.events.there[batch.whose], -torch.inf).softmax(1)
        value = self.value(torch.cat([events, batch.same], dim=2))
        context = (weights[..., None] * value).sum(1)
        logit = self.out(self.drop(torch.cat([context, item, said], dim=1))) + self.straight(known)
        return logit[:, 0], weights

    def _item(self, facets: Tensor) -> Tensor:
        """(..., 3) buckets -> (..., width)."""
        parts = [table(facets[..., k]) for k, table in enumerate(self.facets)]
        made: Tensor = self.item(torch.cat(parts, dim=-1))
        return made


def _kept_groups(n: int, hide: float) -> Tensor:
    """(n, n_numbers) of 1 and 0: whole groups of numbers hidden."""
    kept = (torch.rand(n, len(GROUPS)) >= hide).float()
    return kept.repeat_interleave(torch.tensor([len(names) for names in GROUPS.values()]), dim=1)


@dataclass
class Trained:
    """A network with what it needs to read rows.

    Attributes:
        network: in its best state on the people held out.
        known: for each facet (n_values,) whether sessions that were learnt from had it.
        centre, spread: (n_numbers,) of the numbers learnt from.
        losses: on the people held out, of each epoch, in nats.
    """

    network: Network
    known: tuple[NDArray[np.bool_], ...]
    centre: Numbers
    spread: Numbers
    losses: list[float]

    def logits(self, data: Browsing, numbers: Numbers, rows: NDArray[np.int64]) -> Numbers:
        """Log-odds of rows, (n_rows,)."""
        return self.read(data, numbers, rows)[0]

    def read(
        self, data: Browsing, numbers: Numbers, rows: NDArray[np.int64]
    ) -> tuple[Numbers, list[Numbers]]:
        """Log-odds (n_rows,), and for each row the weights of its session's newest events.

        Args:
            data: with the rows.
            numbers: (all rows, n_numbers); nan is missing.
            rows: places of rows.
        """
        self.network.eval()
        logits = np.empty(len(rows))
        weights: list[Numbers] = [np.zeros(0)] * len(rows)
        for places in _by_session(data, rows, _STEP):
            batch = self.batch(data, numbers, rows[places])
            with torch.inference_mode():
                out, weighed = self.network(batch)
            logits[places] = out.numpy()
            lengths = batch.events.there.sum(1)[batch.whose].tolist()
            for place, row, n in zip(places, weighed.numpy(), lengths, strict=True):
                weights[place] = row[:n].astype(np.float64)
        return logits, weights

    def batch(self, data: Browsing, numbers: Numbers, rows: NDArray[np.int64]) -> Batch:
        """Rows as tensors."""
        sessions, whose = np.unique(data.session[rows], return_inverse=True)
        spans = [(max(int(data.first[s]), int(data.known[s]) - LONGEST), int(data.known[s]))
                 for s in sessions]  # fmt: skip
        longest = max(end - first for first, end in spans)
        items = np.zeros((len(spans), longest), dtype=np.int64)
        kinds, gaps = np.zeros_like(items), np.zeros(items.shape)
        there = np.zeros(items.shape, dtype=bool)
        for at, (first, end) in enumerate(spans):
            n = end - first
            items[at, :n], kinds[at, :n] = data.what[first:end], data.kinds[first:end]
            gaps[at, 1:n] = np.diff(data.times[first:end])
            there[at, :n] = True
        facets = np.where(there[..., None], self._buckets(data.facets[items]), 0)
        seen, own = data.facets[items][whose], data.facets[data.item[rows]]
        same = np.concatenate(
            [
                (items[whose] == data.item[rows][:, None])[..., None],
                (seen == own[:, None]) & (own[:, None] != UNKNOWN),
            ],
            axis=2,
        )
        given = (numbers[rows] - self.centre) / self.spread
        flags = ~np.isnan(given)
        events = Events(torch.from_numpy(items), torch.from_numpy(kinds),
                        gap_of(torch.from_numpy(gaps)), torch.from_numpy(there))  # fmt: skip
        return Batch(
            events,
            torch.from_numpy(facets),
            torch.from_numpy(whose),
            torch.from_numpy(self._buckets(own)),
            torch.from_numpy((same & there[whose][..., None]).astype(np.float32)),
            torch.from_numpy(np.clip(np.nan_to_num(given), -4, 4).astype(np.float32)),
            torch.from_numpy(flags.astype(np.float32)),
        )

    def _buckets(self, facets: NDArray[np.int64]) -> NDArray[np.int64]:
        """Facets (..., 3) as buckets; 0 for what was not learnt from."""
        found = np.zeros_like(facets)
        for k, (known, n) in enumerate(zip(self.known, _BUCKETS, strict=True)):
            value = facets[..., k]
            inside = (value >= 0) & (value < len(known))
            learnt = inside & known[np.where(inside, value, 0)]
            found[..., k] = np.where(learnt, 1 + value % (n - 1), 0)
        return found


def train(
    data: Browsing,
    numbers: Numbers,
    rows: NDArray[np.int64],
    plan: Plan,
    *,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Trained:
    """Train on rows; learning stops by people held out of them.

    Args:
        data: with the rows.
        numbers: (all rows, n_numbers); nan is missing.
        rows: places of the rows to learn from.
        plan: how.
        progress: told of epochs.

    Raises:
        DataError: nothing was bought, or everything, or all rows are one person's.
    """
    labels = data.bought[rows]
    if len(np.unique(labels)) < 2 or len(np.unique(data.user[rows])) < 2:
        raise DataError("wanted rows of several people, some bought and some not, to learn from")
    torch.manual_seed(plan.seed)
    rng = np.random.default_rng(plan.seed)
    fold = person_folds(data, max(2, round(1 / plan.held_out)), plan.seed)
    out = fold[data.session[rows]] == 0
    if len(np.unique(labels[out])) < 2 or len(np.unique(labels[~out])) < 2:
        out = rng.permutation(len(rows)) < max(2, round(plan.held_out * len(rows)))
    kept, dev = rows[~out], rows[out]
    with np.errstate(all="ignore"):
        centre = np.nan_to_num(np.nansum(numbers[kept], 0) / (~np.isnan(numbers[kept])).sum(0))
        spread = np.sqrt(np.nansum((numbers[kept] - centre) ** 2, 0)
                         / np.maximum((~np.isnan(numbers[kept])).sum(0), 1))  # fmt: skip
    seen = data.what[_events_of(data, np.unique(data.session[kept]))]
    known = tuple(
        np.bincount(values[values >= 0], minlength=len(names)).astype(bool)
        for values, names in zip(data.facets[seen].T, data.names, strict=True)
    )
    trained = Trained(Network(plan), known, centre, np.where(spread > 0, spread, 1.0), [])
    network = trained.network
    base = labels[~out].mean()
    nn.init.constant_(network.straight.bias, float(np.log(base / (1 - base))))
    optimizer = torch.optim.AdamW(
        [
            {"params": [w for w in network.parameters() if w.ndim > 1]},
            {"params": [w for w in network.parameters() if w.ndim <= 1], "weight_decay": 0.0},
        ],
        lr=plan.learning_rate,
        weight_decay=plan.weight_decay,
    )
    best: dict[str, Tensor] = {}
    for epoch in range(plan.epochs):
        batches = _by_session(data, kept, plan.batch_size, rng)
        network.train()
        for at, places in enumerate(batches):
            when = epoch + at / len(batches)
            for group in optimizer.param_groups:
                group["lr"] = plan.learning_rate * min(1, when + 0.1) * (1 - when / plan.epochs)
            logits, _ = network(trained.batch(data, numbers, kept[places]))
            truth = torch.from_numpy(data.bought[kept[places]]).float()
            loss = nn.functional.binary_cross_entropy_with_logits(logits, truth)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
        trained.losses.append(log_loss_of(trained.logits(data, numbers, dev), data.bought[dev]))
        progress("Training the purchase network", epoch + 1, plan.epochs)
        if trained.losses[-1] == min(trained.losses):
            best = {name: value.clone() for name, value in network.state_dict().items()}
        elif epoch - int(np.argmin(trained.losses)) >= plan.patience:
            break
    network.load_state_dict(best)
    return trained


def log_loss_of(logits: Numbers, labels: NDArray[np.int64]) -> float:
    """Mean loss of log-odds, in nats."""
    return float((np.logaddexp(0, logits) - labels * logits).mean())


def without(numbers: Numbers, group: str) -> Numbers:
    """The numbers with one group missing."""
    found = numbers.copy()
    found[:, columns_of(group)] = np.nan
    return found


def _by_session(
    data: Browsing, rows: NDArray[np.int64], size: int, rng: np.random.Generator | None = None
) -> list[NDArray[np.int64]]:
    """Places in `rows`, `size` sessions at a time; sessions of like length are together."""
    sessions, whose = np.unique(data.session[rows], return_inverse=True)
    length = np.minimum(data.known[sessions] - data.first[sessions], LONGEST).astype(float)
    if rng is not None:
        length *= rng.uniform(0.7, 1.4, size=len(length))
    batch = np.empty(len(sessions), dtype=np.int64)
    batch[np.argsort(length, kind="stable")] = np.arange(len(sessions)) // size
    found = _split(batch[whose])
    return found if rng is None else [found[i] for i in rng.permutation(len(found))]


def _split(numbers: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    order = np.argsort(numbers, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1)


def _events_of(data: Browsing, sessions: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([np.arange(data.first[s], data.known[s]) for s in sessions])
