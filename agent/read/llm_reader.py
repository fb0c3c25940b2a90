"""The reader that asks the language model: one short constrained decode for mood, need and intent.

The model answers with three one-letter codes. How sure it is comes from the log-probabilities of
the codes' tokens, renormalised over the codes allowed there (servers report them from before the
constraint), never from what it claims. Constraints, titles and the query come from the rules.
"""

import asyncio
import re
import string
from collections.abc import Sequence
from importlib import resources
from typing import Any

import numpy as np

from simpatico.agent.read.mood import to_mood
from simpatico.agent.read.understand import Rules, Understood
from simpatico.agent.read.verdict import as_array, settle, shares_at
from simpatico.agent.safety import as_data
from simpatico.domain import (
    INTENTS,
    MOODS,
    NEEDS,
    Completion,
    Item,
    Mood,
    Turn,
    UserState,
)
from simpatico.errors import BadReply
from simpatico.protocols import LLM

MAX_TOKENS = 32
TOP_LOGPROBS = 20
"""The most that OpenAI's protocol gives; codes not among them count as impossible."""

N_HISTORY = 6
MAX_HISTORY_CHARS = 300
MAX_NEWEST_CHARS = 1200

HOLDS = np.full(len(MOODS), 0.25, dtype=np.float32)
"""A mood of at least this share of the probability holds beside the strongest one."""

_CODES = string.ascii_uppercase + string.ascii_lowercase
MOOD_CODES: dict[str, str] = dict(zip(_CODES, MOODS, strict=False))
NEED_CODES: dict[str, str] = dict(zip(_CODES, NEEDS, strict=False))
INTENT_CODES: dict[str, str] = dict(zip(_CODES, INTENTS, strict=False))
_FIELDS: tuple[tuple[str, dict[str, str]], ...] = (
    ("feeling", MOOD_CODES),
    ("effect", NEED_CODES),
    ("intent", INTENT_CODES),
)
_PLAIN = re.compile(r"\s*([A-Za-z]) ([A-Za-z]) ([A-Za-z])\s*")
_JSON = re.compile(
    r'\s*\{\s*"feeling"\s*:\s*"(\w)"\s*,\s*"effect"\s*:\s*"(\w)"\s*,\s*"intent"\s*:\s*"(\w)"\s*\}\s*'
)


def grammar() -> str:
    """The answer as a GBNF grammar: "Z A A"."""
    names = ("feeling", "effect", "intent")
    rules = [
        f"{name} ::= [{''.join(codes)}]" for name, (_, codes) in zip(names, _FIELDS, strict=True)
    ]
    return "\n".join(['root ::= feeling " " effect " " intent', *rules])


def schema() -> dict[str, Any]:
    """The same answer for servers that take no grammar: {"feeling": "Z", ...}."""
    return {
        "type": "object",
        "properties": {name: {"enum": list(codes)} for name, codes in _FIELDS},
        "required": [name for name, _ in _FIELDS],
        "additionalProperties": False,
    }


class LLMReader:
    """Reads mood, need and intent with a language model, the rest with the shared rules.

    Args:
        llm: the model; a server without grammars is noticed and asked for JSON.
        rules: as the encoder reader has them.
    """

    name = "llm"

    def __init__(self, llm: LLM, rules: Rules) -> None:
        self._llm = llm
        self._rules = rules
        self._takes_grammar = True
        self._system = (
            resources.files("simpatico.agent.prompts").joinpath("read.md").read_text("utf-8")
        )

    async def read(
        self,
        turns: Sequence[Turn],
        *,
        previous: UserState | None = None,
        shown: Sequence[Item] = (),
    ) -> UserState:
        """Read the newest turn; see `simpatico.protocols.Reader`.

        Raises:
            LLMUnavailable: the model does not answer.
            BadReply: it answers something else than three codes.
        """
        newest = turns[-1].text if turns and turns[-1].role == "user" else ""
        understood = await asyncio.to_thread(
            self._rules.understand, newest, previous=previous, shown=shown
        )
        if understood.state.intent == "crisis" or not newest.strip():
            return understood.state
        return self._complete(understood, await self._ask(turns, newest))

    async def _ask(self, turns: Sequence[Turn], newest: str) -> Completion:
        messages = self.messages(turns, newest)
        if self._takes_grammar:
            try:
                return await self._llm.complete(
                    messages, max_tokens=MAX_TOKENS, grammar=grammar(), top_logprobs=TOP_LOGPROBS
                )
            except ValueError:
                self._takes_grammar = False
        return await self._llm.complete(
            messages, max_tokens=MAX_TOKENS, schema=schema(), top_logprobs=TOP_LOGPROBS
        )

    def messages(self, turns: Sequence[Turn], newest: str) -> list[dict[str, str]]:
        """The prompt: what never changes first, the newest words last, for the prefix cache."""
        said = [f"{turn.role}: {turn.text[:MAX_HISTORY_CHARS]}" for turn in turns[:-1][-N_HISTORY:]]
        history = as_data("\n".join(said) or "none", 4000, name="earlier")
        message = as_data(newest, MAX_NEWEST_CHARS, name="newest")
        return [
            {"role": "system", "content": self._system},
            {"role": "user", "content": f"{history}\n{message}\nThe three codes:"},
        ]

    @staticmethod
    def _complete(understood: Understood, reply: Completion) -> UserState:
        moods, needs, intents = read_codes(reply)
        mood = to_mood(as_array(moods), HOLDS) if understood.said else Mood()
        return settle(understood, mood=mood, needs=needs, intents=intents)


def read_codes(reply: Completion) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """How probable each mood, need and intent is, from the reply's tokens; each sums to 1.

    Raises:
        BadReply: the reply is not three known codes.
    """
    match = _PLAIN.fullmatch(reply.text) or _JSON.fullmatch(reply.text)
    if not match:
        raise BadReply(f"wanted three codes, got {reply.text[:80]!r}", raw=reply.text)
    found: list[dict[str, float]] = []
    for group, (name, codes) in enumerate(_FIELDS, start=1):
        if match[group] not in codes:
            raise BadReply(f"{match[group]!r} is no code of {name}", raw=reply.text)
        found.append(shares_at(reply, match.start(group), codes))
    return found[0], found[1], found[2]
