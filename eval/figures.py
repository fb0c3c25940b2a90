"""Figures of systems on cases, with intervals, and how far apart two systems are on them."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Value
from simpatico.eval.next_item import N_DRAWS, Interval
from simpatico.eval.pooled import Numbers, Pooled, defined, drawn_again, statistic


class Cases(NamedTuple):
    """One system on n cases.

    Attributes:
        case: (n,) ids, each once; what pairs systems and runs.
        unit: (n,) who or what is drawn again for intervals: the person, the dialogue.
        values: by metric (n,) float64, nan where it is not defined.
        failed: (n,) of bool: no usable answer came, and the values are those of a miss.
        texts: by name (n,), to read.
        columns: by name (n,) float64, what pooled figures are made of.
    """

    case: tuple[str, ...]
    unit: tuple[str, ...]
    values: Mapping[str, NDArray[np.float64]]
    failed: NDArray[np.bool_]
    texts: Mapping[str, tuple[str, ...]] = {}
    columns: Mapping[str, NDArray[np.float64]] = {}


class Figure(Value):
    """A metric with the middle 95 % of it when units are drawn again.

    Attributes:
        mean: over cases; of a pooled metric, of all cases together.
        n: cases that it is defined for.
        higher_is_better: how two runs are compared.
    """

    metric: str
    mean: float
    low: float
    high: float
    n: int
    higher_is_better: bool = True


class System(Value):
    """One system's figures; `about`: (what, how) is worth telling of it, such as its seeds."""

    name: str
    figures: tuple[Figure, ...]
    n_failed: int = 0
    about: tuple[tuple[str, str], ...] = ()


class Gap(Value):
    """What a system has more of a metric than another, with the middle 95 % of it."""

    system: str
    less: str
    metric: str
    mean: float
    low: float
    high: float
    n: int


def grouped(
    values: NDArray[np.float64], units: Sequence[str] | NDArray[Any], seed: int = 0
) -> Interval:
    """The mean over cases, and how far it may be off when whole units are drawn again.

    Args:
        values: (n,), nan where not defined.
        units: (n,).
        seed: of the draws.

    Raises:
        ValueError: no value is defined.
    """
    there = ~np.isnan(values)
    if not there.any():
        raise ValueError("wanted values, all are nan")
    _, group = np.unique(np.asarray(units)[there], return_inverse=True)
    total, n = np.bincount(group, weights=values[there]), np.bincount(group)
    drawn = np.random.default_rng(seed).integers(len(n), size=(N_DRAWS, len(n)))
    low, high = np.percentile(total[drawn].sum(axis=1) / n[drawn].sum(axis=1), [2.5, 97.5])
    return Interval(mean=float(values[there].mean()), low=float(low), high=float(high))


def pooled_of(
    one: Pooled, before: Cases | None, after: Cases, seed: int = 0
) -> tuple[Interval, int] | None:
    """A pooled figure of `after`, or how far it is above that of `before`; and of how many cases.

    Args:
        one: which.
        before: the same cases by another system or in another run, if two are compared; the same
            units are drawn for both.
        after: the cases.
        seed: of the draws.

    Returns:
        None where it is not defined.
    """
    both = (after,) if before is None else (after, before)
    there = [defined(one, each.columns) for each in both]
    if any(each is None for each in there):
        return None
    rows = np.flatnonzero(np.logical_and.reduce([each for each in there if each is not None]))
    if not len(rows):
        return None
    weights = _weights(tuple(after.unit[at] for at in rows), seed)
    all_once = np.ones((1, len(rows)))
    told, every = [], []
    for each in both:
        figure = statistic(one, {name: column[rows] for name, column in each.columns.items()})
        told.append(float(figure(all_once)[0]))
        every.append(figure(weights))
    if np.isnan(told).any():
        return None
    drawn = every[0] if before is None else every[0] - every[1]
    value = told[0] if before is None else told[0] - told[1]
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Interval(mean=value, low=float(low), high=float(high)), len(rows)


def system_of(
    name: str,
    cases: Cases,
    *,
    pooled: Sequence[Pooled] = (),
    lower_is_better: Sequence[str] = (),
    about: Mapping[str, str] | None = None,
    seed: int = 0,
) -> System:
    """The figures of a system, pooled ones first; a metric that is defined nowhere has none.

    Raises:
        ValueError: columns of different lengths, or a case twice.
    """
    lengths = {len(cases.unit), len(cases.failed)}
    for columns in (cases.values, cases.texts, cases.columns):
        lengths |= {len(each) for each in columns.values()}
    if lengths != {len(cases.case)}:
        raise ValueError(f"wanted {len(cases.case)} rows in every column of {name}")
    if len(set(cases.case)) != len(cases.case):
        raise ValueError(f"wanted each case of {name} once")
    figures = []
    for one in pooled:
        if told := pooled_of(one, None, cases, seed):
            figures.append(
                Figure(
                    metric=one.metric,
                    n=told[1],
                    higher_is_better=one.higher_is_better,
                    **told[0].model_dump(),
                )
            )
    for metric, values in cases.values.items():
        n = int((~np.isnan(values)).sum())
        if n:
            found = grouped(values, cases.unit, seed)
            figures.append(
                Figure(
                    metric=metric,
                    n=n,
                    higher_is_better=metric not in lower_is_better,
                    **found.model_dump(),
                )
            )
    return System(
        name=name,
        figures=tuple(figures),
        n_failed=int(cases.failed.sum()),
        about=tuple((about or {}).items()),
    )


def gaps(
    ours: tuple[str, Cases],
    theirs: tuple[str, Cases],
    *,
    pooled: Sequence[Pooled] = (),
    seed: int = 0,
) -> tuple[Gap, ...]:
    """What one system has more than another on the same cases, the same units drawn for both.

    Args:
        ours: its name and cases.
        theirs: likewise, the same cases in the same order.
        pooled: figures that are no means.
        seed: of the draws.
    """
    (name, mine), (less, other) = ours, theirs
    found = []
    for one in pooled:
        if gap := pooled_of(one, other, mine, seed):
            found.append((one.metric, gap[0], gap[1]))
    for metric, values in mine.values.items():
        apart = values - other.values.get(metric, np.full(len(values), np.nan))
        n = int((~np.isnan(apart)).sum())
        if n:
            found.append((metric, grouped(apart, mine.unit, seed), n))
    return tuple(
        Gap(system=name, less=less, metric=metric, n=n, **gap.model_dump())
        for metric, gap, n in found
    )


@lru_cache(maxsize=4)
def _weights(units: tuple[str, ...], seed: int) -> Numbers:
    return drawn_again(units, N_DRAWS, seed)
