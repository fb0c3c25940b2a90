"""Is it as good for everybody? Figures by group of people, and the gaps between groups."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Value
from simpatico.eval.next_item import N_DRAWS, Interval
from simpatico.eval.record import Cases
from simpatico.eval.tables import Table

UNKNOWN: Final = ""
"""The group of who has none: they are in no row, and count as nobody's others."""

N_SHUFFLED: Final = 2000


class Group(Value):
    """One group's mean.

    Attributes:
        n: cases. n_units: people in them.
        less_others: the mean less that of all who are in another group.
    """

    name: str
    n: int
    n_units: int
    mean: Interval
    less_others: Interval


class Spread(Value):
    """How far a system's groups are apart in one metric.

    Attributes:
        by: what they are grouped by.
        spread: the best group's mean less the worst's.
        by_chance: the mean spread when who is in which group is shuffled.
        p: the share of shuffles with a spread at least as large, the one found among them.
    """

    system: str
    metric: str
    by: str
    groups: tuple[Group, ...]
    spread: float
    by_chance: float
    p: float


class _Units(NamedTuple):
    """Sums by unit, and which group each unit is in; a unit is wholly in one."""

    total: NDArray[np.float64]
    n: NDArray[np.float64]
    member: NDArray[np.int64]


def gap(
    system: str,
    metric: str,
    by: str,
    values: NDArray[np.float64],
    units: Sequence[str],
    groups: Sequence[str],
    *,
    seed: int = 0,
) -> Spread | None:
    """The means of groups, with intervals; None when fewer than two groups have a value.

    Units (people, dialogues) are drawn again, for intervals, and dealt anew, for chance.

    Args:
        system: whose values these are.
        metric: what they are of.
        by: what the groups are of.
        values: (n,), nan where not defined.
        units: (n,).
        groups: (n,), `UNKNOWN` for none.
        seed: of draws and shuffles.

    Raises:
        ValueError: a unit is in two groups.
    """
    there = ~np.isnan(values) & (np.asarray(groups) != UNKNOWN)
    names, of_case = np.unique(np.asarray(groups)[there], return_inverse=True)
    if len(names) < 2:
        return None
    people, who = np.unique(np.asarray(units)[there], return_inverse=True)
    member = np.zeros(len(people), dtype=np.int64)
    member[who] = of_case
    if (member[who] != of_case).any():
        raise ValueError(f"wanted each unit in one group by {by}, got one in two")
    total = np.bincount(who, values[there]).astype(np.float64)
    of = _Units(total, np.bincount(who).astype(np.float64), member)
    means = _means(of, None, len(names))
    rng = np.random.default_rng(seed)
    n = len(people)
    drawn = (np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(N_DRAWS))
    again = np.stack([_means(of, times, len(names)) for times in drawn])
    shuffled = np.array(
        [
            np.ptp(_means(of._replace(member=rng.permutation(member)), None, len(names))[0])
            for _ in range(N_SHUFFLED)
        ]
    )
    spread = float(np.ptp(means[0]))
    return Spread(
        system=system,
        metric=metric,
        by=by,
        groups=tuple(
            Group(
                name=str(name),
                n=int((of_case == at).sum()),
                n_units=int((member == at).sum()),
                mean=_interval(means[0, at], again[:, 0, at]),
                less_others=_interval(
                    means[0, at] - means[1, at], again[:, 0, at] - again[:, 1, at]
                ),
            )
            for at, name in enumerate(names)
        ),
        spread=spread,
        by_chance=float(shuffled.mean()),
        p=float((1 + (shuffled >= spread - 1e-12).sum()) / (1 + N_SHUFFLED)),
    )


def gaps(
    cases: Mapping[str, Cases], metrics: Sequence[str], by: Sequence[str], *, seed: int = 0
) -> tuple[Spread, ...]:
    """The gaps of every system, for groups that cases name among their texts."""
    found = (
        gap(name, metric, what, each.values[metric], each.unit, each.texts[what], seed=seed)
        for name, each in cases.items()
        for metric in metrics
        for what in by
        if metric in each.values and what in each.texts
    )
    return tuple(one for one in found if one is not None)


def table_of(found: Sequence[Spread], title: str) -> Table:
    """Gaps as a table: a row for each group."""
    rows = []
    for one in found:
        for at, group in enumerate(one.groups):
            rest = group.less_others
            rows.append(
                (
                    one.system,
                    one.metric,
                    f"{one.by}: {group.name}",
                    str(group.n_units),
                    f"{group.mean.mean:.4f} ({group.mean.low:.3f} to {group.mean.high:.3f})",
                    f"{rest.mean:+.4f} ({rest.low:+.3f} to {rest.high:+.3f})",
                    "" if at else f"{one.spread:.4f} ({one.by_chance:.4f}), p {one.p:.3f}",
                )
            )
    return Table(
        title=title,
        columns=(
            *("system", "metric", "group", "n", "mean", "less the others"),
            "best less worst (by chance), p",
        ),
        rows=tuple(rows),
        notes=(
            f"In brackets: 95 %, units drawn again {N_DRAWS:,} times. By chance: the mean when who"
            f" is in which group is dealt anew {N_SHUFFLED:,} times; p: how often that is as far"
            " apart. Nothing is corrected for the number of rows.",
        ),
    )


def _means(of: _Units, times: NDArray[np.number] | None, n_groups: int) -> NDArray[np.float64]:
    """(2, n_groups): each group's mean, and that of all others; nan where nobody is.

    Args:
        of: sums by unit.
        times: (n_units,) how often each unit counts; None: once.
        n_groups: how many groups.
    """
    weight = np.ones(len(of.total)) if times is None else times
    total = np.bincount(of.member, weights=of.total * weight, minlength=n_groups)
    n = np.bincount(of.member, weights=of.n * weight, minlength=n_groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.stack([total / n, (total.sum() - total) / (n.sum() - n)])


def _interval(mean: float, drawn: NDArray[np.float64]) -> Interval:
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Interval(mean=float(mean), low=float(low), high=float(high))
