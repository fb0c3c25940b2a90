"""`POST /v1/recommendations`: rank for a dialogue and keep nothing of it."""

import time
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from simpatico.agent.api.auth import person
from simpatico.agent.api.body import read
from simpatico.agent.api.door import body_of, door_of
from simpatico.agent.api.errors import ApiError, from_validation
from simpatico.agent.api.media import MEDIA_BYTES, attached
from simpatico.agent.api.schemas import RecommendRequest, card
from simpatico.agent.api.stream import CallerGone, attended
from simpatico.agent.profile import PastEvent, profile_of
from simpatico.domain import Profile
from simpatico.errors import DataError

if TYPE_CHECKING:
    from simpatico.agent.ranking import Ranking

router = APIRouter(tags=["recommendations"])


@router.post("/v1/recommendations", openapi_extra=body_of(RecommendRequest))
async def recommend(request: Request) -> Response:
    """The understood state and up to `k` items, best first, whatever the intent."""
    door = door_of(request)
    wanted = await read(request, RecommendRequest, media_bytes=MEDIA_BYTES)
    hosts = frozenset(door.settings.retrieval.media_hosts)
    files = await attached(wanted.messages, hosts=hosts)
    service = door.service
    try:
        options = wanted.options
    except ValidationError as error:
        raise from_validation(error) from error
    who = person(request, user=wanted.user)
    past = profile_from(who.user, wanted.history)

    async def rank() -> "Ranking":
        known, allowed = Profile(user=who.user), options
        labels: tuple[str, ...] = ()
        if not who.throwaway:
            known, allowed, labels = await service.usable(who.user, options)
        found = await service.recommend(
            wanted.dialogue,
            profile=together(known, past),
            k=wanted.k,
            options=allowed,
            image=files.image,
            audio=files.audio,
        )
        return found.model_copy(update={"degraded": (*labels, *found.degraded)})

    try:
        with door.limits.running():
            ranking = await attended(rank(), request.receive, limit_s=door.limit_s)
    except CallerGone:
        return Response(status_code=499)  # nobody reads it
    return JSONResponse(
        {
            "id": f"rec-{uuid.uuid4().hex}",
            "object": "recommendations",
            "created": int(time.time()),
            "state": ranking.state.model_dump(mode="json"),
            "recommendations": [
                card(found).model_dump(mode="json") for found in ranking.recommendations
            ],
            "let_go": list(ranking.let_go),
            "degraded": list(ranking.degraded),
            "care": ranking.care,
        }
    )


def profile_from(user: str, history: Sequence[PastEvent]) -> Profile:
    """Sum up a history; see `simpatico.agent.profile.profile_of`.

    Raises:
        ApiError: 400 that names the first event that cannot be one.
    """
    try:
        return profile_of(user, history)
    except DataError as error:
        place = str(error).partition(":")[0]
        raise ApiError(400, str(error), code="invalid_value", param=place) from error


def together(known: Profile, past: Profile) -> Profile:
    """Both profiles in one; where they disagree on an item, `past` decides."""
    decided = {*past.liked, *past.disliked}

    def join(first: tuple[str, ...], then: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*(item for item in first if item not in decided), *then)))

    return Profile(
        user=known.user,
        liked=join(known.liked, past.liked),
        disliked=join(known.disliked, past.disliked),
        seen=tuple(dict.fromkeys((*known.seen, *past.seen))),
        saved=tuple(dict.fromkeys((*known.saved, *past.saved))),
        shown=known.shown,
        n_events=known.n_events + past.n_events,
    )


def why(error: ValidationError | DataError) -> str:
    """What is wrong with an event, in a line that does not repeat it."""
    return str(error) if isinstance(error, DataError) else from_validation(error).message
