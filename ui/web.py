"""The chat page: its events. Parts are in `layout`, looks in `render`, `cards` and `page.css`."""

import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, suppress
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from simpatico.agent.api.door import Door
from simpatico.agent.api.errors import ApiError
from simpatico.agent.safety import is_crisis
from simpatico.agent.service import Simpatico
from simpatico.agent.turn import MAX_CHARS
from simpatico.domain import MOODS, Update
from simpatico.errors import SimpaticoError
from simpatico.ui.acts import choose_mood, editing, pressed_of, take_back
from simpatico.ui.admin import admin_sheet
from simpatico.ui.chosen import Chosen
from simpatico.ui.headers import PageHeaders
from simpatico.ui.history import Shared, forget_stranger, history_sheet, temporary
from simpatico.ui.labels import words_for
from simpatico.ui.layout import asset, lay_out
from simpatico.ui.media_route import media_routes
from simpatico.ui.mood_words import word_of
from simpatico.ui.picture import picture_of
from simpatico.ui.profile import profile_sheet
from simpatico.ui.rejoin import begin, kept_of, met
from simpatico.ui.render import conversation, empty
from simpatico.ui.strings import EN, Strings
from simpatico.ui.talk import Exchange, Talk, apology
from simpatico.ui.theme import theme
from simpatico.ui.voice_route import voice_routes

if TYPE_CHECKING:
    import gradio as gr

Given = dict[Any, Any]
"""What an event's function is handed: the value of each component it asked for."""

# Gradio reads these when a page is made. The last is after how many events it sums up its own
# statistics with pandas, which nobody sees here: by default after each one.
_GRADIO: dict[str, str] = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000000",
}

_UPLOADS = ("/gradio_api/upload{rest:path}", "/gradio_api/process_recording{rest:path}")
"""Where gradio writes files of anybody's to this disk, which nothing here needs."""

_ARRIVED = '() => { document.documentElement.dataset.arrived = ""; }'
"""Tells page.js that the controls stand as the person left them."""


def build_page(service: Simpatico, door: Door) -> "gr.Blocks":
    """Lay out the page and wire its events to a running service. Nothing is served yet.

    Its turns are counted in the metrics of `door`, as those of the door "page".
    """
    metrics = door.metrics
    for name, value in _GRADIO.items():
        os.environ.setdefault(name, value)
    import gradio as gr

    def title_of(item_id: str) -> str:
        item = service.catalog.get(item_id)
        return item.title if item else ""

    def label_of(item_id: str) -> str:
        item = service.catalog.get(item_id)
        return item.label if item else ""

    def draw(talk: Talk, posters: bool) -> list[str]:
        drawn = conversation(
            talk.exchanges,
            title_of=title_of,
            mood=talk.mood,
            posters=posters,
            marks=talk.marks,
            stars=talk.stars,
            words=talk.words,
        )
        return [temporary(talk.words), *drawn] if talk.stranger else drawn

    def of(talk: Talk) -> Simpatico:
        return service.temporary if talk.stranger else service

    page = gr.Blocks(title="Simpatico", analytics_enabled=False, fill_width=True)
    with page:
        parts = lay_out(service)
        talk_state, kept, place = parts.talk, parts.kept, parts.place
        view, note, labelled, settings = parts.view, parts.note, parts.labelled, parts.settings
        message, personal, posters = labelled.message, labelled.personal, labelled.posters

        async def talk_of(given: Given) -> Talk | None:
            given[talk_state] = await met(service, given[talk_state], given[kept], given[place])
            talk: Talk | None = given[talk_state]
            return talk

        def chosen(given: Given) -> Chosen:
            return Chosen.kept({name: given[part] for name, part in settings.items()})

        async def admitted(
            talk: Talk, asked: str, frames: AsyncGenerator[Given, None]
        ) -> AsyncIterator[Given]:
            """A turn, if this person and all together may take one more; else when to try again.

            Looked at before anything is taken back, stopped or drawn: who is refused loses nothing.
            """
            async with AsyncExitStack() as turn:
                await turn.enter_async_context(aclosing(frames))
                try:
                    if not is_crisis(asked):  # help does not wait
                        door.limits.count("person", talk.who)
                        turn.enter_context(door.limits.running())
                except ApiError as error:
                    yield {talk_state: talk, note: _notice(apology(error, talk.words))}
                    return
                async for frame in frames:
                    yield frame

        async def run(
            talk: Talk, exchange: Exchange, updates: AsyncGenerator[Update, None], posters: bool
        ) -> AsyncIterator[Given]:
            counted = metrics.counted("page", updates)
            async for _ in talk.play(exchange, counted):
                yield {view: draw(talk, posters)}
            # Gradio sends the last frame once more when all is done: it must not draw over a
            # button that was pressed in between.
            yield {note: gr.skip()}

        async def ask(
            text: str, given: Given, *, picture: bytes | None = None, like: str = ""
        ) -> AsyncIterator[Given]:
            talk = await talk_of(given) or begin(given[kept])
            if problem := _unfit(text, talk.words):
                yield {note: problem, talk_state: talk}
                return
            asked = Exchange(
                asked=text.strip(), pictured=picture is not None, picture=picture, like=like
            )
            async for frame in admitted(talk, text, put(talk, asked, chosen(given))):
                yield frame

        async def put(talk: Talk, exchange: Exchange, how: Chosen) -> AsyncGenerator[Given, None]:
            if talk.editing:
                replaced = await take_back(of(talk), talk)
                if replaced is None:
                    yield {note: _notice(talk.words.cannot_take_back), talk_state: talk}
                    return
                picture = exchange.picture or replaced.picture
                exchange = exchange.with_(picture=picture, pictured=picture is not None)
            yield {
                talk_state: talk,
                kept: kept_of(talk, how),
                message: "",
                note: _forgotten(talk),
            }
            options = how.options(talk.mood)
            if exchange.picture is not None and exchange.asked == talk.words.like_this:
                options = options.model_copy(update={"weights": None})  # no words to weigh
            updates = of(talk).turn(
                exchange.asked,
                user=talk.who,
                session=talk.session,
                options=options,
                image=exchange.picture,
                like=exchange.like,
            )
            exchange = exchange.with_(mood=talk.mood)
            async for frame in run(talk, exchange, updates, how.posters):
                yield frame

        async def send_message(given: Given) -> AsyncIterator[Given]:
            async for out in ask(given[message], given):
                yield out

        async def show(given: Given, event: gr.EventData) -> AsyncIterator[Given]:
            picture = picture_of(_said(event, "image"))
            if picture is None:
                yield {note: _notice(_words(given[talk_state]).no_picture)}
                return
            text = _said(event, "text").strip() or _words(given[talk_state]).like_this
            async for out in ask(text, given, picture=picture):
                yield out

        async def say(given: Given, event: gr.EventData) -> AsyncIterator[Given]:
            talk, like = await talk_of(given), _said(event, "like")
            if talk is not None:
                talk.editing = False
            if like and not (talk and talk.shows(like)):
                yield nothing_of_it(talk, given)
                return
            if like:
                text = _words(talk).more_like_it.format(title=label_of(like))
            else:
                text = _said(event, "text")
            async for out in ask(text, given, like=like):
                out.pop(message, None)  # what the person is typing stays
                yield out

        async def revise(talk: Talk, asked: str, how: Chosen) -> AsyncGenerator[Given, None]:
            yield {talk_state: talk, note: _forgotten(talk)}
            updates = of(talk).revise(
                user=talk.who, session=talk.session, options=how.options(talk.mood)
            )
            exchange = Exchange(asked=asked, revises=True, mood=talk.mood)
            async for frame in run(talk, exchange, updates, how.posters):
                yield frame

        async def revise_as(
            talk: Talk, asked: str, mood: str, how: Chosen
        ) -> AsyncGenerator[Given, None]:
            try:
                await choose_mood(service, talk, mood)
            except SimpaticoError:
                yield {talk_state: talk, note: _notice(talk.words.not_noted)}
                return
            async for frame in revise(talk, asked, how):
                yield frame

        async def once_more(talk: Talk, how: Chosen) -> AsyncGenerator[Given, None]:
            last = await take_back(of(talk), talk)
            if last is None:
                yield {talk_state: talk, note: _notice(talk.words.cannot_take_back)}
                return
            if last.revises:
                talk.go_by(last.mood)  # what was decided of moods since then stays
                frames = revise(talk, last.asked, how)
            else:
                asked = Exchange(
                    asked=last.asked, pictured=last.pictured, picture=last.picture, like=last.like
                )
                frames = put(talk, asked, how)
            async for out in frames:
                out.pop(message, None)  # what the person is typing stays
                yield out

        async def again(given: Given) -> AsyncIterator[Given]:
            talk = await talk_of(given)
            if talk is None or not talk.exchanges:
                yield {talk_state: talk, note: _notice(_words(talk).cannot_take_back)}
                return
            talk.editing = False
            frames = once_more(talk, chosen(given))
            async for out in admitted(talk, talk.exchanges[-1].asked, frames):
                yield out

        async def feel(given: Given, event: gr.EventData) -> AsyncIterator[Given]:
            talk, mood = await talk_of(given), _said(event, "mood")
            if talk is None or mood not in ("auto", "off", *MOODS):
                return
            words = talk.words
            fixed = {"auto": words.ask_guess_again, "off": words.ask_do_not_read}
            asked = fixed.get(mood) or words.ask_i_feel.format(word=word_of(mood, words))
            async for out in admitted(talk, asked, revise_as(talk, asked, mood, chosen(given))):
                yield out

        async def undo(given: Given) -> Given:
            talk = await talk_of(given)
            last = await take_back(of(talk), talk) if talk else None
            if talk is None or last is None:
                return {talk_state: talk, note: _notice(_words(talk).cannot_take_back)}
            shown = draw(talk, given[posters])
            return {talk_state: talk, view: shown, note: "", message: last.asked}

        async def edit(given: Given) -> Given:
            talk = await talk_of(given)
            if talk is None or not talk.exchanges or talk.exchanges[-1].revises:
                return nothing_of_it(talk, given)
            talk.editing = True
            asked = talk.exchanges[-1].asked
            return {talk_state: talk, note: editing(talk.words), message: asked}

        def leave_edit(given: Given) -> Given:
            if given[talk_state] is not None:
                given[talk_state].editing = False
            return {note: "", message: ""}

        async def press(given: Given, event: gr.EventData) -> Given:
            talk = await talk_of(given)
            pressed = pressed_of(event._data)
            if talk is None or pressed is None or not talk.shown(pressed.list_id, pressed.item_id):
                return nothing_of_it(talk, given)
            try:
                await of(talk).record(pressed.event(user=talk.who, session=talk.session))
                metrics.event(pressed.kind, "accepted")
            except SimpaticoError:
                return {talk_state: talk, note: _notice(talk.words.not_noted)}
            talk.mark(pressed.item_id, pressed.kind, pressed.stars)
            return {talk_state: talk, view: draw(talk, given[posters]), note: ""}

        async def allow(given: Given) -> Given:
            talk = await talk_of(given)
            try:
                if talk is not None:
                    await service.desk.decide(talk.user, personal=given[personal])
            except SimpaticoError:
                return {talk_state: talk, note: _notice(_words(talk).not_noted)}
            return {talk_state: talk, note: ""}

        def nothing_of_it(talk: Talk | None, given: Given) -> Given:
            """What was pressed is not there; it may have been forgotten with a temporary talk."""
            if talk is None or not talk.forgot:
                return {talk_state: talk, note: ""}
            shown = draw(talk, given[posters])
            return {talk_state: talk, view: shown, note: _forgotten(talk)}

        async def stop(talk: Talk | None) -> None:
            if talk is not None:
                await talk.stop()

        async def start_over(given: Given) -> Given:
            talk = await talk_of(given)
            if talk is not None:
                await forget_stranger(service, talk)
                await talk.clear()
            return {talk_state: talk, view: [empty(_words(talk))], note: "", message: ""}

        async def redraw(given: Given) -> Given:
            talk = await talk_of(given)
            return {talk_state: talk, view: draw(talk, given[posters])} if talk else {note: ""}

        async def remember(given: Given) -> Given:
            talk = await talk_of(given)
            return {talk_state: talk, kept: kept_of(talk, chosen(given))} if talk else {note: ""}

        def in_words(words: Strings, values: Given) -> Given:
            return {
                part: gr.update(**said, **({"value": values[part]} if part in values else {}))
                for part, said in labelled.said(words).items()
            }

        async def arrive(before: Talk | None, keep: Any, request: gr.Request) -> Given:
            # A message may have come first, on a slow line: then its talk goes on.
            talk, how = before or begin(keep), Chosen.kept(keep)
            with suppress(SimpaticoError):  # then no turn uses what is known, whatever this shows
                consent = await service.desk.consent(talk.user)
                talk.decided(consent)
                how = how.model_copy(update={"personal": consent.personal})
            talk.words = words_for(how, request)
            values = {part: getattr(how, name) for name, part in settings.items()}
            values[labelled.genres] = [one for one in how.not_genres if one in parts.genres]
            now: Given = {talk_state: talk, kept: kept_of(talk, how)}
            if talk.words is not EN:
                now[view] = draw(talk, how.posters)
            return now | in_words(talk.words, values)

        async def speak(given: Given, request: gr.Request) -> Given:
            talk = await talk_of(given)
            if talk is None:
                return {note: gr.skip()}
            talk.words = words_for(chosen(given), request)
            shown = draw(talk, given[posters])
            return {talk_state: talk, view: shown, note: "", **in_words(talk.words, {})}

        quiet: dict[str, Any] = {
            "show_progress": "hidden",
            "concurrency_limit": None,
            "api_visibility": "private",
        }
        many: dict[str, Any] = {**quiet, "trigger_mode": "multiple"}
        # What answers at once is asked for directly, beside the stream of a running turn.
        quiet["queue"] = False
        soon: dict[str, Any] = {**many, "queue": False}
        drawn = [view, note, talk_state, kept, message]
        held: set[Any] = {talk_state, kept, place, posters}
        all_set: set[Any] = {*held, *settings.values()}
        begun = page.load(arrive, [talk_state, kept], [talk_state, kept, view, *labelled], **quiet)
        begun.then(None, js=_ARRIVED, api_visibility="private")
        gr.on(
            [message.submit, labelled.send.click], send_message, {message, *all_set}, drawn, **many
        )
        view.submit(say, all_set, drawn, **many)
        view.upload(show, all_set, drawn, **many)
        view.retry(again, all_set, drawn, **many)
        view.select(feel, all_set, [talk_state, view, note], **many)
        view.undo(undo, held, [talk_state, view, note, message], **soon)
        view.edit(edit, held, [talk_state, view, note, message], **soon)
        view.clear(leave_edit, {talk_state}, [note, message], **soon)
        view.click(press, held, [talk_state, view, note], **soon)
        view.stop(stop, [talk_state], [], **soon)
        anew = labelled.fresh.click(start_over, held, [talk_state, view, note, message], **quiet)
        shared = Shared(talk_state, kept, place, view, note, posters, draw, _notice)
        tell = history_sheet(service, shared, **quiet)
        meet = profile_sheet(service, shared, personal, **quiet)
        meet(begun)
        spoken = labelled.language.input(
            speak, all_set, [talk_state, view, note, *labelled], **quiet
        )
        operate = admin_sheet(service, door, talk_state, **quiet)
        operate(begun)
        operate(spoken)
        for before in (begun, anew, spoken):
            tell(before)
        personal.input(allow, all_set, [talk_state, note], **quiet)
        posters.change(redraw, held, [talk_state, view, note], **quiet)
        gr.on(
            [part.input for part in settings.values()],
            remember,
            all_set,
            [talk_state, kept, note],
            **{**quiet, "trigger_mode": "always_last"},
        )
    return page


def mount(app: FastAPI, service: Simpatico) -> FastAPI:
    """Serve the page at "/" of the API's app, and count its turns there.

    Call it last: routes added later are hidden by it.
    """
    page = build_page(service, app.state.door)
    import gradio as gr

    folder = app.state.door.settings.home / "media"
    app.include_router(media_routes(lambda item_id: service.catalog.get(item_id), folder))
    app.include_router(voice_routes(service))
    for path in _UPLOADS:  # before the page, which would take them
        app.add_api_route(path, _refuse_file, methods=["POST"], include_in_schema=False)

    app.add_middleware(PageHeaders)
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        theme=theme(),
        css="".join(map(asset, ("page.css", "sheets.css", "profile.css", "admin.css"))),
        footer_links=[],
        run_history=False,
        show_error=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        max_file_size="1mb",
    )
    return app


async def _refuse_file() -> None:
    raise ApiError(404, "the page takes no files; a picture comes with its message")


def _words(talk: Talk | None) -> Strings:
    """The page's texts in the language of this tab."""
    return talk.words if talk else EN


def _said(event: "gr.EventData", name: str) -> str:
    """A text that came with an event; empty when it is missing or something else."""
    data = event._data
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, str) else ""


def _unfit(text: str, words: Strings) -> str:
    """Why a message is not sent, as a notice; empty when it is fine."""
    if not text.strip():
        return _notice(words.write_first)
    if len(text) > MAX_CHARS:
        return _notice(words.too_long.format(n=len(text), most=MAX_CHARS))
    return ""


def _forgotten(talk: Talk) -> str:
    """That what was said before is gone, as a notice; empty when it is not, or was told."""
    forgot, talk.forgot = talk.forgot, False
    return _notice(talk.words.forgotten) if forgot else ""


def _notice(said: str) -> str:
    return f'<p class="notice" role="alert">{said}</p>'
