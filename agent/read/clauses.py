"""What a sentence says yes to and what it says no to, and which part is a wish.

Everything here works on character spans of one lower-case text, so that later steps agree on
what is negated, named or wished for.
"""

import re
from collections.abc import Sequence

Span = tuple[int, int]

MAX_CHARS = 3000
"""Longer messages are read at both ends: the request is at the start or at the end."""

_PLAIN = str.maketrans({"’": "'", "‘": "'", "`": "'", "“": '"', "”": '"', "–": "-", "—": ","})


def shorten(text: str) -> str:
    """Keep the two ends of a long text, `MAX_CHARS` in all."""
    if len(text) <= MAX_CHARS:
        return text
    half = MAX_CHARS // 2
    return f"{text[:half].rsplit(' ', 1)[0]} . {text[-half:].split(' ', 1)[-1]}"


def plain(text: str) -> str:
    """Lower case with plain quotes, the same length, so that spans stay valid."""
    lowered = text.translate(_PLAIN).lower()
    return lowered if len(lowered) == len(text) else _lower_each(text.translate(_PLAIN))


def _lower_each(text: str) -> str:
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def blank(text: str, spans: Sequence[Span], char: str = "_") -> str:
    """Overwrite spans, so that a title's words are not read as wishes."""
    for start, end in spans:
        text = text[:start] + char * (end - start) + text[end:]
    return text


_NOT_NEGATION = re.compile(
    r"\b(?:(?:never|not|(?:is|do|wo|ca)n'?t)(?: (?:get|be|really|ever)){0,2} (?:sick|tired|bored) "
    r"of|"
    r"(?:i'?m )?not (?:only|just|sure|bad|that i know|gonna lie)|no (?:idea|problem|worries|"
    r"wonder|matter|clue|doubt|offen[cs]e)"
    r"|don'?t (?:mind|care|know|worry)|why (?:not|don't (?:you|we))|can'?t (?:wait|sleep|decide|"
    r"stop|go wrong|get enough|think|remember|find)"
    r"|couldn'?t (?:sleep|stop|agree more)|no (?:more )?than|not (?:more|less|older|newer|longer|"
    r"shorter|later|earlier) than"
    r"|whether or not|nothing (?:beats|like a good)|never (?:seen|watched|heard|tried)|"
    r"i hate (?:my|this|that|it when|people|mondays)|haven'?t (?:seen|watched|heard|tried)"
    r"|not (?:feeling|doing|having)|so tired of (?:my|this|work|everything|people|life)|(?:sick|"
    r"tired) of (?:my|this|work|everything|people|life|being)"
    r"|no,|no\.|no wait|no actually|no sorry|without (?:a )?doubt|no one|not much|why no)\b"
)

NEGATOR = re.compile(
    r"\b(?:(?:hates?|veto(?:es)?|refuses?|dislikes?|avoids?|nothing) anything (?:with|about|too)|"
    r"veto(?:es)?|refuses?|(?:scared|afraid|terrified) of|squeamish about|"
    r"no more|any language (?:but|other than)|not (?:really )?in the mood for|not|no|nothing|"
    r"none|nor|without|w/o|"
    r"avoid(?:ing)?|skip|hate[ds]?|dislike[ds]?|"
    r"except(?: for)?|exclud(?:e|ing)|leav(?:e|ing) out|stay(?:ing)? away from|"
    r"(?:any|some)thing (?:other than|besides|apart from)|"
    r"anything but|rather not|instead of|less|fewer|never|minus|sick of|tired of|bored of|"
    r"fed up with|had enough of|enough of|enough(?= (?:with|horror|romance|westerns|superheroes))|"
    r"can'?t (?:stand|do|handle|bear|take|deal with|be (?:bothered|arsed)(?= (?:with|reading|to "
    r"(?:read|watch))\b))|cannot (?:stand|do|handle|bear|take)|"
    r"(?:don'?t|doesn'?t|didn'?t|do not|does not|did not|dont|wouldn'?t|won'?t|isn'?t|aren'?t|"
    r"wasn'?t|ain'?t)(?: (?:really|usually|actually|even|much|particularly|want|wanna|need|like|"
    r"enjoy|care for|feel like|love|give me|show me|recommend|suggest|involve|have|do|be|a fan of|"
    r"into|in the mood for|too|so))*|"
    r"not(?: (?:really|in the mood for|a fan of|a big fan of|into|too|so|as|that|another|any|"
    r"very))+|"
    r"far too|way too|a bit too|a little too|much too|(?:was|is|were|are|it's|that's|they're|"
    r"looks?|sounds?|seems?|felt|feels?) (?:all )?too)\b"
    r"|^too\b(?! bad)"
)

_STOP = re.compile(
    r"\b(?:but|though|although|however|because|since i|so i|just|give me|show me|i want|i'd like|"
    r"i need|i like|i love|i'm looking|looking for|"
    r"something|anything|maybe|only|rather|prefer|let'?s|instead(?! of)|preferably|please|find me|"
    r"how about|what about|make it|with(?! (?:a lot of|too much|lots of|kids|children|any|"
    r"so much))|"
    r"more|is (?:fine|ok|okay|good)|are (?:fine|ok|okay|good))\b"
)

_LISTED = re.compile(  # possessive: a long row of commas must not be taken apart in every way
    r"^(?:and |or |nor |no |any |too |more |[,\s/&])*+[\w'-]++(?:[,\s/&]++(?:and |or |"
    r"nor |no |any |too )*+[\w'-]++){0,4}\s*$"
)
_SENTENCE_END = re.compile(r"[.;!?\n:()]")
_AFTER = re.compile(
    r"\b(?:(?:is|are|was|were)(?:n'?t| not) (?:really )?(?:my|for|what|it|working)|isn'?t it|"
    r"bores? me|bored me|(?:is|are) out\b|annoys? me|no thanks|scares? me|gives? me nightmares|"
    r"(?:is|are) (?:not )?off the table|depress(?:es)? me|upsets? me|stress(?:es)? me(?: out)?|"
    r"make me (?:sad|anxious|cry too much)|triggers? me)"
)
_FREE = re.compile(r"\b[\w]+(?:-| )free\b")


def negated(text: str, *, terms: Sequence[Span] = ()) -> tuple[Span, ...]:
    """Find the stretches of a plain text that it says no to.

    A negation reaches to the end of its clause, at most eight words far, and over a list
    ("no horror, gore or war"). `terms` are known wish words: they tell a list from a new clause.
    """
    harmless = [match.span() for match in _NOT_NEGATION.finditer(text)]
    found: list[Span] = []
    for match in NEGATOR.finditer(text):
        if any(start <= match.start() < end for start, end in harmless):
            continue
        found.append((match.start(), _reach(text, match.end(), terms)))
    for match in _AFTER.finditer(text):
        start = max((end.end() for end in _BREAK.finditer(text, 0, match.start())), default=0)
        found.append((start, match.start()))
    found += [match.span() for match in _FREE.finditer(text)]
    return tuple((start, end) for start, end in found if start < end)


_BREAK = re.compile(r"[.,;!?\n:()]|\b(?:but|and|though)\b")


def _reach(text: str, start: int, terms: Sequence[Span]) -> int:
    end_match = _SENTENCE_END.search(text, start)
    end = end_match.start() if end_match else len(text)
    for stop in _STOP.finditer(text, start, end):
        # "nothing more", "not something sad": what follows at once belongs to the negation.
        if text[start : stop.start()].strip() and not _only_glue(text[start : stop.start()]):
            end = stop.start()
            break
        if stop[0] in ("but", "because", "just", "though", "please"):
            end = stop.start()
            break
    end = _cut_at_comma(text, start, end, terms)
    words = list(re.finditer(r"\S+", text[start:end]))
    inside = [span for span in terms if start <= span[0] < end]
    if len(words) > 8 and not any(span[0] >= start + words[7].end() for span in inside):
        end = start + words[7].end()
    return _cut_at_and(text, start, end, terms)


def _only_glue(words: str) -> bool:
    return bool(
        re.fullmatch((r"\s*(?:(?:to|see|watch|want|a|an|the|any|for|of|too|really)\s*)*"), words)
    )


def _cut_at_comma(text: str, start: int, end: int, terms: Sequence[Span]) -> int:
    comma = text.find(",", start, end)
    if comma < 0:
        return end
    rest = text[comma:end]
    listed = _LISTED.match(rest) and re.search(r"\b(?:or|nor|and)\b", rest)
    covered = any(comma < span[0] < end for span in terms)
    if listed and covered and not re.search(r"\b(?:i|a|an|some|the|my)\b", rest):
        return end
    return comma


def _cut_at_and(text: str, start: int, end: int, terms: Sequence[Span]) -> int:
    """Stop at "and" when it starts something new ("no horror and make it short")."""
    for match in re.finditer(r"\band\b", text[start:end]):
        at = start + match.end()
        if text[start : start + match.start()].strip() and not any(
            0 <= span[0] - at <= 14 for span in terms
        ):
            return start + match.start()
    return end


def inside(span: Span, regions: Sequence[Span]) -> bool:
    """Whether a span begins in one of the regions."""
    return any(start <= span[0] < end for start, end in regions)
