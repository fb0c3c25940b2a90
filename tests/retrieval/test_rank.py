import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from simpatico.domain import (
    NEEDS,
    TONES,
    Candidate,
    Constraints,
    Hit,
    Item,
    Mentions,
    Profile,
    UserState,
)
from simpatico.protocols import Ranker
from simpatico.retrieval.rank import (
    NEED_TONES,
    LinearRanker,
    LinearWeights,
    PopularityRanker,
    tone_fit,
    wished_tones,
)

WARM, FUNNY, UPLIFTING = (TONES.index(name) for name in ("warm", "funny", "uplifting"))


def item(item_id: str, **fields: Any) -> Item:
    return Item.model_validate({"id": item_id, "title": item_id.title(), **fields})


def candidate(each: Item, **scores: float) -> Candidate:
    hits = tuple(
        Hit.model_validate({"source": name, "rank": 1, "score": score})
        for name, score in scores.items()
    )
    return Candidate(item=each, hits=hits, score=0.01)


class FixedLinks:
    """Links told beforehand."""

    def __init__(
        self,
        items: Sequence[Item] = (),
        closest: Mapping[tuple[str, str], float] | None = None,
        together: Mapping[tuple[str, str], float] | None = None,
    ) -> None:
        self._items = {each.id: each for each in items}
        self._closest, self._together = closest or {}, together or {}

    def item(self, item_id: str) -> Item | None:
        return self._items.get(item_id)

    def closest(
        self, item_ids: Sequence[str], among: Sequence[str]
    ) -> list[tuple[str, float] | None]:
        return self._best(self._closest, item_ids, among)

    def liked_together(
        self, item_ids: Sequence[str], among: Sequence[str]
    ) -> list[tuple[str, float] | None]:
        return self._best(self._together, item_ids, among)

    @staticmethod
    def _best(
        table: Mapping[tuple[str, str], float], item_ids: Sequence[str], among: Sequence[str]
    ) -> list[tuple[str, float] | None]:
        return [
            max(
                ((other, table[each, other]) for other in among if (each, other) in table),
                key=lambda pair: pair[1],
                default=None,
            )
            for each in item_ids
        ]


def order(ranker: Ranker, candidates: Sequence[Candidate], **state: Any) -> list[str]:
    profile = state.pop("profile", Profile())
    ranked = ranker.rank(candidates, state=UserState(**state), profile=profile)
    return [each.item.id for each in ranked]


@pytest.mark.parametrize("ranker", [LinearRanker(), PopularityRanker()], ids=lambda r: r.name)
def test_same_items_out_as_in_best_first_whatever_the_order(ranker: Ranker) -> None:
    candidates = [
        candidate(item("c", popularity=0.5), text=0.4),
        candidate(item("b", popularity=0.1), text=0.1, lexical=3.0),
        candidate(item("d", popularity=0.5), text=0.4),
        candidate(item("a", popularity=0.9)),
    ]
    state = UserState(query="anything")
    results = {
        tuple(ranker.rank(list(each), state=state, profile=Profile()))
        for each in itertools.permutations(candidates)
    }
    (ranked,) = results
    assert sorted(each.item.id for each in ranked) == ["a", "b", "c", "d"]
    chances = [each.p_accept for each in ranked]
    assert chances == sorted(chances, reverse=True)
    ids = [each.item.id for each in ranked]
    assert ids.index("c") < ids.index("d")  # a tie, by id
    assert ranker.rank([], state=state, profile=Profile()) == []


def test_the_score_is_the_sum_of_its_parts_by_hand() -> None:
    links = FixedLinks(closest={("a", "l"): 0.55, ("a", "x"): 0.8}, together={("a", "l"): 0.05})
    state = UserState(
        query="heist",
        need="think",
        constraints=Constraints(genres=("Crime", "Drama")),
        mentions=Mentions(liked=("l",), disliked=("x",)),
    )
    target = item("a", genres=("crime",), tone={"thoughtful": 0.8, "kids": 0.4}, popularity=1.0)
    (found,) = LinearRanker(links).rank(
        [candidate(target, text=0.375, lexical=4.0)], state=state, profile=Profile(shown=("a", "a"))
    )
    weights = LinearWeights()
    wanted = {
        "match": weights.match * 0.5,
        "words": weights.words,
        "tone": weights.tone * (0.8 - 0.25 * 0.4),
        "liked": weights.liked * 0.5,
        "unlike": weights.unlike,
        "together": weights.together * 0.5,
        "known": weights.known,
        "wishes": weights.wishes * 0.5,
        "shown": weights.shown * 2,
    }
    assert {part.name: part.value for part in found.parts} == pytest.approx(wanted)
    score = weights.bias + sum(wanted.values())
    assert found.p_accept == pytest.approx(1 / (1 + np.exp(-score)))


def test_each_part_moves_the_chance_in_its_direction() -> None:
    links = FixedLinks(closest={("b", "l"): 0.7, ("c", "x"): 0.7}, together={("d", "l"): 0.5})
    profile = Profile(liked=("l",), disliked=("x",), shown=("e",))
    same = [candidate(item(name), text=0.4) for name in "abcde"]
    found = {
        each.item.id: each.p_accept
        for each in LinearRanker(links).rank(same, state=UserState(query="q"), profile=profile)
    }
    assert found["b"] > found["a"]
    assert found["d"] > found["a"]
    assert found["c"] < found["a"]
    assert found["e"] < found["a"]


def test_chances_stay_within_a_sane_range() -> None:
    nothing = candidate(item("nothing"))
    everything = candidate(
        item("all", tone=dict.fromkeys(("warm", "funny", "uplifting"), 0.9), popularity=1.0),
        text=0.7,
        lexical=9.0,
    )
    state = UserState(query="warm", need="cheer_up")
    best, worst = LinearRanker().rank([nothing, everything], state=state, profile=Profile())
    assert worst.p_accept == pytest.approx(0.198, abs=0.001)
    assert 0.85 < best.p_accept < 0.95


def test_the_need_decides_which_of_two_films_comes_first() -> None:
    comedy = candidate(item("comedy", tone={"warm": 0.9, "funny": 0.9, "uplifting": 0.7}))
    weepie = candidate(item("weepie", tone={"sad": 0.9, "touching": 0.9, "dark": 0.4}))
    ranker = LinearRanker()
    assert order(ranker, [weepie, comedy], need="cheer_up") == ["comedy", "weepie"]
    assert order(ranker, [weepie, comedy], need="cry_it_out") == ["weepie", "comedy"]


def test_every_need_has_known_tones() -> None:
    assert set(NEED_TONES) == set(NEEDS)
    for serving, against in NEED_TONES.values():
        assert set(serving + against) <= set(TONES)
        assert not set(serving) & set(against)


def test_named_tones_weigh_more_than_those_of_the_need_and_avoided_ones_are_negative() -> None:
    state = UserState(need="laugh", constraints=Constraints(tones=("warm",), not_tones=("quirky",)))
    wish = dict(zip(TONES, wished_tones(state).tolist(), strict=True))
    assert {name: value for name, value in wish.items() if value} == pytest.approx(
        {"warm": 0.7, "funny": 0.3, "sad": -0.25, "dark": -0.25, "quirky": -0.25, "kids": -0.25}
    )


def test_what_is_asked_for_by_name_is_never_avoided() -> None:
    state = UserState(need="cheer_up", constraints=Constraints(tones=("dark", "kids")))
    wish = wished_tones(state)
    assert wish[TONES.index("dark")] > 0
    assert wish[TONES.index("kids")] > 0


def test_films_for_children_are_avoided_unless_their_genre_is_asked_for() -> None:
    kids = TONES.index("kids")
    assert wished_tones(UserState(need="laugh"))[kids] < 0
    family = UserState(need="laugh", constraints=Constraints(genres=("Family",)))
    assert wished_tones(family)[kids] == 0


def test_without_a_wish_there_is_none() -> None:
    assert not wished_tones(UserState()).any()
    strange = UserState(constraints=Constraints(tones=("no such tone",), not_tones=("nor this",)))
    assert not wished_tones(strange).any()


def test_fit_is_the_mean_of_the_wished_and_unknown_stays_unknown() -> None:
    tones = np.zeros((3, len(TONES)), dtype=np.float32)
    tones[0, [WARM, FUNNY, UPLIFTING]] = 0.9, 0.6, 0.3
    tones[1] = np.nan
    tones[2, TONES.index("dark")] = 1
    fit = tone_fit(tones, wished_tones(UserState(need="cheer_up")))
    assert fit[0] == pytest.approx(0.6)
    assert np.isnan(fit[1])
    assert fit[2] == pytest.approx(-0.25)


def test_unknown_tone_neither_helps_nor_hurts() -> None:
    (found,) = LinearRanker().rank(
        [candidate(item("a"))], state=UserState(need="cheer_up"), profile=Profile()
    )
    assert all(part.name != "tone" for part in found.parts)


def test_recommendations_say_why() -> None:
    liked = item("l", title="Paddington 2", year=2017)
    links = FixedLinks([liked], closest={("a", "l"): 0.7}, together={("b", "l"): 0.5})
    warm = item("a", year=1998, genres=("Comedy",), tone={"warm": 0.8, "funny": 0.9})
    ranker, candidates = LinearRanker(links), [candidate(warm), candidate(item("b"))]
    state, profile = UserState(need="cheer_up"), Profile(liked=("l",))
    ranked = ranker.rank(candidates, state=state, profile=profile)
    explained = ranker.explain(ranked[::-1], candidates, state=state, profile=profile)
    assert [one.model_copy(update={"reasons": ()}) for one in explained] == ranked[::-1]
    texts = {each.item.id: {reason.text for reason in each.reasons} for each in explained}
    assert texts["a"] == {
        "It is funny and warm",
        "Close to Paddington 2 (2017), which you liked",
    }
    assert texts["b"] == {"People who liked Paddington 2 (2017) also liked it"}


def test_popularity_orders_by_popularity_and_ignores_the_person() -> None:
    known = (("a", 0.2), ("b", 1.0), ("c", 0.0))
    candidates = [candidate(item(name, popularity=popularity)) for name, popularity in known]
    ranked = PopularityRanker().rank(candidates, state=UserState(need="laugh"), profile=Profile())
    assert [each.item.id for each in ranked] == ["b", "a", "c"]
    assert [each.p_accept for each in ranked] == pytest.approx([0.9, 0.34, 0.2])
