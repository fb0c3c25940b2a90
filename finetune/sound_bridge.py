"""Train the bridge for sounds that ships: on pieces composed by rule, judged on the music pack.

    simpatico train bridge --free FOLDER --kind audio --out retrieval/bridges/audio.npz

Of each composed piece many words are true ("calm", "gentle", "piano", "slow"). It is to lie where
these do in the space of texts: on the sum of the words' vectors, centred, each word counting the
more the rarer it is. A ridge regression from musicnn's vectors takes it there, and what musicnn's
tags say counts beside it:

    to_text(own, named) = unit((own - c) W / s + k (named - c') / s')

with s and s' the usual lengths of both on the music pack, which people made. W is not fitted to it.
The ridge's penalty and k are chosen by how well words find its pieces (`heard_words`), and c and c'
are its means.
"""

import hashlib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Item, Media
from simpatico.errors import DataError, ModelError
from simpatico.finetune.bridge import ridge
from simpatico.finetune.free_sounds import Piece, card_data
from simpatico.finetune.heard_words import Judged, areas, judged
from simpatico.protocols import Encoder, ProgressCallback
from simpatico.retrieval.bridge import Bridge, labels_bridge, source_name, unit
from simpatico.retrieval.build import item_text
from simpatico.retrieval.catalog import Catalog
from simpatico.retrieval.media_vectors import media_vectors
from simpatico.retrieval.senses import Senses
from simpatico.retrieval.shipped import OWN_ROWS, BridgeCard

Array = NDArray[np.float32]

PENALTIES: Final = (10.0, 30.0, 100.0, 300.0, 1000.0)
NAMES: Final = (0.0, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0)
"""To choose from: shares of the mean variance of what comes in, and how much tags count."""
LEAST: Final = 3
"""Composed pieces that a word must be true of."""


class Sounds(NamedTuple):
    """What an encoder makes of sounds: of their sound (n, d), and of their tags (n, t)."""

    own: Array
    named: Array


class Music(NamedTuple):
    """Music that people made, to judge by.

    Attributes:
        sounds: of n pieces.
        texts: (n, t), of what is told of them.
        asked: (w, t), of the words, as texts.
        words: which are true of which piece.
    """

    sounds: Sounds
    texts: Array
    asked: Array
    words: Judged


class Trained(NamedTuple):
    """A bridge, how it was chosen, and mean areas: by tags alone, by it, by the worst tried."""

    bridge: Bridge
    penalty: float
    names: float
    by_tags: float
    by_bridge: float
    worst: float


def heard(
    files: Sequence[str],
    senses: Senses,
    *,
    root: Path,
    keep: Path,
    progress: ProgressCallback = lambda label, done, total: None,
) -> Sounds:
    """What is made of sound files.

    Raises:
        DataError: one cannot be read.
        ModelError: the encoder cannot be had, or has no tags.
    """
    senses.fetch("audio", progress=progress)
    sense = senses.of("audio")
    items = [
        Item(id=str(at), title=file[:500], media=(Media(kind="audio", uri=file),))
        for at, file in enumerate(files)
    ]
    made = media_vectors(
        items, "audio", sense.kept, sense.decode, root=root, keep=keep, progress=progress
    )
    if made.problems:
        raise DataError(f"{made.problems[0].uri} cannot be used: {made.problems[0].why}")
    named = sense.named(made.vectors)
    if named is None:
        raise ModelError(f"wanted an encoder that names what it hears, got {sense.name}")
    return Sounds(sense.own(made.vectors), named)


def read_music(
    catalog: Catalog,
    senses: Senses,
    *,
    media: Path,
    keep: Path,
    progress: ProgressCallback = lambda label, done, total: None,
) -> Music:
    """The pieces of the music pack, and the words that they can be judged by.

    Args:
        catalog: the music pack.
        senses: the encoders.
        media: folder that its media's paths start from.
        keep: folder of what was heard.
        progress: told as it goes on.

    Raises:
        DataError: a piece cannot be read, or too few words can be judged.
        ModelError: see `heard`.
    """
    pieces = [
        (item, one.uri) for item in catalog.items for one in item.media if one.kind == "audio"
    ]
    items, uris = [item for item, _ in pieces], [uri for _, uri in pieces]
    words = judged(items)
    if not words.words:
        raise DataError(f"wanted the music pack, got {len(items)} pieces with sound")
    return Music(
        heard(uris, senses, root=media, keep=keep, progress=progress),
        senses.texts.encode([item_text(item) for item in items]),
        senses.texts.encode(asked_as(words.words)),
        words,
    )


def asked_as(words: Sequence[str]) -> list[str]:
    """Words as somebody asks for them."""
    return [f"{word} music" for word in words]


def targets(said: Sequence[Sequence[str]], texts: Encoder[str]) -> tuple[Array, Array]:
    """Where pieces should lie in the space of texts, and the mean of their words' vectors.

    Args:
        said: (n,), the words true of each; one that is of fewer than `LEAST`, or of all, does not
            count.
        texts: encodes them.

    Returns:
        (n, dim), of mean 0 and usual length 1; and (dim,).

    Raises:
        DataError: no word counts.
    """
    every = sorted({word for row in said for word in row})
    holds = np.array([[word in row for word in every] for row in said], dtype=float)
    counts = holds.sum(axis=0)
    told = np.flatnonzero((counts >= LEAST) & (counts < len(said)))
    if not len(told):
        raise DataError(f"wanted words that are true of {LEAST} pieces or more, but not of all")
    shares = holds[:, told] - holds[:, told].mean(axis=0)
    shares /= shares.std(axis=0)
    vectors = texts.encode(asked_as([every[at] for at in told]))
    middle = vectors.mean(axis=0)
    found = shares @ unit(vectors - middle)
    return (found / _length(found)).astype(np.float32), middle


def scores_of(bridge: Bridge, inputs: Array, music: Music) -> Array:
    """What each word gives each piece, (w, n), by a bridge centred on them as on a catalogue."""
    centred = bridge.recentred(inputs, music.texts, own_rows=OWN_ROWS)
    return centred.of_texts(music.asked) @ centred.to_text(inputs).T


def scores_by_tags(music: Music) -> Array:
    """What each word gives each piece by tags alone: (w, n)."""
    plain = labels_bridge(music.sounds.named, music.texts, source="tags", target="texts")
    return plain.of_texts(music.asked) @ plain.to_text(music.sounds.named).T


def train(
    sounds: Sounds,
    said: Sequence[Sequence[str]],
    music: Music,
    texts: Encoder[str],
    *,
    source: str,
) -> Trained:
    """Fit to composed pieces, and choose what words find the music best by.

    Args:
        sounds: of the pieces.
        said: (n,), the words true of each.
        music: to choose by.
        texts: the text encoder.
        source: name of what made both parts of sounds.

    Raises:
        DataError: no word can be learnt.
    """
    goals, middle = targets(said, texts)
    *_, fitted = ridge(sounds.own, goals, PENALTIES)
    own, named = music.sounds
    both = np.concatenate([own, named], axis=1)
    centre = both.mean(axis=0)
    of_tags = np.eye(named.shape[1]) / _length(named - named.mean(axis=0))
    best: Trained | None = None
    worst = 1.0
    tags_alone = float(areas(scores_by_tags(music), music.words).mean())
    for penalty, weights in zip(PENALTIES, fitted, strict=True):
        learnt = weights / _length((own - own.mean(axis=0)) @ weights)
        for names in NAMES:
            joint = np.concatenate([learnt, names * of_tags]).astype(np.float16)
            bridge = Bridge(
                source,
                texts.name,
                centre=centre,
                weights=joint.astype(np.float32),
                middle=middle,
            )
            area = float(areas(scores_of(bridge, both, music), music.words).mean())
            worst = min(worst, area)
            if best is None or area > best.by_bridge:
                best = Trained(bridge, penalty, names, tags_alone, area, worst)
    assert best is not None
    return best._replace(worst=worst)


def train_free(
    pieces: Sequence[Piece],
    folder: Path,
    music: Music,
    senses: Senses,
    *,
    keep: Path,
    progress: ProgressCallback = lambda label, done, total: None,
) -> Trained:
    """Hear the pieces of a folder and train on them.

    Raises:
        DataError, ModelError: see `heard` and `train`.
    """
    sounds = heard(
        [piece.file for piece in pieces], senses, root=folder, keep=keep, progress=progress
    )
    sense = senses.of("audio")
    return train(
        sounds,
        [piece.words for piece in pieces],
        music,
        senses.texts,
        source=source_name(sense.name, sense.named_by),
    )


def write_shipped(out: Path, made: Trained, n: int, *, seed: int, command: str) -> BridgeCard:
    """Write a bridge and beside it its card, called the same but for .json.

    Raises:
        ModelError: they cannot be written.
    """
    made.bridge.save(out)
    try:
        card = BridgeCard(
            source=made.bridge.source,
            target=made.bridge.target,
            sha256=hashlib.sha256(out.read_bytes()).hexdigest(),
            n=n,
            penalty=made.penalty,
            names=made.names,
            seed=seed,
            command=command,
            made=date.today(),
            data=(card_data(n),),
            figures={
                "words among the music pack, mean area, tags alone": round(made.by_tags, 4),
                "words among the music pack, mean area": round(made.by_bridge, 4),
            },
        )
        out.with_suffix(".json").write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise ModelError(f"the card of {out} cannot be written: {error}") from error
    return card


def told_of(made: Trained, n: int, music: Music, out: Path) -> str:
    """What was measured, in lines for people."""
    return (
        f"{out}: {made.bridge.source} -> {made.bridge.target}, n={n}, penalty {made.penalty:g}, "
        f"names count {made.names:g}\n"
        f"{len(music.words.words)} words among {len(music.texts)} pieces of the music pack, mean "
        f"area inside packages: tags alone {made.by_tags:.3f}, bridge {made.by_bridge:.3f}\n"
        "Penalty and names were chosen on these pieces, a little flattering: with the worst ones "
        f"{made.worst:.3f}."
    )


def _length(rows: NDArray[np.floating]) -> float:
    """The usual length of rows."""
    return max(float(np.sqrt((rows**2).sum(axis=1).mean())), 1e-12)
