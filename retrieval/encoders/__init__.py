"""Encoders: texts, pictures and sounds to unit vectors, made by the name that a setting gives."""

import numpy as np
from numpy.typing import NDArray

from simpatico.modelstore import ModelStore
from simpatico.protocols import Encoder
from simpatico.settings import RetrievalSettings


def text_encoder(settings: RetrievalSettings, models: ModelStore) -> Encoder[str]:
    """The text encoder that `settings.encoder` names: minilm, hash, or sentence-transformers.

    Raises:
        ModelError: its weights have not been fetched, or it cannot be loaded.
    """
    if settings.encoder == "minilm":
        from simpatico.retrieval.encoders.minilm import MiniLM

        return MiniLM(models.path("minilm"))
    if settings.encoder == "hash":
        from simpatico.retrieval.encoders.hash import HashEncoder

        return HashEncoder()
    from simpatico.retrieval.encoders.hub import HubEncoder

    return HubEncoder(settings.encoder)


def audio_encoder(name: str, models: ModelStore) -> Encoder[NDArray[np.float32]]:
    """The sound encoder called `name`: musicnn, or the hub name or folder of a CLAP.

    It maps mono waveforms of 16 kHz, (n_samples,) float32.

    Raises:
        ModelError: its weights have not been fetched, or it cannot be loaded.
    """
    if name == "musicnn":
        from simpatico.retrieval.encoders.musicnn import Musicnn

        return Musicnn(models.path(name))
    from simpatico.retrieval.encoders.hub import HubAudioEncoder

    return HubAudioEncoder(name)


def image_encoder(name: str, models: ModelStore) -> Encoder[NDArray[np.uint8]]:
    """The picture encoder called `name`: efficientnet-lite0, or the hub name or folder of a CLIP.

    It maps arrays (height, width, 3) of uint8 RGB.

    Raises:
        ModelError: its weights have not been fetched, or it cannot be loaded.
    """
    if name == "efficientnet-lite0":
        from simpatico.retrieval.encoders.efficientnet import EfficientNetLite

        return EfficientNetLite(models.path(name))
    from simpatico.retrieval.encoders.hub import HubImageEncoder

    return HubImageEncoder(name)
