"""`simpatico eval multimodal`: pictures and titles that find each other, and what modalities add.

Two runs of the harness: products held out, asked for both ways (`cross_modal`); and people's next
film, of all and of cold items, by what a ranker sees of an item (`modalities`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simpatico.eval.cross_modal import BRIDGE, CUTOFFS, N_PARTS, Found, Products
from simpatico.eval.leaks import near_duplicates
from simpatico.eval.modalities import Outcome
from simpatico.eval.modality_rows import Row
from simpatico.eval.next_item import CUTOFF
from simpatico.eval.record import Cases, Check, Run, record_of

WAYS: Final = (("picture to title", "to_text"), ("title to picture", "to_image"))


def retrieval_run(
    found: Sequence[Found],
    products: Products,
    held: NDArray[np.bool_],
    *,
    data: Path,
    problems: Sequence[str],
    command: str,
    seed: int,
) -> Run:
    """A case for each held-out product; groups are drawn again.

    Args:
        found: systems; the bridge is put first.
        products: all that could be read.
        held: (n,) which were held out.
        data: the folder.
        problems: what could not be read.
        command: for the record.
        seed: of the split and the draws.
    """
    rows = np.flatnonzero(held)
    names = products.ids or tuple(str(at) for at in range(len(products.titles)))
    titles = [products.titles[at] for at in rows]
    ordered = sorted(found, key=lambda one: one.title != BRIDGE)
    cases = {}
    for one in ordered:
        values = {}
        for way, field in WAYS:
            ranks: NDArray[np.int64] = getattr(one, field)
            values[f"{way}, MRR"] = 1 / ranks
            values |= {f"{way}, R@{k}": (ranks <= k).astype(np.float64) for k in CUTOFFS}
        cases[one.title] = Cases(
            tuple(names[at] for at in rows),
            tuple(str(products.groups[at]) for at in rows),
            values,
            np.zeros(len(rows), dtype=np.bool_),
            {
                "title": tuple(titles),
                "place of its title": tuple(str(each) for each in one.to_text),
                "place of its picture": tuple(str(each) for each in one.to_image),
            },
        )
    fitted = [title for title, out in zip(products.titles, held, strict=True) if not out]
    shown = {row.tobytes() for row in products.pictures[~held]}
    record = record_of(
        "multimodal retrieval",
        "Pictures and titles of products",
        cases,
        command=command,
        seed=seed,
        data=[data / "items.csv"],
        protocol={
            "held out": f"one of {N_PARTS} parts of the groups that share a title or a picture:"
            f" {len(rows):,} products, {len(set(titles)):,} titles",
            "asked": "each among all held out; right is each of the same title; ties against it",
            "drawn again": "groups",
        },
        skipped={"products whose picture cannot be read": len(problems)} if problems else {},
        checks=(
            Check(
                what="held-out titles that fitting saw",
                n_found=sum(title in set(fitted) for title in titles),
                n=len(titles),
            ),
            Check(
                what="held-out titles nearly one that fitting saw",
                n_found=sum(near_duplicates(titles, fitted)),
                n=len(titles),
            ),
            Check(
                what="held-out pictures that fitting saw",
                n_found=sum(row.tobytes() in shown for row in products.pictures[held]),
                n=len(titles),
            ),
        ),
        about={
            one.title: {"fitted with": one.note.partition(": ")[2]} for one in found if one.note
        },
    )
    return Run(record, cases)


def ablation_run(
    found: Mapping[Row, Outcome],
    people: Sequence[str],
    *,
    data: Sequence[Path],
    protocol: Mapping[str, str],
    command: str,
) -> Run:
    """A case for each person and draw of cold films; people are drawn again, draws are not.

    Args:
        found: values, (n_draws, n_people), by row; the row that sees most is put first.
        people: ids, (n_people,).
        data: files that were read.
        protocol: how.
        command: for the record.
    """
    ordered = sorted(found, key=lambda row: (-len(row.modalities) - row.ids, not row.evidence))
    asked = ~np.isnan(found[ordered[0]].all_ndcg) | ~np.isnan(found[ordered[0]].cold_ndcg)
    draw, person = np.nonzero(asked)
    whose = tuple(people[int(at)] for at in person)
    names = tuple(f"{who}:{at}" for who, at in zip(whose, draw, strict=True))
    cases = {}
    for row in ordered:
        one = found[row]
        place = one.place[asked]
        values = {
            f"all, NDCG@{CUTOFF}": one.all_ndcg[asked],
            f"all, HR@{CUTOFF}": one.all_hit[asked],
            f"cold, NDCG@{CUTOFF}": one.cold_ndcg[asked],
            f"cold, HR@{CUTOFF}": one.cold_hit[asked],
            "cold, NDCG less a random order": (one.cold_ndcg - one.chance_ndcg)[asked],
            "cold in the catalogue, HR@100": np.where(np.isnan(place), np.nan, place <= 100),
        }
        told = tuple("" if np.isnan(each) else f"{each:.0f}" for each in place)
        cases[row.title] = Cases(
            names,
            whose,
            values,
            np.zeros(len(names), dtype=np.bool_),
            {"place of a cold target in the catalogue": told},
        )
    record = record_of(
        "multimodal ablation",
        "What modalities are worth to a ranker",
        cases,
        command=command,
        seed=0,
        data=data,
        protocol={**protocol, "drawn again": "people"},
        skipped={"people and draws without a target": int((~asked).sum())},
    )
    return Run(record, cases)
