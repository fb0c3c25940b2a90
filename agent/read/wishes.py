"""Which part of a message is a wish, and which part is about the person."""

import re
from collections.abc import Sequence

from simpatico.agent.read.clauses import Span, inside, plain
from simpatico.agent.read.company import TASTE
from simpatico.domain import Constraints, UserState, Value

_SPLIT = re.compile(
    r"[.;!?\n:]+|,|\s-\s|\b(?:(?<!anything )(?<!nothing )but|because|so(?= (?:i|we|give|show|find|"
    r"recommend|something|maybe|let|how|what|can|please))|and(?= (?:i|we|my|give|show|find|"
    r"recommend|now|just|something)\b)|though|since(?= (?:i|my|we)\b)|after(?= (?:my|being|"
    r"getting|such|a (?:long|hard|rough|bad|terrible|horrible|awful|stressful|tiring|break-?up|"
    r"fight|day))\b))\b|(?=\b(?:give me|show me|find me|recommend|suggest|i need|i want|i'd like|"
    r"i'd love|looking for|(?<!not )in the mood for|cheer me up|make me laugh|help me (?:find|"
    r"pick)|got any(?:thing)?|any (?:good )?(?:film|movie|recommend)|what should i|"
    r"something to)\b)"
)

_THING = (
    r"(?:films?|movies?|flicks?|something|anything|things? to watch|one|show|series|songs?|music|"
    r"albums?|books?|games?|recommendations?|suggestions?|stuff|watch|listen|read|classics?)"
)
_CUE = re.compile(
    rf"\b(?:recommend\b|suggest\b|(?:give|show|find|get|pick|send|play) (?:me|us)\b|(?:looking|"
    rf"searching|hunting) for|in the mood for|(?:feel|feeling) like (?:watching|seeing|a|an|"
    rf"something|some)|fancy (?:a|an|some|watching)|"
    rf"(?:i|we|i'?d|we'?d)(?: just| really| would| do| 'd)* (?:need|want|like|love|prefer|fancy|"
    rf"could use|could do with)(?: to (?:watch|see|hear|listen to|read|find))?(?: \w+)? (?:a|an|"
    rf"some|{_THING})\b|"
    rf"(?:need|want)(?: a| an| some)? {_THING}|(?:want|need|like|love) to (?:watch|see|laugh|cry|"
    rf"listen|read|escape|relax|think)|"
    rf"something (?:\w+ )?(?:to|that|with|like|about|for|set|from|in|more|less|warm|light|fun\w*|"
    rf"dark\w*|sad\w*|else|short|new\w*|old\w*)|anything (?:with|by|like|about|from|but|good|"
    rf"fun\w*|scary)|"
    rf"any (?:good |great )?{_THING}|(?:got|have) any|what (?:should|can|could|would|do you) (?:i|"
    rf"we|you)? ?(?:watch|see|recommend|suggest|have)|what to watch|"
    rf"help me (?:find|pick|choose|laugh|relax|sleep|forget|unwind|focus)|cheer (?:me|us) up|"
    rf"make (?:me|us) (?:laugh|cry|smile|think|feel)|calm me down|let'?s (?:watch|see|have)|"
    rf"surprise me|movie night|date night|film night|"
    rf"{_THING} (?:like|about|with|from|for|that|thats|to|set in|by)\b|(?:more|less|not so|"
    rf"not too) \w+ (?:please|one)|how about|what about|nothing (?:too |with |sad|scary|violent|"
    rf"heavy|long)|no \w+ please|anything but|except|anything except|(?:that|it|this|they|those|"
    rf"one)(?:'s| is| was| were| are)? (?:way |far |a bit |much |all )?too (?!bad)|(?:sick|tired|"
    rf"bored) of (?!my|this|work|it|everything|people|life|being)|(?:under|less than|at most|"
    rf"up to|max\w*) [\w ]{{0,16}}(?:min\w*|hours?)|(?:hate|can'?t stand|dislike|avoid|"
    rf"don'?t (?:really )?(?:like|want|enjoy|need|care for)|not (?:into|a fan of|in the mood for)|"
    rf"no more|not another)\b[\w' -]*\b{_THING}|not (?:in the mood for|into|a fan of))"
)
_FILM = re.compile(r"\b(?:films?|movies?|flicks?)\b")
_PERSONAL = re.compile(r"\b(?:i|i'm|i've|i'd|i'll|my|me|we|we're|our|im|ive)\b")


class Clause(Value):
    """A stretch of a message. `wish`: it says what to recommend, rather than how the person is."""

    start: int
    end: int
    wish: bool


def clauses(text: str, *, terms: Sequence[Span], denied: Sequence[Span]) -> tuple[Clause, ...]:
    """Cut a message where one thought ends; wish words and asking phrases make a wish.

    A clause without either is a wish only when it follows on from one and is not about the person.
    """
    low = plain(text)
    cuts = [0]
    for match in _SPLIT.finditer(low):
        cuts += [match.start(), match.end()]
    cuts.append(len(low))
    out: list[Clause] = []
    for start, end in zip(cuts, cuts[1:], strict=False):
        words = low[start:end].strip(" .,;!?:-\n")
        if not words or words in ("but", "because", "so", "and", "though", "since"):
            continue
        has_term = any(start <= span[0] < end for span in terms)
        personal = bool(_PERSONAL.search(words))
        leads = any(
            _DESCRIBED.match(low, span[1]) for span in terms if span[0] == _first(low, start)
        )
        asks = (
            has_term
            and not _tells(words)
            and (_asks(words) or (leads and not _STATES.search(words)))
        )
        wish = bool(_CUE.search(words)) or asks
        wish = wish or (has_term and bool(TASTE.search(words)))
        # "another prison film?", "prison movies": a film is named and nothing is told of it.
        wish = wish or bool(
            _FILM.search(words) and not personal and not _tells(words) and not _STATES.search(words)
        )
        if (
            not wish
            and out
            and out[-1].wish
            and not personal
            and (_continues(words) or inside((start + 1, end), denied))
        ):
            wish = True
        out.append(Clause(start=start, end=end, wish=wish))
    return tuple(out)


def is_personal(words: str) -> bool:
    """Whether a stretch of a message speaks of the person themselves."""
    return bool(_PERSONAL.search(plain(words)))


def _tells(words: str) -> bool:
    """Whether a wish word only describes ("I feel so sad", "that was funny") and asks nothing."""
    return bool(
        re.search(
            r"\b(?:i'?m|i am|i (?:just )?(?:feel|felt|got|had|was|have been|keep|can'?t|"
            r"couldn'?t)|i'?ve|we'?re|we are|feeling|my (?:day|week|month|year|life|heart|head|"
            r"mind|boss|boyfriend|girlfriend|wife|husband|ex|partner|job|dog|cat|mum|mom|dad|"
            r"friend)|today|this week|makes? me|made me|you'?re|you are|he|she|they|his|her|their|"
            r"it'?s|that'?s|it was|that was|this is|so (?:sad|funny|sweet|weird|dark|scary))\b",
            words,
        )
    )


def _first(low: str, start: int) -> int:
    """Where the first word from a place on begins."""
    found = _WORD_AT.search(low, start)
    return found.start() if found else len(low)


_WORD_AT = re.compile(r"\w")
_OPENS = re.compile(
    r"(?:a|an|some|any|something|anything|more|less|not|no|nothing|none|and|or|but|maybe|perhaps|"
    r"make|keep|with|without|ideally|preferably|only|just|also|too|very|really|nice|good|great|"
    r"older|newer|from|in|before|after|since|between|early|mid|late|how|what|why not|i (?:do|love|"
    r"like|prefer|hate|mostly|usually|enjoy|want|need|don't|can't|never|always)|we (?:love|like|"
    r"prefer|want|need|don't)|actually|ok|okay|yes|forget|drop|never ?mind|anyone|another|please)\b"
)
_DESCRIBED = re.compile(
    r" (?:that|which|where|who|set|about|with|from|for|like|taking|starring|in which)\b"
)
"""Behind a genre that opens a clause: it is what is asked for ("thriller where nobody dies")."""
_FEW_WORDS = 6
_SOME_WORDS = 12


def _asks(words: str) -> bool:
    """Whether words with a wish word in them read like an order: "a western", "funny please"."""
    n_words = len(words.split())
    if _OPENS.match(words) and n_words <= _SOME_WORDS:
        return True
    return n_words <= _FEW_WORDS and not _STATES.search(words)


_STATES = re.compile(
    r"\b(?:is|was|are|were|be|happy (?:\w+ ?day|birthday|new)|cake|you|he|she|they|his|her|down|"
    r"lol|"
    r"haha\w*|shit|fuck\w*|damn|ass|hope|always|really|so|such|very|feel|feels|sounds?|looks?|"
    r"that's|it's|this|congrats\w*|thanks?)\b(?! (?:fine|ok|okay|good|out|not|for me))"
)


def _continues(words: str) -> bool:
    return bool(
        re.match(
            (
                r"(?:with|about|set|from|in|by|no|nothing|not|without|ideally|preferably|maybe|"
                r"or|like|"
                r"under|before|after|and)\b"
            ),
            words,
        )
    )


def wants_anything(state: UserState) -> bool:
    """Whether anything was said that a choice could be made by; a bare mood is not enough."""
    wishes = state.constraints.model_copy(update={"exclude_ids": ()})
    return (
        bool(state.query)
        or state.need != "unknown"
        or wishes != Constraints()
        or bool(state.mentions.ids)
    )
