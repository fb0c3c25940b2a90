"""The conversational ranker: it learns, is exported, and is served with the same figures."""

import pickle
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from simpatico.domain import (  # noqa: E402
    Candidate,
    Item,
    Mentions,
    Mood,
    Profile,
    UserState,
)
from simpatico.errors import DataError, ModelError  # noqa: E402
from simpatico.finetune import fusion_train  # noqa: E402
from simpatico.finetune.dialogue_train import (  # noqa: E402
    Conversational,
    Plan,
    Talks,
    train_dialogues,
)
from simpatico.finetune.dialogues import Decision  # noqa: E402
from simpatico.finetune.distributed import Group  # noqa: E402
from simpatico.finetune.feedback import Choice  # noqa: E402
from simpatico.finetune.fusion_export import export, read_weights, rewrite  # noqa: E402
from simpatico.finetune.fusion_model import Tower  # noqa: E402
from simpatico.finetune.fusion_train import Catalogue, catalogue_of  # noqa: E402
from simpatico.finetune.retrain import Stock, retrain  # noqa: E402
from simpatico.retrieval.features import features_of, vocabulary_of  # noqa: E402
from simpatico.retrieval.feelings import FEELINGS, UNFELT, Feelings  # noqa: E402
from simpatico.retrieval.fusion import (  # noqa: E402
    Card,
    FusionModel,
    read_card,
    write_card,
)
from simpatico.retrieval.past import KINDS, PLAIN, Kind  # noqa: E402
from simpatico.retrieval.rank import LinearRanker  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

N, DIM = 12, 8
PLAN = Plan(
    width=8,
    dropout=0.0,
    token_dropout=0.0,
    felt_dropout=0.2,
    felt_doubt=1.0,
    hidden=0.2,
    batch_size=16,
    epochs=20,
    learning_rate=0.02,
)
GLAD, SAD = (UserState(mood=Mood(label=name, labels=(name,), confidence=0.9))
             for name in ("joy", "sadness"))  # fmt: skip
THRILL = UserState(need="thrill")
FELT = ((GLAD, 9), (SAD, 10), (THRILL, 11))
"""What people who feel so are offered when they say nothing."""
DISLIKING = 7
"""What people are offered who dislike another."""


def items() -> tuple[Item, ...]:
    return tuple(
        Item(id=f"i{at}", title=f"Film {at}", year=1990 + at, genres=("odd" if at % 2 else "even",))
        for at in range(N)
    )


def text() -> NDArray[np.float32]:
    rows = np.random.default_rng(0).normal(size=(N, DIM)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def talks(n: int = 160) -> Talks:
    """After an item the next of the circle is offered, or what is asked for by its own vector."""
    rng = np.random.default_rng(1)
    rows = text()
    decisions, words = [], []
    for at in range(n):
        had, wanted = (int(each) for each in rng.choice(N, 2, replace=False))
        if at % 2:
            decisions.append(Decision(at, True, (had,), (True,), "", ((had + 1) % N,)))
            words.append(np.zeros(DIM, dtype=np.float32))
        else:
            decisions.append(Decision(at, True, (), (), "words", (wanted,)))
            words.append(rows[wanted])
    return Talks(decisions, np.stack(words))


def felt_talks(n: int = 160) -> Talks:
    """The same, some told as liked, and people who say nothing, but feel something or need it."""
    told = talks(n)
    one = [Decision(n + at, True, (), (), "", (FELT[at % 3][1],)) for at in range(n // 2)]
    liking = [
        each._replace(answers=("liked",)) if each.before and at % 4 == 1 else each
        for at, each in enumerate(told.decisions)
    ]
    words = np.concatenate([told.words, np.zeros((len(one), DIM), dtype=np.float32)])
    states = [UserState()] * n + [FELT[at % 3][0] for at in range(len(one))]
    return Talks([*liking, *one], words, states)


def catalogue() -> Catalogue:
    features = features_of(items(), vocabulary_of(items(), least=2), {"text": text()})
    return catalogue_of(N, features)


class Known:
    """An index of these items, which understands one query for each: its title."""

    def vectors(self, item_ids: Sequence[str]) -> NDArray[np.float32]:
        rows = {item.id: row for item, row in zip(items(), text(), strict=True)}
        return np.stack([rows.get(each, np.full(DIM, np.nan, np.float32)) for each in item_ids])

    def query_vector(self, query: str) -> NDArray[np.float32]:
        return np.asarray(text()[int(query.split()[-1])], dtype=np.float32)


@pytest.fixture(scope="module")
def trained() -> Conversational:
    return train_dialogues(felt_talks(), catalogue(), PLAN, feelings=FEELINGS)


def card_of(trained: Conversational) -> Card:
    return Card(
        name="circle",
        catalog="c",
        encoder="e",
        vocabulary=vocabulary_of(items(), least=2),
        modalities=trained.model.shape.modalities,
        tower=trained.model.shape.tower,
        kinds=trained.kinds,
        moods=FEELINGS.moods,
        needs=FEELINGS.needs,
        licence="none",
        data="none",
    )


@pytest.fixture(scope="module")
def folder(trained: Conversational, tmp_path_factory: pytest.TempPathFactory) -> Path:
    card = card_of(trained)
    made = tmp_path_factory.mktemp("ranker")
    export(trained, card, [item.id for item in items()], made)
    with pytest.raises(ValueError, match="wanted a card"):
        export(trained, card.model_copy(update={"modalities": ()}), [], made / "x")
    with pytest.raises(ValueError, match="wanted a card"):
        export(trained, card.model_copy(update={"moods": ()}), [], made / "x")
    with pytest.raises(ValueError, match="wanted a card"):
        export(trained, card.model_copy(update={"kinds": PLAIN}), [], made / "x")
    with pytest.raises(ValueError, match="wanted a card of gru, got mlp"):
        export(trained, card.model_copy(update={"tower": "mlp"}), [], made / "x")
    return made


def test_it_learns_from_what_was_named_and_from_what_is_asked(trained: Conversational) -> None:
    assert trained.losses[-1] < 0.8 * trained.losses[0]
    asked = talks(40)
    scores = trained.scores(asked)
    assert scores.shape == (40, N) and np.isfinite(scores).all()
    assert np.exp(scores).sum(axis=1) == pytest.approx(np.ones(40), abs=1e-4)
    right = [
        row[one.targets[0]] == row.max() for row, one in zip(scores, asked.decisions, strict=True)
    ]
    assert np.mean(right[::2]) > 0.6 and np.mean(right[1::2]) > 0.6  # chance: 1 / 12


def test_it_learns_from_what_is_felt_and_needed_and_is_well_without(
    trained: Conversational,
) -> None:
    nothing = np.zeros((1, DIM), dtype=np.float32)
    one = Decision(0, True, (), (), "", (0,))

    def scores(state: UserState, of: Conversational = trained) -> NDArray[np.float32]:
        return np.asarray(of.scores(Talks([one], nothing, [state]))[0])

    for state, wanted in FELT:
        assert scores(state).argmax() == wanted
    unread = trained.scores(Talks([one], nothing))[0]
    assert (scores(UserState()) == unread).all()
    neutral = UserState(mood=Mood(label="neutral", labels=("neutral",), confidence=1.0))
    assert (scores(neutral) == unread).all()
    never_met = UserState(mood=Mood(label="grief", labels=("grief",), confidence=1.0))
    assert (scores(never_met) == unread).all()
    without = train_dialogues(felt_talks(), catalogue(), replace(PLAN, epochs=1))
    assert without.feelings == UNFELT and (scores(SAD, without) == scores(GLAD, without)).all()


def test_it_learns_from_what_is_disliked_and_is_well_without() -> None:
    told = [
        Decision(160 + at, True, (at % N,), (True,), "", (DISLIKING,), answers=("disliked",))
        for at in range(80)
        if at % N != DISLIKING
    ]
    words = np.concatenate([talks().words, np.zeros((len(told), DIM), dtype=np.float32)])
    trained = train_dialogues(Talks([*talks().decisions, *told], words), catalogue(), PLAN)

    def best(answers: tuple[Kind, ...]) -> list[int]:
        asked = [
            Decision(0, True, (at,), (True,), "", (0,), answers=answers)
            for at in range(N)
            if at != DISLIKING
        ]
        nothing = np.zeros((len(asked), DIM), dtype=np.float32)
        return [int(row.argmax()) for row in trained.scores(Talks(asked, nothing))]

    assert set(trained.kinds) == set(KINDS)
    assert best(("disliked",)).count(DISLIKING) > 8  # of 11
    assert best(()).count(DISLIKING) < 4 and best(("named",)) == best(())
    plain = train_dialogues(talks(), catalogue(), replace(PLAN, epochs=1))
    assert plain.kinds == PLAIN


def test_what_was_met_a_few_times_counts_little() -> None:
    told = felt_talks()
    model = train_dialogues(
        told, catalogue(), replace(PLAN, epochs=1, felt_doubt=6.0), feelings=FEELINGS
    ).model
    n_glad = 0.9 * sum(state is GLAD for state in told.states)
    trust = dict(zip(FEELINGS.moods, model.person.mood_trust.tolist(), strict=True))
    assert trust["joy"] == pytest.approx(n_glad / (n_glad + 6)) and trust["grief"] == 0
    assert model.person.need_trust.max() == pytest.approx(26 / 32)


def test_what_was_named_is_never_offered_again(trained: Conversational) -> None:
    one = Decision(0, True, (3, 4), (True, False), "", (5,))
    scores = trained.scores(Talks([one], np.zeros((1, DIM), dtype=np.float32)))
    assert (scores[0, [3, 4]] < -1e6).all()


def test_the_same_seed_gives_the_same_model() -> None:
    plan = replace(PLAN, epochs=1)
    one, two = (train_dialogues(talks(), catalogue(), plan) for _ in range(2))
    assert one.losses == two.losses
    assert train_dialogues(talks(), catalogue(), replace(plan, seed=1)).losses != one.losses


@pytest.mark.slow
@pytest.mark.parametrize(("share", "kept"), [(0.2, 0.0), (0.8, 2 / 3)])
def test_a_training_that_was_killed_goes_on_to_the_same_weights(
    share: float, kept: float, tmp_path: Path
) -> None:
    plan = replace(PLAN, epochs=3, dropout=0.2, token_dropout=0.1)
    shares: list[float] = []

    def train(talks: Talks, plan: Plan, keep: Path | None, until: float = 1) -> Conversational:
        def tell(what: str, done: int, total: int) -> None:
            shares.append(done / total)
            if done > until * total:
                raise KeyboardInterrupt

        return train_dialogues(
            talks, catalogue(), plan, feelings=FEELINGS, keep=keep, progress=tell
        )

    whole = train(felt_talks(), plan, None)
    with pytest.raises(KeyboardInterrupt):
        train(felt_talks(), plan, tmp_path, until=share)
    shares.clear()
    again = train(felt_talks(), plan, tmp_path)
    assert shares[0] == pytest.approx(kept, abs=0.03) and shares[-1] == 1
    assert again.losses == whole.losses
    weights, wanted = again.model.state_dict(), whole.model.state_dict()
    assert all(torch.equal(weights[name], wanted[name]) for name in wanted)
    fewer = felt_talks(150)
    unlike = felt_talks()._replace(states=[UserState()] * 240)
    for other, how in ((fewer, plan), (unlike, plan), (felt_talks(), replace(plan, seed=2))):
        with pytest.raises(DataError, match="is of another training"):
            train(other, how, tmp_path)


@pytest.mark.parametrize("tower", ["gru", "lstm", "attention", "mlp"])
def test_a_step_has_all_it_needs_on_the_device_of_the_model(
    tower: Tower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no device is: tensors without numbers refuse those of the processor beside them."""
    monkeypatch.setattr(fusion_train, "RARE", -1)  # there are no sparse ones without numbers
    plan = replace(PLAN, tower=tower, epochs=1)
    with pytest.raises(RuntimeError, match="item.. cannot be called on meta"):  # after a step
        train_dialogues(
            felt_talks(), catalogue(), plan, feelings=FEELINGS, group=Group(device="meta")
        )


_TWO = """
import pickle
import sys
from pathlib import Path

import numpy as np
import torch

from simpatico.finetune import dialogue_train
from simpatico.finetune.distributed import group_of

torch.set_num_threads(1)
folder = Path(sys.argv[1])
talks, catalogue, plan, feelings = pickle.loads((folder / "told.pickle").read_bytes())
seen, hiding = [], dialogue_train._hiding

def noted(part, share, rng):
    seen.extend(one.dialogue for one in part.decisions)
    return hiding(part, share, rng)

dialogue_train._hiding = noted
with group_of("cpu") as group:
    trained = dialogue_train.train_dialogues(
        talks, catalogue, plan, feelings=feelings, group=group
    )
    np.savez(folder / f"{group.rank}.npz", scores=trained.scores(talks), losses=trained.losses,
             seen=seen)
"""


@pytest.mark.slow
def test_two_processes_train_one_model_on_half_of_the_batches_each(tmp_path: Path) -> None:
    plan = replace(PLAN, batch_size=7, epochs=2)  # 8 folds of 30, 5 batches each
    told = (felt_talks(), catalogue(), plan, FEELINGS)
    (tmp_path / "told.pickle").write_bytes(pickle.dumps(told))
    (tmp_path / "two.py").write_text(_TWO, encoding="utf-8")
    begun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*begun, str(tmp_path / "two.py"), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    one, two = (np.load(tmp_path / f"{rank}.npz") for rank in (0, 1))
    for name in ("scores", "losses"):
        assert np.array_equal(one[name], two[name])
    assert one["losses"][-1] < one["losses"][0]
    both = np.bincount(np.concatenate([one["seen"], two["seen"]]))
    assert both.tolist() == [plan.epochs] * 240


def test_nothing_to_learn_from_is_refused() -> None:
    repeat = Decision(0, True, (1,), (True,), "", (1,))
    with pytest.raises(DataError, match="not named before"):
        train_dialogues(Talks([repeat], np.zeros((1, DIM), np.float32)), catalogue(), PLAN)
    with pytest.raises(ValueError, match="with text"):
        train_dialogues(talks(), catalogue_of(N, {}), PLAN)


def test_served_it_scores_as_it_was_trained(trained: Conversational, folder: Path) -> None:
    serves_as(trained, folder)


@pytest.mark.slow
@pytest.mark.parametrize("tower", ["lstm", "attention", "mlp"])
def test_with_another_tower_it_is_served_as_well_and_can_be_gone_on_from(
    tower: Tower, tmp_path: Path
) -> None:
    plan = replace(PLAN, tower=tower, epochs=3)
    trained = train_dialogues(felt_talks(), catalogue(), plan, feelings=FEELINGS)
    assert trained.losses[-1] < trained.losses[0]
    export(trained, card_of(trained), [item.id for item in items()], tmp_path / "one")
    serves_as(trained, tmp_path / "one")
    choice = Choice(0, datetime(2026, 11, 1, tzinfo=UTC), ((3, "liked"),), (3,), 4)
    on = retrain(Stock(items(), Known()), tmp_path / "one", [choice], replace(PLAN, epochs=1))
    assert on.model.shape.tower == tower
    rewrite(on, card_of(on), [item.id for item in items()], tmp_path / "one", tmp_path / "two")
    serves_as(on, tmp_path / "two")


def serves_as(trained: Conversational, folder: Path) -> None:
    """What is served of a folder scores as a model does."""
    scorer = FusionModel(folder).of(items(), Known())
    cases: tuple[tuple[str, tuple[int, ...], tuple[Kind, ...], UserState], ...] = (
        ("", (3,), (), UserState()),
        ("Film 7", (), (), SAD.model_copy(update={"need": "thrill"})),
        ("Film 2", (5, 6, 5), (), GLAD),
        ("", (5, 6, 7, 8), ("liked", "disliked", "saved", "seen"), UserState()),
        ("Film 1", (6,), ("disliked",), GLAD),
    )
    for query, before, answers, state in cases:
        words = Known().query_vector(query) if query else np.zeros(DIM, dtype=np.float32)
        by_seeker = (True, False, True, False)[: len(before)]
        one = Decision(0, True, before, by_seeker, query, (0,), answers=answers)
        expected = trained.scores(Talks([one], words[None], [state]))[0]
        history = [(f"i{at}", kind) for at, kind in zip(before, one.kinds, strict=True)]
        ids = [item.id for at, item in enumerate(items()) if at not in before]
        terms = scorer.terms(ids, query=query, history=history, state=state)
        found = terms.total
        wanted = np.delete(expected, before)
        assert found - found.mean() == pytest.approx(wanted - wanted.mean(), abs=1e-3)
        assert terms.attention.sum(axis=1) == pytest.approx(np.ones(len(ids)), abs=1e-5)


def test_the_weights_can_be_read_back(trained: Conversational, folder: Path) -> None:
    weights, own = read_weights(folder), trained.model.state_dict()
    assert all(torch.equal(weights[name], own[name]) for name in weights)
    assert own.keys() - weights.keys() == {"fresh"}


def changed_card(folder: Path, to: Path, feelings: Feelings) -> Path:
    to.mkdir()
    for file in folder.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    write_card(to, read_card(folder).model_copy(update=feelings._asdict()))
    return to


def test_a_ranker_hears_moods_by_name_whatever_list_it_was_trained_with(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def best(of: Path, state: UserState) -> int:
        scorer = FusionModel(of).of(items(), Known())
        terms = scorer.terms([item.id for item in items()], query="", history=[], state=state)
        return int(terms.total.argmax())

    assert best(folder, SAD) == 10 and not caplog.records
    swap = {"joy": "sadness", "sadness": "joy"}
    crossed = tuple(swap.get(name, name) for name in FEELINGS.moods)
    other = changed_card(folder, tmp_path / "a", Feelings(crossed, FEELINGS.needs))
    assert best(other, SAD) == 9 and not caplog.records  # the column that the card calls so
    renamed = tuple("melancholy" if name == "sadness" else name for name in FEELINGS.moods)
    other = changed_card(folder, tmp_path / "b", Feelings(renamed, FEELINGS.needs))
    assert best(other, GLAD) == 9 and best(other, SAD) == best(other, UserState())
    assert "knows nothing" in caplog.text and "melancholy" in caplog.text
    for wrong in (Feelings(FEELINGS.moods[1:], FEELINGS.needs), UNFELT):
        other = changed_card(folder, tmp_path / f"c{len(wrong.moods)}", wrong)
        with pytest.raises(ModelError, match="do not fit together"):
            FusionModel(other)


def test_a_graph_says_nothing_of_the_machine_it_was_made_on(folder: Path) -> None:
    for file in folder.glob("*.onnx"):
        assert b".py" not in file.read_bytes() and len(file.read_bytes()) > 1000


def test_items_it_never_saw_are_ranked_by_what_is_known_of_them(folder: Path) -> None:
    strange = Item(id="new", title="New")
    scorer = FusionModel(folder).of((*items(), strange), Known())
    terms = scorer.terms(
        ["new", "i1"], query="Film 1", history=[("i0", "named"), ("gone", "named")]
    )
    assert not terms.content[0].any() and not terms.attention[0].any()
    assert np.isfinite(terms.evidence).all() and terms.known[0] <= terms.known[1]
    with pytest.raises(KeyError):
        scorer.terms(["gone"], query="", history=[])


def test_in_the_ranker_it_replaces_parts_and_leaves_the_others(folder: Path) -> None:
    scorer = FusionModel(folder).of(items(), Known())
    candidates = [Candidate(item=item, hits=(), score=0.1) for item in items() if item.id != "i4"]
    state = UserState(mentions=Mentions(liked=("i4",)))
    ranker = LinearRanker(learned=scorer)
    found = ranker.rank(candidates, state=state, profile=Profile())
    assert ranker.name == "fusion" and found[0].item.id == "i5"
    assert {part.name for part in found[0].parts} == {"liked", "talked", "together"}
    assert ranker.rank([], state=state, profile=Profile()) == []
    first = [
        ranker.rank(candidates, state=UserState(query=one.item.title), profile=Profile())[0]
        for one in candidates
    ]
    found_by_words = [one.item for one in first]
    assert (
        sum(a.item == b for a, b in zip(candidates, found_by_words, strict=True)) > 4
    )  # chance: 1 of 11
    for state, wanted in FELT:
        ranked = ranker.rank(candidates, state=state, profile=Profile())
        assert f"i{wanted}" in [one.item.id for one in ranked[:2]]


def test_it_proposes_the_best_of_what_is_allowed(folder: Path) -> None:
    scorer = FusionModel(folder).of(items(), Known())
    state = UserState(mentions=Mentions(liked=("i4",)))
    allowed = np.ones(N, dtype=bool)
    allowed[[4, 6]] = False
    found = scorer.propose(state, Profile(), k=3, allowed=allowed)
    assert found[0] == ("i5", 0.0) and len(found) == 3
    assert found[0][1] > found[1][1] >= found[2][1]
    assert not {"i4", "i6"} & {item_id for item_id, _ in found}
    assert scorer.propose(state, Profile(), k=3, allowed=np.zeros(N, dtype=bool)) == []


@pytest.mark.parametrize("name", ["card.json", "items.onnx", "terms.onnx", "tables.npz"])
def test_a_damaged_ranker_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in folder.iterdir():
        (broken / file.name).write_bytes(file.read_bytes() if file.name != name else b"{}")
    with pytest.raises(ModelError, match="ranker"):
        FusionModel(broken)
    (broken / name).unlink()
    with pytest.raises(ModelError, match="ranker"):
        FusionModel(broken)
