"""How often people take what they are shown, at each score: what `p_accept` is calibrated on.

A list that was shown is logged with each item's score; an item was taken when its person likes,
saves, accepts, buys or rates it with four stars or more in that list. Only lists of the ranker that
is served count. The newest lists are held out; two numbers are fitted to the others (Platt, 1999)
and kept if they say more about the held-out ones than what is served now.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from simpatico.errors import DataError
from simpatico.finetune.feedback import HELD_SHARE, is_taken
from simpatico.optional import needs
from simpatico.protocols import EventLog
from simpatico.retrieval.certainty import Certainty
from simpatico.retrieval.rank import LEARNED_BIAS

LEAST_SHOWN, LEAST_OF_EACH = 200, 20
"""Items shown, and of them taken and not taken, below which nothing is fitted; a quarter of it of
those held out."""

N_BINS: Final = 10


class Shown(NamedTuple):
    """A list, and what became of it.

    Attributes:
        at: when it was shown.
        user: to whom; not kept anywhere.
        items: ids.
        scores: of each item, in logits, as `Certainty` takes them.
        taken: whether each was taken.
    """

    at: datetime
    user: str
    items: tuple[str, ...]
    scores: tuple[float, ...]
    taken: tuple[bool, ...]


class Fit(NamedTuple):
    """What was fitted, and what it says of the lists held out.

    Attributes:
        certainty: to serve; None: it says no more than the score.
        words: figures, for people.
    """

    certainty: Certainty | None
    words: str


Moved = Callable[[Shown], Sequence[float]]
"""What another ranker adds to each score of a list, in logits."""


def read_shown(log: EventLog, ranker: str) -> list[Shown]:
    """The lists of one learned ranker that were logged with scores, the oldest first.

    Args:
        log: of events and lists.
        ranker: its name, as lists are logged with it; what follows a comma there is how it
            explored.

    Raises:
        StoreError: the log cannot be read.
    """
    found = []
    for user in log.users():
        taken = {(event.list_id, event.item_id) for event in log.events(user) if is_taken(event)}
        for one in log.impressions(user):
            if one.policy.split(",")[0] == ranker and one.scores:
                scores = tuple(LEARNED_BIAS + score for score in one.scores)
                outcomes = tuple((one.list_id, item) in taken for item in one.items)
                found.append(Shown(one.at, user, one.items, scores, outcomes))
    return sorted(found, key=lambda shown: shown.at)


def fit(
    shown: Sequence[Shown],
    *,
    moved: Moved | None = None,
    now: Certainty | None = None,
    held_share: float = HELD_SHARE,
) -> Fit:
    """Fit probabilities to what was taken.

    Args:
        shown: lists, the oldest first.
        moved: for a ranker that did not choose them.
        now: what makes probabilities now; None: the score itself does.
        held_share: of the lists, the newest.

    Raises:
        DataError: too few were shown or taken, with what was wanted and what there is.
        SettingsError: scikit-learn is not installed.
    """
    n_learnt = round(len(shown) * (1 - held_share))
    learnt, held = (_flat(part, moved) for part in (shown[:n_learnt], shown[n_learnt:]))
    for (_, taken), share, what in ((learnt, 1, "before"), (held, 4, "held out")):
        few, each = LEAST_SHOWN // share, LEAST_OF_EACH // share
        if len(taken) < few or min(taken.sum(), (~taken).sum()) < each:
            raise DataError(
                f"too few lists to calibrate on: wanted {few} items shown {what}, {each} of them"
                f" taken and {each} not; got {len(taken)}, {taken.sum()} taken"
            )
    slope, bias = platt(*learnt)
    scores, taken = held
    before = now or Certainty()
    old, new = (expit(a * scores + b) for a, b in ((before.slope, before.bias), (slope, bias)))
    words = (
        f"log-loss {_loss(new, taken):.4f} against {_loss(old, taken):.4f}, ECE"
        f" {ece(new, taken):.4f} against {ece(old, taken):.4f}, n = {len(taken)} items of which"
        f" {taken.sum()} were taken"
    )
    if slope <= 0 or _loss(new, taken) >= _loss(old, taken):
        return Fit(None, words)
    kept = Certainty(
        slope=slope,
        bias=bias,
        n_shown=len(learnt[1]),
        n_taken=int(learnt[1].sum()),
        measured=(("held-out lists", words),),
    )
    return Fit(kept, words)


def platt(scores: NDArray[np.float64], taken: NDArray[np.bool_]) -> tuple[float, float]:
    """The slope and the bias whose logistic says most about what was taken (Platt, 1999).

    Args:
        scores: (n,) in logits.
        taken: (n,), some of each.

    Raises:
        SettingsError: scikit-learn is not installed.
    """
    linear = needs("sklearn.linear_model", "scikit-learn", "calibration")
    model = linear.LogisticRegression(C=np.inf).fit(scores[:, None], taken)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def ece(stated: NDArray[np.float64], taken: NDArray[np.bool_]) -> float:
    """Mean gap between stated and actual frequency in `N_BINS` bins (Guo et al., 2017), by size."""
    bins = np.minimum((stated * N_BINS).astype(int), N_BINS - 1)
    gaps = [abs(float((stated - taken)[bins == each].sum())) for each in np.unique(bins)]
    return sum(gaps) / len(stated)


def _flat(
    shown: Sequence[Shown], moved: Moved | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    scores = [np.array(one.scores) + (moved(one) if moved else 0.0) for one in shown]
    taken = [np.array(one.taken, dtype=bool) for one in shown]
    return (
        np.concatenate([np.zeros(0), *scores]),
        np.concatenate([np.zeros(0, dtype=bool), *taken]),
    )


def _loss(stated: NDArray[np.float64], taken: NDArray[np.bool_]) -> float:
    """Mean log-loss in nats."""
    held = np.clip(np.where(taken, stated, 1 - stated), 1e-12, 1)
    return float(-np.log(held).mean())
