"""Prometheus series of one app. Labels are names of ours, never anybody's words."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from simpatico.agent.api.errors import as_api_error
from simpatico.agent.api.hours import Hours
from simpatico.domain import Finished, Reply, TextDelta, Update

_TURN_BUCKETS_S = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
_CANDIDATES_BUCKETS = (0, 1, 5, 10, 25, 50, 100, 150, 200, 500, 1000, 2000)
_SHARE_BUCKETS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_STAGE_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 20.0)


class Metrics:
    """The series, in a registry of their own so that several apps can live in one process.

    `hours` counts turns by their mood for the operator's page; it is no series.

    Other doors (the page) report their turns too, under their own `door`; see `counted`.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.hours = Hours()
        self._turns = Counter(
            "simpatico_turns",
            "Turns answered, by door and by what was done.",
            ["door", "route"],
            registry=self.registry,
        )
        self._failed = Counter(
            "simpatico_turns_failed",
            "Turns without an answer, by error code.",
            ["door", "code"],
            registry=self.registry,
        )
        self._degraded = Counter(
            "simpatico_turns_degraded",
            "Turns in which a part ran on its fallback.",
            ["door"],
            registry=self.registry,
        )
        self._turn_s = Histogram(
            "simpatico_turn_seconds",
            "A whole turn.",
            ["door"],
            buckets=_TURN_BUCKETS_S,
            registry=self.registry,
        )
        self._first_word_s = Histogram(
            "simpatico_time_to_first_word_seconds",
            "From the message to the first piece of the answer's text.",
            ["door"],
            buckets=_TURN_BUCKETS_S,
            registry=self.registry,
        )
        self._stage_s = Histogram(
            "simpatico_stage_seconds",
            "One stage of a turn.",
            ["stage"],
            buckets=_STAGE_BUCKETS_S,
            registry=self.registry,
        )
        self._candidates = Histogram(
            "simpatico_candidates",
            "Items found, of which the recommendations were chosen.",
            ["door"],
            buckets=_CANDIDATES_BUCKETS,
            registry=self.registry,
        )
        self._ungrounded = Counter(
            "simpatico_ungrounded_sentences",
            "Sentences the model wrote that evidence did not carry; nobody saw them.",
            ["door"],
            registry=self.registry,
        )
        self._mood_confidence = Histogram(
            "simpatico_mood_confidence",
            "How sure the guess of a mood was, 0 to 1; 0 where none was made.",
            ["door"],
            buckets=_SHARE_BUCKETS,
            registry=self.registry,
        )
        self._events = Counter(
            "simpatico_events",
            "Feedback events, by kind and by what became of them.",
            ["kind", "status"],
            registry=self.registry,
        )
        self.running = Gauge(
            "simpatico_turns_running", "Turns being answered now.", registry=self.registry
        )
        self._part = Gauge(
            "simpatico_part_up",
            "1: ok, 0.5: degraded, 0: down, as of the last look.",
            ["part"],
            registry=self.registry,
        )

    def turn(
        self, door: str, reply: Reply, *, seconds: float, first_word_s: float | None = None
    ) -> None:
        """Count an answered turn."""
        self._turns.labels(door, reply.route).inc()
        self._turn_s.labels(door).observe(seconds)
        if first_word_s is not None:
            self._first_word_s.labels(door).observe(first_word_s)
        if reply.degraded:
            self._degraded.labels(door).inc()
        for stage in reply.trace.stages:
            self._stage_s.labels(stage.name).observe(stage.ms / 1000)
            for what, n in stage.counts:
                if what == "candidates":
                    self._candidates.labels(door).observe(n)
                elif what == "ungrounded":
                    self._ungrounded.labels(door).inc(n)
        self._mood_confidence.labels(door).observe(reply.state.mood.confidence)
        self.hours.count(reply.state.mood.label)

    async def counted(
        self, door: str, updates: AsyncGenerator[Update, None]
    ) -> AsyncGenerator[Update, None]:
        """Pass a turn's updates on and count the turn; one left before its end is "stopped"."""
        began = time.perf_counter()
        first_word_s: float | None = None
        answered = False
        with self.running.track_inprogress():
            try:
                async with aclosing(updates):
                    async for update in updates:
                        so_far_s = time.perf_counter() - began
                        if first_word_s is None and isinstance(update, TextDelta | Finished):
                            first_word_s = so_far_s
                        if isinstance(update, Finished):
                            answered = True
                            self.turn(
                                door, update.reply, seconds=so_far_s, first_word_s=first_word_s
                            )
                        yield update
            except BaseException as error:
                if not answered:
                    self.failed(door, _code(error))
                raise

    def failed(self, door: str, code: str) -> None:
        """Count a turn without an answer."""
        self._failed.labels(door, code).inc()

    def event(self, kind: str, status: str) -> None:
        """Count an event."""
        self._events.labels(kind, status).inc()

    def parts(self, parts: dict[str, str]) -> None:
        """Remember how the parts are."""
        for name, how in parts.items():
            value = {"ok": 1.0, "degraded": 0.5}.get(how.partition(":")[0], 0.0)
            self._part.labels(name).set(value)

    def text(self) -> bytes:
        """All series in Prometheus' text format."""
        return generate_latest(self.registry)


def _code(error: BaseException) -> str:
    if not isinstance(error, Exception):  # cancelled or closed
        return "stopped"
    wrong = as_api_error(error)
    return wrong.code or str(wrong.status)
