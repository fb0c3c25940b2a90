"""The words people use for genres, tones and languages, and what each means.

Patterns are regular expressions over lower-case text, matched at word borders. A genre is named
as the built-in pack names it; a catalogue's own genres are added through `Vocabulary`.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from simpatico.domain import Item, Value

GENRES: dict[str, str] = {
    "Romantic Comedy": r"rom[- ]?coms?|romantic comed(?:y|ies)|chick flicks?",
    "Comedy": r"(?<!romantic )comed(?:y|ies)|sitcoms?|slapstick|farces?|screwball",
    "Romance": r"romances?|romantic (?:dramas?|films?|movies?)|love stor(?:y|ies)",
    "Drama": r"dramas?|melodramas?|tearjerkers?|dramed(?:y|ies)",
    "Horror": (
        r"horrors?|(?:scary|spooky) (?:movies?|films?|flicks?|stuff|ones?)|slashers?|"
        r"ghost stor(?:y|ies)|creature features?|splatter"
    ),
    "Slasher": r"slashers?",
    "Thriller": r"thrillers?|suspense|psychological thrillers?",
    "Mystery": (
        r"myster(?:y|ies)|whodunn?its?|detective (?:stor(?:y|ies)|films?|movies?)|"
        r"murder myster(?:y|ies)"
    ),
    "Crime": r"crime|gangsters?|mafia|mob (?:movies?|films?)|heists?|true crime",
    "Noir": r"(?:film |neo-?)?noirs?",
    "Action": r"action|shoot-?'?em-?ups?|car chases?",
    "Adventure": r"adventures?|swashbucklers?",
    "Science Fiction": r"sci-?\s?fi|scifi|science[- ]fiction|space opera|cyberpunk",
    "Fantasy": r"fantas(?:y|ies)|fairy[- ]?tales?|sword and sorcery",
    "Western": r"westerns?",
    "War": (
        r"war (?:movies?|films?|stor(?:y|ies)|dramas?)|war(?= (?:or|and|please|ones?)\b)|about war|"
        r"(?<=no )war|(?<=or )war|(?<=and )war|wartime|world war(?: (?:two|ii|one|i|2|1))?"
    ),
    "Musical": r"musicals?",
    "Animated": r"animat(?:ed|ions?)|cartoons?|anime|pixar",
    "Family": (
        r"family[- ](?:friendly|films?|movies?|comed(?:y|ies))|films? for the (?:whole )?family|"
        r"disney"
    ),
    "Documentary": r"documentar(?:y|ies)|docs?|docu",
    "Biography": r"biopics?|biograph(?:y|ies|ical)|life stor(?:y|ies)",
    "Historical": (
        r"histor(?:ical|y)(?: (?:films?|dramas?|epics?))?|period (?:pieces?|dramas?|films?)|"
        r"costume dramas?"
    ),
    "Sports": (
        r"sports?(?: (?:movies?|films?|dramas?))?|boxing|baseball|football (?:movies?|films?)"
    ),
    "Superhero": r"super-?hero(?:es)?|comic book (?:movies?|films?)|marvel",
    "Spy": r"sp(?:y|ies)|espionage|secret agents?",
    "Teen": (
        r"teen(?:age)?(?: (?:movies?|films?|comed(?:y|ies)))|coming[- ]of[- ]age|"
        r"high school (?:movies?|films?|comed(?:y|ies))"
    ),
    "Martial Arts": r"martial arts|kung[- ]?fu|karate",
    "Disaster": r"disaster (?:movies?|films?)",
    "Silent": r"silent (?:movies?|films?|comed(?:y|ies)|era)",
    "Satire": r"satires?",
    "Erotic": r"erotic(?:a)?",
    "Supernatural": r"supernatural",
}

TONES: dict[str, str] = {
    "warm": (
        r"warm(?:er|ing|hearted|-hearted)?|heart-?warming|cozy|cosy|comfort(?:ing)?(?: (?:watch|"
        r"movie|film))?|feel[- ]?good|wholesome|sweet(?:er)?|kind(?:er)?(?= (?:film|movie|story)|"
        r"-hearted)"
    ),
    "funny": (
        r"funn(?:y|ier|iest)|hilarious|laughs?|laugh[- ]out[- ]loud|humou?r(?:ous)?|"
        r"light-?hearted|silly|goofy|comedic|witty|fun(?! fact)"
    ),
    "uplifting": (
        r"uplifting|inspir(?:ing|ational)|hopeful|happy(?: ending)?|happier|cheerful|optimistic|"
        r"feel[- ]?good|joyful|upbeat|positive|cheerier|cheery"
    ),
    "gentle": (
        r"gentle(?:r)?|soothing|calm(?:er|ing)?|relax(?:ing|ed)|peaceful|quiet(?:er)?|soft(?:er)?|"
        r"easy[- ]?going|easy to watch|low[- ]stakes|light(?:er)?(?! years?)|mellow|chill"
    ),
    "romantic": r"romantic|romance|love stor(?:y|ies)|swoon(?:y|worthy)|date[- ]?night",
    "touching": (
        r"touching|moving|poignant|emotional|heartfelt|tear-?jerk(?:er|ers|ing)|bittersweet|"
        r"tender|good cry"
    ),
    "sad": (
        r"sad(?:der|dest)?|depressing|heart-?break(?:ing)?|tragic|tragedy|tear-?jerk(?:er|ers|"
        r"ing)|melanchol(?:y|ic)|weepy|weepie|bleak|downer|good cry"
    ),
    "dark": r"dark(?:er|est)?|grim|gritty|bleak|disturbing|noir|twisted|edgy|cynical",
    "tense": (
        r"tense|suspense(?:ful)?|gripping|nail-?biting|on (?:the )?edge|edge[- ]of[- ](?:your|my|"
        r"the)[- ]seat|intense|thrilling|nerve-?wracking|stressful|page-?turner"
    ),
    "scary": (
        r"scar(?:y|ier|iest|ed|es)|frightening|spooky|creepy|terrifying|eerie|chilling|"
        r"jump[- ]?scares?|horror|nightmares?"
    ),
    "violent": (
        r"violen(?:t|ce)|gor(?:e|y)|blood(?:y|shed)?|brutal|graphic|torture|guns?|killing|murders?"
    ),
    "exciting": (
        r"exciting|thrilling|action[- ]?packed|fast[- ]?paced|adrenaline|exhilarating|adventurous|"
        r"energetic|high[- ]?octane"
    ),
    "epic": r"epics?|grand|sweeping|spectacular|larger[- ]than[- ]life",
    "dreamy": r"dreamy|dream-?like|surreal|atmospheric|ethereal|magical|whimsical|poetic|trippy",
    "thoughtful": (
        r"thoughtful|thought[- ]?provoking|deep(?:er)?|philosophical|intelligent|smart(?:er)?|"
        r"clever|cerebral|profound|mind[- ]?bending|meaningful|slow[- ]?burn(?:er)?"
    ),
    "quirky": (
        r"quirk(?:y|ier)|weird(?:er)?|odd(?:ball)?|offbeat|strange(?:r)?(?= (?:film|movie|and|one|"
        r"stuff))|eccentric|unusual|unconventional|absurd"
    ),
    "nostalgic": (
        r"nostalg(?:ic|ia)|retro|throwback|old-?fashioned|childhood (?:film|movie|favou?rite)s?"
    ),
    "kids": (
        r"for (?:the |my |our |small |young |little )*(?:kids?|children|daughter|son|toddlers?|"
        r"grandkids|nephews?|nieces?)"
        r"|with (?:the |my |our |small |young |little )*(?:kids?|children|daughter|son|toddlers?|"
        r"grandkids)"
        r"|(?:kids?|children)(?:'s|s')? (?:movies?|films?|stuff|shows?|things?|cartoons?)|"
        r"kid[- ]?friendly|kiddie|childish"
        r"|family[- ]friendly|(?<=no )(?:kids|children)|for the (?:whole |entire )?family|"
        r"family (?:film|movie)s?|family (?:film|movie)? ?night"
        r"|\d+[- ]years?[- ]olds?"
    ),
}

LANGUAGES: tuple[str, ...] = (
    "English",
    "French",
    "German",
    "Spanish",
    "Italian",
    "Portuguese",
    "Japanese",
    "Korean",
    "Chinese",
    "Mandarin",
    "Cantonese",
    "Hindi",
    "Russian",
    "Swedish",
    "Danish",
    "Norwegian",
    "Finnish",
    "Dutch",
    "Polish",
    "Czech",
    "Greek",
    "Turkish",
    "Arabic",
    "Persian",
    "Hebrew",
    "Thai",
    "Vietnamese",
    "Hungarian",
    "Romanian",
    "Icelandic",
    "Tamil",
    "Telugu",
    "Bengali",
)


class Vocabulary(Value):
    """Names that one catalogue uses, so that a wish can be said in its terms.

    Attributes:
        genres: as its items spell them.
        kinds: as its items spell them.
        people: creators, the one with most items first.
    """

    genres: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    people: tuple[str, ...] = ()

    @classmethod
    def of(cls, items: Iterable[Item]) -> "Vocabulary":
        """Collect the names from a catalogue's items."""
        genres, kinds, people = Counter[str](), Counter[str](), Counter[str]()
        for item in items:
            genres.update(item.genres)
            kinds.update((item.kind,))
            people.update(item.creators)
        return cls(
            genres=tuple(name for name, _ in genres.most_common()),
            kinds=tuple(name for name, _ in kinds.most_common()),
            people=tuple(name for name, _ in people.most_common()),
        )


@lru_cache(maxsize=512)
def pattern(source: str) -> re.Pattern[str]:
    """Compile a table entry so that it matches whole words only."""
    return re.compile(rf"(?<![\w-])(?:{source})(?![\w]|-\w)")
