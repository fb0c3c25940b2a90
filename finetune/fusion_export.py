"""Write a trained conversational ranker as `simpatico.retrieval.fusion` reads it, without torch.

Three ONNX graphs: items to tokens, what was named and said to a person, both to the terms of a
score. The numbers beside them (evidence, how well known) lie in tables.npz, the rest in card.json.
The graphs hold every weight under its own name, so that training can go on from them.
"""

import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from simpatico.errors import ModelError
from simpatico.finetune.dialogue_train import Conversational
from simpatico.finetune.fusion_model import ID, Events, Feeling, Fusion, Tokens
from simpatico.retrieval.fusion import GRAPHS, HISTORY, Card, write_card
from simpatico.retrieval.ranker_tables import Tables, write_tables

_MODEL: Final = "model."
"""What the names of weights begin with in the graphs."""


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

    Of a model that is told of them, moods and needs, too; another has no such inputs. As many
    events as are ever read, padded at the end: torch exports recurrent networks for one length
    only.
    """

    def __init__(self, model: Fusion) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        items: Tensor,
        kinds: Tensor,
        last: Tensor,
        words: Tensor,
        moods: Tensor | None = None,
        needs: Tensor | None = None,
    ) -> Tensor:
        there = torch.ones_like(kinds, dtype=torch.bool)
        events = Events(kinds, kinds, torch.zeros_like(kinds), there)
        feeling = None if moods is None or needs is None else Feeling(moods, needs)
        person: Tensor = self.model.person(items, events, words, feeling)
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
        card: what it is; its modalities, tower, kinds of event, moods and needs are the model's.
        ids: (n_items,) of the items it learnt of.
        folder: holds nothing else.
    """
    model = trained.model.eval()
    shape = model.shape
    if tuple(card.modalities) != shape.modalities:
        raise ValueError(f"wanted a card of {shape.modalities}, got {card.modalities}")
    if card.tower != shape.tower:
        raise ValueError(f"wanted a card of {shape.tower}, got {card.tower}")
    if card.feelings != trained.feelings:
        raise ValueError(f"wanted a card of {trained.feelings}, got {card.feelings}")
    if card.kinds != trained.kinds:
        raise ValueError(f"wanted a card of {trained.kinds}, got {card.kinds}")
    n, width, n_modalities = 3, shape.width, len(shape.modalities)
    some = torch.ones((n, n_modalities), dtype=torch.bool)
    keys, values = (torch.zeros((n, n_modalities, width)) for _ in range(2))
    items = torch.export.Dim("n_items")
    felt = (shape.n_moods, shape.n_needs) if any(trained.feelings) else ()
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
                *(torch.zeros((1, n_names)) for n_names in felt),
            ),
            ({}, {}, {}, {}, *({} for _ in felt)),
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
    _write_numbers(trained, card, ids, folder)


def rewrite(
    trained: Conversational, card: Card, ids: Sequence[str], like: Path, folder: Path
) -> None:
    """Write a ranker of the same shape as an exported one: its graphs with these weights.

    The graphs are not traced again, which takes a minute; the folder is made.

    Args:
        trained: on items in the order of `ids`; there may be more or fewer than before.
        card: what it is.
        ids: (n_items,) of the items it learnt of.
        like: the folder of the ranker whose shape it has.
        folder: holds nothing else.

    Raises:
        ModelError: the graphs cannot be read.
    """
    weights = trained.model.state_dict()
    folder.mkdir(parents=True, exist_ok=True)
    for name in GRAPHS:
        graph = _read(like, name)
        for each in graph.graph.initializer:
            if each.name.startswith(_MODEL):
                new = weights[each.name.removeprefix(_MODEL)].numpy()
                each.CopyFrom(numpy_helper.from_array(new, each.name))
        (folder / f"{name}.onnx").write_bytes(graph.SerializeToString())
    _write_numbers(trained, card, ids, folder)


def read_weights(folder: Path) -> dict[str, Tensor]:
    """The weights of an exported ranker, by their names in `Fusion`.

    Raises:
        ModelError: a graph cannot be read.
    """
    found = {}
    for name in GRAPHS:
        for each in _read(folder, name).graph.initializer:
            if each.name.startswith(_MODEL):
                weight = torch.from_numpy(numpy_helper.to_array(each).copy())
                found[each.name.removeprefix(_MODEL)] = weight
    return found


def _read(folder: Path, name: str) -> onnx.ModelProto:
    try:
        return onnx.load(folder / f"{name}.onnx")
    except Exception as error:  # protobuf's errors and onnx's share no base
        raise ModelError(f"the ranker in {folder} cannot be read: {error}") from error


def _write_numbers(trained: Conversational, card: Card, ids: Sequence[str], folder: Path) -> None:
    write_tables(folder, Tables(tuple(ids), trained.catalogue.has_id, trained.counts))
    write_card(folder, card)


def _write(
    module: nn.Module, example: tuple[Tensor, ...], shapes: tuple[Any, ...], file: Path
) -> None:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module.eval(),
            example,
            dynamic_shapes=shapes,
            dynamo=True,
            verbose=False,
            optimize=False,  # it would merge weights and drop their names; onnxruntime optimises
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
