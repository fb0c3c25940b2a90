"""`simpatico train redial`: from dialogues to a recommender for them, in stages that are kept.

    <out>/talks.jsonl, items.json   what it looks things up in: copies of what it was given
          outside.npz               likes, ratings and tags from elsewhere
          vectors.npz               of films' texts, and of what was said at offers
          net-<seed>.safetensors    the learned ranking, once for each seed
          model.json                the card; written last
          stages/                   what is done so far, until all is

Features are counted from other dialogues than the moment's own (cross-fitting, four folds), so that
the ranking learns what counts are worth on dialogues that they have not seen.
"""

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from simpatico.domain import Value
from simpatico.errors import DataError
from simpatico.finetune.redial_data import (
    Film,
    Moment,
    Talk,
    digest,
    moments_of,
    read_films,
    read_talks,
)
from simpatico.finetune.redial_features import Past
from simpatico.finetune.redial_outside import Outside, read_outside
from simpatico.finetune.redial_shortlist import N_CANDIDATES, N_FOLDS, Shortlist, crossed, folds_of
from simpatico.finetune.redial_world import (
    Array,
    World,
    asked_of,
    encoded,
    text_of,
    vectors_of,
    world_of,
)
from simpatico.optional import needs
from simpatico.protocols import Encoder, ProgressCallback

TALKS, ITEMS, CARD = "talks.jsonl", "items.json", "model.json"
OUTSIDE, VECTORS, STAGES = "outside.npz", "vectors.npz", "stages"
LICENCE: Final = (
    "ReDial: CC BY 4.0. Films' texts and MovieLens may not be passed on: this model stays with"
    " whoever trained it"
)


class Card(Value):
    """What a model is.

    Attributes:
        data: (file, the first digits of its SHA-256) of everything it learnt from.
        encoder: of its vectors.
        features: in the order of the nets.
        seeds: of weights and order, one net each. fold_seed: of the folds.
    """

    version: Literal[1] = 1
    name: str = "redial"
    licence: str = LICENCE
    data: tuple[tuple[str, str], ...]
    encoder: str
    features: tuple[str, ...]
    n_candidates: int
    hidden: int
    width: int
    seeds: tuple[int, ...]
    fold_seed: int
    n_talks: int
    n_moments: int
    command: str = ""


def beside(data: Path, name: str) -> Path | None:
    """A data set in the folder or next to it, or None."""
    for folder in (data / name, data.resolve().parent / name):
        if folder.exists():
            return folder
    return None


def train(
    data: Path,
    out: Path,
    encoder: Encoder[str],
    *,
    movielens: Path | None = None,
    older: Path | None = None,
    tags: Path | None = None,
    seeds: Sequence[int] = (0, 1, 2),
    command: str = "",
    progress: ProgressCallback = lambda what, done, total: None,
) -> Card:
    """Train, or go on where an earlier call with the same data broke off.

    Args:
        data: folder with `train.jsonl` and `items.json`.
        out: the model's folder.
        encoder: of sentences.
        movielens: see `simpatico.finetune.redial_outside`; so `older` and `tags`.
        older: a folder.
        tags: a file.
        seeds: one net each.
        command: for the card.
        progress: told of texts, moments and batches.

    Raises:
        DataError: data cannot be read, or `out` holds something else.
        SettingsError: torch is not installed.
    """
    if not seeds:
        raise ValueError("wanted at least one seed, got none")
    needs("torch", "torch", "training for ReDial")
    from safetensors.torch import save_file

    from simpatico.finetune.redial_net import Plan, content_of, train_net

    sources = _sources(data, movielens, older, tags)
    talks, films = read_talks(data / "train.jsonl"), read_films(data / ITEMS)
    stages = _begin(out, sources, encoder.name)
    shutil.copyfile(data / "train.jsonl", out / TALKS)
    shutil.copyfile(data / ITEMS, out / ITEMS)
    save_outside(out / OUTSIDE, read_outside(films, movielens=movielens, older=older, tags=tags))
    if not (out / VECTORS).is_file():
        _encode(out / VECTORS, talks, films, encoder, progress)
    world, past = remember(out, talks, films)
    learn = np.ones(len(talks), dtype=bool)
    fold = folds_of(len(talks), 0)
    rows, found = [], []
    for k in range(N_FOLDS):
        kept = stages / f"fold-{k}.npz"
        if not kept.is_file():
            save_shortlist(kept, *crossed(world, past, learn, fold, k, progress=progress))
        each, short = load_shortlist(kept)
        rows.append(each)
        found.append(short)
    whole = Shortlist(
        np.concatenate([each.places for each in found]),
        np.concatenate([each.values for each in found]),
        found[0].names,
    )
    asked = past.asked.part(np.concatenate(rows))
    del found
    content, plan = content_of(world), Plan()
    for seed in seeds:
        kept = out / f"net-{seed}.safetensors"
        if not kept.is_file():
            net = train_net(whole, asked, content, Plan(seed=seed), progress=progress)
            draft = kept.with_suffix(".draft")
            save_file(net.state_dict(), draft)
            draft.chmod(0o644)
            draft.replace(kept)
    card = Card(
        data=sources,
        encoder=encoder.name,
        features=whole.names,
        n_candidates=whole.places.shape[1],
        hidden=plan.hidden,
        width=plan.width,
        seeds=tuple(seeds),
        fold_seed=0,
        n_talks=len(talks),
        n_moments=len(asked),
        command=command,
    )
    (out / CARD).write_text(card.model_dump_json(indent=2), encoding="utf-8")
    shutil.rmtree(stages)
    return card


def remember(folder: Path, talks: Sequence[Talk], films: Sequence[Film]) -> tuple[World, Past]:
    """The world and the past of a model's folder.

    Raises:
        DataError: its vectors do not fit.
    """
    with np.load(folder / VECTORS, allow_pickle=False) as kept:
        text, said = kept["films"].astype(np.float32), kept["said"].astype(np.float32)
    world = world_of(films, load_outside(folder / OUTSIDE), text)
    offers = offers_of(world.place, moments_of(talks))
    if len(offers) != len(said) or len(films) != len(text):
        raise DataError(f"the vectors in {folder} are of other films or dialogues")
    return world, past_of(world, talks, offers, said)


def offers_of(place: Any, moments: Sequence[Moment]) -> list[Moment]:
    """Moments at which the recommender is the first to name a film that is known."""
    return [one for one in moments if one.offered and any(film in place for film in one.fresh)]


def past_of(world: World, talks: Sequence[Talk], offers: Sequence[Moment], said: Array) -> Past:
    """Dialogues as they are counted.

    Args:
        world: the films.
        talks: dialogues.
        offers: see `offers_of`.
        said: (n_offers, n_views, dim), their vectors.
    """
    sought: list[list[str]] = [[] for _ in talks]
    for one in moments_of(talks):
        if not one.offered:
            sought[one.talk] += one.fresh
    return Past(
        named=tuple(
            world.places(dict.fromkeys(film for each in talk.messages for film in each.films))
            for talk in talks
        ),
        liked=tuple(world.places(sorted(talk.liked)) for talk in talks),
        disliked=tuple(world.places(sorted(talk.disliked)) for talk in talks),
        sought=tuple(world.places(films) for films in sought),
        asked=asked_of(world, talks, offers, said),
    )


def save_outside(path: Path, outside: Outside) -> None:
    """Write what is known from elsewhere."""
    np.savez_compressed(
        path,
        data=outside.likes.data,
        indices=outside.likes.indices,
        indptr=outside.likes.indptr,
        n_rated=outside.n_rated,
        stars=outside.stars,
        tags=np.array(["|".join(tags) for tags in outside.tags], dtype=str),
    )


def load_outside(path: Path) -> Outside:
    """Read what `save_outside` wrote."""
    with np.load(path, allow_pickle=False) as kept:
        shape = (len(kept["indptr"]) - 1, len(kept["n_rated"]))
        likes = sparse.csr_array((kept["data"], kept["indices"], kept["indptr"]), shape=shape)
        tags = tuple(tuple(tag for tag in str(each).split("|") if tag) for each in kept["tags"])
        return Outside(likes, kept["n_rated"], kept["stars"], tags)


def save_shortlist(path: Path, rows: NDArray[np.int64], found: Shortlist) -> None:
    """Write candidates, all or nothing."""
    draft = path.with_suffix(".draft.npz")
    names = np.array(found.names, dtype=str)
    np.savez(draft, rows=rows, places=found.places, values=found.values, names=names)
    draft.replace(path)


def load_shortlist(path: Path) -> tuple[NDArray[np.int64], Shortlist]:
    """Read what `save_shortlist` wrote."""
    with np.load(path, allow_pickle=False) as kept:
        names = tuple(str(name) for name in kept["names"])
        return kept["rows"], Shortlist(kept["places"], kept["values"], names)


def _encode(
    path: Path,
    talks: Sequence[Talk],
    films: Sequence[Film],
    encoder: Encoder[str],
    progress: ProgressCallback,
) -> None:
    texts = [text_of(film) for film in films]
    vector = encoded(texts, encoder, progress, "Encoding films")
    place = {film.id: at for at, film in enumerate(films)}
    said = vectors_of(talks, offers_of(place, moments_of(talks)), encoder, progress=progress)
    draft = path.with_suffix(".draft.npz")
    rows = np.stack([vector[text] for text in texts])
    np.savez(draft, films=rows, said=said.astype(np.float16))
    draft.replace(path)


def _sources(
    data: Path, movielens: Path | None, older: Path | None, tags: Path | None
) -> tuple[tuple[str, str], ...]:
    files = [data / "train.jsonl", data / ITEMS]
    files += [movielens / name for name in ("links.csv", "ratings.csv")] if movielens else []
    files += [older / name for name in ("ml-100k.item", "ml-100k.inter")] if older else []
    files += [tags] if tags else []
    return tuple((file.name, digest(file)) for file in files)


def _begin(out: Path, sources: tuple[tuple[str, str], ...], encoder: str) -> Path:
    """The folder of stages; those of other data are thrown away, a folder of others is left."""
    stages = out / STAGES
    key = hashlib.sha256(json.dumps([sources, encoder, N_CANDIDATES]).encode()).hexdigest()
    mark = stages / "key.txt"
    if mark.is_file() and mark.read_text() == key:
        return stages
    if out.is_dir() and any(out.iterdir()) and not (mark.is_file() or (out / CARD).is_file()):
        raise DataError(f"wanted an empty folder or a model of ours, {out} holds something else")
    for old in (out / CARD, out / VECTORS, *out.glob("net-*.safetensors")):
        old.unlink(missing_ok=True)
    shutil.rmtree(stages, ignore_errors=True)
    stages.mkdir(parents=True)
    mark.write_text(key)
    return stages
