"""BM25 over the words of items: titles and names that a dense vector blurs."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Constraints, Item
from simpatico.errors import StoreError
from simpatico.retrieval.exact import best_of
from simpatico.text import fold

if TYPE_CHECKING:
    from bm25s import BM25  # type: ignore[import-untyped]  # ships no types

FIELD_WEIGHTS: Final = (("title", 3), ("creators", 2), ("genres", 2), ("keywords", 2), ("text", 1))
"""A word of a field counts as if it stood there this often."""

MAX_QUERY_WORDS: Final = 64
"""Distinct words of a query that are looked at, so that a long message costs no more."""

STOP_WORDS: Final = frozenset(
    """a about all also am an and any anything are as at be been but by can could d did do does
    feel feeling for from get give had has have he her him his how i if im in into is it its ive
    just like ll looking m me more my need no not nothing of on one or our out please re recommend
    s she should show so some something t than that the their them then there these they thing
    this those to too up us ve very want was watch we were what when where which who why will with
    without would you your film films movie movies""".split()
)
"""Words of every request; they say nothing about which item is meant."""


def words(text: str) -> list[str]:
    """Folded words but for stop words; all of them when there are only stop words ("It")."""
    found = fold(text).split()
    return [word for word in found if word not in STOP_WORDS] or found


class LexicalIndex:
    """BM25 (Lucene's variant, k1 1.5, b .75) over a fixed sequence of items."""

    def __init__(self, ids: Sequence[str], bm25: "BM25 | None") -> None:
        self.ids = tuple(ids)
        self._bm25 = bm25

    @classmethod
    def build(cls, items: Sequence[Item]) -> "LexicalIndex":
        """Index items; `ids` and every mask are in their order."""
        from bm25s import BM25

        corpus = [_item_words(item) for item in items]
        if not any(corpus):
            return cls([item.id for item in items], None)
        bm25 = BM25(method="lucene", k1=1.5, b=0.75, backend="numpy")
        bm25.index(corpus, show_progress=False)
        return cls([item.id for item in items], bm25)

    def scores(self, text: str) -> NDArray[np.float32]:
        """BM25 of every item, (n_items,), 0 where no word is shared."""
        query = list(dict.fromkeys(words(text)))[:MAX_QUERY_WORDS]
        tokens = self._bm25.get_tokens_ids(query) if self._bm25 else []
        if not tokens:
            return np.zeros(len(self.ids), dtype=np.float32)
        assert self._bm25 is not None  # it had tokens
        return np.asarray(self._bm25.get_scores_from_ids(tokens), dtype=np.float32)

    def search(
        self, text: str, k: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[tuple[str, float]]:
        """The k best by BM25 (above 0), best first, ties by position.

        Args:
            text: the query, free text.
            k: how many at most.
            allowed: (n_items,), one flag for each of `ids`.
        """
        scores = self.scores(text)
        if allowed is not None:
            scores = np.where(allowed, scores, 0)
        best = [place for place in best_of(scores, k) if scores[place] > 0]
        return [(self.ids[place], float(scores[place])) for place in best]

    def save(self, folder: Path) -> None:
        """Write to an empty or missing folder. Raises StoreError."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if self._bm25:
                self._bm25.save(folder, show_progress=False)
            head = {"version": 1, "ids": self.ids, "empty": self._bm25 is None}
            (folder / "ids.json").write_text(json.dumps(head))
        except OSError as error:
            raise StoreError(f"the word index cannot be written to {folder}: {error}") from error

    @classmethod
    def load(cls, folder: Path) -> "LexicalIndex":
        """Read what `save` wrote.

        Raises:
            StoreError: missing or damaged.
        """
        from bm25s import BM25

        try:
            head: dict[str, Any] = json.loads((folder / "ids.json").read_text())
            bm25 = None if head["empty"] else BM25.load(folder, show_progress=False)
            if bm25 is not None and bm25.scores["num_docs"] != len(head["ids"]):
                raise ValueError(f"{bm25.scores['num_docs']} items, {len(head['ids'])} ids")
            return cls(head["ids"], bm25)
        except (OSError, ValueError, KeyError, TypeError, LookupError) as error:
            raise StoreError(f"the word index in {folder} cannot be read: {error}") from error


def _item_words(item: Item) -> list[str]:
    found: list[str] = []
    for field, weight in FIELD_WEIGHTS:
        value = getattr(item, field)
        found += words(value if isinstance(value, str) else " ".join(value)) * weight
    return found


def without_terms(query: str, constraints: Constraints) -> str:
    """The query's words but for tones and genres asked for, which are met as such.

    Else "something warm" finds "Warm Bodies", and "a mystery" finds "Mystery, Alaska". A query of
    nothing else has no words left to look for.
    """
    terms = {
        *constraints.tones,
        *constraints.not_tones,
        *fold(" ".join(constraints.genres)).split(),
    }
    return " ".join(word for word in fold(query).split() if word not in terms)
