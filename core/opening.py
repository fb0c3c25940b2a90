"""How the explainer's replies open: a guess at the feeling, an offer, the wishes that were kept.

Written by hand and put together by code, in training and in use: there an opening is said at once,
and the model goes on from it. A feeling is answered as a guess, an offer claims nothing.
"""

import random

from simpatico.explaining import MAX_SENTENCES, Brief

GROUPS: dict[str, str] = {
    **dict.fromkeys(("sadness", "disappointment", "remorse"), "low"),
    "grief": "grief",
    **dict.fromkeys(("nervousness", "fear"), "tense"),
    "embarrassment": "awkward",
    **dict.fromkeys(("anger", "annoyance", "disapproval", "disgust"), "cross"),
    **dict.fromkeys(("joy", "excitement", "optimism"), "bright"),
    "amusement": "amused",
    "pride": "proud",
    "relief": "relieved",
    "gratitude": "thankful",
    **dict.fromkeys(("love", "caring"), "tender"),
    "admiration": "impressed",
    **dict.fromkeys(("curiosity", "surprise"), "curious"),
    **dict.fromkeys(("confusion", "realization"), "puzzled"),
}
"""Which moods are answered alike. The others say too little of a person to be mirrored."""

FEELINGS: dict[str, tuple[str, ...]] = {
    "low": (
        "That sounds heavy",
        "That sounds like a lot to carry",
        "It sounds as if it's been a hard stretch",
        "Sounds like the day took more than it gave",
        "I'm sorry things feel like that just now",
    ),
    "grief": (
        "I'm sorry, that sounds like a real loss",
        "That sounds like something that takes its time",
        "I'm sorry you have that to carry",
    ),
    "tense": (
        "Sounds like a lot is going round in your head",
        "That sounds nerve-racking",
        "It sounds as if you could use some room to breathe",
        "Sounds like it's hard to settle just now",
    ),
    "awkward": (
        "That sounds like one to laugh about later",
        "Sounds like a moment you'd rather forget",
        "It sounds as if that one stung a little",
    ),
    "cross": (
        "That sounds maddening",
        "Sounds like your patience was tested",
        "That would get under anyone's skin",
        "It sounds as if you've had enough of it",
    ),
    "bright": (
        "Sounds like things are looking good",
        "You seem in good spirits",
        "It sounds as if there's something to smile about",
        "That sounds like good news",
    ),
    "amused": ("Sounds like you're in the mood to grin", "That does sound funny"),
    "proud": ("That sounds like something to be proud of", "Sounds like you earned that"),
    "relieved": ("That sounds like a weight off", "Sounds like you can breathe out now"),
    "thankful": (
        "Sounds like there's something to be thankful for",
        "It sounds as if somebody was good to you",
    ),
    "tender": (
        "That sounds lovely",
        "Sounds like there's some warmth in the air",
        "It sounds as if someone matters to you",
    ),
    "impressed": ("Sounds like that left its mark", "It sounds as if something impressed you"),
    "curious": (
        "You seem curious",
        "Sounds like you're up for a discovery",
        "That sounds like a thread worth following",
    ),
    "puzzled": ("Sounds like a lot to untangle", "That sounds like something to mull over"),
}

OFFERS: dict[str, tuple[str, ...]] = {
    "cheer_up": (
        "here's something to lift your spirits",
        "let's make things a little brighter",
        "this may cheer the evening up",
    ),
    "calm_down": (
        "here's something to slow down with",
        "let's take the edge off",
        "this may help you unwind",
    ),
    "thrill": (
        "here's something to get the pulse up",
        "let's make your heart race a little",
        "this should keep you on the edge of your seat",
    ),
    "cry_it_out": (
        "here's something for a good cry",
        "let's get the tissues ready",
        "this may help to let it out",
    ),
    "think": (
        "here's something to chew on",
        "let's set your thoughts going",
        "this may give you something to turn over",
    ),
    "laugh": (
        "here's something for a laugh",
        "let's get you laughing",
        "this should be good for a grin",
    ),
    "connect": (
        "here's something for feeling close to people",
        "let's find you some good company",
        "this may bring a little warmth",
    ),
    "focus": (
        "here's something to hold your attention",
        "let's find you something to sink into",
        "this should keep you with it for a while",
    ),
    "escape": (
        "here's something to take you somewhere else",
        "let's get you out of here for a while",
        "this may carry you off",
    ),
    "celebrate": (
        "here's something to keep the good mood going",
        "let's celebrate that",
        "this should suit the occasion",
    ),
    "unknown": (
        "here's what I would try",
        "here's where I would start",
        "this is what came to mind",
        "this could suit you",
    ),
}


def opening_of(brief: Brief, rng: random.Random) -> tuple[str, ...]:
    """The first sentences of a reply to a brief, one or two; `[0:]` stands for the wishes kept.

    Args:
        brief: what it answers.
        rng: chooses the words.
    """
    group = GROUPS.get(brief.mood, "")
    feeling = rng.choice(FEELINGS[group]) if group else ""
    offer = rng.choice(OFFERS[brief.need])
    wishes = "[0:]" if brief.kept else ""
    offer = "" if brief.need == "unknown" and (feeling or wishes) else offer
    if feeling and offer:
        first = f"{feeling}, so {offer}"
    else:
        first = feeling or f"{offer[:1].upper()}{offer[1:]}"
    if wishes and len(brief.items) < MAX_SENTENCES - 1:
        return tuple(f"{part}." for part in (first, wishes) if part)
    return ("; ".join(part for part in (first, wishes) if part) + ".",)
