"""Progress bars on the terminal, and logging set up for people."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

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


def set_up_logging(level: str) -> None:
    """Log ours at `level` and other people's from WARNING, to standard error."""
    interactive = sys.stderr.isatty()
    handler: logging.Handler = (
        RichHandler(console=console, show_path=False) if interactive else logging.StreamHandler()
    )
    if not interactive:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("simpatico").setLevel(level)
    logging.getLogger("bm25s").setLevel(logging.WARNING)  # it sets itself to DEBUG
