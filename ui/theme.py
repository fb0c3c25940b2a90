"""Gradio's plainest theme in the colours of `page.css`, on fonts that every system has."""

import inspect
from typing import Any

# Gradio's variable -> ours. Each is set for the light and the dark page alike: ours change.
_COLOURS: dict[str, str] = {
    "body_text_color_subdued": "var(--soft)",
    "background_fill_primary": "var(--card)",
    "background_fill_secondary": "var(--sunk)",
    "block_background_fill": "transparent",
    "block_border_color": "var(--line)",
    "block_border_width": "0px",
    "block_info_text_color": "var(--soft)",
    "block_label_text_color": "var(--soft)",
    "block_shadow": "none",
    "block_title_text_color": "var(--ink)",
    "border_color_accent": "var(--accent)",
    "border_color_primary": "var(--line)",
    "button_primary_background_fill": "var(--accent)",
    "button_primary_background_fill_hover": "var(--accent)",
    "button_primary_border_color": "var(--accent)",
    "button_primary_text_color": "var(--accent-ink)",
    "button_secondary_background_fill": "transparent",
    "button_secondary_background_fill_hover": "var(--accent-wash)",
    "button_secondary_border_color": "var(--line)",
    "button_secondary_text_color": "var(--ink)",
    "checkbox_background_color": "var(--card)",
    "checkbox_background_color_focus": "var(--card)",
    "checkbox_background_color_hover": "var(--accent-wash)",
    "checkbox_background_color_selected": "var(--accent)",
    "checkbox_border_color": "var(--edge)",
    "checkbox_border_color_focus": "var(--accent)",
    "checkbox_border_color_hover": "var(--accent)",
    "checkbox_border_color_selected": "var(--accent)",
    "checkbox_label_background_fill": "transparent",
    "checkbox_label_background_fill_hover": "transparent",
    "checkbox_label_background_fill_selected": "transparent",
    "checkbox_label_border_width": "0px",
    "checkbox_label_shadow": "none",
    "checkbox_label_text_color": "var(--ink)",
    "checkbox_label_text_color_selected": "var(--ink)",
    "color_accent": "var(--accent)",
    "color_accent_soft": "var(--accent-wash)",
    "error_background_fill": "var(--accent-wash)",
    "error_text_color": "var(--ink)",
    "input_background_fill": "var(--card)",
    "input_background_fill_focus": "var(--card)",
    "input_border_color": "var(--edge)",
    "input_border_color_focus": "var(--accent)",
    "input_placeholder_color": "var(--soft)",
    "input_shadow": "none",
    "input_shadow_focus": "none",
    "link_text_color": "var(--accent)",
    "loader_color": "var(--accent)",
    "panel_background_fill": "transparent",
    "slider_color": "var(--accent)",
}

# Seen for a moment before the style sheet is there, so written out.
_FIRST_SIGHT: dict[str, str] = {
    "body_background_fill": "#f8f1e6",
    "body_background_fill_dark": "#17110d",
    "body_text_color": "#2a1f18",
    "body_text_color_dark": "#f4e9dc",
}


def theme() -> Any:
    """A new theme. It names no font that would have to be fetched."""
    import gradio as gr

    base = gr.themes.Base(
        font=["Inter", "ui-sans-serif", "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    known = inspect.signature(base.set).parameters
    both = {
        spelt: value
        for name, value in _COLOURS.items()
        for spelt in (name, f"{name}_dark")
        if spelt in known
    }
    return base.set(**both, **_FIRST_SIGHT)
