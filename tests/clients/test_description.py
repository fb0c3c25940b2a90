"""Our OpenAPI document, tried out by schemathesis: no answer contradicts it, and none is a 500."""

import os
import subprocess
from pathlib import Path

import pytest
from run import KEY

pytest_plugins = ("surroundings",)

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
N_EXAMPLES = 10
"""Of each operation, beside those that cover its schema."""


@pytest.mark.slow
def test_no_request_is_answered_against_the_description(
    served_url: str, quiet_environment: dict[str, str], tmp_path: Path
) -> None:
    if not (python := os.environ.get("CLIENTS_PYTHON", "")):
        pytest.skip("needs the clients' environment: make clients")
    done = subprocess.run(
        [
            str(Path(python).parent / "schemathesis"),
            "run",
            f"{served_url}/openapi.json",
            f"--header=Authorization: Bearer {KEY}",
            f"--checks={','.join(CHECKS)}",
            "--phases=examples,coverage,fuzzing",
            f"--max-examples={N_EXAMPLES}",
            "--generation-deterministic",
            "--suppress-health-check=all",
            "--no-color",
        ],
        capture_output=True,
        text=True,
        timeout=250,
        cwd=tmp_path,
        env=quiet_environment,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert "Tested: 18" in done.stdout, done.stdout[-3000:]
