"""Real clients, each in a process of its own, against a real server; docs/clients.md is the result.

Those that do not fit this environment run where the variable CLIENTS_PYTHON names a Python that
has requirements-clients.txt (`make clients`). With CLIENTS_WRITE the page is written.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from checks import CHECKS, title
from matrix import COLUMNS, Column, cells, written
from pydantic import SecretStr
from run import NOT_OFFERED, YES

from simpatico.agent.api.app import create_app
from simpatico.agent.api.loopback import Loopback
from simpatico.agent.build import build
from simpatico.agent.service import Simpatico
from simpatico.settings import load_settings

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "clients.md"
KEY = "sesame"
WRITES = bool(os.environ.get("CLIENTS_WRITE"))

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def url(built_home: Path) -> Iterator[str]:
    """A whole Simpatico without a language model, behind a key."""
    settings = load_settings(home=built_home, llm={"enabled": False}, api_key=SecretStr(KEY))

    async def make() -> Simpatico:
        return await build(settings, progress=lambda what, done, of: None)

    with Loopback(create_app(make, settings=settings)) as server, httpx.Client() as asking:
        while asking.get(f"{server.url}/ready").json()["status"] == "starting":
            time.sleep(0.1)
        yield server.url


@pytest.fixture(scope="module")
def found() -> Iterator[dict[str, Any]]:
    """What came of each column; written down at the end if that is asked for."""
    results: dict[str, Any] = {}
    yield results
    if WRITES:
        PAGE.write_text(written(PAGE.read_text("utf-8"), results), "utf-8")


def environment() -> dict[str, str]:
    """Where nothing is looked up outside, and no proxy stands between."""
    quiet = {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
        "LANGSMITH_TRACING": "false",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "NO_PROXY": "*",
    }
    kept = ("HOME", "LANG", "PATH", "TMPDIR")
    return {**{name: os.environ[name] for name in kept if name in os.environ}, **quiet}


@pytest.mark.skipif(WRITES, reason="the page is being written")
def test_the_page_has_a_row_for_every_check_and_a_column_for_every_client() -> None:
    page = cells(PAGE.read_text("utf-8"))
    assert list(page) == [column.label for column in COLUMNS]
    assert all(list(rows) == [title(check) for check in CHECKS] for rows in page.values())


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.label)
def test_a_client_can_do_what_the_page_says(
    column: Column, url: str, found: dict[str, Any]
) -> None:
    python = os.environ.get("CLIENTS_PYTHON", "") if column.apart else sys.executable
    if not python:
        pytest.skip("needs the clients' environment: make clients")
    done = subprocess.run(
        [python, str(HERE / "run.py"), column.client, url, KEY],
        capture_output=True,
        text=True,
        timeout=240,
        env=environment(),
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    wrong = {row: came for row, came in said["results"].items() if came not in (YES, NOT_OFFERED)}
    assert not wrong
    found[column.label] = said
    if not WRITES:
        page = cells(PAGE.read_text("utf-8"))[column.label]
        assert {row: came == YES for row, came in said["results"].items()} == page
