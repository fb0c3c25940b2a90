"""What Simpatico remembers: what people did (`EventLog`) and what was said (`Memory`).

`SqliteLog` and `SqliteMemory` keep it in SQLite; both may use one file. `VolatileLog` and
`VolatileMemory` keep it in this process and forget it at the end: for tests and for chats that
leave no trace. All may be called from several threads.
"""

import json
import logging
import threading
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from simpatico.agent.cipher import TURNS, Cipher, unlock
from simpatico.agent.database import Database
from simpatico.agent.profile import N_SHOWN, check_event, check_impression, sum_up
from simpatico.domain import Consent, Event, Heading, Impression, Profile, Turn
from simpatico.errors import DataError, NotAllowed, StoreError

log = logging.getLogger(__name__)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_YOURS = "this session belongs to somebody else"  # never say to whom

_EVENTS = (
    (
        """CREATE TABLE events (
            seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at_us INTEGER NOT NULL,
            user TEXT NOT NULL, session TEXT NOT NULL, list_id TEXT NOT NULL,
            item_id TEXT NOT NULL, kind TEXT NOT NULL, value REAL, version INTEGER NOT NULL)""",
        "CREATE INDEX events_of_user ON events (user, at_us, seq)",
        """CREATE TABLE impressions (
            seq INTEGER PRIMARY KEY, list_id TEXT NOT NULL UNIQUE, at_us INTEGER NOT NULL,
            user TEXT NOT NULL, session TEXT NOT NULL, items TEXT NOT NULL,
            positions TEXT NOT NULL, policy TEXT NOT NULL, version INTEGER NOT NULL)""",
        "CREATE INDEX impressions_of_user ON impressions (user, seq)",
    ),
    (
        "ALTER TABLE impressions ADD COLUMN propensities TEXT NOT NULL DEFAULT '[]'",
        "ALTER TABLE impressions ADD COLUMN choices TEXT NOT NULL DEFAULT '[]'",
    ),
    ("ALTER TABLE impressions ADD COLUMN scores TEXT NOT NULL DEFAULT '[]'",),
)
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
)


class SqliteLog:
    """Events and shown lists in one SQLite file. Satisfies `EventLog`.

    Args:
        path: the database file; made if missing.
        max_pages: see `Database`.

    Raises:
        StoreError: if the file cannot be used.
    """

    def __init__(self, path: Path, *, max_pages: int | None = None) -> None:
        self._db = Database(path, part="events", migrations=_EVENTS, max_pages=max_pages)

    def append(self, event: Event) -> bool:
        """Store one event durably before returning; False if its id was there already.

        Raises:
            DataError: for stars out of range, or a value where there is none.
            StoreError: if it cannot be written; then nothing was stored.
        """
        check_event(event)
        row = (
            *(event.id, _microseconds(event.at), event.user, event.session, event.list_id),
            *(event.item_id, event.kind, event.value, event.version),
        )
        with self._db.write() as connection:
            new = connection.execute(
                """INSERT OR IGNORE INTO events
                (id, at_us, user, session, list_id, item_id, kind, value, version)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                row,
            ).rowcount
        if not new and self._read_events("id = ?", event.id) != [event]:
            log.warning("an event came with the id of a different one and was dropped")
        return bool(new)

    def impress(self, impression: Impression) -> None:
        """Store one shown list durably before returning; the same id again changes nothing.

        Raises:
            DataError: for a list that `check_impression` refuses.
            StoreError: if it cannot be written; then nothing was stored.
        """
        check_impression(impression)
        with self._db.write() as connection:
            connection.execute(
                """INSERT OR IGNORE INTO impressions
                (list_id, at_us, user, session, items, positions, policy, version,
                 propensities, choices, scores)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                (
                    *(impression.list_id, _microseconds(impression.at)),
                    *(impression.user, impression.session),
                    *(json.dumps(impression.items), json.dumps(impression.positions)),
                    *(impression.policy, impression.version),
                    json.dumps(impression.propensities),
                    json.dumps([choice.model_dump() for choice in impression.choices]),
                    json.dumps(impression.scores),
                ),
            )

    def events(self, user: str) -> list[Event]:
        """A person's events, oldest first (by `at`, then as they came)."""
        return self._read_events("user = ?", user)

    def impressions(self, user: str) -> list[Impression]:
        """The lists a person was shown, oldest first (by `at`, then as they came)."""
        rows = self._db.read(
            """SELECT list_id, at_us, user, session, items, positions, policy, version,
            propensities, choices, scores FROM impressions WHERE user = ? ORDER BY at_us, seq""",
            (user,),
        )
        return [_impression(row) for row in rows]

    def profile(self, user: str) -> Profile:
        """A person's events summed up; see `sum_up`."""
        lists = self._db.read(
            "SELECT items FROM impressions WHERE user = ? ORDER BY seq DESC LIMIT ?",
            (user, N_SHOWN),
        )
        shown = [item for (items,) in reversed(lists) for item in json.loads(items)]
        return sum_up(user, self.events(user), shown)

    def users(self) -> list[str]:
        """Everybody with an event or a shown list, sorted."""
        rows = self._db.read(
            "SELECT user FROM events UNION SELECT user FROM impressions ORDER BY user"
        )
        return [user for (user,) in rows]

    def shown(self) -> list[str]:
        """Every item that stood in a list of anybody, sorted."""
        rows = self._db.read(
            "SELECT DISTINCT value FROM impressions, json_each(impressions.items) ORDER BY value"
        )
        return [item for (item,) in rows]

    def withdraw(self, user: str, event_ids: Collection[str]) -> None:
        """Take back events of a person by id; unknown ids and other people's are ignored."""
        with self._db.write() as connection:
            connection.executemany(
                "DELETE FROM events WHERE user = ? AND id = ?", [(user, id_) for id_ in event_ids]
            )

    def erase(self, user: str) -> int:
        """Remove a person's events and shown lists for good; gives how many there were.

        Raises:
            StoreError: if it cannot be written.
        """
        with self._db.write() as connection:
            n: int = sum(
                connection.execute(f"DELETE FROM {table} WHERE user = ?", (user,)).rowcount
                for table in ("events", "impressions")
            )
        self._db.forget()
        return n

    def drop_events(self, before: datetime) -> int:
        """Remove events that happened before a time for good. Raises as `erase`."""
        return self._drop("events", before)

    def drop_lists(self, before: datetime) -> int:
        """Remove lists that were shown before a time for good. Raises as `erase`."""
        return self._drop("impressions", before)

    def close(self) -> None:
        """Release the file. Idempotent."""
        self._db.close()

    def _drop(self, table: str, before: datetime) -> int:
        with self._db.write() as connection:
            n: int = connection.execute(
                f"DELETE FROM {table} WHERE at_us < ?", (_microseconds(before),)
            ).rowcount
        self._db.forget()
        return n

    def _read_events(self, where: str, value: str) -> list[Event]:
        rows = self._db.read(
            f"""SELECT id, at_us, user, session, list_id, item_id, kind, value, version
            FROM events WHERE {where} ORDER BY at_us, seq""",
            (value,),
        )
        return [_event(row) for row in rows]


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
        _check_names(session, user)
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
                raise NotAllowed(_NOT_YOURS)
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
            {"since": _microseconds(since), "user": user},
        )
        return [(owner, session) for owner, session in rows]

    def drop(self, sessions: Sequence[str], *, unused_since: datetime) -> int:
        """Remove those of some sessions that were last used before a time for good; gives how many.

        Raises:
            StoreError: if it cannot be written.
        """
        old = _microseconds(unused_since)
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
                at=_EPOCH + timedelta(microseconds=used_us),
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
        rows = self._db.read("SELECT personal, keep_moods FROM consents WHERE user = ?", (user,))
        for personal, keep in rows:
            return Consent(personal=bool(personal), keep_moods=None if keep is None else bool(keep))
        return Consent()

    def decide(self, user: str, consent: Consent) -> None:
        """Store durably what a person decided.

        Raises:
            StoreError: if it cannot be written.
        """
        with self._db.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO consents (user, personal, keep_moods) VALUES (?, ?, ?)",
                (user, consent.personal, consent.keep_moods),
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
            (_microseconds(datetime.now(UTC)), session),
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


class VolatileLog:
    """Events and shown lists in this process only. Satisfies `EventLog`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: dict[str, Event] | None = {}
        self._shown: dict[str, Impression] = {}

    def append(self, event: Event) -> bool:
        """Keep one event; False if its id was there already. Raises as `SqliteLog.append`."""
        check_event(event)
        with self._lock:
            events = self._open()
            known = events.get(event.id)
            if known is None:
                events[event.id] = event
        if known is not None and known != event:
            log.warning("an event came with the id of a different one and was dropped")
        return known is None

    def impress(self, impression: Impression) -> None:
        """Keep one shown list; the same id again changes nothing."""
        check_impression(impression)
        with self._lock:
            self._open()
            self._shown.setdefault(impression.list_id, impression)

    def events(self, user: str) -> list[Event]:
        """A person's events, oldest first (by `at`, then as they came)."""
        with self._lock:
            theirs = [event for event in self._open().values() if event.user == user]
        return sorted(theirs, key=lambda event: event.at)

    def impressions(self, user: str) -> list[Impression]:
        """The lists a person was shown, oldest first (by `at`, then as they came)."""
        with self._lock:
            self._open()
            theirs = [shown for shown in self._shown.values() if shown.user == user]
        return sorted(theirs, key=lambda shown: shown.at)

    def profile(self, user: str) -> Profile:
        """A person's events summed up; see `sum_up`."""
        events = self.events(user)
        with self._lock:
            lists = [shown for shown in self._shown.values() if shown.user == user]
        return sum_up(user, events, [item for shown in lists[-N_SHOWN:] for item in shown.items])

    def users(self) -> list[str]:
        """Everybody with an event or a shown list, sorted."""
        with self._lock:
            active = {event.user for event in self._open().values()}
            return sorted(active | {shown.user for shown in self._shown.values()})

    def shown(self) -> list[str]:
        """Every item that stood in a list of anybody, sorted."""
        with self._lock:
            self._open()
            return sorted({item for shown in self._shown.values() for item in shown.items})

    def withdraw(self, user: str, event_ids: Collection[str]) -> None:
        """Take back events of a person by id; unknown ids and other people's are ignored."""
        with self._lock:
            events = self._open()
            for id_ in event_ids:
                if id_ in events and events[id_].user == user:
                    del events[id_]

    def erase(self, user: str) -> int:
        """Forget a person's events and shown lists; gives how many there were."""
        with self._lock:
            events = self._open()
            mine = [name for name, event in events.items() if event.user == user]
            lists = [name for name, shown in self._shown.items() if shown.user == user]
            for name in mine:
                del events[name]
            for name in lists:
                del self._shown[name]
        return len(mine) + len(lists)

    def drop_events(self, before: datetime) -> int:
        """Forget events that happened before a time; gives how many there were."""
        with self._lock:
            events = self._open()
            old = [name for name, event in events.items() if event.at < before]
            for name in old:
                del events[name]
        return len(old)

    def drop_lists(self, before: datetime) -> int:
        """Forget lists that were shown before a time; gives how many there were."""
        with self._lock:
            self._open()
            old = [name for name, shown in self._shown.items() if shown.at < before]
            for name in old:
                del self._shown[name]
        return len(old)

    def close(self) -> None:
        """Forget everything. Idempotent."""
        with self._lock:
            self._events = None

    def _open(self) -> dict[str, Event]:
        if self._events is None:
            raise StoreError("cannot use the event log: it was closed")
        return self._events


class VolatileMemory:
    """Sessions and their turns in this process only. Satisfies `Memory`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owners: dict[str, str] | None = {}  # the latest used last
        self._turns: dict[str, list[Turn]] = {}
        self._titles: dict[str, str] = {}
        self._consents: dict[str, Consent] = {}
        self._used: dict[str, datetime] = {}

    def claim(self, session: str, user: str) -> None:
        """Begin a session or continue one's own. Raises as `SqliteMemory.claim`."""
        _check_names(session, user)
        with self._lock:
            owners = self._open()
            if owners.get(session, user) != user:
                raise NotAllowed(_NOT_YOURS)
            owners.pop(session, None)
            owners[session] = user
            self._used[session] = datetime.now(UTC)

    def append(self, session: str, turn: Turn) -> None:
        """Keep one turn. Raises `ValueError` if nobody has claimed the session."""
        with self._lock:
            owners = self._open()
            if session not in owners:
                raise ValueError("a turn for a session that nobody has claimed")
            owners[session] = owners.pop(session)
            self._used[session] = datetime.now(UTC)
            self._turns.setdefault(session, []).append(turn)

    def turns(self, session: str) -> list[Turn]:
        """A session's turns, oldest first; empty for an unknown one."""
        with self._lock:
            self._open()
            return list(self._turns.get(session, ()))

    def cut(self, session: str, n: int) -> None:
        """Keep the first n turns of a session and remove the others."""
        with self._lock:
            self._open()
            del self._turns.get(session, [])[n:]

    def sessions(self, user: str) -> list[str]:
        """A person's sessions, the latest used first."""
        with self._lock:
            owners = self._open()
            return [session for session, owner in reversed(owners.items()) if owner == user]

    def unused(self, since: datetime, *, user: str | None = None) -> list[tuple[str, str]]:
        """Sessions last used before a time, of one or of all, as (user, session), sorted."""
        with self._lock:
            old = [
                (owner, session)
                for session, owner in self._open().items()
                if self._used[session] < since and user in (None, owner)
            ]
        return sorted(old)

    def drop(self, sessions: Sequence[str], *, unused_since: datetime) -> int:
        """Forget those of some sessions that were last used before a time; gives how many."""
        with self._lock:
            owners = self._open()
            return self._remove(
                [name for name in sessions if name in owners and self._used[name] < unused_since]
            )

    def headings(self, user: str) -> list[Heading]:
        """A person's sessions in which something was said, the latest used first."""
        with self._lock:
            owners = self._open()
            mine = [session for session, owner in reversed(owners.items()) if owner == user]
            return [
                Heading(
                    session=session,
                    title=self._titles.get(session, ""),
                    opening=next((turn.text for turn in turns if turn.role == "user"), ""),
                    at=self._used[session],
                    n_turns=len(turns),
                )
                for session in mine
                if (turns := self._turns.get(session))
            ]

    def rename(self, session: str, title: str) -> None:
        """Give a session a title; an empty one takes it away. An unknown session: no effect."""
        with self._lock:
            if session in self._open():
                self._titles[session] = title

    def forget(self, session: str) -> bool:
        """Forget a session and all that was said in it; False for an unknown one."""
        with self._lock:
            return self._remove([session]) > 0

    def consent(self, user: str) -> Consent:
        """What a person decided; as at first when they have not."""
        with self._lock:
            self._open()
            return self._consents.get(user, Consent())

    def decide(self, user: str, consent: Consent) -> None:
        """Keep what a person decided."""
        with self._lock:
            self._open()
            self._consents[user] = consent

    def erase(self, user: str) -> int:
        """Forget a person, their sessions and all that was said in them; gives how many."""
        with self._lock:
            self._consents.pop(user, None)
            return self._remove([name for name, owner in self._open().items() if owner == user])

    def close(self) -> None:
        """Forget everything. Idempotent."""
        with self._lock:
            self._owners = None
            self._turns = {}

    def _open(self) -> dict[str, str]:
        if self._owners is None:
            raise StoreError("cannot use the memory: it was closed")
        return self._owners

    def _remove(self, sessions: Sequence[str]) -> int:
        owners = self._open()
        known = [session for session in sessions if session in owners]
        for session in known:
            del owners[session]
            for kept in (self._turns, self._titles, self._used):
                kept.pop(session, None)
        return len(known)


def _check_names(session: str, user: str) -> None:
    for what, name in (("session", session), ("user", user)):
        if not 1 <= len(name) <= 200:
            raise DataError(f"wanted a {what} of 1 to 200 characters, got {len(name)}")
        if not name.isprintable():
            raise DataError(f"a {what} must not contain control characters")


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def _event(row: tuple[Any, ...]) -> Event:
    names = ("id", "at", "user", "session", "list_id", "item_id", "kind", "value", "version")
    values = dict(zip(names, row, strict=True))
    values["at"] = _EPOCH + timedelta(microseconds=values["at"])
    return Event(**values)


def _impression(row: tuple[Any, ...]) -> Impression:
    list_id, at_us, user, session, items, positions, policy, version, *logged = row
    propensities, choices, scores = map(json.loads, logged)
    return Impression(
        version=version,
        list_id=list_id,
        at=_EPOCH + timedelta(microseconds=at_us),
        user=user,
        session=session,
        items=json.loads(items),
        positions=json.loads(positions),
        policy=policy,
        propensities=propensities,
        choices=choices,
        scores=scores,
    )
