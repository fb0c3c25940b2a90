"""What a reply may say: the evidence behind it, and the reply cut into sentences."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from simpatico.agent.explain import clean_prose, label, premise
from simpatico.domain import Item, Recommendation
from simpatico.text import clean

Span = tuple[int, int]


class FoundTitle(Protocol):
    """A catalogue title found in a text, as `TitleIndex.link` gives it."""

    @property
    def item_id(self) -> str:
        """Which item it is."""
        ...

    @property
    def start(self) -> int:
        """Where it begins."""
        ...

    @property
    def end(self) -> int:
        """Where it ends, exclusive."""
        ...


FindTitles = Callable[[str], Sequence[FoundTitle]]

_BREAK = re.compile(
    r"(?<=[.!?…。！？])[\"”’*_)]*\s+(?=[\"“‘*_\-!<\[A-Z0-9À-ÞА-Я一-鿿《「])|(?<=[。！？])"
)
_LOWER_WORD = re.compile(r"\b[a-zà-ÿ]+\b")
_NAME = re.compile(r"\b[A-ZÀ-Þ][\w'’]{2,}")
_ABBREVIATION = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|Jr|Sr|vs|Vol|No|[A-Z])\.$")


@dataclass(frozen=True)
class Evidence:
    """All that is known and may be said, in a form that is quick to check against.

    Attributes:
        recommended: the items that must be named.
        others: items that may be named too (those the person spoke of).
        quotes: texts that may be repeated word for word.
        said: the person's own words; their numbers and plain words are allowed, names are not,
            for a name may be that of a title which is not here.
        wishes: what was made of them; names among them are ones that the catalogue has.
    """

    recommended: tuple[Item, ...]
    others: tuple[Item, ...] = ()
    quotes: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    wishes: tuple[str, ...] = ()
    _names: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        recommendations: Sequence[Recommendation],
        *,
        others: Iterable[Item] = (),
        said: Iterable[str] = (),
        wishes: Iterable[str] = (),
    ) -> "Evidence":
        """The evidence that recommendations carry with them."""
        items = tuple(one.item for one in recommendations)
        told = [premise(item) for item in items]
        quotes = [text.rstrip(" .;,") for one in told for text in (one, *sentences(one))]
        quotes += [
            clean_prose(reason.text, max_chars=200).rstrip(" .;,")
            for one in recommendations
            for reason in one.reasons
        ]
        return cls(
            recommended=items,
            others=tuple(others),
            quotes=tuple(dict.fromkeys(quote for quote in quotes if len(quote) > 3)),
            said=tuple(clean(text, max_chars=10_000) for text in said),
            wishes=tuple(clean(text, max_chars=10_000) for text in wishes),
        )

    def items(self) -> tuple[Item, ...]:
        """All items that may be named."""
        return self.recommended + self.others

    def names(self, item: Item) -> tuple[str, ...]:
        """How an item may be written, the longest first."""
        if item.id not in self._names:
            plain = {clean(item.label, max_chars=300), clean(item.title, max_chars=300)}
            escaped = {label(item), label(item.model_copy(update={"year": None}))}
            self._names[item.id] = tuple(sorted(plain | escaped, key=len, reverse=True))
        return self._names[item.id]

    def facts(self, items: Iterable[Item]) -> str:
        """What is known about these items and was wished for, as one text to look names up in."""
        parts: list[str] = [*self.quotes, *self.wishes]
        for item in items:
            parts += [item.title, str(item.year or ""), *item.creators, *item.genres]
            parts += [*item.keywords, item.kind, premise(item)]
        return " \n ".join(parts)


def name_words(items: Sequence[Item]) -> frozenset[str]:
    """The words of people's names, in lower case, but for those that prose has as plain words."""
    names = {word for item in items for name in item.creators for word in _NAME.findall(name)}
    plain = {word for item in items for word in _LOWER_WORD.findall(item.text)}
    return frozenset({name.casefold() for name in names} - plain)


def spans_of(text: str, phrase: str) -> list[Span]:
    """Where a phrase stands in a text as whole words, upper and lower case alike."""
    if not phrase or phrase.casefold() not in text.casefold():
        return []  # most are not there, and a regular expression costs far more
    before = r"(?<!\w)" if re.match(r"\w", phrase) else ""
    after = r"(?!\w)" if re.search(r"\w$", phrase) else ""
    found = re.finditer(before + re.escape(phrase) + after, text, re.I)
    return [match.span() for match in found]


def sentences(text: str, keep_whole: Iterable[str] = ()) -> list[str]:
    """Cut a text into sentences and line ends; joined they are the text again.

    Args:
        text: prose or markdown; its end may be one that is still being written.
        keep_whole: phrases with full stops inside, such as "What's Up, Doc? (1972)".
    """
    phrases = tuple(keep_whole)
    whole = [span for phrase in phrases for span in spans_of(text, phrase)]
    whole += [span for phrase in phrases if (span := _begun(text, phrase))]
    cuts = {match.end() for match in re.finditer(r"\n+", text)}
    for match in _BREAK.finditer(text):
        inside = any(start < match.start() < end for start, end in whole)
        if not inside and not _ABBREVIATION.search(text[max(0, match.start() - 5) : match.start()]):
            cuts.add(match.end())
    edges = [0, *sorted(cut for cut in cuts if 0 < cut < len(text)), len(text)]
    return [text[a:b] for a, b in zip(edges, edges[1:], strict=False) if b > a]


def _begun(text: str, phrase: str) -> Span | None:
    """Where a text ends in mid-phrase, beyond an end of a sentence that the phrase has inside."""
    inner = _BREAK.search(phrase)
    if inner is None:
        return None
    for n in range(min(len(phrase) - 1, len(text)), inner.end(), -1):
        at = len(text) - n
        if text[at:].casefold() == phrase[:n].casefold() and not text[at - 1 : at].isalnum():
            return at, len(text)
    return None
