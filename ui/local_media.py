"""An item's picture and sound that lie on this machine: their addresses, the player, the credits.

Pure functions; `ui.media_route` serves what the addresses name.
"""

from html import escape
from typing import Literal
from urllib.parse import quote

from simpatico.domain import Item
from simpatico.ui.strings import EN, Strings

MediaKind = Literal["image", "audio"]


def local_media(item: Item, kind: MediaKind) -> tuple[str, ...]:
    """The places of an item's media of a kind below HOME/media; not those on other machines."""
    return tuple(one.uri for one in item.media if one.kind == kind and ":" not in one.uri)


def address(item: Item, kind: MediaKind) -> str:
    """Where an item's picture or sound is served, seen from the page; "" if it names no local one.

    Whether the file is there is not looked at.
    """
    return f"media/{kind}?item={quote(item.id, safe='')}" if local_media(item, kind) else ""


def player(item: Item, words: Strings = EN) -> str:
    """A player for the item's sound, or nothing. It loads nothing before it is started."""
    source = address(item, "audio")
    if not source:
        return ""
    return (
        f'<audio class="player" controls preload="none" src="{escape(source)}" '
        f'aria-label="{escape(words.play.format(title=item.label))}"></audio>'
    )


def credit_lines(item: Item) -> str:
    """Whose the item's sound and picture are and how they may be used, as far as it says."""
    extra = dict(item.extra)
    lines = []
    if local_media(item, "audio"):
        lines.append(extra.get("attribution") or extra.get("licence", ""))
    if local_media(item, "image"):
        lines.append(extra.get("picture_attribution") or extra.get("picture_licence", ""))
    return "".join(f'<p class="credit">{escape(line)}</p>' for line in lines if line)
