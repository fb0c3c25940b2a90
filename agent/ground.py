"""The grounding check: a sentence is said only if evidence carries it.

It reads sentences, not meanings: it catches titles, names, years, numbers, genres, prizes,
quotations and links that nobody gave us. It would rather lose a true sentence than let an
invented one through; the template reply is always there to fall back on.
"""

import json
import re
from collections.abc import AsyncIterator, Collection, Container, Sequence
from functools import lru_cache
from importlib import resources

from simpatico.agent import phrases
from simpatico.agent.evidence import Evidence, FindTitles, Span, sentences, spans_of
from simpatico.agent.explain import bold, clean_prose
from simpatico.agent.safety import as_data
from simpatico.agent.words import GENRES, kept, left_out
from simpatico.domain import Item, Recommendation, UserState, Value
from simpatico.errors import LLMError
from simpatico.protocols import LLM

_MARKUP = re.compile(
    r"https?:|www\.|\b[\w-]+\.(?:com|net|org|io|ly|ru|cn|info|xyz)\b|\]\(|!\[|\]\s*:|<\s*[/!a-z]"
    r"|&\w+;|```|javascript:|data:\w+/",
    re.I,
)
_PRIZE = re.compile(
    r"\b(?:oscars?|academy award|award|golden globe|bafta|palme|emmy|grammy|cannes|sundance"
    r"|nominat\w+|prize|box[- ]office|critic\w*|acclaim\w*|rotten tomatoes|imdb|metacritic|rated"
    r"|ratings?|stars?\b(?= out)|blockbuster|masterpiece|cult classic|best[- ]selling|true story"
    r"|based on|sequel|prequel|remake|trilogy|franchise|streaming on|netflix|disney|hbo|prime)\b",
    re.I,
)
_QUOTED = re.compile(r"[\"“”«]([^\"“”«»]+)[\"”»]|[《「『]([^》」』]+)[》」』]|(?<!\w)‘([^’]+)’")
_EMPHASIS = re.compile(r"(?<![\\*\w])(\*{1,3}|_{1,2})(?=\S)(.+?)(?<![\s\\])\1(?![\w*])")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_AMOUNT = re.compile(
    r"\b(?:hundred|thousand|million|billion|dozen)s?\b"
    r"|\b(?:\w+ty(?:-\w+)?|one|two|three|four|five|ten|half)[- ](?:minutes?|hours?|years?)\b",
    re.I,
)
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_LEAD_NAME = re.compile(
    r"^\W*([A-Z][\w'’-]+)(?:['’]s\b| (?:is|was|plays?|stars?|directs?|directed|makes|brings|gives"
    r"|and [A-Z]))"
)
_PRONOUN = re.compile(
    r"^\W*(?:it|its|it['’]s|he|she|they|this|that|these|those|his|her|their)\b", re.I
)
_OFFER = re.compile(
    r"\W*(?:(?:so|or|if not|else),? )?(?:shall|should|would|want|do you|may) ?", re.I
)
_HERE = re.compile(
    r"\b(?:it|its|they|them|their|this|these|that|those|he|she|his|her|both|first|last)\b", re.I
)
_PLAIN_CAPITALS = frozenset(
    "i i'm i'd i've i'll ok tv monday tuesday wednesday thursday friday saturday sunday january "
    "february march april may june july august september october november december christmas "
    "halloween english french german spanish italian japanese korean chinese american "
    "british".split()
)
_STARTERS = frozenset(
    "it this that there here he she everything everyone everybody nothing what who one each both "
    "all something someone mine yours another either neither which if how where when why and but "
    "so the these those they we you let".split()
)
_MAX_TOKENS = 450


class GroundedText(Value):
    """A text that passed the check.

    Attributes:
        text: what is left of it.
        dropped: the sentences that evidence does not carry.
        missing: ids of recommended items that are not named in `text`.
    """

    text: str
    dropped: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it may be sent: something is left, and every item is named."""
        return bool(self.text.strip()) and not self.missing


def check(
    text: str,
    evidence: Evidence,
    *,
    find_titles: FindTitles | None = None,
    names: Collection[str] = (),
    ordinary: Container[str] | None = None,
) -> GroundedText:
    """Drop each sentence that names or claims what is not in evidence.

    Args:
        text: the reply, as markdown.
        evidence: what may be said.
        find_titles: finds catalogue titles in a text (`TitleIndex.link`); without it, titles are
            still caught by their capitals, quotation marks or emphasis.
        names: words that are names, as in `Gate`.
        ordinary: words that may be used without evidence, as in `Gate`.
    """
    gate = Gate(evidence, find_titles=find_titles, names=names, ordinary=ordinary)
    kept_text = "".join(gate.pass_on(sentence) for sentence in gate.cut(text))
    return GroundedText(
        text=kept_text.strip(), dropped=tuple(gate.dropped), missing=gate.missing(kept_text)
    )


class Gate:
    """The check, one sentence after the other, for text that is still being written."""

    def __init__(
        self,
        evidence: Evidence,
        *,
        find_titles: FindTitles | None = None,
        names: Collection[str] = (),
        ordinary: Container[str] | None = None,
        dropped: list[str] | None = None,
    ) -> None:
        """Begin. `names` are words, in lower case, that open a sentence only if evidence has them.

        Any word has a capital there, so others pass. `ordinary` are the words in lower case that
        may be used though evidence lacks them; None: all. What may not be said goes to `dropped`.
        """
        self._name_words = names
        self._ordinary = ordinary
        self.dropped = [] if dropped is None else dropped
        self._evidence = evidence
        self._find_titles = find_titles
        self._titles = [name for item in evidence.items() for name in evidence.names(item)]
        self._after_drop = False

    def cut(self, text: str) -> list[str]:
        """Cut into sentences, titles kept whole."""
        return sentences(text, [*self._titles, *self._evidence.quotes])

    def pass_on(self, sentence: str) -> str:
        """The sentence if it may be said, else what must stay of it: its line end."""
        line_end = sentence[len(sentence.rstrip("\n")) :]
        # "It won..." after a dropped sentence would speak of something else.
        leans_back = self._after_drop and bool(_PRONOUN.match(sentence))
        if sentence.strip() and (leans_back or not self._carried(sentence)):
            self.dropped.append(sentence.strip())
            self._after_drop = not line_end
            return line_end
        self._after_drop = self._after_drop and not line_end and not sentence.strip()
        return sentence

    def missing(self, text: str) -> tuple[str, ...]:
        """Ids of recommended items that a text does not name."""
        titles = [item.title.casefold() for item in self._evidence.recommended]
        absent = []
        for item in self._evidence.recommended:
            names = self._evidence.names(item)
            if titles.count(item.title.casefold()) > 1:  # a remake: the year decides
                names = tuple(name for name in names if str(item.year) in name)
            spans = [span for name in names for span in spans_of(text, name)]
            if not any(_written_as_title(text[a:b], item) for a, b in spans):
                absent.append(item.id)
        return tuple(absent)

    def _carried(self, sentence: str) -> bool:
        named, spans = self._named(sentence)
        if _MARKUP.search(_blank(sentence, spans)):
            return False
        about = named or self._evidence.items()
        spans = spans + [
            span
            for quote in (*self._evidence.quotes, *(name for one in about for name in one.creators))
            for span in spans_of(sentence, quote)
        ]
        rest = _blank(sentence, spans)
        facts = self._evidence.facts(about)
        told = " \n ".join((facts, *self._evidence.said))
        return (
            self._no_other_title(sentence, spans)
            and all(_within(claim, facts) for claim in _claims(rest))
            and all(number in _NUMBER.findall(told) for number in _NUMBER.findall(rest))
            and not _stranger(rest, facts)
            and not _opens_with_a_name(rest, facts, self._name_words)
            and not self._odd(rest, facts)
            and (_genres_hold(rest, told) or (not named and _offers(rest)))
        )

    def _odd(self, rest: str, facts: str) -> bool:
        """Whether it has a word that neither the facts have nor people use: a name in disguise.

        In lower case, or with the capital that any word has where a sentence opens.
        """
        ordinary = self._ordinary
        if ordinary is None:
            return False
        odd = [word.casefold() for word in _WORD.findall(rest) if word not in ordinary]
        if not odd:
            return False
        known = {word.casefold() for word in _WORD.findall(facts)}
        return any(not {word, _bare(word)} & known for word in odd)

    def _named(self, sentence: str) -> tuple[tuple[Item, ...], list[Span]]:
        """Which allowed items a sentence names, and where; the longest name wins."""
        found: list[tuple[Span, Item]] = []
        for item in self._evidence.items():
            for name in self._evidence.names(item):
                found += [(span, item) for span in spans_of(sentence, name)]
        found.sort(key=lambda one: one[0][0] - one[0][1])
        spans: list[Span] = []
        named: dict[str, Item] = {}
        for (start, end), item in found:
            if not _written_as_title(sentence[start:end], item):
                continue
            if not any(start < b and a < end for a, b in spans):
                spans.append((start, end))
                named[item.id] = item
        return tuple(named.values()), spans

    def _no_other_title(self, sentence: str, allowed: list[Span]) -> bool:
        if self._find_titles is None:
            return True
        ids = {item.id for item in self._evidence.items()}
        for link in self._find_titles(sentence):
            inside = any(a <= link.start and link.end <= b for a, b in allowed)
            if (
                not inside
                and link.item_id not in ids
                and _looks_named(sentence, link.start, link.end)
            ):
                return False
        return True


async def rephrase(
    llm: LLM,
    draft: str,
    state: UserState,
    recommendations: Sequence[Recommendation],
    *,
    others: Sequence[Item] = (),
    said: Sequence[str] = (),
    notes: Sequence[str] = (),
    find_titles: FindTitles | None = None,
    dropped: list[str] | None = None,
    ordinary: Container[str] | None = None,
) -> AsyncIterator[str]:
    """Let a language model say a draft more naturally, sentence by checked sentence.

    What comes out names every recommended item: entries of the draft whose item the model left
    out follow at the end, and if nothing it wrote holds, the draft itself comes.

    Args:
        llm: who rephrases.
        draft: the template reply.
        state: what was understood; its constraints may be read back.
        recommendations: what is recommended, best first.
        others: further items that may be named.
        said: the person's own words; no evidence beside notes, for they name what was let go of.
        notes: what has to be admitted, as the draft has it; it is sent word for word before the
            first entry, and the model is not shown it.
        find_titles: finds catalogue titles in a text, as in `check`.
        dropped: gets the sentences that evidence does not carry.
        ordinary: words that may be used without evidence, as in `Gate`.

    Raises:
        LLMError: when the model failed; by then the reply has been made whole from the draft.
    """
    if not recommendations:
        yield draft
        return
    sayings = [] if notes else said
    evidence = evidence_for(state, recommendations, others=others, said=sayings)
    gate = Gate(evidence, find_titles=find_titles, ordinary=ordinary, dropped=dropped)
    admitted = " ".join(clean_prose(note, max_chars=300) for note in notes)
    plain = draft.replace(f"{admitted}\n\n", "", 1) if admitted else draft
    stream = llm.stream(
        rephrase_messages(plain, evidence, said=said), max_tokens=_MAX_TOKENS, temperature=0.3
    )
    sent, held, waiting = "", "", ""
    broke: LLMError | None = None
    try:
        async for piece in stream:
            waiting += piece
            *whole, waiting = gate.cut(waiting) or [""]
            held += "".join(gate.pass_on(sentence) for sentence in whole)
            # The opening waits for the first item: without one, the draft comes instead.
            if held and len(gate.missing(sent + held)) < len(evidence.recommended):
                yield held if sent else _admitting(held, admitted)
                sent, held = sent + held, ""
    except LLMError as error:
        broke, waiting = error, ""
    finally:
        if close := getattr(stream, "aclose", None):
            await close()
    held += gate.pass_on(waiting)
    missing = gate.missing(sent + held)
    if len(missing) == len(evidence.recommended):
        yield draft
    else:
        if held:
            yield held if sent else _admitting(held, admitted)
        for item in evidence.recommended:
            if item.id in missing:
                yield f"\n\n{entry_of(draft, item, evidence)}"
    if broke is not None:
        raise broke


def _admitting(text: str, admitted: str) -> str:
    """The beginning of a reply with what has to be admitted between opening and first entry."""
    if not admitted:
        return text
    opening, entry, rest = f"\n{text}".partition("\n- ")
    blocks = (opening.strip(), admitted, f"- {rest}") if entry else (admitted, text)
    return "\n\n".join(block for block in blocks if block)


def evidence_for(
    state: UserState,
    recommendations: Sequence[Recommendation],
    *,
    others: Sequence[Item] = (),
    said: Sequence[str] = (),
) -> Evidence:
    """The evidence of one reply: the items, their reasons, and the person's own words."""
    wishes = state.constraints
    return Evidence.of(
        recommendations,
        others=others,
        said=said,
        wishes=[kept(wishes), left_out(wishes), *wishes.genres, *wishes.not_genres],
    )


def rephrase_messages(
    draft: str, evidence: Evidence, *, said: Sequence[str] = ()
) -> list[dict[str, str]]:
    """The prompt: fixed text first, then the evidence and the draft as data."""
    items = [
        {
            "title": item.label,
            "genres": list(item.genres[:3]),
            "people": list(item.creators[:3]),
        }
        for item in evidence.recommended
    ]
    user = "\n".join(
        (
            as_data(" ".join(said[-1:]), 1000, name="person"),
            as_data(json.dumps(items, ensure_ascii=False), 3000, name="items"),
            as_data(draft.replace("\n", " / "), 4000, name="draft"),
        )
    )
    return [{"role": "system", "content": _instructions()}, {"role": "user", "content": user}]


@lru_cache(maxsize=1)
def _instructions() -> str:
    folder = resources.files("simpatico.agent.prompts")
    return (folder / "rephrase.md").read_text(encoding="utf-8").strip()


def entry_of(draft: str, item: Item, evidence: Evidence) -> str:
    """A draft's own line about an item; one that only names it, where it has none."""
    for line in draft.splitlines():
        if line.startswith("- ") and any(spans_of(line, name) for name in evidence.names(item)):
            return line
    return f"- {bold(item)}"


def _written_as_title(words: str, item: Item) -> bool:
    """Whether the capitals fit: the "up" in "cheer up" is not the film."""
    return not words.islower() or item.title.islower()


def _blank(sentence: str, spans: Sequence[Span]) -> str:
    """Black out what is allowed word for word. The mark keeps a capital neighbour suspicious."""
    chars = list(sentence)
    for start, end in spans:
        chars[start:end] = "\x01" * (end - start)
    return "".join(chars)


def _claims(rest: str) -> list[str]:
    """What has to be found word for word in the facts: prizes, amounts, quotations, emphasis."""
    quoted = [next(filter(None, match.groups())) for match in _QUOTED.finditer(rest)]
    emphasised = [match[2] for match in _EMPHASIS.finditer(rest)]
    marked = [text.replace("\x01", "").strip(" ,:.") for text in quoted + emphasised]
    fixed = [match[0] for pattern in (_PRIZE, _AMOUNT) for match in pattern.finditer(rest)]
    return [claim for claim in marked + fixed if claim]


def _within(claim: str, facts: str) -> bool:
    return bool(spans_of(facts, claim.strip()))


def _stranger(rest: str, facts: str) -> bool:
    """Whether a name stands there that the facts do not have."""
    known = {word.casefold() for word in _WORD.findall(facts)} | _PLAIN_CAPITALS
    if (match := _LEAD_NAME.match(rest)) and match[1].casefold() not in known | _STARTERS:
        if _bare(match[1].casefold()) not in known | _STARTERS:
            return True
    first = True
    for match in re.finditer(r"[^\W\d_][\w'’-]*|[.!?:;/](?=\s)|\x01+", rest):
        word = match[0]
        if word[0] == "\x01":
            after = re.match(r"\s+([A-Z][\w'’-]*)", rest[match.end() :])
            if after and after[1].casefold() not in known:
                return True  # "Paddington Returns" beside the allowed "Paddington"
            first = False
            continue
        if not word[0].isalpha():
            first = True
            continue
        low = word.casefold()
        if not first and word[0].isupper() and not {low, _bare(low)} & known:
            return True
        first = False
    return False


def _opens_with_a_name(rest: str, facts: str, names: Collection[str]) -> bool:
    """Whether the first word is a name that the facts do not have: "Spielberg at his best"."""
    match = _WORD.match(rest.lstrip(" \n\t-*_\"“‘’'("))
    if match is None or not match[0][0].isupper():
        return False
    bare = _bare(match[0].casefold())
    if bare not in names or bare in house_words() | _STARTERS:
        return False
    return bare not in {word.casefold() for word in _WORD.findall(facts)}


def _bare(word: str) -> str:
    """A word without what an apostrophe adds to it."""
    return re.sub(r"['’](?:s|m|d|re|ve|ll|t)$", "", word)


def _genres_hold(rest: str, facts: str) -> bool:
    """Whether each genre that is spoken of is in the facts, in any of its forms."""
    low, known = rest.casefold(), facts.casefold()
    for name, noun in GENRES.items():
        singular = re.sub(r"ies$", "y", noun) if noun.endswith("ies") else noun.rstrip("s")
        forms = {name, noun, singular}
        if any(spans_of(low, form) for form in forms) and not any(form in known for form in forms):
            return False
    return True


def _offers(rest: str) -> bool:
    """Whether a sentence asks what to look for next, and so says nothing of what is here."""
    return rest.rstrip().endswith("?") and bool(_OFFER.match(rest)) and not _HERE.search(rest)


def _looks_named(sentence: str, start: int, end: int) -> bool:
    """Whether words that are also a title are meant as one: capitals, marks, or several words."""
    words = _WORD.findall(sentence[start:end])
    if not words:
        return any(char.isdigit() for char in sentence[start:end])
    before = sentence[:start].rstrip()
    opens = not before or before[-1] in ".!?:-\n"
    marked = bool(before) and before[-1] in '"“‘«《*_'
    capitals = sum(word[0].isupper() for word in words)
    if marked or capitals >= 2 or (capitals == 1 and not opens):
        return True
    own = [word.casefold() for word in words if word.casefold() not in ("the", "a", "an")]
    rare = any(len(word) >= 5 and word not in house_words() for word in own)
    return len(own) >= 3 or rare


@lru_cache(maxsize=1)
def house_words() -> frozenset[str]:
    """The words of our own phrases, which are ordinary ones: "pulse" is a film, too."""
    ours = " ".join(repr(value) for name, value in vars(phrases).items() if name.isupper())
    return frozenset(_WORD.findall(ours.casefold()))
