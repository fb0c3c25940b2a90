from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from simpatico.errors import DataError, ModelError
from simpatico.eval import against, record
from simpatico.eval.music_mood import (
    FEELINGS,
    GENRE,
    OURS,
    TAG_RIDGE,
    TAGS_ALONE,
    TAGS_OF,
    Clips,
    correlation,
    folds_of,
    hear,
    out_of_fold,
    read_clips,
    ridge,
    run_of,
    systems,
    top_shares,
)
from simpatico.eval.report import to_html
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
    assert roc_auc_score(relevant.T, scores.T) > 0.9 and len(settings) == 5
    areas = []
    for seed in range(4):
        shuffled = np.random.default_rng(seed).permutation(clips.shares)
        scores, _ = out_of_fold(views, shuffled, clips.genres, seed=seed)
        areas.append(roc_auc_score(top_shares(shuffled).T, scores.T))
    assert np.mean(areas) == pytest.approx(0.5, abs=0.06)


def test_a_clip_is_never_scored_by_a_model_that_met_it() -> None:
    # Each clip has a column of its own: whoever met it knows its share, all others know nothing.
    _, clips = _synthetic(60)
    scores, _ = out_of_fold({"own": np.eye(60)}, clips.shares, clips.genres, seed=0)
    assert correlation(scores, clips.shares.T).max() < 0.3


def test_the_tags_of_a_feeling_are_tags_that_the_network_has() -> None:
    assert len(FEELINGS) == 9 and set(sum(TAGS_OF.values(), ())) <= set(TAGS)


def test_a_run_has_areas_that_scikit_learn_agrees_with_and_cases_to_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, fewer in (("figures.N_DRAWS", 60), ("music_mood.N_INNER", 2)):
        monkeypatch.setattr(f"simpatico.eval.{name}", fewer)
    heard, clips = _synthetic(120)
    (tmp_path / "audio").mkdir()
    (tmp_path / "annotations.csv").write_text("x")
    for at, name in enumerate(clips.names):
        (tmp_path / "audio" / f"{name}.ogg").write_text(str(max(at, 1)))  # the first two alike
    found = systems(heard, clips, seed=0)
    assert [one.title for one in found] == [OURS, TAG_RIDGE, TAGS_ALONE, GENRE]
    run = run_of(found, clips, heard, data=tmp_path, command="x", seed=0)
    relevant = top_shares(clips.shares)
    for system, one in zip(run.record.systems, found, strict=True):
        figures = {each.metric: each for each in system.figures}
        areas = [roc_auc_score(*pair) for pair in zip(relevant, one.scores, strict=True)]
        assert figures["mean AUC"].mean == pytest.approx(np.mean(areas))
        assert figures[f"AUC: {FEELINGS[4]}"].mean == pytest.approx(areas[4])
        assert figures["mean AUC"].low < figures["mean AUC"].mean < figures["mean AUC"].high
    assert [(each.n_found, each.n) for each in run.record.checks] == [(2, 120), (0, 120)]
    assert {gap.less for gap in run.record.gaps} == {TAG_RIDGE, TAGS_ALONE, GENRE}
    record.write(tmp_path / "run", run)
    (line, *_) = against.changes(record.read(tmp_path / "run"), run)
    assert (line.metric, line.verdict) == ("mean AUC", "no difference")
    assert "calmness" in to_html(run)


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
