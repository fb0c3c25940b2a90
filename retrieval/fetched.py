"""What came from addresses, by hash: nothing is fetched twice, and nothing is lost offline.

    <folder>/fetched.txt    lines of two hashes (sha256 in hex): of an address, of what it gave

The newest line of an address counts; where it has zeros for what was given, that is forgotten. A
line that is damaged is passed over.
"""

import hashlib
import logging
import re
from pathlib import Path
from typing import Final

from simpatico.errors import StoreError

log = logging.getLogger(__name__)

_NOTHING: Final = "0" * 64
_LINE: Final = re.compile(rb"([0-9a-f]{64}) ([0-9a-f]{64})")


class Fetched:
    """What addresses gave; several processes may use one folder.

    Args:
        folder: of the file.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "fetched.txt"
        self._known: dict[bytes, str] = {}
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return
        except OSError as error:
            log.warning("%s cannot be read, all is fetched anew: %s", self._path, error)
            return
        for line in lines:
            if found := _LINE.fullmatch(line):
                self._known[found[1]] = found[2].decode()

    def digest(self, uri: str) -> str:
        """SHA-256 (hex) of what an address gave last; "" where nothing is known."""
        return self._known.get(_hashed(uri), _NOTHING).removeprefix(_NOTHING)

    def keep(self, uri: str, digest: str) -> None:
        """Remember what an address gave.

        Raises:
            StoreError: it cannot be written.
        """
        if self.digest(uri) != digest:
            self._write(uri, digest)

    def forget(self, uri: str) -> None:
        """Forget what an address gave.

        Raises:
            StoreError: it cannot be written.
        """
        if self.digest(uri):
            self._write(uri, _NOTHING)

    def _write(self, uri: str, digest: str) -> None:
        self._known[_hashed(uri)] = digest
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(b"\n" + _hashed(uri) + b" " + digest.encode())
        except OSError as error:
            raise StoreError(f"{self._path} cannot be written: {error}") from error


def _hashed(uri: str) -> bytes:
    return hashlib.sha256(uri.encode("utf-8", "surrogatepass")).hexdigest().encode()
