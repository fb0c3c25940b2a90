"""The chat page: layout and events. Looks are in `render`, `cards` and `page.css`."""

import os
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from fastapi import FastAPI

from simpatico.agent.api.metrics import Metrics
from simpatico.agent.service import MAX_CHARS, Simpatico
from simpatico.domain import MOODS, Event, TurnOptions, Update
from simpatico.errors import SimpaticoError
from simpatico.ui.cards import BUTTONS
from simpatico.ui.headers import PageHeaders
from simpatico.ui.media_route import media_routes
from simpatico.ui.mood_words import word_of
from simpatico.ui.picture import LIKE_THIS, NO_PICTURE, picture_of
from simpatico.ui.render import conversation, empty
from simpatico.ui.talk import Talk
from simpatico.ui.theme import theme

if TYPE_CHECKING:
    import gradio as gr

MIDDLE = 50
"""Where the slider stands when the person leaves the choice to the settings."""

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

    def draw(talk: Talk, posters: bool) -> list[str]:
        return conversation(
            talk.exchanges,
            title_of=title_of,
            mood=talk.mood,
            posters=posters,
            marks=talk.marks,
        )

    def options(talk: Talk, personal: bool, adventurous: float) -> TurnOptions:
        return TurnOptions(
            mood=talk.mood,
            personal=personal,
            adventurous=None if adventurous == MIDDLE else adventurous / 100,
        )

    page = gr.Blocks(title="Simpatico", analytics_enabled=False, fill_width=True)
    with page:
        # The browser can read what it keeps, so the key is no secret: a fixed one lets a person
        # stay themselves when the server starts again.
        kept = gr.BrowserState(None, storage_key="simpatico", secret="simpatico-browser")
        talk_state = gr.State(None)
        with gr.Row(elem_id="top"):
            gr.HTML(_HEADER, apply_default_css=False, js_on_load=None)
            fresh = gr.Button("Start over", elem_id="fresh", scale=0, min_width=80, size="sm")
            gr.Button("Settings", elem_id="settings", scale=0, min_width=80, size="sm")
        with gr.Column(elem_id="drawer"):  # opened and closed in page.js
            adventurous = gr.Slider(
                0, 100, MIDDLE, step=5,
                label="Safe or adventurous",
                info="Left: known and close to your wishes. Right: varied and new.",
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

        settings = [personal, posters, adventurous]

        async def run(
            talk: Talk,
            asked: str,
            updates: AsyncGenerator[Update, None],
            is_shown: bool,
            picture: bytes | None = None,
        ) -> AsyncIterator[dict[Any, Any]]:
            counted = metrics.counted("page", updates)
            async for _ in talk.play(asked, counted, picture=picture):
                yield {view: draw(talk, is_shown)}
            # Gradio sends the last frame once more when all is done: it must not draw over a
            # button that was pressed in between.
            yield {note: gr.skip()}

        async def ask(
            text: str,
            talk: Talk | None,
            keep: Any,
            personal: bool,
            posters: bool,
            adventurous: float,
            picture: bytes | None = None,
        ) -> AsyncIterator[dict[Any, Any]]:
            talk = talk or _begin(keep)
            if problem := _unfit(text):
                yield {note: problem, talk_state: talk}
                return
            yield {
                talk_state: talk,
                kept: _keep(talk, personal, posters, adventurous),
                message: "",
                note: "",
            }
            updates = service.turn(
                text.strip(),
                user=talk.user,
                session=talk.session,
                options=options(talk, personal, adventurous),
                image=picture,
            )
            async for frame in run(talk, text.strip(), updates, posters, picture):
                yield frame

        async def show(
            talk: Talk | None,
            keep: Any,
            personal: bool,
            posters: bool,
            adventurous: float,
            event: gr.EventData,
        ) -> AsyncIterator[dict[Any, Any]]:
            picture = picture_of(_said(event, "image"))
            if picture is None:
                yield {note: _notice(NO_PICTURE)}
                return
            text = _said(event, "text").strip() or LIKE_THIS
            async for out in ask(text, talk, keep, personal, posters, adventurous, picture):
                yield out

        async def say(
            talk: Talk | None,
            keep: Any,
            personal: bool,
            posters: bool,
            adventurous: float,
            event: gr.EventData,
        ) -> AsyncIterator[dict[Any, Any]]:
            async for out in ask(_said(event, "text"), talk, keep, personal, posters, adventurous):
                out.pop(message, None)  # what the person is typing stays
                yield out

        async def again(
            talk: Talk | None, keep: Any, personal: bool, posters: bool, adventurous: float
        ) -> AsyncIterator[dict[Any, Any]]:
            if talk is None or not talk.exchanges:
                return
            text, picture = talk.exchanges[-1].asked, talk.picture
            async for out in ask(text, talk, keep, personal, posters, adventurous, picture):
                out.pop(message, None)
                yield out

        async def feel(
            talk: Talk | None,
            personal: bool,
            posters: bool,
            adventurous: float,
            event: gr.EventData,
        ) -> AsyncIterator[dict[Any, Any]]:
            mood = _said(event, "mood")
            if talk is None or mood not in ("auto", "off", *MOODS):
                return
            talk.mood = mood
            words = {"auto": "Guess from my words again.", "off": "Please don’t read my mood."}
            asked = words.get(mood, f"I feel {word_of(mood)}.")
            updates = service.revise(
                user=talk.user,
                session=talk.session,
                options=options(talk, personal, adventurous),
            )
            async for frame in run(talk, asked, updates, posters):
                yield frame

        async def press(talk: Talk | None, posters: bool, event: gr.EventData) -> dict[Any, Any]:
            kinds = {kind: kind for kind, _ in BUTTONS}
            kind = kinds.get(_said(event, "kind"))  # type: ignore[call-overload]
            item_id, list_id = _said(event, "item"), _said(event, "list")
            if talk is None or kind is None or not talk.shown(list_id, item_id):
                return {note: ""}
            try:
                await service.record(
                    Event(
                        id=str(uuid4()),
                        at=datetime.now(UTC),
                        user=talk.user,
                        session=talk.session,
                        list_id=list_id,
                        item_id=item_id,
                        kind=kind,
                    )
                )
                metrics.event(kind, "accepted")
            except SimpaticoError:
                return {note: _notice("I couldn’t note that down. Please press it again.")}
            talk.mark(item_id, kind)
            return {view: draw(talk, posters), note: ""}

        async def stop(talk: Talk | None) -> None:
            if talk is not None:
                await talk.stop()

        async def start_over(talk: Talk | None) -> dict[Any, Any]:
            if talk is not None:
                await talk.clear()
            return {view: [empty()], note: "", message: ""}

        def redraw(talk: Talk | None, posters: bool) -> dict[Any, Any]:
            return {view: draw(talk, posters)} if talk else {note: ""}

        def remember(
            talk: Talk | None, personal: bool, posters: bool, adventurous: float
        ) -> dict[Any, Any]:
            return {kept: _keep(talk, personal, posters, adventurous)} if talk else {note: ""}

        def arrive(keep: Any) -> dict[Any, Any]:
            talk = _begin(keep)
            chosen = keep if isinstance(keep, dict) else {}
            slider = chosen.get("adventurous")
            known = isinstance(slider, int | float) and 0 <= slider <= 100
            values = {
                personal: chosen.get("personal") is not False,
                posters: chosen.get("posters") is True,
                adventurous: slider if known else MIDDLE,
            }
            return {
                talk_state: talk,
                kept: _keep(talk, *values.values()),  # type: ignore[arg-type]
                **values,
            }

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
        page.load(arrive, [kept], [talk_state, kept, *settings], **quiet)
        gr.on(
            [message.submit, send.click], ask, [message, talk_state, kept, *settings], drawn, **many
        )
        view.submit(say, [talk_state, kept, *settings], drawn, **many)
        view.upload(show, [talk_state, kept, *settings], drawn, **many)
        view.retry(again, [talk_state, kept, *settings], drawn, **many)
        view.select(feel, [talk_state, *settings], [view, note], **many)
        view.click(press, [talk_state, posters], [view, note], **soon)
        view.stop(stop, [talk_state], [], **soon)
        fresh.click(start_over, [talk_state], [view, note, message], **quiet)
        posters.change(redraw, [talk_state, posters], [view, note], **quiet)
        gr.on(
            [personal.input, posters.input, adventurous.release],
            remember,
            [talk_state, *settings],
            [kept, note],
            **quiet,
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
        css=_asset("page.css"),
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


def _keep(talk: Talk, personal: bool, posters: bool, adventurous: float) -> dict[str, Any]:
    return {
        "user": talk.user,
        "personal": personal,
        "posters": posters,
        "adventurous": adventurous,
    }


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
