"""Models by name or folder, on the CPU: for texts, pictures (CLIP) and sounds (CLAP).

All need the `train` extra. Code that comes with a model is never run.
"""

import importlib
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import ModelError
from simpatico.retrieval.sound import RATE_HZ

Input = TypeVar("Input", bound=NDArray[Any])

MAX_CHARS = 5000  # of a text about a picture or a sound: far beyond the tokens that count
MAX_WINDOWS = 6
"""Pieces of a longer sound that a CLAP hears, evenly spaced."""


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
            [_whole(text) for text in inputs], normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)


class _HubMedia(Generic[Input]):
    """What pictures and sounds have in common: a model with a side for texts in the same space."""

    def __init__(self, model: str, load: "Callable[[str, Any, Any], _Tower]", first: Input) -> None:
        library, torch = _libraries(model)
        self.name = f"hub:{model}"
        try:
            self._tower = load(model, library, torch.inference_mode)
            self.dim = len(self._tower.of_medium(first))
            self.texts = _HubCaptions(self.name, self.dim, self._tower)
            self.texts.encode(["a"])
        except Exception as error:  # hub, file and format errors share no other base
            raise ModelError(f"encoder {model!r} cannot be loaded: {error}") from error

    def encode(self, inputs: Sequence[Input]) -> NDArray[np.float32]:
        """Encode a batch: (n,) -> (n, dim), float32, each row of L2 norm 1.

        Raises:
            ValueError: a sound is empty, not of one dimension, or not finite.
        """
        rows = [self._tower.of_medium(medium) for medium in inputs]
        return np.array(rows, dtype=np.float32).reshape(len(rows), self.dim)


class HubImageEncoder(_HubMedia[NDArray[np.uint8]]):
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
        super().__init__(model, _PictureTower, np.zeros((8, 8, 3), dtype=np.uint8))


class HubAudioEncoder(_HubMedia[NDArray[np.float32]]):
    """The sound side of a CLAP model; `texts` is its text side, in the same space.

    A sound is a mono waveform of 16 kHz, (n_samples,), as `decode_sound` gives it; CLAP models were
    trained on 48 kHz, and of what is above 8 kHz nothing is left. The model hears windows (of 10 s
    in the published ones): of a longer sound at most `MAX_WINDOWS`, whose vectors are averaged. The
    model's own way to shorten a sound draws at random, and is not used.

    Args:
        model: a hub name (`laion/clap-htsat-unfused`) or a folder, as transformers knows it.

    Attributes:
        texts: encodes what might be heard.

    Raises:
        ModelError: transformers is not installed, or this is no model of that kind.
    """

    def __init__(self, model: str) -> None:
        super().__init__(model, _SoundTower, np.zeros(RATE_HZ, dtype=np.float32))


class _Tower(Protocol):
    """A loaded model; one input at a time, so that no row depends on another."""

    def of_medium(self, medium: Any) -> NDArray[np.float32]: ...

    def of_text(self, text: str) -> NDArray[np.float32]: ...


class _HubCaptions:
    """The text side, as an encoder of its own."""

    def __init__(self, name: str, dim: int, tower: _Tower) -> None:
        self.name = name
        self.dim = dim
        self._tower = tower

    def encode(self, inputs: Sequence[str]) -> NDArray[np.float32]:
        """Encode a batch: (n,) -> (n, dim), float32, each row of L2 norm 1."""
        rows = [self._tower.of_text(text) for text in inputs]
        return np.array(rows, dtype=np.float32).reshape(len(rows), self.dim)


class _PictureTower:
    """A CLIP or SigLIP with its processor."""

    def __init__(self, model: str, library: Any, inference: Any) -> None:
        self._model = library.AutoModel.from_pretrained(model, trust_remote_code=False).eval()
        self._processor = library.AutoProcessor.from_pretrained(model, trust_remote_code=False)
        self._inference = inference

    def of_medium(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        fed = self._processor(
            images=[picture], return_tensors="pt", input_data_format="channels_last"
        )
        with self._inference():
            return _unit(self._model.get_image_features(**fed))

    def of_text(self, text: str) -> NDArray[np.float32]:
        fed = self._processor(
            text=[_readable(text)],
            return_tensors="pt",
            padding="max_length",  # as SigLIP was trained; CLIP does not mind
            truncation=True,
            max_length=self._model.config.text_config.max_position_embeddings,
        )
        with self._inference():
            return _unit(self._model.get_text_features(**fed))


class _SoundTower:
    """A CLAP with its parts."""

    def __init__(self, model: str, library: Any, inference: Any) -> None:
        self._model = library.ClapModel.from_pretrained(model).eval()
        self._hears = library.ClapFeatureExtractor.from_pretrained(model)
        self._reads = library.AutoTokenizer.from_pretrained(model, trust_remote_code=False)
        self._inference = inference
        text = self._model.config.text_config
        self._n_tokens = text.max_position_embeddings - (text.pad_token_id or 0) - 1
        fuses = self._model.config.audio_config.enable_fusion
        self._shorten = "fusion" if fuses else "rand_trunc"  # neither does anything to a window

    def of_medium(self, wave: NDArray[np.float32]) -> NDArray[np.float32]:
        if wave.ndim != 1 or not wave.size or not np.isfinite(wave).all():
            raise ValueError(f"wanted a sound of finite numbers, (n_samples,), got {wave.shape}")
        rows = [self._of_window(window) for window in self._windows(wave)]
        mean = np.mean(rows, axis=0)
        return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)

    def of_text(self, text: str) -> NDArray[np.float32]:
        fed = self._reads(
            [_readable(text)], return_tensors="pt", truncation=True, max_length=self._n_tokens
        )
        wanted = {name: fed[name] for name in ("input_ids", "attention_mask")}
        with self._inference():
            return _unit(self._model.get_text_features(**wanted))

    def _windows(self, wave: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        length = int(self._hears.nb_max_samples * RATE_HZ / self._hears.sampling_rate)
        if len(wave) <= length:
            return [wave]
        n = min(MAX_WINDOWS, -(-len(wave) // length))
        starts = np.linspace(0, len(wave) - length, n).astype(int)
        return [wave[start : start + length] for start in starts]

    def _of_window(self, window: NDArray[np.float32]) -> NDArray[np.float32]:
        from scipy.signal import resample_poly

        rate = self._hears.sampling_rate
        heard = resample_poly(window, rate, RATE_HZ)[: self._hears.nb_max_samples]
        fed = self._hears(heard, truncation=self._shorten, sampling_rate=rate, return_tensors="pt")
        with self._inference():
            return _unit(self._model.get_audio_features(**fed))


def _libraries(model: str) -> tuple[Any, Any]:
    try:
        return importlib.import_module("transformers"), importlib.import_module("torch")
    except ImportError as error:
        raise ModelError(
            f"encoder {model!r} needs transformers: pip install 'simpatico[train]'"
        ) from error


def _readable(text: str) -> str:
    return _whole(text[:MAX_CHARS])


def _whole(text: str) -> str:
    return text.encode("utf-8", "replace").decode()  # lone surrogates, which no tokenizer takes


def _unit(output: Any) -> NDArray[np.float32]:
    vector: NDArray[np.float32] = output.pooler_output[0].float().numpy()
    return vector / np.linalg.norm(vector)
