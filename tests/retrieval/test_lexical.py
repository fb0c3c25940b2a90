import math
from pathlib import Path

import numpy as np
import pytest

from simpatico.domain import Item
from simpatico.errors import StoreError
from simpatico.retrieval.lexical import MAX_QUERY_WORDS, LexicalIndex, words

ITEMS = (
    Item(id="heat", title="Heat", creators=("Al Pacino",), genres=("crime",), keywords=("heist",)),
    Item(id="it", title="It", genres=("horror",), text="A clown haunts a town."),
    Item(id="amelie", title="Amélie", genres=("romance", "comedy"), text="A waitress in Paris."),
    Item(id="paris", title="Paris, Texas", genres=("drama",), text="A man leaves the desert."),
)


@pytest.fixture(scope="module")
def index() -> LexicalIndex:
    return LexicalIndex.build(ITEMS)


def test_words_fold_and_drop_what_every_request_says() -> None:
    assert words("I'd like something with Zoë's PIES, please") == ["id", "zoes", "pies"]
    assert words("It") == ["it"]
    assert words("") == []


def test_scores_are_bm25_worked_out_by_hand() -> None:
    items = (
        Item(id="a", title="fox", genres=("hound",)),  # fox x3, hound x2: length 5
        Item(id="b", title="hound"),  # hound x3: length 3
        Item(id="c", title="bear"),  # length 3
    )

    def bm25(n_containing: int, times: int, length: int) -> float:
        idf = math.log(1 + (3 - n_containing + 0.5) / (n_containing + 0.5))
        return idf * times / (times + 1.5 * (1 - 0.75 + 0.75 * length / (11 / 3)))

    found = LexicalIndex.build(items).scores("fox hound")
    wanted = [bm25(1, 3, 5) + bm25(2, 2, 5), bm25(2, 3, 3), 0.0]
    assert found.tolist() == pytest.approx(wanted, rel=1e-5)


def test_a_title_beats_a_mention_and_accents_do_not_matter(index: LexicalIndex) -> None:
    assert [item_id for item_id, _ in index.search("paris", 5)] == ["paris", "amelie"]
    assert [item_id for item_id, _ in index.search("AMELIE", 5)] == ["amelie"]
    assert [item_id for item_id, _ in index.search("something with pacino", 5)] == ["heat"]
    assert [item_id for item_id, _ in index.search("It", 5)] == ["it"]


def test_only_allowed_items_come_back(index: LexicalIndex) -> None:
    allowed = np.array([True, True, True, False])
    assert [item_id for item_id, _ in index.search("paris", 5, allowed)] == ["amelie"]
    assert index.search("paris", 5, np.zeros(4, dtype=bool)) == []


@pytest.mark.parametrize("text", ["", "   ", "!!!", "xyzzy", "\x00", "please"])
def test_a_query_without_known_words_finds_nothing(index: LexicalIndex, text: str) -> None:
    assert index.search(text, 5) == []


def test_a_very_long_query_looks_at_its_first_words_only(index: LexicalIndex) -> None:
    filler = " ".join(f"w{number}" for number in range(MAX_QUERY_WORDS))
    assert index.search(f"{filler} heist", 5) == []
    assert [item_id for item_id, _ in index.search(f"heist {filler}" * 50, 5)] == ["heat"]


def test_no_items_and_items_without_words_are_fine(tmp_path: Path) -> None:
    for name, items in (("none", ()), ("wordless", (Item(id="a", title="!!!"),))):
        LexicalIndex.build(items).save(tmp_path / name)
        loaded = LexicalIndex.load(tmp_path / name)
        assert loaded.ids == tuple(item.id for item in items)
        assert loaded.search("anything", 3) == []


def test_save_then_load_is_identity(index: LexicalIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "words")
    loaded = LexicalIndex.load(tmp_path / "words")
    assert loaded.ids == index.ids
    for query in ("paris crime heist", "clown", "nothing known"):
        assert np.array_equal(loaded.scores(query), index.scores(query))


@pytest.mark.parametrize("damage", ["ids.json", "vocab.index.json", "data.csc.index.npy"])
def test_a_missing_or_damaged_index_is_a_store_error(
    index: LexicalIndex, tmp_path: Path, damage: str
) -> None:
    with pytest.raises(StoreError, match="word index"):
        LexicalIndex.load(tmp_path / "nowhere")
    index.save(tmp_path / "words")
    (tmp_path / "words" / damage).write_bytes(b"{garbage")
    with pytest.raises(StoreError, match="word index"):
        LexicalIndex.load(tmp_path / "words")
