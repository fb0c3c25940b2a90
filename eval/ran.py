"""What code ran, on what: the commit, versions of libraries, and hashes of files."""

import hashlib
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from simpatico.errors import DataError, ModelError
from simpatico.lorafile import sha256_of

_TOLD: Final = ("numpy", "onnxruntime", "torch", "scikit-learn", "tokenizers", "transformers")
_HERE: Final = Path(__file__).resolve().parent


def commit() -> str:
    """The commit of the code that runs, with "+" if files differ from it; else the version."""
    try:
        _git("ls-files", "--error-unmatch", Path(__file__).name)  # ours, not one around us
        changed = _git("status", "--porcelain")
        return _git("rev-parse", "--short=12", "HEAD").strip() + ("+" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return f"simpatico {version('simpatico')}"


def _git(*arguments: str) -> str:
    asked = ["git", "-C", str(_HERE), *arguments]
    return subprocess.run(asked, capture_output=True, text=True, check=True, timeout=10).stdout


def versions() -> tuple[tuple[str, str], ...]:
    """Python's version, and those of the libraries that figures depend on and that are here."""
    found = [("python", platform.python_version())]
    for name in _TOLD:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return tuple(found)


def sha256(path: Path) -> str:
    """Of a file's bytes; of a folder, of the names and hashes of all files in it.

    Raises:
        DataError: it cannot be read.
    """
    try:
        if path.is_dir():
            files = sorted(file for file in path.rglob("*") if file.is_file())
            told = (f"{file.relative_to(path).as_posix()} {sha256_of(file)}\n" for file in files)
            return hashlib.sha256("".join(told).encode()).hexdigest()
        return sha256_of(path)
    except ModelError as error:
        raise DataError(str(error)) from error
