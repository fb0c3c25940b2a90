"""Build the built-in pack `movies` from an encyclopedia's list of films.

    python -m simpatico.finetune.pack --wikipedia DIR --redial DIR --out retrieval/packs/movies

Facts and figures go in, sentences stay out: the leads of the articles are read for facts and
turned into vectors, and are not kept. docs/data.md says where the sources come from.
"""

import argparse
import csv
import gzip
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from simpatico.domain import Item, Media
from simpatico.errors import DataError
from simpatico.finetune.additions import LEAST_MENTIONS, read_additions, text_of_addition
from simpatico.finetune.colikes import Conversation, count_colikes, read_conversations
from simpatico.finetune.facts import (
    Keywords,
    cast_of,
    directors_of,
    distinct,
    genres_of,
    language_of,
    minutes_of,
    slug_of,
    title_of,
)
from simpatico.finetune.notability import (
    STANDING,
    Linker,
    as_well_known,
    by_mentions,
    notability,
    star_power,
)
from simpatico.finetune.story import story_of
from simpatico.modelstore import ModelStore
from simpatico.protocols import Encoder
from simpatico.retrieval.encoders.minilm import MiniLM
from simpatico.retrieval.packs import quantise, write_items_table
from simpatico.settings import load_settings
from simpatico.text import clean, fold_title

YEARS = (1920, 2023)
POSTER_HOST = "https://upload.wikimedia.org/"
NEVER_2023 = {
    "Challengers_(film)",
    "Dune:_Part_Two",
    "Kraven_the_Hunter_(film)",
    "Untitled_Ghostbusters:_Afterlife_sequel",
}
"""Listed as upcoming in 2023, and put off to a later year."""

RETITLED = {
    "Birdman_(film)": "Birdman",
    "Borat": "Borat",
    "Naked_Gun_33_1/3:_The_Final_Insult": "Naked Gun 33⅓: The Final Insult",
}
"""Titles of the source that nobody types, and what people call the film."""

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, steps done, steps in all)."""


@dataclass(frozen=True)
class Film:
    """One row of the source. `lead` is read for facts and never written anywhere."""

    slug: str
    href: str
    title: str
    year: int
    genres: tuple[str, ...]
    cast: tuple[str, ...]
    lead: str
    poster: str


def build_pack(
    source: Path,
    redial: Path | None,
    out: Path,
    *,
    encoder: Encoder[str],
    limit: int = 12_000,
    progress: Progress = lambda what, done, total: None,
) -> None:
    """Write items.parquet, vectors.npz and behaviour.npz into `out`.

    `out` holds what is written by hand: keywords.tsv, premises.tsv, additions.tsv, wellknown.tsv.
    Tone is a second step (`simpatico.finetune.tone`). The same input gives the same bytes.

    Args:
        source: folder with movies.jsonl.gz.
        redial: folder with train.jsonl; None: nothing is known of mentions and likes.
        out: the pack's folder.
        encoder: makes the text vectors.
        limit: how many films to keep, the best known.
        progress: told how far it is.

    Raises:
        DataError: when a source cannot be read.
    """
    conversations: list[Conversation] = []
    if redial is not None:
        conversations = list(read_conversations(redial / "train.jsonl"))
    added = read_additions(out / "additions.tsv")
    by_us = {item.id for item in added}
    films = [film for film in read_films(source / "movies.jsonl.gz") if film.slug not in by_us]
    labels = [(film.slug, film.title, film.year) for film in films]
    linker = Linker([*labels, *_labels(added)])
    named = linker.count(label for talk in conversations for label in talk.named)
    stars = star_power((film.cast, named[film.slug]) for film in films)
    scores = {film.slug: _score(film, named[film.slug], stars) for film in films}
    for slug in read_column(out / "wellknown.tsv", "title").keys() & scores.keys():
        scores[slug] = as_well_known(scores[slug])
    chosen = sorted(films, key=lambda film: (-scores[film.slug], film.slug))
    chosen = chosen[: limit - len(added)]
    progress("choosing films", len(chosen) + len(added), len(films) + len(added))

    for item in added:
        scores[item.id] = STANDING + by_mentions(max(named[item.id], LEAST_MENTIONS))
    ids = [*(film.slug for film in chosen), *(item.id for item in added)]
    top, bottom = max(scores[id_] for id_ in ids), min(scores[id_] for id_ in ids)
    popularity = {id_: round((scores[id_] - bottom) / max(top - bottom, 1e-9), 4) for id_ in ids}

    keywords = Keywords.parse((out / "keywords.tsv").read_text(encoding="utf-8").splitlines())
    premises = read_column(out / "premises.tsv", "premise")
    pairs: list[tuple[Item, str]] = []
    for done, film in enumerate(chosen, 1):
        premise = premises.get(film.slug, "")
        item = item_of(film, keywords, premise=premise, popularity=popularity[film.slug])
        pairs.append((item, text_of(item, film.lead)))
        progress("reading facts", done, len(chosen))
    for item in added:
        known = Item(**{**dict(item), "popularity": popularity[item.id]})
        pairs.append((known, text_of_addition(known)))
    pairs.sort(key=lambda pair: (-pair[0].popularity, pair[0].id))
    items = [item for item, _ in pairs]
    texts = [text for _, text in pairs]

    vectors = np.zeros((len(texts), encoder.dim), dtype=np.float32)
    for start in range(0, len(texts), 64):
        vectors[start : start + 64] = encoder.encode(texts[start : start + 64])
        progress("making vectors", min(start + 64, len(texts)), len(texts))

    write_items_table(out / "items.parquet", tuple(items))
    quantised, scales = quantise(vectors)
    np.savez_compressed(
        out / "vectors.npz", vectors=quantised, scales=scales, encoder=np.array(encoder.name)
    )
    if conversations:
        table = count_colikes(conversations, Linker(_labels(items)))
        np.savez_compressed(
            out / "behaviour.npz", ids=np.array(table.ids), a=table.a, b=table.b, n=table.n
        )


def read_films(path: Path) -> list[Film]:
    """Rows that can become items: one per article, of films with a lead, within `YEARS`.

    Raises:
        DataError: when the file cannot be read, or a line is no film.
    """
    films: dict[str, Film] = {}
    for number, row in _rows(path):
        try:
            slug = slug_of(row.get("href") or "")
            film = Film(
                slug=slug,
                href=row.get("href") or "",
                title=RETITLED.get(slug, title_of(row["title"])),
                year=int(row["year"]),
                genres=tuple(row.get("genres") or ()),
                cast=cast_of(row.get("cast") or ()),
                lead=clean(row.get("extract") or "", max_chars=4000),
                poster=row.get("thumbnail") or "",
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{path}, line {number}: no film ({error!r})") from error
        kept = films.get(film.slug)
        # An article may be listed once for each of several films, and by mistake for a film of the
        # same name: the first whose title the lead begins with is kept.
        if _wanted(film) and (kept is None or (_is_about(film) and not _is_about(kept))):
            films[film.slug] = film
    return list(films.values())


def item_of(film: Film, keywords: Keywords, *, premise: str, popularity: float) -> Item:
    """The facts of a film as an item: creators are the directors, then the cast."""
    directors = directors_of(film.lead)
    extra = [("slug", film.href)]
    if directors:
        extra.append(("director", " | ".join(directors)))
    if language := language_of(film.lead):
        extra.append(("language", language))
    if minutes := minutes_of(film.lead):
        extra.append(("minutes", str(minutes)))
    poster = film.poster if film.poster.startswith(POSTER_HOST) else ""
    return Item(
        id=film.slug,
        title=film.title,
        year=film.year,
        creators=distinct(directors + film.cast),
        genres=genres_of(film.genres, film.lead),
        keywords=keywords.find(film.lead),
        text=premise,
        media=(Media(kind="image", uri=poster),) if poster else (),
        popularity=popularity,
        extra=tuple(extra),
    )


def text_of(item: Item, lead: str) -> str:
    """What the vector of a film is made from: its story, not its title (docs/data.md)."""
    words = ", ".join((*item.genres, *item.keywords))
    return f"{words}. {story_of(lead, item.title)}"


def read_column(path: Path, column: str) -> dict[str, str]:
    """One column of a table kept by hand, by its `slug`: {slug: value}; no file, no values."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["slug"]: row[column] for row in rows}


def _wanted(film: Film) -> bool:
    if not film.slug or not film.title or not film.lead or film.slug in NEVER_2023:
        return False
    if not YEARS[0] <= film.year <= YEARS[1] or len(film.slug) > 200:
        return False
    short = "Short" in film.genres or " short film" in film.lead[:200]
    if short and (film.year < 1960 or "Silent" in film.genres):
        return False
    about_a_film = any(
        word in film.lead.lower()
        for word in ("film", "movie", "picture", "documentary", "serial", "remake", "biopic")
    )
    return about_a_film and not film.title.startswith("Untitled ")


def _is_about(film: Film) -> bool:
    return fold_title(film.title) in fold_title(film.lead[:200])


def _score(film: Film, mentions: int, stars: Mapping[str, float]) -> float:
    famous = sorted((stars.get(name, 0.0) for name in film.cast[:5]), reverse=True)[:3]
    return notability(
        lead=film.lead,
        year=film.year,
        cast=film.cast,
        poster=bool(film.poster),
        mentions=mentions,
        stars=sum(famous) / 3,
    )


def _labels(items: Iterable[Item]) -> Iterator[tuple[str, str, int]]:
    for item in items:
        if item.year is not None:
            yield item.id, item.title, item.year


def _rows(path: Path) -> Iterator[tuple[int, Any]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                yield number, json.loads(line)
    except (OSError, EOFError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Build the pack of films.")
    parser.add_argument("--wikipedia", type=Path, required=True, help="has movies.jsonl.gz")
    parser.add_argument("--redial", type=Path, help="has train.jsonl")
    parser.add_argument("--out", type=Path, required=True, help="the pack's folder")
    parser.add_argument("--limit", type=int, default=12_000)
    options = parser.parse_args(arguments)
    settings = load_settings()
    encoder = MiniLM(ModelStore(settings.cache).fetch("minilm"))

    def show(what: str, done: int, total: int) -> None:
        end = "\n" if done == total else "\r"
        print(f"{what}: {done} of {total}", end=end, file=sys.stderr)

    build_pack(
        options.wikipedia,
        options.redial,
        options.out,
        encoder=encoder,
        limit=options.limit,
        progress=show,
    )


if __name__ == "__main__":
    main()
