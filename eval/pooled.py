"""Figures of all cases together that are no mean over cases: F1, calibration error, areas, medians.

Each is a function of columns that a run keeps for its cases, and of how often each case counts, so
that units can be drawn again and two runs be compared case by case. A case with a column that is
not defined (nan) does not count.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.stats import rankdata

from simpatico.domain import Value
from simpatico.eval.purchase_figures import Judge

Numbers = NDArray[np.float64]
Columns = Mapping[str, Numbers]
Statistic = Callable[[Numbers], Numbers]
"""Weights of cases, (n_draws, n_cases), to the figure under each, (n_draws,); nan where none is."""

How = Literal[
    "macro-F1", "micro-F1", "ECE", "ECE, equal mass", "ROC AUC", "PR AUC", "P@20", "ratio",
    "median", "p95",
]  # fmt: skip
CUTOFF: Final = 20
"""Of "P@20"."""
N_BINS: Final = 10
"""Of equal width, for "ECE" (Guo et al., ICML 2017)."""

TRUE, SAID, CHANCE = "true: ", "said: ", "chance: "
"""What the columns of a label begin with: 0 or 1, 0 or 1, and from 0 to 1."""


class Pooled(Value):
    """A figure of a run that is no mean over cases.

    Attributes:
        metric: its name.
        how: macro- and micro-F1 are of the labels in `of` that hold of some case, by what was said;
            ECE is the gap between stated and actual share over bins of all (case, label) pairs;
            the areas and P@20 (the share of the twenty likeliest cases that it holds of, of a tie
            at their end the mean) are of each label's chance, which may be any number here, and the
            mean of them over labels; a ratio is the sum of one column over that of another; median
            and p95 are of one column.
        of: labels; for the last three, columns.
    """

    metric: str
    how: How
    of: tuple[str, ...]
    higher_is_better: bool = True


def needed(one: Pooled) -> tuple[str, ...]:
    """The columns that a figure is made of."""
    if one.how in ("macro-F1", "micro-F1"):
        return tuple(f"{kind}{label}" for label in one.of for kind in (TRUE, SAID))
    if one.how in ("ECE", "ECE, equal mass", "ROC AUC", "PR AUC", "P@20"):
        return tuple(f"{kind}{label}" for label in one.of for kind in (TRUE, CHANCE))
    return one.of


def defined(one: Pooled, columns: Columns) -> NDArray[np.bool_] | None:
    """Which cases count, (n,); None where a column is missing."""
    if any(name not in columns for name in needed(one)):
        return None
    return np.asarray(~np.isnan([columns[name] for name in needed(one)]).any(axis=0))


def statistic(one: Pooled, columns: Columns) -> Statistic:
    """The figure as a function of weights; of cases that count alone.

    Args:
        one: which.
        columns: by name (n,), all that are `needed`, none nan.
    """
    if one.how in ("macro-F1", "micro-F1"):
        return _f1(one, columns)
    if one.how == "ECE":
        return _calibration(*(_columns(columns, kind, one.of) for kind in (TRUE, CHANCE)))
    if one.how in ("median", "p95"):
        return _quantile(columns[one.of[0]], 0.5 if one.how == "median" else 0.95)
    if one.how == "ratio":
        above, below = (columns[name] for name in one.of)
        return lambda weights: _over(weights @ above, weights @ below)
    each = [_of_label(one.how, *(columns[f"{kind}{label}"] for kind in (TRUE, CHANCE)))
            for label in one.of]  # fmt: skip
    return lambda weights: np.mean([figure(weights) for figure in each], axis=0)


def _of_label(how: How, true: Numbers, chance: Numbers) -> Statistic:
    if how == "P@20":
        return _precision(true, chance)
    if how == "ROC AUC":
        return _roc(true, chance)
    labels = true.astype(np.int64)
    if how == "ECE, equal mass":
        judge = Judge(chance, labels)
        return lambda weights: np.array([judge.mass_gap(each) for each in weights])
    judge = Judge(rankdata(chance) / len(chance), labels)  # only the order counts
    return lambda weights: judge.areas(weights)[1]


def _roc(true: Numbers, chance: Numbers) -> Statistic:
    """How often what it holds of is likelier than what it does not; ties half (Mann-Whitney)."""
    steps = np.unique(chance[true > 0])
    place = 2 * np.searchsorted(steps, chance, "left") + np.isin(chance, steps)  # odd: at a step
    shape = (len(chance), 2 * len(steps) + 1)

    def at_places(of: NDArray[np.bool_]) -> sparse.csr_array:
        rows = np.flatnonzero(of)
        return sparse.csr_array((np.ones(len(rows)), (rows, place[rows])), shape=shape)

    holding, others = at_places(true > 0), at_places(true <= 0)

    def each(weights: Numbers) -> Numbers:
        above, below = weights @ holding, weights @ others  # (n_draws, n_places)
        lower = np.cumsum(below, axis=1) - below
        won = (above * (lower + below / 2)).sum(axis=1)
        return _over(won, above.sum(axis=1) * below.sum(axis=1))

    return each


def drawn_again(units: Sequence[str], n_draws: int, seed: int) -> Numbers:
    """How often each case counts when units are drawn again: (n_draws, n_cases)."""
    _, whose = np.unique(np.asarray(units), return_inverse=True)
    n_units = int(whose.max()) + 1 if len(whose) else 0
    rng = np.random.default_rng(seed)
    drawn = np.empty((n_draws, n_units))
    for at in range(n_draws):
        drawn[at] = np.bincount(rng.integers(n_units, size=n_units), minlength=n_units)
    return drawn[:, whose]


def calibration_bins(chance: Numbers, true: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Of each of `N_BINS` bins of equal width: how many fell in, mean chance, share true.

    Args:
        chance: (n, k) in [0, 1].
        true: (n, k) of 0 and 1.
    """
    place = _bin(chance).ravel()
    n, stated, actual = (
        np.bincount(place, weights=each, minlength=N_BINS).astype(np.float64)
        for each in (np.ones(len(place)), chance.ravel(), true.ravel())
    )
    return n, _over(stated, n), _over(actual, n)


def _columns(columns: Columns, kind: str, labels: Sequence[str]) -> Numbers:
    return np.stack([columns[f"{kind}{label}"] for label in labels], axis=1)


def _f1(one: Pooled, columns: Columns) -> Statistic:
    true, said = (_columns(columns, kind, one.of) for kind in (TRUE, SAID))
    occurs = true.any(axis=0) if true.any() else np.ones(len(one.of), dtype=bool)
    hits, total = 2 * true * said, true + said  # (n, k)

    def macro(weights: Numbers) -> Numbers:
        each = (weights @ hits) / np.maximum(weights @ total, 1e-12)
        return np.asarray(each[:, occurs].mean(axis=1))

    def micro(weights: Numbers) -> Numbers:
        return _over(weights @ hits.sum(axis=1), np.maximum(weights @ total.sum(axis=1), 1e-12))

    return macro if one.how == "macro-F1" else micro


def _calibration(true: Numbers, chance: Numbers) -> Statistic:
    place = _bin(chance)
    gap = np.zeros((len(true), N_BINS))
    for column in range(true.shape[1]):
        np.add.at(
            gap, (np.arange(len(true)), place[:, column]), (chance - true)[:, column]
        )  # (n, N_BINS)
    n_labels = true.shape[1]
    return lambda weights: _over(np.abs(weights @ gap).sum(axis=1), weights.sum(axis=1) * n_labels)


def _precision(true: Numbers, chance: Numbers) -> Statistic:
    order = np.argsort(-chance, kind="stable")
    begins = np.flatnonzero(np.r_[True, np.diff(chance[order]) != 0])  # of each run of a tie

    def each(weights: Numbers) -> Numbers:
        weight = weights[:, order]
        n = np.add.reduceat(weight, begins, axis=1)
        hits = np.add.reduceat(weight * true[order], begins, axis=1)
        taken = np.clip(CUTOFF - (np.cumsum(n, axis=1) - n), 0, n)
        return np.asarray((hits * taken / np.maximum(n, 1e-12)).sum(axis=1) / CUTOFF)

    return each


def _quantile(values: Numbers, share: float) -> Statistic:
    order = np.argsort(values, kind="stable")

    def each(weights: Numbers) -> Numbers:
        reached = np.cumsum(weights[:, order], axis=1)
        place = np.argmax(reached >= share * reached[:, -1:], axis=1)
        return np.asarray(values[order][place])

    return each


def _bin(chance: Numbers) -> NDArray[np.int64]:
    return np.minimum((chance * N_BINS).astype(np.int64), N_BINS - 1)


def _over(above: Numbers, below: Numbers) -> Numbers:
    out = np.full(np.shape(above), np.nan)
    return np.asarray(np.divide(above, below, out=out, where=below > 0))
