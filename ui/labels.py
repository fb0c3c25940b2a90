"""The texts of the page's own components, which gradio draws, in a language."""

from typing import TYPE_CHECKING, Any, NamedTuple

from simpatico.language import LANGUAGES, TAGS, accepted
from simpatico.ui.chosen import Chosen
from simpatico.ui.strings import EN, Strings, strings
from simpatico.ui.strings.voice import SPOKEN

if TYPE_CHECKING:
    import gradio as gr

_OWN_NAMES = {"en": "English", "zh": "中文"}


class Labelled(NamedTuple):
    """The components that say something by themselves."""

    brand: "gr.HTML"
    footer: "gr.HTML"
    past: "gr.Button"
    you: "gr.Button"
    fresh: "gr.Button"
    settings: "gr.Button"
    picture: "gr.Button"
    speak: "gr.Button"
    voice: "gr.HTML"
    send: "gr.Button"
    message: "gr.Textbox"
    adventurous: "gr.Slider"
    popular: "gr.Slider"
    pictured: "gr.Slider"
    personal: "gr.Checkbox"
    posters: "gr.Checkbox"
    language: "gr.Radio"
    genres: "gr.CheckboxGroup"

    def said(self, words: Strings) -> dict[Any, dict[str, Any]]:
        """What of each of them is to be set, by name."""
        return {
            self.brand: {"value": brand(words)},
            self.footer: {"value": footer(words)},
            self.past: {"value": words.conversations},
            self.you: {"value": words.you_name},
            self.fresh: {"value": words.start_over},
            self.settings: {"value": words.settings},
            self.picture: {"value": words.picture},
            self.speak: {"value": words.speak},
            self.voice: {"value": voice(words)},
            self.send: {"value": words.send},
            self.message: {"label": words.your_message, "placeholder": words.placeholder},
            self.adventurous: {"label": words.adventurous, "info": words.adventurous_info},
            self.popular: {"label": words.popular, "info": words.popular_info},
            self.pictured: {"label": words.pictured, "info": words.pictured_info},
            self.personal: {"label": words.personal, "info": words.personal_info},
            self.posters: {"label": words.posters, "info": words.posters_info},
            self.language: {
                "label": words.language_name,
                "info": words.language_info,
                "choices": languages(words),
            },
            self.genres: {
                "label": words.never,
                "info": words.never_info,
                "choices": [(words.genre(str(name)), name) for _, name in self.genres.choices],
            },
        }


def brand(words: Strings) -> dict[str, Any]:
    """The head of the page, as brand.js takes it."""
    return {
        "html": '<header class="brand"><span class="mark" aria-hidden="true"></span>'
        f"<div><h1>Simpatico</h1><p>{words.tagline}</p></div></header>",
        "lang": TAGS[words.language],
        "names": {
            "#picture": [words.picture_label, words.picture_title],
            "#speak": [words.speak_label, words.speak_title],
            "#never": [words.never, words.never_info],
            "#language": [words.language_name, words.language_info],
        },
        "lost": [words.away, words.away_words],
    }


def voice(words: Strings) -> dict[str, str]:
    """What is said about speaking, as voice.js takes it."""
    return {name: getattr(words, name) for name in SPOKEN}


def footer(words: Strings) -> str:
    """The foot of the page."""
    link = f'<a href="#admin">{words.op_name}</a>'
    return f"<footer>{words.footer} {link}</footer>"


def languages(words: Strings) -> list[tuple[str, str]]:
    """The languages one can choose, each by its own name, and the browser's."""
    return [(words.language_auto, ""), *((_OWN_NAMES[one], one) for one in LANGUAGES)]


def words_for(how: Chosen, request: "gr.Request | None" = None) -> Strings:
    """The texts in the language that a person chose, or else that their browser asks for."""
    if how.language:
        return strings(how.language)
    return strings(accepted(request.headers.get("accept-language", ""))) if request else EN
