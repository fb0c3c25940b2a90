"""Do the reasons of a trained ranker matter? Take away what they name, and see what falls.

For the first few films that the page would rank for held-out dialogues (`held_dialogues`): the
film of the history that the weightiest reason names is taken away, and everything is ranked again;
the same for another film of the history, drawn at random. Likewise a token of the recommended film
is hidden: that of the modality a row chooses, and another one at random. What attention weighs most
need not be what matters (Jain & Wallace, NAACL 2019; Wiegreffe & Pinter, EMNLP 2019): it has a row
of its own.
"""

import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

from simpatico.domain import Candidate, Mentions, Profile, UserState
from simpatico.errors import DataError
from simpatico.eval.held_dialogues import N_CANDIDATES, Asked, held_out_checks, hold_out, split_told
from simpatico.eval.record import Cases, Run, record_of
from simpatico.finetune.dialogue_train import Plan
from simpatico.finetune.film_ranker import ReadAll, card_of, read_films, train_films
from simpatico.finetune.fusion_export import export
from simpatico.protocols import Encoder, ProgressCallback
from simpatico.retrieval.attribution import LEAST, hidden
from simpatico.retrieval.fusion import SHARE, FusionModel, FusionScorer
from simpatico.retrieval.packs import Pack
from simpatico.retrieval.past import KINDS, Kind, past_of
from simpatico.retrieval.rank import LinearRanker

TOP: Final = 4
"""Recommendations of a decision that are looked at."""

Values = NDArray[np.float64]


NAMED: Final = "the weightiest reason names"
ALONE: Final = "speaks most for it alone"
PLAIN: Final = ("is closest in text", "is newest")
ATTENTION: Final = "attention weighs most"
CONTENT: Final = "adds most (attention x content)"
HIDDEN: Final = "costs most when hidden"
TOLD: Final = "a reason names"
VALUES: Final = (
    "beside another, logits",
    "logits",
    "beside another, places",
    "places",
    "falls most",
    "order, Kendall's tau-b",
)
"""Of a recommendation; the last is that of all things by a row with what taking them away costs."""


class Ranked(NamedTuple):
    """Items in their order, and the logits that they stand there by, (n,)."""

    ids: list[str]
    logits: Values

    def falls(self, after: "Ranked", ids: Sequence[str]) -> Values:
        """What each of some items loses, (2, n_ids): logits and places."""
        before_at = [self.ids.index(each) for each in ids]
        after_at = [after.ids.index(each) for each in ids]
        return np.array(
            [
                self.logits[before_at] - after.logits[after_at],
                np.array(after_at) - np.array(before_at),
            ]
        )


class Falls(NamedTuple):
    """What one recommendation loses when one thing after another is taken away.

    Attributes:
        dialogue: where it was recommended.
        case: its own: the decision and the item.
        item: that was recommended.
        things: (n_things,) what is taken away, in words.
        logits: (n_things,) that its score falls by.
        places: (n_things,) that it falls by among the candidates.
        worth: by row of the table, (n_things,): it takes away what is worth most.
        drawn: in [0, 1): which other thing is taken away beside the chosen one.
    """

    dialogue: int
    case: str
    item: str
    things: tuple[str, ...]
    logits: Values
    places: Values
    worth: Mapping[str, Values]
    drawn: float

    def chosen(self, row: str) -> int:
        """What a row takes away."""
        return int(np.argmax(self.worth[row]))

    def other(self, row: str) -> int:
        """What is taken away beside it, each other thing as likely."""
        others = [at for at in range(len(self.logits)) if at != self.chosen(row)]
        return others[int(self.drawn * len(others))]


def run(
    file: Path,
    pack: Pack,
    encoder: Encoder[str],
    *,
    seed: int = 0,
    plan: Plan | None = None,
    read: ReadAll | None = None,
    keep: Path | None = None,
    command: str = "",
    progress: ProgressCallback = lambda what, done, total: None,
) -> dict[str, Run]:
    """Hold dialogues out, train on the others, and take away what reasons name.

    Args:
        file: ReDial's training dialogues.
        pack: the catalogue.
        encoder: of its text vectors.
        seed: of the split, of weights, order and folds, and of what is drawn.
        plan: how the ranker is trained; its seed is not looked at.
        read: reads how seekers feel and what they need; None: nobody does.
        keep: a folder for the trained ranker of this file and seed; if it is there, it is used.
        command: for the records.
        progress: told of encoding, batches and rankings.

    Returns:
        "history": films of it that are taken away; "modalities": what is hidden of the film itself.

    Raises:
        DataError: the file cannot be read, names nothing of the catalogue, or no held-out dialogue
            has anything to take away.
        ModelError: the ranker kept there is damaged.
    """
    films = read_films(file, pack.items, pack.vectors, encoder, read=read, progress=progress)
    asked = hold_out(films, pack.name, encoder, seed=seed)
    if not any(len(_had(asked.state(at))) > 1 for at in range(len(asked.asked.decisions))):
        raise DataError(f"no held-out dialogue of {file} names two films to choose a reason from")
    plan = replace(plan or Plan(), seed=seed)
    with tempfile.TemporaryDirectory() as temporary:
        key = sha256(
            file.read_bytes() + repr((plan, pack.name, read is None)).encode()
        ).hexdigest()[:12]
        folder = (keep or Path(temporary)) / f"ranker-{key}"
        if not (folder / "card.json").is_file():
            trained = train_films(films, asked.known, plan, progress=progress)
            card = card_of(trained, films, encoder=pack.encoder, command="")
            export(trained, card, [item.id for item in films.items], folder)
        scorer = FusionModel(folder).of(films.items, asked.catalogue)
    asked.catalogue.propose_with(scorer)
    history, modalities = _falls(asked, scorer, seed=seed, progress=progress)
    told = [one for one in modalities if one.worth[TOLD].max() * SHARE >= LEAST]

    def made(title: str, rows: Mapping[str, Sequence[Falls]], taken: str) -> Run:
        return _run(title, rows, taken, asked, file=file, pack=pack, command=command, seed=seed)

    return {
        "history": made(
            "What recommendations lose without a film of the history",
            dict.fromkeys((NAMED, ALONE, *PLAIN), history),
            "films of the history, of recommendations with a reason in it and two films or more",
        ),
        "modalities": made(
            "What recommendations lose without a modality",
            {HIDDEN: modalities, TOLD: told, ATTENTION: modalities, CONTENT: modalities},
            "modalities of the recommended film, of which it has two or more",
        ),
    }


def _falls(
    asked: Asked, scorer: FusionScorer, *, seed: int, progress: ProgressCallback
) -> tuple[list[Falls], list[Falls]]:
    """Of films of the history, and of modalities."""
    rng = np.random.default_rng(seed)
    ranker = LinearRanker(asked.catalogue, learned=scorer)
    history: list[Falls] = []
    modalities: list[Falls] = []
    for at, one in enumerate(asked.asked.decisions):
        progress("Taking reasons away", at + 1, len(asked.asked.decisions))
        state = asked.state(at)
        candidates = asked.catalogue.candidates(state=state, profile=Profile(), n=N_CANDIDATES)

        def rank(state: UserState, candidates: Sequence[Candidate] = candidates) -> Ranked:
            ranked = ranker.rank(candidates, state=state, profile=Profile())
            return Ranked(
                [each.item.id for each in ranked],
                np.array([math.fsum(part.value for part in each.parts) for each in ranked]),
            )

        shown = rank(state)
        if not shown.ids:
            continue
        where = (one.dialogue, at)
        modalities += _without_modalities(where, shown, state, scorer, rng)
        if len(_had(state)) > 1:
            history += _without_history(where, shown, state, scorer, rank, rng)
    return history, modalities


def _without_history(
    where: tuple[int, int],
    shown: Ranked,
    state: UserState,
    scorer: FusionScorer,
    rank: Callable[[UserState], Ranked],
    rng: np.random.Generator,
) -> list[Falls]:
    """Of the first recommendations that have a reason in the history."""
    ids, had = shown.ids[:TOP], _had(state)
    liked = tuple(item_id for item_id, _ in had)
    falls = np.array(
        [shown.falls(rank(_without(state, each)), ids) for each in liked]
    )  # (n_liked, 2, n_ids)
    alone = [
        scorer.terms(ids, query=state.query, history=[each], state=state).total for each in had
    ]
    cosines = scorer.cosines(liked, ids)
    found = []
    for at, grounds in enumerate(scorer.grounds(ids, state, Profile())):
        drawn = rng.random()
        if grounds.history:
            named = {had.item_id: had.worth for had in grounds.history}
            worth = {
                NAMED: np.array([named.get(each, -np.inf) for each in liked]),
                ALONE: np.array([each[at] for each in alone]),
                PLAIN[0]: cosines[:, at].astype(np.float64),
                PLAIN[1]: np.arange(len(liked), dtype=np.float64),
            }
            named_by = (where[0], f"{where[1]}:{ids[at]}", ids[at], liked)
            found.append(Falls(*named_by, falls[:, 0, at], falls[:, 1, at], worth, drawn))
    return found


def _without(state: UserState, item_id: str) -> UserState:
    said = {
        name: tuple(each for each in ids if each != item_id)
        for name, ids in state.mentions.model_dump().items()
    }
    return state.model_copy(update={"mentions": Mentions(**said)})


def _had(state: UserState) -> list[tuple[str, Kind]]:
    """What they named and did not dislike."""
    past = past_of(state, Profile(), KINDS)
    return [(item_id, kind) for item_id, kind in past if kind != "disliked"]


def _without_modalities(
    where: tuple[int, int],
    shown: Ranked,
    state: UserState,
    scorer: FusionScorer,
    rng: np.random.Generator,
) -> list[Falls]:
    """Of the first recommendations that have two modalities or more."""
    ids = shown.ids[:TOP]
    history = past_of(state, Profile(), KINDS)
    full = scorer.terms(ids, query=state.query, history=history, state=state)
    anybody = scorer.terms(ids, query="", history=[])
    said, to_anybody = (hidden(each.content, each.attention) for each in (full, anybody))
    without = [
        scorer.terms(ids, query=state.query, history=history, state=state, without=(name,))
        for name in scorer.modalities
    ]
    found = []
    for at in range(len(ids)):
        drawn = rng.random()
        there = np.flatnonzero(full.attention[at])
        if len(there) > 1:
            logits = np.array(
                [SHARE * float(full.total[at] - without[which].total[at]) for which in there]
            )
            others = np.delete(shown.logits, at)
            places = [np.count_nonzero(others > shown.logits[at] - fall) - at for fall in logits]
            worth = {
                ATTENTION: full.attention[at].astype(np.float64),
                CONTENT: full.content[at].astype(np.float64),
                HIDDEN: said[at].astype(np.float64),
                TOLD: np.minimum(said[at], said[at] - to_anybody[at]).astype(np.float64),
            }
            found.append(
                Falls(
                    where[0],
                    f"{where[1]}:{ids[at]}",
                    ids[at],
                    tuple(scorer.modalities[which] for which in there),
                    logits,
                    np.array(places, dtype=np.float64),
                    {row: values[there] for row, values in worth.items()},
                    drawn,
                )
            )
    return found


def _run(
    title: str,
    rows: Mapping[str, Sequence[Falls]],
    taken: str,
    asked: Asked,
    *,
    file: Path,
    pack: Pack,
    command: str,
    seed: int,
) -> Run:
    """A case for each recommendation that any row takes something away from."""
    every = next(iter(rows.values()))
    titles = {item.id: item.label for item in asked.films.items}
    cases = {row: _cases(row, every, falls, titles) for row, falls in rows.items() if falls}
    record = record_of(
        "deletion",
        title,
        cases,
        command=command,
        seed=seed,
        data=[file],
        protocol={
            "taken away": f"{taken}; the row says which",
            "split": f"{split_told(asked.films, seed)}; a ranker trained on the others",
            "recommendations": f"the first {TOP} of each decision, before variety is seen to, of"
            f" {N_CANDIDATES} candidates of {pack.name}",
            "beside another": "less what falls without another one of the same, drawn at random",
            "falls most": "nothing else of the same falls further",
            "drawn again": "dialogues",
        },
        skipped={},
        checks=held_out_checks(asked.films, asked, seed),
    )
    return Run(record, cases)


def _cases(
    row: str, every: Sequence[Falls], falls: Sequence[Falls], titles: Mapping[str, str]
) -> Cases:
    """Values where the row takes something away; nan elsewhere."""
    n = len(every)
    place = {one.case: at for at, one in enumerate(every)}
    values = {name: np.full(n, np.nan) for name in VALUES}
    away = [""] * n
    for one in falls:
        at, chosen, other = place[one.case], one.chosen(row), one.other(row)
        for name, worth in ((VALUES[1], one.logits), (VALUES[3], one.places)):
            values[name][at] = worth[chosen]
        for name, worth in ((VALUES[0], one.logits), (VALUES[2], one.places)):
            values[name][at] = worth[chosen] - worth[other]
        values[VALUES[4]][at] = float(one.logits[chosen] >= one.logits.max() - 1e-6)
        values[VALUES[5]][at] = _tau(one.worth[row], one.logits)
        away[at] = titles.get(one.things[chosen], one.things[chosen])
    return Cases(
        tuple(one.case for one in every),
        tuple(str(one.dialogue) for one in every),
        values,
        np.zeros(n, dtype=np.bool_),
        {"recommended": tuple(titles[one.item] for one in every), "taken away": tuple(away)},
    )


def _tau(worth: Values, falls: Values) -> float:
    """Kendall's tau-b; 0 where either has no order."""
    found = float(kendalltau(worth, falls).statistic)
    return 0.0 if math.isnan(found) else found
