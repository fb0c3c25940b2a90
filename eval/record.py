"""What a task of the harness found, kept so that others can defend it or take it apart.

    <folder>/run.json        figures, and all that has to be equal for two runs to be compared
             cases.parquet   one row for each case of each system, with its values
             table.md        the figures as a table
             report.html     see `simpatico.eval.report`

A case that a system failed on is kept with `failed` and the value of a miss; a value that is not
defined for a case (no liked target to find) is nan, and does not count.
"""

import hashlib
import platform
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic import AwareDatetime, ValidationError

from simpatico.domain import Value
from simpatico.errors import DataError
from simpatico.eval.next_item import N_DRAWS, Interval
from simpatico.eval.tables import Table, to_markdown

RUN, CASES, TABLE = "run.json", "cases.parquet", "table.md"
_TOLD: Final = ("numpy", "onnxruntime", "torch", "scikit-learn", "tokenizers", "transformers")
_FIXED: Final = ("system", "case", "unit", "failed")
_HERE: Final = Path(__file__).resolve().parent


class Cases(NamedTuple):
    """One system on n cases.

    Attributes:
        case: (n,) ids, each once; what pairs systems and runs.
        unit: (n,) who or what is drawn again for intervals: the person, the dialogue.
        values: by metric (n,) float64, nan where it is not defined.
        failed: (n,) of bool: no usable answer came, and the values are those of a miss.
        texts: by name (n,), to read.
    """

    case: tuple[str, ...]
    unit: tuple[str, ...]
    values: Mapping[str, NDArray[np.float64]]
    failed: NDArray[np.bool_]
    texts: Mapping[str, tuple[str, ...]] = {}


class Figure(Value):
    """The mean of a metric with the middle 95 % of it when units are drawn again.

    Attributes:
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
    """One system's figures."""

    name: str
    figures: tuple[Figure, ...]
    n_failed: int = 0


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


class Run(NamedTuple):
    """A record with its cases by system."""

    record: Record
    cases: Mapping[str, Cases]


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


def system_of(
    name: str, cases: Cases, *, lower_is_better: Sequence[str] = (), seed: int = 0
) -> System:
    """The figures of a system; a metric that is defined nowhere has none.

    Raises:
        ValueError: columns of different lengths, or a case twice.
    """
    columns = (cases.unit, cases.failed, *cases.values.values(), *cases.texts.values())
    if any(len(each) != len(cases.case) for each in columns):
        raise ValueError(f"wanted {len(cases.case)} rows in every column of {name}")
    if len(set(cases.case)) != len(cases.case):
        raise ValueError(f"wanted each case of {name} once")
    figures = []
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
    return System(name=name, figures=tuple(figures), n_failed=int(cases.failed.sum()))


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
    lower_is_better: Sequence[str] = (),
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
            system_of(name, each, lower_is_better=lower_is_better, seed=seed)
            for name, each in cases.items()
        ),
    )


def table_of(record: Record) -> Table:
    """The figures as a table: a row for each system, a column for each metric."""
    metrics = dict.fromkeys(one.metric for each in record.systems for one in each.figures)
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
        ),
    )


def write(folder: Path, run: Run) -> None:
    """Write a run; the record comes last, so that a folder with one is whole.

    Raises:
        DataError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / RUN).unlink(missing_ok=True)
        pq.write_table(_rows(run.cases), folder / CASES, compression="zstd")
        (folder / TABLE).write_text(to_markdown(table_of(run.record)), encoding="utf-8")
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


def commit() -> str:
    """The commit of the code that runs, with "+" if files differ from it; else the version."""
    try:
        _git("ls-files", "--error-unmatch", Path(__file__).name)  # ours, not one around us
        changed = _git("status", "--porcelain")
        return _git("rev-parse", "--short=12", "HEAD").strip() + ("+" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return f"simpatico {version('simpatico')}"


def _git(*arguments: str) -> str:
    asked = ["git", "-C", str(_HERE), *arguments]
    return subprocess.run(asked, capture_output=True, text=True, check=True, timeout=10).stdout


def versions() -> tuple[tuple[str, str], ...]:
    """Python's version, and those of the libraries that figures depend on and that are here."""
    found = [("python", platform.python_version())]
    for name in _TOLD:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return tuple(found)


def sha256(path: Path) -> str:
    """Of a file's bytes.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}") from error


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
        }
        parts.append(pa.table(columns))
    return pa.concat_tables(parts, promote_options="default") if parts else pa.table({})


def _cases(rows: pa.Table, record: Record) -> Iterator[tuple[str, Cases]]:
    named = np.array(rows["system"].to_pylist(), dtype=object)
    for each in record.systems:
        mine = rows.filter(pa.array(named == each.name))
        whole = {name: mine[name] for name in mine.column_names if name not in _FIXED}
        yield (
            each.name,
            Cases(
                tuple(mine["case"].to_pylist()),
                tuple(mine["unit"].to_pylist()),
                {
                    name.removeprefix("value:"): column.to_numpy().astype(np.float64)
                    for name, column in whole.items()
                    if name.startswith("value:")
                },
                mine["failed"].to_numpy().astype(bool),
                {
                    name.removeprefix("text:"): tuple(text or "" for text in column.to_pylist())
                    for name, column in whole.items()
                    if name.startswith("text:")
                },
            ),
        )
