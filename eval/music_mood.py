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
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from simpatico.errors import DataError
from simpatico.eval.tables import Table
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
CUTOFF = 20
N_DRAWS = 2000

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


def auc(scores: Array, relevant: Flags) -> Array:
    """Area under the ROC curve along the last axis, which must have both kinds; ties count half."""
    ranks = rankdata(scores, axis=-1)
    n = relevant.sum(axis=-1)
    above = (ranks * relevant).sum(axis=-1) - n * (n + 1) / 2
    return np.asarray(above / (n * (relevant.shape[-1] - n)))


def precision_at(scores: Array, relevant: Flags, *, k: int = CUTOFF) -> Array:
    """Share of relevant ones among the k highest, last axis; of a tie at the end, the mean."""
    last = np.partition(scores, -k, axis=-1)[..., -k, None]
    above, tied = scores > last, scores == last
    left = k - above.sum(axis=-1)
    hits = (above & relevant).sum(axis=-1)
    return np.asarray((hits + left * (tied & relevant).sum(axis=-1) / tied.sum(axis=-1)) / k)


def correlation(one: Array, other: Array) -> Array:
    """Pearson's r along the last axis; 0 where one does not vary."""
    one, other = (each - each.mean(axis=-1, keepdims=True) for each in (one, other))
    size = np.sqrt((one**2).sum(axis=-1) * (other**2).sum(axis=-1))
    return np.asarray((one * other).sum(axis=-1) / np.where(size > 0, size, 1))


def drawn_again(
    metric: Callable[[Array, Flags], Array], scores: Array, relevant: Flags, *, seed: int
) -> Array:
    """The metric on clips drawn with replacement, (N_DRAWS, n_systems, 9); the same for all.

    Args:
        metric: along the last axis.
        scores: (n_systems, 9, n).
        relevant: (9, n).
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    flags = np.broadcast_to(relevant, scores.shape)
    n = scores.shape[-1]
    draws = (rng.integers(n, size=n) for _ in range(N_DRAWS))
    return np.stack([metric(scores[..., draw], flags[..., draw]) for draw in draws])


def tables(found: Sequence[Found], clips: Clips, *, seed: int) -> list[Table]:
    """Each system beside the first, and each feeling of the first."""
    relevant = top_shares(clips.shares)
    scores = np.stack([one.scores for one in found])
    flags = np.broadcast_to(relevant, scores.shape)
    areas, hits = auc(scores, flags), precision_at(scores, flags)
    r = correlation(scores, clips.shares.T)
    more_areas = drawn_again(auc, scores, relevant, seed=seed)
    more_hits = drawn_again(precision_at, scores, relevant, seed=seed)
    n = len(clips.names)
    rows = []
    for at, one in enumerate(found):
        gap = areas[0].mean() - areas[at].mean()
        gaps = (more_areas[:, 0] - more_areas[:, at]).mean(axis=1)
        rows.append(
            (
                one.title,
                _cell(areas[at].mean(), more_areas[:, at].mean(axis=1)),
                _cell(hits[at].mean(), more_hits[:, at].mean(axis=1)),
                f"{r[at].mean():.3f}",
                _cell(gap, gaps, sign="+") if at else "",
            )
        )
    each = [
        (
            feeling,
            str(relevant[at].sum()),
            _cell(areas[0, at], more_areas[:, 0, at]),
            _cell(hits[0, at], more_hits[:, 0, at]),
            f"{r[0, at]:.2f}",
            *(f"{area:.3f}" for area in areas[1:, at]),
        )
        for at, feeling in enumerate(FEELINGS)
    ]
    notes = (
        f"Relevant: the top tenth by the listeners' shares, ties with its last included; chance is"
        f" AUC .5 and P@20 {relevant.mean():.2f}. r: with the shares. In brackets: 95 %, clips"
        f" drawn again {N_DRAWS} times, the same for all rows; fits are not repeated.",
        *(
            f"{one.title}, chosen in each fold: {', '.join(one.settings)}."
            for one in found
            if one.settings
        ),
    )
    return [
        Table(
            title=f"Music by mood, Emotify, n={n} clips, seed {seed}",
            columns=("system", "mean AUC", "mean P@20", "mean r", f"AUC of {OURS}, less this"),
            rows=tuple(rows),
            notes=notes,
        ),
        Table(
            title=f"{OURS}, by feeling",
            columns=(
                *("feeling", "relevant", "AUC", "P@20", "r"),
                *(f"AUC of {one.title}" for one in found[1:]),
            ),
            rows=tuple(each),
        ),
    ]


def _cell(value: float, drawn: Array, sign: str = "") -> str:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return f"{value:{sign}.3f} ({low:{sign}.3f} to {high:{sign}.3f})"


def measure(
    data: Path,
    models: ModelStore,
    *,
    keep: Path | None = None,
    seed: int = 0,
    progress: ProgressCallback = lambda label, done, total: None,
) -> list[Table]:
    """The tables.

    Args:
        data: annotations.csv and audio/ of Emotify.
        models: has the weights, or fetches them.
        keep: folder for what was heard.
        seed: of the folds and the draws.
        progress: told as it goes on.

    Raises:
        DataError: the data set is missing or damaged.
        ModelError: the weights cannot be had.
    """
    clips = read_clips(data)
    files = [data / "audio" / f"{name}.ogg" for name in clips.names]
    encoder = Musicnn(models.fetch("musicnn", progress=progress))
    heard = hear(files, encoder, keep=keep, progress=progress)
    return tables(systems(heard, clips, seed=seed), clips, seed=seed)
