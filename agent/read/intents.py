"""What a message wants of us, by rules.

Follow-ups come first: they are short and unlike anything else.
"""

import re

from simpatico.agent.read.clauses import plain
from simpatico.agent.read.reference import Reference
from simpatico.agent.read.rules import Heard
from simpatico.domain import Constraints, IntentName, UserState

_WHY = re.compile(
    r"^(?:but |and |so |ok(?:ay)?,? |hm+,? )?(?:why|how come|what for)\s*(?:though|so)?[?!. ]*$"
    r"|\bwhy (?:this|that|these|those|it|them|him|the (?:first|second|third|last|other)|did you|"
    r"do you|would (?:you|i)|should i|are you|is (?:this|that|it)|[\"'“]?_)"
    r"|\b(?:how come you|what made you|what makes you (?:think|say|suggest|recommend)|"
    r"explain (?:why|your|that|this|the)|reasons? (?:for|why|behind)|on what basis)"
)
_COMPARE = re.compile(
    r"\b(?:compare|versus|vs\.?|difference between|which (?:one|of (?:them|these|those|the)|"
    r"is (?:the )?(?:best|better|funn\w+|sadd\w+|dark\w+|short\w+|long\w+|scar\w+|warm\w+|"
    r"light\w+|newest|oldest))|(?:better|funnier|sadder|darker|shorter|longer|scarier|"
    r"lighter) than (?:the |that|this|_)|how do they (?:differ|compare))"
    r"|^(?:and |so )?(?:the )?\w{3,}est(?: one)? (?:of|out of) (?:them|those|these)"
    r"|^(?:so |hm+,? |should (?:i|we) (?:watch|see) )?_[_ ]* or _[_ ]*[?.! ]*$"
)
_ABOUT = re.compile(
    r"\b(?:(?:what(?:'s| is| are)|whats) (?:it|that|this|that one|they|these|the (?:first|second|"
    r"third|last|other)(?: one)?|_+|the (?:plot|story|second one)) ?(?:about|like)?\b(?! you)|"
    r"tell me (?:more|about)|more about|who(?:'s| is| are| was)?(?: the)? (?:in it|star\w*|"
    r"direct\w*|play\w*|actor\w*|in the|in that|in _)|(?:is|are|was|does|do|has|have) (?:it|that|"
    r"this|that one|they|these|the (?:first|second|third|fourth|last|other)(?: one)?|_+)\b.*\?|"
    r"how (?:long|old|scary|sad|violent|dark) (?:is|are)|when (?:was|did) (?:it|that|_)|"
    r"where (?:can|could|do) (?:i|we) (?:watch|see|stream|find)|what year|what(?:'s|"
    r" is) the (?:plot|story|ending|rating|runtime)|describe (?:it|that|the))"
)
_REJECT = re.compile(
    r"^(?:no|nope|nah|meh|pass|skip|next)[\s,.!]*(?:thanks?(?: you)?)?[\s,.!]*$|\bno,? (?:thanks|"
    r"thank you)\b|\bnot (?:that|this|these|those|it|the (?:first|second|third|last))\b(?: one|"
    r" ones)?|\bnone of (?:these|those|them)\b|\bnot (?:for me|my (?:thing|style|cup|type)|"
    r"interested|feeling (?:it|that|those|these)|really what)"
    r"|\b(?:something|anything|someone) else\b|\bother (?:ones?|options|suggestions|ideas|films|"
    r"movies)\b|\banother(?: one)?\b[\s?.!]*$|\bdifferent (?:ones?|options|suggestions)\b|"
    r"\bdon'?t (?:like|want|fancy|feel like) (?:it|that|this|these|those|them|any)\b|"
    r"\bnot what i\b|\btry again\b|\banything else\b|\bwhat else\b|\bshow me (?:more|others)\b|"
    r"^more(?: please)?[.!]?$|\b(?:doesn'?t|don'?t) (?:sound|look|appeal)"
)
_SEEN = re.compile(
    r"\b(?:already )?(?:seen|watched) (?:it|that(?! (?:many|much))|this|them|those|these|both|"
    r"all|everything)\b|"
    r"^(?:i'?ve )?(?:already )?(?:seen|watched)\b|\bseen (?:the )?(?:first|second|third|last|_)|"
    r"\balready (?:seen|watched)|\bi saw (?:it|that|them)\b"
)
_ACCEPT = re.compile(
    r"\b(?:i'?ll (?:take|watch|try|go (?:with|for)|check (?:it|that|them) out|give)|"
    r"let'?s (?:go (?:with|for)|watch (?:it|that|the|_)|do (?:it|that))|sounds? (?:good|great|"
    r"perfect|lovely|nice|amazing|awesome|like a plan)|looks? (?:good|great|perfect)|"
    r"that'?s (?:perfect|the one|great|exactly)|perfect[,.! ]|i'?m (?:sold|in)|works for me|"
    r"good (?:choice|pick|call|idea)|great (?:choice|pick|call|idea|suggestions?)|will (?:watch|"
    r"check)|adding (?:it|that)|on my list)|^(?:perfect|sold|deal|yes(?: please)?|yeah|great|"
    r"awesome|ok(?:ay)?|sure|cool)[\s!.,]*$"
)
_SHORT_QUESTION = re.compile(r"(?:[\w'#-]+[ ,]*){1,6}\?")
"""A question about a shown item without a verb that says so: "the second one scary?"."""

_GOODBYE = re.compile(
    r"^(?:ok(?:ay)?,? |well,? |thanks?,? |thank you,? |great,? )*(?:good ?bye|bye(?: ?bye)?|"
    r"see (?:you|ya)|good ?night|later|ciao|take care|cya|that'?s (?:all|it)(?: for (?:now|today|"
    r"tonight))?|i'?m (?:done|off)|gotta go|have a (?:good|nice|great) (?:day|night|evening|one|"
    r"weekend))\b"
)
_BYE = re.compile(
    r"\b(?:good ?bye|bye(?: ?bye)?|good ?night|see you (?:later|soon|next)|have a (?:good|nice|"
    r"great) (?:day|night|evening|one|weekend))[\s!.,)]*$"
)
_SMALLTALK = re.compile(
    r"^(?:hi+|hello+|hey+|yo|hiya|howdy|good (?:morning|afternoon|evening)|sup|"
    r"greetings)\b[\s!.,)]*(?:there|everyone|again|you|friend|simpatico)?[\s!.,)]*$"
    r"|^(?:(?:hi+|hello+|hey+|yo)[\s,!.]+)?(?:how(?:'s| are| is) (?:you|it going|things|your day|"
    r"life)|what'?s up|who are you|what are you|are you (?:a |an )?(?:bot|robot|human|real|ai|"
    r"person)|what(?:'s| is) your name|what can you do|how do(?:es)? (?:you|this) work|"
    r"do you (?:like|have|watch|ever|sleep|dream|feel)|tell me a joke|nice to meet you|lol|haha+|"
    r"(?:many )?thanks?(?: you)?(?: so much| a lot| very much)?|cheers|ta|you'?re (?:great|nice|"
    r"funny|welcome|the best|sweet|kind|helpful)|what'?s your favou?rite)\b.{0,40}$"
)
_FEEDBACK = re.compile(
    r"\b(?:(?:i|we) (?:really |just |absolutely )?(?:loved|liked|enjoyed|hated|disliked|"
    r"adored) (?:it|that|that one|them|those)|(?:it|that|that one|they) (?:was|were) (?:really |"
    r"so |very |too |a bit |just )?(?:great|good|amazing|brilliant|boring|awful|terrible|bad|"
    r"funny|sad|dull|lovely|perfect|fun|ok|okay|alright)|(?:loved|hated|liked|enjoyed) (?:it|that|"
    r"that one|them)|(?:good|bad|great|terrible) (?:suggestions?|recommendations?)|you (?:got|"
    r"read) (?:it|me) (?:right|wrong)|i (?:didn'?t|did not) (?:like|enjoy) (?:it|that))"
)
_REFINE = re.compile(
    r"\b(?:less|more|older|newer|shorter|longer|lighter|darker|funnier|sadder|scarier|warmer|"
    r"happier|calmer|quieter|weirder|softer|deeper|smarter|gentler|cheerier|slower|faster|earlier|"
    r"later|instead|rather|actually|also|but|forget|never ?mind|drop|make (?:it|them)|only|"
    r"preferably|too (?:\w+)|any (?:year|genre|length)|(?:is|are) (?:fine|ok|okay)|(?:what|"
    r"how) about)\b|\w+er than\b"
)
_SEEK = re.compile(
    r"\b(?:recommend|suggest|looking for|something|anything|what (?:should|can|to)|watch|find me|"
    r"give me|show me|need|want|in the mood for|feel like|any good|surprise me|pick (?:one|"
    r"something)|fancy|cheer (?:me|us) up|make me|movie night|similar to)\b"
)


def intent_by_rule(
    text: str,
    *,
    heard: Heard,
    reference: Reference,
    previous: UserState | None,
    has_wish: bool,
    liked: bool,
) -> tuple[IntentName, float]:
    """The intent and how sure the rule is, in [0, 1]; ("unknown", 0) when no rule speaks.

    Args:
        text: the message, titles overwritten with "_".
        heard: what it says of the item wished for.
        reference: the shown items it points at.
        previous: the state before it, None at the start.
        has_wish: a part of it asks for something.
        liked: it names an item as liked (which is a wish for more of the kind).
    """
    low = plain(text).strip()
    if not low:
        return "unknown", 0.0
    changed = (
        heard.constraints != Constraints()
        or bool(heard.lifted or heard.lifted_years)
        or heard.any_year
        or heard.any_length
    )
    wanted_before = previous is not None and (
        bool(previous.query)
        or previous.constraints != Constraints()
        or previous.intent in ("seek", "refine", "reject", "seen")
        or bool(previous.mentions.ids)
    )
    if _GOODBYE.search(low) or (_BYE.search(low) and not has_wish):
        return "goodbye", 0.95
    if _SMALLTALK.search(low) and not changed:
        return "smalltalk", 0.9
    if reference.stance == "surprise":
        return "seek", 0.9
    if _WHY.search(low):
        return "ask_why", 0.95
    if _COMPARE.search(low):
        return "compare", 0.85
    if _ABOUT.search(low) and not (has_wish and changed and "?" not in low):
        return "ask_about", 0.85
    if reference.stance == "asked" and reference.item_ids and _SHORT_QUESTION.fullmatch(low):
        return "ask_about", 0.85
    if _SEEN.search(low) or reference.stance == "seen":
        return "seen", 0.9
    if (
        wanted_before
        and changed
        and (heard.restart or _REJECT.search(low))
        and not reference.item_ids
    ):
        return "refine", 0.8
    if (_REJECT.search(low) and (wanted_before or reference.item_ids)) or reference.stance in (
        "rejected",
        "passed",
    ):
        return "reject", 0.9 if not changed else 0.75
    if _FEEDBACK.search(low) and not has_wish and previous is not None:
        return "feedback", 0.8
    if reference.stance == "wanted":
        return "seek", 0.85
    if reference.stance in ("liked", "disliked") and not has_wish:
        return "feedback", 0.8
    if reference.stance == "accepted" or (
        _ACCEPT.search(low) and previous is not None and not changed
    ):
        return "accept", 0.85
    if (
        wanted_before
        and (changed or heard.restart)
        and (_REFINE.search(low) or len(low.split()) <= 8)
    ):
        return "refine", 0.85
    if wanted_before and _REFINE.search(low) and has_wish:
        return "refine", 0.7
    if has_wish or _SEEK.search(low) and changed:
        return "seek", 0.85
    if changed or liked:
        return "seek", 0.7
    if _FEEDBACK.search(low):
        return "feedback", 0.6
    if _REJECT.search(low):
        return "reject", 0.6
    return "unknown", 0.0
