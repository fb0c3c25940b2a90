"""Which reader tag speaks of which tone. Fixed before any result was seen (docs/tone.md)."""

from collections.abc import Mapping

TAGS_OF_TONE: Mapping[str, tuple[str, ...]] = {
    "warm": (
        "feel-good", "feel good movie", "heartwarming", "affectionate", "family bonds",
        "good-hearted", "unlikely friendships",
    ),
    "funny": (
        "funny", "very funny", "hilarious", "humorous", "comedy", "silly fun", "goofy",
        "fun movie", "funny as hell",
    ),
    "uplifting": ("uplifting", "inspiring", "inspirational"),
    "gentle": ("gentle", "light", "relaxing", "sweet", "intimate"),
    "romantic": ("romantic", "love story", "romance", "romantic comedy", "love", "chick flick"),
    "touching": (
        "touching", "heartbreaking", "emotional", "poignant", "bittersweet", "sentimental",
        "tear jerker", "tender",
    ),
    "sad": ("melancholic", "melancholy", "sad", "depressing", "depression", "downbeat", "tragedy"),
    "dark": ("bleak", "dark", "disturbing", "grim", "gritty", "cynical", "nihilism"),
    "tense": ("tense", "suspense", "suspenseful", "claustrophobic"),
    "scary": ("scary", "creepy", "horror", "eerie", "frightening"),
    "violent": ("violent", "violence", "brutality", "brutal", "gory", "splatter", "bloody"),
    "exciting": ("action", "action packed", "good action", "chase", "fight scenes", "exciting"),
    "epic": ("epic", "epic adventure", "big budget"),
    "dreamy": (
        "surreal", "surrealism", "dreamlike", "dreams", "visually appealing", "visually stunning",
        "enigmatic", "hallucinatory", "poetic", "atmospheric",
    ),
    "thoughtful": (
        "reflective", "meditative", "cerebral", "existentialism", "life philosophy",
        "philosophical", "philosophy", "thought-provoking", "social commentary",
    ),
    "quirky": ("quirky", "weird", "off-beat comedy", "absurd", "whimsical", "eccentricity"),
    "nostalgic": ("nostalgic", "childhood", "coming of age"),
    "kids": (
        "kids", "kids and family", "children", "family", "cartoon", "talking animals",
        "fairy tale",
    ),
}  # fmt: skip
"""For each tone, tags whose films should score higher on it than other films. One tone a tag."""

WARM_TAGS: tuple[str, ...] = ("feel-good", "touching", "affectionate")
"""The tags that people ask for most and that a single prompt fails on."""

MIN_FILMS = 50
"""A tag counts when it has at least this many films in the catalogue."""
