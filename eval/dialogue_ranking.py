"""What to offer next in a dialogue: the fusion ranker against what it replaces and simple counters.

Of dialogues held out whole (`held_dialogues`) the targets of each decision are looked for. What was
named before is masked; a target that a row does not offer counts as missed. As served, a ranker
knows what the seeker named, not what was offered; over the whole catalogue it knows both. Either
way the counters beside it are told of the same films. Where somebody read the dialogues, the ranker
is told of moods and needs, and stands beside itself without them and one that never learnt of any;
likewise of what seekers said of films named before: liked, disliked, seen.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Profile, UserState
from simpatico.eval.dialogue_certainty import certainty_run, suggested
from simpatico.eval.dialogue_counters import counters, told_of
from simpatico.eval.dialogue_moods import MOODS_TRIED, NEEDS_TRIED, TOP, Told, swapped
from simpatico.eval.held_dialogues import (
    N_CANDIDATES,
    Asked,
    held_out,
    held_out_checks,
    hold_out,
    split_told,
)
from simpatico.eval.record import Cases, Run, record_of
from simpatico.finetune.dialogue_train import Conversational, Plan, named_in
from simpatico.finetune.dialogues import Decision
from simpatico.finetune.film_ranker import ReadAll, card_of, part_of, read_films, train_films
from simpatico.finetune.fusion_export import export
from simpatico.protocols import Encoder, ProgressCallback
from simpatico.retrieval.fusion import FusionModel, FusionScorer
from simpatico.retrieval.packs import Pack
from simpatico.retrieval.rank import LinearRanker

CUTOFFS: Final = (1, 10, 50)
_TOLD_CHARS: Final = 300
LINEAR: Final = "linear ranker, as served"
SERVED: Final = "fusion ranker, as served"
WHOLE: Final = "fusion ranker, whole catalogue"
UNREAD: Final = ", told of no mood or need"
UNTAUGHT: Final = ", trained without moods and needs"
UNTOLD: Final = ", told of no likes or dislikes"
UNVALUED: Final = ", trained without likes and dislikes"

AS_SERVED: Final = "what the seeker named, not what was offered"
TOLD_ALL: Final = "what the seeker named, and what was offered"

Ranks = NDArray[np.float64]
"""For each target (n_targets,): its place from 1; inf where it was not offered."""


def run(
    file: Path,
    pack: Pack,
    encoder: Encoder[str],
    *,
    seed: int = 0,
    plan: Plan | None = None,
    read: ReadAll | None = None,
    command: str = "",
    progress: ProgressCallback = lambda what, done, total: None,
) -> dict[str, Run]:
    """Hold dialogues out, train on the others, and compare.

    Args:
        file: ReDial's training dialogues.
        pack: the catalogue.
        encoder: of its text vectors.
        seed: of the split, of weights, order and folds.
        plan: how the ranker is trained; its seed is not looked at.
        read: reads how seekers feel and what they need; None: nobody does.
        command: for the record.
        progress: told of encoding, batches and rankings.

    Returns:
        "offers": places of the targets as served; "whole": over the whole catalogue; "certainty",
        where enough was answered: how sure the ranker is of what was liked; "moods", where somebody
        read: how much of what is offered changes with the mood or the need while the words stay.

    Raises:
        DataError: the file cannot be read, or names nothing of the catalogue.
    """
    films = read_films(file, pack.items, pack.vectors, encoder, read=read, progress=progress)
    asked = hold_out(films, pack.name, encoder, seed=seed)
    plan = replace(plan or Plan(), seed=seed)
    decisions = asked.asked.decisions
    by_hand = served(asked, LinearRanker(asked.catalogue), progress=progress)
    trained = train_films(films, asked.known, plan, progress=progress)
    scorer = scorer_of(trained, asked, encoder=pack.encoder)
    rows = {SERVED: _served_by(scorer, asked, progress)}
    whole = {WHOLE: ranks_of(trained.scores(asked.asked), decisions)}
    silent = untold(asked)
    rows[SERVED + UNTOLD] = _served_by(scorer, silent, progress)
    whole[WHOLE + UNTOLD] = ranks_of(trained.scores(silent.asked), decisions)
    unvalued = train_films(films, silent.known, plan, progress=progress)
    whole[WHOLE + UNVALUED] = ranks_of(unvalued.scores(silent.asked), decisions)
    runs = {}
    ranker = _proposing(scorer, asked)
    scored = suggested(silent, ranker, progress=progress)
    if sure := certainty_run(scored, asked, file=file, pack=pack, command=command, seed=seed):
        runs["certainty"] = sure
    if asked.asked.states:
        cases = swapped(asked, ranker, scorer, progress=progress)
        runs["moods"] = moods_run(cases, asked, file=file, pack=pack, command=command, seed=seed)
        unread = asked.asked._replace(states=())
        rows[SERVED + UNREAD] = _served_by(Told(scorer, UserState()), asked, progress)
        whole[WHOLE + UNREAD] = ranks_of(trained.scores(unread), decisions)
        other = train_films(films, asked.known._replace(states=()), plan, progress=progress)
        untaught = scorer_of(other, asked, encoder=pack.encoder)
        rows[SERVED + UNTAUGHT] = _served_by(untaught, asked, progress)
        whole[WHOLE + UNTAUGHT] = ranks_of(other.scores(unread), decisions)
    rows |= {LINEAR: by_hand, **_counters(asked, offered=False)}
    whole |= _counters(asked, offered=True)

    def made(rows: Mapping[str, Ranks], told: str) -> Run:
        return run_of(rows, asked, told=told, file=file, pack=pack, command=command, seed=seed)

    return {"offers": made(rows, AS_SERVED), "whole": made(whole, TOLD_ALL), **runs}


def untold(asked: Asked) -> Asked:
    """The same, where nobody says what they like or dislike of what was named, here or there."""
    return asked._replace(known=asked.known.untold, asked=asked.asked.untold)


def scorer_of(trained: Conversational, asked: Asked, *, encoder: str) -> FusionScorer:
    """A trained ranker as it is served, with the catalogue read."""
    films = asked.films
    with tempfile.TemporaryDirectory() as folder:
        card = card_of(trained, films, encoder=encoder, command="")
        export(trained, card, [item.id for item in films.items], Path(folder))
        return FusionModel(Path(folder)).of(films.items, asked.catalogue)


def _served_by(scorer: FusionScorer | Told, asked: Asked, progress: ProgressCallback) -> Ranks:
    return served(asked, _proposing(scorer, asked), progress=progress)


def _proposing(scorer: FusionScorer | Told, asked: Asked) -> LinearRanker:
    """The ranker with this trained one, which from now on finds candidates, too."""
    asked.catalogue.propose_with(scorer)
    return LinearRanker(asked.catalogue, learned=scorer)


def _counters(asked: Asked, *, offered: bool) -> dict[str, Ranks]:
    """What counting of the dialogues learnt from gives, told what the seeker named, or of all."""
    decisions = asked.asked.decisions
    counted = counters(list(named_in(asked.known.decisions).values()), len(asked.films.items))
    told = [told_of(one, offered=offered) for one in decisions]
    return {name: ranks_of(score(told), decisions) for name, score in counted.items()}


def run_of(
    rows: Mapping[str, Ranks],
    asked: Asked,
    *,
    told: str,
    file: Path,
    pack: Pack,
    command: str,
    seed: int,
) -> Run:
    """A run with a case for each fresh target; dialogues are drawn again.

    Args:
        rows: places of the targets, the row that matters first.
        asked: what was asked.
        told: what all rows know of the films named before, in words.
        file: of the dialogues.
        pack: the catalogue.
        command: for the record.
        seed: of the split and the draws.
    """
    cases = {name: _cases(asked, ranks) for name, ranks in rows.items()}
    films = asked.films
    n_held = len({one.dialogue for one in asked.asked.decisions})
    n_left = sum(
        not one.fresh for one in part_of(films, held_out(films, seed)).decisions if one.offered
    )
    record = record_of(
        "dialogues",
        f"What to offer next in a dialogue, told {told}",
        cases,
        command=command,
        seed=seed,
        data=[file],
        protocol={
            "catalogue": f"{pack.name}, {len(films.items):,} films; which they are was chosen by"
            " all dialogues",
            "split": f"{split_told(films, seed)}: {n_held} with a target",
            "targets": "films of the catalogue that a recommender names first; what was named"
            " before is masked, what a row does not offer is missed, ties count against it",
            "told": f"{told}; rankers also the seeker's words, and what they said when it was over"
            " of films named before",
            "served": f"of the best {N_CANDIDATES} candidates; others rank the whole catalogue",
            "drawn again": "dialogues",
        },
        skipped={"offers of nothing but films named before": n_left},
        checks=held_out_checks(films, asked, seed),
    )
    return Run(record, cases)


def moods_run(
    cases: Mapping[str, Cases],
    asked: Asked,
    *,
    file: Path,
    pack: Pack,
    command: str,
    seed: int,
) -> Run:
    """A run with a case for each state of which mood and need are changed; see `run_of`."""
    films = asked.films
    record = record_of(
        "dialogue-moods",
        "How much of what is offered changes with a mood or a need",
        cases,
        command=command,
        seed=seed,
        data=[file],
        protocol={
            "catalogue": f"{pack.name}, {len(films.items):,} films",
            "split": f"{split_told(films, seed)}; a ranker trained on the others",
            "changed": f"share of the first {TOP} that differ, mean over all pairs of"
            f" {', '.join(MOODS_TRIED)} (or of {', '.join(NEEDS_TRIED)}); words and what was named"
            " stay",
            "of": f"the best {N_CANDIDATES} candidates, before variety is seen to",
            "drawn again": "dialogues",
        },
        skipped={},
        checks=held_out_checks(films, asked, seed),
    )
    return Run(record, cases)


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
        state = asked.state(at)
        candidates = asked.catalogue.candidates(state=state, profile=Profile(), n=N_CANDIDATES)
        ranked = ranker.rank(candidates, state=state, profile=Profile())
        place = {each.item.id: at for at, each in enumerate(ranked, start=1)}
        found += [place.get(items[target].id, np.inf) for target in one.fresh]
    return np.array(found, dtype=np.float64)
