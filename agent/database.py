"""One SQLite file of ours: durable, shared between threads, its errors in plain words.

Write-ahead log with `synchronous=FULL`: when a transaction returns, the data has been handed to
the disk, so it survives `kill -9` and a power cut. Several parts may share one file; each has a
name and its own schema version.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from simpatico.errors import StoreError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLAIN = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_BUSY: "another process holds it for too long",
    sqlite3.SQLITE_LOCKED: "another connection holds it for too long",
    sqlite3.SQLITE_CORRUPT: "the file is damaged",
    sqlite3.SQLITE_NOTADB: "the file is not a database, or is damaged",
    sqlite3.SQLITE_READONLY: "the file is read-only",
    sqlite3.SQLITE_PERM: "we lack permission",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened",
    sqlite3.SQLITE_IOERR: "the disk reported an error",
}


IMPATIENT_S = 0.05


class Database:
    """A connection to one file, guarded by a lock.

    Args:
        path: the file; it and its folder are made if missing, readable by the owner only.
        part: whose tables these are, e.g. "events".
        migrations: statements that bring the schema from version i to i + 1, for each i.
        busy_timeout_s: how long to wait for another process; once that was in vain, only
            `IMPATIENT_S` until a write succeeds, so that everybody else is told soon.
        max_pages: a bound on the file's size in pages of 4096 bytes; None: the disk.

    Raises:
        StoreError: if the file cannot be used, or a newer Simpatico wrote it.
    """

    def __init__(
        self,
        path: Path,
        *,
        part: str,
        migrations: Sequence[Sequence[str]],
        busy_timeout_s: float = 5.0,
        max_pages: int | None = None,
    ) -> None:
        self._path = path
        self._part = part
        self._lock = threading.RLock()
        self._closed = False
        self._busy_timeout_s = busy_timeout_s
        self._was_busy = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise StoreError(f"cannot open {path} for {part}: {error.strerror}") from error
        self._inode = path.stat().st_ino
        with self._translated("open"):
            self._connection = sqlite3.connect(
                path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
            )
        try:
            with self._translated("open"):
                self._connection.execute("PRAGMA journal_mode=WAL")
                self._connection.execute("PRAGMA synchronous=FULL")
                self._connection.execute("PRAGMA foreign_keys=ON")
                self._connection.execute("PRAGMA secure_delete=ON")
                if max_pages is not None:
                    self._connection.execute(f"PRAGMA max_page_count={int(max_pages)}")
            self._migrate(migrations)
        except StoreError:
            self.close()
            raise

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: committed durably when the block ends, undone when it raises.

        Raises:
            StoreError: if it cannot be written.
        """
        with self._lock, self._translated("write to"):
            self._check_still_there()
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
                self._wait_for(busy=False)
            except BaseException:
                if self._connection.in_transaction:  # a full disk may have rolled back already
                    self._connection.execute("ROLLBACK")
                raise

    def read(
        self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()
    ) -> list[tuple[Any, ...]]:
        """All rows of one query. Raises `StoreError` if it cannot be read."""
        with self._lock, self._translated("read"):
            return self._connection.execute(sql, values).fetchall()

    def forget(self) -> None:
        """Leave nothing in the log of what was deleted: deleted rows are overwritten in the file.

        Raises:
            StoreError: if it cannot be written, or somebody else reads for longer than is waited.
        """
        with self._lock, self._translated("write to"):
            [busy, *_] = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise StoreError(f"cannot write to {self._path} ({self._part}): somebody else reads it")

    def take_alone(self) -> None:
        """Keep everybody else out of the file until it is closed here.

        Raises:
            StoreError: another process, or another connection of this one, has it open; or it
                cannot be written.
        """
        with self._lock, self._translated("write to"):
            self._connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            try:
                self._connection.execute("PRAGMA journal_mode=DELETE")  # takes the lock it keeps
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
                raise StoreError(
                    f"another process has {self._path} open: stop the server, then do it again"
                ) from error
            self._connection.execute("PRAGMA journal_mode=WAL")

    def close(self) -> None:
        """Close the file. Idempotent."""
        with self._lock:
            self._closed = True
            self._connection.close()

    def _wait_for(self, *, busy: bool) -> None:
        """Set how long the next one waits for a lock, by whether the last one did in vain."""
        if busy != self._was_busy:
            self._was_busy = busy
            wait_s = IMPATIENT_S if busy else self._busy_timeout_s
            self._connection.execute(f"PRAGMA busy_timeout={int(wait_s * 1000)}")

    def _migrate(self, migrations: Sequence[Sequence[str]]) -> None:
        with self.write() as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS schema (part TEXT PRIMARY KEY, version INTEGER)"
            )
            row = connection.execute(
                "SELECT version FROM schema WHERE part = ?", (self._part,)
            ).fetchone()
            version = row[0] if row else 0
            if version > len(migrations):
                raise StoreError(
                    f"{self._path} holds {self._part} in version {version}, this Simpatico knows "
                    f"up to {len(migrations)}: a newer one wrote it"
                )
            for statements in migrations[version:]:
                for statement in statements:
                    connection.execute(statement)
            connection.execute(
                "INSERT OR REPLACE INTO schema VALUES (?, ?)", (self._part, len(migrations))
            )

    def _check_still_there(self) -> None:
        """SQLite goes on writing to a deleted file; what it acknowledges then is lost."""
        if self._closed:
            raise StoreError(f"cannot write to {self._path}: it was closed")
        try:
            same = self._path.stat().st_ino == self._inode
        except OSError:
            same = False
        if not same:
            raise StoreError(
                f"cannot write to {self._path}: it was removed or replaced while in use"
            )

    @contextmanager
    def _translated(self, doing: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if self._closed:
                why = "it was closed"
            else:
                primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
                self._wait_for(busy=primary == sqlite3.SQLITE_BUSY)
                why = _PLAIN.get(primary, str(error))
            raise StoreError(f"cannot {doing} {self._path} ({self._part}): {why}") from error


def microseconds(at: datetime) -> int:
    """A time as it stands in a file: since 1970, in UTC."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def time_of(us: int) -> datetime:
    """Undo `microseconds`; what no calendar tells, in an old file, is its first or last time."""
    return _EPOCH + timedelta(microseconds=min(max(us, _FIRST), _LAST))


_FIRST, _LAST = (microseconds(at.replace(tzinfo=UTC)) for at in (datetime.min, datetime.max))
