"""What people did and what they were shown, in SQLite: `SqliteLog`, an `EventLog`."""

import json
import logging
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any

from simpatico.agent.database import Database, microseconds, time_of
from simpatico.agent.profile import check_event, check_impression
from simpatico.domain import Event, Impression, Profile
from simpatico.retrieval.past import N_SHOWN, sum_up

log = logging.getLogger(__name__)

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
            *(event.id, microseconds(event.at), event.user, event.session, event.list_id),
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
                    *(impression.list_id, microseconds(impression.at)),
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
                f"DELETE FROM {table} WHERE at_us < ?", (microseconds(before),)
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


def _event(row: tuple[Any, ...]) -> Event:
    names = ("id", "at", "user", "session", "list_id", "item_id", "kind", "value", "version")
    values = dict(zip(names, row, strict=True))
    values["at"] = time_of(values["at"])
    return Event(**values)


def _impression(row: tuple[Any, ...]) -> Impression:
    list_id, at_us, user, session, items, positions, policy, version, *logged = row
    propensities, choices, scores = map(json.loads, logged)
    return Impression(
        version=version,
        list_id=list_id,
        at=time_of(at_us),
        user=user,
        session=session,
        items=json.loads(items),
        positions=json.loads(positions),
        policy=policy,
        propensities=propensities,
        choices=choices,
        scores=scores,
    )
