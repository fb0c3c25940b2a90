"""`GET /v1/items`: the catalogue, as callers may look it up."""

from bisect import bisect_right
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from simpatico.agent.api.door import door_of
from simpatico.agent.api.errors import ApiError
from simpatico.domain import Item

router = APIRouter(tags=["items"])

MAX_PAGE = 200


@router.get("/v1/items")
async def items(request: Request, after: str = "", limit: int = 50) -> Response:
    """A page of the catalogue in the order of ids, those after the id `after`.

    `limit` is 1 to 200. `has_more` tells whether another page begins after `last_id`.
    """
    if not 1 <= limit <= MAX_PAGE:
        raise ApiError(400, f"limit: wanted 1 to {MAX_PAGE}", code="invalid_value", param="limit")
    catalog = door_of(request).service.catalog
    start = bisect_right(catalog.items, after, key=lambda item: item.id)
    page = [_shown(item) for item in catalog.items[start : start + limit]]
    return JSONResponse(
        {
            "object": "list",
            "data": page,
            "last_id": page[-1]["id"] if page else None,
            "has_more": len(catalog) > start + limit,
        }
    )


@router.get("/v1/items/{item_id:path}")
async def item(request: Request, item_id: str) -> Response:
    """One item with all that is known of it."""
    found = door_of(request).service.catalog.get(item_id)
    if found is None:
        raise ApiError(404, f"there is no item {item_id[:200]!r} here", param="item_id")
    return JSONResponse(_shown(found))


def _shown(item: Item) -> dict[str, Any]:
    """An item without its media: where they lie on this machine is nobody's business."""
    return {"object": "item", **item.model_dump(mode="json", exclude={"media"})}
