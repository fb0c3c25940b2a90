"""The explainer: a language model with an adapter for it writes the reply, the gate lets it out.

The opening is composed (`simpatico.opening`) and comes at once; the model goes on from it. Items,
what is known of them and the wishes that were kept stand in both as places ("[1]", "[1:]", "[1|]",
"[0:]"), which are filled in on the way: the model cannot misspell a title or make up a fact there,
and a grammar holds it to the form. All else that is said passes the grounding check sentence by
sentence.
"""

import logging
import random
import re
from collections.abc import AsyncIterator, Collection, Container, Sequence

from simpatico.agent.brief import brief_of, evidence_of, fillings_of
from simpatico.agent.evidence import Evidence, FindTitles
from simpatico.agent.explain import clean_prose
from simpatico.agent.ground import Gate, check, entry_of, evidence_for
from simpatico.domain import Item, Recommendation, UserState
from simpatico.errors import LLMError, kinds
from simpatico.explaining import (
    MAX_ITEMS,
    MAX_REPLY_TOKENS,
    MAX_SENTENCES,
    Brief,
    Filling,
    faults,
    fill,
    grammar,
    prompt_of,
)
from simpatico.opening import opening_of
from simpatico.protocols import LLM

ADAPTER = "explainer"

_PLACE_OR_BRACKET = re.compile(r"\[(\d{1,2})([:|]?)\]|[\[\]]")
_HALF_A_PLACE = re.compile(r"\[(?:\d{1,2}[:|]?)?$")
_ENDED = re.compile(r"[.!?…][\"”’)*_]*\s*$")

log = logging.getLogger(__name__)


class Explainer:
    """Writes replies with a language model that has the explainer adapter.

    Args:
        llm: the model.
        names: words of people's names (`evidence.name_words` of the catalogue), so that one that
            opens a sentence is known as such.
        ordinary: words that may be used without evidence, as in `ground.Gate`.
        adapter: what the model knows the adapter as.
    """

    def __init__(
        self,
        llm: LLM,
        *,
        names: Collection[str] = (),
        ordinary: Container[str] | None = None,
        adapter: str = ADAPTER,
    ) -> None:
        self._llm = llm
        self._names = names
        self._ordinary = ordinary
        self._adapter = adapter

    async def reply(
        self,
        draft: str,
        state: UserState,
        recommendations: Sequence[Recommendation],
        *,
        said: str,
        others: Sequence[Item] = (),
        notes: Sequence[str] = (),
        after: str = "",
        closing: str = "",
        seed: str = "",
        find_titles: FindTitles | None = None,
        dropped: list[str] | None = None,
    ) -> AsyncIterator[str]:
        """Yield a reply in whole, checked sentences; its opening before the model is asked.

        It names every item: what the model leaves out follows as the draft's own entry. Where it
        was cut short, the draft's closing follows. When nothing that names an item holds, or its
        form is wrong before it named one, the draft's entries and closing follow the opening.

        Args:
            draft: the template reply, as `explain.compose` gives it.
            state: what was understood; its constraints are those that the recommendations meet.
            recommendations: what is recommended, best first.
            said: the person's newest words.
            others: further items that may be named.
            notes: what has to be admitted; it comes after the opening.
            after: a last paragraph. The draft has both already.
            closing: the last sentence, instead of the model's own, which knows nothing of what was
                asked for and mostly offers "something lighter"; "" leaves it that, and so does an
                item that the model did not name.
            seed: chooses the words of the opening.
            find_titles: finds catalogue titles in a text, as in `check`.
            dropped: gets the sentences that evidence does not carry.

        Raises:
            LLMError: when the model failed; by then the reply has been made whole from the draft.
        """
        if not recommendations:
            yield draft
            return
        brief, evidence = material(state, recommendations, said=said, others=others, notes=notes)
        fillings = fillings_of(brief, evidence.recommended)
        gate = Gate(
            evidence,
            find_titles=find_titles,
            names=self._names,
            ordinary=self._ordinary,
            dropped=dropped,
        )
        writing = _Writing(evidence, fillings, gate, closes=not closing)
        admitted = " ".join(clean_prose(note, max_chars=300) for note in notes)
        before = f"{admitted}\n\n" if admitted else ""
        opening = opening_of(brief, random.Random(seed))
        if opened := writing.open(opening):
            yield f"{opened}\n\n{admitted}" if admitted else opened
            before = "\n\n" if admitted else ""
        stream = written(self._llm, brief, opening, adapter=self._adapter)
        broke: LLMError | None = None
        try:
            async for piece in stream:
                if ready := writing.take(piece):
                    yield before + ready.lstrip() if before else ready
                    before = ""
                if writing.over:
                    break
        except LLMError as error:
            broke = error
        finally:
            if close := getattr(stream, "aclose", None):
                await close()
        if ready := writing.end(whole=broke is None):
            yield before + ready.lstrip() if before else ready
        if not writing.named:
            why = "; ".join(writing.problems) or (kinds(broke) if broke else "nothing held")
            log.info("the template's reply instead: %s", why)
            yield f"\n\n{_without_opening(draft)}" if opened else draft
        else:
            missing = writing.missing()
            for item in missing:
                yield f"\n\n{entry_of(draft, item, evidence)}"
            if writing.cut_short:
                yield "\n\n" + draft.rsplit("\n\n", 1)[-1]
            elif closing and not missing:
                yield f" {closing}"
            if after:
                yield f"\n\n{after}"
        if broke is not None:
            raise broke


def written(
    llm: LLM, brief: Brief, opening: Sequence[str], *, adapter: str = ADAPTER
) -> AsyncIterator[str]:
    """What the model writes to a brief after an opening, piece by piece, places not filled in.

    Raises:
        LLMUnavailable, BadReply: as `simpatico.protocols.LLM.stream`.
    """
    return llm.stream(
        prompt_of(brief, opening),
        max_tokens=MAX_REPLY_TOKENS,
        grammar=grammar(brief, n_opening=len(opening)),
        stop=("\n",),
        adapter=adapter,
    )


def material(
    state: UserState,
    recommendations: Sequence[Recommendation],
    *,
    said: str,
    others: Sequence[Item] = (),
    notes: Sequence[str] = (),
) -> tuple[Brief, Evidence]:
    """What the model is told and what it may say; see `Explainer.reply`.

    Where notes admit that a wish was let go of, the person's words are no evidence: they name it.
    """
    brief = brief_of(state, recommendations, said=said)
    sayings = [] if notes else [said]
    return brief, evidence_for(state, recommendations, others=others, said=sayings)


def unaided(
    reply: str,
    brief: Brief,
    *,
    evidence: Evidence | None = None,
    find_titles: FindTitles | None = None,
    names: Collection[str] = (),
    ordinary: Container[str] | None = None,
) -> list[str]:
    """What is wrong with a model's reply, its places not yet filled in: empty when nothing is.

    Args:
        reply: what the model wrote.
        brief: what it was asked with.
        evidence: what may be said, its items those of the brief; None: what the brief says.
        find_titles: finds catalogue titles in a text, as in `check`.
        names: words of people's names, as in `Explainer`.
        ordinary: words that may be used without evidence, likewise.
    """
    evidence = evidence or evidence_of(brief)
    said = fill(reply, fillings_of(brief, evidence.recommended))
    checked = check(said, evidence, find_titles=find_titles, names=names, ordinary=ordinary)
    found = faults(reply, len(brief.items))
    found += [f"not in evidence: {sentence}" for sentence in checked.dropped]
    return found + [f"not named: {item_id}" for item_id in checked.missing]


def _without_opening(draft: str) -> str:
    """A draft from its first entry on."""
    blocks = draft.split("\n\n")
    entries = next((at for at, block in enumerate(blocks) if block.startswith("- ")), 0)
    return "\n\n".join(blocks[entries:])


class _Writing:
    """A reply that is being written: places filled in, sentences checked, the rest held back.

    Attributes:
        sent: what was given out.
        named: whether an item was named in it.
        over: whether the model has said all that is wanted.
        cut_short: whether the end of what it said was not given out.
        closes: whether the model's closing is wanted, too, or the items are all.
        problems: what was wrong with the form.
    """

    def __init__(
        self,
        evidence: Evidence,
        fillings: Sequence[Filling],
        gate: Gate,
        *,
        closes: bool = True,
    ) -> None:
        self.closes = closes
        self.sent = ""
        self.named = False
        self.over = False
        self._enough = False  # what comes is not wanted, but soon at its end: no call is broken off
        self.cut_short = False
        self.problems: list[str] = []
        self._evidence = evidence
        self._gate = gate
        self._fillings = fillings[: 1 + MAX_ITEMS]
        self._raw = ""  # what the model wrote
        self._half = ""  # a place of which the end is still to come
        self._waiting = ""  # filled in, not yet a whole sentence
        self._held = ""  # checked, waiting for the first item
        self._n_places = 0
        self._n_sentences = 0
        self._details: set[str] = set()

    def open(self, sentences: Sequence[str]) -> str:
        """Take the opening; gives what of it may be sent."""
        for sentence in sentences:
            self._raw += f" {sentence}"
            self._pass_on(self._filled(f" {sentence}"))
        self.sent, self._held = self._held.strip(), ""
        return self.sent

    def take(self, piece: str) -> str:
        """Take a piece of what the model writes; gives what may be sent now."""
        if self.over or self._enough:
            return ""
        line, end, _ = piece.partition("\n")
        self.over = bool(end)
        self._raw += line
        self._waiting += self._filled(line)
        *whole, self._waiting = self._gate.cut(self._waiting) or [""]
        for sentence in whole:
            self._pass_on(sentence)
            if not self.closes and not self._gate.missing(self.sent + self._held):
                self._enough, self._waiting, self._half = True, "", ""
                break
        return self._ready()

    def end(self, *, whole: bool) -> str:
        """Take the end of the reply; `whole`: the model stopped by itself."""
        if not self.closes and not self._gate.missing(self.sent + self._held):
            return self._ready()
        if self._half:
            self._wrong("a place without an end")
        whole = whole and not self.problems and bool(_ENDED.search(self._waiting))
        if whole and not self.named:
            self.problems += faults(self._raw, len(self._fillings) - 1)
        if self.problems and not self.named:
            return ""
        n_dropped = len(self._gate.dropped)
        if whole:
            self._pass_on(self._waiting)
        self.cut_short = not whole or bool(self.problems) or len(self._gate.dropped) > n_dropped
        return self._ready()

    def missing(self) -> list[Item]:
        """The items that are not named in what was sent."""
        absent = self._gate.missing(self.sent)
        return [item for item in self._evidence.recommended if item.id in absent]

    def _pass_on(self, sentence: str) -> None:
        if self._n_sentences == MAX_SENTENCES:
            self._wrong(f"more than {MAX_SENTENCES} sentences")
            return
        passed = self._gate.pass_on(sentence)
        self._n_sentences += bool(passed.strip())
        self._held += passed

    def _ready(self) -> str:
        """What is checked, once it names an item: without one, the draft's entries come instead."""
        if len(self._gate.missing(self.sent + self._held)) == len(self._evidence.recommended):
            return ""
        self.named = True
        ready = self._held.rstrip()
        self._held = self._held[len(ready) :]  # a space goes with what follows it, if anything does
        if not self.sent:
            ready = ready.lstrip()
        self.sent += ready
        return ready

    def _filled(self, piece: str) -> str:
        """A piece with its places filled in, up to one that is not yet whole or is wrong."""
        text, self._half = self._half + piece, ""
        if half := _HALF_A_PLACE.search(text):
            text, self._half = text[: half.start()], half[0]
        done, at = "", 0
        for match in _PLACE_OR_BRACKET.finditer(text):
            done += text[at : match.start()]
            at = match.end()
            if match[2]:
                known = self._detail(match, self._waiting + done)
            else:
                known = self._label(match)
            if not known:
                return done
            done += known
        return done + text[at:]

    def _label(self, match: re.Match[str]) -> str:
        self._n_places += 1
        fits = match[1] is not None and int(match[1]) == self._n_places
        if fits and self._n_places < len(self._fillings):
            return self._fillings[self._n_places].label
        self._wrong(f"{match[0]} where place {self._n_places} was wanted")
        return ""

    def _detail(self, match: re.Match[str], before: str) -> str:
        if int(match[1]) == self._n_places and match[0] not in self._details:
            self._details.add(match[0])
            if known := self._fillings[self._n_places].text(match[2], before):
                return known
        self._wrong(f"{match[0]} where it has no place")
        return ""

    def _wrong(self, problem: str) -> None:
        self.over = True
        self.problems.append(problem)
