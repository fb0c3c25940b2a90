"""Counts by the hour, of the newest day, in memory alone."""

from collections import Counter, deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from pydantic import AwareDatetime

from simpatico.domain import Value

N_HOURS = 24


class Hour(Value):
    """What was counted within an hour that began `at`; names of ours, most first."""

    at: AwareDatetime
    counts: tuple[tuple[str, int], ...] = ()

    @property
    def n(self) -> int:
        """All together."""
        return sum(n for _, n in self.counts)


class Hours:
    """Counters of the newest `N_HOURS` hours; older ones are forgotten.

    Args:
        now: the clock.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._kept: deque[tuple[datetime, Counter[str]]] = deque(maxlen=N_HOURS)

    def count(self, name: str) -> None:
        """Count one more of this name now."""
        hour = self._hour()
        if not self._kept or self._kept[-1][0] < hour:  # a clock that went back counts on
            self._kept.append((hour, Counter()))
        self._kept[-1][1][name] += 1

    def newest(self) -> list[Hour]:
        """Every one of the newest `N_HOURS` hours, those without anything as well; oldest first."""
        last = self._hour()
        kept = dict(self._kept)
        hours = [last - timedelta(hours=back) for back in range(N_HOURS - 1, -1, -1)]
        return [Hour(at=at, counts=tuple(kept.get(at, Counter()).most_common())) for at in hours]

    def _hour(self) -> datetime:
        return self._now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)
