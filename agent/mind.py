"""Understanding, finding and choosing, without a graph: what a turn and a batch have in common."""

import asyncio
import logging
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial

from simpatico.agent import phrases
from simpatico.agent.asked import agreed, followed
from simpatico.agent.read.affect import chosen_mood
from simpatico.agent.read.clauses import blank
from simpatico.agent.read.counts import count_of
from simpatico.agent.read.emoji import in_words
from simpatico.agent.read.reference import Reference, by_pronoun, resolve
from simpatico.agent.relax import changed, relaxations
from simpatico.agent.words import listing, plural
from simpatico.agent.zh import phrases as chinese
from simpatico.agent.zh.gloss import gloss
from simpatico.agent.zh.reader import ChineseReader
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
    YearSpan,
    years_of,
)
from simpatico.errors import LLMError, StoreError, kinds
from simpatico.kinds import KINDS, kind_name
from simpatico.language import language_of
from simpatico.protocols import Ranker, Reader
from simpatico.retrieval.careful import CarefulRanker
from simpatico.retrieval.explore import N_NEXT, Draw, explore
from simpatico.retrieval.index import Index
from simpatico.retrieval.media_index import NOTHING_SHOWN
from simpatico.retrieval.modal import Query
from simpatico.retrieval.rerank import rerank
from simpatico.retrieval.table import language_name
from simpatico.settings import RetrievalSettings
from simpatico.text import clean, fold_title

log = logging.getLogger(__name__)

MAX_TURNS_READ = 12
"""How far back a dialogue is read."""

MAX_WEIGHED = 1000
"""How many candidates are looked through for what the sources say of a given item."""

_KINDS_NAMED = 4
_ENTRY = re.compile(r"^- \*\*(.+?)\*\*", re.M)
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_NOTED = (*(one for texts in phrases.NOTED.values() for one in texts), *chinese.NOTED.values())
_SPEAKS_OF = tuple(text.split("{")[0] for text in _NOTED)
"""How a paragraph begins that names items without showing them."""

_ANSWERS = (
    *("**", "Why **"),
    *(text.split("{")[0] + "**" for text in (phrases.NO_REASON, chinese.BECAUSE)),
)
"""How one begins that answers a question about items."""


class Found(Value):
    """Candidates, what had to be let go of to find them, and what did not work.

    Attributes:
        let_go: fields of `Constraints` that not all candidates meet.
        notes: how to say so.
    """

    candidates: tuple[Candidate, ...] = ()
    let_go: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()


class Understanding(Value):
    """A state, the items that were pointed at, and what did not work."""

    state: UserState
    reference: Reference = Reference()
    degraded: tuple[str, ...] = ()


_BY_RULES = "Feelings could not be read; only plain wishes and titles were."
_PLAINLY = "The trained ranker does not work; these are ordered by simpler rules."


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
        plain: Reader | None = None,
        chinese: ChineseReader | None = None,
    ) -> None:
        """Put them together. `fallback` reads where `reader` fails, `plain` where that fails.

        What is said in Chinese `chinese` reads, if there is one.
        """
        self.index = index
        self.reader = reader
        self.fallback = fallback
        self.plain = plain
        self.chinese = chinese
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

        The reader has left out what was pointed at with "not that one" or "seen it". What a need
        was before, or what answers our own question, stands; see `asked.followed`.
        """
        before = turns[-2] if len(turns) > 1 else None
        last = before.text if before and before.role == "assistant" else ""
        if answered := agreed(turns[-1].text, last) or in_words(turns[-1].text):
            turns = (*turns[:-1], turns[-1].model_copy(update={"text": answered}))
        meant = self._meant(turns[-1].text, last, shown)
        understanding = await self._read(turns, previous, meant)
        state = followed(understanding.state, previous, turns[-1].text, last)
        return understanding.model_copy(update={"state": state})

    async def _read(
        self, turns: Sequence[Turn], previous: UserState | None, shown: Sequence[Item]
    ) -> Understanding:
        newest = list(turns[-MAX_TURNS_READ:])
        degraded: tuple[str, ...] = ()
        before = previous.language if previous else "en"
        language = language_of(turns[-1].text) or before
        if language == "zh" and self.chinese is not None:
            state = await self.chinese.read(newest, previous=previous, shown=shown)
            reference = resolve(gloss(turns[-1].text), shown)
            degraded = (_BY_RULES,) if self.chinese.blind else ()
            return Understanding(
                state=self._with_namesakes(state), reference=reference, degraded=degraded
            )
        try:
            try:
                state = await self.reader.read(newest, previous=previous, shown=shown)
            except LLMError as error:
                log.warning("reading with %s instead: %s", self.fallback.name, kinds(error))
                log.debug("why", exc_info=error)  # may quote what the person said
                degraded = ("The language model did not answer; a simpler reader took its place.",)
                state = await self.fallback.read(newest, previous=previous, shown=shown)
        except Exception as error:  # of the encoder; what runs it has errors without a base
            if self.plain is None:
                raise
            log.error("reading with %s instead: %s", self.plain.name, type(error).__name__)
            degraded += (_BY_RULES,)
            state = await self.plain.read(newest, previous=previous, shown=shown)
        # A reader gives a state and no more; the route and the lessons need what was pointed at.
        reference = resolve(turns[-1].text, shown)
        return Understanding(
            state=self._with_namesakes(state), reference=reference, degraded=degraded
        )

    async def replay(self, turns: Sequence[Turn]) -> tuple[Understanding, list[Item]]:
        """Read a whole dialogue turn by turn: the state after it, and the list shown last.

        Lists are found again in the assistant's turns: entries that begin with **Title (year)**
        (or the title alone, where there is no year), or a paragraph that has some.
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

    async def find(
        self, state: UserState, profile: Profile, *, shown: Query = NOTHING_SHOWN
    ) -> Found:
        """Find candidates; when nothing fits, let go of one wish after another and say so.

        With `shown` also by a picture or a sound.

        Of several kinds asked for each is looked for by itself. One that the catalogue has not, or
        of which nothing fits, is said to be missing; so is a length that what was found does not
        tell.
        """
        state, notes = self._of_kinds_here(state)
        found = await self._find_each(state, profile, shown)
        if not notes:
            return found
        update = {"let_go": (*found.let_go, "kinds"), "notes": (*notes, *found.notes)}
        return found.model_copy(update=update)

    async def _find_each(self, state: UserState, profile: Profile, shown: Query) -> Found:
        """Find of one kind or any, or of each of several kinds its share."""
        kinds, n = state.constraints.kinds, self.settings.n_candidates
        if len(kinds) < 2:
            parts = [await self._find(state, profile, n, shown=shown)]
        else:
            share = math.ceil(n / len(kinds))
            parts = [
                await self._find(_of_kind(state, kind), profile, share, of=kind, shown=shown)
                for kind in kinds
            ]
        lacking = [kind for kind, part in zip(kinds, parts, strict=False) if not part.candidates]
        let_go = [field for part in parts for field in part.let_go]
        notes = [note for part in parts for note in part.notes]
        if lacking and len(lacking) < len(kinds):
            let_go.append("kinds")
            notes.insert(0, phrases.NONE_FIT.format(lacking=_named(lacking, last="or")))
        if note := self._of_unknown_length(state, parts):
            let_go.append("max_minutes")
            notes.append(note)
        return Found(
            candidates=tuple(one for part in parts for one in part.candidates),
            let_go=tuple(dict.fromkeys(let_go)),
            notes=tuple(notes),
            degraded=tuple(dict.fromkeys(word for part in parts for word in part.degraded)),
        )

    async def _find(
        self,
        state: UserState,
        profile: Profile,
        n: int,
        *,
        of: str = "",
        shown: Query = NOTHING_SHOWN,
    ) -> Found:
        """Find n; `of`: the kind that is looked for beside others, as `relaxations` takes it."""
        candidates, degraded = await asyncio.to_thread(self._candidates, state, profile, n, shown)
        if candidates:
            return Found(candidates=candidates, degraded=degraded)
        for constraints, note in relaxations(state.constraints, of=of.casefold()):
            weaker = state.model_copy(update={"constraints": constraints})
            candidates, degraded = await asyncio.to_thread(
                self._candidates, weaker, profile, n, shown
            )
            if candidates:
                let_go = changed(state.constraints, constraints)
                return Found(candidates=candidates, let_go=let_go, notes=(note,), degraded=degraded)
        return Found(degraded=degraded)

    async def choose_many(
        self,
        state: UserState,
        profile: Profile,
        options: TurnOptions,
        *,
        k: int,
        shown: Query = NOTHING_SHOWN,
    ) -> tuple[tuple[Recommendation, ...], tuple[str, ...], tuple[str, ...]]:
        """Choose k whatever the wishes: where too few fit, those that nearly fit follow.

        Gives them best first (what nearly fits never scores above what fits), the fields of
        `Constraints` that not all of them meet, and what did not work.
        """
        state, lacking = self._of_kinds_here(leaving_out(asking(state, options), options))
        let_go = ["kinds"] if lacking else []
        chosen: dict[str, Recommendation] = {}
        degraded: tuple[str, ...] = ()
        n = max(k, self.settings.n_candidates)
        weaker = (constraints for constraints, _ in relaxations(state.constraints))
        for constraints in (state.constraints, *weaker):
            if len(chosen) >= k:
                break
            asked = state.model_copy(update={"constraints": constraints})
            found, broken = await asyncio.to_thread(self._candidates, asked, profile, n, shown)
            degraded += broken
            left = [one for one in found if one.item.id not in chosen]
            ceiling = min((one.p_accept for one in chosen.values()), default=1.0)
            more = await asyncio.to_thread(
                self.choose, left, state, profile, options, k=k - len(chosen)
            )
            degraded += self.ranked_plainly()
            if more:
                let_go += changed(state.constraints, constraints)
            for one in more:
                p_accept = min(one.p_accept, ceiling)
                chosen[one.item.id] = one.model_copy(update={"p_accept": p_accept})
        if state.constraints.max_minutes is not None and self.index.table.unmeasured(chosen):
            let_go.append("max_minutes")
        return tuple(chosen.values()), tuple(dict.fromkeys(let_go)), tuple(dict.fromkeys(degraded))

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
        best, _ = self._few(candidates, state, profile, options, k=k)
        return tuple(self.ranker.explain(best, candidates, state=state, profile=profile))

    def draw(
        self,
        candidates: Sequence[Candidate],
        state: UserState,
        profile: Profile,
        options: TurnOptions,
        *,
        list_id: str,
    ) -> Draw:
        """Choose the few, and as often as set another in the last place; see `explore`.

        Who asked for the safe and known (`adventurous` 0) always gets the best.
        """
        share = 0.0 if options.adventurous == 0 else self.settings.explore
        n_others = N_NEXT if share else 0
        best, others = self._few(candidates, state, profile, options, n_others=n_others)
        drawn = explore(best, others, share=share, seed=list_id)
        shown = self.ranker.explain(drawn.shown, candidates, state=state, profile=profile)
        return drawn.model_copy(update={"shown": tuple(shown)})

    def _few(
        self,
        candidates: Sequence[Candidate],
        state: UserState,
        profile: Profile,
        options: TurnOptions,
        *,
        k: int = 0,
        n_others: int = 0,
    ) -> tuple[list[Recommendation], list[Recommendation]]:
        """The few to show, and those that would stand last if there were none of these."""
        settings = self.settings
        if options.adventurous is not None:
            taste = {"diversity": options.adventurous * 0.6, "novelty": options.adventurous * 0.4}
            settings = settings.model_copy(update=taste)
        ranked = self.ranker.rank(candidates, state=state, profile=profile)
        choose = partial(
            rerank,
            ranked,
            vectors=self.index.vectors([one.item.id for one in ranked]),
            settings=settings,
            profile=profile,
            popular=options.popular,
        )
        kinds, banned = state.constraints.kinds, state.constraints.exclude_ids
        best = choose(k=k or options.k or settings.k, banned=banned, kinds=kinds)
        if not n_others:
            return best, []
        others = choose(k=n_others, banned={*banned, *(one.item.id for one in best)}, kinds=kinds)
        if len(kinds) > 1:  # each kind asked for keeps its place
            others = [one for one in others if one.item.kind == best[-1].item.kind]
        return best, others

    def _with_namesakes(self, state: UserState) -> UserState:
        """Leave out every film of a title that is left out: "not Ghostbusters" is no remake."""
        excluded = state.constraints.exclude_ids
        titles = {fold_title(item.title) for item in self.items(excluded)}
        every = (*excluded, *(other for title in titles for other in self._by_title[title]))
        constraints = state.constraints.model_copy(
            update={"exclude_ids": tuple(dict.fromkeys(every))}
        )
        return state.model_copy(update={"constraints": constraints})

    def _of_kinds_here(self, state: UserState) -> tuple[UserState, tuple[str, ...]]:
        """The state without kinds that the catalogue has not, and what to say of them."""
        asked, table = state.constraints.kinds, self.index.table
        known = tuple(kind for kind in asked if table.has_kind(kind))
        lacking = [kind for kind in asked if kind not in known]
        if not lacking or not table.kinds:
            return state, ()
        says = phrases.LACKING_BUT if len(table.kinds) <= _KINDS_NAMED else phrases.LACKING
        note = says.format(lacking=_named(lacking, last="or"), has=_named(table.kinds))
        constraints = state.constraints.model_copy(update={"kinds": known})
        return state.model_copy(update={"constraints": constraints}), (note,)

    def _of_unknown_length(self, state: UserState, parts: Sequence[Found]) -> str:
        """What to say where a length is asked for that some of what was found does not tell."""
        limit = state.constraints.max_minutes
        if limit is None:
            return ""
        held = [part for part in parts if "max_minutes" not in part.let_go]
        kinds = self.index.table.unmeasured(one.item.id for part in held for one in part.candidates)
        if not kinds:
            return ""
        names = _named(kinds) if len(kinds) <= _KINDS_NAMED else "titles"
        return phrases.UNMEASURED.format(kinds=names, minutes=limit)

    def _candidates(
        self, state: UserState, profile: Profile, n: int, shown: Query = NOTHING_SHOWN
    ) -> tuple[tuple[Candidate, ...], tuple[str, ...]]:
        """The n best, of several kinds asked for a share of each; and what did not work."""
        kinds = state.constraints.kinds
        if len(kinds) < 2:
            return self._of_any_kind(state, profile, n, shown)
        share = math.ceil(n / len(kinds))
        parts = [self._of_any_kind(_of_kind(state, kind), profile, share, shown) for kind in kinds]
        degraded = dict.fromkeys(word for _, broken in parts for word in broken)
        return tuple(one for found, _ in parts for one in found), tuple(degraded)

    def _of_any_kind(
        self, state: UserState, profile: Profile, n: int, shown: Query
    ) -> tuple[tuple[Candidate, ...], tuple[str, ...]]:
        try:
            found = self.index.candidates(state=state, profile=profile, n=n, shown=shown)
        except StoreError as error:
            log.warning("search is down, popular items instead: %s", error)
        except Exception as error:  # an encoder's, or of a store that gives what it must not
            log.error("search is broken, popular items instead: %s", type(error).__name__)
        else:
            return tuple(found), self.ranked_plainly()
        found = self.index.popular(state.constraints, profile, n)
        return tuple(found), ("Search is not working; these are well-known titles that fit.",)

    def ranked_plainly(self) -> tuple[str, ...]:
        """What to admit of the last ranking: nothing, or that the trained ranker failed."""
        failing = isinstance(self.ranker, CarefulRanker) and self.ranker.trouble
        return (_PLAINLY,) if failing else ()

    def weigh_items(
        self, items: Sequence[Item], state: UserState, profile: Profile
    ) -> list[Recommendation]:
        """Score given items, in their order, whether or not search would find them."""
        try:
            found = self.index.candidates(state=state, profile=Profile(), n=MAX_WEIGHED)
        except Exception as error:  # as in `_of_any_kind`
            log.warning("weighing without search: %s", type(error).__name__)
            found = []
        hits = {one.item.id: one for one in found}
        bare = [hits.get(item.id) or Candidate(item=item, hits=(), score=0) for item in items]
        ranked = self.ranker.rank(bare, state=state, profile=profile)
        weighed = self.ranker.explain(ranked, bare, state=state, profile=profile)
        by_id = {one.item.id: one for one in weighed}
        return [by_id[item.id] for item in items]

    def count_in(self, text: str) -> int:
        """How many titles a message asks for, those within a title aside; 0: it does not say."""
        spans = [(link.start, link.end) for link in self.index.titles.link(text)]
        return count_of(blank(text, spans))

    def named_in(self, text: str) -> list[Item]:
        """The items that stand in bold in a reply of ours, each once and in its order."""
        labels = dict.fromkeys(map(_unescaped, _BOLD.findall(text)))
        return [self._by_label[label] for label in labels if label in self._by_label]

    def _meant(self, text: str, last: str, shown: Sequence[Item]) -> Sequence[Item]:
        """What a message may point at: the list, or what "it" is.

        That is a title that the message names, else what was asked about just before. Words like
        "it" pointed at the first of the list, and who had seen what they named was told that they
        had seen that one.
        """
        said = gloss(text) if language_of(text) == "zh" else text
        if not by_pronoun(said, shown):
            return shown
        if self.index.titles.link(text):
            return ()
        about = self.named_in(last)
        return about[:1] if about and (len(about) == 1 or last.startswith("**")) else shown

    def _shown_in(self, text: str) -> list[Item]:
        labels = _ENTRY.findall(text)
        answering = text.startswith(_ANSWERS)  # after a note such a paragraph shows items
        for paragraph in text.split("\n\n"):
            answers = answering and paragraph.startswith(_ANSWERS) and not paragraph.endswith("?")
            if not answers and not paragraph.startswith((*_SPEAKS_OF, "- ")):
                labels = _BOLD.findall(paragraph) + labels
        plain = (_unescaped(label) for label in dict.fromkeys(labels))
        found = (self._by_label.get(label) for label in plain)
        return [item for item in found if item is not None]


def _unescaped(label: str) -> str:
    """A label as the catalogue has it, from how it stands in a reply."""
    return re.sub(r"\\(?=[^\w\s]|_)", "", label)


def _of_kind(state: UserState, kind: str) -> UserState:
    constraints = state.constraints.model_copy(update={"kinds": (kind,)})
    return state.model_copy(update={"constraints": constraints})


def _named(kinds: Sequence[str], *, last: str = "and") -> str:
    """Kinds in the plural, each once: "films and music"."""
    names = {kind_name(kind): clean(kind, max_chars=20).casefold() for kind in kinds}
    each = [plural(same if same in KINDS else name) for same, name in names.items()]
    return listing(each, last=last)


def wanting_more_like(state: UserState, item: Item, previous: UserState | None) -> UserState:
    """The state of who asks for more like an item: that one alone is newly spoken of."""
    told = (previous or UserState()).mentions
    mentions = told.model_copy(
        update={
            "liked": (*(one for one in told.liked if one != item.id), item.id),
            "disliked": tuple(one for one in told.disliked if one != item.id),
        }
    )
    return state.model_copy(update={"mentions": mentions, "intent": "seek"})


def asking(state: UserState, options: TurnOptions) -> UserState:
    """The state that things are found and ordered by.

    Where nothing is to be used that is known of the person, how they feel does not count either.
    """
    return state if options.personal else state.model_copy(update={"mood": Mood()})


def leaving_out(state: UserState, options: TurnOptions) -> UserState:
    """The state without what somebody never wants, but for what it asks for by name."""
    wants, years = state.constraints, years_of(state.constraints)
    asked = {genre.casefold() for genre in (*wants.genres, *wants.not_genres)}
    spoken = {language_name(name) for name in (*wants.languages, *wants.not_languages)}
    more: dict[str, tuple[str, ...] | tuple[YearSpan, ...]] = {
        "not_genres": tuple(one for one in options.not_genres if one.casefold() not in asked),
        "not_years": tuple(one for one in options.not_years if not (years and one.meets(years))),
        "not_languages": tuple(
            one for one in options.not_languages if language_name(one) not in spoken
        ),
    }
    if not any(more.values()):
        return state
    update = {field: (*getattr(wants, field), *names) for field, names in more.items()}
    return state.model_copy(update={"constraints": wants.model_copy(update=update)})


def with_chosen_mood(state: UserState, mood: str) -> UserState:
    """The state with the mood that the person chose: "auto" keeps what was read, "off" drops it."""
    if mood == "auto":
        return state
    return state.model_copy(update={"mood": Mood() if mood == "off" else chosen_mood(mood)})
