"""The fusion model: what is missing is masked, nobody sees what comes after, and it learns."""

from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from simpatico.errors import DataError  # noqa: E402
from simpatico.eval.baselines_items import popularity  # noqa: E402
from simpatico.eval.next_item import judge, split_of  # noqa: E402
from simpatico.finetune.fusion_model import (  # noqa: E402
    N_GAPS,
    Events,
    Fusion,
    Shape,
    Tokens,
    Tower,
    gap_of,
)
from simpatico.finetune.fusion_train import (  # noqa: E402
    N_KINDS,
    Plan,
    Span,
    Trained,
    as_fresh,
    catalogue_of,
    events_of,
    kinds_of,
    train,
)
from simpatico.finetune.sequences import Sequences  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

TOWERS = get_args(Tower)
SHAPE = Shape(
    modalities=(("text", 5), ("image", 3), ("id", 0)), n_items=6, n_kinds=N_KINDS, width=8
)


def chains(n_people: int = 64, n_items: int = 12, seed: int = 0) -> Sequences:
    """Everybody walks around one circle of items, some backwards."""
    rng = np.random.default_rng(seed)
    people = []
    for row in range(n_people):
        steps = np.arange(6) if row % 4 else -np.arange(6)
        people.append((rng.integers(n_items) + steps) % n_items)
    return Sequences(
        tuple(f"u{row}" for row in range(n_people)),
        tuple(f"i{item}" for item in range(n_items)),
        tuple(people),
        tuple(np.full(6, 4, dtype=np.float32) for _ in people),
        tuple(np.arange(6, dtype=np.float64) * 60 for _ in people),
    )


def tokens_of(model: Fusion, there: list[list[bool]], **features: Any) -> tuple[Tokens, Any]:
    given: dict[str, Any] = {"text": torch.ones(6, 5), "image": torch.ones(6, 3)} | features
    tokens, mean = model.items(given, torch.tensor(there), torch.arange(6))
    return tokens, mean


def test_a_modality_that_is_not_there_says_nothing_and_gets_no_attention() -> None:
    torch.manual_seed(0)
    model = Fusion(SHAPE).eval()
    person = torch.randn(4, 8)
    there = [[True, row % 2 == 0, True] for row in range(6)]
    one, mean = tokens_of(model, there)
    two, mean_two = tokens_of(model, there, image=torch.full((6, 3), 9.0))
    score, attention = model.content(person, one)
    score_two, _ = model.content(person, two)
    odd, even = torch.arange(6) % 2 == 1, torch.arange(6) % 2 == 0
    assert torch.equal(score[:, odd], score_two[:, odd]) and torch.equal(mean[odd], mean_two[odd])
    assert not torch.allclose(score[:, even], score_two[:, even])
    assert attention.shape == (4, 6, 3)
    assert not attention[:, odd, 1].any()
    assert torch.allclose(attention.sum(2), torch.ones(4, 6), atol=1e-5)


def test_an_item_with_nothing_at_all_scores_by_evidence_alone() -> None:
    model = Fusion(SHAPE).eval()
    tokens, mean = tokens_of(model, [[False] * 3, *[[True] * 3] * 5])
    score, attention = model.content(torch.randn(2, 8), tokens)
    assert torch.isfinite(score).all() and torch.isfinite(mean).all()
    assert not score[:, 0].any() and not attention[:, 0].any()
    evidence = torch.zeros(2, 2, 6)
    evidence[:, :, 0] = 0.5
    before = model(torch.randn(2, 8), tokens, torch.zeros(2, 2, 6), torch.zeros(6))[:, 0]
    after = model(torch.randn(2, 8), tokens, evidence, torch.zeros(6))[:, 0]
    assert (after > before).all()


def test_a_fresh_item_counts_as_an_average_one_and_something_learnt() -> None:
    torch.manual_seed(0)
    model = Fusion(SHAPE).eval()
    tokens, _ = tokens_of(model, [[True] * 3] * 6)
    person, evidence = torch.randn(2, 8), torch.rand(2, 2, 6)
    known = torch.linspace(-5, -1, 6)
    fresh = known.clone()
    fresh[[1, 4]] = torch.nan
    average = evidence.clone()
    average[:, :, [1, 4]] = 1 / 6
    known[[1, 4]] = -np.log(6)
    torch.testing.assert_close(
        model(person, tokens, evidence, fresh), model(person, tokens, average, known)
    )
    model.fresh.data.fill_(-3.0)
    less = torch.zeros(6)
    less[[1, 4]] = 3
    scores = model(person, tokens, evidence, fresh)
    torch.testing.assert_close(scores, model(person, tokens, average, known) - less)
    scores.logsumexp(1).sum().backward()
    gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
    assert model.fresh.grad and all(torch.isfinite(each).all() for each in gradients)


def test_as_fresh_hides_ids_and_how_well_items_are_known() -> None:
    catalogue = catalogue_of(3, {"text": np.ones((3, 2), dtype=np.float32)})
    fresh = np.array([False, True, False])
    seen, known = as_fresh(catalogue, np.array([-1, -2, -3], dtype=np.float32), fresh)
    assert seen.has_id.tolist() == [True, False, True] and seen.there["text"].all()
    np.testing.assert_array_equal(known, [-1, np.nan, -3])


def test_facets_of_which_few_hold_are_read_as_a_sparse_tensor_and_say_the_same() -> None:
    facets = np.zeros((40, 30), dtype=np.float32)
    facets[np.arange(40), np.arange(40) % 30] = 1
    catalogue = catalogue_of(40, {"facets": facets})
    with torch.inference_mode():
        sparse = catalogue.tensors["facets"]
    assert sparse.is_sparse
    torch.manual_seed(0)
    model = Fusion(Shape(modalities=(("facets", 30),), n_items=40, n_kinds=N_KINDS, width=8)).eval()
    weight = model.items.project["facets"][0].weight
    found = []
    for values in (sparse, torch.from_numpy(facets)):
        model.zero_grad()
        seen = torch.ones(40, 1, dtype=torch.bool)
        tokens, _ = model.items({"facets": values}, seen, torch.arange(40))
        tokens.keys.square().sum().backward()
        found.append((tokens.keys.detach(), weight.grad.clone()))
    torch.testing.assert_close(found[0], found[1])


@pytest.mark.parametrize("tower", TOWERS)
def test_nobody_sees_what_comes_after(tower: Tower) -> None:
    torch.manual_seed(0)
    model = Fusion(Shape(modalities=SHAPE.modalities, n_items=6, n_kinds=7, width=8, tower=tower))
    model.eval()
    items = torch.randn(1, 5, 8)
    kinds = torch.tensor([[0, 1, 2, 3, 4]])
    events = Events(kinds, kinds, kinds, torch.ones(1, 5, dtype=torch.bool))
    whole = model.person(items, events)
    changed = items.clone()
    changed[:, 3:] += 1
    after = model.person(changed, events)
    assert torch.allclose(whole[:, :3], after[:, :3], atol=1e-6)
    assert not torch.allclose(whole[:, 3:], after[:, 3:], atol=1e-3)


def test_a_state_moves_the_person_and_none_does_not() -> None:
    shape = Shape(modalities=SHAPE.modalities, n_items=6, n_kinds=7, width=8, n_state=4)
    model = Fusion(shape).eval()
    kinds = torch.zeros(1, 2, dtype=torch.long)
    events = Events(kinds, kinds, kinds, torch.ones(1, 2, dtype=torch.bool))
    items = torch.randn(1, 2, 8)
    alone = model.person(items, events)
    assert not torch.allclose(alone, model.person(items, events, torch.ones(1, 4)))


def test_events_are_padded_at_the_end_and_gaps_and_kinds_have_classes() -> None:
    data = chains(3)
    events = events_of(data, [Span(0, 0, 2), Span(1, 2, 6)])
    assert events.items.shape == (2, 4) and events.there.sum(1).tolist() == [2, 4]
    assert events.items[1].tolist() == data.what[1][2:6].tolist()
    assert events.gaps[0, 0] == 0 and events.gaps[1, 0] == gap_of([60.0])[0] == 2
    assert gap_of([0.0, 1e12, -5.0]).tolist() == [0, N_GAPS - 1, 0]
    stars = np.array([np.nan, 0.5, 3.5, 5.0, 99.0], dtype=np.float32)
    assert kinds_of(stars).tolist() == [0, 1, 4, 5, 5] and kinds_of(stars).max() < N_KINDS


@pytest.mark.parametrize("tower", TOWERS)
def test_a_person_is_the_same_alone_and_beside_somebody_with_more_events(tower: Tower) -> None:
    data = chains(8)
    short = tuple(what[: 3 + row % 4] for row, what in enumerate(data.what))
    data = replace(data, what=short)
    trained = train(data, catalogue_of(12, {}), Plan((tower,), width=8, epochs=1, batch_size=4))
    together = trained.scores(data, range(8))
    for row in range(8):
        assert trained.scores(data, [row])[0] == pytest.approx(together[row], abs=1e-4)
    assert trained.scores(data, []).shape == (0, 12)
    nobody = replace(data, what=(data.what[0][:0], *data.what[1:]))
    with pytest.raises(ValueError, match="'u0' has none"):
        trained.scores(nobody, [0, 1])


@pytest.mark.slow
@pytest.mark.parametrize("tower", TOWERS)
def test_a_tower_learns_by_itself_where_somebody_walks(tower: Tower) -> None:
    split = split_of(chains(), "test")
    plan = Plan(
        (tower,), width=16, dropout=0, learning_rate=2e-2, epochs=12, batch_size=4,
        use_evidence=False,
    )  # fmt: skip
    trained = train(split.known, catalogue_of(12, {}), plan)
    (losses,) = trained.losses
    assert losses[-1] < losses[0]
    ours = judge(trained.scores(split.known, split.rows), split).ndcg.mean()
    assert ours > judge(popularity(split), split).ndcg.mean() + 0.3


@pytest.mark.slow
def test_members_are_averaged_and_the_seed_fixes_them() -> None:
    data = chains(16)
    rows = np.arange(len(data))
    catalogue = catalogue_of(12, {})
    plan = Plan(("gru", "mlp"), width=8, epochs=2, batch_size=4, seed=3)
    trained = train(data, catalogue, plan)
    scores = trained.scores(data, rows)
    alone = [
        Trained([one], trained.catalogue, trained.links, trained.log_known).scores(data, rows)
        for one in trained.members
    ]
    assert scores == pytest.approx(np.mean(alone, axis=0), abs=1e-5)
    assert np.exp(alone[0]).sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert np.array_equal(scores, train(data, catalogue, plan).scores(data, rows))
    other = train(data, catalogue, replace(plan, seed=4)).scores(data, rows)
    assert not np.array_equal(scores, other)


@pytest.mark.slow
@pytest.mark.parametrize("sense", ["text", "audio"])
def test_an_item_that_nobody_had_is_offered_where_its_text_or_sound_says(sense: str) -> None:
    n, length = 12, 5
    angle = 2 * np.pi * np.arange(n) / n
    around = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    walks = [np.arange(first, first + length) for first in range(1, n - length + 1)]
    people = [
        np.ascontiguousarray(walk[::step]) for walk in walks for step in (1, -1)
    ] * 4  # number 0 is in none
    data = Sequences(
        tuple(f"u{row}" for row in range(len(people))),
        tuple(f"i{item}" for item in range(n)),
        tuple(people),
        tuple(np.full(length, 4, dtype=np.float32) for _ in people),
        tuple(np.arange(length, dtype=np.float64) * 60 for _ in people),
    )
    catalogue = catalogue_of(n, {sense: around})
    plan = Plan(("gru",), width=16, dropout=0, token_dropout=0.4, epochs=15, batch_size=8)
    ends = np.array([what[-1] for what in data.what])
    near = np.isin(ends, (1, 11))
    mass = []
    for share in (0.0, 0.3):
        trained = train(data, catalogue, replace(plan, fresh_share=share))
        scores = trained.scores(data, np.arange(len(data)))[:, 0]
        assert scores[near].mean() > scores[np.isin(ends, (5, 6, 7))].mean() + 0.3
        mass.append(np.exp(scores[near]).mean())
        assert np.isnan(trained.log_known).tolist() == [bool(share), *[False] * (n - 1)]
        assert trained.catalogue.has_id.tolist() == [not share, *[True] * (n - 1)]
    assert mass[1] > mass[0]  # it counts as a fresh film, not as one that nobody wants


def test_ids_alone_are_not_learnt_of_as_fresh() -> None:
    data = chains(16)
    plan = Plan(("gru",), width=8, epochs=1, batch_size=4, fresh_share=0.0)
    one, two = (
        train(data, catalogue_of(12, {}), each).scores(data, [0])
        for each in (plan, replace(plan, fresh_share=0.5))
    )
    assert np.array_equal(one, two)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="wanted 3 rows of text"):
        catalogue_of(3, {"text": np.zeros((2, 4), dtype=np.float32)})
    nobody = Sequences(("u",), ("i",), (np.array([0]),), (np.ones(1, "f4"),), (np.zeros(1),))
    with pytest.raises(DataError, match="two events or more"):
        train(nobody, catalogue_of(1, {}), Plan())
