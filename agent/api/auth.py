"""Who is calling: the key, the person the call is about, the session it continues."""

import hashlib
import hmac
import re
import secrets

from fastapi import Request

from simpatico.agent.api.errors import ApiError
from simpatico.domain import Value
from simpatico.settings import Settings
from simpatico.text import clean

_SESSION = re.compile(r"[A-Za-z0-9._:-]{1,128}")
MAX_USER_CHARS = 200


class Person(Value):
    """The person a call is about. A throwaway person is new with every call."""

    user: str
    throwaway: bool


def authorise(request: Request) -> None:
    """Dependency of every endpoint that is not public.

    It hangs on the route that was matched, so no spelling of the path leads around it.

    Raises:
        ApiError: 401 when a key is set and the request does not carry it.
    """
    if not authorised(request):
        raise ApiError(
            401,
            "wanted the API key as `Authorization: Bearer KEY`",
            code="invalid_api_key",
            headers={"WWW-Authenticate": "Bearer"},
        )


def authorised(request: Request) -> bool:
    """Whether no key is set, or the request carries it. Takes the same time for any wrong key."""
    settings: Settings = request.app.state.door.settings
    wanted = settings.api_key.get_secret_value()
    if not wanted:
        return True
    given = request.headers.getlist("authorization")
    scheme, _, key = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    # Starlette decodes headers as latin-1; encoding back gives the bytes that were sent.
    same = hmac.compare_digest(_digest(key.strip().encode("latin-1")), _digest(wanted.encode()))
    return same and scheme.lower() == "bearer"


def person(
    request: Request, *, user: str | None = None, safety_identifier: str | None = None
) -> Person:
    """`safety_identifier`, else `user`, else the key's holder, else nobody we will know again.

    Raises:
        ApiError: 400 for a name that is too long or holds control characters.
    """
    for param, name in (("safety_identifier", safety_identifier), ("user", user)):
        if name is None or not name.strip():
            continue
        if clean(name, max_chars=MAX_USER_CHARS) != name.strip():
            raise ApiError(
                400,
                f"{param}: wanted at most {MAX_USER_CHARS} characters, none of them control codes",
                code="invalid_value",
                param=param,
            )
        return Person(user=name.strip(), throwaway=False)
    settings: Settings = request.app.state.door.settings
    if key := settings.api_key.get_secret_value():
        return Person(user=f"key:{_digest(key.encode()).hex()[:16]}", throwaway=False)
    return Person(user=f"anonymous:{secrets.token_hex(16)}", throwaway=True)


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
    return name


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
