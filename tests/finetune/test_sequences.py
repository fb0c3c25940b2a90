"""Files of interactions as sequences: order, ties, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from simpatico.errors import DataError
from simpatico.finetune.sequences import digest, read_interactions

INTER = (
    "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    "10\t7\t5\t30\n"
    "2\t7\t3\t20\n"
    "10\t9\t1\t10\n"
    "2\t30\t4\t20\n"
    "2\t9\t2\t5\n"
)


def written(folder: Path, text: str, name: str = "some.inter") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_events_are_in_order_of_time_and_ties_in_the_order_of_the_file(tmp_path: Path) -> None:
    data = read_interactions(written(tmp_path, INTER))
    assert data.users == ("2", "10") and data.items == ("7", "9", "30")  # numbers by size
    assert [[data.items[i] for i in what] for what in data.what] == [["9", "7", "30"], ["9", "7"]]
    assert [values.tolist() for values in data.values] == [[2, 3, 4], [1, 5]]
    assert [times.tolist() for times in data.times] == [[5, 20, 20], [10, 30]]
    assert (len(data), data.n_events) == (2, 5)


def test_movielens_columns_are_known_and_words_are_ids_too(tmp_path: Path) -> None:
    text = "userId,movieId,rating,timestamp\nann,b,4.5,2\nann,a,3.0,1\nbob,a,,9\n"
    data = read_interactions(written(tmp_path, text, "ratings.csv"))
    assert data.users == ("ann", "bob") and data.items == ("a", "b")
    assert data.what[0].tolist() == [0, 1]
    assert np.isnan(data.values[1][0])


def test_an_id_is_a_text_whatever_it_looks_like(tmp_path: Path) -> None:
    long = ["12345678901234567890", "12345678901234567891"]
    pairs = zip((*long, "007", "7"), "²abc", strict=True)
    rows = "".join(f"{user},{item},1\n" for user, item in pairs)
    data = read_interactions(written(tmp_path, "userId,movieId,timestamp\n" + rows, "ratings.csv"))
    assert set(data.users) == {*long, "007", "7"} and "²" in data.items
    path = tmp_path / "latin.csv"
    path.write_bytes("userId,movieId,timestamp\n\xe9,1,1\n".encode("latin-1"))
    with pytest.raises(DataError, match="cannot be read"):
        read_interactions(path)


def test_a_digest_is_of_the_ids_whatever_their_places() -> None:
    assert digest(np.array([0, 2]), ("a", "b", "c")) == digest(np.array([1, 0]), ("c", "a"))
    assert digest(np.array([0, 2]), ("a", "b", "c")) != digest(np.array([2, 0]), ("a", "b", "c"))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("user_id:token\trating:float\n1\t2\n", "wanted a column for item, time"),
        ("user_id:token\titem_id:token\ttimestamp:float\n", "no interactions"),
        ("user_id:token\titem_id:token\ttimestamp:float\n1\t2\tnoon\n", "wanted numbers"),
        ("user_id:token\titem_id:token\ttimestamp:float\n1\t2\t\n", "without a time"),
        ("user_id:token\titem_id:token\ttimestamp:float\n1\t2\n", "cannot be read"),
        ("user_id:token\titem_id:token\ttimestamp:float\n1\t\t5\n", "an id in every row"),
        ("", "cannot be read"),
    ],
)
def test_what_is_no_file_of_interactions_is_refused(tmp_path: Path, text: str, wanted: str) -> None:
    with pytest.raises(DataError, match=wanted):
        read_interactions(written(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no file"):
        read_interactions(tmp_path / "none.inter")
