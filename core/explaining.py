"""What the explainer adapter is asked and answers: the contract between its training and its use.

The prompt is raw text, continued by the model:

    [1] The Castle (1997), film: A cheerful family goes to court to keep its house. | it is funny
    [2] Calendar Girls (2003), film: Ladies of a village pose for a calendar. | it is warm
    said: rough week, a comedy please, nothing with kids
    kept: comedies; without family films
    need: cheer_up
    feels: sadness
    reply: That sounds heavy; [0:].

What it rests on stands last, where a small model still has it in mind. The opening is given
(`simpatico.opening`), for it can be said before the model has read anything; a model that learns
writes it itself. The reply is one line with places in it,

    That sounds heavy; [0:]. Start with [1], because [1|]: [1:]. Then there's [2]: [2:]. Go on?

`[1]` stands for the first item's label, `[1:]` for what follows the colon of its line, `[1|]` for
what follows the bar, `[0:]` for the wishes that were kept, said as a clause. So neither a title nor
a fact nor a wish can be misspelt or made up, and a small model has little to write.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

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

PLACE = re.compile(r"\[(\d+)([:|]?)\]")

OPENING_WORD = re.compile(
    r"An?\b|(?:The|In|On|At|As|After|Before|When|While|During|From|For|To|With|Two|Three|Four|Five"
    r"|Six|Seven|Some|Its|His|Her|Their|It|Each|Every|Both|Once)\b(?! [A-Z])"
)
"""A premise that opens with such a word loses its capital within a sentence."""

_SUBJECT = re.compile(r"An?\b|(?:The|Two|Three|Four|Five|Six|Seven|His|Her)\b(?! [A-Z])")
"""A premise that opens like this may follow "In The Castle (1997), ": it says at once who does."""

_SENTENCE_END = re.compile(r"[.!?…][\"”’)]*(?=\s|$)")


class BriefItem(Value):
    """A chosen item: its label as it is to be written, its kind, what it is about, and why."""

    label: str = Field(min_length=1)
    kind: str = "film"
    premise: str = ""
    reasons: tuple[str, ...] = ()


class Filling(NamedTuple):
    """What an item's places become: its label, what it is about, why it fits; "" is unknown.

    Fillings stand in a row by number: first that of the wishes, of which only `about` is known.
    """

    label: str
    about: str = ""
    why: str = ""

    def text(self, kind: str, before: str) -> str:
        """What stands at a place of a kind ("", ":" or "|") after some text; "" when unknown."""
        if not kind:
            return self.label
        words = self.about.rstrip(" .") if kind == ":" else self.why
        if not before.strip() or before.rstrip()[-1] in ".!?:…":
            return words[:1].upper() + words[1:]
        return words[:1].lower() + words[1:] if OPENING_WORD.match(words) else words


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


def prompt_of(brief: Brief, opening: Sequence[str] = ()) -> str:
    """The prompt for a brief, with the sentences that its reply opens with.

    Line breaks, bars and brackets in the brief's texts become harmless.
    """
    lines = []
    for number, item in enumerate(brief.items, start=1):
        about = _plain(item.premise, MAX_PREMISE_CHARS)
        why = "; ".join(
            _plain(reason, MAX_REASON_CHARS) for reason in item.reasons[:MAX_REASONS] if reason
        )
        head = f"[{number}] {_plain(item.label, 100)}, {_plain(item.kind, 20)}"
        lines.append(head + (f": {about}" if about else "") + (f" | {why}" if why else ""))
    lines.append(f"said: {_plain(brief.said, MAX_SAID_CHARS)}")
    if brief.kept:
        lines.append(f"kept: {_plain(brief.kept, MAX_SAID_CHARS)}")
    reply = " ".join(("reply:", *opening))
    return "\n".join((*lines, f"need: {brief.need}", f"feels: {brief.mood}", reply))


def grouped(n_items: int, room: int) -> list[tuple[int, ...]]:
    """Item numbers by sentence: one in each while there is room, else two in the first ones."""
    pairs = max(0, n_items - room)
    first = [(2 * at + 1, 2 * at + 2) for at in range(pairs)]
    return [*first, *((number,) for number in range(2 * pairs + 1, n_items + 1))]


def grammar(brief: Brief, *, n_opening: int) -> str:
    """The rest of a reply as a GBNF grammar: each item once and in order, a closing.

    With its opening, of `n_opening` sentences, it has at most `MAX_SENTENCES`. It says why the
    first item fits that has reasons; of what else is known of an item each part may be. "In [1], "
    stands only before a premise that goes on from it.
    """
    room = MAX_SENTENCES - n_opening - 1
    items = '". " '.join(
        '"; " '.join(f"item{i} " for i in group) for group in grouped(len(brief.items), room)
    )
    rules = [
        f'root ::= " " {items}". " closing "\\n"',
        r"closing ::= [A-Z] [^\[\].!?…;\n]{0,120} [.!?]",
        r"plain ::= ([^\[\].!?…;:\nIi] [^\[\].!?…;:\n]{0,39})?",
    ]
    with_why = next((i for i, item in enumerate(brief.items, start=1) if any(item.reasons)), 0)
    for number, item in enumerate(brief.items, start=1):
        rules.append(f"item{number} ::= {_entry(number, item, has_to=number == with_why)}")
    return "\n".join(rules) + "\n"


def _entry(number: int, item: BriefItem, *, has_to: bool) -> str:
    """An item's words and places, as a part of a grammar; why it fits if it has to."""
    named = f'plain "[{number}]"'
    why = f' ", because [{number}|]"' if any(item.reasons) else ""
    if why and not has_to:
        why = f" ({why.strip()})?"
    if item.premise[:1].islower():  # genres and people, no sentence
        return f'{named} (" ([{number}:])")?{why}'
    if not item.premise:
        return named + why
    told = f'{named}{why} (": [{number}:]")?'
    if has_to or not _SUBJECT.match(item.premise):
        return told
    return f'({told} | ("In " | "in ") "[{number}]" ", [{number}:]")'


def fill(reply: str, fillings: Sequence[Filling]) -> str:
    """A reply with its places filled in: "[1] is..." -> "The Castle (1997) is...".

    A place that nothing is known for is left as it stands, for the grounding check to find.
    """
    reply = reply.strip()
    done, at = "", 0
    for match in PLACE.finditer(reply):
        done += reply[at : match.start()]
        at = match.end()
        number = int(match[1])
        known = fillings[number] if number < len(fillings) else Filling("")
        done += known.text(match[2], done) or match[0]
    return done + reply[at:]


def faults(reply: str, n_items: int) -> list[str]:
    """What is wrong with the form of a reply (places not yet filled in); empty when nothing is."""
    found = []
    named: list[int] = []
    details: set[str] = set()
    for match in PLACE.finditer(reply):
        if not match[2]:
            named.append(int(match[1]))
        elif match[0] in details or (named[-1] if named else 0) != int(match[1]):
            place = f"after [{match[1]}]" if int(match[1]) else "before the items"
            found.append(f"wanted {match[0]} once, and {place}")
        else:
            details.add(match[0])
    if named != list(range(1, n_items + 1)):
        found.append(f"wanted [1] to [{n_items}] once each and in order, got {named}")
    n_sentences = len(_SENTENCE_END.findall(PLACE.sub("it", reply)))
    if not MIN_SENTENCES <= n_sentences <= MAX_SENTENCES:
        wanted = f"{MIN_SENTENCES} to {MAX_SENTENCES} sentences"
        found.append(f"wanted {wanted}, got {n_sentences}")
    if "\n" in reply.strip():
        found.append("wanted one line")
    if not reply.strip().endswith((".", "?", "!")):
        found.append("wanted an end")
    if re.search(r"[\[\]]", PLACE.sub("", reply)):
        found.append("wanted no brackets but places")
    return found


def _plain(text: str, max_chars: int) -> str:
    return clean(re.sub(r"[\[\]|]", " ", text), max_chars=max_chars)
