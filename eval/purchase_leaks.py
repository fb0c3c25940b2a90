"""Does anything of the answer reach the numbers? Found out by changing the answer.

If the numbers of a row move when its session's first order and all after it are struck out, when
its own label is turned, or when labels of sessions kept for measuring are, then they leak.
"""

import csv
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import DataError
from simpatico.finetune.purchase_data import FACETS, FOLLOW, VIEW, Browsing
from simpatico.finetune.purchase_features import N_FOLDS, NAMES, Numbers, features, person_folds

Make = Callable[[Browsing, NDArray[np.bool_]], Numbers]

_CATE: Final = FACETS.index("cate")


def leaks(data: Browsing, *, make: Make = features, seed: int = 0) -> tuple[str, ...]:
    """What leaks, in words; none: nothing was found.

    Args:
        data: all of it.
        make: numbers (n_rows, n) of the data and the sessions to learn from.
        seed: of who is tried.
    """
    learn = ~data.test
    before = make(data, learn)
    found = []
    if moved := _moved(before, make(_answers_changed(data, data.test), learn), ~data.is_test):
        found.append(f"rows learnt from move with answers kept for measuring: {moved}")
    fold = person_folds(data, N_FOLDS, 0)
    chosen = _one_each(data, seed)
    for k in range(N_FOLDS):
        mine = chosen & ((fold == k) & learn)
        if moved := _moved(before, make(_answers_changed(data, mine), learn), mine[data.session]):
            found.append(f"rows move with their own session's answer: {moved}")
            break
    tested = chosen & data.test
    if moved := _moved(before, make(_answers_changed(data, tested), learn), tested[data.session]):
        found.append(f"rows kept for measuring move with their own session's answer: {moved}")
    if shared := set(data.user[learn[data.session]]) & set(data.user[data.is_test]):
        people = {int(each) for each in data.users[learn]}
        if not shared <= people:
            found.append("people on both sides are not those that the sessions name")
    return tuple(found)


def _one_each(data: Browsing, seed: int) -> NDArray[np.bool_]:
    """At most one session of each person, so that nobody's history is changed with it."""
    order = np.random.default_rng(seed).permutation(len(data.sessions))
    _, first = np.unique(data.users[order], return_index=True)
    found = np.zeros(len(data.sessions), dtype=bool)
    found[order[first]] = True
    return found


def _answers_changed(data: Browsing, sessions: NDArray[np.bool_]) -> Browsing:
    """Labels turned in some sessions, and their first order and all after struck out."""
    whose = np.repeat(np.arange(len(data.sessions)), np.diff(data.first))
    kept = ~(sessions[whose] & (np.arange(len(data.what)) >= data.known[whose]))
    places = np.concatenate([[0], np.cumsum(kept)])
    return replace(
        data,
        first=places[data.first],
        known=places[data.known],
        what=data.what[kept],
        kinds=data.kinds[kept],
        times=data.times[kept],
        bought=np.where(sessions[data.session], 1 - data.bought, data.bought),
    )


def _moved(before: Numbers, after: Numbers, rows: NDArray[np.bool_]) -> str:
    """Names of the numbers that differ in some rows; "" for none."""
    same = np.isclose(before[rows], after[rows], rtol=0, atol=1e-9, equal_nan=True)
    columns = np.flatnonzero(~same.all(axis=0))
    return ", ".join(NAMES[at] if at < len(NAMES) else f"column {at + 1}" for at in columns)


def audit(data: Browsing, folder: Path) -> Mapping[str, float]:
    """Share of rows whose ready-made columns are what the events before the first order say.

    Raises:
        DataError: candidates.csv has not the columns.
    """
    with (folder / "candidates.csv").open(encoding="utf-8", newline="") as lines:
        table = {(row["session_id"], row["item_id"]): row for row in csv.DictReader(lines)}
    agree: dict[str, list[bool]] = {}
    for row in range(len(data.item)):
        given = table[data.sessions[data.session[row]], data.items[data.item[row]]]
        for name, value in _columns(data, row).items():
            if name not in given:
                raise DataError(f"wanted the column {name} in {folder / 'candidates.csv'}")
            agree.setdefault(name, []).append(_alike(float(given[name]), value))
    return {name: float(np.mean(values)) for name, values in agree.items()}


def _alike(given: float, ours: float) -> bool:
    """Equal to the four digits that the columns are written with."""
    return abs(given - ours) <= 1e-9 + 1e-3 * abs(ours)


def _columns(data: Browsing, row: int) -> dict[str, float]:
    s, item = data.session[row], data.item[row]
    own = slice(data.first[s], data.known[s])
    views = data.kinds[own] == VIEW
    seen, times = data.what[own][views], data.times[own]
    mine = np.flatnonzero(seen == item)
    alike = data.facets[seen, _CATE] == data.facets[item, _CATE]
    followed = (data.kinds[own] == FOLLOW) & (data.what[own] == item)
    return {
        "n_views_item": len(mine),
        "view_share": len(mine) / len(seen),
        "steps_since_view": len(seen) - 1 - mine[-1],
        "is_last_viewed": float(mine[-1] == len(seen) - 1),
        "followed": float(followed.any()),
        "n_views_session": len(seen),
        "n_items_session": len(np.unique(seen)),
        "session_seconds": times[-1] - times[0],
        "category_share": float(alike.mean()),
    }
