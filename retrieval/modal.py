"""Search by words, by a picture, by a sound, or by several at once.

One collection holds items' own vectors of a modality; another, where there is a bridge, what their
pictures or sounds are about, as vectors of the text space. Items that lack a modality are not in
its collections and are found through the others. The text collection is the index's own.

    <folder>/modal.json                 what is there, written last
             image/  audio/             Chroma: vectors of the encoders
             image-text/  audio-text/   Chroma: the same through the bridges
             image.npz  audio.npz       the bridges
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from simpatico.domain import Hit, Value
from simpatico.errors import ModelError, StoreError
from simpatico.protocols import ProgressCallback, Store
from simpatico.retrieval.bridge import Bridge
from simpatico.retrieval.candidates import Fused, Scored, Source, fuse
from simpatico.retrieval.store import ChromaStore

Array = NDArray[np.float32]
Medium = Literal["image", "audio"]
Asked = Literal["text", "image", "audio"]

MEDIA: Final[tuple[Medium, ...]] = get_args(Medium)
THROUGH_BRIDGE: Final = 0.5
"""Weight of what is found through a bridge beside what is found directly. Hand-set."""
DEPTH: Final = 100
"""Hits of each collection that are fused, or as many as are asked for."""
BRIDGE_SHARE: Final = 0.1
"""Of a collection, what at most is found through a bridge. Without it, where few items have a
sound, all of these would gain by having one. Hand-set."""
_STEP: Final = 2000


class Shown(NamedTuple):
    """A picture or a sound to search with: its own vector, and where `Bridge.to_text` puts it.

    An `about` of nan counts as none.
    """

    vector: Array
    about: Array | None = None


@dataclass(frozen=True)
class Query:
    """What to search with, any or all of it.

    Attributes:
        text: a vector of the text encoder.
        image: a picture.
        audio: a sound.
        captions: the same text as vectors of encoders of media that know texts, too (CLIP, CLAP).
        weights: of the three, 0 or more; 1 where none is given.
    """

    text: Array | None = None
    image: Shown | None = None
    audio: Shown | None = None
    captions: Mapping[Medium, Array] = field(default_factory=lambda: MappingProxyType({}))
    weights: Mapping[Asked, float] = field(default_factory=lambda: MappingProxyType({}))


class Answer(NamedTuple):
    """What one collection has for one part of a query, best first, and what that counts."""

    asked: Asked
    source: Source
    weight: float
    found: Scored


class Modality(NamedTuple):
    """The vectors of n items in one modality; a row of nan for an item that lacks it.

    Attributes:
        encoder: name of what made the vectors.
        vectors: (n, dim), unit rows.
        bridge: to the text space, or None.
        about: (n, dim of texts), unit rows, what the bridge made of them; None without a bridge.
    """

    encoder: str
    vectors: Array
    bridge: Bridge | None = None
    about: Array | None = None


class _Kept(Value):
    """A modality on disk: its encoder, the encoders that its bridge joins, widths."""

    encoder: str
    dim: int
    source: str = ""
    target: str = ""
    text_dim: int = 0


class _Manifest(Value):
    version: Literal[1] = 1
    media: dict[Medium, _Kept]


class ModalStore:
    """The collections of all modalities.

    Args:
        text: items' text vectors; belongs to the caller, who closes it.
        own: items' vectors by modality; closed with this.
        about: the same in the text space; closed with this.
        bridges: one for each of `about`.

    Raises:
        ValueError: `about` and `bridges` do not fit.
    """

    def __init__(
        self,
        text: Store,
        own: Mapping[Medium, Store],
        *,
        about: Mapping[Medium, Store] = MappingProxyType({}),
        bridges: Mapping[Medium, Bridge] = MappingProxyType({}),
    ) -> None:
        if set(about) != set(bridges) or any(text.dim != each.dim for each in bridges.values()):
            raise ValueError("wanted a bridge to the text space for each collection of it")
        self._text = text
        self._own = dict(own)
        self._about = dict(about)
        self._bridges = dict(bridges)
        stores = (text, *own.values(), *about.values())
        self._ids = sorted({item_id for store in stores for item_id in store.ids()})
        place = {item_id: at for at, item_id in enumerate(self._ids)}
        self._places = {id(each): np.array([place[i] for i in each.ids()], int) for each in stores}

    @classmethod
    def build(
        cls,
        folder: Path,
        ids: Sequence[str],
        media: Mapping[Medium, Modality],
        *,
        progress: ProgressCallback = lambda label, done, total: None,
    ) -> None:
        """Write the collections of pictures and sounds. What breaks off halfway does not open.

        Args:
            folder: has none yet.
            ids: (n,), of the items.
            media: by modality, n rows each.
            progress: told ("storing image", items done, items in all) and so on.

        Raises:
            StoreError: there are some, or the disk refuses.
            ModelError: a bridge cannot be written.
        """
        if (folder / "modal.json").exists():
            raise StoreError(f"wanted a folder without collections, {folder} has some")
        kept: dict[Medium, _Kept] = {}
        for name, one in media.items():
            _write(folder, name, ids, one.vectors, progress)
            kept[name] = _Kept(encoder=one.encoder, dim=one.vectors.shape[1])
            if one.bridge is not None and one.about is not None:
                _write(folder, f"{name}-text", ids, one.about, progress)
                one.bridge.save(folder / f"{name}.npz")
                kept[name] = _Kept(
                    encoder=one.encoder,
                    dim=one.vectors.shape[1],
                    source=one.bridge.source,
                    target=one.bridge.target,
                    text_dim=one.bridge.dim,
                )
        try:
            folder.mkdir(parents=True, exist_ok=True)
            draft = folder / "modal.draft"
            draft.write_text(_Manifest(media=kept).model_dump_json(indent=2), encoding="utf-8")
            draft.replace(folder / "modal.json")
        except OSError as error:
            raise StoreError(f"collections cannot be written to {folder}: {error}") from error

    @classmethod
    def open(
        cls, folder: Path, text: Store, *, target: str, encoders: Mapping[Medium, str]
    ) -> "ModalStore":
        """Open what `build` wrote.

        Args:
            folder: of the collections.
            text: items' text vectors.
            target: name of the text encoder.
            encoders: names of the encoders that queries will come from.

        Raises:
            StoreError: missing, damaged, or made by other encoders.
            ModelError: a bridge is missing, damaged, or leads to another text encoder.
        """
        try:
            manifest = _Manifest.model_validate_json((folder / "modal.json").read_bytes())
        except (OSError, ValidationError) as error:
            raise StoreError(f"no collections of media in {folder}: {error}") from error
        own: dict[Medium, Store] = {}
        about: dict[Medium, Store] = {}
        bridges: dict[Medium, Bridge] = {}
        try:
            for name, kept in manifest.media.items():
                if encoders.get(name) != kept.encoder:
                    raise StoreError(
                        f"wanted {name} vectors of {encoders.get(name)!r}, "
                        f"{folder} has those of {kept.encoder!r}"
                    )
                own[name] = ChromaStore(folder / name, name, kept.dim, create=False)
                if kept.source:
                    bridges[name] = Bridge.load(
                        folder / f"{name}.npz", source=kept.source, target=target
                    )
                    at = f"{name}-text"
                    about[name] = ChromaStore(folder / at, at, kept.text_dim, create=False)
            return cls(text, own, about=about, bridges=bridges)
        except (ValueError, StoreError, ModelError) as error:
            for store in (*own.values(), *about.values()):
                store.close()
            if isinstance(error, ValueError):
                raise StoreError(f"the collections in {folder} do not fit: {error}") from error
            raise

    def ids(self) -> list[str]:
        """Items that have a vector in any modality, sorted."""
        return list(self._ids)

    def bridge(self, medium: Medium) -> Bridge | None:
        """What takes that modality to the text space, if there is one."""
        return self._bridges.get(medium)

    def search(
        self, query: Query, *, k: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[Fused]:
        """The k best, fused by rank over all collections that can answer; ties by id.

        Scores of hits are cosines in the collection of the hit's source; of several searches of
        one source, the hit of the best rank is told.

        Args:
            query: what to search with; nothing finds nothing.
            k: how many at most.
            allowed: (n_ids,), a flag for each of `ids()`, or None for all.

        Raises:
            ValueError: k below 1, a vector or flags of the wrong shape, a weight below 0.
            StoreError: a collection cannot be read.
        """
        if k < 1:
            raise ValueError(f"wanted k of 1 or more, got {k}")
        lists: list[Fused] = []
        for answer in self.answers(query, k=max(k, DEPTH), allowed=allowed):
            lists += fuse({answer.source: answer.found}, weights={answer.source: answer.weight})
        return summed(lists)[:k]

    def answers(
        self, query: Query, *, k: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[Answer]:
        """What each collection has for each part of a query, for the caller to fuse.

        Args:
            query: as in `search`.
            k: of each at most.
            allowed: as in `search`.

        Raises:
            ValueError, StoreError: as `search`.
        """
        if k < 1 or any(weight < 0 for weight in query.weights.values()):
            raise ValueError(f"wanted k of 1 or more and weights of 0 or more, got {k}")
        if allowed is not None and (allowed.shape != (len(self._ids),) or allowed.dtype != bool):
            raise ValueError(f"wanted {len(self._ids)} flags, got {allowed.shape} {allowed.dtype}")
        return [
            Answer(
                asked,
                source,
                query.weights.get(asked, 1.0) * (1.0 if source == asked else THROUGH_BRIDGE),
                hits,
            )
            for asked, found in self._answers(query, k, allowed)
            if query.weights.get(asked, 1.0)
            for source, hits in found.items()
        ]

    def beside(self, text: Store) -> "ModalStore":
        """The same pictures and sounds beside other text vectors of the same encoder."""
        return ModalStore(text, self._own, about=self._about, bridges=self._bridges)

    def has(self, medium: Medium) -> bool:
        """Whether any item has a vector of its own in this modality."""
        return medium in self._own and bool(self._own[medium].ids())

    def close(self) -> None:
        """Close the collections of pictures and sounds. Idempotent."""
        for store in (*self._own.values(), *self._about.values()):
            store.close()

    def _answers(
        self, query: Query, depth: int, allowed: NDArray[np.bool_] | None
    ) -> Iterable[tuple[Asked, dict[Source, Scored]]]:
        """For each part of a query, what each collection has for it."""
        if query.text is not None:
            found: dict[Source, Scored] = {
                "text": self._hits(self._text, query.text, depth, allowed)
            }
            for name, store in self._about.items():
                centred = self._bridges[name].of_texts(query.text[None])[0]
                if not np.isfinite(centred).all():  # it is what all texts have in common
                    continue
                found[name] = self._hits(store, centred, depth, allowed, BRIDGE_SHARE)
            for name, caption in query.captions.items():
                if name in self._own:
                    found[name] = self._hits(self._own[name], caption, depth, allowed, BRIDGE_SHARE)
            yield "text", found
        for medium in MEDIA:
            shown = query.image if medium == "image" else query.audio
            if shown is None:
                continue
            found = {}
            if medium in self._own:
                found[medium] = self._hits(self._own[medium], shown.vector, depth, allowed)
            if shown.about is not None and np.isfinite(shown.about).all():
                found["text"] = self._hits(self._text, shown.about, depth, allowed, BRIDGE_SHARE)
                for name, store in self._about.items():
                    if name != medium:
                        found[name] = self._hits(store, shown.about, depth, allowed, BRIDGE_SHARE)
            yield medium, found

    def _hits(
        self,
        store: Store,
        vector: Array,
        depth: int,
        allowed: NDArray[np.bool_] | None,
        share: float = 1.0,
    ) -> Scored:
        """The nearest of the allowed, no more than `depth` and than their `share`, rounded up."""
        places = self._places[id(store)]
        flags = None if allowed is None else allowed[places]
        n = len(places) if flags is None else int(flags.sum())
        if not n:
            return []
        return store.search(vector, k=min(depth, math.ceil(share * n)), allowed=flags)


def _write(
    folder: Path, name: str, ids: Sequence[str], vectors: Array, progress: ProgressCallback
) -> None:
    if len(vectors) != len(ids):
        raise ValueError(f"wanted {len(ids)} rows of {name} vectors, got {len(vectors)}")
    rows = np.flatnonzero(np.isfinite(vectors).all(axis=1))
    store = ChromaStore(folder / name, name, vectors.shape[1])
    try:
        for start in range(0, len(rows), _STEP):
            progress(f"storing {name}", start, len(rows))
            part = rows[start : start + _STEP]
            store.upsert([ids[row] for row in part], vectors[part])
        progress(f"storing {name}", len(rows), len(rows))
    finally:
        store.close()


def summed(found: Iterable[Fused]) -> list[Fused]:
    """Fused lists as one: scores are added, and of hits of one source the best stays.

    What was found by the person's words and what by something they showed are two hits.
    """
    scores: dict[str, list[float]] = {}
    hits: dict[str, dict[tuple[str, str], Hit]] = {}
    for one in found:
        scores.setdefault(one.item_id, []).append(one.score)
        its = hits.setdefault(one.item_id, {})
        for hit in one.hits:
            key = hit.source, hit.shown
            if key not in its or hit.rank < its[key].rank:
                its[key] = hit
    totals = {item_id: math.fsum(each) for item_id, each in scores.items()}
    return [
        Fused(
            item_id, totals[item_id], tuple(hits[item_id][name] for name in sorted(hits[item_id]))
        )
        for item_id in sorted(totals, key=lambda item_id: (-totals[item_id], item_id))
    ]
