"""What modalities are worth: the split, what comes in cold, chance, and a known answer."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from typer.testing import CliRunner

from simpatico.errors import DataError, ModelError
from simpatico.eval.cold_items import (
    N_COLD_DRAWS,
    Trial,
    chance,
    draw_cold,
    n_choices,
    of_items,
    trial_of,
)
from simpatico.eval.modalities import Outcome, interval_of, judge_row, run, tables
from simpatico.eval.modality_rows import (
    BEFORE,
    ROWS,
    WITH,
    WITHOUT,
    Recipe,
    learn,
    rows_of,
)
from simpatico.eval.multimodal import ablation_run
from simpatico.eval.next_item import Split, interval, judge, places_of
from simpatico.eval.posters import Films, poster_vectors, read_films, word_vectors
from simpatico.finetune.sequences import Sequences
from simpatico.modelstore import ModelStore
from simpatico.retrieval.encoders.hash import HashEncoder
from simpatico.settings import load_settings
from simpatico.ui.cli import app

HEADER = ("movieId", "title", "genres", "ml100k_ids", "text")
FILMS = (
    ("10", "Alpha (1990)", "Comedy|Drama", "1|4", "A man alone."),
    ("20", "Beta (1991)", "Horror", "2", ""),
    ("30", "Gamma (1992)", "Drama", "", "Another man."),
)


class _Colour:
    """The mean colour of a picture."""

    name = "colour"
    dim = 3

    def encode(self, inputs: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        return np.stack([each.mean(axis=(0, 1)) for each in inputs]).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three films, of which the first two are items, the first under two ids."""
    with (tmp_path / "items.csv").open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([HEADER, *FILMS])
    (tmp_path / "images").mkdir()
    Image.new("RGB", (8, 12), (250, 0, 0)).save(tmp_path / "images" / "10.jpg")
    return tmp_path


def _sequences(*events: list[int], n_items: int) -> Sequences:
    return Sequences(
        tuple(str(at) for at in range(len(events))),
        tuple(str(at) for at in range(n_items)),
        tuple(np.array(each, dtype=np.int64) for each in events),
        tuple(np.full(len(each), 4, dtype=np.float32) for each in events),
        tuple(np.arange(len(each), dtype=np.float64) for each in events),
    )


def _films(n: int) -> Films:
    return Films(
        np.arange(n),
        ("x",) * n,
        np.ones(n, dtype=np.bool_),
        tuple(Path(str(at)) for at in range(n)),
    )


def test_a_folder_says_what_each_item_is(folder: Path) -> None:
    films = read_films(folder, ("1", "2", "3", "4"))
    assert films.films[0] == films.films[3] != films.films[1] and films.films[2] == -1
    assert films.words[:3] == ("Alpha. Comedy, Drama. A man alone.", "Beta. Horror.", "")
    assert films.told.tolist() == [True, False, False, True]
    assert [poster is not None for poster in films.posters] == [True, False, False, True]
    with pytest.raises(DataError, match="got none of them"):
        read_films(folder, ("7",))
    with pytest.raises(DataError, match="cannot be read"):
        read_films(folder / "images", ("1",))
    (folder / "items.csv").write_text("movieId,title\n1,x\n", encoding="utf-8")
    with pytest.raises(DataError, match="wanted genres, ml100k_ids, text in"):
        read_films(folder, ("1",))


def test_vectors_are_nan_where_there_is_nothing_and_are_kept(folder: Path) -> None:
    films = read_films(folder, ("1", "2", "3"))
    keep = folder / "kept"
    words = word_vectors(films, HashEncoder(dim=32), keep=keep)
    looks = poster_vectors(films, _Colour(), keep=keep)
    assert np.isnan(words).any(axis=1).tolist() == [False, False, True]
    assert np.isnan(looks).any(axis=1).tolist() == [False, True, True]
    assert looks[0] == pytest.approx([250, 0, 0], abs=8)
    (text,) = keep.glob("text-*.npy")
    np.save(text, words + 1)
    np.testing.assert_array_equal(word_vectors(films, HashEncoder(dim=32), keep=keep), words + 1)
    assert word_vectors(films, HashEncoder(dim=16), keep=keep).shape == (3, 16)
    np.testing.assert_array_equal(word_vectors(films, HashEncoder(dim=32)), words)
    np.testing.assert_array_equal(poster_vectors(films, _Colour(), keep=keep), looks)


def test_no_film_is_cold_twice_and_all_its_ids_are() -> None:
    films = _films(40)
    films = films._replace(films=np.r_[0, 0, np.arange(2, 40)], told=np.arange(40) < 36)
    draws = range(N_COLD_DRAWS)
    reported, none = zip(*(draw_cold(films, "test", draw) for draw in draws), strict=True)
    chosen_by, gone = zip(*(draw_cold(films, "dev", draw) for draw in draws), strict=True)
    assert not np.any(none) and np.array_equal(gone, reported)
    times = np.sum(reported, axis=0) + np.sum(chosen_by, axis=0)
    assert times.tolist() == [1] * 36 + [0] * 4
    assert any(cold[0] and cold[1] for cold in (*reported, *chosen_by))
    assert {len(np.unique(films.films[cold])) for cold in reported} <= {3, 4}  # a tenth of 35
    with pytest.raises(DataError, match="wanted 10 films with a poster and a text"):
        draw_cold(films._replace(told=np.arange(40) < 10), "test", 0)


def test_what_is_learnt_and_told_lies_before_the_targets() -> None:
    data = _sequences([0, 1, 5, 2, 4, 3], [0, 1, 2, 3], [5, 0, 1, 2], [0, 4], n_items=6)
    cold = np.array([False] * 4 + [True] * 2)
    trial = trial_of(data, cold, "test", newest=10)
    assert trial.all.rows.tolist() == [0, 1, 2]
    assert trial.all.targets.tolist() == [3, 3, 2]
    assert [what.tolist() for what in trial.all.known.what] == [[0, 1, 2], [0, 1, 2], [0, 1], [0]]
    assert trial.cold_split.rows.tolist() == [0] and trial.cold_split.targets.tolist() == [4]
    assert trial.cold_split.known.what[0].tolist() == [0, 1, 5, 2]
    assert trial.cold_known.what[0].tolist() == [0, 1, 2]
    assert trial.learnt.items == ("0", "1", "2", "3")
    assert [what.tolist() for what in trial.learnt.what] == [[0, 1, 2], [0, 1, 2], [0, 1], [0]]
    assert n_choices(trial).tolist() == [1]
    dev = trial_of(data, cold, "dev", newest=1)
    assert dev.all.targets.tolist() == [2, 2, 1] and dev.cold_split.targets.tolist() == [4]
    assert [what.tolist() for what in dev.learnt.what] == [[1], [1], [0], [0]]
    with pytest.raises(DataError, match="got 3 and 0"):
        trial_of(data, cold & False, "test", newest=10)


def test_events_of_some_items_are_numbered_anew() -> None:
    found = of_items(_sequences([3, 0, 2], n_items=4), np.array([False, True, True, True]))
    assert found.items == ("1", "2", "3") and found.what[0].tolist() == [2, 1]
    assert found.times[0].tolist() == [0, 2]


def test_chance_is_what_random_orders_give() -> None:
    odds = chance(np.array([4, 10, 40]))
    assert odds.hit.tolist() == [1, 1, 0.25]
    drawn = np.random.default_rng(0).integers(1, 41, size=200_000)
    gains = np.where(drawn <= 10, 1 / np.log2(drawn + 1), 0)
    assert odds.ndcg[2] == pytest.approx(gains.mean(), abs=0.003)


def test_places_are_those_that_are_judged() -> None:
    rng = np.random.default_rng(0)
    known = _sequences([1, 2], [3], n_items=30)
    split = Split(known, np.array([0, 1]), np.array([2, 4]))
    for _ in range(20):
        scores = rng.integers(8, size=(2, 30)).astype(np.float64)
        found, judged = places_of(scores, split), judge(scores, split)
        assert ((found <= 10) == judged.hit).all()
        within = judged.hit.astype(bool)
        np.testing.assert_allclose((1 / np.log2(found + 1))[within], judged.ndcg[within])
    scores[:] = np.arange(30)
    assert places_of(scores, split).tolist() == [28, 26]  # two were had, of which one is the target


def test_an_interval_is_over_people_and_over_draws() -> None:
    rng = np.random.default_rng(0)
    alike = np.tile(rng.random(400), (5, 1))
    both = interval_of(alike)
    people = interval(alike[0])
    assert both.mean == pytest.approx(people.mean)
    assert both.high - both.low == pytest.approx(people.high - people.low, rel=0.1)
    far = interval_of(np.arange(5)[:, None] + np.zeros((5, 400)))
    draws = interval(np.arange(5.0))
    assert far.mean == 2 and far.high - far.low == pytest.approx(draws.high - draws.low, abs=0.3)
    holes = np.where(rng.random((5, 400)) < 0.3, np.nan, 0.25)
    assert interval_of(holes).model_dump() == pytest.approx(
        {"mean": 0.25, "low": 0.25, "high": 0.25}
    )


def test_rows_are_known_by_their_titles() -> None:
    assert rows_of("text only; ids only + evidence") == (WITHOUT[1], WITH[0])
    assert rows_of("") == ROWS and len({row.title for row in ROWS}) == 11
    with pytest.raises(DataError, match="no row oracle; the rows are: ids only"):
        rows_of("oracle")


@pytest.fixture
def groups() -> tuple[Trial, dict[str, np.ndarray]]:
    """Sixty people, each with films of one of four groups, which the words tell; ten are cold."""
    rng = np.random.default_rng(0)
    group = np.arange(60) % 4
    events = [list(rng.permutation(np.flatnonzero(group == at % 4))[:12]) for at in range(60)]
    cold = np.zeros(60, dtype=np.bool_)
    cold[:12] = True
    words = np.eye(4, dtype=np.float32)[group] + 0.05 * rng.standard_normal((60, 4))
    data = _sequences(*events, n_items=60)
    trial = trial_of(data, cold, "test", newest=50)
    return trial, {"text": words.astype(np.float32), "image": words.astype(np.float32)}


@pytest.mark.slow
def test_words_find_cold_items_that_ids_cannot_tell_apart(
    groups: tuple[Trial, dict[str, np.ndarray]],
) -> None:
    pytest.importorskip("torch")
    trial, vectors = groups
    ids, text, full = (WITHOUT[at] for at in (0, 1, -1))
    found = {}
    for row in (ids, text, full):
        outcome = judge_row(learn(trial, row, vectors, Recipe(epochs=8)), trial)
        found[row] = Outcome(*(each[None] for each in outcome))
    worse, one, other = (np.nanmean(each.cold_ndcg) for each in found.values())
    odds = np.nanmean(found[ids].chance_ndcg)
    assert odds == pytest.approx(chance(n_choices(trial)).ndcg.mean())
    assert worse < odds < 0.6 < min(one, other)  # three cold films a group: .71 if it is found
    first, gaps = tables(found, "Groups", ["A note."])
    assert [row[0] for row in first.rows] == [ids.title, text.title, full.title, "random order"]
    assert first.notes[0] == "A note."
    assert [row[0] for row in gaps.rows] == [
        "ids, text and image, less ids only",
        "ids, text and image, less text only",
        "text only, less ids only",
    ]


@pytest.mark.slow
def test_cold_items_come_in_without_a_vector_of_their_own_evidence_or_fame(
    groups: tuple[Trial, dict[str, np.ndarray]],
) -> None:
    pytest.importorskip("torch")
    trial, vectors = groups
    trained = learn(trial, WITH[-1], vectors, Recipe(epochs=1))
    cold = trial.cold
    assert trained.members[0].items.id.weight.shape[0] == 60
    assert not trained.catalogue.has_id[cold].any() and trained.catalogue.has_id[~cold].all()
    assert not trained.links.near[cold].any() and not trained.links.near[:, cold].any()
    assert trained.links.near[~cold].any(axis=1).all()
    assert np.array_equal(np.isnan(trained.log_known), cold)
    before = learn(trial, BEFORE, vectors, Recipe(epochs=1)).log_known
    assert np.allclose(before[cold], -np.log(trial.learnt.n_events + 48))
    assert (before[~cold] > before[cold].max()).all()
    scores = learn(trial, WITH[0], vectors, Recipe(epochs=1)).scores(trial.all.known, [0])
    assert len(np.unique(scores[0, cold])) == 1


@pytest.mark.slow
def test_the_command_reads_encodes_trains_prints_and_goes_on(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    store = ModelStore(load_settings().cache)
    try:
        store.path("minilm"), store.path("efficientnet-lite0")
    except ModelError as error:
        pytest.skip(f"no weights: {error}")
    rng = np.random.default_rng(0)
    rows = [(at, f"Film {at} (1990)", "Drama", at, f"Film number {at}.") for at in range(20)]
    with (tmp_path / "items.csv").open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([HEADER, *rows])
    (tmp_path / "images").mkdir()
    for at in range(20):
        pixels = rng.integers(256, size=(16, 12, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{at}.jpg")
    events = tmp_path / "few.inter"
    lines = [
        f"{person}\t{item}\t4\t{step}"
        for person in range(20)
        for step, item in enumerate(rng.permutation(20)[:12])
    ]
    events.write_text("\n".join(["user_id:token\titem_id:token\trating:float\ttimestamp:float",
                                *lines]), encoding="utf-8")  # fmt: skip
    given = {
        "--data": events,
        "--films": tmp_path,
        "--epochs": 1,
        "--seeds": 2,
        "--rows": f"{WITH[0].title};{WITH[-1].title}",
        "--part": "test",
        "--keep": tmp_path / "kept",
        "--out": tmp_path / "said.md",
    }
    command = ["eval", "modalities", *(str(word) for pair in given.items() for word in pair)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    said = (tmp_path / "said.md").read_text(encoding="utf-8")
    assert "Seed 1: " in said and "18 items" in said and "2 cold items" in said
    assert "| ids, text and image + evidence, less ids only + evidence |" in said
    kept = list((tmp_path / "kept").glob("*-seed*.npz"))
    assert len(kept) == 4
    changed = kept[0].stat().st_mtime_ns
    assert CliRunner().invoke(app, command).exit_code == 0
    assert kept[0].stat().st_mtime_ns == changed
    assert (tmp_path / "said.md").read_text(encoding="utf-8") == said
    with pytest.raises(ValueError, match=r"seeds in 0 to 4, got \[\]"):
        run(events, tmp_path, part="test", seeds=())


def test_a_run_has_a_case_for_each_person_and_draw_with_a_target(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    data = tmp_path / "few.inter"
    data.write_text("x")

    def values() -> Outcome:
        drawn = rng.random((7, 2, 30))
        drawn[:, 0, :4] = np.nan  # nobody asked
        drawn[2:, 1, 4:10] = np.nan  # no cold target
        drawn[6] = np.ceil(drawn[6] * 200)
        return Outcome(*drawn)

    found = {WITHOUT[0]: values(), WITH[-1]: values()}
    people = tuple(f"p{at}" for at in range(30))
    made = ablation_run(found, people, data=[data], protocol={"part": "dev"}, command="x")
    full, ids = made.record.systems
    assert (full.name, ids.name) == (WITH[-1].title, WITHOUT[0].title)
    told = {one.metric: one for one in full.figures}
    assert told["all, NDCG@10"].n == 56 and told["cold, NDCG@10"].n == 50
    assert told["cold, NDCG@10"].mean == pytest.approx(np.nanmean(found[WITH[-1]].cold_ndcg))
    assert dict(made.record.skipped) == {"people and draws without a target": 4}
    assert made.cases[full.name].unit.count("p20") == 2
