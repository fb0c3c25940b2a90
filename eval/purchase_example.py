"""Somebody browsed ten items: how likely is each to be bought, and why?

What moved a chance is told by deletion: the log-odds with a group of numbers less those without.
What the network's attention weighed is told by event.
"""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from simpatico.errors import DataError
from simpatico.eval.tables import Table
from simpatico.finetune.purchase import LONGEST, without
from simpatico.finetune.purchase_data import (
    KINDS,
    Browsing,
    Did,
    read_browsing,
    with_session,
)
from simpatico.finetune.purchase_features import GROUPS, Numbers
from simpatico.finetune.purchase_stack import Purchase, learn_parts, load, logits_of, save, stacked
from simpatico.optional import needs
from simpatico.protocols import ProgressCallback

BROWSED: Final = (
    Did("laptop", "view", 0, "electronics"),
    Did("tablet", "view", 70, "electronics"),
    Did("headphones", "view", 150, "electronics"),
    Did("e-reader", "view", 260, "electronics"),
    Did("phone", "view", 330, "electronics"),
    Did("raincoat", "view", 600, "clothes"),
    Did("jeans", "view", 640, "clothes"),
    Did("trainers", "view", 700, "clothes"),
    Did("headphones", "view", 780, "electronics"),
    Did("headphones", "follow", 840, "electronics"),
    Did("jumper", "view", 900, "clothes"),
    Did("scarf", "view", 950, "clothes"),
    Did("raincoat", "view", 1000, "clothes"),
)
"""Ten items, five of each kind; two are come back to and one is followed."""

_COLUMNS: Final = ("item", "category", "seconds", "event")
_EVENING: Final = 20 * 3600.0
_SHOWN: Final = 3


def read_session(file: Path) -> tuple[Did, ...]:
    """A session from CSV: item, category, seconds since its start, event.

    Raises:
        DataError: it cannot be read, or a column or a number is missing.
    """
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            if missing := [name for name in _COLUMNS if name not in (reader.fieldnames or ())]:
                raise DataError(f"wanted columns {', '.join(missing)} in {file}")
            found = tuple(
                Did(row["item"], row["event"], float(row["seconds"]), row["category"])
                for row in reader
            )
    except (OSError, UnicodeDecodeError, ValueError, TypeError) as error:
        raise DataError(f"{file} cannot be read as a session: {error}") from error
    if any(not each.item or not 0 <= each.seconds < math.inf for each in found):
        raise DataError(f"wanted an item and seconds from 0 on in each row of {file}")
    return found


def run(
    data: Path,
    *,
    did: Sequence[Did] = BROWSED,
    keep: Path | None = None,
    seed: int = 0,
    n_seeds: int = 3,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Table:
    """Train on a folder of sessions, or take what is kept, and judge a session.

    Args:
        data: folder of sessions.
        did: what was done, in order of time.
        keep: a folder for what was learnt; None: it is not kept.
        seed: the first of the networks'.
        n_seeds: networks.
        progress: told of networks.

    Raises:
        DataError: the data or the session are not what is wanted.
        ModelError: what is kept is damaged or of other data.
        SettingsError: torch or scikit-learn is not installed.
    """
    needs("torch", "torch", "the purchase network")
    found = read_browsing(data)
    latest = float(found.times[found.first[:-1]].max())
    joined = with_session(found, did, start=latest - latest % 86400 + 86400 + _EVENING)
    model = load(found, keep) if keep else None
    if model is None:
        seeds = range(seed, seed + n_seeds)
        model = stacked(found, learn_parts(found, ~found.test, seeds=seeds, progress=progress))
        if keep:
            save(model, found, keep)
    return judged(model, joined)


def judged(model: Purchase, data: Browsing) -> Table:
    """The items of the last session, the likeliest first."""
    s = len(data.sessions) - 1
    rows = np.flatnonzero(data.session == s)
    numbers = model.numbers(data)
    read = model.read(data, numbers, rows)
    moved = {
        group: logits_of(read.chances)
        - logits_of(model.read(data, without(numbers, group), rows).chances)
        for group in GROUPS
    }
    base = float(data.bought[model.rows_learnt(data)].mean())
    lines = []
    for place in np.argsort(-read.chances, kind="stable"):
        item = data.item[rows[place]]
        parts = sorted(((g, float(m[place])) for g, m in moved.items()), key=lambda p: -abs(p[1]))
        lines.append((
            data.items[item],
            _category(data, int(item)),
            f"{read.chances[place]:.1%}",
            "; ".join(f"{group} {value:+.2f}" for group, value in parts[:_SHOWN]),
            _weighed(data, s, read.weights[place]),
        ))  # fmt: skip
    return Table(
        title=f"Will it be bought? {len(rows)} items browsed",
        columns=("item", "category", "chance", "what moved it (log-odds, by deletion)",
                 "what the attention weighed"),
        rows=tuple(lines),
        notes=(
            f"Of items viewed in sessions with two or more, {base:.1%} are bought: a chance is of"
            " this item, and they do not sum to 1. They are for the moment after the last event.",
            "A category that the data do not name was never seen to sell: how it sells is masked."
            " Even weights say that the attention found no event that matters more than others.",
        ),
    )  # fmt: skip


def _category(data: Browsing, item: int) -> str:
    number = data.facets[item, 1]
    return data.names[1][number] if number >= 0 else ""


def _weighed(data: Browsing, s: int, weights: Numbers) -> str:
    first = max(int(data.first[s]), int(data.known[s]) - LONGEST)
    best = np.argsort(-weights, kind="stable")[:_SHOWN]
    return "; ".join(
        f"{KINDS[data.kinds[first + at]]} of {data.items[data.what[first + at]]} {weights[at]:.0%}"
        for at in best
    )
