"""What is known of the person: the sheet that shows it, and what they do there."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, get_args

from simpatico.agent.known import Known, Verdict
from simpatico.agent.service import Simpatico
from simpatico.errors import SimpaticoError
from simpatico.ui.history import Shared, forget_stranger
from simpatico.ui.profile_sheet import STEP, drawn, waiting
from simpatico.ui.rejoin import met, place_of
from simpatico.ui.sheets import Handed, part, said
from simpatico.ui.strings import EN
from simpatico.ui.talk import Talk

if TYPE_CHECKING:
    import gradio as gr

MOST = 5_000
"""How many of one list are shown at most; all of it is in the download."""

Done = str | Handed | None
"""What a press on the sheet came to: words to say, or a file; None: just what is seen."""


def profile_sheet(
    service: Simpatico, shared: Shared, personal: "gr.Checkbox", **quiet: Any
) -> Callable[..., Any]:
    """Lay out the sheet and wire it. `personal` is the same switch among the settings.

    Gives the event handler that tells the sheet that its person is known, to be chained after what
    finds them out.
    """
    import gradio as gr

    talk_state, view, note, posters = shared.talk, shared.view, shared.note, shared.posters
    sheet = part("profile.js", {"html": waiting()}, elem_id="profile")
    desk = service.desk

    def value(talk: Talk, known: Known, event: Any, done: Done) -> dict[str, Any]:
        html = drawn(
            known,
            item_of=service.catalog.get,
            zone=datetime.now().astimezone().tzinfo,
            n=_shown(said(event, "n")),
            stranger=bool(talk.stranger),
            words=talk.words,
        )
        told, file = (done, None) if isinstance(done, str) else ("", done)
        return {"html": html, "said": told, "file": file and file.value()}

    def wired(
        work: Callable[[Talk, "gr.EventData"], Awaitable[Done]],
    ) -> Callable[..., Awaitable[dict[Any, Any]]]:
        """An event's handler: do it, then show what is known now, and draw the talk anew."""

        async def handle(
            talk: Talk | None, keep: Any, place: Any, with_posters: bool, event: gr.EventData
        ) -> dict[Any, Any]:
            talk = await met(service, talk, keep, place)
            if talk is None:
                return {note: gr.skip()}
            try:
                done = await work(talk, event)
                known = await desk.known(talk.user)
            except SimpaticoError:
                return {sheet: {"html": waiting(talk.words, talk.words.failed)}}
            talk.decided(known.consent)
            if not talk.stranger:
                talk.mark_all(one for one in known.events if one.session == talk.session)
            return {
                talk_state: talk,
                shared.place: place_of(talk),
                sheet: value(talk, known, event, done),
                view: shared.draw(talk, with_posters),
                personal: known.consent.personal,
            }

        return handle

    async def look(talk: Talk, event: gr.EventData) -> Done:
        return None

    async def decide(talk: Talk, event: gr.EventData) -> Done:
        on, what = said(event, "on") == "true", said(event, "what")
        await desk.decide(
            talk.user,
            personal=on if what == "personal" else None,
            keep_moods=on if what == "moods" else None,
            read_moods=on if what == "reading" else None,
        )
        return None

    async def unlearn(talk: Talk, event: gr.EventData) -> Done:
        verdict = next((one for one in get_args(Verdict) if one == said(event, "verdict")), None)
        if verdict:
            await desk.unlearn(talk.user, said(event, "item"), verdict)
        return None

    async def withdraw(talk: Talk, event: gr.EventData) -> Done:
        await desk.withdraw(talk.user, said(event, "event"))
        return None

    async def want_no_more(talk: Talk, event: gr.EventData) -> Done:
        session, what = said(event, "session"), said(event, "what")
        await desk.want_no_more(talk.user, session, what, said(event, "value"))
        return None

    async def take(talk: Talk, event: gr.EventData) -> Done:
        kept = await service.export(talk.user)
        text = kept.model_dump_json(indent=2)
        return Handed("simpatico-export.json", "application/json", text)

    async def erase(talk: Talk, event: gr.EventData) -> Done:
        await forget_stranger(service, talk)
        await talk.clear()
        await service.erase(talk.user)
        return talk.words.you_erased

    async def leave(talk: Talk, event: gr.EventData) -> Done:
        """Another tab erased the person: what this one shows is of nobody any more."""
        await talk.clear()
        return None

    given = [talk_state, shared.kept, shared.place, posters]
    drawn_anew = [talk_state, shared.place, sheet, view, note, personal]
    for listen, work in (
        (sheet.look, look),
        (sheet.decide, decide),
        (sheet.unlearn, unlearn),
        (sheet.withdraw, withdraw),
        (sheet.want, want_no_more),
        (sheet.take, take),
        (sheet.erase, erase),
        (sheet.leave, leave),
    ):
        listen(wired(work), given, drawn_anew, **quiet)

    def meet(talk: Talk | None) -> dict[str, Any]:
        return {"html": waiting(talk.words if talk else EN), "ready": True}

    return lambda before: before.then(meet, [talk_state], [sheet], **quiet)


def _shown(n: str) -> int:
    return min(int(n), MOST) if n.isdecimal() and len(n) < 9 else STEP
