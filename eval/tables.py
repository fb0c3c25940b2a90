"""Tables of figures: the same cells for the terminal and for a page."""

from collections.abc import Sequence
from pathlib import Path

from simpatico.domain import Value
from simpatico.errors import DataError


class Table(Value):
    """A table as text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def to_markdown(table: Table) -> str:
    """A table as a Markdown section."""
    lines = [f"## {table.title}", "", _line(table.columns), _line(["---"] * len(table.columns))]
    lines += [_line(row) for row in table.rows]
    return "\n".join([*lines, "", *(f"- {note}" for note in table.notes)]) + "\n"


def write_page(file: Path, tables: Sequence[Table]) -> None:
    """Write tables as a Markdown page.

    Raises:
        DataError: the file cannot be written.
    """
    try:
        file.write_text("\n".join(map(to_markdown, tables)), encoding="utf-8")
    except OSError as error:
        raise DataError(f"{file} cannot be written: {error}") from error


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
