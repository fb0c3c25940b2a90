"""Pages of other sites that may call the API: those named in the settings, and no others.

Nothing that a browser adds by itself is ever a credential here: a page must have been given a key,
so no answer says `Access-Control-Allow-Credentials`.
"""

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_METHODS = ("GET", "POST", "DELETE")
_READABLE = (
    "idempotency-replayed",
    "openai-processing-ms",
    "retry-after",
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
    "x-request-id",
)
_REMEMBERED_S = 600


class Cors:
    """ASGI middleware that answers preflights and marks answers, both under /v1/ alone."""

    def __init__(self, app: ASGIApp, *, origins: frozenset[str]) -> None:
        self._app = app
        self._api = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=_METHODS,
            allow_headers=("*",),  # of an origin that is believed; clients send many of their own
            expose_headers=_READABLE,
            max_age=_REMEMBERED_S,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one request."""
        ours = scope["type"] == "http" and is_api(scope["path"])
        await (self._api if ours else self._app)(scope, receive, send)


def is_api(path: str) -> bool:
    """Whether a path is one that pages of other sites may be let in to."""
    return path.startswith("/v1/")
