"""The same split for other people's models: RecTools' popularity, EASE, iALS and SASRec.

RecTools (Apache-2.0, github.com/MobileTeleSystems/RecTools) wants older numpy and pandas than the
page does, so it is asked in an environment of its own: `requirements-baselines.txt`. What it learns
from and who it is asked about are ours (`next_item.Split`); settings of SASRec were chosen on the
dev part of MovieLens-100K, the others are those of our own baselines.
"""

import warnings
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simpatico.eval.baselines_items import FACTORS, RIDGE
from simpatico.eval.next_item import CUTOFF, Split
from simpatico.optional import needs

SEED: Final = 0


def lists_of(split: Split, model: Any) -> NDArray[np.float64]:
    """What a RecTools model puts first, as scores: (n_asked, n_items), 0 beyond the first ten.

    Raises:
        SettingsError: RecTools is not installed.
    """
    pd = needs("pandas", "pandas", "RecTools")
    data = needs("rectools.dataset", "rectools[torch]", "the rows of RecTools")
    known = split.known
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


def popularity(split: Split) -> NDArray[np.float64]:
    """How many people had it."""
    return lists_of(split, _models().PopularModel())


def ease(split: Split) -> NDArray[np.float64]:
    """EASE (Steck, WWW 2019)."""
    return lists_of(split, _models().EASEModel(regularization=RIDGE))


def ials(split: Split) -> NDArray[np.float64]:
    """Weighted matrix factorisation (Hu, Koren and Volinsky, ICDM 2008), by `implicit`."""
    als = needs("implicit.als", "implicit", "the row iALS")
    model = als.AlternatingLeastSquares(
        factors=FACTORS, regularization=0.1, alpha=10, iterations=15, random_state=SEED
    )
    return lists_of(split, _models().ImplicitALSWrapperModel(model))


def sasrec(split: Split, *, epochs: int = 60) -> NDArray[np.float64]:
    """SASRec (Kang and McAuley, ICDM 2018) with a softmax over the whole catalogue."""
    lightning = needs("pytorch_lightning", "rectools[torch]", "the row SASRec")
    lightning.seed_everything(SEED, verbose=False)
    model = _models().SASRecModel(
        n_factors=64, n_blocks=2, n_heads=2, session_max_len=100, dropout_rate=0.3, lr=1e-3,
        loss="softmax", epochs=epochs, deterministic=True, batch_size=64,
    )  # fmt: skip
    return lists_of(split, model)


def _models() -> Any:
    return needs("rectools.models", "rectools[torch]", "the rows of RecTools")


RECTOOLS: Final[Mapping[str, Callable[[Split], NDArray[np.float64]]]] = {
    "popularity (RecTools)": popularity,
    "EASE (RecTools)": ease,
    "iALS (RecTools, implicit)": ials,
    "SASRec (RecTools)": sasrec,
}
