from collections.abc import Sequence
from typing import Any

from simpatico.domain import Candidate, Hit, Item, UserState
from simpatico.eval.cross_ranked import precision_of, queries_of

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


class Shelf:
    """Finds what is asked for by its words, and six other things by their pictures."""

    def candidates(self, *, state: UserState, **_: object) -> list[Candidate]:
        asked = set(state.query.split())
        right = [item for item in ITEMS if asked <= {*item.genres, *item.keywords}][:5]
        wrong = [item for item in ITEMS if not asked & {*item.genres, *item.keywords}][:6]
        words = [Hit(source="text", rank=at, score=0.2) for at in range(1, 6)]
        looks = [Hit(source="image", rank=at, score=0.9) for at in range(1, 7)]
        return [
            Candidate(item=item, hits=(hit,), score=0)
            for item, hit in zip((*right, *wrong), (*words, *looks), strict=True)
        ]

    def closest(self, item_ids: Sequence[str], among: Sequence[str]) -> list[None]:
        return [None] * len(item_ids)

    liked_together = closest


ITEMS = [thing(at, "red" if at % 2 else "blue") for at in range(60)]


def test_words_alone_are_without_what_pictures_found() -> None:
    shelf: Any = Shelf()
    alone, both = precision_of(shelf, [("red", "hat")], progress=lambda *_: None)
    assert alone.tolist() == [1.0]
    assert both.tolist() == [0.0]  # pictures lift five others
