"""Pictures and sounds of items, served beside the page: `/media/audio?item=ID`.

Nothing that comes from outside is a path. The item is looked up, and of its media the first of the
kind that lies in HOME/media is sent, as what its own bytes say it is. Parts can be asked for, so
that a browser reads only what it plays.
"""

from collections.abc import Callable
from pathlib import Path
from typing import get_args

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse

from simpatico.domain import Item
from simpatico.errors import DataError
from simpatico.retrieval.media import file_inside
from simpatico.retrieval.sniffing import HEAD, content_type
from simpatico.ui.local_media import MediaKind, local_media

_HEADERS = {
    "Cache-Control": "private, max-age=3600",
    "Content-Security-Policy": "default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

ItemOf = Callable[[str], Item | None]
"""The item of an id, or None."""


def media_routes(item_of: ItemOf, folder: Path) -> APIRouter:
    """The routes; add them before the page, which takes every address that is left.

    Args:
        item_of: looks an item of the catalogue up.
        folder: where media lie; nothing outside it is ever sent.
    """
    router = APIRouter(include_in_schema=False)

    @router.api_route("/media/{kind}", methods=["GET", "HEAD"])
    def media(kind: str, item: str = "") -> FileResponse:
        known = item_of(item) if kind in get_args(MediaKind) else None
        if known is None:
            raise HTTPException(404)
        wanted: MediaKind = "image" if kind == "image" else "audio"
        for uri in local_media(known, wanted):
            if found := _file(folder, uri, wanted):
                path, named = found
                return FileResponse(path, media_type=named, headers=_HEADERS)
        raise HTTPException(404)

    return router


def _file(folder: Path, uri: str, kind: MediaKind) -> tuple[Path, str] | None:
    """A file with its content type, if it is there, inside the folder, and what it should be."""
    try:
        path = file_inside(folder, uri)
        with path.open("rb") as file:
            named = content_type(file.read(HEAD), kind)
    except (DataError, OSError):
        return None
    return (path, named) if named else None
