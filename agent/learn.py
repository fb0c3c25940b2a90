"""What a conversation teaches: feedback in words as the events it stands for. Pure."""

import hashlib
import json
from datetime import datetime

from simpatico.agent.read.reference import Reference
from simpatico.agent.turn import Request
from simpatico.domain import Event, EventKind, Mentions

_KINDS: dict[str, EventKind] = {
    "liked": "like",
    "disliked": "dislike",
    "rejected": "skip",
    "seen": "seen",
    "accepted": "accept",
    "wanted": "like",
}


def newly_said(now: Mentions, before: Mentions) -> Mentions:
    """The mentions that a message added to what was said before it."""
    return Mentions(
        liked=tuple(item for item in now.liked if item not in before.liked),
        disliked=tuple(item for item in now.disliked if item not in before.disliked),
        seen=tuple(item for item in now.seen if item not in before.seen),
        named=tuple(item for item in now.named if item not in before.named),
    )


def events_from(
    said: Mentions, reference: Reference, request: Request, *, n_turn: int, at: datetime
) -> tuple[Event, ...]:
    """Turn what a message says of items into events.

    Items among those shown take the stance of the reference, items named in the message (`said`)
    the stance they were named with. Ids depend on session, turn, item and kind, so that the same
    message handled twice is learned once.
    """
    told: dict[tuple[str, EventKind], None] = {}
    if reference.stance in _KINDS:
        for item_id in reference.item_ids:
            told[item_id, _KINDS[reference.stance]] = None
    for stance in ("liked", "disliked", "seen"):
        for item_id in getattr(said, stance):
            if item_id not in reference.item_ids:
                told[item_id, _KINDS[stance]] = None
    return tuple(
        Event(
            id=_event_id(request.session, n_turn, kind, item_id),
            at=at,
            user=request.user,
            session=request.session,
            item_id=item_id,
            kind=kind,
        )
        for item_id, kind in told
    )


def _event_id(session: str, n_turn: int, kind: str, item_id: str) -> str:
    told = json.dumps([session, n_turn, kind, item_id])
    return f"said-{hashlib.sha256(told.encode()).hexdigest()}"
