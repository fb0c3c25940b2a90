"""Train the ranker so that no single person can be told from it: DP-SGD (Abadi et al., CCS 2016).

Opacus clips, adds the noise, draws the batches (Poisson) and keeps the account. One sample is one
person: a step's gradient holds each of them once, with all their events, clipped to one length. How
well items are known is released first, by one step of the same kind over everybody. The tower is
the decayed mean with an MLP, whose gradients torch can take for each person at once.

What is promised, in full. With the weights and `log_known` in hand, what anybody can conclude about
whether one person's events were among the data is bounded by (epsilon, delta), person by person
(add or remove one). The tables of evidence are sums over people's events and are left out. Not
promised: anything on which items there are and on how many people there were, which are taken as
known; on settings, which somebody chose by looking at other results; and on random numbers that are
not of cryptographic strength.
"""

import math
import warnings
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import optimize
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, vmap
from torch.utils.data import DataLoader, TensorDataset

from simpatico.errors import DataError
from simpatico.finetune.fusion_model import Events, Fusion
from simpatico.finetune.fusion_train import (
    LONGEST,
    Catalogue,
    Plan,
    Span,
    Trained,
    catalogue_of,
    events_of,
    new_model,
    tokens_of,
)
from simpatico.finetune.sequences import Sequences
from simpatico.optional import needs
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.links import count_links

KNOWN_NOISE: Final = 2.0
"""Noise in how well items are known, beside that of a step."""

_TOGETHER: Final = 32
_CLOSE: Final = 1e-3
_WIDEST: Final = math.log(1e5)


@dataclass(frozen=True)
class PrivatePlan:
    """How a private ranker is trained. Not tuned.

    Attributes:
        epsilon: at most so much is spent; infinite: people are clipped, but nothing is hidden.
        delta: how likely the promise may fail; well below one in the number of people.
        width: of everything inside; fewer weights, less noise.
        clip: the longest that one person's gradient counts.
        share: of the people in a step, on average.
        epochs: each is as many steps as it takes to see everybody once on average.
        learning_rate: of Adam.
        seed: of weights, batches and noise. Keep it secret: who knows it can subtract the noise.
    """

    epsilon: float
    delta: float = 1e-5
    width: int = 16
    clip: float = 0.5
    share: float = 0.25
    epochs: int = 20
    learning_rate: float = 5e-3
    seed: int = 0


class Spent(NamedTuple):
    """What the accountant says of both releases together; noise in units of what one person adds.

    Attributes:
        epsilon: spent, at most what the plan allows.
        delta: the plan's.
        n_people: who could be in the data.
        noise: in a step of training.
        noise_known: in how well items are known.
        steps: of training.
    """

    epsilon: float
    delta: float
    n_people: int
    noise: float
    noise_known: float
    steps: int


def train_private(
    data: Sequences,
    plan: PrivatePlan,
    *,
    progress: ProgressCallback = lambda what, done, total: None,
) -> tuple[Trained, Spent]:
    """Train a ranker by ids alone, and say what it spent.

    Its `losses` are of the people themselves, and are not part of the promise: keep them.

    Args:
        data: what is learnt from: of each person the newest `LONGEST` + 1 events.
        plan: how.
        progress: told of steps.

    Raises:
        DataError: nobody has two events.
        SettingsError: Opacus is not installed.
        ValueError: epsilon or delta is not above 0, delta is not below 1, or epsilon is so small
            that no noise reaches it.
    """
    if not (plan.epsilon > 0 and 0 < plan.delta < 1):
        raise ValueError(
            f"wanted epsilon > 0 and 0 < delta < 1, got {plan.epsilon} and {plan.delta}"
        )
    opacus = needs("opacus", "opacus", "private training")
    rows = [row for row, what in enumerate(data.what) if len(what) > 1]
    if not rows:
        raise DataError("wanted people with two events or more to learn from, got none")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Opacus' on random numbers: the docstring says it
        return _train(opacus.PrivacyEngine(accountant="rdp"), data, rows, plan, progress)


def account(plan: PrivatePlan, n_people: int) -> Spent:
    """What training by a plan spends: known before, for it depends on nobody's events.

    Raises:
        SettingsError: Opacus is not installed.
        ValueError: epsilon is so small that no noise reaches it.
    """
    needs("opacus", "opacus", "private training")
    per_epoch = -(-n_people // _batch(plan, n_people))  # as Opacus counts them
    steps = plan.epochs * per_epoch
    if math.isinf(plan.epsilon):
        return Spent(math.inf, plan.delta, n_people, 0.0, 0.0, steps)
    ledger = import_module("opacus.accountants").RDPAccountant()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Opacus', where its bound could be tighter

        def spent(log_noise: float) -> float:
            noise = math.exp(log_noise)
            ledger.history = [(KNOWN_NOISE * noise, 1.0, 1), (noise, 1 / per_epoch, steps)]
            return float(ledger.get_epsilon(plan.delta))

        if (least := spent(_WIDEST)) > plan.epsilon:
            raise ValueError(f"wanted epsilon > {least:.2f} at this delta, got {plan.epsilon}")
        found = optimize.brentq(
            lambda log_noise: plan.epsilon - spent(log_noise), math.log(0.2), _WIDEST,
            xtol=_CLOSE,
        )  # fmt: skip
        most = found + _CLOSE  # on the safe side of the root
        noise = math.exp(most)
        return Spent(spent(most), plan.delta, n_people, noise, KNOWN_NOISE * noise, steps)


def _batch(plan: PrivatePlan, n_people: int) -> int:
    return max(1, round(plan.share * n_people))


def _train(
    engine: Any, data: Sequences, rows: list[int], plan: PrivatePlan, progress: ProgressCallback
) -> tuple[Trained, Spent]:
    torch.manual_seed(plan.seed)
    said = account(plan, len(rows))
    log_known = _log_known(engine, data, rows, said.noise_known)
    catalogue = catalogue_of(len(data.items), {})
    settings = Plan(width=plan.width, dropout=0.0, use_evidence=False)
    model = new_model(catalogue, settings, "mlp")
    model.signals.requires_grad_(False)
    model.fresh.requires_grad_(False)
    with torch.no_grad():
        model.known.fill_(1.0)
    trained = Trained([model], catalogue, count_links([], len(data.items)), log_known)
    trained.losses.append(_descend(engine, trained, data, rows, said.noise, plan, progress))
    if math.isinf(plan.epsilon):
        return trained, said
    return trained, said._replace(epsilon=float(engine.get_epsilon(plan.delta)))


def _made_private(
    engine: Any, module: nn.Module, optimizer: Any, rows: list[int], batch: int, **how: Any
) -> tuple[nn.Module, Any, Any]:
    """Opacus' module, optimizer and batches; gradients of each person are set by the caller."""
    loader = DataLoader(TensorDataset(torch.tensor(rows)), batch_size=batch)
    found: tuple[nn.Module, Any, Any] = engine.make_private(
        module=module, optimizer=optimizer, data_loader=loader, grad_sample_mode="no_op", **how
    )
    return found


class _Sum(nn.Module):
    """A sum over people, one number for each item; learnt in one step of length 1."""

    def __init__(self, n_items: int) -> None:
        super().__init__()
        self.values = nn.Parameter(torch.zeros(n_items))


def _log_known(engine: Any, data: Sequences, rows: list[int], noise: float) -> NDArray[np.float32]:
    """How well items are known, (n_items,): somebody with n items counts 1 / sqrt(n) for each."""
    total = _Sum(len(data.items))
    optimizer = torch.optim.SGD(total.parameters(), lr=1.0)
    total, optimizer, _ = _made_private(
        engine, total, optimizer, rows, len(rows),
        noise_multiplier=noise, max_grad_norm=1.0, loss_reduction="sum",
    )  # fmt: skip
    each = torch.zeros((len(rows), len(data.items)))
    for at, row in enumerate(rows):
        had = np.unique(data.what[row])
        each[at, torch.from_numpy(had)] = -1 / math.sqrt(len(had))
    (values,) = total.parameters()
    values.grad_sample = each
    optimizer.step()
    known = values.detach().numpy().clip(min=max(1.0, noise))
    return np.asarray(np.log(known / known.sum()), dtype=np.float32)


class _OnePerson(nn.Module):
    """Events of one person, (length,) each, to the mean loss of those that come next."""

    def __init__(self, model: Fusion, catalogue: Catalogue, log_known: NDArray[np.float32]) -> None:
        super().__init__()
        self.model = model
        self.catalogue = catalogue
        self.log_known = torch.from_numpy(log_known)

    def forward(self, items: Tensor, kinds: Tensor, gaps: Tensor, there: Tensor) -> Tensor:
        tokens, mean = tokens_of(self.model, self.catalogue)
        events = Events(*(each[None, :-1] for each in (items, kinds, gaps, there)))
        (person,) = self.model.person(mean[events.items], events)
        none = torch.zeros((1, self.model.shape.n_evidence, 1))
        scores = self.model(person, tokens, none, self.log_known)  # (length - 1, n_items)
        each = nn.functional.cross_entropy(scores, items[1:], reduction="none")
        return (each * there[1:]).sum() / there[1:].sum()


def _descend(
    engine: Any,
    trained: Trained,
    data: Sequences,
    rows: list[int],
    noise: float,
    plan: PrivatePlan,
    progress: ProgressCallback,
) -> list[float]:
    """Train the member in place; the mean loss of each epoch, of the people it met."""
    (model,) = trained.members
    model.train()
    one = _OnePerson(model, trained.catalogue, trained.log_known)
    learnt = {name: weight for name, weight in one.named_parameters() if weight.requires_grad}
    rest = {name: weight for name, weight in one.named_parameters() if not weight.requires_grad}

    def loss(weights: dict[str, Tensor], *events: Tensor) -> Tensor:
        found: Tensor = functional_call(one, (weights, rest), events)
        return found

    each = vmap(grad_and_value(loss), in_dims=(None, 0, 0, 0, 0), randomness="different")
    optimizer = torch.optim.Adam(learnt.values(), lr=plan.learning_rate)
    _, optimizer, batches = _made_private(
        engine, model, optimizer, rows, _batch(plan, len(rows)),
        noise_multiplier=noise, max_grad_norm=plan.clip,
    )  # fmt: skip
    losses = []
    for epoch in range(plan.epochs):
        met: list[float] = []
        for at, (batch,) in enumerate(batches):
            grads = [{name: torch.zeros((0, *weight.shape)) for name, weight in learnt.items()}]
            for part in batch.split(_TOGETHER):
                if len(part):
                    found, values = each(_detached(learnt), *_newest(data, part.tolist()))
                    grads.append(found)
                    met += values.tolist()
            for name, weight in learnt.items():
                weight.grad_sample = torch.cat([found[name] for found in grads])
            optimizer.step()
            optimizer.zero_grad()
            done = epoch * len(batches) + at + 1
            progress("Training in private", done, plan.epochs * len(batches))
        losses.append(float(np.mean(met)) if met else math.nan)
    return losses


def _detached(weights: dict[str, nn.Parameter]) -> dict[str, Tensor]:
    return {name: weight.detach() for name, weight in weights.items()}


def _newest(data: Sequences, rows: list[int]) -> Events:
    ends = [len(data.what[row]) for row in rows]
    return events_of(
        data,
        [Span(row, max(0, end - LONGEST - 1), end) for row, end in zip(rows, ends, strict=True)],
    )
