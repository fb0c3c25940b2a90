"""Real clients, each in a process of its own, against a real server; docs/clients.md is the result.

Those that do not fit this environment run where the variable CLIENTS_PYTHON names a Python that
has requirements-clients.txt (`make clients`). With CLIENTS_WRITE the page is written.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from checks import CHECKS, title
from matrix import COLUMNS, Column, cells, written
from run import KEY, NOT_OFFERED, YES

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "clients.md"
WRITES = bool(os.environ.get("CLIENTS_WRITE"))

pytest_plugins = ("surroundings",)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found() -> Iterator[dict[str, Any]]:
    """What came of each column; written down at the end if that is asked for."""
    results: dict[str, Any] = {}
    yield results
    if WRITES:
        PAGE.write_text(written(PAGE.read_text("utf-8"), results), "utf-8")


@pytest.mark.skipif(WRITES, reason="the page is being written")
def test_the_page_has_a_row_for_every_check_and_a_column_for_every_client() -> None:
    page = cells(PAGE.read_text("utf-8"))
    assert list(page) == [column.label for column in COLUMNS]
    assert all(list(rows) == [title(check) for check in CHECKS] for rows in page.values())


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.label)
def test_a_client_can_do_what_the_page_says(
    column: Column, served_url: str, quiet_environment: dict[str, str], found: dict[str, Any]
) -> None:
    python = os.environ.get("CLIENTS_PYTHON", "") if column.apart else sys.executable
    if not python:
        pytest.skip("needs the clients' environment: make clients")
    done = subprocess.run(
        [python, str(HERE / "run.py"), column.client, served_url, KEY],
        capture_output=True,
        text=True,
        timeout=240,
        env=quiet_environment,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    wrong = {row: came for row, came in said["results"].items() if came not in (YES, NOT_OFFERED)}
    assert not wrong
    found[column.label] = said
    if not WRITES:
        page = cells(PAGE.read_text("utf-8"))[column.label]
        assert {row: came == YES for row, came in said["results"].items()} == page
