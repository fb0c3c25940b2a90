"""The person's conversations: listed, opened again, renamed, deleted, taken away."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from simpatico.agent.history import Past, title_of
from simpatico.agent.service import Simpatico
from simpatico.domain import Heading
from simpatico.errors import SimpaticoError
from simpatico.language import Language
from simpatico.ui.icons import icon
from simpatico.ui.sheets import Handed, head, part, said
from simpatico.ui.strings import EN, Strings
from simpatico.ui.strings.history import WEEKDAYS
from simpatico.ui.talk import Exchange, Talk

if TYPE_CHECKING:
    import gradio as gr


def temporary(words: Strings) -> str:
    """What stands above a temporary talk."""
    return f'<p class="temporary"><b>{words.temporary_name}</b> {words.temporary_words}</p>'


class Shared(NamedTuple):
    """Parts of the page that the conversations change, and how a conversation is drawn."""

    talk: "gr.State"
    view: "gr.HTML"
    note: "gr.HTML"
    posters: "gr.Checkbox"
    draw: Callable[[Talk, bool], list[str]]
    notice: Callable[[str], str]


def exchanges_of(past: Past, words: Strings = EN) -> list[Exchange]:
    """A kept conversation as the page draws it."""
    drawn = [
        Exchange(
            asked=one.asked or words.revised,
            revises=not one.asked,
            status="done" if one.answer else "failed",
            text=one.answer,
            problem="" if one.answer else words.cut_off,
            route="care" if one.care else "recommend" if one.shown else None,
            recommendations=one.shown,
            list_id=one.list_id,
            whole=one.whole,
        )
        for one in past.exchanges
    ]
    if drawn:
        drawn[-1] = drawn[-1].with_(state=past.state)
    return drawn


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

    talk_state, view, note, posters = shared.talk, shared.view, shared.note, shared.posters
    sheet = part("history.js", {"html": "", "file": None}, elem_id="history")

    def value(
        talk: Talk, headings: Sequence[Heading], file: Handed | None = None
    ) -> dict[str, Any]:
        shown = listed(
            headings, now=datetime.now().astimezone(), current=talk.session, words=talk.words
        )
        session = "" if talk.stranger else talk.session
        return {"html": shown, "session": session, "file": file and file.value()}

    async def of(talk: Talk, file: Handed | None = None) -> dict[str, Any]:
        return value(talk, await service.headings(talk.user), file)

    async def refresh(talk: Talk | None) -> dict[Any, Any]:
        if talk is None:
            return {note: gr.skip()}
        try:
            return {sheet: await of(talk)}
        except SimpaticoError:
            return {note: shared.notice(talk.words.failed)}

    async def open_one(talk: Talk | None, posters: bool, event: gr.EventData) -> dict[Any, Any]:
        if talk is None:
            return {note: gr.skip()}
        session = said(event, "session")
        try:
            past = await service.reopen(talk.user, session)
            if past is None:
                # A tab that is loaded again asks for one in which nothing was said yet.
                gone = gr.skip() if said(event, "again") else shared.notice(talk.words.gone)
                return {note: gone, sheet: await of(talk)}
            await forget_stranger(service, talk)
            await talk.reopen(session, exchanges_of(past, talk.words), past.events)
            return {view: shared.draw(talk, posters), note: "", sheet: await of(talk)}
        except SimpaticoError:
            return {note: shared.notice(talk.words.failed)}

    async def leave_no_trace(talk: Talk | None, posters: bool) -> dict[Any, Any]:
        if talk is None:
            return {note: gr.skip()}
        await forget_stranger(service, talk)
        await talk.leave_no_trace()
        return {view: shared.draw(talk, posters), note: "", sheet: await of(talk)}

    async def name_one(talk: Talk | None, event: gr.EventData) -> dict[Any, Any]:
        if talk is None:
            return {note: gr.skip()}
        try:
            await service.rename(talk.user, said(event, "session"), said(event, "title"))
            return {sheet: await of(talk)}
        except SimpaticoError:
            return {note: shared.notice(talk.words.failed)}

    async def forget_one(talk: Talk | None, posters: bool, event: gr.EventData) -> dict[Any, Any]:
        if talk is None:
            return {note: gr.skip()}
        session = said(event, "session")
        try:
            if session == talk.session:
                await talk.clear()
            await service.forget(talk.user, session)
            return {view: shared.draw(talk, posters), note: "", sheet: await of(talk)}
        except SimpaticoError:
            return {view: shared.draw(talk, posters), note: shared.notice(talk.words.failed)}

    async def take_one(talk: Talk | None, event: gr.EventData) -> dict[Any, Any]:
        if talk is None:
            return {note: gr.skip()}
        session = said(event, "session")
        try:
            headings = await service.headings(talk.user)
            past = await service.reopen(talk.user, session)
            title = next((title_of(one) for one in headings if one.session == session), "")
            if past is None:
                return {sheet: value(talk, headings)}
            file = Handed("conversation.md", "text/markdown", as_text(title, past, talk.words))
            return {sheet: value(talk, headings, file)}
        except SimpaticoError:
            return {note: shared.notice(talk.words.failed)}

    sheet.list_again(refresh, [talk_state], [sheet, note], **quiet)
    sheet.open_one(open_one, [talk_state, posters], [view, note, sheet], **quiet)
    sheet.leave_no_trace(leave_no_trace, [talk_state, posters], [view, note, sheet], **quiet)
    sheet.name_one(name_one, [talk_state], [note, sheet], **quiet)
    sheet.forget_one(forget_one, [talk_state, posters], [view, note, sheet], **quiet)
    sheet.take_one(take_one, [talk_state], [note, sheet], **quiet)
    return lambda before: before.then(refresh, [talk_state], [sheet, note], **quiet)
