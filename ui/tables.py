"""Tables of figures on the terminal."""

from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from simpatico.eval.tables import Table, write_page
from simpatico.ui.progress import console


def show_all(tables: Sequence[Table], out: Path | None) -> None:
    """Print tables with their notes; with `out` also write them there, as Markdown."""
    screen = Console()
    for table in tables:
        screen.print(to_rich(table))
        for note in table.notes:
            screen.print(note, style="dim", markup=False)
    if out:
        write_page(out, tables)
        console.print(f"written to {out}")


def to_rich(table: Table) -> RichTable:
    """A table for the terminal: names to the left, figures to the right."""
    drawn = RichTable(title=Text(table.title), box=box.SIMPLE_HEAD)
    for number, column in enumerate(table.columns):
        drawn.add_column(Text(column), justify="right" if number else "left", no_wrap=number == 0)
    for row in table.rows:
        drawn.add_row(*map(Text, row))
    return drawn
