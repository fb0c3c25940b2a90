"""The few line icons of the page, as inline SVG that a screen reader skips."""

_PATHS: dict[str, str] = {
    "like": "M12 20s-7-4.4-9-9c-1.3-3.2.6-6.5 3.8-6.5 2.2 0 3.8 1.2 5.2 3.2 1.4-2 3-3.2 5.2-3.2 "
    "3.2 0 5.1 3.3 3.8 6.5-2 4.6-9 9-9 9z",
    "dislike": "M6 6l12 12M18 6L6 18",
    "save": "M7 4h10v16l-5-4-5 4z",
    "seen": "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z"
    "M12 9.3a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4z",
    "stop": "M7 7h10v10H7z",
    "more": "M4 12h11M11 7l5 5-5 5M20 5v14",
    "star": "M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1.1 5.9-5.3-2.9-5.3 2.9 1.1-5.9-4.3-4.1 5.9-.8z",
    "copy": "M9 9h11v11H9zM5 15H4V4h11v1",
    "edit": "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
    "undo": "M5 9h9a5 5 0 0 1 0 10h-4M5 9l4-4M5 9l4 4",
    "past": "M4 6h16M4 12h16M4 18h10",
    "person": "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c.8-4 3.7-6 7.5-6s6.7 2 7.5 6",
    "add": "M12 5v14M5 12h14",
    "ghost": "M6 20V10a6 6 0 0 1 12 0v10l-3-2-3 2-3-2zM9.5 10.5v.5M14.5 10.5v.5",
    "rename": "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
    "take": "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14",
    "forget": "M5 7h14M10 7V4.5h4V7M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
    "again": "M19 12a7 7 0 1 1-2.2-5.1M19 4v4h-4",
}


def icon(name: str) -> str:
    """One icon, as large as the text around it."""
    return (
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
        f'<path d="{_PATHS[name]}"/></svg>'
    )
