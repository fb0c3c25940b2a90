"""What one browser tab shows: its exchanges, what was pressed, and the turn that is running.

No gradio here: the page draws a `Talk`, the tests can hold one.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from typing import Literal
from uuid import UUID, uuid4

from simpatico.agent.api.errors import ApiError
from simpatico.agent.history import Past
from simpatico.domain import (
    MOODS,
    CardsReady,
    Consent,
    Event,
    EventKind,
    Finished,
    Recommendation,
    Route,
    StageUpdate,
    TextDelta,
    Update,
    UserState,
    Value,
)
from simpatico.errors import DataError, LLMUnavailable, NotAllowed, SimpaticoError, StoreError
from simpatico.ui.strings import EN, Strings

log = logging.getLogger(__name__)

FRAME_S = 0.04
"""Shortest time between two pictures of a running turn: what comes sooner is drawn together."""

STEPS: tuple[str, ...] = ("understanding", "looking", "ranking", "writing")
_STEP_OF: dict[str, int] = {
    "read": 0,
    "route": 0,
    "retrieve": 1,
    "candidates": 1,
    "rank": 2,
    "rerank": 2,
    "explain": 3,
    "clarify": 3,
    "acknowledge": 3,
    "talk": 3,
    "care": 3,
    "write": 3,
}

Status = Literal["running", "done", "stopped", "failed"]


class Exchange(Value):
    """One message and its answer as far as it has come.

    Attributes:
        asked: the message.
        pictured: a picture came with it.
        picture: that file, while it is the newest: for trying again.
        like: the item that more like it is asked for.
        revises: no message, but other options for the one before: a corrected mood.
        mood: what was chosen for the mood when it was asked.
        whole: the estimates and reasons of its cards are known; of older kept ones they are not.
        step: indexes `STEPS`.
    """

    asked: str
    pictured: bool = False
    picture: bytes | None = None
    like: str = ""
    revises: bool = False
    mood: str = "auto"
    whole: bool = True
    status: Status = "running"
    step: int = 0
    detail: str = ""
    text: str = ""
    route: Route | None = None
    state: UserState = UserState()
    recommendations: tuple[Recommendation, ...] = ()
    list_id: str = ""
    degraded: tuple[str, ...] = ()
    problem: str = ""

    def with_(self, **changes: object) -> "Exchange":
        """A changed copy, validated."""
        return Exchange(**{**dict(self), **changes})


def advance(exchange: Exchange, update: Update) -> Exchange:
    """The exchange after one more update of its turn. Steps never go back."""
    match update:
        case StageUpdate(name=name, detail=detail):
            step = max(exchange.step, _STEP_OF.get(name, exchange.step))
            return exchange.with_(step=step, detail=detail)
        case CardsReady(recommendations=cards, list_id=list_id, state=state):
            return exchange.with_(recommendations=cards, list_id=list_id, state=state)
        case TextDelta(text=text):
            return exchange.with_(step=len(STEPS) - 1, text=exchange.text + text)
        case Finished(reply=reply):
            return exchange.with_(
                status="done",
                detail="",
                text=reply.text,
                route=reply.route,
                state=reply.state,
                recommendations=reply.recommendations,
                list_id=reply.list_id,
                degraded=reply.degraded,
            )


def apology(error: Exception, words: Strings = EN) -> str:
    """What to tell a person when a turn broke: what happened and what they can do."""
    match error:
        case ApiError(status=429):
            return words.too_many.format(s=error.headers.get("Retry-After", "60"))
        case NotAllowed():
            return words.other_browser
        case DataError():
            return words.no_picture
        case StoreError():
            return words.not_stored
        case LLMUnavailable() | TimeoutError():
            return words.too_slow
        case SimpaticoError():
            return words.not_ready
    return words.broken


def exchanges_of(past: Past, words: Strings = EN) -> list[Exchange]:
    """A kept conversation as the page draws it."""
    drawn = [
        Exchange(
            asked=one.asked or words.revised,
            revises=not one.asked,
            status="done" if one.answer else "failed",
            text=one.answer,
            problem="" if one.answer else words.cut_off,
            route="care" if one.care else "recommend" if one.shown else None,
            recommendations=one.shown,
            list_id=one.list_id,
            whole=one.whole,
        )
        for one in past.exchanges
    ]
    if drawn:
        drawn[-1] = drawn[-1].with_(state=past.state)
    return drawn


class Talk:
    """The conversation of one tab. Every change happens on the event loop's thread."""

    def __init__(self, user: str = "") -> None:
        """Begin. A `user` that is not one of our random ids is replaced by a new one."""
        self.user = user if is_our_id(user) else str(uuid4())
        self.session = str(uuid4())
        self.stranger = ""
        self.loop: asyncio.AbstractEventLoop | None = None
        self.mood = "auto"
        self.unread = False  # the person wants no mood read, in this session and the next
        self.words = EN
        self.exchanges: list[Exchange] = []
        self.marks: dict[str, frozenset[EventKind]] = {}
        self.stars: dict[str, int] = {}
        self.editing = False  # the next message takes the place of the newest
        self.forgot = False  # what was said before is gone, and the person has not been told
        self._task: asyncio.Task[None] | None = None

    @property
    def who(self) -> str:
        """Whom turns are taken for: in a temporary talk a stranger, else the person."""
        return self.stranger or self.user

    async def play(
        self, begun: Exchange, updates: AsyncIterator[Update]
    ) -> AsyncIterator[Exchange]:
        """Run a turn to its end, yielding the exchange each time there is something to draw.

        A turn that still runs is stopped first. A turn that breaks ends as `failed`, with an
        apology; nothing is raised. Closing this iterator stops the turn.
        """
        await self.stop()
        exchanges, at = self.exchanges, len(self.exchanges)
        if at:  # a picture is held for as long as it may be asked with again
            self.exchanges[-1] = self.exchanges[-1].with_(picture=None)
        self.exchanges.append(begun)
        changed = asyncio.Event()
        self._task = task = asyncio.create_task(self._follow(at, updates, changed))
        try:
            while True:
                exchange = exchanges[at]
                yield exchange
                if exchange.status != "running":
                    return
                await changed.wait()
                changed.clear()
                await asyncio.sleep(FRAME_S)
        finally:
            task.cancel()

    async def stop(self) -> None:
        """Stop the running turn, if any, and wait until it has let go."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if self.exchanges and self.exchanges[-1].status == "running":  # cancelled before it began
            self.exchanges[-1] = self.exchanges[-1].with_(status="stopped")

    async def clear(self) -> None:
        """Begin a new session as the same person; none is temporary until it is said again."""
        await self.stop()
        self.session = str(uuid4())
        self.stranger = ""
        self.mood = self._unchosen
        self.exchanges = []  # a new list: a turn that was stopped may look at the old one once more
        self.marks.clear()
        self.stars.clear()
        self.editing = False

    async def reopen(
        self, session: str, exchanges: list[Exchange], events: Iterable[Event]
    ) -> None:
        """Go on with a session that is kept, and what was pressed in it."""
        await self.clear()
        self.session = session
        self.exchanges = exchanges
        self.mark_all(events)

    async def leave_no_trace(self) -> None:
        """Begin a temporary session, as somebody nobody knows."""
        await self.clear()
        self.stranger, self.loop = str(uuid4()), asyncio.get_running_loop()

    def drop_last(self) -> None:
        """Forget the newest exchange; the mood is again as it was chosen before it."""
        self.exchanges.pop()
        self.go_by(self.exchanges[-1].mood if self.exchanges else self._unchosen)
        self.editing = False

    def go_by(self, mood: str) -> None:
        """Go by a mood as it was chosen before: "auto", "off" or a label of `MOODS`.

        Whether moods are read at all is a decision and stays, but for a stranger, of whom none is.
        """
        self.mood = mood if self.stranger or mood in MOODS else self._unchosen

    def decided(self, consent: Consent) -> None:
        """Go by what the person decided; a mood that they chose themselves stays."""
        if self.unread == consent.read_moods:
            self.unread = not consent.read_moods
            if self.mood not in MOODS:
                self.mood = self._unchosen

    @property
    def _unchosen(self) -> str:
        return "off" if self.unread else "auto"

    def shows(self, item_id: str) -> bool:
        """Whether this item was shown to the person in any list."""
        return any(self.shown(exchange.list_id, item_id) for exchange in self.exchanges)

    def shown(self, list_id: str, item_id: str) -> bool:
        """Whether this item was shown to the person in that list."""
        return any(
            exchange.list_id == list_id
            and any(one.item.id == item_id for one in exchange.recommendations)
            for exchange in self.exchanges
        )

    def mark(self, item_id: str, kind: EventKind, stars: int | None = None) -> None:
        """Remember a pressed button; like and dislike take each other back."""
        if stars is not None:
            self.stars[item_id] = stars
        other = {"like": "dislike", "dislike": "like"}.get(kind)
        self.marks[item_id] = (self.marks.get(item_id, frozenset()) - {other}) | {kind}

    def mark_all(self, events: Iterable[Event]) -> None:
        """Remember these pressed buttons and no others."""
        self.marks.clear()
        self.stars.clear()
        for event in events:
            self.mark(event.item_id, event.kind, None if event.value is None else int(event.value))

    async def _follow(
        self, at: int, updates: AsyncIterator[Update], changed: asyncio.Event
    ) -> None:
        try:
            async for update in updates:
                self.exchanges[at] = advance(self.exchanges[at], update)
                changed.set()
            if self.exchanges[at].status == "running":
                raise SimpaticoError("the turn ended without a finished reply")
        except asyncio.CancelledError:
            if self.exchanges[at].status == "running":
                self.exchanges[at] = self.exchanges[at].with_(status="stopped")
            raise
        except Exception as error:
            log.error("a turn failed: %s", type(error).__name__)
            problem = apology(error, self.words)
            self.exchanges[at] = self.exchanges[at].with_(status="failed", problem=problem)
        finally:
            changed.set()
            if (aclose := getattr(updates, "aclose", None)) is not None:
                await aclose()


def is_our_id(text: object) -> bool:
    """Whether this is a random id as we make them."""
    if not isinstance(text, str):
        return False
    try:
        return str(UUID(text, version=4)) == text
    except ValueError:
        return False
