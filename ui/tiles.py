"""A little poster for an item without a picture, drawn from its tone and its id alone.

The same item always gets the same tile. The picture is made of a few flat shapes; the title is
real text above it, so that it wraps, scales with the tile (`cqi` units) and can be restyled.
"""

from hashlib import sha256
from html import escape
from urllib.parse import urlsplit

from simpatico.domain import TONES, Item, Value
from simpatico.kinds import kind_name
from simpatico.ui.local_media import address
from simpatico.ui.scenes import scene
from simpatico.ui.strings import EN, Strings

POSTER_HOST = "upload.wikimedia.org"

# Hue in degrees and saturation in percent: what each tone looks like at dusk.
_COLOURS: dict[str, tuple[int, int]] = {
    "warm": (24, 58),
    "funny": (42, 62),
    "uplifting": (200, 46),
    "gentle": (150, 26),
    "romantic": (346, 46),
    "touching": (318, 26),
    "sad": (214, 34),
    "dark": (262, 22),
    "tense": (190, 40),
    "scary": (356, 44),
    "violent": (8, 56),
    "exciting": (16, 66),
    "epic": (34, 44),
    "dreamy": (248, 36),
    "thoughtful": (96, 22),
    "quirky": (172, 44),
    "nostalgic": (30, 34),
    "kids": (186, 52),
}
_NO_TONE = (32, 18)


class Palette(Value):
    """Flat colours of one tile as (hue degrees, saturation percent, lightness percent)."""

    ground: tuple[int, int, int]
    sky: tuple[int, int, int]
    shade: tuple[int, int, int]
    light: tuple[int, int, int]


def css(colour: tuple[int, int, int]) -> str:
    """A colour as CSS writes it."""
    return f"hsl({colour[0]} {colour[1]}% {colour[2]}%)"


def strongest_tones(item: Item, *, k: int) -> tuple[str, ...]:
    """The k strongest tones of an item, strongest first; empty when its tone is unknown."""
    if not item.tone:
        return ()
    order = sorted(range(len(TONES)), key=lambda i: (-item.tone[i], i))
    return tuple(TONES[i] for i in order[:k] if item.tone[i] > 0)


def palette(item: Item) -> Palette:
    """Colours from the two strongest tones, nudged by the id so that neighbours differ."""
    tones = strongest_tones(item, k=2)
    hue, saturation = _COLOURS[tones[0]] if tones else _NO_TONE
    glow, warmth = _COLOURS[tones[-1]] if tones else (38, 40)
    digest = _digest(item)
    towards = ((glow - hue + 180) % 360 - 180) // 5  # a fifth of the way round to the other tone
    hue = (hue + towards + digest[0] % 37 - 18) % 360
    glow = (glow + digest[1] % 41 - 20) % 360
    return Palette(
        ground=(hue, saturation, 17),
        sky=(hue, max(saturation - 4, 12), 36 + digest[2] % 9),
        shade=(hue, saturation, 26 + digest[3] % 5),
        light=(glow, min(warmth + 22, 80), 72 + digest[4] % 8),
    )


def tile(item: Item) -> str:
    """The tile as HTML. It says nothing to a screen reader: `cover` names it."""
    colours = palette(item)
    tones = strongest_tones(item, k=1)
    words = item.title.split()
    # 84 % of the width for the longest word, at about .56 em a letter.
    size = min(_size(len(item.title)), 132 / max(map(len, words), default=1))
    year = f'<span class="tile-year">{item.year}</span>' if item.year else ""
    return (
        f'<span class="tile" aria-hidden="true" style="--ground:{css(colours.ground)}">'
        f'<svg viewBox="0 0 200 300" preserveAspectRatio="xMidYMid slice" focusable="false">'
        f'<rect width="200" height="300" fill="{css(colours.sky)}"/>'
        f"{scene(tones, _digest(item)[6:], css(colours.light), css(colours.shade))}</svg>"
        f'<span class="tile-words">{year}'
        f'<span class="tile-title" style="font-size:{max(size, 5):.1f}cqi">{escape(item.title)}'
        "</span></span></span>"
    )


def cover(item: Item, *, posters: bool, words: Strings = EN) -> str:
    """What stands for the item: the tile, and above it its picture.

    That is one on this machine, or else a remote poster if the person wants posters. Its own
    alternative text is empty, so that one that does not load leaves no trace and the tile below is
    seen.
    """
    source = address(item, "image") or (poster(item) if posters else "")
    picture = (
        f'<img class="poster" src="{escape(source)}" alt="" loading="lazy" decoding="async" '
        'referrerpolicy="no-referrer">'
        if source
        else ""
    )
    what = words.poster_of if kind_name(item.kind) == "film" else words.cover_of
    name = escape(what.format(title=item.label))
    return f'<div class="cover" role="img" aria-label="{name}">{tile(item)}{picture}</div>'


def poster(item: Item) -> str:
    """The address of the item's poster if it is one we would load, else the empty string."""
    for media in item.media:
        if media.kind == "image":
            try:
                parts = urlsplit(media.uri)
            except ValueError:
                continue
            if parts.scheme == "https" and parts.netloc == POSTER_HOST:
                return media.uri
    return ""


def _digest(item: Item) -> bytes:
    return sha256(item.id.encode()).digest()


def _size(n_letters: int) -> float:
    """Font size in percent of the tile's width."""
    return next(
        (size for most, size in ((8, 19), (16, 15), (28, 12), (48, 10)) if n_letters <= most), 8
    )
