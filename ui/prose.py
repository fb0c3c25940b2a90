"""A reply's text as HTML, with what it says of each recommended item handed to that item's card."""

import re
from collections.abc import Collection
from html import escape

from simpatico.agent.explain import label
from simpatico.domain import Recommendation, Value

_BULLET = re.compile(r"(?:[-*•]|\d{1,2}[.)])\s+")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_HELD = 0xE000  # where marks that are none stand for a while: letters of nobody's
_MARKS = re.compile("[\ue021-\ue07e]")
_NOTE = re.compile(_BULLET.pattern + r"\*\*(?P<label>.+?)\*\*\s*[:–—-]\s*(?P<note>.+)")


class Parted(Value):
    """A reply's text in parts: what comes before the items, of each item by id, and after."""

    before: str
    notes: tuple[tuple[str, str], ...] = ()
    after: str = ""


def part(text: str, recommendations: Collection[Recommendation]) -> Parted:
    """Take the lines "- **Title (year)**: ..." of recommended items out of a reply.

    A line of anything else stays where it is, so no word of the reply is lost.
    """
    ids = {unescaped(label(one.item)): one.item.id for one in recommendations}
    before: list[str] = []
    after: list[str] = []
    notes: dict[str, str] = {}
    for line in text.splitlines():
        match = _NOTE.fullmatch(line.strip())
        item_id = ids.get(unescaped(match["label"])) if match else None
        if match and item_id is not None and item_id not in notes:
            notes[item_id] = match["note"]
        else:
            (after if notes else before).append(line)
    return Parted(
        before="\n".join(before).strip(),
        notes=tuple(notes.items()),
        after="\n".join(after).strip(),
    )


def prose(text: str) -> str:
    """Plain text with **strong** and *soft* words as paragraphs and lists; the rest is escaped."""
    blocks = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in paragraph.splitlines() if line.strip()]
        items = [_BULLET.sub("", line, count=1) if _BULLET.match(line) else "" for line in lines]
        if lines and all(items):
            blocks.append("<ul>" + "".join(f"<li>{inline(item)}</li>" for item in items) + "</ul>")
        elif lines:
            blocks.append("<p>" + "<br>".join(map(inline, lines)) + "</p>")
    return "".join(blocks)


def unescaped(text: str) -> str:
    """Markdown without the backslashes before marks that are to be read as such."""
    return _ESCAPED.sub(r"\1", text)


def inline(text: str) -> str:
    """One line, escaped, with **strong** and *soft* words."""
    text = escape(_ESCAPED.sub(lambda mark: chr(_HELD + ord(mark[1])), text))
    text = re.sub(r"\*\*(?=\S)(.+?)(?<=\S)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"(?<![\w*])\*(?=[^\s*])([^*]+?)(?<=\S)\*(?![\w*])", r"<em>\1</em>", text)
    return _MARKS.sub(lambda held: escape(chr(ord(held[0]) - _HELD)), text)
