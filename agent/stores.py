"""The files that hold what people said and did, and bringing the words under another key."""

from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from simpatico.agent.cipher import (
    THREADS,
    TURNS,
    Cipher,
    Column,
    encrypt_anew,
    held_alone,
    lock_of,
)
from simpatico.errors import StoreError

EVENTS_FILE = "events.sqlite"
SESSIONS_FILE = "sessions.sqlite"
THREADS_FILE = "threads.sqlite"

_WORDS: tuple[tuple[str, tuple[Column, ...]], ...] = (
    (SESSIONS_FILE, TURNS),
    (THREADS_FILE, THREADS),
)


class Words(NamedTuple):
    """How the words of one file lie there; `fault` when they cannot be read with the keys given."""

    path: Path
    encrypted: bool
    newest_key: bool
    fault: str = ""


def look_at_words(home: Path, ciphers: tuple[Cipher, ...]) -> list[Words]:
    """How each file of `home` that is there holds its words."""
    found = []
    for name, _ in _WORDS:
        path = home / name
        if not path.exists():
            continue
        try:
            lock = lock_of(path, ciphers)
        except StoreError as error:
            found.append(Words(path, True, False, str(error)))
            continue
        newest = lock.cipher is not None and lock.cipher is ciphers[0]
        found.append(Words(path, lock.cipher is not None, newest))
    return found


def encrypt_words(home: Path, ciphers: tuple[Cipher, ...], *, to: Cipher | None) -> int:
    """Bring what was said under a key, or under none; gives how many places were rewritten.

    Nobody else can open any of them meanwhile. File by file, each all or nothing: after a failure,
    do it again.

    Raises:
        StoreError: somebody has a file open; or one is under a key that is not among `ciphers`, or
            cannot be written.
    """
    with ExitStack() as all_held:
        held = [
            (all_held.enter_context(held_alone(home / name)), columns)
            for name, columns in _WORDS
            if (home / name).exists()
        ]
        return sum(encrypt_anew(file, columns, ciphers, to=to) for file, columns in held)
