"""`simpatico eval fairness` on people who walk in circles: one run, with its tables."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from simpatico.domain import Item
from simpatico.errors import DataError
from simpatico.eval import fairness, record
from simpatico.eval.next_item import judge, split_of
from simpatico.eval.people_files import interactions_in, read_items, read_people
from simpatico.eval.tradeoff import Shelf, curve, ndcg, top
from simpatico.finetune.sequences import read_interactions
from simpatico.ui.cli import app

N_PEOPLE, N_ITEMS = 40, 30
COUNTER = "Markov both ways, window 20"


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty people who walk around a circle of thirty items, of two genres by turns."""
    folder = tmp_path_factory.mktemp("walks")
    events = [
        f"{who}\t{(who + step) % N_ITEMS}\t4\t{step}"
        for who in range(N_PEOPLE)
        for step in range(6)
    ]
    _write(
        folder / "w.inter", "user_id:token\titem_id:token\trating:float\ttimestamp:float", events
    )
    items = [f'{at}\tFilm "{at}\t{("Drama", "Comedy War")[at % 2]}' for at in range(N_ITEMS)]
    _write(folder / "w.item", "item_id:token\tmovie_title:token_seq\tclass:token_seq", items)
    people = [f"{who}\t{20 + who}\t{'FM'[who % 2]}" for who in range(N_PEOPLE)]
    _write(folder / "w.user", "user_id:token\tage:token\tgender:token", people)
    return folder


@pytest.fixture(scope="module")
def out(walks: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    given = ["eval", "fairness", "--data", str(walks), "--out", str(folder)]
    done = CliRunner().invoke(app, [*given, "--rows", f"{COUNTER};popularity"])
    assert done.exit_code == 0, done.output
    assert "Groups of people, n=40" in done.stdout
    return folder


def test_a_run_has_figures_of_people_and_of_all_lists(out: Path) -> None:
    found = record.read(out)
    counter, popular = found.record.systems
    figures = {one.metric: one for one in counter.figures}
    assert figures["NDCG@10"].mean > 0.9 and figures["NDCG@10"].n == N_PEOPLE
    # Everybody's next ten: each item is in a third of all lists.
    assert figures["coverage"].mean == 1.0
    assert figures["exposure Gini"].mean < 0.4 and not figures["exposure Gini"].higher_is_better
    alike = {one.metric: one for one in popular.figures}
    assert alike["coverage"].mean < 1.0 and alike["exposure Gini"].mean > 0.4
    assert alike["average popularity"].mean > figures["average popularity"].mean
    for one in (*counter.figures, *popular.figures):
        assert one.low <= one.mean <= one.high
    assert found.record.checks[0].n_found == 0
    assert {name for name, _ in found.record.data} == {"w.inter", "w.item", "w.user"}


def test_the_details_have_groups_and_a_curve_that_begins_plain(out: Path, walks: Path) -> None:
    details = fairness.Details.model_validate_json((out / fairness.DETAILS).read_bytes())
    assert {one.by for one in details.gaps} == {"age", "gender"}  # all are as active
    by = {one.by: one for one in details.gaps if one.system == COUNTER}
    assert [group.n for group in by["gender"].groups] == [20, 20]
    assert [group.name for group in by["age"].groups] == [
        *("25 to 34", "35 to 49", "50 and over", "under 25")
    ]
    plain = details.curve[0]
    figures = {one.metric: one for one in record.read(out).record.systems[0].figures}
    assert plain.variety.mean == pytest.approx(figures["variety"].mean)
    assert plain.less_plain.mean == 0
    page = (out / "report.html").read_text()
    assert "What variety costs" in page and json.dumps(COUNTER)[1:-1] in page


def test_a_list_s_ndcg_is_the_ranking_s_where_nothing_ties(walks: Path) -> None:
    split = split_of(read_interactions(walks / "w.inter"), "test")
    scores = np.random.default_rng(0).random((N_PEOPLE, N_ITEMS))
    lists = top(scores, fairness.masked(split), 10)
    np.testing.assert_allclose(ndcg(lists, split.targets), judge(scores, split).ndcg)


def test_variety_and_novelty_are_bought_from_one_ranker() -> None:
    rng = np.random.default_rng(0)
    n, n_items = 20, 100
    shares = np.linspace(0.9, 0.1, n_items)
    names = [f"{chr(97 + at // 26)}{chr(97 + at % 26)}" for at in range(n_items)]  # no series
    items = [Item(id=name, title=name, popularity=shares[at]) for at, name in enumerate(names)]
    shelf = Shelf(items, np.eye(5)[np.arange(n_items) // 20], shares)
    scores = shares + 0.2 * rng.random((n, n_items)).astype(np.float32)
    nothing = [np.array([], dtype=np.int64)] * n
    targets = scores.argmax(axis=1)
    points = {(p.diversity, p.novelty): p for p in curve(scores, nothing, targets, shelf, k=10)}
    plain = points[0, 0]
    assert plain.ndcg.mean == 1 and plain.less_plain.mean == 0
    assert points[0.7, 0].variety.mean > plain.variety.mean
    assert points[0, 1].popularity.mean < plain.popularity.mean


def test_kept_rankings_are_asked_again_without_training(walks: Path, tmp_path: Path) -> None:
    keep = tmp_path / "keep"
    given = ["eval", "ranking", "--data", str(walks / "w.inter"), "--part", "test"]
    rows = ["--rows", "popularity"]
    assert CliRunner().invoke(app, [*given, *rows, "--keep", str(keep)]).exit_code == 0
    file = next(keep.glob("popularity-*.npz"))
    with np.load(file) as kept:
        scores = np.roll(kept["scores"], 1, axis=1)
    np.savez(file, scores=scores, seconds=0.0)
    done = fairness.run(
        walks, part="test", out=tmp_path / "out", command="", names=("popularity",), keep=keep
    )
    assert done[0].rows[0][0] == "popularity"
    shown = record.read(tmp_path / "out").cases["popularity"].values["average popularity"]
    fresh = fairness.run(
        walks, part="test", out=tmp_path / "new", command="", names=("popularity",)
    )
    assert fresh[0].rows != done[0].rows and np.isfinite(shown).all()


def test_bad_input_is_refused_in_words(walks: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.inter"
    alone.write_bytes((walks / "w.inter").read_bytes())
    asked = {"part": "test", "out": tmp_path / "out", "command": ""}
    with pytest.raises(DataError, match="genres of items beside"):
        fairness.run(alone, **asked)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no system oracle"):
        fairness.run(walks, names=("oracle",), **asked)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="environment of its own"):
        fairness.run(walks, names=("SASRec (RecTools)",), **asked)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"wanted one file .* got none"):
        interactions_in(tmp_path / "..")
    bad = tmp_path / "bad.user"
    bad.write_text("user_id:token\tage:token\n1\tyoung\n")
    with pytest.raises(DataError, match="age in years.*'young'"):
        read_people(bad)
    bad.write_text("user_id:token\tzip:token\n1\t2\n")
    with pytest.raises(DataError, match="age or gender or mood"):
        read_people(bad)
    bad.write_bytes("item_id:token\tclass:token_seq\n1\tDramé".encode("latin-1"))
    with pytest.raises(DataError, match="cannot be read"):
        read_items(bad)


def test_movielens_two_layouts_say_the_same(tmp_path: Path) -> None:
    one, two = tmp_path / "a.item", tmp_path / "movies.csv"
    one.write_text(
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
        '1\tAmerican President, The\t1995\tComedy Drama\n2\tGood "Morning\t1971\tunknown\n'
    )
    two.write_text(
        'movieId,title,genres\n1,"American President, The (1995)",Comedy|Drama\n'
        '2,"Good ""Morning (1971)",(no genres listed)\n'
    )
    assert read_items(one) == read_items(two)


def _write(path: Path, header: str, rows: list[str]) -> None:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
