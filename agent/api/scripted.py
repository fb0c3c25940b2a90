"""A service that says what it is told to: the API's deterministic counterpart for tests."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simpatico.agent.people import Erased, Kept
from simpatico.agent.profile import check_event
from simpatico.domain import (
    CardsReady,
    Event,
    Finished,
    Item,
    Profile,
    Reply,
    Spoken,
    StageUpdate,
    TextDelta,
    Turn,
    TurnOptions,
    Update,
    Value,
)
from simpatico.errors import DataError, NotAllowed, StoreError
from simpatico.retrieval.catalog import Catalog
from simpatico.retrieval.past import sum_up
from simpatico.retrieval.sound import RATE_HZ, decode_sound

if TYPE_CHECKING:
    from simpatico.agent.ranking import Ranking


class Asked(Value):
    """One turn as the service was asked for it."""

    text: str
    user: str
    session: str
    options: TurnOptions
    dialogue: tuple[Turn, ...] | None
    image: bytes | None = None
    audio: bytes | None = None


class ScriptedService:
    """Gives the same reply to every turn, word by word, and keeps events and owners in memory.

    Attributes:
        asked: every turn, in order.
        stopped: set when a turn was left before its end.
        store_works: set to False for a full disk.
        parts: what `health` says.
    """

    def __init__(
        self,
        reply: Reply,
        *,
        pause_s: float = 0.0,
        error: Exception | None = None,
        error_after: int = 0,
    ) -> None:
        """Prepare the script.

        Args:
            reply: what is answered.
            pause_s: seconds of silence before each update.
            error: raised by turns and rankings.
            error_after: how many updates come before it.
        """
        self._reply = reply
        self._pause_s = pause_s
        self._error = error
        self._error_after = error_after
        self._events: dict[str, Event] = {}
        self._owners: dict[str, str] = {}
        self._kept: dict[tuple[str, str], tuple[Turn, ...]] = {}
        self.asked: list[Asked] = []
        self.stopped = threading.Event()
        self.store_works = True
        self.closed = False
        self.parts = {"store": "ok", "llm": "ok"}
        self.catalog = Catalog("scripted", _items(reply))

    async def turn(
        self,
        text: str,
        *,
        user: str,
        session: str,
        options: TurnOptions,
        dialogue: Sequence[Turn] | None,
        image: bytes | None = None,
        audio: bytes | None = None,
    ) -> AsyncGenerator[Update, None]:
        """Say the reply."""
        kept = None if dialogue is None else tuple(dialogue)
        self.asked.append(
            Asked(
                text=text,
                user=user,
                session=session,
                options=options,
                dialogue=kept,
                image=image,
                audio=audio,
            )
        )
        if dialogue is None and self._owners.setdefault(session, user) != user:
            raise NotAllowed(f"the session {session!r} is somebody else's")
        finished = False
        try:
            for index, update in enumerate(self._script()):
                if self._error and index == self._error_after:
                    raise self._error
                await asyncio.sleep(self._pause_s)
                yield update
            finished = True
        finally:
            if not finished:
                self.stopped.set()

    async def recommend(
        self,
        turns: Sequence[Turn],
        *,
        profile: Profile,
        k: int,
        options: TurnOptions,
        image: bytes | None = None,
        audio: bytes | None = None,
    ) -> "Ranking":
        """Give the reply's items, without those the profile liked, disliked or saw."""
        from simpatico.agent.ranking import Ranking

        await asyncio.sleep(self._pause_s)
        if self._error:
            raise self._error
        known = {*profile.liked, *profile.disliked, *profile.seen}
        left = [found for found in self._reply.recommendations if found.item.id not in known]
        return Ranking(state=self._reply.state, recommendations=tuple(left[:k]))

    async def record(self, event: Event) -> bool:
        """Keep an event."""
        if not self.store_works:
            raise StoreError("database or disk is full")
        if event.item_id not in {found.item.id for found in self._reply.recommendations}:
            raise DataError(f"no item {event.item_id!r} in the catalogue")
        check_event(event)
        if event.id in self._events:
            return False
        self._events[event.id] = event
        return True

    async def profile(self, user: str) -> Profile:
        """Sum up the events kept."""
        theirs = [event for event in self._events.values() if event.user == user]
        return sum_up(user, sorted(theirs, key=lambda event: event.at), ())

    async def usable(
        self, user: str, options: TurnOptions
    ) -> tuple[Profile, TurnOptions, tuple[str, ...]]:
        """All of it, if the options let it be: nobody decides anything here."""
        profile = await self.profile(user) if options.personal else Profile(user=user)
        return profile, options, ()

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors that tell texts by their length."""
        await asyncio.sleep(self._pause_s)
        angles = np.array([[len(text)] for text in texts], dtype=np.float32)
        return np.concatenate([np.cos(angles), np.sin(angles)], axis=1)

    async def hear(self, sound: bytes, *, language: str = "") -> Spoken:
        """Says how many seconds of which language it was."""
        seconds = len(await asyncio.to_thread(decode_sound, sound)) / RATE_HZ
        said = f"{seconds:g} s of {language or 'something'}"
        return Spoken(text=said, language=language or "en", seconds=seconds)

    @property
    def conversations(self) -> "ScriptedService":
        """They are kept here, too."""
        return self

    async def dialogue(self, user: str, session: str) -> tuple[Turn, ...]:
        """What was kept under this name for this person."""
        return self._kept.get((user, session), ())

    async def keep(self, user: str, session: str, turns: Sequence[Turn]) -> None:
        """Keep a dialogue."""
        if not self.store_works:
            raise StoreError("database or disk is full")
        self._kept[user, session] = tuple(turns)

    async def export(self, user: str) -> Kept:
        """The events kept of a person."""
        mine = tuple(event for event in self._events.values() if event.user == user)
        return Kept(
            user=user,
            profile=await self.profile(user),
            events=mine,
            impressions=(),
            conversations=(),
        )

    async def erase(self, user: str) -> Erased:
        """Forget a person's events."""
        if not self.store_works:
            raise StoreError("database or disk is full")
        mine = [name for name, event in self._events.items() if event.user == user]
        for name in mine:
            del self._events[name]
        return Erased(user=user, n_events=len(mine), n_conversations=0)

    @property
    def events(self) -> list[Event]:
        """What was recorded, in order."""
        return list(self._events.values())

    def forget(self) -> None:
        """Begin anew, with everything in order."""
        self.asked.clear()
        self._events.clear()
        self._owners.clear()
        self.store_works = True
        self.parts = {"store": "ok", "llm": "ok"}

    async def health(self) -> dict[str, str]:
        """Say `parts`."""
        return dict(self.parts)

    async def aclose(self) -> None:
        """Remember that it was closed."""
        self.closed = True

    def _script(self) -> list[Update]:
        reply = self._reply
        words = reply.text.split(" ")
        pieces = [word + " " for word in words[:-1]] + words[-1:]
        return [
            StageUpdate(name="read", detail="Listening"),
            CardsReady(
                recommendations=reply.recommendations, list_id=reply.list_id, state=reply.state
            ),
            *(TextDelta(text=piece) for piece in pieces),
            Finished(reply=reply),
        ]


def _items(reply: Reply) -> tuple[Item, ...]:
    return tuple(sorted((each.item for each in reply.recommendations), key=lambda item: item.id))
