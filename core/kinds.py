"""Kinds of item: by which names they go, and how a piece of one is counted and described."""

from collections.abc import Sequence

from simpatico.text import fold

KINDS: dict[str, tuple[str, ...]] = {
    "film": ("film", "movie"),
    "music": ("music", "song", "track", "album"),
    "book": ("book", "novel"),
    "series": ("series", "show"),
    "game": ("game",),
    "podcast": ("podcast",),
}
"""A kind as we name it, and the names a catalogue may use for the same."""

_SAME = {"movie": "film", "movies": "film", "films": "film"}
_PIECES = {"music": "piece of music"}
"""What one item is called whose kind names no single thing."""


def kind_name(name: str) -> str:
    """The name that a kind is compared by: "Movies" and "film" give "film"."""
    folded = fold(name)
    return _SAME.get(folded, folded)


def piece_of(kind: str) -> str:
    """What one item of a kind is called: "film", "piece of music"."""
    return _PIECES.get(kind.casefold(), kind)


def described(kind: str, words: Sequence[str]) -> str:
    """A kind with the genres before it: "crime thriller film", "piece of orchestral game music".

    Args:
        kind: of the item.
        words: genres in lower case, the most telling last.
    """
    piece = piece_of(kind)
    if piece == kind:
        return " ".join((*words, kind))
    whole = piece.split()[-1]
    own = [word for word in words if word.split()[-1:] == [whole]]  # "game music" says it already
    others = [word for word in words if word not in own]
    return piece.removesuffix(whole) + " ".join((*others, *(own[:1] or [whole])))
