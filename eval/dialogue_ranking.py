"""What to offer next in a dialogue: the fusion ranker against what it replaces and simple counters.

A decision is a turn of a recommender that names films nobody had named before (the targets). What
was named before is masked; a target that a row does not offer counts as missed. Dialogues are held
out whole: counters, likes, popularity and rankers see the others only. (Which films the catalogue
has was chosen by all of them.) As served, a ranker knows what the seeker named, not what was
offered.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Constraints, Item, Mentions, Profile, UserState
from simpatico.eval.leaks import NEAR_DUPLICATE, near_duplicates
from simpatico.eval.record import Cases, Check, Run, record_of
from simpatico.finetune.colikes import Conversation, count_colikes
from simpatico.finetune.dialogue_train import Plan, Talks, named_in
from simpatico.finetune.dialogues import Decision, Dialogue
from simpatico.finetune.film_ranker import Films, card_of, part_of, read_films, train_films
from simpatico.finetune.fusion_export import export
from simpatico.finetune.notability import Linker
from simpatico.protocols import Encoder, ProgressCallback
from simpatico.retrieval.behaviour import Behaviour
from simpatico.retrieval.catalog import Catalog
from simpatico.retrieval.fusion import FusionModel
from simpatico.retrieval.index import Index
from simpatico.retrieval.links import count_links, newest_of
from simpatico.retrieval.packs import Pack
from simpatico.retrieval.rank import LinearRanker
from simpatico.retrieval.store import MemoryStore
from simpatico.text import fold

CUTOFFS: Final = (1, 10, 50)
DEV_SHARE: Final = 0.2
N_CANDIDATES: Final = 200
_TOLD_CHARS: Final = 300
LINEAR: Final = "linear ranker, as served"
SERVED: Final = "fusion ranker, as served"

Ranks = NDArray[np.float64]
"""For each target (n_targets,): its place from 1; inf where it was not offered."""


class Asked(NamedTuple):
    """Decisions held out, and what everything was learnt from.

    Attributes:
        films: the catalogue and all dialogues.
        known: decisions to learn from.
        asked: decisions of other dialogues, each offered with a fresh target.
        catalogue: indexed; its likes are those of the dialogues learnt from.
    """

    films: Films
    known: Talks
    asked: Talks
    catalogue: Index


def run(
    file: Path,
    pack: Pack,
    encoder: Encoder[str],
    *,
    seed: int = 0,
    plan: Plan | None = None,
    command: str = "",
    progress: ProgressCallback = lambda what, done, total: None,
) -> Run:
    """Hold dialogues out, train on the others, and compare.

    Args:
        file: ReDial's training dialogues.
        pack: the catalogue.
        encoder: of its text vectors.
        seed: of the split, of weights, order and folds.
        plan: how the ranker is trained; its seed is not looked at.
        command: for the record.
        progress: told of encoding, batches and rankings.

    Raises:
        DataError: the file cannot be read, or names nothing of the catalogue.
    """
    films = read_films(file, pack.items, pack.vectors, encoder, progress=progress)
    asked = hold_out(films, pack.name, encoder, seed=seed)
    trained = train_films(films, asked.known, replace(plan or Plan(), seed=seed), progress=progress)
    decisions = asked.asked.decisions
    linear = served(asked, LinearRanker(asked.catalogue), progress=progress)
    with tempfile.TemporaryDirectory() as folder:
        card = card_of(trained, films, encoder=pack.encoder, command="")
        export(trained, card, [item.id for item in films.items], Path(folder))
        scorer = FusionModel(Path(folder)).of(films.items, asked.catalogue)
    asked.catalogue.propose_with(scorer)
    ranker = LinearRanker(asked.catalogue, learned=scorer)
    rows = {
        SERVED: served(asked, ranker, progress=progress),
        "fusion ranker, whole catalogue": ranks_of(trained.scores(asked.asked), decisions),
        LINEAR: linear,
        **_counters(asked),
    }
    return run_of(rows, asked, file=file, pack=pack, command=command, seed=seed)


def _counters(asked: Asked) -> dict[str, Ranks]:
    """What simple counting of the dialogues learnt from gives, over the whole catalogue."""
    decisions, n_items = asked.asked.decisions, len(asked.films.items)
    named = list(named_in(asked.known.decisions).values())
    known = np.bincount(np.concatenate(named), minlength=n_items).astype(np.float64)
    newest = np.stack([newest_of(np.array(one.before, dtype=np.int64)) for one in decisions])
    near = count_links(named, n_items).evidence(newest)[:, 0]
    return {
        "popularity": ranks_of(np.tile(known, (len(decisions), 1)), decisions),
        "named near it in other dialogues": ranks_of(near + 1e-9 * known, decisions),
    }


def run_of(
    rows: Mapping[str, Ranks],
    asked: Asked,
    *,
    file: Path,
    pack: Pack,
    command: str,
    seed: int,
) -> Run:
    """A run with a case for each fresh target; dialogues are drawn again.

    Args:
        rows: places of the targets, the row that matters first.
        asked: what was asked.
        file: of the dialogues.
        pack: the catalogue.
        command: for the record.
        seed: of the split and the draws.
    """
    told = {name: _cases(asked, ranks) for name, ranks in rows.items()}
    films = asked.films
    n_held = len({one.dialogue for one in asked.asked.decisions})
    n_left = sum(
        not one.fresh for one in part_of(films, held_out(films, seed)).decisions if one.offered
    )
    record = record_of(
        "dialogues",
        "What to offer next in a dialogue",
        told,
        command=command,
        seed=seed,
        data=[file],
        protocol={
            "catalogue": f"{pack.name}, {len(films.items):,} films; which they are was chosen by"
            " all dialogues",
            "split": f"{len(films.dialogues):,} dialogues, a fifth held out by seed {seed}:"
            f" {n_held} with a target",
            "targets": "films of the catalogue that a recommender names first; what was named"
            " before is masked, what a row does not offer is missed, ties count against it",
            "served": f"the best {N_CANDIDATES} candidates, told what the seeker named; the others"
            " are told what was offered before, too",
            "drawn again": "dialogues",
        },
        skipped={"offers of nothing but films named before": n_left},
        checks=held_out_checks(films, asked, seed),
    )
    return Run(record, told)


def _cases(asked: Asked, ranks: Ranks) -> Cases:
    items, dialogues = asked.films.items, asked.films.dialogues
    asked_of = [
        (at, one, target) for at, one in enumerate(asked.asked.decisions) for target in one.fresh
    ]
    place = tuple("" if np.isinf(each) else f"{each:.0f}" for each in ranks)
    return Cases(
        tuple(f"{one.dialogue}:{at}:{items[target].id}" for at, one, target in asked_of),
        tuple(f"{one.dialogue} {dialogues[one.dialogue].id}" for _, one, _ in asked_of),
        {
            **{f"R@{k}": (ranks <= k).astype(np.float64) for k in CUTOFFS},
            "MRR": 1 / ranks,
        },
        np.zeros(len(asked_of), dtype=np.bool_),
        {
            "target": tuple(items[target].label for _, _, target in asked_of),
            "place": place,
            "the seeker's words": tuple(one.words[-_TOLD_CHARS:] for _, one, _ in asked_of),
            "named before": tuple(
                ", ".join(items[each].label for each in dict.fromkeys(one.before))
                for _, one, _ in asked_of
            ),
        },
    )


def held_out_checks(films: Films, asked: Asked, seed: int) -> tuple[Check, ...]:
    """Looks for dialogues held out among the others, by id or nearly, and for targets told."""
    held = held_out(films, seed)
    parts: tuple[list[Dialogue], list[Dialogue]] = ([], [])
    for one, out in zip(films.dialogues, held, strict=True):
        parts[not out].append(one)
    ours, learnt = parts
    known = {one.id for one in learnt}
    texts, others = (
        [" ".join(turn.text for turn in one.turns) for one in each] for each in (ours, learnt)
    )
    targets = [(one, target) for one in asked.asked.decisions for target in one.fresh]
    return (
        Check(
            what="dialogues held out that training has, by id",
            n_found=sum(one.id in known for one in ours),
            n=len(ours),
        ),
        Check(
            what=f"dialogues held out that are nearly one of training (Jaccard {NEAR_DUPLICATE} of"
            " word triples)",
            n_found=sum(near_duplicates(texts, others)),
            n=len(ours),
        ),
        Check(
            what="targets whose title (two words or more) is in the words that rankers are given",
            n_found=sum(
                " " in (title := fold(films.items[target].title))
                and f" {title} " in f" {fold(one.words)} "
                for one, target in targets
            ),
            n=len(targets),
        ),
    )


def held_out(films: Films, seed: int) -> NDArray[np.bool_]:
    """Which dialogues are held out, (n_dialogues,): a fifth of them."""
    order = np.random.default_rng(seed).permutation(len(films.dialogues))
    held = np.zeros(len(order), dtype=bool)
    held[order[: round(len(order) * DEV_SHARE)]] = True
    return held


def hold_out(films: Films, name: str, encoder: Encoder[str], *, seed: int) -> Asked:
    """Hold a fifth of the dialogues out, and index the catalogue without their likes."""
    held = held_out(films, seed)
    asked = part_of(films, held)
    rows = [at for at, one in enumerate(asked.decisions) if one.offered and one.fresh]
    linker = Linker((item.id, item.title, item.year or 0) for item in films.items)
    talks = (one for one, out in zip(films.dialogues, held, strict=True) if not out)
    likes = count_colikes(map(_conversation, talks), linker)
    known = part_of(films, ~held)
    store = MemoryStore(films.text.shape[1])
    store.upsert([item.id for item in films.items], films.text)
    index = Index(
        Catalog(name, _as_known(films.items, known)),
        encoder,
        store,
        behaviour=Behaviour(likes.ids, likes.a, likes.b, likes.n),
    )
    return Asked(
        films,
        known,
        Talks([asked.decisions[at] for at in rows], asked.words[rows]),
        index,
    )


def _conversation(dialogue: Dialogue) -> Conversation:
    labels = {film: label for film, label in dialogue.labels if label}
    liked = tuple(labels[film] for film in dialogue.liked if film in labels)
    return Conversation(named=tuple(labels.values()), liked=liked)


def _as_known(items: Sequence[Item], talks: Talks) -> tuple[Item, ...]:
    """Items as popular as these decisions name them, on a logarithmic scale from 0 to 1."""
    named = np.concatenate(list(named_in(talks.decisions).values()))
    counts = np.log1p(np.bincount(named, minlength=len(items)))
    shares = counts / max(counts.max(), 1)
    return tuple(
        item.model_copy(update={"popularity": float(share)})
        for item, share in zip(items, shares, strict=True)
    )


def ranks_of(scores: NDArray[np.floating], decisions: Sequence[Decision]) -> Ranks:
    """Places of fresh targets among all items, (n, n_items); ties against them, named ones out."""
    found = []
    for row, one in zip(scores, decisions, strict=True):
        own = np.array(row, dtype=np.float64)
        own[list(one.before)] = -np.inf
        found += [np.count_nonzero(own >= own[target]) for target in one.fresh]
    return np.array(found, dtype=np.float64)


def served(asked: Asked, ranker: LinearRanker, *, progress: ProgressCallback) -> Ranks:
    """Places of fresh targets in what the page would rank, before variety is seen to."""
    items = asked.films.items
    found = []
    for at, one in enumerate(asked.asked.decisions):
        progress(f"Ranking with the {ranker.name} ranker", at + 1, len(asked.asked.decisions))
        named = zip(one.before, one.by_seeker, strict=True)
        by = {items[place].id: seeker for place, seeker in named}
        state = UserState(
            query=one.words,
            mentions=Mentions(liked=tuple(each for each, seeker in by.items() if seeker)),
            constraints=Constraints(exclude_ids=tuple(by)),
        )
        candidates = asked.catalogue.candidates(state=state, profile=Profile(), n=N_CANDIDATES)
        ranked = ranker.rank(candidates, state=state, profile=Profile())
        place = {each.item.id: at for at, each in enumerate(ranked, start=1)}
        found += [place.get(items[target].id, np.inf) for target in one.fresh]
    return np.array(found, dtype=np.float64)
