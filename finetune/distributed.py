"""Several processes train one model: each its own batches, gradients averaged after each step.

`torchrun --nproc-per-node 2 -m simpatico.ui.cli train next-item ...` begins them; torch's
DistributedDataParallel averages (gloo between processors, nccl between CUDA devices). With n
processes a step is of n batches, at the same learning rate, and an epoch has an n-th of the steps.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import distributed, nn

from simpatico.errors import SettingsError

T = TypeVar("T")


@dataclass(frozen=True)
class Group:
    """The processes of one training.

    Attributes:
        rank: of this one, from 0; the first writes the files.
        size: how many.
        device: what this one computes on.
    """

    rank: int = 0
    size: int = 1
    device: str = "cpu"

    def share(self, batches: Sequence[T]) -> list[T]:
        """This process's batches of everybody's: as many for each, the first ones twice if need be.

        Raises:
            ValueError: fewer batches than processes.
        """
        if len(batches) < self.size:
            raise ValueError(
                f"wanted a batch for each of {self.size} processes, got {len(batches)}"
            )
        even = [*batches, *batches[: -len(batches) % self.size]]
        return even[self.rank :: self.size]

    def wrap(self, module: nn.Module) -> nn.Module:
        """The same module; its gradients are averaged over the processes."""
        if self.size == 1:
            return module
        return nn.parallel.DistributedDataParallel(module, find_unused_parameters=True)

    def mean(self, value: float) -> float:
        """The mean over the processes, the same in each."""
        if self.size == 1:
            return value
        found = torch.tensor(value, dtype=torch.float64, device=self.device)
        distributed.all_reduce(found)
        return float(found) / self.size

    def gather(self, value: Any) -> list[Any]:
        """Everybody's value, by rank; no tensors of a device."""
        found = [value] * self.size
        if self.size > 1:
            distributed.all_gather_object(found, value)
        return found


ALONE = Group()


def alone_on(device: str) -> Group:
    """One process by itself, on "cpu" or "cuda".

    Raises:
        SettingsError: there is no such device here.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise SettingsError("wanted a CUDA device to compute on, torch sees none here")
    return Group(device=device)


@contextmanager
def group_of(device: str) -> Iterator[Group]:
    """The group that torchrun began this process in; one process where it did not.

    Args:
        device: "cpu" or "cuda", of which each process gets one.

    Raises:
        SettingsError: there are fewer such devices here than processes.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield alone_on(device)
        return
    mine = f"cuda:{os.environ['LOCAL_RANK']}" if device == "cuda" else device
    if device == "cuda":
        if (here := int(os.environ["LOCAL_WORLD_SIZE"])) > (found := torch.cuda.device_count()):
            raise SettingsError(f"wanted a CUDA device for each of {here} processes, got {found}")
        torch.cuda.set_device(mine)  # else all processes gather on the first one
    distributed.init_process_group("nccl" if device == "cuda" else "gloo")
    try:
        yield Group(distributed.get_rank(), size, mine)
    finally:
        distributed.destroy_process_group()
