"""Films as they can be compared, and moments as they are asked about."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from simpatico.finetune.redial_data import Film, Moment, Talk, spoken
from simpatico.finetune.redial_outside import Outside
from simpatico.protocols import Encoder, ProgressCallback
from simpatico.retrieval.lexical import STOP_WORDS
from simpatico.text import fold

Array = NDArray[np.float32]

VIEWS: Final = ("wish", "newest", "whole")
"""Texts of a moment that become vectors: see `texts_of`."""

_WISH_TURNS: Final = 3
_WHOLE_CHARS: Final = 600
_BATCH: Final = 256
_KIN: Final = 20
_K1, _B = 1.2, 0.5


class Lexicon(NamedTuple):
    """BM25 of one field: what each word says of each film, (n_words, n_films), by word."""

    place: Mapping[str, int]
    says: sparse.csr_array


@dataclass(frozen=True)
class World:
    """The films, and all that is known of them without dialogues.

    Attributes:
        films: in order.
        outside: see `simpatico.finetune.redial_outside`.
        place: position of a film by its number.
        year: (n_films,), 0 where unknown.
        text: (n_films, dim) vectors of name, genres and plot, unit rows.
        centred: the same without their mean, unit rows.
        alike: by what they are compared with, (n_films, n_things) unit rows: genre, tag, people,
            title, fans (people of MovieLens).
        kin: (n_films, n_films) the most alike of each film by all of these, rows of sum 1.
        lexicons: by field: title, people, kind, plot.
    """

    films: tuple[Film, ...]
    outside: Outside
    place: Mapping[str, int]
    year: NDArray[np.int64]
    text: Array
    centred: Array
    alike: Mapping[str, sparse.csr_array]
    kin: sparse.csr_array
    lexicons: Mapping[str, Lexicon]

    def places(self, films: Iterable[str]) -> NDArray[np.int64]:
        """Positions of those films that are known, in their order."""
        return np.array([self.place[film] for film in films if film in self.place], dtype=np.int64)


@dataclass(frozen=True)
class Asked:
    """Moments as a recommender meets them.

    Nothing of the message in question is in it, nor what the recommender wrote since the seeker's
    newest message, but for the films named there.

    Attributes:
        talk: (n,) which dialogue each is of.
        before: (n,) places of the films named so far, the oldest first, repeats too.
        by_seeker: (n,) for each of those, whether the seeker named it.
        wishes: (n,) the seeker's words. said: (n,) everybody's.
        vectors: (n, len(VIEWS), dim).
        targets: (n,) places of the films named now and not before.
    """

    talk: NDArray[np.int64]
    before: tuple[NDArray[np.int64], ...]
    by_seeker: tuple[NDArray[np.bool_], ...]
    wishes: tuple[tuple[str, ...], ...]
    said: tuple[tuple[str, ...], ...]
    vectors: Array
    targets: tuple[NDArray[np.int64], ...]

    def __len__(self) -> int:
        return len(self.talk)

    def part(self, rows: NDArray[np.int64]) -> "Asked":
        """Some of the moments."""
        return Asked(
            talk=self.talk[rows],
            before=tuple(self.before[row] for row in rows),
            by_seeker=tuple(self.by_seeker[row] for row in rows),
            wishes=tuple(self.wishes[row] for row in rows),
            said=tuple(self.said[row] for row in rows),
            vectors=self.vectors[rows],
            targets=tuple(self.targets[row] for row in rows),
        )


def world_of(films: Sequence[Film], outside: Outside, text: Array) -> World:
    """Compare films.

    Args:
        films: in order.
        outside: what else is known of them, in the same order.
        text: (n_films, dim) vectors of `text_of` each, unit rows.
    """
    centred = text - text.mean(axis=0)
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
    people = [(*film.directors, *film.directors, *film.stars, *film.writers) for film in films]
    both = zip(films, outside.tags, strict=True)
    kinds = [" ".join((*film.genres, *tags)) for film, tags in both]
    fields = {
        "title": [film.title for film in films],
        "people": [" ".join((*film.stars, *film.directors, *film.writers)) for film in films],
        "kind": kinds,
        "plot": [film.plot for film in films],
    }
    damped = 1 / np.sqrt(np.maximum(outside.likes.sum(axis=1), 1))
    fans = sparse.csr_array(sparse.diags_array(damped) @ outside.likes).T
    alike = {
        "genre": _weighed([film.genres for film in films]),
        "tag": _weighed(outside.tags),
        "people": _weighed([tuple(fold(name) for name in names) for names in people]),
        "title": _weighed([words_of(film.title) for film in films]),
        "fans": unit_rows(fans),
    }
    return World(
        films=tuple(films),
        outside=outside,
        place={film.id: at for at, film in enumerate(films)},
        year=np.array([film.year for film in films], dtype=np.int64),
        text=text,
        centred=centred,
        alike=alike,
        kin=_kin(alike, centred),
        lexicons={field: _lexicon([words_of(text) for text in texts])
                  for field, texts in fields.items()},
    )  # fmt: skip


def text_of(film: Film) -> str:
    """What is encoded of a film."""
    name = f"{film.title} ({film.year})" if film.year else film.title
    return ". ".join(part for part in (name, ", ".join(film.genres), film.plot) if part)


def words_of(text: str) -> tuple[str, ...]:
    """Folded words without stop words."""
    return tuple(word for word in fold(text).split() if word not in STOP_WORDS)


def texts_of(talk: Talk, moment: Moment) -> tuple[str, str, str]:
    """The seeker's last three turns, their newest, the end of all that was said (with titles)."""
    turns: list[tuple[bool, list[str]]] = []
    for offered, text in _heard(talk, moment):
        if turns and turns[-1][0] == offered:
            turns[-1][1].append(text)
        else:
            turns.append((offered, [text]))
    wishes = [" ".join(texts) for offered, texts in turns if not offered]
    whole = " ".join(text for _, texts in turns for text in texts)
    return (
        spoken(" ".join(wishes[-_WISH_TURNS:])),
        spoken(" ".join(wishes[-1:])),
        spoken(whole, talk.labels)[-_WHOLE_CHARS:],
    )


def vectors_of(
    talks: Sequence[Talk],
    moments: Sequence[Moment],
    encoder: Encoder[str],
    *,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Array:
    """What was said at moments, (n, len(VIEWS), dim); zeros where nothing was.

    Args:
        talks: dialogues.
        moments: of them.
        encoder: the one of the films' texts.
        progress: told of texts.
    """
    texts = [texts_of(talks[one.talk], one) for one in moments]
    vector = encoded((text for three in texts for text in three), encoder, progress)
    vectors = np.zeros((len(moments), len(VIEWS), encoder.dim), dtype=np.float32)
    for row, three in enumerate(texts):
        for view, text in enumerate(three):
            if text:
                vectors[row, view] = vector[text]
    return vectors


def asked_of(
    world: World, talks: Sequence[Talk], moments: Sequence[Moment], vectors: Array
) -> Asked:
    """Read moments.

    Args:
        world: the films; others are not seen.
        talks: dialogues.
        moments: of them.
        vectors: see `vectors_of`.
    """
    before, by_seeker, wishes, said = [], [], [], []
    for one in moments:
        talk = talks[one.talk]
        named = [(world.places(each.films), not each.offered) for each in talk.messages[: one.at]]
        before.append(np.concatenate([np.zeros(0, dtype=np.int64), *(what for what, _ in named)]))
        by_seeker.append(np.repeat([by for _, by in named], [len(what) for what, _ in named]))
        heard = _heard(talk, one)
        wishes.append(words_of(" ".join(spoken(text) for offered, text in heard if not offered)))
        said.append(words_of(" ".join(spoken(text) for _, text in heard)))
    return Asked(
        talk=np.array([one.talk for one in moments], dtype=np.int64),
        before=tuple(before),
        by_seeker=tuple(by_seeker),
        wishes=tuple(wishes),
        said=tuple(said),
        vectors=vectors,
        targets=tuple(world.places(one.fresh) for one in moments),
    )


def encoded(
    texts: Iterable[str],
    encoder: Encoder[str],
    progress: ProgressCallback,
    what: str = "Encoding what was said",
) -> dict[str, Array]:
    """Vectors by text; none of the empty one."""
    each = sorted(set(texts) - {""})
    found: dict[str, Array] = {}
    for start in range(0, len(each), _BATCH):
        part = each[start : start + _BATCH]
        found.update(zip(part, encoder.encode(part), strict=True))
        progress(what, start + len(part), len(each))
    return found


def unit_rows(table: sparse.sparray) -> sparse.csr_array:
    """Rows of L2 norm 1; rows of nothing stay so."""
    table = sparse.csr_array(table, dtype=np.float32)
    norm = np.sqrt(table.multiply(table).sum(axis=1))
    return sparse.csr_array(sparse.diags_array(1 / np.maximum(norm, 1e-9)) @ table)


def _heard(talk: Talk, moment: Moment) -> list[tuple[bool, str]]:
    """(offered, text) of messages before the moment; of an offer's own turn nothing."""
    end = moment.at
    while moment.offered and end and talk.messages[end - 1].offered:
        end -= 1
    return [(each.offered, each.text) for each in talk.messages[:end]]


def _kin(alike: Mapping[str, sparse.csr_array], centred: Array) -> sparse.csr_array:
    """The films most alike by the mean of all cosines, as shares."""
    n = len(centred)
    k = min(_KIN, n - 1)
    rows, columns, values = [], [], []
    for start in range(0, n, _BATCH):
        here = np.arange(start, min(start + _BATCH, n))
        total = centred[here] @ centred.T
        for table in alike.values():
            total += (table[here] @ table.T).toarray()
        total[np.arange(len(here)), here] = -np.inf
        best = np.argpartition(-total, k - 1, axis=1)[:, :k] if k else np.zeros((len(here), 0), int)
        worth = np.maximum(np.take_along_axis(total, best, axis=1), 0)
        worth /= np.maximum(worth.sum(axis=1, keepdims=True), 1e-9)
        rows.append(np.repeat(here, k))
        columns.append(best.ravel())
        values.append(worth.ravel())
    places = (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_array((np.concatenate(values), places), shape=(n, n), dtype=np.float32)


def _counted(
    lists: Sequence[Sequence[str]], least: int, weigh: Callable[[int, int, int], float]
) -> tuple[dict[str, int], sparse.csr_array]:
    """Words with a place, and (n_lists, n_words) of `weigh(times in it, lists with it, length)`."""
    within = Counter(word for words in lists for word in set(words))
    kept = sorted(word for word, n in within.items() if n >= least)
    place = {word: at for at, word in enumerate(kept)}
    rows, columns, values = [], [], []
    for row, words in enumerate(lists):
        for word, n in Counter(words).items():
            if word in place:
                rows.append(row)
                columns.append(place[word])
                values.append(weigh(n, within[word], len(words)))
    shape = (len(lists), len(place))
    return place, sparse.csr_array((values, (rows, columns)), shape=shape, dtype=np.float32)


def _weighed(lists: Sequence[Sequence[str]]) -> sparse.csr_array:
    """What films share, rarer things more: unit rows."""
    n = len(lists)
    _, table = _counted(lists, 2, lambda times, has, _: np.log1p(n / has) * (1 + np.log(times)))
    return unit_rows(table)


def _lexicon(lists: Sequence[Sequence[str]]) -> Lexicon:
    n, mean = len(lists), max(1e-9, float(np.mean([len(words) for words in lists])))

    def weigh(times: int, has: int, length: int) -> float:
        rare = np.log1p((n - has + 0.5) / (has + 0.5))
        return float(rare * times * (_K1 + 1) / (times + _K1 * (1 - _B + _B * length / mean)))

    place, table = _counted(lists, 1, weigh)
    return Lexicon(place, sparse.csr_array(table.T))
