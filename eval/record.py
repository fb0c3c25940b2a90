"""What a task of the harness found, kept so that others can defend it or take it apart.

    <folder>/run.json        figures, and all that has to be equal for two runs to be compared
             cases.parquet   one row for each case of each system, with its values
             table.md        the figures as a table
             report.html     see `simpatico.eval.report`

A case that a system failed on is kept with `failed` and the value of a miss; a value that is not
defined for a case (no liked target to find) is nan, and does not count. A metric named "F1: joy" is
one of the group "F1", which has a table and a plot of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic import AwareDatetime, ValidationError

from simpatico.domain import Value
from simpatico.errors import DataError
from simpatico.eval.figures import Cases as Cases
from simpatico.eval.figures import Figure as Figure
from simpatico.eval.figures import Gap, gaps, system_of
from simpatico.eval.figures import System as System
from simpatico.eval.figures import grouped as grouped
from simpatico.eval.next_item import N_DRAWS
from simpatico.eval.pooled import Pooled
from simpatico.eval.ran import commit, sha256, versions
from simpatico.eval.tables import Table, to_markdown

RUN, CASES, TABLE = "run.json", "cases.parquet", "table.md"


class Check(Value):
    """One look for leakage: what was looked for, how often it was found."""

    what: str
    n_found: int
    n: int


class Record(Value):
    """A run.

    Attributes:
        task: of the harness.
        data: (file name, sha256) of everything that was read.
        protocol: (what, how); with `data`, what must be equal for a comparison.
        skipped: (why, how many) of cases that nobody was asked.
        pooled: what systems are measured by besides means over cases.
        gaps: what the first system has more than each other.
    """

    version: Literal[1] = 1
    task: str
    title: str
    at: AwareDatetime
    command: str
    seed: int
    commit: str
    versions: tuple[tuple[str, str], ...]
    data: tuple[tuple[str, str], ...]
    protocol: tuple[tuple[str, str], ...]
    n: int
    skipped: tuple[tuple[str, int], ...]
    checks: tuple[Check, ...]
    systems: tuple[System, ...]
    pooled: tuple[Pooled, ...] = ()
    gaps: tuple[Gap, ...] = ()


class Run(NamedTuple):
    """A record with its cases by system."""

    record: Record
    cases: Mapping[str, Cases]


def record_of(
    task: str,
    title: str,
    cases: Mapping[str, Cases],
    *,
    command: str,
    seed: int,
    data: Sequence[Path],
    protocol: Mapping[str, str],
    skipped: Mapping[str, int],
    checks: Sequence[Check] = (),
    pooled: Sequence[Pooled] = (),
    lower_is_better: Sequence[str] = (),
    about: Mapping[str, Mapping[str, str]] | None = None,
) -> Record:
    """A record of systems on the same cases, with what ran here and now.

    Raises:
        ValueError: systems were asked different cases.
        DataError: a data file cannot be read.
    """
    asked = {each.case for each in cases.values()}
    if len(asked) > 1:
        raise ValueError("wanted all systems asked the same cases in the same order")
    return Record(
        task=task,
        title=title,
        at=datetime.now(UTC),
        command=command,
        seed=seed,
        commit=commit(),
        versions=versions(),
        data=tuple((path.name, sha256(path)) for path in data),
        protocol=tuple(protocol.items()),
        n=len(next(iter(asked), ())),
        skipped=tuple(skipped.items()),
        checks=tuple(checks),
        systems=tuple(
            system_of(
                name,
                each,
                pooled=pooled,
                lower_is_better=lower_is_better,
                about=(about or {}).get(name),
                seed=seed,
            )
            for name, each in cases.items()
        ),
        pooled=tuple(pooled),
        gaps=tuple(
            gap
            for other in list(cases.items())[1:]
            for gap in gaps(
                next(iter(cases.items())),
                other,
                pooled=[one for one in pooled if not group_of(one.metric)],
                seed=seed,
            )
            if not group_of(gap.metric)
        ),
    )


def group_of(metric: str) -> str:
    """The group of a metric, "F1" of "F1: joy"; "" without one."""
    group, parted, _ = metric.partition(": ")
    return group if parted else ""


def table_of(record: Record) -> Table:
    """The figures without a group as a table: a row for each system, a column for each metric."""
    metrics = [metric for metric in metrics_of(record) if not group_of(metric)]
    rows = []
    for each in record.systems:
        by = {one.metric: one for one in each.figures}
        cells = (_cell(by[metric]) if metric in by else "" for metric in metrics)
        rows.append((each.name, *cells, str(each.n_failed)))
    skipped = "; ".join(f"{n} {why}" for why, n in record.skipped) or "none"
    return Table(
        title=f"{record.title}, n={record.n}",
        columns=("system", *metrics, "failed"),
        rows=tuple(rows),
        notes=(
            f"{record.at:%Y-%m-%d}, commit {record.commit}, seed {record.seed}: `{record.command}`",
            "; ".join(f"{what}: {how}" for what, how in record.protocol) + ".",
            f"In brackets: 95 %, drawn again {N_DRAWS:,} times. Skipped: {skipped}.",
            *(f"{each.what}: {each.n_found} of {each.n}." for each in record.checks),
            *(
                f"{each.name}: {'; '.join(f'{what} {how}' for what, how in each.about)}."
                for each in record.systems
                if each.about
            ),
        ),
    )


def tables_of(record: Record) -> tuple[Table, ...]:
    """All figures as tables: those of `table_of`, gaps between systems, and groups."""
    return (table_of(record), *gap_tables(record), *group_tables(record))


def gap_tables(record: Record) -> tuple[Table, ...]:
    """What the first system has more than each other, if there are others."""
    if not record.gaps:
        return ()
    metrics = list(dict.fromkeys(each.metric for each in record.gaps))
    by: dict[str, dict[str, str]] = {}
    for each in record.gaps:
        told = f"{each.mean:+.4f} ({each.low:+.3f} to {each.high:+.3f})"
        by.setdefault(each.less, {})[each.metric] = told
    return (
        Table(
            title=f"{record.gaps[0].system}, less each other",
            columns=("less", *metrics),
            rows=tuple(
                (less, *(own.get(metric, "") for metric in metrics)) for less, own in by.items()
            ),
            notes=("In brackets: 95 %, the same units drawn for both.",),
        ),
    )


def group_tables(record: Record) -> tuple[Table, ...]:
    """A table for each group of metrics: a row for each metric, a column for each system."""
    groups: dict[str, list[str]] = {}
    for metric in metrics_of(record):
        if group := group_of(metric):
            groups.setdefault(group, []).append(metric)
    by = {each.name: {one.metric: one for one in each.figures} for each in record.systems}
    return tuple(
        Table(
            title=group,
            columns=("", *by),
            rows=tuple(
                (
                    metric.partition(": ")[2],
                    *(_cell(own[metric]) if metric in own else "" for own in by.values()),
                )
                for metric in metrics
            ),
        )
        for group, metrics in groups.items()
    )


def metrics_of(record: Record) -> list[str]:
    """Every metric that some system has, in order."""
    return list(dict.fromkeys(one.metric for each in record.systems for one in each.figures))


def write(folder: Path, run: Run) -> None:
    """Write a run; the record comes last, so that a folder with one is whole.

    Raises:
        DataError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / RUN).unlink(missing_ok=True)
        pq.write_table(_rows(run.cases), folder / CASES, compression="zstd")
        page = "\n".join(to_markdown(each) for each in tables_of(run.record))
        (folder / TABLE).write_text(page, encoding="utf-8")
        draft = folder / f"{RUN}.draft"
        draft.write_text(run.record.model_dump_json(indent=2), encoding="utf-8")
        draft.replace(folder / RUN)
    except OSError as error:
        raise DataError(f"a run cannot be written to {folder}: {error}") from error


def read(folder: Path) -> Run:
    """Read what `write` wrote.

    Raises:
        DataError: there is no whole run, or its files do not belong together.
    """
    try:
        record = Record.model_validate_json((folder / RUN).read_bytes())
        rows = pq.read_table(folder / CASES)
        cases = dict(_cases(rows, record))
    except (OSError, ValidationError, pa.ArrowException, KeyError) as error:
        raise DataError(f"there is no whole run in {folder}: {error}") from error
    for each in record.systems:
        if each.name not in cases or len(cases[each.name].case) != record.n:
            raise DataError(f"the run in {folder} lacks cases of {each.name}")
    return Run(record, cases)


def _cell(figure: Figure) -> str:
    return f"{figure.mean:.4f} ({figure.low:.3f} to {figure.high:.3f})"


def _rows(cases: Mapping[str, Cases]) -> pa.Table:
    parts = []
    for name, each in cases.items():
        columns: dict[str, Any] = {
            "system": [name] * len(each.case),
            "case": list(each.case),
            "unit": list(each.unit),
            "failed": each.failed,
            **{f"value:{metric}": values for metric, values in each.values.items()},
            **{f"text:{what}": list(texts) for what, texts in each.texts.items()},
            **{f"column:{what}": values for what, values in each.columns.items()},
        }
        parts.append(pa.table(columns))
    return pa.concat_tables(parts, promote_options="default") if parts else pa.table({})


def _cases(rows: pa.Table, record: Record) -> Iterator[tuple[str, Cases]]:
    named = np.array(rows["system"].to_pylist(), dtype=object)
    for each in record.systems:
        mine = rows.filter(pa.array(named == each.name))
        yield (
            each.name,
            Cases(
                tuple(mine["case"].to_pylist()),
                tuple(mine["unit"].to_pylist()),
                _numbers(mine, "value:"),
                mine["failed"].to_numpy().astype(bool),
                {
                    name.removeprefix("text:"): tuple(text or "" for text in mine[name].to_pylist())
                    for name in mine.column_names
                    if name.startswith("text:")
                },
                _numbers(mine, "column:"),
            ),
        )


def _numbers(rows: pa.Table, kind: str) -> dict[str, NDArray[np.float64]]:
    return {
        name.removeprefix(kind): rows[name].to_numpy().astype(np.float64)
        for name in rows.column_names
        if name.startswith(kind)
    }
