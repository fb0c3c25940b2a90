"""What the page's microphone heard, as words: `POST /voice`. Nothing of it is kept.

`GET /voice` makes ready, and says before anybody speaks that nothing can be heard here.
"""

from contextlib import ExitStack
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from simpatico.agent.api.body import read_bytes
from simpatico.agent.api.errors import ApiError
from simpatico.agent.api.speech import attentive
from simpatico.agent.service import Simpatico

MOST_BYTES: Final = 4_000_000
"""Of a body: what voice.js sends has half of it."""


def voice_routes(service: Simpatico) -> APIRouter:
    """The routes; add them before the page, which takes every address that is left."""
    router = APIRouter(include_in_schema=False)

    @router.get("/voice")
    async def ready(request: Request) -> Response:
        await attentive(request, service.ready_to_hear())
        return Response(status_code=204)

    @router.post("/voice")
    async def words(request: Request) -> Response:
        if request.headers.get("content-type") != "audio/wav":  # no form of another site sends it
            raise ApiError(415, "Content-Type: wanted audio/wav", code="unsupported_media_type")
        with ExitStack() as held:
            sound = await read_bytes(request, MOST_BYTES, held=held)
            spoken = await attentive(request, service.hear(sound))
        return JSONResponse({"text": spoken.text}, headers={"Cache-Control": "no-store"})

    return router
