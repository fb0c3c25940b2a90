"""Hold the explainer's training rows against the grounding check, by their briefs alone.

python -m simpatico.eval.explain_rows [FILE ...]
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from simpatico.agent.evidence import name_words
from simpatico.agent.explainer import unaided
from simpatico.finetune.explainer_data import Row, read_rows, shipped_rows
from simpatico.retrieval.catalog import Catalogs
from simpatico.settings import load_settings


def failing(rows: Sequence[Row], names: frozenset[str]) -> Iterator[tuple[int, list[str]]]:
    """Rows, counted from 1, that would not pass unaided, and why; `names` as in the explainer."""
    for number, row in enumerate(rows, start=1):
        if problems := unaided(row.reply, row.brief, names=names):
            yield number, problems


def main(argv: Sequence[str] | None = None) -> None:
    """Print the rows that fail; the exit status is 1 when there are some."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="rows; without any: those that ship")
    given = parser.parse_args(argv)
    rows = read_rows(given.files) if given.files else shipped_rows()
    settings = load_settings()
    names = name_words(Catalogs(settings.home).load("movies").items)
    found = list(failing(rows, names))
    for number, problems in found:
        print(f"row {number}: {'; '.join(problems)}")
    print(f"{len(found)} of {len(rows)} fail")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
