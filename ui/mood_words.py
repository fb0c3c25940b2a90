"""Moods in the words people use: how to guess one aloud, and which to offer instead."""

from simpatico.domain import Mood, Value

CLAIM_FROM = 0.35
"""Below this confidence (0 to 1) nothing is said about a person's mood."""

SURE_FROM = 0.6
"""From this confidence on the guess is worded without a "maybe"."""

_FEELS: dict[str, str] = {
    "admiration": "full of admiration",
    "amusement": "in a playful mood",
    "anger": "angry",
    "annoyance": "a bit annoyed",
    "approval": "content",
    "caring": "tender",
    "confusion": "a little lost",
    "curiosity": "curious",
    "desire": "full of longing",
    "disappointment": "let down",
    "disapproval": "fed up",
    "disgust": "put off",
    "embarrassment": "embarrassed",
    "excitement": "excited",
    "fear": "scared",
    "gratitude": "grateful",
    "grief": "heavy-hearted",
    "joy": "cheerful",
    "love": "in love with the world",
    "nervousness": "on edge",
    "optimism": "hopeful",
    "pride": "proud",
    "realization": "thoughtful",
    "relief": "relieved",
    "remorse": "sorry about something",
    "sadness": "a bit down",
    "surprise": "surprised",
}
_TIRED = {"sadness", "disappointment", "annoyance", "nervousness", "disapproval"}


class MoodChoice(Value):
    """A mood a person can pick for themselves: the word on the button, the label behind it."""

    label: str
    word: str


CHOICES: tuple[MoodChoice, ...] = tuple(
    MoodChoice(label=label, word=word)
    for label, word in (
        ("joy", "cheerful"),
        ("excitement", "excited"),
        ("amusement", "playful"),
        ("love", "loving"),
        ("gratitude", "grateful"),
        ("optimism", "hopeful"),
        ("curiosity", "curious"),
        ("relief", "relieved"),
        ("neutral", "nothing special"),
        ("sadness", "down"),
        ("disappointment", "let down"),
        ("grief", "grieving"),
        ("nervousness", "stressed"),
        ("fear", "scared"),
        ("annoyance", "annoyed"),
        ("anger", "angry"),
    )
)
_WORDS = {choice.label: choice.word for choice in CHOICES}


def guess(mood: Mood) -> str:
    """Say a mood as a question, or nothing at all when it is unknown, neutral or too unsure."""
    feels = _FEELS.get(mood.label)
    if feels is None or mood.confidence < CLAIM_FROM:
        return ""
    if mood.label in _TIRED and mood.arousal <= -0.25:
        feels = "a bit worn out"
    if mood.confidence < SURE_FROM:
        return f"Maybe you’re {feels} — is that right?"
    return f"You seem {feels} — is that right?"


def word_of(label: str) -> str:
    """The word of a mood that a person chose themselves."""
    return _WORDS.get(label) or _FEELS.get(label, label)
