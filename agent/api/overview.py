"""How it goes, read off the series that `Metrics` counts: for the operator to look at."""

from collections import Counter
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.samples import Sample

from simpatico.agent.api.hours import Hour
from simpatico.agent.api.metrics import Metrics
from simpatico.domain import Value

FEW = 5
"""Moods of fewer turns than this are not told apart."""


class Timing(Value):
    """How long something took: what, how often, and quantiles in seconds.

    Quantiles are interpolated within the histogram's buckets; at its last bound they are at least
    that.
    """

    name: str
    n: int
    p50_s: float
    p95_s: float


class Overview(Value):
    """Since the start of the process, but for `hours`.

    Attributes:
        turns: answered ones, by what was done.
        doors: answered ones, by door.
        failed: those without an answer, by code.
        n_degraded: answered ones in which a part ran on its fallback.
        n_running: those being answered now.
        whole: whole turns.
        first_word: until the first piece of text.
        stages: by stage, in the order they were first met.
        events: feedback that was taken, by kind.
        n_refused: feedback that was not.
        hours: turns of the newest day by mood; see `moods_of`.
    """

    turns: tuple[tuple[str, int], ...] = ()
    doors: tuple[tuple[str, int], ...] = ()
    failed: tuple[tuple[str, int], ...] = ()
    n_degraded: int = 0
    n_running: int = 0
    whole: Timing | None = None
    first_word: Timing | None = None
    stages: tuple[Timing, ...] = ()
    events: tuple[tuple[str, int], ...] = ()
    n_refused: int = 0
    hours: tuple[Hour, ...] = ()

    @property
    def n_turns(self) -> int:
        """Turns that were answered."""
        return sum(n for _, n in self.turns)

    @property
    def feedback_rate(self) -> float | None:
        """Feedback for each turn that recommended something; None without any."""
        n = dict(self.turns).get("recommend", 0)
        return sum(n for _, n in self.events) / n if n else None


def overview(metrics: Metrics) -> Overview:
    """Read the series as they are now."""
    registry = metrics.registry
    kinds: dict[str, int] = {}
    refused = 0
    for labels, n in _values(registry, "simpatico_events_total"):
        if labels["status"] == "accepted":
            kinds[labels["kind"]] = kinds.get(labels["kind"], 0) + int(n)
        elif labels["status"] == "refused":
            refused += int(n)
    return Overview(
        turns=_by(registry, "simpatico_turns_total", "route"),
        doors=_by(registry, "simpatico_turns_total", "door"),
        failed=_by(registry, "simpatico_turns_failed_total", "code"),
        n_degraded=sum(n for _, n in _by(registry, "simpatico_turns_degraded_total", "door")),
        n_running=int(sum(n for _, n in _values(registry, "simpatico_turns_running"))),
        whole=next(iter(_timings(registry, "simpatico_turn_seconds")), None),
        first_word=next(iter(_timings(registry, "simpatico_time_to_first_word_seconds")), None),
        stages=tuple(_timings(registry, "simpatico_stage_seconds", "stage")),
        events=_most_first(kinds),
        n_refused=refused,
        hours=tuple(metrics.hours.newest()),
    )


def moods_of(hours: tuple[Hour, ...] | Hour) -> tuple[tuple[str, int], ...]:
    """Moods that were guessed or told, most first, without hours that have fewer than `FEW`.

    So few could tell about one person.
    """
    counts: Counter[str] = Counter()
    for hour in (hours,) if isinstance(hours, Hour) else hours:
        known = Counter({label: n for label, n in hour.counts if label != "unknown"})
        if known.total() >= FEW:
            counts += known
    return _most_first(counts)


def quantile(buckets: Mapping[float, float], share: float) -> float:
    """A quantile of a histogram, linear within its bucket; as Prometheus' `histogram_quantile`.

    Args:
        buckets: how many are at most each bound (`inf` among the bounds), at least one in all.
        share: which, above 0 and up to 1.
    """
    bounds = sorted(buckets)
    wanted = share * buckets[bounds[-1]]
    below, n_below = 0.0, 0.0
    for bound in bounds[:-1]:
        n = buckets[bound]
        if n >= wanted:
            return below + (bound - below) * (wanted - n_below) / (n - n_below)
        below, n_below = bound, n
    return below


def _timings(registry: CollectorRegistry, name: str, by: str = "") -> Iterator[Timing]:
    """Quantiles by a label; of all together without one."""
    found: dict[str, dict[float, float]] = {}
    for labels, n in _values(registry, f"{name}_bucket"):
        buckets = found.setdefault(labels.get(by, ""), {})
        bound = float(labels["le"])
        buckets[bound] = buckets.get(bound, 0) + n
    for what, buckets in found.items():
        if n_all := int(max(buckets.values())):
            p50, p95 = quantile(buckets, 0.5), quantile(buckets, 0.95)
            yield Timing(name=what, n=n_all, p50_s=p50, p95_s=p95)


def _by(registry: CollectorRegistry, name: str, label: str) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for labels, n in _values(registry, name):
        counts[labels[label]] = counts.get(labels[label], 0) + int(n)
    return _most_first(counts)


def _most_first(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _values(registry: CollectorRegistry, name: str) -> Iterator[tuple[dict[str, str], float]]:
    sample: Sample
    for family in registry.collect():
        for sample in family.samples:
            if sample.name == name:
                yield sample.labels, sample.value
