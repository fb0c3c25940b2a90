"""The shipped ranker as it is served: what it is asked with, and what it answers."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simpatico.domain import Candidate, Item, Mentions, Profile, UserState
from simpatico.errors import ModelError
from simpatico.modelstore import ModelStore
from simpatico.retrieval.catalog import Catalog
from simpatico.retrieval.encoders.minilm import MiniLM
from simpatico.retrieval.fusion import STANDING, FusionModel, FusionScorer, shipped_ranker
from simpatico.retrieval.index import Index
from simpatico.retrieval.packs import load_pack
from simpatico.retrieval.past import KINDS
from simpatico.retrieval.rank import LinearRanker
from simpatico.retrieval.store import MemoryStore
from simpatico.settings import load_settings

N = 300
PACK = load_pack("movies")
ITEMS = PACK.items[:N]


class Pack:
    """The pack's vectors; a query is an item's title, and its vector that item's."""

    def vectors(self, item_ids: Sequence[str]) -> NDArray[np.float32]:
        rows = {item.id: row for item, row in zip(PACK.items, PACK.vectors, strict=True)}
        return np.stack([rows[item_id] for item_id in item_ids])

    def query_vector(self, query: str) -> NDArray[np.float32]:
        rows = [vector for item, vector in zip(PACK.items, PACK.vectors, strict=True)
                if item.title == query]  # fmt: skip
        return np.asarray(rows[0] if rows else np.zeros(384), dtype=np.float32)


@pytest.fixture(scope="module")
def model() -> FusionModel:
    folder = shipped_ranker("movies")
    assert folder is not None
    return FusionModel(folder)


@pytest.fixture(scope="module")
def scorer(model: FusionModel) -> FusionScorer:
    return model.of(ITEMS, Pack())


def candidates(items: Sequence[Item]) -> list[Candidate]:
    return [Candidate(item=item, hits=(), score=0.1) for item in items]


def test_only_the_films_have_one_and_it_knows_them_all(model: FusionModel) -> None:
    assert shipped_ranker("none") is None and shipped_ranker("../movies") is None
    assert model.card.encoder == PACK.encoder and "CC BY 4.0" in model.card.data
    assert all(model.place(item.id) >= 0 for item in PACK.items)


def test_a_film_scores_the_same_alone_and_among_others(scorer: FusionScorer) -> None:
    state = UserState(query=ITEMS[7].title, mentions=Mentions(liked=(ITEMS[3].id,)))
    ranker = LinearRanker(learned=scorer)
    among = ranker.rank(candidates(ITEMS), state=state, profile=Profile())
    (alone,) = ranker.rank(candidates(ITEMS[20:21]), state=state, profile=Profile())
    (same,) = [one for one in among if one.item.id == alone.item.id]
    assert alone.p_accept == pytest.approx(same.p_accept)
    assert among[0].p_accept > 2 * among[-1].p_accept


def test_the_newest_weighs_most_and_what_is_disliked_not_at_all(scorer: FusionScorer) -> None:
    a, b, c = (item.id for item in ITEMS[:3])

    def asked(**mentions: tuple[str, ...]) -> list[dict[str, float]]:
        state = UserState(mentions=Mentions(**mentions))
        parts = scorer.learned(candidates(ITEMS[10:60]), state, Profile(saved=(a,), liked=(b, c)))
        return [dict(each) for each in parts]

    def direct(*ids: str) -> NDArray[np.float32]:
        terms = scorer.terms([item.id for item in ITEMS[10:60]], query="",
                             history=[(each, "named") for each in ids])  # fmt: skip
        return np.asarray(terms.evidence.sum(axis=0), dtype=np.float32)

    for mentions, order in (({}, (a, b, c)), ({"liked": (a,)}, (b, c, a)),
                            ({"disliked": (c,)}, (a, b))):  # fmt: skip
        together = np.array([each["together"] for each in asked(**mentions)])
        wanted = direct(*order) / 3
        assert together - together.mean() == pytest.approx(wanted - wanted.mean(), abs=1e-4)


def test_it_proposes_nothing_to_somebody_of_whom_it_knows_nothing(scorer: FusionScorer) -> None:
    every = np.ones(N, dtype=bool)
    for query in ("", "  "):
        state = UserState(query=query, need="cheer_up")
        assert scorer.propose(state, Profile(), k=5, allowed=every) == []
    found = scorer.propose(UserState(), Profile(liked=(ITEMS[0].id,)), k=5, allowed=every)
    assert len(found) == 5 and found[0][1] == 0
    one = np.zeros(N, dtype=bool)
    one[4] = True
    assert scorer.propose(
        UserState(query=ITEMS[0].title), Profile(), k=5, allowed=one
    ) == [(ITEMS[4].id, 0.0)]  # fmt: skip


def sizes_of_runs(model: FusionModel, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with each run: how many items it scored, 0 where it did something else."""
    scored: list[int] = []
    run = model.run

    def counted(part: str, **given: Any) -> Any:
        scored.append(len(given["keys"]) if part == "terms" else 0)
        return run(part, **given)

    monkeypatch.setattr(model, "run", counted)
    return scored


def test_a_search_with_fewer_limits_works_nothing_out_again_whoever_searched_in_between(
    model: FusionModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    scorer = model.of(ITEMS, Pack())
    scored = sizes_of_runs(model, monkeypatch)
    states = [UserState(query=item.title) for item in ITEMS[:12]]
    # Of what she liked one is of another catalogue beside this: it says nothing here.
    liked = Profile(liked=(ITEMS[20].id, "a song"))
    for state in states:
        scorer.propose(state, liked, k=5, allowed=np.arange(N) < 9)
    assert max(scored) == N
    n = len(scored)
    for state in states:
        scorer.propose(state, Profile(liked=(ITEMS[20].id,)), k=5, allowed=np.ones(N, dtype=bool))
    assert len(scored) == n


def test_a_ranking_scores_its_candidates_and_those_that_stand_for_the_catalogue_alone(
    model: FusionModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    scorer = model.of(ITEMS, Pack())
    scored = sizes_of_runs(model, monkeypatch)
    scorer.learned(candidates(ITEMS[:20]), UserState(query=ITEMS[7].title), Profile())
    assert max(scored) == 20 + STANDING


def test_parts_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    folder = shipped_ranker("movies")
    assert folder is not None
    for name in (file.name for file in folder.iterdir()):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    card = (tmp_path / "card.json").read_text()
    (tmp_path / "card.json").write_text(card.replace('    "genre:action",\n', ""))
    with pytest.raises(ModelError, match="do not fit"):
        FusionModel(tmp_path)
    (tmp_path / "card.json").write_text(card.replace('"version": 1', '"version": 9'))
    with pytest.raises(ModelError, match="card"):
        FusionModel(tmp_path)


def test_to_somebody_unknown_who_says_nothing_no_film_is_talked_of(scorer: FusionScorer) -> None:
    found = scorer.learned(candidates(ITEMS), UserState(), Profile())
    assert {round(parts["talked"], 5) for parts in found} == {0.0}


def test_a_wish_in_words_is_answered_by_what_it_says(model: FusionModel) -> None:
    try:
        encoder = MiniLM(ModelStore(load_settings().cache).path("minilm"))
    except ModelError as error:
        pytest.skip(f"no weights: {error}")
    store = MemoryStore(PACK.vectors.shape[1])
    store.upsert([item.id for item in PACK.items], PACK.vectors)
    plain, index = (Index(Catalog("movies", PACK.items), encoder, store) for _ in range(2))
    scorer = model.of(PACK.items, index)
    index.propose_with(scorer)
    rankers = {plain: LinearRanker(plain), index: LinearRanker(index, learned=scorer)}
    close = {plain: 0.0, index: 0.0}
    for query in ("the sea", "something about chess", "grief", "a heist", "mountains"):
        state = UserState(query=query)
        for each, ranker in rankers.items():
            found = each.candidates(state=state, profile=Profile(), n=200)
            best = [one.item.id for one in ranker.rank(found, state=state, profile=Profile())[:5]]
            close[each] += float((each.vectors(best) @ each.query_vector(query)).mean())
    assert close[index] > 0.8 * close[plain]


def test_to_dislike_a_film_speaks_for_nothing_that_goes_with_it(
    scorer: FusionScorer,
) -> None:
    known = sorted(range(N), key=lambda at: -ITEMS[at].popularity)[:40]
    ids = [item.id for item in ITEMS]
    moved = []
    for at, other in zip(known[:20], known[20:], strict=True):
        film, liked = ITEMS[at].id, ITEMS[other].id
        together = scorer.terms(ids, query="", history=[(film, "liked")]).evidence.sum(axis=0)
        close = [row for row in np.argsort(-together) if row not in (at, other)][:10]

        def learned(profile: Profile, rows: Sequence[int] = close) -> list[dict[str, float]]:
            found = scorer.learned(candidates([ITEMS[row] for row in rows]), UserState(), profile)
            return [dict(each) for each in found]

        before = learned(Profile(liked=(liked,)))
        disliking = learned(Profile(liked=(liked,), disliked=(film,)))
        liking = learned(Profile(liked=(film, liked)))
        for name in ("match", "liked", "together"):
            assert [one[name] for one in disliking] == [one[name] for one in before]
        moved += [
            sum(one.values()) - sum(other.values())
            for one, other in zip(disliking, liking, strict=True)
        ]
    assert np.mean(moved) < -0.2  # logits


def test_what_a_film_is_told_as_is_heard(scorer: FusionScorer) -> None:
    ids = [item.id for item in ITEMS]
    heard = {
        kind: scorer.terms(ids, query="", history=[(ids[0], kind)]).content.sum(axis=1)
        for kind in KINDS
    }
    for one, other in combinations(KINDS, 2):
        assert np.abs(heard[one] - heard[other]).max() > 1e-3
