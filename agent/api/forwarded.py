"""On whose behalf a chat client calls: whom Open WebUI names in a header, signed or not."""

from typing import Final

import jwt
from starlette.datastructures import Headers

from simpatico.agent.api.errors import ApiError

PLAIN: Final = "X-OpenWebUI-User-Id"
SIGNED: Final = "X-OpenWebUI-User-Jwt"
"""Takes the plain one's place where Open WebUI has `FORWARD_USER_INFO_HEADER_JWT_SECRET`."""
_CLOCKS_DIFFER_S: Final = 30


def forwarded(headers: Headers, secret: str) -> tuple[str, str | None]:
    """The header that names a person, and the name; None when there is none and none is signed.

    Args:
        headers: of a caller who may name people.
        secret: what names are signed with (HS256); "": they are not.

    Raises:
        ApiError: 403 for a name without a signature where one is asked for, and for a signature
            that does not hold, is too old, or cannot be checked. To go on without the name would
            make one person of all.
    """
    token = headers.get(SIGNED)
    if token is None:
        name = headers.get(PLAIN)
        if secret:
            raise _refused(PLAIN if name else SIGNED, f"wanted a signed name, in {SIGNED}")
        return PLAIN, name
    if not secret:
        raise _refused(SIGNED, "cannot be checked; SIMPATICO_FORWARD_SECRET is not set here")
    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            leeway=_CLOCKS_DIFFER_S,
            options={"require": ["exp", "sub"], "verify_aud": False},
        )
    except jwt.InvalidTokenError as error:
        raise _refused(SIGNED, f"does not hold ({type(error).__name__})") from error
    name = str(claims["sub"])
    if not name.strip():
        raise _refused(SIGNED, "names nobody")
    return SIGNED, name


def _refused(header: str, why: str) -> ApiError:
    return ApiError(403, f"{header}: {why}", code="not_allowed", param=header)
