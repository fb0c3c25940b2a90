"""Dialogues held out whole: what is asked of them, and a catalogue that knows the others only.

A decision is a turn of a recommender that names films nobody had named before (the targets).
Counters, likes, popularity and rankings see other dialogues only. (Which films the catalogue has
was chosen by all of them.)
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Constraints, Item, Mentions, UserState
from simpatico.eval.leaks import NEAR_DUPLICATE, near_duplicates
from simpatico.eval.record import Check
from simpatico.finetune.colikes import Conversation, count_colikes
from simpatico.finetune.dialogue_train import Talks, named_in
from simpatico.finetune.dialogues import Dialogue
from simpatico.finetune.film_ranker import Films, part_of
from simpatico.finetune.notability import Linker
from simpatico.protocols import Encoder
from simpatico.retrieval.behaviour import Behaviour
from simpatico.retrieval.catalog import Catalog
from simpatico.retrieval.index import Index
from simpatico.retrieval.past import Kind
from simpatico.retrieval.store import MemoryStore
from simpatico.text import fold

DEV_SHARE: Final = 0.2
N_CANDIDATES: Final = 200


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

    def state(self, at: int) -> UserState:
        """What is known of the seeker before a decision: words, what they named, what was read.

        What they said of it afterwards is told, too; of what was offered to them nothing is.
        """
        one, items = self.asked.decisions[at], self.films.items
        named = zip(one.before, one.by_seeker, strict=True)
        by = {items[place].id: seeker for place, seeker in named}
        did = dict(zip((items[place].id for place in one.before), one.kinds, strict=True))

        def said(*kinds: Kind) -> tuple[str, ...]:
            return tuple(each for each, seeker in by.items() if seeker and did[each] in kinds)

        read = self.asked.states[at] if self.asked.states else UserState()
        return UserState(
            mood=read.mood,
            need=read.need,
            query=one.words,
            mentions=Mentions(
                liked=said("liked", "saved"),
                disliked=said("disliked"),
                seen=said("seen"),
                named=said("named", "offered"),
            ),
            constraints=Constraints(exclude_ids=tuple(by)),
        )


def split_told(films: Films, seed: int) -> str:
    """How dialogues were parted, as a run's protocol says it."""
    return f"{len(films.dialogues):,} dialogues, a fifth held out by seed {seed}"


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
        asked.at(rows),
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
