"""What the endpoints of one app share."""

import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from fastapi import Request
from numpy.typing import NDArray
from pydantic import BaseModel

from simpatico.agent.api.errors import ApiError
from simpatico.agent.api.keys import FILE, Keys
from simpatico.agent.api.limits import Limits
from simpatico.agent.api.metrics import Metrics
from simpatico.agent.api.repeats import Repeats
from simpatico.domain import Event, Profile, Spoken, Turn, TurnOptions, Update
from simpatico.retrieval.catalog import Catalog
from simpatico.settings import Settings

if TYPE_CHECKING:
    from simpatico.agent.people import Erased, Kept
    from simpatico.agent.ranking import Ranking

VERSION = version("simpatico")

KEEP_ALIVE_S = 10.0
"""Seconds of silence in a stream before a comment is sent."""
GRACE_S = 5.0
"""A turn that the service itself does not end in time is ended so many seconds later."""


class Dialogues(Protocol):
    """The part of `simpatico.agent.conversations.Conversations` that the API calls."""

    async def dialogue(self, user: str, session: str) -> tuple[Turn, ...]:
        """Give what was said in a person's own session; nothing for another's."""
        ...

    async def keep(self, user: str, session: str, turns: Sequence[Turn]) -> None:
        """Keep a dialogue as a new session."""
        ...


class Service(Protocol):
    """The part of `simpatico.agent.service.Simpatico` that the API calls; its contract is there."""

    @property
    def catalog(self) -> Catalog:
        """The catalogue."""
        ...

    @property
    def conversations(self) -> Dialogues:
        """What was said in sessions."""
        ...

    def turn(
        self,
        text: str,
        *,
        user: str,
        session: str,
        options: TurnOptions,
        dialogue: Sequence[Turn] | None,
        image: bytes | None = None,
        audio: bytes | None = None,
    ) -> AsyncIterator[Update]:
        """Answer one message."""
        ...

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
        """Rank for a dialogue."""
        ...

    async def record(self, event: Event) -> bool:
        """Store an event."""
        ...

    async def usable(
        self, user: str, options: TurnOptions
    ) -> tuple[Profile, TurnOptions, tuple[str, ...]]:
        """What a ranking may use of a person and of its options, and what to say of it."""
        ...

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode texts."""
        ...

    async def hear(self, sound: bytes, *, language: str = "") -> Spoken:
        """Write down what is said."""
        ...

    async def export(self, user: str) -> "Kept":
        """Give everything that is kept of a person."""
        ...

    async def erase(self, user: str) -> "Erased":
        """Remove a person from every store."""
        ...

    async def health(self) -> dict[str, str]:
        """Tell how each part is."""
        ...

    async def aclose(self) -> None:
        """Close everything."""
        ...


class Door:
    """The service behind the app (once it is built), its settings and its measurements."""

    def __init__(
        self, settings: Settings, *, keep_alive_s: float = KEEP_ALIVE_S, grace_s: float = GRACE_S
    ) -> None:
        self.settings = settings
        self.keep_alive_s = keep_alive_s
        self.limit_s = settings.turn_timeout_s + grace_s
        self.metrics = Metrics()
        self.keys = Keys(settings.home / FILE)
        self.limits = Limits(settings.limits)
        self.repeats = Repeats()
        self.created = int(time.time())
        self.behind: Service | None = None
        self.failure = ""

    @contextmanager
    def running(self) -> Iterator[None]:
        """A turn that runs. Raises `ApiError` 429 when as many run as may."""
        with self.limits.running(), self.metrics.running.track_inprogress():
            yield

    @property
    def service(self) -> Service:
        """The service. Raises `ApiError` 503 while it is not there."""
        if self.behind is None:
            raise ApiError(
                503,
                "could not start; /ready says why" if self.failure else "still starting",
                code="unavailable",
                headers={"Retry-After": "5"},
            )
        return self.behind


def door_of(request: Request) -> Door:
    """The door a request came through."""
    door = request.app.state.door
    assert isinstance(door, Door)
    return door


STREAMED: dict[int | str, dict[str, Any]] = {200: {"content": {"text/event-stream": {}}}}
"""The `responses` of an endpoint that answers whole or as events."""


def body_of(model: type[BaseModel], *, or_list: bool = False) -> dict[str, Any]:
    """The `openapi_extra` of an endpoint that reads its body itself."""
    schema = model.model_json_schema()
    inlined = _inline(schema, schema.get("$defs", {}))
    if or_list:
        inlined = {"anyOf": [inlined, {"type": "array", "items": inlined}]}
    content = {"application/json": {"schema": inlined}}
    return {"requestBody": {"required": True, "content": content}}


def _inline(schema: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(schema, dict):
        if reference := schema.get("$ref"):
            return _inline(known[reference.rpartition("/")[2]], known)
        return {key: _inline(held, known) for key, held in schema.items() if key != "$defs"}
    if isinstance(schema, list):
        return [_inline(held, known) for held in schema]
    return schema
