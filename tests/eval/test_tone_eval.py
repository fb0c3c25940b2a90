from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from simpatico.domain import TONES, Item
from simpatico.errors import DataError
from simpatico.eval import report
from simpatico.eval.tone import auc_of, evaluate, genre_profiles, match_tags, read_tags, table
from simpatico.eval.tone_run import run
from simpatico.eval.tone_tags import TAGS_OF_TONE


def _tags(path: Path, rows: list[tuple[str, str]]) -> Path:
    lines = [f'{n},"{title}",Drama,{tags}' for n, (title, tags) in enumerate(rows)]
    path.write_text("movieId,title,genres,keywords\n" + "\n".join(lines) + "\n")
    return path


def test_auc_agrees_with_scikit_learn_ties_included() -> None:
    rng = np.random.default_rng(3)
    values = rng.integers(0, 5, 200).astype(np.float32)
    has = rng.random(200) < 0.3
    assert auc_of(values, has) == pytest.approx(roc_auc_score(has, values))


def test_auc_of_one_kind_only_is_not_a_number() -> None:
    assert np.isnan(auc_of(np.ones(3, dtype=np.float32), np.ones(3, dtype=bool)))


def test_films_match_by_title_and_year_whatever_the_article(tmp_path: Path) -> None:
    tags = read_tags(
        _tags(
            tmp_path / "t.csv", [("American President, The (1995)", "love"), ("Heat (1995)", "x")]
        )
    )
    items = [
        Item(id="a", title="The American President", year=1996),
        Item(id="b", title="Heat", year=1986),
    ]
    assert match_tags(items, tags) == [frozenset({"love"}), None]


def test_a_perfect_profile_scores_one_and_a_reversed_one_zero(tmp_path: Path) -> None:
    path = _tags(
        tmp_path / "t.csv", [(f"F{n} (2000)", "scary" if n < 4 else "x") for n in range(9)]
    )
    items = [Item(id=str(n), title=f"F{n}", year=2000) for n in range(9)]
    profiles = np.zeros((9, len(TONES)), dtype=np.float32)
    profiles[:4, TONES.index("scary")] = 1
    report = evaluate(path, items, profiles, min_films=4)
    assert [(score.tag, score.n, score.auc) for score in report.scores] == [("scary", 4, 1.0)]
    assert (report.mean, report.n_films) == (1.0, 9)
    assert evaluate(path, items, -profiles, min_films=4).mean == 0.0
    assert ("scary", "scary", "4", "1.00", "1.00 to 1.00") in table("Tones", {"ours": report}).rows
    assert evaluate(path, items, profiles, min_films=5).scores == ()


def test_a_subset_counts_only_its_own_films(tmp_path: Path) -> None:
    path = _tags(
        tmp_path / "t.csv", [(f"F{n} (2000)", "scary" if n < 4 else "x") for n in range(9)]
    )
    items = [Item(id=str(n), title=f"F{n}", year=2000) for n in range(9)]
    report = evaluate(
        path,
        items,
        np.zeros((9, len(TONES)), dtype=np.float32),
        only=np.arange(9) % 2 == 0,
        min_films=1,
    )
    assert report.n_films == 5
    assert [(score.n, score.auc) for score in report.scores] == [(2, 0.5)]


def test_a_tag_measures_one_tone_only() -> None:
    names = [tag for tags in TAGS_OF_TONE.values() for tag in tags]
    assert len(names) == len(set(names))
    assert set(TAGS_OF_TONE) == set(TONES)


def test_the_genre_baseline_sees_genres() -> None:
    items = [Item(id=str(n), title="x", genres=("A",) if n % 2 else ("B",)) for n in range(20)]
    rated = {str(n): np.full(len(TONES), 3 * (n % 2), dtype=np.int8) for n in range(10)}
    profiles = genre_profiles(items, rated)
    assert profiles[11].min() > profiles[10].max()


def test_a_file_that_is_no_table_of_tags_is_a_data_error(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="no table of tags"):
        read_tags(tmp_path / "t.csv")


def test_a_run_is_of_films_that_no_editor_rated(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    n = 60
    told = rng.random(n) < 0.4
    tags = [(f"F{at} (2000)", "scary|creepy" if told[at] else "x") for at in range(n - 2)]
    path = _tags(tmp_path / "t.csv", tags)
    items = [
        Item(id=str(at), title=f"F{at}", year=2000, text=f"a house number {at} in the woods")
        for at in range(n)
    ]
    ours, other = rng.random((2, n, len(TONES))).astype(np.float32)
    ours[:, TONES.index("scary")] += told
    rated = np.arange(n) < 10
    found, more = run(path, items, {"ours": ours, "other": other}, rated, command="x", min_films=5)
    record = found.record
    held = np.arange(10, n - 2)
    for system, values in zip(record.systems, (ours, other), strict=True):
        means = {each.metric: each for each in system.figures}
        area = roc_auc_score(told[held], values[held, TONES.index("scary")])
        assert means["AUC: scary, scary"].mean == pytest.approx(area)
        assert means["mean AUC"].mean == pytest.approx(area)  # both tags are of the same films
        assert means["its own above the others"].mean == pytest.approx(area)
    assert record.n == 48 and dict(record.skipped) == {
        "films that the tags do not have": 2, "films that an editor rated": 10
    }  # fmt: skip
    assert [each.n_found for each in record.checks] == [0, 0, 0]
    assert [each.title for each in more] == ["All matched films"]  # of those rated too few
    (worst,) = report.worst(found.cases["other"], n=1)
    assert dict(worst.texts)["tags"] == "scary, creepy"
    with pytest.raises(DataError, match="no tag"):
        run(path, items, {"ours": ours}, rated, command="x", min_films=50)
