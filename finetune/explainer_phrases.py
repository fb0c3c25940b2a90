"""What replies are composed from beside their openings, by hand: ways to name an item, closings.

A closing claims nothing about an item. Openings are in `simpatico.opening`, for use has them, too.
"""

FIRST = (
    "I'd start with {n}",
    "Start with {n}",
    "My first thought is {n}",
    "{n} comes to mind",
    "You could begin with {n}",
)
NEXT = ("Then there's {n}", "You could also try {n}", "{n} is another one", "Next to it, {n}")
LAST = ("And there's {n}", "Or try {n}", "Last, {n}")
ONLY = ("Try {n}", "I'd go for {n}", "I'd start with {n}", "My pick is {n}")
"""Heads of a clause that names an item."""

BECAUSE = ", because {why}"
IN = "In {n}, {about}"

CLOSINGS = (
    "Shall I look for something lighter?",
    "Would you like something calmer, or more exciting?",
    "Shall I go older, or newer?",
    "Tell me what's missing, and I'll look again.",
    "Is that the right mood?",
    "Shall I stay in this corner, or try another one?",
    "Does that come close to what you had in mind?",
    "Would you like it gentler, or with more bite?",
    "What would make it a better fit?",
    "Shall I look for something shorter?",
    "Would something quieter suit you better?",
    "Is there anything I should stay away from?",
    "Should I go stranger, or keep it simple?",
    "If that's not it, tell me where it went wrong.",
    "Who will be there with you?",
)
CLOSINGS_SEVERAL = (
    "Which of these sounds right for tonight?",
    "Does one of them sound like you?",
    "Which one shall I find more of?",
    "Do you know any of them already?",
    "Which one speaks to you, the first or the last?",
    "Shall I look for more like the first?",
    "Tell me which one is closest, and I'll go on from there.",
)
