"""What is remembered in this process and forgotten at its end: for chats that leave no trace.

`VolatileLog` and `VolatileMemory` keep the contracts of `EventLog` and `Memory`, from several
threads as well.
"""

import logging
import threading
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from simpatico.agent.memory import NOT_YOURS, check_names
from simpatico.agent.profile import check_event, check_impression
from simpatico.domain import Consent, Event, Heading, Impression, Profile, Turn
from simpatico.errors import NotAllowed, StoreError
from simpatico.retrieval.past import N_SHOWN, sum_up

log = logging.getLogger(__name__)


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
        check_names(session, user)
        with self._lock:
            owners = self._open()
            if owners.get(session, user) != user:
                raise NotAllowed(NOT_YOURS)
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
