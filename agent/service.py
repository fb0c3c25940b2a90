"""The one thing every door calls: take a turn, recommend, record, tell how it goes."""

from collections.abc import AsyncIterator, Sequence

from simpatico.domain import (
    Event,
    Profile,
    Recommendation,
    Turn,
    TurnOptions,
    Update,
    UserState,
    Value,
)


class Ranking(Value):
    """The stateless answer: what was understood and what fits, best first."""

    state: UserState
    recommendations: tuple[Recommendation, ...]
    degraded: tuple[str, ...] = ()


class Simpatico:
    """A running Simpatico. Made by `simpatico.agent.build.build`."""

    def turn(
        self,
        text: str,
        *,
        user: str,
        session: str,
        options: TurnOptions = TurnOptions(),
        dialogue: Sequence[Turn] | None = None,
    ) -> AsyncIterator[Update]:
        """Answer one message: stage updates, cards, text, and last the whole reply.

        `dialogue` is what was said before, oldest first, for callers that keep the history
        themselves; without it the session's own memory is used. Closing the iterator cancels
        the turn.

        Raises:
            NotAllowed: when the session is somebody else's.
            StoreError: when the message itself could not be stored; nothing was answered.
        """
        raise NotImplementedError

    def revise(
        self, *, user: str, session: str, options: TurnOptions
    ) -> AsyncIterator[Update]:
        """Recommend again from what was understood last, with other options (a corrected mood)."""
        raise NotImplementedError

    async def recommend(
        self,
        turns: Sequence[Turn],
        *,
        profile: Profile = Profile(),
        k: int = 10,
        options: TurnOptions = TurnOptions(),
    ) -> Ranking:
        """Read a dialogue and rank for it, keeping nothing; up to `k` items whatever the intent."""
        raise NotImplementedError

    async def record(self, event: Event) -> bool:
        """Store an event durably; False if its id was known. Raises `DataError`, `StoreError`."""
        raise NotImplementedError

    async def profile(self, user: str) -> Profile:
        """What a person's events say."""
        raise NotImplementedError

    async def health(self) -> dict[str, str]:
        """Each part by name: "ok", "degraded: why" or "down: why". Never raises."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close everything. Idempotent."""
        raise NotImplementedError
