"""Pieces of our own turns: a phrase with its slots filled, and what it means."""

import random
import re
from collections.abc import Mapping
from functools import cache

from simpatico.domain import MOODS, NEEDS, Value
from simpatico.finetune import mood_lines
from simpatico.finetune import own_words as words
from simpatico.finetune.own_needs import NEED_PHRASES
from simpatico.finetune.own_phrases import FEELINGS, FOLLOW_UPS, TITLES

GENRE_QUERY = {"Animated": "animation"}
"""What to search with where it is not the genre's own name."""

TITLE_MARK = re.compile("\ue000(\\d)")
_SLOT = re.compile(r"\{(\w+)\}")
_NOT = re.compile(r"\b(?:no|not|nothing|never|without|don't|isn't)\b[^,.]*$")
_WISH_SLOTS = {
    **{"g": "genre", "gs": "genre", "tone": "tone", "tone2": "tone2", "d": "era"},
    **{"topic": "topic", "place": "place"},
}
_DULL = frozenset("a an the of in on and one thing stuff story stories".split())


class Part(Value):
    """A piece of a message with what it means. Titles stand as a private character and a digit."""

    text: str
    moods: tuple[str, ...] = ()
    need: str = "unknown"
    wants: tuple[str, ...] = ()
    avoids: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    stances: tuple[str, ...] = ()


def phrases() -> tuple[str, ...]:
    """Every phrase that the turns are made of, slots unfilled."""
    out = [line for _, line in mood_lines.LINES]
    for table in (NEED_PHRASES, FEELINGS, FOLLOW_UPS):
        for block in table.values():
            out += [re.sub(r"^\[[^\]]*\] ", "", phrase) for phrase in split(block)]
    for block in (words.ASKS, words.TAILS, words.OPENINGS, words.PREMISES, words.QUESTIONS):
        out += split(block)
    return tuple(out)


@cache
def split(block: str) -> tuple[str, ...]:
    """The phrases of a block, parted by " | "."""
    return tuple(" ".join(block.split()).split(" | "))


def needs() -> dict[str, tuple[Part, ...]]:
    """The phrases for each need, with the wishes that they name."""
    known = [need for need in NEEDS if need != "unknown"]
    return {
        need: tuple(_need_part(need, line) for line in split(NEED_PHRASES[need])) for need in known
    }


def _need_part(need: str, line: str) -> Part:
    moods: tuple[str, ...] = ()
    if match := re.match(r"\[([^\]]+)\] ", line):
        moods, line = tuple(match[1].split()), line[match.end() :]
    found: list[tuple[int, bool, str, str]] = []
    for name, source in words.SAID.items():
        if match := re.search(rf"(?<!\w)(?:{source})(?![\w'])", line):
            word = re.sub(r"[^a-z -]", "", match[0].replace("{ns}", "")).strip()
            found.append((match.start(), bool(_NOT.search(line[: match.start()])), name, word))
    wanted = [(name, word) for _, no, name, word in sorted(found) if not no]
    return Part(
        text=line,
        moods=moods,
        need=need,
        wants=tuple(name for name, _ in wanted),
        avoids=tuple(name for _, no, name, _ in sorted(found) if no),
        query=tuple(word for _, words_ in wanted for word in words_.split()),
    )


def feelings() -> dict[str, tuple[Part, ...]]:
    """What people tell of themselves, by the first mood in it."""
    out: dict[str, list[Part]] = {mood: [] for mood in MOODS}
    for mood, block in FEELINGS.items():
        out[mood] += [Part(text=line, moods=(mood,)) for line in split(block)]
    for labels, line in mood_lines.LINES:
        if labels not in ("neutral", "gratitude", "amusement") and "celebrat" not in line:
            moods = tuple(labels.split(","))
            out[moods[0]].append(Part(text=line, moods=moods))
    return {mood: tuple(lines) for mood, lines in out.items()}


def fill(
    rng: random.Random,
    line: str,
    kind: str,
    *,
    needless: bool = False,
    shown: tuple[str, ...] = (),
) -> Part:
    """A phrase with its slots filled, and what the marks behind it say.

    A phrase without marks means what its slots say: each a wish for, each title liked.
    """
    text, marks = _marks(line)
    values = _values(rng, kind, needless, shown)
    titles: list[str] = []

    def put(match: re.Match[str]) -> str:
        slot = match[1]
        if slot in ("t", "u", "x"):
            titles.append(values[slot][1])
            return f"\ue000{len(titles) - 1}"
        return values[slot][1]

    filled = _SLOT.sub(put, text)
    if not marks:
        marks = [f"+{_WISH_SLOTS[slot]}" for slot in _SLOT.findall(text) if slot in _WISH_SLOTS]
        if re.search(r"(?:before|older than) \{y", text):
            marks.append("+before")
        elif "{y}" in text:
            marks.append("+after")
    wants: list[str] = []
    avoids: list[str] = []
    query: list[str] = []
    stances: list[str] = []
    moods: tuple[str, ...] = ()
    need = "unknown"
    for mark in marks:
        sign, name = mark[0], mark[1:]
        label, said = values[name] if name in values else (name, name)
        if sign == "@":
            stances.append(name)
        elif sign == "!":
            need = name
        elif sign == "~":
            moods = (name,)
        elif sign == "-":
            avoids.append(label)
        else:
            if name not in ("topic", "place"):
                wants.append(label)
            if name not in ("era", "before", "after"):
                query += [word for word in said.lower().split() if word not in _DULL]
    if len(stances) < len(titles):
        stances += ["liked" if "?" not in text else "named"] * (len(titles) - len(stances))
    return Part(
        text=filled,
        moods=moods,
        need=need,
        wants=tuple(wants),
        avoids=tuple(avoids),
        query=tuple(query),
        titles=tuple(titles),
        stances=tuple(stances),
    )


def _marks(line: str) -> tuple[str, list[str]]:
    """A phrase and the marks at its end."""
    said = line.split(" ")
    marks: list[str] = []
    while len(said) > 1 and re.fullmatch(r"[@+\-!~]\w+", said[-1]):
        marks.insert(0, said.pop())
    return " ".join(said), marks


def _values(
    rng: random.Random, kind: str, needless: bool, shown: tuple[str, ...]
) -> Mapping[str, tuple[str, str]]:
    """What stands in each slot: its label and its words."""
    a, n, ns = (rng.choice(split(block)) for block in words.KINDS[kind])
    genre, genre2 = rng.sample(tuple(words.GENRES), 2)
    tone, tone2 = rng.sample(words.NEEDLESS_TONES if needless else tuple(words.TONES), 2)
    era = rng.choice(tuple(words.ERAS))
    year = str(rng.choice((*range(1950, 2020, 10), rng.randint(1940, 2022))))
    named = (
        [*shown, *rng.sample(titles_of_a_kind(rng), 3)]
        if shown
        else rng.sample(titles_of_a_kind(rng), 3)
    )
    single, many = (rng.choice(split(words.GENRES[genre][i])) for i in (0, 1))
    said = {
        "a": ("", a),
        "n": ("", n),
        "ns": ("", ns),
        "g": (genre, single),
        "gs": (genre, many),
        "gs2": (genre2, rng.choice(split(words.GENRES[genre2][1]))),
        "genre": (genre, GENRE_QUERY.get(genre, genre.lower())),
        "genre2": (genre2, ""),
        "tone": (tone, rng.choice(split(words.TONES[tone]))),
        "tone2": (tone2, rng.choice(split(words.TONES[tone2]))),
        "d": (era, rng.choice(split(words.ERAS[era]))),
        "era": (era, ""),
        "y": ("", year),
        "before": (f"before {year}", ""),
        "after": (f"after {year}", ""),
        "place": ("", rng.choice(split(words.PLACES))),
        "topic": ("", rng.choice(split(words.TOPICS))),
        "t": ("", named[0]),
        "u": ("", named[1]),
        "x": ("", named[-1]),
    }
    return said


def titles_of_a_kind(rng: random.Random) -> tuple[str, ...]:
    """Titles of one kind, or invented ones."""
    if rng.random() < 0.15:
        first, last = (split(block) for block in words.INVENTED)
        return tuple(f"The {rng.choice(first)} {name}" for name in last)
    return split(TITLES[rng.choices(tuple(TITLES), (5, 1, 1, 1, 1))[0]])
