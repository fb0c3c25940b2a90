"""Retraining on events: what is read of them, what is promoted, and what a stop leaves."""

import json
import pickle
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from simpatico.agent.volatile import VolatileLog  # noqa: E402
from simpatico.domain import (  # noqa: E402
    EVENT_KINDS,
    Event,
    EventKind,
    Impression,
    Item,
    Mood,
    UserState,
)
from simpatico.errors import DataError, ModelError  # noqa: E402
from simpatico.finetune import acceptance, retrain  # noqa: E402
from simpatico.finetune.dialogue_train import Plan, Talks, train_dialogues  # noqa: E402
from simpatico.finetune.dialogues import Decision  # noqa: E402
from simpatico.finetune.feedback import (  # noqa: E402
    MOST,
    MOST_HELD,
    Choice,
    read_log,
    split,
    told,
)
from simpatico.finetune.fusion_export import export, read_weights, rewrite  # noqa: E402
from simpatico.finetune.fusion_train import catalogue_of  # noqa: E402
from simpatico.finetune.gate import gains, verdict  # noqa: E402
from simpatico.finetune.retrain import Stock, renew  # noqa: E402
from simpatico.retrieval.features import features_of, vocabulary_of  # noqa: E402
from simpatico.retrieval.fusion import Card, FusionModel, read_card, write_card  # noqa: E402
from simpatico.retrieval.past import KINDS, PLAIN, Kind, past_of, sum_up  # noqa: E402
from simpatico.retrieval.rank import LEARNED_BIAS  # noqa: E402
from simpatico.retrieval.ranker_tables import read_tables  # noqa: E402
from simpatico.retrieval.versions import SHIPPED, Versions  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

N, DIM, N_PEOPLE = 30, 8, 60
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
SMALL = Plan(width=8, dropout=0.0, token_dropout=0.0, batch_size=32, epochs=1)
PLAN = replace(SMALL, epochs=6, learning_rate=0.01)
ITEMS = tuple(Item(id=f"i{at}", title=f"Film {at}", genres=("even", "odd")[at % 2 :][:1])
              for at in range(N))  # fmt: skip


def text() -> NDArray[np.float32]:
    rows = np.random.default_rng(0).normal(size=(N, DIM)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


class Silent:
    """The vectors of these items, for people who say nothing."""

    def vectors(self, item_ids: Sequence[str]) -> NDArray[np.float32]:
        return text()[[int(item_id[1:]) for item_id in item_ids]]

    def query_vector(self, query: str) -> NDArray[np.float32]:
        return np.zeros(DIM, dtype=np.float32)


STOCK = Stock(ITEMS, Silent())
PLACE = {item.id: at for at, item in enumerate(ITEMS)}


def event(
    number: object,
    user: str,
    item: str,
    *,
    minute: float,
    kind: EventKind = "like",
    value: float | None = None,
    list_id: str = "",
) -> Event:
    at = NOON + timedelta(minutes=minute)
    return Event(id=f"e{number}", at=at, user=user, item_id=item, kind=kind, value=value,
                 list_id=list_id)  # fmt: skip


def log_of(chain: bool, seed: int = 0) -> VolatileLog:
    """People who take eight items each: the next but two around a circle, or any."""
    rng = np.random.default_rng(seed)
    log = VolatileLog()
    number = 0
    for person in range(N_PEOPLE):
        start = int(rng.integers(N))
        took = [(start + 3 * at) % N for at in range(8)] if chain else rng.permutation(N)[:8]
        for at, item in enumerate(took):
            number += 1
            log.append(event(number, f"p{person}", f"i{item}", minute=person + 60 * at))
    return log


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ranker that learnt from dialogues in which the items have nothing to do with each other."""
    rng = np.random.default_rng(1)
    pairs = [rng.permutation(N)[:2].tolist() for _ in range(80)]
    decisions = [Decision(at, True, (a,), (True,), "", (b,)) for at, (a, b) in enumerate(pairs)]
    vocabulary = vocabulary_of(ITEMS, least=2)
    catalogue = catalogue_of(N, features_of(ITEMS, vocabulary, {"text": text()}))
    talks = Talks(decisions, np.zeros((80, DIM), dtype=np.float32))
    trained = train_dialogues(talks, catalogue, SMALL)
    card = Card(
        name="circle",
        catalog="c",
        encoder="e",
        vocabulary=vocabulary,
        modalities=trained.model.shape.modalities,
        licence="none",
        data="80 dialogues",
    )
    folder = tmp_path_factory.mktemp("shipped")
    export(trained, card, [item.id for item in ITEMS], folder)
    own = trained.model.state_dict()
    weights = read_weights(folder)
    assert all(torch.equal(weights[name], own[name]) for name in weights)
    assert own.keys() - weights.keys() <= {"fresh"}
    return folder


def read(*events: Event) -> tuple[Choice, ...]:
    log = VolatileLog()
    for one in events:
        log.append(one)
    found = read_log(log, PLACE)
    return told(found, found.takes)


def took_of(choices: Iterable[Choice]) -> set[tuple[int, int]]:
    return {
        (one.person, item)
        for one in choices
        for item in (*(at for at, _ in one.history), one.target)
    }


def test_a_choice_is_what_is_taken_first_given_what_was_taken_before() -> None:
    found = read(
        event(1, "ann", "i1", minute=1, kind="save"),
        event(2, "ann", "gone", minute=2),
        event(3, "ann", "i2", minute=3, kind="seen"),
        event(4, "ann", "i2", minute=4, kind="rate", value=4.0),
        event(5, "ann", "i3", minute=5, kind="rate", value=3.5),
        event(6, "ann", "i1", minute=6, kind="like"),
        event(7, "ann", "i4", minute=7, kind="click"),
        event(8, "ann", "i2", minute=8, kind="dislike"),
        event(9, "ann", "i5", minute=9, kind="buy"),
        event(10, "bob", "i6", minute=10),
    )
    assert [(one.history, one.had, one.target) for one in found] == [
        (((1, "saved"),), (1,), 2),
        (((3, "seen"), (2, "disliked"), (1, "liked")), (1, 2, 3), 5),
    ]


def test_the_newest_are_held_out_for_everybody_at_one_moment() -> None:
    read = read_log(log_of(chain=True), PLACE)
    assert (read.n_people, read.n_events, read.n_unknown) == (N_PEOPLE, 8 * N_PEOPLE, 0)
    assert len(read.takes) == 7 * N_PEOPLE
    parts = split(read)
    assert max(one.at for one in parts.learnt) < parts.cut == min(one.at for one in parts.held)
    assert len(parts.learnt) + len(parts.held) == 7 * N_PEOPLE
    assert len(parts.held) == round(0.2 * 7 * N_PEOPLE)
    assert min(len(one.history) for one in parts.held) >= 5  # from before the cut, too
    later = split(read, after=parts.cut + timedelta(minutes=5))
    assert later.cut == parts.cut + timedelta(minutes=5) and len(later.held) < len(parts.held)
    with pytest.raises(DataError, match="wanted at least 100 .* got 420 of 60 and 0 of 0"):
        split(read, after=NOON + timedelta(days=9))


def eager(n: int) -> list[Event]:
    """Likes of one person, of films that nobody else knows."""
    return [event(f"o{at}", "only", f"o{at}", minute=at) for at in range(n)]


def test_nobody_outweighs_the_others() -> None:
    log, many = log_of(chain=True), eager(600)
    for like in many:
        log.append(like)
    parts = split(read_log(log, PLACE | {like.item_id: N + at for at, like in enumerate(many)}))
    of_only = [[one for one in part if one.target >= N] for part in (parts.learnt, parts.held)]
    assert [len(part) for part in of_only] == [MOST, MOST_HELD]
    last = of_only[0][-1].target
    assert [one.target for one in of_only[0]] == list(range(last - MOST + 1, last + 1))
    assert all(len(one.history) == one.target - N for part in of_only for one in part)


def test_histories_are_what_serving_would_have_told_of_the_events_before() -> None:
    rng = np.random.default_rng(3)
    log = VolatileLog()
    for number in range(1500):
        kind = str(rng.choice(EVENT_KINDS))
        stars = float(rng.integers(1, 6)) if kind == "rate" else None
        done = event(number, f"p{number % N_PEOPLE}", f"i{rng.integers(N + 3)}", minute=number)
        log.append(done.model_copy(update={"kind": kind, "value": stars}))
    read = read_log(log, PLACE)
    found = told(read, read.takes)
    users = log.users()
    assert len(found) > 300 and len({kind for one in found for _, kind in one.history}) == 4
    for one in found:
        before = [each for each in log.events(users[one.person]) if each.at < one.at]
        known = [each for each in before if each.item_id in PLACE]
        past = past_of(UserState(), sum_up("", known, ()), KINDS)
        wanted = [(PLACE[item], kind) for item, kind in past if PLACE[item] != one.target]
        assert list(one.history) == wanted and {"liked", "saved"} & {kind for _, kind in wanted}
    parts = split(read)
    assert set(parts.learnt + parts.held) <= set(found)


def test_what_is_kept_of_a_log_grows_no_faster_than_the_log() -> None:
    kept = []
    for n in (400, 800):
        log, many = VolatileLog(), eager(n)
        for one in many:
            log.append(one)
        read = read_log(log, {one.item_id: at for at, one in enumerate(many)})
        assert len(read.takes) == n - 1
        kept.append(len(pickle.dumps(read)))
    assert kept[1] < 2.5 * kept[0]


def test_what_people_do_in_common_is_learnt_promoted_and_rolled_back(
    shipped: Path, tmp_path: Path
) -> None:
    log = log_of(chain=True)
    log.append(event(9001, "p0", "gone", minute=1))
    versions = Versions(tmp_path, "c", shipped=shipped)
    done = renew(versions, STOCK, log, at=NOON, plan=PLAN)
    assert done.promoted and done.verdict.low > 0.2 and done.read.n_unknown == 1
    assert done.version == versions.current == "20261101T120000Z"
    card = FusionModel(versions.folder(done.version)).card
    assert card.until == done.parts.cut and f"{len(done.parts.learnt)} choices" in card.data
    assert card.licence.startswith("private") and done.verdict.words in card.measured[0][1]
    assert "not calibrated" in done.certainty
    again = renew(versions, STOCK, log, at=NOON, plan=PLAN)  # it is as good as itself
    assert not again.promoted and again.verdict.gain == 0 and again.served == done.version
    assert versions.names() == [SHIPPED, done.version, f"{done.version}-2"]
    assert versions.rollback() == versions.current == SHIPPED


def test_chance_is_not_promoted(shipped: Path, tmp_path: Path) -> None:
    versions = Versions(tmp_path, "c", shipped=shipped)
    done = renew(versions, STOCK, log_of(chain=False), at=NOON, plan=PLAN)
    assert not done.promoted and done.verdict.low <= 0
    assert versions.current == SHIPPED and versions.names() == [SHIPPED, done.version]


def test_the_shipped_counts_stand_beside_the_events(shipped: Path) -> None:
    choices = split(read_log(log_of(chain=True), PLACE)).learnt
    trained = retrain.retrain(STOCK, shipped, choices, replace(PLAN, epochs=1))
    before = read_tables(shipped).counts
    took = took_of(choices)
    assert trained.counts.known.sum() == before.known.sum() + len(took)
    assert (trained.counts.near - before.near).min() >= 0
    reversed_stock = Stock(ITEMS[::-1], STOCK.vectors)
    turned = [
        one._replace(
            history=tuple((N - 1 - at, kind) for at, kind in one.history), target=N - 1 - one.target
        )
        for one in choices
    ]
    other = retrain.retrain(reversed_stock, shipped, turned, replace(PLAN, epochs=1))
    assert other.counts.known[::-1] == pytest.approx(trained.counts.known)
    assert abs(other.counts.links().near[::-1, ::-1] - trained.links.near).max() < 1e-6


def test_retrained_it_is_served_with_the_figures_it_has_in_training(
    shipped: Path, tmp_path: Path
) -> None:
    choices = split(read_log(log_of(chain=True), PLACE)).learnt
    trained = retrain.retrain(STOCK, shipped, choices, replace(PLAN, epochs=1))
    rewrite(trained, read_card(shipped), [item.id for item in ITEMS], shipped, tmp_path / "new")
    scorer = FusionModel(tmp_path / "new").of(ITEMS, STOCK.vectors)
    one = Decision(0, True, (3, 6, 9), (True,) * 3, "", (12,))
    wanted = np.delete(trained.scores(Talks([one], np.zeros((1, DIM), np.float32)))[0], (3, 6, 9))
    others = [item.id for at, item in enumerate(ITEMS) if at not in (3, 6, 9)]
    history: list[tuple[str, Kind]] = [("i3", "liked"), ("i6", "saved"), ("i9", "named")]
    found = scorer.terms(others, query="", history=history).total
    # It was trained without moods and needs: they say nothing to it.
    glad = UserState(mood=Mood(label="joy", labels=("joy",), confidence=1.0), need="thrill")
    assert (scorer.terms(others, query="", history=history, state=glad).total == found).all()
    assert found - found.mean() == pytest.approx(wanted - wanted.mean(), abs=1e-3)


def test_events_are_learnt_as_they_are_told_when_served(shipped: Path, tmp_path: Path) -> None:
    log = log_of(chain=True)
    for person in range(N_PEOPLE):
        log.append(event(f"x{person}", f"p{person}", "i1", minute=person + 90, kind="dislike"))
    choices = split(read_log(log, PLACE)).learnt
    plan = replace(PLAN, epochs=1)
    assert retrain.retrain(STOCK, shipped, choices, plan).kinds == PLAIN
    knowing = tmp_path / "knowing"
    shutil.copytree(shipped, knowing)
    write_card(knowing, read_card(shipped).model_copy(update={"kinds": tuple(KINDS)}))
    trained = retrain.retrain(STOCK, knowing, choices, plan)
    assert trained.kinds == tuple(KINDS)
    assert sum((1, "disliked") in one.history for one in choices) > 10
    took = took_of(one._replace(history=tuple(had for had in one.history if had[1] != "disliked"))
                   for one in choices)  # fmt: skip
    before = read_tables(shipped).counts
    assert trained.counts.known.sum() == before.known.sum() + len(took)


def test_dialogues_take_the_place_of_the_shipped_counts(shipped: Path) -> None:
    choices = split(read_log(log_of(chain=True), PLACE)).learnt
    said = Talks([Decision(0, True, (1,), (True,), "", (2,))], np.zeros((1, DIM), np.float32))
    plan = replace(PLAN, epochs=1)
    beside = retrain.Dialogues(said, 1)
    trained = retrain.retrain(STOCK, shipped, choices, plan, dialogues=beside)
    took = took_of(choices)
    assert trained.counts.known.sum() == len(took) + 2


def test_weights_of_another_shape_are_refused(shipped: Path) -> None:
    choices = split(read_log(log_of(chain=True), PLACE)).learnt
    with pytest.raises(ModelError, match="do not fit"):
        retrain.retrain(STOCK, shipped, choices, replace(PLAN, width=16))


def test_stopped_midway_what_was_served_is_served(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = Versions(tmp_path, "c", shipped=shipped)

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(retrain, "judge", stop)
        renew(versions, STOCK, log_of(chain=True), at=NOON, plan=PLAN)
    assert versions.names() == [SHIPPED] and versions.current == SHIPPED
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(versions, "use", stop)
        renew(versions, STOCK, log_of(chain=True), at=NOON, plan=PLAN)
    assert len(versions.names()) == 2 and versions.current == SHIPPED


def test_the_gate_ranks_as_the_page_does_and_masks_what_was_had(shipped: Path) -> None:
    scorer = FusionModel(shipped).of(ITEMS, STOCK.vectors)
    scores = (
        1
        / 3
        * (lambda terms: terms.total - terms.known)(
            scorer.terms([item.id for item in ITEMS], query="", history=[("i3", "named")])
        )
    )
    order = np.argsort(-scores)
    best, second = (int(each) for each in order[:2])
    one = Choice(0, NOON, ((3, "liked"),), (3,), second)
    found = gains(scorer, ITEMS, [one, one._replace(had=(3, best)), one._replace(target=best)])
    assert found == pytest.approx([1 / np.log2(3), 1, 1])
    last = one._replace(target=int(order[-1]))
    assert gains(scorer, ITEMS, [last])[0] == 0


def test_the_verdict_is_of_people_not_of_choices() -> None:
    who = np.array([0] * 90 + list(range(1, 11)))
    ours, theirs = np.zeros(100), np.zeros(100)
    ours[:90] = 1.0  # ninety choices of one person
    found = verdict(ours, theirs, who)
    assert found.gain == pytest.approx(1 / 11) and found.n_people == 11 and not found.wins
    ours[90:] = 0.5
    assert verdict(ours, theirs, who).wins and not verdict(theirs, ours, who).wins


def lists(
    log: VolatileLog,
    n: int,
    *,
    slope: float,
    bias: float,
    n_users: int = 7,
    policy: str = "fusion",
) -> None:
    """Lists of four, taken with a chance that depends on the score."""
    rng = np.random.default_rng(0)
    for number in range(n):
        scores = rng.normal(0, 1.5, 4)
        items = [f"i{at}" for at in rng.permutation(N)[:4]]
        user, at = f"u{number % n_users}", NOON + timedelta(hours=number)
        log.impress(Impression(list_id=f"l{number}", at=at, user=user, session="", items=items,
                               positions=(1, 2, 3, 4), policy=policy,
                               scores=tuple(scores)))  # fmt: skip
        chance = 1 / (1 + np.exp(-(slope * (scores + LEARNED_BIAS) + bias)))
        for place in np.flatnonzero(rng.random(4) < chance):
            log.append(event(f"{number}-{place}", user, items[place], minute=60 * number + 1,
                             kind="save", list_id=f"l{number}"))  # fmt: skip


def test_probabilities_are_fitted_to_what_was_taken_of_what_was_shown() -> None:
    log = VolatileLog()
    lists(log, 500, slope=0.6, bias=0.4)
    lists_of_others = len(acceptance.read_shown(log, "fusion 20260101T000000Z"))
    shown = acceptance.read_shown(log, "fusion")
    assert lists_of_others == 0 and len(shown) == 500
    assert [one.at for one in shown] == sorted(one.at for one in shown)
    found = acceptance.fit(shown)
    assert found.certainty is not None
    assert found.certainty.slope == pytest.approx(0.6, abs=0.15)
    assert found.certainty.bias == pytest.approx(0.4, abs=0.3)
    assert found.certainty.n_shown == 1600 and "n = 400 items" in found.words
    shifted = acceptance.fit(shown, moved=lambda one: [1.0] * len(one.items)).certainty
    assert shifted is not None
    assert shifted.bias == pytest.approx(found.certainty.bias - shifted.slope, abs=1e-3)
    assert acceptance.fit(shown, now=found.certainty).certainty is None  # no better than itself
    with pytest.raises(DataError, match="wanted 200 items shown before"):
        acceptance.fit(shown[:20])


def test_ece_is_the_gap_between_said_and_done() -> None:
    taken = np.array([True, False, False, False])
    assert acceptance.ece(np.full(4, 0.25), taken) == 0
    assert acceptance.ece(np.array([0.95, 0.45, 0.45, 0.45]), taken) == pytest.approx(0.35)


def test_a_served_version_is_calibrated_even_when_nothing_is_promoted(
    shipped: Path, tmp_path: Path
) -> None:
    versions = Versions(tmp_path, "c", shipped=shipped)
    log = log_of(chain=False)
    before = versions.served()
    assert before is not None
    policy = f"fusion {before.name}, 0.05 explored"
    lists(log, 300, slope=0.6, bias=0.4, n_users=40, policy=policy)
    done = renew(versions, STOCK, log, at=NOON, plan=replace(PLAN, epochs=1))
    assert not done.promoted and done.certainty.startswith("calibrated")
    kept = json.loads((tmp_path / "rankers" / "c" / SHIPPED / "certainty.json").read_text())
    assert kept["n_shown"] == 960 and "u1" not in str(kept)
    served = versions.served()
    assert served is not None and served.certainty.slope == pytest.approx(0.6, abs=0.2)
