"""Our own training turns for the reader adapter, made by a seeded grammar of hand-written phrases.

GoEmotions has feelings and no wishes; the dialogues about films have wishes and hardly a need. Here
each turn is written together with everything that is to be read from it. A need is what the person
would like a recommendation to do for them: a low mood, a genre, a name or a year alone names none.
Feelings are drawn without regard to the need, so that neither can be guessed from the other.
"""

import random
import re
from collections.abc import Iterable, Sequence

from simpatico.domain import MOODS, Turn
from simpatico.finetune import own_words as words
from simpatico.finetune.examples import Example, Piece
from simpatico.finetune.own_parts import (
    TITLE_MARK,
    Part,
    feelings,
    fill,
    needs,
    split,
    titles_of_a_kind,
)
from simpatico.finetune.own_phrases import FOLLOW_UPS
from simpatico.reading import (
    BAR,
    INTENT_WORDS,
    MAX_QUERY_WORDS,
    MAX_WISHES,
    MOOD_WORDS,
    NEED_WORDS,
    Reading,
    codes_of,
    prompt_of,
    rest_of,
)

SOURCE = "own"

_TRIES = 40
_SHARE_NEED, _SHARE_PLAIN, _SHARE_FEELING = 0.5, 0.14, 0.06  # the rest are follow-ups
_GLAD = ("joy", "excitement", "pride", "relief", "love", "optimism", "gratitude", "neutral")
_EVENTS = ("excitement", "pride", "love", "neutral", "gratitude")  # may speak of a celebration
_SLANG = (
    ("please", "pls"),
    ("something", "smth"),
    ("want to", "wanna"),
    ("you", "u"),
    ("because", "cuz"),
    ("tonight", "2night"),
    ("and", "n"),
    ("with", "w/"),
    ("to be honest", "tbh"),
    ("right now", "rn"),
)
_BEFORE = ("", "", "", "", "", "hey, ", "hi! ", "ok ", "so ", "hmm ", "hello, ", "yo ", "well, ")
_AFTER = ("", "", "", "", "", "", "", " please", " pls", " 🙏", " thanks", "?", " :)")
_ENDS = ("", "", "", "", ".", ".", "!", "!!", "...")


def own_examples(n: int, seed: int) -> list[Example]:
    """Make n examples, the same for the same seed; prompts repeat only when phrases run out."""
    rng = random.Random(seed)
    seen: set[str] = set()
    out: list[Example] = []
    for _ in range(n):
        for _ in range(_TRIES):
            example = _example(rng)
            if example.prompt not in seen:
                break
        seen.add(example.prompt)
        out.append(example)
    return out


_NEED_PARTS = needs()
_FEELING_PARTS = feelings()
_ASKS, _TAILS = split(words.ASKS), split(words.TAILS)
_FOLLOW = {intent: split(block) for intent, block in FOLLOW_UPS.items()}


def _example(rng: random.Random) -> Example:
    draw = rng.random()
    if draw < _SHARE_NEED + _SHARE_PLAIN + _SHARE_FEELING:
        if draw < _SHARE_NEED:
            parts = _need_turn(rng)
        elif draw < _SHARE_NEED + _SHARE_PLAIN:
            parts = _plain_turn(rng)
        else:
            parts = [_feeling(rng, [mood for mood in MOODS if mood not in _EVENTS])]
        text, reading, moods = _message(rng, parts, "seek")
        turns = [Turn(role="user", text=text)]
        if parts[0].need != "unknown" and len(parts) == 1 and rng.random() < 0.35:
            turns = [*_asked_back(rng), *turns]
        return _pack(turns, reading, moods)
    return _follow_up(rng)


def _need_turn(rng: random.Random) -> list[Part]:
    """A need, at times with a feeling before or after it, and wishes."""
    part, kind = _need(rng)
    parts = [part]
    glad = part.need == "celebrate"
    if not part.moods and rng.random() < (0.3 if glad else 0.55):
        allowed = _GLAD if glad else MOODS
        parts.insert(rng.random() < 0.25, _feeling(rng, allowed))
    for _ in range(rng.choice((0, 0, 1, 1, 1, 2))):
        parts.append(_tail(rng, parts, kind))
    return parts


def _plain_turn(rng: random.Random) -> list[Part]:
    """A request without a need, at times with a feeling."""
    kind = rng.choice(tuple(words.KINDS))
    part = fill(rng, rng.choice(_ASKS), kind, needless=True)
    parts = [part]
    if rng.random() < 0.3:
        parts.insert(0, _feeling(rng, [mood for mood in MOODS if mood not in _EVENTS]))
    if rng.random() < 0.4:
        parts.append(_tail(rng, parts, kind))
    return parts


def _need(rng: random.Random) -> tuple[Part, str]:
    """A phrase for a need, its slots filled, and the kind of thing it asks for."""
    part = rng.choice(_NEED_PARTS[rng.choice(tuple(_NEED_PARTS))])
    kind = rng.choices(tuple(words.KINDS), (6, 2, 2, 2, 1))[0]
    filled = fill(rng, part.text, kind)
    return part.model_copy(update={"text": filled.text}), kind


def _feeling(rng: random.Random, moods: Sequence[str]) -> Part:
    names = [mood for mood in moods if _FEELING_PARTS[mood]]
    mood = rng.choices(names, [len(_FEELING_PARTS[name]) ** 0.5 for name in names])[0]
    return rng.choice(_FEELING_PARTS[mood])


def _tail(rng: random.Random, parts: list[Part], kind: str) -> Part:
    """A wish that goes with what was said so far."""
    need = next((part.need for part in parts if part.need != "unknown"), "unknown")
    wants, avoids = words.UNLIKELY.get(need, (frozenset(), frozenset()))
    said = {name for part in parts for name in (*part.wants, *part.avoids)}
    eras = any(re.search(r"\d", name) for name in said)
    while True:
        part = fill(rng, rng.choice(_TAILS), kind, needless=need == "unknown")
        named = {*part.wants, *part.avoids}
        if wants & {*part.wants} or avoids & {*part.avoids} or named & said:
            continue
        if not (eras and any(re.search(r"\d", name) for name in named)):
            return part


def _follow_up(rng: random.Random) -> Example:
    """An answer to a list of suggestions, after the request that brought it."""
    first, _, _ = _message(rng, (_need_turn if rng.random() < 0.6 else _plain_turn)(rng), "seek")
    shown = tuple(rng.sample(titles_of_a_kind(rng), 3))
    weights = {"refine": 5, "reject": 2.5, "accept": 2, "seen": 1.5, "unknown": 0.7, "feedback": 2}
    intents = tuple(_FOLLOW)
    intent = rng.choices(intents, [weights.get(name, 1.2) for name in intents])[0]
    kind = rng.choice(tuple(words.KINDS))
    two = rng.sample(shown, 2)
    if intent == "refine" and rng.random() < 0.35:
        part, _ = _need(rng)
        lead = rng.choice(
            ("actually, ", "hm, ", "no, ", "ok but ", "sorry, ", "nah. ", "rather ", "")
        )
        parts = [part.model_copy(update={"text": lead + part.text})]
    else:
        parts = [fill(rng, rng.choice(_FOLLOW[intent]), kind, shown=tuple(two))]
        if intent in ("reject", "seen") and rng.random() < 0.2:
            tail = _tail(rng, parts, kind)
            if tail.wants or tail.avoids:
                parts.append(tail)
                intent = "refine"
    alone = intent in ("smalltalk", "goodbye", "unknown")
    text, reading, moods = _message(rng, parts, intent, plain=alone or rng.random() < 0.5)
    turns = [Turn(role="user", text=first), Turn(role="assistant", text=_reply(rng, shown))]
    if alone and intent != "unknown" and rng.random() < 0.3:
        turns = []
    return _pack([*turns, Turn(role="user", text=text)], reading, moods)


def _asked_back(rng: random.Random) -> list[Turn]:
    """A feeling told, and the question that it was answered with."""
    text, _, _ = _message(rng, [_feeling(rng, MOODS)], "seek")
    question = rng.choice(split(words.QUESTIONS))
    return [Turn(role="user", text=text), Turn(role="assistant", text=question)]


def _reply(rng: random.Random, shown: tuple[str, ...]) -> str:
    opening = rng.choice(split(words.OPENINGS))
    dated = [f"{title} ({rng.randint(1940, 2022)})" for title in shown]
    if rng.random() < 0.4:
        return f"{opening} {', '.join(dated[:-1])} or {dated[-1]}."
    premises = rng.sample(split(words.PREMISES), len(dated))
    items = [f"- **{name}**: {told}" for name, told in zip(dated, premises, strict=True)]
    return "\n".join((opening, "", *items))


def _message(
    rng: random.Random, parts: Sequence[Part], intent: str, *, plain: bool = False
) -> tuple[str, Reading, tuple[str, ...]]:
    """The text of a message, its reading, and the moods that share the first place."""
    text = ""
    titles: list[str] = []
    before: Part | None = None
    for part in parts:
        text += _joint(rng, text, before, part) + _shifted(part.text, len(titles))
        titles += part.titles
        before = part
    asks = any(part.need != "unknown" or part.wants or part.query for part in parts)
    asks = asks and not parts[-1].moods
    if not plain:
        text = rng.choice(_BEFORE) + text
        text += rng.choice(_AFTER) if asks and text[-1] not in "!?." else ""
    text = _rough(rng, text)
    style = rng.random()
    for i, title in enumerate(titles):
        text = text.replace(f"\ue000{i}", _titled(title, style))
    moods = next((part.moods for part in parts if part.moods), ("neutral",))
    reading = Reading(
        mood=moods[0],
        need=next((part.need for part in parts if part.need != "unknown"), "unknown"),
        intent=intent,
        stances=tuple(stance for part in parts for stance in part.stances),
        wants=_once(name for part in parts for name in part.wants)[:MAX_WISHES],
        avoids=_once(name for part in parts for name in part.avoids)[:MAX_WISHES],
        query=" ".join(_once(word for part in parts for word in part.query)[:MAX_QUERY_WORDS]),
    )
    return text, reading, moods


def _joint(rng: random.Random, text: str, before: Part | None, part: Part) -> str:
    """What stands between two parts."""
    if before is None:
        return ""
    if not text[-1].isalnum() and text[-1] != ")":
        return " "
    if before.moods and before.need == "unknown" and rng.random() < 0.3:
        return rng.choice((" so ", ", so ", ". so ", " and "))
    return rng.choice((", ", ", ", ". ", " - ", "... ", "; "))


def _shifted(text: str, by: int) -> str:
    """A text whose titles are counted on from `by`."""
    return TITLE_MARK.sub(lambda match: f"\ue000{by + int(match[1])}", text)


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _titled(title: str, style: float) -> str:
    if style < 0.3:
        return title.lower()
    if style < 0.4:
        return f'"{title}"'
    return title.removeprefix("The ") if style < 0.48 else title


def _rough(rng: random.Random, text: str) -> str:
    """A text as people type: lower case, slang, apostrophes left out, a typo."""
    if rng.random() < 0.45:
        text = text.lower()
    elif rng.random() < 0.6:
        text = text[:1].upper() + text[1:]
    if rng.random() < 0.15:
        text = text.replace("'", "")
    if rng.random() < 0.12:
        for word, slang in rng.sample(_SLANG, 4):
            text = re.sub(rf"\b{word}\b", slang, text)
    if rng.random() < 0.12:
        text = _typo(rng, text)
    if text[-1].isalnum():
        text += rng.choice(_ENDS)
    return text


def _typo(rng: random.Random, text: str) -> str:
    found = [match for match in re.finditer(r"[a-z]{5,}", text)]
    if not found:
        return text
    start, end = rng.choice(found).span()
    at = rng.randrange(start + 1, end - 2)
    swapped = text[at + 1] + text[at]
    return text[:at] + rng.choice((swapped, text[at], text[at] * 2 + text[at + 1])) + text[at + 2 :]


def _pack(turns: list[Turn], reading: Reading, moods: tuple[str, ...]) -> Example:
    shares = tuple((codes_of(MOOD_WORDS, mood), 1 / len(moods)) for mood in moods)
    return Example(
        prompt=prompt_of(turns),
        answer=(
            Piece(text=codes_of(MOOD_WORDS, reading.mood), shares=shares if len(moods) > 1 else ()),
            Piece(text=codes_of(NEED_WORDS, reading.need)),
            Piece(text=codes_of(INTENT_WORDS, reading.intent)),
            Piece(text=BAR + rest_of(reading)),
        ),
        source=SOURCE,
    )
