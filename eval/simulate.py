"""`simpatico eval simulate`: do simulated people find what they look for?

They are no people: how a system does with them has been found to say little of how content people
are (docs/evaluation.md). They are alike, can be had in any number, and tell two versions apart.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from simpatico.agent.volatile import VolatileLog
from simpatico.domain import Event
from simpatico.errors import DataError
from simpatico.eval import groups, offpolicy_log, report
from simpatico.eval.conversations import Outcome, Talks, moods_of
from simpatico.eval.engines import Engine, KeptResults, mapped
from simpatico.eval.next_item import Interval
from simpatico.eval.offpolicy import ESTIMATORS, Estimates
from simpatico.eval.ran import commit
from simpatico.eval.record import (
    Cases,
    Check,
    Figure,
    Record,
    Run,
    record_of,
    tables_of,
)
from simpatico.eval.seekers import FEELINGS, MAX_TURNS, TONED, Drawn, Seeker, draw
from simpatico.eval.tables import Table, write_page
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.catalog import Catalog, Catalogs

PAGE: Final = "simulate.md"
AT: Final = (1, 3, MAX_TURNS)
SATISFACTION: Final = (
    "1 - 0.1 (turn - 1) when the target was shown at that turn, else half the fit; 0 when the"
    " case failed or leaked"
)
_FOUND: Final = f"success@{MAX_TURNS}"
FALLS: Final = ("turns, where found", "shown again", "degraded", "leaked")
_POLICIES: Final = ("best", "surest", "uniform", "popularity")


def satisfaction(outcome: Outcome) -> float:
    """How content a seeker is, from 0 to 1; see `SATISFACTION`."""
    if outcome.failed or outcome.leaked:
        return 0.0
    if outcome.found_at:
        return 1 - 0.1 * (outcome.found_at - 1)
    return 0.5 * fit(outcome)


def fit(outcome: Outcome) -> float:
    """Mean share of the lists shown that has all that was said before; 0 when none was shown."""
    return float(np.mean(outcome.fit)) if outcome.fit else 0.0


def run(
    systems: Mapping[str, Talks],
    *,
    n: int,
    out: Path,
    command: str,
    seed: int = 0,
    engine: Engine = "serial",
    workers: int = 1,
    progress: ProgressCallback = lambda what, done, total: None,
) -> tuple[Table, ...]:
    """Let the same seekers talk to every system, and write a run, its tables and a report.

    Args:
        systems: by name, of one catalogue; the one that matters first.
        n: seekers.
        out: gets the run of `simpatico.eval.record`, `simulate.md`, and finished conversations in
            `kept`, which are not had again.
        command: for the record.
        seed: of seekers and draws.
        engine: see `engines.mapped`.
        workers: the same.
        progress: told of conversations.

    Raises:
        DataError: the folder cannot be written, or the catalogue has nobody to look for.
        SimpaticoError: a system cannot be opened, or does not answer at all.
        ValueError: no systems, or of several catalogues.
    """
    first = next(iter(systems.values())).which.settings
    if any(each.which.settings.catalog != first.catalog for each in systems.values()):
        raise ValueError("wanted systems of one catalogue")
    catalog = Catalogs(first.home).load(first.catalog)
    try:
        drawn = draw(catalog.items, n, seed=seed)
    except ValueError as error:
        raise DataError(f"the catalogue {catalog.name} has too little to look for: {error}") from (
            error
        )
    outcomes = {}
    for name, each in systems.items():
        kept = KeptResults(out / "kept", _key(name, each, seed), Outcome)
        outcomes[name] = mapped(
            drawn.seekers, each, kept, engine=engine, workers=workers, what=name, progress=progress
        )
    cases = {name: cases_of(drawn.seekers, each) for name, each in outcomes.items()}
    record = _record(drawn, cases, systems, catalog, command=command, seed=seed)
    record = _with_policies(record, drawn.seekers, outcomes, catalog, seed)
    return _written(out, Run(record, cases), outcomes, seed)


def cases_of(asked: Sequence[Seeker], outcomes: Sequence[Outcome]) -> Cases:
    """One row for each seeker. A case that failed or leaked has the values of a miss."""
    found = np.array([0 if one.failed or one.leaked else one.found_at for one in outcomes])
    content = np.array([satisfaction(one) for one in outcomes])
    values = {f"success@{at}": ((found > 0) & (found <= at)).astype(np.float64) for at in AT}
    values["turns, where found"] = np.where(found > 0, found, np.nan).astype(np.float64)
    values["satisfaction"] = content
    values["fit"] = np.array([fit(one) for one in outcomes])
    values["shown again"] = np.array(
        [one.n_again / one.n_shown if one.n_shown else np.nan for one in outcomes]
    )
    values["degraded"] = np.array([one.n_degraded / max(1, one.n_turns) for one in outcomes])
    values["leaked"] = np.array([float(bool(one.leaked)) for one in outcomes])
    moods = np.array([one.mood for one in asked])
    for mood in moods_of(asked):
        values[f"{_FOUND} by mood: {mood}"] = np.where(moods == mood, values[_FOUND], np.nan)
    for mood in moods_of(asked):
        values[f"satisfaction by mood: {mood}"] = np.where(moods == mood, content, np.nan)
    ids = tuple(one.id for one in asked)
    return Cases(
        ids,
        ids,
        values,
        np.array([bool(one.failed) for one in outcomes]),
        {
            "mood": tuple(one.mood for one in asked),
            "target": tuple(one.title for one in asked),
            "conversation": tuple(_to_read(one) for one in outcomes),
            "trouble": tuple(
                one.failed or (f"the title was given away: {one.leaked}" if one.leaked else "")
                for one in outcomes
            ),
        },
    )


def log_of(asked: Sequence[Seeker], outcomes: Sequence[Outcome]) -> VolatileLog:
    """The lists that were shown with their chances, and a like for what fitted in the last place.

    The likes are told to nobody while they talk.
    """
    log = VolatileLog()
    for seeker, outcome in zip(asked, outcomes, strict=True):
        for shown in outcome.lists:
            log.impress(shown)
        at = {shown.list_id: shown.at for shown in outcome.lists}
        for list_id, item in outcome.liked:
            log.append(
                Event(
                    id=f"like {list_id}",
                    at=at[list_id],
                    user=seeker.id,
                    list_id=list_id,
                    item_id=item,
                    kind="like",
                )
            )
    return log


def _record(
    drawn: Drawn,
    cases: Mapping[str, Cases],
    systems: Mapping[str, Talks],
    catalog: Catalog,
    *,
    command: str,
    seed: int,
) -> Record:
    chats = {each.chat_model if each.chat else "" for each in systems.values()}
    n_leaked = {name: int(np.nansum(each.values["leaked"])) for name, each in cases.items()}
    return record_of(
        "simulate",
        "Simulated seekers",
        cases,
        command=command,
        seed=seed,
        data=[],
        protocol={
            "seekers": f"moods by turns ({', '.join(FEELINGS)}), a target by popularity among what"
            " suits the mood's need, unnamed",
            "they say": "what "
            + (", ".join(sorted(chats - {""})) if chats != {""} else "is true of the target")
            + (
                " says, told a genre, era, tone, theme and person of it"
                if chats != {""}
                else ": mood and genre, then era, tone, theme, second genre, last a person"
            ),
            "turns": f"at most {MAX_TURNS} messages, until the target is shown",
            "satisfaction": SATISFACTION,
            "fit": f"share of a list that has all that was said so far; a tone from {TONED:g} on",
            "catalogue": f"{catalog.name}, {len(catalog):,} items",
        },
        skipped={f"draws: {why}": number for why, number in drawn.skipped.items()},
        checks=[
            Check(what=f"conversations with {name} in which the title was given away",
                  n_found=number, n=len(drawn.seekers))
            for name, number in n_leaked.items()
        ],
        lower_is_better=FALLS,
    )  # fmt: skip


def _with_policies(
    record: Record,
    asked: Sequence[Seeker],
    outcomes: Mapping[str, Sequence[Outcome]],
    catalog: Catalog,
    seed: int,
) -> Record:
    """With IPS, SNIPS and DR of other choices of the last place, where chances were logged."""
    systems = []
    for each in record.systems:
        figures: tuple[Figure, ...] = ()
        try:
            log = offpolicy_log.read_log(log_of(asked, outcomes[each.name]), rewards=("like",))
        except DataError:  # nothing was explored, or nothing is logged
            log = None
        if log is not None:
            policies = dict(
                zip(
                    _POLICIES,
                    (
                        *(offpolicy_log.best, offpolicy_log.surest, offpolicy_log.uniform),
                        offpolicy_log.popularity(catalog),
                    ),
                    strict=True,
                )
            )
            figures = of_policies(log, policies, seed)
        systems.append(each.model_copy(update={"figures": (*each.figures, *figures)}))
    return record.model_copy(update={"systems": tuple(systems)})


def of_policies(
    log: offpolicy_log.Log, policies: Mapping[str, offpolicy_log.Policy], seed: int
) -> tuple[Figure, ...]:
    """IPS, SNIPS and DR of policies for the last place, beside what was logged.

    One that would have put there what none of the lists shows has none.
    """
    found: dict[str, Estimates] = {}
    for name, policy in policies.items():
        try:
            found |= offpolicy_log.judge(log, {name: policy}, seed=seed)
        except DataError:
            continue  # none of the lists shows what this policy would
    if not found:
        return ()
    one = next(iter(found.values()))
    logged = _figure("last place liked: as logged", one.logged, one.n)
    return (
        logged,
        *(
            _figure(f"last place liked: {name}, {estimator}", each.values[at], each.n)
            for name, each in found.items()
            for at, estimator in enumerate(ESTIMATORS)
        ),
    )


def _figure(metric: str, of: Interval, n: int) -> Figure:
    return Figure(metric=metric, n=n, **of.model_dump())


def _written(
    out: Path, run: Run, outcomes: Mapping[str, Sequence[Outcome]], seed: int
) -> tuple[Table, ...]:
    by_mood = groups.gaps(run.cases, (_FOUND, "satisfaction"), ("mood",), seed=seed)
    n = run.record.n
    tables = (
        *tables_of(run.record),
        groups.table_of(by_mood, f"Moods, n={n}"),
    )
    report.keep(out, run)
    write_page(out / PAGE, tables)
    return tables


def _to_read(outcome: Outcome) -> str:
    return "\n".join(
        f"{'seeker' if turn.role == 'user' else 'system'}: {turn.text}" for turn in outcome.told
    )


def _key(name: str, talks: Talks, seed: int) -> str:
    """All that what is kept depends on; another commit's is not used again."""
    settings = talks.which.settings
    told = {
        "settings": settings.model_dump(mode="json", exclude={"home", "cache", "api_key"}),
        "system": (talks.which.url, talks.which.model),
        "voice": (talks.chat, talks.chat_url, talks.chat_model),
    }
    return f"{name} {told} {seed} {commit()}"
