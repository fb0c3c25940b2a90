"""What the parts beside the conversation have in common: they lie on sheets above the page."""

from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from simpatico.ui.icons import icon
from simpatico.ui.strings import EN

if TYPE_CHECKING:
    import gradio as gr


class Handed(NamedTuple):
    """A file that the browser saves."""

    name: str
    type: str
    text: str

    def value(self) -> dict[str, str]:
        """As sheets.js takes it; an id of its own makes it be saved once."""
        return {"id": str(uuid4()), **self._asdict()}


def script(name: str) -> str:
    """The script of a sheet, with what all sheets share before it."""
    folder = files("simpatico.ui")
    return "\n".join(folder.joinpath(each).read_text("utf-8") for each in ("sheets.js", name))


def part(name: str, value: dict[str, Any], *, elem_id: str) -> "gr.HTML":
    """What lies on a sheet: the markup `html` of its value, and the script of that name."""
    import gradio as gr

    return gr.HTML(
        value,
        html_template="${value.html}",
        js_on_load=script(name),
        apply_default_css=False,
        elem_id=elem_id,
    )


def head(title: str, words: str = "", *, close: str = EN.close) -> str:
    """A sheet's title, `words` (markup) below it, and the button that closes it, named `close`."""
    words = f"<p>{words}</p>" if words else ""
    return (
        f'<header class="sheet-head"><div><h2>{title}</h2>{words}</div>'
        f'<button type="button" class="round" data-close aria-label="{close}">{icon("dislike")}'
        "</button></header>"
    )


def said(event: Any, name: str) -> str:
    """A text that came with an event; empty when it is missing or something else."""
    data = event._data
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, str) else ""
