"""Whether a new ranker may take the place of the one that is served: judged by the same people.

For each choice held out, both order the whole catalogue as the page would for somebody who says
nothing: what they learnt at its share, and how well known an item is. What the person had before
is masked, of items with the target's score the target comes last. A person's figure is the mean
NDCG@10 over their choices; the new one wins when 95 % of the mean differences, people drawn
again, lie above 0.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap

from simpatico.domain import Item, Value
from simpatico.finetune.feedback import Choice, persons_of
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.fusion import SHARE, FusionScorer
from simpatico.retrieval.rank import LinearWeights, fame

CUTOFF: Final = 10
N_DRAWS: Final = 2000


class Verdict(Value):
    """What the gate found: means over people.

    Attributes:
        new, served: NDCG@10 of both, in [0, 1].
        gain: new less served.
        low, high: the middle 95 % of the gain when people are drawn again.
        n_people, n_choices: judged by.
    """

    new: float
    served: float
    gain: float
    low: float
    high: float
    n_people: int
    n_choices: int

    @property
    def wins(self) -> bool:
        """Whether the new one is better beyond the interval."""
        return self.low > 0

    @property
    def words(self) -> str:
        """The figures in a line."""
        return (
            f"NDCG@{CUTOFF} {self.new:.4f} against {self.served:.4f}, {self.gain:+.4f}"
            f" ({self.low:+.4f} to {self.high:+.4f}), n = {self.n_people} people with"
            f" {self.n_choices} choices"
        )


def judge(
    new: FusionScorer,
    served: FusionScorer,
    items: Sequence[Item],
    held: Sequence[Choice],
    *,
    seed: int = 0,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Verdict:
    """Compare two rankers.

    Args:
        new: wants the place.
        served: has it.
        items: the catalogue, in the order of the choices' places and of both rankers.
        held: choices of at least two people that neither learnt from.
        seed: of the draws.
        progress: told of choices ranked.
    """
    ours, theirs = (
        gains(ranker, items, held, what=what, progress=progress)
        for ranker, what in ((new, "Judging the new ranker"), (served, "Judging the served one"))
    )
    return verdict(ours, theirs, persons_of(held), seed=seed)


def verdict(
    ours: NDArray[np.float64],
    theirs: NDArray[np.float64],
    persons: NDArray[np.int64],
    *,
    seed: int = 0,
) -> Verdict:
    """The verdict on NDCG of each choice, (n,) each, and whose it is, (n,)."""
    _, group = np.unique(persons, return_inverse=True)
    n = np.bincount(group)
    mine, other = (np.bincount(group, weights=each) / n for each in (ours, theirs))
    gain = mine - other
    low = high = 0.0
    if gain.any():
        found = bootstrap(
            (gain,),
            np.mean,
            n_resamples=N_DRAWS,
            method="percentile",
            rng=np.random.default_rng(seed),
        ).confidence_interval
        low, high = float(found.low), float(found.high)
    return Verdict(
        new=float(mine.mean()),
        served=float(other.mean()),
        gain=float(gain.mean()),
        low=low,
        high=high,
        n_people=len(n),
        n_choices=len(ours),
    )


def gains(
    ranker: FusionScorer,
    items: Sequence[Item],
    held: Sequence[Choice],
    *,
    what: str = "",
    progress: ProgressCallback = lambda what, done, total: None,
) -> NDArray[np.float64]:
    """NDCG of each choice's target, (n,): 1 / log2(place + 1) in the first ten, else 0."""
    ids = [item.id for item in items]
    known = LinearWeights().known * np.array([fame(item.popularity) for item in items])
    to_anybody = ranker.terms(ids, query="", history=[]).content.sum(axis=1)
    found = np.zeros(len(held))
    for at, one in enumerate(held):
        history = [(ids[place], kind) for place, kind in one.history]
        terms = ranker.terms(ids, query="", history=history)
        learnt = (terms.total - terms.known - to_anybody).astype(np.float64)
        scores = np.nan_to_num(SHARE * learnt + known, nan=-np.inf)
        scores[list(one.had)] = -np.inf
        place = np.count_nonzero(scores >= scores[one.target])
        found[at] = 1 / np.log2(place + 1) if place <= CUTOFF else 0.0
        progress(what, at + 1, len(held))
    return found
