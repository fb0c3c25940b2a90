"""A ranker of the next item in a folder: a card, weights of each tower, and the tables."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import numpy as np
import safetensors
import safetensors.torch
from pydantic import ValidationError
from scipy import sparse

from simpatico.domain import Value
from simpatico.errors import ModelError
from simpatico.finetune.fusion_model import Tower
from simpatico.finetune.fusion_train import Catalogue, Plan, Trained, new_model
from simpatico.retrieval.links import TABLES, Links

CARD: Final = "card.json"


class Privacy(Value):
    """What was promised to the people learnt from; see `simpatico.finetune.private`.

    Attributes:
        epsilon, delta: of everything in the folder, for one person's events, added or removed.
        n_people: who could be among them; taken as known.
        open: what the promise does not cover.
    """

    epsilon: float
    delta: float
    n_people: int
    open: str = (
        "which items there are, how many people there were, settings chosen by looking at other"
        " results; random numbers were not of cryptographic strength"
    )


class NextItemCard(Value):
    """What a ranker is.

    Attributes:
        towers: a file of weights each.
        width: of the models.
        data: what it was trained on, for people.
        privacy: None: no promise; the tables alone tell much of what people had.
        command: how it was made.
    """

    version: Literal[1] = 1
    towers: tuple[Tower, ...]
    width: int
    data: str
    privacy: Privacy | None = None
    command: str = ""


def save(trained: Trained, card: NextItemCard, items: Sequence[str], folder: Path) -> None:
    """Write a ranker by ids alone; the folder is made.

    Raises:
        ModelError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for tower, model in zip(card.towers, trained.members, strict=True):
            safetensors.torch.save_file(model.state_dict(), folder / f"{tower}.safetensors")
        tables = {
            f"{name}_{part}": getattr(sparse.csr_array(table), part)
            for name, table in zip(TABLES, trained.links, strict=True)
            for part in ("data", "indices", "indptr")
        }
        np.savez_compressed(
            folder / "tables.npz",
            items=np.array(items, dtype=np.str_),
            has_id=trained.catalogue.has_id,
            log_known=trained.log_known,
            **tables,
        )
        (folder / CARD).write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise ModelError(f"the ranker cannot be written to {folder}: {error}") from error


def load(folder: Path) -> tuple[Trained, NextItemCard, tuple[str, ...]]:
    """A ranker, its card and its items.

    Raises:
        ModelError: a file is missing or damaged, or they do not fit together.
    """
    try:
        card = NextItemCard.model_validate_json((folder / CARD).read_bytes())
        with np.load(folder / "tables.npz", allow_pickle=False) as data:
            items = tuple(str(item) for item in data["items"])
            catalogue = Catalogue({}, {}, data["has_id"])
            links = Links(
                *(
                    sparse.csr_array(
                        tuple(data[f"{name}_{part}"] for part in ("data", "indices", "indptr")),
                        shape=(len(items), len(items)),
                    )
                    for name in TABLES
                )
            )
            trained = Trained([], catalogue, links, data["log_known"])
        for tower in card.towers:
            model = new_model(catalogue, Plan(width=card.width), tower)
            model.load_state_dict(safetensors.torch.load_file(folder / f"{tower}.safetensors"))
            trained.members.append(model.eval())
    except ValidationError as error:
        raise ModelError(f"the ranker's card in {folder} is damaged: {error}") from error
    except (OSError, ValueError, KeyError, RuntimeError, safetensors.SafetensorError) as error:
        raise ModelError(f"the ranker in {folder} cannot be loaded: {error}") from error
    return trained, card, items
