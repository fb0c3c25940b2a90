"""Rankers that show their working: a weighted sum of named parts, and popularity alone.

The weights are priors set by hand, not learned. `p_accept` is the logistic of the sum: it orders
and gives a feeling for "how sure". Only a `Certainty` fitted to people's choices calibrates it.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from simpatico.domain import (
    TONES,
    Candidate,
    Item,
    NeedName,
    Part,
    Profile,
    Recommendation,
    UserState,
    Value,
)
from simpatico.retrieval.attribution import Grounds
from simpatico.retrieval.candidates import OF_WORDS, tone_matrix
from simpatico.retrieval.certainty import Certainty
from simpatico.retrieval.lexical import without_terms, words
from simpatico.retrieval.reasons import CLOSE, Evidence, folded, reasons_for
from simpatico.retrieval.shown import is_of_media, media_amounts, media_words
from simpatico.text import fold

NEED_TONES: Final[Mapping[NeedName, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "cheer_up": (("warm", "funny", "uplifting"), ("dark", "sad", "scary", "violent")),
    "calm_down": (("gentle", "warm", "dreamy"), ("tense", "scary", "violent")),
    "thrill": (("tense", "exciting", "scary"), ("gentle",)),
    "cry_it_out": (("sad", "touching"), ("funny",)),
    "think": (("thoughtful",), ()),
    "laugh": (("funny", "quirky"), ("sad", "dark")),
    "connect": (("warm", "touching", "funny"), ("violent", "scary")),
    "focus": (("gentle", "thoughtful"), ("tense", "scary", "violent")),
    "escape": (("epic", "dreamy", "exciting"), ("sad",)),
    "celebrate": (("uplifting", "funny", "exciting"), ("sad", "dark")),
    "unknown": ((), ()),
}
"""For each need the tones that serve it and the tones that work against it. Set by hand."""

AVOIDED: Final = -0.25
"""Weight of one unit of an avoided tone, beside the wished tones' total of 1."""

NAMED_SHARE: Final = 0.7
"""Share of the wished tones' total that the tones asked for by name have; the need has the rest."""

RECENT_LIKES: Final = 20
"""The newest likes (and dislikes) that an item is compared with."""

_PARTS: Final = TypeAdapter(tuple[Part, ...])
_FOR_CHILDREN: Final = {"family", "children", "childrens", "kids", "kid", "animation", "animated"}


LEARNED_BIAS: Final = -1.5
"""`LinearWeights.bias` beside learned parts, which count from the mean of the catalogue: so the
median p_accept of what is shown for the twenty openings (docs/openings.md) is as without them."""


class LinearWeights(Value):
    """What one unit of each part is worth, in logits. Set by hand until a learned ranker earns it.

    Attributes:
        bias: an item that nothing speaks for gets p_accept of about .2.
        match: closeness to the query in meaning (cosine .15 to .6 -> 0 to 1).
        words: shared words, as a share of the best candidate's BM25.
        tone: fit to the wished tones less the avoided ones, -1 to 1.
        liked: closeness to what the person liked (cosine .3 to .8 -> 0 to 1).
        unlike: closeness to what they disliked, same scale; counts against.
        together: how much others liked it beside that (strength 0 to .1 -> 0 to 1).
        known: popularity, damped logarithmically, 0 to 1.
        wishes: share of the genres and people asked for that the item has.
        shown: times already shown to the person without being taken, at most 3; counts against.
        looks: how its picture looks, beside one that is shown or the words (see `media_amounts`).
        sounds: likewise how it sounds.
        about: what it is about, beside a picture or a sound that is shown.
    """

    bias: float = -1.4
    match: float = 1.4
    words: float = 0.25
    tone: float = 1.6
    liked: float = 0.8
    unlike: float = -0.8
    together: float = 0.7
    known: float = 0.5
    wishes: float = 0.4
    shown: float = -0.4
    looks: float = 2.0
    sounds: float = 2.0
    about: float = 1.0


class Links(Protocol):
    """What a ranker may ask about how items hang together. `Index` answers."""

    def item(self, item_id: str) -> Item | None:
        """The item, or None."""
        ...

    def closest(
        self, item_ids: Sequence[str], among: Sequence[str]
    ) -> list[tuple[str, float] | None]:
        """For each item the one `among` others that is closest in content, with the cosine."""
        ...

    def liked_together(
        self, item_ids: Sequence[str], among: Sequence[str]
    ) -> list[tuple[str, float] | None]:
        """For each item the one `among` others most liked beside it, with a strength in [0, 1]."""
        ...


def wished_tones(state: UserState) -> NDArray[np.float32]:
    """What the person wants it to feel like, (n_tones,): wishes add up to 1, the avoided are < 0.

    Tones named in the constraints weigh more than those that the need suggests. Made for children
    is avoided unless it is asked for. All zeros when nothing is wished.
    """
    constraints = state.constraints
    avoid = {*constraints.not_tones}
    named = [tone for tone in dict.fromkeys(constraints.tones) if tone in TONES]
    serving, against = NEED_TONES[state.need]
    suggested = [tone for tone in serving if tone not in avoid and tone not in named]
    wish = np.zeros(len(TONES), dtype=np.float32)
    for tones, share in (
        (named, NAMED_SHARE if suggested else 1.0),
        (suggested, 1 - NAMED_SHARE if named else 1.0),
    ):
        for tone in tones:
            wish[TONES.index(tone)] = share / len(tones)
    avoid |= set(against)
    if not _FOR_CHILDREN & {fold(genre) for genre in constraints.genres} and (named or suggested):
        avoid.add("kids")
    for tone in avoid - set(named) - set(suggested):
        if tone in TONES:
            wish[TONES.index(tone)] = AVOIDED
    return wish


def tone_fit(tones: NDArray[np.float32], wish: NDArray[np.float32]) -> NDArray[np.float32]:
    """How well profiles fit a wish: (n, n_tones), (n_tones,) -> (n,) in [-1, 1].

    Nan where the profile is unknown.
    """
    fit: NDArray[np.float32] = np.clip(tones @ wish, -1, 1)
    return fit


def fame(popularity: float) -> float:
    """How well known an item is, damped: 0 to 1 -> 0 to 1."""
    return math.log1p(9 * popularity) / math.log(10)


class Learned(Protocol):
    """A ranker that was trained. `simpatico.retrieval.fusion.FusionScorer` is one."""

    def learned(
        self, candidates: Sequence[Candidate], state: UserState, profile: Profile
    ) -> Sequence[Mapping[str, float]]:
        """For each candidate the parts that it knows better, by name, in logits.

        `liked` and `together` are among them.
        """
        ...

    def grounds(
        self, item_ids: Sequence[str], state: UserState, profile: Profile
    ) -> Sequence[Grounds]:
        """For each item what these parts rest on."""
        ...


class LinearRanker:
    """A weighted sum of parts that can be read off the recommendation.

    `links` gives the parts `liked`, `unlike` and `together`; without it they are left out. What a
    `learned` ranker has a part for is taken from it. `version` names the learned one in the log of
    what was shown; `certainty` makes probabilities of scores.
    """

    def __init__(
        self,
        links: Links | None = None,
        *,
        weights: LinearWeights | None = None,
        learned: Learned | None = None,
        version: str = "",
        certainty: Certainty | None = None,
    ) -> None:
        self.name = f"fusion {version}".strip() if learned else "linear"
        self._certainty = certainty or Certainty()
        self._links = links
        self._weights = weights or (
            LinearWeights(bias=LEARNED_BIAS) if learned else LinearWeights()
        )
        self._learned = learned

    def rank(
        self, candidates: Sequence[Candidate], *, state: UserState, profile: Profile
    ) -> list[Recommendation]:
        """Score every candidate; best first, ties by item id."""
        if not candidates:
            return []
        fits = tone_fit(tone_matrix([each.item for each in candidates]), wished_tones(state))
        ids = [each.item.id for each in candidates]
        disliked_ids = state.mentions.disliked + profile.disliked[-RECENT_LIKES:]
        by_hand = self._compared(state, profile)
        liked = self._closest(ids, by_hand)
        unlike = self._closest(ids, disliked_ids)
        together = self._together(ids, by_hand)
        hits = [
            {hit.source: hit.score for hit in each.hits if not hit.shown} for each in candidates
        ]
        best_words = max(found.get("lexical", 0.0) for found in hits)
        told = [_scaled(found.get("text"), 0.15, 0.6) for found in hits]
        of_words = _weight_of_words(candidates)
        wishes = {fold(name) for name in (*state.constraints.genres, *state.constraints.people)}
        shown = Counter(profile.shown)
        learned: Sequence[Mapping[str, float]] = [{}] * len(candidates)
        if self._learned:
            learned = self._learned.learned(candidates, state, profile)
        weights = dict(self._weights)
        amounts: dict[str, list[float]] = {
            "match": [of_words * fits_words for fits_words in told],
            "words": [of_words * found.get("lexical", 0.0) / (best_words or 1.0) for found in hits],
            "tone": np.nan_to_num(fits).tolist(),
            "liked": [_scaled(_score(link), 0.3, 0.8) for link in liked],
            "unlike": [_scaled(_score(link), 0.3, 0.8) for link in unlike],
            "together": [_scaled(_score(link), 0.0, 0.1) for link in together],
            "known": [fame(each.item.popularity) for each in candidates],
            "wishes": [_share_of(wishes, each.item) for each in candidates],
            "shown": [min(shown[item_id], 3) for item_id in ids],
        }
        if any(is_of_media(hit) for each in candidates for hit in each.hits):
            media = [
                media_amounts(each.hits, told=fits_words)
                for each, fits_words in zip(candidates, told, strict=True)
            ]
            for name in {name for one in media for name in one}:
                amounts[name] = [one.get(name, 0.0) for one in media]
        values = {name: weights[name] * np.array(column) for name, column in amounts.items()}
        for name in learned[0]:
            values[name] = np.array([one[name] for one in learned])
            if name == "match":
                values[name] *= of_words
        names, table = tuple(values), np.stack(tuple(values.values()), axis=1)
        scores = (self._weights.bias + table.sum(axis=1)).tolist()
        order = sorted(range(len(ids)), key=lambda place: (-scores[place], ids[place]))
        parts = [
            _PARTS.validate_python(
                [{"name": name, "value": one} for name, one in zip(names, row, strict=True) if one]
            )
            for row in table[order].tolist()
        ]
        return [
            Recommendation(
                item=candidates[place].item,
                p_accept=self._certainty.p_accept(scores[place]),
                parts=its_parts,
            )
            for place, its_parts in zip(order, parts, strict=True)
        ]

    def explain(
        self,
        chosen: Sequence[Recommendation],
        candidates: Sequence[Candidate],
        *,
        state: UserState,
        profile: Profile,
    ) -> list[Recommendation]:
        """Give reasons to some of what `rank` made of these candidates; the order stays."""
        ids = [one.item.id for one in chosen]
        hits = {each.item.id: each.hits for each in candidates}
        wished = _positive(wished_tones(state))
        said = frozenset(words(without_terms(state.query, state.constraints)))
        only_saved = {*profile.saved} - {*profile.liked, *state.mentions.liked}
        by_hand = self._compared(state, profile)
        links = zip(self._closest(ids, by_hand), self._together(ids, by_hand), strict=True)
        grounds = self._grounds(ids, state, profile)
        explained = []
        for one, (close, together), rests_on in zip(chosen, links, grounds, strict=True):
            counted = {part.name for part in one.parts}
            evidence = Evidence(
                wished=wished,
                constraints=state.constraints,
                said=said,
                media=tuple(it for it in media_words(hits[one.item.id]) if it[0] in counted),
                close_to=self._named(close, least=CLOSE),
                close_stance="saved" if close and close[0] in only_saved else "liked",
                together_with=self._named(together),
                grounds=rests_on,
            )
            reasons = reasons_for(one.item, parts=one.parts, evidence=evidence)
            explained.append(one.model_copy(update={"reasons": reasons}))
        return explained

    def _compared(self, state: UserState, profile: Profile) -> tuple[str, ...]:
        """What was liked and items are compared with; a learned ranker looks for itself."""
        if self._learned:
            return ()
        return tuple(dict.fromkeys((*state.mentions.liked, *_newest(profile))))

    def _closest(
        self, ids: Sequence[str], among: Sequence[str]
    ) -> Sequence[tuple[str, float] | None]:
        return self._links.closest(ids, among) if self._links and among else [None] * len(ids)

    def _together(
        self, ids: Sequence[str], among: Sequence[str]
    ) -> Sequence[tuple[str, float] | None]:
        if self._links and among:
            return self._links.liked_together(ids, among)
        return [None] * len(ids)

    def _named(self, link: tuple[str, float] | None, least: float = 0.0) -> str:
        item = self._links.item(link[0]) if self._links and link and link[1] >= least else None
        return item.label if item else ""

    def _grounds(self, ids: Sequence[str], state: UserState, profile: Profile) -> Sequence[Grounds]:
        return (
            self._learned.grounds(ids, state, profile) if self._learned else [Grounds()] * len(ids)
        )


class PopularityRanker:
    """The best known first: the floor that any ranker must beat."""

    name = "popularity"

    def rank(
        self, candidates: Sequence[Candidate], *, state: UserState, profile: Profile
    ) -> list[Recommendation]:
        """Order by popularity; ties by item id. `p_accept` is .2 to .9 in proportion."""
        items = sorted((each.item for each in candidates), key=lambda i: (-i.popularity, i.id))
        return [
            Recommendation(
                item=item,
                p_accept=0.2 + 0.7 * item.popularity,
                parts=(Part(name="known", value=item.popularity),),
            )
            for item in items
        ]

    def explain(
        self,
        chosen: Sequence[Recommendation],
        candidates: Sequence[Candidate],
        *,
        state: UserState,
        profile: Profile,
    ) -> list[Recommendation]:
        """Say what of the wishes each fits; the order stays."""
        evidence = Evidence(wished=_positive(wished_tones(state)), constraints=state.constraints)
        return [
            one.model_copy(
                update={"reasons": reasons_for(one.item, parts=one.parts, evidence=evidence)}
            )
            for one in chosen
        ]


def _weight_of_words(candidates: Sequence[Candidate]) -> float:
    """What the words count, which is the same for all."""
    hits = (hit for each in candidates for hit in each.hits)
    return next((hit.weight for hit in hits if hit.source in OF_WORDS and not hit.shown), 1.0)


def _newest(profile: Profile) -> tuple[str, ...]:
    """The newest likes, newest first; what was saved counts as liked."""
    liked = (*reversed(profile.liked), *reversed(profile.saved))
    return tuple(dict.fromkeys(liked))[:RECENT_LIKES]


def _positive(wish: NDArray[np.float32]) -> tuple[tuple[str, float], ...]:
    return tuple((TONES[place], float(wish[place])) for place in np.flatnonzero(wish > 0))


def _score(link: tuple[str, float] | None) -> float | None:
    return link[1] if link else None


def _scaled(value: float | None, low: float, high: float) -> float:
    """`low` to `high` as 0 to 1, held there; unknown is 0, which neither speaks for nor against."""
    return 0.0 if value is None else min(max((value - low) / (high - low), 0.0), 1.0)


def _share_of(wishes: Set[str], item: Item) -> float:
    if not wishes:
        return 0.0
    return len(wishes & {folded(name) for name in (*item.genres, *item.creators)}) / len(wishes)
