"""What a language model's answer is worth: shares from its tokens, and rules before it.

Both readers that ask a model use it.
"""

import math
from collections.abc import Iterator, Mapping
from typing import cast

import numpy as np

from simpatico.agent.read.mood import Array
from simpatico.agent.read.understand import Understood
from simpatico.domain import MOODS, Completion, IntentName, Mood, NeedName, Token, UserState

RULE_WINS = 0.8
"""A rule at least this sure of the intent is believed over the model."""

NEED_SURE = 0.5
"""A need less probable than this is none."""


def spans(reply: Completion) -> Iterator[tuple[int, int, Token]]:
    """Each token with where it stands in the reply."""
    end = 0
    for token in reply.tokens:
        start, end = end, end + len(token.text)
        yield start, end, token


def mass_at(reply: Completion, at: int, labels: Mapping[str, str]) -> dict[str, float]:
    """How probable each label is by the token at one character of the reply; they sum to 1 at most.

    `labels` has a label for each word. Without log-probabilities nothing is known: {}.
    """
    for start, end, token in spans(reply):
        if start <= at < end:
            mass: dict[str, float] = {}
            for text, logprob in (*token.top, (token.text, token.logprob)):
                # "Z", " Z" and '"Z' are the same answer; only one of them fits the constraint.
                label = labels.get(text.strip(' "'))
                if label and math.isfinite(logprob):
                    mass[label] = max(mass.get(label, 0.0), math.exp(min(logprob, 0.0)))
            return mass
    return {}


def shares_at(reply: Completion, at: int, labels: Mapping[str, str]) -> dict[str, float]:
    """The labels at the word that begins at one character of the reply; they sum to 1.

    Servers report probabilities from before the constraint, so they are renormalised over the
    labels. Where they say nothing of the word chosen, the choice is all there is to know.
    """
    chosen = next(
        labels[word]
        for word in sorted(labels, key=len, reverse=True)
        if reply.text.startswith(word, at)
    )
    mass = mass_at(reply, at, labels)
    total = sum(mass.values())
    if total <= 0 or chosen not in mass:
        return {chosen: 1.0}
    return {label: value / total for label, value in mass.items()}


def sure_of(reply: Completion, start: int, end: int) -> float:
    """How probable the least probable token between two characters of the reply was; 0: unknown."""
    inside = [token.logprob for a, b, token in spans(reply) if a < end and start < b]
    return math.exp(min(0.0, *inside)) if inside else 0.0


def as_array(shares: Mapping[str, float]) -> Array:
    """Shares by mood as (28,) in the order of `MOODS`."""
    return np.array([shares.get(mood, 0.0) for mood in MOODS], dtype=np.float32)


def top(shares: Mapping[str, float]) -> tuple[str, float]:
    """The likeliest label and its share."""
    label = max(shares, key=lambda name: shares[name])
    return label, min(1.0, shares[label])


def settle(
    understood: Understood,
    *,
    mood: Mood,
    needs: Mapping[str, float],
    intents: Mapping[str, float],
) -> UserState:
    """The state: need and intent from the model where no rule is sure of them."""
    state = understood.state
    need, need_sure = top(needs)
    intent, intent_sure = top(intents)
    if understood.intent_sure >= RULE_WINS:
        intent, intent_sure = state.intent, understood.intent_sure
    if understood.need_sure:
        need = state.need
    elif need_sure < NEED_SURE or intent not in ("seek", "refine"):
        need = "unknown"
    return UserState(
        mood=mood,
        need=cast(NeedName, need),
        intent=cast(IntentName, intent),
        constraints=state.constraints,
        mentions=state.mentions,
        query=state.query,
        confidence=intent_sure,
    )
