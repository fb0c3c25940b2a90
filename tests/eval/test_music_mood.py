from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from simpatico.errors import DataError, ModelError
from simpatico.eval.music_mood import (
    FEELINGS,
    GENRE,
    OURS,
    TAG_RIDGE,
    TAGS_ALONE,
    TAGS_OF,
    Clips,
    auc,
    correlation,
    drawn_again,
    folds_of,
    hear,
    out_of_fold,
    precision_at,
    read_clips,
    ridge,
    systems,
    tables,
    top_shares,
)
from simpatico.eval.tables import to_markdown
from simpatico.modelstore import ModelStore
from simpatico.retrieval.encoders.musicnn import RATE_HZ, TAGS, Heard, Musicnn
from simpatico.settings import load_settings

GENRES = ("classical", "rock", "electronic", "pop")


def _clips(n: int, shares: np.ndarray) -> Clips:
    genres = tuple(GENRES[at % 4] for at in range(n))
    return Clips(tuple(f"{genre}_{at}" for at, genre in enumerate(genres)), genres, shares)


def _synthetic(n: int = 120, *, seed: int = 0) -> tuple[Heard, Clips]:
    """Shares that depend on the first ten numbers of a vector, and on nothing else."""
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((n, 953))
    vectors[:, :10] *= 10
    shares = vectors[:, :10] @ rng.standard_normal((10, 9)) / 40 + 0.3
    tags = rng.uniform(0.01, 0.99, (n, 50))
    return Heard(vectors.astype(np.float32), tags.astype(np.float32)), _clips(n, shares)


def test_auc_is_what_scikit_learn_says_with_ties_too() -> None:
    rng = np.random.default_rng(0)
    scores = rng.integers(6, size=(3, 9, 80)).astype(float)
    relevant = rng.random((3, 9, 80)) < 0.2
    ours = auc(scores, relevant)
    for at in np.ndindex(3, 9):
        assert ours[at] == pytest.approx(roc_auc_score(relevant[at], scores[at]))


def test_precision_counts_the_highest_and_shares_a_tie() -> None:
    relevant = np.array([True, False, True, False, False])
    assert precision_at(np.array([5.0, 4, 3, 2, 1]), relevant, k=3) == pytest.approx(2 / 3)
    assert precision_at(np.array([5.0, 3, 3, 3, 1]), relevant, k=2) == pytest.approx(
        (1 + 1 / 3) / 2
    )
    assert precision_at(np.zeros(5), relevant, k=2) == pytest.approx(2 / 5)


def test_correlation_is_numpys_and_zero_where_nothing_varies() -> None:
    one, other = np.random.default_rng(0).standard_normal((2, 4, 30))
    ours = correlation(one, other)
    for at in range(4):
        assert ours[at] == pytest.approx(np.corrcoef(one[at], other[at])[0, 1])
    assert correlation(np.ones((1, 30)), other[:1]) == 0


@pytest.mark.parametrize("width", [5, 200])
def test_ridge_is_what_scikit_learn_fits(width: int) -> None:
    rng = np.random.default_rng(0)
    x, new = rng.standard_normal((60, width)) * 3 + 1, rng.standard_normal((7, width))
    y = rng.standard_normal((60, 9))
    standard = (x - x.mean(axis=0)) / x.std(axis=0)
    like_it = (new - x.mean(axis=0)) / x.std(axis=0)
    for penalty, ours in zip((0.1, 3.0), ridge(x, y, new, (0.1, 3.0)), strict=True):
        theirs = Ridge(alpha=penalty * width).fit(standard, y).predict(like_it)
        np.testing.assert_allclose(ours, theirs, atol=1e-8)


def test_a_column_that_never_varies_does_no_harm() -> None:
    x = np.random.default_rng(0).standard_normal((30, 4))
    with_it = np.c_[x, np.full(30, 0.1)]
    y = x[:, :1] * 2
    assert np.isfinite(ridge(with_it, y, with_it)).all()


def test_folds_hold_each_clip_once_and_as_many_of_each_genre() -> None:
    genres = [GENRES[at % 4] for at in range(100)]
    folds = folds_of(genres, 5, np.random.default_rng(0))
    for genre in GENRES:
        counts = np.bincount(folds[np.array(genres) == genre], minlength=5)
        assert counts.tolist() == [5] * 5
    np.testing.assert_array_equal(folds, folds_of(genres, 5, np.random.default_rng(0)))


def test_relevant_is_the_top_tenth_and_what_ties_with_its_last() -> None:
    shares = np.tile(np.arange(40.0)[:, None], (1, 9))
    shares[30:37, 1] = 36
    relevant = top_shares(shares)
    assert relevant.sum(axis=1).tolist() == [4, 10, *[4] * 7]
    assert np.flatnonzero(relevant[0]).tolist() == [36, 37, 38, 39]


def test_what_is_there_is_learnt_and_shuffled_shares_give_chance() -> None:
    heard, clips = _synthetic()
    views = {"whole": heard.vectors[:, :40].astype(float)}
    relevant = top_shares(clips.shares)
    scores, settings = out_of_fold(views, clips.shares, clips.genres, seed=0)
    assert auc(scores, relevant).mean() > 0.9 and len(settings) == 5
    areas = []
    for seed in range(4):
        shuffled = np.random.default_rng(seed).permutation(clips.shares)
        scores, _ = out_of_fold(views, shuffled, clips.genres, seed=seed)
        areas.append(auc(scores, top_shares(shuffled)).mean())
    assert np.mean(areas) == pytest.approx(0.5, abs=0.06)


def test_a_clip_is_never_scored_by_a_model_that_met_it() -> None:
    # Each clip has a column of its own: whoever met it knows its share, all others know nothing.
    _, clips = _synthetic(60)
    scores, _ = out_of_fold({"own": np.eye(60)}, clips.shares, clips.genres, seed=0)
    assert correlation(scores, clips.shares.T).max() < 0.3


def test_the_tags_of_a_feeling_are_tags_that_the_network_has() -> None:
    assert len(FEELINGS) == 9 and set(sum(TAGS_OF.values(), ())) <= set(TAGS)


def test_systems_are_drawn_together(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, fewer in (("N_DRAWS", 50), ("N_INNER", 2)):
        monkeypatch.setattr(f"simpatico.eval.music_mood.{name}", fewer)
    heard, clips = _synthetic(120)
    relevant = top_shares(clips.shares)
    scores = np.random.default_rng(0).standard_normal((1, 9, 120)).repeat(2, axis=0)
    drawn = drawn_again(auc, scores, relevant, seed=0)
    assert drawn.shape == (50, 2, 9)
    np.testing.assert_array_equal(drawn[:, 0], drawn[:, 1])
    assert drawn.std(axis=0).min() > 0

    found = systems(heard, clips, seed=0)
    assert [one.title for one in found] == [OURS, TAG_RIDGE, TAGS_ALONE, GENRE]
    overall, each = tables(found, clips, seed=0)
    assert len(overall.rows) == 4 and [row[0] for row in each.rows] == list(FEELINGS)
    assert overall.rows[0][-1] == "" and overall.rows[1][-1].startswith("+")
    assert "n=120 clips, seed 0" in to_markdown(overall)


def test_annotations_are_averaged_over_the_listeners_of_a_clip(tmp_path: Path) -> None:
    rows = ["1,classical,1,0,0,0,0,0,0,0,0", "1,classical,1,1,0,0,0,0,0,0,0"]
    rows += ["102,rock,0,0,0,0,0,0,0,0,1"]
    head = ",".join(["track id", "genre", *FEELINGS])
    (tmp_path / "annotations.csv").write_text("\n".join([head, *rows]))
    clips = read_clips(tmp_path)
    assert clips.names == ("classical_1", "rock_2") and clips.genres == ("classical", "rock")
    assert clips.shares.tolist() == [[1, 0.5, *[0] * 7], [*[0] * 8, 1]]


@pytest.mark.parametrize("text", ["", "track id,genre\n1,rock\n", "track id\nx\n"])
def test_other_annotations_are_a_data_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "annotations.csv").write_text(text)
    with pytest.raises(DataError, match=r"annotations\.csv"):
        read_clips(tmp_path)


@pytest.mark.model
def test_what_was_heard_is_kept_for_the_same_bytes(tmp_path: Path) -> None:
    import soundfile

    try:
        encoder = Musicnn(ModelStore(load_settings().cache).path("musicnn"))
    except ModelError as error:
        pytest.skip(f"no weights: {error}")
    file, told = tmp_path / "a.wav", []
    soundfile.write(file, np.sin(np.arange(RATE_HZ) / 20) / 2, RATE_HZ)

    def hear_it() -> Heard:
        keep = tmp_path / "kept"
        return hear([file], encoder, keep=keep, progress=lambda *step: told.append(step))

    first, again = hear_it(), hear_it()
    np.testing.assert_array_equal(first.vectors, again.vectors)
    assert len(told) == 1
    soundfile.write(file, np.sin(np.arange(RATE_HZ) / 9) / 2, RATE_HZ)
    assert not np.array_equal(hear_it().vectors, first.vectors) and len(told) == 2
    with pytest.raises(DataError, match="sounds"):
        hear([tmp_path / "none.ogg"], encoder)
