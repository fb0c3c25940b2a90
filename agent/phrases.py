"""The voice: every ready-made phrase, by situation. Data only.

Feelings are guesses ("sounds like"), never findings. A phrase claims nothing about an item.
"""

from simpatico.domain import NeedName

MOOD_GROUPS: dict[str, str] = {
    **dict.fromkeys(("sadness", "grief", "disappointment", "remorse"), "low"),
    **dict.fromkeys(("nervousness", "fear", "embarrassment"), "tense"),
    **dict.fromkeys(("anger", "annoyance", "disapproval", "disgust"), "cross"),
    **dict.fromkeys(
        ("joy", "excitement", "amusement", "optimism", "pride", "relief", "gratitude"), "bright"
    ),
    **dict.fromkeys(("love", "caring"), "tender"),
    **dict.fromkeys(("curiosity", "surprise"), "curious"),
}
"""Labels that colour the opening. The others say too little about a person to be mirrored."""

HARD_GROUPS = frozenset(("low", "tense", "cross"))
"""Together they say that it is not an easy time, whichever it is."""

FEELINGS: dict[str, tuple[str, ...]] = {
    "low": (
        "That sounds heavy.",
        "Sounds like things weigh on you a bit right now.",
        "It sounds as if it's been a hard stretch.",
    ),
    "tense": (
        "Sounds like there's a lot going round in your head.",
        "That sounds a little nerve-racking.",
        "It sounds as if you could use some room to breathe.",
    ),
    "cross": (
        "That sounds maddening.",
        "Sounds like something got under your skin.",
        "It sounds as if your patience has been tested.",
    ),
    "bright": (
        "Sounds like things are looking good.",
        "You seem in good spirits.",
        "It sounds as if there's something to smile about.",
    ),
    "tender": (
        "That sounds lovely.",
        "Sounds like there's some warmth in the air.",
        "It sounds as if someone matters to you.",
    ),
    "curious": (
        "You seem curious.",
        "Sounds like you're up for a discovery.",
    ),
}

# {these}: "these three films" or "this one"; {here}: "Here are three films" or "Here is one film"
OFFERS: dict[str, tuple[str, ...]] = {
    "cheer_up": (
        "{here} to lift your spirits.",
        "To brighten things up, I'd try {these}.",
        "Maybe {these} can make things a little brighter.",
    ),
    "calm_down": (
        "{here} to slow down with.",
        "To unwind, I'd try {these}.",
        "Maybe {these} can take the edge off.",
    ),
    "thrill": (
        "{here} to get the pulse up.",
        "For some excitement, I'd try {these}.",
        "If you want your heart to race, start with {these}.",
    ),
    "cry_it_out": (
        "{here} for a good cry.",
        "If you want to let it out, I'd try {these}.",
        "Tissues ready? I'd start with {these}.",
    ),
    "think": (
        "{here} to give you something to think about.",
        "For something to chew on, I'd try {these}.",
        "Maybe {these} can set your thoughts going.",
    ),
    "laugh": (
        "{here} for a laugh.",
        "If you want to laugh, I'd try {these}.",
        "Laughing sounds like a good plan. I'd try {these}.",
    ),
    "connect": (
        "{here} for feeling close to people.",
        "For some human warmth, I'd try {these}.",
        "Maybe {these} can keep you good company.",
    ),
    "focus": (
        "{here} to hold your attention.",
        "For something to sink into, I'd try {these}.",
        "Maybe {these} can hold you for a while.",
    ),
    "escape": (
        "{here} to take you somewhere else.",
        "To get away for a while, I'd try {these}.",
        "Let's get you out of here for a while, with {these}.",
    ),
    "celebrate": (
        "{here} to keep the good mood going.",
        "To celebrate, I'd try {these}.",
        "That calls for something good. I'd try {these}.",
    ),
    "unknown": (
        "{here} that I think could suit you.",
        "Going by what you told me, I'd try {these}.",
        "I'd start with {these}.",
    ),
}

READ_BACK: tuple[str, ...] = (
    "I kept to {kept}{and_left_out}.",
    "I looked only at {kept}{and_left_out}.",
)
READ_BACK_OUT: tuple[str, ...] = (
    "I left out {left_out}, as you asked.",
    "As you asked, I left out {left_out}.",
)
WITH_IN_MIND: tuple[str, ...] = (
    "I had {titles} in mind while choosing.",
    "I took {titles} as a starting point.",
)
WHY: tuple[str, ...] = ("Why this one", "Why it fits", "What speaks for it")

# What a ranker calls the terms of its score, as people would
PARTS: dict[str, str] = {
    "tone": "its tone",
    "match": "how close what is told of it is to your words",
    "words": "the words it shares with yours",
    "wishes": "the things you asked for",
    "known": "how well known it is",
    "liked": "how close it is to what you liked or named",
    "unlike": "how close it is to what you disliked",
    "shown": "that you have been shown it before",
    "together": "what others liked or named beside it",
    "talked": "how it comes up in conversations like this one",
    "looks": "how its picture looks",
    "sounds": "how it sounds",
    "about": "how close it is to what you showed me",
}
EXPLORED = "It stands in the last place by chance, drawn from the next best, so that I can learn."

# A direction one can still go, and what must not already be asked for (tones, needs, years).
TWEAKS: tuple[tuple[str, frozenset[str]], ...] = (
    ("lighter", frozenset(("funny", "gentle", "laugh", "cheer_up", "cry_it_out", "avoid_funny"))),
    ("funnier", frozenset(("funny", "laugh", "cry_it_out", "avoid_funny"))),
    ("calmer", frozenset(("gentle", "calm_down", "thrill", "avoid_gentle"))),
    ("warmer", frozenset(("warm", "connect", "cheer_up", "calm_down", "avoid_warm"))),
    ("stranger", frozenset(("quirky", "dreamy", "avoid_quirky"))),
    ("more exciting", frozenset(("exciting", "tense", "thrill", "calm_down", "avoid_exciting"))),
    ("older", frozenset(("years",))),
    ("newer", frozenset(("years",))),
)
CLOSINGS: tuple[str, ...] = (
    "Shall I go {a}, or {b}?",
    "If that's not quite it, I can go {a} or {b}.",
    "Does one of these appeal, or should I go {a} or {b}?",
)
CLOSINGS_ONE: tuple[str, ...] = (
    "Shall I go {a}, or {b}?",
    "If that's not quite it, I can go {a} or {b}.",
)
FEW = "That is all I found that fits."

# When kinds of item are asked for: {lacking} and {has} are kinds ("books", "films and music")
LACKING = "I have no {lacking} here."
LACKING_BUT = "I have no {lacking} here, only {has}."
NONE_FIT = "I found no {lacking} that would fit."

# When it is asked why an item, and no reason is known.
NO_REASON = "I have no particular reason for {title} beyond its overall score."

# When somebody named a title that is not here.
NOT_HERE = "I don't have “{title}” here. I went by the rest of what you said."

# When a length was asked for of kinds of which few say theirs: {kinds} as above.
UNMEASURED = (
    "I do not know the lengths of most {kinds} here, so I could not keep to {minutes} minutes."
)

# What to ask when too little is known: by mood group, then for anyone.
QUESTIONS: dict[str, tuple[str, ...]] = {
    "low": (
        "Would you like something to lift you up, something quiet to rest with, or something to "
        "have a good cry over?",
    ),
    "tense": (
        "Would something calm help, something funny to take your mind off it, or something so "
        "gripping that you forget the rest?",
    ),
    "cross": (
        "Would you rather laugh it off, blow off steam with something loud, or wind down with "
        "something gentle?",
    ),
    "bright": (
        "Shall we keep it going with something joyful, something adventurous, or something "
        "romantic?",
    ),
    "tender": ("Are you after something romantic, something about family, or something funny?",),
    "curious": (
        "Shall it be something strange, something that makes you think, or something from "
        "another time?",
    ),
    "": (
        "What would do you good: something to laugh at, something calm, or something that keeps "
        "you on the edge of your seat?",
        "Where should it take you: somewhere warm and funny, somewhere tense, or somewhere far "
        "away?",
    ),
}
OFFERED: dict[str, tuple[tuple[NeedName, NeedName, NeedName], ...]] = {
    "low": (("cheer_up", "calm_down", "cry_it_out"),),
    "tense": (("calm_down", "laugh", "thrill"),),
    "cross": (("laugh", "thrill", "calm_down"),),
    "bright": (("celebrate", "escape", "connect"),),
    "tender": (("connect", "connect", "laugh"),),
    "curious": (("escape", "think", "escape"),),
    "": (("laugh", "calm_down", "thrill"), ("cheer_up", "thrill", "escape")),
}
"""For each of these questions the needs that it gives to choose from, in its order."""

ANCHOR: tuple[str, ...] = (
    "You can also just name a favourite.",
    "Or name something you love, and I'll start from there.",
)

# {titles}, {it}: what the feedback is about, by stance
NOTED: dict[str, tuple[str, ...]] = {
    "accepted": (
        "Good choice. Enjoy {titles}!",
        "Then enjoy {titles}, and tell me how you liked {it}.",
    ),
    "disliked": (
        "Noted: I won't suggest {titles} again.",
        "Fair enough, no more {titles}.",
    ),
    "rejected": (
        "All right, not {titles} this time.",
        "No problem, I'll set {titles} aside.",
    ),
    "seen": (
        "You've seen {titles}, so I'll leave {it} out from now on.",
        "Good to know. I won't bring up {titles} again, since you've seen {it}.",
    ),
    "heard": (
        "You know {titles} already, so I'll leave {it} out from now on.",
        "Good to know. I won't bring up {titles} again, since you've heard {it}.",
    ),
    "liked": (
        "Good to know that you like {titles}. I'll keep {it} in mind.",
        "Noted: you like {titles}. That helps me choose.",
    ),
}
NOTED_ANYTHING = "Noted."

THANKS: tuple[str, ...] = (
    "You're welcome. I'm here when you want another.",
    "Glad to help. Come back whenever you like.",
)
ENJOY: tuple[str, ...] = (
    "Good. Tell me afterwards how it was.",
    "Enjoy it, and tell me how you liked it.",
)
GOODBYES: tuple[str, ...] = (
    "Goodbye, and enjoy whatever you settle on.",
    "Take care. Come back whenever you want something new.",
)
HELLOS: tuple[str, ...] = (
    "Hello! How are you feeling, and what would do you good?",
    "Hi! Tell me how your day was, and I'll find something to go with it.",
)
WHO = (
    "I'm Simpatico, a program that listens to how you feel and what you want, and suggests "
    "something from the catalogue that may fit. I can be wrong about feelings; just correct me. "
    "What are you in the mood for?"
)
SMALLTALK: tuple[str, ...] = (
    "I'm happy to chat, though suggesting things is what I'm good at. What are you in the mood "
    "for?",
    "I'm listening. If you tell me how you feel or what you like, I can suggest something.",
)

# Answers to a question about an item begin with its name, in bold.
TELLS: dict[str, str] = {
    "length": "{title} runs {fact} minutes.",
    "director": "{title} was directed by {fact}.",
    "cast": "{title} has {fact} in it.",
    "language": "{title} is in {fact}. Whether there are subtitles, I can't tell.",
    "year": "{title} is from {fact}.",
}
UNTOLD: dict[str, str] = {
    "length": "{title}: how long it is, I don't know.",
    "director": "{title}: who directed it, I don't know.",
    "cast": "{title}: who is in it, I don't know.",
    "language": "{title}: which language it is in, I don't know.",
    "year": "{title}: when it was made, I don't know.",
    "prizes": "{title}: I know nothing of prizes, so I can't say.",
    "true": "{title}: whether it is a true story, I don't know.",
    "where": "{title}: where it can be watched, I don't know.",
    "ending": "{title}: I know no more of its story than this, and not how it ends.",
    "rating": "{title}: I have no ratings or reviews, so whether it's good, I can't say.",
    "tone": "{title}: I don't know what it feels like.",
}
HAS_TONE: dict[str, str] = {
    "much": "{title} is {tone}, as far as I can tell.",
    "little": "{title} is a little {tone}, as far as I can tell.",
    "none": "{title} is not {tone}, as far as I can tell.",
}
MADE_FOR: dict[str, str] = {
    "much": "{title} is made for children, as far as I can tell.",
    "little": "{title} may do for children, but is not made for them, as far as I can tell.",
    "none": "{title} is not made for children, as far as I can tell.",
}
MOST = "{title} is the {most} of them, as far as I can tell."
MOST_OF: dict[str, str] = {
    "warm": "warmest",
    "funny": "funniest",
    "gentle": "gentlest",
    "sad": "saddest",
    "dark": "darkest",
    "tense": "tensest",
    "scary": "scariest",
    "dreamy": "dreamiest",
    "quirky": "quirkiest",
}
"""Tones as the most of them; the others take "most"."""
FIRST_BY: dict[str, str] = {
    "newest": "{title} is the newest of them.",
    "oldest": "{title} is the oldest of them.",
}
LENGTHS_UNTOLD = "I don't know how long they all are, so I can't say which is shorter."

# Of us: what we know of a person ({known}: a list of what stands), what is kept, a scolding.
KNOWN = "So far I know this of you: {known}."
KNOWN_NOTHING = "Nothing yet. Tell me what you like, or how the day was."
KNOWN_WORDS = (
    "Nothing beyond what you asked for just now. Tell me what you like, or how the day was."
)
KNOWN_NEEDS: dict[str, str] = {
    "cheer_up": "something to cheer you up",
    "calm_down": "something to calm down with",
    "thrill": "a thrill",
    "cry_it_out": "a good cry",
    "think": "something to think about",
    "laugh": "a laugh",
    "connect": "something to feel close to others with",
    "focus": "something absorbing",
    "escape": "something to get away with for a while",
    "celebrate": "something to celebrate with",
}
KNOWN_PARTS: dict[str, str] = {
    "kept": "you asked for {}",
    "tones": "you want it {}",
    "need": "you came for {}",
    "left_out": "you want no {}",
    "liked": "you like {}",
    "disliked": "you don't like {}",
    "seen": "you have seen {}",
}
KNOWN_END = (
    "How you feel I only guess, from your words. On my own page, what I know of you can be looked "
    "at, taken back and erased."
)
STORED = (
    "What you say in a conversation that is kept is stored on the server that I run on, so that we "
    "can go on from there; in a temporary chat nothing is. On my own page, what I know of you can "
    "be looked at, taken back and erased."
)
SORRY: tuple[str, ...] = (
    "Sorry, that was no help. Name one film that you did like, or what I should stay away from, "
    "and I'll try again.",
    "Fair enough, I got that wrong. What was missing: something lighter, something with more bite, "
    "or another kind altogether?",
)
NOT_FOR_ME = "That I can't answer: I only know what is in my catalogue."
