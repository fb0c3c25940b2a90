"""Film dialogues as examples for the reader adapter: intents (IARD) and stances (ReDial)."""

import html
import json
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from simpatico.domain import MOODS, NEEDS, Turn, Value
from simpatico.errors import DataError
from simpatico.finetune.examples import Example, Piece
from simpatico.reading import (
    BAR,
    INTENT_WORDS,
    MAX_NEWEST_CHARS,
    MOOD_WORDS,
    N_EARLIER,
    NEED_WORDS,
    STANCE_WORDS,
    codes_of,
    prompt_of,
)
from simpatico.text import clean

IARD_INTENTS: dict[str, str] = {
    "INQ": "ask_about",
    "REF": "refine",
    "CRI-A": "refine",
    "STO": "seek",
    "CRI-C": "seek",
    "IQU": "seek",
    "ACC": "accept",
    "CON": "reject",
    "REJ": "reject",
    "CRI-F": "refine",
    "SEE": "seen",
    "ANS": "refine",
    "PRO": "seek",
    "NRE": "unknown",
    "ASK": "smalltalk",
    "OTH": "smalltalk",
}
"""IARD's 16 user intents as ours. Of an utterance's intents the one highest up here counts: what
the reply has to answer before what it may note. docs/finetune.md has the reasons."""

UNLEARNT_INTENTS = ("seek", "refine", "reject", "accept", "seen", "feedback")
"""Drawn from for the intent before ReDial's stances, so that no stance can be read off it."""

PLAIN = 0.5
"""How often a drawn mood is "neutral", and a drawn need "unknown"."""

ELSEWHERE = 10
"""One of so many ReDial dialogues is kept for measuring (`held_out`)."""

_SEEING = re.compile(r"\b(?:seen|saw|watch(?:ed|ing)|did (?:see|watch))\b", re.I)
_DID = re.compile(r"\bi(?:'ve| have| did)\b(?! not)", re.I)
_GOODBYE = re.compile(
    r"\b(?:good ?bye|bye(?: ?bye)?|good ?night|take care|see (?:you|ya)|(?:have|having) (?:a |an )?"
    r"(?:\w+ )?(?:good|nice|great|wonderful|lovely|awesome|fun|blessed) (?:\w+ )?(?:day|night|"
    r"evening|one|weekend|time|afternoon|morning))\b",
    re.I,
)
_TITLED = re.compile(r"@(\d+)\s*(?:<([^<>]*)>\s*)+")
_FILM = re.compile(r"@(\d+)")
_YEAR = re.compile(r"\s*\((\d{4})\)\s*$")

_LIKING = re.compile(
    r"\b(?:lov\w+|lik(?:e|ed|es)|enjoy\w*|ador\w+|favou?rites?|faves?|favs?|fan of|into|great|good|"
    r"awesome|amazing|excellent|fantastic|wonderful|hilarious|funny|best|classics?|similar|such as|"
    r"along the lines|vein|perfect|incredible|brilliant|fun|cool|cute|interesting)\b",
    re.I,
)
_DISLIKING = re.compile(
    r"(?:n['o’]t|\b(?:dont|didnt|cant|wasnt|never|nor))(?: \w+){0,3} (?:like|liked|love|enjoy|care|"
    r"into|fan|fond|good|great|much|big|worth|impressed|interest\w*|funny|finish)\b|\b(?:hat(?:e|ed|"
    r"ing)|dislik\w+|boring|bored|terrible|awful|bad|worst|stupid|dumb|overrated|disappoint\w*|corny|"
    r"lame|meh|garbage|trash|rubbish|asleep|silly|weird|slow|let ?down|too (?!much fun)\w+)\b",
    re.I,
)
_UNSEEN = re.compile(
    r"(?:n['o’]t|havent|hasnt|didnt|never|nope|no|yet to)\b(?:,? \w+){0,4} (?:see|seen|saw|"
    r"watch\w*|hear\w*)\b|\bheard (?:of|about|that|good|great)\b|\bcheck\w*\b|\b(?:will|i'?ll|"
    r"going to|gonna|want\w*|like|love|try|might|forward|plan\w*|meaning|ready|wait) (?:to )?"
    r"(?:go )?(?:and )?(?:see\w*|watch\w*|try|rent|give|look|add)\b|\bsounds?\b|\blooks?\b|"
    r"\bon my list\b|\btrailers?\b|\bwhat(?:'?s| is)\b|\bwho(?:'?s| is)\b",
    re.I,
)
_ASKING = re.compile(
    r"\b(?:have|did|do|had|has) (?:you|u|ya)\b(?: \w+){0,2} (?:see|seen|saw|watch\w*|hear\w*|know|"
    r"like|liked)\b|^(?:ever |you )?seen\b.*\?|\byou (?:should|must|have to|might)\b",
    re.I,
)


class IntentDialogue(Value):
    """A dialogue with what each turn wants: one of our intents, "" where the recommender speaks."""

    id: str
    turns: tuple[Turn, ...]
    intents: tuple[str, ...]


class Split(NamedTuple):
    """Dialogues to train on, to choose by, and to measure on once."""

    train: list[IntentDialogue]
    dev: list[IntentDialogue]
    test: list[IntentDialogue]


def read_iard(file: Path, *, seed: int = 0) -> list[IntentDialogue]:
    """Read IARD (Cai and Chen, UMAP 2020), its intents as ours, its titles as people write them.

    Args:
        file: dialogues.json.
        seed: of how titles are written.

    Raises:
        DataError: the file is no such set, empty, or has an intent we do not know.
    """
    try:
        text = file.read_text("utf-8")
        rows = json.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file} cannot be read: {error}") from error
    except ValueError as error:
        raise DataError(f"{file}: no JSON: {error}") from error
    if not isinstance(rows, dict) or not rows:
        raise DataError(f"{file}: wanted dialogues by their ids, got none")
    out = []
    for key, row in rows.items():
        try:
            out.append(_intent_dialogue(key, row, seed))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            number = text[: text.find(f'"{key}"')].count("\n") + 1
            raise DataError(f"{file}:{number}: dialogue {key} is none: {error!r}") from error
    return out


def split_iard(dialogues: Sequence[IntentDialogue], seed: int = 0) -> Split:
    """Part dialogues 60 / 20 / 20. Their order does not matter, only their ids."""
    known = sorted(dialogues, key=lambda one: one.id)
    order = np.random.default_rng(seed).permutation(len(known))
    a, b = round(0.6 * len(known)), round(0.8 * len(known))
    parts = (order[:a], order[a:b], order[b:])
    return Split(*([known[i] for i in sorted(part)] for part in parts))


def iard(dialogues: Sequence[IntentDialogue], *, seed: int = 0) -> list[Example]:
    """The seekers' turns, each after up to two before it: only the intent is learnt.

    `seed` is of the mood and the need that stand before it.
    """
    return [
        Example(
            prompt=prompt_of(_window(one.turns, i)),
            answer=(
                *_start(_rng(seed, one.id, str(i))),
                Piece(text=codes_of(INTENT_WORDS, intent)),
            ),
            source="iard",
        )
        for one in dialogues
        for i, intent in enumerate(one.intents)
        if intent
    ]


def redial(
    file: Path, *, skip: Collection[str] = (), seed: int = 0, held_out: bool = False
) -> list[Example]:
    """Seekers' messages that name films, with the stance on each film: only stances are learnt.

    A message counts when the stance on every film of it is sure (`stance_of`).

    Args:
        file: train.jsonl of ReDial (Li et al., NeurIPS 2018).
        skip: ids of dialogues to leave out, such as those IARD measures on.
        seed: of how titles are written and of the intents that stand before the stances.
        held_out: the tenth of the dialogues kept for measuring in place of the others.

    Raises:
        DataError: the file cannot be read, is empty, or has a line that is no dialogue.
    """
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file} cannot be read: {error}") from error
    if not lines:
        raise DataError(f"{file} is empty: wanted one dialogue a line")
    out: list[Example] = []
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
            key = str(row["conversationId"])
            if key in skip or (int(key) % ELSEWHERE == 0) != held_out:
                continue
            out += _stance_examples(row, seed)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"{file}:{number}: no dialogue: {error!r}") from error
    return out


def stance_of(
    seeker: dict[str, int], recommender: dict[str, int], text: str, *, repeated: bool
) -> str | None:
    """What a message says of a film: one of `STANCE_WORDS`, or None when that is not sure.

    The questionnaires were filled in after the dialogue, so they tell which film of a message was
    meant, and the words of the message tell whether it was said there.

    Args:
        seeker: their answers on this film: seen, liked; 0 no, 1 yes, 2 did not say.
        recommender: the other's answers on it.
        text: the message.
        repeated: the recommender had named the film before.
    """
    seen, liked = (
        _agreed(seeker.get(key, 2), recommender.get(key, 2)) for key in ("seen", "liked")
    )
    if seen is None or liked is None:
        return None
    dislikes = bool(_DISLIKING.search(text))
    if liked == 0:
        return "disliked" if dislikes else None
    if seen == 0:
        return "named" if _UNSEEN.search(text) or _ASKING.search(text) else None
    if seen == 2:
        return None
    likes = bool(_LIKING.search(_ASKING.sub(" ", text)))
    if _ASKING.search(text):
        return "liked" if likes and liked == 1 else None
    if liked == 2:
        return "seen" if _SEEING.search(text) and not _UNSEEN.search(text) else None
    if likes:
        return "liked"
    if _SEEING.search(text):
        return None if _UNSEEN.search(text) or dislikes else "seen"
    return None if repeated or dislikes or _UNSEEN.search(text) else "liked"


def write_title(label: str, rng: np.random.Generator) -> str:
    """A title as someone may type it: mostly bare, at times in lower case or with its year."""
    title = _YEAR.sub("", label).strip()
    year = _YEAR.search(label)
    way = rng.random()
    if way < 0.2:
        return title.lower()
    return f"{title} ({year[1]})" if year and way < 0.35 else title


def _agreed(mine: int, theirs: int) -> int | None:
    """What two answers say together; None when they contradict each other."""
    if mine not in (0, 1, 2) or theirs not in (0, 1, 2):
        raise ValueError(f"wanted answers 0, 1 or 2, got {mine} and {theirs}")
    if mine == 2 or theirs == 2:
        return min(mine, theirs)
    return mine if mine == theirs else None


def _start(rng: np.random.Generator, *, intent: bool = False) -> tuple[Piece, ...]:
    """What stands before the learnt part: a mood, a need and, where it is wanted, an intent.

    They are drawn, because the set knows none of them: what is learnt is to hold whatever was said
    of the mood. With "neutral" before every intent, intents after another mood were misread.
    """
    mood = "neutral" if rng.random() < PLAIN else str(rng.choice(MOODS))
    need = "unknown" if rng.random() < PLAIN else str(rng.choice(NEEDS))
    codes = [codes_of(MOOD_WORDS, mood), codes_of(NEED_WORDS, need)]
    if intent:
        codes += [codes_of(INTENT_WORDS, str(rng.choice(UNLEARNT_INTENTS))), BAR]
    return tuple(Piece(text=code, weight=0) for code in codes)


def _window(turns: Sequence[Turn], i: int) -> Sequence[Turn]:
    return turns[max(0, i - N_EARLIER) : i + 1]


def _intent_dialogue(key: str, row: dict[str, Any], seed: int) -> IntentDialogue:
    turns, intents = [], []
    for one in row["dialogue_info"].values():
        codes = one["sub-intent/action"]
        user = _one_of(one["role"], ("seeker", "recommender")) == "seeker"
        # The set joins messages sent one after the other with "...".
        text = re.sub(r"(?<=[?!,])\.{3}(?=\S)", " ", one["utterance_text"])
        text = re.sub(r"(?<=[^\s.])\.{3,}(?=\S)", ". ", text)
        text = _TITLED.sub(lambda m: write_title(m[2] or "", _rng(seed, key, m[1])) + " ", text)
        turns.append(_turn("user" if user else "assistant", text))
        intents.append(intent_of(codes, turns[-1].text) if user else "")
    return IntentDialogue(id=key, turns=tuple(turns), intents=tuple(intents))


def intent_of(codes: Sequence[str], text: str) -> str:
    """IARD's intents of an utterance as one of ours.

    Two are told apart by the words, as the reader's rules do: OTH that takes leave is a goodbye,
    and SEE that says how it was but not that it was seen ("I loved it") is feedback.

    Raises:
        ValueError: no code, or one that is not IARD's.
    """
    order = list(IARD_INTENTS)
    if not codes:
        raise ValueError("wanted at least one intent")
    code = min((_one_of(code, order) for code in codes), key=order.index)
    if code == "OTH" and _GOODBYE.search(text):
        return "goodbye"
    if code == "SEE" and not (_SEEING.search(text) or _DID.search(text)):
        return "feedback"
    return IARD_INTENTS[code]


def _stance_examples(row: dict[str, Any], seed: int) -> list[Example]:
    key, labels = row["conversationId"], row["movieMentions"] or {}
    asked, answered = (
        row[name] if isinstance(row[name], dict) else {}  # a list where nobody answered
        for name in ("initiatorQuestions", "respondentQuestions")
    )
    turns: list[Turn] = []
    offered: set[str] = set()
    out = []
    for number, message in enumerate(row["messages"]):
        films = list(dict.fromkeys(_FILM.findall(message["text"])))
        user = message["senderWorkerId"] == row["initiatorWorkerId"]
        text = _FILM.sub(
            lambda m: (
                write_title(labels[m[1]], _rng(seed, key, m[1])) if labels.get(m[1]) else m[0]
            ),
            message["text"],
        )
        turns.append(_turn("user" if user else "assistant", text))
        if not user:
            offered.update(films)
            continue
        bare = _FILM.sub("_", message["text"])  # so that no title reads as a verdict
        stances = [
            stance_of(asked.get(film, {}), answered.get(film, {}), bare, repeated=film in offered)
            for film in films
            if labels.get(film)
        ]
        fits = len(clean(turns[-1].text, max_chars=MAX_NEWEST_CHARS + 1)) <= MAX_NEWEST_CHARS
        sure = [stance for stance in stances if stance is not None]
        if not sure or len(sure) < len(films) or not fits:
            continue
        rng = _rng(seed, key, str(number))
        out.append(
            Example(
                prompt=prompt_of(_window(turns, len(turns) - 1)),
                answer=(
                    *_start(rng, intent=True),
                    *(Piece(text=codes_of(STANCE_WORDS, stance)) for stance in sure),
                ),
                source="redial",
            )
        )
    return out


def _turn(role: Literal["user", "assistant"], text: str) -> Turn:
    return Turn(role=role, text=" ".join(html.unescape(text).split()))


def _one_of(value: str, known: Collection[str]) -> str:
    if value not in known:
        raise ValueError(f"wanted one of {', '.join(known)}; got {value!r}")
    return value


def _rng(seed: int, *ids: str) -> np.random.Generator:
    """The same choices for the same film of the same dialogue, wherever it stands in the file."""
    return np.random.default_rng([seed, *map(int, ids)])
