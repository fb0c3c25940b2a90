"""A home for an evaluation, where nobody has been before."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def own_home(home: Path) -> Iterator[Path]:
    """A temporary home with what `home` has of catalogues, indexes, rankers and adapters."""
    with tempfile.TemporaryDirectory(prefix="simpatico-eval-") as folder:
        fresh = Path(folder)
        for part in ("catalogs", "indexes", "rankers", "adapters"):
            if (home / part).is_dir():
                shutil.copytree(home / part, fresh / part)
        yield fresh
