"""Where each mood lies: how pleasant and how excited it is.

The figures are our own estimates, in steps of 0.05, placed after the circumplex of affect (Russell,
1980, "A circumplex model of affect"): the quadrant and the order along each axis follow that
paper, the exact numbers are a judgement that nothing was fitted to.
"""

from collections.abc import Sequence

from simpatico.domain import MOODS, Mood

_PLACE: dict[str, tuple[float, float]] = {
    "admiration": (0.65, 0.25),
    "amusement": (0.75, 0.45),
    "anger": (-0.75, 0.75),
    "annoyance": (-0.55, 0.4),
    "approval": (0.45, 0.05),
    "caring": (0.55, -0.05),
    "confusion": (-0.25, 0.2),
    "curiosity": (0.2, 0.35),
    "desire": (0.35, 0.45),
    "disappointment": (-0.6, -0.25),
    "disapproval": (-0.5, 0.2),
    "disgust": (-0.7, 0.4),
    "embarrassment": (-0.55, 0.3),
    "excitement": (0.75, 0.8),
    "fear": (-0.7, 0.7),
    "gratitude": (0.75, 0.15),
    "grief": (-0.9, -0.1),
    "joy": (0.9, 0.5),
    "love": (0.85, 0.35),
    "nervousness": (-0.45, 0.6),
    "optimism": (0.6, 0.25),
    "pride": (0.7, 0.4),
    "realization": (0.05, 0.1),
    "relief": (0.6, -0.35),
    "remorse": (-0.65, -0.05),
    "sadness": (-0.8, -0.4),
    "surprise": (0.15, 0.7),
    "neutral": (0.0, 0.0),
}

PLACES: tuple[tuple[float, float], ...] = tuple(_PLACE[mood] for mood in MOODS)
"""(valence, arousal) of each label in the order of `MOODS`."""


def place(distribution: Sequence[float]) -> tuple[float, float]:
    """Where a distribution over `MOODS` lies: the mean of the labels' places by weight."""
    total = sum(distribution)
    if total <= 0:
        return 0.0, 0.0
    valence = sum(p * at[0] for p, at in zip(distribution, PLACES, strict=True)) / total
    arousal = sum(p * at[1] for p, at in zip(distribution, PLACES, strict=True)) / total
    return max(-1.0, min(1.0, valence)), max(-1.0, min(1.0, arousal))


def chosen_mood(label: str) -> Mood:
    """The mood a person named themselves: certain, and nothing else holds.

    Raises:
        ValueError: for a label that is not in `MOODS`.
    """
    distribution = tuple(float(name == label) for name in MOODS)
    if label not in MOODS:
        raise ValueError(f"wanted one of {', '.join(MOODS)}; got {label[:50]!r}")
    valence, arousal = _PLACE[label]
    return Mood(
        label=label,
        labels=(label,),
        distribution=distribution,
        valence=valence,
        arousal=arousal,
        confidence=1.0,
    )
