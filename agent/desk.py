"""Where people see what is known of them, take parts of it back, and decide about the rest."""

import asyncio
import sqlite3
from collections.abc import MutableMapping

from langchain_core.runnables import RunnableConfig

from simpatico.agent.graph import Graph
from simpatico.agent.history import title_of
from simpatico.agent.known import (
    TEACHES,
    Known,
    Remembered,
    Verdict,
    not_of,
    not_wanting,
    verdicts_of,
)
from simpatico.agent.presence import Presence
from simpatico.agent.threads import Threads, thread_id
from simpatico.agent.undo import Amend, amended, without_mood
from simpatico.domain import Consent, UserState
from simpatico.errors import StoreError
from simpatico.protocols import EventLog, Memory


class Desk:
    """Works on the stores of a running `Simpatico`, whose turns it does not disturb.

    Every method raises `StoreError` when a store cannot be read or written; ask again then.

    Args:
        graph: the one with checkpoints.
        events: of whom the service recommends to.
        memory: their sessions.
        threads: the checkpoints' file.
        presence: who is being served.
        locks: one for each thread that is at work.
    """

    def __init__(
        self,
        *,
        graph: Graph,
        events: EventLog,
        memory: Memory,
        threads: Threads,
        presence: Presence,
        locks: MutableMapping[str, asyncio.Lock],
    ) -> None:
        self._graph = graph
        self._events = events
        self._memory = memory
        self._threads = threads
        self._presence = presence
        self._locks = locks

    async def known(self, user: str) -> Known:
        """What is known of a person."""
        headings = await asyncio.to_thread(self._memory.headings, user)
        states = [await self._state(user, one.session) for one in headings]
        talks = [
            Remembered(session=one.session, name=title_of(one), at=one.at, state=state)
            for one, state in zip(headings, states, strict=True)
        ]
        return Known(
            consent=await self.consent(user),
            profile=await asyncio.to_thread(self._events.profile, user),
            events=tuple(await asyncio.to_thread(self._events.events, user)),
            n_lists=len(await asyncio.to_thread(self._events.impressions, user)),
            talks=tuple(talks),
        )

    async def consent(self, user: str) -> Consent:
        """What a person decided."""
        return await asyncio.to_thread(self._memory.consent, user)

    async def decide(
        self,
        user: str,
        *,
        personal: bool | None = None,
        keep_moods: bool | None = None,
        read_moods: bool | None = None,
    ) -> None:
        """Store what a person decided, once their turns that are running have ended.

        What is None stays as it was decided before. Who wants no moods kept has those that are
        removed for good.
        """
        async with self._presence.alone(user):
            consent = await self.consent(user)
            if personal is not None:
                consent = consent.model_copy(update={"personal": personal})
            if keep_moods is not None:
                consent = consent.model_copy(update={"keep_moods": keep_moods})
            if read_moods is not None:
                consent = consent.model_copy(update={"read_moods": read_moods})
            if consent.keep_moods is False:
                sessions = await asyncio.to_thread(self._memory.sessions, user)
                for session in sessions:
                    await self._amend(user, session, without_mood)
                await self._threads.forget_older(thread_id(user, each) for each in sessions)
            await asyncio.to_thread(self._memory.decide, user, consent)

    async def unlearn(self, user: str, item_id: str, verdict: Verdict) -> None:
        """Take back what is held of an item, whatever taught it: buttons, stars, words.

        What people liked together is counted without it from the next start on.
        """
        async with self._presence.shared(user):
            for session in await asyncio.to_thread(self._memory.sessions, user):
                await self._amend(user, session, not_of(item_id, verdict))
            taught = [
                event.id
                for event in await asyncio.to_thread(self._events.events, user)
                if event.item_id == item_id and event.kind in TEACHES[verdict]
            ]
            await asyncio.to_thread(self._events.withdraw, user, taught)

    async def withdraw(self, user: str, event_id: str) -> None:
        """Take back one event, and what its conversation goes on to think of the item by it."""
        async with self._presence.shared(user):
            for event in await asyncio.to_thread(self._events.events, user):
                if event.id != event_id:
                    continue
                if event.session in await asyncio.to_thread(self._memory.sessions, user):
                    gone = not_of(event.item_id, *verdicts_of(event.kind))
                    await self._amend(user, event.session, gone)
                await asyncio.to_thread(self._events.withdraw, user, [event_id])

    async def want_no_more(self, user: str, session: str, what: str, value: str = "") -> bool:
        """Take one wish from what a conversation goes on with; see `not_wanting`.

        Returns:
            False when there is no such kind of wish, or the session is not this person's.
        """
        amend = not_wanting(what, value)
        async with self._presence.shared(user):
            if amend is None or session not in await asyncio.to_thread(self._memory.sessions, user):
                return False
            await self._amend(user, session, amend)
        return True

    async def _state(self, user: str, session: str) -> UserState:
        config: RunnableConfig = {"configurable": {"thread_id": thread_id(user, session)}}
        try:
            kept = (await self._graph.aget_state(config)).values.get("state")
        except (sqlite3.Error, ValueError) as error:
            raise StoreError(f"a conversation cannot be read: {error}") from error
        return UserState.model_validate(kept or {})

    async def _amend(self, user: str, session: str, amend: Amend) -> None:
        """Change what carries over to the session's next turn, and what can be gone back to."""
        thread = thread_id(user, session)
        config: RunnableConfig = {"configurable": {"thread_id": thread}}
        async with self._locks.setdefault(thread, asyncio.Lock()):
            try:
                values = (await self._graph.aget_state(config)).values
                if changed := amended(values, amend):
                    await self._graph.aupdate_state(config, changed, as_node="talk")
                    await self._threads.tidy(thread)
            except (sqlite3.Error, ValueError) as error:
                raise StoreError(f"a conversation cannot be changed: {error}") from error
