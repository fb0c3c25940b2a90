"""What is compared by `modalities`, and how it learns: rows of what a ranker sees of an item."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import DataError
from simpatico.eval.cold_items import Flags, Trial
from simpatico.protocols import ProgressCallback

if TYPE_CHECKING:
    from simpatico.finetune.fusion_train import Plan, Trained

Array = NDArray[np.float32]


class Row(NamedTuple):
    """A model by what it sees of an item, and how it learns.

    Attributes:
        title: for people.
        ids: whether items have vectors of their own.
        modalities: what else.
        evidence: whether the behavioural tables speak as well.
        fresh: whether it learns of some items as if nobody had had them; ids alone cannot.
    """

    title: str
    ids: bool
    modalities: tuple[str, ...]
    evidence: bool
    fresh: bool


_SEEN: Final = (
    ("ids only", True, ()),
    ("text only", False, ("text",)),
    ("image only", False, ("image",)),
    ("text and image", False, ("text", "image")),
    ("ids, text and image", True, ("text", "image")),
)
EVIDENCE: Final = " + evidence"
WITHOUT = tuple(
    Row(title, ids, seen, evidence=False, fresh=bool(seen)) for title, ids, seen in _SEEN
)
WITH = tuple(row._replace(title=row.title + EVIDENCE, evidence=True) for row in WITHOUT)
BEFORE = WITH[-1]._replace(title=f"{WITH[-1].title}, no fresh items", fresh=False)
ROWS: Final = (*WITHOUT, *WITH, BEFORE)
"""What is compared; the full model also as it is if it never learns of items as fresh."""

PAIRS: Final = (
    *(
        pair
        for ids, text, image, both, full in (WITHOUT, WITH)
        for pair in (
            (full, ids),
            (full, text),
            (full, image),
            (text, ids),
            (image, ids),
            (both, text),
            (full, both),
        )
    ),
    (WITH[-1], BEFORE),
    *zip(WITH, WITHOUT, strict=True),
)


@dataclass(frozen=True)
class Recipe:
    """How every row is trained.

    Attributes:
        token_dropout: probability that a token of an item is hidden while learning.
        epochs: over what is learnt from.
        newest: events of a person that are learnt from, the newest.
        fresh_share: see `simpatico.finetune.fusion_train.Plan`; of rows that learn so.
    """

    token_dropout: float = 0.3
    epochs: int = 3
    newest: int = 50
    fresh_share: float = 0.2

    def plan(self, row: Row, seed: int) -> "Plan":
        """The plan of a row and seed: a GRU alone."""
        from simpatico.finetune.fusion_train import Plan

        return Plan(
            towers=("gru",),
            token_dropout=self.token_dropout,
            epochs=self.epochs,
            use_evidence=row.evidence,
            fresh_share=self.fresh_share if row.fresh else 0.0,
            seed=seed,
        )


def rows_of(names: str) -> tuple[Row, ...]:
    """Rows by their titles, parted by ";"; all for "".

    Raises:
        DataError: a title is not known.
    """
    known = {row.title: row for row in ROWS}
    wanted = [name.strip() for name in names.split(";") if name.strip()]
    if unknown := [name for name in wanted if name not in known]:
        raise DataError(f"no row {', '.join(unknown)}; the rows are: {'; '.join(known)}")
    return tuple(known[name] for name in wanted) or ROWS


def learn(
    trial: Trial,
    row: Row,
    vectors: Mapping[str, Array],
    recipe: Recipe,
    *,
    seed: int = 0,
    progress: ProgressCallback = lambda what, done, total: None,
) -> "Trained":
    """Train a row without the cold items, and let them in."""
    from simpatico.finetune.fusion_train import catalogue_of, train

    warm = ~trial.cold
    seen = {name: vectors[name] for name in row.modalities}
    without = {name: values[warm] for name, values in seen.items()}
    learnt_of = catalogue_of(len(trial.learnt.items), without, ids=row.ids)
    trained = train(trial.learnt, learnt_of, recipe.plan(row, seed), progress=progress)
    least = np.float32(-np.log(trial.learnt.n_events + len(trial.learnt.items)))
    known = np.float32(np.nan) if row.fresh else least
    return let_in(trained, trial.cold, seen, log_known=known)


def let_in(
    trained: "Trained",
    cold: Flags,
    vectors: Mapping[str, Array],
    *,
    log_known: np.float32,
) -> "Trained":
    """A ranker that knows cold items too: no vector of their own, no evidence, never had.

    Args:
        trained: on the items that are not cold.
        cold: (n_items,).
        vectors: for each modality (n_items, width).
        log_known: of cold items; nan for a ranker that learnt what fresh items are.
    """
    import torch
    from scipy import sparse

    from simpatico.finetune.fusion_train import Trained, catalogue_of
    from simpatico.retrieval.links import Links

    n_items, warm = len(cold), np.flatnonzero(~cold)
    spread = sparse.csr_array(
        (np.ones(len(warm), np.float32), (warm, np.arange(len(warm)))), shape=(n_items, len(warm))
    )
    tables = [sparse.csr_array(table) for table in trained.links]
    near, together = (sparse.csr_array(spread @ table @ spread.T).toarray() for table in tables)
    known = np.full(n_items, log_known)
    known[warm] = trained.log_known
    has_id = np.zeros(n_items, dtype=np.bool_)
    has_id[warm] = trained.catalogue.has_id
    for member in trained.members:
        grown = torch.nn.Embedding(n_items, member.shape.width)
        with torch.no_grad():
            grown.weight.zero_()
            grown.weight[torch.from_numpy(warm)] = member.items.id.weight
        member.items.id = grown
    return Trained(
        trained.members,
        catalogue_of(n_items, vectors, cold=~has_id),
        Links(near, together),
        known,
        trained.losses,
    )
