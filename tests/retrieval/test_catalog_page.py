"""The page about catalogues tells the truth."""

import re
from pathlib import Path

import pytest

from simpatico.retrieval.rows import ALIASES

PAGE = (Path(__file__).parents[2] / "docs" / "catalog.md").read_text()


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    exec(compile(example, "docs/catalog.md", "exec"), {})
    assert (tmp_path / "books.jsonl").exists()


@pytest.mark.parametrize("field", sorted(ALIASES))
def test_the_table_lists_every_column_name(field: str) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith("|") and f"`{field}`" in line]
    names = [name for name in ALIASES[field] if name != field]
    assert not [name for name in names if not re.search(rf"\b{name}\b", row)]
