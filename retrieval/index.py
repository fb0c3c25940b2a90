"""One catalogue, searchable: the sources brought together, the person's limits applied."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import TONES, Candidate, Constraints, Hit, Item, Mentions, Profile, UserState
from simpatico.errors import StoreError
from simpatico.protocols import Encoder, ProgressCallback, Store
from simpatico.retrieval.audit import AuditReport, faults, mend
from simpatico.retrieval.behaviour import Behaviour
from simpatico.retrieval.build import COLLECTION, build, read_manifest, root_of, with_tones
from simpatico.retrieval.candidates import (
    OF_WORDS,
    SOURCE_WEIGHTS,
    Fused,
    Scored,
    Source,
    fuse,
    ranked,
    tone_matrix,
    top,
)
from simpatico.retrieval.catalog import Catalog, Catalogs
from simpatico.retrieval.exact import DECIMALS
from simpatico.retrieval.lexical import LexicalIndex, without_terms
from simpatico.retrieval.media_index import NOTHING_SHOWN, MediaIndex
from simpatico.retrieval.modal import Medium, Query, Shown, summed
from simpatico.retrieval.rank import RECENT_LIKES, tone_fit, wished_tones
from simpatico.retrieval.senses import Senses
from simpatico.retrieval.store import ChromaStore
from simpatico.retrieval.table import ItemTable
from simpatico.retrieval.titles import TitleIndex
from simpatico.text import clean

MAX_QUERY_CHARS: Final = 1000
KEPT_QUERIES: Final = 32
"""How many of the newest queries have their vectors kept."""
_MIN_DEPTH: Final = 50
_LIKED_SEARCHES: Final = 3
"""Newest likes whose neighbours are searched; one when there is a query to go by as well."""

_KNOWN_BONUS: Final = 0.1
"""Of two items of equal tone the better known comes first: tone alone says nothing of quality."""


class Proposer(Protocol):
    """A trained ranker that can look through the whole catalogue."""

    def propose(
        self, state: UserState, profile: Profile, *, k: int, allowed: NDArray[np.bool_]
    ) -> Scored:
        """The k best of the allowed, (n_items,) of flags, best first."""
        ...


class Index:
    """Finds candidates in one catalogue. Reads only, but for `learn` and `audit`.

    Safe to use from several threads. Another process may read the same index.
    """

    def __init__(
        self,
        catalog: Catalog,
        encoder: Encoder[str],
        store: Store,
        *,
        lexical: LexicalIndex | None = None,
        behaviour: Behaviour | None = None,
        tones: NDArray[np.float32] | None = None,
        root: Path | None = None,
        media: MediaIndex | None = None,
    ) -> None:
        """Put the parts together; `open` does so from disk.

        Args:
            catalog: the items.
            encoder: what made the vectors of `store`.
            store: a vector for each item.
            lexical: made from the catalogue when not given.
            behaviour: nothing known when not given.
            tones: (n_items, n_tones), profiles for items that have none, nan for the others.
            root: where the index lies on disk, if it does.
            media: the items' pictures and sounds, beside `store`; closed with this.
        """
        self._source = catalog
        self.catalog = catalog = catalog if tones is None else with_tones(catalog, tones)
        self.table = ItemTable(catalog.items)
        self._encoder = encoder
        self._lexical = lexical or LexicalIndex.build(catalog.items)
        self._learnt_before = self._behaviour = behaviour or Behaviour.empty()
        self._root = root
        self._media = media
        self._ids = self.table.ids
        self._tones = tone_matrix(catalog.items)
        self._popularity = np.array([item.popularity for item in catalog.items], dtype=np.float32)
        self._by_popularity = np.argsort(-self._popularity, kind="stable")
        self._proposer: Proposer | None = None
        self._vector_of = lru_cache(maxsize=KEPT_QUERIES)(self._encoded)
        self._aside = ThreadPoolExecutor(max_workers=4, thread_name_prefix="index")
        self._use(store)

    @classmethod
    def build(
        cls,
        home: Path,
        name: str,
        encoder: Encoder[str],
        *,
        progress: ProgressCallback | None = None,
    ) -> "Index":
        """Index a catalogue and open the result.

        Raises:
            DataError: no such catalogue.
            StoreError: it cannot be written, or another process is building it.
        """
        build(home, Catalogs(home).load(name), encoder, progress=progress)
        return cls.open(home, name, encoder)

    @classmethod
    def open(
        cls, home: Path, name: str, encoder: Encoder[str], *, senses: Senses | None = None
    ) -> "Index":
        """Open what `build` wrote; with `senses` also the pictures and sounds, where there are any.

        Raises:
            DataError: no such catalogue.
            StoreError: no index, one of another state of the catalogue or another encoder, or a
                damaged one. The message says what to run.
        """
        catalog = Catalogs(home).load(name)
        root = root_of(home, catalog.name)
        manifest = read_manifest(root)
        advice = "run `simpatico index build`"
        if manifest.encoder != encoder.name or manifest.dim != encoder.dim:
            raise StoreError(
                f"the index of {name!r} was built with {manifest.encoder}, not {encoder.name}: "
                f"{advice}"
            )
        if manifest.digest != catalog.digest:
            raise StoreError(f"catalogue {name!r} changed since its index was built: {advice}")
        folder = root / manifest.generation
        try:
            lexical = LexicalIndex.load(folder / "words")
            behaviour = Behaviour.load(folder / "behaviour.npz")
            tones = _read_tones(folder / "tones.npy", len(catalog))
            store = ChromaStore(folder / "store", COLLECTION, encoder.dim, create=False)
        except StoreError as error:
            raise StoreError(f"the index of {name!r} is damaged, {advice}: {error}") from error
        return cls(
            catalog,
            encoder,
            store,
            lexical=lexical,
            behaviour=behaviour,
            tones=tones,
            root=root,
            media=None if senses is None else MediaIndex.open(root, store, senses),
        )

    @cached_property
    def titles(self) -> TitleIndex:
        """Links titles in text to items; made when first asked for."""
        return TitleIndex(self.catalog.items)

    def candidates(
        self, *, state: UserState, profile: Profile, n: int, shown: Query = NOTHING_SHOWN
    ) -> list[Candidate]:
        """The n items most worth ranking, best first: every one allowed, each with its hits.

        With `shown` (see `show`) also by a picture or a sound; its weights are of the words, the
        picture and the sound beside each other, 1 where none is given, and hits tell them to the
        ranker. What is found through a bridge counts as `modal` says; see docs/multimodal.md.

        Never among them: what breaks a constraint, `exclude_ids`, and what the person has seen,
        liked or disliked. Every candidate that has a vector has a `text` hit when there is a
        query; beyond the source's own list the rank goes on in order of cosine.

        Raises:
            StoreError: the vectors cannot be searched.
        """
        allowed = self._allowed(state.constraints, profile, state.mentions)
        if not allowed.any():
            return []
        depth = max(_MIN_DEPTH, n // 2)
        query = clean(state.query, max_chars=MAX_QUERY_CHARS)
        lists: dict[Source, Scored] = {"popular": self._popular(allowed, n)}
        newest = (*state.mentions.liked, *reversed(profile.liked), *reversed(profile.saved))
        liked = tuple(dict.fromkeys(newest))[:RECENT_LIKES]
        close: Future[list[tuple[str, float]]] | None = None
        if liked:
            lists["behaviour"] = self._liked_by_others(liked, depth, allowed)
            if not lists["behaviour"]:
                few = liked[: 1 if query else _LIKED_SEARCHES]
                # beside the query's own search, which it would else wait for
                close = self._aside.submit(self._close_to, few, depth, allowed)
        vector = None
        more: list[Fused] = []
        if query:
            vector = self.query_vector(query)
        if self._media is not None:
            lists_of_words, more = self._by_media(self._media, query, vector, shown, depth, allowed)
            lists |= lists_of_words
        elif vector is not None:
            lists["text"] = self._nearest(vector, depth, allowed)
        if query:
            lists["lexical"] = self._lexical.search(
                without_terms(query, state.constraints), depth, allowed
            )
        wish = wished_tones(state)
        if np.any(wish > 0):
            fits = tone_fit(self._tones, wish) + _KNOWN_BONUS * self._popularity
            lists["tone"] = top(self._ids, fits, k=depth, allowed=allowed)
        if self._proposer:
            lists["learned"] = self._proposer.propose(state, profile, k=depth, allowed=allowed)
        if close is not None:
            lists["liked"] = close.result()
        of_words = shown.weights.get("text", 1.0)
        weights = {**SOURCE_WEIGHTS, **{one: of_words * SOURCE_WEIGHTS[one] for one in OF_WORDS}}
        found = fuse(lists, weights=weights)
        fused = (summed([*found, *more]) if more else found)[:n]
        hits = {each.item_id: each.hits for each in fused}
        if vector is not None:
            hits = self._with_cosines(hits, vector, n_before=len(lists.get("text", ())))
        if of_words != 1:
            hits = {item_id: _weighed(found, of_words) for item_id, found in hits.items()}
        return [
            Candidate(item=self._known(each.item_id), hits=hits[each.item_id], score=each.score)
            for each in fused
        ]

    def has_media(self, medium: Medium) -> bool:
        """Whether any item can be found by a picture, or by a sound."""
        return self._media is not None and self._media.store.has(medium)

    def show(self, medium: Medium, decoded: object) -> Shown:
        """What to search with for what `decode_image` or `decode_sound` gave.

        Raises:
            ValueError: no item has one; see `has_media`.
            ModelError: its encoder cannot be had.
            DataError: nothing can be made of it.
        """
        if self._media is None:
            raise ValueError(
                f"wanted a catalogue with {medium} vectors, {self.catalog.name!r} has none"
            )
        return self._media.shown(medium, decoded)

    def propose_with(self, proposer: Proposer | None) -> None:
        """Let a trained ranker of this catalogue find candidates, too; None: none any more.

        It keeps the vectors that it read, whatever `audit` mends later.
        """
        self._proposer = proposer

    def popular(self, constraints: Constraints, profile: Profile, n: int) -> list[Candidate]:
        """The n best known that the constraints allow; needs no store."""
        allowed = self._allowed(constraints, profile, Mentions())
        return [
            Candidate(item=self._known(each.item_id), hits=each.hits, score=each.score)
            for each in fuse({"popular": self._popular(allowed, n)})
        ]

    def similar(self, item_id: str, k: int) -> list[Candidate]:
        """The k items closest in content to one, best first.

        Raises:
            KeyError: for an id that is not in the catalogue or has no vector.
            StoreError: the vectors cannot be searched.
        """
        allowed = np.ones(len(self.catalog), dtype=bool)
        allowed[self.table.position(item_id)] = False
        found = self._nearest(self.store.vectors([item_id])[0], k, allowed)
        return [
            Candidate(item=self._known(each.item_id), hits=each.hits, score=each.score)
            for each in fuse({"text": found})
        ]

    def item(self, item_id: str) -> Item | None:
        """The item, or None."""
        return self.catalog.get(item_id)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of texts in the space that is searched: (n,) -> (n, dim), unit rows."""
        return self._encoder.encode(texts)

    def query_vector(self, query: str) -> NDArray[np.float32]:
        """The vector of what somebody looks for, (dim,); the newest are kept for the ranker.

        Zeros for a query without a word.
        """
        text = clean(query, max_chars=MAX_QUERY_CHARS)
        if not text:
            return np.zeros(self._encoder.dim, dtype=np.float32)
        return self._vector_of(text)

    def _encoded(self, text: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self._encoder.encode([text])[0]
        return vector

    def vectors(self, item_ids: Sequence[str]) -> NDArray[np.float32]:
        """Text vectors, (n, dim); a row of nan for an item without one."""
        found = np.full((len(item_ids), self._encoder.dim), np.nan, dtype=np.float32)
        rows = [row for row, item_id in enumerate(item_ids) if item_id in self._stored]
        found[rows] = self.store.vectors([item_ids[row] for row in rows])
        return found

    def closest(
        self, item_ids: Sequence[str], among: Sequence[str]
    ) -> list[tuple[str, float] | None]:
        """For each item the one `among` others that is closest in content, with the cosine.

        None where either side has no vector.
        """
        others = [item_id for item_id in dict.fromkeys(among) if item_id in self._stored]
        if not others:
            return [None] * len(item_ids)
        cosines = self.vectors(item_ids) @ self.store.vectors(others).T  # (n, n_others)
        best = np.argmax(cosines, axis=1) if len(item_ids) else []
        return [
            None if np.isnan(row[place]) else (others[place], float(row[place]))
            for row, place in zip(cosines, best, strict=True)
        ]

    def liked_together(
        self, item_ids: Sequence[str], among: Sequence[str]
    ) -> list[tuple[str, float] | None]:
        """For each item the one `among` others most liked beside it, with a strength in [0, 1]."""
        return self._behaviour.strongest(item_ids, among)

    @property
    def encoder_name(self) -> str:
        """What made the vectors."""
        return self._encoder.name

    def learn(self, baskets: Iterable[Sequence[str]]) -> None:
        """Count what people of this installation liked together, beside what the index came with.

        Args:
            baskets: for each person the ids they liked, oldest first. Replaces those of the last
                call, so that nothing counts twice.
        """
        self._behaviour = self._learnt_before.plus(baskets)

    def audit(self, *, repair: bool = False, sample: int | None = None) -> AuditReport:
        """Try to find every item (or a sample) by its own vector, and mend what is wrong.

        Missing and unreachable items are written again, strange ones deleted; when some remain
        unreachable, or a sample met unreachable ones, the store is built anew.

        Raises:
            StoreError: the repair cannot write.
        """
        found = faults(self.store, self._ids, sample=sample)
        left, rebuilt = found.all, False
        if repair and left:
            store = mend(
                found,
                self.store,
                catalog=self._source,
                encoder=self._encoder,
                behaviour=self._learnt_before,
                root=self._root,
                sampled=sample is not None and sample < len(self.catalog),
            )
            rebuilt = store is not self.store
            self._use(store)
            left = faults(store, self._ids, sample=sample).all
        return AuditReport(
            n_items=len(self.catalog),
            n_stored=len(self.store.ids()),
            n_checked=found.n_checked,
            missing=found.missing,
            strange=found.strange,
            unreachable=found.unreachable,
            left=left,
            rebuilt=rebuilt,
        )

    def close(self) -> None:
        """Release the store, the media's too. Idempotent."""
        if self._media is not None:
            self._media.close()
        self.store.close()

    def _use(self, store: Store) -> None:
        """Take a store; work out which row of the table each of its ids has."""
        self.store = store
        ids = store.ids()
        self._stored = set(ids)
        rows = {item_id: row for row, item_id in enumerate(self._ids)}
        self._rows = np.array([rows.get(item_id, -1) for item_id in ids], dtype=np.int64)
        if self._media is not None:
            self._media = self._media.beside(store)
            ids = self._media.store.ids()
            self._media_rows = np.array([rows.get(item_id, -1) for item_id in ids], dtype=np.int64)

    def _by_media(
        self,
        media: MediaIndex,
        query: str,
        vector: NDArray[np.float32] | None,
        shown: Query,
        depth: int,
        allowed: NDArray[np.bool_],
    ) -> tuple[dict[Source, Scored], list[Fused]]:
        """What the query's words find among texts, and fused lists of all else that is asked."""
        flags = allowed[self._media_rows] & (self._media_rows >= 0)
        asked = replace(
            shown, text=vector, captions=media.captions(query) if vector is not None else {}
        )
        by_words: dict[Source, Scored] = {}
        more: list[Fused] = []
        for answer in media.store.answers(asked, k=depth, allowed=flags):
            if answer.asked == answer.source == "text":
                by_words["text"] = answer.found
                continue
            weights = {answer.source: answer.weight * SOURCE_WEIGHTS[answer.source]}
            weight = shown.weights.get(answer.asked, 1.0)
            more += [
                Fused(
                    one.item_id,
                    one.score,
                    tuple(
                        hit.model_copy(
                            update={
                                "shown": "" if answer.asked == "text" else answer.asked,
                                "weight": weight,
                                "heard": media.said.get(one.item_id, ())
                                if hit.source == "audio"
                                else (),
                            }
                        )
                        for hit in one.hits
                    ),
                )
                for one in fuse({answer.source: answer.found}, weights=weights)
            ]
        return by_words, more

    def _known(self, item_id: str) -> Item:
        return self.catalog.items[self.table.position(item_id)]

    def _allowed(
        self, constraints: Constraints, profile: Profile, mentions: Mentions
    ) -> NDArray[np.bool_]:
        """(n_items,): meets the constraints and is not settled between us and the person."""
        mask = self.table.mask(constraints)
        settled = {
            *(*profile.seen, *profile.liked, *profile.disliked),
            *(*mentions.seen, *mentions.liked, *mentions.disliked),
        }
        mask[[self.table.position(i) for i in settled if self.catalog.get(i)]] = False
        return mask

    def _nearest(
        self, vector: NDArray[np.float32], k: int, allowed: NDArray[np.bool_]
    ) -> list[tuple[str, float]]:
        flags = allowed[self._rows] & (self._rows >= 0)  # in the order of the store's ids
        return self.store.search(vector, k=k, allowed=None if flags.all() else flags)

    def _popular(self, allowed: NDArray[np.bool_], n: int) -> list[tuple[str, float]]:
        best = self._by_popularity[allowed[self._by_popularity]][:n]
        return [(self._ids[row], float(self._popularity[row])) for row in best]

    def _liked_by_others(
        self, liked: Sequence[str], k: int, allowed: NDArray[np.bool_]
    ) -> list[tuple[str, float]]:
        near = self._behaviour.neighbours(liked, len(self._behaviour.ids))
        return [
            (item_id, score)
            for item_id, score in near
            if self.catalog.get(item_id) and allowed[self.table.position(item_id)]
        ][:k]

    def _close_to(
        self, liked: Sequence[str], k: int, allowed: NDArray[np.bool_]
    ) -> list[tuple[str, float]]:
        known = [item_id for item_id in liked if item_id in self._stored]
        found = [self._nearest(vector, k, allowed) for vector in self.store.vectors(known)]
        return ranked([hit for hits in found for hit in hits])[:k]

    def _with_cosines(
        self,
        hits: Mapping[str, tuple[Hit, ...]],
        vector: NDArray[np.float32],
        *,
        n_before: int,
    ) -> dict[str, tuple[Hit, ...]]:
        """A `text` hit for every item that has a vector, so that a ranker can compare them all."""
        lacking = [
            item_id
            for item_id, found in hits.items()
            if item_id in self._stored and all(hit.source != "text" or hit.shown for hit in found)
        ]
        cosines = np.clip(self.store.vectors(lacking) @ vector, -1, 1).astype(float).round(DECIMALS)
        rest = ranked(list(zip(lacking, cosines.tolist(), strict=True)))
        more = {
            item_id: (*hits[item_id], Hit(source="text", rank=rank, score=score))
            for rank, (item_id, score) in enumerate(rest, start=n_before + 1)
        }
        return {**hits, **more}


def _weighed(hits: tuple[Hit, ...], of_words: float) -> tuple[Hit, ...]:
    """The hits with what those of words among texts count."""
    return tuple(
        hit.model_copy(update={"weight": of_words})
        if hit.source in OF_WORDS and not hit.shown
        else hit
        for hit in hits
    )


def _read_tones(path: Path, n_items: int) -> NDArray[np.float32]:
    try:
        tones: NDArray[np.float32] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise StoreError(f"tones in {path} cannot be read: {error}") from error
    if tones.shape != (n_items, len(TONES)):
        raise StoreError(f"wanted tones of {n_items} items in {path}, got {tones.shape}")
    return tones
