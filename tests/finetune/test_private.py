"""Private training: what is spent, what is clipped, what is left out, and that it still learns."""

import math
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

torch = pytest.importorskip("torch")
pytest.importorskip("opacus")

from simpatico.errors import DataError, ModelError  # noqa: E402
from simpatico.eval.baselines_items import popularity  # noqa: E402
from simpatico.eval.next_item import judge, split_of  # noqa: E402
from simpatico.eval.private_ranking import Curve, plot, run, run_of, table  # noqa: E402
from simpatico.finetune.private import PrivatePlan, account, train_private  # noqa: E402
from simpatico.finetune.ranker_files import load  # noqa: E402
from simpatico.finetune.sequences import Sequences, read_interactions  # noqa: E402
from simpatico.ui.cli import app  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")


def walks(n_people: int = 120, length: int = 6) -> Sequences:
    """Everybody walks around one circle of twelve items."""
    rng = np.random.default_rng(0)
    people = [(rng.integers(12) + np.arange(length)) % 12 for _ in range(n_people)]
    return Sequences(
        tuple(f"u{row}" for row in range(n_people)),
        tuple(f"i{item:02}" for item in range(12)),
        tuple(people),
        tuple(np.full(length, 4, dtype=np.float32) for _ in people),
        tuple(np.arange(length, dtype=np.float64) * 60 for _ in people),
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "walks.inter"
    rows = [
        f"{row}\t{item}\t4\t{at}"
        for row, what in enumerate(walks().what)
        for at, item in enumerate(what)
    ]
    header = "user_id:token\titem_id:token\trating:float\ttimestamp:float"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_less_epsilon_is_more_noise_and_never_more_is_spent_than_was_said() -> None:
    spent = {epsilon: account(PrivatePlan(epsilon), 943) for epsilon in (0.5, 2.0, 8.0)}
    for epsilon, one in spent.items():
        assert 0.97 * epsilon < one.epsilon <= epsilon
    assert spent[0.5].noise > spent[2.0].noise > spent[8.0].noise > 0
    assert spent[0.5].noise_known > spent[8.0].noise_known
    longer = account(PrivatePlan(2.0, epochs=80), 943)
    assert longer.steps == 4 * spent[2.0].steps and longer.noise > spent[2.0].noise
    none = account(PrivatePlan(math.inf), 943)
    assert math.isinf(none.epsilon) and none.noise == none.noise_known == 0


@pytest.mark.slow
@pytest.mark.parametrize("n_people", [5, 61])  # people that no share divides
def test_the_engine_says_what_was_accounted_before(n_people: int) -> None:
    plan = PrivatePlan(3.0, width=4, epochs=2)
    trained, spent = train_private(walks(n_people), plan)
    assert spent == account(plan, n_people)
    assert spent.epsilon <= 3 and spent.n_people == n_people
    assert all(table.sum() == 0 for table in trained.links)
    (model,) = trained.members
    assert not model.evidence.any() and not model.evidence.requires_grad
    again, _ = train_private(walks(n_people), plan)
    for one, two in zip(model.parameters(), again.members[0].parameters(), strict=True):
        assert torch.equal(one, two)


@pytest.mark.slow
def test_each_person_counts_alike_in_how_well_items_are_known() -> None:
    short, long = np.array([0, 1]), np.array([2, 3, 4, 5])
    people = (*[short] * 4, *[long] * 4, np.array([6]))
    data = Sequences(
        tuple(f"u{row}" for row in range(9)),
        tuple(f"i{item}" for item in range(7)),
        people,
        tuple(np.full(len(what), 4, dtype=np.float32) for what in people),
        tuple(np.arange(len(what), dtype=np.float64) for what in people),
    )
    trained, spent = train_private(data, PrivatePlan(math.inf, width=4, epochs=1))
    known = np.array([4 / math.sqrt(2)] * 2 + [4 / math.sqrt(4)] * 4 + [1.0])
    assert np.exp(trained.log_known) == pytest.approx(known / known.sum(), rel=1e-5)
    assert spent.n_people == 8  # one event is nothing to learn from


@pytest.mark.slow
def test_people_move_a_step_by_no_more_than_the_clip_each(monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain(torch.optim.SGD):  # type: ignore[misc, name-defined]  # torch has no types here
        def __init__(self, weights: object, lr: float) -> None:
            super().__init__(weights, lr=1.0)

    monkeypatch.setattr(torch.optim, "Adam", Plain)
    found = []
    for clip in (1e-9, 1e-3, 1e3):
        plan = PrivatePlan(math.inf, width=4, clip=clip, share=1.0, epochs=1)
        trained, _ = train_private(walks(20), plan)
        weights = trained.members[0].parameters()
        found.append(torch.cat([each.detach().flatten() for each in weights]))
    clipped, free = ((each - found[0]).norm().item() for each in found[1:])  # means of 20 people
    assert 1e-4 < clipped <= 1e-3 * 1.01
    assert free > 10 * clipped


@pytest.mark.slow
def test_it_learns_where_people_walk_and_noise_costs_something() -> None:
    split = split_of(walks(200), "test")
    ndcg = {}
    for epsilon in (math.inf, 0.3):
        plan = PrivatePlan(epsilon, epochs=20, learning_rate=2e-2)
        trained, _ = train_private(split.known, plan)
        ndcg[epsilon] = judge(trained.scores(split.known, split.rows), split).ndcg.mean()
    assert ndcg[math.inf] > judge(popularity(split), split).ndcg.mean() + 0.3
    assert ndcg[0.3] < ndcg[math.inf] - 0.2


def test_what_cannot_be_promised_is_refused() -> None:
    for wrong in (PrivatePlan(0.0), PrivatePlan(-1.0), PrivatePlan(1.0, delta=0.0)):
        with pytest.raises(ValueError, match="wanted epsilon > 0"):
            train_private(walks(5), wrong)
    with pytest.raises(ValueError, match=r"wanted epsilon > 0\.1\d at this delta, got 0\.1"):
        account(PrivatePlan(0.1), 943)
    with pytest.raises(DataError, match="two events or more"):
        train_private(walks(5, length=1), PrivatePlan(1.0))


@pytest.mark.slow
def test_the_command_writes_a_ranker_whose_card_says_what_was_spent(
    file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "ranker"
    asked = ["train", "next-item", "--interactions", str(file), "--out", str(out)]
    done = CliRunner().invoke(app, [*asked, "--dp-epsilon", "8"])
    assert done.exit_code == 0, done.output
    trained, card, items = load(out)
    assert card.privacy is not None and 7 < card.privacy.epsilon <= 8
    assert card.privacy.n_people == 120 and card.towers == ("mlp",) and len(items) == 12
    data = read_interactions(file)
    scores = trained.scores(data, [0, 1])
    assert np.exp(scores).sum(axis=1) == pytest.approx(1, abs=1e-4)
    (out / "mlp.safetensors").write_bytes(b"half")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load(out)
    wrong = CliRunner().invoke(app, [*asked, "--dp-epsilon", "-1"])
    assert wrong.exit_code == 1


@pytest.mark.slow
def test_the_curve_has_a_row_for_each_epsilon_and_none_and_is_drawn(
    file: Path, tmp_path: Path
) -> None:
    keep = tmp_path / "keep"
    curve = run(file, part="test", epsilons=(8.0, 1.0), keep=keep)
    assert [one.epsilon for one in curve.points] == [1.0, 8.0, math.inf]
    assert len(list(keep.iterdir())) == 3
    rows = table(curve).rows
    assert [row[0] for row in rows] == ["1", "8", "none"] and rows[2][1:3] == ("", "0.00")
    assert isinstance(curve, Curve) and curve.points[2].ndcg.mean > curve.popularity.mean
    made = run_of(curve, file, command="x")
    open_, *private, popular = made.record.systems
    assert [each.name for each in private] == ["epsilon 8", "epsilon 1"]
    means = {each.metric: each.mean for each in open_.figures}
    assert means["NDCG@10"] == pytest.approx(curve.points[2].ndcg.mean)
    assert popular.figures[0].mean == pytest.approx(curve.popularity.mean)
    assert dict(private[1].about)["epsilon spent"] == f"{curve.points[0].spent:.2f}"
    assert {gap.less for gap in made.record.gaps} >= {"epsilon 1"}
    pytest.importorskip("matplotlib")
    plot(curve, tmp_path / "curve.svg")
    assert "epsilon" in (tmp_path / "curve.svg").read_text("utf-8")
