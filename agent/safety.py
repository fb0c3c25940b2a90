"""Care for the person, and care with text from outside.

`is_crisis` looks for words of suicide, self-harm and danger. It would rather hear one too many
than miss one, but it knows the commonest figures of speech and film titles. It is a list of
phrases, not a diagnosis: it misses what is only hinted at.
"""

import re
import unicodedata

from simpatico.agent.zh import crisis
from simpatico.language import Language
from simpatico.text import clean

_SELF = r"(?:my ?sel[fv]e?|me ?self|mys[le]{2}f)"
_NOT = r"(?:dont|do not|didnt|never|no longer|cant|cannot|can not|not)"
_KIN = (
    r"(?:my|our) (?:best |little |older |younger |ex |ex-)?(?:friend|son|daughter|brother|sister"
    r"|wife|husband|mum|mom|mother|dad|father|partner|girlfriend|boyfriend|kid|child|roommate"
    r"|uncle|stepdad|stepmom|boss|ex)"
)
_ANY_MORE = r"any ?mor?e?"
_OWNED = r"(?:things|stuff|belongings|possessions|pets?|cats?|dogs?)"

_FIGURES = (
    # titles
    r"(?:the )?suicide (?:squad|club|kings|mission|room|theory|doors?|king|silence)",
    r"virgin suicides?",
    r"\bdie hard\b|no time to die|ways to die in|to die in the west|good day to die|let die",
    r"die another day|never dies?\b|to die for\b|born to die|ready or not",
    # topics that are asked for or asked away
    r"(?:no|without|avoid|skip|nothing (?:with|about|like)|not about|isnt about|minus|hate)"
    r" (?:any |all |the )?(?:suicid\w+|self[- ]?harm)(?: (?:or|and) (?:suicid\w+|self[- ]?harm))?",
    r"(?:films?|movies?|documentar\w+|stor\w+|shows?|series|books?|drama|one|something) "
    r"(?:(?:is |thats )?about|on|that deals? with|dealing with|featuring|with) "
    r"(?:a |the |teen )?(?:suicid\w+|self[- ]?harm)",
    r"suicid\w+ (?:scenes?|prevention|subplot|plot|theme)",
    r"(?:career|political|social|financial|commercial) suicide",
    r"\bnot (?:really |at all |actually |even )?suicidal",
    # figures of speech
    r"\b(?:die|died|dead|dying) (?:of |from |with |out of )?(?:\w+ )?(?:laugh\w*|lol|embarras\w+"
    r"|boredom|shame|cringe|cuteness|happiness|excitement|curiosity|hunger|thirst)",
    r"laugh\w* (?:till|until|so hard|so much)? ?(?:that )?i (?:\w+ )?(?:die|died|drop dead)",
    r"(?:kill|killing|hurt|hurting|killed) (?:my ?self|me) laughing",
    r"rather die than",
    r"(?:cut|hurt|burn\w*|burnt) my ?self (?:\w+ )?"
    r"(?:shaving|cooking|chopping|on (?:a|the)\b|at the gym|playing|running|skiing|while|short)",
    r"hits? me (?:up|right|hard|with|differently|in the (?:feels?|heart|gut|face))",
    r"\d+(?:\.\d+)? ?kms\b",
    r"overdos\w+ (?:of|on) (?!.{0,30}(?:pills?|med\w*|drugs?|tablets?|paracetamol|tylenol"
    r"|sleeping|heroin|insulin|opi\w+|fentanyl))",
    r"cut my ?self (?:some|a slice|off)|burn\w* my ?self out|shoot\w* my ?self in the foot",
    r"(?:drown\w* my ?self in|kill\w* my ?self (?:at (?:work|the gym)|working|studying))\b",
    r"\b(?:this|that|it|its|thats|work|exams?|stress|suspense|wait) ?(?:is |are )?(?:just )?"
    r"(?:going to|gonna|trying to|will) kill me",
    r"\b(?:boss|mum|mom|mother|dad|wife|husband|girlfriend|boyfriend|teacher|coach|roommate)s? ?"
    r"(?:is |are |will )?(?:going to |gonna |will )(?:kill|murder) me",
    r"made me want to (?:\w+ ){1,4}(?:wrists?|die|myself)(?: so)? (?:boring|bad|bored)",
    r"wrists?,? (?:it was )?so (?:boring|bad)|starving my ?self for a\b",
    r"kill me if (?:i|we) (?:pick|choose|make|show|put|watch|pause|fall|dont find|suggest)",
    r"\b(?:no|any) point in going on about",
    r"jump(?:ing)? off (?:a|the) (?:sofa|couch|bed|diving board)",
)

_CRISIS = (
    # suicide by name, however it is spelled
    r"\bs[ui]{1,2}[cs]+[ie]*[cs]*id(?:e|es|al|el|le|ing|arme|er|aire|io)?\b|\bsuicid",
    rf"\b(?:k+i+l+|kll|unaliv|end|hang|drown|shoot|poison|stab|starv|cut|harm|hurt|burn|injur)"
    rf"(?:e|s|ed|t?ing|n?ing)? {_SELF}\b",
    rf"\b(?:to|gonna|wanna|should|will|ill|just) off {_SELF}\b",
    r"\b(?:kms|unalive)\b",
    rf"{_KIN}\b.{{0,60}}\b(?:kill|hurt|harm|hang|cut)(?:ing|s|t?ing)? "
    r"(?:him|her|them) ?sel(?:f|ves)\b",
    r"\bself[- ]?(?:harm|injur)\w*",
    # dying, wished for
    r"\b(?:want|wants|wanted|going|ready|deserve|need|prefer|hope|plan|planning|trying|try|like"
    r"|wish|about)(?: just| really)* to(?: just| really| be)* (?:die|dye|dead)\b"
    r"(?! (?:to|for|if|waiting)\b)",
    r"\b(?:wanna|want|gonna|rather)(?: just| really| be)* (?:die|dye|dead)\b"
    r"(?! (?:to|for|if|waiting|my love)\b)",
    r"\b(?:wish|hope)(?: (?:that )?i)?(?: was| were| am| could| would| be| just| had| only)*"
    r" (?:die|dead|dying|died)\b",
    r"\b(?:think|thinking|thought|dream|dreaming|fanta\w+) (?:about|of) (?:dying|being dead)\b",
    r"\bfeel(?:ing)? like (?:dying|i should die|i want to die)\b",
    r"\bwish (?:that )?i (?:was|were|had) never (?:been )?born|\bnever been born\b",
    r"\bwish (?:that )?i (?:didnt|did not|dont|wasnt|werent) (?:exist|alive|here)\b",
    r"\b(?:i|id|im|ill|everyone|they|theyd|youd|youll|world|family|kids|all|people)\b"
    r"(?: would| will| is| are| be| all| am| id| just){0,8} better off (?:dead|without me|if i)",
    r"\b(?:end|ending|ended|take|taking|took|taken)"
    r" (?:my|his|her|their) (?:own |fucking |damn )?life\b"
    r"(?! (?:story|stories|savings|back|slow|easy|for granted|in a|into|to the|too|over))",
    r"\b(?:end|ending) (?:it all|it tonight|it now|everything|this life|the pain for good)\b",
    r"\b(?:want|wanna|going|gonna|ready|about)(?: to)? end it\b(?! (?:with|on)\b)",
    # living, not wished for
    rf"\b{_NOT} (?:really |even )?(?:want|wanna|wish|care|deserve|need)s?(?: to| if i)*"
    rf" (?:live|be alive|be here {_ANY_MORE}|exist|keep living"
    rf"|wake up(?! (?:early|to|at|before|with)\b)|go on living|see tomorrow"
    rf"|be around {_ANY_MORE}|life {_ANY_MORE})\b",
    r"\b(?:never|not|wont|dont) wake up(?: again| tomorrow| any ?more)?(?= ?(?:[.,;!?-]|and|$))",
    r"\b(?:no|any|without a|find a) (?:reason|point|purpose) (?:to|in|of|for) (?:live|living"
    r"|stay alive|being alive|go on|going on|life)\b",
    r"\bnothing (?:left )?(?:to|worth) liv(?:e|ing)(?: for)?\b",
    r"\blife(?: is| its| just| really| feels)*(?: not| isnt| no longer)(?: really| even)? worth\b"
    r"|\bnot worth living\b",
    r"\b(?:tired|sick|done|finished) (?:of|with) (?:living|being alive|life|existing|my life)\b",
    r"\b(?:give|giving|given|gave) up on (?:life|living)\b",
    rf"\b(?:cant|cannot|can not) (?:go on(?! (?:a|the|my|to|holiday|vacation)\b)|live like this"
    rf"|live {_ANY_MORE}|keep living|face another day(?! (?:at|of|in|with)\b))",
    r"\bgoodbye (?:note|letter)|\bfarewell letter\b|\bsay(?:ing)? goodbye to everyone\b",
    # means
    r"\b(?:slit|slash|cut|cutting|slitting) (?:my|his|her) wrists?\b|\burges? to cut\b",
    r"\bi(?:ve| have)?(?: started| been| am)? cutting again\b",
    r"\b(?:jump|jumping) (?:off|from|in front of) (?:a |the |my )?(?:\w+ )?(?:bridge|roof|building"
    r"|train|balcony|cliff|window|tower|car|bus|truck)\b",
    r"\b(?:took|taken|take|taking|swallow\w*) (?:too many|all|a bunch of|a lot of|the whole"
    r"|my whole|every) (?:\w+ ){0,4}(?:pills?|tablets?|meds|medication|painkillers)\b",
    r"\boverdos\w+\b",
    r"\b(?:i|ive|i have|just) (?:just |already )?(?:drank|drunk|swallowed)"
    r" (?:some |the |a lot of )?(?:bleach|poison|antifreeze|detergent|cleaner)\b",
    r"\b(?:im|i am)(?: just)? (?:going to|gonna|about to) jump(?= ?(?:[.,;!?-]|now|tonight|$))",
    r"\bi (?:have|ve|got|had) (?:a |the |this )?(?:knife|gun|blade|razor|rope|noose|pills)"
    r" (?:in my hands?(?! luggage| bag)|to my|at my|ready|next to me|beside me|right here)\b",
    r"\bi have a plan and\b"
    r"|\bmy (?:last|final) (?:night|message|goodbye|words)\b(?! (?:in|at|of)\b)",
    r"\b(?:i feel like|thinking about|thinking of|i want to|going to|gonna) end(?:ing)? things\b"
    r"(?! with\b)",
    r"\b(?:nobody|no one|noone|nobodyd) (?:would|will|d)? ?(?:even |really )?"
    r"(?:notice|care|miss me) (?:if|when) i"
    r"(?: was|m| am| were| d| would)* (?:gone|dead|died|disappear\w*)\b",
    r"\b(?:dont|do not|cant|cannot) (?:even )?see (?:the|a|any) (?:point|reason) (?:in|of|to)"
    r" (?:going on|liv\w+|carry\w* on|anything|be here)",
    r"\bwhats the point (?:of|in) (?:living|life|going on|being alive|anything any ?more)\b",
    r"\bwish i could (?:just )?(?:disappear|vanish)(?: for ?ever| for good)?"
    r"(?= ?(?:[.,;!?]|and|$))",
    # leave-taking, and being in the way
    rf"\bi(?:m|ve| am| have)?(?: just| already| been| started)* (?:gave|given|giving|give)"
    rf" (?:away (?:all )?(?:of )?(?:most of )?my (?:own )?{_OWNED}|(?:all )?(?:of )?my {_OWNED}"
    r" away)\b(?! (?:when|since|because|before|after|to|for|at|on)\b)",
    r"\b(?:wrote|written|writing|write) (?:\w+ )?(?:my|the|those) (?:(?:last|final|goodbye"
    r"|farewell) letters|goodbyes)\b|\b(?:wrote|written|writing) (?:my )?letters to (?:everyone"
    r"|everybody)\b(?! (?:at|for|in|on)\b)",
    r"\bsaid (?:all )?my goodbyes\b(?: to (?:everyone|everybody))?(?= ?(?:[.,;!?]|and|$))",
    r"\b(?:everyone|everybody|they|theyd|people|the world|my family|the kids|my kids|no ?one"
    r"|nobody)(?: would| will| can|d)?(?: all| just)? (?:be|do|get on|cope|manage)?(?: much| just"
    r"| so)? ?(?:fine|ok|okay|happier|better|relieved|well|easier) without me\b"
    r"(?! (?:at|for|on|this|that|there|in|tonight|today|tomorrow)\b)",
    r"\bi(?:m| am)?(?: probably| just| really)* (?:wont|will not|not going to|not gonna) be"
    r" (?:(?:here|around|alive) (?:for )?(?:much )?longer|around (?:for )?long"
    r"|here (?:any ?more|tomorrow)(?= ?(?:[.!;]|$)))\b(?!,? (?:just|only|at|in|on)\b)",
    r"\b(?:nobody|no one|noone)(?: would| will|d|ll)?(?: even| really| ever)? miss me\b"
    r"(?! (?:at|from|on|for|in|tonight|today|tomorrow)\b)",
    r"\b(?:nobody|no one|noone) (?:will |would )?(?:ever )?(?:have to|needs? to) worry about me\b",
    r"\b(?:wont|dont|not|never)(?: have to| need to| be)? (?:worry(?:ing)? about|deal(?:ing)? with"
    r"|put(?:ting)? up with) me (?:any ?more|much longer|ever again)\b(?!,? i (?!am|will|love)\w)",
    r"\b(?:im|i am|ive become|ive been|being|i(?: just| really)* feel like|made me feel like)"
    r" (?:just |only |such |nothing but )?a burden\b",
    r"\bi (?:just |really |only )?(?:want|need) (?:it all|everything|the pain|all of it|all this)"
    r" to (?:end|stop|be over)\b"
    r"(?!,? (?:happily|well|good|by|with|like|in|at|on|raining|snowing|for (?:an?|one|two|\d+))\b)",
    r"\b(?:cant|cannot|dont|do not) see (?:a|any) future(?: for (?:me|myself)| any ?more|$)",
    r"\b(?:want|wish|wanna|hope|like)(?: to| i could| just)* (?:fall a|go to )?sleep(?:ing)?"
    r" for ?ever\b",
    r"\b(?:made|making|make|at) (?:my )?peace with (?:dying|(?:my )?death|it ending"
    r"|(?:the end|leaving)(?: this (?:world|life)| you all| everyone)?(?= ?(?:[.,;!?]|$)))",
    r"\bgot (?:all )?my affairs in order\b(?= ?(?:[.,;!?]|and|$))",
    r"\blast (?:film|movie|song|show|thing) (?:that )?i(?:ll| will) ever (?:watch|see|hear|do)\b"
    r"(?! (?:with|by|from|of|on|at|in)\b)",
    r"\bich kann nicht mehr\b|\bno puedo mas\b|\bje nen peux plus\b",
    # danger from others, and to others
    rf"\b(?:he|she|they|someone|somebody|{_KIN})\b(?: \w+){{0,3}} (?:hits|hit|hitting|beats|beat"
    rf"|beating|chok\w+|strangl\w+|abus\w+|rap(?:es|ed|ing)|molest\w*|punch\w+|kick\w+"
    rf"|threaten\w+) me\b(?! (?:to it|at|in (?!the (?:face|head)))\b)",
    r"\b(?:going|trying|tried|wants|threaten\w*|gonna)(?: to)? (?:kill|hurt|murder|rape) me\b",
    r"\b(?:im|i am|was|being|been|getting) (?:being |getting |sexually |physically ){0,4}"
    r"(?:abused|raped|molested|beaten|assaulted|trafficked)\b(?! (?:at|in|to)\b)",
    r"\b(?:im|i am|i feel|were|we are|not feeling) (?:in (?:real |serious |immediate )?danger"
    r"|not safe|unsafe)\b(?! (?:of|from|for work)\b)",
    r"\b(?:fear|afraid|scared|fearing|frightened) (?:of|for) my (?:life|safety)\b",
    r"\b(?:want|going|gonna|might|urge|thinking)(?: to| about| of)* (?:kill|hurt|kill?ing|hurting|"
    r"murder) (?:someone|somebody|people|everyone|my (?:family|wife|husband|kids?|parents))\b",
    # the plainest phrases of a few neighbours
    r"\b(?:me )?quiero morir(?:me)?\b|\bno quiero vivir\b|\bje veux mourir\b|\bme tuer\b"
    r"|\bich will (?:sterben|nicht mehr leben)\b|\bmich umbringen\b|\bquero morrer\b",
)

_SPENT = re.compile(
    rf"\b(?:cant|cannot|can not) (?:do|take|handle|bear|stand) (?:this|it|life|the pain)"
    rf"(?: pain| life)?(?: {_ANY_MORE})"
)
_ABOUT_FILMS = re.compile(
    r"film|movie|watch|show|series|laugh|funny|comed|recommend|suggest|something|rom-?com|boss|work"
)
_FIGURE = re.compile("|".join(f"(?:{pattern})" for pattern in _FIGURES))
_ALARM = re.compile("|".join(f"(?:{pattern})" for pattern in _CRISIS))
_LEET = str.maketrans("013@$!", "oieasi")


def is_crisis(text: str) -> bool:
    """Whether the words speak of suicide, self-harm, or being in danger."""
    plain = _plain(crisis.without_titles(text))
    if crisis.is_crisis(plain):
        return True
    plain = _FIGURE.sub(" , ", plain)
    if _ALARM.search(plain):
        return True
    # "I can't do this any more" alone is heavy; before a wish for a comedy it is a long day.
    return bool(_SPENT.search(plain)) and not _ABOUT_FILMS.search(plain)


def care_reply(language: Language = "en") -> str:
    """What is said instead of a recommendation, as markdown."""
    if language == "zh":
        return crisis.care_reply()
    return (
        "I'm glad you said it. It sounds as if things are very hard right now, and you deserve a "
        "real person to talk to. I'm a program that suggests films, not a counsellor, so I'll "
        "leave films aside for the moment.\n\n"
        "**If you or someone else may be in danger now**, please call emergency services: "
        "**112** in Europe and many other countries, **911** in the US and Canada.\n\n"
        "To talk to someone, free of charge, day or night:\n\n"
        "- **US and Canada:** call or text **988**.\n"
        "- **UK and Ireland:** call Samaritans on **116 123**.\n"
        "- **Anywhere else:** findahelpline.com lists the lines in your country.\n\n"
        "If a call feels like too much, tell one person near you how bad it is, even in a short "
        "message. And if I've misread you, just say so, and we'll carry on."
    )


def as_data(text: str, max_chars: int, *, name: str = "data") -> str:
    """Wrap text from outside for a prompt, so that it can't pass for instructions.

    Control and direction-changing characters go, white space collapses, angle brackets are
    escaped (so neither our delimiter nor a model's chat markers can be forged), length is capped.

    Args:
        text: anything.
        max_chars: how much of it to keep, counted before escaping.
        name: the delimiter's name, lower-case letters.
    """
    safe = clean(unicodedata.normalize("NFKC", text), max_chars=max_chars)
    safe = safe.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<{name}>{safe}</{name}>"


def _plain(text: str) -> str:
    """Lower case, without accents on letters, apostrophes, hidden characters and leet digits."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = "".join(char for char in text if unicodedata.category(char) not in ("Cf", "Mn"))
    text = re.sub(r"['’‘`´]", "", text)
    text = re.sub(r"(?<=[a-z])[013@$!]+(?=[a-z])", lambda m: m[0].translate(_LEET), text)
    text = re.sub(r"(?<=\w)[*_.]+(?=\w)", "", text)  # k.i.l.l
    text = re.sub(r"([a-z0-9]{60})[a-z0-9]+", r"\1", text)  # no word, and patterns would crawl
    return " ".join(re.sub(r"[^\w\s.,;!?-]", " ", text).split())
