"""A person's conversations as they are kept: read, opened again, named, taken back, removed."""

import asyncio
import sqlite3
from collections.abc import MutableMapping, Sequence
from typing import cast

from langchain_core.runnables import RunnableConfig

from simpatico.agent.graph import Graph
from simpatico.agent.history import TITLE_CHARS, Past, past_of
from simpatico.agent.people import Conversation
from simpatico.agent.presence import Presence
from simpatico.agent.threads import Threads, thread_id
from simpatico.agent.turn import MAX_CHARS, TurnState
from simpatico.agent.undo import LEVELS, cut_of
from simpatico.domain import Heading, Turn, UserState
from simpatico.errors import DataError, StoreError
from simpatico.protocols import EventLog, Memory
from simpatico.retrieval.catalog import Catalog
from simpatico.text import clean, clean_lines


class Conversations:
    """Works on the stores of a running `Simpatico`, whose turns in other sessions it lets be.

    Whoever asks for a session that is somebody else's is told what they would be told if there
    were none. Every method raises `StoreError` when a store cannot be read or written; nothing is
    acknowledged then, and it can be asked for again.

    Args:
        graph: the one with checkpoints.
        catalog: what was shown is of it.
        events: what was shown and done.
        memory: what was said, and whose it is.
        threads: the checkpoints' file.
        presence: who is being served.
        locks: one for each thread that is at work.
    """

    def __init__(
        self,
        *,
        graph: Graph,
        catalog: Catalog,
        events: EventLog,
        memory: Memory,
        threads: Threads,
        presence: Presence,
        locks: MutableMapping[str, asyncio.Lock],
    ) -> None:
        self._graph = graph
        self._catalog = catalog
        self._events = events
        self._memory = memory
        self._threads = threads
        self._presence = presence
        self._locks = locks

    async def headings(self, user: str) -> list[Heading]:
        """Those of a person, the latest used first."""
        return await asyncio.to_thread(self._memory.headings, user)

    async def dialogue(self, user: str, session: str) -> tuple[Turn, ...]:
        """What was said in a session, oldest first; nothing if it is not this person's own."""
        if not await self._owns(user, session):
            return ()
        return tuple(await asyncio.to_thread(self._memory.turns, session))

    async def reopen(self, user: str, session: str) -> Past | None:
        """One as it went, to be read and continued; None if it is not this person's."""
        if not await self._owns(user, session):
            return None
        turns = await asyncio.to_thread(self._memory.turns, session)
        lists = await asyncio.to_thread(self._events.impressions, user)
        events = await asyncio.to_thread(self._events.events, user)
        return past_of(
            turns,
            [one for one in lists if one.session == session],
            [one for one in events if one.session == session],
            await self._checkpoint(user, session),
            self._catalog,
        )

    async def rename(self, user: str, session: str, title: str) -> bool:
        """Give one a title, an empty one its own first words; False if not theirs."""
        if not await self._owns(user, session):
            return False
        await asyncio.to_thread(self._memory.rename, session, clean(title, max_chars=TITLE_CHARS))
        return True

    async def take_back(self, text: str, *, user: str, session: str) -> bool:
        """Take back the newest message with its answer and all that was learned from it.

        What was shown stays logged, for it was shown; so do buttons that were pressed.

        Args:
            text: the message, which has to be the newest; empty for a turn by `revise`.
            user: whose session it is.
            session: which one.

        Returns:
            Whether the session is now without it: False when another message is the newest.

        Raises:
            DataError: so many were taken back that where it stood before is no longer known.
        """
        thread = thread_id(user, session)
        config: RunnableConfig = {"configurable": {"thread_id": thread}}
        async with (
            self._presence.shared(user),
            self._locks.setdefault(thread, asyncio.Lock()),
        ):
            if not await self._owns(user, session):
                return False
            turns = await asyncio.to_thread(self._memory.turns, session)
            try:
                values = (await self._graph.aget_state(config)).values
                found = cut_of(values, turns, text=clean(text, max_chars=MAX_CHARS))
                if found == "too long ago":
                    raise DataError(f"only the last {LEVELS} messages can be taken back")
                if found == "unknown":
                    return False
                if found.values is not None:
                    await self._graph.aupdate_state(config, found.values, as_node="talk")
                    await self._threads.tidy(thread)
            except (sqlite3.Error, ValueError) as error:
                raise StoreError(f"a conversation cannot be changed: {error}") from error
            await asyncio.to_thread(self._memory.cut, session, found.n_said)
            await asyncio.to_thread(self._events.withdraw, user, found.taught)
        return True

    async def forget(self, user: str, session: str) -> bool:
        """Remove one for good, once a turn running in it has ended.

        What was learned in it (events, which lists were shown) stays. False if it is not theirs.
        """
        thread = thread_id(user, session)
        async with self._locks.setdefault(thread, asyncio.Lock()):
            if not await self._owns(user, session):
                return False
            await self._threads.erase([thread])
            return await asyncio.to_thread(self._memory.forget, session)

    async def keep(self, user: str, session: str, turns: Sequence[Turn]) -> None:
        """Keep a dialogue as a new session of a person, to be continued by who asks for it.

        To be called while the turn that it ends in is still being taken: then nobody is erased
        in between.

        Raises:
            NotAllowed: the session is somebody else's.
        """
        await asyncio.to_thread(self._memory.claim, session, user)
        for turn in turns:
            kept = Turn(role=turn.role, text=clean_lines(turn.text, max_chars=MAX_CHARS))
            await asyncio.to_thread(self._memory.append, session, kept)

    async def whole(self, user: str) -> tuple[Conversation, ...]:
        """All of a person's, with all that is kept of them, the latest used first."""
        return tuple([await self._whole(user, each) for each in await self.headings(user)])

    async def _whole(self, user: str, heading: Heading) -> Conversation:
        turns = await asyncio.to_thread(self._memory.turns, heading.session)
        kept = (await self._checkpoint(user, heading.session)).get("state")
        return Conversation(
            session=heading.session,
            title=heading.title,
            at=heading.at,
            turns=tuple(turns),
            understood=UserState.model_validate(kept) if kept else None,
        )

    async def _owns(self, user: str, session: str) -> bool:
        return session in await asyncio.to_thread(self._memory.sessions, user)

    async def _checkpoint(self, user: str, session: str) -> TurnState:
        """What carries over to the session's next turn."""
        config: RunnableConfig = {"configurable": {"thread_id": thread_id(user, session)}}
        try:
            return cast(TurnState, (await self._graph.aget_state(config)).values)
        except (sqlite3.Error, ValueError) as error:
            raise StoreError(f"a conversation cannot be read: {error}") from error
