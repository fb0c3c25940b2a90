"""For each mood three sentences that mean it: what the prototype row of the comparison knows.

Written from the labels' definitions (Demszky et al., 2020, appendix), not from their sentences.
"""

MOOD_SENTENCES: dict[str, tuple[str, ...]] = {
    "admiration": (
        "That is impressive, well done.",
        "I admire how good you are at this.",
        "What a great person.",
    ),
    "amusement": ("Haha, that is so funny.", "This made me laugh.", "Lol, what a good joke."),
    "anger": ("I am furious about this.", "This makes me so angry.", "I hate you, get lost."),
    "annoyance": ("This is so annoying.", "Stop bothering me.", "I am sick of this nonsense."),
    "approval": ("I agree with you.", "You are right about that.", "Yes, that is a good idea."),
    "caring": ("Take care of yourself.", "I hope you feel better soon.", "I am here for you."),
    "confusion": (
        "I do not understand this.",
        "I am confused, what do you mean?",
        "I have no idea what is going on.",
    ),
    "curiosity": ("I wonder how that works.", "Why is that?", "Can you tell me more about it?"),
    "desire": ("I want that so much.", "I wish I could have this.", "I would love to do that."),
    "disappointment": (
        "I am disappointed, I expected more.",
        "What a let-down.",
        "Unfortunately it did not work out.",
    ),
    "disapproval": ("I disagree with that.", "That is not right.", "You should not do this."),
    "disgust": ("That is disgusting.", "This makes me sick.", "Eww, how gross."),
    "embarrassment": (
        "I am so embarrassed.",
        "I feel awkward and ashamed of what I did.",
        "That was cringeworthy.",
    ),
    "excitement": ("I am so excited!", "I can't wait for this!", "Wow, this is going to be great!"),
    "fear": ("I am scared.", "That is terrifying.", "I am afraid of what may happen."),
    "gratitude": ("Thank you so much.", "I appreciate your help.", "Thanks for doing this."),
    "grief": (
        "I lost someone I loved.",
        "Rest in peace, I miss them.",
        "She died and I am heartbroken.",
    ),
    "joy": ("I am so happy.", "This makes me glad.", "I enjoyed it, what a lovely day."),
    "love": ("I love you.", "I love this so much.", "This is my favourite."),
    "nervousness": (
        "I am nervous about it.",
        "I feel anxious and worried.",
        "It makes me uneasy to think of tomorrow.",
    ),
    "optimism": ("I hope it works out.", "Things will get better.", "I am sure it will go well."),
    "pride": (
        "I am proud of myself.",
        "I am so proud of what we achieved.",
        "I did it, all by myself.",
    ),
    "realization": (
        "I just realised something.",
        "Now I understand, it turns out that I was wrong.",
        "I never noticed that before.",
    ),
    "relief": ("What a relief.", "Thank goodness that is over.", "I am glad it was nothing bad."),
    "remorse": ("I am sorry.", "I apologise for what I did.", "I regret it."),
    "sadness": ("I am so sad.", "That makes me want to cry.", "I feel lonely and depressed."),
    "surprise": ("Wow, I did not expect that.", "What a surprise!", "I can't believe it."),
    "neutral": (
        "The meeting is on Tuesday.",
        "He went to the shop and came back.",
        "It has four doors and two seats.",
    ),
}
