"""What is known of an item in a session before anything is ordered, as numbers.

A number that is not known is nan: how long the newest item was looked at, how an item sold that
nobody saw. How items, brands, categories and shops sell is counted on sessions to learn from only,
and for one of those sessions on the others of them (cross-fitting): with its own label in the
count, a rare item would tell the answer.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.finetune.purchase_data import (
    COMMENT,
    FACETS,
    FOLLOW,
    ORDER,
    UNKNOWN,
    VIEW,
    Browsing,
)

Numbers = NDArray[np.float64]

N_FOLDS: Final = 10
SHRINK: Final = 10.0
"""Rows at the overall rate that are added to a count before its share bought is taken."""

_LOOKED: Final = ("log views", "share of views", "log steps since", "first seen at",
                  "last seen at", "came back", "followed", "commented",
                  "log seconds looked", "log seconds since")  # fmt: skip
_SESSION: Final = ("log views of session", "log items of session", "log seconds of session",
                   "log mean gap", "hour sine", "hour cosine", "categories", "brands",
                   "shops")  # fmt: skip
_ALIKE: Final = tuple(
    f"{what} {facet}"
    for facet in FACETS
    for what in ("share of same", "later of same", "last is of same", "newest of same")
)
_PERSON: Final = ("log earlier sessions", "log earlier orders", "log hours since session",
                  "seen before", "ordered before", "ordered category before")  # fmt: skip
_LEVELS: Final = ("item", *FACETS)
_SALES: Final = tuple(
    f"{what} {level}"
    for level in _LEVELS
    for what in ("log seen", "share bought", "log orders", "beside session")
)

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "how it was looked at": _LOOKED,
    "the session": _SESSION,
    "others like it": _ALIKE,
    "the person before": _PERSON,
    "the item's age": ("years on market",),
    "how it sells": _SALES,
}
"""Names of the numbers by what they tell, in the order of the columns."""

NAMES: Final = tuple(name for group in GROUPS.values() for name in group)


class Levels(NamedTuple):
    """Counts for each value of one level (item, brand, category or shop), (n_values,) each."""

    seen: Numbers
    bought: Numbers
    orders: Numbers


def features(
    data: Browsing, learn: NDArray[np.bool_], *, n_folds: int = N_FOLDS, seed: int = 0
) -> Numbers:
    """Every row's numbers: (n_rows, len(NAMES)), nan where not known.

    Args:
        data: with the rows.
        learn: (n_sessions,) the sessions whose orders and labels may be counted.
        n_folds: of people, for the counts that a session to learn from gets.
        seed: of the folds.
    """
    return np.concatenate([behaviour(data), sales(data, learn, n_folds=n_folds, seed=seed)], axis=1)


def columns_of(group: str) -> NDArray[np.int64]:
    """Places of a group's numbers."""
    return np.array([NAMES.index(name) for name in GROUPS[group]], dtype=np.int64)


def person_folds(data: Browsing, n_folds: int, seed: int) -> NDArray[np.int64]:
    """A fold for each session, (n_sessions,), such that all of one person are in one."""
    drawn = np.random.default_rng(seed).permutation(int(data.users.max()) + 1) % n_folds
    return np.asarray(drawn[data.users])


def behaviour(data: Browsing) -> Numbers:
    """What the session's own events and the person's earlier ones say, without any label.

    A session to learn from does not see earlier sessions that are kept for measuring.
    """
    found = np.full((len(data.item), len(NAMES) - len(_SALES)), np.nan)
    starts = np.searchsorted(data.session, np.arange(len(data.sessions) + 1))
    earlier = _earlier(data)
    for s in range(len(data.sessions)):
        rows = slice(starts[s], starts[s + 1])
        if rows.stop > rows.start:
            found[rows] = _of_session(data, s, data.item[rows], earlier[s])
    return found


def _of_session(
    data: Browsing, s: int, items: NDArray[np.int64], earlier: NDArray[np.int64]
) -> Numbers:
    own = slice(data.first[s], data.known[s])
    kinds, what, times = data.kinds[own], data.what[own], data.times[own]
    views = kinds == VIEW
    seen, at = what[views], times[views]
    n, facets = len(seen), data.facets[seen]
    next_at = np.append(at[1:], np.nan)
    looked = np.minimum(next_at - at, _LONGEST)
    begun = at[0]
    hour = begun % 86400 / 86400 * 2 * np.pi
    seconds = at[-1] - begun
    session = [np.log1p(n), np.log1p(len(np.unique(seen))), np.log1p(seconds),
               np.log1p(seconds / (n - 1)), np.sin(hour), np.cos(hour),
               *(len(np.unique(facets[:, k])) / n for k in (1, 0, 2))]  # fmt: skip
    person = _person(data, earlier, begun)
    had = data.what[earlier]
    orders = had[data.kinds[earlier] == ORDER]
    found = np.empty((len(items), len(NAMES) - len(_SALES)))
    for row, item in enumerate(items):
        mine = np.flatnonzero(seen == item)
        dwell = looked[mine]
        spent = np.nan if np.isnan(dwell).all() else float(np.nansum(dwell))
        own_facets = data.facets[item]
        alike = []
        for k in range(len(FACETS)):
            if own_facets[k] == UNKNOWN:
                alike += [np.nan] * 4
                continue
            same = np.flatnonzero((facets[:, k] == own_facets[k]) & (seen != item))
            alike += [len(same) / n, (same > mine[-1]).sum() / n,
                      float(facets[-1, k] == own_facets[k]),
                      float(not (same > mine[-1]).any())]  # fmt: skip
        found[row] = [
            np.log1p(len(mine)), len(mine) / n, np.log1p(n - 1 - mine[-1]),
            mine[0] / (n - 1), mine[-1] / (n - 1), float((np.diff(mine) > 1).any()),
            float((what[kinds == FOLLOW] == item).any()),
            float((what[kinds == COMMENT] == item).any()),
            np.log1p(spent), np.log1p(at[-1] - at[mine[-1]]),
            *session, *alike, *person,
            float((had == item).any()), float((orders == item).any()),
            float((data.facets[orders, 1] == own_facets[1]).any()),
            (_month_of(begun) - data.months[item]) / 12,
        ]  # fmt: skip
    return found


_LONGEST: Final = 1800.0
"""Seconds from one view to the next that count as looking, at most."""


def _person(data: Browsing, earlier: NDArray[np.int64], begun: float) -> list[float]:
    if not len(earlier):
        return [0.0, 0.0, np.nan]
    sessions = np.unique(np.searchsorted(data.first, earlier, side="right"))
    n_orders = int((data.kinds[earlier] == ORDER).sum())
    hours = (begun - data.times[earlier].max()) / 3600
    return [float(np.log1p(len(sessions))), float(np.log1p(n_orders)), float(np.log1p(hours))]


def _earlier(data: Browsing) -> list[NDArray[np.int64]]:
    """For each session the events of the person's other sessions before it began, all kinds."""
    by_user: dict[int, list[int]] = {}
    for s, user in enumerate(data.users):
        by_user.setdefault(int(user), []).append(s)
    found = []
    for s, user in enumerate(data.users):
        begun = data.times[data.first[s]]
        others = [t for t in by_user[int(user)] if t != s and data.test[t] <= data.test[s]]
        places = [np.arange(data.first[t], data.first[t + 1]) for t in others]
        joined = np.concatenate(places) if places else np.zeros(0, dtype=np.int64)
        found.append(joined[data.times[joined] < begun])
    return found


def _month_of(seconds: float) -> float:
    """Months since year 0 of a time."""
    return float(np.datetime64(int(seconds), "s").astype("datetime64[M]").astype(int)) + 1970 * 12


def sales(
    data: Browsing, learn: NDArray[np.bool_], *, n_folds: int = N_FOLDS, seed: int = 0
) -> Numbers:
    """How items, brands, categories and shops sell: (n_rows, len(GROUPS["how it sells"])).

    Rows of sessions in `learn` get the counts of the other folds of people, the others all.
    """
    fold = person_folds(data, n_folds, seed)
    parts = [_counts(data, learn & (fold == k)) for k in range(n_folds)]
    whole = [_sum([part[level] for part in parts]) for level in range(len(_LEVELS))]
    found = np.empty((len(data.item), len(_SALES)))
    for k in range(-1, n_folds):
        chosen = ~learn if k < 0 else learn & (fold == k)
        rows = np.flatnonzero(chosen[data.session])
        left = whole if k < 0 else [_less(w, p) for w, p in zip(whole, parts[k], strict=True)]
        base = left[0].bought.sum() / max(left[0].seen.sum(), 1)
        for level, counts in enumerate(left):
            at = 4 * level
            found[rows, at : at + 3] = _told(counts, _values(data, level)[data.item[rows]], base)
    for level in range(len(_LEVELS)):
        found[:, 4 * level + 3] = _beside(found[:, 4 * level + 1], data.session)
    return found


def _values(data: Browsing, level: int) -> NDArray[np.int64]:
    """Each item's value of a level, (n_items,)."""
    return np.arange(len(data.items)) if level == 0 else data.facets[:, level - 1]


def _counts(data: Browsing, sessions: NDArray[np.bool_]) -> list[Levels]:
    rows = sessions[data.session]
    whose = np.repeat(np.arange(len(data.sessions)), np.diff(data.first))
    ordered = data.what[sessions[whose] & (data.kinds == ORDER)]
    found = []
    for level in range(len(_LEVELS)):
        values = _values(data, level)
        size = int(values.max(initial=0)) + 1

        def count(items: NDArray[np.int64], weights: NDArray[np.int64] | None = None,
                  values: NDArray[np.int64] = values, size: int = size) -> Numbers:  # fmt: skip
            known = values[items] != UNKNOWN
            return np.bincount(values[items][known], minlength=size,
                               weights=None if weights is None else weights[known]
                               ).astype(np.float64)  # fmt: skip

        found.append(
            Levels(
                count(data.item[rows]), count(data.item[rows], data.bought[rows]), count(ordered)
            )
        )
    return found


def _sum(parts: list[Levels]) -> Levels:
    return Levels(*(np.sum([getattr(each, name) for each in parts], axis=0)
                    for name in Levels._fields))  # fmt: skip


def _less(whole: Levels, part: Levels) -> Levels:
    return Levels(*(a - b for a, b in zip(whole, part, strict=True)))


def _told(counts: Levels, values: NDArray[np.int64], base: float) -> Numbers:
    """How often seen, the share bought and how often ordered; nan for a value nobody saw."""
    seen, bought, orders = (each[values] for each in counts)
    share = (bought + SHRINK * base) / (seen + SHRINK)
    unseen = (values == UNKNOWN) | (seen + orders == 0)
    table = np.stack([np.log1p(seen), share, np.log1p(orders)], axis=1)
    table[unseen] = np.nan
    return np.asarray(table)


def _beside(share: Numbers, session: NDArray[np.int64]) -> Numbers:
    """A share less the mean of those of its session that are known."""
    known = ~np.isnan(share)
    total = np.bincount(session[known], weights=share[known], minlength=int(session.max()) + 1)
    n = np.bincount(session[known], minlength=int(session.max()) + 1)
    return np.asarray(share - (total / np.maximum(n, 1))[session])
