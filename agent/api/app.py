"""The application: endpoints, errors and guard put together around one service."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Match

from simpatico.agent.api import (
    chat,
    embeddings,
    events,
    items,
    ops,
    people,
    recommend,
    responses,
    speech,
)
from simpatico.agent.api.auth import allow
from simpatico.agent.api.cors import Cors
from simpatico.agent.api.door import GRACE_S, KEEP_ALIVE_S, VERSION, Door, Service
from simpatico.agent.api.errors import ERROR_SCHEMA, ApiError, handle
from simpatico.agent.api.guard import OPERATIONS, Guard, hosts_for
from simpatico.agent.api.keys import Scope
from simpatico.errors import SimpaticoError
from simpatico.settings import Settings

log = logging.getLogger(__name__)

Factory = Callable[[], Awaitable[Service]]

_ROUTERS: tuple[tuple[APIRouter, tuple[Scope, ...]], ...] = (
    (chat.router, ("chat",)),
    (responses.router, ("chat",)),
    (recommend.router, ("chat",)),
    (embeddings.router, ("chat",)),
    (speech.router, ("chat",)),
    (items.router, ("chat", "events")),
    (events.router, ("events",)),
    (people.router, ("admin",)),
    (ops.admin, ("admin",)),
    (ops.router, ()),
)
_ERRORS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "An error; docs/api.md lists them.",
        "content": {"application/json": {"schema": ERROR_SCHEMA}},
    }
}
_KEY = HTTPBearer(auto_error=False, scheme_name="key", description="If one is configured.")
"""Describes the key; `allow` asks for it."""
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


def create_app(
    service: Service | Factory,
    *,
    settings: Settings,
    hosts: Iterable[str] = (),
    keep_alive_s: float = KEEP_ALIVE_S,
    grace_s: float = GRACE_S,
) -> FastAPI:
    """Make the API.

    `app.state.door` holds what it shares with a page mounted on the same app: `.service` and
    `.metrics`.

    Args:
        service: one that runs already and stays its owner's to close; or a function that makes
            one. The app calls it when it starts, answers /health and /ready meanwhile, and
            closes what it made when it stops.
        settings: `host` decides which Host headers are believed, `api_key` who may call,
            `cors_origins` from which other sites' pages.
        hosts: further names to answer to, for a proxy that passes its own on.
        keep_alive_s: seconds of silence in a stream before a comment is sent.
        grace_s: a turn is given up so many seconds after `settings.turn_timeout_s`.
    """
    door = Door(settings, keep_alive_s=keep_alive_s, grace_s=grace_s)
    app = FastAPI(
        title="Simpatico",
        version=VERSION,
        lifespan=_lifespan(door, service),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # the guard forgives them; a redirect would answer without a key
    )
    app.state.door = door
    for error in (ApiError, SimpaticoError, TimeoutError):
        app.add_exception_handler(error, handle)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    origins = frozenset(settings.cors_origins)
    app.add_middleware(Guard, hosts=hosts_for(settings.host, more=hosts), origins=origins)
    if origins:  # around the guard: a page can read what that refuses
        app.add_middleware(Cors, origins=origins)
    app.include_router(ops.public, responses=_ERRORS)
    for router, scopes in _ROUTERS:
        asked = [Depends(allow(*scopes)), Depends(_KEY)]
        app.include_router(router, dependencies=asked, responses=_ERRORS)
    app.include_router(_rest())
    return app


def _lifespan(
    door: Door, service: Service | Factory
) -> Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
        if not callable(service):
            door.behind = service
            yield
            return
        building = asyncio.create_task(_build(door, service))
        try:
            yield
        finally:
            building.cancel()
            await asyncio.gather(building, return_exceptions=True)
            if door.behind is not None:
                await door.behind.aclose()
                door.behind = None

    return lifespan


async def _build(door: Door, factory: Factory) -> None:
    try:
        door.behind = await factory()
    except Exception as error:
        known = isinstance(error, SimpaticoError)
        door.failure = str(error) if known else f"unforeseen {type(error).__name__}"
        log.error("could not start: %s", door.failure, exc_info=None if known else error)


def _rest() -> APIRouter:
    """What no other route of ours took; else a page mounted at / would answer in its own way."""
    router = APIRouter(include_in_schema=False)

    async def rest(request: Request) -> None:
        allowed = {
            method
            for ours in (ops.public, *(router for router, _ in _ROUTERS))
            for route in ours.routes
            if isinstance(route, APIRoute) and route.matches(request.scope)[0] != Match.NONE
            for method in route.methods or ()
        }
        if "GET" in allowed:
            allowed.add("HEAD")
        if allowed:
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(allowed))})
        raise HTTPException(404)

    for path in ("/v1", "/v1/{rest:path}", *OPERATIONS):
        router.add_api_route(path, rest, methods=_METHODS)
    return router


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    said = {
        404: f"there is no {request.url.path[:200]!r} here",
        405: f"{request.url.path[:200]!r} does not take {request.method}",
    }
    return await handle(
        request,
        ApiError(
            error.status_code,
            said.get(error.status_code, str(error.detail)),
            headers=error.headers,
        ),
    )


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:])
    wrong = ApiError(400, f"{where}: {first['msg']}", code="invalid_value", param=where)
    return await handle(request, wrong)
