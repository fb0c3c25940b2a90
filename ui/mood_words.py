"""Moods in the words people use: how to guess one aloud, and what one was told."""

from simpatico.domain import Mood
from simpatico.ui.strings import EN, Strings
from simpatico.ui.strings.moods import FEELS, PICKS

CLAIM_FROM = 0.35
"""Below this confidence (0 to 1) nothing is said about a person's mood."""

SURE_FROM = 0.6
"""From this confidence on the guess is worded without a "maybe"."""

_TIRED = {"sadness", "disappointment", "annoyance", "nervousness", "disapproval"}


def guess(mood: Mood, words: Strings = EN) -> str:
    """Say a mood as a question, or nothing at all when it is unknown, neutral or too unsure."""
    both = FEELS.get(mood.label)
    if both is None or mood.confidence < CLAIM_FROM:
        return ""
    feels = both.of(words.language)
    if mood.label in _TIRED and mood.arousal <= -0.25:
        feels = words.worn_out
    return (words.maybe if mood.confidence < SURE_FROM else words.seems).format(feels=feels)


def word_of(label: str, words: Strings = EN) -> str:
    """The word of a mood that a person chose themselves."""
    both = PICKS.get(label) or FEELS.get(label)
    return both.of(words.language) if both else label
