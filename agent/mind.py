"""Understanding, finding and choosing, without a graph: what a turn and a batch have in common."""

import asyncio
import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from simpatico.agent import phrases
from simpatico.agent.read.affect import chosen_mood
from simpatico.agent.read.reference import Reference, resolve
from simpatico.agent.relax import relaxations
from simpatico.domain import (
    Candidate,
    Item,
    Mood,
    Profile,
    Recommendation,
    Turn,
    TurnOptions,
    UserState,
    Value,
)
from simpatico.errors import LLMError, StoreError
from simpatico.protocols import Ranker, Reader
from simpatico.retrieval.index import Index
from simpatico.retrieval.rerank import rerank
from simpatico.settings import RetrievalSettings
from simpatico.text import fold_title

log = logging.getLogger(__name__)

MAX_TURNS_READ = 12
"""How far back a dialogue is read."""

MAX_WEIGHED = 1000
"""How many candidates are looked through for what the sources say of a given item."""

_ENTRY = re.compile(r"^- \*\*(.+? \(\d{4}\))\*\*", re.M)
_BOLD = re.compile(r"\*\*(.+? \(\d{4}\))\*\*")
_SPEAKS_OF = tuple(text.split("{")[0] for texts in phrases.NOTED.values() for text in texts)
"""How a paragraph begins that names items without showing them."""


class Found(Value):
    """Candidates, what had to be let go of to find them, and what did not work."""

    candidates: tuple[Candidate, ...] = ()
    notes: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()


class Understanding(Value):
    """A state, the items that were pointed at, and what did not work."""

    state: UserState
    reference: Reference = Reference()
    degraded: tuple[str, ...] = ()


class Mind:
    """Reader, index and ranker as one; holds no conversation."""

    def __init__(
        self,
        *,
        index: Index,
        reader: Reader,
        fallback: Reader,
        ranker: Ranker,
        settings: RetrievalSettings,
    ) -> None:
        self.index = index
        self.reader = reader
        self.fallback = fallback
        self.ranker = ranker
        self.settings = settings
        self._by_label = {item.label: item for item in index.catalog.items}
        self._by_title: defaultdict[str, list[str]] = defaultdict(list)
        for item in index.catalog.items:
            self._by_title[fold_title(item.title)].append(item.id)

    def items(self, item_ids: Iterable[str]) -> list[Item]:
        """Items by id, in that order; ids that the catalogue no longer has are left out."""
        found = (self.index.catalog.get(item_id) for item_id in item_ids)
        return [item for item in found if item is not None]

    async def understand(
        self, turns: Sequence[Turn], previous: UserState | None, shown: Sequence[Item]
    ) -> Understanding:
        """Read the newest turn; with the fallback reader, labelled, when the first fails.

        The reader has left out what was pointed at with "not that one" or "seen it".
        """
        newest = list(turns[-MAX_TURNS_READ:])
        degraded: tuple[str, ...] = ()
        try:
            state = await self.reader.read(newest, previous=previous, shown=shown)
        except LLMError as error:
            log.warning("reading with %s instead: %s", self.fallback.name, error)
            degraded = ("The language model did not answer; a simpler reader took its place.",)
            state = await self.fallback.read(newest, previous=previous, shown=shown)
        # A reader gives a state and no more; the route and the lessons need what was pointed at.
        reference = resolve(turns[-1].text, shown)
        return Understanding(
            state=self._with_namesakes(state), reference=reference, degraded=degraded
        )

    async def replay(self, turns: Sequence[Turn]) -> tuple[Understanding, list[Item]]:
        """Read a whole dialogue turn by turn: the state after it, and the list shown last.

        Lists are found again in the assistant's turns: entries that begin with **Title (year)**,
        or a paragraph that has some.
        """
        understanding = Understanding(state=UserState())
        shown: list[Item] = []
        previous: UserState | None = None
        recent = list(turns[-MAX_TURNS_READ:])
        for position, turn in enumerate(recent):
            if turn.role == "assistant":
                shown = self._shown_in(turn.text) or shown
            elif turn.text.strip():
                understanding = await self.understand(recent[: position + 1], previous, shown)
                previous = understanding.state
        return understanding, shown

    async def find(self, state: UserState, profile: Profile) -> Found:
        """Find candidates; when nothing fits, let go of one wish after another and say so."""
        n = self.settings.n_candidates
        candidates, degraded = await asyncio.to_thread(self._candidates, state, profile, n)
        if candidates:
            return Found(candidates=candidates, degraded=degraded)
        for constraints, note in relaxations(state.constraints):
            weaker = state.model_copy(update={"constraints": constraints})
            candidates, degraded = await asyncio.to_thread(self._candidates, weaker, profile, n)
            if candidates:
                return Found(candidates=candidates, notes=(note,), degraded=degraded)
        return Found(degraded=degraded)

    async def choose_many(
        self, state: UserState, profile: Profile, options: TurnOptions, *, k: int
    ) -> tuple[tuple[Recommendation, ...], tuple[str, ...]]:
        """Choose k whatever the wishes: where too few fit, those that nearly fit follow.

        Gives them best first (what nearly fits never scores above what fits), and what did not
        work.
        """
        chosen: dict[str, Recommendation] = {}
        degraded: tuple[str, ...] = ()
        n = max(k, self.settings.n_candidates)
        weaker = (constraints for constraints, _ in relaxations(state.constraints))
        for constraints in (state.constraints, *weaker):
            if len(chosen) >= k:
                break
            asked = state.model_copy(update={"constraints": constraints})
            found, broken = await asyncio.to_thread(self._candidates, asked, profile, n)
            degraded += broken
            left = [one for one in found if one.item.id not in chosen]
            ceiling = min((one.p_accept for one in chosen.values()), default=1.0)
            more = await asyncio.to_thread(
                self.choose, left, state, profile, options, k=k - len(chosen)
            )
            for one in more:
                p_accept = min(one.p_accept, ceiling)
                chosen[one.item.id] = one.model_copy(update={"p_accept": p_accept})
        return tuple(chosen.values()), tuple(dict.fromkeys(degraded))

    def weigh(
        self, candidates: Sequence[Candidate], state: UserState, profile: Profile
    ) -> list[Recommendation]:
        """Score candidates, best first."""
        return self.ranker.rank(candidates, state=state, profile=profile)

    def choose(
        self,
        candidates: Sequence[Candidate],
        state: UserState,
        profile: Profile,
        options: TurnOptions,
        *,
        k: int = 0,
    ) -> tuple[Recommendation, ...]:
        """Rank candidates and choose the varied few to show (`k`, or as set), best first."""
        settings = self.settings
        if options.adventurous is not None:
            taste = {"diversity": options.adventurous * 0.6, "novelty": options.adventurous * 0.4}
            settings = settings.model_copy(update=taste)
        ranked = self.weigh(candidates, state, profile)
        vectors = self.index.vectors([one.item.id for one in ranked])
        return tuple(
            rerank(
                ranked,
                k=k or options.k or settings.k,
                vectors=vectors,
                settings=settings,
                profile=profile,
                banned=state.constraints.exclude_ids,
            )
        )

    def _with_namesakes(self, state: UserState) -> UserState:
        """Leave out every film of a title that is left out: "not Ghostbusters" is no remake."""
        excluded = state.constraints.exclude_ids
        titles = {fold_title(item.title) for item in self.items(excluded)}
        every = (*excluded, *(other for title in titles for other in self._by_title[title]))
        constraints = state.constraints.model_copy(
            update={"exclude_ids": tuple(dict.fromkeys(every))}
        )
        return state.model_copy(update={"constraints": constraints})

    def _candidates(
        self, state: UserState, profile: Profile, n: int
    ) -> tuple[tuple[Candidate, ...], tuple[str, ...]]:
        try:
            return tuple(self.index.candidates(state=state, profile=profile, n=n)), ()
        except StoreError as error:
            log.warning("search is down, popular items instead: %s", error)
        found = self.index.popular(state.constraints, profile, n)
        return tuple(found), ("Search is not working; these are well-known titles that fit.",)

    def weigh_items(
        self, items: Sequence[Item], state: UserState, profile: Profile
    ) -> list[Recommendation]:
        """Score given items, in their order, whether or not search would find them."""
        try:
            found = self.index.candidates(state=state, profile=Profile(), n=MAX_WEIGHED)
        except StoreError:
            found = []
        hits = {one.item.id: one for one in found}
        bare = [hits.get(item.id) or Candidate(item=item, hits=(), score=0) for item in items]
        weighed = {one.item.id: one for one in self.weigh(bare, state, profile)}
        return [weighed[item.id] for item in items]

    def _shown_in(self, text: str) -> list[Item]:
        labels = _ENTRY.findall(text)
        for paragraph in text.split("\n\n"):
            answers = paragraph.startswith(("**", "Why **")) and not paragraph.endswith("?")
            if not answers and not paragraph.startswith((*_SPEAKS_OF, "- ")):
                labels = _BOLD.findall(paragraph) + labels
        plain = (re.sub(r"\\(?=[^\w\s])", "", label) for label in dict.fromkeys(labels))
        found = (self._by_label.get(label) for label in plain)
        return [item for item in found if item is not None]


def with_chosen_mood(state: UserState, mood: str) -> UserState:
    """The state with the mood that the person chose: "auto" keeps what was read, "off" drops it."""
    if mood == "auto":
        return state
    return state.model_copy(update={"mood": Mood() if mood == "off" else chosen_mood(mood)})
