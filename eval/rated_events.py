"""Ratings of MovieLens as events of a log (GroupLens; for research: nothing learnt of it ships)."""

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from simpatico.domain import Event, Item
from simpatico.errors import DataError
from simpatico.finetune.notability import Linker


def events_of(
    folder: Path, items: Sequence[Item], *, n_people: int | None = None, seed: int = 0
) -> Iterator[Event]:
    """Ratings of films of the catalogue as events, in order of time, the file's among equals.

    Half a star counts as one: fewer there are not.

    Args:
        folder: of movies.csv and ratings.csv.
        items: the catalogue.
        n_people: so many, drawn; None: all.
        seed: of the draw.

    Raises:
        DataError: movies.csv and ratings.csv cannot be read.
    """
    linker = Linker((item.id, item.title, item.year or 0) for item in items)
    try:
        with (folder / "movies.csv").open(encoding="utf-8", newline="") as file:
            linked = {row["movieId"]: linker.link(row["title"]) for row in csv.DictReader(file)}
        with (folder / "ratings.csv").open(encoding="utf-8", newline="") as file:
            rows = sorted(csv.DictReader(file), key=lambda row: int(row["timestamp"]))
    except (OSError, KeyError, ValueError, UnicodeDecodeError) as error:
        raise DataError(f"ratings in {folder} cannot be read: {error!r}") from error
    people = sorted({row["userId"] for row in rows})
    drawn = np.random.default_rng(seed).permutation(len(people))[:n_people]
    asked = {people[at] for at in drawn}
    for row in rows:
        if (item_id := linked.get(row["movieId"])) and row["userId"] in asked:
            yield Event(
                id=f"{row['userId']}-{row['movieId']}",
                at=datetime.fromtimestamp(int(row["timestamp"]), UTC),
                user=row["userId"],
                item_id=item_id,
                kind="rate",
                value=max(float(row["rating"]), 1.0),
            )
