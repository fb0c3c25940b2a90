"""What the layers that learn are given: computed once and kept on disk, or as it is needed."""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from simpatico.errors import ModelError
from simpatico.finetune.examples import Tokens
from simpatico.protocols import ProgressCallback

LOWER_BATCH = 32

Lower = Callable[[Tensor], Tensor]
"""What the untouched layers make of tokens: (b, n) -> (b, n, width), on the model's device."""


class Inputs:
    """Batches of examples for the layers that learn.

    Args:
        lower: the untouched layers.
        width: of what they give.
        data: the examples.
        keep: a folder for what the untouched layers made of each example; None: nothing is kept,
            as when there are none and only the tokens' vectors are looked up.
        base: says whose layers they are, so that what is kept is used for nothing else.
        device: where batches go.
        progress: told of examples done.

    Raises:
        ModelError: no room on the disk.
    """

    def __init__(
        self,
        lower: Lower,
        width: int,
        data: Sequence[Tokens],
        *,
        keep: Path | None,
        base: str,
        device: torch.device,
        progress: ProgressCallback,
    ) -> None:
        self._lower = lower
        self._width = width
        self._data = data
        self._device = device
        self._starts = np.concatenate([[0], np.cumsum([len(each.ids) for each in data])])
        self._cache: Path | None = None
        self._kept: NDArray[np.int16] | None = None
        if keep is None:
            return
        digest = hashlib.sha256(f"{base} {width}".encode())
        for each in data:
            digest.update(each.ids.tobytes() + b"|")
        self._cache = keep / f"lower-{digest.hexdigest()[:16]}.bf16"
        if not self._cache.exists():
            self._make(self._cache, progress)
        shape = (int(self._starts[-1]), width)
        self._kept = np.memmap(self._cache, np.int16, mode="r", shape=shape)

    def batch(self, group: Sequence[int]) -> dict[str, Tensor]:
        """Examples padded at their ends, as `simpatico.finetune.lora.Answering` takes them."""
        longest = max(len(self._data[i].ids) for i in group)
        hidden = self._hidden(group, longest)
        mask = torch.zeros((len(group), longest), dtype=torch.int64)
        at: list[NDArray[np.int64]] = []
        rows: list[NDArray[np.int64]] = []
        n_places = 0
        for row, i in enumerate(group):
            each = self._data[i]
            mask[row, : len(each.ids)] = 1
            at.append(each.at + row * longest)
            rows.append(each.rows + n_places)
            n_places += len(each.at)
        made = {
            "hidden": hidden,
            "mask": mask,
            "at": torch.from_numpy(np.concatenate(at)),
            "rows": torch.from_numpy(np.concatenate(rows)),
            "targets": torch.from_numpy(np.concatenate([self._data[i].targets for i in group])),
            "weights": torch.from_numpy(np.concatenate([self._data[i].weights for i in group])),
        }
        return {name: value.to(self._device) for name, value in made.items()}

    def drop(self) -> None:
        """Remove what was kept."""
        if self._cache is not None:
            self._cache.unlink(missing_ok=True)

    def _hidden(self, group: Sequence[int], longest: int) -> Tensor:
        if self._kept is None:
            # A copy: what is made without gradients cannot be used where there are some.
            return self._lower(self._ids(group, longest)).clone()
        hidden = torch.zeros((len(group), longest, self._width), dtype=torch.bfloat16)
        for row, i in enumerate(group):
            kept = np.array(self._kept[self._starts[i] : self._starts[i + 1]])
            hidden[row, : len(kept)] = torch.from_numpy(kept).view(torch.bfloat16)
        return hidden

    def _ids(self, group: Sequence[int], longest: int) -> Tensor:
        ids = np.zeros((len(group), longest), dtype=np.int64)
        for row, i in enumerate(group):
            ids[row, : len(self._data[i].ids)] = self._data[i].ids
        return torch.from_numpy(ids).to(self._device)

    def _make(self, cache: Path, progress: ProgressCallback) -> None:
        """Fill the file under another name first: a broken-off one is never taken for whole."""
        for stale in cache.parent.glob("lower-*"):
            stale.unlink()
        shape = (int(self._starts[-1]), self._width)
        wanted, free = 2 * shape[0] * shape[1], shutil.disk_usage(cache.parent).free
        if wanted > free:  # writing on would end the process, not raise
            raise ModelError(
                f"no room for what the lower layers give: it takes {wanted / 1e6:.0f} MB, "
                f"{cache.parent} has {free / 1e6:.0f} MB free"
            )
        new = cache.with_suffix(".new")
        kept = np.memmap(new, np.int16, mode="w+", shape=shape)
        data = self._data
        order = sorted(range(len(data)), key=lambda i: len(data[i].ids))
        for start in range(0, len(order), LOWER_BATCH):
            group = order[start : start + LOWER_BATCH]
            ids = self._ids(group, len(data[group[-1]].ids))
            hidden = self._lower(ids).to("cpu", torch.bfloat16).view(torch.int16).numpy()
            for row, i in enumerate(group):
                n = len(data[i].ids)
                kept[self._starts[i] : self._starts[i + 1]] = hidden[row, :n]
            progress("lower layers", start + len(group), len(order))
        kept.flush()
        new.replace(cache)
