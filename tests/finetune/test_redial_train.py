"""A recommender for dialogues learns what follows what, goes on where it stopped, and is kept."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simpatico.errors import DataError, ModelError
from simpatico.finetune.redial_data import Moment, moments_of, read_films, read_talks
from simpatico.finetune.redial_features import count_tables, features
from simpatico.finetune.redial_outside import read_outside, rows_of
from simpatico.finetune.redial_shortlist import crossed, folds_of, shortlist, wanted
from simpatico.finetune.redial_train import beside, past_of, train
from simpatico.finetune.redial_world import (
    Asked,
    World,
    asked_of,
    text_of,
    texts_of,
    vectors_of,
    world_of,
)
from simpatico.retrieval.encoders.hash import HashEncoder

N_FILMS, N_TALKS = 24, 48
ENCODER = HashEncoder(16)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """After film n the recommender names the next; every third dialogue asks by a word instead."""
    folder = tmp_path_factory.mktemp("redial")
    rng = np.random.default_rng(0)
    names = {str(100 + at): f"Film{at} story ({1990 + at})" for at in range(N_FILMS)}
    items = {number: {"name": name, "genre": ["odd" if at % 2 else "even"], "plot": f"plot{at}"}
             for at, (number, name) in enumerate(names.items())}  # fmt: skip
    (folder / "items.json").write_text(json.dumps(items))
    rows: list[dict[str, Any]] = []
    for at in range(N_TALKS):
        film = int(rng.integers(N_FILMS // 2))
        had, wanted_ = str(100 + film), str(100 + (film + 1) % N_FILMS)
        wish = f"I want word{film}" if at % 3 == 0 else f"I love @{had}"
        rows.append(
            {
                "conversationId": str(at),
                "initiatorWorkerId": 1,
                "respondentWorkerId": 2,
                "initiatorQuestions": {wanted_: {"suggested": 1, "seen": 0, "liked": at % 2}},
                "movieMentions": {had: names[had], wanted_: names[wanted_]},
                "messages": [
                    {"senderWorkerId": 2, "text": "Hello"},
                    {"senderWorkerId": 1, "text": wish},
                    {"senderWorkerId": 2, "text": "I know one"},
                    {"senderWorkerId": 2, "text": f"See @{wanted_}, the secret!"},
                    {"senderWorkerId": 1, "text": "Thanks"},
                ],
            }
        )
    (folder / "train.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder


@pytest.fixture(scope="module")
def world(data: Path) -> World:
    films = read_films(data / "items.json")
    text = ENCODER.encode([text_of(film) for film in films])
    return world_of(films, read_outside(films), text)


def asked(world: World, data: Path) -> tuple[list[Moment], Asked]:
    talks = read_talks(data / "train.jsonl")
    offers = [one for one in moments_of(talks) if one.offered]
    return offers, asked_of(world, talks, offers, vectors_of(talks, offers, ENCODER))


def test_nothing_of_an_offers_own_turn_is_heard(world: World, data: Path) -> None:
    talks = read_talks(data / "train.jsonl")
    offers, found = asked(world, data)
    assert len(offers) == N_TALKS
    for one, said in zip(offers, found.said, strict=True):
        assert not {"know", "secret"} & set(said)
        assert all("know" not in text and "secret" not in text
                   for text in texts_of(talks[one.talk], one))  # fmt: skip
    assert found.wishes[1] == ("love",) and found.by_seeker[1].tolist() == [True]
    assert found.targets[1].tolist() == [found.before[1][0] + 1]


def test_tables_of_other_folds_do_not_know_the_moment(world: World, data: Path) -> None:
    """What only one dialogue says is nowhere in the features of its own moment."""
    talks = read_talks(data / "train.jsonl")
    offers, found = asked(world, data)
    past = past_of(world, talks, offers, found.vectors)
    learn = np.ones(N_TALKS, dtype=bool)
    fold = folds_of(N_TALKS, 0)
    assert sorted(np.bincount(fold)) == [12, 12, 12, 12]
    seen: list[int] = []
    for k in range(4):
        rows, near = crossed(world, past, learn, fold, k)
        seen += rows.tolist()
        tables = count_tables(world, past, fold != k)
        again = features(world, tables, past.asked.part(rows))
        place = near.places[0].tolist()
        for at, name in enumerate(near.names):
            wide = np.broadcast_to(again[name], (len(rows), N_FILMS))
            got = near.values[0, :, at]
            assert np.allclose(got, wide[0][place], atol=2e-2, rtol=2e-3), name
    assert sorted(seen) == list(range(N_TALKS))


def test_the_ridge_autoencoder_is_the_one_between_films(world: World, data: Path) -> None:
    """Solved in the space of people; against Steck's closed form in that of films."""
    talks = read_talks(data / "train.jsonl")
    offers, found = asked(world, data)
    past = past_of(world, talks, offers, found.vectors)
    tables = count_tables(world, past, np.ones(N_TALKS, dtype=bool))
    people = rows_of(past.named, N_FILMS).toarray()
    inverse = np.linalg.inv(people.T @ people + 5.0 * np.eye(N_FILMS))
    weights = -inverse / np.diag(inverse)
    row = 1
    film = past.asked.before[row][0]
    ours = features(world, tables, past.asked.part(np.array([row])))["ease"][0]
    others = np.arange(N_FILMS) != film
    closed = np.log(np.maximum(weights[film], 0) + 3e-3)
    assert np.allclose(ours[others], closed[others], atol=1e-3)


def test_films_named_before_are_no_candidates_while_there_are_others(
    world: World, data: Path
) -> None:
    talks = read_talks(data / "train.jsonl")
    offers, found = asked(world, data)
    past = past_of(world, talks, offers, found.vectors)
    tables = count_tables(world, past, np.ones(N_TALKS, dtype=bool))
    short = shortlist(world, tables, past.asked, n_candidates=10)
    for row, what in enumerate(past.asked.before):
        assert not set(what.tolist()) & set(short.places[row].tolist())
    assert wanted(short, past.asked).sum(axis=1).max() == 1


def test_a_set_is_found_in_the_folder_or_beside_it(tmp_path: Path) -> None:
    (tmp_path / "redial").mkdir()
    assert beside(tmp_path / "redial", "ml-latest-small") is None
    (tmp_path / "ml-latest-small").mkdir()
    assert beside(tmp_path / "redial", "ml-latest-small") == tmp_path / "ml-latest-small"


@pytest.fixture(scope="module")
def model(one_thread: None, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch")
    out = tmp_path_factory.mktemp("model") / "redial"
    train(data, out, ENCODER, seeds=(0, 1), command="simpatico train redial")
    return out


def test_it_learns_what_follows_what(model: Path, data: Path) -> None:
    from simpatico.finetune.redial_model import Redial

    found = Redial(model, ENCODER)
    talks = read_talks(data / "train.jsonl")
    offers = [one for one in moments_of(talks) if one.offered]
    scores = found.scores(talks, offers)
    assert scores.shape == (N_TALKS, N_FILMS)
    place = {film.id: at for at, film in enumerate(found.films)}
    best = scores.argmax(axis=1)
    hits = [best[row] == place[one.fresh[0]] for row, one in enumerate(offers)]
    assert np.mean(hits) > 0.6  # by chance .04
    for row, one in enumerate(offers):
        for message in talks[one.talk].messages[: one.at]:
            assert all(scores[row, place[film]] == -200 for film in message.films)


def test_the_answer_and_what_comes_after_change_nothing(model: Path, data: Path) -> None:
    from simpatico.finetune.redial_model import Redial

    found = Redial(model, ENCODER)
    talks = read_talks(data / "train.jsonl")[:6]
    offers = [one for one in moments_of(talks) if one.offered]
    cut = [
        talk._replace(messages=talk.messages[:3], liked=frozenset(), disliked=frozenset())
        for talk in talks
    ]
    blind = [one._replace(targets=(), fresh=()) for one in offers]
    assert np.array_equal(found.scores(talks, offers), found.scores(cut, blind))


def test_it_goes_on_where_it_stopped(data: Path, tmp_path: Path, one_thread: None) -> None:
    pytest.importorskip("torch")
    out = tmp_path / "m"
    stopped: list[str] = []

    def stop(what: str, done: int, total: int) -> None:
        if what == "Training, seed 0" and done == 1:
            stopped.append(what)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(data, out, ENCODER, seeds=(0,), progress=stop)
    assert stopped and not (out / "model.json").exists()
    told: list[str] = []
    train(data, out, ENCODER, seeds=(0,), progress=lambda what, done, total: told.append(what))
    assert set(told) == {"Training, seed 0"} and not (out / "stages").exists()


def test_folders_that_are_no_model_are_told_apart(model: Path, data: Path, tmp_path: Path) -> None:
    from simpatico.finetune.redial_model import Redial

    with pytest.raises(ModelError, match="cannot be loaded"):
        Redial(tmp_path, ENCODER)
    with pytest.raises(ModelError, match="hash-16"):
        Redial(model, HashEncoder(32))
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(DataError, match="something else"):
        train(data, tmp_path, ENCODER)
    assert (tmp_path / "letter.txt").read_text() == "mine"
