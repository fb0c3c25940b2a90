"""What people do with cards and messages on the page: buttons pressed, messages taken back."""

import logging
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

from pydantic import Field, ValidationError

from simpatico.agent.service import Simpatico
from simpatico.domain import MOODS, Event, Value
from simpatico.errors import DataError, StoreError
from simpatico.ui.strings import Strings
from simpatico.ui.talk import Exchange, Talk

log = logging.getLogger(__name__)


def editing(words: Strings) -> str:
    """What is said while a message is changed."""
    return (
        f'<p class="notice" role="status">{words.editing} '
        f'<button type="button" class="link" data-cancel-edit>{words.leave_it}</button></p>'
    )


class Pressed(Value):
    """A button pressed on a card, as page.js tells it."""

    kind: Literal["like", "dislike", "save", "seen", "rate"]
    item_id: str = Field(alias="item", min_length=1, max_length=200)
    list_id: str = Field(alias="list", max_length=200)
    stars: int | None = Field(default=None, ge=1, le=5)

    def event(self, *, user: str, session: str) -> Event:
        """The event it stands for, now."""
        return Event(
            id=str(uuid4()),
            at=datetime.now(UTC),
            user=user,
            session=session,
            list_id=self.list_id,
            item_id=self.item_id,
            kind=self.kind,
            value=self.stars,
        )


def pressed_of(data: Any) -> Pressed | None:
    """What was pressed; None when the data are no such thing."""
    try:
        pressed = Pressed.model_validate(data)
    except ValidationError:
        return None
    return pressed if (pressed.kind == "rate") == (pressed.stars is not None) else None


async def take_back(service: Simpatico, talk: Talk | None) -> Exchange | None:
    """Take back the newest message of a talk, here and where it is kept; None: it cannot be."""
    if talk is None or not talk.exchanges:
        return None
    await talk.stop()
    last = talk.exchanges[-1]
    try:
        text = "" if last.revises else last.asked
        gone = not _is_twin(last, talk) and await service.conversations.take_back(
            text, user=talk.who, session=talk.session
        )
    except (DataError, StoreError) as error:
        log.warning("a message was not taken back: %s", type(error).__name__)
        return None
    if not gone and last.status == "done":
        return None
    # One that broke or was stopped may never have been kept.
    talk.drop_last()
    return last


async def choose_mood(service: Simpatico, talk: Talk, mood: str) -> None:
    """Go by what was chosen for the mood: "auto", "off" or a label of `MOODS`.

    Whether moods are read at all is the person's decision, which outlasts the talk; nothing is
    stored of who is in a temporary one. A turn of the talk that runs is stopped.

    Raises:
        StoreError: it could not be stored.
    """
    await talk.stop()  # a decision waits for the person's turns to end
    talk.mood = mood
    if mood not in MOODS and not talk.stranger:
        talk.unread = mood == "off"
        await service.desk.decide(talk.user, read_moods=not talk.unread)


def _is_twin(last: Exchange, talk: Talk) -> bool:
    """Whether it failed and says what the one before it said: what is kept would be that one."""
    before = talk.exchanges[-2:-1]
    return last.status == "failed" and any(each.asked == last.asked for each in before)
