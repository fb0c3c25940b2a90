"""Encoders: texts to unit vectors. `text_encoder` makes the one that the settings name."""

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
