"""What Simpatico sees and hears with: for each kind of media an encoder, and a way to words.

A medium is looked at once. What is kept of it gives its own vector and, where the encoder can name
what it meets (ImageNet's classes, musicnn's tags), a vector in the space of texts.
"""

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import ModelError
from simpatico.modelstore import ModelStore
from simpatico.protocols import Encoder, ProgressCallback
from simpatico.retrieval.bridge import N_LABELS, PictureLabels, SoundLabels, unit
from simpatico.retrieval.encoders import audio_encoder, image_encoder
from simpatico.retrieval.media import decode_image
from simpatico.retrieval.modal import Medium
from simpatico.retrieval.palette import COLOURS, NAMED, colours_of
from simpatico.retrieval.sound import SoundLimits, decode_sound
from simpatico.settings import RetrievalSettings

if TYPE_CHECKING:
    from simpatico.retrieval.encoders.efficientnet import EfficientNetLite
    from simpatico.retrieval.encoders.musicnn import Musicnn

Array = NDArray[np.float32]

EMBEDDED: Final[Mapping[Medium, str]] = {"image": "efficientnet-lite0", "audio": "musicnn"}
"""What "auto" stands for: models of the model store."""

SOUNDS: Final = SoundLimits()
"""What an item's sound may be."""

SAID_OF: Final[Mapping[str, str]] = {
    "Mellow": "mellow",
    "chillout": "calm",
    "ambient": "ambient",
    "sad": "sad",
    "happy": "happy",
    "acoustic": "acoustic",
    "instrumental": "instrumental",
    "electronic": "electronic",
    "electronica": "electronic",
    "metal": "heavy",
    "heavy metal": "heavy",
    "hard rock": "heavy",
}
"""Tags that say how music sounds, as an adjective. Genres are left out: to musicnn, which learnt
from listeners of popular music, nearly all classical music is jazz."""

N_SAID: Final = 2
SAID_FROM: Final = 0.2
"""A tag less likely than this, or than in the mean of the catalogue, is not said."""


class Sense(Protocol):
    """One kind of media: how it is taken in, and what is made of that.

    Attributes:
        name: of the encoder of its own vectors.
        named_by: name of what makes vectors in the text space without training; "" if nothing does.
        kept: takes in a medium; its rows are what is kept of it.
    """

    name: str
    named_by: str
    kept: Encoder[Any]

    def decode(self, data: bytes) -> Any:
        """A file's bytes as `kept` takes them. Raises `DataError`."""
        ...

    def own(self, rows: Array) -> Array:
        """Vectors of the encoder: (n, kept.dim) -> (n, dim), unit rows; nan stays nan."""
        ...

    def named(self, rows: Array) -> Array | None:
        """Vectors in the text space of what they are called: (n, dim of texts), or None."""
        ...

    def said(self, rows: Array) -> list[tuple[str, ...]]:
        """Adjectives that may be said of each, (n,); often none."""
        ...

    def words(self, text: str) -> Array | None:
        """What a text means in the space of its own vectors, (dim,), or None."""
        ...


class Senses:
    """The encoders that settings name, each made when it is first needed.

    Args:
        settings: `image_encoder` and `audio_encoder`: "" is none, "auto" that of `EMBEDDED`.
        models: has the weights of those.
        texts: the text encoder.
    """

    def __init__(
        self, settings: RetrievalSettings, models: ModelStore, texts: Encoder[str]
    ) -> None:
        wanted: dict[Medium, str] = {
            "image": settings.image_encoder,
            "audio": settings.audio_encoder,
        }
        self._chosen = {
            medium: EMBEDDED[medium] if name == "auto" else name for medium, name in wanted.items()
        }
        self._models = models
        self.texts = texts
        self._made: dict[Medium, Sense] = {}
        self._making = Lock()

    def name(self, medium: Medium) -> str:
        """Name of the encoder of this kind of media; "" when there is none. Loads nothing."""
        chosen = self._chosen.get(medium, "")
        if not chosen:
            return ""
        return {"musicnn": "musicnn-msd", **{EMBEDDED["image"]: EMBEDDED["image"]}}.get(
            chosen, f"hub:{chosen}"
        )

    def fetch(self, medium: Medium, *, progress: ProgressCallback) -> None:
        """Get the weights, where they come from the model store.

        Raises:
            ModelError: they cannot be had.
        """
        chosen = self._chosen.get(medium, "")
        if chosen in EMBEDDED.values():
            self._models.fetch(chosen, progress=progress)

    def of(self, medium: Medium) -> Sense:
        """What takes in this kind of media.

        Raises:
            ModelError: there is none, or it cannot be loaded.
        """
        with self._making:
            if medium not in self._made:
                self._made[medium] = self._make(medium)
            return self._made[medium]

    def _make(self, medium: Medium) -> Sense:
        chosen = self._chosen.get(medium, "")
        if not chosen:
            raise ModelError(f"wanted an encoder of {medium}, the settings have none")
        encoder: Any
        if medium == "image":
            encoder = image_encoder(chosen, self._models)
            if chosen == EMBEDDED["image"]:
                return _Pictures(encoder, PictureLabels(encoder, self.texts))
            return _Hub(encoder, decode_image)
        encoder = audio_encoder(chosen, self._models)
        if chosen == EMBEDDED["audio"]:
            return _Sounds(encoder, SoundLabels(encoder, self.texts))
        return _Hub(encoder, _decode_sound)


def _decode_sound(data: bytes) -> Any:
    return decode_sound(data, limits=SOUNDS)


class _Pictures:
    """EfficientNet-Lite0. Kept are its pooled features p and shares of colours c.

    As ((p, 1) / |(p, 1)|, c), made a unit row, from which vectors, classes and colours can be read.
    """

    def __init__(self, eyes: "EfficientNetLite", labels: PictureLabels) -> None:
        self._eyes = eyes
        self._labels = labels
        self.name = eyes.name
        self.named_by = labels.name
        n_kept = eyes.dim + 1 + len(COLOURS)
        self.kept: Encoder[Any] = _Kept(f"{eyes.name} features and {NAMED}", n_kept, self._look)

    def decode(self, data: bytes) -> NDArray[np.uint8]:
        return decode_image(data)

    def own(self, rows: Array) -> Array:
        return unit(rows[:, : self._eyes.dim])

    def named(self, rows: Array) -> Array:
        known, dim = np.isfinite(rows).all(axis=1), self._eyes.dim
        found = np.full((len(rows), self._labels.dim), np.nan, dtype=np.float32)
        pooled = rows[known, :dim] / rows[known, dim : dim + 1]
        labels = self._eyes.labels_of(pooled, k=N_LABELS)
        found[known] = self._labels.of(labels, rows[known, dim + 1 :])
        return found

    def said(self, rows: Array) -> list[tuple[str, ...]]:
        return [()] * len(rows)

    def words(self, text: str) -> None:
        return None

    def _look(self, inputs: Sequence[NDArray[np.uint8]]) -> Array:
        pooled = self._eyes.pool(inputs)
        features = unit(np.concatenate([pooled, np.ones((len(pooled), 1), np.float32)], axis=1))
        return unit(np.concatenate([features, colours_of(inputs)], axis=1))


class _Sounds:
    """musicnn. Kept are its vector and its tags t as (vector, t / |t|) / sqrt(2)."""

    def __init__(self, ears: "Musicnn", labels: SoundLabels) -> None:
        from simpatico.retrieval.encoders.musicnn import TAGS

        self._ears = ears
        self._labels = labels
        self._tags = TAGS
        self.name = ears.name
        self.named_by = labels.name
        n_kept = ears.dim + 1 + len(TAGS)
        self.kept: Encoder[Any] = _Kept(f"{ears.name} and tags", n_kept, self._listen)

    def decode(self, data: bytes) -> Array:
        return decode_sound(data, limits=SOUNDS)

    def own(self, rows: Array) -> Array:
        return unit(rows[:, : self._ears.dim])

    def named(self, rows: Array) -> Array:
        known = np.isfinite(rows).all(axis=1)
        found = np.full((len(rows), self._labels.dim), np.nan, dtype=np.float32)
        found[known] = self._labels.of(self._likely(rows[known]))
        return found

    def said(self, rows: Array) -> list[tuple[str, ...]]:
        likely = np.nan_to_num(self._likely(rows))
        known = np.isfinite(rows).all(axis=1)
        least = np.maximum(likely[known].mean(axis=0), SAID_FROM) if known.any() else SAID_FROM
        over = np.where(likely >= least, likely - least, -1.0)
        found = []
        for row in over:
            best = [SAID_OF.get(self._tags[at]) for at in np.argsort(-row) if row[at] > 0]
            found.append(tuple(dict.fromkeys(word for word in best if word))[:N_SAID])
        return found

    def words(self, text: str) -> None:
        return None

    def _likely(self, rows: Array) -> Array:
        """The tags' probabilities, (n, 50); the last number but them is one over their length."""
        tags: Array = rows[:, self._ears.dim + 1 :] / rows[:, [self._ears.dim]]
        return tags

    def _listen(self, inputs: Sequence[Array]) -> Array:
        heard = self._ears.listen(inputs)
        tags = np.concatenate([np.ones((len(heard.tags), 1), np.float32), heard.tags], axis=1)
        return unit(np.concatenate([heard.vectors, unit(tags)], axis=1))


class _Hub:
    """CLIP, SigLIP or CLAP: what is kept is its vector, and its text side knows the same space."""

    named_by = ""

    def __init__(self, encoder: Any, decode: Any) -> None:
        self.name: str = encoder.name
        self.kept: Encoder[Any] = encoder
        self._texts: Encoder[str] = encoder.texts
        self._decode = decode

    def decode(self, data: bytes) -> Any:
        return self._decode(data)

    def own(self, rows: Array) -> Array:
        return rows

    def named(self, rows: Array) -> None:
        return None

    def said(self, rows: Array) -> list[tuple[str, ...]]:
        return [()] * len(rows)

    def words(self, text: str) -> Array:
        vector: Array = self._texts.encode([text])[0]
        return vector


class _Kept:
    """A function as an `Encoder`."""

    def __init__(self, name: str, dim: int, encode: Any) -> None:
        self.name = name
        self.dim = dim
        self._encode = encode

    def encode(self, inputs: Sequence[Any]) -> Array:
        """Encode a batch: (n,) -> (n, dim), float32, each row of L2 norm 1."""
        return np.asarray(self._encode(inputs), dtype=np.float32).reshape(len(inputs), self.dim)
