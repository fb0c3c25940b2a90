"""`simpatico eval system`: how long turns take by stage, how much is said, what is degraded.

Over the twenty openings and what people say next, one turn at a time. What else the machine does
counts in: its load is told with the figures.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from simpatico.domain import Turn, Value
from simpatico.eval import report
from simpatico.eval.openings import LINES
from simpatico.eval.pooled import Pooled
from simpatico.eval.record import Cases, Record, Run, record_of, table_of
from simpatico.eval.tables import Table, write_page
from simpatico.eval.talkers import Which
from simpatico.eval.timing import EXPLAINING, FIRST_WORD, STAGES, WHOLE, Clocked, Timed, clocked
from simpatico.protocols import ProgressCallback

PAGE: Final = "system.md"
NEXT: Final = ("Something older, please.", "Why the first one?")
"""What is said after an opening, in one conversation with it."""

PARTS: Final = (*STAGES.values(), EXPLAINING, FIRST_WORD, WHOLE)
SOON_MS: Final = 1000.0
_FALLS: Final = ("seconds", "degraded")
_ALONE: Final = ("crisis",)
_NOT_SAID: Final = ("empty",)


class Load(Value):
    """What else a machine did: the mean number of waiting processes in the last minute."""

    n_cores: int
    before: float
    after: float

    def told(self) -> str:
        """In words."""
        return f"{self.n_cores} cores, load {self.before:.1f} before and {self.after:.1f} after"


class Said(NamedTuple):
    """One message of a conversation. `case` is its own, `unit` the conversation's."""

    case: str
    unit: str
    text: str


def conversations(rounds: int) -> list[list[Said]]:
    """The openings with what follows, as often as asked for."""
    found = []
    for again in range(rounds):
        for number, (what, text) in enumerate(LINES, start=1):
            if what in _NOT_SAID:
                continue
            unit = f"{number:02} {what}, round {again + 1}"
            texts = (text,) if what in _ALONE else (text, *NEXT)
            found.append([Said(f"{unit}, turn {at}", unit, t) for at, t in enumerate(texts, 1)])
    return found


def run(
    which: Which,
    *,
    out: Path,
    command: str,
    rounds: int = 1,
    seed: int = 0,
    progress: ProgressCallback = lambda what, done, total: None,
) -> tuple[Table, ...]:
    """Time a system's turns, and write a run, its tables and a report.

    The first conversation is had once more before, uncounted, so that what is loaded at first use
    is there.

    Args:
        which: the system.
        out: gets the run of `simpatico.eval.record` and `system.md`.
        command: for the record.
        rounds: how often all conversations are had, each by somebody new.
        seed: of the draws of intervals.
        progress: told of turns.

    Raises:
        SimpaticoError: the system cannot be opened, or does not answer at all.
        DataError: the folder cannot be written.
    """
    every = conversations(rounds)
    n = sum(map(len, every))
    before = _load()
    asked: list[Said] = []
    found: list[Timed] = []
    with clocked(which) as system:
        _have(system, "warm-up", every[0])
        for number, conversation in enumerate(every):
            asked += conversation
            found += _have(system, f"person-{number}", conversation)
            progress("Timing", len(found), n)
    load = Load(n_cores=os.cpu_count() or 1, before=before, after=_load())
    cases = {which.name: cases_of(asked, found)}
    counted = all(each.counted for each in found if not each.failed)
    record = record_of(
        "system",
        "How long turns take",
        cases,
        command=command,
        seed=seed,
        data=[],
        protocol={
            "turns": f"the openings of docs/openings.md but the empty one, then"
            f" {' and then '.join(map(repr, NEXT))}; {rounds} rounds, one turn at a time",
            "times": "milliseconds from sending; explaining: the whole less the stages before it",
            "tokens": "as the server counts them" if counted else "estimated, 4 characters each",
            "language model": _model(which),
        },
        skipped={"turns of warming up": len(every[0])},
        lower_is_better=_FALLS,
        pooled=[
            Pooled(metric=f"{how} ms: {part}", how=how, of=(part,), higher_is_better=False)
            for how in ("median", "p95")
            for part in PARTS
        ],
        about={which.name: {"machine": load.told()}},
    )
    return _written(out, Run(record, cases), load)


def cases_of(asked: Sequence[Said], found: Sequence[Timed]) -> Cases:
    """One row for each turn. One that failed was not in time, and has no times."""
    times = [dict(each.ms) for each in found]
    columns = {
        part: np.array([own.get(part, np.nan) for own in times], dtype=np.float64) for part in PARTS
    }
    first = columns[FIRST_WORD]
    return Cases(
        tuple(each.case for each in asked),
        tuple(each.unit for each in asked),
        {
            "seconds": columns[WHOLE] / 1000,
            "first word within 1 s": (np.nan_to_num(first, nan=np.inf) <= SOON_MS).astype(float),
            "degraded": np.array([float(bool(each.degraded or each.failed)) for each in found]),
            "tokens": np.array([np.nan if each.failed else each.tokens for each in found]),
        },
        np.array([bool(each.failed) for each in found]),
        {
            "said": tuple(each.text[:300] for each in asked),
            "reply": tuple(each.text for each in found),
            "trouble": tuple(
                "; ".join((each.failed, *each.degraded)).strip("; ") for each in found
            ),
        },
        columns,
    )


def times_of(record: Record, cases: Cases, load: Load) -> Table:
    """Percentiles by part, with how many turns had it."""
    figures = {one.metric: one for each in record.systems for one in each.figures}
    rows = []
    for part in PARTS:
        if f"median ms: {part}" not in figures:
            continue
        told = [figures[f"{how} ms: {part}"] for how in ("median", "p95")]
        rows.append(
            (
                part,
                str(told[0].n),
                *(f"{one.mean:,.0f} ({one.low:,.0f} to {one.high:,.0f})" for one in told),
                f"{np.nanmax(cases.columns[part]):,.0f}",
            )
        )
    return Table(
        title=f"Milliseconds of a turn, n={record.n}",
        columns=("part", "turns with it", "median", "p95", "longest"),
        rows=tuple(rows),
        notes=(f"{load.told()}. In brackets: 95 %, conversations drawn again.",),
    )


def _have(system: Clocked, who: str, conversation: Sequence[Said]) -> list[Timed]:
    """A conversation, turn by turn. After a turn that failed the next goes on without it."""
    told: list[Turn] = []
    found = []
    for said in conversation:
        told.append(Turn(role="user", text=said.text))
        timed = system.turn(who, told)
        found.append(timed)
        if timed.failed:
            told.pop()
        else:
            told.append(Turn(role="assistant", text=timed.text))
    return found


def _written(out: Path, run: Run, load: Load) -> tuple[Table, ...]:
    cases = next(iter(run.cases.values()))
    tables = (table_of(run.record), times_of(run.record, cases, load))
    report.keep(out, run)
    write_page(out / PAGE, tables)
    return tables


def _model(which: Which) -> str:
    if which.url:
        return "the server's own"
    given = which.settings.llm
    return given.model if given.enabled else "none: encoder and templates"


def _load() -> float:
    return os.getloadavg()[0]
