"""Nothing is kept for longer than the settings want: what is older is removed for good."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from simpatico.agent.presence import Presence
from simpatico.agent.threads import Threads, thread_id
from simpatico.domain import Value
from simpatico.errors import StoreError
from simpatico.protocols import EventLog, Memory
from simpatico.settings import PrivacySettings

log = logging.getLogger(__name__)

DAY_S = 86_400.0


class Forgotten(Value):
    """How much was removed."""

    n_conversations: int = 0
    n_lists: int = 0
    n_events: int = 0


async def forget_old(
    keep: PrivacySettings,
    *,
    now: datetime,
    events: EventLog,
    memory: Memory,
    threads: Threads,
    presence: Presence,
) -> Forgotten:
    """Remove what is older than `keep` wants.

    Conversations count from their last use, lists from when they were shown, events from when they
    happened as they say themselves. Waits for the turns of people whose conversations are old.

    Raises:
        StoreError: a store could not be written; what was removed before that stays removed.
    """
    n_conversations = n_lists = n_events = 0
    if keep.conversations_days:
        since = _days_before(now, keep.conversations_days)
        old = await asyncio.to_thread(memory.unused, since)
        for user in dict.fromkeys(owner for owner, _ in old):
            async with presence.alone(user):
                n_conversations += await _drop(user, since, memory, threads)
    if keep.lists_days:
        before = _days_before(now, keep.lists_days)
        n_lists = await asyncio.to_thread(events.drop_lists, before)
    if keep.events_days:
        before = _days_before(now, keep.events_days)
        n_events = await asyncio.to_thread(events.drop_events, before)
    return Forgotten(n_conversations=n_conversations, n_lists=n_lists, n_events=n_events)


async def every_day(
    work: Callable[[], Awaitable[Forgotten]], *, every_s: float = DAY_S, again_s: float = 3600.0
) -> None:
    """Do it now and then once a day, until cancelled; after a failure try again in an hour."""
    while True:
        try:
            forgotten = await work()
            wait_s = every_s
            if any(forgotten.model_dump().values()):
                log.info(
                    "removed as too old: %d conversations, %d lists, %d events",
                    forgotten.n_conversations,
                    forgotten.n_lists,
                    forgotten.n_events,
                )
        except StoreError as error:
            wait_s = again_s
            log.warning("what is too old could not be removed: %s", error)
        await asyncio.sleep(wait_s)


async def _drop(user: str, since: datetime, memory: Memory, threads: Threads) -> int:
    """Remove a person's sessions that are still unused, now that nobody uses them."""
    old = [session for _, session in await asyncio.to_thread(memory.unused, since, user=user)]
    # First: only the sessions tell which threads they are.
    await threads.erase(thread_id(user, session) for session in old)
    return await asyncio.to_thread(memory.drop, old, unused_since=since)


def _days_before(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days)
