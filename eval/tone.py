"""How well tone profiles agree with what readers tag films with.

The tags only measure: no model, prompt or setting was chosen by them (docs/tone.md).
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import TONES, Item
from simpatico.errors import DataError
from simpatico.eval.tables import Table
from simpatico.eval.tone_tags import MIN_FILMS, TAGS_OF_TONE, WARM_TAGS
from simpatico.protocols import Encoder
from simpatico.text import fold_title

Floats = NDArray[np.float32]
_TITLE = re.compile(r"(.*)\((\d{4})\)\s*$")
N_BOOTSTRAP = 1000

PROMPTS: Mapping[str, str] = {
    "warm": "a warm, feel-good film", "funny": "a funny film that makes you laugh",
    "uplifting": "an uplifting, inspiring film", "gentle": "a gentle, calm, soothing film",
    "romantic": "a romantic film about love", "touching": "a touching, moving film",
    "sad": "a sad, heartbreaking film", "dark": "a dark, bleak, disturbing film",
    "tense": "a tense, suspenseful film", "scary": "a scary horror film",
    "violent": "a violent, brutal film", "exciting": "an exciting, action-packed film",
    "epic": "an epic film on a grand scale", "dreamy": "a dreamy, surreal, atmospheric film",
    "thoughtful": "a thoughtful, philosophical film", "quirky": "a quirky, offbeat, weird film",
    "nostalgic": "a nostalgic film about childhood memories",
    "kids": "a film for children and families",
}  # fmt: skip
"""One prompt a tone: the baseline that only compares vectors."""


@dataclass(frozen=True)
class TagScore:
    """One tag against one tone.

    Attributes:
        n: films with the tag. `auc`: chance that one of them scores higher than a film without
            it. `low`, `high`: 95% bootstrap interval over films.
    """

    tag: str
    tone: str
    n: int
    auc: float
    low: float
    high: float


@dataclass(frozen=True)
class ToneReport:
    """Scores of every tag with enough films; `n_films` films were matched."""

    n_films: int
    scores: tuple[TagScore, ...]

    @property
    def mean(self) -> float:
        """Mean AUC over tags."""
        return float(np.mean([score.auc for score in self.scores]))

    def of(self, tag: str) -> TagScore | None:
        """The score of a tag, if it had enough films."""
        return next((score for score in self.scores if score.tag == tag), None)


def read_tags(path: Path) -> dict[tuple[str, int], frozenset[str]]:
    """Tags of films by folded title and year.

    Raises:
        DataError: the file is no such table.
    """
    tags: dict[tuple[str, int], frozenset[str]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                if match := _TITLE.match(row["title"]):
                    title = re.sub(r"\([^)]*\)\s*$", "", match[1].strip())
                    known = tags.get((fold_title(title), int(match[2])), frozenset())
                    here = known | frozenset(row["keywords"].split("|"))
                    tags[fold_title(title), int(match[2])] = here
    except (OSError, UnicodeDecodeError, KeyError, AttributeError, csv.Error) as error:
        raise DataError(f"{path} is no table of tags: {error!r}") from error
    return tags


def match_tags(
    items: Sequence[Item], tags: Mapping[tuple[str, int], frozenset[str]]
) -> list[frozenset[str] | None]:
    """The tags of each item, None where the table does not have it; one year off is allowed."""
    matched: list[frozenset[str] | None] = []
    for item in items:
        folded, year = fold_title(item.title), item.year or 0
        found = (tags.get((folded, year + off)) for off in (0, 1, -1))
        matched.append(next((some for some in found if some is not None), None))
    return matched


def evaluate(
    tags_csv: Path,
    items: Sequence[Item],
    profiles: Floats,
    *,
    only: NDArray[np.bool_] | None = None,
    min_films: int = MIN_FILMS,
    seed: int = 0,
) -> ToneReport:
    """Measure profiles (n_items, n_tones) against reader tags.

    Args:
        tags_csv: movieId, title, genres, keywords (parted by `|`).
        items: the films. `profiles`: one row each.
        profiles: higher is more so; only the order counts.
        only: (n_items,) restricts to these films.
        min_films: a tag with fewer matched films is left out.
        seed: of the bootstrap.

    Raises:
        DataError: the table cannot be read.
    """
    matched = match_tags(items, read_tags(tags_csv))
    rows = [i for i, tags in enumerate(matched) if tags is not None and (only is None or only[i])]
    scores = []
    for tone, names in TAGS_OF_TONE.items():
        values = profiles[rows, TONES.index(tone)]
        for tag in names:
            has = np.array([tag in (matched[i] or ()) for i in rows], dtype=bool)
            if has.sum() >= min_films:
                rng = np.random.default_rng(seed)
                low, high = _interval(values, has, rng)
                scores.append(TagScore(tag, tone, int(has.sum()), auc_of(values, has), low, high))
    return ToneReport(n_films=len(rows), scores=tuple(scores))


def auc_of(values: Floats, positive: NDArray[np.bool_]) -> float:
    """Area under the ROC curve; ties count half. NaN unless both kinds are there."""
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if not n_positive or not n_negative:
        return float("nan")
    wins = _wins(values[positive], np.sort(values[~positive]))
    return float(wins.mean())


def prompt_profiles(encoder: Encoder[str], vectors: Floats) -> Floats:
    """The baseline: cosine of each film's vector with one prompt a tone: (n_items, n_tones)."""
    profiles: Floats = vectors @ encoder.encode([PROMPTS[tone] for tone in TONES]).T
    return profiles


def genre_profiles(
    items: Sequence[Item], ratings: Mapping[str, NDArray[np.int8]], *, ridge: float = 2.0
) -> Floats:
    """The baseline that sees genres only: ridge regression on the editors' ratings."""
    names = sorted({genre for item in items for genre in item.genres})
    hot = np.array([[genre in item.genres for genre in names] for item in items], dtype=float)
    at = [i for i, item in enumerate(items) if item.id in ratings]
    rated = np.stack([ratings[items[i].id] for i in at]).astype(float)
    x, y = hot[at], rated - rated.mean(axis=0)
    weights = np.linalg.solve(x.T @ x + ridge * np.eye(len(names)), x.T @ y)
    return (hot @ weights).astype(np.float32)


def _wins(positives: Floats, sorted_negatives: Floats) -> NDArray[np.float64]:
    """For each positive, the share of negatives below it, ties half."""
    below = np.searchsorted(sorted_negatives, positives, side="left")
    upto = np.searchsorted(sorted_negatives, positives, side="right")
    shares: NDArray[np.float64] = (below + upto) / 2 / len(sorted_negatives)
    return shares


def _interval(
    values: Floats, positive: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[float, float]:
    """95% interval; the positives are drawn anew, as the negatives are many."""
    wins = _wins(values[positive], np.sort(values[~positive]))
    means = rng.choice(wins, (N_BOOTSTRAP, len(wins))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def table(title: str, columns: Mapping[str, ToneReport]) -> Table:
    """Reports side by side; the interval is that of the first column."""
    first = next(iter(columns.values()))
    rows = []
    for score in first.scores:
        others = (each.of(score.tag) for each in columns.values())
        cells = (f"{other.auc:.2f}" if other else "-" for other in others)
        interval = f"{score.low:.2f} to {score.high:.2f}"
        rows.append((score.tone, score.tag, str(score.n), *cells, interval))
    means = (f"{each.mean:.3f}" for each in columns.values())
    rows.append(("mean", f"{len(first.scores)} tags", f"{first.n_films} films", *means, ""))
    warm = (
        f"{name} {', '.join(f'{one.auc:.2f}' for tag in WARM_TAGS if (one := each.of(tag)))}"
        for name, each in columns.items()
    )
    return Table(
        title=title,
        columns=("tone", "tag", "n", *columns, "95 %"),
        rows=tuple(rows),
        notes=(
            f"ROC AUC. 95 %: of {next(iter(columns))}, films with the tag drawn again"
            f" {N_BOOTSTRAP:,} times. {', '.join(WARM_TAGS)}: {'; '.join(warm)}.",
        ),
    )
