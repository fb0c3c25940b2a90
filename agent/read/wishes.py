"""Which part of a message is a wish, and which part is about the person."""

import re
from collections.abc import Sequence

from simpatico.agent.read.clauses import Span, inside, plain
from simpatico.domain import Value

_SPLIT = re.compile(r"[.;!?\n:]+|,|\s-\s|\b(?:(?<!anything )(?<!nothing )but|because|so(?= (?:i|we|give|show|find|recommend|something|maybe|let|how|what|can|please))|and(?= (?:i|we|my|give|show|find|recommend|now|just|something)\b)|though|since(?= (?:i|my|we)\b)|after(?= (?:my|being|getting|such|a (?:long|hard|rough|bad|terrible|horrible|awful|stressful|tiring|break-?up|fight|day))\b))\b|(?=\b(?:give me|show me|find me|recommend|suggest|i need|i want|i'd like|i'd love|looking for|(?<!not )in the mood for|cheer me up|make me laugh|help me (?:find|pick)|got any(?:thing)?|any (?:good )?(?:film|movie|recommend)|what should i|something to)\b)")  # fmt: skip

_THING = r"(?:films?|movies?|flicks?|something|anything|things? to watch|one|show|series|songs?|music|albums?|books?|games?|recommendations?|suggestions?|stuff|watch|listen|read|classics?)"
_CUE = re.compile(
    rf"\b(?:recommend|suggest|(?:give|show|find|get|pick|send|play) (?:me|us)\b|(?:looking|searching|hunting) for|in the mood for|(?:feel|feeling) like (?:watching|seeing|a|an|something|some)|fancy (?:a|an|some|watching)|"
    rf"(?:i|we|i'?d|we'?d)(?: just| really| would| do| 'd)* (?:need|want|like|love|prefer|fancy|could use|could do with)(?: to (?:watch|see|hear|listen to|read|find))?(?: \w+)? (?:a|an|some|{_THING})\b|"
    rf"(?:need|want)(?: a| an| some)? {_THING}|(?:want|need|like|love) to (?:watch|see|laugh|cry|listen|read|escape|relax|think)|"
    rf"something (?:\w+ )?(?:to|that|with|like|about|for|set|from|in|more|less|warm|light|fun\w*|dark\w*|sad\w*|else|short|new\w*|old\w*)|anything (?:with|by|like|about|from|but|good|fun\w*|scary)|"
    rf"any (?:good |great )?{_THING}|(?:got|have) any|what (?:should|can|could|would|do you) (?:i|we|you)? ?(?:watch|see|recommend|suggest|have)|what to watch|"
    rf"help me (?:find|pick|choose|laugh|relax|sleep|forget|unwind|focus)|cheer (?:me|us) up|make (?:me|us) (?:laugh|cry|smile|think|feel)|calm me down|let'?s (?:watch|see|have)|surprise me|movie night|date night|film night|"
    rf"{_THING} (?:like|about|with|from|for|that|to|set in|by)\b|(?:more|less|not so|not too) \w+ (?:please|one)|how about|what about|nothing (?:too |with |sad|scary|violent|heavy|long)|no \w+ please|anything but|except|anything except|(?:that|it|this|they|those|one)(?:'s| is| was| were| are)? (?:way |far |a bit |much |all )?too (?!bad)|(?:sick|tired|bored) of (?!my|this|work|it|everything|people|life|being)|(?:under|less than|at most|up to|max\w*) [\w ]{{0,16}}(?:min\w*|hours?)|(?:hate|can'?t stand|dislike|avoid|don'?t (?:really )?(?:like|want|enjoy|need|care for)|not (?:into|a fan of|in the mood for)|no more|not another)\b[\w' -]*\b{_THING}|not (?:in the mood for|into|a fan of))"
)  # fmt: skip
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
        wish = bool(_CUE.search(words)) or (has_term and not _tells(words))
        if not wish and out and out[-1].wish and not personal and (
            _continues(words) or inside((start + 1, end), denied)
        ):
            wish = True
        out.append(Clause(start=start, end=end, wish=wish))
    return tuple(out)


def _tells(words: str) -> bool:
    """ "I feel so sad today", "that was funny": a wish word that describes, and asks nothing."""
    return bool(
        re.search(
            r"\b(?:i'?m|i am|i (?:just )?(?:feel|felt|got|had|was|have been|keep|can'?t|couldn'?t)|i'?ve|we'?re|we are|feeling|my (?:day|week|month|year|life|heart|head|mind|boss|boyfriend|girlfriend|wife|husband|ex|partner|job|dog|cat|mum|mom|dad|friend)|today|this week|makes? me|made me|you'?re|you are|he|she|they|his|her|their|it'?s|that'?s|it was|that was|this is|so (?:sad|funny|sweet|weird|dark|scary))\b",
            words,
        )
    )


def _continues(words: str) -> bool:
    return bool(re.match(r"(?:with|about|set|from|in|by|no|nothing|not|without|ideally|preferably|maybe|or|like|under|before|after|and)\b", words))  # fmt: skip
