"""What a learned score rests on: which of a person's items, and which modality of the item.

Each is worth what the score loses without it. An item of the history is left out and everything is
computed again, the catalogue's mean included: shares of a sum would not do, for behavioural
evidence is a logarithm and closeness a maximum. A modality is hidden; what counts is what it costs
beyond what it would cost for somebody of whom nothing is known. `simpatico.eval.deletion` tests
both.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Stance = Literal["liked", "saved", "have seen", "named"]
"""What the person did with an item of their history, as it is said after "you"."""

LEAST: Final = 0.1
"""Logits from which on something is worth a word."""


class Terms(NamedTuple):
    """What each thing adds to the score of each of n items, in logits.

    Attributes:
        content: (n, n_modalities).
        attention: (n, n_modalities), sums of 1 (0 for an item of which nothing is known).
        evidence: (n_tables, n).
        signals: (n_signals, n).
        known: (n,).
    """

    content: Array
    attention: Array
    evidence: Array
    signals: Array
    known: Array

    @property
    def total(self) -> Array:
        """The scores, (n,): equal to the trained model's but for a constant."""
        total: Array = (
            self.content.sum(axis=1)
            + self.evidence.sum(axis=0)
            + self.signals.sum(axis=0)
            + self.known
        )
        return total


class Had(NamedTuple):
    """An item of the person's history that the score of another one rests on.

    Attributes:
        item_id: of the item of the history.
        label: its label.
        stance: what the person did with it.
        likeness: logits that the other loses in closeness and content without it.
        evidence: logits that it loses in behavioural evidence.
        cosine: of both items' texts.
        linked: whether people named both.
        itself: whether it is the very item.
    """

    item_id: str
    label: str
    stance: Stance
    likeness: float
    evidence: float
    cosine: float
    linked: bool
    itself: bool

    @property
    def worth(self) -> float:
        """Logits that the other loses without it."""
        return self.likeness + self.evidence


class Spoke(NamedTuple):
    """A modality of an item that speaks for it to this person, and its logits."""

    modality: str
    worth: float


class Grounds(NamedTuple):
    """What the score of one item rests on, the weightiest first; of at least `LEAST` each."""

    history: tuple[Had, ...] = ()
    modalities: tuple[Spoke, ...] = ()


class Lost(NamedTuple):
    """What n scores lose without each of n_had things; logits, (n_had, n).

    Attributes:
        likeness: in closeness and content, beyond what the catalogue loses on average.
        evidence: in behavioural evidence, likewise.
        linked: whether they lose any evidence at all.
    """

    likeness: Array
    evidence: Array
    linked: NDArray[np.bool_]


def lost_without(full: Terms, without: Sequence[Terms], n: int, *, share: float) -> Lost:
    """Leave one thing after another out of a history.

    Without an item all others weigh more as evidence: an item loses some only if it was linked.

    Args:
        full: of n items, and then of some that stand for the catalogue.
        without: the same, without each of n_had things.
        n: how many items.
        share: what a learned logit counts.
    """
    likeness = np.array([t.signals[1] + t.content.sum(axis=1) for t in (full, *without)])
    evidence = np.array([t.evidence.sum(axis=0) for t in (full, *without)])
    falls = [share * (parts[:1] - parts[1:]) for parts in (likeness, evidence)]
    beyond = [fall[:, :n] - fall[:, n:].mean(axis=1, keepdims=True) for fall in falls]
    return Lost(beyond[0], beyond[1], falls[1][:, :n] > 1e-6)


def resting(
    item_ids: Sequence[str], had: Sequence[tuple[str, str, Stance]], lost: Lost, cosines: Array
) -> list[tuple[Had, ...]]:
    """What each of n items rests on, the weightiest first.

    Args:
        item_ids: of the items.
        had: id, label and stance of each of n_had items of the history.
        lost: without each of them.
        cosines: (n_had, n) of texts.
    """
    found: list[list[Had]] = [[] for _ in item_ids]
    for row, at in np.argwhere(lost.likeness + lost.evidence >= LEAST):
        item_id, label, stance = had[row]
        found[at].append(
            Had(
                item_id,
                label,
                stance,
                likeness=float(lost.likeness[row, at]),
                evidence=float(lost.evidence[row, at]),
                cosine=float(cosines[row, at]),
                linked=bool(lost.linked[row, at]),
                itself=item_id == item_ids[at],
            )
        )
    return [tuple(sorted(each, key=lambda one: -one.worth)) for each in found]


def hidden(content: Array, attention: Array) -> Array:
    """What items lose when each modality is hidden: (n, n_modalities) both, and what is given.

    Attention goes to the others in proportion; where there is no other, everything is lost.
    """
    others = 1 - np.eye(content.shape[1], dtype=np.float32)
    said, heard = content @ others, attention @ others
    without = np.divide(said, heard, out=np.zeros_like(said), where=heard > 0)
    lost: Array = np.where(attention > 0, content.sum(axis=1, keepdims=True) - without, 0)
    return lost


def speaking(
    names: Sequence[str], full: Array, to_anybody: Array, *, share: float
) -> list[tuple[Spoke, ...]]:
    """What modalities of each of n items say to a person, the weightiest first; see `hidden`.

    Args:
        names: of the modalities.
        full: what the items lose without each, (n, n_modalities).
        to_anybody: what they would lose if nothing were known of the person.
        share: what a learned logit counts.
    """
    worth = share * np.minimum(full, full - to_anybody)
    found: list[list[Spoke]] = [[] for _ in worth]
    for at, which in np.argwhere(worth >= LEAST):
        found[at].append(Spoke(names[which], float(worth[at, which])))
    return [tuple(sorted(each, key=lambda one: -one.worth)) for each in found]
