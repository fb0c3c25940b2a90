"""A bridge fitted to pairs under free licences, with names beside it, on others of these.

    simpatico eval cross-modal --free FOLDER

FOLDER is what `train bridge --free` made its pairs in. A third of the groups is held out: whole
folders of the packages, and what shares words or a picture with them. Penalty and the share of the
names are chosen on the other two thirds.
"""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simpatico.eval.cross_modal import (
    BRIDGE,
    LABELS,
    N_PARTS,
    PLAIN,
    Array,
    Found,
    Products,
    tables,
)
from simpatico.eval.tables import Table
from simpatico.finetune.bridge import first_ranks, parted
from simpatico.finetune.mixed_bridge import NAMES, mix
from simpatico.finetune.ship_bridge import FreePairs, read_free
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.bridge import Bridge, labels_bridge
from simpatico.retrieval.senses import Senses
from simpatico.retrieval.shipped import OWN_ROWS

MIXED: Final = "bridge and names"


def run_free(
    free: FreePairs,
    *,
    seed: int,
    progress: ProgressCallback = lambda label, done, total: None,
) -> tuple[list[Found], NDArray[np.bool_]]:
    """Fit on two thirds and ask for the rest; also which rows, (n,), were held out."""
    held = parted(free.groups, N_PARTS, np.random.default_rng(seed)) == 0
    fit = ~held
    right = free.same[held][:, None] == free.same[held]
    groups = np.unique(free.groups[fit], return_inverse=True)[1]
    both = np.concatenate([free.own, free.named], axis=1)

    def asked(title: str, shown: Array, words: Array, note: str = "") -> Found:
        scores = shown @ words.T
        return Found(title, first_ranks(scores, right), first_ranks(scores.T, right), note)

    def through(title: str, bridge: Bridge, inputs: Array, note: str = "") -> Found:
        return asked(title, bridge.to_text(inputs[held]), bridge.of_texts(free.texts[held]), note)

    plain = labels_bridge(free.named[fit], free.texts[fit], source=free.source, target=free.target)
    found = [asked(PLAIN, free.named[held], free.texts[held]), through(LABELS, plain, free.named)]
    for title, names in ((BRIDGE, (0.0,)), (MIXED, NAMES)):
        progress(f"fitting {title}", 0, 1)
        made = mix(
            free.own[fit],
            free.named[fit],
            free.texts[fit],
            groups,
            free.same[fit],
            source=free.source,
            target=free.target,
            names=names,
            seed=seed,
        )
        bridge = made.bridge.recentred(both[fit], free.texts[fit], own_rows=OWN_ROWS)
        note = f"{title}: penalty {made.penalty:g}, names count {made.names:g}"
        found.append(through(title, bridge, both, note))
        progress(f"fitting {title}", 1, 1)
    return found, held


def measure_free(
    folder: Path,
    senses: Senses,
    *,
    keep: Path,
    seed: int = 0,
    progress: ProgressCallback = lambda label, done, total: None,
) -> list[Table]:
    """The tables of free pictures, asked for both ways.

    Args:
        folder: `pairs.csv` and the files it names.
        senses: the encoders.
        keep: folder for what was made of pictures.
        seed: of the split, the folds and the draws.
        progress: told as it goes on.

    Raises:
        DataError, ModelError: see `read_free`.
    """
    free = read_free(folder, "image", senses, keep=keep, progress=progress)
    found, held = run_free(free, seed=seed, progress=progress)
    products = Products(
        tuple(str(number) for number in free.same), free.groups, free.own, free.named, free.texts
    )
    return tables(found, products, held, seed=seed, told="text")
