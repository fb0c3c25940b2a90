"""Items a person speaks of, and what they say of them."""

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from simpatico.agent.read.clauses import Span, plain
from simpatico.agent.read.reference import Reference
from simpatico.domain import Mentions


class Named(Protocol):
    """A title found in a text; `simpatico.retrieval.titles.Link` is one."""

    @property
    def item_id(self) -> str: ...  # noqa: D102  # see the class
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def start(self) -> int: ...  # noqa: D102
    @property
    def end(self) -> int: ...  # noqa: D102


_LIKED = re.compile(
    r"\b(?:lov(?:e|ed|ing)|lik(?:e|ed)|enjoy(?:ed)?|ador(?:e|ed)|favou?rites?|favs?|(?:big |"
    r"huge )?fan of|obsessed with|similar to|along the lines of|in the (?:vein|style|spirit) of|"
    r"reminds? me of|as (?:good|funny|great) as|such as|into|rewatch(?:ing|ed)?|"
    r"can'?t get enough of|vibe of|feel of)\b"
)
_LIKED_AFTER = re.compile(
    r"\b(?:(?:is|was|were|are)(?: \w+){0,2} (?:great|amazing|brilliant|fantastic|wonderful|good|"
    r"excellent|awesome|perfect|lovely|beautiful|incredible|favou?rites?|fun|funny|hilarious|"
    r"the best)|(?:my|our) (?:\w+ )?favou?rite|made me (?:laugh|smile|cry happy)|(?:i|"
    r"and)(?: really| just)? (?:loved|liked|enjoyed|adored) (?:it|that|them))\b"
)
_DISLIKED = re.compile(
    r"\b(?:hat(?:e|ed)|dislik(?:e|ed)|(?:do|did|does)(?:n'?t| not)(?: \w+)? (?:like|love|enjoy|"
    r"care for|dig)|not (?:like|into|a (?:big |huge )?fan of|keen on)|nothing like|can(?:'?t|"
    r"not) stand|couldn'?t (?:stand|finish|get through)|bored by|disappointed (?:by|with|in)|"
    r"unlike|never liked|not (?:another|more)|sick of|tired of|fell asleep (?:during|in|watching)|"
    r"anything but)\b"
)
_DISLIKED_AFTER = re.compile(
    r"\b(?:(?:is|was|were|are)(?: \w+){0,2} (?:boring|awful|terrible|bad|overrated|dull|dreadful|"
    r"crap|rubbish|the worst|too (?:long|sad|dark|slow|scary|violent|weird|silly|much)|"
    r"disappointing|garbage|trash)|(?:was|is)(?:n'?t| not) (?:good|great|for me|my thing|funny)|"
    r"bored me|(?:i|and)(?: really| just)? (?:hated|disliked) (?:it|that|them)|(?:did|"
    r"do)n'?t (?:work|do it) for me)\b"
)
_SEEN = re.compile(r"\b(?:seen|watched|saw|watching|already (?:know|did)|just finished|know)\b")
_SEEN_AFTER = re.compile(
    r"\b(?:(?:i(?:'ve| have)? )?(?:already |just )?(?:seen|watched|saw) (?:it|that|them)|"
    r"already seen|seen it|already watched)\b"
)
_NOT_SEEN = re.compile(
    r"\b(?:haven'?t|have not|never|not|hadn'?t|didn'?t)(?: yet| ever| actually)? (?:see|seen|"
    r"watch|watched)\b|\b(?:want|going|like|love|planning|meaning|plan) to (?:see|watch)\b"
)
_NEAR = 30
"""How many characters behind a title a verdict on it may begin."""

_EXCEPT = re.compile(r"\b(?:not|except(?: for)?|no|without)\s+[\"'“]?$")
_CUT = re.compile(r"[.!?;\n]+(?=\s|$)|\b(?:but|whereas|though|although|while)\b")
_CALLED = re.compile(
    r"\b(?:films?|movies?|show|book|album|song|one|something) (?:called|named|titled|"
    r"entitled) (?P<title>[\"“']?[^\"”.,;!?\n]{1,60})"
)
_DATED = re.compile(
    r"\b(?P<title>[A-Z][\w'’-]*(?: (?:[A-Z\d][\w'’-]*|of|the|and|in|a|an|to|on|for|&)){0,7}) "
    r"\((?:19|20)\d\d\)"
)
"""A title as catalogues write it: "The Purple Lighthouse (2019)"."""

_TITLE_CASE = re.compile(
    r"(?!.*\b(?:I|Me|My|We)\b)"
    r"[A-Z\d][\w'’-]*(?: (?:[A-Z\d][\w'’:-]*|of|the|and|in|a|an|to|on|for|&)){2,9} [A-Z\d][\w'’-]*"
)
_QUOTED = re.compile(r"[\"“”]([A-Z0-9][^\"“”\n]{1,60})[\"“”]")


def stances(text: str, named: Sequence[Named]) -> dict[str, str]:
    """What a message says of each title in it: liked, disliked, seen or named, by item id.

    The nearest cue in the same thought decides; a list shares its cue ("I loved A, B and C").
    """
    low = plain(text)
    cuts = [0, *(m.end() for m in _CUT.finditer(low) if not _in_title(m.start(), named)), len(low)]
    out: dict[str, str] = {}
    for start, end in zip(cuts, cuts[1:], strict=False):
        inside = sorted((n for n in named if start <= n.start < end), key=lambda n: n.start)
        spans = [(n.start, n.end) for n in inside]
        for i, one in enumerate(inside):
            before_from = spans[i - 1][1] if i else start
            after_to = spans[i + 1][0] if i + 1 < len(spans) else end
            stance = _judge(low[before_from : one.start], low[one.end : after_to])
            if stance == "named" and i and _joined(low[before_from : one.start]):
                stance = out.get(inside[i - 1].item_id, "named")
            out[one.item_id] = stance
        # "A and B are my favourites": the verdict at the end is about the whole list.
        for i in range(len(inside) - 2, -1, -1):
            if out[inside[i].item_id] == "named" and _joined(low[spans[i][1] : spans[i + 1][0]]):
                out[inside[i].item_id] = out[inside[i + 1].item_id]
    return out


_BESIDES = re.compile(
    r"\b(?:(?:is|are|was)(?:n'?t| not)|other than|except(?: for)?|besides|apart from|aside from|"
    r"but not)(?: (?:the )?(?:film|movie|original))?\s*[\"“']?$"
)


def excepted(text: str, named: Sequence[Named]) -> tuple[str, ...]:
    """Titles named only to be left out: "anything with Bill Murray that isn't Ghostbusters"."""
    low = plain(text)
    return tuple(one.item_id for one in named if _BESIDES.search(low[: one.start].rstrip()))


def _in_title(at: int, named: Sequence[Named]) -> bool:
    return any(n.start <= at < n.end for n in named)


def _joined(between: str) -> bool:
    return bool(
        re.fullmatch(
            (r"[\s,\"'()\d/&+]*(?:and|or|nor|&|plus|also|even)?[\s\"'(]*(?:the )?"), between
        )
    )


def _judge(before: str, after: str) -> str:
    if _EXCEPT.search(before):
        seen = _SEEN_AFTER.search(after)
        return "seen" if seen and seen.start() <= _NEAR else "disliked"
    unseen = bool(_NOT_SEEN.search(before))
    found: list[tuple[int, str]] = []
    for stance, cue in (("disliked", _DISLIKED), ("liked", _LIKED), ("seen", _SEEN)):
        if matches := list(cue.finditer(before)):
            if stance == "seen" and unseen:
                continue
            if stance == "liked" and unseen and "like" not in matches[-1][0]:
                continue
            found.append((len(before) - matches[-1].end(), stance))
    # "didn't like" holds a "like": the longer cue that ends at the same place wins.
    found.sort(key=lambda pair: (pair[0], ("disliked", "liked", "seen").index(pair[1])))
    for stance, cue in (
        ("disliked", _DISLIKED_AFTER),
        ("liked", _LIKED_AFTER),
        ("seen", _SEEN_AFTER),
    ):
        if (match := cue.search(after)) and match.start() <= _NEAR:
            return (
                stance
                if not found or match.start() <= found[0][0] or found[0][1] == "seen"
                else found[0][1]
            )
    return found[0][1] if found and found[0][0] <= 40 else "named"


def whole_title(text: str) -> str:
    """A text of four words or more that is written as titles are; "" if it is not."""
    title = text.strip().rstrip("?！!.？ ")
    return title if _TITLE_CASE.fullmatch(title) else ""


def unlinked(text: str, named: Sequence[Named]) -> tuple[str, ...]:
    """Titles the person marks as such that the catalogue does not have."""
    found = []
    for match in (*_QUOTED.finditer(text), *_CALLED.finditer(text), *_DATED.finditer(text)):
        start, end = match.span(match.lastindex or 0)
        title = match[match.lastindex or 0].strip(" \"'“”")
        if title and not any(n.start < end and start < n.end for n in named):
            found.append(title)
    return tuple(dict.fromkeys(found))


def merge_mentions(
    previous: Mentions,
    said: dict[str, str],
    reference: Reference,
    new_unlinked: Sequence[str],
) -> Mentions:
    """Add what was said of items now; the newest word on an item replaces the older one."""
    verdicts: dict[str, str] = {}
    for stance in ("named", "seen", "disliked", "liked"):
        verdicts.update({item_id: stance for item_id in getattr(previous, stance)})
    for item_id, stance in said.items():
        if stance != "named" or item_id not in verdicts:
            verdicts[item_id] = stance
    stance = "liked" if reference.stance == "wanted" else reference.stance
    if stance in ("liked", "disliked", "seen"):
        for item_id in reference.item_ids:
            if item_id not in said or said[item_id] == "named":
                verdicts[item_id] = stance
    fields = {
        stance: tuple(item_id for item_id, verdict in verdicts.items() if verdict == stance)
        for stance in ("liked", "disliked", "seen", "named")
    }
    return Mentions(
        liked=fields["liked"],
        disliked=fields["disliked"],
        seen=fields["seen"],
        named=fields["named"],
        unlinked=tuple(dict.fromkeys((*previous.unlinked, *new_unlinked))),
    )


def spans_of(named: Iterable[Named]) -> tuple[Span, ...]:
    """Where titles stand."""
    return tuple((one.start, one.end) for one in named)
