"""The same split for RecBole's GRU4Rec.

RecBole (MIT, github.com/RUCAIBox/RecBole) lives in the environment of RecTools. It is given the
known events of everybody (`next_item.Split`) and scores every item for everybody asked; it reads
the newest `LONGEST` events of a person. Its settings are the library's own (64 and 128 wide, one
layer, dropout .3, softmax over the catalogue) but for smaller batches and `LONGEST`; not tuned.
"""

import logging
import tempfile
import warnings
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import SettingsError
from simpatico.eval.next_item import Split

LONGEST: Final = 20
EPOCHS: Final = 15
BATCH: Final = 256
_ROWS: Final = 256


def gru4rec(split: Split, seed: int, *, epochs: int = EPOCHS) -> NDArray[np.float64]:
    """GRU4Rec (Hidasi et al., ICLR 2016; Tan et al., 2016): scores, (n_asked, n_items).

    Raises:
        SettingsError: RecBole is not installed.
    """
    look_for_recbole()
    torch = import_module("torch")
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config = _config(Path(folder), seed, epochs)
        _write(split, Path(folder) / _NAME / f"{_NAME}.inter")
        import_module("recbole.utils").init_seed(seed, True)
        whole = import_module("recbole.data").create_dataset(config)
        learnt = whole.build()[0]
        loader = import_module("recbole.data.dataloader").TrainDataLoader(
            config, learnt, None, shuffle=True
        )
        models = import_module("recbole.model.sequential_recommender")
        model = models.GRU4Rec(config, learnt).to(config["device"])
        trainer = import_module("recbole.trainer").Trainer(config, model)
        trainer.fit(loader, None, verbose=False, saved=False, show_progress=False)
        columns = whole.token2id(
            whole.iid_field, np.array([str(item) for item in range(len(split.known.items))])
        )
        model.eval()
        parts = []
        for start in range(0, len(split.rows), _ROWS):
            newest = [split.known.what[row][-LONGEST:] for row in split.rows[start : start + _ROWS]]
            items = np.zeros((len(newest), LONGEST), dtype=np.int64)
            for at, what in enumerate(newest):
                items[at, : len(what)] = columns[what]
            with torch.inference_mode():
                parts.append(
                    model.full_sort_predict(
                        {
                            model.ITEM_SEQ: torch.from_numpy(items),
                            model.ITEM_SEQ_LEN: torch.tensor([len(what) for what in newest]),
                        }
                    )
                )
    return np.asarray(torch.cat(parts).numpy()[:, columns], dtype=np.float64)


def look_for_recbole() -> None:
    """Check that RecBole is there.

    Raises:
        SettingsError: it is not; says how to get it.
    """
    if find_spec("recbole") is None:
        raise SettingsError(
            "the rows of RecBole need recbole: use an environment of their own, with"
            " requirements-baselines.txt"
        )


_NAME: Final = "known"


def _config(folder: Path, seed: int, epochs: int) -> Any:
    logging.getLogger().setLevel(logging.ERROR)
    return import_module("recbole.config").Config(
        model="GRU4Rec",
        dataset=_NAME,
        config_dict={
            "data_path": str(folder),
            "checkpoint_dir": str(folder),
            "load_col": {"inter": ["user_id", "item_id", "timestamp"]},
            "USER_ID_FIELD": "user_id",
            "ITEM_ID_FIELD": "item_id",
            "TIME_FIELD": "timestamp",
            "MAX_ITEM_LIST_LENGTH": LONGEST,
            "loss_type": "CE",
            "train_neg_sample_args": None,
            "train_batch_size": BATCH,
            "epochs": epochs,
            "eval_args": {"split": {"RS": [1.0]}, "order": "TO", "group_by": None, "mode": "full"},
            "seed": seed,
            "use_gpu": False,
            "show_progress": False,
            "state": "ERROR",
        },
    )


def _write(split: Split, file: Path) -> None:
    """Known events with their order as time: RecBole does not sort stably. All items are named."""
    lines = ["user_id:token\titem_id:token\ttimestamp:float"]
    for row, what in enumerate(split.known.what):
        lines += [f"{row}\t{item}\t{at}" for at, item in enumerate(what)]
    lines += [
        f"nobody{item}\t{item}\t0"
        for item in set(range(len(split.known.items))) - set(np.concatenate(split.known.what))
    ]
    file.parent.mkdir(parents=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
