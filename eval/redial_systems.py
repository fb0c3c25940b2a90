"""Who is asked what to offer next in a dialogue: the trained model, and simple rules beside it."""

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from simpatico.domain import Item
from simpatico.finetune.redial_data import Film, Moment, Talk, spoken
from simpatico.finetune.redial_model import Redial
from simpatico.finetune.redial_outside import rows_of
from simpatico.finetune.redial_world import encoded, text_of, texts_of
from simpatico.protocols import Encoder, ProgressCallback
from simpatico.retrieval.lexical import LexicalIndex

Scores = NDArray[np.float32]

OURS: Final = "simpatico"
MAY_REPEAT: Final = "simpatico, may repeat"
_DECAY: Final = 0.8


class System(Protocol):
    """Something that ranks films at moments of dialogues."""

    name: str

    def scores(self, talks: Sequence[Talk], moments: Sequence[Moment]) -> Scores:
        """(n_moments, n_films), higher is better; -inf is not offered, nan is no answer.

        Columns beyond the films are what else it offers, which is never right.
        """
        ...


class Popularity:
    """How many training dialogues name each film."""

    name = "popularity"

    def __init__(self, films: Sequence[Film], learnt: Sequence[Talk]) -> None:
        self._known = _had(films, learnt).sum(axis=0).astype(np.float32)

    def scores(self, talks: Sequence[Talk], moments: Sequence[Moment]) -> Scores:
        """The same for every moment."""
        return np.tile(self._known, (len(moments), 1))


class Repeat:
    """What was named so far, the newest first; nothing else."""

    name = "repeat"

    def __init__(self, films: Sequence[Film]) -> None:
        self._place = _places(films)

    def scores(self, talks: Sequence[Talk], moments: Sequence[Moment]) -> Scores:
        """-inf for whatever was not named."""
        found = np.full((len(moments), len(self._place)), -np.inf, dtype=np.float32)
        for row, one in enumerate(moments):
            for at, place in enumerate(_before(self._place, talks[one.talk], one)):
                found[row, place] = at
        return found


class CoOccurrence:
    """In how many training dialogues each film was named with those named so far.

    Ties, such as before any film is named, go by popularity.
    """

    name = "co-occurrence"

    def __init__(self, films: Sequence[Film], learnt: Sequence[Talk]) -> None:
        self._place = _places(films)
        had = _had(films, learnt)
        self._known = had.sum(axis=0).astype(np.float32)
        together = (had.T @ had).tolil()
        together.setdiag(0)
        self._together = together.tocsr()

    def scores(self, talks: Sequence[Talk], moments: Sequence[Moment]) -> Scores:
        """Sums over the films named."""
        before = [
            np.unique(_before(self._place, talks[one.talk], one)).astype(np.int64)
            for one in moments
        ]
        counts = (rows_of(before, len(self._place)) @ self._together).toarray()
        return np.asarray(counts + 1e-4 * self._known, dtype=np.float32)


class Words:
    """BM25 of the seeker's words, and of the titles they named, over the films."""

    name = "BM25"

    def __init__(self, films: Sequence[Film]) -> None:
        self._index = LexicalIndex.build(
            [
                Item(
                    id=film.id,
                    title=film.title or film.id,
                    genres=film.genres,
                    creators=tuple(dict.fromkeys((*film.directors, *film.stars, *film.writers))),
                    text=film.plot,
                )
                for film in films
            ]
        )

    def scores(self, talks: Sequence[Talk], moments: Sequence[Moment]) -> Scores:
        """BM25."""
        return np.stack([self._index.scores(_wishes(talks[one.talk], one)) for one in moments])


class Likeness:
    """Cosine of the seeker's last three turns with each film's name, genres and plot."""

    name = "encoder alone"

    def __init__(
        self, films: Sequence[Film], encoder: Encoder[str], progress: ProgressCallback
    ) -> None:
        texts = [text_of(film) for film in films]
        vector = encoded(texts, encoder, progress, "Encoding films")
        self._films = np.stack([vector[text] for text in texts])
        self._encoder = encoder

    def scores(self, talks: Sequence[Talk], moments: Sequence[Moment]) -> Scores:
        """Cosines; 0 where nothing was said."""
        texts = [texts_of(talks[one.talk], one)[0] for one in moments]
        vector = encoded(texts, self._encoder, lambda what, done, total: None)
        said = np.zeros((len(moments), self._encoder.dim), dtype=np.float32)
        for row, text in enumerate(texts):
            if text:
                said[row] = vector[text]
        return said @ self._films.T


class Trained:
    """A trained model. It never repeats what was named.

    Args:
        model: the model.
        films: to score; those the model does not know are not offered.
    """

    name = OURS

    def __init__(self, model: Redial, films: Sequence[Film]) -> None:
        self._model = model
        place = {film.id: at for at, film in enumerate(model.films)}
        self._from = np.array([place.get(film.id, -1) for film in films], dtype=np.int64)
        self._newest: tuple[Sequence[Talk], Sequence[Moment], Scores] | None = None

    def scores(self, talks: Sequence[Talk], moments: Sequence[Moment]) -> Scores:
        """Logarithms of probabilities. The newest answer is kept for whoever builds on it."""
        if self._newest and self._newest[0] is talks and self._newest[1] is moments:
            return self._newest[2]
        found = self._model.scores(talks, moments)[:, np.maximum(self._from, 0)]
        scores = np.where(self._from >= 0, found, -np.inf).astype(np.float32)
        self._newest = (talks, moments, scores)
        return scores


class MayRepeat:
    """Another system that says again what was named as often as recommenders do.

    Args:
        system: its scores are logarithms of probabilities.
        films: that it scores.
        share: of offers that are repeats, see `repeat_share`.
    """

    name = MAY_REPEAT

    def __init__(self, system: System, films: Sequence[Film], share: float) -> None:
        self._system = system
        self._place = _places(films)
        self._share = share

    def scores(self, talks: Sequence[Talk], moments: Sequence[Moment]) -> Scores:
        """What was named gets the share of repeats, the newest most; the rest what is left."""
        found = self._system.scores(talks, moments) + np.float32(np.log1p(-self._share))
        for row, one in enumerate(moments):
            newest = list(dict.fromkeys(_before(self._place, talks[one.talk], one)[::-1]))
            weights = _DECAY ** np.arange(len(newest))
            for place, weight in zip(newest, weights / max(weights.sum(), 1), strict=True):
                found[row, place] = np.log(self._share * weight)
        return np.asarray(found, dtype=np.float32)


def repeat_share(moments: Sequence[Moment]) -> float:
    """The share of what recommenders offer that had been named, between .001 and .999."""
    offers = [one for one in moments if one.offered]
    total = sum(len(one.targets) for one in offers)
    fresh = sum(len(one.fresh) for one in offers)
    return float(np.clip(1 - fresh / max(total, 1), 0.001, 0.999))


def _places(films: Sequence[Film]) -> dict[str, int]:
    return {film.id: at for at, film in enumerate(films)}


def _before(place: dict[str, int], talk: Talk, moment: Moment) -> list[int]:
    named = (film for each in talk.messages[: moment.at] for film in each.films)
    return [place[film] for film in named if film in place]


def _had(films: Sequence[Film], learnt: Sequence[Talk]) -> sparse.csr_array:
    place = _places(films)
    named = [
        sorted({place[film] for each in talk.messages for film in each.films if film in place})
        for talk in learnt
    ]
    return rows_of([np.array(each, dtype=np.int64) for each in named], len(films))


def _wishes(talk: Talk, moment: Moment) -> str:
    said = (each for each in talk.messages[: moment.at] if not each.offered)
    return " ".join(spoken(each.text, talk.labels) for each in said)
