import csv
import os
from math import comb
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from simpatico.errors import DataError, ModelError
from simpatico.eval import record
from simpatico.eval.cross_modal import (
    BOTH,
    BRIDGE,
    GIVEN,
    LABELS,
    Products,
    cell,
    chance,
    draws,
    read_posters,
    read_products,
    run,
    tables,
)
from simpatico.eval.multimodal import retrieval_run
from simpatico.modelstore import ModelStore
from simpatico.retrieval.bridge import Bridge, unit
from simpatico.settings import load_settings


def products(*, n: int = 300, seed: int = 0) -> Products:
    """Pictures that show what titles say, and labels that say little; titles come in pairs."""
    rng = np.random.default_rng(seed)
    hidden = np.repeat(rng.normal(size=(n // 2, 8)), 2, axis=0)
    titles = tuple(str(at // 2) for at in range(n))
    said = unit(hidden @ rng.normal(size=(8, 16)))
    shown = unit(hidden @ rng.normal(size=(8, 40)) + 0.1 * rng.normal(size=(n, 40)))
    labels = unit(said + 3 * unit(rng.normal(size=(n, 16))))
    return Products(titles, np.arange(n) // 2, shown, labels, said)


def store() -> ModelStore:
    models = ModelStore(load_settings().cache)
    try:
        for name in ("efficientnet-lite0", "minilm"):
            models.path(name)
    except ModelError as error:
        pytest.skip(f"no weights: {error}")
    return models


def test_chance_by_hand() -> None:
    titles = ["a", "a", "b", "c"]  # two draws of four
    once = 1 - comb(3, 2) / comb(4, 2)
    twice = 1 - comb(2, 2) / comb(4, 2)
    assert chance(titles, 2) == pytest.approx((2 * twice + 2 * once) / 4)
    assert chance(titles, 1) == pytest.approx((2 * 2 / 4 + 2 * 1 / 4) / 4)
    assert chance(titles, 3) == pytest.approx((2 * 1 + 2 * 3 / 4) / 4)
    assert chance(titles, 4) == chance(titles, 9) == 1


def test_whole_groups_are_drawn() -> None:
    drawn = draws(np.array([7, 7, 3, 9]), n_draws=50, seed=0)
    assert drawn.shape == (50, 4)
    np.testing.assert_array_equal(drawn[:, 0], drawn[:, 1])
    np.testing.assert_array_equal(drawn[:, 1] + drawn[:, 2] + drawn[:, 3], 3)
    assert cell(np.ones(4), drawn) == "1.000 (1.000 to 1.000)"


def test_the_bridge_is_fitted_on_others_and_finds_what_labels_do_not() -> None:
    found, held = run(products(), seed=0)
    assert held.sum() == 100 and len(found[0].to_text) == 100
    recall = {one.title: (one.to_text <= 5).mean() for one in found}
    back = {one.title: (one.to_image <= 5).mean() for one in found}
    assert recall[BRIDGE] > 0.9 > recall[LABELS] and back[BRIDGE] > 0.9 > back[LABELS]
    assert recall[BOTH] > 0.85


def test_titles_that_belong_to_no_picture_give_no_more_than_chance() -> None:
    whole = products()
    order = np.repeat(np.random.default_rng(1).permutation(150), 2) * 2 + np.arange(300) % 2
    mixed = whole._replace(pictures=whole.pictures[order], labels=whole.labels[order])
    found, _ = run(mixed, seed=0)
    bridge = next(one for one in found if one.title == BRIDGE)
    assert (bridge.to_text <= 10).mean() < 0.35  # chance is .19


def test_a_bridge_that_is_given_is_judged_with_the_centres_of_the_others_alone() -> None:
    whole = products()
    n_in = whole.pictures.shape[1] + 16
    names = np.concatenate([np.zeros((n_in - 16, 16)), np.eye(16)]).astype(np.float32)
    given = Bridge("a", "b", centre=np.zeros(n_in, np.float32), weights=names,
                   middle=np.zeros(16, np.float32))  # fmt: skip
    found, held = run(whole._replace(given=given), seed=0)
    ranks = {one.title: one.to_text for one in found}
    plain = (ranks[GIVEN] <= 5).mean() - (ranks[LABELS] <= 5).mean()
    assert abs(plain) < 0.05  # names alone, but for where it is centred
    assert GIVEN not in {one.title for one in run(whole, seed=0)[0]}
    titled = tables(found, whole._replace(given=given), held, seed=0)[0]
    assert [row[0] for row in titled.rows].count(GIVEN) == 1


def test_no_group_is_on_both_sides() -> None:
    whole = products()
    for seed in range(3):
        _, held = run(whole, seed=seed)
        assert not set(whole.groups[held]) & set(whole.groups[~held])


def test_tables_tell_n_chance_and_the_paired_difference() -> None:
    whole = products()
    found, held = run(whole, seed=0)
    one, other = tables(found, whole, held, seed=0)
    assert "n=100" in one.title and "picture" in other.title
    assert [row[0] for row in one.rows][0] == "chance" and len(one.rows) == 5
    assert one.rows[0][1] == "0.020"
    row = next(row for row in one.rows if row[0] == BRIDGE)
    ours, theirs = (
        next((each.to_text <= 10).mean() for each in found if each.title == title)
        for title in (BRIDGE, LABELS)
    )
    assert row[4].startswith(f"{ours - theirs:+.3f} (")
    assert next(row for row in one.rows if row[0] == LABELS)[4] == ""
    assert "Fitted on 200" in one.notes[0] and "50 titles" in one.notes[0]


@pytest.mark.model
def test_products_are_read_with_their_duplicates_in_one_group(tmp_path: Path) -> None:
    models = store()
    (tmp_path / "images").mkdir()
    colours = {"1": "red", "2": "red", "3": "blue", "4": "green"}
    for name, colour in colours.items():
        Image.new("RGB", (8, 8), colour).save(tmp_path / "images" / f"{name}.jpg")
    rows = [("1", "a shirt"), ("2", "a cap"), ("3", "a cap"), ("4", "a bag"), ("5", "gone")]
    with (tmp_path / "items.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "productDisplayName"), *rows])
    found, problems = read_products(tmp_path, tmp_path / "kept", models)
    assert found.titles == ("a shirt", "a cap", "a cap", "a bag")
    assert found.groups[0] == found.groups[1] == found.groups[2] != found.groups[3]
    assert found.pictures.shape == (4, 1280) and found.labels.shape == found.texts.shape == (4, 384)
    assert len(problems) == 1 and "5.jpg" in problems[0]
    with pytest.raises(DataError, match=r"items\.csv"):
        read_products(tmp_path / "none", tmp_path / "kept", models)


@pytest.mark.model
def test_posters_are_read_with_what_is_written_of_the_films(tmp_path: Path) -> None:
    models = store()
    (tmp_path / "images").mkdir()
    for name in ("1", "2"):
        Image.new("RGB", (8, 12), "navy").save(tmp_path / "images" / f"{name}.jpg", quality=90)
    columns = ("movieId", "title", "genres", "text", "ml100k_ids")
    rows = [("1", "Alien (1979)", "Horror|Sci-Fi", "A ship.", "7"), ("2", "Big", "Comedy", "", "")]
    with (tmp_path / "items.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    found, problems = read_posters(tmp_path, tmp_path / "kept", models)
    assert found.titles == ("Alien. Horror, Sci-Fi. A ship.",) and found.ids == ("1",)
    assert not problems and found.pictures.shape == (1, 1280)


@pytest.mark.model
@pytest.mark.data
def test_real_products_can_be_read(tmp_path: Path) -> None:
    folder = Path(os.environ.get("DATA_SETS", __file__)) / "fashion-products"
    if not folder.is_dir():
        pytest.skip("needs pictures: set DATA_SETS to the folder docs/data.md describes")
    lines = (folder / "items.csv").read_text(encoding="utf-8").splitlines()[:13]
    (tmp_path / "items.csv").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "images").mkdir()
    for line in lines[1:]:
        name = f"{line.partition(',')[0]}.jpg"
        (tmp_path / "images" / name).write_bytes((folder / "images" / name).read_bytes())
    found, problems = read_products(tmp_path, tmp_path / "kept", store())
    assert len(found.titles) == 12 and not problems
    assert np.isfinite(found.pictures).all() and np.isfinite(found.labels).all()


def test_a_run_of_products_has_both_ways_and_says_what_fitting_saw(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("id,productDisplayName\n")
    whole = products()
    found, held = run(whole, seed=0)
    made = retrieval_run(
        found, whole, held, data=tmp_path, problems=["x.jpg: no picture"], command="x", seed=0
    )
    ours, *others = made.record.systems
    assert (ours.name, len(others)) == (BRIDGE, 3)
    told = {one.metric: one for one in ours.figures}
    expected = next((each.to_text <= 5).mean() for each in found if each.title == BRIDGE)
    assert told["picture to title, R@5"].mean == expected
    assert told["title to picture, R@1"].n == 100
    gap = {(one.less, one.metric): one for one in made.record.gaps}
    assert gap[LABELS, "picture to title, R@5"].low > 0
    assert [each.n_found for each in made.record.checks] == [0, 0, 0]
    leaky = whole._replace(titles=tuple("the same title" for _ in whole.titles))
    seen = retrieval_run(
        found, leaky, held, data=tmp_path, problems=[], command="x", seed=0
    ).record.checks
    assert [each.n_found for each in seen] == [100, 100, 0]
    record.write(tmp_path / "run", made)
    assert record.read(tmp_path / "run").record == made.record
