"""One message taken apart by rules: everything but mood, need and the intents no rule knows.

Both readers share it, so that what a person asks for never depends on which one is running.
"""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from simpatico.agent.read.clauses import blank, inside, shorten
from simpatico.agent.read.intents import intent_by_rule
from simpatico.agent.read.kinds import standing
from simpatico.agent.read.mentions import (
    Named,
    excepted,
    merge_mentions,
    spans_of,
    stances,
    unlinked,
)
from simpatico.agent.read.needs import need_by_cue, need_spans
from simpatico.agent.read.people import Names
from simpatico.agent.read.query import join_query, query_words
from simpatico.agent.read.reference import Reference, resolve
from simpatico.agent.read.rules import Heard, hear, merge
from simpatico.agent.read.tongues import words_for
from simpatico.agent.read.wishes import Clause, is_personal
from simpatico.agent.read.words import GENRES, LANGUAGES, TONES, Vocabulary
from simpatico.agent.safety import is_crisis
from simpatico.domain import (
    Constraints,
    IntentName,
    Item,
    UserState,
    Value,
    YearSpan,
)


class Titles(Protocol):
    """Finds titles in a text; `simpatico.retrieval.titles.TitleIndex` is one."""

    def link(self, text: str) -> Sequence[Named]:
        """Find titles, in no particular order."""
        ...


class Understood(Value):
    """What rules make of one message.

    Attributes:
        said: its words about the person; "" for a plain request, which tells no feeling.
        wish: its words about what to recommend, titles blanked.
        loose: its content words outside of what is said of the person: what to search for when
            nothing was heard as a wish and nothing as a feeling ("stories of survival at sea").
        state: the state with everything but mood filled in; need and intent may be "unknown".
        intent_sure, need_sure: how sure the rule is, in [0, 1]; 0 where none spoke.
        titles: the ids of the titles linked in it, each once, in their order.
        lifted: genres, tones and languages that it takes back, without saying no to them.
        lifted_years: years that it takes back.
        told: genres and tones that it only tells of.
        told_years: whether it may only tell of years.
    """

    said: str = ""
    wish: str = ""
    loose: tuple[str, ...] = ()
    state: UserState = UserState()
    intent_sure: float = 0.0
    need_sure: float = 0.0
    titles: tuple[str, ...] = ()
    lifted: tuple[str, ...] = ()
    lifted_years: tuple[YearSpan, ...] = ()
    told: tuple[str, ...] = ()
    told_years: bool = False


class Rules:
    """The rules, bound to one catalogue's titles and words."""

    def __init__(
        self,
        titles: Titles,
        *,
        vocabulary: Vocabulary | None = None,
        this_year: int | None = None,
    ) -> None:
        self._titles = titles
        self._vocabulary = vocabulary or Vocabulary()
        self._names = Names(self._vocabulary.people)
        self._this_year = this_year or date.today().year

    def said(self, text: str) -> str:
        """What a message says of the person: its words without its wishes."""
        return self._parts(shorten(text))[2]

    def understand(
        self,
        text: str,
        *,
        previous: UserState | None = None,
        shown: Sequence[Item] = (),
        mother: str = "English",
    ) -> Understood:
        """Take one message apart, in the light of the state before it.

        Shown items that it turns down or calls seen are left out from then on: this is the one
        place where that is decided. `mother` is the language they speak with us, see `hear`.
        """
        reference = resolve(text, shown)  # of the whole message, as the mind takes it
        text = shorten(text)
        before = previous or UserState()
        if is_crisis(text):
            state = UserState(
                intent="crisis", constraints=before.constraints, mentions=before.mentions
            )
            return Understood(said=text, state=state, intent_sure=1.0)
        named, heard, said, wish, words, loose = self._parts(text, mother)
        judged = stances(text, named)
        has_wish = bool(wish)
        masked = blank(text, spans_of(named))
        intent, intent_sure = intent_by_rule(
            masked,
            heard=heard,
            reference=reference,
            previous=previous,
            has_wish=has_wish,
            liked="liked" in judged.values(),
        )
        need, need_sure = need_by_cue(masked, denied=heard.denied)
        held = before.constraints.model_copy(
            update={"kinds": standing(before.constraints.kinds, self._vocabulary)}
        )
        asks = intent in ("ask_why", "ask_about", "compare") and bool(reference.item_ids or named)
        constraints = _exclude(held if asks else merge(held, heard), reference)
        if besides := excepted(text, named):
            known = (*constraints.exclude_ids, *besides)
            constraints = constraints.model_copy(
                update={"exclude_ids": tuple(dict.fromkeys(known))}
            )
        state = UserState(
            need=need,
            intent=intent,
            constraints=constraints,
            mentions=merge_mentions(before.mentions, judged, reference, unlinked(text, named)),
            query=before.query if asks else _query(words, before.query, heard, intent),
        )
        return Understood(
            said=said,
            wish=wish,
            loose=loose,
            state=state,
            intent_sure=intent_sure,
            need_sure=need_sure,
            lifted=heard.lifted,
            lifted_years=heard.lifted_years,
            told=heard.told,
            told_years=heard.told_years,
            titles=tuple(
                dict.fromkeys(one.item_id for one in sorted(named, key=lambda one: one.start))
            ),
        )

    def _parts(
        self, text: str, mother: str = "English"
    ) -> tuple[list[Named], Heard, str, str, tuple[str, ...], tuple[str, ...]]:
        named = list(self._titles.link(text)) if text.strip() else []
        spans = spans_of(named)
        heard = hear(
            text,
            vocabulary=self._vocabulary,
            names=self._names,
            this_year=self._this_year,
            titles=spans,
            mother=mother,
        )
        masked = blank(text, spans)
        parts = heard.parts
        wish = " ".join(masked[part.start : part.end].strip() for part in parts if part.wish)
        about_self = [
            part
            for part in parts
            if not part.wish and not any(part.start <= start < part.end for start, _ in spans)
        ]  # "I loved Heat" is about a film, not about how they are now
        said = text if len(about_self) == len(parts) else _join(text, about_self)
        people = [span for _, span in self._names.find(masked)]
        facts = (*people, *heard.years, *heard.kinds, *heard.foreign)
        refused = (*heard.denied, *spans, *facts, *heard.taken_back, *heard.leads)
        kept = [span for span in heard.terms if not inside(span, refused)]
        skip = (*refused, *need_spans(masked))
        words = query_words(text, parts, skip=skip, unless=kept)
        free = [
            part.model_copy(update={"wish": True})
            for part in parts
            if not is_personal(masked[part.start : part.end])
        ]
        return named, heard, said, wish, words, query_words(text, free, skip=skip, unless=kept)


def _join(text: str, parts: Sequence[Clause]) -> str:
    pieces = [text[part.start : part.end].strip(" ,;-") for part in parts]
    return ", ".join(piece for piece in pieces if piece)


def _exclude(constraints: Constraints, reference: Reference) -> Constraints:
    """Leave out the shown items that are not to come again; what was left out before stays so."""
    if reference.stance not in ("rejected", "passed", "disliked", "seen"):
        return constraints
    ids = tuple(dict.fromkeys((*constraints.exclude_ids, *reference.item_ids)))
    return constraints.model_copy(update={"exclude_ids": ids})


def _query(words: Sequence[str], before: str, heard: Heard, intent: IntentName) -> str:
    """Today's wish, and earlier words unless this message starts anew or takes them back."""
    if heard.restart or heard.instead or (intent == "seek" and len(words) >= 2 and not heard.adds):
        return join_query(words, "")
    tables = {**GENRES, **TONES}
    gone = [tables[name] for name in heard.lifted if name in tables]
    now = heard.constraints
    gone += [tables[name] for name in (*now.not_genres, *now.not_tones) if name in tables]
    past = {*now.not_languages, *heard.lifted} & {*LANGUAGES}
    if now.languages and not heard.adds:
        past |= {*LANGUAGES} - {*now.languages}
    gone += words_for([*past])
    if now.genres and not heard.adds:
        gone += [source for name, source in GENRES.items() if name not in now.genres]
    return join_query(words, before, gone=gone)
