"""`simpatico eval offpolicy` as runs of the harness: of a log, and of simulated logs."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final

import numpy as np

from simpatico.agent.build import open_index
from simpatico.agent.eventlog import SqliteLog
from simpatico.domain import EVENT_KINDS
from simpatico.errors import DataError
from simpatico.eval import offpolicy_check
from simpatico.eval.offpolicy import ESTIMATORS, MIN_UNITS, N_FOLDS, by_list
from simpatico.eval.offpolicy_log import (
    FEW,
    TAKEN,
    Log,
    Policy,
    best,
    judge,
    judged_by,
    padded,
    popularity,
    ranked_by,
    read_log,
    surest,
    table,
    uniform,
)
from simpatico.eval.pooled import Pooled
from simpatico.eval.record import Cases, Run, record_of
from simpatico.eval.tables import Table
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.catalog import Catalog, Catalogs
from simpatico.retrieval.rank import LinearRanker
from simpatico.settings import Settings

POLICIES: Final = ("best", "surest", "uniform", "popularity", "linear")


def run(
    settings: Settings,
    *,
    targets: Sequence[str],
    rewards: Sequence[str] = TAKEN,
    clip: float | None = None,
    seed: int = 0,
    command: str = "",
) -> tuple[Run, Table]:
    """Judge policies by the log of a home: a run, and the estimates with what they rest on.

    Args:
        settings: whose home, and which catalogue the items are of.
        targets: some of `POLICIES`; "linear" is the linear ranker by the person's past alone.
        rewards: events that count as taken.
        clip: see `estimate`.
        seed: of the bootstrap and the folds.
        command: for the record.

    Raises:
        DataError: no log, nothing in it to judge by, an unknown policy or kind of event.
        StoreError: the log or the index cannot be read.
    """
    if unknown := [name for name in targets if name not in POLICIES]:
        raise DataError(f"no policy {', '.join(unknown)}; the policies are {', '.join(POLICIES)}")
    if unknown := [kind for kind in rewards if kind not in EVENT_KINDS]:
        raise DataError(f"no event {', '.join(unknown)}; the events are {', '.join(EVENT_KINDS)}")
    path = settings.home / "events.sqlite"
    if not path.exists():
        raise DataError(f"nobody was shown anything yet: there is no {path}")
    with closing(SqliteLog(path)) as events, ExitStack() as stack:
        log = read_log(events, rewards=rewards)
        catalog = Catalogs(settings.home).load(settings.catalog)
        policies: dict[str, Policy] = {
            "best": best,
            "surest": surest,
            "uniform": uniform,
            "popularity": popularity(catalog),
        }
        if "linear" in targets:
            index = stack.enter_context(closing(open_index(settings)))
            policies["linear"] = ranked_by(LinearRanker(index), catalog)
        chosen = {name: policies[name] for name in targets}
        made = run_of(log, chosen, data=[path], command=command, clip=clip, seed=seed)
        return made, table(judge(log, chosen, clip=clip, seed=seed), log, seed=seed)


def run_of(
    log: Log,
    policies: Mapping[str, Policy],
    *,
    data: Sequence[Path],
    command: str,
    clip: float | None = None,
    seed: int = 0,
) -> Run:
    """A run with a case for each list; people are drawn again where there are enough of them.

    Nobody is named in it: people are numbers, in the order of their ids.

    Args:
        log: what was shown, and what came of it.
        policies: the one that matters first.
        data: files that were read.
        command: for the record.
        clip: see `estimate`.
        seed: of the draws and the folds.

    Raises:
        DataError: see `simpatico.eval.offpolicy.weights`.
    """
    shown, model = judged_by(log, seed)
    names = tuple(f"list {at + 1}" for at in range(len(log.decisions)))
    by_people = len(np.unique(shown.person)) >= MIN_UNITS
    units = tuple(f"person {who + 1}" for who in shown.person) if by_people else names
    cases, about = {}, {}
    for name, policy in policies.items():
        wanted = [policy(one) for one in log.decisions]
        try:
            each = by_list(shown, padded(wanted), model=model, clip=clip)
        except DataError as error:
            raise DataError(f"{name}: {error}") from error
        cases[name] = Cases(
            names,
            units,
            {
                "taken, DR": each.robust,
                "taken, IPS": each.weighted,
                "as it was logged": shown.rewards,
                "gain, DR": each.robust - shown.rewards,
            },
            np.zeros(len(names), dtype=np.bool_),
            {
                "stood last": tuple(one.shown.choices[at].item_id
                                    for one, at in zip(log.decisions, shown.taken, strict=True)),
                "would have stood": tuple(one.shown.choices[int(np.argmax(chances))].item_id
                                          for one, chances in zip(log.decisions, wanted,
                                                                  strict=True)),
            },
            {"weighted": each.weighted, "weight": each.weight},
        )  # fmt: skip
        effective = each.weight.sum() ** 2 / np.sum(each.weight**2)
        about[name] = {
            "mean weight": f"{each.weight.mean():.3f} (1 but for chance where the logged"
            " chances are right and none is cut)",
            "lists that match": str(np.count_nonzero(each.weight)),
            "effective": f"{effective:.0f}" + (" (too few to trust)" if effective < FEW else ""),
        }
    told = sorted({one.shown.policy for one in log.decisions})
    record = record_of(
        "offpolicy",
        "What another policy would have earned",
        cases,
        command=command,
        seed=seed,
        data=data,
        protocol={
            "judged": "the last place of each list, by what was taken there",
            "logged by": "; ".join(told),
            "drawn again": "people" if by_people else "lists",
            "cut": "no weight" if clip is None else f"weights above {clip:g}",
            "learnt": f"what choices earn, from other people's lists in {N_FOLDS} folds; nothing"
            " else is, so there is no training to leak from",
        },
        skipped={
            "lists without propensities": log.n_unlogged,
            "lists whose last place had no other choice": log.n_fixed,
        },
        pooled=[Pooled(metric="taken, SNIPS", how="ratio", of=("weighted", "weight"))],
        about=about,
    )
    return Run(record, cases)


def simulated(
    catalog: Catalog,
    *,
    share: float,
    n_logs: int,
    command: str,
    sizes: Sequence[int] = offpolicy_check.SIZES,
    n_population: int = offpolicy_check.N_POPULATION,
    seed: int = 0,
    progress: ProgressCallback = lambda what, done, total: None,
) -> tuple[Run, Table]:
    """Judge simulated logs, whose truth is known: a case for each, and how the estimators did.

    Args:
        catalog: what is shown.
        share: of lists that explore.
        n_logs: of each size.
        command: for the record.
        sizes: people in a log.
        n_population: people that logs are drawn from.
        seed: of all of it.
        progress: told of lists and logs.

    Raises:
        ValueError: a share that is not above 0, for then there is nothing to judge by.
    """
    found = offpolicy_check.run(
        catalog,
        share=share,
        n_logs=n_logs,
        sizes=sizes,
        n_population=n_population,
        seed=seed,
        progress=progress,
    )
    names = tuple(f"log {at + 1}" for at in range(n_logs))
    cases = {}
    for policy in next(iter(found.values())):
        for place, estimator in enumerate(ESTIMATORS):
            values = {}
            for what in ("covered", "error", "width"):
                for size, each in found.items():
                    mean, low, high, _ = each[policy].judged[:, place].T
                    truth = each[policy].truth
                    values[f"{what}: {size * offpolicy_check.LISTS_EACH:,} lists"] = {
                        "covered": ((low <= truth) & (truth <= high)).astype(np.float64),
                        "error": np.abs(mean - truth),
                        "width": high - low,
                    }[what]
            cases[f"{policy}, {estimator}"] = Cases(
                names, names, values, np.zeros(n_logs, dtype=np.bool_)
            )
    record = record_of(
        "offpolicy simulated",
        "Off-policy estimates of logs whose truth is known",
        cases,
        command=command,
        seed=seed,
        data=[],
        protocol={
            "catalogue": f"{catalog.name}, {len(catalog):,} items",
            "people": f"{n_population} made up, whose chance to take each item is known;"
            f" {offpolicy_check.LISTS_EACH} lists each, {share:.0%} explored; {n_logs} logs of each"
            " size drawn from them",
            "covered": "whether the 95 % interval holds the truth",
            "error": "the estimate's distance from the truth; width: of the interval",
            "leaks": "nothing is learnt from one log for another, and estimators are not told the"
            " truth",
        },
        skipped={},
        lower_is_better=[
            f"{what}: {size * offpolicy_check.LISTS_EACH:,} lists"
            for what in ("error", "width")
            for size in found
        ],
    )
    return Run(record, cases), offpolicy_check.table(found, share=share, n_logs=n_logs, seed=seed)
