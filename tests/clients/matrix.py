"""The table of docs/clients.md: clients by checks."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from checks import CHECKS, title
from run import YES

Results = Mapping[str, Mapping[str, Any]]
"""By column what `run.py` printed: `version` and `results`."""

_BEGIN, _END = "<!-- written by `make clients WRITE=1` -->", "<!-- end -->"
_CELLS = {True: "yes", False: "–"}


class Column(NamedTuple):
    """A client as the page names it. `apart`: it needs the clients' own environment."""

    label: str
    client: str
    apart: bool = False


COLUMNS = (
    Column("openai 3", "openai"),
    Column("openai 3, async", "openai-async"),
    Column("openai 2", "openai", apart=True),
    Column("openai 2, async", "openai-async", apart=True),
    Column("LangChain", "langchain", apart=True),
    Column("LiteLLM", "litellm", apart=True),
    Column("Gradio's load_chat", "gradio"),
    Column("Open WebUI, replayed", "openwebui"),
    Column("curl", "curl"),
)


def table(results: Results) -> str:
    """The table, with its marks."""
    labels = [column.label for column in COLUMNS]
    rows = [
        ["", *labels],
        ["---"] * (len(labels) + 1),
        ["version", *(str(results[label]["version"]) for label in labels)],
    ]
    for check in CHECKS:
        came = [results[label]["results"][title(check)] for label in labels]
        rows.append([title(check), *(_CELLS[each == YES] for each in came)])
    return "\n".join((_BEGIN, *(f"| {' | '.join(row)} |" for row in rows), _END))


def written(page: str, results: Results) -> str:
    """The page with the table of these results in the old one's place."""
    before, _, rest = page.partition(_BEGIN)
    return before + table(results) + rest.partition(_END)[2]


def cells(page: str) -> dict[str, dict[str, bool]]:
    """By column of the page's table, and by check, whether it says yes."""
    lines = page.partition(_BEGIN)[2].partition(_END)[0].strip().splitlines()
    (_, *labels), _, _, *rows = (_split(line) for line in lines)
    return {
        label: {row[0]: row[place] == _CELLS[True] for row in rows}
        for place, label in enumerate(labels, start=1)
    }


def _split(line: str) -> Sequence[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]
