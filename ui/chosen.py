"""What a person set on the page, as their browser keeps it."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator

from simpatico.domain import Item, TurnOptions, Value, Weights
from simpatico.language import Language
from simpatico.text import clean

MOST_GENRES = 18
MIDDLE = 50
"""Where a slider stands when the person leaves the choice to the settings."""


class Chosen(Value):
    """The settings of one browser. Sliders go from 0 to 100.

    `personal` is the person's own decision, kept on the server; see `Consent`.
    """

    language: Language | Literal[""] = ""  # of the page; none: as the browser asks
    personal: bool = True
    posters: bool = False
    adventurous: float = Field(default=MIDDLE, ge=0, le=100)
    popular: float = Field(default=MIDDLE, ge=0, le=100)
    pictured: float = Field(default=MIDDLE, ge=0, le=100)
    not_genres: tuple[str, ...] = Field(default=(), max_length=40)

    @field_validator("not_genres", mode="before")
    @classmethod
    def _as_tuple(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    @classmethod
    def kept(cls, keep: Any) -> "Chosen":
        """What a browser kept; what is missing or can't be is as at first."""
        given = keep if isinstance(keep, dict) else {}
        fit = cls()
        for name in cls.model_fields.keys() & given.keys():
            try:
                fit = cls.model_validate({**dict(fit), name: given[name]}, strict=True)
            except ValidationError:
                continue
        return fit

    def options(self, mood: str) -> TurnOptions:
        """The options of a turn, with the mood that was chosen. Moods are kept for who says so."""
        return TurnOptions(
            mood=mood,
            personal=self.personal,
            adventurous=_share(self.adventurous),
            popular=_share(self.popular),
            keep_mood=False,
            not_genres=self.not_genres,
            weights=_weights(self.pictured),
        )


def genres_of(items: Iterable[Item]) -> tuple[str, ...]:
    """The genres of a catalogue that one may never want: the most frequent, those first."""
    counts = Counter(
        genre for item in items for genre in item.genres if genre == clean(genre, max_chars=30)
    )
    return tuple(genre for genre, _ in counts.most_common(MOST_GENRES))


def _weights(slider: float) -> Weights | None:
    """Of the words and of a picture beside them: together always 2, in the middle alike."""
    share = _share(slider)
    return None if share is None else Weights(text=2 * (1 - share), image=2 * share)


def _share(slider: float) -> float | None:
    return None if slider == MIDDLE else slider / 100
