"""What happens to every request before and after its endpoint: host, origin, ids, last resort."""

import ipaddress
import logging
import re
import secrets
import time
from collections.abc import Iterable
from typing import Any

from opentelemetry import context, propagate
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simpatico.agent.api.cors import is_api
from simpatico.agent.api.errors import ApiError, respond
from simpatico.agent.tracing import REQUEST_ID

log = logging.getLogger(__name__)

HEADERS = "simpatico.headers"
"""Where in a request's scope endpoints leave headers for whatever is answered."""

OPERATIONS = ("/health", "/ready", "/metrics", "/version", "/openapi.json")
"""What is ours beside /v1/."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?", re.I)
_SAFE = {"GET", "HEAD", "OPTIONS"}
_METHODS = {*_SAFE, "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT"}


class Guard:
    """ASGI middleware around the API and the page beside it.

    A server on the loopback interface believes that whoever reaches it sits at this computer. A
    web page can break that by pointing its own name at 127.0.0.1, or by posting across sites;
    the Host header and the browser's Sec-Fetch-Site give both away.
    """

    def __init__(
        self, app: ASGIApp, *, hosts: frozenset[str] | None, origins: frozenset[str] = frozenset()
    ) -> None:
        """`hosts` are the names (lower case, no port) the server answers to; None: any.

        `origins` are those of other sites whose pages may call the API.
        """
        self._app = app
        self._hosts = hosts
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        headers = Headers(scope=scope)
        request_id = headers.get("x-request-id", "")
        if not _REQUEST_ID.fullmatch(request_id):
            request_id = f"req_{secrets.token_hex(12)}"
        REQUEST_ID.set(request_id)
        more: dict[str, str] = {}
        scope[HEADERS] = more
        started = False
        status = 0

        async def stamped(message: Message) -> None:
            nonlocal started, status
            if message["type"] == "http.response.start":
                started, status = True, message["status"]
                out = MutableHeaders(scope=message)
                out.update(more)
                out["x-request-id"] = request_id
                out["openai-processing-ms"] = str(round((time.perf_counter() - began) * 1000))
                out.setdefault("x-content-type-options", "nosniff")
            await send(message)

        joined = context.attach(propagate.extract(headers))  # the caller's trace, if it sent one
        within = _without_trailing_slash(scope)
        if scope["method"] == "HEAD" and (is_api(scope["path"]) or within["path"] in OPERATIONS):
            within["method"] = "GET"  # the server, which knows better, sends no body
        try:
            self._check(headers, method=scope["method"], path=scope["path"])
            await self._app(within, receive, stamped)
        except Exception as error:
            wrong = respond(error)
            if not started:
                await wrong(scope, receive, stamped)
            # Else it is too late for a status; the connection that breaks off tells the caller.
            # Raised once more, the web server would log it with its words.
        finally:
            context.detach(joined)
            if is_api(scope["path"]):
                ms = (time.perf_counter() - began) * 1000
                # The route, not the path: that may hold somebody's name.
                route = getattr(within.get("route"), "path", "-")
                method = scope["method"] if scope["method"] in _METHODS else "-"
                log.info("%s %s: %d in %d ms", method, route, status, ms)

    def _check(self, headers: Headers, *, method: str, path: str) -> None:
        named = headers.getlist("host")
        match = _HOST.fullmatch(named[0]) if len(named) == 1 else None
        if match is None:
            raise ApiError(400, "Host: missing or malformed", code="invalid_host")
        if self._hosts is not None and match["name"].lower() not in self._hosts:
            raise ApiError(
                400, "Host: this server does not answer to that name", code="invalid_host"
            )
        if method not in _METHODS:  # the router would leave it to the page
            raise ApiError(405, "there is no such method here")
        let_in = is_api(path) and headers.get("origin") in self._origins
        if method not in _SAFE and headers.get("sec-fetch-site") == "cross-site" and not let_in:
            raise ApiError(403, "requests from other sites' pages are refused", code="cross_site")


def hosts_for(host: str, *, more: Iterable[str] = ()) -> frozenset[str] | None:
    """The names a server bound to `host` answers to; None (any) when bound to every interface.

    `more` are names that a proxy in front of it passes on.
    """
    if host in ("", "0.0.0.0", "::", "[::]"):
        return None
    names = {"localhost", "127.0.0.1", "[::1]", _bracketed(host)}
    return frozenset(names | {name.lower() for name in more})


def _bracketed(host: str) -> str:
    try:
        return f"[{host}]" if ipaddress.ip_address(host).version == 6 else host
    except ValueError:
        return host.lower()


def _without_trailing_slash(scope: Scope) -> dict[str, Any]:
    """Forgive one slash at the end, as it was sent: one that was encoded belongs to a name."""
    path, raw = scope["path"], scope["raw_path"]
    if raw.endswith(b"/") and (is_api(path) or path[:-1] in OPERATIONS):
        return {**scope, "path": path[:-1], "raw_path": raw[:-1]}
    return dict(scope)
