"""Is what is suggested liked as often as `p_accept` says? Answers of seekers in held-out dialogues.

ReDial's seekers said afterwards of each film whether they liked it. Asked about is every film that
a recommender suggested, scored as the page would score it then. Two numbers (Platt, 1999) fitted to
one half of the dialogues make chances in the other; beside them stand the level set by hand and the
share that was liked in the half fitted to. Nothing is told of what a seeker said of other films: it
was said in one go with what is asked about.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from simpatico.domain import Candidate, Profile
from simpatico.eval.held_dialogues import N_CANDIDATES, Asked, held_out_checks, split_told
from simpatico.eval.pooled import CHANCE, TRUE, Pooled
from simpatico.eval.record import Cases, Run, record_of
from simpatico.finetune.acceptance import platt
from simpatico.finetune.notability import Linker
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.packs import Pack
from simpatico.retrieval.rank import LinearRanker

FITTED: Final = "fitted to answers (Platt)"
BY_HAND: Final = "level set by hand, as served"
SHARE: Final = "the share that was liked, for all"

ANSWERED, EVERY = "of answered", "of all"
"""Outcomes: liked or disliked, where one of them was said; and liked or not said to be."""

_LEAST: Final = 5
"""Of either outcome in either half, below which nothing is fitted."""

Array = NDArray[np.float64]


class Suggested(NamedTuple):
    """Films that recommenders suggested, n of them.

    Attributes:
        decision: (n,) places among the decisions asked.
        item: (n,) places in the catalogue.
        score: (n,) in logits, as `Certainty` takes them.
        liked: (n,) 1, 0, or nan where the seeker did not say.
    """

    decision: NDArray[np.int64]
    item: NDArray[np.int64]
    score: Array
    liked: Array

    def outcome(self, of: str) -> Array:
        """(n,) 1 or 0; nan where the outcome is not defined."""
        return self.liked if of == ANSWERED else np.nan_to_num(self.liked, nan=0.0)


def suggested(asked: Asked, ranker: LinearRanker, *, progress: ProgressCallback) -> Suggested:
    """Score every fresh target; one that is no candidate is ranked with them.

    Args:
        asked: held-out decisions, told of no likes; what finds candidates is set.
        ranker: as served, without a calibration.
        progress: told of decisions.
    """
    items, decisions = asked.catalogue.catalog.items, asked.asked.decisions
    answers = _answers(asked)
    rows: list[tuple[int, int, float, float]] = []
    for at, one in enumerate(decisions):
        progress("Scoring what was suggested", at + 1, len(decisions))
        state = asked.state(at)
        found = asked.catalogue.candidates(state=state, profile=Profile(), n=N_CANDIDATES)
        there = {each.item.id for each in found}
        rest = [items[place] for place in one.fresh if items[place].id not in there]
        found += [Candidate(item=each, hits=(), score=0) for each in rest]
        stated = {
            each.item.id: each.p_accept
            for each in ranker.rank(found, state=state, profile=Profile())
        }
        for place in one.fresh:
            name = items[place].id
            score = float(logit(stated[name]))
            rows.append((at, place, score, answers[one.dialogue].get(name, np.nan)))
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    decision, item = table[:, :2].astype(np.int64).T
    return Suggested(decision, item, score=table[:, 2], liked=table[:, 3])


def certainty_run(
    made: Suggested, asked: Asked, *, file: Path, pack: Pack, command: str, seed: int
) -> Run | None:
    """A run with a case for each suggestion; None where too few were liked or not to fit anything.

    Args:
        made: what was suggested.
        asked: where.
        file: of the dialogues.
        pack: the catalogue.
        command: for the record.
        seed: of the split, the halves and the draws.
    """
    dialogue = np.array([asked.asked.decisions[at].dialogue for at in made.decision])
    half = halves(dialogue, seed)
    by_system: dict[str, dict[str, Array]] = {FITTED: {}, BY_HAND: {}, SHARE: {}}
    for of in (ANSWERED, EVERY):
        told = made.outcome(of)
        for each in (False, True):
            own = told[(half == each) & ~np.isnan(told)]
            if min((own > 0).sum(), (own == 0).sum()) < _LEAST:
                return None
        by_system[FITTED][of], by_system[SHARE][of] = across(made.score, told, half)
        by_system[BY_HAND][of] = expit(made.score)
    films = asked.films
    cases = {name: _cases(made, asked, dialogue, chances) for name, chances in by_system.items()}
    n_answered = int((~np.isnan(made.liked)).sum())
    record = record_of(
        "dialogue-certainty",
        "Is what is suggested liked as often as the ranker says",
        cases,
        command=command,
        seed=seed,
        data=[file],
        protocol={
            "catalogue": f"{pack.name}, {len(films.items):,} films",
            "split": f"{split_told(films, seed)}; a ranker trained on the others",
            "told": "no likes or dislikes, which were said in one go with these answers",
            "cases": "films that a recommender suggested, not those that a ranker would have",
            "answered": f"{n_answered} that the seeker liked or disliked,"
            f" {np.nanmean(made.liked):.4f} of them liked; of all,"
            f" {made.outcome(EVERY).mean():.4f} are said to be liked",
            "fitted": "to one half of the held-out dialogues, judged on the other, both ways",
            "ECE": "bins of equal mass",
            "drawn again": "dialogues",
        },
        skipped={},
        checks=held_out_checks(films, asked, seed),
        pooled=[
            Pooled(metric=f"{what}, {of}", how=how, of=(of,), higher_is_better=what == "ROC AUC")
            for of in (ANSWERED, EVERY)
            for what, how in (("ROC AUC", "ROC AUC"), ("ECE", "ECE, equal mass"))
        ],
        lower_is_better=[f"log-loss, {of}" for of in (ANSWERED, EVERY)],
    )
    return Run(record, cases)


def halves(dialogue: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """Which half each case is of, (n,); a dialogue is of one half alone."""
    every = np.unique(dialogue)
    chosen = np.random.default_rng(seed).permutation(every)[: len(every) // 2]
    return np.isin(dialogue, chosen)


def across(score: Array, told: Array, half: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Chances made of the other half: by two numbers fitted to it, and the share that holds there.

    Args:
        score: (n,) in logits.
        told: (n,) 1, 0 or nan.
        half: (n,).

    Returns:
        (n,) each.
    """
    fitted, share = np.empty(len(score)), np.empty(len(score))
    for judged in (False, True):
        rows = (half != judged) & ~np.isnan(told)
        slope, bias = platt(score[rows], told[rows] > 0)
        fitted[half == judged] = expit(slope * score[half == judged] + bias)
        share[half == judged] = told[rows].mean()
    return fitted, share


def _cases(
    made: Suggested, asked: Asked, dialogue: NDArray[np.int64], chances: Mapping[str, Array]
) -> Cases:
    items, dialogues = asked.films.items, asked.films.dialogues
    values: dict[str, Array] = {}
    columns: dict[str, Array] = {}
    for of, chance in chances.items():
        told = made.outcome(of)
        values[f"log-loss, {of}"] = -np.log(np.where(told > 0, chance, 1 - chance))
        values[f"log-loss, {of}"][np.isnan(told)] = np.nan
        columns |= {f"{TRUE}{of}": told, f"{CHANCE}{of}": chance}
    return Cases(
        tuple(
            f"{at}:{items[place].id}" for at, place in zip(made.decision, made.item, strict=True)
        ),
        tuple(f"{each} {dialogues[each].id}" for each in dialogue),
        values,
        np.zeros(len(made.item), dtype=np.bool_),
        {"film": tuple(items[place].label for place in made.item)},
        columns,
    )


def _answers(asked: Asked) -> Sequence[Mapping[str, float]]:
    """For each dialogue what the seeker said of films of the catalogue: 1 liked, 0 disliked."""
    linker = Linker((item.id, item.title, item.year or 0) for item in asked.films.items)
    found = []
    for dialogue in asked.films.dialogues:
        said = dict.fromkeys(dialogue.disliked, 0.0) | dict.fromkeys(dialogue.liked, 1.0)
        linked = ((linker.link(label), film) for film, label in dialogue.labels if label)
        found.append({item: said[film] for item, film in linked if item and film in said})
    return found
