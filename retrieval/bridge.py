"""From pictures and sounds to the space of texts, so that words find what shows or sounds so.

Without training: what a network names in a picture (and its colours) or hears in music, as the mean
of those names' text vectors (`PictureLabels`, `SoundLabels`), and `labels_bridge` to centre them.
With pairs: a linear map fitted to them, which `simpatico.finetune.bridge` trains; `shipped` has
those that ship. All are a `Bridge`.
"""

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import ModelError
from simpatico.protocols import Encoder
from simpatico.retrieval.encoders.musicnn import TAGS
from simpatico.retrieval.palette import COLOURS, NAMED, colours_of

if TYPE_CHECKING:
    from simpatico.retrieval.encoders.efficientnet import EfficientNetLite
    from simpatico.retrieval.encoders.musicnn import Musicnn

Array = NDArray[np.float32]

VERSION: Final = 1
N_LABELS: Final = 10
"""Names of a picture or a sound that count."""


def labels_to_text(probabilities: Array, name_vectors: Array, *, n: int = N_LABELS) -> Array:
    """Text vectors of what was recognised: the likeliest names' vectors, weighted: (n_rows, dim).

    Unit rows; a row without any probability is nan, for it says nothing.

    Args:
        probabilities: (n_rows, n_names), 0 or more; rows need not sum to 1.
        name_vectors: (n_names, dim), of the names' texts.
        n: names of a row that count.
    """
    n_names = len(name_vectors)
    if probabilities.ndim != 2 or probabilities.shape[1] != n_names or n < 1:
        raise ValueError(f"wanted (n, {n_names}) and n of 1 or more, got {probabilities.shape}")
    weights = probabilities
    if n < n_names:
        least = np.partition(probabilities, n_names - n, axis=1)[:, n_names - n, None]
        weights = np.where(probabilities >= least, probabilities, 0)
    return unit(weights @ name_vectors)


class PictureLabels:
    """Pictures to text vectors by what ImageNet's classes call them, and by their colours.

    An `Encoder` of pictures. Names and colours count alike.

    Args:
        pictures: recognises.
        texts: of the names' vectors; each name is encoded once, when it is first met.
    """

    def __init__(self, pictures: "EfficientNetLite", texts: Encoder[str]) -> None:
        self.name = f"{pictures.name} labels and {NAMED}, {texts.name}"
        self.dim = texts.dim
        self._pictures = pictures
        self._texts = texts
        self._known: dict[str, Array] = {}

    def encode(self, inputs: Sequence[NDArray[np.uint8]]) -> Array:
        """Encode a batch: (n,) pictures -> (n, dim), float32, each row of L2 norm 1."""
        return self.of(self._pictures.labels(inputs, k=N_LABELS), colours_of(inputs))

    def of(self, labels: Sequence[Sequence[tuple[str, float]]], colours: Array) -> Array:
        """As `encode`, of names with their probabilities, (n,), and of colours: (n, dim).

        Args:
            labels: names with probabilities.
            colours: (n, n_colours), 0 or more; only what they are beside each other counts.
        """
        names = sorted({name for found in labels for name, _ in found})
        if not len(labels):
            return np.zeros((0, self.dim), dtype=np.float32)
        place = {name: at for at, name in enumerate(names)}
        probabilities = np.zeros((len(labels), len(names)), dtype=np.float32)
        for row, found in zip(probabilities, labels, strict=True):
            for name, probability in found:
                row[place[name]] = probability
        named = labels_to_text(probabilities, self._vectors(names))
        coloured = labels_to_text(colours, self._vectors(COLOURS), n=len(COLOURS))
        return unit(named + coloured)

    def _vectors(self, names: Sequence[str]) -> Array:
        if new := [name for name in names if name not in self._known]:
            self._known |= dict(zip(new, self._texts.encode(new), strict=True))
        return np.array([self._known[name] for name in names])


class SoundLabels:
    """Music to text vectors by the tags that listeners gave such music: an `Encoder` of sounds.

    Args:
        sounds: hears.
        texts: of the tags' vectors.
    """

    def __init__(self, sounds: "Musicnn", texts: Encoder[str]) -> None:
        self.name = f"{sounds.name} tags, {texts.name}"
        self.dim = texts.dim
        self._sounds = sounds
        self._tags = texts.encode(TAGS)

    def encode(self, inputs: Sequence[Array]) -> Array:
        """Encode a batch: (n,) sounds -> (n, dim), float32, each row of L2 norm 1."""
        return self.of(self._sounds.tags(inputs))

    def of(self, tags: Array) -> Array:
        """As `encode`, of how likely each of `TAGS` is: (n, 50) -> (n, dim)."""
        return labels_to_text(tags, self._tags)


class Bridge:
    """A linear map from the vectors of one encoder to directions in the space of a text encoder.

    Both sides are centred: what all texts have in common says nothing of which belongs to a
    picture. So what is compared with `to_text` is `of_texts`, or texts' vectors as they are when
    many of them are ranked for one picture.

    Args:
        source: name of the encoder of what comes in.
        target: name of the text encoder.
        centre: (n_in,), subtracted from what comes in.
        weights: (n_in, n_text).
        middle: (n_text,), the mean of the texts' vectors.

    Raises:
        ValueError: shapes do not fit, or something is not finite.
    """

    def __init__(
        self, source: str, target: str, *, centre: Array, weights: Array, middle: Array
    ) -> None:
        if weights.ndim != 2 or weights.shape != (*centre.shape, *middle.shape):
            raise ValueError(
                f"wanted weights of shape {(*centre.shape, *middle.shape)}, got {weights.shape}"
            )
        if not all(np.isfinite(each).all() for each in (centre, weights, middle)):
            raise ValueError("wanted finite weights")
        self.source = source
        self.target = target
        self.n_in, self.dim = weights.shape
        self._centre = centre.astype(np.float32)
        self._weights = weights.astype(np.float32)
        self._middle = middle.astype(np.float32)

    def to_text(self, vectors: Array) -> Array:
        """What pictures or sounds are about: (n, n_in) -> (n, dim), unit rows; nan stays nan."""
        _check(vectors, self.n_in)
        return unit((vectors - self._centre) @ self._weights)

    def of_texts(self, vectors: Array) -> Array:
        """Texts' vectors as what `to_text` gives is to be searched with: (n, dim), unit rows."""
        _check(vectors, self.dim)
        return unit(vectors - self._middle)

    def recentred(self, inputs: Array, texts: Array, *, own_rows: int) -> "Bridge":
        """The same directions between other centres, such as a catalogue's.

        Args:
            inputs: (n, n_in), of any pictures or sounds; rows with nan are left out.
            texts: (m, dim), of any texts.
            own_rows: as many rows as the centre that it has counts, 0 or more.

        Raises:
            ValueError: another width.
        """
        _check(inputs, self.n_in)
        _check(texts, self.dim)
        known = inputs[np.isfinite(inputs).all(axis=1)]
        return Bridge(
            self.source,
            self.target,
            centre=_mean(known, self._centre, own_rows),
            weights=self._weights,
            middle=_mean(texts, self._middle, own_rows),
        )

    def save(self, path: Path) -> None:
        """Write it.

        Raises:
            ModelError: it cannot be written.
        """
        draft = path.with_name(f"{path.name}.draft.npz")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(
                draft,
                version=np.array(VERSION),
                source=np.array(self.source),
                target=np.array(self.target),
                centre=self._centre,
                weights=self._weights,
                middle=self._middle,
            )
            draft.replace(path)
        except OSError as error:
            raise ModelError(f"the bridge cannot be written to {path}: {error}") from error

    @classmethod
    def load(cls, path: Path, *, source: str, target: str) -> "Bridge":
        """Read a bridge between two encoders.

        Args:
            path: written by `save`.
            source: the encoder whose vectors will come in.
            target: the text encoder.

        Raises:
            ModelError: missing, damaged, of another version, or between other encoders.
        """
        arrays = _read(path)
        try:
            version = int(arrays["version"])
            between = str(arrays["source"]), str(arrays["target"])
            if version != VERSION:
                raise ModelError(f"wanted a bridge of version {VERSION}, {path} is of {version}")
            if between != (source, target):
                raise ModelError(
                    f"wanted a bridge from {source!r} to {target!r}, "
                    f"{path} is one from {between[0]!r} to {between[1]!r}"
                )
            return cls(
                source, target, **{name: arrays[name] for name in ("centre", "weights", "middle")}
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{path} is no bridge: {error!r}") from error


def labels_bridge(labels: Array, texts: Array, *, source: str, target: str) -> Bridge:
    """The bridge that needs no pairs: it only takes off what all labels, and all texts, share.

    Args:
        labels: (n, dim), of any pictures or sounds, such as a catalogue's; nan is left out.
        texts: (m, dim), of any texts, such as the same catalogue's.
        source: name of the `PictureLabels` or `SoundLabels`.
        target: name of the text encoder.

    Raises:
        ValueError: no labels or no texts, or they do not have the same width.
    """
    known = labels[np.isfinite(labels).all(axis=1)]
    if not len(known) or not len(texts):
        raise ValueError(f"wanted labels and texts, got {len(known)} and {len(texts)}")
    return Bridge(
        source,
        target,
        centre=known.mean(axis=0),
        weights=np.eye(labels.shape[1], dtype=np.float32),
        middle=texts.mean(axis=0),
    )


def source_name(*names: str) -> str:
    """The source of a bridge that takes several encoders' vectors of the same, side by side."""
    return " + ".join(names)


def unit(rows: NDArray[np.floating]) -> Array:
    """Rows of L2 norm 1, float32; a row that has no direction is nan."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    norms[norms < 1e-12] = np.nan
    return np.asarray(rows / norms, dtype=np.float32)


def _check(vectors: Array, width: int) -> None:
    if vectors.ndim != 2 or vectors.shape[1] != width:
        raise ValueError(f"wanted vectors of shape (n, {width}), got {vectors.shape}")


def _mean(rows: Array, before: Array, n_before: int) -> Array:
    """The mean of rows and of as many more at `before`."""
    n = len(rows) + n_before
    if not n:
        return before
    total = rows.sum(axis=0, dtype=float) + n_before * before.astype(float)
    return np.asarray(total / n, dtype=np.float32)


def _read(path: Path) -> Mapping[str, NDArray[Any]]:
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise ModelError(f"the bridge {path} cannot be read: {error}") from error
