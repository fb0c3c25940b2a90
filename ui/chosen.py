"""What a person set on the page, as their browser keeps it."""

from typing import Any, Literal

from pydantic import Field, ValidationError

from simpatico.domain import TurnOptions, Value
from simpatico.language import Language

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
        )


def _share(slider: float) -> float | None:
    return None if slider == MIDDLE else slider / 100
