"""A turn as it runs: through the graph, remembered or not, answered whatever breaks."""

import asyncio
import logging
import sqlite3
import uuid
from collections.abc import AsyncGenerator, MutableMapping, Sequence
from contextlib import aclosing
from typing import cast

from langchain_core.runnables import RunnableConfig
from langgraph.types import Durability

from simpatico.agent.graph import STEP_BUDGET, Graph
from simpatico.agent.mind import Mind
from simpatico.agent.showing import NO_FILES, Files, looked_at
from simpatico.agent.threads import Threads, thread_id
from simpatico.agent.tracing import TurnSpan
from simpatico.agent.turn import Request, TurnState
from simpatico.domain import CardsReady, Finished, Reply, TextDelta, Turn, Update, UserState
from simpatico.errors import StoreError
from simpatico.protocols import Memory

log = logging.getLogger(__name__)

_STRANGERS = (
    "This conversation could not be stored; what was said in it before is not known just now."
)
_FORGOTTEN = "What was understood of this conversation before could not be read or stored."


class Runner:
    """Runs turns.

    Args:
        mind: what reads, searches and ranks.
        memory: of what was said.
        threads: of what carries over.
        remembering: the graph that stores what carries over.
        forgetting: the one that does not.
        locks: by thread; one turn of each at a time.
        timeout_s: how long a turn may take.
    """

    def __init__(
        self,
        *,
        mind: Mind,
        memory: Memory,
        threads: Threads,
        remembering: Graph,
        forgetting: Graph,
        locks: MutableMapping[str, asyncio.Lock],
        timeout_s: float,
    ) -> None:
        self._mind = mind
        self._memory = memory
        self._threads = threads
        self._remembering = remembering
        self._forgetting = forgetting
        self._locks = locks
        self._timeout_s = timeout_s

    async def kept(
        self,
        request: Request,
        degraded: tuple[str, ...],
        span: TurnSpan,
        files: Files = NO_FILES,
    ) -> AsyncGenerator[Update]:
        """A turn of a session that is kept: authorised, one at a time, remembered."""
        try:
            await asyncio.to_thread(self._memory.claim, request.session, request.user)
        except StoreError as error:
            # Whose session it is cannot be told: what was said in it stays unread.
            log.warning("a session cannot be opened: %s", error)
            told = (*degraded, _STRANGERS)
            alone = request.model_copy(update={"session": f"unknown:{uuid.uuid4().hex}"})
            async with aclosing(self.unkept(alone, told, span, (), files)) as updates:
                async for update in updates:
                    yield update
            return
        looked = await looked_at(self._mind.index, files, request.options.weights)
        degraded += looked.degraded
        thread = thread_id(request.user, request.session)
        lock = self._locks.setdefault(thread, asyncio.Lock())
        async with lock:
            said, forgotten = await self._remember(request)
            request = request.model_copy(update={"said": said})
            begin: TurnState = {
                "request": request,
                "degraded": degraded + forgotten,
                "media": looked,
                "span": span.context,
            }
            try:
                async with aclosing(self._run(self._remembering, begin, thread)) as updates:
                    async for update in updates:
                        if isinstance(update, Finished):
                            update = await self._keep(request, update)
                        yield update
            finally:
                await asyncio.shield(self._threads.tidy(thread))

    async def unkept(
        self,
        request: Request,
        degraded: tuple[str, ...],
        span: TurnSpan,
        dialogue: Sequence[Turn],
        files: Files,
    ) -> AsyncGenerator[Update]:
        """A turn whose history the caller keeps; only the dialogue counts, nothing is stored."""
        looked = await looked_at(self._mind.index, files, request.options.weights)
        understanding, shown = await self._mind.replay(dialogue)
        request = request.model_copy(update={"said": tuple(dialogue), "stored": False})
        begin: TurnState = {
            "request": request,
            "degraded": degraded + looked.degraded,
            "media": looked,
            "span": span.context,
        }
        if any(turn.role == "user" for turn in dialogue):
            begin["state"] = understanding.state.model_dump(mode="json")
            begin["shown"] = [item.id for item in shown]
        async with aclosing(
            self._run(self._forgetting, begin, thread_id(request.user, request.session))
        ) as updates:
            async for update in updates:
                yield update

    async def _run(self, graph: Graph, begin: TurnState, thread: str) -> AsyncGenerator[Update]:
        """Run the graph; the reply comes only after the state for the next turn is stored."""
        reply: Reply | None = None
        cards: CardsReady | None = None
        said = ""
        config: RunnableConfig = {
            "configurable": {"thread_id": thread},
            "recursion_limit": STEP_BUDGET,
        }
        trouble = ""
        begun = False
        try:
            async with asyncio.timeout(self._timeout_s):
                durability: Durability | None = "exit" if graph.checkpointer else None
                steps = graph.astream(
                    begin, config, stream_mode=["custom", "values"], durability=durability
                )
                async with aclosing(cast(AsyncGenerator[tuple[str, object]], steps)) as pieces:
                    async for mode, piece in pieces:
                        begun = True
                        if mode == "values":
                            reply = cast(dict[str, Reply], piece).get("reply", reply)
                            continue
                        update = cast(Update, piece)
                        if isinstance(update, TextDelta):
                            said += update.text
                        elif isinstance(update, CardsReady):
                            cards = update
                        yield update
        except TimeoutError:
            trouble = f"This turn took longer than {self._timeout_s:.0f} s and was cut short."
        except sqlite3.Error as error:  # of the checkpoints: read before all else, written last
            log.error("a thread cannot be read or stored: %s", error)
            trouble = _FORGOTTEN
            if not begun:
                async with aclosing(self._without_thread(begin, thread)) as updates:
                    async for update in updates:
                        yield update
                return
        except Exception as error:  # a person gets an answer whatever broke
            log.error("a turn broke off: %s", type(error).__name__)
            log.debug("where it broke off", exc_info=error)  # may quote what the person said
            trouble = "Something of mine broke during this turn; what you see may be incomplete."
        if reply is None:
            rest = "" if said else "I could not finish that. Please say it once more."
            if rest:
                yield TextDelta(text=rest)
            reply = Reply(text=said + rest, route="talk", state=UserState())
            if cards is not None:  # what was shown stays shown
                reply = Reply(
                    text=said + rest,
                    route="recommend",
                    state=cards.state,
                    recommendations=cards.recommendations,
                    list_id=cards.list_id,
                )
        if trouble:
            reply = reply.model_copy(update={"degraded": (*reply.degraded, trouble)})
        yield Finished(reply=reply)

    async def _without_thread(self, begin: TurnState, thread: str) -> AsyncGenerator[Update]:
        """The turn with no more behind it than what was said before."""
        request = begin["request"]
        understanding, shown = await self._mind.replay(request.said)
        if request.said:
            begin = {
                **begin,
                "state": understanding.state.model_dump(mode="json"),
                "shown": [item.id for item in shown],
            }
        begin = {**begin, "degraded": (*begin["degraded"], _FORGOTTEN)}
        async with aclosing(self._run(self._forgetting, begin, thread)) as updates:
            async for update in updates:
                yield update

    async def _remember(self, request: Request) -> tuple[tuple[Turn, ...], tuple[str, ...]]:
        """Store what the person said, before anything is answered; give what was said before."""
        try:
            said = await asyncio.to_thread(self._memory.turns, request.session)
            if not request.revise:
                mine = Turn(role="user", text=request.text)
                await asyncio.to_thread(self._memory.append, request.session, mine)
        except StoreError as error:
            log.warning("message not stored: %s", error)
            return (), ("This conversation could not be stored.",)
        return tuple(said), ()

    async def _keep(self, request: Request, finished: Finished) -> Finished:
        """Store what was answered."""
        reply = finished.reply
        answer = Turn(role="assistant", text=reply.text, list_id=reply.list_id)
        try:
            await asyncio.to_thread(self._memory.append, request.session, answer)
        except StoreError as error:
            log.warning("reply not stored: %s", error)
            label = "This conversation could not be stored."
            degraded = tuple(dict.fromkeys((*finished.reply.degraded, label)))
            return Finished(reply=finished.reply.model_copy(update={"degraded": degraded}))
        return finished
