"""Reads Chinese: wishes by the rules for English over a gloss, feelings by the shared vectors."""

import asyncio
import logging
from collections.abc import Sequence

from simpatico.agent.read.mood import N_TURNS
from simpatico.agent.read.understand import Rules, Understood
from simpatico.agent.read.wishes import wants_anything
from simpatico.agent.safety import is_crisis
from simpatico.agent.zh.feeling import Feelings
from simpatico.agent.zh.gloss import gloss, glosses
from simpatico.agent.zh.refused import very_much
from simpatico.domain import Item, Mood, Turn, UserState
from simpatico.errors import ModelError
from simpatico.language import language_of

log = logging.getLogger(__name__)

FELT_FROM = 0.3
"""A feeling surer than this makes a message without a wish one that wants something."""


class ChineseReader:
    """Reads a newest message that is Chinese; satisfies `simpatico.protocols.Reader`.

    Args:
        rules: those for English, bound to the catalogue.
        feelings: the heads; without them, or without their encoder, feelings stay unknown and
            `blind` says so.
    """

    name = "chinese"

    def __init__(self, rules: Rules, feelings: Feelings | None) -> None:
        self._rules = rules
        self._feelings = feelings
        self.blind = feelings is None

    async def read(
        self,
        turns: Sequence[Turn],
        *,
        previous: UserState | None = None,
        shown: Sequence[Item] = (),
    ) -> UserState:
        """Read the newest turn; see `simpatico.protocols.Reader`."""
        return await asyncio.to_thread(self._read, turns, previous, shown)

    def _read(
        self, turns: Sequence[Turn], previous: UserState | None, shown: Sequence[Item]
    ) -> UserState:
        texts = [turn.text for turn in turns if turn.role == "user"]
        newest = texts[-1] if texts and turns[-1].role == "user" else ""
        before = previous or UserState()
        if is_crisis(newest):
            return UserState(
                intent="crisis",
                constraints=before.constraints,
                mentions=before.mentions,
                confidence=1.0,
                language="zh",
            )
        understood = self._rules.understand(
            gloss(newest), previous=previous, shown=shown, mother="Chinese"
        )
        mood = Mood()
        if self._feelings is not None:
            try:
                mood = self._feelings.mood([self._said(text) for text in texts[-N_TURNS:]])
                understood = self._felt(understood, very_much(newest))
                self.blind = False
            except (ModelError, OSError, ValueError, MemoryError) as error:
                if not self.blind:
                    log.warning("Chinese is read without feelings: %s", type(error).__name__)
                    log.debug("why", exc_info=error)  # may quote what the person said
                self.blind = True
        state, sure = understood.state, understood.intent_sure
        intent, feels = state.intent, mood.confidence > FELT_FROM and mood.label != "neutral"
        if intent == "unknown" and (feels or wants_anything(state)):
            intent, sure = "seek", 0.4
        return state.model_copy(
            update={"mood": mood, "intent": intent, "confidence": sure, "language": "zh"}
        )

    def _said(self, text: str) -> str:
        """What a message says of the person; "" for a plain request, or in another language."""
        if language_of(text) != "zh":
            return ""
        about = [
            one.chinese for one in glosses(text) if not one.english or self._rules.said(one.english)
        ]
        return " ".join(about)

    def _felt(self, understood: Understood, text: str) -> Understood:
        """Fill in what no rule knew."""
        state = understood.state
        if not text.strip() or (state.need != "unknown" and state.intent != "unknown"):
            return understood
        assert self._feelings is not None
        felt = self._feelings.wish(text)
        need, intent, sure = state.need, state.intent, understood.intent_sure
        if need == "unknown" and intent in ("seek", "refine", "unknown"):
            need = felt.need
        if intent == "unknown":
            intent, sure = felt.intent, felt.intent_sure
        return understood.model_copy(
            update={
                "state": state.model_copy(update={"need": need, "intent": intent}),
                "intent_sure": sure,
            }
        )
