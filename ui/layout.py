"""The page's parts and where they stand; what happens on them is in `web`."""

from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from simpatico.agent.service import Simpatico
from simpatico.ui import labels
from simpatico.ui.chosen import MIDDLE, genres_of
from simpatico.ui.history import tab_closed
from simpatico.ui.labels import Labelled
from simpatico.ui.render import empty
from simpatico.ui.strings import EN

if TYPE_CHECKING:
    import gradio as gr


class Layout(NamedTuple):
    """What events are tied to.

    Attributes:
        talk: the conversation of this tab, a `Talk`; None before its first event.
        kept: what the browser keeps.
        place: where the server keeps the talk, held by the tab; see `rejoin`.
        view: the conversation as it is drawn.
        note: a notice above the message.
        labelled: the parts that say something by themselves, every control among them.
        genres: what "never" offers.
    """

    talk: "gr.State"
    kept: "gr.BrowserState"
    place: "gr.Textbox"
    view: "gr.HTML"
    note: "gr.HTML"
    labelled: Labelled
    genres: tuple[str, ...]

    @property
    def settings(self) -> dict[str, Any]:
        """The controls whose values are settings, by field of `Chosen`."""
        parts = self.labelled
        return {
            "personal": parts.personal,
            "posters": parts.posters,
            "adventurous": parts.adventurous,
            "popular": parts.popular,
            "pictured": parts.pictured,
            "not_genres": parts.genres,
            "language": parts.language,
        }


def lay_out(service: Simpatico) -> Layout:
    """Make the parts, in English, within an open `gr.Blocks`."""
    import gradio as gr

    # The browser can read what it keeps, so the key is no secret: a fixed one lets a person
    # stay themselves when the server starts again.
    kept = gr.BrowserState(None, storage_key="simpatico", secret="simpatico-browser")
    talk = gr.State(None, delete_callback=partial(tab_closed, service))
    place = gr.Textbox("", visible="hidden", elem_id="place")  # held by the tab; see rejoin.py
    with gr.Row(elem_id="top"):
        brand = gr.HTML(
            labels.brand(EN),
            html_template="${value.html}",
            js_on_load=asset("brand.js"),
            apply_default_css=False,
        )
        past = gr.Button(EN.conversations, elem_id="past", scale=0, min_width=80, size="sm")
        you = gr.Button(EN.you_name, elem_id="you", scale=0, min_width=60, size="sm")
        fresh = gr.Button(EN.start_over, elem_id="fresh", scale=0, min_width=80, size="sm")
        gear = gr.Button(EN.settings, elem_id="settings", scale=0, min_width=80, size="sm")
    with gr.Column(elem_id="drawer"):  # opened and closed in page.js
        adventurous = gr.Slider(
            0, 100, MIDDLE, step=5,
            label=EN.adventurous,
            info=EN.adventurous_info,
            buttons=[],
        )  # fmt: skip
        popular = gr.Slider(
            0, 100, MIDDLE, step=5,
            label=EN.popular,
            info=EN.popular_info,
            buttons=[],
        )  # fmt: skip
        pictured = gr.Slider(
            0, 100, MIDDLE, step=5,
            label=EN.pictured,
            info=EN.pictured_info,
            buttons=[],
            visible=True if service.has_pictures else "hidden",
        )  # fmt: skip
        personal = gr.Checkbox(True, label=EN.personal, info=EN.personal_info)
        posters = gr.Checkbox(False, label=EN.posters, info=EN.posters_info, elem_id="posters")
        language = gr.Radio(
            labels.languages(EN),
            value="",
            label=EN.language_name,
            info=EN.language_info,
            elem_id="language",
        )
        common = genres_of(service.catalog.items)
        genres = gr.CheckboxGroup(
            list(common),
            label=EN.never,
            info=EN.never_info,
            visible=True if common else "hidden",
            elem_id="never",
        )
    view = gr.HTML(
        [empty()],
        html_template="${value.join('')}",  # a variable of the template, never its source
        js_on_load=asset("page.js"),
        apply_default_css=False,
        elem_id="talk",
    )
    with gr.Column(elem_id="dock"):
        note = gr.HTML("", apply_default_css=False, js_on_load=None, elem_id="note")
        voice = gr.HTML(
            labels.voice(EN),
            html_template='<p role="status"></p>',
            js_on_load=asset("voice.js"),
            apply_default_css=False,
            elem_id="voice",
        )
        with gr.Row(elem_id="composer"):
            message = gr.Textbox(
                label=EN.your_message,
                placeholder=EN.placeholder,
                show_label=False,
                container=False,
                lines=1,
                max_lines=6,
                autofocus=True,
                elem_id="message",
                scale=1,
            )
            speaking = gr.Button(EN.speak, elem_id="speak", scale=0, min_width=84)
            photo = gr.Button(EN.picture, elem_id="picture", scale=0, min_width=84)
            send = gr.Button(EN.send, variant="primary", elem_id="send", scale=0, min_width=84)
    footer = gr.HTML(labels.footer(EN), apply_default_css=False, js_on_load=None)
    return Layout(
        talk=talk,
        kept=kept,
        place=place,
        view=view,
        note=note,
        genres=common,
        labelled=Labelled(
            brand=brand,
            footer=footer,
            past=past,
            you=you,
            fresh=fresh,
            settings=gear,
            picture=photo,
            speak=speaking,
            voice=voice,
            send=send,
            message=message,
            adventurous=adventurous,
            popular=popular,
            pictured=pictured,
            personal=personal,
            posters=posters,
            language=language,
            genres=genres,
        ),
    )


def asset(name: str) -> str:
    """A file of the page: a script, a style sheet."""
    return files("simpatico.ui").joinpath(name).read_text("utf-8")
