"""From a ranked list the few to show: pure functions on scores."""

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from simpatico.domain import Profile, Recommendation
from simpatico.kinds import kind_name
from simpatico.settings import RetrievalSettings
from simpatico.text import fold_title

MAX_DAMPING: Final = 0.5
"""Share of its score that the best known item loses when the unknown is favoured fully."""

MAX_LEANING: Final = 0.6
"""Share of its score that an item loses which is as well (or little) known as is not wanted."""

POOL: Final = 60
"""The few are chosen among this many from the top: variety is not worth the worst candidates."""

_PART_NUMBER: Final = re.compile(
    r"[\s,:-]+(?:part|chapter|episode|volume|vol|no)?\.?\s*(?:\d{1,2}|[ivx]{1,4}|one|two|three)$",
    re.IGNORECASE,
)
_COMPANION: Final = re.compile(r"^(\S+ \S.*?) and the \S")


def damped(
    scores: NDArray[np.float64], popularity: NDArray[np.float64], *, novelty: float
) -> NDArray[np.float64]:
    """Scores with the best known held back: (n,), (n,) -> (n,).

    Args:
        scores: (n,), not negative.
        popularity: (n,) in [0, 1].
        novelty: 0 changes nothing; 1 takes `MAX_DAMPING` from an item of popularity 1. The loss
            grows with the square of popularity, so that only the very well known feel it.
    """
    return scores * (1 - MAX_DAMPING * novelty * popularity**2)


def leaning(
    scores: NDArray[np.float64], popularity: NDArray[np.float64], *, popular: float
) -> NDArray[np.float64]:
    """Scores that lean to the little known or the well known: (n,), (n,) -> (n,).

    What counts is an item's place among the others by popularity, not how popular it is: so it
    means the same in every catalogue.

    Args:
        scores: (n,), not negative.
        popularity: (n,).
        popular: 0 takes `MAX_LEANING` from the best known of them, 1 from the least known; .5
            changes nothing.
    """
    lean = 2 * popular - 1
    if lean == 0 or scores.size < 2:
        return scores
    place: NDArray[np.float64] = (rankdata(popularity) - 1) / (scores.size - 1)
    return scores * (1 - MAX_LEANING * abs(lean) * (place if lean < 0 else 1 - place))


def mmr(
    scores: NDArray[np.float64], vectors: NDArray[np.float32], *, k: int, diversity: float
) -> list[int]:
    """Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998): places in order of choice.

    Each choice maximises (1 - diversity) * score - diversity * (highest cosine to those chosen),
    with scores brought to [0, 1] by their range; ties by place. The first is the highest score.

    Args:
        scores: (n,).
        vectors: (n, dim) unit rows; a row of nan is an item without a vector, similar to nothing.
        k: how many; all when there are fewer.
        diversity: 0 by score alone, 1 by variety alone after the first.
    """
    if not scores.size:
        return []
    spread = float(scores.max() - scores.min())
    relevance = (scores - scores.min()) / spread if spread else np.ones_like(scores)
    chosen = [int(np.argmax(relevance))]
    nearest = np.full(scores.size, -np.inf)
    while len(chosen) < min(k, scores.size):
        cosines = np.nan_to_num(vectors @ vectors[chosen[-1]], nan=0.0)
        nearest = np.maximum(nearest, cosines)
        gain = (1 - diversity) * relevance - diversity * nearest
        gain[chosen] = -np.inf
        chosen.append(int(np.argmax(gain)))
    return chosen


@lru_cache(maxsize=20_000)
def franchise(title: str) -> str:
    """What titles of one series share: "Paddington 2" -> "paddington", "Heat" -> "heat".

    The part before a colon, without a number at its end; of "X Y and the Z" the "X Y".
    """
    stem = title.split(": ")[0]
    stem = fold_title(_PART_NUMBER.sub("", stem) or stem)
    companion = _COMPANION.match(stem)
    return companion[1] if companion else stem


def rerank(
    recommendations: Sequence[Recommendation],
    *,
    k: int,
    vectors: NDArray[np.float32],
    settings: RetrievalSettings,
    profile: Profile,
    banned: Collection[str] = (),
    kinds: Sequence[str] = (),
    popular: float | None = None,
) -> list[Recommendation]:
    """Choose k to show: varied, not only the best known, one of a series, best first.

    Of several kinds asked for each is chosen by itself, for scores of different kinds say little
    about each other; they take turns, the one asked for first begins.

    Chosen among the `POOL` best. Seen, disliked and banned items never come back. The best
    remaining by `p_accept` is always chosen and stands first. A second item of a series is chosen
    only when there are too few others. Without diversity and novelty it is the plain order.

    Args:
        recommendations: as a ranker gave them.
        k: how many; fewer come back when there are fewer.
        vectors: (n, dim), a unit row for each recommendation, nan where it has none.
        settings: `diversity` and `novelty`.
        profile: whose list it is.
        banned: ids that must not be shown beside those of the profile.
        kinds: kinds that were asked for.
        popular: how well known they should be, in place of `novelty`; see `leaning`. Then the best
            need not be among them.
    """
    if vectors.shape[0] != len(recommendations):
        raise ValueError(f"wanted {len(recommendations)} vectors, got {vectors.shape[0]}")
    never = {*profile.seen, *profile.disliked, *banned}
    groups = _by_kind(recommendations, kinds, never)
    if len(groups) > 1:
        shares = _shares(k, [len(group) for group in groups])
        return _in_turn(
            [
                rerank(
                    [recommendations[place] for place in group],
                    k=share,
                    vectors=vectors[group],
                    settings=settings,
                    profile=profile,
                    banned=banned,
                    popular=popular,
                )
                for group, share in zip(groups, shares, strict=True)
            ]
        )
    places = sorted(
        (place for place, each in enumerate(recommendations) if each.item.id not in never),
        key=lambda place: (-recommendations[place].p_accept, recommendations[place].item.id),
    )
    if popular is None and settings.diversity == 0 and settings.novelty == 0:
        return [recommendations[place] for place in places[: max(k, 0)]]
    leant: dict[int, float] = {}
    if popular is not None:  # before the pool is cut off, or none of the wanted may be in it
        wanted = leaning(
            np.array([recommendations[place].p_accept for place in places]),
            np.array([recommendations[place].item.popularity for place in places]),
            popular=popular,
        )
        leant = dict(zip(places, wanted.tolist(), strict=True))
        places.sort(key=leant.__getitem__, reverse=True)
    first, spare = _one_of_each_series(recommendations, places[: max(POOL, 2 * k)])
    first += spare[: max(0, k - len(first))]
    if not first or k < 1:
        return []
    first.sort(key=places.index)
    pool = [recommendations[place] for place in first]
    if leant:
        scores = np.array([leant[place] for place in first])
    else:
        scores = damped(
            np.array([each.p_accept for each in pool]),
            np.array([each.item.popularity for each in pool]),
            novelty=settings.novelty,
        )
        scores[0] = max(scores[0], scores.max())  # damping must not take the first place away
    chosen = mmr(scores, vectors[first], k=k, diversity=settings.diversity)
    return sorted((pool[place] for place in chosen), key=lambda one: (-one.p_accept, one.item.id))


def _by_kind(
    recommendations: Sequence[Recommendation], kinds: Sequence[str], never: Collection[str]
) -> list[list[int]]:
    """Places of the recommendations of each kind, those asked for first, in their order.

    Empty unless there are several of those asked for.
    """
    asked = dict.fromkeys(map(kind_name, kinds))
    found: dict[str, list[int]] = {name: [] for name in asked}
    for place, each in enumerate(recommendations):
        if each.item.id not in never:
            found.setdefault(kind_name(each.item.kind), []).append(place)
    several = sum(bool(found[name]) for name in asked) > 1
    return [group for group in found.values() if group] if several else []


def _shares(k: int, sizes: Sequence[int]) -> list[int]:
    """How many of each group make k, as even as they can be; the first have what is left over."""
    shares = [0] * len(sizes)
    while sum(shares) < min(k, sum(sizes)):
        _, place = min((share, at) for at, share in enumerate(shares) if share < sizes[at])
        shares[place] += 1
    return shares


def _in_turn(lists: Sequence[Sequence[Recommendation]]) -> list[Recommendation]:
    """The first of each list, then the second of each."""
    return [one for row in zip_longest(*lists) for one in row if one is not None]


def _one_of_each_series(
    recommendations: Sequence[Recommendation], places: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Places of the best of each series, and of the others, both in the order given."""
    first: list[int] = []
    spare: list[int] = []
    known: set[str] = set()
    for place in places:
        series = franchise(recommendations[place].item.title)
        (spare if series in known else first).append(place)
        known.add(series)
    return first, spare
