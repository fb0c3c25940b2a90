"""How good chances of a rare event are: order, sharpness, and whether they come true.

Every figure takes weights, so that sessions can be drawn again (bootstrap) by counting how often
each was drawn; rows of one session are drawn together.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Value

N_BINS: Final = 15
N_DRAWS: Final = 1000

Numbers = NDArray[np.float64]


class Figures(NamedTuple):
    """Of chances against what happened.

    Attributes:
        roc_auc: chance that a bought row stands above one that was not, ties half.
        pr_auc: mean precision at each bought row (average precision).
        log_loss: in nats.
        ece: mean gap between stated and actual share over `N_BINS` bins of equal mass.
        ece_width: the same over bins of equal width (Guo et al., 2017).
    """

    roc_auc: float
    pr_auc: float
    log_loss: float
    ece: float
    ece_width: float


class Range(Value):
    """A figure with the middle 95 % of what it is when sessions are drawn again."""

    value: float
    low: float
    high: float


class Judge:
    """Chances and labels, put in order once and judged under many weights."""

    def __init__(self, chances: Numbers, labels: NDArray[np.int64]) -> None:
        """Take (n,) chances from 0 to 1 and labels 0 or 1.

        Raises:
            ValueError: chances that are not within 0 and 1.
        """
        if not ((chances >= 0) & (chances <= 1)).all():
            raise ValueError("wanted chances from 0 to 1")
        self._order = np.argsort(-chances, kind="stable")
        self.chances, self.labels = chances[self._order], labels[self._order]
        ends = np.append(np.flatnonzero(np.diff(self.chances)), len(chances) - 1)
        self._ends = ends
        self._lowest = np.repeat(ends, np.diff(np.append(-1, ends)))
        held = np.clip(self.chances, 1e-12, 1 - 1e-12)
        self._loss = -np.where(self.labels > 0, np.log(held), np.log1p(-held))
        self._wide = np.minimum((self.chances * N_BINS).astype(int), N_BINS - 1)

    def figures(self, weights: Numbers | None = None) -> Figures:
        """All figures under weights, (n,) in the order given, or all 1.

        Raises:
            ValueError: rows of one label only.
        """
        n = len(self.chances)
        given = np.ones(n) if weights is None else weights
        weight = given[self._order]
        roc_auc, pr_auc = self.areas(given[None])
        if np.isnan(roc_auc[0]):
            raise ValueError("wanted rows bought and rows not bought")
        return Figures(
            float(roc_auc[0]),
            float(pr_auc[0]),
            float((self._loss * weight).sum() / weight.sum()),
            _gap(self.chances, self.labels, weight, self.mass_bins(weight)),
            _gap(self.chances, self.labels, weight, self._wide),
        )

    def areas(self, weights: Numbers) -> tuple[Numbers, Numbers]:
        """ROC AUC and PR AUC under many weights, (n_draws, n) in the order given: (n_draws,) each.

        Both are nan where only one label counts.
        """
        weight = weights[:, self._order]
        bought = np.cumsum(weight * self.labels, axis=1)[:, self._ends]
        others = np.cumsum(weight * (1 - self.labels), axis=1)[:, self._ends]
        with np.errstate(invalid="ignore"):
            hit, false = bought / bought[:, -1:], others / others[:, -1:]
        hit, false = (np.concatenate([np.zeros((len(x), 1)), x], axis=1) for x in (hit, false))
        precision = bought / np.maximum(bought + others, 1e-12)
        roc_auc = (np.diff(false) * (hit[:, 1:] + hit[:, :-1]) / 2).sum(axis=1)
        pr_auc = (np.diff(hit) * precision).sum(axis=1)
        return roc_auc, np.where(np.isnan(roc_auc), np.nan, pr_auc)

    def mass_gap(self, weights: Numbers) -> float:
        """The gap over bins of equal mass alone, under weights, (n,) in the order given."""
        weight = weights[self._order]
        return _gap(self.chances, self.labels, weight, self.mass_bins(weight))

    def mass_bins(self, weight: Numbers) -> NDArray[np.int64]:
        """Bins of equal weight, (n,), in the order of falling chance; equal ones share a bin."""
        middle = weight.sum() - np.cumsum(weight) + weight / 2
        bins = np.minimum((middle / weight.sum() * N_BINS).astype(int), N_BINS - 1)
        return np.asarray(bins[self._lowest])


def figures(chances: Numbers, labels: NDArray[np.int64], weights: Numbers | None = None) -> Figures:
    """All figures of rows, (n,) each; see `Judge` for the errors."""
    return Judge(chances, labels).figures(weights)


def _gap(
    chances: Numbers, labels: NDArray[np.int64], weight: Numbers, bins: NDArray[np.int64]
) -> float:
    stated = np.bincount(bins, weights=weight * chances)
    actual = np.bincount(bins, weights=weight * labels)
    return float(np.abs(stated - actual).sum() / weight.sum())


def draws(sessions: NDArray[np.int64], *, seed: int, n_draws: int = N_DRAWS) -> Numbers:
    """Weights of rows when sessions are drawn again: (n_draws, n_rows)."""
    _, whose = np.unique(sessions, return_inverse=True)
    n = int(whose.max()) + 1
    rng = np.random.default_rng(seed)
    counts = np.stack([np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(n_draws)])
    return counts[:, whose].astype(np.float64)


def ranges(chances: Numbers, labels: NDArray[np.int64], drawn: Numbers) -> tuple[Range, ...]:
    """Each of `Figures` with its range."""
    judge = Judge(chances, labels)
    every = np.array([judge.figures(weight) for weight in drawn])
    return _ranges(np.array(judge.figures()), every)


def paired(ours: Numbers, theirs: Numbers, labels: NDArray[np.int64],
           drawn: Numbers) -> tuple[Range, ...]:  # fmt: skip
    """Each of `Figures` of ours less theirs, the same sessions drawn for both."""
    first, second = Judge(ours, labels), Judge(theirs, labels)
    told = np.subtract(first.figures(), second.figures())
    every = np.array([np.subtract(first.figures(w), second.figures(w)) for w in drawn])
    return _ranges(told, every)


def ece_by_chance(chances: Numbers, *, seed: int, n_draws: int = 200) -> float:
    """The equal-mass ECE that these chances would have if they were right, in the mean."""
    rng = np.random.default_rng(seed)
    weight = np.ones(len(chances))
    judge = Judge(chances, np.zeros(len(chances), dtype=np.int64))
    bins = judge.mass_bins(weight)
    drawn = (rng.random((n_draws, len(chances))) < judge.chances).astype(np.int64)
    return float(np.mean([_gap(judge.chances, labels, weight, bins) for labels in drawn]))


def _ranges(told: Numbers, every: Numbers) -> tuple[Range, ...]:
    low, high = np.percentile(every, [2.5, 97.5], axis=0)
    return tuple(
        Range(value=float(v), low=float(a), high=float(b))
        for v, a, b in zip(told, low, high, strict=True)
    )
