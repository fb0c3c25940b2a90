from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from simpatico.domain import TONES, Item
from simpatico.errors import DataError
from simpatico.eval.tone import auc_of, evaluate, genre_profiles, match_tags, read_tags, table
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
    assert "| scary | scary | 4 | 1.00 | 1.00 to 1.00 |" in table({"ours": report})
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
