"""The person's conversations: listed, opened again, renamed, deleted, taken away."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from simpatico.agent.history import Past, title_of
from simpatico.agent.service import Simpatico
from simpatico.domain import Heading
from simpatico.errors import SimpaticoError
from simpatico.language import Language
from simpatico.ui.icons import icon
from simpatico.ui.rejoin import met, place_of
from simpatico.ui.sheets import Handed, head, part, said
from simpatico.ui.strings import EN, Strings
from simpatico.ui.strings.history import WEEKDAYS
from simpatico.ui.talk import Talk, exchanges_of

if TYPE_CHECKING:
    import gradio as gr


Put = dict[Any, Any]
"""What a handler puts where."""
Work = Callable[[Talk, bool, Any], Awaitable[Put]]
"""What a press on the sheet does: given the talk, whether posters are shown, and the event."""


def temporary(words: Strings) -> str:
    """What stands above a temporary talk."""
    return f'<p class="temporary"><b>{words.temporary_name}</b> {words.temporary_words}</p>'


class Shared(NamedTuple):
    """Parts of the page that its sheets change, and how a conversation is drawn."""

    talk: "gr.State"
    kept: "gr.BrowserState"
    place: "gr.Textbox"
    view: "gr.HTML"
    note: "gr.HTML"
    posters: "gr.Checkbox"
    draw: Callable[[Talk, bool], list[str]]
    notice: Callable[[str], str]


def as_text(title: str, past: Past, words: Strings = EN) -> str:
    """A kept conversation to be read elsewhere, as Markdown."""
    lines = [f"# {title}"]
    for one in past.exchanges:
        lines += [f"**{words.you}** {one.asked or words.revised}"]
        lines += [f"**{words.answerer}** {one.answer}"] if one.answer else []
        lines += [f"- {each.item.label}" for each in one.shown]
    return "\n\n".join(lines) + "\n"


def listed(headings: Sequence[Heading], *, now: datetime, current: str, words: Strings = EN) -> str:
    """The sheet's markup. `now` has the time zone that days are counted in."""
    new = (
        '<div class="past-new"><button type="button" class="wide" data-do="new">'
        f"{icon('add')}{words.new_chat}</button>"
        f'<button type="button" class="wide" data-do="temporary">{icon("ghost")}'
        f"{words.temporary_chat}</button></div>"
    )
    days = "".join(
        f"<section><h3>{day}</h3><ul>{rows}</ul></section>"
        for day, rows in _by_day(headings, now=now, current=current, words=words)
    )
    none = f'<p class="quiet">{words.nothing_yet}</p>'
    top = head(words.conversations, close=words.close)
    return top + new + (f'<nav class="past">{days}</nav>' if days else none)


def _by_day(
    headings: Sequence[Heading], *, now: datetime, current: str, words: Strings
) -> Iterator[tuple[str, str]]:
    groups: dict[str, str] = {}
    for one in headings:
        at = one.at.astimezone(now.tzinfo)
        age = (now.date() - at.date()).days
        day = (
            words.today
            if age <= 0
            else words.yesterday
            if age == 1
            else words.this_week
            if age < 7
            else words.earlier
        )
        row = _row(one, _when(at, age, words.language), one.session == current, words)
        groups[day] = groups.get(day, "") + row
    yield from groups.items()


def _when(at: datetime, age: int, language: Language) -> str:
    if age <= 1:
        return f"{at:%H:%M}"
    if age < 7:
        return WEEKDAYS[at.weekday()].of(language)
    return f"{at.year}年{at.month}月{at.day}日" if language == "zh" else f"{at:%d %b %Y}"


def _row(one: Heading, when: str, current: bool, words: Strings) -> str:
    title, session = escape(title_of(one)), escape(one.session)
    here = ' aria-current="true"' if current else ""
    return (
        f'<li><button type="button" class="past-open" data-do="open" data-session="{session}"'
        f"{here}>"
        f'<span class="past-title">{title}</span><span class="past-when">{when}</span></button>'
        + _act("rename", words.rename, title, session, f'data-title="{words.rename}" '
               f'data-value="{title}" data-yes="{words.save_name}" data-no="{words.cancel}"')
        + _act("take", words.download, title, session)
        + _act("forget", words.delete, title, session, f'data-title="{words.delete_question}" '
               f'data-words="{words.delete_words}" '
               f'data-yes="{words.delete}" data-no="{words.keep_it}"')
        + "</li>"
    )  # fmt: skip


def _act(do: str, name: str, title: str, session: str, more: str = "") -> str:
    return (
        f'<button type="button" class="round" data-do="{do}" data-session="{session}" {more} '
        f'aria-label="{name}: {title}" title="{name}">{icon(do)}</button>'
    )


async def forget_stranger(service: Simpatico, talk: Talk) -> None:
    """Leave nothing of a temporary talk, whose turn has to end first; of another, all."""
    if stranger := talk.stranger:
        await talk.stop()
        await service.temporary.erase(stranger)


def tab_closed(service: Simpatico, talk: Talk | None) -> None:
    """Forget a temporary talk whose tab is no more. From any thread."""
    if talk is not None and talk.stranger and talk.loop is not None:
        asyncio.run_coroutine_threadsafe(forget_stranger(service, talk), talk.loop)


def history_sheet(service: Simpatico, shared: Shared, **quiet: Any) -> Callable[..., Any]:
    """Lay out the sheet and wire it.

    Gives the event handler that tells the sheet which conversation is shown, and its outputs, to
    be chained after what begins one.
    """
    import gradio as gr

    talk_state, view, note = shared.talk, shared.view, shared.note
    sheet = part("history.js", {"html": "", "file": None}, elem_id="history")

    async def value(talk: Talk, file: Handed | None = None) -> dict[str, Any]:
        headings = await service.conversations.headings(talk.user)
        shown = listed(
            headings, now=datetime.now().astimezone(), current=talk.session, words=talk.words
        )
        session = "" if talk.stranger else talk.session
        return {"html": shown, "session": session, "file": file and file.value()}

    async def done(
        work: Work, talk: Talk | None, keep: Any, place: Any, posters: bool, event: Any
    ) -> Put:
        """Do it; then list them anew, and let the tab hold where it is."""
        talk = await met(service, talk, keep, place)
        if talk is None:
            return {note: gr.skip()}
        try:
            put = await work(talk, posters, event)
            if sheet not in put:
                put[sheet] = await value(talk)
        except SimpaticoError:
            put = {view: shared.draw(talk, posters), note: shared.notice(talk.words.failed)}
        return {talk_state: talk, shared.place: place_of(talk), **put}

    def wired(work: Work) -> Callable[..., Awaitable[Put]]:
        """An event's handler."""

        async def handle(
            talk: Talk | None, keep: Any, place: Any, posters: bool, event: gr.EventData
        ) -> Put:
            return await done(work, talk, keep, place, posters, event)

        return handle

    async def look(talk: Talk, posters: bool, event: Any) -> Put:
        return {}

    async def open_one(talk: Talk, posters: bool, event: Any) -> Put:
        session = said(event, "session")
        past = await service.conversations.reopen(talk.user, session)
        if past is None:
            # A tab that is loaded again asks for one in which nothing was said yet.
            return {} if said(event, "again") else {note: shared.notice(talk.words.gone)}
        await forget_stranger(service, talk)
        await talk.reopen(session, exchanges_of(past, talk.words), past.events)
        return {view: shared.draw(talk, posters), note: ""}

    async def leave_no_trace(talk: Talk, posters: bool, event: Any) -> Put:
        await forget_stranger(service, talk)
        await talk.leave_no_trace()
        return {view: shared.draw(talk, posters), note: ""}

    async def name_one(talk: Talk, posters: bool, event: Any) -> Put:
        await service.conversations.rename(talk.user, said(event, "session"), said(event, "title"))
        return {}

    async def forget_one(talk: Talk, posters: bool, event: Any) -> Put:
        session = said(event, "session")
        if session == talk.session:
            await talk.clear()
        await service.conversations.forget(talk.user, session)
        return {view: shared.draw(talk, posters), note: ""}

    async def gone_one(talk: Talk, posters: bool, event: Any) -> Put:
        """Another tab deletes what may be shown here."""
        if said(event, "session") != talk.session:
            return {}
        await talk.clear()
        return {view: shared.draw(talk, posters), note: shared.notice(talk.words.gone)}

    async def take_one(talk: Talk, posters: bool, event: Any) -> Put:
        session = said(event, "session")
        headings = await service.conversations.headings(talk.user)
        past = await service.conversations.reopen(talk.user, session)
        title = next((title_of(one) for one in headings if one.session == session), "")
        if past is None:
            return {}
        text = as_text(title, past, talk.words)
        return {sheet: await value(talk, Handed("conversation.md", "text/markdown", text))}

    given = [talk_state, shared.kept, shared.place, shared.posters]
    put = [talk_state, shared.place, view, note, sheet]
    for listen, work in (
        (sheet.list_again, look),
        (sheet.open_one, open_one),
        (sheet.leave_no_trace, leave_no_trace),
        (sheet.name_one, name_one),
        (sheet.forget_one, forget_one),
        (sheet.gone_one, gone_one),
        (sheet.take_one, take_one),
    ):
        listen(wired(work), given, put, **quiet)

    async def tell(talk: Talk | None, keep: Any, place: Any, posters: bool) -> Put:
        return await done(look, talk, keep, place, posters, None)

    return lambda before: before.then(tell, given, put, **quiet)
