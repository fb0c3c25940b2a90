"""Progress bars on the terminal, and logging set up for people or for programs."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal

from rich.console import Console
from rich.logging import RichHandler
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from simpatico.agent.tracing import REQUEST_ID
from simpatico.protocols import ProgressCallback

console = Console(stderr=True)


@contextmanager
def progress_bars() -> Iterator[ProgressCallback]:
    """Give a callback (label, done, total) that draws one bar per label on standard error."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    ) as bars:
        tasks: dict[str, TaskID] = {}

        def show(label: str, done: int, total: int) -> None:
            if label not in tasks:
                tasks[label] = bars.add_task(label, total=total)
            bars.update(tasks[label], completed=done, total=total)

        yield show


_REPEATS = ("opentelemetry.baggage.propagation", "opentelemetry.trace.span")
"""They repeat malformed headers in warnings; callers may fill those with anything."""


def set_up_logging(level: str, form: Literal["text", "json"] = "text") -> None:
    """Log ours at `level` and other people's from WARNING, to standard error.

    Each line has the id of the request it is about, "-" without one; on a terminal it has none.
    """
    handler: logging.Handler = logging.StreamHandler()
    if form == "json":
        handler.setFormatter(JsonLines())
    elif sys.stderr.isatty():
        handler = RichHandler(console=console, show_path=False)
    else:
        handler.setFormatter(
            logging.Formatter("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s")
        )
    handler.addFilter(_with_request_id)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("simpatico").setLevel(level)
    for name in _REPEATS:
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger("bm25s").addFilter(_is_warning)  # it sets itself to DEBUG when imported


class JsonLines(logging.Formatter):
    """One JSON object a line: at, level, logger, request_id, message; and trace with an error."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "request_id": getattr(record, "request_id", "-"),
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _is_warning(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def _with_request_id(record: logging.LogRecord) -> bool:
    record.request_id = REQUEST_ID.get()
    return True
