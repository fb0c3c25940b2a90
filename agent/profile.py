"""What events may say, and what those that a caller keeps add up to. Pure functions."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simpatico.domain import Event, Impression, Profile
from simpatico.errors import DataError
from simpatico.retrieval.past import sum_up

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class PastEvent(BaseModel):
    """Something a person did earlier, as a caller who keeps the events tells it.

    A time without a zone is UTC. Whether the kind is one of ours, `profile_of` says.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    item_id: str = Field(min_length=1, max_length=200)
    kind: str
    at: datetime | None = None
    value: float | None = None


def check_event(event: Event) -> None:
    """Hold an event to what its kind allows.

    Raises:
        DataError: unless `value` is 1 to 5 for `rate` and absent for every other kind.
    """
    if event.kind == "rate":
        if event.value is None or not 1 <= event.value <= 5:
            raise DataError(f"wanted 1 to 5 stars for a rating, got {event.value}")
    elif event.value is not None:
        raise DataError(f"only a rating has a value, got {event.value} for {event.kind!r}")


def check_impression(impression: Impression) -> None:
    """Hold a shown list to its own rules.

    Raises:
        DataError: unless it has an id, and one position from 1 for each item; and, where they are
            logged, a propensity and a score for each item, and choices that fit what stood last.
    """
    if not impression.list_id:
        raise DataError("a shown list needs an id")
    if len(impression.items) != len(impression.positions):
        raise DataError(
            f"a shown list of {len(impression.items)} items has "
            f"{len(impression.positions)} positions"
        )
    if any(position < 1 for position in impression.positions):
        raise DataError("positions in a shown list count from 1")
    if impression.propensities and len(impression.propensities) != len(impression.items):
        raise DataError(
            f"a shown list of {len(impression.items)} items has "
            f"{len(impression.propensities)} propensities"
        )
    if impression.scores and len(impression.scores) != len(impression.items):
        raise DataError(
            f"a shown list of {len(impression.items)} items has {len(impression.scores)} scores"
        )
    if impression.choices:
        _check_choices(impression)


def _check_choices(impression: Impression) -> None:
    chances = {choice.item_id: choice.propensity for choice in impression.choices}
    if len(chances) != len(impression.choices):
        raise DataError("an item is twice among the choices of a shown list")
    if abs((total := math.fsum(chances.values())) - 1) > 1e-6:
        raise DataError(f"the chances of a list's choices add up to {total:.6f}, wanted 1")
    if not impression.propensities:
        raise DataError("a shown list has choices but no propensities")
    place = impression.positions.index(max(impression.positions))
    if chances.get(impression.items[place]) != impression.propensities[place]:
        raise DataError("what stood last in a shown list is not among its choices with its chance")


def profile_of(user: str, history: Sequence[PastEvent]) -> Profile:
    """Sum up a history given in any order; what has no time counts as older than all the rest.

    Raises:
        DataError: for the first event that cannot be one; its message begins with its place, as
            in "history.3: only a rating has a value".
    """
    events = [_event_of(user, index, past) for index, past in enumerate(history)]
    return sum_up(user, sorted(events, key=lambda event: event.at), ())


def _event_of(user: str, index: int, past: PastEvent) -> Event:
    at = past.at or _LONG_AGO
    try:
        event = Event.model_validate(
            {
                **past.model_dump(),
                "id": str(index),
                "user": user,
                "at": at if at.tzinfo else at.replace(tzinfo=UTC),
            }
        )
        check_event(event)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise DataError(f"history.{index}: {first['loc'][0]}: {first['msg']}") from error
    except DataError as error:
        raise DataError(f"history.{index}: {error}") from error
    return event
