"""The learned ranking: what each feature counts at this moment, and what words and history add.

A film's score is a weighted sum of its features, the weights shifted by the situation, plus a small
network's opinion of the same features, plus the product of two towers: what was said and named, and
what the film is. It learns by cross-entropy over the candidates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import svds
from torch import Tensor, nn

from simpatico.errors import DataError
from simpatico.finetune.redial_shortlist import Shortlist, wanted
from simpatico.finetune.redial_world import Array, Asked, World
from simpatico.protocols import ProgressCallback

_FACETS: Final = 96
_GATES: Final = 8
_SITUATION: Final = 4
_CLOSED: Final = -1e9
_ROWS: Final = 128


@dataclass(frozen=True)
class Plan:
    """How it is trained; chosen on a dev part of ReDial's training dialogues.

    Attributes:
        hidden: width of the network over features.
        width: of the towers; 0: none.
        dropout: in the network over features. tower_dropout: in the towers.
        seed: of weights and order.
    """

    hidden: int = 32
    width: int = 48
    dropout: float = 0.2
    tower_dropout: float = 0.5
    batch_size: int = 64
    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    epochs: int = 8
    seed: int = 0


class Inputs(NamedTuple):
    """n moments as tensors.

    Attributes:
        values: (n, n_candidates, n_features). places: (n, n_candidates).
        said: (n, n_views * dim). had: (n, n_content). situation: (n, 4).
        closed: (n, n_candidates) of bool, films named before.
    """

    values: NDArray[np.float16]
    places: NDArray[np.int64]
    said: Array
    had: Array
    situation: Array
    closed: NDArray[np.bool_]


class Net(nn.Module):
    """See the module.

    Args:
        content: (n_films, n_content), see `content_of`.
        n_features: of the candidates. n_said: width of what was said.
        plan: sizes.
    """

    def __init__(self, content: Array, n_features: int, n_said: int, plan: Plan) -> None:
        super().__init__()
        self.plan = plan
        self.register_buffer("centre", torch.zeros(n_features))
        self.register_buffer("spread", torch.ones(n_features))
        self.register_buffer("content", torch.from_numpy(content), persistent=False)
        self.weights = nn.Parameter(torch.zeros(n_features))
        self.gate = nn.Linear(_SITUATION, _GATES)
        self.shift = nn.Parameter(torch.zeros(_GATES, n_features))
        self.opinion = nn.Sequential(
            nn.Linear(n_features, plan.hidden), nn.GELU(), nn.Dropout(plan.dropout),
            nn.Linear(plan.hidden, plan.hidden), nn.GELU(), nn.Linear(plan.hidden, 1, bias=False),
        )  # fmt: skip
        nn.init.zeros_(self.opinion[-1].weight)
        if plan.width:
            n_films, n_content = content.shape
            self.film = nn.Sequential(nn.Dropout(0.1), nn.Linear(n_content, plan.width))
            self.id = nn.Embedding(n_films, plan.width)
            nn.init.normal_(self.id.weight, std=0.02)
            self.person = nn.Sequential(
                nn.Dropout(plan.tower_dropout / 2), nn.Linear(n_said + n_content, 2 * plan.width),
                nn.GELU(), nn.Dropout(plan.tower_dropout), nn.Linear(2 * plan.width, plan.width),
            )  # fmt: skip
            nn.init.normal_(self.person[-1].weight, std=0.01)

    def forward(
        self, values: Tensor, places: Tensor, said: Tensor, had: Tensor, situation: Tensor
    ) -> Tensor:
        """Scores of the candidates, (n, n_candidates); see `Inputs`."""
        seen = (values - self.centre) / self.spread
        weights = self.weights + torch.tanh(self.gate(situation)) @ self.shift  # (n, n_features)
        score = torch.einsum("ncf,nf->nc", seen, weights) + self.opinion(seen).squeeze(2)
        if self.plan.width:
            films = self.film(self.content) + self.id.weight
            person = self.person(torch.cat([said, had], dim=1))
            score = score + (person @ films.T).gather(1, places)
        return score


def content_of(world: World) -> Array:
    """What films are, for the towers: text, and genres, tags and people in 96 dimensions."""
    table = sparse.hstack([world.alike["genre"], world.alike["tag"], 0.7 * world.alike["people"]])
    k = min(_FACETS, min(table.shape) - 1)
    left, scale, _ = svds(table.tocsr().astype(np.float64), k=k, random_state=0)
    facets = left * scale
    dim = world.text.shape[1]
    facets = facets / max(float(facets.std()), 1e-9)
    return np.concatenate([world.text * np.sqrt(dim), facets], axis=1).astype(np.float32)


def inputs_of(found: Shortlist, asked: Asked, content: Array) -> Inputs:
    """Candidates and what the towers read."""
    n, views, dim = asked.vectors.shape
    had = np.zeros((n, content.shape[1]), dtype=np.float32)
    closed = np.zeros(found.places.shape, dtype=bool)
    for row, what in enumerate(asked.before):
        if len(what):
            newest = what[::-1][:20]
            weights = (0.9 ** np.arange(len(newest))).astype(np.float32)
            had[row] = weights @ content[newest] / weights.sum()
            closed[row] = np.isin(found.places[row], what)
    situation = np.array(
        [
            (min(len(what), 6) / 3 - 1, float(not len(what)), min(len(words), 30) / 15 - 1,
             min(len(said), 60) / 30 - 1)
            for what, words, said in zip(asked.before, asked.wishes, asked.said, strict=True)
        ],
        dtype=np.float32,
    ).reshape(n, _SITUATION)  # fmt: skip
    return Inputs(
        found.values,
        found.places.astype(np.int64),
        asked.vectors.reshape(n, views * dim) * np.float32(np.sqrt(dim)),
        had,
        situation,
        closed,
    )


def train_net(
    found: Shortlist,
    asked: Asked,
    content: Array,
    plan: Plan,
    *,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Net:
    """Train on moments whose tables did not see them.

    Args:
        found: candidates of n moments.
        asked: the moments.
        content: see `content_of`.
        plan: how.
        progress: told of batches.

    Raises:
        DataError: no moment has a target among its candidates.
    """
    torch.manual_seed(plan.seed)
    rng = np.random.default_rng(plan.seed)
    inputs = inputs_of(found, asked, content)
    right = wanted(found, asked)
    rows = np.flatnonzero(right.any(axis=1))
    if not len(rows):
        raise DataError("wanted moments with a target among their candidates, got none")
    net = Net(content, len(found.names), inputs.said.shape[1], plan)
    some = found.values[rows[:: max(1, len(rows) // 500)]].astype(np.float32)
    net.centre.copy_(torch.from_numpy(some.mean(axis=(0, 1))))
    net.spread.copy_(torch.from_numpy(some.std(axis=(0, 1)) + 1e-3))
    optimizer = torch.optim.AdamW(
        [
            {"params": [w for w in net.parameters() if w.ndim > 1],
             "weight_decay": plan.weight_decay},
            {"params": [w for w in net.parameters() if w.ndim <= 1], "weight_decay": 0.0},
        ]
    )  # fmt: skip
    n_batches = -(-len(rows) // plan.batch_size)
    for epoch in range(plan.epochs):
        order = rng.permutation(rows)
        for at in range(n_batches):
            batch = order[at * plan.batch_size : (at + 1) * plan.batch_size]
            done = epoch + at / n_batches
            for group in optimizer.param_groups:
                warm = min(1.0, done + 0.1)
                group["lr"] = plan.learning_rate * warm * (1 - done / plan.epochs)
            loss = _loss(_scores(net.train(), inputs, batch), torch.from_numpy(right[batch]))
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            step = epoch * n_batches + at + 1
            progress(f"Training, seed {plan.seed}", step, plan.epochs * n_batches)
    net.eval()
    return net


@torch.inference_mode()
def chances(nets: Sequence[Net], found: Shortlist, asked: Asked, content: Array) -> Array:
    """The mean logarithm of candidates' probabilities, (n, n_candidates); -1e9 for those named."""
    inputs = inputs_of(found, asked, content)
    total = np.zeros(found.places.shape, dtype=np.float32)
    for start in range(0, len(total), _ROWS):
        rows = np.arange(start, min(start + _ROWS, len(total)))
        for net in nets:
            total[rows] += _scores(net.eval(), inputs, rows).log_softmax(1).numpy() / len(nets)
    return total


def _scores(net: Net, inputs: Inputs, rows: NDArray[np.int64]) -> Tensor:
    scores: Tensor = net(
        torch.from_numpy(inputs.values[rows].astype(np.float32)),
        *(torch.from_numpy(each[rows]) for each in inputs[1:5]),
    )
    return scores.masked_fill(torch.from_numpy(inputs.closed[rows]), _CLOSED)


def _loss(scores: Tensor, right: Tensor) -> Tensor:
    """Mean cross-entropy over all targets."""
    return -(scores.log_softmax(1) * right).sum() / right.sum()
