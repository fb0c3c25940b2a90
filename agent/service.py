"""The one thing every door calls: take a turn, recommend, record, tell how it goes."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from datetime import UTC, datetime
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray
from opentelemetry.trace import Tracer

from simpatico.agent.conversations import Conversations
from simpatico.agent.desk import Desk
from simpatico.agent.graph import build_graph
from simpatico.agent.hearing import Ears
from simpatico.agent.mind import Mind
from simpatico.agent.nodes import Nodes
from simpatico.agent.people import Erased, Kept, learn_likes
from simpatico.agent.presence import Presence
from simpatico.agent.profile import check_event
from simpatico.agent.ranking import Ranking, rank_for
from simpatico.agent.retention import Forgotten, forget_old
from simpatico.agent.running import Runner
from simpatico.agent.safety import is_crisis
from simpatico.agent.showing import WORDS, Files
from simpatico.agent.threads import Threads, thread_id
from simpatico.agent.tracing import NO_TRACER, TurnSpan, count, ranking_span
from simpatico.agent.turn import MAX_CHARS, Request
from simpatico.domain import Consent, Event, Profile, Spoken, Turn, TurnOptions, Update
from simpatico.errors import DataError, ModelError, StoreError
from simpatico.protocols import EventLog, Memory
from simpatico.retrieval.audit import AuditReport
from simpatico.retrieval.catalog import Catalog
from simpatico.settings import PrivacySettings
from simpatico.text import clean

log = logging.getLogger(__name__)

_UNDECIDED = "What you decided about your data could not be read, so nothing known of you was used."

Probe = Callable[[], Awaitable[str]]
"""Tells how one part is: "ok", "degraded: why" or "down: why"."""


class Simpatico:
    """A running Simpatico. Made by `simpatico.agent.build.build`.

    At its `desk` people see and change what is known of them; `conversations` has those that are
    kept.

    Its `temporary` is one like it that keeps nothing beyond this process, learns nothing from
    anybody for others, and has no such one itself: for chats that leave no trace.
    """

    def __init__(
        self,
        *,
        mind: Mind,
        nodes: Nodes,
        events: EventLog,
        memory: Memory,
        threads: Threads,
        probes: Mapping[str, Probe],
        turn_timeout_s: float,
        closing: AsyncExitStack,
        tracer: Tracer = NO_TRACER,
        temporary: "Simpatico | None" = None,
        ears: Ears | None = None,
    ) -> None:
        self._ears = ears
        self._temporary = temporary
        self._mind = mind
        self._events = events
        self._memory = memory
        self._probes = probes
        self._closing = closing
        self._threads = threads
        self._tracer = tracer
        self._kept = build_graph(nodes, threads.saver, tracer)
        self._presence = Presence()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.desk = Desk(
            graph=self._kept,
            events=events,
            memory=memory,
            threads=threads,
            presence=self._presence,
            locks=self._locks,
        )
        self.conversations = Conversations(
            graph=self._kept,
            catalog=mind.index.catalog,
            events=events,
            memory=memory,
            threads=threads,
            presence=self._presence,
            locks=self._locks,
        )
        self._runner = Runner(
            mind=mind,
            memory=memory,
            threads=threads,
            remembering=self._kept,
            forgetting=build_graph(nodes, None, tracer),
            locks=self._locks,
            timeout_s=turn_timeout_s,
        )

    @property
    def catalog(self) -> Catalog:
        """The catalogue recommended from."""
        return self._mind.index.catalog

    @property
    def has_pictures(self) -> bool:
        """Whether anything here can be found by a picture."""
        return self._mind.index.has_media("image")

    @property
    def temporary(self) -> "Simpatico":
        """One that keeps nothing. Raises `ValueError` from one that is it."""
        if self._temporary is None:
            raise ValueError("a temporary Simpatico has no other one")
        return self._temporary

    async def turn(
        self,
        text: str,
        *,
        user: str,
        session: str,
        options: TurnOptions = TurnOptions(),
        dialogue: Sequence[Turn] | None = None,
        image: bytes | None = None,
        audio: bytes | None = None,
        like: str = "",
    ) -> AsyncGenerator[Update]:
        """Answer one message: stage updates, cards, text, and last the whole reply.

        With an `image` or `audio` file also by what looks or sounds like it. It is read on this
        machine and not kept, and counts for this message alone; one that cannot be searched with
        here is named in `degraded`.

        `like` is the id of an item when the message asks for more like it: then it is that one,
        whatever the words would be taken for. An id that the catalogue has not changes nothing.

        `dialogue` is what was said before, oldest first, for callers that keep the history
        themselves: then nothing of what is said is kept here, only which list was shown to a named
        person. Without it the session's own memory is used.
        Closing the iterator cancels the turn.

        Raises:
            NotAllowed: when the session is somebody else's.
            DataError: when a picture or a sound is none, is damaged, or is beyond the limits, or
                the options let nothing count; nothing was answered.
        """
        if not text.strip():
            text = WORDS["image"] if image else WORDS["audio"] if audio else text
        cut = len(text) > MAX_CHARS
        text = clean(text, max_chars=MAX_CHARS)
        if is_crisis(text):  # help does not wait for a picture that may be broken
            image = audio = None
        files = Files(image, audio)
        degraded: tuple[str, ...] = ()
        if cut:
            degraded = (f"Only the first {MAX_CHARS:,} characters were read.",)
        span = TurnSpan(self._tracer, kind="kept" if dialogue is None else "unkept")
        async with self._presence.shared(user):
            options, unknown = await self._allowed(user, options)
            request = Request(
                text=text,
                user=user,
                session=session,
                options=options,
                like=like,
            )
            degraded += unknown
            if dialogue is None:
                updates = self._runner.kept(request, degraded, span, files)
            else:
                updates = self._runner.unkept(request, degraded, span, dialogue, files)
            async with aclosing(span.follow(updates)) as followed:
                async for update in followed:
                    yield update

    async def revise(
        self, *, user: str, session: str, options: TurnOptions
    ) -> AsyncGenerator[Update]:
        """Recommend again from what was understood last, with other options (a corrected mood)."""
        span = TurnSpan(self._tracer, kind="revised")
        async with self._presence.shared(user):
            options, unknown = await self._allowed(user, options)
            request = Request(text="", user=user, session=session, options=options, revise=True)
            async with aclosing(span.follow(self._runner.kept(request, unknown, span))) as updates:
                async for update in updates:
                    yield update

    async def recommend(
        self,
        turns: Sequence[Turn],
        *,
        profile: Profile = Profile(),
        k: int = 10,
        options: TurnOptions = TurnOptions(),
        image: bytes | None = None,
        audio: bytes | None = None,
    ) -> Ranking:
        """Read a dialogue and rank for it, keeping nothing; `image` and `audio` as for `turn`.

        Up to `k` items come back whatever the intent, but none for words of crisis; with `k` 0 it
        is only read.
        """
        with ranking_span(self._tracer) as span:
            ranking = await rank_for(
                self._mind,
                turns,
                profile=profile,
                options=options,
                k=k,
                files=Files(image, audio),
            )
            told = (
                ("recommendations", len(ranking.recommendations)),
                ("degraded", len(ranking.degraded)),
                ("mood.confidence", ranking.state.mood.confidence),
            )
            for what, n in told:
                count(span, what, n)
            return ranking

    async def record(self, event: Event) -> bool:
        """Store an event durably; False if its id was known.

        Raises:
            DataError: for an item the catalogue does not have, or a value its kind has not.
            StoreError: when it could not be stored.
        """
        if self.catalog.get(event.item_id) is None:
            raise DataError(f"no item {event.item_id!r} in the catalogue {self.catalog.name!r}")
        check_event(event)
        async with self._presence.shared(event.user):
            return await asyncio.to_thread(self._events.append, event)

    async def profile(self, user: str) -> Profile:
        """What a person's events say. Raises `StoreError` when they cannot be read."""
        return await asyncio.to_thread(self._events.profile, user)

    async def usable(
        self, user: str, options: TurnOptions
    ) -> tuple[Profile, TurnOptions, tuple[str, ...]]:
        """What a ranking may use of a person and of its options, and what to say of it.

        The person's own decisions outweigh the options.

        Raises:
            StoreError: their events cannot be read.
        """
        allowed, labels = await self._allowed(user, options)
        profile = await self.profile(user) if allowed.personal else Profile(user=user)
        return profile, allowed, labels

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Texts as unit vectors of the encoder that searches: (n,) -> (n, dim)."""
        return await asyncio.to_thread(self._mind.index.encode, texts)

    async def hear(self, sound: bytes, *, language: str = "") -> Spoken:
        """The words of a sound file, which is kept nowhere; see `hearing.Ears.hear`.

        Raises:
            ModelError: nothing can be heard here; the message says what to do.
            DataError, TooBusy: as `hearing.Ears.hear`.
        """
        return await self._hearing().hear(sound, language=language)

    async def ready_to_hear(self) -> None:
        """Open what hears, if it is not open yet. Raises `ModelError` and `TooBusy` as `hear`."""
        await self._hearing().ready()

    async def export(self, user: str) -> Kept:
        """Everything that is kept of a person. Raises `StoreError` when it cannot be read."""
        return Kept(
            user=user,
            profile=await self.profile(user),
            events=tuple(await asyncio.to_thread(self._events.events, user)),
            impressions=tuple(await asyncio.to_thread(self._events.impressions, user)),
            conversations=await self.conversations.whole(user),
            consent=await self.desk.consent(user),
        )

    async def erase(self, user: str) -> Erased:
        """Remove a person from every store for good. Waits for their turns that are running.

        Raises:
            StoreError: a store could not be written; ask again, nothing is acknowledged.
        """
        async with self._presence.alone(user):
            sessions = await asyncio.to_thread(self._memory.sessions, user)
            # First: only the sessions tell which threads they are.
            await self._threads.erase(thread_id(user, session) for session in sessions)
            n_conversations = await asyncio.to_thread(self._memory.erase, user)
            n_events = await asyncio.to_thread(self._events.erase, user)
            if self._temporary is not None:  # what it does not hold was never learned
                await asyncio.to_thread(learn_likes, self._mind.index, self._events)
        return Erased(user=user, n_events=n_events, n_conversations=n_conversations)

    async def forget_old(self, keep: PrivacySettings) -> Forgotten:
        """Remove what is kept for longer than the settings want, for good.

        Raises:
            StoreError: a store could not be written; ask again.
        """
        forgotten = await forget_old(
            keep,
            now=datetime.now(UTC),
            events=self._events,
            memory=self._memory,
            threads=self._threads,
            presence=self._presence,
        )
        if forgotten.n_events:
            await asyncio.to_thread(learn_likes, self._mind.index, self._events)
        return forgotten

    async def health(self) -> dict[str, str]:
        """Each part by name: "ok", "degraded: why" or "down: why". Never raises."""
        return {name: await probe() for name, probe in self._probes.items()}

    async def coverage(self) -> tuple[int, int]:
        """How many of the catalogue's items anybody was shown, and of how many.

        Raises:
            StoreError: what was shown cannot be read.
        """
        shown = await asyncio.to_thread(self._events.shown)
        return sum(self.catalog.get(item) is not None for item in shown), len(self.catalog)

    async def audit(self, *, sample: int) -> AuditReport:
        """Whether so many items, drawn at random, are found by their own vectors."""
        return await asyncio.to_thread(self._mind.index.audit, sample=sample)

    def at_work(self) -> dict[str, str]:
        """What does the work, by name: the reader, the ranker, the encoder that searches."""
        mind = self._mind
        return {
            "reader": mind.reader.name,
            "ranker": mind.ranker.name,
            "encoder": mind.index.encoder_name,
        }

    async def aclose(self) -> None:
        """Close everything. Idempotent."""
        await self._closing.aclose()

    def _hearing(self) -> Ears:
        if self._ears is None:
            raise ModelError("nothing can be heard here")
        return self._ears

    async def _allowed(
        self, user: str, options: TurnOptions
    ) -> tuple[TurnOptions, tuple[str, ...]]:
        """A turn's options as the person's own decisions let them be, and what to say of it."""
        try:
            return (await self.desk.consent(user)).over(options), ()
        except StoreError as error:
            log.warning("what a person decided cannot be read: %s", error)
            nothing = Consent(personal=False, keep_moods=False, read_moods=False)
            return nothing.over(options), (_UNDECIDED,)
