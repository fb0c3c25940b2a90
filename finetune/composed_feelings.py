"""How a piece of each feeling is made, and what may play it: the tables of `composed`."""

from typing import Final, Literal, NamedTuple

PROGRAMS: Final[dict[str, tuple[int, ...]]] = {
    "piano": (0, 1, 2),
    "electric piano": (4, 5),
    "harpsichord": (6,),
    "celesta": (8,),
    "music box": (10,),
    "vibraphone": (11,),
    "marimba": (12,),
    "hammond organ": (16, 18),
    "organ": (19, 20),
    "accordion": (21,),
    "harmonica": (22,),
    "guitar": (24,),
    "acoustic guitar": (25,),
    "electric guitar": (26, 27),
    "distorted guitar": (29, 30),
    "violin": (40,),
    "viola": (41,),
    "cello": (42,),
    "tremolo strings": (44,),
    "pizzicato strings": (45,),
    "harp": (46,),
    "strings": (48, 49),
    "choir": (52, 53),
    "trumpet": (56,),
    "trombone": (57,),
    "horn": (60,),
    "brass": (61,),
    "saxophone": (65, 66),
    "oboe": (68,),
    "clarinet": (71,),
    "flute": (73,),
    "pan flute": (75,),
    "whistle": (78,),
    "synthesizer": (80, 81, 87),
    "synth pad": (88, 89, 91, 94, 95),
    "banjo": (105,),
    "fiddle": (110,),
    "steel drums": (114,),
}
"""General MIDI programs, from 0, of what is called so."""

MAJOR: Final = (0, 2, 4, 5, 7, 9, 11)
MINOR: Final = (0, 2, 3, 5, 7, 8, 10)
LYDIAN: Final = (0, 2, 4, 6, 7, 9, 11)
PHRYGIAN: Final = (0, 1, 3, 5, 7, 8, 10)
DIMINISHED: Final = (0, 2, 3, 5, 6, 8, 9, 11)

Texture = Literal[
    "arpeggio",
    "pad",
    "solo",
    "duo",
    "waltz",
    "chorale",
    "sparkle",
    "march",
    "band",
    "riff",
    "dance",
    "bounce",
    "ostinato",
    "tremolo",
    "cluster",
]
Kit = Literal["", "brushes", "march", "pop", "dance", "rock", "metal", "pulse"]


class Feeling(NamedTuple):
    """How music of one feeling is made.

    Attributes:
        words: for it, all true of each piece.
        bpm: from, to.
        velocity: from, to, of 127.
        scales: steps above the tonic.
        chords: progressions, by degree of the scale from 0, a bar each.
        textures: to choose from.
        octaves: from, to, above the middle one.
        length: share of its time that a note sounds.
        kit: how drums play, where a texture has some.
    """

    words: tuple[str, ...]
    bpm: tuple[float, float]
    velocity: tuple[float, float]
    scales: tuple[tuple[int, ...], ...]
    chords: tuple[tuple[int, ...], ...]
    textures: tuple[Texture, ...]
    octaves: tuple[int, int]
    length: float
    kit: Kit


FEELINGS: Final[dict[str, Feeling]] = {
    "calm": Feeling(
        ("calm", "peaceful", "relaxing", "gentle", "serene", "quiet", "soothing", "mellow"),
        (52, 80),
        (35, 60),
        (MAJOR,),
        ((0, 3, 0, 4), (0, 5, 3, 4), (0, 3), (0, 2, 3, 0)),
        ("arpeggio", "pad", "solo", "chorale"),
        (0, 1),
        1.1,
        "",
    ),
    "tender": Feeling(
        ("tender", "soft", "loving", "warm", "romantic", "affectionate", "touching"),
        (60, 92),
        (40, 66),
        (MAJOR,),
        ((0, 4, 5, 3), (0, 5, 1, 4), (3, 4, 2, 5)),
        ("arpeggio", "duo", "solo"),
        (0, 1),
        1.0,
        "brushes",
    ),
    "nostalgic": Feeling(
        ("nostalgic", "wistful", "bittersweet", "longing", "full of memories"),
        (66, 100),
        (45, 72),
        (MAJOR, MINOR),
        ((5, 3, 0, 4), (0, 2, 3, 3), (0, 5, 3, 4)),
        ("arpeggio", "duo", "waltz", "solo"),
        (0, 1),
        1.0,
        "brushes",
    ),
    "sad": Feeling(
        ("sad", "melancholic", "sorrowful", "mournful", "lonely", "depressing"),
        (46, 74),
        (38, 66),
        (MINOR,),
        ((0, 5, 3, 4), (0, 3, 0, 4), (0, 6, 5, 4)),
        ("arpeggio", "duo", "solo", "pad", "chorale"),
        (-1, 0),
        1.1,
        "",
    ),
    "solemn": Feeling(
        ("solemn", "serious", "dignified", "sacred", "ceremonial", "grave", "reverent"),
        (46, 76),
        (60, 95),
        (MAJOR, MINOR),
        ((0, 3, 4, 0), (0, 4, 5, 2), (0, 1, 4, 0)),
        ("chorale",),
        (-1, 0),
        1.0,
        "",
    ),
    "wonder": Feeling(
        ("full of wonder", "awe-inspiring", "magical", "dreamy", "enchanting", "mystical"),
        (60, 110),
        (45, 80),
        (LYDIAN, MAJOR),
        ((0, 1), (0, 1, 5, 3), (0, 2, 1, 0)),
        ("arpeggio", "pad", "sparkle"),
        (1, 2),
        1.2,
        "",
    ),
    "powerful": Feeling(
        ("powerful", "heroic", "strong", "triumphant", "epic", "majestic", "victorious"),
        (92, 148),
        (100, 127),
        (MAJOR, MINOR),
        ((0, 5, 3, 4), (0, 3, 6, 4), (0, 6, 5, 4), (0, 4, 0, 4)),
        ("march", "march", "band"),
        (-1, 0),
        0.85,
        "march",
    ),
    "joyful": Feeling(
        ("joyful", "happy", "cheerful", "lively", "playful", "merry", "bouncy", "fun"),
        (116, 180),
        (75, 115),
        (MAJOR,),
        ((0, 3, 4, 0), (0, 5, 3, 4), (0, 4, 0, 4), (0, 0, 3, 4)),
        ("bounce", "bounce", "band", "waltz", "dance"),
        (0, 1),
        0.55,
        "pop",
    ),
    "energetic": Feeling(
        ("energetic", "exciting", "driving", "upbeat", "party", "fast-paced"),
        (126, 178),
        (90, 125),
        (MAJOR, MINOR),
        ((0, 5, 2, 6), (0, 3, 4, 4), (0, 6, 5, 6)),
        ("band", "dance", "riff"),
        (0, 0),
        0.6,
        "rock",
    ),
    "tense": Feeling(
        ("tense", "nervous", "anxious", "suspenseful", "uneasy", "threatening"),
        (70, 160),
        (50, 110),
        (DIMINISHED, PHRYGIAN),
        ((0, 1, 0, 1), (0, 0, 1, 0), (0, 4, 3, 1)),
        ("ostinato", "tremolo", "cluster"),
        (-2, 0),
        0.5,
        "pulse",
    ),
    "spooky": Feeling(
        ("spooky", "eerie", "dark", "mysterious", "creepy", "haunting"),
        (46, 84),
        (35, 75),
        (DIMINISHED, MINOR, PHRYGIAN),
        ((0, 1, 0, 4), (0, 5, 0, 1), (0, 3, 1, 0)),
        ("cluster", "pad", "sparkle", "solo"),
        (-2, 1),
        1.2,
        "",
    ),
    "aggressive": Feeling(
        ("aggressive", "angry", "violent", "fierce", "furious", "battle"),
        (120, 190),
        (105, 127),
        (PHRYGIAN, MINOR),
        ((0, 1, 0, 6), (0, 0, 5, 1), (0, 6, 5, 1)),
        ("riff", "march", "band"),
        (-2, -1),
        0.6,
        "metal",
    ),
}
