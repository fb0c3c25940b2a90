"""What to search for: the content words of a wish."""

import re
from collections.abc import Sequence

from simpatico.agent.read.clauses import Span, blank, plain
from simpatico.agent.read.wishes import Clause

MAX_WORDS = 24

_CHAFF = set(
    """a about above actually after again ain all along alright also always am an and another any anybody anyone
    anything are aren around as ask at available back be because been before being best better bit both but by
    call called can cannot choose chose could couldn cool current day days did didn do does doesn doing don done
    each else enjoy enjoyed especially etc even evening ever every everything exactly fancy far feel feeling few film
    films find fine first flick flicks for from genre get getting give go goes going gonna good got great guess had
    has have haven having hello help her here hey hi him his hmm how however i idea ideas ideally if in instead interested into is
    isn it its just keep kind kinda know last least less let like liked likes listen little ll long look looking
    looks lot lots love loved made make makes many may maybe me mean mind mine minutes minute hours hour mood more
    most movie movies much must my myself need needed needs never new next nice night no nope not nothing now of off
    ok okay old older newer on one ones only or other others our out over own perhaps pick please possible preferably pretty hate hated dislike avoid stand
    probably quite rather really recent recently recommend recommendation recommendations recommended right s same
    saw say search searching see seem seems seen set share should show shows similar since so some somebody someone
    something sometimes somewhat soon sort sorry spend start still story stuff such suggest suggestion suggestions
    sure t take tell than thank thanks that the their them then there these they thing things think this those
    though thought through time to today together tomorrow tonight too tried try two type under until up us use
    used usually ve very want wanted wants was wasn watch watched watching way we week weekend well went were what
    whatever when where which while who whole why will wish with without won would wouldn yeah years year yep yes
    yet you your yours yourself dont didnt doesnt im ive id ill cant wanna gotta lol haha please plz pls ok okay um
    uh er evening afternoon morning featuring starring directed actor actress director mind care matter surprise
    perfect sounds sound anyway basically definitely maybe else less more enough able forget different hoping hope could use wife husband girlfriend boyfriend partner mum mom dad parents kids children family friend friends
    am'nt decent solid fantastic excellent amazing awesome cool appropriate feels lately""".split()
)  # fmt: skip
_WORD = re.compile(r"[^\W\d_][\w'-]*|\d{1,3}(?=-)")


def query_words(
    text: str,
    parts: Sequence[Clause],
    *,
    skip: Sequence[Span],
    unless: Sequence[Span] = (),
) -> tuple[str, ...]:
    """Content words of the wish clauses, in order, each once.

    Args:
        text: the message.
        parts: its clauses; only those that are wishes count.
        skip: spans that say no, name a title or a year, or tell a need; their words are dropped.
        unless: spans within those whose words count all the same.
    """
    low = _without(plain(text), skip, unless)
    words: list[str] = []
    for clause in parts:
        if not clause.wish:
            continue
        said = low[clause.start : clause.end]
        for match in _WORD.finditer(said):
            word = re.sub(r"(?:'s|')$", "", match[0]).strip("-'")
            stem = re.sub(r"'\w+$", "", word)
            if len(word) > 1 and word not in _CHAFF and stem not in _CHAFF and word not in words:
                words.append(word)
    return tuple(words[:MAX_WORDS])


def join_query(now: Sequence[str], before: str, *, gone: Sequence[str] = ()) -> str:
    """Today's words first, then earlier ones still wanted (`gone` are patterns taken back)."""
    kept = [
        word
        for word in before.split()
        if not any(re.fullmatch(source, word) for source in gone)
    ]
    return " ".join(dict.fromkeys((*now, *kept)).keys()) if now or kept else ""


def _without(low: str, skip: Sequence[Span], unless: Sequence[Span]) -> str:
    out = blank(low, skip, " ")
    for start, end in unless:
        out = out[:start] + low[start:end] + out[end:]
    return out
