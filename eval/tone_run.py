"""`simpatico eval tone` as a run of the harness.

The run is of films that no editor rated, which is the honest figure for a film that nobody has
seen; tables of all films and of those rated stand beside it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import TONES, Item
from simpatico.errors import DataError
from simpatico.eval.above import ABOVE, above_others
from simpatico.eval.leaks import NEAR_DUPLICATE, near_duplicates
from simpatico.eval.pooled import CHANCE, TRUE, Pooled
from simpatico.eval.record import Cases, Check, Run, record_of
from simpatico.eval.tables import Table
from simpatico.eval.tone import (
    Floats,
    evaluate,
    genre_profiles,
    match_tags,
    prompt_profiles,
    read_tags,
    table,
)
from simpatico.eval.tone_tags import MIN_FILMS, TAGS_OF_TONE
from simpatico.modelstore import ModelStore
from simpatico.retrieval.encoders.minilm import MiniLM
from simpatico.retrieval.packs import load_pack
from simpatico.text import fold_title


def run(
    tags_csv: Path,
    items: Sequence[Item],
    profiles: Mapping[str, Floats],
    rated: NDArray[np.bool_],
    *,
    beside: Mapping[str, Floats] | None = None,
    command: str,
    seed: int = 0,
    min_films: int = MIN_FILMS,
) -> tuple[Run, tuple[Table, ...]]:
    """Measure profiles on films that no editor rated, and tables of all films and of the rated.

    Args:
        tags_csv: see `evaluate`.
        items: the films.
        profiles: by name (n_items, n_tones), the one that matters first.
        rated: (n_items,), whom an editor rated; profiles were learnt from those.
        beside: further profiles for the tables alone.
        command: for the record.
        seed: of the draws.
        min_films: see `evaluate`.

    Raises:
        DataError: the table cannot be read, or no tag has enough films.
    """
    matched = match_tags(items, read_tags(tags_csv))
    rows = np.array(
        [at for at, tags in enumerate(matched) if tags is not None and not rated[at]], dtype=int
    )
    counted = {
        tag: (tone, holds)
        for tone, names in TAGS_OF_TONE.items()
        for tag in names
        if (holds := np.array([tag in (matched[at] or ()) for at in rows], dtype=bool)).sum()
        >= min_films
    }
    if not counted:
        raise DataError(f"no tag of {tags_csv} has {min_films} films of the catalogue")
    cases = {
        name: _cases([items[at] for at in rows], own[rows], counted)
        for name, own in profiles.items()
    }
    tagged = [tags for tags in matched if tags is not None]
    record = record_of(
        "tone",
        "Tones of films that no editor rated, by readers' tags",
        cases,
        command=command,
        seed=seed,
        data=[tags_csv],
        protocol={
            "films": f"{len(rows):,} of {len(items):,}: matched by title and year, unrated",
            "tags": f"{len(counted)} with at least {min_films} films, each of one tone, fixed"
            " before any result was seen",
            "AUC": "the chance that a film with the tag scores more than one without; ties half",
            ABOVE: "of a film's tags, the share of films without them that score less",
            "drawn again": "films",
        },
        skipped={
            "films that the tags do not have": len(items) - len(tagged),
            "films that an editor rated": len(tagged) - len(rows),
        },
        checks=_checks(items, rows, rated),
        pooled=(
            Pooled(metric="mean AUC", how="ROC AUC", of=tuple(counted)),
            *(
                Pooled(metric=f"AUC: {tone}, {tag}", how="ROC AUC", of=(tag,))
                for tag, (tone, _) in counted.items()
            ),
        ),
    )
    more = []
    for title, only in (
        ("All matched films", np.ones(len(rated), dtype=bool)),
        ("Films that an editor rated", rated),
    ):
        reports = {
            name: evaluate(tags_csv, items, own, only=only, min_films=min_films, seed=seed)
            for name, own in {**profiles, **(beside or {})}.items()
        }
        if any(each.scores for each in reports.values()):
            more.append(table(title, reports))
    return Run(record, cases), tuple(more)


def _cases(
    films: Sequence[Item],
    profiles: Floats,
    counted: Mapping[str, tuple[str, NDArray[np.bool_]]],
) -> Cases:
    scores = np.stack([profiles[:, TONES.index(tone)] for tone, _ in counted.values()])
    true = np.stack([holds for _, holds in counted.values()])
    columns: dict[str, NDArray[np.float64]] = {}
    for tag, own, holds in zip(counted, scores, true, strict=True):
        columns |= {
            f"{TRUE}{tag}": holds.astype(np.float64),
            f"{CHANCE}{tag}": own.astype(np.float64),
        }
    names = list(counted)
    ids = tuple(film.id for film in films)
    return Cases(
        ids,
        ids,
        {ABOVE: above_others(scores.astype(np.float64), true)},
        np.zeros(len(ids), dtype=np.bool_),
        {
            "film": tuple(film.label for film in films),
            "tags": tuple(", ".join(names[at] for at in np.flatnonzero(holds)) for holds in true.T),
        },
        columns,
    )


def _checks(
    items: Sequence[Item], rows: NDArray[np.int64], rated: NDArray[np.bool_]
) -> tuple[Check, ...]:
    learnt = [item for item, own in zip(items, rated, strict=True) if own]
    asked = [items[at] for at in rows]
    known = {fold_title(item.title) for item in learnt}
    near = near_duplicates([item.text for item in asked], [item.text for item in learnt])
    return (
        Check(what="films that an editor rated, by id", n_found=int(rated[rows].sum()),
              n=len(rows)),
        Check(what="films with the title of one that an editor rated",
              n_found=sum(fold_title(item.title) in known for item in asked), n=len(rows)),
        Check(what=f"films with nearly the text of a rated one (Jaccard {NEAR_DUPLICATE} of word"
              " triples)", n_found=sum(near), n=len(rows)),
    )  # fmt: skip


def measure(
    tags_csv: Path, pack_folder: Path, models: ModelStore, *, command: str, seed: int = 0
) -> tuple[Run, tuple[Table, ...]]:
    """Measure the shipped model beside one prompt and genres, on the built-in films.

    Args:
        tags_csv: see `evaluate`.
        pack_folder: has the editors' ratings.
        models: has the encoder.
        command: for the record.
        seed: of the draws.

    Raises:
        DataError: the tags or the ratings cannot be read.
        ModelError: the encoder is missing.
    """
    from simpatico.finetune.tone import RIDGE, read_ratings, train

    pack = load_pack("movies")
    ratings = read_ratings(pack_folder)
    trained = train(pack, ratings)
    model = trained.model.profile(pack.items, pack.vectors)
    position = {item.id: at for at, item in enumerate(pack.items)}
    model[[position[each] for each in trained.ids]] = trained.model.calibrate(trained.held_out)
    return run(
        tags_csv,
        pack.items,
        {
            "model": model,
            "genres": genre_profiles(pack.items, ratings, ridge=RIDGE),
            "one prompt": prompt_profiles(MiniLM(models.path("minilm")), pack.vectors),
        },
        np.array([item.id in ratings for item in pack.items]),
        beside={"shipped": np.array([item.tone for item in pack.items], dtype=np.float32)},
        command=command,
        seed=seed,
    )
