"""Epochs of a training: early stopping, and after each a checkpoint from which it goes on."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from simpatico.finetune.checkpoints import Checkpoint
from simpatico.finetune.distributed import Group

Batch = TypeVar("Batch")


@dataclass
class History:
    """Of each epoch: the mean loss while learning, and on what was held back, in nats."""

    losses: list[float] = field(default_factory=list)
    judged: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Epochs(Generic[Batch]):
    """How a model learns.

    Attributes:
        n: at most so many epochs.
        rate: the learning rate at its highest; it grows for an epoch and then falls to 0.
        patience: see `simpatico.finetune.fusion_train.Plan`.
        batches: draws an epoch's batches.
        size_of: how much a batch counts in the mean loss.
        judge: the loss on what is held back; None where nothing is.
    """

    n: int
    rate: float
    patience: int
    batches: Callable[[np.random.Generator], list[Batch]]
    size_of: Callable[[Batch], int]
    judge: Callable[[], float] | None


def learn(
    model: nn.Module,
    step: nn.Module,
    optimizer: torch.optim.Optimizer,
    how: Epochs[Batch],
    *,
    rng: np.random.Generator,
    group: Group,
    kept: Checkpoint | None,
    tell: Callable[[float], None],
) -> History:
    """Train a model in place; at the end it is at its best epoch, if there is a judge.

    Args:
        model: what learns.
        step: (batch, rng) to its loss; has `model` in it, and went through `group.wrap`.
        optimizer: of the model's weights.
        how: how.
        rng: orders the batches, and serves `step`.
        group: the processes; every one begins with the same `rng`.
        kept: what broke off goes on from there, to the same weights.
        tell: told which share of all is done.
    """
    found = History()
    best: Mapping[str, Tensor] = {}
    if kept and (state := kept.load()):
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        rng.bit_generator.state = state["rng"]
        _set_chance(state["chance"][group.rank], group)
        found, best = History(state["losses"], state["judged"]), state["best"]
    while len(found.losses) < how.n and not is_stale(found.judged, how.patience):
        epoch = len(found.losses)
        rng.bit_generator.state = group.gather(rng.bit_generator.state)[0]  # steps drew unlike
        batches = group.share(how.batches(rng))
        total, size = 0.0, 0
        for at, batch in enumerate(batches):
            set_rate(optimizer, how.rate, (epoch + at / len(batches)) / how.n, warm_up=1 / how.n)
            loss = step.train()(batch, rng)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            total, size = total + loss.item() * how.size_of(batch), size + how.size_of(batch)
            tell((epoch + (at + 1) / len(batches)) / how.n)
        found.losses.append(group.mean(total / size))
        if how.judge is not None:
            found.judged.append(group.mean(how.judge()))
            if found.judged[-1] == min(found.judged):
                best = copy.deepcopy(model.state_dict())
        chance = group.gather(_chance(group))
        if kept and group.rank == 0:
            kept.save(
                {
                    "model": model.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "rng": rng.bit_generator.state,
                    "chance": chance,
                    "losses": found.losses,
                    "judged": found.judged,
                    "best": best,
                }
            )
    if best:
        model.load_state_dict(best)
    tell(1.0)
    return found


def set_rate(
    optimizer: torch.optim.Optimizer, highest: float, done: float, *, warm_up: float
) -> None:
    """Set the learning rate: it grows while `done` is below `warm_up`, and falls to 0 at 1."""
    for group in optimizer.param_groups:
        group["lr"] = highest * min(1.0, done / warm_up + 0.1) * (1 - done)


def is_stale(judged: Sequence[float], patience: int) -> bool:
    """Whether the last `patience` losses are no better than the best before; 0: never."""
    return 0 < patience < len(judged) and min(judged[:-patience]) <= min(judged[-patience:])


def _chance(group: Group) -> list[Tensor]:
    """The state of this process's random numbers."""
    cuda = [torch.cuda.get_rng_state(group.device)] if "cuda" in group.device else []
    return [torch.get_rng_state(), *cuda]


def _set_chance(states: Sequence[Any], group: Group) -> None:
    torch.set_rng_state(states[0])
    for state in states[1:] if "cuda" in group.device else ():  # begun there, it may go on here
        torch.cuda.set_rng_state(state, group.device)
