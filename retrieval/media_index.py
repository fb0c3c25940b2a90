"""The pictures and sounds of a catalogue, looked at once and kept beside its index.

    <home>/indexes/<catalogue>/media.json      names the current collections, replaced in one go
                               media-<random>/ as `modal` describes, and said.json: how items sound
                               bridges/        as `bridged` says

What was made of a medium is kept by the hash of its bytes elsewhere, so that building anew only
looks at what is new.
"""

import hashlib
import json
import logging
import shutil
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from pydantic import AwareDatetime, ValidationError

from simpatico.domain import Item, Media, Value
from simpatico.errors import DataError, ModelError, StoreError
from simpatico.protocols import ProgressCallback, Store
from simpatico.retrieval.bridged import (
    given_path,
    inputs_of,
    learnt_path,
    load_own,
    mark_of_parts,
    own_way,
    ready_made,
)
from simpatico.retrieval.catalog import Catalog, names_in
from simpatico.retrieval.fetched import Fetched
from simpatico.retrieval.media import MAX_BYTES, host_of
from simpatico.retrieval.media_vectors import MediaProblem, media_vectors
from simpatico.retrieval.modal import MEDIA, Medium, Modality, ModalStore, Query, Shown
from simpatico.retrieval.senses import SOUNDS, Senses
from simpatico.retrieval.shipped import SHIPPED, shipped_mark
from simpatico.retrieval.sound import SoundLimits

log = logging.getLogger(__name__)

Array = NDArray[np.float32]

SHOWN_SOUND: Final = SoundLimits(max_seconds=120, max_bytes=MAX_BYTES)
"""What a sound that somebody shows may be."""


MADE: Final = 3
"""How collections are made of media: those that were made in another way are made anew."""


ASKED_AGAIN: Final = timedelta(hours=3)
"""How long after a host did not answer its media are worth another look, which may take a while."""


class MediaManifest(Value):
    """Which collections are current, what they were made from, and how (see `MADE`).

    `n_unreached` addresses on allowed hosts did not answer and have no vector; `at` is when they
    were asked. `shipped` is the mark of the bridges that shipped then, "" before there were any;
    `parts` that of those of catalogues used together.
    """

    version: Literal[1] = 1
    made: int = 1
    folder: str
    digest: str
    target: str
    encoders: dict[Medium, str]
    n_unreached: int = 0
    at: AwareDatetime | None = None
    shipped: str = ""
    parts: str = ""


class MediaCount(Value):
    """What came of one kind of media: items that have some, of these with a vector, newly made.

    `bridge` is what goes to words, "" where the encoder does. `own`: it is the catalogue's own;
    `learnt`: one that was fitted to it unasked. `refused` is why one that a person gave is not
    used, and what to do, or "".
    """

    medium: Medium
    n_items: int
    n_vectors: int
    n_made: int
    bridge: str = ""
    own: bool = False
    learnt: bool = False
    refused: str = ""


class MediaReport(Value):
    """What `build_media` did."""

    counts: tuple[MediaCount, ...] = ()
    problems: tuple[MediaProblem, ...] = ()
    stale: tuple[MediaProblem, ...] = ()


def read_media_manifest(root: Path) -> MediaManifest | None:
    """What is current in the folder of a catalogue's index; None when there is nothing to rely on.

    A damaged manifest is the same, and is logged.
    """
    path = root / "media.json"
    try:
        return MediaManifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        log.warning("%s cannot be read, its media are not searched: %s", path, error)
        return None


def media_digest(catalog: Catalog) -> str:
    """SHA-256 (hex) of which media the items have."""
    content = hashlib.sha256()
    for item in catalog.items:
        if item.media:
            content.update(item.model_dump_json(include={"id", "media"}).encode() + b"\n")
    return content.hexdigest()


def media_stale(root: Path, catalog: Catalog, *, shipped: Path = SHIPPED) -> bool:
    """Whether the media were looked at, and are worth another look.

    That is when they are others now, were looked at in another way, other bridges ship, or a host
    did not answer and `ASKED_AGAIN` has passed. For catalogues together: also where one of them has
    another bridge of its own, or those of one alone were looked at and these never.
    """
    manifest = read_media_manifest(root)
    if manifest is not None:
        marks = manifest.shipped, manifest.parts
        other = manifest.made != MADE or marks != (shipped_mark(shipped), mark_of_parts(root))
        return other or _asked_again(manifest) or manifest.digest != media_digest(catalog)
    alone = [root.with_name(name) for name in names_in(catalog.name)]
    return len(alone) > 1 and any(read_media_manifest(each) for each in alone)


def _asked_again(manifest: MediaManifest) -> bool:
    if not manifest.n_unreached or manifest.at is None:
        return manifest.n_unreached > 0
    return not timedelta() <= datetime.now(UTC) - manifest.at < ASKED_AGAIN


def build_media(
    root: Path,
    catalog: Catalog,
    texts: Store,
    senses: Senses,
    *,
    media: Path,
    keep: Path,
    hosts: frozenset[str] = frozenset(),
    bridges: Mapping[Medium, Path] = MappingProxyType({}),
    learnt: Mapping[Medium, Path | None] = MappingProxyType({}),
    shipped: Path = SHIPPED,
    again: bool = False,
    progress: ProgressCallback,
) -> MediaReport:
    """Look at the media of all items and make the result the current one.

    Media of hosts that are not allowed are passed over, but for what was fetched while they were.
    A kind of media that no item has, or that the settings have no encoder for, is left out.

    Args:
        root: folder of the catalogue's index.
        catalog: what has the media.
        texts: the items' text vectors.
        senses: the encoders.
        media: folder that the media's paths start from.
        keep: folder of what was made of media, by hash; may be shared by catalogues.
        hosts: that media may be fetched from.
        bridges: by kind of media, to be kept in `root` and used from now on.
        learnt: likewise, but one that a person gave goes before it; None forgets such a one.
        shipped: folder of the bridges that are used where a catalogue has none of its own.
        again: see `media_vectors`.
        progress: told as it goes on.

    Raises:
        ModelError: an encoder cannot be had, or one of `bridges` is one between others.
        StoreError: the disk refuses, or another process is at it.
    """
    before = read_media_manifest(root)
    folder = root / f"media-{uuid.uuid4().hex[:12]}"
    try:
        with FileLock(root / "media.lock", timeout=0):
            modalities: dict[Medium, Modality] = {}
            counts: list[MediaCount] = []
            problems: tuple[MediaProblem, ...] = ()
            stale: tuple[MediaProblem, ...] = ()
            n_unreached = 0
            fetched = Fetched(keep)
            parts = mark_of_parts(root)
            said: dict[str, tuple[str, ...]] = {}
            for medium in MEDIA:
                items = [_reachable(item, medium, hosts, fetched) for item in catalog.items]
                having = [item for item in items if item.media]
                if not having or not senses.name(medium):
                    continue
                senses.fetch(medium, progress=progress)
                sense = senses.of(medium)
                made = media_vectors(
                    having,
                    medium,
                    sense.kept,
                    sense.decode,
                    root=media,
                    keep=keep,
                    allowed_hosts=hosts,
                    max_bytes=MAX_BYTES if medium == "image" else SOUNDS.max_bytes,
                    again=again,
                    progress=progress,
                )
                problems += made.problems
                stale += made.stale
                n_unreached += made.n_unreached
                places = np.flatnonzero(np.isfinite(made.vectors).all(axis=1))
                rows = made.vectors[places]
                ids = [having[place].id for place in places]
                target = senses.texts.name
                if medium in bridges:
                    load_own(bridges[medium], sense, target).save(given_path(root, medium))
                if medium in learnt:
                    fitted = learnt_path(root, medium)
                    if path := learnt[medium]:
                        load_own(path, sense, target).save(fitted)
                    else:
                        fitted.unlink(missing_ok=True)
                own = own_way(root, medium, ids, sense, rows, target)
                ready = own.ready or ready_made(medium, sense, rows, texts, target, shipped)
                bridge, about = ready or (None, None)
                counts.append(
                    MediaCount(
                        medium=medium,
                        n_items=len(having),
                        n_vectors=len(ids),
                        n_made=made.n_made,
                        bridge=bridge.source if bridge else "",
                        own=own.ready is not None,
                        learnt=own.learnt,
                        refused=own.refused,
                    )
                )
                if ids:
                    modalities[medium] = _spread(
                        catalog, ids, Modality(sense.name, sense.own(rows), bridge, about)
                    )
                    said |= {i: words for i, words in zip(ids, sense.said(rows), strict=True)}
            ModalStore.build(
                folder, [item.id for item in catalog.items], modalities, progress=progress
            )
            (folder / "said.json").write_text(json.dumps({i: w for i, w in said.items() if w}))
            manifest = MediaManifest(
                made=MADE,
                folder=folder.name,
                digest=media_digest(catalog),
                target=senses.texts.name,
                encoders={name: one.encoder for name, one in modalities.items()},
                n_unreached=n_unreached,
                at=datetime.now(UTC),
                shipped=shipped_mark(shipped),
                parts=parts,
            )
            draft = root / "media.draft"
            draft.write_text(manifest.model_dump_json(indent=2), encoding="utf-8")
            draft.replace(root / "media.json")
    except Timeout as error:
        raise StoreError(f"another process is looking at the media of {root}") from error
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise StoreError(f"the media of {root} cannot be written: {error}") from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    for old in root.glob("media-*"):
        if old.name not in (folder.name, before.folder if before else ""):
            shutil.rmtree(old, ignore_errors=True)
    return MediaReport(counts=tuple(counts), problems=problems, stale=stale)


class MediaIndex:
    """The pictures and sounds of one catalogue, ready to be searched.

    Attributes:
        store: their collections.
        said: adjectives for how items sound, by id.
    """

    def __init__(
        self,
        store: ModalStore,
        senses: Senses,
        *,
        said: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    ) -> None:
        self.store = store
        self.senses = senses
        self.said = said
        self._speechless: set[Medium] = set()

    @classmethod
    def open(cls, root: Path, texts: Store, senses: Senses) -> "MediaIndex | None":
        """What is current; None when there is none or it does not fit, which is logged.

        Search without pictures and sounds is better than none, so nothing is raised.
        """
        manifest = read_media_manifest(root)
        if manifest is None or not manifest.encoders:
            return None
        if manifest.made != MADE:
            log.warning("pictures and sounds of %s were looked at in another way", root.name)
            return None
        folder = root / manifest.folder
        try:
            store = ModalStore.open(
                folder,
                texts,
                target=senses.texts.name,
                encoders={medium: senses.name(medium) for medium in MEDIA},
            )
            said = json.loads((folder / "said.json").read_text())
            if not isinstance(said, dict):
                store.close()
                raise ValueError(f"wanted an object in {folder / 'said.json'}")
            return cls(store, senses, said={item: tuple(words) for item, words in said.items()})
        except (OSError, ValueError, TypeError, StoreError, ModelError) as error:
            log.warning(
                "pictures and sounds are not searched; `simpatico catalog media %s` mends it: %s",
                root.name,
                error,
            )
            return None

    def beside(self, texts: Store) -> "MediaIndex":
        """The same beside other text vectors of the same encoder."""
        return MediaIndex(self.store.beside(texts), self.senses, said=self.said)

    def captions(self, text: str) -> dict[Medium, Array]:
        """A text as vectors of those encoders of media that know texts.

        One that cannot be loaded is left out from then on, and logged: words still find the rest.
        """
        found: dict[Medium, Array] = {}
        for medium in MEDIA:
            # the embedded encoders know none, so they are not loaded for it
            if (
                medium in self._speechless
                or not self.store.has(medium)
                or not self.senses.name(medium).startswith("hub:")
            ):
                continue
            try:
                vector = self.senses.of(medium).words(text)
            except ModelError as error:
                log.warning("words are not looked for among %s: %s", medium, error)
                self._speechless.add(medium)
                continue
            if vector is not None:
                found[medium] = vector
        return found

    def shown(self, medium: Medium, decoded: object) -> Shown:
        """What a picture or a sound is searched with.

        Raises:
            ModelError: its encoder cannot be had.
            DataError: nothing can be made of it.
        """
        self.senses.fetch(medium, progress=lambda label, done, total: None)
        sense = self.senses.of(medium)
        rows = sense.kept.encode([decoded])
        own = sense.own(rows)
        if not np.isfinite(own).all():
            raise DataError(f"wanted a {medium} with something to go by, got one without")
        bridge = self.store.bridge(medium)
        about = None if bridge is None else bridge.to_text(inputs_of(bridge, sense, rows))[0]
        return Shown(own[0], about)

    def close(self) -> None:
        """Release the collections. Idempotent."""
        self.store.close()


NOTHING_SHOWN: Final = Query()


def _reachable(item: Item, medium: Medium, hosts: frozenset[str], fetched: Fetched) -> Item:
    """The item with those of its media of this kind that may be read, or were before."""
    media = tuple(
        one
        for one in item.media
        if one.kind == medium and (_may_read(one, hosts) or fetched.digest(one.uri))
    )
    return item.model_copy(update={"media": media})


def _may_read(one: Media, hosts: frozenset[str]) -> bool:
    return "://" not in one.uri or host_of(one.uri) in hosts


def _spread(catalog: Catalog, ids: Sequence[str], known: Modality) -> Modality:
    """Rows of some items as rows of all, nan for the others."""
    place = {item.id: row for row, item in enumerate(catalog.items)}
    rows = [place[item_id] for item_id in ids]

    def spread(vectors: Array) -> Array:
        all_rows = np.full((len(catalog), vectors.shape[1]), np.nan, dtype=np.float32)
        all_rows[rows] = vectors
        return all_rows

    about = None if known.about is None else spread(known.about)
    return Modality(known.encoder, spread(known.vectors), known.bridge, about)
