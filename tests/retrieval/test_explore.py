"""Exploring the last place: what is shown, and that its chance is told rightly."""

from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest

from simpatico.agent.explain import why
from simpatico.agent.profile import check_impression
from simpatico.domain import Candidate, Impression, Item, Profile, Recommendation, UserState
from simpatico.errors import SettingsError
from simpatico.retrieval.explore import EXPLORED, N_NEXT, explore, policy_name
from simpatico.retrieval.packs import load_pack
from simpatico.retrieval.rank import PopularityRanker
from simpatico.retrieval.rerank import rerank
from simpatico.settings import RetrievalSettings, load_settings
from simpatico.ui.cards import card


def recommended(*titles: str) -> list[Recommendation]:
    return [
        Recommendation(item=Item(id=title, title=title), p_accept=0.9 - 0.05 * place)
        for place, title in enumerate(titles)
    ]


BEST = recommended("Heat", "Up", "Alien")
OTHERS = recommended("Big", "Jaws", "Speed", "Rocky", "Fargo", "Diva", "Gigi")


def ids(shown: tuple[Recommendation, ...]) -> list[str]:
    return [one.item.id for one in shown]


@pytest.mark.parametrize("share", [0.05, 0.2, 1.0])
def test_what_is_told_of_chances_is_what_happens(share: float) -> None:
    n = 5_000
    draws = [explore(BEST, OTHERS, share=share, seed=f"s:{number}") for number in range(n)]
    told = {choice.item_id: choice.propensity for choice in draws[0].choices}
    assert sum(told.values()) == pytest.approx(1)
    assert len(told) == N_NEXT + (share < 1)
    found = Counter(draw.shown[-1].item.id for draw in draws)
    assert set(found) == set(told)
    for item_id, chance in told.items():
        error = (chance * (1 - chance) / n) ** 0.5
        assert abs(found[item_id] / n - chance) <= 4 * error
    for draw in draws:
        assert ids(draw.shown[:2]) == ["Heat", "Up"]
        assert draw.propensities == (1.0, 1.0, told[draw.shown[-1].item.id])


def test_the_same_list_is_drawn_again_the_same_way() -> None:
    for number in range(200):
        once = explore(BEST, OTHERS, share=0.5, seed=f"s:{number}")
        assert explore(BEST, OTHERS, share=0.5, seed=f"s:{number}") == once


def test_off_it_is_the_best_and_says_that_nothing_else_could_have_been() -> None:
    assert RetrievalSettings().explore == 0
    for seed in map(str, range(200)):
        draw = explore(BEST, OTHERS, share=0, seed=seed)
        assert (draw.shown, draw.propensities, draw.choices) == (tuple(BEST), (1.0,) * 3, ())


@pytest.mark.parametrize(
    ("best", "others"), [(BEST[:1], OTHERS), (BEST, []), ([], OTHERS), ([], [])]
)
def test_without_a_place_or_another_item_nothing_is_explored(
    best: list[Recommendation], others: list[Recommendation]
) -> None:
    draw = explore(best, others, share=1, seed="s")
    assert (draw.shown, draw.propensities) == (tuple(best), (1.0,) * len(best))
    assert draw.choices == ()


def test_few_others_share_the_whole_chance() -> None:
    draw = explore(BEST, OTHERS[:2], share=0.2, seed="s")
    assert [(one.item_id, one.propensity) for one in draw.choices] == [
        ("Alien", 0.8),
        ("Big", 0.1),
        ("Jaws", 0.1),
    ]
    assert [one.p_accept for one in draw.choices] == [BEST[2].p_accept, 0.9, pytest.approx(0.85)]


def test_no_second_film_of_a_series_comes_in() -> None:
    others = recommended("Heat 2", "Up: The Return", "Alien 3", "Big")
    draw = explore(BEST, others, share=0.2, seed="s")
    assert [one.item_id for one in draw.choices] == ["Alien", "Alien 3", "Big"]  # in its place


def test_what_the_person_ruled_out_is_never_drawn_from_the_real_catalogue() -> None:
    items = load_pack("movies").items[:150]
    out = {item.id for item in items[::2]}
    seen, disliked, banned = (frozenset(sorted(out)[n::3]) for n in range(3))
    profile = Profile(seen=tuple(seen), disliked=tuple(disliked))
    ranked = PopularityRanker().rank(
        [Candidate(item=item, hits=(), score=0) for item in items],
        state=UserState(),
        profile=profile,
    )
    vectors = np.full((len(ranked), 2), np.nan, dtype=np.float32)
    settings = RetrievalSettings()
    common = {"vectors": vectors, "settings": settings, "profile": profile}
    best = rerank(ranked, k=4, banned=banned, **common)  # type: ignore[arg-type]
    mine = {one.item.id for one in best}
    others = rerank(ranked, k=N_NEXT, banned=banned | mine, **common)  # type: ignore[arg-type]
    for seed in map(str, range(300)):
        draw = explore(best, others, share=0.2, seed=seed)
        could = {one.item_id for one in draw.choices}
        assert not could & out
        assert len(set(ids(draw.shown))) == 4
        assert len(could) == N_NEXT + 1


def test_the_log_takes_what_exploring_tells() -> None:
    for seed in map(str, range(100)):
        draw = explore(BEST, OTHERS, share=0.15, seed=seed)
        check_impression(
            Impression(
                list_id=seed,
                at=datetime.now(UTC),
                user="ann",
                session="s",
                items=tuple(ids(draw.shown)),
                positions=(1, 2, 3),
                policy=policy_name("linear", 0.15),
                propensities=draw.propensities,
                choices=draw.choices,
            )
        )


def test_an_explored_item_says_that_it_is_there_by_chance() -> None:
    draws = [explore(BEST, OTHERS, share=0.2, seed=seed) for seed in map(str, range(100))]
    assert {draw.shown[-1].item.id == "Alien" for draw in draws} == {True, False}
    for draw in draws:
        last = draw.shown[-1]
        told = [part.name == EXPLORED for part in last.parts]
        assert any(told) == (last.item.id != "Alien")
        assert sum(part.value for part in last.parts) == 0  # no part of the score
        assert ("by chance" in why(last)) == any(told)
        assert ("by chance" in card(last, list_id="l", key="k")) == any(told)
        assert "explored" not in card(last, list_id="l", key="k")
        assert all("by chance" not in why(one) for one in draw.shown[:-1])


def test_the_policy_is_named_with_its_share() -> None:
    assert policy_name("fusion", 0) == "fusion"
    assert policy_name("linear", 0.05) == "linear, 0.05 explored"


@pytest.mark.parametrize("share", ["-0.1", "0.21", "nan", "much"])
def test_a_share_that_would_spoil_lists_is_refused(
    monkeypatch: pytest.MonkeyPatch, share: str
) -> None:
    monkeypatch.setenv("SIMPATICO_RETRIEVAL__EXPLORE", share)
    with pytest.raises(SettingsError, match="RETRIEVAL__EXPLORE"):
        load_settings()


def test_the_share_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMPATICO_RETRIEVAL__EXPLORE", "0.05")
    assert load_settings().retrieval.explore == 0.05
