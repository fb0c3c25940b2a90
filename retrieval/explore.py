"""Now and then another item in the last place, its chance known: so that logs can judge a ranker.

A list that is always the ranker's own says nothing of what would have happened with another. Here
the last item of a list is, with a small probability, replaced by one of the next few, each as
likely as the other. What could have stood there and how likely it was is known exactly, which is
what off-policy estimates need (`simpatico.eval.offpolicy`). All before the last stays the best.
"""

import random
from collections.abc import Sequence
from typing import Final

from simpatico.domain import Choice, Part, Recommendation, Value
from simpatico.retrieval.rerank import franchise

N_NEXT: Final = 5
"""Out of how many of the next best an explored item is drawn, at most."""

EXPLORED: Final = "explored"
"""The part, of value 0, that tells of an item that it stands where it does by chance."""


class Draw(Value):
    """A list to show and how likely it was; as in `Impression`, but for a list that is not kept."""

    shown: tuple[Recommendation, ...]
    propensities: tuple[float, ...]
    choices: tuple[Choice, ...] = ()


def explore(
    best: Sequence[Recommendation], others: Sequence[Recommendation], *, share: float, seed: str
) -> Draw:
    """The best, or with probability `share` the best but for the last place.

    In its place then stands one of the first `N_NEXT` of `others`, all equally likely, that is of
    no series that stands before it. A list of one stays as it is, and so does one without others.

    Args:
        best: what is shown without exploring, in order.
        others: what comes next and may be shown, in order; none of them among `best`.
        share: probability in [0, 1] of another item in the last place; 0: always the best.
        seed: names the list; the same seed draws the same item.
    """
    series = {franchise(one.item.title) for one in best[:-1]}
    fitting = [one for one in others if franchise(one.item.title) not in series][:N_NEXT]
    if len(best) < 2 or not fitting or share <= 0:
        return Draw(shown=tuple(best), propensities=(1.0,) * len(best))
    last = best[-1]
    chances = [(last, 1 - share), *((one, share / len(fitting)) for one in fitting)]
    rng = random.Random(f"explore {seed}")
    explored = rng.random() < share
    taken, chance = rng.choice(chances[1:]) if explored else chances[0]
    if explored:
        taken = taken.model_copy(update={"parts": (*taken.parts, Part(name=EXPLORED, value=0.0))})
    return Draw(
        shown=(*best[:-1], taken),
        propensities=(*(1.0,) * (len(best) - 1), chance),
        choices=tuple(
            Choice(item_id=one.item.id, propensity=chance, p_accept=one.p_accept)
            for one, chance in chances
            if chance > 0
        ),
    )


def policy_name(ranker: str, share: float) -> str:
    """What an impression says of who chose it: "linear", or "linear, 0.05 explored"."""
    return f"{ranker}, {share:.2g} explored" if share else ranker
