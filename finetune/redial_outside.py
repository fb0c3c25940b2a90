"""What others know of ReDial's films: who liked what on MovieLens, and readers' tags.

Both are for research and may not be passed on (GroupLens' terms): a model that looks things up in
them stays with whoever trained it. Films are linked by their IMDb number, else by title and year.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from simpatico.errors import DataError
from simpatico.finetune.redial_data import Film, split_label
from simpatico.text import fold_title

LIKED: Final = 4.0
"""Stars from which somebody liked a film, of 5."""

_PRIOR_STARS, _PRIOR_N = 3.4, 5

_Stars = tuple[tuple[str, str], int, float]


class Outside(NamedTuple):
    """What is known from elsewhere, in the order of the films.

    Attributes:
        likes: (n_people, n_films), 1 where somebody liked a film; people with at least two.
        n_rated: (n_films,) ratings. stars: (n_films,) their mean, drawn to 3.4 by five of it.
        tags: (n_films,) of each film.
    """

    likes: sparse.csr_array
    n_rated: NDArray[np.float32]
    stars: NDArray[np.float32]
    tags: tuple[tuple[str, ...], ...]


def read_outside(
    films: Sequence[Film],
    *,
    movielens: Path | None = None,
    older: Path | None = None,
    tags: Path | None = None,
) -> Outside:
    """Read MovieLens' ratings and the tags of its films.

    Args:
        films: to link to.
        movielens: folder with `links.csv` and `ratings.csv`.
        older: folder of MovieLens 100k with `ml-100k.item` and `ml-100k.inter`.
        tags: `movies_w_keywords.csv`: movieId, title, keywords parted by "|".

    Raises:
        DataError: a file cannot be read, or has other columns.
    """
    by_title = {(fold_title(film.title), film.year): at for at, film in enumerate(films)}
    by_imdb = {film.imdb: at for at, film in enumerate(films) if film.imdb}
    place: dict[str, int] = {}
    stars: list[_Stars] = []
    if movielens:
        for row in _rows(movielens / "links.csv", ("movieId", "imdbId")):
            number = f"tt{row['imdbId'].zfill(7)}"
            if number in by_imdb:
                place[row["movieId"]] = by_imdb[number]
        ratings = _rows(movielens / "ratings.csv", ("userId", "movieId", "rating"))
        stars += _stars(ratings, ("userId", "movieId", "rating"), place)
    if older:
        columns = ("item_id:token", "movie_title:token_seq", "release_year:token")
        old: dict[str, int] = {}
        for row in _rows(older / "ml-100k.item", columns, delimiter="\t"):
            number, title, year = (row[name] for name in columns)
            at = by_title.get((fold_title(title), int(year) if year.isdigit() else 0))
            if at is not None:
                old[number] = at
        columns = ("user_id:token", "item_id:token", "rating:float")
        stars += _stars(_rows(older / "ml-100k.inter", columns, delimiter="\t"), columns, old)
    said: list[dict[str, None]] = [{} for _ in films]
    if tags:
        for row in _rows(tags, ("movieId", "title", "keywords")):
            title, released = split_label(row["title"])
            at = place.get(row["movieId"], by_title.get((fold_title(title), released)))
            if at is not None:
                said[at].update(dict.fromkeys(tag for tag in row["keywords"].split("|") if tag))
    found = _rated(stars, len(films))
    return found._replace(tags=tuple(tuple(each) for each in said))


def _stars(
    rows: Iterable[dict[str, str]], columns: tuple[str, str, str], place: Mapping[str, int]
) -> list[_Stars]:
    """(person, film, stars); nobody is in both sets, so a person is told by the set's columns."""
    who, what, rating = columns
    return [
        ((who, row[who]), place[row[what]], float(row[rating]))
        for row in rows
        if row[what] in place
    ]


def _rated(stars: Sequence[_Stars], n_films: int) -> Outside:
    n, total = np.zeros(n_films, dtype=np.float32), np.zeros(n_films, dtype=np.float32)
    liked: dict[tuple[str, str], set[int]] = defaultdict(set)
    for who, film, given in stars:
        n[film], total[film] = n[film] + 1, total[film] + given
        if given >= LIKED:
            liked[who].add(film)
    people = [np.array(sorted(had)) for had in liked.values() if len(had) > 1]
    mean = (total + _PRIOR_STARS * _PRIOR_N) / (n + _PRIOR_N)
    return Outside(rows_of(people, n_films), n, mean.astype(np.float32), ((),) * n_films)


def rows_of(had: Sequence[NDArray[np.int64]], n_films: int) -> sparse.csr_array:
    """A matrix with 1 for each film somebody had, (n_people, n_films), float32."""
    ends = np.cumsum([0, *(len(each) for each in had)])
    columns = np.concatenate([np.zeros(0, dtype=np.int64), *had])
    ones = np.ones(len(columns), dtype=np.float32)
    return sparse.csr_array((ones, columns, ends), shape=(len(had), n_films))


def _rows(
    path: Path, columns: tuple[str, ...], *, delimiter: str = ","
) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = csv.DictReader(lines, delimiter=delimiter)
            if lacking := [name for name in columns if name not in (rows.fieldnames or ())]:
                raise DataError(f"wanted the column {lacking[0]} in {path}, got {rows.fieldnames}")
            yield from rows
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
