"""`simpatico eval compare A B`: what got better or worse from one run to another, case by case."""

from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

import numpy as np

from simpatico.errors import DataError
from simpatico.eval.figures import Cases, grouped, pooled_of
from simpatico.eval.next_item import Interval
from simpatico.eval.pooled import Pooled
from simpatico.eval.record import Run
from simpatico.eval.tables import Table

Verdict = Literal["better", "worse", "no difference"]
N_TOLD: Final = 5


class Change(NamedTuple):
    """One metric of one system in both runs: what it was, what it is, and the paired difference.

    `verdict` is "no difference" unless the interval of the difference leaves out 0.
    """

    system: str
    metric: str
    n: int
    before: float
    after: float
    difference: Interval
    verdict: Verdict


class Turned(NamedTuple):
    """A case whose value changed most, by id."""

    system: str
    metric: str
    case: str
    before: float
    after: float


def changes(before: Run, after: Run) -> list[Change]:
    """Compare systems of the same name on the cases that both runs have.

    Raises:
        DataError: another task, other data or another protocol, so that nothing can be said; or
            no system and case in common.
    """
    a, b = before.record, after.record
    if a.task != b.task:
        raise DataError(f"wanted two runs of one task, got {a.task} and {b.task}")
    if a.protocol != b.protocol:
        told = sorted({what for what, _ in set(a.protocol) ^ set(b.protocol)})
        raise DataError(f"the runs differ in protocol: {', '.join(told)}")
    if set(a.data) != set(b.data):
        names = sorted({name for name, _ in set(a.data) ^ set(b.data)})
        raise DataError(f"the runs read different data: {', '.join(names)}")
    falls = {one.metric for each in b.systems for one in each.figures if not one.higher_is_better}
    found = []
    for name, now in after.cases.items():
        if name in before.cases:
            was, rows = _common(before.cases[name], now)
            pooled = [one for one in b.pooled if one in a.pooled]
            found += [*_pooled(name, was, rows, pooled), *_changes(name, was, rows, falls)]
    if not found:
        raise DataError("the runs have no system and case in common")
    return found


def turned(before: Run, after: Run, metric: str) -> list[Turned]:
    """The cases whose `metric` changed most, of every system, worst fall first."""
    found = []
    for name, now in after.cases.items():
        was = before.cases.get(name)
        if was is None or metric not in was.values or metric not in now.values:
            continue
        place = {case: at for at, case in enumerate(was.case)}
        for at, case in enumerate(now.case):
            if case in place:
                pair = (was.values[metric][place[case]], now.values[metric][at])
                if not np.isnan(pair).any() and pair[0] != pair[1]:
                    found.append(Turned(name, metric, case, float(pair[0]), float(pair[1])))
    return sorted(found, key=lambda one: (one.after - one.before, one.system, one.case))


def table_of(before: Run, after: Run) -> Table:
    """The comparison as a table, with the cases that fell and rose most."""
    every = changes(before, after)
    rows = [
        (
            one.system,
            one.metric,
            f"{one.before:.4f}",
            f"{one.after:.4f}",
            f"{one.difference.mean:+.4f} ({one.difference.low:+.4f} to {one.difference.high:+.4f})",
            one.verdict,
        )
        for one in every
    ]
    metric = next(iter(next(iter(after.cases.values())).values), "")
    moved = turned(before, after, metric)
    told = [*moved[:N_TOLD], *moved[N_TOLD:][-N_TOLD:]]
    return Table(
        title=f"{after.record.title}: {before.record.commit} to {after.record.commit}",
        columns=("system", "metric", "before", "after", "difference, 95 %", "verdict"),
        rows=tuple(rows),
        notes=(
            f"{every[0].n} cases in common; units drawn again, the same for both runs."
            " A difference counts when its interval leaves out 0; with many rows, one in twenty"
            " does so by chance.",
            *(
                f"{one.system}, {one.metric}, case {one.case}: {one.before:.3f} to {one.after:.3f}"
                for one in told
            ),
        ),
    )


def _common(was: Cases, now: Cases) -> tuple[Cases, Cases]:
    """The cases that both have, in the order of `now`."""
    place = {case: at for at, case in enumerate(was.case)}
    common = [at for at, case in enumerate(now.case) if case in place]
    return _rows(was, [place[now.case[at]] for at in common]), _rows(now, common)


def _rows(cases: Cases, rows: Sequence[int]) -> Cases:
    at = np.array(rows, dtype=np.int64)
    return Cases(
        tuple(cases.case[row] for row in rows),
        tuple(cases.unit[row] for row in rows),
        {metric: values[at] for metric, values in cases.values.items()},
        cases.failed[at],
        columns={name: values[at] for name, values in cases.columns.items()},
    )


def _changes(name: str, was: Cases, now: Cases, falls: set[str]) -> Iterator[Change]:
    units = np.array(now.unit, dtype=object).astype(str)
    for metric, after in now.values.items():
        if metric not in was.values:
            continue
        before = was.values[metric]
        there = ~(np.isnan(before) | np.isnan(after))
        if there.any():
            gap = grouped(after[there] - before[there], units[there])
            means = float(before[there].mean()), float(after[there].mean())
            verdict = _verdict(gap, falls=metric in falls)
            yield Change(name, metric, int(there.sum()), *means, gap, verdict)


def _pooled(name: str, was: Cases, now: Cases, pooled: Sequence[Pooled]) -> Iterator[Change]:
    for one in pooled:
        gap = pooled_of(one, was, now)
        after = pooled_of(one, None, now)
        if gap and after:
            means = after[0].mean - gap[0].mean, after[0].mean
            verdict = _verdict(gap[0], falls=not one.higher_is_better)
            yield Change(name, one.metric, gap[1], *means, gap[0], verdict)


def _verdict(gap: Interval, *, falls: bool) -> Verdict:
    if gap.low <= 0 <= gap.high:
        return "no difference"
    return "better" if (gap.mean > 0) != falls else "worse"
