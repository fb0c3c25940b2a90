"""Who is calling: the key, the person the call is about, the session it continues."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from fastapi import Request

from simpatico.agent.api.errors import ApiError
from simpatico.agent.api.forwarded import forwarded
from simpatico.agent.api.guard import HEADERS
from simpatico.agent.api.keys import SCOPES, Scope
from simpatico.agent.api.limits import Limits
from simpatico.domain import Value
from simpatico.settings import MIN_SECRET
from simpatico.text import clean

if TYPE_CHECKING:
    from simpatico.agent.api.door import Door

_SESSION = re.compile(r"[A-Za-z0-9._:-]{1,128}")
MAX_USER_CHARS = 200

_TENANT = "tenant:"
"""What people of a tenant are kept under; nobody else may have a name that begins so."""


class Caller(Value):
    """Who may call, and for what.

    Attributes:
        key: names the key; "" when none is asked for.
        holder: names who holds it, also after it was rotated; "" when none is asked for.
        forwards: see `simpatico.agent.api.keys.Key`.
        tenant: see `simpatico.agent.api.keys.Key`.
        scopes: what it may do.
    """

    key: str = ""
    holder: str = ""
    forwards: bool = False
    tenant: str = ""
    scopes: tuple[Scope, ...] = SCOPES


class Person(Value):
    """The person a call is about. A throwaway person is new with every call."""

    user: str
    throwaway: bool


def allow(*scopes: Scope) -> Callable[[Request], Awaitable[None]]:
    """Dependency of every endpoint that is not public: who calls must have one of the scopes.

    It hangs on the route that was matched, so no spelling of the path leads around it. Without
    scopes any key will do.
    """

    async def authorise(request: Request) -> None:
        found = caller(request)
        if found is None:
            raise ApiError(
                401,
                "wanted the API key as `Authorization: Bearer KEY`",
                code="invalid_api_key",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if scopes and not set(scopes) & set(found.scopes):
            raise ApiError(
                403, f"this key may not do that; it takes {scopes[0]}", code="insufficient_scope"
            )
        request.state.caller = found
        limits: Limits = request.app.state.door.limits
        request.scope[HEADERS].update(limits.count("key", found.key))

    return authorise


def caller(request: Request) -> Caller | None:
    """Who calls; None when a key is asked for and the request carries none that holds.

    Raises:
        ApiError: as `key_holder`.
        StoreError: the keys cannot be read.
    """
    door: Door = request.app.state.door
    if is_keyless(door):
        return Caller()
    given = request.headers.getlist("authorization")
    scheme, _, sent = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not sent.strip():
        return None
    # Starlette decodes headers as latin-1; encoding back gives the bytes that were sent.
    raw = sent.strip().encode("latin-1")
    return key_holder(door, raw, peer=request.client.host if request.client else "")


def is_keyless(door: "Door") -> bool:
    """Whether no key is configured. Raises `StoreError` when the keys cannot be read."""
    return not door.settings.api_key.get_secret_value() and not door.keys.all()


def key_holder(door: "Door", raw: bytes, *, peer: str) -> Caller | None:
    """Who calls with this key; None when it is none that holds. As long for any wrong one.

    Only a short key of the settings, which somebody chose, could be found by trying. So it is what
    too many wrong keys of one peer shut, right or not; keys that were made by chance open on.

    Raises:
        ApiError: 429, when the peer gave too many wrong keys and this one was not made by chance.
        StoreError: the keys cannot be read.
    """
    wanted = door.settings.api_key.get_secret_value()
    same = hmac.compare_digest(_digest(raw), _digest(wanted.encode()))
    found = door.keys.find(raw.decode("utf-8", "replace"))
    if found is not None:
        return Caller(
            key=found.id,
            holder=found.holder or found.id,
            forwards=found.forwards,
            tenant=found.tenant,
            scopes=found.scopes,
        )
    is_short = 0 < len(wanted) < MIN_SECRET
    if is_short:
        door.limits.check_tries(peer)
    if wanted and same:
        name = _digest(wanted.encode()).hex()[:16]
        return Caller(key=name, holder=name)
    if is_short:
        door.limits.count_try(peer)
    return None


def person(
    request: Request,
    *,
    user: str | None = None,
    safety_identifier: str | None = None,
    counted: bool = True,
    of_tenants: bool = False,
) -> Person:
    """Who the call is about.

    `safety_identifier`, else `user`, else whom a key that forwards people names in a header (see
    `forwarded`), else the key's holder, else nobody we will know again. Where such names are
    signed, they alone count. People of a
    tenant's key are that tenant's: two tenants with an "ann" have two people. With `of_tenants` a
    key without a tenant may name them too, as "tenant:acme:ann".

    Raises:
        ApiError: 400 for a name that is too long, holds control characters, or is reserved; 403
            for a forwarded one that is missing or not signed as it should be; 429 when there were
            too many calls about this person.
    """
    calling: Caller = request.state.caller
    ours = f"{_TENANT}{calling.tenant}:" if calling.tenant else ""
    reserved = "" if of_tenants and not calling.tenant else _TENANT
    named = [("safety_identifier", safety_identifier), ("user", user)]
    if calling.forwards:
        secret = request.app.state.door.settings.forward_secret.get_secret_value()
        signed = forwarded(request.headers, secret)
        # What people write into a body must not outweigh whom their chat client vouches for.
        named = [signed] if secret else [*named, signed]
    for param, name in named:
        if name is None or not name.strip():
            continue
        most = MAX_USER_CHARS - len(ours)
        taken = bool(reserved) and name.strip().startswith(reserved)
        if clean(name, max_chars=most) != name.strip() or taken:
            raise ApiError(
                400,
                f"{param}: wanted at most {most} characters, none of them control codes, not"
                f" beginning with {_TENANT!r}",
                code="invalid_value",
                param=param,
            )
        if counted:
            count_person(request, f"{ours}{name.strip()}")
        return Person(user=f"{ours}{name.strip()}", throwaway=False)
    if calling.holder:
        return Person(user=f"{ours}key:{calling.holder}", throwaway=False)
    return Person(user=f"anonymous:{secrets.token_hex(16)}", throwaway=True)


def count_person(request: Request, user: str) -> None:
    """Count a call about a person. Raises `ApiError` 429 when there were too many."""
    limits: Limits = request.app.state.door.limits
    limits.count("person", user)


def session(request: Request, who: Person) -> str | None:
    """The session named by `X-Session-Id`; None when the call stands alone.

    The service checks that it belongs to the person.

    Raises:
        ApiError: 400 when it is malformed, or nobody is named that it could belong to.
    """
    name = request.headers.get("x-session-id")
    if name is None:
        return None
    if not _SESSION.fullmatch(name):
        raise ApiError(
            400,
            "X-Session-Id: wanted 1 to 128 of A-Z a-z 0-9 . _ : -",
            code="invalid_value",
            param="X-Session-Id",
        )
    if who.throwaway:
        raise ApiError(
            400,
            "X-Session-Id: a session belongs to a person; name one in `user`",
            code="missing_user",
            param="user",
        )
    calling: Caller = request.state.caller
    return f"{_TENANT}{calling.tenant}:{name}" if calling.tenant else name


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
