"""Endpoints for those who run it: models, health, readiness, metrics, version."""

from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, PlainTextResponse, Response

from simpatico.agent.api.auth import Caller, caller
from simpatico.agent.api.chat import check_model
from simpatico.agent.api.door import VERSION, Door, door_of
from simpatico.agent.api.errors import ApiError
from simpatico.agent.api.schemas import MODEL

public = APIRouter(tags=["operations"])
router = APIRouter(tags=["operations"])
admin = APIRouter(tags=["operations"])


@public.get("/health")
async def health() -> dict[str, str]:
    """Alive: the process answers. Says nothing about its parts."""
    return {"status": "ok"}


@public.get("/ready")
async def ready(request: Request) -> JSONResponse:
    """200 when turns are answered (perhaps on fallbacks), 503 while starting or a part is down.

    With a key set, only callers who carry it read why a part is not well.
    """
    door = door_of(request)
    if door.behind is None:
        status = "down" if door.failure else "starting"
        parts = {"service": f"down: {door.failure}" if door.failure else "starting"}
    else:
        parts = await door.behind.health()
        door.metrics.parts(parts)
        states = {how.partition(":")[0] for how in parts.values()}
        status = "down" if "down" in states else "degraded" if "degraded" in states else "ready"
    if not _is_known(request):
        parts = {name: how.partition(":")[0] for name, how in parts.items()}
    return JSONResponse(
        {"status": status, "parts": parts},
        status_code=503 if status in ("down", "starting") else 200,
        headers={"Cache-Control": "no-store"},
    )


@admin.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """All series in Prometheus' text format; they are everybody's, so not a tenant's to read."""
    calling: Caller = request.state.caller
    if calling.tenant:
        raise ApiError(403, "this key may not do that; it is a tenant's", code="insufficient_scope")
    return Response(door_of(request).metrics.text(), media_type=CONTENT_TYPE_LATEST)


@router.get("/version")
async def version() -> dict[str, str]:
    """Which Simpatico this is."""
    return {"name": "simpatico", "version": VERSION}


@router.get("/v1/models")
async def models(request: Request) -> dict[str, Any]:
    """The list of models: one."""
    return {"object": "list", "data": [_model(door_of(request))]}


@router.get("/v1/models/{model:path}")
async def model(request: Request, model: str) -> dict[str, Any]:
    """One model."""
    check_model(model)
    return _model(door_of(request))


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> JSONResponse:
    """The machine-readable description of this API."""
    return JSONResponse(request.app.openapi())


def _is_known(request: Request) -> bool:
    """Whether who asks has a key that holds; nobody is refused for trying too many."""
    try:
        return caller(request) is not None
    except ApiError:
        return False


def _model(door: Door) -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": door.created, "owned_by": "simpatico"}
