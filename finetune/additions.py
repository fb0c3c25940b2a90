"""Films that the source lacks (it lists American ones), written down by our editors."""

import csv
from pathlib import Path

from simpatico.domain import Item
from simpatico.errors import DataError

LEAST_MENTIONS = 5
"""An addition counts as named this often at least: it is here because it is well known."""


def read_additions(path: Path) -> tuple[Item, ...]:
    """Read additions.tsv; an item's text is its premise. No file, no items.

    Raises:
        DataError: for a row that is no item, with its line number.
    """
    if not path.exists():
        return ()
    items = []
    with path.open(encoding="utf-8", newline="") as lines:
        for row in (rows := csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)):
            try:
                directors = _several(row["directors"])
                extra = [("slug", row["slug"]), ("director", " | ".join(directors))]
                if row["language"]:
                    extra.append(("language", row["language"]))
                item = Item(
                    id=row["slug"],
                    title=row["title"],
                    year=int(row["year"]),
                    creators=tuple(dict.fromkeys(directors + _several(row["cast"]))),
                    genres=_several(row["genres"]),
                    keywords=_several(row["keywords"]),
                    text=row["premise"],
                    extra=tuple(extra),
                )
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise DataError(f"{path}, line {rows.line_num}: no item ({error!r})") from error
            items.append(item)
    return tuple(items)


def text_of_addition(item: Item) -> str:
    """What the vector of an addition is made from: our own words only."""
    return f"{', '.join((*item.genres, *item.keywords))}. {item.text}"


def _several(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";") if part.strip())
