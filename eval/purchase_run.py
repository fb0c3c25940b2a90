"""The purchase task as a run of the harness: a case for each item viewed in a session kept out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simpatico.eval.pooled import CHANCE, TRUE, Pooled
from simpatico.eval.purchase_figures import Numbers, figures
from simpatico.eval.record import Cases, Check, Run, record_of
from simpatico.finetune.purchase_data import Browsing

if TYPE_CHECKING:
    from simpatico.eval.purchase import Row

BOUGHT: Final = "bought"
LOSS: Final = "log-loss"
_LEAST: Final = 1e-12

POOLED: Final = (
    Pooled(metric="ROC AUC", how="ROC AUC", of=(BOUGHT,)),
    Pooled(metric="PR AUC", how="PR AUC", of=(BOUGHT,)),
    Pooled(metric="ECE", how="ECE, equal mass", of=(BOUGHT,), higher_is_better=False),
    Pooled(metric="ECE, equal width", how="ECE", of=(BOUGHT,), higher_is_better=False),
)


def run_of(
    data: Browsing,
    rows: "Sequence[Row]",
    folder: Path,
    *,
    moved: Sequence[str],
    columns: Mapping[str, float],
    command: str,
    seed: int,
) -> Run:
    """A run of systems on the rows kept for measuring; sessions are drawn again.

    Args:
        data: all of it.
        rows: systems, ours last.
        folder: that was read.
        moved: numbers that moved with the answer, see `simpatico.eval.purchase_leaks.leaks`.
        columns: share of rows whose ready-made column says what events before the order say.
        command: for the record.
        seed: of the draws.
    """
    test = np.flatnonzero(data.is_test)
    cases = {row.title: _cases(data, test, row.told) for row in (rows[-1], *rows[:-1])}
    record = record_of(
        "purchase",
        "Bought or not, sessions kept out",
        cases,
        command=command,
        seed=seed,
        data=[folder / name for name in ("events.csv", "items.csv", "candidates.csv")],
        protocol={
            "asked": f"each item viewed in {len(np.unique(data.session[test])):,} sessions before"
            " their first order: will it be bought?",
            "learnt from": f"{(~data.is_test).sum():,} rows of"
            f" {len(np.unique(data.session[~data.is_test])):,} other sessions",
            "drawn again": "sessions",
            "ECE": "15 bins of equal mass; equal width: 10 bins",
        },
        skipped={},
        checks=_checks(data, test, moved, columns),
        pooled=POOLED,
        lower_is_better=[LOSS],
        about={row.title: _about(data, test, row) for row in rows},
    )
    return Run(record, cases)


def _cases(data: Browsing, test: NDArray[np.int64], chance: Numbers) -> Cases:
    bought = data.bought[test].astype(np.float64)
    held = np.clip(chance, _LEAST, 1 - _LEAST)
    loss = -np.where(bought > 0, np.log(held), np.log1p(-held))
    sessions = tuple(str(data.sessions[at]) for at in data.session[test])
    items = tuple(str(data.items[at]) for at in data.item[test])
    return Cases(
        tuple(f"{session}:{item}" for session, item in zip(sessions, items, strict=True)),
        sessions,
        {LOSS: loss},
        np.zeros(len(test), dtype=np.bool_),
        {
            "item": items,
            "bought": tuple("yes" if each else "no" for each in bought),
            "chance": tuple(f"{each:.3f}" for each in chance),
        },
        {f"{TRUE}{BOUGHT}": bought, f"{CHANCE}{BOUGHT}": np.asarray(chance, dtype=np.float64)},
    )


def _checks(
    data: Browsing,
    test: NDArray[np.int64],
    moved: Sequence[str],
    columns: Mapping[str, float],
) -> tuple[Check, ...]:
    learnt = ~data.is_test
    sessions = np.unique(data.session[test])
    people = np.isin(data.user[test], data.user[learnt])
    pairs = set(zip(data.user[learnt].tolist(), data.item[learnt].tolist(), strict=True))
    asked = zip(data.user[test].tolist(), data.item[test].tolist(), strict=True)
    return (
        Check(
            what="sessions that training has, by id",
            n_found=int(np.isin(sessions, data.session[learnt]).sum()),
            n=len(sessions),
        ),
        Check(what="rows of people that training has", n_found=int(people.sum()), n=len(test)),
        Check(
            what="rows of a person and item that training has in another session",
            n_found=sum(pair in pairs for pair in asked),
            n=len(test),
        ),
        Check(
            what="numbers that move when a row's own answer, or answers kept out, are changed",
            n_found=len(moved),
            n=len(test),
        ),
        Check(
            what="ready-made columns that are not what events before the first order say",
            n_found=sum(share < 1 for share in columns.values()),
            n=len(columns),
        ),
    )


def _about(data: Browsing, test: NDArray[np.int64], row: "Row") -> dict[str, str]:
    if row.seeds is None or len(row.seeds[1]) < 2:
        return {}
    areas = [figures(one, data.bought[test]).roc_auc for one in row.seeds[1]]
    told = f"{np.mean(areas):.4f} ± {np.std(areas, ddof=1):.4f}"
    return {f"ROC AUC of one of {len(areas)} seeds": told}
