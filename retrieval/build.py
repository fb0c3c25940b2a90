"""Build an index on disk: all of it, or nothing that opens.

    <home>/indexes/<catalogue>/manifest.json       names the current generation, replaced in one go
                               g-<random>/         store/ words/ behaviour.npz tones.npy texts.json
                               embedding/<key>/    vectors made so far by a build that did not end

The generation before the current one is kept for processes that still read it. Catalogues used
together have an index of their own, named after all of them.
"""

import hashlib
import json
import logging
import os
import shutil
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from pydantic import ValidationError

from simpatico.domain import TONES, Item, Value
from simpatico.errors import DataError, StoreError
from simpatico.kinds import KINDS, kind_name
from simpatico.protocols import Encoder, ProgressCallback
from simpatico.retrieval.behaviour import Behaviour
from simpatico.retrieval.catalog import Catalog, names_in
from simpatico.retrieval.exact import checked
from simpatico.retrieval.lexical import LexicalIndex
from simpatico.retrieval.packs import PACKS, Pack, load_pack
from simpatico.retrieval.store import ChromaStore
from simpatico.retrieval.tone import ToneModel

log = logging.getLogger(__name__)

CHUNK: Final = 512
_STORE_STEP: Final = 2000
COLLECTION: Final = "items"

_STORIES: Final = {name for kind in ("film", "series", "book", "game") for name in KINDS[kind]}
"""Kinds whose genres and title speak of a story, even where nothing else is told of it."""


class Manifest(Value):
    """What an index was built from, and where it lies."""

    version: Literal[1] = 1
    generation: str
    digest: str
    encoder: str
    dim: int
    n_items: int


def silent(label: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def root_of(home: Path, name: str) -> Path:
    """The folder of a catalogue's index; `name` was checked by loading the catalogue."""
    return home / "indexes" / name


def roots_with(home: Path, name: str) -> list[Path]:
    """The folders of a catalogue's index, and of those that it shares with others, as there are."""
    folder = home / "indexes"
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [root for root in found if name in names_in(root.name)]


def read_manifest(root: Path) -> Manifest:
    """What is current.

    Raises:
        StoreError: no index, or its manifest is damaged or of another version.
    """
    try:
        return Manifest.model_validate_json((root / "manifest.json").read_bytes())
    except FileNotFoundError as error:
        raise StoreError(
            f"catalogue {root.name!r} has no index: run `simpatico index build`"
        ) from error
    except (OSError, ValidationError) as error:
        raise StoreError(
            f"the index in {root} cannot be read, run `simpatico index build`: {error}"
        ) from error


def build(
    home: Path, catalog: Catalog, encoder: Encoder[str], *, progress: ProgressCallback | None = None
) -> Manifest:
    """Index a catalogue and make that index the current one.

    Vectors are taken from the built-in packs, from the index before, or from another index of the
    same items, where an item is unchanged and the encoder is the same; the others are made, and
    kept if the build is cut short.

    Raises:
        StoreError: the disk refuses, or another process is building this index.
    """
    tell = progress or silent
    root = root_of(home, catalog.name)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / "build.lock", timeout=0):
            packs = packs_for(catalog.name)
            vectors = item_vectors(root, catalog.items, encoder, packs=packs, tell=tell)
            behaviour = _behaviour_of(packs)
            return write_generation(
                root, catalog, vectors, behaviour=behaviour, encoder=encoder.name, tell=tell
            )
    except Timeout as error:
        raise StoreError(f"another process is building the index in {root}") from error
    except OSError as error:
        raise StoreError(f"the index in {root} cannot be written: {error}") from error


def write_generation(
    root: Path,
    catalog: Catalog,
    vectors: NDArray[np.float32],
    *,
    behaviour: Behaviour,
    encoder: str,
    tell: ProgressCallback,
) -> Manifest:
    """Write a whole index beside the current one, then make it current.

    Args:
        root: folder of the catalogue's index.
        catalog: what is indexed.
        vectors: (n_items, dim) unit rows in the order of the catalogue.
        behaviour: co-likes to keep with it.
        encoder: name of what made the vectors.
        tell: told of the progress.

    Raises:
        StoreError, OSError: it cannot be written; the current index is then as it was.
        ModelError: the tone model is damaged.
    """
    before = _current(root)
    folder = root / f"g-{uuid.uuid4().hex[:12]}"
    n_items, dim = vectors.shape
    try:
        store = ChromaStore(folder / "store", COLLECTION, dim)
        try:
            for start in range(0, n_items, _STORE_STEP):
                tell("storing vectors", start, n_items)
                part = catalog.items[start : start + _STORE_STEP]
                store.upsert([i.id for i in part], vectors[start : start + _STORE_STEP])
            tell("storing vectors", n_items, n_items)
            store.flush()
        finally:
            store.close()
        tell("indexing words", 0, 1)
        LexicalIndex.build(catalog.items).save(folder / "words")
        behaviour.save(folder / "behaviour.npz")
        np.save(folder / "tones.npy", estimated_tones(catalog.items, vectors, encoder=encoder))
        texts = {item.id: _fingerprint(item) for item in catalog.items}
        (folder / "texts.json").write_text(json.dumps(texts))
        manifest = Manifest(
            generation=folder.name,
            digest=catalog.digest,
            encoder=encoder,
            dim=dim,
            n_items=n_items,
        )
        _replace(root / "manifest.json", manifest.model_dump_json(indent=2).encode())
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    tell("indexing words", 1, 1)
    for old in [*root.glob("g-*"), root / "embedding"]:
        if old.name not in (folder.name, before.generation if before else ""):
            shutil.rmtree(old, ignore_errors=True)
    return manifest


def item_vectors(
    root: Path,
    items: Sequence[Item],
    encoder: Encoder[str],
    *,
    packs: Sequence[Pack],
    tell: ProgressCallback,
) -> NDArray[np.float32]:
    """A unit row for each item, (n_items, dim): known ones reused, the others encoded.

    Known are those of the packs, of the index in `root`, and of the indexes beside it that share a
    catalogue with it.
    """
    known: dict[str, NDArray[np.float32]] = {}
    for pack in packs:
        known |= _vectors_of_pack(pack, items, encoder)
    for other in dict.fromkeys((root, *_related(root))):
        if lacking := [item for item in items if item.id not in known]:
            known |= vectors_before(other, lacking, encoder)
    todo = [item_text(item) for item in items if item.id not in known]
    made = iter(_encoded(root, todo, encoder, tell=tell))
    vectors = np.empty((len(items), encoder.dim), dtype=np.float32)
    for row, item in enumerate(items):
        vectors[row] = known[item.id] if item.id in known else next(made)
    return vectors


def estimated_tones(
    items: Sequence[Item], vectors: NDArray[np.float32], *, encoder: str
) -> NDArray[np.float32]:
    """Tone profiles for items that have none, (n_items, n_tones); a row of nan for the others.

    Also nan, which is unknown, when the tone model does not understand the encoder's vectors, and
    for what has no story: the model knows what stories feel like. That is music, for what is told
    of it is no story of its own, and of what is not a kind of story, all that nothing is told of.
    """
    tones = np.full((len(items), len(TONES)), np.nan, dtype=np.float32)
    lacking = [row for row, item in enumerate(items) if not item.tone and _has_story(item)]
    if lacking and (model := ToneModel.load()).encoder == encoder:
        tones[lacking] = model.profile([items[row] for row in lacking], vectors[lacking])
    return tones


def _has_story(item: Item) -> bool:
    kind = kind_name(item.kind)
    return kind in _STORIES or (kind != "music" and bool(item.text.strip()))


def with_tones(catalog: Catalog, tones: NDArray[np.float32]) -> Catalog:
    """The catalogue with profiles filled in where it has none and `tones` has a row of numbers."""
    rows = [row for row in np.flatnonzero(~np.isnan(tones[:, 0])) if not catalog.items[row].tone]
    if not rows:
        return catalog
    items = list(catalog.items)
    for row in rows:
        profile = tuple(tones[row].astype(np.float64).round(2).tolist())
        items[row] = Item(**{**dict(items[row]), "tone": profile})
    return Catalog(name=catalog.name, items=tuple(items))


def item_text(item: Item) -> str:
    """What the text encoder reads of an item: what it is first, prose after."""
    parts = (item.label, ", ".join(item.genres), ", ".join(item.keywords), item.text)
    return ". ".join(part.rstrip(". ") for part in parts if part)


def _encoded(
    root: Path, texts: Sequence[str], encoder: Encoder[str], *, tell: ProgressCallback
) -> NDArray[np.float32]:
    """Encode in chunks, each kept on disk until the build ends."""
    key = hashlib.sha256("\0".join([encoder.name, *texts]).encode()).hexdigest()[:16]
    folder = root / "embedding" / key
    if texts:
        folder.mkdir(parents=True, exist_ok=True)
    chunks = [np.empty((0, encoder.dim), dtype=np.float32)]
    for start in range(0, len(texts), CHUNK):
        tell("encoding items", start, len(texts))
        part = texts[start : start + CHUNK]
        path = folder / f"{start:08}.npy"
        chunk = _kept(path, (len(part), encoder.dim))
        if chunk is None:
            rows = [str(row) for row in range(len(part))]
            chunk = checked(rows, encoder.encode(part), dim=encoder.dim)
            draft = path.with_suffix(".draft.npy")
            np.save(draft, chunk)
            draft.replace(path)
        chunks.append(chunk)
    if texts:
        tell("encoding items", len(texts), len(texts))
    return np.concatenate(chunks)


def _kept(path: Path, shape: tuple[int, int]) -> NDArray[np.float32] | None:
    """A chunk of an earlier build, or None when there is none to rely on."""
    try:
        chunk: NDArray[np.float32] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return chunk if chunk.shape == shape and chunk.dtype == np.float32 else None


def vectors_before(
    root: Path, items: Sequence[Item], encoder: Encoder[str]
) -> Mapping[str, NDArray[np.float32]]:
    """Vectors by id from the index in `root`, (dim,) each, of items whose text is unchanged.

    None without an index, from one of another encoder, or from a damaged one, which is logged.
    """
    manifest = _current(root)
    if manifest is None or (manifest.encoder, manifest.dim) != (encoder.name, encoder.dim):
        return {}
    folder = root / manifest.generation
    try:
        texts = json.loads((folder / "texts.json").read_text())
        same = [item.id for item in items if texts.get(item.id) == _fingerprint(item)]
        if not same:
            return {}
        store = ChromaStore(folder / "store", COLLECTION, encoder.dim, create=False)
        try:
            return dict(zip(same, store.vectors(same), strict=True))
        finally:
            store.close()
    except (OSError, ValueError, KeyError, AttributeError, StoreError) as error:
        log.warning("the index in %s is not reused: %s", folder, error)
        return {}


def _related(root: Path) -> list[Path]:
    """The indexes of a catalogue that this one has, too."""
    home = root.parent.parent
    return [other for name in names_in(root.name) for other in roots_with(home, name)]


def _vectors_of_pack(
    pack: Pack, items: Sequence[Item], encoder: Encoder[str]
) -> Mapping[str, NDArray[np.float32]]:
    if (pack.encoder, pack.vectors.shape[1]) != (encoder.name, encoder.dim):
        return {}
    ours = {item.id: item for item in items}
    return {
        item.id: vector
        for item, vector in zip(pack.items, pack.vectors, strict=True)
        if ours.get(item.id) == item
    }


def packs_for(name: str) -> tuple[Pack, ...]:
    """The built-in packs of a catalogue, or of several; without those that cannot be read."""
    packs = []
    for each in names_in(name):
        try:
            packs += [load_pack(each)] if each in PACKS else []
        except DataError as error:
            log.warning("the pack %s is not used: %s", each, error)
    return tuple(packs)


def _behaviour_of(packs: Sequence[Pack]) -> Behaviour:
    """What the packs know of likes, one table after the other: they share no items."""
    ids: tuple[str, ...] = ()
    pairs: list[tuple[NDArray[np.int32], ...]] = []
    for likes in (pack.behaviour for pack in packs if pack.behaviour is not None):
        pairs.append((likes.a + np.int32(len(ids)), likes.b + np.int32(len(ids)), likes.n))
        ids += likes.ids
    if not pairs:
        return Behaviour.empty()
    return Behaviour(ids, *(np.concatenate(columns) for columns in zip(*pairs, strict=True)))


def _current(root: Path) -> Manifest | None:
    try:
        return read_manifest(root)
    except StoreError:
        return None


def _fingerprint(item: Item) -> str:
    return hashlib.sha256(item_text(item).encode()).hexdigest()[:16]


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that after a crash it is the old one or the new one."""
    draft = path.with_suffix(".draft")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
