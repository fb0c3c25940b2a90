"""Any sentence-transformers model, by name or folder. Needs the `train` extra."""

import importlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import ModelError


class HubEncoder:
    """A sentence-transformers model on the CPU. Code that comes with a model is never run.

    Args:
        model: a hub name (`BAAI/bge-small-en-v1.5`) or a folder.

    Raises:
        ModelError: sentence-transformers is not installed, or the model cannot be loaded.
    """

    def __init__(self, model: str) -> None:
        try:
            library = importlib.import_module("sentence_transformers")
        except ImportError as error:
            raise ModelError(
                f"encoder {model!r} needs sentence-transformers: pip install 'simpatico[train]'"
            ) from error
        try:
            self._model = library.SentenceTransformer(model, device="cpu", trust_remote_code=False)
        except Exception as error:  # hub, file and format errors share no other base
            raise ModelError(f"encoder {model!r} cannot be loaded: {error}") from error
        self.name = f"st:{model}"
        self.dim = len(self._model.encode("", show_progress_bar=False))

    def encode(self, inputs: Sequence[str]) -> NDArray[np.float32]:
        """Encode a batch: (n,) -> (n, dim), float32, each row of L2 norm 1."""
        if not inputs:
            return np.zeros((0, self.dim), dtype=np.float32)
        vectors = self._model.encode(
            list(inputs), normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)
