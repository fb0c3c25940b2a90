"""What is kept of people: all of it to take away, none of it any more, or what it teaches."""

import logging
from datetime import UTC, datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from simpatico.domain import Consent, Event, Impression, Profile, Turn, UserState, Value
from simpatico.errors import StoreError
from simpatico.protocols import EventLog
from simpatico.retrieval.index import Index

log = logging.getLogger(__name__)


class Conversation(Value):
    """A session.

    Attributes:
        title: what the person named it; empty when they did not.
        at: when it was last used.
        turns: what was said, oldest first.
        understood: what was understood last.
    """

    session: str
    title: str = ""
    at: AwareDatetime
    turns: tuple[Turn, ...]
    understood: UserState | None = None


class Kept(Value):
    """Everything that is kept of a person, in all stores.

    Attributes:
        profile: worked out from the rest; what rankings see.
        consent: what they decided.
        conversations: the latest used first.
    """

    version: Literal[1] = 1
    user: str
    at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    profile: Profile
    events: tuple[Event, ...]
    impressions: tuple[Impression, ...]
    conversations: tuple[Conversation, ...]
    consent: Consent = Consent()


class Erased(Value):
    """What was removed of a person; all 0 for somebody of whom nothing was kept."""

    user: str
    n_events: int = Field(description="events and shown lists")
    n_conversations: int


def learn_likes(index: Index, events: EventLog) -> None:
    """Count what the people of this installation liked together; without it search still works."""
    try:
        index.learn([events.profile(user).liked for user in events.users()])
    except StoreError as error:
        log.warning("likes of this installation not counted: %s", error)
