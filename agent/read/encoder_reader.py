"""The reader that needs no language model: rules, prototypes and the mood head.

It is the fallback when the model does not answer, and the floor that one has to beat.
"""

import asyncio
from collections.abc import Sequence
from typing import cast

from simpatico.agent.read.mood import MAX_CHARS, MoodHead, MoodReader
from simpatico.agent.read.prototypes import INTENTS, NEEDS, Prototypes
from simpatico.agent.read.understand import Rules, Titles, Understood
from simpatico.agent.read.wishes import wants_anything
from simpatico.agent.read.words import Vocabulary
from simpatico.domain import IntentName, Item, Mood, NeedName, Turn, UserState
from simpatico.protocols import Encoder

_CALM = frozenset({"unknown", "neutral", "curiosity", "desire", "approval"})
"""Moods that a message without a wish may have and still be one ("stories of survival at sea")."""


_FELT = 0.3
"""A feeling read less surely than this does not speak against a wish either."""


class EncoderReader:
    """Reads with a sentence encoder and rules. Safe to share between dialogues.

    Args:
        encoder: the one that the mood head was trained on.
        titles: finds the catalogue's titles in a text.
        vocabulary: the catalogue's genres, kinds and people, for wishes in its own terms.
        head: the mood head; None takes the one that is shipped.
        this_year: what "recent" is measured from; None is today's.

    Raises:
        ModelError: the mood head is missing or was trained on another encoder.
    """

    name = "encoder"

    def __init__(
        self,
        encoder: Encoder[str],
        titles: Titles,
        *,
        vocabulary: Vocabulary | None = None,
        head: MoodHead | None = None,
        this_year: int | None = None,
    ) -> None:
        self._encoder = encoder
        self.rules = Rules(titles, vocabulary=vocabulary, this_year=this_year)
        self.moods = MoodReader(encoder, head)
        self._needs = Prototypes(encoder, NEEDS, near=0.55, margin=0.08)
        self._intents = Prototypes(encoder, INTENTS, near=0.45, margin=0.05)

    async def read(
        self,
        turns: Sequence[Turn],
        *,
        previous: UserState | None = None,
        shown: Sequence[Item] = (),
    ) -> UserState:
        """Read the newest turn; see `simpatico.protocols.Reader`. Never raises on any text."""
        return await asyncio.to_thread(self.read_now, turns, previous=previous, shown=shown)

    def read_now(
        self,
        turns: Sequence[Turn],
        *,
        previous: UserState | None = None,
        shown: Sequence[Item] = (),
    ) -> UserState:
        """The same, without an event loop."""
        texts = [turn.text for turn in turns if turn.role == "user"]
        newest = texts[-1] if texts and turns[-1].role == "user" else ""
        understood = self.rules.understand(newest, previous=previous, shown=shown)
        return self.complete(understood, newest, mood=self.mood(texts))

    def mood(self, texts: Sequence[str]) -> Mood:
        """The mood in what a person said, the newest last."""
        return self.moods.read([self.rules.said(text) for text in texts[-4:]])

    def complete(self, understood: Understood, text: str, *, mood: Mood) -> UserState:
        """Fill in what no rule knew from the nearest prototypes, and say how sure all of it is."""
        state = understood.state
        need, need_sure = state.need, understood.need_sure
        intent, intent_sure = state.intent, understood.intent_sure
        if intent != "crisis" and text.strip() and (need == "unknown" or intent == "unknown"):
            vector = self._encoder.encode([text.strip()[:MAX_CHARS]])[0]
            if need == "unknown" and intent in ("seek", "refine", "unknown"):
                near, need_sure = self._needs.nearest(vector)
                need = cast(NeedName, near)
            if intent == "unknown":
                near, intent_sure = self._intents.nearest(vector)
                intent = cast(IntentName, near)
        if intent == "unknown" and mood.confidence > 0.3 and mood.label != "neutral":
            # Who tells a recommender how they feel wants something, if only to be heard.
            intent, intent_sure = "seek", 0.4
        query = state.query
        if (
            intent in ("unknown", "seek")
            and (mood.label in _CALM or mood.confidence < _FELT)
            and len(understood.loose) >= 2
            and not wants_anything(state.model_copy(update={"need": need}))
        ):
            query, intent = " ".join(understood.loose), "seek"
            intent_sure = max(intent_sure, 0.4)
        return UserState(
            mood=mood,
            need=need,
            intent=intent,
            constraints=state.constraints,
            mentions=state.mentions,
            query=query,
            confidence=intent_sure,
        )
