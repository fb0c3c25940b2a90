"""Vectors of items' pictures or sounds, made in bulk.

What is the same bytes is encoded once, whoever has it. Each batch is kept on disk under the hash of
its bytes, so that a run that was cut short goes on and a second one makes nothing.

    <keep>/<encoder>-<hash of its name>/<random>.npy    (n,) of (sha256 in hex, vector)
           fetched.txt                                  what addresses gave, see `fetched`
"""

import hashlib
import re
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Generic, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Item, Media, Value
from simpatico.errors import DataError, StoreError
from simpatico.protocols import Encoder, ProgressCallback
from simpatico.retrieval.fetched import Fetched
from simpatico.retrieval.media import (
    MAX_BYTES,
    Gone,
    Silent,
    Unreached,
    host_of,
    is_address,
    read_media,
)

Array = NDArray[np.float32]
Input = TypeVar("Input", bound=NDArray[Any])

BATCH: Final = 32
MAX_BATCH_BYTES: Final = 64 << 20
"""Decoded media that may wait for a batch to fill; one alone may be larger."""


class MediaProblem(Value):
    """A medium that could not be used, and why."""

    item_id: str
    uri: str
    why: str


class MediaVectors(NamedTuple):
    """What came of the media of one kind of n items."""

    vectors: Array
    """(n, dim), unit rows; a row of nan for an item that has none."""
    problems: tuple[MediaProblem, ...]
    n_made: int
    """Media that the encoder was given; the others had been before, or are the same bytes."""
    stale: tuple[MediaProblem, ...] = ()
    """Media that could not be fetched again: what they gave before stands."""
    n_unreached: int = 0
    """Of `problems`, those at addresses that did not answer: worth another try."""


def media_vectors(
    items: Sequence[Item],
    kind: Literal["image", "audio"],
    encoder: Encoder[Input],
    decode: Callable[[bytes], Input],
    *,
    root: Path,
    keep: Path,
    allowed_hosts: frozenset[str] = frozenset(),
    max_bytes: int = MAX_BYTES,
    again: bool = False,
    progress: ProgressCallback = lambda label, done, total: None,
) -> MediaVectors:
    """A vector for each item from the first of its media of this kind that can be read.

    A medium that states its sha256, or is at an address, is not read again once its vector is kept.
    No address is asked twice in a run, and no host once it was silent.

    Args:
        items: (n,).
        kind: of the media.
        encoder: makes the vectors.
        decode: from a file's bytes to what the encoder takes; raises `DataError`.
        root: folder that paths start from; nothing outside it is read, see `read_media`.
        keep: folder of vectors made so far; several processes may use it.
        allowed_hosts: that media may be fetched from.
        max_bytes: of one medium.
        again: fetch what is at addresses again; where that fails, what came before stands, unless
            it is `Gone`.
        progress: told ("encoding image", items done, n).

    Raises:
        StoreError: `keep` cannot be written.
        ModelError: the encoder cannot go on; what it made before is kept.
    """
    kept = _Kept(keep, encoder)
    batch = _Batch(encoder, kept)
    fetched = Fetched(keep)
    problems: list[MediaProblem] = []
    stale: list[MediaProblem] = []
    n_unreached = 0
    broken: dict[str, str] = {}
    asked: dict[tuple[str, str], str | DataError] = {}
    silent: dict[str, str] = {}
    found: list[tuple[Media, str] | None] = []

    def read(medium: Media) -> str:
        if not is_address(medium.uri):
            return read_once(medium)
        place = medium.uri, medium.sha256
        if place not in asked:
            try:
                asked[place] = read_once(medium)
            except DataError as error:
                asked[place] = type(error)(str(error))  # without what it holds of the medium
        outcome = asked[place]
        if isinstance(outcome, DataError):
            raise outcome
        fetched.keep(medium.uri, outcome)
        return outcome

    def read_once(medium: Media) -> str:
        host = host_of(medium.uri)
        if host in silent:
            raise Unreached(f"not asked, for {host[:100]!r} was silent: {silent[host]}")
        try:
            data = read_media(
                medium.uri, root=root, allowed_hosts=allowed_hosts, max_bytes=max_bytes
            )
        except Silent as error:
            silent[host] = str(error)
            raise
        digest = _digest(data, medium.sha256)
        if digest in broken:
            raise DataError(broken[digest])
        if digest not in kept and digest not in batch:
            batch.add(digest, _decoded(decode, data, digest, broken))
        return digest

    for done, item in enumerate(items):
        progress(f"encoding {kind}", done, len(items))
        found.append(None)
        for medium in item.media:
            if medium.kind != kind:
                continue
            before = "" if medium.sha256 else fetched.digest(medium.uri)
            digest = medium.sha256 or ("" if again else before)
            try:
                if digest not in kept and digest not in batch:
                    digest = read(medium)
            except DataError as error:
                problem = MediaProblem(item_id=item.id, uri=medium.uri, why=str(error))
                if isinstance(error, Gone):
                    if again:
                        fetched.forget(medium.uri)
                    before = ""
                if before not in kept and before not in batch:
                    n_unreached += isinstance(error, Unreached)
                    problems.append(problem)
                    continue
                stale.append(problem)
                digest = before
            found[-1] = medium, digest
            break
    batch.flush()
    vectors = np.full((len(items), encoder.dim), np.nan, dtype=np.float32)
    for row, (item, its) in enumerate(zip(items, found, strict=True)):
        if its is None:
            continue
        medium, digest = its
        if digest in kept:
            vectors[row] = kept.vector(digest)
        else:
            why = f"{encoder.name} makes no vector of it"
            problems.append(MediaProblem(item_id=item.id, uri=medium.uri, why=why))
    progress(f"encoding {kind}", len(items), len(items))
    return MediaVectors(vectors, tuple(problems), batch.n_made, tuple(stale), n_unreached)


def _digest(data: bytes, stated: str) -> str:
    digest = hashlib.sha256(data).hexdigest()
    if stated and stated != digest:
        raise DataError(f"wanted a file of sha256 {stated[:100]}, got {digest}")
    return digest


def _decoded(
    decode: Callable[[bytes], Input], data: bytes, digest: str, broken: dict[str, str]
) -> Input:
    try:
        return decode(data)
    except DataError as error:
        broken[digest] = str(error)
        raise


class _Batch(Generic[Input]):
    """Media that wait to be encoded together."""

    def __init__(self, encoder: Encoder[Input], kept: "_Kept") -> None:
        self._encoder = encoder
        self._kept = kept
        self._waiting: dict[str, Input] = {}
        self.n_made = 0

    def __contains__(self, digest: str) -> bool:
        return digest in self._waiting

    def add(self, digest: str, medium: Input) -> None:
        self._waiting[digest] = medium
        n_bytes = sum(each.nbytes for each in self._waiting.values())
        if len(self._waiting) >= BATCH or n_bytes >= MAX_BATCH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Encode and keep what waits; a row that is no unit vector is left out."""
        if not self._waiting:
            return
        rows = self._encoder.encode(list(self._waiting.values()))
        self.n_made += len(rows)
        good = np.abs(np.linalg.norm(rows, axis=1) - 1) < 1e-3  # not so for nan
        digests = [digest for digest, fits in zip(self._waiting, good, strict=True) if fits]
        self._kept.add(digests, rows[good])
        self._waiting = {}


class _Kept:
    """Vectors by sha256, mapped from the files of earlier batches; a damaged file is ignored."""

    def __init__(self, keep: Path, encoder: Encoder[Any]) -> None:
        plain = re.sub(r"[^\w.-]+", "-", encoder.name)[:40]
        key = hashlib.sha256(encoder.name.encode()).hexdigest()[:16]
        self._folder = keep / f"{plain}-{key}"
        self._type = np.dtype([("sha256", "S64"), ("vector", "<f4", (encoder.dim,))])
        self._rows: dict[str, tuple[NDArray[Any], int]] = {}
        for path in sorted(self._folder.glob("*.npy")):
            try:
                part = np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray)
            except (OSError, ValueError, EOFError):
                continue
            if part.dtype == self._type and part.ndim == 1:
                self._take(part)

    def __contains__(self, digest: str) -> bool:
        return digest in self._rows

    def vector(self, digest: str) -> Array:
        part, row = self._rows[digest]
        return np.asarray(part["vector"][row], dtype=np.float32)

    def add(self, digests: Sequence[str], vectors: Array) -> None:
        if not digests:
            return
        part = np.empty(len(digests), dtype=self._type)
        part["sha256"], part["vector"] = digests, vectors
        path = self._folder / f"{uuid.uuid4().hex}.npy"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with path.with_suffix(".draft").open("wb") as file:
                np.save(file, part)
            path.with_suffix(".draft").replace(path)
        except OSError as error:
            raise StoreError(f"vectors cannot be kept in {self._folder}: {error}") from error
        self._take(part)

    def _take(self, part: NDArray[Any]) -> None:
        self._rows |= {str(key, "ascii"): (part, row) for row, key in enumerate(part["sha256"])}
