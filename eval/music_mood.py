"""Music by mood, on Emotify: does a feeling bring up the clips in which people felt it?

Emotify (Aljanaki, Wiering, Veltkamp 2015): 400 clips of four genres; each was heard by 11 to 59
people, who ticked up to three of nine feelings. The truth of a clip is the share of its listeners
who ticked a feeling; what a feeling should bring up is the tenth of the clips with the highest.

A ridge regression goes from what musicnn hears to the nine shares. Every clip is scored once, by a
model that was fitted, with its settings, on the other folds (stratified by genre); settings are
chosen by cross-validation inside those. Scores of all folds are ranked together.
"""

import csv
import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import DataError
from simpatico.eval.above import ABOVE, above_others
from simpatico.eval.pooled import CHANCE, TRUE, Pooled
from simpatico.eval.ran import sha256
from simpatico.eval.record import Cases, Check, Run, record_of
from simpatico.modelstore import ModelStore
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.encoders.musicnn import N_POOLED, TAGS, Heard, Musicnn
from simpatico.retrieval.sound import decode_sound

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

TAGS_OF: Mapping[str, tuple[str, ...]] = {
    "amazement": ("beautiful",),
    "solemnity": ("instrumental", "ambient"),
    "tenderness": ("beautiful", "Mellow"),
    "nostalgia": ("oldies",),
    "calmness": ("chillout", "chill", "ambient", "easy listening"),
    "power": ("metal", "hard rock", "heavy metal"),
    "joyful_activation": ("happy", "party", "dance"),
    "tension": ("metal", "experimental"),
    "sadness": ("sad",),
}
"""Emotify's feelings and the tags nearest to each, chosen by meaning before any was scored."""
FEELINGS = tuple(TAGS_OF)

PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
N_FOLDS, N_INNER = 5, 5
TOP = 0.1
NEARLY = 0.995
"""Cosine of two clips' vectors from which they are nearly the same."""

OURS, TAG_RIDGE, TAGS_ALONE, GENRE = (
    "musicnn vector, ridge",
    "50 tags, ridge",
    "tags alone",
    "genre, ridge",
)


class Clips(NamedTuple):
    """Clips and what their listeners felt."""

    names: tuple[str, ...]
    """GENRE_NUMBER, the audio file's name."""
    genres: tuple[str, ...]
    shares: Array
    """(n, 9): share of a clip's listeners who ticked each of `FEELINGS`."""


class Found(NamedTuple):
    """A system's scores for every clip, (9, n), and the setting chosen in each fold."""

    title: str
    scores: Array
    settings: tuple[str, ...] = ()


def read_clips(data: Path) -> Clips:
    """Read `annotations.csv` of Emotify, one row for each listener of a clip.

    Raises:
        DataError: the file is not there or not as described.
    """
    ticked: dict[int, list[list[float]]] = defaultdict(list)
    genres: dict[int, str] = {}
    try:
        with (data / "annotations.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                clip = int(row["track id"])
                genres[clip] = row["genre"]
                ticked[clip].append([float(row[feeling]) for feeling in FEELINGS])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{data} does not hold Emotify's annotations.csv: {error!r}") from error
    if not ticked:
        raise DataError(f"wanted Emotify's annotations.csv, got one without a row in {data}")
    order = sorted(ticked)
    return Clips(
        names=tuple(f"{genres[clip]}_{(clip - 1) % 100 + 1}" for clip in order),
        genres=tuple(genres[clip] for clip in order),
        shares=np.array([np.mean(ticked[clip], axis=0) for clip in order]),
    )


def hear(
    files: Sequence[Path],
    encoder: Musicnn,
    *,
    keep: Path | None = None,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Heard:
    """What the encoder hears in sound files; kept in the folder `keep` for the same bytes.

    Raises:
        DataError: a file is missing or no sound.
    """
    digest = hashlib.sha256(encoder.name.encode())
    try:
        for file in files:
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    except OSError as error:
        raise DataError(f"wanted the clips' sounds: {error}") from error
    kept = keep / f"{digest.hexdigest()[:16]}.npz" if keep else None
    if kept and kept.is_file():
        with np.load(kept) as arrays:
            return Heard(*(arrays[name] for name in Heard._fields))
    rows = []
    for done, file in enumerate(files):
        progress("Listening", done, len(files))
        rows.append(encoder.listen([decode_sound(file.read_bytes())]))
    heard = Heard(*(np.concatenate(column) for column in zip(*rows, strict=True)))
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, **heard._asdict())
    return heard


def folds_of(genres: Sequence[str], n_folds: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """A fold for each clip, (n,), every genre spread evenly over the folds."""
    folds = np.empty(len(genres), dtype=np.int64)
    for genre in sorted(set(genres)):
        members = rng.permutation(np.flatnonzero(np.array(genres) == genre))
        folds[members] = np.arange(len(members)) % n_folds
    return folds


def ridge(x: Array, y: Array, new: Array, penalties: Sequence[float] = PENALTIES) -> Array:
    """Ridge regression in closed form: predictions (n_penalties, n_new, n_targets).

    Columns are standardised by `x` and divided by the root of their number, so that a penalty means
    the same for any width; the intercept is not penalised.

    Args:
        x: (n, d).
        y: (n, n_targets).
        new: (n_new, d).
        penalties: each above 0.
    """
    centre, spread = x.mean(axis=0), x.std(axis=0)
    scale = np.where(spread > 0, spread, 1) * np.sqrt(x.shape[1])
    x, new = (x - centre) / scale, (new - centre) / scale
    mean = y.mean(axis=0)
    values, vectors = np.linalg.eigh(x @ x.T)
    left, right = new @ x.T @ vectors, vectors.T @ (y - mean)
    return np.stack([mean + left @ (right / (values[:, None] + each)) for each in penalties])


def out_of_fold(
    views: Mapping[str, Array], shares: Array, genres: Sequence[str], *, seed: int
) -> tuple[Array, tuple[str, ...]]:
    """Scores of every clip from models that never met it, (9, n), and the setting of each fold.

    A setting is one of `views`, each (n, d), and one of `PENALTIES`: the pair with the highest mean
    correlation with the shares, in cross-validation among the clips that a fold is fitted on.
    """
    rng = np.random.default_rng(seed)
    outer = folds_of(genres, N_FOLDS, rng)
    scores = np.empty_like(shares)
    chosen = []
    for fold in range(N_FOLDS):
        fit, held = np.flatnonzero(outer != fold), outer == fold
        inner = folds_of(np.array(genres)[fit].tolist(), N_INNER, rng)
        rated = {}
        for name, view in views.items():
            tried = np.empty((len(PENALTIES), len(fit), shares.shape[1]))
            for part in range(N_INNER):
                rest, test = fit[inner != part], fit[inner == part]
                tried[:, inner == part] = ridge(view[rest], shares[rest], view[test])
            for penalty, scored in zip(PENALTIES, tried, strict=True):
                rated[name, penalty] = correlation(scored.T, shares[fit].T).mean()
        name, penalty = max(rated, key=lambda setting: rated[setting])
        view = views[name]
        scores[held] = ridge(view[fit], shares[fit], view[held], [penalty])[0]
        chosen.append(f"{name} {penalty:g}")
    return scores.T, tuple(chosen)


def systems(heard: Heard, clips: Clips, *, seed: int) -> list[Found]:
    """Ours first, then what it has to beat."""
    vectors, tags = heard.vectors.astype(np.float64), heard.tags.astype(np.float64)
    odds = np.log(tags / (1 - tags))
    kinds = sorted(set(clips.genres))
    genre = np.array([[float(one == kind) for kind in kinds] for one in clips.genres])
    views: dict[str, dict[str, Array]] = {
        OURS: {
            "whole": vectors,
            "pooled": vectors[:, :N_POOLED],
            "penultimate": vectors[:, N_POOLED:],
        },
        TAG_RIDGE: {"probabilities": tags, "log odds": odds},
        GENRE: {"genre": genre},
    }
    found = [
        Found(title, *out_of_fold(views[title], clips.shares, clips.genres, seed=seed))
        for title in views
    ]
    alone = [tags[:, [TAGS.index(tag) for tag in TAGS_OF[each]]].mean(axis=1) for each in FEELINGS]
    return [*found[:2], Found(TAGS_ALONE, np.stack(alone)), *found[2:]]


def top_shares(shares: Array) -> Flags:
    """What each feeling should bring up, (9, n): the top tenth and what ties with its last."""
    last = np.sort(shares, axis=0)[-max(1, round(TOP * len(shares)))]
    flags: Flags = (shares >= last).T
    return flags


def correlation(one: Array, other: Array) -> Array:
    """Pearson's r along the last axis; 0 where one does not vary."""
    one, other = (each - each.mean(axis=-1, keepdims=True) for each in (one, other))
    size = np.sqrt((one**2).sum(axis=-1) * (other**2).sum(axis=-1))
    return np.asarray((one * other).sum(axis=-1) / np.where(size > 0, size, 1))


def run_of(
    found: Sequence[Found],
    clips: Clips,
    heard: Heard,
    *,
    data: Path,
    command: str,
    seed: int,
) -> Run:
    """A run of systems, the first the one that matters; clips are drawn again, fits not repeated.

    Args:
        found: scores of every clip.
        clips: what was felt.
        heard: what the network hears in them.
        data: the folder that was read.
        command: for the record.
        seed: of the draws.
    """
    relevant = top_shares(clips.shares)
    record = record_of(
        "music-mood",
        "Music by mood, Emotify",
        {one.title: _cases(one, clips, relevant) for one in found},
        command=command,
        seed=seed,
        data=[data / "annotations.csv", data / "audio"],
        protocol={
            "a feeling should bring up": "the top tenth of clips by the share of listeners who"
            " ticked it, ties with its last included",
            "by chance": f"AUC .5, P@20 {relevant.mean():.2f}",
            "scored": f"each clip once, by a model fitted on {N_FOLDS - 1} other folds",
            "drawn again": "clips; fits are not repeated",
            ABOVE: "of the feelings that a clip should come up for, the share of clips that should"
            " not and score less",
        },
        skipped={},
        checks=_checks(clips, data, heard),
        pooled=(
            Pooled(metric="mean AUC", how="ROC AUC", of=FEELINGS),
            Pooled(metric="mean P@20", how="P@20", of=FEELINGS),
            *(Pooled(metric=f"AUC: {each}", how="ROC AUC", of=(each,)) for each in FEELINGS),
            *(Pooled(metric=f"P@20: {each}", how="P@20", of=(each,)) for each in FEELINGS),
        ),
        about={one.title: _about(one, clips) for one in found},
    )
    return Run(record, {one.title: _cases(one, clips, relevant) for one in found})


def _cases(one: Found, clips: Clips, relevant: Flags) -> Cases:
    best = np.argsort(-one.scores, axis=0)[:3].T
    felt = (
        ", ".join(f"{FEELINGS[at]} {own[at]:.2f}" for at in np.argsort(-own)[:3])
        for own in clips.shares
    )
    return Cases(
        clips.names,
        clips.names,
        {ABOVE: above_others(one.scores, relevant)},
        np.zeros(len(clips.names), dtype=np.bool_),
        {
            "felt by": tuple(felt),
            "highest for": tuple(", ".join(FEELINGS[at] for at in own) for own in best),
        },
        columns_of(one.scores, relevant),
    )


def columns_of(scores: Array, relevant: Flags) -> dict[str, Array]:
    """What areas and P@20 are made of, from scores and what is right, (9, n) each."""
    columns: dict[str, Array] = {}
    for feeling, own, holds in zip(FEELINGS, scores, relevant, strict=True):
        columns |= {f"{TRUE}{feeling}": holds.astype(np.float64), f"{CHANCE}{feeling}": own}
    return columns


def _checks(clips: Clips, data: Path, heard: Heard) -> tuple[Check, ...]:
    """Clips are scored by models of other clips: some may be the same sound, or nearly."""
    sounds = [sha256(file) for file in _files(clips, data)]
    unit = heard.vectors / np.linalg.norm(heard.vectors, axis=1, keepdims=True)
    near = unit @ unit.T
    np.fill_diagonal(near, 0)
    return (
        Check(
            what="clips with the very file of another",
            n_found=sum(sounds.count(each) > 1 for each in sounds),
            n=len(sounds),
        ),
        Check(
            what=f"clips in which nearly the same is heard as in another (cosine {NEARLY})",
            n_found=int((near.max(axis=1) >= NEARLY).sum()),
            n=len(near),
        ),
    )


def _about(one: Found, clips: Clips) -> dict[str, str]:
    r = correlation(one.scores, clips.shares.T).mean()
    told = {"mean correlation with the shares": f"{r:.3f}"}
    return {**told, **({"chosen in each fold": ", ".join(one.settings)} if one.settings else {})}


def measure(
    data: Path,
    models: ModelStore,
    *,
    command: str,
    keep: Path | None = None,
    seed: int = 0,
    progress: ProgressCallback = lambda label, done, total: None,
) -> Run:
    """Listen, fit and judge.

    Args:
        data: annotations.csv and audio/ of Emotify.
        models: has the weights, or fetches them.
        command: for the record.
        keep: folder for what was heard.
        seed: of the folds and the draws.
        progress: told as it goes on.

    Raises:
        DataError: the data set is missing or damaged.
        ModelError: the weights cannot be had.
    """
    clips = read_clips(data)
    files = _files(clips, data)
    encoder = Musicnn(models.fetch("musicnn", progress=progress))
    heard = hear(files, encoder, keep=keep, progress=progress)
    found = systems(heard, clips, seed=seed)
    return run_of(found, clips, heard, data=data, command=command, seed=seed)


def _files(clips: Clips, data: Path) -> list[Path]:
    return [data / "audio" / f"{name}.ogg" for name in clips.names]
