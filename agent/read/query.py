"""What to search for: the content words of a wish."""

import re
from collections.abc import Sequence

from simpatico.agent.read.clauses import Span, blank, plain
from simpatico.agent.read.wishes import Clause

MAX_WORDS = 24

_CHAFF = frozenset(
    """
    a able about above actor actress actually after afternoon again ain all along alright also
    always am am'nt amazing an and another any anybody anyone anything anyway appropriate are aren
    around as ask at available avoid awesome back basically be because been before being best
    better bit both boyfriend but by call called can cannot cant care children choose chose cool
    could couldn current dad day days decent definitely did didn didnt different directed director
    dislike do does doesn doesnt doing don done dont each else enjoy enjoyed enough er especially
    etc even evening ever every everything exactly excellent family fancy fantastic far featuring
    feel feeling feels few film films find fine first flick flicks for forget friend friends from
    genre easily get gets getting girlfriend give go goes going gonna good got gotta great guess
    had haha has hate hated have haven having hello help her here hey hi him his hmm hope hoping
    hour hours how however husband i id idea ideally ideas if ill im in instead interested into is
    isn it its ive just keep kids kind kinda know last lately least less let like liked likes
    listen little ll lol long look looking looks lot lots love loved made make makes many matter
    may maybe me mean mind mine minute minutes mom mood more morning most movie movies much mum
    must my myself need needed needs never new newer next nice night no nope not nothing now of off
    ok okay old older on one ones only or other others our out over own parents partner perfect
    perhaps pick place please pls plz possible preferably pretty probably quite rather really
    recent recently recommend recommendation recommendations recommended right s same saw say
    search searching see seem seems seen set share should show shows similar since so solid some
    somebody someone something scared she sometimes somewhat soon sorry sort sound sounds spend
    stand starring start still story stuff such suggest suggestion suggestions sure surprise t take
    takes taking tell than thank thanks that the their them then there these they thing things
    think this those though thought through time to today together tomorrow tonight too tried try
    two type uh um under until up us use used usually ve very wanna want wanted wants was wasn
    watch watched watching way we week weekend well went were what whatever when where which while
    who whole why wife will wish with without won would wouldn yeah year years yep yes yet you your
    yours yourself second third fourth fifth olds
    """.split()
)
_WORD = re.compile(r"[^\W\d_][\w'-]*|\d{1,3}(?=-)|(?:\d\d)?\d0s\b")


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
        word for word in before.split() if not any(re.fullmatch(source, word) for source in gone)
    ]
    return " ".join(dict.fromkeys((*now, *kept)).keys()) if now or kept else ""


def _without(low: str, skip: Sequence[Span], unless: Sequence[Span]) -> str:
    out = blank(low, skip, " ")
    for start, end in unless:
        out = out[:start] + low[start:end] + out[end:]
    return out
