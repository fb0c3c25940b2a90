"""docs/api.md's table of errors and the codes in the source are the same."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOBODY_READS = {
    "caller_gone",  # of a caller who left: only the metrics have it
    *("missing_api_key", "no_api_key"),  # the operator's sheet says them in words of its own
}


def codes_in_the_source() -> set[str]:
    """Every text that is given as a `code`, and the codes that follow from a status."""
    found: set[str] = set()
    for path in (ROOT / "agent" / "api").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "code":
                if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                    found.add(node.value.value)
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_CODES":
                assert isinstance(node.value, ast.Dict)
                found |= {str(ast.literal_eval(each)) for each in node.value.values}
    return found


def codes_in_the_docs() -> set[str]:
    page = (ROOT / "docs" / "api.md").read_text("utf-8")
    table = page.partition("| status | code | when |")[2].partition("\n\n")[0]
    cells = [line.split("|")[2] for line in table.strip().splitlines()]
    return {code for cell in cells for code in re.findall(r"`(\w+)`", cell)}


def test_the_table_names_every_code_and_no_other() -> None:
    assert codes_in_the_docs() == codes_in_the_source() - NOBODY_READS
    assert len(codes_in_the_docs()) > 15
