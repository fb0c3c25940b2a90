"""Off-policy estimates: by hand, against the truth of simulated people, and their refusals."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from simpatico.agent.eventlog import SqliteLog
from simpatico.agent.volatile import VolatileLog
from simpatico.domain import Choice, Event, EventKind, Impression, Item
from simpatico.errors import DataError
from simpatico.eval import against, offpolicy_check, offpolicy_log, offpolicy_run, record
from simpatico.eval.offpolicy import (
    ESTIMATORS,
    Estimates,
    Numbers,
    Shown,
    estimate,
    reward_model,
    weights,
)
from simpatico.eval.offpolicy_log import best, judge, popularity, ranked_by, read_log, uniform
from simpatico.retrieval.catalog import Catalog
from simpatico.retrieval.packs import load_pack
from simpatico.retrieval.rank import LinearRanker, PopularityRanker
from simpatico.settings import load_settings
from simpatico.ui.cli import app

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
CHOICES = (
    Choice(item_id="a", propensity=0.8, p_accept=0.5),
    Choice(item_id="b", propensity=0.1, p_accept=0.6),
    Choice(item_id="c", propensity=0.1, p_accept=0.4),
)


def shown(*rows: tuple[int, list[float], int, float]) -> Shown:
    """A log of (person, chances, what was shown, reward)."""
    return Shown(
        person=np.array([row[0] for row in rows], dtype=np.int64),
        chances=np.array([row[1] for row in rows]),
        taken=np.array([row[2] for row in rows], dtype=np.int64),
        rewards=np.array([row[3] for row in rows]),
    )


FOUR = shown(
    (0, [0.5, 0.5, 0.0], 0, 1.0),
    (0, [0.8, 0.1, 0.1], 0, 0.0),
    (1, [0.8, 0.1, 0.1], 2, 1.0),
    (1, [0.9, 0.1, 0.0], 1, 0.0),
)
TARGET = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.5, 0.0, 0.5], [0.0, 1.0, 0.0]])
MODEL = np.full((4, 3), 0.5)


def values(found: Estimates) -> dict[str, float]:
    return {name: one.mean for name, one in zip(ESTIMATORS, found.values, strict=True)}


def test_the_estimates_are_those_worked_out_by_hand() -> None:
    assert weights(FOUR, TARGET).tolist() == [2, 0, 5, 10]
    found = estimate(FOUR, TARGET, model=MODEL)
    assert values(found) == pytest.approx(
        {
            "IPS": (2 + 5) / 4,
            "SNIPS": (2 + 5) / 17,
            "DR": 0.5 + (2 * 0.5 + 5 * 0.5 - 10 * 0.5) / 4,
        }
    )
    assert found.logged.mean == 0.5
    assert [one.mean for one in found.gains] == pytest.approx(
        [one.mean - 0.5 for one in found.values]
    )
    assert (found.n, found.n_people, found.n_matching) == (4, 2, 3)
    assert found.effective_n == pytest.approx(17**2 / (4 + 25 + 100))
    assert found.mean_weight.mean == pytest.approx(17 / 4)
    assert (found.max_weight, found.n_cut, found.clip) == (10, 0, None)
    assert found.drawn == "lists"  # two people are too few to draw again


def test_cut_weights_are_counted_and_stated() -> None:
    found = estimate(FOUR, TARGET, model=MODEL, clip=4)
    assert values(found) == pytest.approx(
        {"IPS": (2 + 4) / 4, "SNIPS": 6 / 10, "DR": 0.5 + (2 * 0.5 + 4 * 0.5 - 4 * 0.5) / 4}
    )
    assert (found.n_cut, found.clip, found.max_weight) == (2, 4, 10)


def test_the_logging_policy_itself_is_worth_what_was_logged() -> None:
    found = estimate(FOUR, FOUR.chances, model=MODEL)
    assert values(found) == pytest.approx({"IPS": 0.5, "SNIPS": 0.5, "DR": 0.5})
    assert all(one.mean == one.low == one.high == 0 for one in found.gains)
    assert found.effective_n == 4


def test_people_are_drawn_again_whole() -> None:
    """Ten who always take and ten who never do, a hundred lists each: no surer than twenty."""
    n = 2000
    log = Shown(
        person=np.arange(n) % 20,
        chances=np.tile([0.5, 0.5], (n, 1)),
        taken=np.zeros(n, dtype=np.int64),
        rewards=(np.arange(n) % 2).astype(float),
    )
    found = estimate(log, log.chances, model=np.full((n, 2), 0.5))
    assert found.drawn == "people"
    width = found.logged.high - found.logged.low
    assert width == pytest.approx(2 * 1.96 * 0.5 / 20**0.5, rel=0.15)


def test_the_estimates_agree_with_the_definitions_on_random_logs() -> None:
    """Against the sums as Dudik et al. (2011) write them, list by list."""
    rng = np.random.default_rng(1)
    n, m = 200, 4
    chances = rng.dirichlet(np.ones(m), n)
    taken = np.array([rng.choice(m, p=row) for row in chances])
    log = Shown(rng.integers(30, size=n), chances, taken, rng.random(n))
    target, model = rng.dirichlet(np.ones(m), n), rng.random((n, m))
    ips = robust = total = 0.0
    for i in range(n):
        w = target[i, taken[i]] / chances[i, taken[i]]
        ips += w * log.rewards[i]
        total += w
        robust += sum(target[i, a] * model[i, a] for a in range(m))
        robust += w * (log.rewards[i] - model[i, taken[i]])
    found = estimate(log, target, model=model)
    assert values(found) == pytest.approx({"IPS": ips / n, "SNIPS": ips / total, "DR": robust / n})
    for one in found.values:
        assert one.low < one.mean < one.high


def test_the_doubly_robust_is_exact_with_a_model_that_knows() -> None:
    rng = np.random.default_rng(2)
    n, m = 300, 3
    truth = rng.random((n, m))
    chances = np.tile([0.9, 0.05, 0.05], (n, 1))
    taken = np.array([rng.choice(m, p=row) for row in chances])
    log = Shown(np.arange(n), chances, taken, truth[np.arange(n), taken])
    target = np.tile([0.0, 0.0, 1.0], (n, 1))
    found = values(estimate(log, target, model=truth))
    assert found["DR"] == pytest.approx(truth[:, 2].mean(), abs=1e-12)
    assert found["IPS"] != pytest.approx(truth[:, 2].mean(), abs=1e-3)


def test_the_reward_model_rises_with_the_score_and_leaves_the_person_out() -> None:
    rng = np.random.default_rng(3)
    n = 4000
    scores = rng.random((n, 2))
    taken = np.zeros(n, dtype=np.int64)
    chance = 0.1 + 0.6 * scores[:, 0]
    rewards = (rng.random(n) < chance).astype(float)
    log = Shown(np.arange(n), np.full((n, 2), 0.5), taken, rewards)
    model = reward_model(log, scores)
    assert np.abs(model - (0.1 + 0.6 * scores)).mean() < 0.04
    told = np.zeros(n)
    told[:800] = 1  # one person takes everything, the others nothing
    person = np.where(np.arange(n) < 800, 0, np.arange(n))
    model = reward_model(log._replace(person=person, rewards=told), scores)
    assert model[:800].max() == 0


@pytest.mark.parametrize(
    ("log", "target", "said"),
    [
        (FOUR, np.array([[0, 0, 1.0]] * 4), "no support.* in 2 of 4 lists"),
        (FOUR._replace(taken=np.array([2, 0, 2, 1])), TARGET, "1 lists show what had a chance"),
        (FOUR._replace(chances=FOUR.chances * 0.9), TARGET, "logged chances"),
        (FOUR._replace(taken=np.array([1, 0, 0, 0])), TARGET, ""),
        (FOUR._replace(taken=np.array([1, 0, 1, 0])), TARGET, "nothing speaks for it"),
        (shown()._replace(chances=np.zeros((0, 3))), np.zeros((0, 3)), "got none"),
    ],
)
def test_a_log_that_cannot_tell_is_refused(log: Shown, target: Numbers, said: str) -> None:
    if not said:  # one list that matches is enough to go on
        assert weights(log, target).tolist() == [0, 0, 0.625, 0]
        return
    with pytest.raises(DataError, match=said):
        weights(log, target)


@pytest.mark.parametrize(
    "target", [TARGET[:3], TARGET * 0.5, np.array([[2.0, -1.0, 0.0]] * 4), TARGET * np.nan]
)
def test_a_target_that_is_no_policy_is_a_wrong_argument(target: Numbers) -> None:
    with pytest.raises(ValueError, match="target"):
        weights(FOUR, target)


# Reading a log.


def listed(
    number: int,
    last: str = "a",
    *,
    user: str = "ann",
    session: str = "s",
    choices: tuple[Choice, ...] = CHOICES,
    logged: bool = True,
) -> Impression:
    chance = next((one.propensity for one in choices if one.item_id == last), 1.0)
    return Impression(
        list_id=f"{session}:{number}",
        at=NOON + timedelta(hours=number),
        user=user,
        session=session,
        items=("top", last),
        positions=(1, 2),
        policy="linear, 0.2 explored",
        propensities=(1.0, chance) if logged else (),
        choices=choices if logged else (),
    )


def did(
    number: float,
    item: str,
    kind: EventKind = "like",
    *,
    list_id: str = "",
    value: float | None = None,
    user: str = "ann",
) -> Event:
    return Event(
        id=f"{user}{number}{item}{kind}{list_id}",
        at=NOON + timedelta(hours=number),
        user=user,
        session="s",
        list_id=list_id,
        item_id=item,
        kind=kind,
        value=value,
    )


def taken(*events: Event, rewards: tuple[EventKind, ...] = offpolicy_log.TAKEN) -> list[bool]:
    log = VolatileLog()
    for number, last in enumerate("abac"):
        log.impress(listed(number, last))
    for event in events:
        log.append(event)
    return [one.taken for one in read_log(log, rewards=rewards).decisions]


def test_a_reward_belongs_to_its_list() -> None:
    assert taken() == [False] * 4
    assert taken(did(9, "a", list_id="s:0")) == [True, False, False, False]
    assert taken(did(9, "top", list_id="s:0")) == [False] * 4  # the first place is not judged
    assert taken(did(9, "b", list_id="s:0")) == [False] * 4  # not what stood there


def test_what_was_said_in_words_is_about_the_newest_list_before() -> None:
    assert taken(did(1.5, "a")) == [True, False, False, False]
    assert taken(did(9, "a")) == [False, False, True, False]
    assert taken(did(-1, "a")) == [False] * 4


def test_what_counts_as_taken_can_be_chosen() -> None:
    clicked, stars = did(9, "a", "click", list_id="s:0"), did(9, "b", "rate", value=4)
    assert taken(clicked, stars) == [False, True, False, False]
    assert taken(clicked, stars, rewards=("click",)) == [True, False, False, False]
    assert taken(did(9, "b", "rate", value=3)) == [False] * 4


def test_lists_that_cannot_be_used_are_counted_and_the_silent_count_too() -> None:
    log = VolatileLog()
    log.impress(listed(0, user="ann", logged=False))
    log.impress(listed(1, user="ann"))
    log.impress(listed(0, "b", user="bob", session="t"))  # who never did anything
    log.impress(listed(2, choices=(Choice(item_id="a", propensity=1.0),)))
    found = read_log(log)
    assert (len(found.decisions), found.n_unlogged, found.n_fixed) == (2, 1, 1)
    assert [one.shown.user for one in found.decisions] == ["ann", "bob"]


def test_a_log_without_chances_says_what_is_missing() -> None:
    log = VolatileLog()
    with pytest.raises(DataError, match="got none"):
        read_log(log)
    log.impress(listed(0, logged=False))
    with pytest.raises(DataError, match="no propensities are logged for any of 1 lists"):
        read_log(log)
    log.impress(listed(1, choices=()).model_copy(update={"propensities": (1.0, 1.0)}))
    with pytest.raises(DataError, match="nothing was explored.*EXPLORE"):
        read_log(log)


def test_the_policies_choose_as_they_say() -> None:
    items = (
        Item(id="a", title="A", popularity=0.1),
        Item(id="b", title="B", popularity=0.2),
        Item(id="c", title="C", popularity=0.9),
    )
    catalog = Catalog(name="three", items=items)
    log = VolatileLog()
    log.impress(listed(0))
    [decision] = read_log(log).decisions
    assert list(best(decision)) == [1, 0, 0]
    assert list(offpolicy_log.surest(decision)) == [0, 1, 0]
    assert list(uniform(decision)) == [1 / 3] * 3
    assert list(popularity(catalog)(decision)) == [0, 0, 1]
    assert list(ranked_by(PopularityRanker(), catalog)(decision)) == [0, 0, 1]
    without_c = Catalog(name="two", items=items[:2])  # what has left the catalogue
    assert list(popularity(without_c)(decision)) == [0, 1, 0]
    assert list(ranked_by(PopularityRanker(), without_c)(decision)) == [0, 1, 0]


def test_a_ranker_is_judged_by_what_was_known_at_the_time() -> None:
    log = VolatileLog()
    log.append(did(0.5, "a"))
    for number in range(2):
        log.impress(listed(number))
    log.append(did(1.5, "b"))
    early, late = read_log(log).decisions
    assert (early.profile.liked, early.profile.shown) == ((), ())
    assert (late.profile.liked, late.profile.shown) == (("a",), ("top", "a"))


# Against the truth.


@pytest.fixture(scope="module")
def movies() -> Catalog:
    return Catalog(name="movies", items=load_pack("movies").items[:1000])


@pytest.fixture(scope="module")
def world(movies: Catalog) -> offpolicy_check.World:
    return offpolicy_check.simulate(movies, LinearRanker(), n_people=40, share=0.2, seed=5)


def test_estimates_meet_the_truth_of_simulated_people(
    movies: Catalog, world: offpolicy_check.World
) -> None:
    """The linear ranker logs; what popularity and chance would have earned is known."""
    policies = {"best": best, "uniform": uniform, "popularity": popularity(movies)}
    found = offpolicy_check.check(world, policies, n_people=300, n_logs=20, seed=1)
    truths = [one.truth for one in found.values()]
    assert max(truths) - min(truths) > 0.02  # there is something to tell apart
    for judged in found.values():
        for one in judged.coverage().values():
            assert abs(one.bias) <= 4 * one.spread / 20**0.5
            assert one.covered >= 0.75
    popular = found["popularity"].coverage()
    assert popular["SNIPS"].spread < popular["IPS"].spread
    assert popular["DR"].spread < popular["IPS"].spread


def test_the_mean_weight_is_1_where_the_chances_are_right(
    movies: Catalog, world: offpolicy_check.World
) -> None:
    found = judge(read_log(world.log), {"uniform": uniform})["uniform"]
    assert found.mean_weight.low < 1 < found.mean_weight.high
    assert found.n_matching == found.n == 40 * offpolicy_check.LISTS_EACH


def test_the_command_judges_a_log_that_was_kept(
    tmp_path: Path, world: offpolicy_check.World
) -> None:
    log = SqliteLog(tmp_path / "events.sqlite")
    for user in world.log.users():
        for one in world.log.impressions(user):
            log.impress(one)
        for event in world.log.events(user):
            log.append(event)
    log.close()
    out = tmp_path / "run"
    did = CliRunner().invoke(
        app, ["eval", "offpolicy", "--home", str(tmp_path), "--clip", "20", "--out", str(out)]
    )
    assert did.exit_code == 0, did.output
    text = (out / "more.md").read_text(encoding="utf-8")
    for told in (
        *("as it was logged", "popularity, DR", "best, SNIPS", "uniform, IPS"),
        *("160 lists of 40 people", "weights above 20 were cut", "linear, 0.2 explored"),
    ):
        assert told in text
    expected = judge(read_log(world.log), {"best": best}, clip=20)["best"]
    assert "Too few to trust the intervals of surest, uniform, popularity: fewer than 50" in text
    assert f"| best, DR | {expected.values[2].mean:.4f} |" in text
    kept = record.read(out).record
    ours = {each.metric: each.mean for each in kept.systems[0].figures}
    assert kept.systems[0].name == "best" and kept.n == 160
    assert [ours[f"taken, {name}"] for name in ESTIMATORS] == pytest.approx(
        [each.mean for each in expected.values]
    )
    assert ours["gain, DR"] == pytest.approx(expected.gains[2].mean)
    assert ours["as it was logged"] == pytest.approx(expected.logged.mean)
    assert "too few to trust" in str(kept.systems[1].about)
    assert kept.data[0][0] == "events.sqlite" and "linear, 0.2 explored" in str(kept.protocol)
    verdicts = {each.verdict for each in against.changes(record.read(out), record.read(out))}
    assert verdicts == {"no difference"}


def test_simulated_logs_are_cases_of_a_run(movies: Catalog) -> None:
    made, told = offpolicy_run.simulated(
        movies, share=0.2, n_logs=6, command="x", sizes=(20,), n_population=20, seed=1
    )
    assert made.record.n == 6 and len(made.record.systems) == 9
    rows = {f"{row[1]}, {row[4]}": row for row in told.rows}
    for each in made.record.systems:
        covered = {one.metric: one.mean for one in each.figures}["covered: 80 lists"]
        assert f"{covered:.3f}" == rows[each.name][7]


@pytest.mark.parametrize(
    ("targets", "rewards", "said"),
    [
        (["best", "worst"], ["like"], "no policy worst"),
        (["best"], ["like", "love"], "no event love"),
        (["best"], ["like"], "nobody was shown anything"),
    ],
)
def test_what_is_asked_wrongly_is_said(
    tmp_path: Path, targets: list[str], rewards: list[str], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        offpolicy_run.run(load_settings(home=tmp_path), targets=targets, rewards=rewards)
    assert not list(tmp_path.iterdir())
