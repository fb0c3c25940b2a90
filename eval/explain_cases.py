"""States to measure the explainer on: unseen messages with what is really found for them."""

import asyncio
import random
from collections.abc import Collection, Sequence
from pathlib import Path

from simpatico.agent import explain
from simpatico.agent.build import open_index
from simpatico.agent.evidence import Evidence
from simpatico.agent.explainer import material
from simpatico.agent.mind import Mind
from simpatico.agent.read.encoder_reader import EncoderReader
from simpatico.agent.read.words import Vocabulary
from simpatico.agent.relax import without_wishes
from simpatico.domain import (
    MOODS,
    NEEDS,
    Item,
    Mood,
    Profile,
    Reason,
    Recommendation,
    Turn,
    TurnOptions,
    UserState,
    Value,
)
from simpatico.errors import DataError
from simpatico.eval.explain_lines import messages, other_items
from simpatico.explaining import Brief
from simpatico.modelstore import ModelStore
from simpatico.opening import opening_of
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.encoders import text_encoder
from simpatico.retrieval.index import Index
from simpatico.retrieval.rank import LinearRanker
from simpatico.settings import RetrievalSettings, Settings

OTHER_SHARE = 1 / 6
COUNTS = (1, 2, 3, 3, 3, 4, 5)
"""How many items are wanted, drawn evenly."""

WEAK = 0.3
"""Confidence of a mood that is not sure enough to answer."""


class Case(Value):
    """One state: what a writer of replies is given.

    Attributes:
        said: the person's message.
        state: what was understood, without wishes that had to be let go of.
        recommendations: what was chosen, best first.
        others: further items that may be named.
        notes: what has to be admitted.
        films: whether the items are from the catalogue of films.
        draft: the template's reply.
    """

    said: str
    state: UserState
    recommendations: tuple[Recommendation, ...]
    others: tuple[Item, ...] = ()
    notes: tuple[str, ...] = ()
    films: bool = True
    draft: str

    def material(self) -> tuple[Brief, Evidence]:
        """The brief and the evidence, as in use."""
        return material(
            self.state,
            self.recommendations,
            said=self.said,
            others=self.others,
            notes=self.notes,
        )

    def opening(self) -> tuple[str, ...]:
        """The sentences that the explainer's reply opens with, their places not filled in."""
        return opening_of(self.material()[0], random.Random(self.said))


def make_cases(
    n: int,
    *,
    settings: Settings,
    seed: int,
    unlike: Collection[str],
    progress: ProgressCallback = lambda label, done, total: None,
) -> list[Case]:
    """Make n cases, a sixth of them about other things than films; the same seed, the same cases.

    Args:
        n: how many.
        settings: say where catalogue, index and encoder are; nothing is written.
        seed: of messages and draws.
        unlike: texts that messages share no run of words with: those trained on.
        progress: told of cases done.

    Raises:
        StoreError: the index is missing or stale.
        DataError: search finds nothing for too many messages.
    """
    rng = random.Random(seed)
    n_other = round(n * OTHER_SHARE)
    # Now and then nothing is found, so more are drawn than wanted.
    drawn = messages(n + n // 10 + 5, seed=seed, unlike=unlike)
    other = [_other_case(text, rng) for text in drawn[:n_other]]
    index = open_index(settings)
    try:
        mind = _mind(index, settings)
        films: list[Case] = []
        for text in drawn[n_other:]:
            if len(films) + n_other == n:
                break
            case = asyncio.run(_film_case(mind, text, k=rng.choice(COUNTS)))
            films += [case] if case else []
            progress("Finding films", len(films), n - n_other)
    finally:
        index.close()
    if len(films) + n_other < n:
        raise DataError(f"wanted {n} cases, found items for {len(films) + n_other} messages")
    cases = [*films, *other]
    rng.shuffle(cases)
    return cases


def read_cases(file: Path) -> list[Case]:
    """Cases kept by `write_cases`."""
    return [Case.model_validate_json(line) for line in file.read_text("utf-8").split("\n") if line]


def write_cases(file: Path, cases: Sequence[Case]) -> None:
    """Keep cases as JSON lines."""
    file.write_text("".join(case.model_dump_json() + "\n" for case in cases), encoding="utf-8")


def _mind(index: Index, settings: Settings) -> Mind:
    store = ModelStore(settings.cache)
    encoder = text_encoder(RetrievalSettings(), store)
    vocabulary = Vocabulary.of(index.catalog.items)
    reader = EncoderReader(encoder, index.titles, vocabulary=vocabulary)
    return Mind(
        index=index,
        reader=reader,
        fallback=reader,
        ranker=LinearRanker(index),
        settings=settings.retrieval,
    )


async def _film_case(mind: Mind, text: str, *, k: int) -> Case | None:
    """What the agent would recommend; None where it finds nothing."""
    understanding = await mind.understand([Turn(role="user", text=text)], None, ())
    state, nobody = understanding.state, Profile(user="nobody")
    found = await mind.find(state, nobody)
    chosen = mind.choose(found.candidates, state, nobody, TurnOptions(), k=k)
    state = without_wishes(state, found.let_go)
    if not chosen:
        return None
    others = mind.items(state.mentions.ids)
    draft = explain.compose(
        state,
        chosen,
        items={item.id: item for item in others},
        notes=found.notes,
        wanted=min(3, k),
        seed=text,
    )
    return Case(
        said=text,
        state=state,
        recommendations=chosen,
        others=tuple(others),
        notes=found.notes,
        draft=draft,
    )


def _other_case(text: str, rng: random.Random) -> Case:
    items = list(other_items())
    kind = rng.choice(sorted({item.kind for item in items}))
    alike = [item for item in items if item.kind == kind]
    chosen = rng.sample(alike, rng.randint(1, len(alike)))
    sure = rng.choice((WEAK, 0.9, 0.9))
    state = UserState(
        mood=Mood(label=rng.choice(MOODS), confidence=sure), need=rng.choice(NEEDS), confidence=0.9
    )
    said = f"{text} Any {kind} that goes with it?"
    recommendations = tuple(
        Recommendation(
            item=item,
            p_accept=0.5,
            reasons=(Reason(kind="mood", text=f"It is {dict(item.extra)['tone']}", weight=0.5),),
        )
        for item in chosen
    )
    return Case(
        said=said,
        state=state,
        recommendations=recommendations,
        films=False,
        draft=explain.compose(state, recommendations, seed=text),
    )
