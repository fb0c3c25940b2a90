"""Tables of figures on the terminal."""

from rich import box
from rich.table import Table as RichTable
from rich.text import Text

from simpatico.eval.tables import Table


def to_rich(table: Table) -> RichTable:
    """A table for the terminal: names to the left, figures to the right."""
    drawn = RichTable(title=Text(table.title), box=box.SIMPLE_HEAD)
    for number, column in enumerate(table.columns):
        drawn.add_column(Text(column), justify="right" if number else "left", no_wrap=number == 0)
    for row in table.rows:
        drawn.add_row(*map(Text, row))
    return drawn
