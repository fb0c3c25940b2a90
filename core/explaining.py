"""What the explainer adapter is asked and answers: the contract between its training and its use.

The prompt is raw text, continued by the model:

    feels: sadness
    need: cheer_up
    said: rough week, something warm and funny, nothing with kids
    kept: warm, funny; no kids
    [1] The Castle (1997), film: A cheerful family goes to court to keep its house. | it is funny
    [2] Calendar Girls (2003), film: Ladies of a village pose for a calendar. | it is warm
    reply:

The reply is one line in which `[1]` stands for the first item's label, so that no title can be
misspelt or made up; a grammar holds it to each place once, in order.
"""

import re
from collections.abc import Sequence

from pydantic import Field, field_validator

from simpatico.domain import MOODS, NEEDS, Value
from simpatico.text import clean

MAX_ITEMS = 5
MAX_REPLY_TOKENS = 200
MIN_SENTENCES, MAX_SENTENCES = 2, 5
MAX_SAID_CHARS = 200
MAX_PREMISE_CHARS = 220
MAX_REASON_CHARS = 120
MAX_REASONS = 2

_PLACE = re.compile(r"\[(\d+)\]")
_SENTENCE_END = re.compile(r"[.!?…][\"”’)]*(?=\s|$)")


class BriefItem(Value):
    """A chosen item: its label as it is to be written, its kind, what it is about, and why."""

    label: str = Field(min_length=1)
    kind: str = "film"
    premise: str = ""
    reasons: tuple[str, ...] = ()


class Brief(Value):
    """All that a reply may rest on.

    Attributes:
        mood: a label of `simpatico.domain.MOODS` that is sure enough to answer, or "unknown".
        need: one of `simpatico.domain.NEEDS`.
        said: the person's newest words.
        kept: wishes that were kept, in words; "" when there are none.
        items: best first, 1 to `MAX_ITEMS`.
    """

    mood: str = "unknown"
    need: str = "unknown"
    said: str = ""
    kept: str = ""
    items: tuple[BriefItem, ...] = Field(min_length=1, max_length=MAX_ITEMS)

    @field_validator("mood")
    @classmethod
    def _known_mood(cls, value: str) -> str:
        if value not in ("unknown", *MOODS):
            raise ValueError(f"wanted unknown or one of {', '.join(MOODS)}; got {value[:50]!r}")
        return value

    @field_validator("need")
    @classmethod
    def _known_need(cls, value: str) -> str:
        if value not in NEEDS:
            raise ValueError(f"wanted one of {', '.join(NEEDS)}; got {value[:50]!r}")
        return value


def prompt_of(brief: Brief) -> str:
    """The prompt for a brief. Line breaks, bars and brackets in its texts become harmless."""
    lines = [f"feels: {brief.mood}", f"need: {brief.need}"]
    lines.append(f"said: {_plain(brief.said, MAX_SAID_CHARS)}")
    if brief.kept:
        lines.append(f"kept: {_plain(brief.kept, MAX_SAID_CHARS)}")
    for number, item in enumerate(brief.items, start=1):
        about = _plain(item.premise, MAX_PREMISE_CHARS)
        why = "; ".join(
            _plain(reason, MAX_REASON_CHARS) for reason in item.reasons[:MAX_REASONS] if reason
        )
        head = f"[{number}] {_plain(item.label, 100)}, {_plain(item.kind, 20)}"
        lines.append(head + (f": {about}" if about else "") + (f" | {why}" if why else ""))
    return "\n".join((*lines, "reply:"))


def grammar(n_items: int) -> str:
    """A reply as a GBNF grammar: one line, each place once and in order."""
    places = " ".join(f'"[{number}]" text' for number in range(1, n_items + 1))
    return f'root ::= " " text {places} "\\n"\ntext ::= [^\\[\\]\\n]*\n'


def fill(reply: str, labels: Sequence[str]) -> str:
    """A reply with its places filled in: "[1] is..." -> "The Castle (1997) is...".

    A number without a label is left as it stands, for the grounding check to find.
    """

    def label(match: re.Match[str]) -> str:
        number = int(match[1])
        return labels[number - 1] if 1 <= number <= len(labels) else match[0]

    return _PLACE.sub(label, reply.strip())


def places_of(reply: str) -> list[int]:
    """The numbers of the items that a reply names, in its order."""
    return [int(number) for number in _PLACE.findall(reply)]


def faults(reply: str, n_items: int) -> list[str]:
    """What is wrong with the form of a reply (places not yet filled in); empty when nothing is."""
    found = []
    if places_of(reply) != list(range(1, n_items + 1)):
        found.append(f"wanted [1] to [{n_items}] once each and in order, got {places_of(reply)}")
    n_sentences = len(_SENTENCE_END.findall(_PLACE.sub("it", reply)))
    if not MIN_SENTENCES <= n_sentences <= MAX_SENTENCES:
        wanted = f"{MIN_SENTENCES} to {MAX_SENTENCES} sentences"
        found.append(f"wanted {wanted}, got {n_sentences}")
    if "\n" in reply.strip():
        found.append("wanted one line")
    if not reply.strip().endswith((".", "?", "!")):
        found.append("wanted an end")
    if re.search(r"[\[\]]", _PLACE.sub("", reply)):
        found.append("wanted no brackets but places")
    return found


def _plain(text: str, max_chars: int) -> str:
    return clean(re.sub(r"[\[\]|]", " ", text), max_chars=max_chars)
