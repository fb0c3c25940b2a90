"""`simpatico eval purchase`: the chance that an item of a session will be bought, and baselines.

Everything is chosen and calibrated on sessions to learn from, with people kept apart in
cross-validation; sessions kept for measuring are scored once. Networks are trained once for each
seed: a row gives their mean and its spread, and the last row has them together.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import DataError
from simpatico.eval.purchase_figures import (
    Figures,
    Numbers,
    Range,
    draws,
    ece_by_chance,
    figures,
    paired,
    ranges,
)
from simpatico.eval.purchase_leaks import audit, leaks
from simpatico.eval.purchase_run import run_of
from simpatico.eval.record import Run
from simpatico.eval.tables import Table
from simpatico.finetune.purchase_data import Browsing, read_browsing
from simpatico.finetune.purchase_features import NAMES, behaviour, person_folds, sales
from simpatico.finetune.purchase_stack import (
    N_FOLDS,
    Parts,
    chances_of,
    fit_stack,
    grow,
    learn_parts,
    mixed,
    stacked,
    tree_logits,
)
from simpatico.optional import needs
from simpatico.protocols import ProgressCallback

SIMPLE: Final = ("log views", "share of views", "log steps since", "followed",
                 "log views of session", "log items of session", "log seconds of session",
                 "share of same cate")  # fmt: skip
"""What the ready-made columns of candidates.csv say, as numbers of ours."""

OURS: Final = "network and trees, calibrated (ours)"
_TREES: Final = "gradient boosting, all numbers"
STRENGTH: Final = 0.03
"""Of the logistic regression (C); chosen by cross-validation on the training part."""


@dataclass
class Row:
    """One system.

    Attributes:
        title: its name.
        out: (n_rows,) chances of the rows learnt from, by what did not learn from the person.
        told: (n_rows_test,) chances of the rows kept for measuring.
        seeds: the same for each seed, (n_seeds, ...) each; none where no chance is in it.
    """

    title: str
    out: Numbers
    told: Numbers
    seeds: tuple[Numbers, Numbers] | None = field(default=None)


class Measured(NamedTuple):
    """The run on sessions kept out, and tables.

    They are of that run, of cross-validation, of people not learnt from, of ways to calibrate.
    """

    run: Run
    tables: tuple[Table, ...]


def run(
    data: Path,
    *,
    seed: int = 0,
    n_seeds: int = 5,
    command: str = "",
    progress: ProgressCallback = lambda what, done, total: None,
) -> Measured:
    """Train and judge.

    Args:
        data: folder of sessions, see `read_browsing`.
        seed: the first seed of networks, and that of draws.
        n_seeds: how many.
        command: for the card.
        progress: told of networks.

    Raises:
        DataError: the data are not what is wanted, or numbers leak the answer.
        SettingsError: torch or scikit-learn is not installed.
    """
    if n_seeds < 1:
        raise ValueError(f"wanted at least one seed, got {n_seeds}")
    needs("torch", "torch", "the purchase network")
    began = time.perf_counter()
    found = read_browsing(data)
    if not found.test.any() or found.test.all():
        raise DataError(f"wanted sessions of both parts, train and test, in {data}")
    progress("Looking for leaks", 0, 1)
    if problems := leaks(found):
        raise DataError(f"the numbers leak the answer; {problems[0]}", problems=problems)
    progress("Looking for leaks", 1, 1)
    columns = audit(found, data)
    parts = learn_parts(found, ~found.test, seeds=range(seed, seed + n_seeds), progress=progress)
    rows = rows_of(found, parts)
    notes = _card(found, columns, n_seeds, seed, time.perf_counter() - began, command)
    return Measured(
        run_of(found, rows, data, moved=problems, columns=columns, command=command, seed=seed),
        (*tables(found, rows, seed=seed, notes=notes), calibrations(found, parts)),
    )


def rows_of(data: Browsing, parts: Parts) -> tuple[Row, ...]:
    """Every system's chances, baselines first and ours last."""
    learn, rows = parts.learn, parts.rows
    test = np.flatnonzero(~learn[data.session])
    own = behaviour(data)
    numbers = np.concatenate([own, sales(data, learn)], axis=1)
    base = data.bought[rows].mean()
    simple = np.array([NAMES.index(name) for name in SIMPLE])
    every = np.arange(len(NAMES))
    made: dict[str, tuple[Callable[..., Any], NDArray[np.int64]]] = {
        "logistic regression, the session's columns": (regression, simple),
        "logistic regression, all numbers": (regression, every),
        "gradient boosting, the session's columns": (grow, simple),
    }
    found = [Row("constant", np.full(len(rows), base), np.full(len(test), base))]
    for title, (make, columns) in made.items():
        out = crossed(data, learn, make, columns)[rows]
        model = make(numbers[rows][:, columns], data.bought[rows])
        found.append(Row(title, out, model.predict_proba(numbers[test][:, columns])[:, 1]))
    trees = tree_logits(parts.trees, numbers[test])
    found.append(Row(_TREES, chances_of(parts.out_trees), chances_of(trees)))
    nets = np.stack([net.logits(data, numbers, test) for net in parts.nets])
    found.append(
        Row(
            "network alone, mean of seeds",
            chances_of(parts.out_nets.mean(axis=0)),
            chances_of(nets.mean(axis=0)),
            (chances_of(parts.out_nets), chances_of(nets)),
        )
    )
    labels = data.bought[rows]
    stacks = [fit_stack(each, parts.out_trees, labels) for each in parts.out_nets]
    both = stacked(data, parts).stack
    found.append(
        Row(
            OURS,
            crossed_stack(data, parts, parts.out_nets.mean(axis=0)),
            chances_of(mixed(both, nets.mean(axis=0), trees)),
            (
                np.stack([crossed_stack(data, parts, each) for each in parts.out_nets]),
                np.stack([chances_of(mixed(s, net, trees))
                          for s, net in zip(stacks, nets, strict=True)]),
            ),
        )
    )  # fmt: skip
    return tuple(found)


def regression(numbers: Numbers, labels: NDArray[np.int64], *, strength: float = STRENGTH) -> Any:
    """Logistic regression on standardised numbers; a missing one is the mean, and said to be."""
    pipeline = needs("sklearn.pipeline", "scikit-learn", "logistic regression")
    impute = needs("sklearn.impute", "scikit-learn", "logistic regression")
    scale = needs("sklearn.preprocessing", "scikit-learn", "logistic regression")
    linear = needs("sklearn.linear_model", "scikit-learn", "logistic regression")
    return pipeline.make_pipeline(
        impute.SimpleImputer(add_indicator=True, keep_empty_features=True),
        scale.StandardScaler(),
        linear.LogisticRegression(C=strength, max_iter=2000),
    ).fit(numbers, labels)


def crossed(
    data: Browsing,
    learn: NDArray[np.bool_],
    make: Callable[..., Any],
    columns: NDArray[np.int64],
) -> Numbers:
    """Chances of the rows learnt from, each by a model of other people: (all rows,), else nan."""
    own = behaviour(data)
    fold = person_folds(data, N_FOLDS, 0)
    found = np.full(len(data.item), np.nan)
    for k in range(N_FOLDS):
        kept, out = learn & (fold != k), learn & (fold == k)
        numbers = np.concatenate([own, sales(data, kept)], axis=1)[:, columns]
        mine, others = (np.flatnonzero(each[data.session]) for each in (kept, out))
        found[others] = make(numbers[mine], data.bought[mine]).predict_proba(numbers[others])[:, 1]
    return found


def crossed_stack(data: Browsing, parts: Parts, nets: Numbers) -> Numbers:
    """The stack's chances of the rows learnt from, its weights fitted on other people."""
    fold = person_folds(data, N_FOLDS, 1)[data.session[parts.rows]]
    labels = data.bought[parts.rows]
    found = np.empty(len(labels))
    for k in range(N_FOLDS):
        kept, out = fold != k, fold == k
        stack = fit_stack(nets[kept], parts.out_trees[kept], labels[kept])
        found[out] = chances_of(mixed(stack, nets[out], parts.out_trees[out]))
    return found


def tables(
    data: Browsing, rows: Sequence[Row], *, seed: int, notes: Sequence[str] = ()
) -> tuple[Table, ...]:
    """Cross-validation, the test part, and its people who were not learnt from."""
    train, test = np.flatnonzero(~data.is_test), np.flatnonzero(data.is_test)
    seen = np.isin(data.user[test], data.users[~data.test])
    strangers = np.flatnonzero(~seen)
    best = best_baseline(data, rows)
    every = [(row.out, row.seeds[0] if row.seeds else None) for row in rows]
    told = [(row.told, row.seeds[1] if row.seeds else None) for row in rows]
    new = [(a[strangers], None if b is None else b[:, strangers]) for a, b in told]
    kept = test[strangers]
    titles = [row.title for row in rows]
    return (
        _table("Bought or not, cross-validation by people on the training part",
               data, train, titles, every, best, seed, ()),
        _table("Bought or not, test part", data, test, titles, told, best, seed, notes),
        _table("The same, people without a session to learn from",
               data, kept, titles, new, best, seed, ()),
    )  # fmt: skip


def best_baseline(data: Browsing, rows: Sequence[Row]) -> int:
    """The baseline with the smallest cross-validated log-loss: what ours is set against."""
    labels = data.bought[~data.is_test]
    losses = [figures(row.out, labels).log_loss for row in rows if row.seeds is None]
    return int(np.argmin(losses))


def _table(
    title: str,
    data: Browsing,
    places: NDArray[np.int64],
    titles: Sequence[str],
    rows: Sequence[tuple[Numbers, Numbers | None]],
    best: int,
    seed: int,
    notes: Sequence[str],
) -> Table:
    labels, sessions = data.bought[places], data.session[places]
    drawn = draws(sessions, seed=seed)
    drawn = drawn[(drawn @ labels > 0) & (drawn @ (1 - labels) > 0)]
    lines = []
    for at, (name, (chances, seeds)) in enumerate(zip(titles, rows, strict=True)):
        gap = "" if at <= best else _beside(paired(chances, rows[best][0], labels, drawn))
        lines.append((name, *_cells(chances, labels, drawn, seeds), gap))
    perfect = ece_by_chance(rows[-1][0], seed=seed)
    return Table(
        title=f"{title}, n={len(places)} rows of {len(np.unique(sessions))} sessions",
        columns=("row", "ROC AUC", "PR AUC", "log-loss", "ECE", "ECE, equal width",
                 "one seed: AUC, log-loss", "beside the best baseline: AUC; log-loss"),
        rows=tuple(lines),
        notes=(
            f"{labels.sum()} of {len(labels)} bought ({labels.mean():.4f}). In brackets: the middle"
            f" 95 % when sessions are drawn again {len(drawn)} times. ECE: 15 bins of equal mass;"
            f" chances like ours that were exactly right would have {perfect:.4f} here, by luck of"
            f" the draw alone. The best baseline by cross-validated log-loss: {titles[best]}.",
            *notes,
        ),
    )  # fmt: skip


def _cells(
    chances: Numbers, labels: NDArray[np.int64], drawn: Numbers, seeds: Numbers | None
) -> tuple[str, ...]:
    told = ranges(chances, labels, drawn)
    alone = ""
    if seeds is not None and len(seeds) > 1:
        each = np.array([figures(one, labels) for one in seeds])
        mean, spread = Figures(*each.mean(axis=0)), Figures(*each.std(axis=0, ddof=1))
        alone = (f"{mean.roc_auc:.4f} ± {spread.roc_auc:.4f},"
                 f" {mean.log_loss:.4f} ± {spread.log_loss:.4f}")  # fmt: skip
    return (*(_range(one, digits=3) for one in told), alone)


def _range(one: Range, *, digits: int) -> str:
    return f"{one.value:.4f} ({one.low:.{digits}f} to {one.high:.{digits}f})"


def _beside(gaps: Sequence[Range]) -> str:
    auc, _, loss, *_ = gaps
    return (f"{auc.value:+.4f} ({auc.low:+.4f} to {auc.high:+.4f});"
            f" {loss.value:+.4f} ({loss.low:+.4f} to {loss.high:+.4f})")  # fmt: skip


def calibrations(data: Browsing, parts: Parts) -> Table:
    """Ways to make chances of ours, each fitted on other people than it is judged on."""
    isotonic = needs("sklearn.isotonic", "scikit-learn", "the comparison of calibrations")
    rows, labels = parts.rows, data.bought[parts.rows]
    fold = person_folds(data, N_FOLDS, 1)[data.session[rows]]
    nets = parts.out_nets.mean(axis=0)
    plain = (nets + parts.out_trees) / 2
    found = {"none: the mean of both log-odds": chances_of(plain)}
    heat, curve = np.empty(len(rows)), np.empty(len(rows))
    for k in range(N_FOLDS):
        kept, out = fold != k, fold == k
        tried = np.geomspace(0.3, 3, 47)
        losses = [figures(chances_of(plain[kept] / t), labels[kept]).log_loss for t in tried]
        heat[out] = chances_of(plain[out] / tried[int(np.argmin(losses))])
        model = isotonic.IsotonicRegression(y_min=1e-4, y_max=1 - 1e-4, out_of_bounds="clip")
        curve[out] = model.fit(plain[kept], labels[kept]).predict(plain[out])
    found["one temperature"] = heat
    found["isotonic"] = curve
    found["logistic regression on both (Platt, stacking)"] = crossed_stack(data, parts, nets)
    return Table(
        title=f"Calibration, cross-validation by people on the training part, n={len(rows)}",
        columns=("way", "ROC AUC", "PR AUC", "log-loss", "ECE", "ECE, equal width"),
        rows=tuple(
            (name, *(f"{value:.4f}" for value in figures(chances, labels)))
            for name, chances in found.items()
        ),
    )


def _card(
    data: Browsing, columns: Any, n_seeds: int, seed: int, seconds: float, command: str
) -> tuple[str, ...]:
    train, test = data.user[~data.is_test], data.user[data.is_test]
    both = np.intersect1d(train, test)
    wrong = [f"{name} ({share:.4f})" for name, share in columns.items() if share < 1]
    return (
        f"Data {data.fingerprint}: {(~data.is_test).sum()} rows of"
        f" {len(np.unique(data.session[~data.is_test]))} sessions to learn from,"
        f" {data.is_test.sum()} of {len(np.unique(data.session[data.is_test]))} to measure on; no"
        f" session is on both sides, {len(both)} people are"
        f" ({np.isin(test, both).sum()} of the test rows).",
        "Leaks: none found (first orders and what came after struck out, labels turned). Columns of"
        " candidates.csv that events before the first order do not give:"
        f" {', '.join(wrong) or 'none'}.",
        f"Seeds {seed} to {seed + n_seeds - 1}; {seconds:.0f} s in all, one core."
        + (f" Command: {command}" if command else ""),
    )
