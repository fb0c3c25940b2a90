"""`POST /v1/events`: what people did with items."""

import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field, ValidationError
from starlette.responses import JSONResponse, Response

from simpatico.agent.api.auth import count_person, person
from simpatico.agent.api.body import read_json
from simpatico.agent.api.door import Door, body_of, door_of
from simpatico.agent.api.errors import ApiError
from simpatico.agent.api.recommend import why
from simpatico.agent.api.schemas import Sent
from simpatico.agent.profile import check_event
from simpatico.domain import EVENT_KINDS, Event, Value
from simpatico.errors import DataError

router = APIRouter(tags=["events"])

MAX_EVENTS = 1000
MAX_AHEAD = timedelta(days=1)
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)


class SentEvent(Sent):
    """One event. `at` is now unless given; an `id` makes sending it again harmless."""

    id: str = Field(default="", max_length=200)
    at: datetime | None = None
    user: str
    session: str = ""
    list_id: str = ""
    item_id: str
    kind: str = Field(description=", ".join(EVENT_KINDS))
    value: float | None = None


class Outcome(Value):
    """What became of one event."""

    index: int
    id: str
    status: Literal["accepted", "duplicate", "refused"]
    reason: str | None = None


@router.post("/v1/events", openapi_extra=body_of(SentEvent, or_list=True))
async def record(request: Request) -> Response:
    """Store one event or a list of up to 1000; says of each what became of it.

    When the store fails nothing is acknowledged: send the same ids (or Idempotency-Key) again.
    """
    door = door_of(request)
    sent = await read_json(request)
    service = door.service
    listed = sent if isinstance(sent, list) else [sent]
    if len(listed) > MAX_EVENTS:
        raise ApiError(400, f"body: at most {MAX_EVENTS} events", code="too_many_events")
    outcomes = []
    read: list[Event | Outcome] = []
    for index, one in enumerate(listed):
        try:
            read.append(_event(request, one, index))
        except (ApiError, ValidationError, DataError) as error:
            reason = error.message if isinstance(error, ApiError) else why(error)
            read.append(_refused(door, index, one, reason))
    for user in dict.fromkeys(each.user for each in read if isinstance(each, Event)):
        count_person(request, user)
    for index, (one, event) in enumerate(zip(listed, read, strict=True)):
        if isinstance(event, Outcome):
            outcomes.append(event)
            continue
        try:
            new = await service.record(event)
        except DataError as error:
            outcomes.append(_refused(door, index, one, str(error), event=event))
            continue
        status: Literal["accepted", "duplicate"] = "accepted" if new else "duplicate"
        door.metrics.event(event.kind, status)
        outcomes.append(Outcome(index=index, id=_told(one, event), status=status))
    counts = {
        status: sum(outcome.status == status for outcome in outcomes)
        for status in ("accepted", "duplicate", "refused")
    }
    data = [outcome.model_dump(mode="json") for outcome in outcomes]
    return JSONResponse({"object": "list", **counts, "data": data})


def _event(request: Request, sent: Any, index: int) -> Event:
    if not isinstance(sent, dict):
        raise ApiError(400, "wanted a JSON object")
    given = SentEvent.model_validate(sent)
    now = datetime.now(UTC)
    at = given.at or now
    if at.tzinfo is None:
        raise ApiError(400, "at: wanted a time with its zone, as 2026-01-31T20:15:00Z")
    if at > now + MAX_AHEAD:
        raise ApiError(400, "at: more than a day in the future")
    if at < EARLIEST:
        raise ApiError(400, f"at: before the year {EARLIEST.year}")
    user = person(request, user=given.user, counted=False)
    if user.throwaway or not given.user.strip():
        raise ApiError(400, "user: an event belongs to a person; name one")
    event = Event(
        id=_own(request, given.id) or _id(request, given, user.user, index),
        at=at,
        user=user.user,
        session=given.session,
        list_id=given.list_id,
        item_id=given.item_id,
        kind=given.kind,
        value=given.value,
    )
    check_event(event)
    return event


def _told(sent: Any, event: Event) -> str:
    """The id by which the caller knows an event."""
    given = sent.get("id") if isinstance(sent, dict) else None
    return given if isinstance(given, str) and given else event.id


def _own(request: Request, given: str) -> str:
    """An id as it is kept: those of a tenant are nobody else's."""
    tenant = request.state.caller.tenant
    if not given or not tenant:
        return given
    return f"evt-{hashlib.sha256(f'{tenant}:{given}'.encode()).hexdigest()}"


def _id(request: Request, given: SentEvent, user: str, index: int) -> str:
    """From the idempotency key, so that a repeated request gives the same ids; else a new one.

    What happened is part of it: another event is not lost to a key that was used before.
    """
    key = request.headers.get("idempotency-key")
    if not key:
        return f"evt-{uuid.uuid4().hex}"
    what = (given.item_id, given.kind, str(given.value), str(given.at), given.list_id)
    digest = hashlib.sha256("\0".join((key, user, str(index), *what)).encode())
    return f"evt-{digest.hexdigest()[:32]}"


def _refused(
    door: Door, index: int, sent: Any, reason: str, *, event: Event | None = None
) -> Outcome:
    door.metrics.event(event.kind if event else "unknown", "refused")
    given = sent.get("id") if isinstance(sent, dict) else None
    name = event.id if event else given[:200] if isinstance(given, str) else ""
    return Outcome(index=index, id=name, status="refused", reason=reason)
