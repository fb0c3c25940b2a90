"""The fusion ranker as it is served: a person asks items' modalities, in onnxruntime.

`simpatico.finetune.fusion_model` says what it is and `simpatico.finetune.fusion_export` writes it.
What it learnt takes the place of the linear ranker's hand-set parts of the same name; what no
dialogue taught (wished tones, words, limits, what was disliked or shown before) stays as it was.
It also looks through the whole catalogue for candidates.
"""

import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import AwareDatetime, ValidationError

from simpatico.domain import Candidate, Item, Profile, UserState, Value
from simpatico.errors import ModelError
from simpatico.retrieval.attribution import (
    Grounds,
    Stance,
    Terms,
    hidden,
    lost_without,
    resting,
    speaking,
)
from simpatico.retrieval.exact import best_of
from simpatico.retrieval.features import features_of
from simpatico.retrieval.feelings import Feelings, Felt
from simpatico.retrieval.links import newest_of
from simpatico.retrieval.packs import PACKS
from simpatico.retrieval.past import KINDS, PLAIN, START, Kind, heard, past_of
from simpatico.retrieval.ranker_tables import read_tables
from simpatico.retrieval.signals import signals_of

Array = NDArray[np.float32]

log = logging.getLogger(__name__)

GRAPHS: Final = ("items", "person", "terms")
_CHUNK: Final = 1000
HISTORY: Final = 30
"""The newest events that are read."""

SHARE: Final = 1 / 3
"""What a learned logit counts beside the hand-set parts. They were set for parts that differ three
times less between candidates; at 1, what dialogues of 2018 talked of drowned how somebody feels."""

_FEW: Final = 1000
"""Items from which on it is faster to look up the evidence of all of them."""

KEPT: Final = 32
"""Of how many who searched last the terms are kept, a megabyte each with 12,000 items: a turn that
finds nothing searches again with fewer limits, and between these come searches of others."""

STANDING: Final = 64
"""Items, evenly spaced, that stand for the catalogue where its mean is wanted often."""


_SAID: Final[Mapping[Kind, Stance]] = {
    "liked": "liked",
    "saved": "saved",
    "seen": "have seen",
    "named": "named",
}


class Card(Value):
    """What a ranker is.

    Attributes:
        name: of the ranker.
        catalog: the catalogue whose items it learnt of.
        encoder: of the text vectors that it understands.
        vocabulary: facets, see `simpatico.retrieval.features`.
        modalities: name and width of each, in the order of the graphs.
        tower: what reads the events.
        kinds: of events that it is told of.
        moods, needs: names of those that it is told of, in the order of the graphs; none: of none.
        licence: of the weights.
        data: what it was trained on, for people.
        command: how it was made.
        measured: (what, figure) for people.
        until: it learnt from no event of this moment or later; None: from no events.
    """

    version: Literal[1] = 1
    name: str
    catalog: str
    encoder: str
    vocabulary: tuple[str, ...]
    modalities: tuple[tuple[str, int], ...]
    tower: Literal["gru", "lstm", "attention", "mlp"] = "gru"
    kinds: tuple[Kind, ...] = PLAIN
    moods: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    licence: str
    data: str
    command: str = ""
    measured: tuple[tuple[str, str], ...] = ()
    until: AwareDatetime | None = None

    @property
    def feelings(self) -> Feelings:
        """The names of moods and needs that it is told of."""
        return Feelings(self.moods, self.needs)


class Vectors(Protocol):
    """What the ranker asks of an index. `Index` answers."""

    def vectors(self, item_ids: Sequence[str]) -> Array:
        """Text vectors, (n, dim); a row of nan for an item without one."""
        ...

    def query_vector(self, query: str) -> Array:
        """The vector of what somebody looks for, (dim,)."""
        ...


class _Tokens(NamedTuple):
    keys: Array
    values: Array
    there: NDArray[np.bool_]
    mean: Array


class _Past(NamedTuple):
    """Rows and numbers of kinds of the newest events; rows of all but what was disliked."""

    rows: NDArray[np.int64]
    kinds: NDArray[np.int64]
    had: NDArray[np.int64]


def read_card(folder: Path) -> Card:
    """The card of the ranker in a folder.

    Raises:
        ModelError: it is missing or damaged.
    """
    try:
        return Card.model_validate_json((folder / "card.json").read_bytes())
    except (OSError, ValidationError) as error:
        raise ModelError(f"the ranker's card in {folder} cannot be read: {error}") from error


def write_card(folder: Path, card: Card) -> None:
    """Write card.json."""
    (folder / "card.json").write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")


def shipped_ranker(catalog: str) -> Path | None:
    """The folder of the ranker that ships for a catalogue, or None."""
    folder = Path(str(files("simpatico.retrieval.packs"))) / catalog / "ranker"
    return folder if catalog in PACKS and folder.is_dir() else None


class FusionModel:
    """A trained ranker of one catalogue; safe to use from several threads.

    One that was trained with other moods and needs than are read now is told of those that both
    have, and the log says which these are not. One that was trained without is told of none.

    Raises:
        ModelError: a file is missing, damaged, or does not fit the others.
    """

    def __init__(self, folder: Path) -> None:
        import onnxruntime  # type: ignore[import-untyped]  # it ships no types

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.card = read_card(folder)
        try:
            self._graphs = {
                name: onnxruntime.InferenceSession(
                    str(folder / f"{name}.onnx"), options, providers=["CPUExecutionProvider"]
                )
                for name in GRAPHS
            }
            ids, self._has_id, counts = read_tables(folder)
            self._log_known = counts.log_known()
            self._links = counts.links()
        except Exception as error:  # onnxruntime's errors share no base
            raise ModelError(f"the ranker in {folder} cannot be loaded: {error}") from error
        wide = {each.name: each.shape[1] for each in self._graphs["items"].get_inputs()[:1]}
        widths = dict(self.card.modalities)
        told = {each.name: each.shape[-1] for each in self._graphs["person"].get_inputs()}
        self.feelings = feelings = self.card.feelings
        asking = {name: len(names) for name, names in feelings._asdict().items() if any(feelings)}
        if (
            not len(ids) == len(self._has_id) == len(self._log_known)
            or wide != {"features": sum(widths.values())}
            or widths.get("facets", 0) != len(self.card.vocabulary)
            or {name: told[name] for name in Feelings._fields if name in told} != asking
        ):
            raise ModelError(
                f"the ranker's card, graphs and tables in {folder} do not fit together"
            )
        if feelings.gone or feelings.lacking:
            log.warning(
                "the ranker %r was trained with other moods and needs than are read now: of %s it"
                " knows nothing, and nobody reads %s",
                self.card.name,
                ", ".join(feelings.lacking) or "none",
                ", ".join(feelings.gone) or "others",
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

    def evidence(self, had: Sequence[NDArray[np.int64]], places: NDArray[np.int64]) -> Array:
        """Behavioural evidence for items at places, (n_people, n_tables, n); 0 for others.

        Args:
            had: places of what each person had, the oldest first; -1 for others.
            places: (n,) of the items to score; -1 for others.
        """
        newest = np.stack([newest_of(each[each >= 0]) for each in had])
        if len(places) < _FEW:
            every = self._links.evidence_for(newest, np.maximum(places, 0))
        else:
            every = self._links.evidence(newest)[:, :, places]
        found: Array = np.where(places >= 0, every, 0).astype(np.float32)
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
        self._labels = [item.label for item in items]
        self._row = {item_id: row for row, item_id in enumerate(self._ids)}
        self._place = np.array([model.place(item_id) for item_id in self._ids], dtype=np.int64)
        self._known = model.log_known(self._place)
        self._terms_of_all = lru_cache(maxsize=KEPT)(self._of_all)
        some = np.linspace(0, len(items) - 1, min(STANDING, len(items)))
        self._standing = some.astype(np.int64)
        anybody = self._of_all("", (), self._felt(UserState()))
        self._to_anybody = hidden(anybody.content, anybody.attention)
        self._talked_of = anybody.content.sum(axis=1)

    @property
    def modalities(self) -> tuple[str, ...]:
        """Of items, in the order of `Terms`."""
        return tuple(name for name, _ in self._model.card.modalities)

    def cosines(self, some: Sequence[str], others: Sequence[str]) -> Array:
        """Of the texts of items, (n_some, n_others); 0 where one has none.

        Raises:
            KeyError: an item is not of the catalogue.
        """
        rows = [[self._row[item_id] for item_id in each] for each in (some, others)]
        found: Array = self._text[rows[0]] @ self._text[rows[1]].T
        return found

    def terms(
        self,
        item_ids: Sequence[str],
        *,
        query: str,
        history: Sequence[tuple[str, Kind]],
        state: UserState | None = None,
        without: Sequence[str] = (),
    ) -> Terms:
        """Score items for one person now.

        Args:
            item_ids: (n,) of the catalogue.
            query: what they look for.
            history: items and what they did with them, the oldest first; those that are not of the
                catalogue are passed over.
            state: whose mood and need ask as well; nothing else of it does.
            without: modalities of these items that are not looked at.

        Raises:
            KeyError: an item is not of the catalogue.
        """
        rows = np.array([self._row[item_id] for item_id in item_ids], dtype=np.int64)
        felt = self._felt(state or UserState())
        (found,) = self._terms_of_each(rows, query, [history], felt, without)
        return found

    def learned(
        self, candidates: Sequence[Candidate], state: UserState, profile: Profile
    ) -> list[Mapping[str, float]]:
        """Parts of each candidate's score; those that the linear ranker has take its parts' place.

        Each is `SHARE` of what the candidate has more of than the mean of `STANDING` items, for
        this person now. `liked` is closeness to what the person named, `talked` what its tokens say
        to them, in their mood, beyond what they say to somebody unknown in none. That rest and how
        well known it is stay out or hand-set: what was talked of when the dialogues were held is no
        taste.
        """
        if not candidates:
            return []
        asked = np.array([self._row[each.item.id] for each in candidates], dtype=np.int64)
        rows, n = np.concatenate([asked, self._standing]), len(asked)
        (terms,) = self._terms_of_each(
            rows, state.query, [self._history(state, profile)], self._felt(state)
        )
        match, alike = terms.signals
        parts = {
            "match": match,
            "liked": alike,
            "talked": terms.content.sum(axis=1) - self._talked_of[rows],
            "together": terms.evidence.sum(axis=0),
        }
        beyond = [SHARE * (values[:n] - values[n:].mean()) for values in parts.values()]
        by_item = np.round(np.stack(beyond, axis=1).astype(np.float64), 6).tolist()
        return [dict(zip(parts, values, strict=True)) for values in by_item]

    def grounds(self, item_ids: Sequence[str], state: UserState, profile: Profile) -> list[Grounds]:
        """What the score of each of some items rests on, for this person now.

        Raises:
            KeyError: an item is not of the catalogue.
        """
        rows = np.array([self._row[item_id] for item_id in item_ids], dtype=np.int64)
        stances = _stances(state, profile)
        history = self._history(state, profile)
        read = [each for each in history[-HISTORY:] if each[0] in stances]
        both = np.concatenate([rows, self._standing])
        left_out = [[each for each in history if each is not one] for one in read]
        full, *without = self._terms_of_each(
            both, state.query, [history, *left_out], self._felt(state)
        )
        named = [(each, self._labels[self._row[each]], stances[each]) for each, _ in read]
        history_of_each = resting(
            item_ids,
            named,
            lost_without(full, without, len(rows), share=SHARE),
            self.cosines([each for each, _ in read], item_ids),
        )
        costs = hidden(full.content[: len(rows)], full.attention[: len(rows)])
        modalities_of_each = speaking(self.modalities, costs, self._to_anybody[rows], share=SHARE)
        return [Grounds(*each) for each in zip(history_of_each, modalities_of_each, strict=True)]

    def propose(
        self, state: UserState, profile: Profile, *, k: int, allowed: NDArray[np.bool_]
    ) -> list[tuple[str, float]]:
        """The k of the allowed that score best, best first: (id, logits beyond the best one's).

        None for somebody who says nothing and of whom nothing but dislikes is known, whatever
        their mood. How well known an item is does not count here either; what its tokens say to
        anybody does, for among many candidates it does no harm.

        Args:
            state: of the person.
            profile: of the person.
            k: how many at most.
            allowed: (n_items,) flags in the order of the catalogue.
        """
        rows = np.flatnonzero(allowed)
        known = any(kind != "disliked" for _, kind in self._history(state, profile))
        if not rows.size or not (state.query.strip() or known):
            return []
        terms = self._every(state, profile)
        scores = (terms.total - terms.known)[rows]
        best = best_of(scores, k)
        return [(self._ids[rows[at]], float(scores[at] - scores[best[0]])) for at in best]

    def _every(self, state: UserState, profile: Profile) -> Terms:
        """The terms of the whole catalogue."""
        history = tuple(self._history(state, profile))
        return self._terms_of_all(state.query, history, self._felt(state))

    def _history(self, state: UserState, profile: Profile) -> list[tuple[str, Kind]]:
        """What of the catalogue the person did something with, the oldest first."""
        past = past_of(state, profile, self._model.card.kinds)
        return [each for each in past if each[0] in self._row]

    def _felt(self, state: UserState) -> Felt:
        return self._model.feelings.felt(state)

    def _of_all(self, query: str, history: tuple[tuple[str, Kind], ...], felt: Felt) -> Terms:
        (found,) = self._terms_of_each(slice(None), query, [history], felt)
        return found

    def _terms_of_each(
        self,
        rows: NDArray[np.int64] | slice,
        query: str,
        histories: Sequence[Sequence[tuple[str, Kind]]],
        felt: Felt,
        without: Sequence[str] = (),
    ) -> list[Terms]:
        """The terms of items for each of several histories of one who says and feels this."""
        if not histories:
            return []
        model, tokens = self._model, self._tokens
        keys, values, known = tokens.keys[rows], tokens.values[rows], self._known[rows]
        there = tokens.there[rows] & [name not in without for name in self.modalities]
        words = self._vectors.query_vector(query) if query else np.zeros_like(self._text[0])
        pasts = [self._past(history) for history in histories]
        evidence = model.evidence([self._place[past.had] for past in pasts], self._place[rows])
        signals = signals_of(
            np.tile(words, (len(pasts), 1)),
            [past.had.tolist() for past in pasts],
            self._text[rows],
            self._text,
        )
        return [
            Terms(
                *model.run(
                    "terms",
                    person=self._person(past, words, felt),
                    keys=keys,
                    values=values,
                    there=there,
                    evidence=evidence[at : at + 1],
                    log_known=known,
                    signals=signals[at : at + 1],
                )
            )
            for at, past in enumerate(pasts)
        ]

    def _past(self, history: Sequence[tuple[str, Kind]]) -> _Past:
        """The newest events that are of the catalogue."""
        told = heard(history, self._model.card.kinds)
        past = [(self._row[item_id], kind) for item_id, kind in told if item_id in self._row]
        newest = past[-HISTORY:]
        return _Past(
            np.array([row for row, _ in newest], dtype=np.int64),
            np.array([KINDS[kind] for _, kind in newest], dtype=np.int64),
            np.array([row for row, kind in past if kind != "disliked"], dtype=np.int64),
        )

    def _person(self, past: _Past, words: Array, felt: Felt) -> Array:
        """Somebody as a vector, (1, width)."""
        mean = self._tokens.mean
        items = np.zeros((1, HISTORY + 1, mean.shape[1]), dtype=np.float32)
        items[0, 1 : len(past.rows) + 1] = mean[past.rows]
        every = np.full((1, HISTORY + 1), START, dtype=np.int64)
        every[0, 1 : len(past.kinds) + 1] = past.kinds
        last = np.array([len(past.rows)], dtype=np.int64)
        told = {
            name: np.array([values], dtype=np.float32)
            for name, values in felt._asdict().items()
            if any(self._model.feelings)
        }
        (person,) = self._model.run(
            "person", items=items, kinds=every, last=last, words=words[None], **told
        )
        found: Array = person
        return found


def _stances(state: UserState, profile: Profile) -> dict[str, Stance]:
    """What a reason may say that the person did; of what they dislike nothing."""
    past = past_of(state, profile, KINDS)
    return {item_id: _SAID[kind] for item_id, kind in past if kind in _SAID}
