"""Which films of a large list people are likely to know and name."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from urllib.parse import unquote

from simpatico.text import fold_title

_ACCLAIM = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"academy award|\boscars?\b",
        r"national film registry",
        r"acclaim",
        r"highest-grossing",
        r"box office",
        r"gross(?:ed|ing)\b",
        r"greatest|best films",
        r"\bcult\b",
        r"franchise|sequel|installment",
        r"based on the",
        r"golden globe|cannes",
    )
)
STANDING = 3.7
"""What the score of a film has besides its mentions: the median over the 1,000 best known."""

_LABEL = re.compile(r"(.*?)\s*\((\d{4})\)\s*$")


class Linker:
    """Finds the film that a label such as "The Shining  (1980)" names.

    Release years differ by one between sources; people leave out what follows a colon
    ("Anchorman"), or the year.

    Args:
        films: (id, title, year) of each film.
    """

    def __init__(self, films: Iterable[tuple[str, str, int]]) -> None:
        self._exact: dict[tuple[str, int], str] = {}
        self._short: dict[tuple[str, int], str] = {}
        self._titles: dict[str, list[tuple[int, str]]] = {}
        for film_id, title, year in films:
            folded = fold_title(title)
            self._exact.setdefault((folded, year), film_id)
            self._titles.setdefault(folded, []).append((year, film_id))
            if ":" in title:
                short = fold_title(title.split(":")[0])
                self._short.setdefault((short, year), film_id)
                self._titles.setdefault(short, []).append((year, film_id))

    def link(self, label: str) -> str | None:
        """The film with this title and year, one year off at most; None without a year."""
        folded, year = split_label(label)
        if year is None:
            return None
        for known in (self._exact, self._short):
            for off in (0, -1, 1):
                if (folded, year + off) in known:
                    return known[folded, year + off]
        return None

    def count(self, labels: Iterable[str]) -> Counter[str]:
        """How often each film is named: {id: n}.

        A label without a year counts for the film of that title named most with its year, among
        equals for the earliest (a series is called by its first film).
        """
        plain: list[str] = []
        counts: Counter[str] = Counter()
        for label in labels:
            film_id = self.link(label)
            if film_id is not None:
                counts[film_id] += 1
            elif label and split_label(label)[1] is None:
                plain.append(split_label(label)[0])
        dated = counts.copy()
        for folded, n in Counter(plain).items():
            if known := self._titles.get(folded):
                _, film_id = min(known, key=lambda film: (-dated[film[1]], *film))
                counts[film_id] += n
        return counts


def split_label(label: str) -> tuple[str, int | None]:
    """Title folded for comparison, and year: "The Shining  (1980)" -> ("shining", 1980)."""
    label = unquote(label)
    if match := _LABEL.match(label):
        return fold_title(match[1]), int(match[2])
    return fold_title(label), None


def star_power(casts: Iterable[tuple[Sequence[str], int]]) -> dict[str, float]:
    """Mentions summed over each performer's films, as log(1 + n): [(cast, mentions)] -> {name}."""
    totals: Counter[str] = Counter()
    for cast, mentions in casts:
        for name in cast[:5]:
            totals[name] += mentions
    return {name: math.log1p(n) for name, n in totals.items()}


def by_mentions(mentions: int) -> float:
    """What being named in conversations adds to `notability`."""
    return 2.2 * math.log1p(mentions)


def as_well_known(score: float) -> float:
    """The score of a film that our editors know to be well known, whatever its sources say.

    It counts as named three times at least; its own score keeps such films in order.
    """
    return max(score, STANDING + by_mentions(3) + score / 10)


def notability(
    *, lead: str, year: int, cast: Sequence[str], poster: bool, mentions: int, stars: float
) -> float:
    """A score without unit, higher is better known.

    Mentions in conversations weigh most; then prizes, takings and fame stated in the lead, its
    length, the fame of the cast, and how recent the film is.
    """
    acclaim = sum(len(pattern.findall(lead)) for pattern in _ACCLAIM)
    return (
        by_mentions(mentions)
        + 0.9 * math.log1p(acclaim)
        + 0.8 * math.log(max(len(lead), 20) / 200)
        + 0.25 * math.log1p(len(cast))
        + 0.12 * stars
        + (0.3 if poster else -0.6)
        + (0.4 if year >= 1930 else 0.0)
        + (0.5 if year >= 1970 else 0.0)
        + (0.3 if year >= 1990 else 0.0)
    )
