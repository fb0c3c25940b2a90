"""Who may look at how it runs: whoever sits at this computer, or has a key for it."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from simpatico.agent.api.auth import is_keyless, key_holder
from simpatico.agent.api.door import Door
from simpatico.agent.api.errors import ApiError
from simpatico.loopback import is_loopback

_FORWARDED = ("forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip")


def admit(door: Door, *, peer: str, headers: Iterable[tuple[str, str]], key: str) -> None:
    """Let an operator in, or say why not.

    Without any key configured it is open to who sits at this computer, as far as can be told: the
    server listens on loopback, the peer is there, nothing says that somebody else's request was
    passed on, and neither server nor page goes by another name. Else it takes a key with the scope
    admin that is of no tenant.

    Args:
        door: with the settings, keys and limits.
        peer: the address that the request came from.
        headers: all of the request's, by any case.
        key: what was typed; "" when nothing was.

    Raises:
        ApiError: 401 without a key or with a wrong one, 403 with one that may not, 429 after too
            many calls, or too many wrong keys (see `key_holder`).
        StoreError: the keys cannot be read.
    """
    keyless = is_keyless(door)
    if keyless and is_loopback(door.settings.host) and _is_near(peer, headers):
        return
    if not key:
        raise ApiError(401, "wanted an operator's key", code="missing_api_key")
    if keyless:
        raise ApiError(
            401,
            "no key is there yet; `simpatico key add operator --scope admin` makes one",
            code="no_api_key",
        )
    found = key_holder(door, key.strip().encode("utf-8", "replace"), peer=peer)
    if found is None:
        raise ApiError(401, "that is no key of this server", code="invalid_api_key")
    if "admin" not in found.scopes or found.tenant:
        raise ApiError(
            403, "this key may not do that; it takes admin, without a tenant",
            code="insufficient_scope",
        )  # fmt: skip
    door.limits.count("key", found.key)


def _is_near(peer: str, headers: Iterable[tuple[str, str]]) -> bool:
    if not is_loopback(peer):
        return False
    for name, value in headers:
        lower = name.lower()
        if lower in _FORWARDED or lower.startswith("x-forwarded"):
            return False
        if lower == "origin" and not is_loopback(_name(value)):
            return False
        if lower == "host" and not is_loopback(_name(f"//{value}")):
            return False
    return True


def _name(address: str) -> str:
    """The host of an address; "" where it is none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
