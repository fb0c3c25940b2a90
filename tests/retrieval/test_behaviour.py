import math
from pathlib import Path

import numpy as np
import pytest

from simpatico.errors import StoreError
from simpatico.retrieval.behaviour import MAX_BASKET, SHRINK, Behaviour


def ints(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.array(values, dtype=np.int32)


@pytest.fixture
def table() -> Behaviour:
    """a-b liked together by 4 people, a-c by 1, b-c by 1, d-e by 2."""
    return Behaviour("abcde", a=ints(0, 2, 1, 4), b=ints(1, 0, 2, 3), n=ints(4, 1, 1, 2))


def near(pair: tuple[str, float] | None, item_id: str, score: float) -> bool:
    return pair is not None and pair[0] == item_id and math.isclose(pair[1], score)


def association(n: int, total_a: int, total_b: int) -> float:
    return n / math.sqrt(total_a * total_b) * n / (n + SHRINK)


def test_neighbours_by_hand(table: Behaviour) -> None:
    found = table.neighbours(["a"], 5)
    assert [item_id for item_id, _ in found] == ["b", "c"]
    assert [score for _, score in found] == pytest.approx(
        [association(4, 5, 5), association(1, 5, 2)]
    )


def test_several_likes_add_up_and_are_not_neighbours_themselves(table: Behaviour) -> None:
    (found,) = table.neighbours(["b", "a", "a", "unknown"], 5)
    assert near(found, "c", 2 * association(1, 5, 2))
    assert table.neighbours([], 5) == []
    assert table.neighbours(["unknown"], 5) == []


def test_the_strongest_liked_item_is_named_for_each(table: Behaviour) -> None:
    found = table.strongest(["c", "e", "b", "zz"], ["d", "a"])
    assert found[0] is None  # one person is no evidence
    assert near(found[1], "d", association(2, 2, 2))
    assert near(found[2], "a", association(4, 5, 5))
    assert found[3] is None


def test_one_person_does_not_make_a_pattern() -> None:
    once = Behaviour.empty().plus([["a", "b"]])
    often = Behaviour.empty().plus([["a", "b"]] * 20)
    assert once.neighbours(["a"], 1)[0][1] == pytest.approx(1 / 3)
    assert often.neighbours(["a"], 1)[0][1] > 0.9


def test_own_events_add_to_the_table_and_leave_the_old_one_alone(table: Behaviour) -> None:
    more = table.plus([["new", "a"], ["a", "a", "new"], ["alone"]])
    (found,) = more.neighbours(["new"], 5)
    assert near(found, "a", association(2, 2, 7))
    assert len(more) == len(table) + 1
    assert table.neighbours(["new"], 5) == []
    assert more.plus([]).neighbours(["a"], 9) == more.neighbours(["a"], 9)


def test_one_person_counts_at_most_with_the_newest_likes() -> None:
    flood = [f"i{number:04}" for number in range(1000)]
    assert len(Behaviour.empty().plus([flood])) == MAX_BASKET * (MAX_BASKET - 1) // 2
    assert Behaviour.empty().plus([flood]).neighbours(["i0000"], 5) == []


def test_save_then_load_is_identity(table: Behaviour, tmp_path: Path) -> None:
    for name, each in (("some", table), ("none", Behaviour.empty())):
        each.save(tmp_path / f"{name}.npz")
        loaded = Behaviour.load(tmp_path / f"{name}.npz")
        assert loaded.ids == each.ids
        assert loaded.neighbours(["a", "d"], 9) == each.neighbours(["a", "d"], 9)


def test_a_missing_or_damaged_table_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="co-likes"):
        Behaviour.load(tmp_path / "missing.npz")
    (tmp_path / "bad.npz").write_bytes(b"garbage")
    with pytest.raises(StoreError, match="co-likes"):
        Behaviour.load(tmp_path / "bad.npz")


def test_columns_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        Behaviour("ab", a=ints(0), b=ints(1, 1), n=ints(1))
    with pytest.raises(ValueError, match="positions"):
        Behaviour("ab", a=ints(0), b=ints(2), n=ints(1))
