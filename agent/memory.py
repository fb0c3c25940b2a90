"""What was said, in SQLite: `SqliteMemory`, a `Memory`. It and a `SqliteLog` may use one file."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from simpatico.agent.cipher import TURNS, Cipher, unlock
from simpatico.agent.database import Database, microseconds, time_of
from simpatico.domain import Consent, Heading, Turn
from simpatico.errors import DataError, NotAllowed

NOT_YOURS = "this session belongs to somebody else"  # never say to whom

_SESSIONS = (
    (
        """CREATE TABLE sessions (
            session TEXT PRIMARY KEY, user TEXT NOT NULL, used INTEGER NOT NULL)""",
        "CREATE INDEX sessions_of_user ON sessions (user, used)",
        "CREATE INDEX sessions_by_use ON sessions (used)",
        """CREATE TABLE turns (
            seq INTEGER PRIMARY KEY, session TEXT NOT NULL REFERENCES sessions (session),
            role TEXT NOT NULL, text TEXT NOT NULL)""",
        "CREATE INDEX turns_of_session ON turns (session, seq)",
    ),
    (
        "ALTER TABLE sessions ADD COLUMN used_us INTEGER NOT NULL DEFAULT 0",
        # When they were used is not known: for those who ask how old they are, they begin now.
        "UPDATE sessions SET used_us = 1000000 * CAST(strftime('%s', 'now') AS INTEGER)",
    ),
    (
        "ALTER TABLE turns ADD COLUMN list_id TEXT NOT NULL DEFAULT ''",
        """CREATE TABLE titles (
            session TEXT PRIMARY KEY REFERENCES sessions (session), title TEXT NOT NULL)""",
    ),
    (
        """CREATE TABLE consents (
            user TEXT PRIMARY KEY, personal INTEGER NOT NULL, keep_moods INTEGER)""",
    ),
    ("ALTER TABLE consents ADD COLUMN read_moods INTEGER NOT NULL DEFAULT 1",),
)


class SqliteMemory:
    """Sessions and their turns in one SQLite file. Satisfies `Memory`.

    Args:
        path: the database file; made if missing.
        ciphers: keys of what is said; see `unlock`. None: it is not encrypted.
        max_pages: see `Database`.

    Raises:
        StoreError: if the file cannot be used, or not with these keys.
    """

    def __init__(
        self, path: Path, *, ciphers: tuple[Cipher, ...] = (), max_pages: int | None = None
    ) -> None:
        self._lock = unlock(path, TURNS, ciphers)
        self._db = Database(path, part="sessions", migrations=_SESSIONS, max_pages=max_pages)

    def claim(self, session: str, user: str) -> None:
        """Begin a session or continue one's own. Of two who begin one at once, one wins.

        Raises:
            DataError: for an empty name, or one of more than 200 characters.
            NotAllowed: if the session is somebody else's.
            StoreError: if it cannot be written.
        """
        check_names(session, user)
        with self._db.write() as connection:
            self._lock.check(connection)
            connection.execute(
                "INSERT OR IGNORE INTO sessions (session, user, used) VALUES (?, ?, 0)",
                (session, user),
            )
            [owner] = connection.execute(
                "SELECT user FROM sessions WHERE session = ?", (session,)
            ).fetchone()
            if owner != user:
                raise NotAllowed(NOT_YOURS)
            self._touch(connection, session)

    def append(self, session: str, turn: Turn) -> None:
        """Store one turn durably before returning.

        Raises:
            ValueError: if nobody has claimed the session.
            StoreError: if it cannot be written; then nothing was stored.
        """
        with self._db.write() as connection:
            self._lock.check(connection)
            if not self._touch(connection, session):
                raise ValueError("a turn for a session that nobody has claimed")
            connection.execute(
                "INSERT INTO turns (session, role, text, list_id) VALUES (?, ?, ?, ?)",
                (session, turn.role, self._lock.shut(turn.text), turn.list_id),
            )

    def turns(self, session: str) -> list[Turn]:
        """A session's turns, oldest first; empty for an unknown one."""
        rows = self._db.read(
            "SELECT role, text, list_id FROM turns WHERE session = ? ORDER BY seq", (session,)
        )
        return [
            Turn(role=role, text=self._lock.read(text), list_id=list_id)
            for role, text, list_id in rows
        ]

    def cut(self, session: str, n: int) -> None:
        """Keep the first n turns of a session and remove the others."""
        with self._db.write() as connection:
            connection.execute(
                """DELETE FROM turns WHERE session = ? AND seq NOT IN
                (SELECT seq FROM turns WHERE session = ? ORDER BY seq LIMIT ?)""",
                (session, session, n),
            )

    def sessions(self, user: str) -> list[str]:
        """A person's sessions, the latest used first."""
        rows = self._db.read(
            "SELECT session FROM sessions WHERE user = ? ORDER BY used DESC", (user,)
        )
        return [session for (session,) in rows]

    def unused(self, since: datetime, *, user: str | None = None) -> list[tuple[str, str]]:
        """Sessions last used before a time, of one or of all, as (user, session), sorted."""
        rows = self._db.read(
            """SELECT user, session FROM sessions WHERE used_us < :since
            AND (:user IS NULL OR user = :user) ORDER BY user, session""",
            {"since": microseconds(since), "user": user},
        )
        return [(owner, session) for owner, session in rows]

    def drop(self, sessions: Sequence[str], *, unused_since: datetime) -> int:
        """Remove those of some sessions that were last used before a time for good; gives how many.

        Raises:
            StoreError: if it cannot be written.
        """
        old = microseconds(unused_since)
        with self._db.write() as connection:
            n = sum(
                self._remove(connection, "session = ? AND used_us < ?", session, old)
                for session in sessions
            )
        self._db.forget()
        return n

    def headings(self, user: str) -> list[Heading]:
        """A person's sessions in which something was said, the latest used first."""
        rows = self._db.read(
            """SELECT session, coalesce(title, ''), used_us, count(*), coalesce((SELECT text
            FROM turns AS first WHERE first.session = sessions.session AND role = 'user'
            ORDER BY seq LIMIT 1), '')
            FROM sessions JOIN turns USING (session) LEFT JOIN titles USING (session)
            WHERE user = ? GROUP BY session ORDER BY used DESC""",
            (user,),
        )
        return [
            Heading(
                session=session,
                title=self._lock.read(title),
                opening=self._lock.read(opening),
                at=time_of(used_us),
                n_turns=n,
            )
            for session, title, used_us, n, opening in rows
        ]

    def rename(self, session: str, title: str) -> None:
        """Give a session a title; an empty one takes it away. An unknown session: no effect.

        Raises:
            StoreError: if it cannot be written.
        """
        with self._db.write() as connection:
            self._lock.check(connection)
            connection.execute("DELETE FROM titles WHERE session = ?", (session,))
            if title:
                connection.execute(
                    "INSERT INTO titles SELECT session, ? FROM sessions WHERE session = ?",
                    (self._lock.shut(title), session),
                )

    def forget(self, session: str) -> bool:
        """Remove a session and all that was said in it for good; False for an unknown one.

        Raises:
            StoreError: if it cannot be written.
        """
        with self._db.write() as connection:
            n = self._remove(connection, "session = ?", session)
        self._db.forget()
        return bool(n)

    def consent(self, user: str) -> Consent:
        """What a person decided; as at first when they have not."""
        rows = self._db.read(
            "SELECT personal, keep_moods, read_moods FROM consents WHERE user = ?", (user,)
        )
        for personal, keep, read in rows:
            return Consent(
                personal=bool(personal),
                keep_moods=None if keep is None else bool(keep),
                read_moods=bool(read),
            )
        return Consent()

    def decide(self, user: str, consent: Consent) -> None:
        """Store durably what a person decided.

        Raises:
            StoreError: if it cannot be written.
        """
        with self._db.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO consents (user, personal, keep_moods, read_moods) "
                "VALUES (?, ?, ?, ?)",
                (user, consent.personal, consent.keep_moods, consent.read_moods),
            )

    def erase(self, user: str) -> int:
        """Remove a person, their sessions and all that was said in them for good.

        Gives how many sessions there were.

        Raises:
            StoreError: if it cannot be written.
        """
        with self._db.write() as connection:
            connection.execute("DELETE FROM consents WHERE user = ?", (user,))
            n = self._remove(connection, "user = ?", user)
        self._db.forget()
        return n

    def close(self) -> None:
        """Release the file. Idempotent."""
        self._db.close()

    @staticmethod
    def _touch(connection: Any, session: str) -> int:
        """Mark as the latest used. By a counter, because clocks jump; returns 0 if unknown."""
        touched: int = connection.execute(
            """UPDATE sessions SET used = 1 + (SELECT max(used) FROM sessions), used_us = ?
            WHERE session = ?""",
            (microseconds(datetime.now(UTC)), session),
        ).rowcount
        return touched

    @staticmethod
    def _remove(connection: Any, where: str, *values: str | int) -> int:
        """Delete sessions with what belongs to them; gives how many there were."""
        theirs = f"session IN (SELECT session FROM sessions WHERE {where})"
        for table in ("turns", "titles"):
            connection.execute(f"DELETE FROM {table} WHERE {theirs}", values)
        n: int = connection.execute(f"DELETE FROM sessions WHERE {where}", values).rowcount
        return n


def check_names(session: str, user: str) -> None:
    """Hold names to 1 to 200 characters that can be printed. Raises `DataError`."""
    for what, name in (("session", session), ("user", user)):
        if not 1 <= len(name) <= 200:
            raise DataError(f"wanted a {what} of 1 to 200 characters, got {len(name)}")
        if not name.isprintable():
            raise DataError(f"a {what} must not contain control characters")
