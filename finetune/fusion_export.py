"""Write a trained conversational ranker as `simpatico.retrieval.fusion` reads it, without torch.

Three ONNX graphs: items to tokens, what was named and said to a person, both to the terms of a
score. The numbers beside them (evidence, how well known) lie in tables.npz, the rest in card.json.
"""

import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from scipy import sparse
from torch import Tensor, nn

from simpatico.finetune.dialogue_train import Conversational
from simpatico.finetune.fusion_model import ID, Events, Fusion, Tokens
from simpatico.retrieval.fusion import GRAPHS, HISTORY, Card
from simpatico.retrieval.links import TABLES


class _Items(nn.Module):
    """Features side by side, (n, sum of widths), to keys, values and their mean."""

    def __init__(self, model: Fusion) -> None:
        super().__init__()
        self.model = model

    def forward(self, features: Tensor, there: Tensor, ids: Tensor) -> tuple[Tensor, ...]:
        named = [(name, n) for name, n in self.model.shape.modalities if name != ID]
        parts = features.split([n for _, n in named], dim=1)
        by_name = {name: part for (name, _), part in zip(named, parts, strict=True)}
        tokens, mean = self.model.items(by_name, there, ids)
        return tokens.keys, tokens.values, mean


class _Person(nn.Module):
    """Events of one person, the place of the last, and words, to (1, width).

    As many events as are ever read, padded at the end: torch exports recurrent networks for one
    length only.
    """

    def __init__(self, model: Fusion) -> None:
        super().__init__()
        self.model = model

    def forward(self, items: Tensor, kinds: Tensor, last: Tensor, words: Tensor) -> Tensor:
        there = torch.ones_like(kinds, dtype=torch.bool)
        events = Events(kinds, kinds, torch.zeros_like(kinds), there)
        person: Tensor = self.model.person(items, events, words)
        return person[0, last]


class _Terms(nn.Module):
    """A person and items to what each thing adds to the score of each item."""

    def __init__(self, model: Fusion) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        person: Tensor,
        keys: Tensor,
        values: Tensor,
        there: Tensor,
        evidence: Tensor,
        log_known: Tensor,
        signals: Tensor,
    ) -> tuple[Tensor, ...]:
        content, weights = self.model.content(person, Tokens(keys, values, there))
        heard = self.model.heard(evidence)
        return (
            content[0],
            weights[0],
            heard[0],
            self.model.signals[:, None] * signals[0],
            self.model.known * log_known,
        )


def export(trained: Conversational, card: Card, ids: Sequence[str], folder: Path) -> None:
    """Write a ranker; the folder is made.

    Args:
        trained: on items in the order of `ids`.
        card: what it is; its modalities are the model's.
        ids: (n_items,) of the items it learnt of.
        folder: holds nothing else.
    """
    model = trained.model.eval()
    shape = model.shape
    if tuple(card.modalities) != shape.modalities:
        raise ValueError(f"wanted a card of {shape.modalities}, got {card.modalities}")
    n, width, n_modalities = 3, shape.width, len(shape.modalities)
    some = torch.ones((n, n_modalities), dtype=torch.bool)
    keys, values = (torch.zeros((n, n_modalities, width)) for _ in range(2))
    items = torch.export.Dim("n_items")
    graphs: Mapping[str, tuple[nn.Module, tuple[Tensor, ...], tuple[Any, ...]]] = {
        "items": (
            _Items(model),
            (
                torch.zeros((n, sum(wide for _, wide in shape.modalities))),
                some,
                torch.zeros(n, dtype=torch.long),
            ),
            ({0: items}, {0: items}, {0: items}),
        ),
        "person": (
            _Person(model),
            (
                torch.zeros((1, HISTORY + 1, width)),
                torch.zeros((1, HISTORY + 1), dtype=torch.long),
                torch.zeros(1, dtype=torch.long),
                torch.zeros((1, shape.n_state)),
            ),
            ({}, {}, {}, {}),
        ),
        "terms": (
            _Terms(model),
            (
                torch.zeros((1, width)),
                keys,
                values,
                some,
                torch.zeros((1, shape.n_evidence, n)),
                torch.zeros(n),
                torch.zeros((1, shape.n_signals, n)),
            ),
            ({}, {0: items}, {0: items}, {0: items}, {2: items}, {0: items}, {2: items}),
        ),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name in GRAPHS:
        _write(*graphs[name], folder / f"{name}.onnx")
    tables = {
        f"{name}_{part}": getattr(sparse.csr_array(table), part)
        for name, table in zip(TABLES, trained.links, strict=True)
        for part in ("data", "indices", "indptr")
    }
    np.savez_compressed(
        folder / "tables.npz",
        ids=np.array(ids, dtype=np.str_),
        has_id=trained.catalogue.has_id,
        log_known=trained.log_known,
        **tables,
    )
    (folder / "card.json").write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _write(
    module: nn.Module, example: tuple[Tensor, ...], shapes: tuple[Any, ...], file: Path
) -> None:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module.eval(), example, dynamic_shapes=shapes, dynamo=True, verbose=False
        )
    file.write_bytes(without_notes(program.model_proto).SerializeToString())


def without_notes(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph without where each node comes from: paths of the machine it was made on."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output):
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
    for function in model.functions:
        for part in (function, *function.node, *function.value_info):
            part.ClearField("doc_string")
            part.ClearField("metadata_props")
    return model
