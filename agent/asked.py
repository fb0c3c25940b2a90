"""What stays of a conversation when a message says little: our question answered, the need kept.

Whoever was asked "something to laugh at, something calm, or ...?" and says "the first", "yes" or
"I don't know" has answered: to ask the same again would be deaf. Pure functions.
"""

import re

from simpatico.agent import phrases
from simpatico.agent.read.about_us import without_scolding
from simpatico.agent.read.wishes import wants_anything
from simpatico.agent.zh import phrases as chinese
from simpatico.domain import Constraints, NeedName, UserState
from simpatico.retrieval.rank import NEED_TONES

_PLACES = (
    re.compile(r"\b(?:first|1st|former)\b|^\W*(?:1|one)\W*$|第一|前者"),
    re.compile(r"\b(?:second|2nd|middle)\b|^\W*(?:2|two)\W*$|第二|中间"),
    re.compile(r"\b(?:third|3rd|last|latter)\b|^\W*(?:3|three)\W*$|第三|最后|后者"),
)
_ANSWERS = frozenset(("seek", "refine", "reject", "accept", "feedback", "seen", "unknown"))
"""Intents of a message that may be an answer to what we asked."""

_SHALL_I = re.compile(r"Shall I go ([a-z ]+), or [a-z ]+\?$")
_AGREES = (
    (
        re.compile(
            r"(?:oh |ok(?:ay)?,? )?(?:yes|yeah|yep|sure|please|go on|do|why not|either|ok(?:ay)?)"
            r"(?:,? (?:please|do|sure|either|go on|why not))?[\s.!]*"
        ),
        _SHALL_I,
    ),
    (
        re.compile(r"(?:好|好的|好啊|可以|要|行|嗯|都行|是的)[\s.!。！]*"),
        re.compile(r"要不要换成(更\w+的)，或者"),
    ),
)
"""What says yes, and the question of a list's end that it says yes to."""

_ASKS = re.compile(r"[?？]\s*$")


def offered(text: str) -> tuple[NeedName, ...]:
    """The needs that a reply of ours gave to choose from, in their order; () if it asked none."""
    for asked in (phrases.QUESTIONS, chinese.QUESTIONS):
        for group, questions in asked.items():
            for question, needs in zip(questions, phrases.OFFERED[group], strict=True):
                if question in text:
                    return needs
    return ()


def agreed(text: str, last: str) -> str:
    """What a bare yes to our "Shall I go lighter, or newer?" asks for, in words; "" if it is none.

    It was taken as praise of the first film of the list.
    """
    for yes, shall in _AGREES:
        if yes.fullmatch(text.strip().casefold()) and (ways := shall.search(last)):
            return f"something {ways[1]}" if shall is _SHALL_I else ways[1]
    return ""


def followed(state: UserState, previous: UserState | None, text: str, last: str) -> UserState:
    """The state with the need that a message leaves standing.

    What scolds us is no wish. A need stands no longer beside a wished tone that works against it:
    one of the two was misread.

    Args:
        state: what was understood of the newest message, earlier wishes carried over.
        previous: the state before it.
        text: the message.
        last: what we said before it, "" at the start.
    """
    before = previous.query if previous else ""
    query = without_scolding(state.query, text, before=before)
    state = state.model_copy(update={"query": query})
    if state.need != "unknown" or state.intent == "crisis" or previous is None:
        return state
    need: NeedName = "unknown"
    if previous.need != "unknown":
        against = NEED_TONES[previous.need][1]
        if not (_wants_another_way(state, previous) or set(against) & set(state.constraints.tones)):
            need = previous.need
    elif (
        not wants_anything(_without_refusals(state))
        and state.intent in _ANSWERS
        and not _ASKS.search(text)
    ):
        need = _answer(text, offered(last))
    return state.model_copy(update={"need": need})


def _without_refusals(state: UserState) -> UserState:
    """The state with what is wished for alone: to say what not does not say what would do good."""
    refused = {field: () for field in Constraints.model_fields if field.startswith("not_")}
    return state.model_copy(update={"constraints": state.constraints.model_copy(update=refused)})


def _wants_another_way(state: UserState, previous: UserState) -> bool:
    """Whether it names a genre, a tone or a subject that was not asked for before."""
    now, before = state.constraints, previous.constraints
    new_words = state.intent == "seek" and set(state.query.split()) - set(previous.query.split())
    return bool(
        set(now.genres) - set(before.genres) or set(now.tones) - set(before.tones) or new_words
    )


def _answer(text: str, needs: tuple[NeedName, ...]) -> NeedName:
    """The need at the place that is named; else the first, or rest for who may want to cry."""
    if not needs:
        return "unknown"
    low = text.casefold()
    named = [place for place, cue in enumerate(_PLACES) if cue.search(low)]
    if len(named) == 1:
        return needs[named[0]]
    return "calm_down" if "cry_it_out" in needs else needs[0]
