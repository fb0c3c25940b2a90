"""Judging offers in dialogues: by hand, without leaks, and the whole way on a small catalogue."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from simpatico.agent.read.affect import chosen_mood  # noqa: E402
from simpatico.domain import Item, Mentions, Turn, UserState  # noqa: E402
from simpatico.eval import dialogue_moods  # noqa: E402
from simpatico.eval.dialogue_ranking import (  # noqa: E402
    LINEAR,
    SERVED,
    UNREAD,
    UNTAUGHT,
    UNTOLD,
    UNVALUED,
    WHOLE,
    ranks_of,
    run,
    untold,
)
from simpatico.eval.held_dialogues import hold_out  # noqa: E402
from simpatico.eval.record import grouped  # noqa: E402
from simpatico.finetune.dialogue_train import Plan, named_in  # noqa: E402
from simpatico.finetune.dialogues import Decision  # noqa: E402
from simpatico.finetune.film_ranker import read_films  # noqa: E402
from simpatico.retrieval.encoders.hash import HashEncoder  # noqa: E402
from simpatico.retrieval.packs import Pack  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

N = 30


@pytest.fixture
def pack() -> Pack:
    items = tuple(
        Item(id=f"f{at}", title=f"Film{at}", year=1990, genres=("odd" if at % 2 else "even",))
        for at in range(N)
    )
    vectors = HashEncoder().encode([item.title for item in items])
    return Pack(name="movies", items=items, vectors=vectors, encoder="hash", behaviour=None)


@pytest.fixture
def redial(tmp_path: Path) -> Path:
    """Forty dialogues: a seeker names one film, the next of the circle is offered."""
    lines = []
    for at in range(40):
        had, offered = at % N, (at + 1) % N
        lines.append(
            {
                "conversationId": str(at),
                "initiatorWorkerId": 1,
                "respondentWorkerId": 2,
                "initiatorQuestions": {str(had): {"liked": 1}, str(offered): {"liked": 1}},
                "movieMentions": {str(one): f"Film{one} (1990)" for one in (had, offered)},
                "messages": [
                    {"senderWorkerId": 1, "text": f"I loved @{had}"},
                    {"senderWorkerId": 2, "text": f"Try @{offered}"},
                ],
            }
        )
    path = tmp_path / "train.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_places_are_among_what_was_not_named_and_ties_count_against() -> None:
    one = Decision(0, True, (0,), (True,), "", (0, 2, 3))
    scores = np.array([[9.0, 5.0, 5.0, 1.0, 7.0]])
    assert ranks_of(scores, [one]).tolist() == [3, 4]


def test_an_interval_draws_dialogues_and_not_targets() -> None:
    hits, whose = np.array([1.0, 1, 1, 1, 0, 0]), np.array([4, 4, 4, 4, 9, 9])
    found = grouped(hits, whose)
    assert found.mean == pytest.approx(4 / 6)
    assert (found.low, found.high) == (0, 1)  # one dialogue drawn twice
    assert grouped(np.ones(6), whose).low == 1


def test_nothing_of_a_held_out_dialogue_is_learnt_from(pack: Pack, redial: Path) -> None:
    films = read_films(redial, pack.items, pack.vectors, HashEncoder())
    asked = hold_out(films, pack.name, HashEncoder(), seed=0)
    known = set(named_in(asked.known.decisions))
    held = {one.dialogue for one in asked.asked.decisions}
    assert (len(known), len(held)) == (32, 8) and not known & held
    (had,) = (films.items[place].id for place in asked.asked.decisions[0].before)
    assert asked.state(0).mentions == Mentions(liked=(had,))
    assert untold(asked).state(0).mentions == Mentions(named=(had,))
    pairs = {frozenset((f"f{at % N}", f"f{(at + 1) % N}")) for at in known}
    likes = asked.catalogue._behaviour
    found = {
        frozenset((item.id, other))
        for item in pack.items
        for other, _ in likes.neighbours([item.id], N)
    }
    assert found == pairs
    counts = dict.fromkeys((item.id for item in pack.items), 0)
    for at in known:
        counts[f"f{at % N}"] += 1
        counts[f"f{(at + 1) % N}"] += 1
    most = max(counts.values())
    for item in asked.catalogue.catalog.items:
        assert item.popularity == pytest.approx(np.log1p(counts[item.id]) / np.log1p(most))


def test_every_row_is_judged_on_the_same_targets(pack: Pack, redial: Path) -> None:
    plan = Plan(width=8, epochs=1, batch_size=8)
    found = run(redial, pack, HashEncoder(), plan=plan, command="x")
    assert found.keys() == {"offers", "whole"}
    made, whole = found["offers"], found["whole"]
    counted = ["popularity", "named near it in other dialogues", "ItemKNN with recency", "EASE"]
    for run_of_it, own in (
        (made, [SERVED, SERVED + UNTOLD, LINEAR]),
        (whole, [WHOLE, WHOLE + UNTOLD, WHOLE + UNVALUED]),
    ):
        record = run_of_it.record
        assert record.n == 8 and [each.name for each in record.systems] == own + counted
        # What the ranker has more than each counter told alike, the same dialogues drawn.
        less = {gap.less for gap in record.gaps if gap.metric == "R@10"}
        assert record.gaps[0].system == own[0] and {*counted} <= less
        for each in record.systems:
            means = {one.metric: one.mean for one in each.figures}
            assert 0 <= means["R@1"] <= means["R@10"] <= means["R@50"] <= 1
            assert means["R@1"] <= means["MRR"] <= 1
    whole_of = {one.metric: one.mean for one in whole.record.systems[0].figures}
    assert whole_of["R@50"] == 1  # fifty places for thirty films
    # Dialogues 30 to 39 say the very words of 0 to 9, with the same films.
    by_id, nearly, _ = made.record.checks
    assert (by_id.n_found, by_id.n, nearly.n) == (0, 8, 8)
    assert nearly.n_found == 8
    assert len(set(made.cases[SERVED].unit)) == 8 and made.record.data[0][0] == "train.jsonl"


def test_where_moods_are_read_the_ranker_stands_beside_itself_without_them(
    pack: Pack, redial: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[list[str]] = []

    def read(dialogues: Sequence[Sequence[Turn]]) -> list[list[UserState]]:
        heard.extend([turn.text for turn in turns if turn.role == "user"] for turns in dialogues)
        return [[UserState(mood=chosen_mood("joy"), need="laugh")] for _ in dialogues]

    monkeypatch.setattr(dialogue_moods, "N_STATES", 5)
    plan = Plan(width=8, epochs=1, batch_size=8)
    found = run(redial, pack, HashEncoder(), plan=plan, read=read, command="x")
    assert heard[3] == ["I loved Film3 (1990)"] and len(heard) == 40
    moods = found["moods"].record
    for row, kept in ((SERVED, "offers"), (WHOLE, "whole")):
        names = [each.name for each in found[kept].record.systems]
        assert names[0] == row and {row + UNREAD, row + UNTAUGHT} < {*names}
    assert moods.n == 5 and len(moods.systems) == 4
    for each in moods.systems:
        assert [one.metric for one in each.figures] == ["changed"]
        assert 0 <= each.figures[0].mean <= 1
    # No film has a tone: set by hand, a need changes nothing.
    assert moods.systems[-1].figures[0].mean == 0


def test_the_share_that_changes_is_of_the_longer_list_and_of_all_pairs() -> None:
    assert dialogue_moods.changed(["ab", "ab"]) == 0
    assert dialogue_moods.changed(["ab", "ac", "bc"]) == pytest.approx(0.5)
    assert dialogue_moods.changed(["abcd", "a"]) == pytest.approx(0.75)
    assert dialogue_moods.changed(["", ""]) == 0
