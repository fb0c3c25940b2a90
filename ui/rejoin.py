"""The talk of a tab that has outlived the server it talked with.

What a tab shows is held by the server while it runs; the browser holds where that was. So a server
that was started anew goes on there, and a temporary chat stays temporary.
"""

from contextlib import suppress
from typing import Any

from simpatico.agent.service import Simpatico
from simpatico.errors import SimpaticoError
from simpatico.language import LANGUAGES
from simpatico.ui.chosen import Chosen
from simpatico.ui.labels import words_for
from simpatico.ui.strings import strings
from simpatico.ui.talk import Talk, exchanges_of, is_our_id

_TEMPORARY = "temporary"


def begin(keep: Any) -> Talk:
    """A talk of the person this browser belongs to; of a new one if it knows of none.

    Args:
        keep: what the browser keeps, as `kept_of` gave it.
    """
    user = keep.get("user") if isinstance(keep, dict) else None
    talk = Talk(user if isinstance(user, str) else "")
    talk.words = words_for(Chosen.kept(keep))
    return talk


def kept_of(talk: Talk, how: Chosen) -> dict[str, Any]:
    """What the browser keeps of a person and what they set."""
    return {"user": talk.user, **how.model_dump(exclude={"personal"})}


def place_of(talk: Talk) -> str:
    """What the tab holds of a talk, to be found again by `met`."""
    return f"{talk.words.language} {_TEMPORARY if talk.stranger else talk.session}"


async def met(service: Simpatico, talk: Talk | None, keep: Any, place: Any) -> Talk | None:
    """A tab's talk: the one the server holds, or that which was at the place the tab holds.

    None while the page is only opening and there is neither. One that is found again is what is
    kept of it; a temporary one is a new temporary one, which says that it forgot. One that cannot
    be read goes on under its name without what was said in it. Whose conversation a session is,
    each turn looks itself.
    """
    if talk is not None or not isinstance(place, str) or not place:
        return talk
    talk = begin(keep)
    with suppress(SimpaticoError):
        talk.decided(await service.desk.consent(talk.user))
    language, _, session = place.partition(" ")
    talk.words = next((strings(one) for one in LANGUAGES if one == language), talk.words)
    if session == _TEMPORARY:
        await talk.leave_no_trace()
        talk.forgot = True
    elif is_our_id(session):
        talk.session = session
        with suppress(SimpaticoError):
            if past := await service.conversations.reopen(talk.user, session):
                await talk.reopen(session, exchanges_of(past, talk.words), past.events)
    return talk
