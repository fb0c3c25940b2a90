"""What the reader adapter is asked and answers: the contract between its training and its use.

The prompt is raw text, continued by the model: earlier turns first, the newest last, so that a
prefix cache keeps the dialogue. The answer is one line,

    them: seen Heat already. rough week, cheer me up, a comedy but nothing scary
    read: sadness cheer seek | seen | comedy | scary | comedy

mood, need, intent; a stance for each title of the newest message, in order; what it asks for; what
it says no to; words to search with; then a line end. Moods, needs, intents and stances are one
token each in SmolLM2's vocabulary, so the distribution over labels is the log-probabilities at
their place.
"""

import re
from collections.abc import Mapping, Sequence

from simpatico.domain import INTENTS, MOODS, NEEDS, Turn, Value
from simpatico.text import clean

MOOD_WORDS: dict[str, str] = {
    **{mood: mood for mood in MOODS},
    "annoyance": "annoyed",
    "disapproval": "objection",
}
NEED_WORDS: dict[str, str] = {
    **{need: need for need in NEEDS},
    "cheer_up": "cheer",
    "calm_down": "calm",
    "cry_it_out": "cry",
    "unknown": "any",
}
INTENT_WORDS: dict[str, str] = {
    **{intent: intent for intent in INTENTS},
    "ask_why": "why",
    "ask_about": "about",
    "smalltalk": "chat",
    "unknown": "other",
}
STANCE_WORDS: dict[str, str] = {
    "liked": "liked",
    "disliked": "hated",
    "seen": "seen",
    "named": "named",
}
GENRE_WORDS: dict[str, str] = {
    "Comedy": "comedy",
    "Romance": "romance",
    "Drama": "drama",
    "Horror": "horror",
    "Thriller": "suspense",
    "Mystery": "mystery",
    "Crime": "crime",
    "Action": "action",
    "Adventure": "adventure",
    "Science Fiction": "science",
    "Fantasy": "fantasy",
    "Western": "western",
    "War": "war",
    "Musical": "musical",
    "Animated": "animation",
    "Family": "family",
    "Documentary": "documentary",
    "Biography": "biography",
    "Historical": "history",
    "Sports": "sports",
    "Superhero": "superhero",
}
TONE_WORDS: dict[str, str] = {
    name: name
    for name in (
        *("warm", "funny", "uplifting", "gentle", "romantic", "touching", "sad", "dark"),
        *("tense", "scary", "violent", "exciting", "epic", "dreamy", "thoughtful"),
        *("quirky", "nostalgic", "kids"),
    )
}
"""Labels and the word that stands for each in an answer."""

MAX_ANSWER_TOKENS = 32
MAX_WISHES = 3
MAX_QUERY_WORDS = 6
N_EARLIER = 2
MAX_EARLIER_CHARS = 160
MAX_NEWEST_CHARS = 600
BAR = " |"

_SPEAKERS = {"user": "them", "assistant": "us"}
_ERA = re.compile(r"(?:before|after) (?:19|20)\d\d|(?:19|20)\d0s")


class Reading(Value):
    """One answer as labels. `wants` and `avoids` hold genres, tones and eras ("1990s").

    `stances` has one of `STANCE_WORDS` for each title, in the order of the message.
    """

    mood: str
    need: str
    intent: str
    stances: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    avoids: tuple[str, ...] = ()
    query: str = ""


def prompt_of(turns: Sequence[Turn]) -> str:
    """The prompt for reading the last turn. Line breaks in what people write become spaces."""
    lines = [
        f"{_SPEAKERS[turn.role]}: {clean(turn.text, max_chars=MAX_EARLIER_CHARS)}"
        for turn in turns[:-1][-N_EARLIER:]
    ]
    lines.append(f"them: {clean(turns[-1].text, max_chars=MAX_NEWEST_CHARS)}")
    return "\n".join((*lines, "read:"))


def codes_of(words: Mapping[str, str], label: str) -> str:
    """How a label is written in an answer, with its leading space."""
    return f" {words[label]}"


def answer_of(reading: Reading) -> str:
    """The answer that says this."""
    first = (
        codes_of(MOOD_WORDS, reading.mood)
        + codes_of(NEED_WORDS, reading.need)
        + codes_of(INTENT_WORDS, reading.intent)
    )
    return first + BAR + rest_of(reading)


def rest_of(reading: Reading) -> str:
    """The answer after its three codes and their bar."""
    fields = (
        [STANCE_WORDS[stance] for stance in reading.stances],
        _wishes_first(reading.wants),
        [_wish(name) for name in reading.avoids if not _ERA.fullmatch(name)][:MAX_WISHES],
        reading.query.split()[:MAX_QUERY_WORDS],
    )
    return BAR.join("".join(f" {word}" for word in words) for words in fields) + "\n"


def grammar(n_titles: int) -> str:
    """The answer as a GBNF grammar, for a message with this many titles."""

    def any_of(words: Mapping[str, str]) -> str:
        return "(" + " | ".join(f'"{word}"' for word in words.values()) + ")"

    stances = " ".join(['" " stance'] * n_titles)
    return "\n".join(
        (
            f'root ::= " " mood " " need " " intent " |" {stances} " |" wishes " |" avoids " |" '
            'query "\\n"',
            f"mood ::= {any_of(MOOD_WORDS)}",
            f"need ::= {any_of(NEED_WORDS)}",
            f"intent ::= {any_of(INTENT_WORDS)}",
            f"stance ::= {any_of(STANCE_WORDS)}",
            f'wishes ::= (" " wish){{0,{MAX_WISHES}}} (" " era)?',
            f'avoids ::= (" " wish){{0,{MAX_WISHES}}}',
            f"wish ::= {any_of({**GENRE_WORDS, **TONE_WORDS})}",
            'era ::= ("before " | "after ") year | ("19" | "20") [0-9] "0s"',
            'year ::= ("19" | "20") [0-9] [0-9]',
            f'query ::= (" " [a-z0-9\'-]+){{0,{MAX_QUERY_WORDS}}}',
        )
    )


def parse(text: str, n_titles: int) -> Reading | None:
    """Labels of an answer; None when it is none. A query cut off at the end is kept as it is."""
    fields = text.rstrip("\n").split(BAR)
    if len(fields) < 4:
        return None
    codes = fields[0].split()
    tables = (MOOD_WORDS, NEED_WORDS, INTENT_WORDS)
    if len(codes) != len(tables):
        return None
    labels = [_label(table, code) for table, code in zip(tables, codes, strict=True)]
    stances = [_label(STANCE_WORDS, word) for word in fields[1].split()]
    wants, avoids = _wishes(fields[2]), _wishes(fields[3])
    if None in labels or None in stances or wants is None or avoids is None:
        return None
    if len(stances) != n_titles:
        return None
    mood, need, intent = labels
    return Reading(
        mood=str(mood),
        need=str(need),
        intent=str(intent),
        stances=tuple(map(str, stances)),
        wants=wants,
        avoids=avoids,
        query=fields[4].strip() if len(fields) > 4 else "",
    )


def _wishes_first(names: Sequence[str]) -> list[str]:
    """What is asked for as it is written: genres and tones, then one era (six tokens)."""
    eras = [name for name in names if _ERA.fullmatch(name)]
    return [_wish(name) for name in names if name not in eras][:MAX_WISHES] + eras[:1]


def _wish(name: str) -> str:
    return GENRE_WORDS.get(name) or TONE_WORDS.get(name) or name


def _wishes(field: str) -> tuple[str, ...] | None:
    """Genres, tones and eras of one field; None when a word is none of them."""
    found: list[str] = []
    for word in re.findall(r"(?:before|after) \S+|\S+", field):
        label = _label(GENRE_WORDS, word) or _label(TONE_WORDS, word)
        if label is None and not _ERA.fullmatch(word):
            return None
        found.append(label or word)
    return tuple(dict.fromkeys(found))


def _label(words: Mapping[str, str], word: str) -> str | None:
    return next((label for label, written in words.items() if written == word), None)
