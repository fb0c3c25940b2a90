from simpatico.domain import Item
from simpatico.eval.cross_ranked import queries_of

KINDS = ("shirt", "shoe", "hat")


def thing(at: int, *words: str) -> Item:
    return Item(id=str(at), title=f"Number {at}", genres=(KINDS[at % 3],), keywords=words)


def test_what_is_asked_for_is_shared_by_some_and_not_by_nearly_all() -> None:
    items = [thing(at, "new", "red" if at % 2 else "blue") for at in range(90)]
    items += [thing(90, "new", "green")]
    found = queries_of(items)
    assert set(found) == {
        *((min(colour, kind), max(colour, kind)) for colour in ("blue", "red") for kind in KINDS),
        *{("new", "red"), ("blue", "new"), ("new", "shirt"), ("new", "shoe"), ("hat", "new")},
    }
    assert queries_of(items) == found != queries_of(items, seed=1)
    more = [thing(at, "new", "red" if at % 2 else "blue") for at in range(110)]
    assert ("new", "red") not in queries_of(more)  # 55 share these: that is no search
