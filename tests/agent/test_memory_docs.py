import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def test_the_example_in_the_docs_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    [example] = re.findall(r"```python\n(.*?)```", (DOCS / "memory.md").read_text(), re.S)
    exec(compile(example, "docs/memory.md", "exec"), {})
    assert (tmp_path / "simpatico.db").exists()
