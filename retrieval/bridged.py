"""Which way pictures or sounds go to words: a person's own bridge, the one that ships, or names."""

import logging
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import ModelError
from simpatico.protocols import Store
from simpatico.retrieval.bridge import Bridge, labels_bridge, source_name
from simpatico.retrieval.modal import Medium
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


def own_bridge(
    path: Path, sense: Sense, rows: Array, target: str
) -> tuple[tuple[Bridge, Array] | None, str]:
    """The person's own way to words, if it fits; else why it does not, where there is one."""
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
