"""`/v1/users/{id}`: what is kept of a person, to take away or to erase."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from simpatico.agent.api.auth import person
from simpatico.agent.api.door import door_of
from simpatico.agent.api.errors import ApiError

router = APIRouter(tags=["people"])


@router.get("/v1/users/{user:path}/export")
async def export(request: Request, user: str) -> Response:
    """Everything that is kept of a person, as one JSON file."""
    kept = await door_of(request).service.export(_named(request, user))
    return Response(
        kept.model_dump_json(indent=2),
        media_type="application/json",
        headers={
            "Content-Disposition": 'attachment; filename="simpatico-export.json"',
            "Cache-Control": "no-store",
        },
    )


@router.delete("/v1/users/{user:path}")
async def erase(request: Request, user: str) -> Response:
    """Remove a person from every store; again for somebody unknown, there is nothing left."""
    door, name = door_of(request), _named(request, user)
    erased = await door.service.erase(name)
    door.repeats.forget(name)
    return JSONResponse({"object": "user.deleted", "deleted": True, **erased.model_dump()})


def _named(request: Request, user: str) -> str:
    if not user.strip():
        raise ApiError(400, "user: name a person", code="missing_user", param="user")
    return person(request, user=user, of_tenants=True).user
