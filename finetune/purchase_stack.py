"""Networks and boosted trees together, calibrated: the chance that an item will be bought.

Each is asked about people that it did not learn from, and a logistic regression on those answers
(stacking; Wolpert, 1992) says what each counts and makes chances of their sum. Nothing is pickled:
what is kept are the networks' weights and a page of JSON; the trees are grown anew in a second.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import ModelError
from simpatico.finetune.purchase import Network, Plan, Trained, train
from simpatico.finetune.purchase_data import FACETS, Browsing
from simpatico.finetune.purchase_features import Numbers, behaviour, person_folds, sales
from simpatico.optional import needs
from simpatico.protocols import ProgressCallback

N_FOLDS: Final = 5
TREES: Final[Mapping[str, float]] = {
    "max_iter": 200, "learning_rate": 0.05, "max_leaf_nodes": 8, "min_samples_leaf": 40,
    "l2_regularization": 5.0, "max_features": 0.3,
}  # fmt: skip
"""Chosen by cross-validation on the training part of JData."""

_PAGE: Final = "purchase.json"
_VERSION: Final = 1


@dataclass(frozen=True)
class Parts:
    """What a stack is made of.

    Attributes:
        learn: (n_sessions,) the sessions learnt from.
        rows: places of their rows.
        out_nets: (n_seeds, n_rows) log-odds by networks that did not learn from the person.
        out_trees: (n_rows,) the same of the trees.
        nets: one for each seed, of all rows.
        trees: of all rows.
    """

    learn: NDArray[np.bool_]
    rows: NDArray[np.int64]
    out_nets: Numbers
    out_trees: Numbers
    nets: tuple[Trained, ...]
    trees: Any


class Stack(NamedTuple):
    """What the networks' mean log-odds and the trees' are multiplied with, and what is added."""

    nets: float
    trees: float
    shift: float


class Read(NamedTuple):
    """Rows as the whole sees them: chances (n,), and the weights of each session's events."""

    chances: Numbers
    weights: list[Numbers]


@dataclass(frozen=True)
class Purchase:
    """Networks and trees with what each counts.

    Attributes:
        learn: (n_sessions,) the sessions learnt from; their sales may be counted.
        nets, trees: see `Parts`.
        stack: what each counts.
    """

    learn: NDArray[np.bool_]
    nets: tuple[Trained, ...]
    trees: Any
    stack: Stack

    def numbers(self, data: Browsing) -> Numbers:
        """Every row's numbers; sessions of `data` beyond those known are not learnt from."""
        learn = np.zeros(len(data.sessions), dtype=bool)
        learn[: len(self.learn)] = self.learn
        return np.concatenate([behaviour(data), sales(data, learn)], axis=1)

    def rows_learnt(self, data: Browsing) -> NDArray[np.int64]:
        """Places of the rows that were learnt from."""
        return np.flatnonzero(np.isin(data.session, np.flatnonzero(self.learn)))

    def read(self, data: Browsing, numbers: Numbers, rows: NDArray[np.int64]) -> Read:
        """Chances of rows, and what the networks' attention weighed, in the mean."""
        each = [net.read(data, numbers, rows) for net in self.nets]
        logits = np.mean([one[0] for one in each], axis=0)
        weights = [np.mean(row, axis=0) for row in zip(*(one[1] for one in each), strict=True)]
        both = mixed(self.stack, logits, tree_logits(self.trees, numbers[rows]))
        return Read(chances_of(both), weights)


def learn_parts(
    data: Browsing,
    learn: NDArray[np.bool_],
    *,
    seeds: Sequence[int] = (0,),
    plan: Plan | None = None,
    n_folds: int = N_FOLDS,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Parts:
    """Train everything a stack needs: `n_folds` + 1 networks for each seed, and trees alike.

    Args:
        data: with the rows.
        learn: (n_sessions,) sessions to learn from; others are not looked at.
        seeds: of the networks.
        plan: how networks are trained; its seed is not looked at.
        n_folds: of people.
        progress: told of networks.

    Raises:
        DataError: too little to learn from.
        SettingsError: scikit-learn is not installed.
    """
    plan = plan or Plan()
    own = behaviour(data)
    fold = person_folds(data, n_folds, 0)
    rows = np.flatnonzero(learn[data.session])
    out_nets, out_trees = np.zeros((len(seeds), len(data.item))), np.zeros(len(data.item))
    n_nets, done = len(seeds) * (n_folds + 1), 0
    nets: list[Trained] = []
    trees: Any = None
    for k in range(n_folds + 1):
        kept = learn & (fold != k)
        numbers = np.concatenate([own, sales(data, kept)], axis=1)
        mine = np.flatnonzero(kept[data.session])
        others = np.flatnonzero((learn & (fold == k))[data.session])
        trees = grow(numbers[mine], data.bought[mine])
        if len(others):
            out_trees[others] = tree_logits(trees, numbers[others])
        for at, seed in enumerate(seeds):
            net = train(data, numbers, mine, replace(plan, seed=seed))
            if k == n_folds:
                nets.append(net)
            elif len(others):
                out_nets[at, others] = net.logits(data, numbers, others)
            done += 1
            progress("Training the purchase model", done, n_nets)
    return Parts(learn, rows, out_nets[:, rows], out_trees[rows], tuple(nets), trees)


def stacked(data: Browsing, parts: Parts, *, seeds: Sequence[int] = ()) -> Purchase:
    """Stack parts; `seeds` are places of the networks to use, none: all."""
    chosen = list(seeds) or list(range(len(parts.nets)))
    stack = fit_stack(parts.out_nets[chosen].mean(axis=0), parts.out_trees, data.bought[parts.rows])
    return Purchase(parts.learn, tuple(parts.nets[at] for at in chosen), parts.trees, stack)


def fit_stack(nets: Numbers, trees: Numbers, labels: NDArray[np.int64]) -> Stack:
    """What two columns of log-odds and one count in log-odds of the labels."""
    linear = needs("sklearn.linear_model", "scikit-learn", "the purchase model")
    model = linear.LogisticRegression(C=100.0).fit(np.stack([nets, trees], axis=1), labels)
    return Stack(float(model.coef_[0][0]), float(model.coef_[0][1]), float(model.intercept_[0]))


def mixed(stack: Stack, nets: Numbers, trees: Numbers) -> Numbers:
    """Log-odds of both together."""
    return np.asarray(stack.nets * nets + stack.trees * trees + stack.shift)


def chances_of(logits: Numbers) -> Numbers:
    """Log-odds as chances in (0, 1)."""
    return np.asarray(1 / (1 + np.exp(-np.asarray(logits, dtype=np.float64))))


def logits_of(chances: Numbers) -> Numbers:
    """Chances as log-odds; 0 and 1 are brought a millionth inside."""
    held = np.clip(chances, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(held / (1 - held)))


def grow(numbers: Numbers, labels: NDArray[np.int64], **options: float) -> Any:
    """Boosted trees; a missing number goes the way of its own at each split."""
    ensemble = needs("sklearn.ensemble", "scikit-learn", "the purchase model")
    model = ensemble.HistGradientBoostingClassifier(random_state=0, **{**TREES, **options})
    never = np.isnan(numbers).all(axis=0)  # it cannot make bins of such a column
    return model.fit(np.where(never, 0.0, numbers), labels)


def tree_logits(trees: Any, numbers: Numbers) -> Numbers:
    """Log-odds (n,) of numbers (n, n_numbers)."""
    return logits_of(trees.predict_proba(numbers)[:, 1])


def save(model: Purchase, data: Browsing, folder: Path) -> None:
    """Keep a model: the networks' weights, and a page of JSON that says for which data.

    Raises:
        ModelError: the folder cannot be written.
    """
    from safetensors.torch import save_file

    page = {
        "version": _VERSION,
        "data": data.fingerprint,
        "stack": model.stack,
        "plans": [asdict(net.network.plan) for net in model.nets],
        "losses": [net.losses for net in model.nets],
        "learn": [data.sessions[s] for s in np.flatnonzero(model.learn)],
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for at, net in enumerate(model.nets):
            save_file(_tensors(net), folder / f"network-{at}.safetensors")
        (folder / _PAGE).write_text(json.dumps(page) + "\n", encoding="utf-8")
    except OSError as error:
        raise ModelError(f"{folder} cannot be written: {error}") from error


def load(data: Browsing, folder: Path) -> Purchase | None:
    """A model kept for these data, or None where there is none.

    Raises:
        ModelError: what is kept is damaged, or of other data or another version.
    """
    if not (folder / _PAGE).exists():
        return None
    from safetensors import SafetensorError

    try:
        page = json.loads((folder / _PAGE).read_text("utf-8"))
        if page["version"] != _VERSION or page["data"] != data.fingerprint:
            raise ModelError(f"{folder} keeps a model of other data: give another folder")
        learnt = set(page["learn"])
        learn = np.array([session in learnt for session in data.sessions])
        nets = tuple(
            _net(folder / f"network-{at}.safetensors", Plan(**plan), losses)
            for at, (plan, losses) in enumerate(zip(page["plans"], page["losses"], strict=True))
        )
        stack = Stack(*map(float, page["stack"]))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"the purchase model in {folder} cannot be used: {error}") from error
    rows = np.flatnonzero(learn[data.session])
    numbers = np.concatenate([behaviour(data), sales(data, learn)], axis=1)
    return Purchase(learn, nets, grow(numbers[rows], data.bought[rows]), stack)


def _tensors(net: Trained) -> dict[str, Any]:
    import torch

    known = {f"known.{name}": torch.from_numpy(each)
             for name, each in zip(FACETS, net.known, strict=True)}  # fmt: skip
    scale = {"centre": torch.from_numpy(net.centre), "spread": torch.from_numpy(net.spread)}
    return {f"network.{k}": v.contiguous() for k, v in net.network.state_dict().items()} | {
        **known,
        **scale,
    }


def _net(file: Path, plan: Plan, losses: list[float]) -> Trained:
    from safetensors.torch import load_file

    found = load_file(file)
    network = Network(plan)
    network.load_state_dict(
        {k.removeprefix("network."): v for k, v in found.items() if k.startswith("network.")}
    )
    known = tuple(found[f"known.{name}"].numpy() for name in FACETS)
    return Trained(network, known, found["centre"].numpy(), found["spread"].numpy(), losses)
