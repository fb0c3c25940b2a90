"""Whether the off-policy estimates hold: simulated people, whose chance to take each item is known.

The catalogue, the ranker and the exploring are the real ones; only the people are made up. Each
has tones that they like and a fondness for the well known, asks for two of their tones, and takes
the last of a list with a chance that grows with both. Their log goes through `offpolicy_log` as
anybody's; what each policy would truly have earned is known from the chances.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import numpy as np

from simpatico.agent.volatile import VolatileLog
from simpatico.domain import (
    TONES,
    Candidate,
    Constraints,
    Event,
    Impression,
    Item,
    Profile,
    UserState,
)
from simpatico.eval.offpolicy import ESTIMATORS, Numbers, estimate, reward_model
from simpatico.eval.offpolicy_log import Policy, best, popularity, read_log, shown_of, uniform
from simpatico.eval.tables import Table
from simpatico.protocols import ProgressCallback, Ranker
from simpatico.retrieval.catalog import Catalog
from simpatico.retrieval.explore import N_NEXT, explore, policy_name
from simpatico.retrieval.rank import LinearRanker
from simpatico.retrieval.rerank import rerank
from simpatico.settings import RetrievalSettings

N_CANDIDATES: Final = 100
N_POPULATION: Final = 300
SIZES: Final = (50, 250, 1000)
"""People in a log, who see `LISTS_EACH` lists each."""
LISTS_EACH: Final = 4
N_DRAWS: Final = 500
K: Final = 4

_BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_OFTEN, _BY_TASTE, _BY_FAME = -3.5, 3.0, 3.0  # of the logit of taking


class World(NamedTuple):
    """A log of simulated people, and what is true of them.

    Attributes:
        log: what was shown and taken.
        truly: chance that the person of a list takes an item, by (list_id, item id).
    """

    log: VolatileLog
    truly: Mapping[tuple[str, str], float]


class Coverage(NamedTuple):
    """How an estimator did over many logs of one size.

    Attributes:
        bias: mean of estimate less truth.
        spread: standard deviation of the estimates.
        covered: share of the logs whose 95 % interval holds the truth.
        effective: median of how many lists count; see `Estimates`.
        width: median width of the interval.
    """

    bias: float
    spread: float
    covered: float
    width: float
    effective: float


class Judged(NamedTuple):
    """A policy on many logs of one size: the truth, and what each estimator said.

    Attributes:
        truth: what the policy would have earned for each list.
        judged: (n_logs, n_estimators, 4): estimate, its interval's ends, effective lists.
    """

    truth: float
    judged: Numbers

    def coverage(self) -> dict[str, Coverage]:
        """How each estimator did."""
        return {
            name: _coverage(self.judged[:, place], self.truth)
            for place, name in enumerate(ESTIMATORS)
        }


def run(
    catalog: Catalog,
    *,
    share: float,
    n_logs: int,
    sizes: Sequence[int] = SIZES,
    n_population: int = N_POPULATION,
    seed: int = 0,
    progress: ProgressCallback = lambda what, done, total: None,
) -> dict[int, dict[str, Judged]]:
    """Let the linear ranker show lists to `n_population` people, and judge logs drawn from them.

    Returns:
        By the number of people in a log and by policy.

    Raises:
        ValueError: a share that is not above 0, for then there is nothing to judge by.
    """
    if not 0 < share <= 1:
        raise ValueError(f"wanted a share above 0 and at most 1, got {share}")
    world = simulate(
        catalog, LinearRanker(), n_people=n_population, share=share, seed=seed, progress=progress
    )
    policies = {"best": best, "uniform": uniform, "popularity": popularity(catalog)}
    return {
        size: check(world, policies, n_people=size, n_logs=n_logs, seed=seed, progress=progress)
        for size in sizes
    }


def simulate(
    catalog: Catalog,
    ranker: Ranker,
    *,
    n_people: int,
    share: float,
    seed: int = 0,
    progress: ProgressCallback = lambda what, done, total: None,
) -> World:
    """Show `LISTS_EACH` lists to each of `n_people`, the last place explored, and let them take."""
    rng = np.random.default_rng(seed)
    tones = np.array([item.tone or (0.0,) * len(TONES) for item in catalog.items])
    fame = np.array([item.popularity for item in catalog.items])
    log = VolatileLog()
    truly: dict[tuple[str, str], float] = {}
    for person in range(n_people):
        progress("Showing lists", person, n_people)
        taste = rng.dirichlet(np.full(len(TONES), 0.3))
        fond = _BY_FAME * rng.random()
        logit = _OFTEN + _BY_TASTE * np.sqrt(tones @ taste) + fond * np.sqrt(fame)
        chance = 1 / (1 + np.exp(-logit))
        liked = tuple(np.array(TONES)[rng.choice(len(TONES), 2, replace=False, p=_some(taste))])
        for number in range(LISTS_EACH):
            places = rng.choice(len(catalog), N_CANDIDATES, replace=False)
            shown = _shown(
                [catalog.items[place] for place in places],
                ranker,
                UserState(constraints=Constraints(tones=liked)),
                share=share,
                name=f"{seed}:{person}:{number}",
            )
            log.impress(shown)
            last = shown.items[-1]
            odds = {catalog.items[place].id: float(chance[place]) for place in places}
            truly |= {(shown.list_id, c.item_id): odds[c.item_id] for c in shown.choices}
            if rng.random() < odds[last]:
                log.append(_like(shown, last))
    return World(log, truly)


def check(
    world: World,
    policies: Mapping[str, Policy],
    *,
    n_people: int,
    n_logs: int,
    seed: int = 0,
    progress: ProgressCallback = lambda what, done, total: None,
) -> dict[str, Judged]:
    """Judge policies on many logs: the truth, and how each estimator did.

    The people of the world are the population. Each log is of `n_people` drawn from it, for whose
    lists the last item is drawn anew with its logged chances, and taken with its true one.
    """
    decisions = read_log(world.log).decisions
    shown = shown_of(decisions)
    n, m = shown.chances.shape
    scores, truth = np.zeros((n, m)), np.zeros((n, m))
    targets = {name: np.zeros((n, m)) for name in policies}
    for at, one in enumerate(decisions):
        choices = one.shown.choices
        scores[at, : len(choices)] = [choice.p_accept for choice in choices]
        truth[at, : len(choices)] = [world.truly[one.shown.list_id, c.item_id] for c in choices]
        for name, policy in policies.items():
            targets[name][at, : len(choices)] = policy(one)
    true_values = {name: float((target * truth).sum(1).mean()) for name, target in targets.items()}
    lists_of = [np.flatnonzero(shown.person == person) for person in range(shown.person.max() + 1)]
    rng = np.random.default_rng(seed)
    found: dict[str, list[Numbers]] = {name: [] for name in policies}
    for number in range(n_logs):
        progress("Judging logs", number, n_logs)
        people = rng.integers(len(lists_of), size=n_people)
        rows = np.concatenate([lists_of[person] for person in people])
        person = np.repeat(np.arange(n_people), [len(lists_of[one]) for one in people])
        chances = shown.chances[rows]
        taken = (rng.random(len(rows))[:, None] > chances.cumsum(axis=1)[:, :-1]).sum(axis=1)
        rewards = rng.random(len(rows)) < truth[rows, taken]
        again = shown._replace(
            person=person, chances=chances, taken=taken, rewards=rewards.astype(float)
        )
        model = reward_model(again, scores[rows], seed=number)
        for name, target in targets.items():
            judged = estimate(again, target[rows], model=model, seed=number, n_draws=N_DRAWS)
            found[name].append(
                np.array([[v.mean, v.low, v.high, judged.effective_n] for v in judged.values])
            )
    return {name: Judged(true_values[name], np.stack(each)) for name, each in found.items()}


def table(
    found: Mapping[int, Mapping[str, Judged]],
    *,
    share: float,
    n_logs: int,
    seed: int,
) -> Table:
    """By lists in a log, policy and estimator: the truth and how it was met."""
    return Table(
        title=f"Off-policy estimates against the truth, {share:.0%} explored",
        columns=(
            *("lists", "policy", "truth", "effective", "estimator"),
            *("bias", "spread", "covered", "width"),
        ),
        rows=tuple(
            (
                *(f"{n_people * LISTS_EACH:,}", name, f"{judged.truth:.4f}"),
                f"{one.effective:,.0f}",
                estimator,
                *(f"{one.bias:+.4f}", f"{one.spread:.4f}"),
                *(f"{one.covered:.3f}", f"{one.width:.4f}"),
            )
            for n_people, each in found.items()
            for name, judged in each.items()
            for estimator, one in judged.coverage().items()
        ),
        notes=(
            f"{n_logs:,} logs of each size, seed {seed}; bias and spread: mean and standard"
            " deviation of estimate less truth; covered: share of the 95 % intervals (people drawn"
            f" again {N_DRAWS} times) that hold the truth; width: their median.",
        ),
    )


def _shown(
    items: Sequence[Item], ranker: Ranker, state: UserState, *, share: float, name: str
) -> Impression:
    ranked = ranker.rank(
        [Candidate(item=item, hits=(), score=0) for item in items], state=state, profile=Profile()
    )
    tones = np.array([one.item.tone or (np.nan,) * len(TONES) for one in ranked], dtype=np.float32)
    vectors = tones / np.maximum(np.linalg.norm(tones, axis=1, keepdims=True), 1e-9)
    settings, nobody = RetrievalSettings(), Profile()
    first = rerank(ranked, k=K, vectors=vectors, settings=settings, profile=nobody)
    others = rerank(
        ranked,
        k=N_NEXT,
        vectors=vectors,
        settings=settings,
        profile=nobody,
        banned={one.item.id for one in first},
    )
    draw = explore(first, others, share=share, seed=name)
    _, person, number = name.split(":")
    return Impression(
        list_id=name,
        at=_BEGAN + timedelta(days=int(number)),
        user=person,
        session=name,
        items=tuple(one.item.id for one in draw.shown),
        positions=tuple(range(1, len(draw.shown) + 1)),
        policy=policy_name(ranker.name, share),
        propensities=draw.propensities,
        choices=draw.choices,
    )


def _like(shown: Impression, item_id: str) -> Event:
    return Event(
        id=shown.list_id,
        at=shown.at + timedelta(hours=1),
        user=shown.user,
        session=shown.session,
        list_id=shown.list_id,
        item_id=item_id,
        kind="like",
    )


def _some(taste: Numbers) -> Numbers:
    """The same wishes, none of them impossible."""
    raised = taste + 1e-6
    return np.asarray(raised / raised.sum())


def _coverage(judged: Numbers, truth: float) -> Coverage:
    mean, low, high, effective = judged.T
    return Coverage(
        bias=float(mean.mean() - truth),
        spread=float(mean.std()),
        covered=float(np.mean((low <= truth) & (truth <= high))),
        width=float(np.median(high - low)),
        effective=float(np.median(effective)),
    )
