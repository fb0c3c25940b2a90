"""What speaks for each film at a moment of a dialogue, in numbers.

`Tables` are counted from other dialogues; what is learnt on top must never see tables with the
moment's own dialogue in them. Most values are logarithms, so that adding them up multiplies odds.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from simpatico.finetune.redial_outside import rows_of
from simpatico.finetune.redial_world import Array, Asked, World
from simpatico.retrieval.links import Table, count_links

_NEWEST: Final = 20
_CLOSEST: Final = 6
_RIDGE: Final = 5.0
_OUTSIDE_WEIGHT: Final = 0.5
_OUTSIDE_FILMS: Final = 20
_LEAST_PHRASE: Final = 4
_PHRASE_PRIOR: Final = 10.0
_NEIGHBOURS: Final = 60
_SHARPNESS: Final = 12.0
_NOW: Final = 2018
"""The year of the dialogues."""


@dataclass(frozen=True)
class Tables:
    """Counts over dialogues.

    Attributes:
        near, together: see `simpatico.retrieval.links`.
        after: (n_films, n_films) what was offered, by what had been named before.
        named, offered, sought: (n_films,) dialogues, offers, and namings by seekers.
        liked: (n_films,) share of seekers who liked it, drawn to the mean.
        people: (n_people, n_films) dialogues, and damped people of MovieLens.
        weights: (n_people, n_films) of a ridge autoencoder (EASE; Steck, 2019), see `_ease`.
        left: (n_films,) its denominators.
        phrases: place of words and pairs of words. says: (n_phrases, n_films) log ratios, >= 0.
        moments: (n_neighbours, n_views, dim). took: (n_neighbours, n_films), what was offered.
    """

    near: Table
    together: Table
    after: sparse.csr_array
    named: NDArray[np.float64]
    offered: NDArray[np.float64]
    sought: NDArray[np.float64]
    liked: NDArray[np.float64]
    people: sparse.csr_array
    weights: Array
    left: Array
    phrases: dict[str, int]
    says: sparse.csr_array
    moments: Array
    took: sparse.csr_array


@dataclass(frozen=True)
class Past:
    """Dialogues as they are counted.

    Attributes:
        named: for each dialogue, its films in order, each once.
        liked, disliked: for each dialogue, by its seeker afterwards.
        sought: for each dialogue, what its seeker was the first to name.
        asked: its offers: moments at which the recommender names a known film first.
    """

    named: tuple[NDArray[np.int64], ...]
    liked: tuple[NDArray[np.int64], ...]
    disliked: tuple[NDArray[np.int64], ...]
    sought: tuple[NDArray[np.int64], ...]
    asked: Asked


def count_tables(world: World, past: Past, talks: NDArray[np.bool_]) -> Tables:
    """Count over some of the dialogues, (n_talks,) flags."""
    n_films = len(world.films)
    numbers = np.flatnonzero(talks)
    had = [past.named[talk] for talk in numbers if len(past.named[talk])]
    links = count_links(had, n_films)
    offers = np.flatnonzero(talks[past.asked.talk])
    offered = _count([past.asked.targets[row] for row in offers], n_films)
    liked, disliked, sought = (
        _count([each[talk] for talk in numbers], n_films)
        for each in (past.liked, past.disliked, past.sought)
    )
    people = _people(had, world.outside.likes, n_films)
    weights, left = _ease(people)
    phrases, says = _phrases(past.asked, offers, offered, n_films)
    return Tables(
        near=links.near,
        together=links.together,
        after=_after(past.asked, offers, n_films),
        named=_count(had, n_films),
        offered=offered,
        sought=sought,
        liked=(liked + 3) / (liked + disliked + 3.6),
        people=people,
        weights=weights,
        left=left,
        phrases=phrases,
        says=says,
        moments=past.asked.vectors[offers],
        took=rows_of([past.asked.targets[row] for row in offers], n_films),
    )


def features(world: World, tables: Tables, asked: Asked) -> dict[str, Array]:
    """Every feature of every film at n moments, (n, n_films) or (1, n_films) each."""
    return {
        **dict(_of_films(world, tables)),
        **dict(_of_named(world, tables, asked)),
        **dict(_of_words(world, tables, asked)),
    }


def _of_films(world: World, tables: Tables) -> Iterator[tuple[str, Array]]:
    year = world.year
    known = year > 0
    columns = {
        "named": np.log(tables.named + 0.3),
        "offered": np.log(tables.offered + 0.3),
        "sought": np.log(tables.sought + 0.3),
        "liked": tables.liked,
        "rated": np.log1p(world.outside.n_rated),
        "stars": world.outside.stars,
        "year": np.where(known, (year - 2000) / 10, 0),
        "no year": ~known,
        "new": np.where(known, np.exp(-np.maximum(_NOW - year, 0) / 3), 0),
    }
    for name, values in columns.items():
        yield name, np.asarray(values, dtype=np.float32)[None]


def _of_named(world: World, tables: Tables, asked: Asked) -> Iterator[tuple[str, Array]]:
    """By the films named so far."""
    n_films = len(world.films)
    late = _weights(asked.before, 0.8, n_films)
    even = _weights(asked.before, 0.95, n_films)
    seeker = _weights(
        [what[by] for what, by in zip(asked.before, asked.by_seeker, strict=True)], 0.9, n_films
    )
    last = _weights([what[-1:] for what in asked.before], 1, n_films)
    near = late @ tables.near
    yield "near", _log(_dense(near), 3e-3)
    yield "near the seeker's", _log(_dense(seeker @ tables.near), 3e-3)
    yield "near the last", _log(_dense(last @ tables.near), 3e-3)
    yield "near twice", _log(_dense(near @ tables.near), 3e-3)
    yield "kin of the near", _log(_dense(near @ world.kin), 3e-3)
    yield "near the kin", _log(_dense((late @ world.kin) @ tables.near), 3e-3)
    yield "kin", _log(_dense(even @ world.kin), 3e-3)
    yield "together", _log(_dense(even @ tables.together), 3e-3)
    yield "after", _log(_dense(even @ tables.after), 3e-3)
    ease = _dense(even @ tables.people.T) @ tables.weights / tables.left
    yield "ease", _log(ease, 3e-3)
    yield "against", np.minimum(ease, 0) * 20
    for name, table in world.alike.items():
        mean = _dense((even @ table) @ table.T)
        if name == "fans":
            yield name, _log(mean, 1e-2)
            yield "fans of the seeker's", _log(_dense((seeker @ table) @ table.T), 1e-2)
        else:
            yield name, mean
    yield "text", (even @ world.centred) @ world.centred.T
    for name in ("tag", "people", "title"):
        yield f"closest {name}", _closest(world.alike[name], asked.before)
    yield "closest text", _closest(world.centred, asked.before)
    yield "years apart", _years_apart(world.year, asked.before)


def _of_words(world: World, tables: Tables, asked: Asked) -> Iterator[tuple[str, Array]]:
    """By what was said."""
    for view, name in enumerate(("wish", "newest", "whole")):
        yield f"{name} like text", asked.vectors[:, view] @ world.text.T
    for field, lexicon in world.lexicons.items():
        yield f"words in {field}", np.log1p(_looked_up(lexicon.place, lexicon.says, asked.wishes))
    for field in ("people", "kind"):
        lexicon = world.lexicons[field]
        yield (
            f"all words in {field}",
            np.log1p(_looked_up(lexicon.place, lexicon.says, asked.said)),
        )
    phrases = [tuple(phrases_of(words)) for words in asked.wishes]
    known = [sum(phrase in tables.phrases for phrase in each) for each in phrases]
    total = _looked_up(tables.phrases, tables.says, phrases)
    few = 5 / (np.array(known, dtype=np.float32)[:, None] + 5)
    yield "phrases", np.asarray(total * few, dtype=np.float32)
    for view, name in ((0, "wish"), (2, "whole")):
        yield f"neighbours by {name}", _neighbours(tables, asked.vectors[:, view], view)


def phrases_of(words: Sequence[str]) -> list[str]:
    """Words and pairs of them, each once."""
    pairs = (f"{one} {two}" for one, two in zip(words, words[1:], strict=False))
    return list(dict.fromkeys((*words, *pairs)))


def _neighbours(tables: Tables, said: Array, view: int) -> Array:
    """What was offered at the moments most like this one."""
    k = min(_NEIGHBOURS, len(tables.moments))
    if not k:
        return np.zeros((len(said), tables.took.shape[1]), dtype=np.float32)
    close = said @ tables.moments[:, view].T  # (n, n_neighbours)
    best = np.argpartition(-close, k - 1, axis=1)[:, :k]
    weights = np.exp((np.take_along_axis(close, best, axis=1) - 1) * _SHARPNESS)
    ends = np.arange(0, best.size + 1, k)
    spread = sparse.csr_array((weights.ravel(), best.ravel(), ends), shape=close.shape)
    total = np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)
    return _log(_dense(spread @ tables.took) / total, 5e-3)


def _looked_up(
    place: Mapping[str, int], says: sparse.csr_array, words: Sequence[Sequence[str]]
) -> Array:
    """The sum over distinct words that are known: (n, n_films)."""
    known = [[place[word] for word in dict.fromkeys(each) if word in place] for each in words]
    rows = rows_of([np.array(each, dtype=np.int64) for each in known], len(place))
    return _dense(rows @ says)


def _closest(table: Array | sparse.csr_array, before: Sequence[NDArray[np.int64]]) -> Array:
    """Cosine with the closest of the newest films named."""
    found = np.zeros((len(before), table.shape[0]), dtype=np.float32)
    for row, what in enumerate(before):
        if len(what):
            found[row] = _dense(table[what[-_CLOSEST:]] @ table.T).max(axis=0)
    return found


def _years_apart(year: NDArray[np.int64], before: Sequence[NDArray[np.int64]]) -> Array:
    """Tens of years from the mean of the newest films named, negative, at least -3."""
    found = np.zeros((len(before), len(year)), dtype=np.float32)
    for row, what in enumerate(before):
        years = year[what[-_CLOSEST:]]
        if (years > 0).any():
            apart = -np.abs(year - years[years > 0].mean()) / 10
            found[row] = np.maximum(np.where(year > 0, apart, -1), -3)
    return found


def _weights(before: Sequence[NDArray[np.int64]], decay: float, n_films: int) -> sparse.csr_array:
    """(n, n_films): what each film named counts, the newest most, sums of 1."""
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    for row, what in enumerate(before):
        newest = what[::-1][:_NEWEST]
        weights = decay ** np.arange(len(newest))
        rows += [row] * len(newest)
        columns += newest.tolist()
        values += (weights / weights.sum()).tolist() if len(newest) else []
    shape = (len(before), n_films)
    return sparse.csr_array((values, (rows, columns)), shape=shape, dtype=np.float32)


def _people(
    had: Sequence[NDArray[np.int64]], likes: sparse.csr_array, n_films: int
) -> sparse.csr_array:
    """Dialogues, and under them people from outside, who count less the more they like."""
    n = np.maximum(likes.sum(axis=1) / _OUTSIDE_FILMS, 1)
    outside = sparse.diags_array(_OUTSIDE_WEIGHT / np.sqrt(n)) @ likes
    return sparse.csr_array(sparse.vstack([rows_of(had, n_films), outside]), dtype=np.float32)


def _ease(people: sparse.csr_array) -> tuple[Array, Array]:
    """A ridge autoencoder between films in the space of people, who are fewer.

    With X people by films and K = X X' + ridge, its weights from film i to another film j are
    (X' K^-1 X)_ij / (1 - (X' K^-1 X)_jj).

    Returns:
        K^-1 X, and the denominators.
    """
    kernel = (people @ people.T).toarray().astype(np.float64)
    kernel[np.diag_indices_from(kernel)] += _RIDGE
    solved = np.linalg.solve(kernel, people.toarray()).astype(np.float32)
    left = 1 - np.asarray(people.multiply(solved).sum(axis=0)).ravel()
    return solved, left.astype(np.float32)


def _phrases(
    asked: Asked, offers: NDArray[np.int64], offered: NDArray[np.float64], n_films: int
) -> tuple[dict[str, int], sparse.csr_array]:
    """How much likelier each phrase makes each film, as logarithms, where it does."""
    spoken = [phrases_of(asked.wishes[row]) for row in offers]
    counts = Counter(phrase for each in spoken for phrase in each)
    kept = sorted(phrase for phrase, n in counts.items() if n >= _LEAST_PHRASE)
    place = {phrase: at for at, phrase in enumerate(kept)}
    has = rows_of(
        [np.array([place[p] for p in each if p in place], dtype=np.int64) for each in spoken],
        len(place),
    )
    took = rows_of([asked.targets[row] for row in offers], n_films)
    both = (has.T @ took).tocoo()
    n = has.T @ took.sum(axis=1)
    share = (offered + 0.1) / (offered + 0.1).sum()
    prior = _PHRASE_PRIOR * share[both.col]
    ratio = (both.data + prior) / ((n[both.row] + _PHRASE_PRIOR) * share[both.col])
    values = np.maximum(np.log(ratio), 0).astype(np.float32)
    return place, sparse.csr_array((values, (both.row, both.col)), shape=both.shape)


def _after(asked: Asked, offers: NDArray[np.int64], n_films: int) -> sparse.csr_array:
    """Shares of offers that came after each film, three that were nothing added."""
    rows, columns, values = [], [], []
    for row in offers:
        newest = list(dict.fromkeys(asked.before[row][::-1].tolist()))[:10]
        for back, film in enumerate(newest):
            for target in asked.targets[row].tolist():
                rows.append(film)
                columns.append(target)
                values.append(0.85**back / np.sqrt(len(newest)))
    table = sparse.csr_array((values, (rows, columns)), shape=(n_films, n_films), dtype=np.float32)
    return sparse.csr_array(sparse.diags_array(1 / (table.sum(axis=1) + 3)) @ table)


def _count(lists: Sequence[NDArray[np.int64]], n_films: int) -> NDArray[np.float64]:
    every = np.concatenate([np.zeros(0, dtype=np.int64), *lists])
    return np.bincount(every, minlength=n_films).astype(np.float64)


def _log(values: Array, floor: float) -> Array:
    return np.log(np.maximum(values, 0) + np.float32(floor))


def _dense(table: Any) -> Array:
    """A product of tables of which some are sparse, as an array."""
    found = table.toarray() if sparse.issparse(table) else table
    return np.asarray(found, dtype=np.float32)
