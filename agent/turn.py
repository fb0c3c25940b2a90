"""What flows through the graph during one turn, and what stays for the next."""

from typing import Annotated, Any, TypedDict

from langgraph.channels.untracked_value import UntrackedValue
from opentelemetry.context import Context

from simpatico.agent.read.reference import Reference
from simpatico.agent.showing import Looked
from simpatico.domain import (
    Candidate,
    Mentions,
    Profile,
    Recommendation,
    Reply,
    Route,
    Stage,
    Turn,
    TurnOptions,
    UserState,
    Value,
)

MAX_CHARS = 8_000
"""How much of one message is read."""


class Request(Value):
    """One turn as it came in.

    Attributes:
        said: the dialogue before this message, oldest first.
        revise: keep what was understood last and only apply the options.
        stored: the session is kept, so what is said in it may be learned from.
        like: an item that things like it are wanted of; the text says so in words.
    """

    text: str
    user: str
    session: str
    options: TurnOptions = TurnOptions()
    said: tuple[Turn, ...] = ()
    revise: bool = False
    stored: bool = True
    like: str = ""


class TurnState(TypedDict, total=False):
    """The graph's state. The first block is checkpointed, as plain JSON values; the rest is not."""

    state: dict[str, Any]  # the last UserState
    shown: list[str]  # the last list, in order
    reasons: list[dict[str, Any]]  # why those were shown: recommendations without their items
    list_id: str
    n_turns: int
    taught: list[str]  # ids of the events that the last message taught
    before: list[dict[str, Any]]  # where the turns before had left it; see `undo`

    request: Annotated[Request, UntrackedValue]
    understood: Annotated[UserState, UntrackedValue]
    voiced: Annotated[UserState, UntrackedValue]  # the same as a reply answers it; see `mirror`
    reference: Annotated[Reference, UntrackedValue]
    said: Annotated[Mentions, UntrackedValue]  # items this message was the first to speak of
    profile: Annotated[Profile, UntrackedValue]
    route: Annotated[Route, UntrackedValue]
    candidates: Annotated[tuple[Candidate, ...], UntrackedValue]
    recommendations: Annotated[tuple[Recommendation, ...], UntrackedValue]
    let_go: Annotated[tuple[str, ...], UntrackedValue]  # wishes that not all candidates meet
    notes: Annotated[tuple[str, ...], UntrackedValue]
    degraded: Annotated[tuple[str, ...], UntrackedValue]
    stages: Annotated[tuple[Stage, ...], UntrackedValue]
    media: Annotated[Looked, UntrackedValue]  # a picture or a sound that came with the message
    n_ungrounded: Annotated[int, UntrackedValue]  # sentences the model wrote that were not let out
    lead: Annotated[str, UntrackedValue]  # what is said before the recommendations
    span: Annotated[Context, UntrackedValue]  # that of the turn
    reply: Annotated[Reply, UntrackedValue]
