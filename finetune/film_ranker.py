"""Train the ranker of the films that ship, on ReDial's training dialogues (CC BY 4.0).

Films of dialogues are linked to the catalogue by title and year; a dialogue that names none of it
teaches nothing.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Item, Turn, UserState
from simpatico.errors import DataError
from simpatico.finetune.dialogue_train import Conversational, Plan, Talks, train_dialogues
from simpatico.finetune.dialogues import Decision, Dialogue, decisions_of, read_dialogues
from simpatico.finetune.distributed import ALONE, Group
from simpatico.finetune.fusion_train import Catalogue, catalogue_of
from simpatico.finetune.notability import Linker
from simpatico.protocols import Encoder, ProgressCallback
from simpatico.retrieval.features import features_of, vocabulary_of
from simpatico.retrieval.feelings import FEELINGS, UNFELT
from simpatico.retrieval.fusion import Card

_CHUNK = 256

ReadAll = Callable[[Sequence[Sequence[Turn]]], Sequence[Sequence[UserState]]]
"""Reads dialogues: for each the state after each of the seeker's turns, from nothing later."""


class Films(NamedTuple):
    """A catalogue to rank, with what dialogues say of it.

    Attributes:
        items: the catalogue.
        text: (n_items, dim) unit rows.
        vocabulary: of facets.
        dialogues: all of them.
        talks: their decisions, linked to `items`.
    """

    items: tuple[Item, ...]
    text: NDArray[np.float32]
    vocabulary: tuple[str, ...]
    dialogues: tuple[Dialogue, ...]
    talks: Talks


def read_films(
    file: Path,
    items: Sequence[Item],
    text: NDArray[np.float32],
    encoder: Encoder[str],
    *,
    read: ReadAll | None = None,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Films:
    """Read dialogues and link them.

    Args:
        file: ReDial's JSON lines.
        items: the catalogue.
        text: (n_items, dim) of `encoder`.
        encoder: for what seekers say.
        read: reads how they feel and what they need; None: nobody does.
        progress: told of encoding.

    Raises:
        DataError: the file cannot be read, or names nothing of the catalogue.
    """
    dialogues = read_dialogues(file)
    linker = Linker((item.id, item.title, item.year or 0) for item in items)
    place = {item.id: row for row, item in enumerate(items)}

    def place_of(film: str, label: str) -> int | None:
        linked = linker.link(label)
        return None if linked is None else place[linked]

    decisions = decisions_of(dialogues, place_of)
    if not decisions:
        raise DataError(f"no film that the dialogues in {file} name is in the catalogue")
    said = sorted({one.words for one in decisions if one.words})
    parts = [np.zeros((0, encoder.dim), dtype=np.float32)]
    for start in range(0, len(said), _CHUNK):
        progress("Encoding what seekers say", start, len(said))
        parts.append(encoder.encode(said[start : start + _CHUNK]))
    progress("Encoding what seekers say", len(said), len(said))
    vectors = np.concatenate([*parts, np.zeros((1, encoder.dim), dtype=np.float32)])
    row = {words: at for at, words in enumerate(said)}
    words = vectors[[row.get(one.words, len(said)) for one in decisions]]
    talks = Talks(decisions, words, _states(dialogues, decisions, read) if read else ())
    return Films(tuple(items), text, vocabulary_of(items), tuple(dialogues), talks)


def _states(
    dialogues: Sequence[Dialogue], decisions: Sequence[Decision], read: ReadAll
) -> list[UserState]:
    """What was read before each decision, in its own dialogue alone."""
    turns = [
        [
            Turn(role="user" if one.role == "seeker" else "assistant", text=one.titled)
            for one in dialogue.turns
        ]
        for dialogue in dialogues
    ]
    states = read(turns)
    return [
        states[one.dialogue][one.n_heard - 1] if one.n_heard else UserState() for one in decisions
    ]


def part_of(films: Films, dialogues: NDArray[np.bool_]) -> Talks:
    """The decisions of some dialogues, (n_dialogues,) of flags."""
    rows = [at for at, one in enumerate(films.talks.decisions) if dialogues[one.dialogue]]
    return films.talks.at(rows)


def train_films(
    films: Films,
    talks: Talks,
    plan: Plan,
    *,
    keep: Path | None = None,
    group: Group = ALONE,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Conversational:
    """Train on some of the decisions; a film that they do not name gets no vector of its own.

    Moods and needs are learnt of where somebody read them. `keep` and `group`: see
    `train_dialogues`.
    """
    return train_dialogues(
        talks,
        _catalogue(films, talks),
        plan,
        feelings=FEELINGS if talks.states else UNFELT,
        keep=keep,
        group=group,
        progress=progress,
    )


def card_of(trained: Conversational, films: Films, *, encoder: str, command: str) -> Card:
    """The card of a ranker trained on all dialogues."""
    return Card(
        name="films",
        catalog="movies",
        encoder=encoder,
        vocabulary=films.vocabulary,
        modalities=trained.model.shape.modalities,
        tower=trained.model.shape.tower,
        kinds=trained.kinds,
        moods=trained.feelings.moods,
        needs=trained.feelings.needs,
        licence="Apache-2.0",
        data=(
            f"{len(films.dialogues)} of ReDial's training dialogues (Li et al., NeurIPS 2018;"
            " CC BY 4.0): what seekers and recommenders named, with the seekers' words as vectors"
            + (
                ", and what seekers said afterwards of films named before: liked, disliked, seen"
                if "liked" in trained.kinds
                else ""
            )
            + (
                ", and the moods and needs that a reader without language model read in them"
                if any(trained.feelings)
                else ""
            )
        ),
        command=command,
    )


def _catalogue(films: Films, talks: Talks) -> Catalogue:
    named = np.zeros(len(films.items), dtype=bool)
    for one in talks.decisions:
        named[list(one.targets)] = True
    features = features_of(films.items, films.vocabulary, {"text": films.text})
    return catalogue_of(len(films.items), features, cold=~named)
