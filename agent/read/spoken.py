"""Which languages a message asks for and refuses, foreign ones and subtitles among them."""

import re
from collections.abc import Sequence

from simpatico.agent.read.clauses import Span, inside
from simpatico.agent.read.refused import is_refused, is_refused_foreign
from simpatico.agent.read.tongues import asked, foreign, foreign_asked, named
from simpatico.agent.read.words import LANGUAGES
from simpatico.domain import Value

Named = tuple[tuple[str, ...], Span]
"""Languages, and where they are named."""

_ANY_LANGUAGE = re.compile(
    r"\b(?:any|whatever|which ?ever) (?:old )?language\b(?! (?:but|except|other))|"
    r"\b(?:the )?language (?:does(?:n'?t| not)|is(?:n'?t| not)) (?:matter|important)|"
    r"\bdo(?:n'?t| not) care (?:about|what|which) (?:the )?language"
)


class Spoken(Value):
    """What a message says of languages.

    Attributes:
        asked, refused: by name, or by a country that stands for them.
        at_home: where only the person's own language is asked for ("no subtitles").
        away: where any but that is ("something foreign").
    """

    asked: tuple[Named, ...] = ()
    refused: tuple[Named, ...] = ()
    at_home: tuple[Span, ...] = ()
    away: tuple[Span, ...] = ()

    @property
    def spans(self) -> tuple[Span, ...]:
        """Where all of it stands."""
        return (*(span for _, span in (*self.refused, *self.asked)), *self.at_home, *self.away)

    def languages(self, *, mother: str) -> tuple[str, ...]:
        """Languages to be kept to, each once; `mother` is the person's own."""
        names = [name for names, _ in self.asked for name in names]
        return tuple(dict.fromkeys((*names, mother) if self.at_home else names))

    def not_languages(self, wished: Sequence[Span], *, mother: str) -> tuple[str, ...]:
        """Languages that are not wanted, each once, as far as they stand in a wish."""
        names = [name for names, span in self.refused if inside(span, wished) for name in names]
        only_away = self.away and not self.at_home and not self.asked
        return tuple(dict.fromkeys((*names, mother) if only_away else names))


def read_spoken(
    low: str,
    *,
    denied: Sequence[Span],
    terms: Sequence[Span],
    told: Sequence[Span],
    let_back: Sequence[Span],
) -> Spoken:
    """Read a plain text.

    Args:
        low: the text.
        denied: what `clauses.negated` found.
        terms: spans of genres and tones.
        told: what is only told of; nothing in it is asked for or refused.
        let_back: what takes something back: "subtitles are fine" refuses none, nor asks for them.
    """
    abroad = [span for span in foreign(low) if not inside(span, (*told, *let_back))]
    at_home = tuple(
        span for span in abroad if is_refused_foreign(low, span, denied=denied, terms=terms)
    )
    return Spoken(
        asked=tuple(asked(low, terms=terms, unless=(*denied, *told))),
        refused=tuple(
            (names, span)
            for names, span in named(low)
            if not inside(span, told) and is_refused(low, span, denied=denied, terms=terms)
        ),
        at_home=at_home,
        away=tuple(span for span in abroad if span not in at_home and foreign_asked(low, span)),
    )


def let_in(low: str, taken_back: Sequence[str], *, mother: str) -> tuple[str, ...]:
    """Languages that a plain text takes back all limits on.

    Args:
        low: the text.
        taken_back: what it says is fine, or to be forgotten.
        mother: the person's own language, the one that is no limit when foreign things are fine.
    """
    if _ANY_LANGUAGE.search(low):
        return LANGUAGES
    return (mother,) if any(any(foreign(said)) for said in taken_back) else ()
