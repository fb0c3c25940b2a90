"""Chances of being liked: made of other dialogues than they are judged on, and of real answers."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from simpatico.domain import Item, Profile  # noqa: E402
from simpatico.eval.dialogue_certainty import (  # noqa: E402
    ANSWERED,
    BY_HAND,
    EVERY,
    FITTED,
    SHARE,
    across,
    certainty_run,
    halves,
    suggested,
)
from simpatico.eval.held_dialogues import N_CANDIDATES, Asked, hold_out  # noqa: E402
from simpatico.finetune.film_ranker import read_films  # noqa: E402
from simpatico.retrieval.encoders.hash import HashEncoder  # noqa: E402
from simpatico.retrieval.packs import Pack  # noqa: E402
from simpatico.retrieval.rank import LinearRanker  # noqa: E402

N = 30
ANSWERS = (1, 1, 0, 2)
"""Liked, liked, disliked, did not say: in turn."""


@pytest.fixture
def pack() -> Pack:
    items = tuple(Item(id=f"f{at}", title=f"Film{at}", year=1990) for at in range(N))
    vectors = HashEncoder().encode([item.title for item in items])
    return Pack(name="movies", items=items, vectors=vectors, encoder="hash", behaviour=None)


@pytest.fixture
def redial(tmp_path: Path) -> Path:
    lines = []
    for at in range(400):
        had, offered = at % N, (at + 7) % N
        lines.append(
            {
                "conversationId": str(at),
                "initiatorWorkerId": 1,
                "respondentWorkerId": 2,
                "initiatorQuestions": {
                    str(had): {"liked": 1},
                    str(offered): {"liked": ANSWERS[at % 4]},
                },
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


@pytest.fixture
def asked(pack: Pack, redial: Path) -> Asked:
    films = read_films(redial, pack.items, pack.vectors, HashEncoder())
    return hold_out(films, pack.name, HashEncoder(), seed=0)


def quiet(what: str, done: int, total: int) -> None:
    """Tell nobody."""


def test_scores_are_those_of_the_page_and_answers_those_of_the_seeker(asked: Asked) -> None:
    ranker = LinearRanker(asked.catalogue)
    made = suggested(asked, ranker, progress=quiet)
    assert len(made.item) == 80
    for row, at in enumerate(made.decision):
        one = asked.asked.decisions[at]
        wanted = {1: 1.0, 0: 0.0, 2: np.nan}[ANSWERS[one.dialogue % 4]]
        assert made.liked[row] == pytest.approx(wanted, nan_ok=True)
        assert (made.item[row],) == one.fresh
    state, target = asked.state(0), f"f{made.item[0]}"
    found = asked.catalogue.candidates(state=state, profile=Profile(), n=N_CANDIDATES)
    ranked = ranker.rank(found, state=state, profile=Profile())
    stated = next(each.p_accept for each in ranked if each.item.id == target)
    assert expit(made.score[0]) == pytest.approx(stated)


def test_a_dialogue_is_of_one_half_and_no_half_is_judged_by_itself() -> None:
    rng = np.random.default_rng(0)
    dialogue = np.repeat(np.arange(4000), 2)
    half = halves(dialogue, seed=3)
    assert half.sum() == 4000 and (half[::2] == half[1::2]).all()
    score = rng.normal(size=8000)
    told = (rng.random(8000) < expit(0.5 * score + 1)).astype(np.float64)
    told[:50] = np.nan
    fitted, share = across(score, told, half)
    assert np.abs(fitted - expit(0.5 * score + 1)).max() < 0.06
    for own in (False, True):
        assert share[half == own] == pytest.approx(np.nanmean(told[half != own]))
    other = told.copy()
    other[half] = 1 - other[half]  # what is judged is never fitted to
    assert across(score, other, half)[0][half] == pytest.approx(fitted[half])


def test_the_run_has_both_outcomes_and_the_level_that_is_served(
    asked: Asked, pack: Pack, redial: Path
) -> None:
    made = suggested(asked, LinearRanker(asked.catalogue), progress=quiet)
    run = certainty_run(made, asked, file=redial, pack=pack, command="x", seed=0)
    assert run is not None and [one.name for one in run.record.systems] == [FITTED, BY_HAND, SHARE]
    figures = {
        (system.name, one.metric): one for system in run.record.systems for one in system.figures
    }
    n_said = int((~np.isnan(made.liked)).sum())
    assert 0 < n_said < 80
    assert {one.n for (_, what), one in figures.items() if what.endswith(ANSWERED)} == {n_said}
    assert {one.n for (_, what), one in figures.items() if what.endswith(EVERY)} == {80}
    stated, liked = expit(made.score), made.outcome(EVERY)
    loss = -np.log(np.where(liked == 1, stated, 1 - stated)).mean()
    by_hand = figures[BY_HAND, f"log-loss, {EVERY}"]
    assert by_hand.mean == pytest.approx(loss) and not by_hand.higher_is_better
    # What knows only the share of each half says what is liked of half the dialogues.
    assert 0 <= figures[SHARE, f"ECE, {EVERY}"].mean < figures[BY_HAND, f"ECE, {EVERY}"].mean


def test_where_everything_is_liked_nothing_is_fitted(
    asked: Asked, pack: Pack, redial: Path
) -> None:
    made = suggested(asked, LinearRanker(asked.catalogue), progress=quiet)
    liked = made._replace(liked=np.ones(len(made.liked)))
    assert certainty_run(liked, asked, file=redial, pack=pack, command="x", seed=0) is None
