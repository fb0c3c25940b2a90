"""Missing numbers: six ways to treat them, with the same rows hidden and the same models.

Only rows to learn from are used, in cross-validation by people. The numbers here are complete ones,
so that all that is missing was hidden by us: `HIDDEN` of them, 30 % each, either at random or the
likelier the longer the session is (which is never hidden). What is hidden is hidden in the rows
judged as well.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import DataError
from simpatico.eval.purchase import regression
from simpatico.eval.purchase_figures import Range, draws, figures, paired
from simpatico.eval.tables import Table
from simpatico.finetune.purchase_data import Browsing, read_browsing
from simpatico.finetune.purchase_features import NAMES, Numbers
from simpatico.finetune.purchase_stack import chances_of, grow
from simpatico.finetune.purchase_tune import folds_of
from simpatico.optional import needs
from simpatico.protocols import ProgressCallback

HIDDEN: Final = ("share of views", "log steps since", "last seen at", "share bought shop",
                 "share bought brand", "share bought cate")  # fmt: skip
DRIVER: Final = "log views of session"
SHARE: Final = 0.3
N_FOLDS: Final = 3
_ROUNDS: Final = 5

Fill = Callable[[Numbers, Numbers], Numbers]
"""(numbers learnt from, numbers) -> the numbers with nothing missing."""


def mean(learn: Numbers, numbers: Numbers) -> Numbers:
    """Put the mean where a number is missing."""
    return np.where(np.isnan(numbers), np.nanmean(learn, axis=0), numbers)


def median(learn: Numbers, numbers: Numbers) -> Numbers:
    """Put the median where a number is missing."""
    return np.where(np.isnan(numbers), np.nanmedian(learn, axis=0), numbers)


def mode(learn: Numbers, numbers: Numbers) -> Numbers:
    """Put the commonest value where a number is missing, the smallest of equals."""
    common = np.empty(learn.shape[1])
    for at, column in enumerate(learn.T):
        values, counts = np.unique(column[~np.isnan(column)], return_counts=True)
        common[at] = values[np.argmax(counts)]
    return np.where(np.isnan(numbers), common, numbers)


def modelled(learn: Numbers, numbers: Numbers) -> Numbers:
    """Put what a ridge regression on all other numbers says, each in turn, five rounds long."""
    centre, spread = np.nanmean(learn, axis=0), np.nanstd(learn, axis=0)
    spread = np.where(spread > 0, spread, 1)
    gaps, found = np.isnan(learn), np.nan_to_num((learn - centre) / spread)
    own_gaps, own = np.isnan(numbers), np.nan_to_num((numbers - centre) / spread)
    for _ in range(_ROUNDS):
        for at in np.flatnonzero(gaps.any(axis=0) | own_gaps.any(axis=0)):
            others = np.delete(np.arange(learn.shape[1]), at)
            known = ~gaps[:, at]
            left = found[known][:, others]
            weights = np.linalg.solve(
                left.T @ left + 10 * np.eye(len(others)), left.T @ found[known, at]
            )
            found[gaps[:, at], at] = found[gaps[:, at]][:, others] @ weights
            own[own_gaps[:, at], at] = own[own_gaps[:, at]][:, others] @ weights
    return np.asarray(own * spread + centre)


FILLS: Final[Mapping[str, Fill]] = {
    "mean": mean, "median": median, "mode": mode, "model-imputed": modelled,
}  # fmt: skip
DROP: Final = "drop"
MASKED: Final = "masked"
NOTHING: Final = "nothing hidden"
WAYS: Final = (DROP, *FILLS, MASKED)


def hide(numbers: Numbers, *, at_random: bool, rng: np.random.Generator) -> Numbers:
    """Hide `SHARE` of each of `HIDDEN`, at random or by the length of the session.

    Args:
        numbers: (n_rows, len(NAMES)).
        at_random: if not, a row whose session is longer than the median is hidden five times as
            often as another.
        rng: what draws.
    """
    driver = numbers[:, NAMES.index(DRIVER)]
    longer = driver > np.median(driver)
    odds = np.where(longer, 5.0, 1.0)
    chance = np.full(len(numbers), SHARE) if at_random else SHARE * odds / odds.mean()
    found = numbers.copy()
    for name in HIDDEN:
        found[rng.random(len(numbers)) < chance, NAMES.index(name)] = np.nan
    return found


def complete(numbers: Numbers, base: float) -> Numbers:
    """All numbers known: what nobody saw sold is none, at the share that all have."""
    found = numbers.copy()
    for at, name in enumerate(NAMES):
        column = found[:, at]
        found[:, at] = np.where(np.isnan(column), base if "share bought" in name else 0.0, column)
    return found


def run(
    data: Path,
    *,
    seed: int = 0,
    with_network: bool = True,
    progress: ProgressCallback = lambda what, done, total: None,
) -> tuple[Table, Table]:
    """Compare the ways: hidden at random, and by another number.

    Args:
        data: folder of sessions.
        seed: of what is hidden, of folds, of weights.
        with_network: whether the network is trained as well as the two baselines.
        progress: told of models.

    Raises:
        DataError: the data are not what is wanted.
        SettingsError: scikit-learn or torch is not installed.
    """
    found = read_browsing(data)
    if not found.bought[~found.is_test].any():
        raise DataError(f"wanted something bought in the sessions to learn from of {data}")
    models = ("logistic regression", "gradient boosting", *(("network",) if with_network else ()))
    if with_network:
        needs("torch", "torch", "the purchase network")
    out = {
        (at_random, way, model): np.full(len(found.item), np.nan)
        for at_random in (True, False)
        for way in (NOTHING, *WAYS)
        for model in models
    }
    total, done = N_FOLDS * len(out), 0
    for cut in folds_of(found, n_folds=N_FOLDS, seed=seed):
        base = float(found.bought[cut.learn].mean())
        whole = complete(cut.numbers, base)
        for (at_random, way, model), chances in out.items():
            rng = np.random.default_rng([seed, at_random])
            given = whole if way == NOTHING else hide(whole, at_random=at_random, rng=rng)
            if way == NOTHING and not at_random:
                chances[cut.judge] = out[True, way, model][cut.judge]
            else:
                chances[cut.judge] = told(
                    found, given, cut.learn, cut.judge, way=way, model=model, seed=seed
                )
            done += 1
            progress("Comparing ways", done, total)
    rows = np.flatnonzero(~found.is_test)
    return _table(found, rows, out, models, True, seed), _table(
        found, rows, out, models, False, seed
    )


def told(
    data: Browsing,
    numbers: Numbers,
    learn: NDArray[np.int64],
    judge: NDArray[np.int64],
    *,
    way: str,
    model: str,
    seed: int,
) -> Numbers:
    """Chances of rows to judge, (n_judge,), with what is missing treated in one way.

    Dropping rows leaves complete ones to learn from, and gives the share bought to those that
    cannot be judged.
    """
    if way in FILLS:
        fill = FILLS[way]
        filled = np.full_like(numbers, np.nan)
        filled[judge] = fill(numbers[learn], numbers[judge])
        filled[learn] = fill(numbers[learn], numbers[learn])
        return _chances(data, filled, learn, judge, model, seed)
    if way != DROP:
        return _chances(data, numbers, learn, judge, model, seed)
    whole = np.asarray(~np.isnan(numbers).any(axis=1))
    found = np.full(len(judge), data.bought[learn].mean())
    can = whole[judge]
    if can.any():
        found[can] = _chances(data, numbers, learn[whole[learn]], judge[can], model, seed)
    return found


def _chances(
    data: Browsing,
    numbers: Numbers,
    learn: NDArray[np.int64],
    judge: NDArray[np.int64],
    model: str,
    seed: int,
) -> Numbers:
    if model == "network":
        from simpatico.finetune.purchase import Plan, train

        trained = train(data, numbers, learn, Plan(seed=seed))
        return chances_of(trained.logits(data, numbers, judge))
    make: Callable[..., Any] = regression if model == "logistic regression" else grow
    fitted = make(numbers[learn], data.bought[learn])
    return np.asarray(fitted.predict_proba(numbers[judge])[:, 1])


def _table(
    data: Browsing,
    rows: NDArray[np.int64],
    out: Mapping[tuple[bool, str, str], Numbers],
    models: tuple[str, ...],
    at_random: bool,
    seed: int,
) -> Table:
    labels = data.bought[rows]
    drawn = draws(data.session[rows], seed=seed, n_draws=300)
    lines = []
    for way in (NOTHING, *WAYS):
        cells = [way]
        for model in models:
            chances = out[at_random, way, model][rows]
            told = figures(chances, labels)
            cells += [f"{told.roc_auc:.4f}", f"{told.pr_auc:.4f}", f"{told.log_loss:.4f}"]
            gap = paired(chances, out[at_random, MASKED, model][rows], labels, drawn)[2]
            cells.append("" if way in (NOTHING, MASKED) else _gap(gap))
        lines.append(tuple(cells))
    how = ("completely at random" if at_random
           else "five times as often where the session is longer than the median")  # fmt: skip
    columns = ("ROC AUC", "PR AUC", "log-loss", "log-loss less masked's")
    return Table(
        title=f"Missing numbers, 30 % hidden {how}, n={len(rows)}",
        columns=("way", *(f"{model}: {column}" for model in models for column in columns)),
        rows=tuple(lines),
        notes=(
            f"Cross-validation by people on the training part, {N_FOLDS} folds, seed {seed}, data"
            f" {data.fingerprint}. Hidden: {', '.join(HIDDEN)}. drop: rows with a gap are not"
            " learnt from, and get the share bought when judged. model-imputed: chained ridge"
            " regressions. masked: logistic regression gets the mean and a flag, the trees send a"
            " gap its own way, the network gets 0 and a flag. Brackets: 95 %, sessions drawn 300"
            " times.",
        ),
    )


def _gap(one: Range) -> str:
    return f"{one.value:+.4f} ({one.low:+.4f} to {one.high:+.4f})"
