"""Which way pictures or sounds go to words: a catalogue's own bridge, one that ships, or names.

    <home>/indexes/<catalogue>/bridges/   image.npz audio.npz, given by a person, if any;
                                          image.learnt.npz, fitted to the catalogue unasked

Catalogues used together go by the bridges of the one that has all the pictures, or all the sounds.
"""

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import ModelError
from simpatico.protocols import Store
from simpatico.retrieval.bridge import Bridge, labels_bridge, source_name
from simpatico.retrieval.catalog import Catalogs, names_in
from simpatico.retrieval.modal import MEDIA, Medium
from simpatico.retrieval.senses import Sense
from simpatico.retrieval.shipped import OWN_ROWS, shipped_bridge

log = logging.getLogger(__name__)

Array = NDArray[np.float32]


def load_own(path: Path, sense: Sense, target: str) -> Bridge:
    """A bridge from what an encoder sees, or from that and what it is called.

    Raises:
        ModelError: it is missing, damaged, or between others.
    """
    try:
        return Bridge.load(path, source=source_name(sense.name, sense.named_by), target=target)
    except ModelError:
        return Bridge.load(path, source=sense.name, target=target)


class OwnWay(NamedTuple):
    """A catalogue's own way to words.

    Attributes:
        ready: the bridge, and where it takes each row, (n, dim of texts); None: there is none.
        learnt: it was fitted unasked.
        refused: why one that a person gave is not used, and what to do; or "".
    """

    ready: tuple[Bridge, Array] | None = None
    learnt: bool = False
    refused: str = ""


def given_path(root: Path, medium: Medium) -> Path:
    """Where the bridge lies that a person gave a catalogue, whose index is in `root`."""
    return root / "bridges" / f"{medium}.npz"


def learnt_path(root: Path, medium: Medium) -> Path:
    """Where the one lies that was fitted to it unasked."""
    return root / "bridges" / f"{medium}.learnt.npz"


def own_way(
    root: Path, medium: Medium, ids: Sequence[str], sense: Sense, rows: Array, target: str
) -> OwnWay:
    """By a bridge that a person gave, by one that was fitted, or by such of a part; as it fits.

    Args:
        root: folder of the catalogue's index.
        medium: of what kind the rows are.
        ids: (n,), of the items that the rows are of.
        sense: what made them.
        rows: (n, kept.dim).
        target: name of the text encoder.
    """
    refused = ""
    for folder in (root, *_part_with(root, medium, ids)):
        ready, why = _own_bridge(given_path(folder, medium), sense, rows, target)
        refused = refused or why
        if ready is not None:
            return OwnWay(ready, refused=refused)
        ready, _ = _own_bridge(learnt_path(folder, medium), sense, rows, target)
        if ready is not None:
            return OwnWay(ready, learnt=True, refused=refused)
    return OwnWay(refused=refused)


def mark_of_parts(root: Path) -> str:
    """SHA-256 (hex) of the bridges of catalogues that are used together; "" without any."""
    paths = [
        path
        for part in _parts_of(root)
        for medium in MEDIA
        for path in (given_path(part, medium), learnt_path(part, medium))
        if path.exists()
    ]
    content = hashlib.sha256()
    try:
        for path in paths:
            content.update(f"{path.relative_to(root.parent)}\n".encode() + path.read_bytes())
    except OSError as error:
        log.warning("a bridge beside %s cannot be read: %s", root, error)
        return ""
    return content.hexdigest() if paths else ""


def _parts_of(root: Path) -> list[Path]:
    names = names_in(root.name)
    return [root.with_name(name) for name in names] if len(names) > 1 else []


def _part_with(root: Path, medium: Medium, ids: Sequence[str]) -> list[Path]:
    """The folder of the part with a bridge that has all these items: what it learnt is of them."""
    for part in _parts_of(root):
        if given_path(part, medium).exists() or learnt_path(part, medium).exists():
            its = {item.id for item in Catalogs(root.parent.parent).load(part.name).items}
            if its.issuperset(ids):
                return [part]
    return []


def _own_bridge(
    path: Path, sense: Sense, rows: Array, target: str
) -> tuple[tuple[Bridge, Array] | None, str]:
    """The way of the bridge there, if it fits; else why it does not, where there is one."""
    if not path.exists():
        return None, ""
    try:
        bridge = load_own(path, sense, target)
        return (bridge, bridge.to_text(inputs_of(bridge, sense, rows))), ""
    except ModelError as error:
        refused = f"{error}; train it again with `simpatico train bridge`"
        log.warning("the bridge in %s is not used: %s", path, refused)
        return None, refused


def ready_made(
    medium: Medium, sense: Sense, rows: Array, texts: Store, target: str, shipped: Path
) -> tuple[Bridge, Array] | None:
    """The way to words that needs no training: the bridge that ships, else by names, else none."""
    ids = texts.ids()
    if not len(rows) or not ids:
        return None
    sources = (source_name(sense.name, sense.named_by), sense.name)
    try:
        learnt = shipped_bridge(medium, sources, target, shipped)
    except ModelError as error:
        log.warning("%s go to words by their names alone: %s", medium, error)
        learnt = None
    if learnt is not None:
        inputs = inputs_of(learnt, sense, rows)
        bridge = learnt.recentred(inputs, texts.vectors(ids), own_rows=OWN_ROWS)
        return bridge, bridge.to_text(inputs)
    labels = sense.named(rows)
    if labels is None:
        return None
    bridge = labels_bridge(labels, texts.vectors(ids), source=sense.named_by, target=target)
    return bridge, bridge.to_text(labels)


def inputs_of(bridge: Bridge, sense: Sense, rows: Array) -> Array:
    """What a bridge takes in, from what is kept of media, (n, kept.dim).

    Raises:
        ModelError: it takes in what this encoder does not make.
    """
    if bridge.source == sense.name:
        return sense.own(rows)
    named = sense.named(rows)
    if named is None:
        raise ModelError(f"wanted a bridge from {sense.name}, got one from {bridge.source}")
    if bridge.source == sense.named_by:
        return named
    return np.concatenate([sense.own(rows), named], axis=1)
