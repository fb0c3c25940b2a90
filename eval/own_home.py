"""A home for an evaluation, where nobody has been before."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def own_home(home: Path) -> Iterator[Path]:
    """A temporary home with the catalogues and indexes of `home`, where nothing is written."""
    with tempfile.TemporaryDirectory(prefix="simpatico-eval-") as folder:
        fresh = Path(folder)
        for part in ("catalogs", "indexes"):
            if (home / part).is_dir():
                shutil.copytree(home / part, fresh / part)
        yield fresh
