"""Does an answer name what the catalogue does not have? A check of its own, apart from the gate.

It knows how our replies are written: a title is emphasised, an entry of a list opens with one, and
only "I don't have “...” here" repeats a name that we do not know.
"""

import html
import re
from collections.abc import Iterable, Sequence
from typing import Final

from simpatico.domain import Item, Recommendation, Reply
from simpatico.retrieval.catalog import Catalog
from simpatico.text import clean, fold

_DONT_HAVE: Final = re.compile(r"I don't have (?:“[^”]*”(?: or )?)+ here\.")
_STRONG: Final = re.compile(r"(?<![\\*])(\*{1,3})(?![\s*])((?:\\.|[^*\\\n])+?)\1(?!\*)")
_ESCAPE: Final = re.compile(r"\\(?=[^\w\s]|_)")
_ACTIVE: Final = re.compile(
    r"https?:|www\.|javascript:|data:\w+/|(?<!\\)(?:\]\(|!\[|\]:|<[/!a-z])|\b[\w-]+\.(?:com|net|org|io)\b",
    re.I,
)
_HIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Outside:
    """The check against one catalogue.

    Args:
        catalog: what may be named.
        titles: names that it does not have, to be found in whatever is shown.
    """

    def __init__(self, catalog: Catalog, titles: Sequence[str]) -> None:
        self._catalog = catalog
        self._labels = {clean(one.label, max_chars=300) for one in catalog.items}
        self._titles = {fold(title): title for title in titles}

    def of_reply(self, reply: Reply) -> list[str]:
        """The titles from outside that a reply shows, each with where it stands."""
        found = self.of_list(reply.recommendations)
        if reply.route == "care":
            return found  # telephone numbers are emphasised there, and its text is fixed
        text = _DONT_HAVE.sub("", reply.text)
        for match in _STRONG.finditer(text):
            if not self._own(match):
                found.append(f"emphasised: {_ESCAPE.sub('', match[2])[:80]}")
        for line in text.splitlines():
            if line.startswith("- ") and not _STRONG.match(line[2:]):
                found.append(f"an entry without a title: {line[:80]}")
        # What the catalogue's own titles have in them is not from outside.
        rest = _STRONG.sub(lambda match: "" if self._own(match) else match[0], text)
        return found + self._named("in the reply", rest)

    def of_list(self, recommendations: Iterable[Recommendation]) -> list[str]:
        """What a list shows that is not as the catalogue has it, or names a title from outside."""
        found = []
        for one in recommendations:
            if self._catalog.get(one.item.id) != one.item:
                found.append(f"recommended: {one.item.label[:80]}")
            for reason in one.reasons:
                found += self._named("in a reason", reason.text)
        return found

    def _own(self, match: re.Match[str]) -> bool:
        """Whether what is emphasised is a title of the catalogue."""
        return _ESCAPE.sub("", match[2]) in self._labels

    def _named(self, where: str, text: str) -> list[str]:
        plain = f" {fold(html.unescape(_ESCAPE.sub('', text)))} "
        return [
            f"{where}: {title}"
            for key, title in self._titles.items()
            if (f" {key} " if key.isascii() else key) in plain  # not all writing parts its words
        ]


def active(reply: Reply, items: Iterable[Item] = ()) -> list[str]:
    """Links, markup and hidden characters in a reply; titles of the items given are left out."""
    if reply.route == "care":
        return []
    text = reply.text
    for item in items:
        text = text.replace(clean(item.label, max_chars=300), "")
    found = [f"active: {match[0]}" for match in _ACTIVE.finditer(text)]
    return found + [f"hidden: {ord(match[0]):#x}" for match in _HIDDEN.finditer(text)]
