"""Models by name or folder, on the CPU: sentence-transformers for texts, CLIP for pictures.

Both need the `train` extra. Code that comes with a model is never run.
"""

import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import ModelError

MAX_CHARS = 5000  # of a text about a picture: far beyond the tokens that count


class HubEncoder:
    """A sentence-transformers model.

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


class HubImageEncoder:
    """The picture side of a CLIP or SigLIP model; `texts` is its text side, in the same space.

    The cosine of a text's vector and a picture's says how well they go together; compare it only
    with cosines of other such pairs. Pictures are arrays (height, width, 3) of uint8 RGB.

    Args:
        model: a hub name (`openai/clip-vit-base-patch32`) or a folder, as transformers knows it.

    Attributes:
        texts: encodes what a picture might show; only the first tokens that the model has places
            for count (77 in CLIP, 64 in SigLIP).

    Raises:
        ModelError: transformers is not installed, or this is no model of that kind.
    """

    def __init__(self, model: str) -> None:
        try:
            library = importlib.import_module("transformers")
            torch = importlib.import_module("torch")
        except ImportError as error:
            raise ModelError(
                f"encoder {model!r} needs transformers: pip install 'simpatico[train]'"
            ) from error
        self.name = f"hub:{model}"
        try:
            self._tower = _TwoTowers(
                library.AutoModel.from_pretrained(model, trust_remote_code=False).eval(),
                library.AutoProcessor.from_pretrained(model, trust_remote_code=False),
                torch.inference_mode,
            )
            self.dim = len(self._tower.of_picture(np.zeros((8, 8, 3), dtype=np.uint8)))
            self.texts = _HubCaptions(self.name, self.dim, self._tower)
            self.texts.encode([""])
        except Exception as error:  # hub, file and format errors share no other base
            raise ModelError(f"encoder {model!r} cannot be loaded: {error}") from error

    def encode(self, inputs: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Encode a batch: (n,) pictures -> (n, dim), float32, each row of L2 norm 1."""
        rows = [self._tower.of_picture(picture) for picture in inputs]
        return np.array(rows, dtype=np.float32).reshape(len(rows), self.dim)


class _HubCaptions:
    """The text side, as an encoder of its own."""

    def __init__(self, name: str, dim: int, tower: "_TwoTowers") -> None:
        self.name = name
        self.dim = dim
        self._tower = tower

    def encode(self, inputs: Sequence[str]) -> NDArray[np.float32]:
        """Encode a batch: (n,) -> (n, dim), float32, each row of L2 norm 1."""
        rows = [self._tower.of_text(text) for text in inputs]
        return np.array(rows, dtype=np.float32).reshape(len(rows), self.dim)


class _TwoTowers:
    """A loaded model with its processor; one input at a time, so that no row depends on another."""

    def __init__(self, model: Any, processor: Any, inference: Any) -> None:
        self._model = model
        self._processor = processor
        self._inference = inference

    def of_picture(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        fed = self._processor(
            images=[picture], return_tensors="pt", input_data_format="channels_last"
        )
        with self._inference():
            return _unit(self._model.get_image_features(**fed))

    def of_text(self, text: str) -> NDArray[np.float32]:
        readable = text[:MAX_CHARS].encode("utf-8", "replace").decode()  # lone surrogates go
        fed = self._processor(
            text=[readable],
            return_tensors="pt",
            padding="max_length",  # as SigLIP was trained; CLIP does not mind
            truncation=True,
            max_length=self._model.config.text_config.max_position_embeddings,
        )
        with self._inference():
            return _unit(self._model.get_text_features(**fed))


def _unit(output: Any) -> NDArray[np.float32]:
    vector: NDArray[np.float32] = output.pooler_output[0].float().numpy()
    return vector / np.linalg.norm(vector)
