"""What a person wants a recommendation to do for them, by the phrases that say so."""

import re
from collections.abc import Sequence

from simpatico.agent.read.clauses import Span, inside, plain
from simpatico.domain import NeedName

_CUES: tuple[tuple[NeedName, str], ...] = (
    (
        "cry_it_out",
        (
            r"a (?:good|proper|big) (?:cry|sob|weep)|cry (?:it|my eyes) out|"
            r"make me (?:cry|sob|weep)|want to (?:cry|sob|weep)|tear-?jerkers?|let it (?:all )?out|"
            r"need to cry|ugly cry|weepie|(?:have|enjoy) a (?:cry|weep)"
        ),
    ),
    (
        "laugh",
        (
            r"mak(?:e|ing) (?:me|us) (?:laugh|giggle|lol)|(?:need|want|could use|could do with|"
            r"fancy) (?:a (?:good |big )?laughs?|some laughs|to laugh)|good (?:for a )?laughs?|"
            r"crack (?:me|us) up|laugh (?:out loud|until|till|my)|have a laugh|belly laughs?|"
            r"(?:something|really|make it) (?:hilarious|funny)|(?:want|need) (?:something |"
            r"a )?(?:\w+ )?funny"
        ),
    ),
    (
        "cheer_up",
        (
            r"cheer (?:me|us|her|him) up|cheering up|(?:lift|raise) my (?:spirits?|mood)|"
            r"pick[- ]me[- ]up|feel[- ]?good|(?:make|to) (?:me |us )?(?:feel better|smile|happy)|"
            r"brighten|uplifting|put (?:me|us) in a (?:good|better) mood|(?:something|"
            r"anything) (?:happy|cheerful|upbeat|positive)|comfort (?:watch|movie|film|food)|"
            r"(?:need|"
            r"want|something|a) (?:\w+ )?(?:warm\w*|heart-?warming|wholesome|comforting)"
        ),
    ),
    (
        "calm_down",
        (
            r"calm (?:me|us)? ?down|(?:help me |to |something )(?:relax\w*|unwind|wind down|"
            r"de-?stress|sleep|doze off|fall asleep|switch off|chill)|(?:need|want) to (?:relax|"
            r"unwind|chill|decompress|switch off|wind down)|(?:something|"
            r"anything) (?:\w+ )?(?:calm\w*|soothing|relaxing|gentle|peaceful|mellow|chill|quiet|"
            r"light|easy)|settle my nerves|low[- ]stakes|nothing (?:stressful|heavy|intense)|"
            r"before bed|help(?:s)? me sleep|easy (?:watch|viewing)"
        ),
    ),
    (
        "thrill",
        (
            r"edge of (?:my|your|our|the) seat|on edge|heart (?:racing|pounding)|adrenaline|"
            r"scare (?:me|us)|(?:thrill|scare) (?:me|us)|keep (?:me|us) (?:guessing|awake|gripped|"
            r"hooked)|(?:want|need|something|give me) (?:\w+ )?(?:thrilling|scary|gripping|tense|"
            r"suspenseful|exciting|terrifying|action[- ]packed|intense)|nail-?bit\w+|jump scares?|"
            r"get my blood pumping|blow my mind with action|a (?:good )?(?:fright|scare)"
        ),
    ),
    (
        "think",
        (
            r"(?:something|make me|makes me|to|want to) think(?: about)?\b|thought[- ]?provoking|"
            r"mind[- ]?bend\w+|food for thought|challenge (?:me|my)|philosophical|make me question|"
            r"(?:learn|teach me) something|blow(?:s)? my mind|(?:something|want|"
            r"need) (?:\w+ )?(?:deep|thoughtful|intelligent|profound|meaningful|clever|smart|"
            r"cerebral)|stays? with (?:me|you)"
        ),
    ),
    (
        "connect",
        (
            r"date night|(?:watch|see|enjoy|listen) (?:\w+ )?(?:together )?with (?:my |the |"
            r"our )?(?:\w+ )?(?:girlfriend|boyfriend|wife|husband|partner|mum|mom|dad|parents|"
            r"kids?|"
            r"children|family|friends?|grandm\w+|sister|brother|daughter|son|roommates?|"
            r"flatmates?)|"
            r"family (?:movie |film )?night|movie night with|for (?:the whole family|both of us|"
            r"all of us|me and my \w+|my \w+ and me|two)|feel less (?:alone|lonely)|(?:friends|"
            r"parents|family|kids|in-laws) (?:are )?(?:coming over|visiting|over)|"
            r"bring us (?:together|closer)|girls'? night|together tonight"
        ),
    ),
    (
        "focus",
        (
            r"background (?:while|for|noise|music|film|watch|to)|(?:in|on in|as|"
            r"for) the background|"
            r"while (?:i'?m |i )?(?:work\w*|stud\w*|cod\w+|writ\w+|cook\w*|clean\w*|iron\w*|"
            r"read\w*|"
            r"do)|concentrat\w+|(?:help me |to |need to )focus|(?:study|work)(?:ing)? (?:music|"
            r"playlist|to)|not (?:too )?distract\w+|half[- ]watch"
        ),
    ),
    (
        "escape",
        (
            r"escap(?:e|ism|ist)|(?:take|transport|whisk) me (?:away|somewhere|to another|far)|"
            r"(?:get )?lost in|(?:take|get|keep) (?:my|our) minds? off|(?:forget|"
            r"forgetting) (?:about )?(?:everything|my|the world|reality|it all|today|work|him|her|"
            r"them)|another world|distract(?:ion| me)|get away from (?:it all|everything)|"
            r"(?:somewhere|anywhere) (?:else|far)|switch my brain off|turn my brain off|"
            r"brain(?:less|"
            r" off)"
        ),
    ),
    (
        "celebrate",
        (
            r"celebrat\w+|(?:it'?s|for) (?:my|our|her|his|their) (?:\w+ )?(?:birthday|anniversary)|"
            r"birthday (?:film|movie|treat)|party (?:film|movie|time|mood|music)|in a party mood|"
            r"got (?:engaged|married|promoted) and want|festive|to match my (?:good |great )?mood|"
            r"treat (?:myself|ourselves)|end of exams|victory"
        ),
    ),
)
_TABLE = tuple((need, re.compile(rf"(?<![\w-])(?:{source})(?!\w)")) for need, source in _CUES)


def need_by_cue(text: str, *, denied: Sequence[Span]) -> tuple[NeedName, float]:
    """The need that a phrase in the text names, the last one named; ("unknown", 0) if none.

    "Cry" and "laugh" are said outright and win over the softer words around them.
    """
    low = plain(text)
    found: list[tuple[int, int, NeedName]] = []
    for strength, (need, cue) in enumerate(_TABLE):
        for match in cue.finditer(low):
            own_negation = match[0].startswith(("nothing", "not", "less"))
            if own_negation or not inside(match.span(), denied):
                found.append((min(strength, 2), -match.start(), need))
    if not found:
        return "unknown", 0.0
    needs = {need for _, _, need in found}
    if {"laugh", "cheer_up"} <= needs:
        softer = re.search(r"cheer|lift|better|warm|comfort", low)
        return ("cheer_up" if softer else "laugh"), 0.8
    return min(found)[2], 0.9 if len(needs) == 1 else 0.7


def need_spans(text: str) -> tuple[Span, ...]:
    """Where a text says what the recommendation should do for the person."""
    low = plain(text)
    return tuple(match.span() for _, cue in _TABLE for match in cue.finditer(low))
