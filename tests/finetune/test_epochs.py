"""A training goes on where it broke off, stops in time, and is shared by two processes."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

torch = pytest.importorskip("torch")

from simpatico.errors import DataError, SettingsError  # noqa: E402
from simpatico.eval.baselines_items import popularity  # noqa: E402
from simpatico.eval.next_item import judge, split_of  # noqa: E402
from simpatico.finetune import fusion_train  # noqa: E402
from simpatico.finetune.distributed import ALONE, Group, group_of  # noqa: E402
from simpatico.finetune.epochs import Epochs, is_stale, learn  # noqa: E402
from simpatico.finetune.fusion_train import Plan, catalogue_of, train  # noqa: E402
from simpatico.finetune.ranker_files import load  # noqa: E402
from simpatico.finetune.sequences import Sequences, read_interactions  # noqa: E402
from simpatico.ui.cli import app  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

N_ITEMS = 12


def walks(n_people: int = 64) -> Sequences:
    """Everybody walks around one circle of items."""
    rng = np.random.default_rng(0)
    people = [(rng.integers(N_ITEMS) + np.arange(6)) % N_ITEMS for _ in range(n_people)]
    return Sequences(
        tuple(f"u{row}" for row in range(n_people)),
        tuple(f"i{item}" for item in range(N_ITEMS)),
        tuple(people),
        tuple(np.full(6, 4, dtype=np.float32) for _ in people),
        tuple(np.arange(6, dtype=np.float64) * 60 for _ in people),
    )


@pytest.mark.slow
@pytest.mark.parametrize(("share", "kept"), [(0.15, 0.125), (0.7, 0.625)])
def test_a_training_that_was_killed_goes_on_to_the_same_weights(
    share: float, kept: float, tmp_path: Path
) -> None:
    data, catalogue = walks(24), catalogue_of(N_ITEMS, {})
    plan = Plan(("gru", "mlp"), width=8, epochs=4, batch_size=4, fresh_share=0.2, patience=9)
    heard: list[int] = []
    whole = train(data, catalogue, plan, progress=lambda what, done, total: heard.append(done))

    def killed(what: str, done: int, total: int) -> None:
        if done >= share * total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(data, catalogue, plan, keep=tmp_path, progress=killed)
    told: list[int] = []
    again = train(
        data, catalogue, plan, keep=tmp_path, progress=lambda what, done, total: told.append(done)
    )
    assert len(told) / len(heard) == pytest.approx(1 - kept, abs=0.06)
    assert again.losses == whole.losses and again.judged == whole.judged
    for ours, theirs in zip(again.members, whole.members, strict=True):
        for one, two in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.equal(one, two)


@pytest.mark.slow
def test_what_was_begun_on_a_cuda_device_goes_on_without_one(tmp_path: Path) -> None:
    data, catalogue = walks(24), catalogue_of(N_ITEMS, {})
    plan = Plan(("mlp",), width=8, epochs=2, batch_size=4)
    whole = train(data, catalogue, plan, keep=tmp_path)

    def killed(what: str, done: int, total: int) -> None:
        if done > 0.6 * total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(data, catalogue, plan, keep=tmp_path / "half", progress=killed)
    (half,) = (tmp_path / "half").iterdir()
    state = torch.load(half, weights_only=True)
    state["chance"][0].append(torch.zeros(16, dtype=torch.uint8))  # of the device's generator
    torch.save(state, half)
    again = train(data, catalogue, plan, keep=tmp_path / "half")
    assert again.losses == whole.losses


@pytest.mark.slow
def test_a_checkpoint_of_another_training_or_half_a_file_is_refused(tmp_path: Path) -> None:
    data, catalogue = walks(8), catalogue_of(N_ITEMS, {})
    plan = Plan(("mlp",), width=4, epochs=1, batch_size=4)
    train(data, catalogue, plan, keep=tmp_path)
    with pytest.raises(DataError, match=r"of another training; wanted mlp by .*seed=2"):
        train(data, catalogue, replace(plan, seed=2), keep=tmp_path)
    with pytest.raises(DataError, match="of another training"):
        train(walks(9), catalogue, plan, keep=tmp_path)
    (tmp_path / "mlp.pt").write_bytes(b"half a file")
    with pytest.raises(DataError, match=r"mlp\.pt is damaged"):
        train(data, catalogue, plan, keep=tmp_path)


def _learn(judged: list[float], patience: int) -> tuple[Any, Any, list[float]]:
    """A weight that grows by about one a step, judged as given."""
    model = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.zeros_(model.weight)
    seen: list[float] = []

    class Step(torch.nn.Module):  # type: ignore[misc, name-defined]  # torch has no types here
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, batch: int, rng: np.random.Generator) -> Any:
            return -self.model.weight.sum()

    def judge_now() -> float:
        seen.append(model.weight.item())
        return judged[len(seen) - 1]

    how = Epochs(
        n=len(judged), rate=1.0, patience=patience, batches=lambda rng: [0],
        size_of=lambda batch: 1, judge=judge_now,
    )  # fmt: skip
    optimizer = torch.optim.SGD(model.parameters())
    rng = np.random.default_rng(0)
    history = learn(
        model, Step(), optimizer, how, rng=rng, group=ALONE, kept=None, tell=lambda share: None
    )
    return history, model, seen


def test_learning_stops_after_patience_and_goes_back_to_the_best_epoch() -> None:
    history, model, seen = _learn([3, 2, 1, 2, 2, 0], patience=2)
    assert history.judged == [3, 2, 1, 2, 2] and len(history.losses) == 5
    assert model.weight.item() == seen[2] != seen[4]
    history, model, seen = _learn([3, 2, 1, 2, 2, 0], patience=3)
    assert history.judged[-1] == 0 and model.weight.item() == seen[5]
    assert not is_stale([1, 2, 3], 0) and not is_stale([3, 2], 2) and is_stale([1, 1], 1)


@pytest.mark.slow
def test_what_is_held_back_is_not_learnt_but_counts_in_the_tables() -> None:
    data, catalogue = walks(16), catalogue_of(N_ITEMS, {})
    plan = Plan(("mlp",), width=4, epochs=2, batch_size=4, patience=1)
    trained = train(data, catalogue, plan)
    last = [what.copy() for what in data.what]
    for what in last:
        what[-1] = (what[-1] + 5) % N_ITEMS
    other = train(replace(data, what=tuple(last)), catalogue, replace(plan, patience=9))
    assert trained.losses[0] == other.losses[0][: len(trained.losses[0])]
    assert trained.judged[0][0] != other.judged[0][0]
    assert not np.array_equal(trained.log_known, other.log_known)
    short = data.until([2] * len(data))
    with pytest.raises(DataError, match="three events or more"):
        train(short, catalogue, plan)


def test_batches_are_shared_evenly() -> None:
    shares = [Group(rank, 3).share([0, 1, 2, 3, 4, 5, 6]) for rank in range(3)]
    assert shares == [[0, 3, 6], [1, 4, 0], [2, 5, 1]]
    assert ALONE.share([5, 6]) == [5, 6] and ALONE.gather("one") == ["one"]
    with pytest.raises(ValueError, match="a batch for each of 3 processes, got 2"):
        Group(0, 3).share([0, 1])


_TWO = """
import sys
from pathlib import Path

import numpy as np
import torch

from simpatico.eval.next_item import split_of
from simpatico.finetune.distributed import group_of
from simpatico.finetune.fusion_train import Plan, catalogue_of, train
from simpatico.finetune.sequences import read_interactions

torch.set_num_threads(1)
folder = Path(sys.argv[1])
with group_of("cpu") as group:
    torch.manual_seed(group.rank)
    line = torch.nn.Linear(2, 1)
    wrapped = group.wrap(line)
    wrapped(torch.full((1, 2), 1.0 + group.rank)).sum().backward()
    split = split_of(read_interactions(folder / "walks.inter"), "test")
    plan = Plan(("gru",), width=16, dropout=0.1, learning_rate=2e-2, epochs=10, batch_size=2,
                use_evidence=False)
    keep = folder / "kept"
    trained = train(split.known, catalogue_of(12, {}), plan, keep=keep, group=group)
    again = train(split.known, catalogue_of(12, {}), plan, keep=keep, group=group)
    scores = trained.scores(split.known, split.rows)
    assert np.array_equal(scores, again.scores(split.known, split.rows))
    np.savez(folder / f"{group.rank}.npz", grad=line.weight.grad, line=line.weight.detach(),
             scores=scores, losses=trained.losses[0])
"""


def _write(data: Sequences, path: Path) -> None:
    header = "user_id:token\titem_id:token\trating:float\ttimestamp:float"
    rows = [
        f"{row}\t{item}\t4\t{at}"
        for row, what in enumerate(data.what)
        for at, item in enumerate(what)
    ]
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


@pytest.mark.slow
def test_the_command_writes_a_ranker_that_can_be_read_again(
    tmp_path: Path,
) -> None:
    _write(walks(24), tmp_path / "walks.inter")
    out = tmp_path / "ranker"
    asked = ["train", "next-item", "--interactions", str(tmp_path / "walks.inter")]
    done = CliRunner().invoke(app, [*asked, "--out", str(out), "--seed", "3", "--epochs", "1"])
    assert done.exit_code == 0, done.output
    trained, card, items = load(out)
    assert card.privacy is None and card.towers == Plan().towers and len(items) == N_ITEMS
    assert sorted(path.suffix for path in out.iterdir()) == [
        ".json", ".npz", ".safetensors", ".safetensors", ".safetensors",
    ]  # fmt: skip
    data = read_interactions(tmp_path / "walks.inter")
    whole = train(data, catalogue_of(N_ITEMS, {}), Plan(epochs=1, seed=3))
    assert np.allclose(trained.scores(data, [0, 1]), whole.scores(data, [0, 1]), atol=1e-5)
    other = tmp_path / "lstm"
    done = CliRunner().invoke(
        app, [*asked, "--out", str(other), "--towers", "lstm", "--epochs", "1"]
    )
    assert done.exit_code == 0, done.output
    assert load(other)[1].towers == ("lstm",)
    wrong = CliRunner().invoke(app, [*asked, "--out", str(other), "--towers", "gru,rnn"])
    assert wrong.exit_code == 1 and "rnn" in str(wrong.exception)
    if not torch.cuda.is_available():
        wrong = CliRunner().invoke(app, [*asked, "--out", str(out), "--device", "cuda"])
        assert wrong.exit_code == 1


@pytest.mark.slow
def test_the_command_stops_where_nothing_is_gained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = np.random.default_rng(0)
    data = walks(24)
    drawn = tuple(chance.permutation(N_ITEMS)[:6] for _ in data.what)
    _write(replace(data, what=drawn), tmp_path / "drawn.inter")
    found: list[Any] = []

    def heard(*given: Any, **options: Any) -> Any:
        found.append(train(*given, **options))
        return found[-1]

    monkeypatch.setattr(fusion_train, "train", heard)
    asked = ["train", "next-item", "--interactions", str(tmp_path / "drawn.inter"), "--out"]
    for name, *patience in (("all",), ("few", "--patience", "1")):
        options = ["--towers", "mlp", "--epochs", "12", *patience]
        done = CliRunner().invoke(app, [*asked, str(tmp_path / name), *options])
        assert done.exit_code == 0, done.output
    whole, few = (len(one.losses[0]) for one in found)
    assert few < whole == 12


def test_each_process_wants_a_device_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    if torch.cuda.device_count() > 1:
        pytest.skip("there is a device for each")
    for name, value in (("WORLD_SIZE", "2"), ("LOCAL_WORLD_SIZE", "2"), ("LOCAL_RANK", "0")):
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="wanted a CUDA device for each of 2 processes"):
        with group_of("cuda"):
            raise AssertionError("it began")


@pytest.mark.slow
def test_two_processes_average_gradients_and_train_one_model(tmp_path: Path) -> None:
    data = walks()
    _write(data, tmp_path / "walks.inter")
    (tmp_path / "two.py").write_text(_TWO, encoding="utf-8")
    begun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*begun, str(tmp_path / "two.py"), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    one, two = (np.load(tmp_path / f"{rank}.npz") for rank in (0, 1))
    for found in (one, two):
        assert found["grad"].tolist() == [[1.5, 1.5]]
    for name in ("line", "scores", "losses"):
        assert np.array_equal(one[name], two[name])
    split = split_of(data, "test")
    ours = judge(one["scores"], split).ndcg.mean()
    assert ours > judge(popularity(split), split).ndcg.mean() + 0.3
