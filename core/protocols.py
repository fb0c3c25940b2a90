"""The seams: one small protocol for each outside thing.

Disk and CPU work is synchronous (callers on an event loop use `asyncio.to_thread`); the language
model talks over the network and is asynchronous, so that cancelling the task cancels the request.
"""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import (
    Candidate,
    Completion,
    Consent,
    Event,
    Heading,
    Impression,
    Item,
    Profile,
    Recommendation,
    Spoken,
    Turn,
    UserState,
)

Input = TypeVar("Input", contravariant=True)

Prompt = Sequence[dict[str, str]] | str
"""Messages of a chat, or raw text that the model continues as it is."""

ProgressCallback = Callable[[str, int, int], None]
"""Told (label, done, total) as long work goes on; `total` is 0 while unknown."""


class LLM(Protocol):
    """A chat model behind the OpenAI protocol.

    Raises, from both methods: `LLMUnavailable` when no answer comes in time (one retry is made
    before a first token), `BadReply` when the answer cannot be used, `ValueError` for what the
    server does not have. `adapter` names one of its LoRA adapters; with "" the model is as it was.
    """

    name: str

    async def complete(
        self,
        messages: Prompt,
        *,
        max_tokens: int,
        schema: dict[str, Any] | None = None,
        grammar: str | None = None,
        top_logprobs: int = 0,
        temperature: float = 0.0,
        seed: int | None = None,
        stop: Sequence[str] = (),
        adapter: str = "",
    ) -> Completion:
        """Answer at once. `schema` (JSON schema) or `grammar` (GBNF) constrains the decode."""
        ...

    def stream(
        self,
        messages: Prompt,
        *,
        max_tokens: int,
        grammar: str | None = None,
        temperature: float = 0.0,
        seed: int | None = None,
        stop: Sequence[str] = (),
        adapter: str = "",
    ) -> AsyncIterator[str]:
        """Yield the answer piece by piece. Closing the iterator cancels the request."""
        ...

    async def ready(self) -> bool:
        """Whether the server answers now. Never raises."""
        ...

    async def aclose(self) -> None:
        """Release connections. Idempotent."""
        ...


class Encoder(Protocol[Input]):
    """Maps inputs of one modality to unit vectors. `name` changes when the vectors would."""

    name: str
    dim: int

    def encode(self, inputs: Sequence[Input]) -> NDArray[np.float32]:
        """Encode a batch: (n,) -> (n, dim), float32, each row of L2 norm 1; empty in, (0, dim) out.

        A row does not depend on the others in its batch.
        """
        ...


class Listener(Protocol):
    """Writes down what is said in a sound."""

    name: str

    def listen(self, wave: NDArray[np.float32], *, language: str = "") -> Spoken:
        """The words of a sound: (n_samples,), mono, 16 kHz, in [-1, 1]; none where nobody speaks.

        `language` is two letters, such as "zh"; empty: it is told by the sound. An unknown one
        raises `UnknownLanguage`.
        """
        ...


class Store(Protocol):
    """Vectors by item id. Raises `StoreError` when it cannot be read or written."""

    dim: int

    def upsert(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Insert or replace. Ids must be distinct; vectors (n, dim) are unit rows."""
        ...

    def delete(self, ids: Sequence[str]) -> None:
        """Remove; unknown ids are ignored."""
        ...

    def ids(self) -> list[str]:
        """All ids, sorted."""
        ...

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of known ids in the order asked: (n,) -> (n, dim). Unknown id: KeyError."""
        ...

    def search(
        self, vector: NDArray[np.float32], *, k: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[tuple[str, float]]:
        """The k nearest by cosine, best first, ties by id: [(id, cosine in [-1, 1])].

        `allowed` (n_ids,) has one flag for each of `ids()`, in that order: flags, because turning
        30,000 ids into positions would cost more than the search. Fewer than k may come back.
        Cosines are rounded to six decimals; ties are ties of the rounded.
        """
        ...

    def close(self) -> None:
        """Release the store. Idempotent."""
        ...


class Ranker(Protocol):
    """Orders candidates for one person now."""

    name: str

    def rank(
        self, candidates: Sequence[Candidate], *, state: UserState, profile: Profile
    ) -> list[Recommendation]:
        """Score every candidate; best first, ties by item id. Same items out as in, no reasons."""
        ...

    def explain(
        self,
        chosen: Sequence[Recommendation],
        candidates: Sequence[Candidate],
        *,
        state: UserState,
        profile: Profile,
    ) -> list[Recommendation]:
        """Give reasons to some of what `rank` made of these candidates; the order stays."""
        ...


class Reader(Protocol):
    """Understands the newest turn of a dialogue in the light of the ones before."""

    name: str

    async def read(
        self,
        turns: Sequence[Turn],
        *,
        previous: UserState | None = None,
        shown: Sequence[Item] = (),
    ) -> UserState:
        """Read the dialogue (oldest first, the newest turn is the user's) into a state.

        `previous` is the state after the turn before; constraints and mentions carry over from it
        unless the newest turn takes them back. `mood`, `need`, `intent` and `query` are of now.
        `shown` is the list shown last, in its order, so that "the second one" means something;
        what the newest turn rejects of it, or has seen, joins `constraints.exclude_ids`.
        """
        ...


class EventLog(Protocol):
    """What people were shown and what they did. Raises `StoreError` when it cannot write."""

    def append(self, event: Event) -> bool:
        """Store one event durably before returning; False if its id was there already."""
        ...

    def impress(self, impression: Impression) -> None:
        """Store one shown list durably before returning."""
        ...

    def events(self, user: str) -> list[Event]:
        """A person's events, oldest first."""
        ...

    def impressions(self, user: str) -> list[Impression]:
        """The lists a person was shown, oldest first."""
        ...

    def profile(self, user: str) -> Profile:
        """A person's events summed up. An unknown person has an empty profile."""
        ...

    def users(self) -> list[str]:
        """Everybody with an event or a shown list, sorted."""
        ...

    def shown(self) -> list[str]:
        """Every item that stood in a list of anybody, sorted."""
        ...

    def withdraw(self, user: str, event_ids: Collection[str]) -> None:
        """Take back events of a person by id; unknown ids and other people's are ignored."""
        ...

    def erase(self, user: str) -> int:
        """Remove a person's events and shown lists for good; gives how many there were."""
        ...

    def drop_events(self, before: datetime) -> int:
        """Remove events that happened before a time for good; gives how many there were."""
        ...

    def drop_lists(self, before: datetime) -> int:
        """Remove lists that were shown before a time for good; gives how many there were."""
        ...

    def close(self) -> None:
        """Release the log. Idempotent."""
        ...


class Memory(Protocol):
    """Sessions and their turns. A session belongs to the user who began it."""

    def claim(self, session: str, user: str) -> None:
        """Begin a session or continue one's own. Raises `NotAllowed` for somebody else's."""
        ...

    def append(self, session: str, turn: Turn) -> None:
        """Store one turn durably before returning."""
        ...

    def turns(self, session: str) -> list[Turn]:
        """A session's turns, oldest first; empty for an unknown one."""
        ...

    def cut(self, session: str, n: int) -> None:
        """Keep the first n turns of a session and remove the others."""
        ...

    def sessions(self, user: str) -> list[str]:
        """A person's sessions, the latest used first."""
        ...

    def unused(self, since: datetime, *, user: str | None = None) -> list[tuple[str, str]]:
        """Sessions last used before a time, of one or of all, as (user, session), sorted."""
        ...

    def drop(self, sessions: Sequence[str], *, unused_since: datetime) -> int:
        """Remove those of some sessions that were last used before a time; gives how many."""
        ...

    def headings(self, user: str) -> list[Heading]:
        """A person's sessions in which something was said, the latest used first."""
        ...

    def rename(self, session: str, title: str) -> None:
        """Give a session a title; an empty one takes it away. An unknown session: no effect."""
        ...

    def forget(self, session: str) -> bool:
        """Remove a session and all that was said in it for good; False for an unknown one."""
        ...

    def consent(self, user: str) -> Consent:
        """What a person decided; as at first when they have not."""
        ...

    def decide(self, user: str, consent: Consent) -> None:
        """Store durably what a person decided."""
        ...

    def erase(self, user: str) -> int:
        """Remove a person's sessions and all that was said in them for good; gives how many."""
        ...

    def close(self) -> None:
        """Release the memory. Idempotent."""
        ...
