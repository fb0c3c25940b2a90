"""How often a key and a person may call, and how many turns may run at once."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Final

from simpatico.agent.api.errors import ApiError
from simpatico.settings import LimitSettings

if TYPE_CHECKING:
    from limits import RateLimitItem


MAX_TRIES: Final = 10
"""Wrong keys that one peer may give in a minute."""
MAX_LARGE: Final = 8
"""Bodies with pictures or sounds that are read at the same time; each may take 55 MB."""


class Limits:
    """Counts calls of the last minute in memory, and turns that run.

    Each process counts for itself.
    """

    def __init__(self, settings: LimitSettings) -> None:
        from limits import RateLimitItemPerMinute
        from limits.storage import MemoryStorage
        from limits.strategies import MovingWindowRateLimiter

        self._store = MemoryStorage()
        self._counter = MovingWindowRateLimiter(self._store)
        self._ahead = _ahead()
        per_minute = {"key": settings.per_key, "person": settings.per_person, "try": MAX_TRIES}
        self._items: dict[str, RateLimitItem] = {
            what: RateLimitItemPerMinute(n) for what, n in per_minute.items() if n
        }
        self._at_once = settings.at_once
        self._running = 0
        self._large = 0

    def count(self, what: str, name: str) -> dict[str, str]:
        """Count a call of a key or a person; gives the headers that tell what is left.

        Raises:
            ApiError: 429 with Retry-After when there were too many in the last minute.
        """
        item = self._items.get(what)
        if item is None:
            return {}
        self._mind_the_clock()
        allowed = self._counter.hit(item, what, name)
        wait_s, left = self._window(item, what, name)
        headers = {
            "x-ratelimit-limit-requests": str(item.amount),
            "x-ratelimit-remaining-requests": str(left),
            "x-ratelimit-reset-requests": f"{wait_s}s",
        }
        if allowed:
            return headers
        raise ApiError(
            429,
            f"at most {item.amount} calls a minute for each {what}",
            code="rate_limit_exceeded",
            headers={**headers, "Retry-After": str(wait_s)},
        )

    def count_try(self, peer: str) -> None:
        """Count a wrong key of a peer, who has one left; see `check_tries`."""
        self.count("try", _network(peer))

    def check_tries(self, peer: str) -> None:
        """Refuse a peer who gave too many wrong keys. Raises `ApiError` 429 with Retry-After."""
        item, name = self._items["try"], _network(peer)
        self._mind_the_clock()
        if not self._counter.test(item, "try", name):
            wait_s, _ = self._window(item, "try", name)
            raise ApiError(
                429,
                f"too many wrong keys; try again in {wait_s} s",
                code="rate_limit_exceeded",
                headers={"Retry-After": str(wait_s)},
            )

    def _mind_the_clock(self) -> None:
        """Count anew when the clock was set back, or calls are refused until it has caught up."""
        before, self._ahead = self._ahead, _ahead()
        if self._ahead < before - 1:
            self._store.reset()

    def _window(self, item: "RateLimitItem", what: str, name: str) -> tuple[int, int]:
        """Seconds until the window ends, at least one, and how many calls are left in it."""
        ends, left = self._counter.get_window_stats(item, what, name)
        return max(1, math.ceil(ends - time.time())), left

    @contextmanager
    def running(self) -> Iterator[None]:
        """A turn that runs, or something as long: a ranking, an encoding, a hearing.

        Raises:
            ApiError: 429 with Retry-After when as many run as may.
        """
        if self._running >= self._at_once:
            raise ApiError(
                429,
                f"{self._at_once} turns are running, no more at once",
                code="rate_limit_exceeded",
                headers={"Retry-After": "1"},
            )
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1

    @contextmanager
    def large(self) -> Iterator[None]:
        """A large body that is read.

        Raises:
            ApiError: 429 with Retry-After when as many are read as may be.
        """
        if self._large >= MAX_LARGE:
            raise ApiError(
                429,
                f"{MAX_LARGE} pictures or sounds are being read, no more at once",
                code="rate_limit_exceeded",
                headers={"Retry-After": "1", "Connection": "close"},
            )
        self._large += 1
        try:
            yield
        finally:
            self._large -= 1


def _ahead() -> float:
    """Seconds by which the clock of the day is ahead of one that nobody sets."""
    return time.time() - time.monotonic()


def _network(peer: str) -> str:
    """Whose an address is: with IPv6 one customer has 2^64 of them."""
    try:
        found = ip_address(peer)
    except ValueError:
        return peer
    return str(ip_network((found, 64), strict=False)) if found.version == 6 else peer
