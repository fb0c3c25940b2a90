"""What the films' ranker says its choices rest on, beside what happens when that is taken away."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simpatico.agent.explain import bullet, compose, why
from simpatico.agent.ground import check, evidence_for
from simpatico.domain import Candidate, Item, Mentions, Part, Profile, Recommendation, UserState
from simpatico.retrieval.attribution import (
    LEAST,
    Grounds,
    Had,
    Spoke,
    Stance,
    Terms,
    hidden,
    lost_without,
    resting,
    speaking,
)
from simpatico.retrieval.fusion import SHARE, FusionModel, FusionScorer, shipped_ranker
from simpatico.retrieval.packs import load_pack
from simpatico.retrieval.past import Kind
from simpatico.retrieval.rank import LinearRanker
from simpatico.retrieval.reasons import Evidence, reasons_for
from simpatico.retrieval.titles import TitleIndex

PACK = load_pack("movies")
ROW = {item.id: row for row, item in enumerate(PACK.items)}
NAMED: Kind = "named"
KNOWN = sorted(PACK.items, key=lambda item: (-item.popularity, item.id))[:400]


class Vectors:
    """The pack's; a query is a title, and its vector that item's."""

    def vectors(self, item_ids: Sequence[str]) -> NDArray[np.float32]:
        return np.asarray(PACK.vectors[[ROW[item_id] for item_id in item_ids]], dtype=np.float32)

    def query_vector(self, query: str) -> NDArray[np.float32]:
        rows = [ROW[item.id] for item in KNOWN if item.title == query]
        return np.asarray(PACK.vectors[rows[0]], dtype=np.float32)


@pytest.fixture(scope="module")
def scorer() -> FusionScorer:
    folder = shipped_ranker("movies")
    assert folder is not None
    return FusionModel(folder).of(PACK.items, Vectors())


@pytest.fixture(scope="module")
def ranker(scorer: FusionScorer) -> LinearRanker:
    return LinearRanker(learned=scorer)


def ranked(
    ranker: LinearRanker, state: UserState, profile: Profile | None = None
) -> list[Recommendation]:
    asked = {*state.mentions.ids}
    candidates = [
        Candidate(item=item, hits=(), score=0.1) for item in KNOWN if item.id not in asked
    ]
    profile = profile or Profile()
    best = ranker.rank(candidates, state=state, profile=profile)
    return ranker.explain(best, candidates, state=state, profile=profile)


def logit(one: Recommendation) -> float:
    return math.fsum(part.value for part in one.parts)


def drawn(seed: int, n: int) -> list[Item]:
    rng = np.random.default_rng(seed)
    return [KNOWN[at] for at in rng.choice(len(KNOWN), n, replace=False)]


@pytest.mark.parametrize("seed", range(4))
def test_the_film_that_is_named_is_the_one_whose_loss_costs_most(
    ranker: LinearRanker, seed: int
) -> None:
    liked = {item.id: item.label for item in drawn(seed, 4)}
    state = UserState(mentions=Mentions(liked=tuple(liked)))
    without = {}
    for gone in liked:
        rest = UserState(mentions=Mentions(liked=tuple(each for each in liked if each != gone)))
        without[gone] = {one.item.id: logit(one) for one in ranked(ranker, rest)}
    n_said = 0
    for one in ranked(ranker, state)[:8]:
        falls = {gone: logit(one) - after[one.item.id] for gone, after in without.items()}
        said = [
            (each, reason)
            for reason in one.reasons
            for each, label in liked.items()
            if f"{label}, which you liked" in reason.text
        ]
        total = sum(max(part.value, 0.0) for part in one.parts)
        for each, reason in said:
            assert reason.kind in ("liked_item", "behaviour")
            assert reason.weight == pytest.approx(min(falls[each] / total, 1), abs=0.03)
        by_fall = sorted(falls, key=lambda gone: -falls[gone])
        assert [each for each, _ in said] == by_fall[: len(said)]
        n_said += bool(said)
    assert n_said >= 6


def test_nothing_is_said_of_a_history_where_there_is_none(
    scorer: FusionScorer, ranker: LinearRanker
) -> None:
    state = UserState(query=KNOWN[3].title)
    for one in ranked(ranker, state)[:20]:
        assert not {part.name for part in one.parts} & {"liked", "together"}
        assert not any("you liked" in each.text or "named" in each.text for each in one.reasons)
    (grounds,) = scorer.grounds([KNOWN[0].id], state, Profile())
    assert grounds.history == ()
    (nothing,) = scorer.grounds([KNOWN[0].id], UserState(), Profile())
    assert nothing == Grounds()


def test_liking_is_claimed_only_of_what_was_liked(scorer: FusionScorer) -> None:
    a, b, c, d, e = (item.id for item in KNOWN[:5])
    state = UserState(mentions=Mentions(liked=(a,), named=(b, c), disliked=(d,), seen=(e,)))
    profile = Profile(saved=(c,), liked=(d,))
    found = scorer.grounds([item.id for item in KNOWN], state, profile)
    stances = {(had.item_id, had.stance) for grounds in found for had in grounds.history}
    assert stances == {(a, "liked"), (b, "named"), (c, "saved"), (e, "have seen")}


def test_the_longest_history_is_read_as_far_as_the_model_reads_it(scorer: FusionScorer) -> None:
    liked = tuple(item.id for item in drawn(1, 40))
    found = scorer.grounds([item.id for item in KNOWN], UserState(), Profile(liked=liked))
    assert {had.item_id for grounds in found for had in grounds.history} <= {*liked[-30:]}


def test_hiding_a_modality_costs_what_attention_and_content_say(scorer: FusionScorer) -> None:
    ids = [item.id for item in drawn(2, 30)]
    query, history = KNOWN[5].title, [(KNOWN[7].id, NAMED)]
    full = scorer.terms(ids, query=query, history=history)
    costs = hidden(full.content, full.attention)
    for at, name in enumerate(scorer.modalities):
        without = scorer.terms(ids, query=query, history=history, without=(name,))
        assert not without.attention[:, at].any()
        assert costs[:, at] == pytest.approx(full.total - without.total, abs=1e-4)
    alone = hidden(np.array([[0.5, 0.0]]), np.array([[1.0, 0.0]]))
    assert alone.tolist() == [[0.5, 0.0]]


def test_replies_are_grounded(ranker: LinearRanker) -> None:
    liked = drawn(3, 3)
    named, saved = drawn(4, 2)
    state = UserState(
        query=KNOWN[9].title,
        mentions=Mentions(liked=tuple(item.id for item in liked), named=(named.id,)),
    )
    titles = TitleIndex(PACK.items)
    found = ranked(ranker, state, Profile(saved=(saved.id,)))[:5]
    assert any("which you" in reason.text for one in found for reason in one.reasons)
    evidence = evidence_for(state, found, others=[*liked, named, saved])
    items = {item.id: item for item in (*liked, named)}
    texts = [compose(state, found, items=items, seed=str(at)) for at in range(6)]
    for text in (*texts, *map(why, found), *map(bullet, found)):
        assert check(text, evidence, find_titles=titles.link).dropped == ()


def had(**given: Any) -> Had:
    fields: dict[str, Any] = {
        "item_id": "b", "label": "B (2001)", "stance": "liked", "likeness": 0.4, "evidence": 0.2,
        "cosine": 0.6, "linked": True, "itself": False,
    }  # fmt: skip
    return Had(**{**fields, **given})


@pytest.mark.parametrize(
    ("given", "kind", "text"),
    [
        ({}, "liked_item", "Close to B (2001), which you liked"),
        ({"stance": "saved"}, "liked_item", "Close to B (2001), which you saved"),
        (
            {"evidence": 0.9, "stance": "named"},
            "behaviour",
            "It was named together with B (2001), which you named",
        ),
        ({"cosine": 0.3}, "behaviour", "It was named together with B (2001), which you liked"),
        ({"evidence": 0.9, "linked": False}, "liked_item", "Close to B (2001), which you liked"),
        (
            {"cosine": 0.3, "linked": False},
            "liked_item",
            "B (2001), which you liked, speaks for it",
        ),
        ({"itself": True, "stance": "named"}, "liked_item", "You named it"),
    ],
)
def test_only_what_is_so_is_said_of_the_history(
    given: dict[str, object], kind: str, text: str
) -> None:
    evidence = Evidence(grounds=Grounds((had(**given),)))
    (reason,) = reasons_for(
        Item(id="a", title="A"), parts=(Part(name="liked", value=2.0),), evidence=evidence
    )
    assert (reason.kind, reason.text) == (kind, text)
    assert reason.weight == pytest.approx(had(**given).worth / 2)


def test_modalities_speak_in_words_and_media_not_twice() -> None:
    spoke = (Spoke("image", 0.5), Spoke("tone", 0.4), Spoke("id", 0.3))
    item, parts = Item(id="a", title="A"), (Part(name="talked", value=1.0),)

    def said(*modalities: Spoke, media: tuple[tuple[str, str], ...] = ()) -> list[tuple[str, str]]:
        evidence = Evidence(grounds=Grounds((), modalities), media=media)
        return [
            (each.kind, each.text) for each in reasons_for(item, parts=parts, evidence=evidence)
        ]

    assert said(*spoke) == [("media", "Its picture suits what you told me")]
    assert said(*spoke[1:]) == [("attribute", "Its tone suits what you told me")]
    assert said(*spoke[2:]) == [("behaviour", "It comes up in conversations like this one")]
    shown = ("media", "Its picture looks like yours")
    assert said(*spoke, media=(("looks", shown[1]),)) == [
        ("attribute", "Its tone suits what you told me"),
        shown,
    ]


def terms(content: list[float], evidence: list[float], alike: list[float]) -> Terms:
    n = len(content)
    return Terms(
        content=np.array(content, dtype=np.float32)[:, None],
        attention=np.ones((n, 1), dtype=np.float32),
        evidence=np.array([evidence], dtype=np.float32),
        signals=np.array([[9.0] * n, alike], dtype=np.float32),
        known=np.full(n, 5, dtype=np.float32),
    )


def test_what_is_lost_is_beyond_what_the_catalogue_loses() -> None:
    full = terms([1, 1, 0, 0], [2, 0, 0, 2], [3, 3, 1, 1])
    without = terms([1, 1, 0, 0], [0.5, 0.5, 0, 1], [3, 1, 1, 1])
    lost = lost_without(full, [without], 2, share=0.5)
    assert lost.likeness.tolist() == [[0, 1]]
    assert lost.evidence.tolist() == [[0.5, -0.5]]  # less .25 that the last two lose on average
    assert lost.linked.tolist() == [[True, False]]
    told: list[tuple[str, str, Stance]] = [("b", "B", "liked")]
    cosines = np.array([[0.1, 0.7]])
    first, second = (each for (each,) in resting(["b", "a"], told, lost, cosines))
    assert (first.worth, first.linked, first.itself) == (0.5, True, True)
    assert (second.worth, second.linked, second.itself) == (0.5, False, False)
    tiny = lost._replace(likeness=lost.likeness * 0, evidence=lost.evidence * 0 + LEAST / 2)
    assert resting(["b", "a"], told, tiny, cosines) == [(), ()]


def test_what_a_modality_says_to_anybody_is_no_reason_for_this_person() -> None:
    full = np.array([[3.0, 3.0, -1.0, 0.6], [0.0, 0.0, 0.0, 0.0]])
    anybody = np.array([[3.0, 1.5, -4.0, -9.0], [0.0, -1.0, 1.0, 0.0]])
    found, nothing = speaking(("text", "tone", "id", "year"), full, anybody, share=SHARE)
    assert [each.modality for each in found] == ["tone", "year"]
    assert [each.worth for each in found] == pytest.approx([0.5, 0.2])
    assert nothing == ()


def test_evidence_for_a_few_items_is_that_for_all_of_them(scorer: FusionScorer) -> None:
    rng = np.random.default_rng(0)
    links = scorer._model._links
    newest = rng.integers(-1, 400, size=(7, 20))
    places = rng.choice(len(PACK.items), 50, replace=False)
    assert links.evidence_for(newest, places) == pytest.approx(
        links.evidence(newest)[:, :, places], abs=1e-6
    )
