"""The reader of last resort: rules alone, for when neither a model nor an encoder answers."""

import asyncio
from collections.abc import Sequence

from simpatico.agent.read.understand import Rules
from simpatico.domain import Constraints, Item, Turn, UserState


class RulesReader:
    """Reads titles, wishes and plain intents; feelings stay unknown. Satisfies `Reader`."""

    name = "rules"

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    async def read(
        self,
        turns: Sequence[Turn],
        *,
        previous: UserState | None = None,
        shown: Sequence[Item] = (),
    ) -> UserState:
        """Read the newest turn; see `simpatico.protocols.Reader`."""
        newest = turns[-1].text if turns and turns[-1].role == "user" else ""
        understood = await asyncio.to_thread(
            self._rules.understand, newest, previous=previous, shown=shown
        )
        state = understood.state
        wishes = state.query or state.constraints != Constraints()
        if state.intent == "unknown" and wishes:
            return state.model_copy(update={"intent": "seek"})
        return state
