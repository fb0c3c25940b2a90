"""The same split for other people's models: RecTools' popularity, EASE, iALS and SASRec.

RecTools (Apache-2.0, github.com/MobileTeleSystems/RecTools) wants older numpy and pandas than the
page does, so it is asked in an environment of its own: `requirements-baselines.txt`. What it is
given and who it is asked about are ours (`next_item.Split`); of that, its SASRec keeps the newest
101 events of each person. Lists come back, not scores: ties stand as RecTools has them, and what a
person had before is never among them, so data with repeated items are refused. SASRec's settings
are common ones, not tuned; the others' are those of our own baselines.
"""

import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import DataError, SettingsError
from simpatico.eval.baselines_items import FACTORS, RIDGE
from simpatico.eval.next_item import CUTOFF, Split


def lists_of(split: Split, model: Any) -> NDArray[np.float64]:
    """What a RecTools model puts first, as scores: (n_asked, n_items), 0 beyond the first ten.

    Raises:
        SettingsError: RecTools is not installed.
        DataError: somebody's target is something they had before.
    """
    look_for_rectools()
    pd, data = import_module("pandas"), import_module("rectools.dataset")
    known = split.known
    if any(split.targets[at] in known.what[row] for at, row in enumerate(split.rows)):
        raise DataError("wanted targets that nobody had before: RecTools leaves those out")
    lengths = [len(each) for each in known.what]
    order = np.concatenate([np.arange(n) for n in lengths])  # RecTools sorts by time, not stably
    frame = pd.DataFrame(
        {
            "user_id": np.repeat(np.arange(len(known)), lengths),
            "item_id": np.concatenate(known.what),
            "weight": 1.0,
            "datetime": pd.to_datetime(order, unit="D"),
        }
    )
    dataset = data.Dataset.construct(frame)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(dataset)
        found = model.recommend(split.rows, dataset, k=CUTOFF, filter_viewed=True)
    scores = np.zeros((len(split.rows), len(known.items)))
    row_of = {row: at for at, row in enumerate(split.rows)}
    rows = found["user_id"].map(row_of).to_numpy()
    scores[rows, found["item_id"].to_numpy()] = CUTOFF + 1 - found["rank"].to_numpy()
    return scores


class Theirs(NamedTuple):
    """A row: its scores for a split and a seed, (n_asked, n_items); whether the seed matters."""

    score: Callable[[Split, int], NDArray[np.float64]]
    chance: bool


def popularity(split: Split) -> NDArray[np.float64]:
    """How many people had it."""
    return lists_of(split, _models().PopularModel())


def ease(split: Split) -> NDArray[np.float64]:
    """EASE (Steck, WWW 2019)."""
    return lists_of(split, _models().EASEModel(regularization=RIDGE))


def ials(split: Split, seed: int) -> NDArray[np.float64]:
    """Weighted matrix factorisation (Hu, Koren and Volinsky, ICDM 2008), by `implicit`."""
    look_for_rectools()
    model = import_module("implicit.als").AlternatingLeastSquares(
        factors=FACTORS, regularization=0.1, alpha=10, iterations=15, random_state=seed
    )
    return lists_of(split, _models().ImplicitALSWrapperModel(model))


def sasrec(split: Split, seed: int, *, epochs: int = 60) -> NDArray[np.float64]:
    """SASRec (Kang and McAuley, ICDM 2018) with a softmax over the whole catalogue."""
    look_for_rectools()
    import_module("pytorch_lightning").seed_everything(seed, verbose=False)
    model = _models().SASRecModel(
        n_factors=64, n_blocks=2, n_heads=2, session_max_len=100, dropout_rate=0.3, lr=1e-3,
        loss="softmax", epochs=epochs, deterministic=True, batch_size=64,
    )  # fmt: skip
    return lists_of(split, model)


def look_for_rectools() -> None:
    """Check that RecTools is there.

    Raises:
        SettingsError: it is not; says how to get it.
    """
    if missing := [name for name in ("rectools", "implicit", "pandas") if find_spec(name) is None]:
        raise SettingsError(
            f"the rows of RecTools need {', '.join(missing)}: use an environment of their own, with"
            " requirements-baselines.txt"
        )


def _models() -> Any:
    look_for_rectools()
    return import_module("rectools.models")


RECTOOLS: Final[Mapping[str, Theirs]] = {
    "popularity (RecTools)": Theirs(lambda split, seed: popularity(split), chance=False),
    "EASE (RecTools)": Theirs(lambda split, seed: ease(split), chance=False),
    "iALS (RecTools, implicit)": Theirs(ials, chance=True),
    "SASRec (RecTools)": Theirs(sasrec, chance=True),
}
