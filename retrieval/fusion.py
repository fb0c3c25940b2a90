"""The fusion ranker as it is served: a person asks items' modalities, in onnxruntime.

`simpatico.finetune.fusion_model` says what it is and `simpatico.finetune.fusion_export` writes it.
What it learnt takes the place of the linear ranker's hand-set parts of the same name; what no
dialogue taught (wished tones, words, limits, what was disliked or shown before) stays as it was.
It also looks through the whole catalogue for candidates.
"""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from scipy import sparse

from simpatico.domain import Candidate, Item, Profile, UserState, Value
from simpatico.errors import ModelError
from simpatico.retrieval.exact import best_of
from simpatico.retrieval.features import features_of
from simpatico.retrieval.links import TABLES, Links, newest_of
from simpatico.retrieval.packs import PACKS
from simpatico.retrieval.signals import signals_of

Array = NDArray[np.float32]

GRAPHS: Final = ("items", "person", "terms")
START, NAMED, OFFERED = 6, 1, 2
"""Kinds of event: none yet, named by the person, offered to them."""

_CHUNK: Final = 1000
HISTORY: Final = 30
"""The newest events that are read."""

SHARE: Final = 1 / 3
"""What a learned logit counts beside the hand-set parts. They were set for parts that differ three
times less between candidates; at 1, what dialogues of 2018 talked of drowned how somebody feels."""


class Card(Value):
    """What a ranker is.

    Attributes:
        name: of the ranker.
        catalog: the catalogue whose items it learnt of.
        encoder: of the text vectors that it understands.
        vocabulary: facets, see `simpatico.retrieval.features`.
        modalities: name and width of each, in the order of the graphs.
        licence: of the weights.
        data: what it was trained on, for people.
        command: how it was made.
        measured: (what, figure) for people.
    """

    version: Literal[1] = 1
    name: str
    catalog: str
    encoder: str
    vocabulary: tuple[str, ...]
    modalities: tuple[tuple[str, int], ...]
    licence: str
    data: str
    command: str = ""
    measured: tuple[tuple[str, str], ...] = ()


class Vectors(Protocol):
    """What the ranker asks of an index. `Index` answers."""

    def vectors(self, item_ids: Sequence[str]) -> Array:
        """Text vectors, (n, dim); a row of nan for an item without one."""
        ...

    def query_vector(self, query: str) -> Array:
        """The vector of what somebody looks for, (dim,)."""
        ...


class Terms(NamedTuple):
    """What each thing adds to the score of each of n items, in logits.

    Attributes:
        content: (n, n_modalities).
        attention: (n, n_modalities), sums of 1 (0 for an item of which nothing is known).
        evidence: (n_tables, n).
        signals: (n_signals, n).
        known: (n,).
    """

    content: Array
    attention: Array
    evidence: Array
    signals: Array
    known: Array

    @property
    def total(self) -> Array:
        """The scores, (n,): equal to the trained model's but for a constant."""
        total: Array = (
            self.content.sum(axis=1)
            + self.evidence.sum(axis=0)
            + self.signals.sum(axis=0)
            + self.known
        )
        return total


_Asked = tuple[str, tuple[tuple[str, bool], ...]]
"""A query and a history."""


class _Tokens(NamedTuple):
    keys: Array
    values: Array
    there: NDArray[np.bool_]
    mean: Array


def shipped_ranker(catalog: str) -> Path | None:
    """The folder of the ranker that ships for a catalogue, or None."""
    folder = Path(str(files("simpatico.retrieval.packs"))) / catalog / "ranker"
    return folder if catalog in PACKS and folder.is_dir() else None


class FusionModel:
    """A trained ranker of one catalogue; safe to use from several threads.

    Raises:
        ModelError: a file is missing, damaged, or does not fit the others.
    """

    def __init__(self, folder: Path) -> None:
        import onnxruntime  # type: ignore[import-untyped]  # it ships no types

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self.card = Card.model_validate_json((folder / "card.json").read_bytes())
            self._graphs = {
                name: onnxruntime.InferenceSession(
                    str(folder / f"{name}.onnx"), options, providers=["CPUExecutionProvider"]
                )
                for name in GRAPHS
            }
            with np.load(folder / "tables.npz", allow_pickle=False) as data:
                ids = [str(each) for each in data["ids"]]
                self._has_id = data["has_id"]
                self._log_known = data["log_known"]
                self._links = Links(*(_table(data, name, len(ids)) for name in TABLES))
        except ValidationError as error:
            raise ModelError(f"the ranker's card in {folder} is damaged: {error}") from error
        except Exception as error:  # onnxruntime's errors share no base
            raise ModelError(f"the ranker in {folder} cannot be loaded: {error}") from error
        wide = {each.name: each.shape[1] for each in self._graphs["items"].get_inputs()[:1]}
        widths = dict(self.card.modalities)
        if (
            not len(ids) == len(self._has_id) == len(self._log_known)
            or wide != {"features": sum(widths.values())}
            or widths.get("facets", 0) != len(self.card.vocabulary)
        ):
            raise ModelError(
                f"the ranker's card, graphs and tables in {folder} do not fit together"
            )
        self._place = {item_id: place for place, item_id in enumerate(ids)}

    def place(self, item_id: str) -> int:
        """Where an item stands among those it learnt of; -1 for another."""
        return self._place.get(item_id, -1)

    def log_known(self, places: NDArray[np.int64]) -> Array:
        """How well items are known, (n,); others as little as the least known."""
        least = self._log_known.min(initial=0)
        known: Array = np.where(places >= 0, self._log_known[places], least).astype(np.float32)
        return known

    def evidence(self, had: NDArray[np.int64], places: NDArray[np.int64]) -> Array:
        """Behavioural evidence for items at places, (1, n_tables, n); 0 for others.

        Args:
            had: places of what the person had, the oldest first; -1 for others.
            places: (n,) of the items to score; -1 for others.
        """
        every = self._links.evidence(newest_of(had[had >= 0])[None])
        found: Array = np.where(places >= 0, every[:, :, places], 0).astype(np.float32)
        return found

    def run(self, graph: str, **inputs: Any) -> list[Any]:
        """Run one of `GRAPHS`."""
        found: list[Any] = self._graphs[graph].run(None, inputs)
        return found

    def of(self, items: Sequence[Item], vectors: Vectors) -> "FusionScorer":
        """Read a catalogue once, so that it can be ranked."""
        text = vectors.vectors([item.id for item in items])
        parts = [
            self._tokens(items[start : start + _CHUNK], text[start : start + _CHUNK])
            for start in range(0, len(items), _CHUNK)
        ]
        tokens = _Tokens(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
        return FusionScorer(self, items, vectors, np.nan_to_num(text), tokens)

    def _tokens(self, items: Sequence[Item], text: Array) -> _Tokens:
        features = features_of(items, self.card.vocabulary, {"text": text})
        place = [self.place(item.id) for item in items]
        has_id = [at >= 0 and bool(self._has_id[at]) for at in place]
        named = [name for name, _ in self.card.modalities]
        there = np.stack(
            [has_id if name == "id" else ~np.isnan(features[name]).any(axis=1) for name in named],
            axis=1,
        )
        side_by_side = np.concatenate(
            [np.nan_to_num(features[name]) for name in named if name != "id"], axis=1
        )
        keys, values, mean = self.run(
            "items",
            features=side_by_side,
            there=there,
            ids=np.maximum(place, 0).astype(np.int64),
        )
        return _Tokens(keys, values, there, mean)


class FusionScorer:
    """A ranker with one catalogue read."""

    def __init__(
        self,
        model: FusionModel,
        items: Sequence[Item],
        vectors: Vectors,
        text: Array,
        tokens: _Tokens,
    ) -> None:
        self._model = model
        self._vectors = vectors
        self._text = text
        self._tokens = tokens
        self._ids = [item.id for item in items]
        self._row = {item_id: row for row, item_id in enumerate(self._ids)}
        self._place = np.array([model.place(item_id) for item_id in self._ids], dtype=np.int64)
        self._known = model.log_known(self._place)
        self._newest: tuple[_Asked, Terms] | None = None

    def terms(
        self, item_ids: Sequence[str], *, query: str, history: Sequence[tuple[str, bool]]
    ) -> Terms:
        """Score items for one person now.

        Args:
            item_ids: (n,) of the catalogue.
            query: what they look for.
            history: what they named or liked (True) and what was offered to them (False), the
                oldest first; items that are not of the catalogue are passed over.

        Raises:
            KeyError: an item is not of the catalogue.
        """
        rows = np.array([self._row[item_id] for item_id in item_ids], dtype=np.int64)
        return self._terms(rows, query, history)

    def learned(
        self, candidates: Sequence[Candidate], state: UserState, profile: Profile
    ) -> list[Mapping[str, float]]:
        """Parts of each candidate's score, by the name of the linear ranker's that they replace.

        Each is `SHARE` of what the candidate has more of than the mean of the catalogue, for this
        person now; `liked` is everything that its tokens and its closeness to what the person
        named say. How well known it is stays hand-set: what was popular when the dialogues were
        held is no taste.
        """
        if not candidates:
            return []
        terms = self._every(state, profile)
        match, alike = terms.signals
        parts = {
            "match": match,
            "liked": alike + terms.content.sum(axis=1),
            "together": terms.evidence.sum(axis=0),
        }
        beyond = {name: SHARE * (values - values.mean()) for name, values in parts.items()}
        rows = [self._row[each.item.id] for each in candidates]
        return [{name: float(values[row]) for name, values in beyond.items()} for row in rows]

    def propose(
        self, state: UserState, profile: Profile, *, k: int, allowed: NDArray[np.bool_]
    ) -> list[tuple[str, float]]:
        """The k of the allowed that score best, best first: (id, logits beyond the best one's).

        None for somebody who says nothing and of whom nothing is known. How well known an item is
        does not count here either.

        Args:
            state: of the person.
            profile: of the person.
            k: how many at most.
            allowed: (n_items,) flags in the order of the catalogue.
        """
        rows = np.flatnonzero(allowed)
        if not rows.size or not (state.query.strip() or _history(state, profile)):
            return []
        terms = self._every(state, profile)
        scores = (terms.total - terms.known)[rows]
        best = best_of(scores, k)
        return [(self._ids[rows[at]], float(scores[at] - scores[best[0]])) for at in best]

    def _every(self, state: UserState, profile: Profile) -> Terms:
        """The terms of the whole catalogue; the newest are kept, for who proposes also ranks."""
        asked = (state.query, tuple(_history(state, profile)))
        kept = self._newest
        if kept is None or kept[0] != asked:
            kept = self._newest = (asked, self._terms(slice(None), *asked))
        return kept[1]

    def _terms(
        self, rows: NDArray[np.int64] | slice, query: str, history: Sequence[tuple[str, bool]]
    ) -> Terms:
        model, tokens = self._model, self._tokens
        past = [(self._row[item_id], by) for item_id, by in history if item_id in self._row]
        past = past[-HISTORY:]
        had = np.array([row for row, _ in past], dtype=np.int64)
        words = self._vectors.query_vector(query) if query else np.zeros_like(self._text[0])
        items = np.zeros((1, HISTORY + 1, tokens.mean.shape[1]), dtype=np.float32)
        items[0, 1 : len(had) + 1] = tokens.mean[had]
        kinds = np.full((1, HISTORY + 1), START, dtype=np.int64)
        kinds[0, 1 : len(had) + 1] = [NAMED if by else OFFERED for _, by in past]
        (person,) = model.run(
            "person",
            items=items,
            kinds=kinds,
            last=np.array([len(had)], dtype=np.int64),
            words=words[None],
        )
        found = model.run(
            "terms",
            person=person,
            keys=tokens.keys[rows],
            values=tokens.values[rows],
            there=tokens.there[rows],
            evidence=model.evidence(self._place[had], self._place[rows]),
            log_known=self._known[rows],
            signals=signals_of(words[None], [range(len(had))], self._text[rows], self._text[had]),
        )
        return Terms(*found)


def _history(state: UserState, profile: Profile) -> list[tuple[str, bool]]:
    """What the person saved and liked, then what this conversation names and does not dislike.

    The oldest first; what is there twice stands where it came last.
    """
    mentions = state.mentions
    named = (*profile.saved, *profile.liked, *mentions.named, *mentions.seen, *mentions.liked)
    newest_first = dict.fromkeys(reversed(named))
    return [(each, True) for each in reversed(newest_first) if each not in mentions.disliked]


def _table(data: Any, name: str, n: int) -> sparse.csr_array:
    parts = tuple(data[f"{name}_{part}"] for part in ("data", "indices", "indptr"))
    table = sparse.csr_array(parts, shape=(n, n))
    table.check_format()
    return table
