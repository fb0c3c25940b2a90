"""`simpatico eval offpolicy`: judge policies by the lists that were shown and what came of them.

What is judged is the last place of a list, the one that is explored (`retrieval/explore`): the
policies compared differ in which of the logged choices they would have put there.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from simpatico.domain import (
    Candidate,
    Event,
    EventKind,
    Impression,
    Profile,
    UserState,
)
from simpatico.errors import DataError
from simpatico.eval.next_item import Interval
from simpatico.eval.offpolicy import (
    ESTIMATORS,
    Estimates,
    Numbers,
    Shown,
    estimate,
    reward_model,
)
from simpatico.eval.tables import Table
from simpatico.protocols import EventLog, Ranker
from simpatico.retrieval.catalog import Catalog
from simpatico.retrieval.past import sum_up

TAKEN: Final[tuple[EventKind, ...]] = ("like", "save", "accept", "buy", "rate")
"""What counts as taken; of `rate` four and five stars."""


FEW: Final = 50
"""Effective lists below which the intervals are too narrow (docs/exploration.md measures it)."""


class Decision(NamedTuple):
    """A list whose last place could have been another's.

    Attributes:
        shown: as it was logged, with its choices.
        profile: what the person's events said when it was shown.
        taken: whether what stood last was taken.
    """

    shown: Impression
    profile: Profile
    taken: bool


class Log(NamedTuple):
    """What a log has to judge by, and how many lists it could not use.

    Attributes:
        decisions: by person, oldest first.
        n_unlogged: lists without propensities, from before they were logged.
        n_fixed: lists whose last place was never another's.
    """

    decisions: tuple[Decision, ...]
    n_unlogged: int
    n_fixed: int


Policy = Callable[[Decision], Sequence[float]]
"""The chance of each of a decision's choices; they add up to 1."""


def best(decision: Decision) -> Sequence[float]:
    """What the ranker would have shown without exploring: the likeliest choice."""
    return _all_on([choice.propensity for choice in decision.shown.choices])


def surest(decision: Decision) -> Sequence[float]:
    """What the ranker was surest of, without regard to variety."""
    return _all_on([choice.p_accept for choice in decision.shown.choices])


def uniform(decision: Decision) -> Sequence[float]:
    """Any of the choices, each as likely."""
    n = len(decision.shown.choices)
    return [1 / n] * n


def popularity(catalog: Catalog) -> Policy:
    """The best known of the choices; what has left the catalogue is unknown."""

    def policy(decision: Decision) -> Sequence[float]:
        found = [catalog.get(choice.item_id) for choice in decision.shown.choices]
        return _all_on([item.popularity if item else -1.0 for item in found])

    return policy


def ranked_by(ranker: Ranker, catalog: Catalog) -> Policy:
    """The first of the choices as a ranker orders them, by the person's past alone.

    What they said is not in the log, so the ranker is told of no query, wish or mood. What has left
    the catalogue comes last.
    """

    def policy(decision: Decision) -> Sequence[float]:
        ids = [choice.item_id for choice in decision.shown.choices]
        found = [item for item in map(catalog.get, ids) if item is not None]
        bare = [Candidate(item=item, hits=(), score=0) for item in found]
        ranked = ranker.rank(bare, state=UserState(), profile=decision.profile)
        order = [one.item.id for one in ranked]
        return _all_on([-order.index(one) if one in order else -len(ids) for one in ids])

    return policy


def read_log(log: EventLog, *, rewards: Collection[str] = TAKEN) -> Log:
    """Everybody's lists with what came of them.

    An event that names its list counts for that list; one said in words, for the session's newest
    list before it that has the item.

    Raises:
        DataError: no list that can be used.
        StoreError: the log cannot be read.
    """
    decisions: list[Decision] = []
    n_unlogged = n_fixed = 0
    for user in log.users():
        lists, events = log.impressions(user), log.events(user)
        taken = _taken(lists, [event for event in events if _counts(event, rewards)])
        for shown in lists:
            if not shown.propensities:
                n_unlogged += 1
            elif len(shown.choices) < 2:
                n_fixed += 1
            else:
                profile = _profile_at(shown, user, events, lists)
                last = shown.items[shown.positions.index(max(shown.positions))]
                decisions.append(Decision(shown, profile, (shown.list_id, last) in taken))
    if not decisions:
        raise DataError(_nothing(n_unlogged, n_fixed))
    return Log(tuple(decisions), n_unlogged, n_fixed)


def judge(
    log: Log, policies: Mapping[str, Policy], *, clip: float | None = None, seed: int = 0
) -> dict[str, Estimates]:
    """Estimates for each policy, on the same lists and the same draws.

    Raises:
        DataError: see `simpatico.eval.offpolicy.weights`.
    """
    shown, model = judged_by(log, seed)
    found = {}
    for name, policy in policies.items():
        target = padded([policy(one) for one in log.decisions])
        try:
            found[name] = estimate(shown, target, model=model, clip=clip, seed=seed)
        except DataError as error:
            raise DataError(f"{name}: {error}") from error
    return found


def judged_by(log: Log, seed: int) -> tuple[Shown, Numbers]:
    """A log as arrays, and what each choice is thought to earn."""
    shown = shown_of(log.decisions)
    scores = padded([[c.p_accept for c in one.shown.choices] for one in log.decisions])
    return shown, reward_model(shown, scores, seed=seed)


def shown_of(decisions: Sequence[Decision]) -> Shown:
    """Decisions as arrays."""
    users = sorted({one.shown.user for one in decisions})
    number = {user: at for at, user in enumerate(users)}
    return Shown(
        person=np.array([number[one.shown.user] for one in decisions]),
        chances=padded([[c.propensity for c in one.shown.choices] for one in decisions]),
        taken=np.array([_place(one.shown) for one in decisions]),
        rewards=np.array([float(one.taken) for one in decisions]),
    )


def table(found: Mapping[str, Estimates], log: Log, *, seed: int) -> Table:
    """Estimates as text, with all that they rest on below."""
    one = next(iter(found.values()))
    rows = [("as it was logged", f"{one.logged.mean:.4f}", _range(one.logged), "", "", "", "")]
    for name, each in found.items():
        for place, estimator in enumerate(ESTIMATORS):
            value, gain = each.values[place], each.gains[place]
            few = (f"{each.n_matching:,}", f"{each.effective_n:,.0f}") if place == 0 else ("", "")
            rows.append(
                (
                    f"{name}, {estimator}",
                    *(f"{value.mean:.4f}", _range(value)),
                    *(f"{gain.mean:+.4f}", f"{gain.low:+.4f} to {gain.high:+.4f}"),
                    *few,
                )
            )
    policies = sorted({decision.shown.policy for decision in log.decisions})
    cut = "no weight was cut"
    if one.clip is not None:
        each_cut = ", ".join(f"{each.n_cut:,} of {name}" for name, each in found.items())
        cut = f"weights above {one.clip:g} were cut to it: {each_cut}"
    thin = [name for name, each in found.items() if each.effective_n < FEW]
    largest = max(each.max_weight for each in found.values())
    means = "; ".join(
        f"{name} {each.mean_weight.mean:.3f} ({_range(each.mean_weight)})"
        for name, each in found.items()
    )
    return Table(
        title=f"Off-policy, the last place of {one.n:,} lists of {one.n_people:,} people",
        columns=("policy", "taken", "95 %", "gain", "95 %", "lists that match", "effective"),
        rows=tuple(rows),
        notes=(
            f"Logged by: {'; '.join(policies)}. Not used: {log.n_unlogged:,} lists without"
            f" propensities, {log.n_fixed:,} whose last place had no other choice.",
            f"95 %: {one.drawn} drawn again 2,000 times, seed {seed}. Gain: less what was logged.",
            f"The largest weight is {largest:,.1f}; {cut}. Mean weights, which are 1 but for chance"
            f" where the logged chances are right and none is cut: {means}.",
            "Effective: as many lists chosen by the policy itself would say about as much.",
            *(
                [f"Too few to trust the intervals of {', '.join(thin)}: fewer than {FEW}."]
                * bool(thin)
            ),
        ),
    )


def _counts(event: Event, rewards: Collection[str]) -> bool:
    if event.kind not in rewards:
        return False
    return event.kind != "rate" or (event.value or 0) >= 4


def _taken(lists: Sequence[Impression], events: Sequence[Event]) -> set[tuple[str, str]]:
    """Which (list, item) the events are about."""
    found = set()
    for event in events:
        list_id = event.list_id
        if not list_id:
            before = (
                shown.list_id
                for shown in reversed(lists)
                if shown.session == event.session
                and shown.at <= event.at
                and event.item_id in shown.items
            )
            list_id = next(before, "")
        found.add((list_id, event.item_id))
    return found


def _profile_at(
    now: Impression, user: str, events: Sequence[Event], lists: Sequence[Impression]
) -> Profile:
    earlier = [item for shown in lists if shown.at < now.at for item in shown.items]
    return sum_up(user, [event for event in events if event.at < now.at], earlier)


def _place(shown: Impression) -> int:
    last = shown.items[shown.positions.index(max(shown.positions))]
    return [choice.item_id for choice in shown.choices].index(last)


def _all_on(scores: Sequence[float]) -> list[float]:
    """All chance on the highest; of equals, on the first."""
    chances = [0.0] * len(scores)
    chances[int(np.argmax(scores))] = 1.0
    return chances


def padded(rows: Sequence[Sequence[float]]) -> Numbers:
    """Rows of different lengths as one array, zeros behind the shorter."""
    out = np.zeros((len(rows), max(map(len, rows))))
    for at, row in enumerate(rows):
        out[at, : len(row)] = row
    return out


def _range(of: Interval) -> str:
    return f"{of.low:.4f} to {of.high:.4f}"


def _nothing(n_unlogged: int, n_fixed: int) -> str:
    if n_unlogged and not n_fixed:
        return f"no propensities are logged for any of {n_unlogged} lists"
    if n_fixed:
        return (
            f"nothing was explored in {n_fixed} lists with propensities (and {n_unlogged} lists"
            " have none): set SIMPATICO_RETRIEVAL__EXPLORE above 0 and collect anew"
        )
    return "wanted lists that were shown, got none"
