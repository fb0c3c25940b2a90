"""The chat page: layout and events. Looks are in `render`, `cards` and `page.css`."""

import os
from collections.abc import AsyncGenerator, AsyncIterator
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from simpatico.agent.api.metrics import Metrics
from simpatico.agent.service import MAX_CHARS, Simpatico
from simpatico.domain import MOODS, Update
from simpatico.errors import SimpaticoError
from simpatico.ui.acts import CANNOT_TAKE_BACK, EDITING, pressed_of, take_back
from simpatico.ui.chosen import MIDDLE, Chosen
from simpatico.ui.headers import PageHeaders
from simpatico.ui.history import TEMPORARY, Shared, forget_stranger, history_sheet, tab_closed
from simpatico.ui.media_route import media_routes
from simpatico.ui.mood_words import word_of
from simpatico.ui.picture import LIKE_THIS, NO_PICTURE, picture_of
from simpatico.ui.render import conversation, empty
from simpatico.ui.talk import Exchange, Talk
from simpatico.ui.theme import theme

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

_HEADER = (
    '<header class="brand"><span class="mark" aria-hidden="true"></span>'
    "<div><h1>Simpatico</h1><p>Tell me how you are. I’ll find something to go with it.</p></div>"
    "</header>"
)
_FOOTER = (
    "<footer>Runs on your machine. It keeps what you say in a conversation and the buttons you "
    "press, in files of its own, so that it can do better next time; your moods are not kept. "
    "Moods are guesses, and it can be wrong about what you would like, too.</footer>"
)


def build_page(service: Simpatico, metrics: Metrics) -> "gr.Blocks":
    """Lay out the page and wire its events to a running service. Nothing is served yet.

    Its turns are counted in `metrics`, as those of the door "page".
    """
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
        )
        return [TEMPORARY, *drawn] if talk.stranger else drawn

    def of(talk: Talk) -> Simpatico:
        return service.temporary if talk.stranger else service

    page = gr.Blocks(title="Simpatico", analytics_enabled=False, fill_width=True)
    with page:
        # The browser can read what it keeps, so the key is no secret: a fixed one lets a person
        # stay themselves when the server starts again.
        kept = gr.BrowserState(None, storage_key="simpatico", secret="simpatico-browser")
        talk_state = gr.State(None, delete_callback=partial(tab_closed, service))
        with gr.Row(elem_id="top"):
            gr.HTML(_HEADER, apply_default_css=False, js_on_load=None)
            gr.Button("Conversations", elem_id="past", scale=0, min_width=80, size="sm")
            fresh = gr.Button("Start over", elem_id="fresh", scale=0, min_width=80, size="sm")
            gr.Button("Settings", elem_id="settings", scale=0, min_width=80, size="sm")
        with gr.Column(elem_id="drawer"):  # opened and closed in page.js
            adventurous = gr.Slider(
                0, 100, MIDDLE, step=5,
                label="Safe or adventurous",
                info="Left: known and close to your wishes. Right: varied and new.",
                buttons=[],
            )  # fmt: skip
            popular = gr.Slider(
                0, 100, MIDDLE, step=5,
                label="Little or well known",
                info="Left: what few have heard of. Right: what many know.",
                buttons=[],
            )  # fmt: skip
            personal = gr.Checkbox(
                True,
                label="Use what you know about me",
                info="What you liked, disliked and saw before. Off: only this conversation.",
            )
            posters = gr.Checkbox(
                False,
                label="Show posters",
                info="They come from upload.wikimedia.org, which then sees your address and which "
                "posters you load. Nothing else on this page comes from the network.",
                elem_id="posters",
            )
        view = gr.HTML(
            [empty()],
            html_template="${value.join('')}",  # a variable of the template, never its source
            js_on_load=_asset("page.js"),
            apply_default_css=False,
            elem_id="talk",
        )
        with gr.Column(elem_id="dock"):
            note = gr.HTML("", apply_default_css=False, js_on_load=None, elem_id="note")
            with gr.Row(elem_id="composer"):
                message = gr.Textbox(
                    label="Your message",
                    placeholder="How are you tonight?",
                    show_label=False,
                    container=False,
                    lines=1,
                    max_lines=6,
                    autofocus=True,
                    elem_id="message",
                    scale=1,
                )
                gr.Button("Picture", elem_id="picture", scale=0, min_width=84)  # see page.js
                send = gr.Button("Send", variant="primary", elem_id="send", scale=0, min_width=84)
        gr.HTML(_FOOTER, apply_default_css=False, js_on_load=None)

        settings: dict[str, Any] = {
            "personal": personal,
            "posters": posters,
            "adventurous": adventurous,
            "popular": popular,
        }

        def chosen(given: Given) -> Chosen:
            return Chosen.kept({name: given[part] for name, part in settings.items()})

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
            talk = given[talk_state] or _begin(given[kept])
            if problem := _unfit(text):
                yield {note: problem, talk_state: talk}
                return
            if talk.editing:
                replaced = await take_back(of(talk), talk)
                if replaced is None:
                    yield {note: _notice(CANNOT_TAKE_BACK), talk_state: talk}
                    return
                picture = picture or replaced.picture
            how = chosen(given)
            yield {
                talk_state: talk,
                kept: _keep(talk, how),
                message: "",
                note: "",
            }
            updates = of(talk).turn(
                text.strip(),
                user=talk.who,
                session=talk.session,
                options=how.options(talk.mood),
                image=picture,
                like=like,
            )
            exchange = Exchange(
                asked=text.strip(),
                pictured=picture is not None,
                picture=picture,
                like=like,
                mood=talk.mood,
            )
            async for frame in run(talk, exchange, updates, how.posters):
                yield frame

        async def send_message(given: Given) -> AsyncIterator[Given]:
            async for out in ask(given[message], given):
                yield out

        async def show(given: Given, event: gr.EventData) -> AsyncIterator[Given]:
            picture = picture_of(_said(event, "image"))
            if picture is None:
                yield {note: _notice(NO_PICTURE)}
                return
            text = _said(event, "text").strip() or LIKE_THIS
            async for out in ask(text, given, picture=picture):
                yield out

        async def say(given: Given, event: gr.EventData) -> AsyncIterator[Given]:
            talk, like = given[talk_state], _said(event, "like")
            if talk is not None:
                talk.editing = False
            if like and not (talk and talk.shows(like)):
                return
            text = f"More like {label_of(like)}" if like else _said(event, "text")
            async for out in ask(text, given, like=like):
                out.pop(message, None)  # what the person is typing stays
                yield out

        async def feel_again(talk: Talk, asked: str, how: Chosen) -> AsyncIterator[Given]:
            updates = of(talk).revise(
                user=talk.who, session=talk.session, options=how.options(talk.mood)
            )
            exchange = Exchange(asked=asked, revises=True, mood=talk.mood)
            async for frame in run(talk, exchange, updates, how.posters):
                yield frame

        async def again(given: Given) -> AsyncIterator[Given]:
            talk = given[talk_state]
            last = await take_back(of(talk), talk) if talk else None
            if last is None:
                yield {note: _notice(CANNOT_TAKE_BACK)}
            elif last.revises:
                talk.mood = last.mood
                async for out in feel_again(talk, last.asked, chosen(given)):
                    yield out
            else:
                async for out in ask(last.asked, given, picture=last.picture, like=last.like):
                    out.pop(message, None)
                    yield out

        async def feel(given: Given, event: gr.EventData) -> AsyncIterator[Given]:
            talk, mood = given[talk_state], _said(event, "mood")
            if talk is None or mood not in ("auto", "off", *MOODS):
                return
            talk.mood = mood
            words = {"auto": "Guess from my words again.", "off": "Please don’t read my mood."}
            asked = words.get(mood, f"I feel {word_of(mood)}.")
            async for out in feel_again(talk, asked, chosen(given)):
                yield out

        async def undo(given: Given) -> Given:
            talk = given[talk_state]
            last = await take_back(of(talk), talk) if talk else None
            if last is None:
                return {note: _notice(CANNOT_TAKE_BACK)}
            return {view: draw(talk, given[posters]), note: "", message: last.asked}

        def edit(given: Given) -> Given:
            talk = given[talk_state]
            if talk is None or not talk.exchanges or talk.exchanges[-1].revises:
                return {note: ""}
            talk.editing = True
            return {note: EDITING, message: talk.exchanges[-1].asked}

        def leave_edit(given: Given) -> Given:
            if given[talk_state] is not None:
                given[talk_state].editing = False
            return {note: "", message: ""}

        async def press(given: Given, event: gr.EventData) -> Given:
            talk = given[talk_state]
            pressed = pressed_of(event._data)
            if talk is None or pressed is None or not talk.shown(pressed.list_id, pressed.item_id):
                return {note: ""}
            try:
                await of(talk).record(pressed.event(user=talk.who, session=talk.session))
                metrics.event(pressed.kind, "accepted")
            except SimpaticoError:
                return {note: _notice("I couldn’t note that down. Please press it again.")}
            talk.mark(pressed.item_id, pressed.kind, pressed.stars)
            return {view: draw(talk, given[posters]), note: ""}

        async def stop(talk: Talk | None) -> None:
            if talk is not None:
                await talk.stop()

        async def start_over(talk: Talk | None) -> Given:
            if talk is not None:
                await forget_stranger(service, talk)
                await talk.clear()
            return {view: [empty()], note: "", message: ""}

        def redraw(talk: Talk | None, posters: bool) -> Given:
            return {view: draw(talk, posters)} if talk else {note: ""}

        def remember(given: Given) -> Given:
            talk = given[talk_state]
            return {kept: _keep(talk, chosen(given))} if talk else {note: ""}

        def arrive(keep: Any) -> Given:
            talk, how = _begin(keep), Chosen.kept(keep)
            values = {part: getattr(how, name) for name, part in settings.items()}
            return {talk_state: talk, kept: _keep(talk, how), **values}

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
        all_set: set[Any] = {talk_state, kept, *settings.values()}
        begun = page.load(arrive, [kept], [talk_state, kept, *settings.values()], **quiet)
        gr.on([message.submit, send.click], send_message, {message, *all_set}, drawn, **many)
        view.submit(say, all_set, drawn, **many)
        view.upload(show, all_set, drawn, **many)
        view.retry(again, all_set, drawn, **many)
        view.select(feel, all_set, [view, note], **many)
        view.undo(undo, {talk_state, posters}, [view, note, message], **soon)
        view.edit(edit, {talk_state}, [note, message], **soon)
        view.clear(leave_edit, {talk_state}, [note, message], **soon)
        view.click(press, {talk_state, posters}, [view, note], **soon)
        view.stop(stop, [talk_state], [], **soon)
        anew = fresh.click(start_over, [talk_state], [view, note, message], **quiet)
        shared = Shared(talk_state, view, note, posters, draw, _notice)
        tell = history_sheet(service, shared, **quiet)
        for before in (begun, anew):
            tell(before)
        posters.change(redraw, [talk_state, posters], [view, note], **quiet)
        gr.on(
            [part.input for part in settings.values()],
            remember,
            {talk_state, *settings.values()},
            [kept, note],
            **{**quiet, "trigger_mode": "always_last"},
        )
    return page


def mount(app: FastAPI, service: Simpatico) -> FastAPI:
    """Serve the page at "/" of the API's app, and count its turns there.

    Call it last: routes added later are hidden by it.
    """
    page = build_page(service, app.state.door.metrics)
    import gradio as gr

    folder = app.state.door.settings.home / "media"
    app.include_router(media_routes(lambda item_id: service.catalog.get(item_id), folder))

    app.add_middleware(PageHeaders)
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        theme=theme(),
        css=_asset("page.css") + _asset("sheets.css"),
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


def _asset(name: str) -> str:
    return files("simpatico.ui").joinpath(name).read_text("utf-8")


def _begin(keep: Any) -> Talk:
    """A talk of the person this browser belongs to; of a new one if it knows of none."""
    user = keep.get("user") if isinstance(keep, dict) else None
    return Talk(user if isinstance(user, str) else "")


def _keep(talk: Talk, how: Chosen) -> dict[str, Any]:
    return {"user": talk.user, **how.model_dump()}


def _said(event: "gr.EventData", name: str) -> str:
    """A text that came with an event; empty when it is missing or something else."""
    data = event._data
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, str) else ""


def _unfit(text: str) -> str:
    """Why a message is not sent, as a notice; empty when it is fine."""
    if not text.strip():
        return _notice("Write a word or two first, or pick one of the examples.")
    if len(text) > MAX_CHARS:
        return _notice(
            f"That is {len(text):,} characters, more than I can take in at once. Could you say it "
            f"in {MAX_CHARS:,}? Your text is still in the box."
        )
    return ""


def _notice(words: str) -> str:
    return f'<p class="notice" role="alert">{words}</p>'
