"""OpenTelemetry spans of turns and their stages: numbers and names of ours, nobody's words."""

import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from contextvars import ContextVar

from opentelemetry.context import Context
from opentelemetry.trace import NoOpTracer, Span, StatusCode, Tracer, set_span_in_context

from simpatico.domain import Finished, Reply, TextDelta, Update

NO_TRACER: Tracer = NoOpTracer()
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="-")
"""The id of the request being answered, for logs and spans."""

_PREFIX = "simpatico."


class TurnSpan:
    """The span of one turn, a child of the caller's if it sent one.

    Attributes:
        context: what spans of the turn's stages are children of.
    """

    def __init__(self, tracer: Tracer, *, kind: str) -> None:
        """Begin. `kind` is kept, unkept or revised."""
        self._began = time.perf_counter()
        self._worded = False
        self._span = tracer.start_span(
            f"{_PREFIX}turn",
            attributes={f"{_PREFIX}kind": kind, f"{_PREFIX}request_id": REQUEST_ID.get()},
        )
        self.context: Context = set_span_in_context(self._span)

    async def follow(self, updates: AsyncGenerator[Update]) -> AsyncGenerator[Update]:
        """Pass a turn's updates on, note what they tell, and end the span with them."""
        answered = False
        try:
            async with aclosing(updates):
                async for update in updates:
                    if isinstance(update, TextDelta | Finished) and not self._worded:
                        self._worded = True
                        ms = (time.perf_counter() - self._began) * 1000
                        self._span.set_attribute(f"{_PREFIX}time_to_first_word_ms", ms)
                    if isinstance(update, Finished):
                        answered = True
                        self._tell(update.reply)
                    yield update
        except BaseException as error:
            if not answered:
                failed(self._span, error)
            raise
        finally:
            self._span.end()

    def _tell(self, reply: Reply) -> None:
        self._span.set_attributes(
            {
                f"{_PREFIX}route": reply.route,
                f"{_PREFIX}degraded": len(reply.degraded),
                f"{_PREFIX}recommendations": len(reply.recommendations),
                f"{_PREFIX}mood.confidence": reply.state.mood.confidence,
            }
        )


@contextmanager
def stage_span(tracer: Tracer, name: str, parent: Context | None) -> Iterator[Span]:
    """The span of one stage. An error's type is told, not its message."""
    span = tracer.start_span(f"{_PREFIX}{name}", context=parent)
    try:
        yield span
    except BaseException as error:
        failed(span, error)
        raise
    finally:
        span.end()


@contextmanager
def ranking_span(tracer: Tracer) -> Iterator[Span]:
    """The span of a ranking that is no turn, a child of the caller's if it sent one."""
    with stage_span(tracer, "recommend", None) as span:
        span.set_attribute(f"{_PREFIX}request_id", REQUEST_ID.get())
        yield span


def count(span: Span, what: str, n: float) -> None:
    """Put a number on a span."""
    span.set_attribute(f"{_PREFIX}{what}", n)


def failed(span: Span, error: BaseException) -> None:
    """Mark a span as failed; one that was cancelled or left is `stopped`."""
    stopped = not isinstance(error, Exception)
    span.set_attribute("error.type", "stopped" if stopped else type(error).__qualname__)
    span.set_status(StatusCode.UNSET if stopped else StatusCode.ERROR)
