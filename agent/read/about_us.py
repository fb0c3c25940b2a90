"""Messages about us and not about films: what we know, what we keep, that we are no good."""

import re
from typing import Final, Literal

Topic = Literal["known", "kept", "scolded", ""]

_TOPICS: Final[tuple[tuple[Topic, re.Pattern[str]], ...]] = (
    (
        "known",
        re.compile(
            r"\bwhat (?:do|did|have) you (?:know|learn\w*|underst\w+|remember\w*|got|noted)"
            r" (?:about |of |on )?(?:me|my|so far)\b"
            r"|\bdo you (?:know|remember) (?:what i (?!should|can|could)|me\b|my\b|"
            r"anything about me)"
            r"|\bwhat did i (?:say|tell|ask)|你(?:都)?(?:了解|知道)我(?:什么|多少|哪些)?"
            r"|你(?:还)?记得我|我说过什么"
        ),
    ),
    (
        "kept",
        re.compile(
            r"\b(?:do|will|are|did) you (?:stor|sav|keep|record|shar|sell|track)\w*"
            r" (?:all |any of |everything )?(?:of )?(?:what|my|me|our|this|these|any|every\w*|i|we|"
            r"conversations?|chats?|messages?|data)\b|\bmy (?:privacy|data)\b|\bprivacy\b"
            r"|\bwho (?:can )?(?:sees?|reads?) (?:this|what i|my)|隐私|"
            r"(?:会|有)(?:保存|记录|上传)我"
        ),
    ),
    (
        "scolded",
        re.compile(
            r"\b(?:fuck|screw|damn) (?:you|off)\b|\byou suck\b|\bshut up\b"
            r"|\byou(?:'?re| are)(?: just| really| so| such)*(?: an?)?(?: \w+)? (?:stupid|dumb|"
            r"useless|idiot|moron|rubbish|trash|shit|worthless)\b(?!\?)"
            r"|\byour (?:suggestions?|recommendations?|picks?|taste|films?|movies?)"
            r"(?: really| all| just)* (?:sucks?|stinks?|(?:is|are) (?:\w+ )?(?:bad|terrible|awful|"
            r"rubbish|trash|shit|crap|useless|garbage))\b"
            r"|你(?:真|太|好)?(?:笨|蠢|没用|垃圾)|什么垃圾|推荐[得的]?(?:都)?(?:真|太|好|很)(?:差|烂|垃圾)"
        ),
    ),
)


def about_us(text: str) -> Topic:
    """What of us a message is about; "" where it is about none of that."""
    low = text.casefold().replace("’", "'")
    return next((topic for topic, cue in _TOPICS if cue.search(low)), "")


def without_scolding(query: str, text: str, *, before: str = "") -> str:
    """A query without the words of a scolding in the text, but those that were asked for before."""
    low = text.casefold().replace("’", "'")
    said = {word for match in _SCOLDS.finditer(low) for word in re.findall(r"\w+", match[0])}
    said -= set(before.split())
    return " ".join(word for word in query.split() if word not in said) if said else query


_SCOLDS: Final = dict(_TOPICS)["scolded"]
_THEIRS = re.compile(
    r"\b(?:i|me|my|myself|we|us|our|every(?:thing|one|body)|no(?:thing|body)|your|life|ideas?|good|"
    r"about|that|one|(?:is|was|does|did|in) it|he|she|they|them|based|released|directed|seen|funny|"
    r"sad|scary|new)\b|我|好|介绍|意思"
)
"""Words of who speaks of themselves or of a title; "will it rain?" has none."""

_OURS = re.compile(
    r"\b(?:films?|movies?|watch\w*|see|recommend\w*|suggest\w*|music|songs?|listen\w*|series|shows?|"
    r"something|anything|pick|have|got|you|which|another|others?)\b|看|电影|片|推荐|音乐|听|有|你|哪"
)
_WORD = re.compile(r"\w+")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_LONGEST_QUESTION: Final = 200


def asks_elsewhere(text: str) -> bool:
    """Whether it is a question that a catalogue cannot answer: "will it rain tomorrow?"."""
    low = text.casefold().rstrip()
    if len(low) > _LONGEST_QUESTION or not low.endswith(("?", "？")) or _OURS.search(low):
        return False
    return len(_WORD.findall(low)) >= 3 or len(_HAN.findall(low)) >= 4


def is_beyond_us(text: str) -> bool:
    """Whether such a question may be told so: it is neither about themselves nor about a title."""
    return asks_elsewhere(text) and not _THEIRS.search(text.casefold())
