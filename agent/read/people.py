"""Names of people in a wish, as the catalogue spells them where it knows them."""

import re
from collections.abc import Sequence

from simpatico.agent.read.clauses import Span, inside
from simpatico.text import fold

_NAME = r"(?:[A-Z][\w'’.-]+|de|van|von|del|la|le|di)"
_CUE = re.compile(
    r"\b(?P<cue>[Ww]ith|[Bb]y|[Ss]tarring|[Ff]eaturing|[Dd]irected by|[Aa]nything but|[Nn]o|"
    r"[Nn]ot|[Ww]ithout|[Ff]an of|[Ll]ove|[Ll]ike|[Hh]ate|[Mm]ore)\s+"
    rf"(?P<names>[A-Z][\w'’.-]+(?:\s+{_NAME})*"
    rf"(?:\s*(?:,|and|or)\s+[A-Z][\w'’.-]+\s+{_NAME}(?:\s+{_NAME})*)*)"
)
_SURE_CUES = {"by", "starring", "featuring", "directed by"}
_CUES = _SURE_CUES | {"with", "anything but", "no", "without"}
_WORD = re.compile(r"[^\W\d_][\w'’.-]*")
_NOT_NAMES = frozenset(
    "i the a netflix christmas english french german italian spanish japanese korean chinese hindi "
    "disney marvel hollywood halloween friday saturday sunday monday tv oscar oscars new york "
    "paris london america americas us usa uk pixar wwii ii".split()
)
_SURNAME_LETTERS = 4


class Names:
    """Finds names in a text.

    Args:
        people: the catalogue's creators, the one with most items first; with none, any
            capitalised name after a cue counts, otherwise only those known.
    """

    def __init__(self, people: Sequence[str]) -> None:
        self._full: dict[str, str] = {}
        self._surnames: dict[str, str] = {}
        for name in people:
            words = fold(name).split()
            if len(words) > 1:
                self._full.setdefault(" ".join(words), name)
                if len(words[-1]) >= _SURNAME_LETTERS:
                    self._surnames.setdefault(words[-1], name)

    def read(self, text: str, *, denied: Sequence[Span]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names wished for and names refused.

        A known full name counts in any case and anywhere, one like "The Edge" with its capital; a
        surname or an unknown name only with a capital, after "by", "starring" and the like. A
        surname means the known person with most items.
        """
        wanted: dict[str, None] = {}
        refused: dict[str, None] = {}
        for name, span in self.find(text):
            (refused if inside(span, denied) else wanted).setdefault(name)
        return tuple(name for name in wanted if name not in refused), tuple(refused)

    def find(self, text: str) -> list[tuple[str, Span]]:
        """Names and where they stand."""
        return [*self._known(text), *self._after_cues(text)]

    def _known(self, text: str) -> list[tuple[str, Span]]:
        words = list(_WORD.finditer(text)) if self._full else []
        found = []
        for i, first in enumerate(words):
            for last in reversed(words[i + 1 : i + 4]):
                piece = _bare(text[first.start() : last.end()])
                name = self._full.get(fold(piece))
                if name and name.startswith("The ") and words[i + 1][0].islower():
                    continue  # "on the edge of my seat" names no musician
                if name:
                    found.append((name, (first.start(), first.start() + len(piece))))
                    break
        return found

    def _after_cues(self, text: str) -> list[tuple[str, Span]]:
        found = []
        for match in _CUE.finditer(text):
            cue = match["cue"].lower()
            for piece in re.split(r"\s*(?:,|\band\b|\bor\b)\s*", match["names"]):
                words = fold(_bare(piece)).split()
                start = match.start("names") + match["names"].find(piece)
                if not words or set(words) & _NOT_NAMES:
                    continue
                name: str | None = None
                if not self._full:
                    if cue in (_SURE_CUES if len(words) == 1 else _CUES):
                        name = _bare(piece)
                elif len(words) == 1 and cue in _CUES:
                    name = self._surnames.get(words[0])
                if name:
                    found.append((name, (start, start + len(piece))))
        return found


def _bare(piece: str) -> str:
    return re.sub(r"(?:['’]s)?[.]?$", "", piece.strip())
