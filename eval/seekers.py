"""Simulated people who look for a film they cannot name: a hidden target, a mood, and wishes.

A seeker says how they feel and what genre they would like, then, as long as what they look for is
not shown, something more of it: when it was made, what it is like or about, who made it. They
never say its title: `title_leaks` looks at every message.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from simpatico.domain import Item, NeedName, Value
from simpatico.eval.engines import Case
from simpatico.eval.title_leaks import leak, too_short
from simpatico.retrieval.rank import NEED_TONES

MAX_TURNS: Final = 5
"""Messages of a seeker, as in iEvaLM (Wang et al., EMNLP 2023)."""

TONED: Final = 0.5
"""From so strong a tone on, an item is so."""

_MIN_WISHES: Final = 4
_MIN_POPULARITY: Final = 0.02


class Feeling(NamedTuple):
    """What somebody in a mood says of it, and what they need without saying so."""

    said: str
    need: NeedName


FEELINGS: Final[Mapping[str, Feeling]] = {
    "sadness": Feeling("I've been feeling low all week.", "cheer_up"),
    "anger": Feeling("I am so angry at my boss today.", "laugh"),
    "nervousness": Feeling("I'm on edge and can't settle down.", "calm_down"),
    "joy": Feeling("I am so happy today!", "celebrate"),
    "excitement": Feeling("I'm buzzing with energy tonight.", "thrill"),
    "love": Feeling("I'm so in love right now.", "connect"),
    "curiosity": Feeling("My head is full of questions tonight.", "think"),
    "neutral": Feeling("I have an ordinary evening at home.", "unknown"),
}

_TONE_SAID: Final[Mapping[str, str]] = {
    "warm": "warm",
    "funny": "funny",
    "uplifting": "uplifting",
    "gentle": "gentle",
    "romantic": "romantic",
    "touching": "touching",
    "sad": "sad",
    "dark": "dark",
    "tense": "tense",
    "scary": "scary",
    "violent": "violent",
    "exciting": "exciting",
    "epic": "epic",
    "dreamy": "dreamy",
    "thoughtful": "thoughtful",
    "quirky": "quirky",
    "nostalgic": "nostalgic",
    "kids": "good for children",
}

GENRE_SAID: Final = ("I'd like some kind of {} film.", "Not quite. I'd like it to be {} as well.")
_ERA, _TONE, _ABOUT, _BY = (
    "Not those. It should be from the {}s.",
    "Not what I had in mind. Something {}, please.",
    "None of these. I'd like one about {}.",
    "Still not it. I'd like something with {}.",
)
NOTHING_LEFT: Final = "None of these. What else have you got?"


class Wish(Value):
    """One thing that is true of the target, and how it is said.

    `value` is as the catalogue has it; of an era its first year.
    """

    kind: Literal["genre", "era", "tone", "keyword", "person"]
    value: str
    said: str


class Seeker(Case):
    """Somebody who looks for something.

    Attributes:
        target: id of the item they look for.
        title: its title, which must not be said.
        mood: one of `FEELINGS`.
        feeling: what they say of it.
        wishes: in the order in which they are said, the first with the feeling.
    """

    target: str
    title: str
    mood: str
    feeling: str
    wishes: tuple[Wish, ...]


class Drawn(NamedTuple):
    """Seekers, and how many draws were of no use by why."""

    seekers: tuple[Seeker, ...]
    skipped: Mapping[str, int]


def fits(item: Item, wish: Wish) -> bool:
    """Whether a wish is true of an item."""
    match wish.kind:
        case "genre":
            return wish.value in item.genres
        case "era":
            return item.year is not None and item.year // 10 * 10 == int(wish.value)
        case "tone":
            return item.tone_of(wish.value) >= TONED
        case "keyword":
            return wish.value in item.keywords
        case "person":
            return wish.value in item.creators


def suits(item: Item, need: NeedName) -> bool:
    """Whether an item's tones serve a need: one of those for it, none of those against it."""
    wanted, unwanted = NEED_TONES[need]
    for_it = not wanted or any(item.tone_of(tone) >= TONED for tone in wanted)
    return for_it and all(item.tone_of(tone) < TONED for tone in unwanted)


def draw(items: Sequence[Item], n: int, *, seed: int = 0) -> Drawn:
    """Draw seekers, moods by turns, targets by popularity among what suits the mood's need.

    Of no use are targets with a title too short to be told from other words, with fewer than
    `_MIN_WISHES` things to say of them, or whose title a seeker could not help saying.

    Args:
        items: of the catalogue.
        n: how many.
        seed: of targets and wishes. The first n of more are the same.

    Raises:
        ValueError: nothing suits a mood.
    """
    rng = random.Random(seed)
    known = [item for item in items if item.tone and item.popularity >= _MIN_POPULARITY]
    pools = {
        mood: [item for item in known if suits(item, feeling.need)]
        for mood, feeling in FEELINGS.items()
    }
    if empty := [mood for mood, pool in pools.items() if not pool]:
        raise ValueError(f"wanted known items that suit {', '.join(empty)}, got none")
    weights = {mood: [item.popularity for item in pool] for mood, pool in pools.items()}
    found: list[Seeker] = []
    skipped: dict[str, int] = {}
    moods = list(FEELINGS)
    while len(found) < n and sum(skipped.values()) < 100 * n + 100:
        mood = moods[len(found) % len(moods)]
        target = rng.choices(pools[mood], weights[mood])[0]
        wishes = tuple(_wishes(target, rng))
        why = _of_no_use(target, mood, wishes)
        if why:
            skipped[why] = skipped.get(why, 0) + 1
            continue
        found.append(
            Seeker(
                id=f"seeker-{seed}-{len(found):05}",
                target=target.id,
                title=target.title,
                mood=mood,
                feeling=FEELINGS[mood].said,
                wishes=wishes,
            )
        )
    if len(found) < n:
        raise ValueError(f"wanted {n} seekers, got {len(found)}: {skipped}")
    return Drawn(tuple(found), skipped)


def message(seeker: Seeker, turn: int) -> str:
    """What a seeker says at a turn (from 1), told nothing but that it was not shown yet."""
    if turn > len(seeker.wishes):
        return NOTHING_LEFT
    said = seeker.wishes[turn - 1].said
    return f"{seeker.feeling} {said}" if turn == 1 else said


def _wishes(item: Item, rng: random.Random) -> Iterator[Wish]:
    """Everything that can be said of an item without its title, a genre first, a person last."""
    every = list(_all_wishes(item, rng))
    every = [wish for wish in every if not leak(wish.said, item.title)]
    first = [wish for wish in every if wish.kind == "genre"][:1]
    people = [wish for wish in every if wish.kind == "person"][:1]
    rest = [wish for wish in every if wish not in (*first, *people) and wish.kind != "person"]
    rng.shuffle(rest)
    yield from (*first, *rest[: MAX_TURNS - len(first) - len(people)], *people)


def _all_wishes(item: Item, rng: random.Random) -> Iterator[Wish]:
    for at, genre in enumerate(item.genres[:2]):
        yield Wish(kind="genre", value=genre, said=GENRE_SAID[min(at, 1)].format(genre.lower()))
    if item.year is not None:
        decade = item.year // 10 * 10
        yield Wish(kind="era", value=str(decade), said=_ERA.format(decade))
    for tone in [tone for tone in _TONE_SAID if item.tone_of(tone) >= TONED][:1]:
        yield Wish(kind="tone", value=tone, said=_TONE.format(_TONE_SAID[tone]))
    if item.keywords:
        keyword = rng.choice(item.keywords)
        yield Wish(kind="keyword", value=keyword, said=_ABOUT.format(keyword))
    if item.creators:
        person = rng.choice(item.creators[:3])
        yield Wish(kind="person", value=person, said=_BY.format(person))


def _of_no_use(item: Item, mood: str, wishes: Sequence[Wish]) -> str:
    if too_short(item.title):
        return "targets whose title is too short to look for in messages"
    if not wishes or wishes[0].kind != "genre" or len(wishes) < _MIN_WISHES:
        return "targets of which too little can be said without the title"
    if leak(FEELINGS[mood].said, item.title) or leak(NOTHING_LEFT, item.title):
        return "targets whose title is in what every seeker says"
    return ""
