"""What another policy would have earned, from what one with known chances showed: IPS, SNIPS, DR.

Inverse propensity scoring (Horvitz and Thompson, 1952), its self-normalised form (Swaminathan and
Joachims, NIPS 2015) and the doubly robust estimate (Dudik et al., ICML 2011). All are pure
functions on arrays; `simpatico.eval.offpolicy_log` fills these from an event log.

Rows are lists that were shown, columns what could have stood at the place that is judged.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from simpatico.domain import Value
from simpatico.errors import DataError
from simpatico.eval.next_item import Interval

Numbers = NDArray[np.float64]
ESTIMATORS: Final = ("IPS", "SNIPS", "DR")
N_DRAWS: Final = 2000
N_FOLDS: Final = 5
MIN_UNITS: Final = 10
"""From so many people on, people are drawn again for the intervals; of fewer, lists."""

_SUMS_TO_1: Final = 1e-6


class Shown(NamedTuple):
    """n lists with at most m choices each.

    Attributes:
        person: (n,) who, as a number.
        chances: (n, m) of each choice; rows sum to 1, and are 0 where there is no such choice.
        taken: (n,) column of the choice that was shown.
        rewards: (n,) what came of it.
    """

    person: NDArray[np.int64]
    chances: Numbers
    taken: NDArray[np.int64]
    rewards: Numbers


class Estimates(Value):
    """What a policy would have earned for each list.

    Attributes:
        logged: what the policy that was at work did earn.
        values: by estimator, in the order of `ESTIMATORS`.
        gains: the same less `logged`, people drawn alike for both.
        n: lists.
        n_people: who saw them.
        n_matching: lists that show what the policy would, so that they speak for it.
        effective_n: (sum of weights)^2 / sum of squared weights, at most n.
        mean_weight: 1 but for chance when the logged chances are right and nothing is cut.
        max_weight: of any list, before cutting.
        n_cut: weights above `clip`, which were set to it.
        clip: None: no weight was cut.
        drawn: "people" or "lists".
    """

    logged: Interval
    values: tuple[Interval, ...]
    gains: tuple[Interval, ...]
    n: int
    n_people: int
    n_matching: int
    effective_n: float
    mean_weight: Interval
    max_weight: float
    n_cut: int
    clip: float | None
    drawn: str


def weights(shown: Shown, target: Numbers) -> Numbers:
    """How much likelier the target policy was to show what was shown, (n,).

    Args:
        shown: the log.
        target: (n, m) chances of the choices under the policy to judge; rows sum to 1.

    Raises:
        DataError: no lists; chances that are none; a policy that wants what the logging one never
            shows, or that would never have shown what was.
        ValueError: arrays of other shapes, or a `target` that is no chances.
    """
    n, m = shown.chances.shape
    if target.shape != (n, m):
        raise ValueError(f"wanted a target of shape {(n, m)}, got {target.shape}")
    for name, each in (
        ("person", shown.person),
        ("taken", shown.taken),
        ("rewards", shown.rewards),
    ):
        if each.shape != (n,):
            raise ValueError(f"wanted {name} of shape {(n,)}, got {each.shape}")
    if n == 0:
        raise DataError("wanted lists with logged chances, got none")
    if not _are_chances(target):
        raise ValueError("wanted chances of the target policy that add up to 1 in each list")
    if not _are_chances(shown.chances):
        raise DataError("the logged chances of a list are not from 0 to 1, or do not add up to 1")
    of_taken = shown.chances[np.arange(n), shown.taken]
    if not of_taken.all():
        raise DataError(f"{np.count_nonzero(of_taken == 0)} lists show what had a chance of 0")
    unseen = (target > 0) & (shown.chances == 0)
    if unseen.any():
        raise DataError(
            "no support: the policy wants what the logging one never shows in"
            f" {np.count_nonzero(unseen.any(axis=1))} of {n} lists"
        )
    found: Numbers = target[np.arange(n), shown.taken] / of_taken
    if not found.any():
        raise DataError(f"none of {n} lists shows what the policy would: nothing speaks for it")
    return found


class Lists(NamedTuple):
    """What each list says of a policy, (n,) each.

    Attributes:
        weight: see `weights`; above the clip, the clip.
        weighted: weight times reward: its mean is IPS, its sum over that of the weights SNIPS.
        robust: its mean is DR.
    """

    weight: Numbers
    weighted: Numbers
    robust: Numbers


def by_list(shown: Shown, target: Numbers, *, model: Numbers, clip: float | None = None) -> Lists:
    """What the estimates are sums of; arguments and errors are those of `estimate`."""
    raw = weights(shown, target)
    if model.shape != target.shape:
        raise ValueError(f"wanted a model of shape {target.shape}, got {model.shape}")
    if clip is not None and clip <= 0:
        raise ValueError(f"wanted weights cut above more than 0, got {clip}")
    weight = raw if clip is None else np.minimum(raw, clip)
    direct = np.sum(target * model, axis=1)
    surprise = shown.rewards - model[np.arange(len(raw)), shown.taken]
    return Lists(weight, weight * shown.rewards, direct + weight * surprise)


def estimate(
    shown: Shown,
    target: Numbers,
    *,
    model: Numbers,
    clip: float | None = None,
    seed: int = 0,
    n_draws: int = N_DRAWS,
) -> Estimates:
    """Estimate what a policy would have earned for each list, with 95 % intervals.

    Args:
        shown: the log.
        target: as `weights` takes it.
        model: (n, m) what each choice is thought to earn, by a model that was not fitted on the
            person's own lists; see `reward_model`. DR is right on average whatever it says, and
            the surer the better it is.
        clip: weights above it are set to it: less spread, but the estimates lean to what the
            model says (DR) or to 0 (IPS).
        seed: of the bootstrap.
        n_draws: how often people are drawn again.

    Raises:
        DataError: as `weights`.
        ValueError: as `weights`; a clip that is not above 0.
    """
    raw, n = weights(shown, target), len(shown.rewards)
    each = by_list(shown, target, model=model, clip=clip)
    weight = each.weight
    columns = np.stack([np.ones(n), shown.rewards, *each], 1)
    people, unit = np.unique(shown.person, return_inverse=True)
    by_people = len(people) >= MIN_UNITS
    sums = np.zeros((len(people), columns.shape[1])) if by_people else columns
    if by_people:
        np.add.at(sums, unit, columns)
    of_all = _figures(columns.sum(axis=0)[None])[0]
    drawn = _figures(_drawn_again(sums, seed, n_draws))
    logged, value, mean_weight = of_all[0], of_all[1:4], of_all[4]
    return Estimates(
        logged=_interval(logged, drawn[:, 0]),
        values=tuple(_interval(value[i], drawn[:, 1 + i]) for i in range(3)),
        gains=tuple(_interval(value[i] - logged, drawn[:, 1 + i] - drawn[:, 0]) for i in range(3)),
        n=n,
        n_people=len(people),
        n_matching=int(np.count_nonzero(raw)),
        effective_n=float(weight.sum() ** 2 / np.sum(weight**2)),
        mean_weight=_interval(mean_weight, drawn[:, 4]),
        max_weight=float(raw.max()),
        n_cut=0 if clip is None else int(np.count_nonzero(raw > clip)),
        clip=clip,
        drawn="people" if by_people else "lists",
    )


def reward_model(shown: Shown, scores: Numbers, *, seed: int = 0) -> Numbers:
    """What each choice earns by its score, (n, m), learned from other people's lists.

    Isotonic regression of the rewards on the scores of what was shown, in `N_FOLDS` folds over
    people (over lists where there are fewer people than folds).

    Args:
        shown: the log.
        scores: (n, m), higher means that more is expected: the ranker's `p_accept`.
        seed: of the folds.
    """
    people, unit = np.unique(shown.person, return_inverse=True)
    if len(people) < N_FOLDS:
        unit = np.arange(len(shown.person))
    fold = np.random.default_rng(seed).permutation(unit.max() + 1)[unit] % N_FOLDS
    of_taken = scores[np.arange(len(scores)), shown.taken]
    model = np.full(scores.shape, shown.rewards.mean())
    for each in range(N_FOLDS):
        held = fold == each
        if held.any() and not held.all():
            at, reward = _isotonic(of_taken[~held], shown.rewards[~held])
            model[held] = np.interp(scores[held], at, reward)
    return model


def _isotonic(scores: Numbers, rewards: Numbers) -> tuple[Numbers, Numbers]:
    """Points of the fit: distinct scores and their rewards, neither falling."""
    at, group = np.unique(scores, return_inverse=True)
    count = np.bincount(group)
    fitted = isotonic_regression(np.bincount(group, rewards) / count, weights=count)
    return at, np.asarray(fitted.x)


def _figures(sums: Numbers) -> Numbers:
    """Of (draws, 5) sums: logged, IPS, SNIPS, DR, mean weight. SNIPS is nan without weight."""
    n, reward, weight, weighted, robust = sums.T
    with np.errstate(invalid="ignore"):
        snips = weighted / weight
    return np.stack([reward / n, weighted / n, snips, robust / n, weight / n], axis=1)


def _drawn_again(sums: Numbers, seed: int, n_draws: int) -> Numbers:
    """Sums of as many units as there are, drawn with replacement, (n_draws, columns)."""
    rng = np.random.default_rng(seed)
    n = len(sums)
    counts = (np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(n_draws))
    return np.stack([each @ sums for each in counts])


def _interval(mean: float, drawn: Numbers) -> Interval:
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Interval(mean=float(mean), low=float(low), high=float(high))


def _are_chances(rows: Numbers) -> bool:
    inside = bool(((rows >= 0) & (rows <= 1 + _SUMS_TO_1)).all())
    return inside and bool((np.abs(rows.sum(axis=1) - 1) <= _SUMS_TO_1).all())
